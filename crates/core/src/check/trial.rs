//! One signature over one bundle: of each place where a literal stands, why it did or did not match.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;

use crate::analyze::AnalyzeOptions;
use crate::automaton::SignatureSet;
use crate::error::Error;
use crate::input::{Source, walk};
use crate::report::{Report, write_explanations};
use crate::scan::Scanner;
use crate::stage::Attempt;
use crate::tally::Tally;
use crate::text::Escaped;

/// What trying a signature came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Trial {
    /// The first looks of each pattern, those that matched and those that did not.
    pub attempts: Vec<Attempt>,
    /// Looks of each pattern that matched, and that did not.
    pub counts: BTreeMap<String, (u64, u64)>,
    /// What the automaton looks for, per pattern.
    pub literals: BTreeMap<String, Vec<String>>,
    /// The report of this signature alone, with what its rules came to.
    pub report: Report,
}

/// Runs the signatures of `set` over the inputs; of each pattern `most` looks that matched are kept, and `most` that did
/// not.
///
/// # Errors
/// When an input cannot be opened.
pub fn try_signature(
    set: &SignatureSet,
    sources: impl IntoIterator<Item = Source>,
    options: &AnalyzeOptions<'_>,
    most: usize,
) -> Result<Trial, Error> {
    // One thread, so that the first looks are the same each time.
    let mut options = options.clone();
    (options.threads, options.explain) = (1, true);
    let scan_options = options.scan_options();
    let filter = options.path_filter()?;
    let mut tally = Tally::new(&scan_options);
    let mut seen = Seen::default();
    for source in sources {
        let of_input: Mutex<Seen> = Mutex::default();
        let trace = |attempt: &Attempt| {
            of_input.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(attempt, most);
        };
        let make = || {
            // An input that is read again is looked at from its beginning.
            *of_input.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Seen::default();
            Scanner::new(set, &scan_options).with_filter(&filter).with_trace(Some((&trace, None)))
        };
        let (scanners, _) = walk(source, &options.walk_options(), make)?;
        scanners.into_iter().for_each(|scanner| tally.merge(scanner.into_tally()));
        seen.join(of_input.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner), most);
    }
    let facts = tally.take_facts().resolve(options.cluster_version);
    let report = crate::decide::decide(set, &tally, &facts, Vec::new(), &options.decide_options());
    let patterns = set.signatures().iter().flat_map(|signature| &signature.patterns);
    let literals = patterns.map(|pattern| {
        let pieces = pattern.required.pieces.iter().map(|piece| piece.escape_ascii().to_string());
        (pattern.name.clone(), pieces.collect())
    });
    Ok(Trial { attempts: seen.attempts, counts: seen.counts, literals: literals.collect(), report })
}

#[derive(Default)]
struct Seen {
    attempts: Vec<Attempt>,
    counts: BTreeMap<String, (u64, u64)>,
}

impl Seen {
    fn add(&mut self, attempt: &Attempt, most: usize) {
        let (matched, failed) = self.counts.entry(attempt.pattern.clone()).or_default();
        let count = if attempt.outcome.is_ok() { matched } else { failed };
        *count += 1;
        self.keep(attempt.clone(), most);
    }

    fn keep(&mut self, attempt: Attempt, most: usize) {
        let same = |other: &&Attempt| {
            other.pattern == attempt.pattern && other.outcome.is_ok() == attempt.outcome.is_ok()
        };
        if self.attempts.iter().filter(same).count() < most {
            self.attempts.push(attempt);
        }
    }

    fn join(&mut self, other: Seen, most: usize) {
        for (pattern, (matched, failed)) in other.counts {
            let counts = self.counts.entry(pattern).or_default();
            *counts = (counts.0 + matched, counts.1 + failed);
        }
        other.attempts.into_iter().for_each(|attempt| self.keep(attempt, most));
    }
}

/// Writes what trying a signature came to, for a person.
///
/// # Errors
/// Those of `out`.
pub fn write_trial(trial: &Trial, mut out: impl Write) -> io::Result<()> {
    for (pattern, literals) in &trial.literals {
        let (matched, failed) = trial.counts.get(pattern).copied().unwrap_or_default();
        if matched + failed == 0 {
            let literals: Vec<String> = literals.iter().map(|literal| format!("`{literal}`")).collect();
            writeln!(out, "pattern `{pattern}`: none of its literals is there: {}", literals.join(", "))?;
            continue;
        }
        writeln!(out, "pattern `{pattern}`: {matched} matches, {failed} places with a literal do not match")?;
        let own = || trial.attempts.iter().filter(|attempt| attempt.pattern == *pattern);
        for attempt in own() {
            let verdict = if attempt.outcome.is_ok() { "matches" } else { "no" };
            let (path, literal) = (Escaped(attempt.path.as_bytes()), Escaped(attempt.literal.as_bytes()));
            writeln!(out, "  {verdict:<7} {path}:{}  literal `{literal}`", attempt.line)?;
            writeln!(out, "          {}", Escaped(attempt.text.as_bytes()))?;
            match &attempt.outcome {
                Ok(captures) if captures.is_empty() => {}
                Ok(captures) => {
                    let captures: Vec<String> =
                        captures.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                    writeln!(out, "          {}", Escaped(captures.join(", ").as_bytes()))?;
                }
                Err(reason) => writeln!(out, "          {}", Escaped(reason.as_bytes()))?,
            }
        }
        let more = matched + failed - own().count() as u64;
        if more > 0 {
            writeln!(out, "  and {more} more")?;
        }
    }
    write_explanations(&trial.report, out)
}
