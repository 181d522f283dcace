//! `analyze INPUT…`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use loggrep_abm_core::bundle::time::{Time, parse_when};
use loggrep_abm_core::lang::Lang;
use loggrep_abm_core::report::{
    Report, Rollup, write_csv, write_explanations, write_html, write_json, write_jsonl, write_junit,
    write_markdown, write_rollup, write_rollup_csv, write_rollup_json, write_rollup_jsonl,
    write_rollup_markdown, write_sarif, write_text,
};
use loggrep_abm_core::signature::{LANGUAGES, Severity};
use loggrep_abm_core::suppress::{IgnoreFile, apply_baseline};
use loggrep_abm_core::text::Escaped;
use loggrep_abm_core::{Analysis, AnalyzeOptions, ErrorKind, SignatureSet, analyze};

use crate::args::{Analyze, Form, Format, Reading};
use crate::{ExitStatus, Failure, output};

pub fn run(arguments: &Analyze) -> Result<ExitStatus, Failure> {
    if arguments.format.iter().filter(|format| format.file.is_none()).count() > 1 {
        let message =
            "only one form goes to standard output: give the others a file, as in -f html=report.html";
        return Err(Failure::Usage(message.to_owned()));
    }
    let set = super::signature_set(&arguments.signatures)?;
    // Before minutes of work, not after them.
    let outputs = open_outputs(arguments)?;
    let mut options = analyze_options(arguments);
    options.only = super::only(&set, &arguments.only)?;
    let known = Known::read(arguments, &set)?;
    super::set_range(&arguments.reading, &mut options, || newest_time(&arguments.reading))?;
    let progress = output::Progress::new(&arguments.reading.inputs, arguments.quiet);
    let show = |progress_now| progress.show(progress_now);
    let options = if progress.is_shown() { options.with_progress(&show) } else { options };
    if arguments.each {
        let of_input = |input| analyze(&set, super::sources(std::slice::from_ref(input)), &options);
        let mut reports = Vec::new();
        let mut failed = Vec::new();
        for input in &arguments.reading.inputs {
            match of_input(input) {
                Ok(report) => reports.push(report),
                // The others are told all the same, and this at the end.
                Err(error) if error.kind() == ErrorKind::Input => failed.push(Failure::from(error)),
                Err(error) => return Err(error.into()),
            }
        }
        progress.clear();
        failed.iter().for_each(crate::report);
        if reports.is_empty() {
            return Ok(ExitStatus::Error);
        }
        reports.iter_mut().for_each(|report| known.apply(report));
        let reports = super::redacted(&arguments.redaction, reports)?;
        write_each(arguments, &reports, outputs)?;
        return Ok(if failed.is_empty() { status(arguments, &reports) } else { ExitStatus::Error });
    }
    let result = Analysis::run(&set, super::sources(&arguments.reading.inputs), &options);
    progress.clear();
    let analysis = result?;
    let is_page = arguments.format.iter().any(|format| format.form == Form::Html);
    let other = |language: &&&str| **language != options.language && is_page;
    let languages = std::iter::once(&options.language[..]).chain(LANGUAGES.iter().filter(other).copied());
    let mut reports: Vec<Report> = languages.map(|language| analysis.report(language)).collect();
    reports.iter_mut().for_each(|report| known.apply(report));
    let reports = super::redacted(&arguments.redaction, reports)?;
    let (report, others) = reports.split_first().expect("there is a report in the language asked for");
    write_reports(arguments, report, others, outputs)?;
    if arguments.profile_signatures {
        output::print_profile(&analysis.profile());
    }
    Ok(status(arguments, &reports[..1]))
}

/// What is not to be shown again.
struct Known {
    baseline: Option<Report>,
    show_known: bool,
    ignore: Option<IgnoreFile>,
    today: String,
}

/// The ignore file taken when none is named.
const IGNORE_FILE: &str = ".loggrep-abm-ignore";

