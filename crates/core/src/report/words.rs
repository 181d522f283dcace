//! What the report says in words, the same in every form a person reads.
//!
//! The sentences hold text of the bundle as it is: each form escapes what it prints.

use super::{
    Advisory, AlsoMatched, ClusterVerdict, Evidence, Finding, Input, Problem, Report, UnknownTemplate,
};
use crate::bundle::time::{Time, parse_when};
use crate::lang::{Grouped, Lang};
use crate::signature::Severity;
use crate::version::Version;

/// A report together with the language it is told in.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) report: &'a Report,
    pub(super) lang: &'static Lang,
}

/// What the verdict on an issue rests on.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) verdict: &'a str,
    fix: Option<&'a str>,
    verdicts: &'a [ClusterVerdict],
    ranges_known: bool,
    confirmed: bool,
}

impl<'a> From<&'a Finding> for Judged<'a> {
    fn from(finding: &'a Finding) -> Self {
        Judged {
            verdict: &finding.verdict,
            fix: finding.fix_for_this_cluster.as_deref(),
            verdicts: &finding.verdicts,
            ranges_known: !finding.affected.is_empty() || !finding.fixed_in.is_empty(),
            confirmed: finding.confidence == "confirmed",
        }
    }
}

impl<'a> From<&'a Advisory> for Judged<'a> {
    fn from(advisory: &'a Advisory) -> Self {
        Judged {
            verdict: &advisory.verdict,
            fix: advisory.fix_for_this_cluster.as_deref(),
            verdicts: &advisory.verdicts,
            ranges_known: !advisory.affected.is_empty() || !advisory.fixed_in.is_empty(),
            confirmed: false,
        }
    }
}

