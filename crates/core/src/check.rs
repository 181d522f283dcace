//! Lints a signature set and runs its own examples through the same stages as a bundle.

use std::collections::BTreeSet;

use crate::automaton::SignatureSet;
use crate::container::Entry;
use crate::decide::{DecideOptions, decide};
use crate::path::EntryPath;
use crate::report::Report;
use crate::scan::{ScanOptions, Scanner};
use crate::signature::{Confidence, Example, ExampleFile, Mistake, NearMiss, Severity, Signature};
use crate::version::Version;

/// Every mistake of the files `(name, text)`, ordered by file and line; none when all is well.
///
/// Beside the form of the files this proves that each example gives its finding, with its captures and its confidence,
/// and that each near miss stays silent.
///
/// ```
/// let mistakes = loggrep_abm_core::check::check_files([("an-issue.toml", "id = \"an-issue\"\nseverity = 3\n")]);
/// assert_eq!((mistakes[0].file.as_str(), mistakes[0].line), ("an-issue.toml", 2));
/// ```
pub fn check_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Mistake> {
    let (set, mut mistakes) = SignatureSet::load(files);
    for signature in set.signatures() {
        let mut checker = Checker { set: &set, signature, mistakes: &mut mistakes };
        signature.examples.iter().for_each(|example| checker.example(example));
        signature.near_misses.iter().for_each(|near_miss| checker.near_miss(near_miss));
    }
    mistakes.sort();
    mistakes
}

struct Checker<'a> {
    set: &'a SignatureSet,
    signature: &'a Signature,
    mistakes: &'a mut Vec<Mistake>,
}

impl Checker<'_> {
    fn mistake(&mut self, line: usize, message: String) {
        let (file, id) = (self.signature.file.clone(), self.signature.id.clone());
        self.mistakes.push(Mistake { file, line, column: 1, id, message });
    }

    fn example(&mut self, example: &Example) {
        let mut report = self.report(&example.files, example.cluster_version);
        if example.advisory {
            if report.advisories.is_empty() || !report.findings.is_empty() {
                self.mistake(example.line, "the example gives no advisory, or a finding".to_owned());
            }
            return;
        }
        let Some(finding) = report.findings.pop() else {
            return self.mistake(example.line, "the example gives no finding".to_owned());
        };
        if finding.evidence.is_empty() {
            self.mistake(
                example.line,
                "the example gives a finding without evidence: make the rule an advisory".to_owned(),
            );
        }
        if !example.nodes.is_empty() && finding.nodes != example.nodes {
            self.mistake(
                example.line,
                format!("the example is on {:?}, not {:?}", finding.nodes, example.nodes),
            );
        }
        if let Some(expected) = example.confidence
            && finding.confidence != expected.as_str()
        {
            let message = format!("the example is {}, not {}", finding.confidence, expected.as_str());
            self.mistake(example.line, message);
        }
        for (name, expected) in &example.captures {
            let found = finding.captures.get(name).cloned().unwrap_or_default();
            if !expected.iter().all(|value| found.contains(value)) {
                self.mistake(
                    example.line,
                    format!("the example captures {name} = {found:?}, not {expected:?}"),
                );
            }
        }
    }

    fn near_miss(&mut self, near_miss: &NearMiss) {
        let mut report = self.report(&near_miss.files, near_miss.cluster_version);
        if !report.advisories.is_empty() && near_miss.at_most.is_none() {
            self.mistake(near_miss.line, "the near miss gives an advisory".to_owned());
        }
        let Some(finding) = report.findings.pop() else { return };
        let confidence = Confidence::parse(&finding.confidence);
        if confidence > near_miss.at_most {
            self.mistake(near_miss.line, format!("the near miss is shown as {}", finding.confidence));
        }
    }

    fn report(&self, files: &[ExampleFile], version: Option<Version>) -> Report {
        report_of(self.set, &self.signature.id, files, version)
    }
}

/// What one signature says of a bundle of these files.
fn report_of(set: &SignatureSet, id: &str, files: &[ExampleFile], version: Option<Version>) -> Report {
    let scan = ScanOptions::for_examples();
    let mut scanner = Scanner::new(set, &scan);
    for file in files {
        let entry = Entry { path: EntryPath::input(file.path.as_str()), mtime: None };
        scanner.scan_text(&entry, file.text.as_bytes());
    }
    let options = DecideOptions {
        language: "en".to_owned(),
        evidence: scan.evidence,
        min_confidence: Confidence::Possible,
        min_severity: Severity::Info,
        only: BTreeSet::from([id.to_owned()]),
        explain: false,
    };
    let facts = scanner.tally.take_facts().resolve(version);
    decide(set, &scanner.tally, &facts, Vec::new(), &options)
}

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
