//! Signatures against logs that are known to be clean.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::document::Document;
use super::document::Step::{At, Key};
use super::lint::COMMON;
use crate::analyze::{AnalyzeOptions, analyze};
use crate::automaton::SignatureSet;
use crate::container::{Entry, EntryEnd, Sink};
use crate::error::Error;
use crate::input::{Source, walk};
use crate::problem::Problem;
use crate::signature::{Mistake, Severity};

/// Bytes of a member that are looked at.
const MEMBER_BYTES: usize = 16 << 20;
/// Fewer lines than that say nothing about how common a literal is.
const ENOUGH_LINES: u64 = 1_000;

/// What of the files `(name, text)` does not stay silent on clean logs, or rests on literals that are common there.
///
/// `sources` is called twice, since what it gives is read twice.
///
/// # Errors
/// When an input cannot be read.
pub fn check_clean<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    sources: impl Fn() -> Vec<Source>,
) -> Result<Vec<Mistake>, Error> {
    let (set, _) = SignatureSet::load(files);
    let mut mistakes = Vec::new();
    let report = analyze(&set, sources(), &AnalyzeOptions::default())?;
    let above_info = |severity: &str| Severity::parse(severity) > Some(Severity::Info);
    for finding in report.findings.iter().filter(|finding| above_info(&finding.severity)) {
        let place = finding.evidence.first().map(|one| format!(" at {}:{}", one.path, one.line));
        let message = format!("fires on clean logs{}", place.unwrap_or_default());
        mistakes.extend(mistake(&set, &finding.id, None, message));
    }
    let mut counts = Counts::default();
    for source in sources() {
        let make = || Counter { set: &set, counts: Counts::default(), member: Vec::new() };
        let (counters, _) = walk(source, &AnalyzeOptions::default().walk_options(), make)?;
        counters.into_iter().for_each(|counter| counts.add(counter.counts));
    }
    if counts.lines >= ENOUGH_LINES {
        for signature in set.signatures() {
            for (index, pattern) in signature.patterns.iter().enumerate() {
                for piece in &pattern.required.pieces {
                    let lines = counts.pieces.get(piece).copied().unwrap_or(0);
                    let piece = String::from_utf8_lossy(piece);
                    if lines * 100_000 / counts.lines >= u64::from(COMMON) {
                        let message = format!(
                            "the literal `{piece}` stands on {lines} of {} clean lines",
                            counts.lines
                        );
                        mistakes.extend(mistake(&set, signature.id(), Some(index), message));
                    }
                }
            }
        }
    }
    mistakes.sort();
    Ok(mistakes)
}

fn mistake(set: &SignatureSet, id: &str, pattern: Option<usize>, message: String) -> Option<Mistake> {
    let signature = set.signatures().iter().find(|signature| signature.id() == id)?;
    let document = Document::new(&signature.file, &signature.id, &signature.definition);
    let at = match pattern {
        Some(index) => document.place(&[Key("pattern"), At(index), Key("regex")]),
        None => document.place(&[Key("id")]),
    };
    Some(document.mistake(at, message))
}

/// Lines that hold each piece.
#[derive(Default)]
struct Counts {
    lines: u64,
    pieces: BTreeMap<Vec<u8>, u64>,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.lines += other.lines;
        other.pieces.into_iter().for_each(|(piece, lines)| *self.pieces.entry(piece).or_default() += lines);
    }
}

struct Counter<'s> {
    set: &'s SignatureSet,
    counts: Counts,
    member: Vec<u8>,
}

impl Sink for Counter<'_> {
    fn begin(&mut self, _entry: &Entry) -> bool {
        self.member.clear();
        true
    }

    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let room = MEMBER_BYTES - self.member.len();
        self.member.extend_from_slice(&bytes[..bytes.len().min(room)]);
        ControlFlow::Continue(())
    }

    fn end(&mut self, _end: EntryEnd) {
        let (mut scratch, mut found) = (Vec::new(), Vec::new());
        let counts = &mut self.counts;
        let text = self.member.strip_suffix(b"\n").unwrap_or(&self.member);
        for line in text.split(|&byte| byte == b'\n') {
            counts.lines += 1;
            found.clear();
            self.set.candidates(line, 0, &mut scratch, &mut found);
            let mut pieces: Vec<&[u8]> = found.iter().map(|candidate| self.set.piece(*candidate)).collect();
            pieces.sort_unstable();
            pieces.dedup();
            for piece in pieces {
                *counts.pieces.entry(piece.to_vec()).or_default() += 1;
            }
        }
    }

    fn problem(&mut self, _problem: Problem) {}
}
