//! Hits become findings: rules are evaluated, verdicts given, workarounds filled, and the report put together.

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest as _;

use crate::automaton::{SignatureId, SignatureSet};
use crate::bundle::facts::Facts;
use crate::bundle::place::{Place, place_of_line, place_of_path};
use crate::bundle::time::Time;
use crate::mask::{mask, mask_bytes};
use crate::path::EntryPath;
use crate::report::{
    self, Bundle, Cluster, ClusterVerdict, Coverage, Evidence, Finding, Missing, Node, Report, Source,
};
use crate::signature::capture::CaptureType;
use crate::signature::expr::{Env, TextFunction, Value};
use crate::signature::{Confidence, PLACE_SLOTS, Rule, Scope, Severity, Signature, slots};
use crate::tally::{MemberHits, PatternHits, Sample, SignatureTally, Tally};
use crate::text::Escaped;
use crate::version::{Verdict, Version};

/// What decides which findings stand in the report.
#[derive(Clone, Debug)]
pub(crate) struct DecideOptions {
    pub(crate) language: String,
    pub(crate) evidence: usize,
    pub(crate) min_confidence: Confidence,
    pub(crate) min_severity: Severity,
    /// Ids to look at; all when empty.
    pub(crate) only: BTreeSet<String>,
    /// Taken as the release of every cluster.
    pub(crate) cluster_version: Option<Version>,
}

/// Seconds before the end of a node's log within which an issue counts as still happening.
const ONGOING: i64 = 600;

/// Makes the report of everything that was scanned.
pub(crate) fn decide(
    set: &SignatureSet,
    tally: &Tally,
    inputs: Vec<report::Input>,
    options: &DecideOptions,
) -> Report {
    let decider = Decider::new(set, tally, options);
    let mut findings = Vec::new();
    let mut coverage = Coverage::default();
    for id in set.ids() {
        let signature = set.signature(id);
        if !options.only.is_empty() && !options.only.contains(&signature.id) {
            continue;
        }
        coverage.evaluated += 1;
        coverage.evaluated_ids.push(signature.id.clone());
        match decider.finding(id) {
            Outcome::Shown(finding) => findings.push(*finding),
            Outcome::NotShown => coverage.not_shown += 1,
            Outcome::CannotTell(missing) => {
                coverage.cannot_tell.push(report::CannotTell { id: signature.id.clone(), missing });
            }
        }
    }
    coverage.shown = findings.len();
    coverage.evaluated_ids.sort_unstable();
    findings.sort_by_cached_key(|finding| {
        let severity = Severity::parse(&finding.severity);
        let confidence = Confidence::parse(&finding.confidence);
        (std::cmp::Reverse((severity, confidence)), finding.id.clone())
    });
    let problem = |problem: &crate::Problem| report::Problem {
        path: problem.path.to_string(),
        offset: problem.offset,
        kind: problem.kind.as_str().to_owned(),
        message: mask(&problem.message).into_owned(),
    };
    Report {
        schema_version: report::SCHEMA_VERSION.to_owned(),
        tool: report::Tool {
            name: "loggrep-abm".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            signatures: set.signatures().len(),
            signatures_digest: set.digest().to_owned(),
        },
        language: options.language.clone(),
        inputs,
        bundle: decider.bundle(),
        findings,
        advisories: Vec::new(),
        coverage,
        problems: tally.problems.iter().map(problem).collect(),
        problems_omitted: tally.problems_omitted,
    }
}

enum Outcome {
    Shown(Box<Finding>),
    NotShown,
    CannotTell(Vec<Missing>),
}

struct Decider<'a> {
    set: &'a SignatureSet,
    tally: &'a Tally,
    options: &'a DecideOptions,
    facts: &'a Facts,
    newest: Option<Time>,
    /// The latest time in the logs of each node, by the name nodes are known by.
    node_ends: BTreeMap<&'a str, Time>,
}

/// A member with hits and the place its path tells.
struct Member<'a> {
    hits: &'a MemberHits,
    place: Place,
}

/// Hits of one scope key, joined.
struct Group<'a> {
    signature: &'a Signature,
    hits: MemberHits,
    newest: Option<Time>,
    ongoing: BTreeMap<usize, Option<bool>>,
}

