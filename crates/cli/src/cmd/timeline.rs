//! `timeline INPUT…`.

use std::io::Write;

use loggrep_abm_core::Analysis;
use loggrep_abm_core::report::{write_timeline, write_timeline_json};

use crate::args::{TextOrJson, Timeline};
use crate::{ExitStatus, Failure};

pub fn run(arguments: &Timeline) -> Result<ExitStatus, Failure> {
    let reading = &arguments.reading;
    let set = super::signature_set(&arguments.signatures)?;
    let mut options = super::reading_options(reading);
    options.language =
        super::language(arguments.lang, matches!(arguments.format, TextOrJson::Text)).to_owned();
    options.min_confidence = arguments.min_confidence;
    options.only = super::only(&set, &arguments.only)?;
    super::set_range(reading, &mut options, || super::analyze::newest_time(reading))?;
    let analysis = Analysis::run(&set, super::sources(&reading.inputs), &options)?;
    let report = analysis.report(&options.language);
    let mut timeline = analysis.timeline(&report);
    if let Some(mut redactor) = super::redactor(&arguments.redaction, [&report]) {
        timeline = redactor.redact_timeline(&timeline);
        super::write_key_if_asked(&arguments.redaction, &redactor)?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        TextOrJson::Text => write_timeline(&timeline, &mut out)?,
        TextOrJson::Json => write_timeline_json(&timeline, &mut out)?,
    }
    out.flush()?;
    let partial = report.inputs.iter().any(|input| !input.complete);
    Ok(if reading.strict && partial { ExitStatus::Partial } else { ExitStatus::Success })
}
