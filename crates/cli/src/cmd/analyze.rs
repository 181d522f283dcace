//! `analyze INPUT…`.

use std::fs::File;
use std::io::{BufWriter, Write};

use loggrep_abm_core::bundle::time::{Time, parse_when};
use loggrep_abm_core::report::{Report, write_explanations, write_json, write_jsonl, write_text};
use loggrep_abm_core::signature::Severity;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

use crate::args::{Analyze, Format, Reading};
use crate::{ExitStatus, Failure, output};

pub fn run(arguments: &Analyze) -> Result<ExitStatus, Failure> {
    let set = super::signature_set(&arguments.signatures)?;
    let mut options = analyze_options(arguments);
    super::set_range(&arguments.reading, &mut options, || newest_time(&arguments.reading))?;
    let progress = output::Progress::new(&arguments.reading.inputs, arguments.quiet);
    let show = |progress_now| progress.show(progress_now);
    let options = if progress.is_shown() { options.with_progress(&show) } else { options };
    let result = analyze(&set, super::sources(&arguments.reading.inputs), &options);
    progress.clear();
    let report = result?;
    write_report(arguments, &report)?;
    Ok(status(arguments, &report))
}

fn analyze_options(arguments: &Analyze) -> AnalyzeOptions<'static> {
    let mut options = super::reading_options(&arguments.reading);
    options.limits.evidence = usize::from(arguments.max_evidence);
    options.context = usize::from(arguments.context);
    options.language = super::language(arguments.lang, matches!(arguments.format, Format::Text)).to_owned();
    options.min_confidence = arguments.min_confidence;
    options.min_severity = arguments.min_severity;
    options.only = arguments.only.iter().cloned().collect();
    options.cluster_version = arguments.cluster_version;
    options.explain = arguments.explain;
    options
}

/// The last time in the logs of the inputs.
pub fn newest_time(reading: &Reading) -> Result<Option<Time>, Failure> {
    let set = SignatureSet::from_files([])?;
    let report = analyze(&set, super::sources(&reading.inputs), &super::reading_options(reading))?;
    Ok(report.bundle.last_time.and_then(|time| parse_when(&time, Time::from_unix(0))))
}

fn write_report(arguments: &Analyze, report: &Report) -> Result<(), Failure> {
    let to_file = |path: &std::path::PathBuf| {
        let message = |error| Failure::Usage(format!("cannot write `{}`: {error}", path.display()));
        File::create(path).map_err(message)
    };
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => Box::new(BufWriter::new(to_file(path)?)),
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    match arguments.format {
        Format::Json => write_json(report, &mut out)?,
        Format::Jsonl => write_jsonl(report, &mut out)?,
        Format::Text => {
            let to_terminal = arguments.output.is_none();
            let options =
                output::text_options(arguments.color, to_terminal, arguments.verbose, arguments.quiet);
            write_text(report, &options, &mut out)?;
            write_explanations(&report.explanations, &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

fn status(arguments: &Analyze, report: &Report) -> ExitStatus {
    let partial = report.inputs.iter().any(|input| !input.complete);
    let failing = |fail_on: Severity| {
        report.findings.iter().any(|finding| Severity::parse(&finding.severity) >= Some(fail_on))
    };
    if arguments.reading.strict && partial {
        ExitStatus::Partial
    } else if arguments.fail_on.is_some_and(failing) {
        ExitStatus::Failed
    } else {
        ExitStatus::Success
    }
}