impl Env for Group<'_> {
    fn text(&self, function: TextFunction) -> Value {
        let hits = |pattern: usize| self.hits.patterns.get(&pattern);
        let known = |value: u64| Value::Known(value as f64);
        match function {
            TextFunction::Count(pattern) => known(hits(pattern).map_or(0, |hits| hits.count)),
            TextFunction::Near { .. } => {
                let index = self.signature.near.iter().position(|other| *other == function);
                known(index.and_then(|index| self.hits.near.get(&index)).copied().unwrap_or(0))
            }
            TextFunction::Span(pattern) => match hits(pattern) {
                None => known(0),
                Some(hits) => match (hits.first.resolve(self.newest), hits.last.resolve(self.newest)) {
                    (Some(first), Some(last)) => Value::Known((last.seconds - first.seconds).max(0) as f64),
                    _ => Value::Unknown,
                },
            },
            TextFunction::Ongoing(pattern) => match self.ongoing.get(&pattern) {
                Some(Some(ongoing)) => known(u64::from(*ongoing)),
                Some(None) => Value::Unknown,
                None => known(0),
            },
        }
    }
}

impl<'a> Decider<'a> {
    fn new(set: &'a SignatureSet, tally: &'a Tally, options: &'a DecideOptions) -> Decider<'a> {
        let facts = &tally.facts;
        let mut node_ends: BTreeMap<&str, Time> = BTreeMap::new();
        for (node, end) in &tally.node_ends {
            let known = node_ends.entry(facts.node_name(node)).or_insert(*end);
            *known = (*end).max(*known);
        }
        Decider { set, tally, options, facts, newest: tally.span.map(|(_, last)| last), node_ends }
    }

    fn finding(&self, id: SignatureId) -> Outcome {
        let signature = self.set.signature(id);
        let Some(tally) = self.tally.signatures.get(&id) else { return Outcome::NotShown };
        let members = self.members(tally);
        let mut tier: BTreeMap<usize, Confidence> = BTreeMap::new();
        let all = members.values().flat_map(|member| &member.hits.patterns).chain(&tally.dropped);
        for (pattern, hits) in all {
            if let Some(confidence) = hits.best {
                let best = tier.entry(*pattern).or_insert(confidence);
                *best = confidence.max(*best);
            }
        }
        let mut unknown = false;
        for rule in &signature.rules {
            match self.rule_holds(signature, rule, &members, tally) {
                Some(true) => rule_patterns(rule).into_iter().for_each(|pattern| {
                    let best = tier.entry(pattern).or_insert(rule.confidence);
                    *best = rule.confidence.max(*best);
                }),
                Some(false) => {}
                None => unknown = true,
            }
        }
        let Some(confidence) = tier.values().copied().max() else {
            return match unknown {
                true => Outcome::CannotTell(vec![Missing {
                    fact: "times of the log lines".to_owned(),
                    command: None,
                }]),
                false => Outcome::NotShown,
            };
        };
        if confidence < self.options.min_confidence || signature.severity < self.options.min_severity {
            return Outcome::NotShown;
        }
        let best: BTreeSet<usize> =
            tier.iter().filter(|(_, tier)| **tier == confidence).map(|(p, _)| *p).collect();
        Outcome::Shown(Box::new(self.build(signature, tally, &members, &best, &tier, confidence)))
    }

    fn members(&self, tally: &'a SignatureTally) -> BTreeMap<&'a EntryPath, Member<'a>> {
        let member = |(path, hits): (&'a EntryPath, &'a MemberHits)| {
            let mut place = place_of_path(path.as_bytes());
            place.node = place.node.map(|node| self.facts.node_name(&node).to_owned());
            (path, Member { hits, place })
        };
        tally.members.iter().map(member).collect()
    }

    /// Whether the rule holds for some key of its scope; `None` when nothing decides it.
    fn rule_holds(
        &self,
        signature: &Signature,
        rule: &Rule,
        members: &BTreeMap<&EntryPath, Member<'_>>,
        tally: &SignatureTally,
    ) -> Option<bool> {
        let mut keys: BTreeMap<Vec<u8>, Vec<(&EntryPath, &Member<'_>)>> = BTreeMap::new();
        for (path, member) in members {
            let key = match rule.scope {
                Scope::Bundle => Vec::new(),
                Scope::Member => path.as_bytes().to_vec(),
                Scope::Pod => scope_key(&member.place.pod, member.place.namespace.as_ref(), path),
                Scope::Node => scope_key(&member.place.node, None, path),
            };
            keys.entry(key).or_default().push((path, member));
        }
        let mut unknown = false;
        for group in keys.values() {
            let group = self.group(signature, group, (rule.scope == Scope::Bundle).then_some(tally));
            match rule.when.evaluate(&group).truth() {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        let incomplete = !tally.dropped.is_empty() && rule.scope != Scope::Bundle;
        if unknown || incomplete { None } else { Some(false) }
    }

    fn group<'s>(
        &self,
        signature: &'s Signature,
        members: &[(&EntryPath, &Member<'_>)],
        with_dropped: Option<&SignatureTally>,
    ) -> Group<'s> {
        let mut hits = MemberHits::default();
        let mut ongoing: BTreeMap<usize, Option<bool>> = BTreeMap::new();
        for (_, member) in members {
            for (pattern, of) in &member.hits.patterns {
                hits.patterns.entry(*pattern).or_default().join(of.clone());
                let here = self.is_ongoing(member, of);
                let known = ongoing.entry(*pattern).or_insert(here);
                *known = either(*known, here);
            }
            for (function, count) in &member.hits.near {
                *hits.near.entry(*function).or_default() += count;
            }
        }
        for (pattern, of) in with_dropped.into_iter().flat_map(|tally| &tally.dropped) {
            hits.patterns.entry(*pattern).or_default().join(of.clone());
        }
        Group { signature, hits, newest: self.newest, ongoing }
    }

    /// Whether the last hit lies at the end of that node's log, or of its own member where no node is known.
    fn is_ongoing(&self, member: &Member<'_>, hits: &PatternHits) -> Option<bool> {
        let last = hits.last.resolve(self.newest)?;
        let node_end = member.place.node.as_deref().and_then(|node| self.node_ends.get(node)).copied();
        let end = node_end.max(member.hits.end)?;
        Some(end.seconds - last.seconds <= ONGOING)
    }

    fn build(
        &self,
        signature: &Signature,
        tally: &SignatureTally,
        members: &BTreeMap<&EntryPath, Member<'_>>,
        best: &BTreeSet<usize>,
        tier: &BTreeMap<usize, Confidence>,
        confidence: Confidence,
    ) -> Finding {
        let all: Vec<(&EntryPath, &Member<'_>)> =
            members.iter().map(|(path, member)| (*path, member)).collect();
        let group = self.group(signature, &all, Some(tally));
        let of_best =
            || group.hits.patterns.iter().filter(|(pattern, _)| best.contains(pattern)).map(|(_, hits)| hits);
        let count = of_best().map(|hits| hits.count - hits.shared).sum::<u64>();
        let count = count.max(of_best().map(|hits| hits.count).max().unwrap_or(0));
        let first = of_best().filter_map(|hits| hits.first.resolve(self.newest)).min();
        let last = of_best().filter_map(|hits| hits.last.resolve(self.newest)).max();
        let ongoing =
            best.iter().filter_map(|pattern| group.ongoing.get(pattern)).copied().reduce(either).flatten();
        let samples = self.samples(tally, tier, best);
        let evidence: Vec<Evidence> = samples.iter().map(|sample| self.evidence(sample)).collect();
        let (nodes, pods, clusters) = places(members, best, &evidence, self.facts);
        let (verdicts, verdict) = self.verdicts(signature, &clusters);
        let captures = distinct_captures(tally, tier);
        let (workaround, unfilled_slots) = self.workaround(signature, &samples, &evidence);
        let text = signature.text(&self.options.language);
        Finding {
            id: signature.id.clone(),
            title: text.title.clone(),
            summary: text.summary.clone(),
            category: signature.category.clone(),
            severity: signature.severity.as_str().to_owned(),
            confidence: confidence.as_str().to_owned(),
            verdict: verdict.0.as_str().to_owned(),
            affected: signature.affects.affected.iter().map(ToString::to_string).collect(),
            fixed_in: signature.affects.fixed_in.iter().map(ToString::to_string).collect(),
            fix_for_this_cluster: verdict.1.map(|version| version.to_string()),
            verdicts,
            fingerprint: fingerprint(&signature.id, &nodes),
            count,
            first_seen: first.map(|time| time.to_string()),
            last_seen: last.map(|time| time.to_string()),
            time_inferred: first.into_iter().chain(last).any(|time| time.inferred),
            ongoing,
            nodes,
            pods,
            captures,
            workaround,
            unfilled_slots,
            references: signature.references.clone(),
            evidence,
            by_node: self.by_node(members, best),
        }
    }

    /// Count and times of the hits that decide, for each node that the path of a member tells.
    fn by_node(
        &self,
        members: &BTreeMap<&EntryPath, Member<'_>>,
        best: &BTreeSet<usize>,
    ) -> Vec<report::NodeHits> {
        let mut nodes: BTreeMap<&str, (u64, Option<Time>, Option<Time>)> = BTreeMap::new();
        for member in members.values() {
            let Some(node) = member.place.node.as_deref() else { continue };
            for (_, hits) in member.hits.patterns.iter().filter(|(pattern, _)| best.contains(pattern)) {
                let (count, first, last) = nodes.entry(node).or_default();
                *count += hits.count - hits.shared;
                *first = first.iter().copied().chain(hits.first.resolve(self.newest)).min();
                *last = (*last).max(hits.last.resolve(self.newest));
            }
        }
        let hits =
            |(node, (count, first, last)): (&str, (u64, Option<Time>, Option<Time>))| report::NodeHits {
                node: node.to_owned(),
                count: count.max(1),
                first_seen: first.map(|time| time.to_string()),
                last_seen: last.map(|time| time.to_string()),
            };
        nodes.into_iter().map(hits).collect()
    }

    /// The best pieces of evidence: those of the patterns that decide first, then of the others.
    fn samples(
        &self,
        tally: &'a SignatureTally,
        tier: &BTreeMap<usize, Confidence>,
        best: &BTreeSet<usize>,
    ) -> Vec<&'a Sample> {
        let mut samples: Vec<&Sample> = tally.samples.values().flatten().collect();
        samples.sort_by_key(|sample| {
            let in_tier = std::cmp::Reverse(tier.get(&sample.pattern).copied());
            (!best.contains(&sample.pattern), in_tier, sample.rank(), sample.pattern)
        });
        let mut lines = BTreeSet::new();
        samples.retain(|sample| lines.insert((&sample.path, sample.line)));
        samples.truncate(self.options.evidence);
        samples
    }

    fn evidence(&self, sample: &Sample) -> Evidence {
        let place = self.place(sample);
        let time = sample.when.resolve(self.newest);
        let text = |bytes: &[u8]| String::from_utf8_lossy(&mask_bytes(bytes)).into_owned();
        Evidence {
            path: sample.path.to_string(),
            line: sample.line,
            offset: sample.offset,
            time: time.map(|time| time.to_string()),
            time_inferred: time.is_some_and(|time| time.inferred),
            cluster: place.cluster,
            node: place.node,
            namespace: place.namespace,
            pod: place.pod,
            container: place.container,
            text: text(&sample.text),
            before: sample.before.iter().map(|line| text(line)).collect(),
            after: sample.after.iter().map(|line| text(line)).collect(),
            captures: sample
                .captures
                .iter()
                .map(|(name, value)| (name.clone(), capture_text(value)))
                .collect(),
        }
    }

    fn place(&self, sample: &Sample) -> Place {
        let mut place = place_of_path(sample.path.as_bytes()).or(place_of_line(&sample.text));
        place.node = place.node.map(|node| self.facts.node_name(&node).to_owned());
        let cluster_of = |node: &str| self.facts.nodes.get(node).and_then(|node| node.cluster.clone());
        place.cluster = place.cluster.or_else(|| place.node.as_deref().and_then(cluster_of));
        place
    }

    /// The verdict for each cluster, and the one that counts: of the clusters with evidence, else the worst.
    fn verdicts(
        &self,
        signature: &Signature,
        clusters: &BTreeSet<String>,
    ) -> (Vec<ClusterVerdict>, (Verdict, Option<Version>)) {
        let judged: Vec<(String, Option<Version>)> = match self.options.cluster_version {
            Some(version) if self.facts.clusters.is_empty() => vec![(String::new(), Some(version))],
            version => {
                let of = |facts: &crate::bundle::facts::ClusterFacts| version.or_else(|| facts.version());
                self.facts.clusters.iter().map(|(name, facts)| (name.clone(), of(facts))).collect()
            }
        };
        let judge = |version: Option<Version>| {
            let verdict = signature.affects.verdict(version);
            let needs_fix = matches!(verdict, Verdict::Affected | Verdict::Unknown);
            let fix = version.filter(|_| needs_fix).and_then(|version| signature.affects.fix_for(version));
            (verdict, fix)
        };
        let verdicts = judged.iter().map(|(name, version)| {
            let (verdict, fix) = judge(*version);
            ClusterVerdict {
                cluster: name.clone(),
                version: version.map(|version| version.to_string()),
                verdict: verdict.as_str().to_owned(),
                fix: fix.map(|fix| fix.to_string()),
            }
        });
        let concerned = judged.iter().filter(|(name, _)| clusters.contains(name));
        let worst = |candidates: &mut dyn Iterator<Item = Option<Version>>| {
            candidates.map(judge).min_by_key(|(verdict, _)| *verdict)
        };
        let counts = worst(&mut concerned.map(|(_, version)| *version))
            .or_else(|| worst(&mut judged.iter().map(|(_, version)| *version)));
        (verdicts.collect(), counts.unwrap_or((Verdict::Unknown, None)))
    }

    /// The workaround with its slots filled, and what was left open.
    fn workaround(
        &self,
        signature: &Signature,
        samples: &[&Sample],
        evidence: &[Evidence],
    ) -> (String, Vec<String>) {
        let template = &signature.text(&self.options.language).workaround;
        let mut filled = template.clone();
        let mut open = BTreeSet::new();
        for slot in slots(template) {
            let (value, refused) = slot_value(signature, slot, samples, evidence);
            match value {
                Some(value) => filled = filled.replace(&format!("{{{{{slot}}}}}"), &value),
                None => {
                    open.insert(match refused {
                        Some(refused) => format!("{slot}: {}", Escaped(refused.as_bytes())),
                        None => slot.to_owned(),
                    });
                }
            }
        }
        (filled, open.into_iter().collect())
    }

    fn bundle(&self) -> Bundle {
        let clusters = self.facts.clusters.iter().map(|(name, facts)| {
            let version = self.options.cluster_version.or_else(|| facts.version());
            let desired =
                facts.desired.as_ref().map(|fact| fact.value).filter(|desired| Some(*desired) != version);
            let source = facts.running.as_ref().or(facts.desired.as_ref());
            Cluster {
                name: name.clone(),
                kind: facts.kind.as_ref().map(|kind| kind.value.clone()),
                version: version.map(|version| version.to_string()),
                desired_version: desired.map(|version| version.to_string()),
                source: source.map(|fact| Source { path: fact.path.to_string(), line: fact.line }),
                kubernetes_version: None,
            }
        });
        Bundle {
            recognised: self.facts.recognised,
            clusters: clusters.collect(),
            nodes: self.nodes(),
            first_time: self.tally.span.map(|(first, _)| first.to_string()),
            last_time: self.tally.span.map(|(_, last)| last.to_string()),
        }
    }

    fn nodes(&self) -> Vec<Node> {
        let captured: BTreeSet<&str> =
            self.facts.captured.iter().map(|node| self.facts.node_name(node)).collect();
        let mut nodes: BTreeMap<&str, Node> = BTreeMap::new();
        for (name, facts) in &self.facts.nodes {
            let node = Node {
                name: name.clone(),
                ip: facts.ip.clone(),
                cluster: facts.cluster.clone(),
                captured: captured.contains(name.as_str()),
                os: facts.os.clone(),
                kernel: facts.kernel.clone(),
                runtime: facts.runtime.clone(),
                kubelet_version: facts.kubelet_version.clone(),
                roles: facts.roles.clone(),
                status: facts.status.clone(),
            };
            nodes.insert(name, node);
        }
        for name in captured {
            nodes.entry(name).or_insert_with(|| Node {
                name: name.to_owned(),
                captured: true,
                ..Node::default()
            });
        }
        nodes.into_values().collect()
    }
}

/// The patterns whose hits a rule counts; those under `not` and the second of `near` only support it.
fn rule_patterns(rule: &Rule) -> BTreeSet<usize> {
    let mut functions = BTreeSet::new();
    rule.when.positive_text_functions(&mut functions);
    let pattern = |function: &TextFunction| match function {
        TextFunction::Count(p) | TextFunction::Span(p) | TextFunction::Ongoing(p) => *p,
        TextFunction::Near { of, .. } => *of,
    };
    functions.iter().map(pattern).collect()
}

/// Members without a known key each stand for themselves.
fn scope_key(name: &Option<String>, within: Option<&String>, path: &EntryPath) -> Vec<u8> {
    match name {
        Some(name) => format!("{}/{name}", within.map_or("", String::as_str)).into_bytes(),
        None => path.as_bytes().to_vec(),
    }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), _) | (_, Some(false)) => Some(false),
        _ => None,
    }
}

/// Nodes, pods and clusters with a hit of the patterns that decide.
fn places(
    members: &BTreeMap<&EntryPath, Member<'_>>,
    best: &BTreeSet<usize>,
    evidence: &[Evidence],
    facts: &Facts,
) -> (Vec<String>, Vec<String>, BTreeSet<String>) {
    let (mut nodes, mut pods, mut clusters) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let pod_name = |namespace: &Option<String>, pod: &String| match namespace {
        Some(namespace) => format!("{namespace}/{pod}"),
        None => pod.clone(),
    };
    for member in members.values() {
        if !member.hits.patterns.keys().any(|pattern| best.contains(pattern)) {
            continue;
        }
        for line in std::iter::once(&member.place).chain(&member.hits.places) {
            let node = line.node.as_deref().map(|node| facts.node_name(node).to_owned());
            if let Some(cluster) =
                node.as_deref().and_then(|node| facts.nodes.get(node)).and_then(|node| node.cluster.clone())
            {
                clusters.insert(cluster);
            }
            nodes.extend(node);
            pods.extend(line.pod.as_ref().map(|pod| pod_name(&line.namespace, pod)));
            clusters.extend(line.cluster.clone());
        }
    }
    clusters.extend(evidence.iter().filter_map(|evidence| evidence.cluster.clone()));
    let named: BTreeSet<String> =
        pods.iter().filter_map(|pod: &String| pod.split_once('/')).map(|(_, pod)| pod.to_owned()).collect();
    pods.retain(|pod| pod.contains('/') || !named.contains(pod));
    (nodes.into_iter().collect(), pods.into_iter().collect(), clusters)
}

/// Values kept per capture.
const CAPTURE_VALUES: usize = 20;

fn distinct_captures(
    tally: &SignatureTally,
    tier: &BTreeMap<usize, Confidence>,
) -> BTreeMap<String, Vec<String>> {
    let mut captures: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let shown = tally.samples.iter().filter(|(pattern, _)| tier.contains_key(pattern));
    for (name, value) in shown.flat_map(|(_, samples)| samples).flat_map(|sample| &sample.captures) {
        let values = captures.entry(name.clone()).or_default();
        if values.len() < CAPTURE_VALUES {
            values.insert(capture_text(value));
        }
    }
    captures.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect()
}

/// A captured value for a person: a line break in it is a wrap, and its secrets are masked.
fn capture_text(value: &str) -> String {
    mask(&value.replace('\n', "")).into_owned()
}

/// The value that fills a slot, and the first that did not have the form of its type.
fn slot_value(
    signature: &Signature,
    slot: &str,
    samples: &[&Sample],
    evidence: &[Evidence],
) -> (Option<String>, Option<String>) {
    let mut refused = None;
    for sample in samples {
        let capture_type = signature.patterns[sample.pattern].captures.get(slot);
        let value =
            sample.captures.iter().find(|(name, _)| name == slot).map(|(_, value)| value.replace('\n', ""));
        let (Some(capture_type), Some(value)) = (capture_type, value) else { continue };
        if capture_type.accepts(&value) && capture_type.fills_commands() {
            return (Some(value), None);
        }
        refused = refused.or(Some(mask(&value).into_owned()));
    }
    if PLACE_SLOTS.contains(&slot) {
        let place = |evidence: &Evidence| match slot {
            "node" => evidence.node.clone(),
            "pod" => evidence.pod.clone(),
            "namespace" => evidence.namespace.clone(),
            "container" => evidence.container.clone(),
            _ => evidence.cluster.clone(),
        };
        let named = |value: &String| CaptureType::Name.accepts(value) || CaptureType::Ip.accepts(value);
        return (evidence.iter().filter_map(place).find(named), refused);
    }
    (None, refused)
}

/// Stable over paths and times: the same issue on the same nodes has the same fingerprint.
fn fingerprint(id: &str, nodes: &[String]) -> String {
    let mut digest = sha2::Sha256::new();
    digest.update(id);
    for node in nodes {
        digest.update([0]);
        digest.update(node);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
