//! What all entries gave, bounded and independent of the order in which they came.
//!
//! Each worker has a [`Tally`]; [`Tally::merge`] joins them. Where a bound forces a choice, the smallest by path and
//! offset stay, never the first to arrive.

use std::collections::{BTreeMap, BTreeSet};

use crate::automaton::SignatureId;
use crate::bundle::facts::Facts;
use crate::bundle::place::{Place, place_of_path};
use crate::bundle::time::{Stamp, Time, TimeContext};
use crate::path::EntryPath;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::scan::ScanOptions;
use crate::signature::Confidence;
use crate::unknown::Templates;

/// The time of a hit; where nothing in its entry told the year, the stamp waits for the newest time of the bundle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct When {
    time: Option<Time>,
    stamp: Option<Stamp>,
}

impl When {
    pub(crate) fn new(stamp: Option<Stamp>, context: &TimeContext) -> When {
        When { time: stamp.and_then(|stamp| context.resolve(&stamp)), stamp }
    }

    /// Whether the line told no time at all.
    pub(crate) fn is_undated(&self) -> bool {
        self.stamp.is_none()
    }

    /// The earlier of two; a known time comes before an unknown one.
    pub(crate) fn earlier(self, other: When) -> When {
        match (self.time, other.time) {
            (Some(time), Some(others)) if others < time => other,
            (None, Some(_)) => other,
            (None, None) if self.stamp.is_none() => other,
            _ => self,
        }
    }

    /// The later of two; a known time comes before an unknown one, and of two unknown ones the second.
    pub(crate) fn later(self, other: When) -> When {
        match (self.time, other.time) {
            (Some(time), Some(others)) if others >= time => other,
            (None, Some(_)) => other,
            (None, None) if other.stamp.is_some() => other,
            _ => self,
        }
    }

    /// The time, with the year of `newest` where nothing closer told it.
    pub(crate) fn resolve(&self, newest: Option<Time>) -> Option<Time> {
        let context = || TimeContext::for_entry(b"", None, newest);
        self.time.or_else(|| self.stamp.and_then(|stamp| context().resolve(&stamp)))
    }
}

/// One kept hit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) path: EntryPath,
    /// Index of the pattern in its signature.
    pub(crate) pattern: usize,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) text: Vec<u8>,
    pub(crate) before: Vec<Vec<u8>>,
    pub(crate) after: Vec<Vec<u8>>,
    pub(crate) captures: Vec<(String, String)>,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) when: When,
}

impl Sample {
    /// Order of preference: surest first, then dated, then by path and offset.
    pub(crate) fn rank(&self) -> (std::cmp::Reverse<Option<Confidence>>, bool, &EntryPath, u64) {
        (std::cmp::Reverse(self.confidence), self.when.is_undated(), &self.path, self.offset)
    }
}

/// Values that captures took, of each name the first by their order: the same whatever order hits come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) kept: BTreeMap<String, BTreeSet<String>>,
    /// Names of which there were more.
    pub(crate) more: BTreeSet<String>,
}

impl Values {
    /// Values kept per name.
    pub(crate) const MOST: usize = 20;

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let Some(values) = self.kept.get_mut(name) else {
            self.kept.insert(name.to_owned(), BTreeSet::from([value.to_owned()]));
            return;
        };
        let is_full = values.len() >= Self::MOST;
        if values.contains(value) {
            return;
        }
        if is_full {
            self.more.insert(name.to_owned());
            if values.last().is_some_and(|last| last.as_str() < value) {
                return;
            }
            values.pop_last();
        }
        values.insert(value.to_owned());
    }

    pub(crate) fn join(&mut self, other: Values) {
        for (name, values) in other.kept {
            values.iter().for_each(|value| self.add(&name, value));
        }
        self.more.extend(other.more);
    }
}

/// Hits of one pattern in one member.
#[derive(Clone, Debug, Default)]
pub(crate) struct PatternHits {
    pub(crate) count: u64,
    /// Of these, on a line that another pattern of the signature hit before.
    pub(crate) shared: u64,
    pub(crate) best: Option<Confidence>,
    pub(crate) first: When,
    pub(crate) last: When,
    /// How many hits lie in which stretch of time.
    pub(crate) buckets: Vec<(When, u64)>,
}

