//! `schema`.

use std::io::Write;

use loggrep_abm_core::report::{JSON_SCHEMA, ROLLUP_SCHEMA};

use crate::{ExitStatus, Failure};

pub fn run(each: bool) -> Result<ExitStatus, Failure> {
    let schema = if each { ROLLUP_SCHEMA } else { JSON_SCHEMA };
    std::io::stdout().lock().write_all(schema.as_bytes())?;
    Ok(ExitStatus::Success)
}
