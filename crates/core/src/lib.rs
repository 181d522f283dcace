//! Engine of `loggrep-abm`: reads a cluster snapshot, matches known-issue signatures, reports.

#![deny(unsafe_code)]

mod automaton;
pub mod bundle;
pub mod check;
mod confirm;
pub mod container;
mod decide;
mod error;
mod fold;
pub mod lang;
mod limits;
pub mod mask;
mod path;
mod problem;
pub mod report;
mod scan;
pub mod signature;
mod tally;
pub mod text;
pub mod version;

pub use crate::automaton::SignatureSet;
pub use crate::error::{Error, ErrorKind};
pub use crate::limits::Limits;
pub use crate::path::EntryPath;
pub use crate::problem::{Problem, ProblemKind};
