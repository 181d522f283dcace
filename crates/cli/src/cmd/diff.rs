//! `diff OLD NEW`.

use std::io::{Read, Write};
use std::path::Path;

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::{Diff as Difference, Report, write_diff, write_diff_json};
use loggrep_abm_core::signature::Severity;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

use crate::args::{Diff, TextOrJson};
use crate::{ExitStatus, Failure};

pub fn run(arguments: &Diff) -> Result<ExitStatus, Failure> {
    let set = super::signature_set(&arguments.signatures)?;
    let language = super::language(arguments.lang, matches!(arguments.format, TextOrJson::Text));
    let old = report_of(&set, &arguments.old, language)?;
    let mut new = report_of(&set, &arguments.new, language)?;
    new.language = language.to_owned();
    let diff = Difference::of(&old, &new);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        TextOrJson::Text => write_diff(&diff, &mut out)?,
        TextOrJson::Json => write_diff_json(&diff, &mut out)?,
    }
    out.flush()?;
    let mut concerned = diff.new.iter().chain(&diff.changed);
    let fails = |fail_on: Severity| concerned.any(|it| Severity::parse(&it.severity) >= Some(fail_on));
    Ok(match () {
        () if arguments.strict && !diff.new_complete => ExitStatus::Partial,
        () if arguments.fail_on.is_some_and(fails) => ExitStatus::Failed,
        () => ExitStatus::Success,
    })
}

/// The report that a file is, or that of the input it is.
fn report_of(set: &SignatureSet, path: &Path, language: &str) -> Result<Report, Failure> {
    if is_report(path) {
        return super::read_report(path);
    }
    let mut options = AnalyzeOptions::default();
    options.language = language.to_owned();
    Ok(analyze(set, vec![Source::Path(path.to_owned())], &options)?)
}

/// Whether a file begins as a report in JSON does: a log of JSON lines has no `schema_version` first.
fn is_report(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    let text = String::from_utf8_lossy(&head);
    let first_key = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('{').map(str::trim_start);
    read.is_ok() && first_key.is_some_and(|key| key.starts_with("\"schema_version\""))
}
