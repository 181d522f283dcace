//! `analyze INPUT…`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use loggrep_abm_core::bundle::time::{Time, parse_when};
use loggrep_abm_core::report::{
    Report, write_csv, write_explanations, write_html, write_json, write_jsonl, write_junit, write_markdown,
    write_sarif, write_text,
};
use loggrep_abm_core::signature::{LANGUAGES, Severity};
use loggrep_abm_core::{Analysis, AnalyzeOptions, SignatureSet, analyze};

use crate::args::{Analyze, Form, Reading};
use crate::{ExitStatus, Failure, output};

pub fn run(arguments: &Analyze) -> Result<ExitStatus, Failure> {
    if arguments.format.iter().filter(|format| format.file.is_none()).count() > 1 {
        let message =
            "only one form goes to standard output: give the others a file, as in -f html=report.html";
        return Err(Failure::Usage(message.to_owned()));
    }
    let set = super::signature_set(&arguments.signatures)?;
    let mut options = analyze_options(arguments);
    super::set_range(&arguments.reading, &mut options, || newest_time(&arguments.reading))?;
    let progress = output::Progress::new(&arguments.reading.inputs, arguments.quiet);
    let show = |progress_now| progress.show(progress_now);
    let options = if progress.is_shown() { options.with_progress(&show) } else { options };
    let result = Analysis::run(&set, super::sources(&arguments.reading.inputs), &options);
    progress.clear();
    let analysis = result?;
    let report = analysis.report(&options.language);
    let is_page = arguments.format.iter().any(|format| format.form == Form::Html);
    let other = |language: &&&str| **language != options.language && is_page;
    let others: Vec<Report> =
        LANGUAGES.iter().filter(other).map(|language| analysis.report(language)).collect();
    write_reports(arguments, &report, &others)?;
    Ok(status(arguments, &report))
}

fn analyze_options(arguments: &Analyze) -> AnalyzeOptions<'static> {
    let mut options = super::reading_options(&arguments.reading);
    options.limits.evidence = usize::from(arguments.max_evidence);
    options.context = usize::from(arguments.context);
    options.language =
        super::language(arguments.lang, arguments.format.iter().any(|format| format.form == Form::Text))
            .to_owned();
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

fn write_reports(arguments: &Analyze, report: &Report, others: &[Report]) -> Result<(), Failure> {
    for format in &arguments.format {
        let file = format.file.as_ref().or(arguments.output.as_ref());
        let mut out: Box<dyn Write> = match file {
            Some(path) => Box::new(BufWriter::new(create(path)?)),
            None => Box::new(BufWriter::new(std::io::stdout().lock())),
        };
        write_form(arguments, format.form, file.is_none(), report, others, &mut out)?;
        out.flush()?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::Usage(format!("cannot write `{}`: {error}", path.display())))
}

fn write_form(
    arguments: &Analyze,
    form: Form,
    to_stdout: bool,
    report: &Report,
    others: &[Report],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match form {
        Form::Json => write_json(report, out),
        Form::Jsonl => write_jsonl(report, out),
        Form::Html => write_html(report, others, out),
        Form::Sarif => write_sarif(report, out),
        Form::Junit => write_junit(report, out),
        Form::Markdown => write_markdown(report, out),
        Form::Csv => write_csv(report, out),
        Form::Text => {
            let options =
                output::text_options(arguments.color, to_stdout, arguments.verbose, arguments.quiet);
            write_text(report, &options, &mut *out)?;
            write_explanations(&report.explanations, out)
        }
    }
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
