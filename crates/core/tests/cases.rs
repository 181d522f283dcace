//! Scan cases as data: each file of `testdata/cases/` holds a bundle and what has to be found in it.
//!
//! Every case is packed into each form a bundle comes in and analysed with one thread and two, and with the bytes cut
//! in several ways. The findings are the same in all of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "walk/support.rs"]
#[allow(dead_code, reason = "each test crate uses a part of it")]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Cursor, Write as _};
use std::time::{Duration, SystemTime};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::{Finding, Report};
use loggrep_abm_core::signature::Confidence;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};
use serde::Deserialize;

use support::{Folder, gz, tar};

/// Cases that the engine does not pass yet. An entry that passes is a failure too, so that it is taken out.
const KNOWN_FAILING: &[&str] = &[];

const THREADS: [usize; 2] = [1, 2];
const CHUNK_BYTES: [usize; 4] = [16, 61, 4 << 10, 512 << 10];
/// Modification time of all files, that of `support::tar`: 2022-03-04T20:16:03Z.
const MTIME: u64 = 1_646_424_963;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: Vec<CaseFile>,
    #[serde(default)]
    expect: Vec<Expectation>,
    #[serde(default)]
    silent: Vec<String>,
    /// Templates of messages that no signature matched, with their count, in this order; not looked at when empty.
    #[serde(default)]
    unknown: Vec<(u64, String)>,
    #[serde(default)]
    at_most: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    path: String,
    text: Option<String>,
    base64: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    id: String,
    path: Option<String>,
    line: Option<u64>,
    count: Option<u64>,
    confidence: Option<String>,
    nodes: Option<Vec<String>>,
    captures: Option<BTreeMap<String, Vec<String>>>,
}

#[test]
fn every_case_is_found_in_every_form() {
    let set = SignatureSet::builtin().unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {folder}");
    let mut failures = Vec::new();
    let mut names = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let result = run(&set, &name, &case);
        match (result, KNOWN_FAILING.contains(&name.as_str())) {
            (Ok(()), false) | (Err(_), true) => {}
            (Ok(()), true) => failures.push(format!("{name}: passes, take it out of KNOWN_FAILING")),
            (Err(failure), false) => failures.push(failure),
        }
        names.push(name);
    }
    for name in KNOWN_FAILING.iter().filter(|&&known| !names.iter().any(|name| name == known)) {
        failures.push(format!("{name}: stands in KNOWN_FAILING and is no case"));
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}