/// Hits of one signature in one member.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemberHits {
    /// By index of the pattern.
    pub(crate) patterns: BTreeMap<usize, PatternHits>,
    /// By index of the signature's `near` functions.
    pub(crate) near: BTreeMap<usize, u64>,
    /// Places that lines of hits name, where the path does not.
    pub(crate) places: BTreeSet<Place>,
    /// The time of the last dated line of the member.
    pub(crate) end: Option<Time>,
}

/// Hits of one signature.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignatureTally {
    pub(crate) members: BTreeMap<EntryPath, MemberHits>,
    /// Members with hits that found no room.
    pub(crate) dropped: BTreeMap<usize, PatternHits>,
    /// By index of the pattern.
    pub(crate) samples: BTreeMap<usize, Vec<Sample>>,
    /// By index of the pattern.
    pub(crate) captures: BTreeMap<usize, Values>,
}

/// What the entries of one worker, or of all, gave.
pub(crate) struct Tally {
    evidence: usize,
    scope_keys: usize,
    problem_limit: usize,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) signatures: BTreeMap<SignatureId, SignatureTally>,
    pub(crate) problems: BTreeSet<Problem>,
    pub(crate) problems_omitted: u64,
    pub(crate) content_lost: bool,
    /// Whether a hit was kept although only the newest time of the bundle can tell if it was asked for.
    pub(crate) range_undecided: bool,
    pub(crate) span: Option<(Time, Time)>,
    /// The latest time in the logs of each node.
    pub(crate) node_ends: BTreeMap<String, Time>,
    pub(crate) facts: Facts,
    /// Error-level messages that no signature matched.
    pub(crate) unknown: Templates,
    /// What each signature cost, where this was asked for.
    pub(crate) profile: Profile,
}

impl Tally {
    pub(crate) fn new(options: &ScanOptions) -> Tally {
        Tally {
            evidence: options.evidence,
            scope_keys: options.scope_keys,
            problem_limit: options.problems,
            entries: 0,
            bytes: 0,
            lines: 0,
            signatures: BTreeMap::new(),
            problems: BTreeSet::new(),
            problems_omitted: 0,
            content_lost: false,
            range_undecided: false,
            span: None,
            node_ends: BTreeMap::new(),
            facts: Facts::new(options.facts),
            unknown: Templates::default(),
            profile: Profile::default(),
        }
    }

    /// Members remembered per signature.
    pub(crate) fn scope_keys(&self) -> usize {
        self.scope_keys
    }

    /// The facts, of which none stay.
    pub(crate) fn take_facts(&mut self) -> Facts {
        std::mem::replace(&mut self.facts, Facts::new(0))
    }

    /// An entry was scanned.
    pub(crate) fn entry(&mut self, path: &EntryPath, bytes: u64, lines: u64, times: Option<(Time, Time)>) {
        self.entries += 1;
        self.bytes += bytes;
        self.lines += lines;
        let place = place_of_path(path.as_bytes());
        self.facts.saw_path(path, &place);
        let Some((first, last)) = times else { return };
        self.join_span(first, last);
        if let Some(node) = place.node {
            self.join_node_end(node, last);
        }
    }

