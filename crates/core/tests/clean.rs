//! Ordinary logs and logs that only resemble a known issue: nothing above `info` is found in `testdata/clean/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::signature::Severity;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

fn clean() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/clean")
}

/// What is found above `info`, with whatever confidence.
fn found_in(set: &SignatureSet, path: &Path) -> Vec<String> {
    let report = analyze(set, vec![Source::Path(path.into())], &AnalyzeOptions::default()).unwrap();
    assert!(report.inputs[0].complete, "{}: {:?}", path.display(), report.problems);
    let above = |severity: &str| Severity::parse(severity).unwrap() > Severity::Info;
    let findings = report.findings.iter().filter(|finding| above(&finding.severity));
    let describe = |finding: &loggrep_abm_core::report::Finding| {
        let evidence =
            finding.evidence.first().map(|one| format!("{}:{}\n    {}", one.path, one.line, one.text));
        let (id, confidence) = (&finding.id, &finding.confidence);
        format!("{id} ({confidence}) in {}", evidence.unwrap_or_else(|| path.display().to_string()))
    };
    findings.map(describe).collect()
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, into) } else { into.push(path) }
    }
}

#[test]
fn nothing_is_found_in_the_whole() {
    let set = SignatureSet::builtin().unwrap();
    let found = found_in(&set, &clean());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn nothing_is_found_in_any_file_alone() {
    let set = SignatureSet::builtin().unwrap();
    let mut paths = Vec::new();
    files(&clean(), &mut paths);
    assert!(paths.len() > 20, "only {} files", paths.len());
    let found: Vec<String> = paths.iter().flat_map(|path| found_in(&set, path)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
