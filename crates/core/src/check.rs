//! Tells what is wrong with signatures: their form, their examples, and what makes them bad though they are well-formed.
//!
//! [`check_files`] gives all mistakes, [`test_files`] runs the examples and says at which stage one fails, and
//! [`try_signature`] runs one file over a bundle and tells of each place why it did or did not match.

mod clean;
mod common;
mod document;
mod draft;
mod lint;
mod show;
mod trial;

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::automaton::SignatureSet;
use crate::bundle::facts::Resolved;
use crate::container::Entry;
use crate::decide::{DecideOptions, decide};
use crate::path::EntryPath;
use crate::report::Report;
use crate::scan::{ScanOptions, Scanner};
use crate::signature::{Confidence, Example, ExampleFile, Mistake, NearMiss, Severity, Signature};
use crate::tally::Tally;
use crate::version::Version;
use document::Document;

pub use crate::stage::Attempt;
pub use clean::check_clean;
pub use draft::{Draft, draft};
pub use show::{write_mistakes, write_mistakes_json};
pub use trial::{Trial, try_signature, write_trial};

/// Every mistake of the files `(name, text)`, ordered by file and line; none when all is well.
///
/// Beside the form of the files this proves that each example gives its finding, with its captures and its confidence,
/// and no other issue than those it names; that each near miss stays silent; and that literals, regexes, ranges and texts
/// are such as a signature should have.
///
/// ```
/// let mistakes = loggrep_abm_core::check::check_files([("an-issue.toml", "id = \"an-issue\"\nseverity = 3\n")]);
/// assert!(mistakes.iter().any(|mistake| (mistake.file.as_str(), mistake.line) == ("an-issue.toml", 2)));
/// ```
pub fn check_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Mistake> {
    let files: Vec<(&str, &str)> = files.into_iter().collect();
    let (set, mut mistakes) = SignatureSet::load(files.iter().copied());
    for (file, text) in &files {
        let id = id_of(file);
        let blanks = lint::blanks(&Document::new(file, &id, text));
        // A blank is no category, no severity and no near miss either: once is enough.
        let is_blank = |mistake: &Mistake| {
            mistake.file == *file
                && blanks.iter().any(|blank| {
                    blank.line == mistake.line
                        || blank.message.contains("`pattern.confidence`")
                            && mistake.message.contains("has no confidence and stands in no rule")
                })
        };
        mistakes.retain(|mistake| !is_blank(mistake));
        mistakes.extend(blanks);
    }
    for signature in set.signatures() {
        let document = Document::new(&signature.file, &signature.id, &signature.definition);
        mistakes.extend(lint::lint(signature, &document));
        let checker = Checker { set: &set, signature };
        let failures = checker.run(true);
        let has_blank = |mistake: &Mistake| {
            mistakes
                .iter()
                .any(|other| other.id == mistake.id && other.message.ends_with("still to be filled in"))
        };
        let told: Vec<Mistake> = failures
            .into_iter()
            .map(|failure| failure.mistake)
            .filter(|mistake| !has_blank(mistake))
            .collect();
        mistakes.extend(told);
    }
    mistakes.sort();
    mistakes.dedup();
    mistakes
}

/// What running the examples came to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tests {
    /// Signatures that could be loaded.
    pub signatures: usize,
    /// Their examples.
    pub examples: usize,
    /// Their near misses.
    pub near_misses: usize,
    /// Examples and near misses that fail, and files that cannot be loaded.
    pub failures: Vec<TestFailure>,
}

/// An example or a near miss that fails.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TestFailure {
    /// Where it stands, and what is wrong.
    pub mistake: Mistake,
    /// At which stage: literal, regex, rule.
    pub notes: Vec<String>,
}

/// Runs every example and every near miss of the files `(name, text)`.
pub fn test_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tests {
    let (set, mistakes) = SignatureSet::load(files);
    let mut tests = Tests { signatures: set.signatures().len(), ..Tests::default() };
    tests.failures = mistakes.into_iter().map(|mistake| TestFailure { mistake, notes: Vec::new() }).collect();
    for signature in set.signatures() {
        tests.examples += signature.examples.len();
        tests.near_misses += signature.near_misses.len();
        tests.failures.extend(Checker { set: &set, signature }.run(false));
    }
    tests.failures.sort_by(|a, b| a.mistake.cmp(&b.mistake));
    tests
}

