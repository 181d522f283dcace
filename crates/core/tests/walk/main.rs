//! Walks over archives that the tests pack themselves: same leaves from every form, and what damage costs.

mod damage;
mod forms;
mod limits;
mod support;
