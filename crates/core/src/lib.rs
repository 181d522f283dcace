//! Engine of `loggrep-abm`: reads a cluster snapshot, matches known-issue signatures, reports.

#![deny(unsafe_code)]

pub mod container;
mod error;
pub mod lang;
mod limits;
pub mod mask;
mod path;
mod problem;
pub mod report;
pub mod text;
pub mod version;

pub use crate::error::{Error, ErrorKind};
pub use crate::limits::Limits;
pub use crate::path::EntryPath;
pub use crate::problem::{Problem, ProblemKind};
