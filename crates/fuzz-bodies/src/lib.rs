//! The bodies of the fuzz targets: what must hold whatever the bytes are.
//!
//! Start from [`TARGETS`]. `fuzz/` runs each with libFuzzer; the test of this crate replays the inputs that once found a
//! fault, of `testdata/fuzz-regressions/`, and the seeds of [`seeds`]. A body panics where a property does not hold.

#![allow(clippy::unwrap_used, reason = "a body that cannot go on has found a fault")]

mod capi;
mod containers;
mod logs;
#[path = "../../inflate/tests/oracle/mod.rs"]
#[allow(unreachable_pub, dead_code, reason = "it is written for the tests of another crate")]
mod oracle;
pub mod seeds;
mod signatures;

use loggrep_abm_core::fuzzing;

/// What a fuzz target does with its input; panics where a property does not hold.
pub type Body = fn(&[u8]);

/// The name of each target and its body.
pub const TARGETS: [(&str, Body); 16] = [
    ("analyze", logs::analyze_bytes),
    ("capi", capi::calls),
    ("container", containers::container),
    ("expression", fuzzing::expression),
    ("facts", fuzzing::facts),
    ("filter", fuzzing::filter),
    ("gzip", containers::gzip),
    ("mask", logs::mask_secrets),
    ("report", logs::read_report),
    ("session", logs::pushed),
    ("signature", signatures::signature),
    ("tar", containers::tar),
    ("text", fuzzing::text),
    ("time", logs::time),
    ("utf16", containers::utf16),
    ("zip", containers::zip),
];

/// Runs a target by its name.
///
/// # Panics
///
/// If there is no such target, or a property does not hold.
pub fn run(target: &str, data: &[u8]) {
    let (_, body) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of this name");
    body(data);
}
