//! Lints a signature set and runs its own examples through the same stages as a bundle.

use std::collections::BTreeSet;

use crate::automaton::SignatureSet;
use crate::container::Entry;
use crate::decide::{DecideOptions, decide};
use crate::path::EntryPath;
use crate::report::Finding;
use crate::scan::{ScanOptions, Scanner};
use crate::signature::{Confidence, Example, Mistake, NearMiss, Severity, Signature};

/// Every mistake of the files `(name, text)`, ordered by file and line; none when all is well.
///
/// Beside the form of the files this proves that each example gives its finding, with its captures and its confidence,
/// and that each near miss stays silent.
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
        let Some(finding) = self.finding(&example.text, example.path.as_deref()) else {
            return self.mistake(example.line, "the example gives no finding".to_owned());
        };
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
        let Some(finding) = self.finding(&near_miss.text, near_miss.path.as_deref()) else { return };
        let confidence = Confidence::parse(&finding.confidence);
        if confidence > near_miss.at_most {
            self.mistake(near_miss.line, format!("the near miss is shown as {}", finding.confidence));
        }
    }

    fn finding(&self, text: &str, path: Option<&str>) -> Option<Finding> {
        finding_in(self.set, &self.signature.id, path.unwrap_or("example"), text.as_bytes())
    }
}

/// What one signature finds in one text.
fn finding_in(set: &SignatureSet, id: &str, path: &str, text: &[u8]) -> Option<Finding> {
    let scan = ScanOptions::for_examples();
    let mut scanner = Scanner::new(set, &scan);
    scanner.scan_text(&Entry { path: EntryPath::input(path), mtime: None }, text);
    let options = DecideOptions {
        language: "en".to_owned(),
        evidence: scan.evidence,
        min_confidence: Confidence::Possible,
        min_severity: Severity::Info,
        only: BTreeSet::from([id.to_owned()]),
        cluster_version: None,
    };
    decide(set, &scanner.tally, Vec::new(), &options).findings.pop()
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
