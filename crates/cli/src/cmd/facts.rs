//! `facts INPUT…`.

use std::io::Write;

use loggrep_abm_core::report::{write_facts, write_facts_json};
use loggrep_abm_core::{SignatureSet, analyze};

use crate::args::{Facts, TextOrJson};
use crate::{ExitStatus, Failure};

pub fn run(arguments: &Facts) -> Result<ExitStatus, Failure> {
    let reading = &arguments.reading;
    let set = SignatureSet::from_files([])?;
    let mut options = super::reading_options(reading);
    options.unknown = 0;
    let report = analyze(&set, super::sources(&reading.inputs), &options)?;
    let report = super::redacted(&arguments.redaction, vec![report])?.remove(0);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        TextOrJson::Text => write_facts(&report.bundle, &mut out)?,
        TextOrJson::Json => write_facts_json(&report.bundle, &mut out)?,
    }
    out.flush()?;
    let partial = report.inputs.iter().any(|input| !input.complete);
    Ok(if reading.strict && partial { ExitStatus::Partial } else { ExitStatus::Success })
}
