//! When each issue was seen on each node, laid out as bars in lanes.

use super::words::to_the_second;
use super::{Finding, Report};
use crate::bundle::time::{Time, parse_when};
use crate::text::Escaped;

/// Bars that share a lane are set below one another, up to this many rows; the page scrolls within the lanes.
const ROWS: usize = 200;
/// Height of a row, and the room around the rows of a lane.
const ROW: usize = 16;
const MARGIN: usize = 6;
/// Room for the times above the lanes.
const TOP: usize = 22;

/// Lanes and times, in percent of the width and pixels of height.
pub(super) struct Timeline {
    pub(super) lanes: Vec<Lane>,
    /// Where a time stands, and how it reads.
    pub(super) ticks: Vec<Tick>,
    pub(super) height: usize,
    /// Findings without any known time.
    pub(super) undated: usize,
}

/// A time on the axis.
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
    /// The first and the last read inwards.
    pub(super) anchor: &'static str,
}

/// A node.
pub(super) struct Lane {
    /// Empty for hits of no known node.
    pub(super) node: String,
    pub(super) y: usize,
    pub(super) height: usize,
    pub(super) bars: Vec<Bar>,
}

/// An issue on a node.
pub(super) struct Bar {
    /// Number of the finding, from 1.
    pub(super) n: usize,
    pub(super) x: String,
    pub(super) width: String,
    pub(super) y: usize,
    /// First and last time, as they stand in the report.
    pub(super) label: String,
    pub(super) finding: usize,
    /// Whether it begins so near the right edge that its number must stand before it.
    pub(super) at_edge: bool,
}

impl Timeline {
    pub(super) fn new(report: &Report) -> Timeline {
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        let mut undated = 0;
        for (i, finding) in report.findings.iter().enumerate() {
            let before = stretches.len();
            stretches.extend(stretches_of(i, finding));
            undated += usize::from(stretches.len() == before);
        }
        let of_bundle = [&report.bundle.first_time, &report.bundle.last_time];
        let bounds = of_bundle.into_iter().flatten().filter_map(|time| seconds(time));
        let all = bounds.chain(stretches.iter().flat_map(|it| [it.start, it.end]));
        let (Some(first), Some(last)) = (all.clone().min(), all.max()) else {
            return Timeline { lanes: Vec::new(), ticks: Vec::new(), height: 0, undated };
        };
        let scale = Scale { first, length: (last - first).max(1) };
        stretches.sort_by(|a, b| {
            (a.node.is_empty(), a.node, a.start, a.n).cmp(&(b.node.is_empty(), b.node, b.start, b.n))
        });
        let mut y = TOP;
        let mut lanes = Vec::new();
        for of_node in stretches.chunk_by(|a, b| a.node == b.node) {
            let lane = lane(of_node, y, scale);
            y += lane.height;
            lanes.push(lane);
        }
        Timeline { lanes, ticks: scale.ticks(), height: y, undated }
    }
}

/// From the first to the last hit of a finding on a node.
struct Stretch<'a> {
    node: &'a str,
    n: usize,
    start: i64,
    end: i64,
    label: String,
}

/// By node where the report tells it, else from the evidence of each node, else over the whole finding.
fn stretches_of(i: usize, finding: &Finding) -> Vec<Stretch<'_>> {
    let stretch = |node, first: &str, last: &str| {
        let (from, to) = (to_the_second(first), to_the_second(last));
        let label = if from == to { from } else { format!("{from} – {to}") };
        Some(Stretch { node, n: i + 1, start: seconds(first)?, end: seconds(last)?, label })
    };
    let by_node = finding
        .by_node
        .iter()
        .filter_map(|hits| stretch(&hits.node, hits.first_seen.as_deref()?, hits.last_seen.as_deref()?));
    let by_node: Vec<Stretch<'_>> = by_node.collect();
    if !by_node.is_empty() {
        return by_node;
    }
    let mut nodes: Vec<&str> = finding.nodes.iter().map(String::as_str).collect();
    if let ([], Some(first), Some(last)) | ([_], Some(first), Some(last)) =
        (&nodes[..], &finding.first_seen, &finding.last_seen)
    {
        return stretch(nodes.pop().unwrap_or(""), first, last).into_iter().collect();
    }
    let of_node = |node: &&'_ str| -> Option<(String, String)> {
        let times = finding.evidence.iter().filter(|it| it.node.as_deref() == Some(*node));
        let times = times.filter_map(|it| it.time.clone());
        Some((times.clone().min()?, times.max()?))
    };
    nodes
        .iter()
        .filter_map(|node| of_node(node).and_then(|(first, last)| stretch(*node, &first, &last)))
        .collect()
}