impl Known {
    fn read(arguments: &Analyze, set: &SignatureSet) -> Result<Known, Failure> {
        let known = &arguments.known;
        let default = Path::new(IGNORE_FILE);
        let file = match &known.ignore {
            Some(file) => Some(file.as_path()),
            None => (!known.no_ignore && default.is_file()).then_some(default),
        };
        let read = |path: &Path| -> Result<IgnoreFile, Failure> {
            let error = |error| Failure::Usage(format!("cannot read `{}`: {error}", path.display()));
            Ok(IgnoreFile::parse(
                &path.display().to_string(),
                &std::fs::read_to_string(path).map_err(error)?,
            )?)
        };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
        let today: String = Time::from_unix(now).to_string().chars().take(10).collect();
        let ignore = file.map(read).transpose()?;
        if let Some((file, ignore)) = file.zip(ignore.as_ref()) {
            warn_of_expired(arguments, file, ignore, &today);
            warn_of_unknown(arguments, file, ignore, set);
        }
        let baseline = known.baseline.as_deref().map(super::read_report).transpose()?;
        Ok(Known { baseline, show_known: known.show_known, ignore, today })
    }

    fn apply(&self, report: &mut Report) {
        if let Some(ignore) = &self.ignore {
            ignore.apply(report, &self.today);
        }
        if let Some(baseline) = &self.baseline {
            apply_baseline(report, baseline, self.show_known);
        }
    }
}

/// An issue that is shown again after a long time must not be taken for a new one.
fn warn_of_expired(arguments: &Analyze, file: &Path, ignore: &IgnoreFile, today: &str) {
    let lang = Lang::of(super::language(arguments.lang, true));
    for (id, until) in ignore.expired(today) {
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("file", &file.display()), ("id", &id), ("until", &until)];
        output::warn(&lang.fill("ignore_expired", &values));
    }
}

/// A misspelt id would leave nothing out without a word.
fn warn_of_unknown(arguments: &Analyze, file: &Path, ignore: &IgnoreFile, set: &SignatureSet) {
    let lang = Lang::of(super::language(arguments.lang, true));
    let is_known = |id: &&str| set.signatures().iter().any(|signature| signature.id() == *id);
    for id in ignore.ids().filter(|id| !is_known(id)) {
        let shown = Escaped(id.as_bytes());
        let similar = super::explain::similar(set, id).unwrap_or_default();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("file", &file.display()), ("id", &shown), ("similar", &similar)];
        let key = if similar.is_empty() { "ignore_unknown" } else { "ignore_unknown_similar" };
        output::warn(&lang.fill(key, &values));
    }
}

/// A report for each input, then which issue is in which.
fn write_each(arguments: &Analyze, reports: &[Report], outputs: Vec<Output>) -> Result<(), Failure> {
    for output in outputs {
        let (form, to_stdout) = (output.form, output.file.is_none());
        let mut out = output.writer()?;
        match form {
            Form::Json => write_rollup_json(reports, &mut out)?,
            Form::Jsonl => write_rollup_jsonl(reports, &mut out)?,
            Form::Markdown => write_rollup_markdown(reports, &mut out)?,
            Form::Csv => write_rollup_csv(&Rollup::of(reports), &mut out)?,
            Form::Text | Form::Html | Form::Sarif | Form::Junit => {
                for report in reports {
                    write_form(arguments, Form::Text, to_stdout, report, &[], &mut out)?;
                    writeln!(out)?;
                }
                write_rollup(&Rollup::of(reports), &mut out)?;
            }
        }
        out.flush()?;
    }
    Ok(())
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
    options.cluster_version = arguments.cluster_version;
    options.unknown = usize::from(arguments.unknown);
    options.profile = arguments.profile_signatures;
    options.experimental = arguments.experimental;
    options.explain = arguments.explain;
    options
}

/// The last time in the logs of the inputs.
pub fn newest_time(reading: &Reading) -> Result<Option<Time>, Failure> {
    let set = SignatureSet::from_files([])?;
    let mut options = super::reading_options(reading);
    options.unknown = 0;
    let report = analyze(&set, super::sources(&reading.inputs), &options)?;
    Ok(report.bundle.last_time.and_then(|time| parse_when(&time, Time::from_unix(0))))
}

