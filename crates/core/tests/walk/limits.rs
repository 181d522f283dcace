//! What an input may cost.
