//! `schema`.

use std::io::Write;

use crate::{ExitStatus, Failure};

pub fn run() -> Result<ExitStatus, Failure> {
    std::io::stdout().lock().write_all(loggrep_abm_core::report::JSON_SCHEMA.as_bytes())?;
    Ok(ExitStatus::Success)
}
