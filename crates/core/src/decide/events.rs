//! The hits of findings in the order of time.

use std::collections::BTreeMap;

use super::rules::Judged;
use super::{Decider, Member, Shown};
use crate::bundle::time::Time;
use crate::mask::mask_bytes;
use crate::path::EntryPath;
use crate::report::{Bucket, Event, EventSample, Finding, Report, Timeline, bucket_seconds};
use crate::tally::{PatternHits, SignatureTally};

/// Samples shown of an event.
const SAMPLES: usize = 3;

impl Decider<'_> {
    /// The hits of the patterns that decide, for each finding of the report.
    pub(super) fn timeline(&self, report: &Report) -> Timeline {
        let mut events: Vec<(Option<Time>, Event)> = Vec::new();
        let (first, last) = self.tally.span.map_or((None, None), |(first, last)| (Some(first), Some(last)));
        for id in self.set.ids() {
            let signature = self.set.signature(id);
            let finding = report.findings.iter().find(|finding| finding.id == signature.id);
            let (Some(finding), Some(tally)) = (finding, self.tally.signatures.get(&id)) else { continue };
            let members = self.members(tally);
            let rules: Vec<Judged<'_>> = signature
                .rules
                .iter()
                .map(|rule| self.judge_rule(signature, rule, &members, tally))
                .collect();
            let Some(shown) = self.shown(signature, tally, &members, &rules) else { continue };
            for (path, member) in &members {
                events.extend(self.event(finding, tally, &shown, path, member));
            }
        }
        events.sort_by(|(a, x), (b, y)| {
            let key = |time: &Option<Time>| (time.is_none(), *time);
            (key(a), &x.node, &x.path, &x.id).cmp(&(key(b), &y.node, &y.path, &y.id))
        });
        let span = [first, last].map(|time| time.map(|time| time.to_string()));
        Timeline::new(&report.language, span, events.into_iter().map(|(_, event)| event).collect())
    }

    fn event(
        &self,
        finding: &Finding,
        tally: &SignatureTally,
        shown: &Shown<'_>,
        path: &EntryPath,
        member: &Member<'_>,
    ) -> Option<(Option<Time>, Event)> {
        let decides = |pattern: &usize| shown.best.contains(pattern);
        let hits: Vec<&PatternHits> = member
            .hits
            .patterns
            .iter()
            .filter(|(pattern, _)| decides(pattern))
            .map(|(_, hits)| hits)
            .collect();
        if hits.is_empty() {
            return None;
        }
        let first = hits.iter().filter_map(|hits| hits.first.resolve(self.newest)).min();
        let last = hits.iter().filter_map(|hits| hits.last.resolve(self.newest)).max();
        let width = bucket_seconds(first, last);
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        for (when, count) in hits.iter().flat_map(|hits| &hits.buckets) {
            if let Some(time) = when.resolve(self.newest) {
                *counts.entry(time.seconds.div_euclid(width) * width).or_default() += count;
            }
        }
        let bucket =
            |(seconds, count): (i64, u64)| Bucket { time: Time::from_unix(seconds).to_string(), count };
        let mut samples: Vec<_> =
            tally.samples.values().flatten().filter(|it| it.path == *path && decides(&it.pattern)).collect();
        samples.sort_by_key(|sample| sample.offset);
        samples.dedup_by_key(|sample| sample.line);
        samples.truncate(SAMPLES);
        let samples = samples.into_iter().map(|sample| EventSample {
            time: sample.when.resolve(self.newest).map(|time| time.to_string()),
            line: sample.line,
            text: String::from_utf8_lossy(&mask_bytes(&sample.text)).into_owned(),
        });
        let count = hits.iter().map(|hits| hits.count - hits.shared).sum::<u64>();
        let event = Event {
            first: first.map(|time| time.to_string()),
            last: last.map(|time| time.to_string()),
            inferred: first.into_iter().chain(last).any(|time| time.inferred),
            node: member.place.node.clone(),
            id: finding.id.clone(),
            title: finding.title.clone(),
            severity: finding.severity.clone(),
            confidence: finding.confidence.clone(),
            path: path.to_string(),
            count: count.max(1),
            bucket_seconds: width,
            buckets: counts.into_iter().map(bucket).collect(),
            samples: samples.collect(),
        };
        Some((first, event))
    }
}