impl<'a> Words<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Words { report, lang: Lang::of(&report.language) }
    }

    /// How much was found, in parts: findings first, with their severities.
    pub(super) fn tally(&self) -> Vec<String> {
        let Words { report, lang } = *self;
        let mut parts = Vec::new();
        if report.findings.is_empty() {
            parts.push(lang.text("findings_none").to_owned());
        } else {
            let count = lang.count("findings", report.findings.len() as u64);
            parts.push(format!("{count}: {}", self.severities().join(", ")));
        }
        for (key, n) in [
            ("advisories", report.advisories.len() as u64),
            ("undecided", report.coverage.cannot_tell.len() as u64),
            ("problems", report.problems.len() as u64 + report.problems_omitted),
            ("suppressed_baseline", report.suppressed.baseline as u64),
            ("suppressed_ignored", report.suppressed.ignored as u64),
        ] {
            if n > 0 {
                parts.push(lang.count(key, n));
            }
        }
        parts
    }

    /// `1 critical`, `2 high`: the severities that occur, the worst first.
    fn severities(&self) -> Vec<String> {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for finding in &self.report.findings {
            match counts.iter_mut().find(|(severity, _)| *severity == finding.severity) {
                Some((_, count)) => *count += 1,
                None => counts.push((&finding.severity, 1)),
            }
        }
        // A cause stands before a more severe effect.
        counts.sort_by_key(|(severity, _)| std::cmp::Reverse(Severity::parse(severity)));
        let lang = self.lang;
        let word = |(severity, n): &(&str, usize)| {
            lang.fill("severity_count", &[("n", n), ("severity", &lang.word("severity", severity))])
        };
        counts.iter().map(word).collect()
    }

    /// One line for each cluster: name, kind, versions.
    pub(super) fn clusters(&self) -> Vec<String> {
        let lang = self.lang;
        if self.report.bundle.clusters.is_empty() {
            return vec![lang.text("cluster_none").to_owned()];
        }
        let line = |cluster: &super::Cluster| {
            let name = if cluster.name.is_empty() { lang.text("cluster_unnamed") } else { &cluster.name };
            let mut parts = vec![name.to_owned()];
            parts.extend(cluster.kind.as_deref().map(|kind| lang.word("kind", kind).to_owned()));
            let desired_only = self.is_only_desired(&ClusterVerdict {
                cluster: cluster.name.clone(),
                version: cluster.version.clone(),
                verdict: String::new(),
                fix: None,
            });
            parts.push(match &cluster.version {
                Some(version) if desired_only => lang.fill("version_desired", &[("version", version)]),
                Some(version) => version.clone(),
                None => lang.text("version_unknown").to_owned(),
            });
            parts.extend(
                cluster
                    .desired_version
                    .as_ref()
                    .map(|version| lang.fill("version_desired", &[("version", version)])),
            );
            parts.extend(
                cluster
                    .kubernetes_version
                    .as_ref()
                    .map(|version| lang.fill("kubernetes", &[("version", version)])),
            );
            parts.join(" · ")
        };
        self.report.bundle.clusters.iter().map(line).collect()
    }

    /// Names of the nodes that the bundle knows of and holds no files of.
    pub(super) fn uncaptured(&self) -> Vec<&'a str> {
        let nodes = self.report.bundle.nodes.iter();
        nodes.filter(|node| !node.captured).map(|node| node.name.as_str()).collect()
    }

    /// How many nodes are known and captured; at most `max` names.
    pub(super) fn nodes(&self, max: usize) -> String {
        let known = Grouped(self.report.bundle.nodes.len() as u64);
        let missing = self.uncaptured();
        if known.0 == 0 {
            return self.lang.text("nodes_none").to_owned();
        }
        if missing.is_empty() {
            return self.lang.fill("nodes_all", &[("n", &known)]);
        }
        let captured = Grouped(known.0 - missing.len() as u64);
        let missing = self.some_of(&missing, max);
        self.lang.fill("nodes_some", &[("n", &known), ("captured", &captured), ("missing", &missing)])
    }

    /// First and last dated line of all logs.
    pub(super) fn logs(&self) -> String {
        let mut parts = vec![self.span_of_logs()];
        let Report { since, until, .. } = self.report;
        for (key, time) in [("range_since", since), ("range_until", until)] {
            parts.extend(time.as_ref().map(|time| self.lang.fill(key, &[("time", &to_the_second(time))])));
        }
        if self.is_ranged() {
            parts.push(self.lang.text("range_undated").to_owned());
        }
        parts.join("; ")
    }

    /// Whether hits of a certain time were asked for.
    fn is_ranged(&self) -> bool {
        self.report.since.is_some() || self.report.until.is_some()
    }

    fn span_of_logs(&self) -> String {
        match (&self.report.bundle.first_time, &self.report.bundle.last_time) {
            (Some(first), Some(last)) => {
                let span = self.span(first, last).unwrap_or_default();
                let (first, last) = (to_the_second(first), to_the_second(last));
                self.lang.fill("logs_span", &[("first", &first), ("last", &last), ("span", &span)])
            }
            _ => self.lang.text("logs_none").to_owned(),
        }
    }

    /// Form, size and how much of an input was read; its path is left to the caller.
    pub(super) fn input(&self, input: &Input) -> String {
        let lang = self.lang;
        let sizes = lang.fill(
            "input_sizes",
            &[
                ("format", &input.format),
                ("size", &bytes(input.compressed_bytes)),
                ("bytes", &bytes(input.bytes)),
            ],
        );
        let entries = lang.count("entries", input.entries);
        let lines = lang.count("lines", input.lines);
        format!("{sizes}, {entries}, {lines}, {}", self.completeness(input.complete))
    }

    fn completeness(&self, complete: bool) -> &'static str {
        if complete { self.lang.text("complete") } else { self.lang.text("partial") }
    }

    /// Whether something of an input was not read.
    pub(super) fn partial(&self) -> bool {
        self.report.inputs.iter().any(|input| !input.complete)
    }

    /// The verdict for each cluster with its reason, the one of the issue first.
    ///
    /// Only there a verdict that acquits the release says what else the evidence may mean.
    pub(super) fn verdicts(&self, judged: Judged<'_>) -> Vec<(String, String)> {
        let word = |verdict: &str| self.lang.word("verdict", verdict).to_owned();
        let is_own = |verdict: &ClusterVerdict| {
            verdict.verdict == judged.verdict && verdict.fix.as_deref() == judged.fix
        };
        let unnamed = ClusterVerdict {
            cluster: String::new(),
            version: None,
            verdict: judged.verdict.to_owned(),
            fix: judged.fix.map(str::to_owned),
        };
        let all = if judged.verdicts.is_empty() { std::slice::from_ref(&unnamed) } else { judged.verdicts };
        let own = all.iter().filter(|verdict| is_own(verdict)).map(|verdict| {
            let reason = self.reason(judged, verdict);
            (word(&verdict.verdict), self.with_doubt(judged, reason))
        });
        let rest = all.iter().filter(|verdict| !is_own(verdict));
        let rest = rest.map(|verdict| (word(&verdict.verdict), self.reason(judged, verdict)));
        // Where the reason does not speak of the cluster, once is enough.
        let mut lines: Vec<(String, String)> = Vec::new();
        for line in own.chain(rest) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    fn with_doubt(&self, judged: Judged<'_>, reason: String) -> String {
        if !matches!(judged.verdict, "fixed" | "not_affected") {
            return reason;
        }
        let lang = self.lang;
        let other = if judged.confirmed { lang.text("other_confirmed") } else { lang.text("other_unsure") };
        lang.fill("so", &[("reason", &reason), ("other", &other)])
    }

    /// Whether the release of a cluster is the one it is to run: nothing tells which one runs.
    fn is_only_desired(&self, of: &ClusterVerdict) -> bool {
        let has = |fact: &str| {
            let name = Some(of.cluster.as_str()).filter(|name| !name.is_empty());
            let facts = self.report.bundle.facts.iter();
            facts
                .into_iter()
                .any(|it| it.fact == fact && it.subject == "cluster" && it.name.as_deref() == name)
        };
        has("cluster.desired_version") && !has("cluster.running_version")
    }

    fn reason(&self, judged: Judged<'_>, of: &ClusterVerdict) -> String {
        let lang = self.lang;
        let (version, fix) = (of.version.as_deref(), of.fix.as_deref());
        let cluster = if of.cluster.is_empty() { lang.text("cluster_the") } else { &of.cluster };
        let runs = if self.is_only_desired(of) { "runs_desired" } else { "runs" };
        let runs = version.map(|version| lang.fill(runs, &[("cluster", &cluster), ("version", &version)]));
        let known = runs.as_deref().unwrap_or(cluster);
        match (of.verdict.as_str(), fix) {
            ("affected", Some(fix)) if runs.is_none() => lang.fill("affected_unversioned", &[("fix", &fix)]),
            ("affected", Some(fix)) if same_branch(version, fix) => {
                lang.fill("affected_branch", &[("runs", &known), ("fix", &fix)])
            }
            ("affected", Some(fix)) => lang.fill("affected_upgrade", &[("runs", &known), ("fix", &fix)]),
            ("affected", None) => lang.fill("affected_no_fix", &[("runs", &known)]),
            ("fixed", Some(fix)) => lang.fill("fixed_since", &[("runs", &known), ("fix", &fix)]),
            ("fixed", None) => lang.fill("fixed_plain", &[("runs", &known)]),
            ("not_affected", _) => lang.fill("not_affected_because", &[("runs", &known)]),
            _ if !judged.ranges_known => lang.text("unknown_no_ranges").to_owned(),
            _ if version.is_none() => lang.fill("unknown_no_version", &[("cluster", &cluster)]),
            _ => lang.fill("unknown_uncovered", &[("runs", &known)]),
        }
    }

    /// Nodes and pods of a finding; at most `max` names of each.
    pub(super) fn places(&self, finding: &Finding, max: usize) -> Option<String> {
        let part = |key: &str, names: &[String]| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            (!names.is_empty()).then(|| {
                format!("{}: {}", self.lang.count(key, names.len() as u64), self.some_of(&names, max))
            })
        };
        let parts: Vec<String> =
            [part("nodes", &finding.nodes), part("pods", &finding.pods)].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// How often and when, whether it goes on, and how sure the times are.
    pub(super) fn when(&self, finding: &Finding) -> String {
        let lang = self.lang;
        let times = lang.count("times", finding.count);
        let mut parts = Vec::new();
        match (&finding.first_seen, &finding.last_seen) {
            (Some(first), Some(last)) if first != last => {
                let span = self.span(first, last).unwrap_or_default();
                let (first, last) = (to_the_second(first), to_the_second(last));
                let values: [(&str, &dyn std::fmt::Display); 4] =
                    [("times", &times), ("first", &first), ("last", &last), ("span", &span)];
                parts.push(lang.fill("between", &values));
            }
            (Some(first), _) | (None, Some(first)) => {
                parts.push(lang.fill("at", &[("times", &times), ("first", &to_the_second(first))]));
            }
            (None, None) => parts.push(lang.fill("undated", &[("times", &times)])),
        }
        parts.push(self.ongoing(finding.ongoing).to_owned());
        if finding.time_inferred {
            parts.push(lang.text("time_inferred").to_owned());
        }
        parts.join("; ")
    }

    /// Whether it still happens at the end of the log.
    pub(super) fn ongoing(&self, ongoing: Option<bool>) -> &'static str {
        match ongoing {
            Some(true) => self.lang.text("ongoing_yes"),
            Some(false) => self.lang.text("ongoing_no"),
            None => self.lang.text("ongoing_unknown"),
        }
    }

    /// How a finding stands to the others of the report, a sentence for each relation, and how settled its signature
    /// is where that is not plain.
    pub(super) fn relations(&self, finding: &Finding) -> Vec<String> {
        let Words { report, lang } = *self;
        let shows = |other: &Finding, id: &String| {
            other.id == *id || other.also_matched.iter().any(|also| also.id == *id)
        };
        let listed = |wanted: &dyn Fn(&Finding) -> bool| {
            let others = report.findings.iter().enumerate();
            let others = others.filter(|(_, other)| other.id != finding.id && wanted(other));
            let names: Vec<String> = others.map(|(i, other)| format!("{}. {}", i + 1, other.title)).collect();
            (!names.is_empty()).then(|| names.join("; "))
        };
        let names = |list: &[String], other: &Finding| list.iter().any(|id| shows(other, id));
        let causes = listed(&|other| names(&finding.caused_by, other));
        let effects = listed(&|other| names(&other.caused_by, finding));
        let related = listed(&|other| names(&finding.related, other) || names(&other.related, finding));
        let also = |it: &AlsoMatched| {
            let severity = lang.word("severity", &it.severity);
            let times = lang.count("times", it.count);
            lang.fill(
                "also_matched_item",
                &[("title", &it.title), ("id", &it.id), ("severity", &severity), ("times", &times)],
            )
        };
        let also: Vec<String> = finding.also_matched.iter().map(also).collect();
        let mut sentences = Vec::new();
        sentences.extend(causes.map(|list| lang.fill("relation_caused_by", &[("findings", &list)])));
        sentences.extend(effects.map(|list| lang.fill("relation_effects", &[("findings", &list)])));
        if !also.is_empty() {
            sentences.push(lang.fill("also_matched", &[("issues", &also.join("; "))]));
        }
        sentences.extend(related.map(|list| lang.fill("relation_related", &[("findings", &list)])));
        match finding.status.as_deref() {
            Some("experimental") => sentences.push(lang.text("finding_experimental").to_owned()),
            Some("deprecated") => {
                let successor = finding.successor.as_deref().unwrap_or_default();
                sentences.push(lang.fill("finding_deprecated", &[("successor", &successor)]));
            }
            _ => {}
        }
        sentences
    }

    /// Values of the captures, at most `max` of each.
    pub(super) fn captures(&self, finding: &Finding, max: usize) -> Option<String> {
        let part = |(name, values): (&String, &Vec<String>)| {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            format!("{name} = {}", self.some_of(&values, max))
        };
        let mut parts: Vec<String> = finding.captures.iter().map(part).collect();
        if finding.captures_omitted {
            parts.push(self.lang.text("captures_omitted").to_owned());
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Time, node, pod and container of a hit, as far as they are known.
    pub(super) fn place(&self, evidence: &Evidence) -> Vec<String> {
        let lang = self.lang;
        let mut parts = Vec::new();
        if let Some(time) = &evidence.time {
            let mark =
                if evidence.time_inferred { format!(" ({})", lang.text("inferred")) } else { String::new() };
            parts.push(format!("{}{mark}", to_the_second(time)));
        } else if self.is_ranged() {
            parts.push(lang.text("no_time").to_owned());
        }
        parts.extend(evidence.node.as_ref().map(|name| lang.fill("node", &[("name", name)])));
        if let Some(pod) = &evidence.pod {
            let name = match &evidence.namespace {
                Some(namespace) => format!("{namespace}/{pod}"),
                None => pod.clone(),
            };
            parts.push(lang.fill("pod", &[("name", &name)]));
        }
        parts.extend(evidence.container.as_ref().map(|name| lang.fill("container", &[("name", name)])));
        parts
    }

    /// What the section of unknown messages holds; `None` where there is none.
    pub(super) fn unknown_note(&self) -> Option<String> {
        let unknown = self.report.unknown.as_ref()?;
        let found = self.lang.count("templates", unknown.found as u64);
        let lines = self.lang.count(self.unknown_key("lines"), unknown.lines);
        let mut note = self.lang.fill("unknown_note", &[("templates", &found), ("lines", &lines)]);
        for (said, key) in
            [(unknown.estimated, "unknown_estimated"), (!unknown.complete, "unknown_incomplete")]
        {
            if said {
                note.push(' ');
                note.push_str(self.lang.text(key));
            }
        }
        Some(note)
    }

    /// The key of a count of unknown messages: one that is estimated says so.
    fn unknown_key(&self, exact: &'static str) -> &'static str {
        let estimated = self.report.unknown.as_ref().is_some_and(|unknown| unknown.estimated);
        match exact {
            "lines" if estimated => "lines_about",
            "times" if estimated => "times_about",
            _ => exact,
        }
    }

    /// How often and when messages of a template were seen, and on which nodes; at most `max` names.
    pub(super) fn unknown_seen(&self, it: &UnknownTemplate, max: usize) -> String {
        let lang = self.lang;
        let times = lang.count(self.unknown_key("times"), it.count);
        let mut parts = vec![match (&it.first_seen, &it.last_seen) {
            (Some(first), Some(last)) if first != last => {
                let span = self.span(first, last).unwrap_or_default();
                let (first, last) = (to_the_second(first), to_the_second(last));
                lang.fill(
                    "between",
                    &[("times", &times), ("first", &first), ("last", &last), ("span", &span)],
                )
            }
            (Some(first), _) => lang.fill("at", &[("times", &times), ("first", &to_the_second(first))]),
            _ => lang.fill("undated", &[("times", &times)]),
        }];
        if !it.nodes.is_empty() {
            let names: Vec<&str> = it.nodes.iter().map(String::as_str).collect();
            let count = lang.count("nodes", names.len() as u64);
            parts.push(format!("{count}: {}", self.some_of(&names, max)));
        }
        if it.time_inferred {
            parts.push(lang.text("time_inferred").to_owned());
        }
        parts.join("; ")
    }

    /// Kind, place and message of a problem; its path is left to the caller.
    pub(super) fn problem(&self, problem: &Problem) -> String {
        let lang = self.lang;
        let kind = lang.word("problem", &problem.kind);
        match problem.offset {
            Some(offset) => {
                format!("{kind}, {}: {}", lang.fill("at_byte", &[("n", &Grouped(offset))]), problem.message)
            }
            None => format!("{kind}: {}", problem.message),
        }
    }

    /// How many signatures were evaluated and what came of them.
    pub(super) fn coverage(&self) -> String {
        let Words { report, lang } = *self;
        let coverage = &report.coverage;
        let mut text = lang.fill(
            "coverage_line",
            &[
                ("evaluated", &coverage.evaluated),
                ("shown", &coverage.shown),
                ("not_shown", &coverage.not_shown),
                ("undecided", &coverage.cannot_tell.len()),
            ],
        );
        if coverage.cannot_tell_unaffected > 0 {
            text.push(' ');
            text.push_str(&lang.count("coverage_unaffected", coverage.cannot_tell_unaffected as u64));
        }
        text
    }

    /// Ids that cannot be decided, each with the names of what it lacks.
    pub(super) fn undecided(&self) -> Vec<(&'a str, String)> {
        let line = |it: &'a super::CannotTell| {
            let facts: Vec<&str> = it.missing.iter().map(|missing| missing.fact.as_str()).collect();
            (it.id.as_str(), self.lang.fill("lacks", &[("facts", &facts.join(", "))]))
        };
        self.report.coverage.cannot_tell.iter().map(line).collect()
    }

    /// The commands that would tell what is missing, each once: first those for a workstation, then, below a comment
    /// that says so, those for the nodes.
    pub(super) fn commands_to_ask_for(&self) -> Vec<String> {
        let missing = self.report.coverage.cannot_tell.iter().flat_map(|it| &it.missing);
        use std::collections::{BTreeMap, BTreeSet};
        /// Nodes that are named before the rest is a number.
        const NODES: usize = 6;
        let mut others: BTreeSet<&str> = BTreeSet::new();
        // Of each command the nodes that lack what it tells; none where that is not known of particular nodes.
        let mut of_nodes: BTreeMap<&str, Option<BTreeSet<&str>>> = BTreeMap::new();
        for it in missing {
            let Some(command) = it.command.as_deref() else { continue };
            if !it.fact.starts_with("node.") || command.starts_with("kubectl") {
                others.insert(command);
                continue;
            }
            let nodes = of_nodes.entry(command).or_insert_with(|| Some(BTreeSet::new()));
            match nodes {
                Some(nodes) if !it.nodes.is_empty() => nodes.extend(it.nodes.iter().map(String::as_str)),
                nodes => *nodes = None,
            }
        }
        let all = self.report.bundle.nodes.len();
        let mut groups: BTreeMap<Option<BTreeSet<&str>>, Vec<&str>> = BTreeMap::new();
        for (command, nodes) in of_nodes {
            groups.entry(nodes.filter(|nodes| nodes.len() < all)).or_default().push(command);
        }
        let mut commands: Vec<String> = others.into_iter().map(str::to_owned).collect();
        for (nodes, of_group) in groups {
            let head = match nodes {
                None => self.lang.text("on_nodes").to_owned(),
                Some(nodes) => {
                    let names: Vec<&str> = nodes.into_iter().collect();
                    self.lang.fill("on_these_nodes", &[("nodes", &self.some_of(&names, NODES))])
                }
            };
            commands.push(format!("# {head}"));
            commands.extend(of_group.into_iter().map(str::to_owned));
        }
        commands
    }

    /// `a, b and 3 more`.
    pub(super) fn some_of(&self, names: &[&str], max: usize) -> String {
        // One name more costs no more room than saying that there is one more.
        if names.len() <= max + 1 {
            return names.join(", ");
        }
        let more = self.lang.fill("and_more", &[("n", &Grouped((names.len() - max) as u64))]);
        format!("{} {more}", names[..max].join(", "))
    }

    /// The time between two RFC 3339 times.
    fn span(&self, first: &str, last: &str) -> Option<String> {
        let seconds = |time: &str| parse_when(time, Time::from_unix(0)).map(|time| time.seconds);
        let s = u64::try_from(seconds(last)?.checked_sub(seconds(first)?)?).ok()?;
        let (m, h, d) = (s / 60, s / 3600, s / 86400);
        Some(match () {
            () if d > 0 => self.lang.fill("span_days", &[("d", &d), ("h", &(h % 24))]),
            () if h > 0 => self.lang.fill("span_hours", &[("h", &h), ("m", &(m % 60))]),
            () if m > 0 => self.lang.fill("span_minutes", &[("m", &m), ("s", &(s % 60))]),
            () => self.lang.fill("span_seconds", &[("s", &s)]),
        })
    }
}

/// A time to the second: its fraction is for machines.
pub(super) fn to_the_second(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, rest)) => {
            format!("{seconds}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => time.to_owned(),
    }
}

