//! One module per command, and what they share: inputs, signatures, options of core.

pub mod analyze;
pub mod completions;
pub mod config;
pub mod diff;
pub mod explain;
pub mod facts;
pub mod grep;
pub mod schema;
pub mod signatures;
pub mod timeline;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loggrep_abm_core::bundle::time::{Time, parse_when};
use loggrep_abm_core::input::Source;
use loggrep_abm_core::redact::Redactor;
use loggrep_abm_core::report::Report;
use loggrep_abm_core::signature::{is_pack, pack_ids, read_signatures};
use loggrep_abm_core::{AnalyzeOptions, SignatureSet};

use crate::Failure;
use crate::args::{Inflater, Language, Reading, Redaction, SignatureSource};

/// The inputs a user named.
fn sources(inputs: &[PathBuf]) -> Vec<Source> {
    let source = |path: &PathBuf| match path.as_os_str() == "-" {
        true => Source::Reader { name: "-".to_owned(), reader: Box::new(std::io::stdin()) },
        false => Source::Path(path.clone()),
    };
    inputs.iter().map(source).collect()
}

/// The signatures a user asked for.
fn signature_set(source: &SignatureSource) -> Result<SignatureSet, Failure> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut replaced = BTreeSet::new();
    for path in &source.signatures {
        let of_path = read_signatures(path)?;
        if is_pack(path) {
            replaced.extend(pack_ids(&of_path));
        }
        files.extend(of_path);
    }
    let own = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let set = match source.no_builtin {
        true => SignatureSet::from_files(own)?,
        false => SignatureSet::with_builtin_except(&replaced, own)?,
    };
    if set.signatures().is_empty() {
        return Err(Failure::Usage("there are no signatures: --no-builtin without --signatures".to_owned()));
    }
    Ok(set)
}

/// The ids a user named, each of a signature there is.
fn only(set: &SignatureSet, ids: &[String]) -> Result<BTreeSet<String>, Failure> {
    ids.iter().map(|id| Ok(explain::find(set, id)?.id().to_owned())).collect()
}

/// The reports with aliases where this was asked for, the same in all of them; writes the key.
fn redacted(redaction: &Redaction, reports: Vec<Report>) -> Result<Vec<Report>, Failure> {
    let Some(mut redactor) = redactor(redaction, &reports) else { return Ok(reports) };
    let reports = reports.iter().map(|report| redactor.redact(report)).collect();
    write_key_if_asked(redaction, &redactor)?;
    Ok(reports)
}

/// One that knows the names of the reports, where this was asked for.
fn redactor<'a>(redaction: &Redaction, reports: impl IntoIterator<Item = &'a Report>) -> Option<Redactor> {
    let mut redactor = Redactor::new();
    reports.into_iter().for_each(|report| redactor.learn(report));
    redaction.redact.then_some(redactor)
}

fn write_key_if_asked(redaction: &Redaction, redactor: &Redactor) -> Result<(), Failure> {
    redaction.redact_map.as_deref().map_or(Ok(()), |path| write_key(redactor, path))
}

/// Writes the key of a redaction so that only its owner reads it.
fn write_key(redactor: &Redactor, path: &Path) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|file| redactor.write_key(file));
    written.map_err(|error| Failure::Usage(format!("cannot write `{}`: {error}", path.display())))
}

/// A report in JSON, as `analyze -f json` writes it.
fn read_report(path: &Path) -> Result<Report, Failure> {
    let error =
        |error: String| Failure::Usage(format!("cannot read the report `{}`: {error}", path.display()));
    let text = std::fs::read(path).map_err(|source| error(source.to_string()))?;
    serde_json::from_slice(&text).map_err(|source| error(source.to_string()))
}

/// Options of core for reading.
fn reading_options(reading: &Reading) -> AnalyzeOptions<'static> {
    let mut options = AnalyzeOptions::default();
    options.limits = reading.limits.limits();
    options.threads = reading.threads;
    options.include = reading.include.clone();
    options.exclude = reading.exclude.clone();
    options.inflater = match reading.inflater {
        Inflater::ZlibRs => loggrep_abm_core::input::Inflater::ZlibRs,
        Inflater::TwoStage => loggrep_abm_core::input::Inflater::TwoStage,
    };
    if let Some(chunk_bytes) = reading.chunk_bytes {
        options.chunk_bytes = chunk_bytes;
    }
    options
}

/// Sets `since` and `until`. A span counts back from the last time of the logs, which `newest` finds out.
fn set_range(
    reading: &Reading,
    options: &mut AnalyzeOptions<'_>,
    newest: impl FnOnce() -> Result<Option<Time>, Failure>,
) -> Result<(), Failure> {
    let texts = [reading.since.as_deref(), reading.until.as_deref()];
    let is_span = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(|c: char| "smhdw".contains(c))
    };
    let mut reference = Time::from_unix(0);
    if texts.iter().flatten().any(|text| is_span(text)) {
        if reading.inputs.iter().any(|input| input.as_os_str() == "-") {
            return Err(Failure::Usage(
                "a span for --since needs inputs that can be read twice, not `-`".to_owned(),
            ));
        }
        let message = "--since and --until: no line of the input has a time to count back from";
        reference = newest()?.ok_or_else(|| Failure::Usage(message.to_owned()))?;
    }
    let parse = |text: &str| {
        let error = || {
            Failure::Usage(format!("`{text}` is no time: use 2023-01-19T22:11:49Z, 2023-01-19, 36h or 7d"))
        };
        parse_when(text, reference).ok_or_else(error)
    };
    [options.since, options.until] = [texts[0].map(parse).transpose()?, texts[1].map(parse).transpose()?];
    Ok(())
}

/// The language of text for a person: as asked, else by the locale.
pub fn language(asked: Option<Language>, by_locale: bool) -> &'static str {
    let locale = || {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    };
    match asked {
        Some(Language::Ko) => "ko",
        Some(Language::En) => "en",
        None if by_locale && locale().is_some_and(|locale| locale.starts_with("ko")) => "ko",
        None => "en",
    }
}
