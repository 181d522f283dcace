//! When the issues of a report were seen: one event for each issue in each member, with counts over time.
//!
//! Start from [`Timeline`]; [`write_timeline`] and [`write_timeline_json`] write it. All times are RFC 3339 in UTC.

use std::io::{self, Write};

use serde::Serialize;

use super::SCHEMA_VERSION;
use super::words::to_the_second;
use crate::bundle::time::Time;
use crate::lang::{Grouped, Lang};
use crate::text::Escaped;

/// The hits of all members, merged.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: String,
    /// Earliest and latest dated line of the inputs.
    pub first_time: Option<String>,
    /// See `first_time`.
    pub last_time: Option<String>,
    /// In the order of their first hit; what has no known time last.
    pub events: Vec<Event>,
    #[serde(skip)]
    language: String,
}

/// An issue in a member.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// First and last hit with a known time.
    pub first: Option<String>,
    /// See `first`.
    pub last: Option<String>,
    /// Whether year or zone of `first` or `last` were inferred.
    pub inferred: bool,
    /// The node the member is of.
    pub node: Option<String>,
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// See [`super::Finding::severity`].
    pub severity: String,
    /// See [`super::Finding::confidence`].
    pub confidence: String,
    /// The member.
    pub path: String,
    /// Hits there.
    pub count: u64,
    /// Seconds that a bucket spans.
    pub bucket_seconds: i64,
    /// Hits by time, without empty buckets and without hits of no known time.
    pub buckets: Vec<Bucket>,
    /// Some of the hits, in the order of the member.
    pub samples: Vec<EventSample>,
}

/// Hits in a stretch of time.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Bucket {
    /// Its begin.
    pub time: String,
    /// Hits in it.
    pub count: u64,
}

/// A hit.
#[derive(Clone, Debug, Serialize)]
pub struct EventSample {
    /// When.
    pub time: Option<String>,
    /// Line of the member, from 1.
    pub line: u64,
    /// Its text, masked.
    pub text: String,
}

impl Timeline {
    pub(crate) fn new(language: &str, span: [Option<String>; 2], events: Vec<Event>) -> Timeline {
        let [first_time, last_time] = span;
        Timeline {
            schema_version: SCHEMA_VERSION.to_owned(),
            first_time,
            last_time,
            events,
            language: language.to_owned(),
        }
    }
}

/// The width of buckets for times that lie so far apart: about a dozen of them.
pub(crate) fn bucket_seconds(first: Option<Time>, last: Option<Time>) -> i64 {
    const WIDTHS: [i64; 8] = [60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400];
    let length = first.zip(last).map_or(0, |(first, last)| last.seconds - first.seconds);
    WIDTHS.into_iter().find(|width| length / width < 13).unwrap_or(365 * 86_400)
}

/// Writes the timeline as JSON.
///
/// # Errors
///
/// Those of `out`.
pub fn write_timeline_json(timeline: &Timeline, out: impl Write) -> io::Result<()> {
    super::write_document(timeline, out)
}

/// Writes the timeline as text: node by node, each in the order of time.
///
/// # Errors
///
/// Those of `out`.
pub fn write_timeline(timeline: &Timeline, mut out: impl Write) -> io::Result<()> {
    let lang = Lang::of(&timeline.language);
    if timeline.events.is_empty() {
        return writeln!(out, "{}", lang.text("events_none"));
    }
    writeln!(out, "{}", lang.text("events_note"))?;
    let mut nodes: Vec<Option<&str>> = timeline.events.iter().map(|event| event.node.as_deref()).collect();
    nodes.sort_by_key(|node| (node.is_none(), *node));
    nodes.dedup();
    for node in nodes {
        let title = match node {
            Some(name) => lang.fill("node", &[("name", &name)]),
            None => lang.text("no_node").to_owned(),
        };
        writeln!(out, "\n── {} ──", clean(&title))?;
        for event in timeline.events.iter().filter(|event| event.node.as_deref() == node) {
            write_event(lang, event, &mut out)?;
        }
    }
    Ok(())
}

fn clean(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}

fn write_event(lang: &'static Lang, event: &Event, out: &mut impl Write) -> io::Result<()> {
    let mark = if event.inferred { "?" } else { "" };
    let when = match (&event.first, &event.last) {
        (Some(first), Some(last)) if first != last => {
            format!("{}{mark} – {}{mark}", to_the_second(first), to_the_second(last))
        }
        (Some(time), _) | (None, Some(time)) => format!("{}{mark}", to_the_second(time)),
        (None, None) => lang.text("events_undated").to_owned(),
    };
    let severity = lang.word("severity", &event.severity);
    let confidence = lang.word("confidence", &event.confidence);
    let count = lang.count("times", event.count);
    writeln!(out, "{} · {count} · {severity} · {confidence} · {}", clean(&when), clean(&event.title))?;
    writeln!(out, "    {} · {}", clean(&event.id), clean(&event.path))?;
    if event.buckets.len() > 1 {
        let shown = |bucket: &Bucket| format!("{} ×{}", bucket.time, Grouped(bucket.count));
        let buckets = event.buckets.iter().map(shown).collect::<Vec<_>>().join(", ");
        writeln!(out, "    {}", lang.fill("events_buckets", &[("buckets", &buckets)]))?;
    }
    for sample in &event.samples {
        let text: String = sample.text.lines().next().unwrap_or_default().chars().take(200).collect();
        writeln!(out, "    > {}  {}", sample.line, clean(&text))?;
    }
    Ok(())
}
