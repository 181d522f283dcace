//! Engine of `loggrep-abm`: reads a cluster snapshot, matches known-issue signatures, reports.
//!
//! A [`SignatureSet`] holds the known issues, [`analyze`] reads bundles and gives a [`report::Report`], which the
//! modules of [`report`] write in the form asked for. Nothing is written to disk and nothing leaves the process.
//!
//! ```
//! use loggrep_abm_core::input::Source;
//! use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};
//!
//! let log = br#"E0119 22:11:49.705596 1 client.go:48] ANGd.Setup Failed to create ANG daemon {"nodeName": "bm-node-1", "error": "creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\""}"#;
//! let source = Source::Bytes { name: "ang-node.log".into(), bytes: log.to_vec() };
//! let report = analyze(&SignatureSet::builtin()?, vec![source], &AnalyzeOptions::default())?;
//! assert_eq!(report.findings[0].id, "network-gateway-group-missing-interface-ip");
//! assert_eq!(report.findings[0].captures["interface"], ["ens192"]);
//! # Ok::<(), loggrep_abm_core::Error>(())
//! ```

#![deny(unsafe_code)]

mod analyze;
mod automaton;
pub mod bundle;
pub mod check;
mod confirm;
pub mod container;
mod decide;
mod decompress;
mod error;
mod filter;
mod fold;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod html;
pub mod input;
pub mod lang;
mod lazy;
mod limits;
mod literals;
pub mod mask;
mod path;
mod problem;
mod profile;
pub mod redact;
pub mod report;
mod scan;
pub mod search;
mod session;
pub mod signature;
mod stage;
mod stream;
pub mod suppress;
mod tally;
pub mod text;
mod unknown;
pub mod version;

pub use crate::analyze::{Analysis, AnalyzeOptions, Progress, Provisional, analyze};
pub use crate::automaton::SignatureSet;
pub use crate::error::{Error, ErrorKind};
pub use crate::limits::Limits;
pub use crate::path::EntryPath;
pub use crate::problem::{Problem, ProblemKind};
pub use crate::profile::SignatureCost;
pub use crate::session::{Received, Session};