/// Runs a case in all its forms; the first failure ends it.
fn run(set: &SignatureSet, name: &str, case: &Case) -> Result<(), String> {
    let folder = Folder::new(name);
    let mut first: Option<String> = None;
    for form in forms(&folder, case) {
        for (threads, chunk_bytes) in THREADS.iter().flat_map(|&t| CHUNK_BYTES.map(|chunk| (t, chunk))) {
            let what = format!("{name}, {}, {threads} threads, {chunk_bytes} bytes at once", form.name);
            let mut options = AnalyzeOptions::default();
            (options.threads, options.chunk_bytes, options.limits.evidence) = (threads, chunk_bytes, 20);
            options.unknown = 100;
            let report = analyze(set, vec![(form.source)()], &options).map_err(|e| format!("{what}: {e}"))?;
            let seen = seen(&report, &form.prefix);
            match &first {
                None => {
                    check(case, &report, &form.prefix).map_err(|mistakes| {
                        let wanted: Vec<String> = case.expect.iter().map(|e| format!("{e:?}")).collect();
                        let (silent, at_most) = (&case.silent, &case.at_most);
                        format!(
                            "{what}: {mistakes}\nexpected:\n{}\nsilent: {silent:?}\nat most: {at_most:?}\ngot:\n{seen}",
                            wanted.join("\n")
                        )
                    })?;
                    first = Some(seen);
                }
                Some(first) if *first != seen => {
                    return Err(format!("{what}:\nexpected, as in the directory:\n{first}\ngot:\n{seen}"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

/// One form of a bundle.
struct Form {
    name: &'static str,
    /// What stands before the paths of the case.
    prefix: String,
    source: Box<dyn Fn() -> Source>,
}

fn forms(folder: &Folder, case: &Case) -> Vec<Form> {
    let files: Vec<(&str, Vec<u8>)> = case.file.iter().map(|file| (&file.path[..], file.bytes())).collect();
    for (name, content) in &files {
        let path = folder.file(&format!("tree/{name}"), content);
        let mtime = SystemTime::UNIX_EPOCH + Duration::from_secs(MTIME);
        File::options().append(true).open(path).unwrap().set_modified(mtime).unwrap();
    }
    let tar = tar(&files);
    let tar_gz = gz(&tar);
    let nested = support::tar(&[("inner.tar.gz", tar_gz.clone())]);
    let on_disk = |name: &'static str, file: &str, behind: &str| {
        let path = folder.0.join(file);
        let prefix = format!("{}{behind}", path.display());
        Form { name, prefix, source: Box::new(move || Source::Path(path.clone())) }
    };
    let packed = |name: &'static str, file: &str, content: &[u8], behind: &str| {
        folder.file(file, content);
        on_disk(name, file, behind)
    };
    let mut forms = vec![
        on_disk("directory", "tree", "/"),
        packed("tar", "bundle.tar", &tar, "!"),
        packed("tar.gz", "bundle.tar.gz", &tar_gz, "!"),
        packed("zip", "bundle.zip", &dated_zip(&files), "!"),
        packed("tar.gz in a tar", "outer.tar", &nested, "!inner.tar.gz!"),
    ];
    let reader = move || Source::Reader { name: "-".into(), reader: Box::new(Cursor::new(tar_gz.clone())) };
    forms.push(Form { name: "piped tar.gz", prefix: "-!".into(), source: Box::new(reader) });
    forms
}

/// A zip whose members have about the modification time of the other forms.
fn dated_zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mtime = zip::DateTime::from_date_and_time(2022, 3, 4, 20, 16, 2).unwrap();
    let options = zip::write::SimpleFileOptions::default().last_modified_time(mtime);
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What must be the same in every form: all of the findings, and what could not be read.
fn seen(report: &Report, prefix: &str) -> String {
    let mut out = String::new();
    for Finding { id, confidence, count, fingerprint, ongoing, .. } in &report.findings {
        let _ = writeln!(out, "{id}: {confidence}, count {count}, ongoing {ongoing:?}, {fingerprint}");
    }
    for finding in &report.findings {
        let _ = writeln!(out, "{}:", finding.id);
        let (first, last) = (finding.first_seen.as_deref(), finding.last_seen.as_deref());
        let _ = writeln!(out, "  {} to {}", first.unwrap_or("?"), last.unwrap_or("?"));
        let _ = writeln!(out, "  nodes {:?}, pods {:?}", finding.nodes, finding.pods);
        let _ = writeln!(out, "  captures {:?}", finding.captures);
        for one in &finding.evidence {
            let place = (&one.cluster, &one.node, &one.namespace, &one.pod, &one.container);
            let _ = writeln!(out, "  {}:{} @{}", behind(&one.path, prefix), one.line, one.offset);
            let _ = writeln!(out, "    {:?} {} {place:?}", one.time, one.time_inferred);
            let _ = writeln!(out, "    {:?}", one.text);
            let _ = writeln!(out, "    before {:?} after {:?} {:?}", one.before, one.after, one.captures);
        }
    }
    for it in report.unknown.iter().flat_map(|unknown| &unknown.templates) {
        let _ = writeln!(out, "unknown {} in {} on {:?}: {}", it.count, it.members, it.nodes, it.template);
        let _ = writeln!(out, "  {:?} to {:?} {}", it.first_seen, it.last_seen, it.time_inferred);
        let _ = writeln!(out, "  {}:{} {:?}", behind(&it.path, prefix), it.line, it.text);
    }
    for problem in &report.problems {
        let path = behind(&problem.path, prefix);
        let _ = writeln!(out, "{path}: {} @{:?} {}", problem.kind, problem.offset, problem.message);
    }
    out
}

fn behind<'a>(path: &'a str, prefix: &str) -> &'a str {
    path.strip_prefix(prefix).unwrap_or(path)
}

/// Holds the findings against what the case expects.
fn check(case: &Case, report: &Report, prefix: &str) -> Result<(), String> {
    let find = |id: &str| report.findings.iter().find(|finding| finding.id == id);
    let mut mistakes = Vec::new();
    for id in &case.silent {
        if find(id).is_some() {
            mistakes.push(format!("{id} must be silent"));
        }
    }
    for (id, at_most) in &case.at_most {
        let limit = Confidence::parse(at_most).unwrap_or_else(|| panic!("`{at_most}` is no confidence"));
        if find(id).is_some_and(|finding| Confidence::parse(&finding.confidence) > Some(limit)) {
            mistakes.push(format!("{id} must be {at_most} at most"));
        }
    }
    for expect in &case.expect {
        match find(&expect.id) {
            None => mistakes.push(format!("{} is not found", expect.id)),
            Some(finding) => expect.check(finding, prefix, &mut mistakes),
        }
    }
    let unknown = report.unknown.iter().flat_map(|unknown| &unknown.templates);
    let unknown: Vec<(u64, String)> = unknown.map(|it| (it.count, it.template.clone())).collect();
    if !case.unknown.is_empty() && unknown != case.unknown {
        mistakes.push(format!("the unknown messages are {unknown:?}, not {:?}", case.unknown));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("; ")) }
}

impl Expectation {
    fn check(&self, finding: &Finding, prefix: &str, mistakes: &mut Vec<String>) {
        let mut mistake = |what: String| mistakes.push(format!("{}: {what}", self.id));
        let paths = |path: &str| behind(path, prefix).to_owned();
        if let Some(path) = &self.path {
            let lines = finding.evidence.iter().filter(|one| paths(&one.path) == *path).map(|one| one.line);
            let first = lines.min();
            if first.is_none() {
                mistake(format!("no evidence in {path}"));
            } else if self.line.is_some() && first != self.line {
                mistake(format!("begins on line {first:?}, not {:?}", self.line));
            }
        }
        if self.count.is_some_and(|count| finding.count != count) {
            mistake(format!("count is {}, not {:?}", finding.count, self.count));
        }
        if self.confidence.as_ref().is_some_and(|confidence| finding.confidence != *confidence) {
            mistake(format!("is {}, not {:?}", finding.confidence, self.confidence));
        }
        if self.nodes.as_ref().is_some_and(|nodes| finding.nodes != *nodes) {
            mistake(format!("nodes are {:?}, not {:?}", finding.nodes, self.nodes));
        }
        for (name, values) in self.captures.iter().flatten() {
            if finding.captures.get(name) != Some(values) {
                mistake(format!("{name} is {:?}, not {values:?}", finding.captures.get(name)));
            }
        }
    }
}

impl CaseFile {
    fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(base64)) => decode_base64(base64),
            _ => panic!("{}: either `text` or `base64`", self.path),
        }
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut pending) = (Vec::new(), 0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let digit = DIGITS.iter().position(|&digit| digit == byte).expect("a digit of base64");
        bits = bits << 6 | digit as u32;
        pending += 6;
        if pending >= 8 {
            pending -= 8;
            bytes.push((bits >> pending) as u8);
        }
    }
    bytes
}

#[test]
fn base64_is_decoded() {
    assert_eq!(decode_base64("bG9n\nZ3Jl cA=="), b"loggrep");
}