fn id_of(file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem();
    stem.and_then(|stem| stem.to_str()).unwrap_or(file).to_owned()
}

struct Checker<'a> {
    set: &'a SignatureSet,
    signature: &'a Signature,
}

/// An example that was scanned.
struct Scanned {
    tally: Tally,
    facts: Resolved,
    attempts: Vec<Attempt>,
}

impl Checker<'_> {
    /// Every failure; `with_others` tells of other issues that an example shows too.
    fn run(&self, with_others: bool) -> Vec<TestFailure> {
        let mut failures = Vec::new();
        for example in &self.signature.examples {
            let scanned = self.scan(&example.files, example.cluster_version);
            let report = self.report(&scanned, true);
            let notes = self.notes(&scanned, &report);
            let mut told = self.example(example, report);
            if let [message, ..] = &mut told[..]
                && let Some(first) = notes.first()
                && message.starts_with(NO_FINDING)
            {
                *message = format!("{NO_FINDING}: {first}");
            }
            if with_others {
                told.extend(self.others(&scanned));
            }
            let line = example.line;
            failures.extend(told.into_iter().map(|message| self.failure(line, message, notes.clone())));
        }
        for near_miss in &self.signature.near_misses {
            let scanned = self.scan(&near_miss.files, near_miss.cluster_version);
            let report = self.report(&scanned, true);
            let notes = self.notes(&scanned, &report);
            let told = self.near_miss(near_miss, report);
            failures
                .extend(told.into_iter().map(|message| self.failure(near_miss.line, message, notes.clone())));
        }
        failures
    }

    fn failure(&self, line: usize, message: String, notes: Vec<String>) -> TestFailure {
        let (file, id) = (self.signature.file.clone(), self.signature.id.clone());
        TestFailure { mistake: Mistake { file, line, column: 1, id, message }, notes }
    }

    fn example(&self, example: &Example, mut report: Report) -> Vec<String> {
        let mut told = Vec::new();
        if example.advisory {
            if report.advisories.is_empty() || !report.findings.is_empty() {
                told.push("the example gives no advisory, or a finding".to_owned());
            }
            return told;
        }
        let Some(finding) = report.findings.pop() else { return vec![NO_FINDING.to_owned()] };
        if finding.evidence.is_empty() {
            told.push("the example gives a finding without evidence: make the rule an advisory".to_owned());
        }
        if !example.nodes.is_empty() && finding.nodes != example.nodes {
            told.push(format!("the example is on {:?}, not {:?}", finding.nodes, example.nodes));
        }
        if let Some(expected) = example.confidence
            && finding.confidence != expected.as_str()
        {
            told.push(format!("the example is {}, not {}", finding.confidence, expected.as_str()));
        }
        for (name, expected) in &example.captures {
            let found = finding.captures.get(name).cloned().unwrap_or_default();
            if !expected.iter().all(|value| found.contains(value)) {
                told.push(format!("the example captures {name} = {found:?}, not {expected:?}"));
            }
        }
        told
    }

    fn near_miss(&self, near_miss: &NearMiss, mut report: Report) -> Vec<String> {
        let mut told = Vec::new();
        if !report.advisories.is_empty() && near_miss.at_most.is_none() {
            told.push("the near miss gives an advisory".to_owned());
        }
        if let Some(finding) = report.findings.pop()
            && Confidence::parse(&finding.confidence) > near_miss.at_most
        {
            told.push(format!("the near miss is shown as {}", finding.confidence));
        }
        told
    }

    /// Other issues that an example shows, which neither of the two files speaks of.
    fn others(&self, scanned: &Scanned) -> Vec<String> {
        let own = self.signature;
        let is_declared = |one: &Signature, other: &str| {
            one.related()
                .chain(one.supersedes())
                .chain(one.caused_by())
                .chain(one.successor())
                .any(|id| id == other)
        };
        let report = self.report(scanned, false);
        let other = |id: &str| self.set.signatures().iter().find(|signature| signature.id == id);
        let findings = report.findings.iter().filter(|finding| {
            finding.id != own.id
                && Confidence::parse(&finding.confidence) >= Some(Confidence::Likely)
                && Severity::parse(&finding.severity) > Some(Severity::Info)
                && !is_declared(own, &finding.id)
                && !other(&finding.id).is_some_and(|other| is_declared(other, &own.id))
        });
        let message = |finding: &crate::report::Finding| {
            format!(
                "the example shows `{}` too: say in `related`, `supersedes` or `caused_by` how they stand to one another",
                finding.id
            )
        };
        findings.map(message).collect()
    }

    fn scan(&self, files: &[ExampleFile], version: Option<Version>) -> Scanned {
        let options = ScanOptions::for_examples();
        let names: BTreeSet<&str> =
            self.signature.patterns.iter().map(|pattern| pattern.name.as_str()).collect();
        let attempts: Mutex<Vec<Attempt>> = Mutex::default();
        let trace = |attempt: &Attempt| {
            let mut attempts = attempts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if attempts.len() < ATTEMPTS && names.contains(attempt.pattern.as_str()) {
                attempts.push(attempt.clone());
            }
        };
        let only = Some(self.signature.id.as_str());
        let mut scanner = Scanner::new(self.set, &options).with_trace(Some((&trace, only)));
        for file in files {
            let entry = Entry { path: EntryPath::input(file.path.as_str()), mtime: None };
            scanner.scan_text(&entry, file.text.as_bytes());
        }
        let mut tally = scanner.tally;
        let facts = tally.take_facts().resolve(version);
        let attempts = attempts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Scanned { tally, facts, attempts }
    }

    /// What this signature, or every one, says of it.
    fn report(&self, scanned: &Scanned, only_own: bool) -> Report {
        let options = DecideOptions {
            language: "en".to_owned(),
            evidence: ScanOptions::for_examples().evidence,
            min_confidence: Confidence::Possible,
            min_severity: Severity::Info,
            only: if only_own { BTreeSet::from([self.signature.id.clone()]) } else { BTreeSet::new() },
            experimental: false,
            unknown: 0,
            since: None,
            until: None,
            explain: only_own,
        };
        decide(self.set, &scanned.tally, &scanned.facts, Vec::new(), &options)
    }

    /// How far each pattern and each rule got.
    fn notes(&self, scanned: &Scanned, report: &Report) -> Vec<String> {
        let mut notes = Vec::new();
        for pattern in &self.signature.patterns {
            let attempts = || scanned.attempts.iter().filter(|attempt| attempt.pattern == pattern.name);
            let matched = attempts().find(|attempt| attempt.outcome.is_ok());
            let name = &pattern.name;
            notes.push(match (matched, attempts().find_map(|attempt| attempt.outcome.as_ref().err())) {
                (Some(attempt), _) => {
                    format!("pattern `{name}`: matches on line {} of {}", attempt.line, attempt.path)
                }
                (None, Some(reason)) => format!("pattern `{name}`: {reason}"),
                (None, None) => {
                    let pieces =
                        pattern.required.pieces.iter().map(|piece| format!("`{}`", piece.escape_ascii()));
                    format!(
                        "pattern `{name}`: none of its literals is there: {}",
                        pieces.collect::<Vec<_>>().join(", ")
                    )
                }
            });
        }
        for rule in report.explanations.iter().flat_map(|explanation| &explanation.rules) {
            let holds = match rule.holds {
                Some(true) => "holds",
                Some(false) => "does not hold",
                None => "cannot be told",
            };
            let missing = match rule.missing.is_empty() {
                true => String::new(),
                false => format!("; missing: {}", rule.missing.join(", ")),
            };
            notes.push(format!("rule `{}`: {holds}{missing}", rule.when));
        }
        // What failed comes first: it is the reason.
        notes.sort_by_key(|note| note.contains(": matches on line") || note.ends_with(": holds"));
        notes
    }
}

const NO_FINDING: &str = "the example gives no finding";
/// Looks at candidates of one example that are kept.
const ATTEMPTS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::check_files;

    #[test]
    fn the_builtin_signatures_prove_themselves() {
        let mistakes = check_files(crate::signature::builtin());
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