fn write_reports(
    arguments: &Analyze,
    report: &Report,
    others: &[Report],
    outputs: Vec<Output>,
) -> Result<(), Failure> {
    for output in outputs {
        let (form, to_stdout) = (output.form, output.file.is_none());
        let mut out = output.writer()?;
        write_form(arguments, form, to_stdout, report, others, &mut out)?;
        out.flush()?;
    }
    Ok(())
}

/// One form of the report, and the file it goes to instead of standard output.
struct Output {
    form: Form,
    file: Option<File>,
}

impl Output {
    fn writer(self) -> std::io::Result<Box<dyn Write>> {
        let Some(file) = self.file else { return Ok(Box::new(BufWriter::new(std::io::stdout().lock()))) };
        if file.metadata().is_ok_and(|data| data.is_file()) {
            file.set_len(0)?;
        }
        Ok(Box::new(BufWriter::new(file)))
    }
}

fn open_outputs(arguments: &Analyze) -> Result<Vec<Output>, Failure> {
    let forms = &arguments.format;
    let of_one = |format: &&Format| matches!(format.form, Form::Html | Form::Sarif | Form::Junit);
    if arguments.each && forms.iter().any(|format| of_one(&format)) {
        let message = "--each writes text, json, jsonl, markdown or csv: html, sarif and junit tell of one report, so run \
                       `analyze` for each input";
        return Err(Failure::Usage(message.to_owned()));
    }
    let path_of = |format: &'_ Format| format.file.clone().or_else(|| arguments.output.clone());
    let key = arguments.redaction.redact_map.clone();
    distinct(&arguments.reading.inputs, forms.iter().filter_map(path_of).chain(key))?;
    let open = |format: &Format| {
        let path = path_of(format);
        Ok(Output { form: format.form, file: path.as_deref().map(create).transpose()? })
    };
    forms.iter().map(open).collect()
}

/// Nothing may be written over an input, and no two outputs into one file.
fn distinct(inputs: &[PathBuf], outputs: impl Iterator<Item = PathBuf>) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().ok();
    let inputs: Vec<PathBuf> = inputs.iter().filter_map(|input| real(input)).collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for output in outputs {
        // One that is not there yet is known by its directory; a device such as /dev/null may be named twice.
        let name = |directory: PathBuf| output.file_name().map(|name| directory.join(name));
        let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty());
        let known = real(&output).or_else(|| real(directory.unwrap_or(Path::new("."))).and_then(name));
        let Some(known) = known.filter(|known| known.is_file() || !known.exists()) else { continue };
        if inputs.contains(&known) {
            let message = format!("`{}` is an input: nothing is written over it", output.display());
            return Err(Failure::Usage(message));
        }
        if seen.contains(&known) {
            return Err(Failure::Usage(format!("`{}` is named for two outputs", output.display())));
        }
        seen.push(known);
    }
    Ok(())
}

/// Opens a file for writing. What it holds stays until there is a report to replace it.
fn create(path: &Path) -> Result<File, Failure> {
    let error = |error: std::io::Error| Failure::Usage(format!("cannot write `{}`: {error}", path.display()));
    File::options().write(true).create(true).truncate(false).open(path).map_err(error)
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
            let options = output::text_options(arguments, to_stdout);
            write_text(report, &options, &mut *out)?;
            write_explanations(report, out)
        }
    }
}

fn status(arguments: &Analyze, reports: &[Report]) -> ExitStatus {
    let partial = reports.iter().flat_map(|report| &report.inputs).any(|input| !input.complete);
    let failing = |fail_on: Severity| {
        reports
            .iter()
            .flat_map(|report| &report.findings)
            .flat_map(|it| it.also_matched.iter().map(|also| &also.severity).chain([&it.severity]))
            .any(|severity| Severity::parse(severity) >= Some(fail_on))
    };
    if arguments.reading.strict && partial {
        ExitStatus::Partial
    } else if arguments.fail_on.is_some_and(failing) {
        ExitStatus::Failed
    } else {
        ExitStatus::Success
    }
}
