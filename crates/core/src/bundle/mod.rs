//! What a bundle says of itself: the time of a line, the place it speaks of.

pub mod place;
pub mod time;