    fn join_span(&mut self, first: Time, last: Time) {
        self.span = Some(self.span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
    }

    fn join_node_end(&mut self, node: String, last: Time) {
        let end = self.node_ends.entry(node).or_insert(last);
        *end = last.max(*end);
        if self.node_ends.len() > self.scope_keys {
            self.node_ends.pop_last();
        }
    }

    /// A log in the folder of a node's address begins with lines of this host.
    pub(crate) fn host(&mut self, address: String, host: String) {
        self.facts.saw_host(address, host);
    }

    /// An entry that may say something of the bundle.
    pub(crate) fn document(&mut self, path: &EntryPath, text: &[u8]) {
        self.facts.read(path, text);
    }

    /// Facts read elsewhere.
    pub(crate) fn facts(&mut self, facts: Facts) {
        self.facts.merge(facts);
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.content_lost |= problem.kind.loses_content();
        self.problems.insert(problem);
        if self.problems.len() > self.problem_limit {
            self.problems.pop_last();
            self.problems_omitted += 1;
        }
    }

    pub(crate) fn sample(&mut self, signature: SignatureId, sample: Sample) {
        let samples =
            self.signatures.entry(signature).or_default().samples.entry(sample.pattern).or_default();
        let at = samples.partition_point(|other| other.rank() < sample.rank());
        if at < self.evidence {
            samples.insert(at, sample);
            samples.truncate(self.evidence);
        }
    }

    pub(crate) fn captures(&mut self, signature: SignatureId, pattern: usize, values: Values) {
        self.signatures.entry(signature).or_default().captures.entry(pattern).or_default().join(values);
    }

    pub(crate) fn member(&mut self, signature: SignatureId, path: &EntryPath, hits: MemberHits) {
        let tally = self.signatures.entry(signature).or_default();
        match tally.members.get_mut(path) {
            Some(same_name) => same_name.join(hits),
            None => {
                tally.members.insert(path.clone(), hits);
            }
        }
        if tally.members.len() > self.scope_keys
            && let Some((_, mut last)) = tally.members.pop_last()
        {
            last.patterns.values_mut().for_each(|hits| hits.buckets.clear());
            join_patterns(&mut tally.dropped, last.patterns);
        }
    }

    /// Joins what another worker, or another input, gave.
    pub(crate) fn merge(&mut self, other: Tally) {
        self.entries += other.entries;
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.content_lost |= other.content_lost;
        self.range_undecided |= other.range_undecided;
        self.problems_omitted += other.problems_omitted;
        other.problems.into_iter().for_each(|problem| self.problem(problem));
        if let Some((first, last)) = other.span {
            self.join_span(first, last);
        }
        other.node_ends.into_iter().for_each(|(node, end)| self.join_node_end(node, end));
        self.facts.merge(other.facts);
        self.unknown.merge(other.unknown);
        self.profile.merge(other.profile);
        for (signature, tally) in other.signatures {
            for (path, hits) in tally.members {
                self.member(signature, &path, hits);
            }
            join_patterns(&mut self.signatures.entry(signature).or_default().dropped, tally.dropped);
            for sample in tally.samples.into_values().flatten() {
                self.sample(signature, sample);
            }
            for (pattern, values) in tally.captures {
                self.captures(signature, pattern, values);
            }
        }
    }
}

impl MemberHits {
    fn join(&mut self, other: MemberHits) {
        join_patterns(&mut self.patterns, other.patterns);
        for (function, count) in other.near {
            *self.near.entry(function).or_default() += count;
        }
        self.places.extend(other.places);
        self.end = self.end.max(other.end);
    }
}

fn join_patterns(into: &mut BTreeMap<usize, PatternHits>, other: BTreeMap<usize, PatternHits>) {
    for (pattern, hits) in other {
        into.entry(pattern).or_default().join(hits);
    }
}

impl PatternHits {
    pub(crate) fn join(&mut self, other: PatternHits) {
        let empty = self.count == 0;
        self.count += other.count;
        self.shared += other.shared;
        self.best = self.best.max(other.best);
        self.buckets.extend(other.buckets);
        self.first = if empty { other.first } else { self.first.earlier(other.first) };
        self.last = if empty { other.last } else { self.last.later(other.last) };
    }
}

#[cfg(test)]
mod tests {
    use super::Values;

    #[test]
    fn the_same_values_stay_in_any_order() {
        let names: Vec<String> = (0..50).map(|number| format!("{number:02}")).collect();
        let of = |order: &mut dyn Iterator<Item = &String>| {
            let mut values = Values::default();
            order.for_each(|name| values.add("token", name));
            values
        };
        let forwards = of(&mut names.iter());
        let backwards = of(&mut names.iter().rev());
        let mut joined = of(&mut names[25..].iter());
        joined.join(of(&mut names[..25].iter()));
        for values in [&forwards, &backwards, &joined] {
            assert!(values.kept["token"].iter().eq(&names[..Values::MOST]));
            assert!(values.more.contains("token"));
        }
        assert!(of(&mut names[..Values::MOST].iter()).more.is_empty());
    }
}