fn seconds(time: &str) -> Option<i64> {
    parse_when(time, Time::from_unix(0)).map(|time| time.seconds)
}

#[derive(Clone, Copy)]
struct Scale {
    first: i64,
    length: i64,
}

impl Scale {
    fn percent(self, seconds: i64) -> String {
        format!("{:.3}%", seconds as f64 * 100.0 / self.length as f64)
    }

    fn ticks(self) -> Vec<Tick> {
        let tick = |i: i64| {
            let at = self.length / 4 * i + self.length % 4 * i / 4;
            Tick {
                x: self.percent(at),
                label: Time::from_unix(self.first + at).to_string(),
                anchor: match i {
                    0 => "start",
                    4 => "end",
                    _ => "middle",
                },
            }
        };
        let mut ticks: Vec<Tick> = (0..=4).map(tick).collect();
        // What is shorter than four seconds has fewer whole ones to show.
        ticks.dedup_by(|later, earlier| later.label == earlier.label);
        ticks
    }
}

/// Puts each bar into the first row that is free by then.
fn lane(stretches: &[Stretch<'_>], y: usize, scale: Scale) -> Lane {
    // A bar takes at least the room of its number.
    let room = scale.length / 40;
    let mut rows: Vec<i64> = Vec::new();
    let mut bars: Vec<Bar> = Vec::new();
    for it in stretches {
        let row = match rows.iter().position(|&free| free < it.start) {
            Some(row) => row,
            None if rows.len() < ROWS => {
                rows.push(i64::MIN);
                rows.len() - 1
            }
            None => ROWS - 1,
        };
        rows[row] = it.end.max(it.start + room);
        bars.push(Bar {
            n: it.n,
            x: scale.percent(it.start - scale.first),
            width: scale.percent((it.end - it.start).max(0)),
            y: y + MARGIN + row * ROW,
            label: Escaped(it.label.as_bytes()).to_string(),
            finding: it.n - 1,
            at_edge: it.start - scale.first > scale.length / 20 * 19,
        });
    }
    let node = stretches.first().map_or("", |it| it.node);
    Lane { node: Escaped(node.as_bytes()).to_string(), y, height: rows.len() * ROW + 2 * MARGIN, bars }
}

#[cfg(test)]
mod tests {
    use super::{TOP, Timeline};
    use crate::report::sample::sample;

    #[test]
    fn each_node_has_a_lane_and_bars_keep_their_order() {
        let timeline = Timeline::new(&sample("en"));
        assert_eq!(timeline.undated, 1);
        let nodes: Vec<&str> = timeline.lanes.iter().map(|lane| lane.node.as_str()).collect();
        assert_eq!(nodes, ["bm-node-1", "bm-node-2"]);
        let bar = &timeline.lanes[0].bars[0];
        assert_eq!((bar.x.as_str(), bar.width.as_str(), bar.n), ("0.000%", "99.999%", 1));
        assert_eq!(timeline.ticks[4].label, "2023-02-04T03:30:00Z");
        assert_eq!(timeline.lanes[0].y, TOP);
    }

    #[test]
    fn bars_at_the_same_time_stand_below_one_another() {
        let mut report = sample("en");
        report.findings = vec![report.findings[0].clone(); 3];
        let lane = &Timeline::new(&report).lanes[0];
        let ys: Vec<usize> = lane.bars.iter().map(|bar| bar.y).collect();
        assert!(ys.windows(2).all(|pair| pair[0] < pair[1]), "{ys:?}");
    }

    #[test]
    fn a_second_stands_on_the_axis_once() {
        let mut report = sample("en");
        for (last, labels) in [("00:00:00Z", 2), ("00:00:02.5Z", 3), ("00:00:04Z", 5)] {
            report.bundle.first_time = Some("2023-01-19T00:00:00Z".into());
            report.bundle.last_time = Some(format!("2023-01-19T{last}"));
            report.findings.clear();
            let mut finding = sample("en").findings[0].clone();
            finding.by_node.clear();
            finding.nodes.clear();
            finding.first_seen = report.bundle.first_time.clone();
            finding.last_seen = report.bundle.last_time.clone();
            report.findings.push(finding);
            let ticks = Timeline::new(&report).ticks;
            assert_eq!(ticks.len(), labels, "{last}");
            assert!(ticks.windows(2).all(|pair| pair[0].x != pair[1].x), "{last}");
        }
    }

    #[test]
    fn without_times_there_is_nothing_to_draw() {
        let mut report = sample("en");
        report.bundle.first_time = None;
        report.bundle.last_time = None;
        report.findings.remove(0);
        assert!(Timeline::new(&report).lanes.is_empty());
    }
}