fn same_branch(version: Option<&str>, fix: &str) -> bool {
    let parse = |text: &str| text.parse::<Version>().ok();
    match (version.and_then(parse), parse(fix)) {
        (Some(version), Some(fix)) => version.same_branch(fix),
        _ => false,
    }
}

/// `12.3 MiB`.
fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let mut size = n as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::{Words, bytes, to_the_second};
    use crate::report::sample::sample;

    #[test]
    fn sizes_have_units() {
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(to_the_second("2023-01-19T22:03:08.044021117Z"), "2023-01-19T22:03:08Z");
        assert_eq!(to_the_second("2023-01-19T22:03:08.5+09:00"), "2023-01-19T22:03:08+09:00");
        assert_eq!(to_the_second("2023-01-19T22:03:08Z"), "2023-01-19T22:03:08Z");
    }

    #[test]
    fn an_estimated_count_says_so() {
        for (language, about) in [("en", "about "), ("ko", "약 ")] {
            let mut report = sample(language);
            let unknown = report.unknown.as_mut().expect("the sample has some");
            let one = unknown.templates[0].clone();
            unknown.estimated = true;
            let told = |report: &super::Report| {
                let words = Words::new(report);
                (words.unknown_note().expect("a note"), words.unknown_seen(&one, 3))
            };
            let (note, seen) = told(&report);
            assert!(note.contains(about) && seen.contains(about), "{note} {seen}");
            report.unknown.as_mut().expect("the sample has some").estimated = false;
            let (note, seen) = told(&report);
            assert!(!note.contains(about) && !seen.contains(about), "{note} {seen}");
        }
    }

    #[test]
    fn a_reason_that_names_no_cluster_is_given_once() {
        let mut report = sample("en");
        report.findings[0].affected.clear();
        report.findings[0].fixed_in.clear();
        report.findings[0].verdict = "unknown".into();
        report.findings[0].fix_for_this_cluster = None;
        for verdict in &mut report.findings[0].verdicts {
            verdict.verdict = "unknown".into();
            verdict.fix = None;
        }
        assert_eq!(Words::new(&report).verdicts((&report.findings[0]).into()).len(), 1);
    }

    #[test]
    fn each_verdict_has_its_reason() {
        let mut report = sample("en");
        report.findings.truncate(1);
        let cases = [
            (
                "affected",
                Some("1.13.1"),
                Some("1.13.3"),
                "user-1 runs 1.13.1; fixed in 1.13.3 on the same branch",
            ),
            (
                "affected",
                Some("1.13.1"),
                Some("1.14.0"),
                "user-1 runs 1.13.1; no fix on its branch, the nearest is 1.14.0",
            ),
            ("affected", Some("1.13.1"), None, "user-1 runs 1.13.1; no fixed release is known"),
            (
                "fixed",
                Some("1.13.4"),
                Some("1.13.3"),
                "user-1 runs 1.13.4, which has the fix of 1.13.3: another cause, or a regression",
            ),
            (
                "not_affected",
                Some("1.11.0"),
                None,
                "user-1 runs 1.11.0, which is not known to have this fault: another cause, or a regression",
            ),
            ("unknown", None, None, "the version of user-1 is not in the bundle"),
            ("unknown", Some("1.99.0"), None, "user-1 runs 1.99.0; the sources do not speak of that release"),
        ];
        for (verdict, version, fix, reason) in cases {
            let finding = &mut report.findings[0];
            finding.verdicts.truncate(1);
            finding.verdict = verdict.into();
            finding.fix_for_this_cluster = fix.map(str::to_owned);
            finding.verdicts[0].verdict = verdict.into();
            finding.verdicts[0].version = version.map(str::to_owned);
            finding.verdicts[0].fix = fix.map(str::to_owned);
            let finding = report.findings[0].clone();
            assert_eq!(Words::new(&report).verdicts((&finding).into())[0].1, reason);
        }
    }

    #[test]
    fn what_stands_beneath_a_finding_is_told_in_every_form() {
        use crate::report::{self, TextOptions};
        for (language, caused, also) in
            [("en", "Caused by: 1. ", "Also matched"), ("ko", "원인이 된 문제: 1. ", "이 문제로 설명되는")]
        {
            let mut report = sample(language);
            let mut general = report.findings[1].clone();
            general.id = "general-fault".into();
            report.findings[0].also_matched.push(report::AlsoMatched::from(&general));
            report.findings[1].caused_by = vec![general.id.clone()];
            report.coverage.evaluated_ids.push(general.id.clone());
            let mut forms: Vec<(&str, Vec<u8>)> = Vec::new();
            let mut form = |name, write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
                let mut out = Vec::new();
                write(&mut out).unwrap();
                forms.push((name, out));
            };
            form("text", &|out| report::write_text(&report, &TextOptions::default(), out));
            form("quiet", &|out| {
                report::write_text(&report, &TextOptions { quiet: true, ..TextOptions::default() }, out)
            });
            form("markdown", &|out| report::write_markdown(&report, out));
            form("html", &|out| report::write_html(&report, &[], out));
            form("json", &|out| report::write_json(&report, out));
            form("jsonl", &|out| report::write_jsonl(&report, out));
            form("sarif", &|out| report::write_sarif(&report, out));
            form("junit", &|out| report::write_junit(&report, out));
            form("csv", &|out| report::write_csv(&report, out));
            for (name, out) in forms {
                let out = String::from_utf8(out).unwrap().replace('\\', "");
                assert!(out.contains("general-fault"), "{name}: {out}");
                if ["text", "markdown", "html", "sarif"].contains(&name) {
                    let plain = out.replace("\n", " ");
                    assert!(plain.contains(caused) && plain.contains(also), "{name}: {out}");
                }
            }
        }
    }
}
