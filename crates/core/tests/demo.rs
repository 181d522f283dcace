//! The demo bundle: everything planted in it is found where `planted.toml` says, and none of its secrets is shown.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::{Report, TextOptions, write_json, write_jsonl, write_text};
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};
use serde::Deserialize;

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/demo/snapshot.tar.gz");
const PLANTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/demo/planted.toml"));

#[derive(Deserialize)]
struct Demo {
    damaged: String,
    planted: Vec<Planted>,
}

#[derive(Deserialize)]
struct Planted {
    id: String,
    form: String,
    path: String,
    first: u64,
    last: u64,
    count: usize,
}

fn report(language: &str, evidence: usize, context: usize) -> Report {
    let mut options = AnalyzeOptions::default();
    options.language = language.to_owned();
    (options.limits.evidence, options.context) = (evidence, context);
    let set = SignatureSet::builtin().unwrap();
    analyze(&set, vec![Source::Path(BUNDLE.into())], &options).unwrap()
}

fn demo() -> Demo {
    toml::from_str(PLANTED).unwrap()
}

#[test]
fn everything_planted_is_found() {
    let report = report("en", 1000, 1);
    let mut lines: BTreeMap<(&str, &str), BTreeSet<u64>> = BTreeMap::new();
    for finding in &report.findings {
        for one in &finding.evidence {
            let path = one.path.strip_prefix(BUNDLE).and_then(|path| path.strip_prefix('!')).unwrap();
            lines.entry((&finding.id, path)).or_default().insert(one.line);
        }
    }
    // Where a signature has several patterns, lines of the others stand beside the planted ones.
    let set = SignatureSet::builtin().unwrap();
    let is_single = |id: &str| {
        let signature = set.signatures().iter().find(|signature| signature.id() == id).unwrap();
        signature.definition().matches("\n[[pattern]]").count() == 1
    };
    let demo = demo();
    let mut mistakes = Vec::new();
    for Planted { id, form, path, first, last, count } in &demo.planted {
        let got = lines.remove(&(&id[..], &path[..])).unwrap_or_default();
        let ends = got.contains(first) && got.contains(last);
        if !ends || got.len() < *count || (is_single(id) && got.len() > *count) {
            let wanted = format!("{count} lines from {first} to {last}");
            mistakes
                .push(format!("{id} ({form}) in {path}:\n  expected {wanted}, got {}: {got:?}", got.len()));
        }
    }
    let planted: BTreeSet<&str> = demo.planted.iter().map(|planted| &planted.id[..]).collect();
    for finding in report.findings.iter().filter(|finding| !planted.contains(&finding.id[..])) {
        mistakes.push(format!("{} is not planted: {:#?}", finding.id, finding.evidence));
    }
    assert!(mistakes.is_empty(), "\n{}", mistakes.join("\n"));
}

#[test]
fn the_damaged_member_is_named_and_nothing_else() {
    let report = report("en", 3, 1);
    let named: Vec<(&str, &str)> = report
        .problems
        .iter()
        .map(|problem| (problem.path.strip_prefix(BUNDLE).unwrap_or(&problem.path), &problem.kind[..]))
        .filter(|(_, kind)| *kind != "skipped")
        .collect();
    let damaged = format!("!{}", demo().damaged);
    assert_eq!(named, [(&damaged[..], "truncated")]);
    assert!(!report.inputs[0].complete);
}

#[test]
fn no_secret_is_shown() {
    // The secret half of a bootstrap token, and how the key in the kubeconfig begins.
    const SECRETS: [&str; 4] =
        ["0123456789abcdef", "LS0tLS1CRUdJTiBSU0Eg", "NOT A KEY", "BEGIN RSA PRIVATE KEY"];
    let mut context = false;
    for language in ["en", "ko"] {
        let report = report(language, 1000, 3);
        let mut forms: Vec<(String, Vec<u8>)> = Vec::new();
        for (verbose, quiet) in [(false, false), (true, false), (false, true)] {
            let mut options = TextOptions::default();
            (options.verbose, options.quiet, options.color) = (verbose, quiet, verbose);
            let mut text = Vec::new();
            write_text(&report, &options, &mut text).unwrap();
            forms.push((format!("text {verbose} {quiet}"), text));
        }
        let (mut json, mut jsonl) = (Vec::new(), Vec::new());
        write_json(&report, &mut json).unwrap();
        write_jsonl(&report, &mut jsonl).unwrap();
        forms.extend([("json".to_owned(), json), ("jsonl".to_owned(), jsonl)]);
        for (form, bytes) in forms {
            let text = String::from_utf8(bytes).unwrap();
            context |= text.contains("client-key-data");
            for secret in SECRETS {
                assert!(!text.contains(secret), "{language} {form} shows `{secret}`:\n{text}");
            }
        }
    }
    assert!(context, "the lines around the evidence hold the secrets");
}
