//! Walks over archives that the tests pack themselves: same leaves from every form, and what damage costs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod damage;
mod forms;
mod inflaters;
mod limits;
mod mutation;
mod support;
