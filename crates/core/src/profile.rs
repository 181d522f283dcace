//! What each signature costs: how often its pieces were found, and how long confirming took.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::automaton::{SignatureId, SignatureSet};

/// What looking for one signature cost in an analysis; see [`Analysis::profile`](crate::Analysis::profile).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignatureCost {
    /// Id of the signature.
    pub id: String,
    /// Places in the text at which its patterns were tried.
    pub candidates: u64,
    /// Of these, hits.
    pub hits: u64,
    /// Time the trying took over all threads, with the compiling of its regexes.
    pub time: Duration,
}

/// The costs of one worker, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile(BTreeMap<SignatureId, Cost>);

#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    candidates: u64,
    hits: u64,
    time: Duration,
}

impl Profile {
    /// A candidate was looked at.
    pub(crate) fn add(&mut self, signature: SignatureId, is_hit: bool, time: Duration) {
        let cost = self.0.entry(signature).or_default();
        cost.candidates += 1;
        cost.hits += u64::from(is_hit);
        cost.time += time;
    }

    pub(crate) fn merge(&mut self, other: Profile) {
        for (signature, other) in other.0 {
            let cost = self.0.entry(signature).or_default();
            cost.candidates += other.candidates;
            cost.hits += other.hits;
            cost.time += other.time;
        }
    }

    /// Signatures with a candidate, the most expensive first.
    pub(crate) fn costs(&self, set: &SignatureSet) -> Vec<SignatureCost> {
        let cost = |(signature, cost): (&SignatureId, &Cost)| SignatureCost {
            id: set.signature(*signature).id().to_owned(),
            candidates: cost.candidates,
            hits: cost.hits,
            time: cost.time,
        };
        let mut costs: Vec<SignatureCost> = self.0.iter().map(cost).collect();
        costs.sort_by(|a, b| (b.time, b.candidates, &a.id).cmp(&(a.time, a.candidates, &b.id)));
        costs
    }
}
