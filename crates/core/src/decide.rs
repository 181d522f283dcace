//! Hits become findings: rules are evaluated, verdicts given, workarounds filled, and the report put together.

mod bundle;
mod events;
mod relations;
mod rules;
mod why;

use std::collections::{BTreeMap, BTreeSet};

use sha2::Digest as _;

use self::rules::{Case, Group, Judged};
use crate::automaton::{SignatureId, SignatureSet};
use crate::bundle::facts::{Entity, Resolved};
use crate::bundle::place::{Place, place_of_line, place_of_path};
use crate::bundle::time::Time;
use crate::lang::Lang;
use crate::mask::mask;
use crate::path::EntryPath;
use crate::report::{self, Advisory, ClusterVerdict, Coverage, Evidence, Finding, Report};
use crate::signature::capture::CaptureType;
use crate::signature::expr::TextFunction;
use crate::signature::{Confidence, PLACE_SLOTS, Rule, Severity, Signature, Status, slots};
use crate::tally::{MemberHits, PatternHits, Sample, SignatureTally, Tally, Values};
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
    /// Templates of messages that no signature matched.
    pub(crate) unknown: usize,
    /// What the scan counted hits from, and up to.
    pub(crate) since: Option<Time>,
    pub(crate) until: Option<Time>,
    /// Whether experimental signatures are evaluated that were not asked for by id.
    pub(crate) experimental: bool,
    /// Whether to tell why.
    pub(crate) explain: bool,
}

/// Seconds before the end of a node's log within which an issue counts as still happening.
const ONGOING: i64 = 600;

/// What a timeline shows of the findings of a report; see [`crate::Analysis::timeline`].
pub(crate) fn timeline(
    set: &SignatureSet,
    tally: &Tally,
    facts: &Resolved,
    report: &Report,
    options: &DecideOptions,
) -> report::Timeline {
    Decider::new(set, tally, facts, options).timeline(report)
}

/// Makes the report of everything that was scanned.
pub(crate) fn decide(
    set: &SignatureSet,
    tally: &Tally,
    facts: &Resolved,
    inputs: Vec<report::Input>,
    options: &DecideOptions,
) -> Report {
    let decider = Decider::new(set, tally, facts, options);
    let mut report = Report {
        schema_version: report::SCHEMA_VERSION.to_owned(),
        tool: report::Tool {
            name: "loggrep-abm".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            signatures: set.signatures().len(),
            signatures_digest: set.digest().to_owned(),
        },
        language: options.language.clone(),
        redacted: false,
        since: options.since.map(|time| time.to_string()),
        until: options.until.map(|time| time.to_string()),
        inputs,
        bundle: decider.bundle(),
        findings: Vec::new(),
        advisories: Vec::new(),
        coverage: Coverage::default(),
        problems: tally.problems.iter().map(problem).collect(),
        problems_omitted: tally.problems_omitted,
        explanations: Vec::new(),
        unknown: decider.unknown(),
        suppressed: report::Suppressed::default(),
    };
    let asked = |id: &SignatureId| {
        let signature = set.signature(*id);
        let wanted = options.experimental || signature.status() != Status::Experimental;
        if options.only.is_empty() { wanted } else { options.only.contains(&signature.id) }
    };
    set.ids().filter(asked).for_each(|id| decider.signature(id, &mut report));
    if facts.omitted {
        report.problems.push(report::Problem {
            path: String::new(),
            offset: None,
            kind: crate::ProblemKind::Limit.as_str().to_owned(),
            message: "more facts than may be kept: the last by kind and name are left out".to_owned(),
        });
    }
    for (&id, _) in tally.signatures.iter().filter(|(_, hits)| !hits.dropped.is_empty()) {
        let (id, kept) = (set.signature(id).id(), tally.scope_keys());
        report.problems.push(report::Problem {
            path: String::new(),
            offset: None,
            kind: crate::ProblemKind::Limit.as_str().to_owned(),
            message: format!(
                "`{id}` has hits in more than {kept} members: of the others only the count is kept"
            ),
        });
    }
    report.coverage.shown = report.findings.len();
    report.coverage.evaluated_ids.sort_unstable();
    report.findings.sort_by_cached_key(|finding| {
        let severity = Severity::parse(&finding.severity);
        let confidence = Confidence::parse(&finding.confidence);
        (std::cmp::Reverse((severity, confidence)), finding.id.clone())
    });
    relations::relate(set, &mut report);
    report.advisories.sort_by_cached_key(|advisory| {
        (std::cmp::Reverse(Severity::parse(&advisory.severity)), advisory.id.clone())
    });
    report
}

fn problem(problem: &crate::Problem) -> report::Problem {
    report::Problem {
        path: problem.path.to_string(),
        offset: problem.offset,
        kind: problem.kind.as_str().to_owned(),
        message: mask(&problem.message).into_owned(),
    }
}

struct Decider<'a> {
    set: &'a SignatureSet,
    tally: &'a Tally,
    options: &'a DecideOptions,
    facts: &'a Resolved,
    newest: Option<Time>,
    /// The latest time in the logs of each node, by the name nodes are known by.
    node_ends: BTreeMap<&'a str, Time>,
}

/// A member with hits and the place its path tells.
struct Member<'a> {
    hits: &'a MemberHits,
    place: Place,
}

type Members<'a> = BTreeMap<&'a EntryPath, Member<'a>>;

/// What decides that a signature is shown.
struct Shown<'a> {
    /// Confidence by pattern.
    tier: BTreeMap<usize, Confidence>,
    /// The patterns of the highest confidence.
    best: BTreeSet<usize>,
    confidence: Confidence,
    /// What rules hold for, surest first.
    cases: Vec<Case<'a>>,
}

impl<'a> Decider<'a> {
    fn new(
        set: &'a SignatureSet,
        tally: &'a Tally,
        facts: &'a Resolved,
        options: &'a DecideOptions,
    ) -> Decider<'a> {
        let mut node_ends: BTreeMap<&str, Time> = BTreeMap::new();
        for (node, end) in &tally.node_ends {
            let known = node_ends.entry(facts.node_name(node)).or_insert(*end);
            *known = (*end).max(*known);
        }
        Decider { set, tally, options, facts, newest: tally.span.map(|(_, last)| last), node_ends }
    }

    /// The most frequent error-level messages that no signature matched.
    fn unknown(&self) -> Option<report::Unknown> {
        let all = &self.tally.unknown;
        if self.options.unknown == 0 || all.len() == 0 {
            return None;
        }
        let template = |seen: &crate::unknown::Seen| {
            let times = seen.moments.resolve(self.newest);
            let nodes: BTreeSet<&str> = seen.nodes.iter().map(|node| self.facts.node_name(node)).collect();
            report::UnknownTemplate {
                template: mask(&seen.template).into_owned(),
                count: seen.count,
                members: seen.members,
                nodes: nodes.into_iter().map(str::to_owned).collect(),
                first_seen: times.map(|(first, _)| first.to_string()),
                last_seen: times.map(|(_, last)| last.to_string()),
                time_inferred: times.is_some_and(|(first, last)| first.inferred || last.inferred),
                path: seen.sample.path.to_string(),
                line: seen.sample.line,
                text: mask(&String::from_utf8_lossy(&seen.sample.text)).into_owned(),
            }
        };
        Some(report::Unknown {
            templates: all.most(self.options.unknown).into_iter().map(template).collect(),
            found: all.len(),
            lines: all.lines(),
            estimated: all.is_sampled,
            complete: !all.is_cut && all.omitted == 0,
        })
    }

    /// Evaluates one signature and adds to the report what it says.
    fn signature(&self, id: SignatureId, report: &mut Report) {
        let signature = self.set.signature(id);
        let none = SignatureTally::default();
        let tally = self.tally.signatures.get(&id).unwrap_or(&none);
        let members = self.members(tally);
        let rules: Vec<Judged<'_>> =
            signature.rules.iter().map(|rule| self.judge_rule(signature, rule, &members, tally)).collect();
        let (_, (verdict, _)) = self.verdicts(signature, &BTreeSet::new());
        let coverage = &mut report.coverage;
        coverage.evaluated += 1;
        coverage.evaluated_ids.push(signature.id.clone());
        let enough = signature.severity >= self.options.min_severity;
        let advised = signature
            .rules
            .iter()
            .zip(&rules)
            .any(|(rule, judged)| rule.advisory && judged.holds == Some(true));
        let outcome = match self.shown(signature, tally, &members, &rules).filter(|_| enough) {
            Some(shown) => {
                report.findings.push(self.build(signature, tally, &members, &shown));
                "shown"
            }
            None => {
                let missing = missing(signature, &rules);
                let concerned = matches!(verdict, Verdict::Affected | Verdict::Unknown);
                let unknown = !missing.is_empty();
                match (unknown, concerned) {
                    (true, true) => {
                        coverage.cannot_tell.push(report::CannotTell { id: signature.id.clone(), missing })
                    }
                    (true, false) => coverage.cannot_tell_unaffected += 1,
                    (false, _) => coverage.not_shown += 1,
                }
                if advised && enough {
                    report.advisories.push(self.advisory(signature));
                }
                match (advised && enough, unknown) {
                    (true, _) => "advisory",
                    (false, true) => "cannot_tell",
                    (false, false) => "not_shown",
                }
            }
        };
        if self.options.explain {
            report.explanations.push(self.explanation(signature, tally, &rules, outcome, verdict));
        }
    }

    fn explanation(
        &self,
        signature: &Signature,
        tally: &SignatureTally,
        rules: &[Judged<'_>],
        outcome: &str,
        verdict: Verdict,
    ) -> report::Explanation {
        let mut patterns: BTreeMap<String, u64> = BTreeMap::new();
        for (pattern, hits) in
            tally.members.values().flat_map(|member| &member.patterns).chain(&tally.dropped)
        {
            *patterns.entry(signature.patterns[*pattern].name.clone()).or_default() += hits.count;
        }
        let rule = |(rule, judged): (&Rule, &Judged<'_>)| report::RuleExplanation {
            when: rule.text.clone(),
            holds: judged.holds,
            subjects: judged.cases.iter().filter_map(|case| Some(case.entity?.name.clone())).collect(),
            missing: judged.missing.keys().cloned().collect(),
        };
        report::Explanation {
            id: signature.id.clone(),
            outcome: outcome.to_owned(),
            verdict: verdict.as_str().to_owned(),
            reason: why::reason(
                Lang::of(&self.options.language),
                signature,
                rules,
                &patterns,
                (outcome, verdict),
            ),
            patterns,
            rules: signature.rules.iter().zip(rules).map(rule).collect(),
        }
    }

    /// What shows the signature: patterns that are sure enough by themselves, and rules that hold.
    fn shown<'m>(
        &self,
        signature: &'m Signature,
        tally: &SignatureTally,
        members: &Members<'_>,
        rules: &[Judged<'m>],
    ) -> Option<Shown<'m>> {
        let mut tier: BTreeMap<usize, Confidence> = BTreeMap::new();
        let mut raise = |pattern: usize, confidence: Confidence| {
            let best = tier.entry(pattern).or_insert(confidence);
            *best = confidence.max(*best);
        };
        let all = members.values().flat_map(|member| &member.hits.patterns).chain(&tally.dropped);
        for (pattern, hits) in all {
            if let Some(confidence) = hits.best {
                raise(*pattern, confidence);
            }
        }
        let mut cases = Vec::new();
        for (rule, judged) in signature.rules.iter().zip(rules) {
            if rule.advisory || judged.holds != Some(true) {
                continue;
            }
            rule_patterns(rule).into_iter().for_each(|pattern| raise(pattern, rule.confidence));
            cases.extend(judged.cases.iter().cloned());
        }
        cases.sort_by_key(|case| std::cmp::Reverse(case.confidence));
        let of_facts = cases.first().map(|case| case.confidence);
        let confidence = tier.values().copied().max().max(of_facts)?;
        let best = tier.iter().filter(|(_, tier)| **tier == confidence).map(|(p, _)| *p).collect();
        (confidence >= self.options.min_confidence).then_some(Shown { tier, best, confidence, cases })
    }

    fn members<'t>(&self, tally: &'t SignatureTally) -> Members<'t> {
        let member = |(path, hits): (&'t EntryPath, &'t MemberHits)| {
            let mut place = place_of_path(path.as_bytes());
            place.node = place.node.map(|node| self.facts.node_name(&node).to_owned());
            (path, Member { hits, place })
        };
        tally.members.iter().map(member).collect()
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
        members: &Members<'_>,
        shown: &Shown<'_>,
    ) -> Finding {
        let Shown { tier, best, confidence, cases } = shown;
        let all: Vec<(&EntryPath, &Member<'_>)> =
            members.iter().map(|(path, member)| (*path, member)).collect();
        let group = self.group(signature, &all, Some(tally));
        let of_best =
            || group.hits.patterns.iter().filter(|(pattern, _)| best.contains(pattern)).map(|(_, hits)| hits);
        let count = count_of(&group, best, cases);
        let first = of_best().filter_map(|hits| hits.first.resolve(self.newest)).min();
        let last = of_best().filter_map(|hits| hits.last.resolve(self.newest)).max();
        let ongoing =
            best.iter().filter_map(|pattern| group.ongoing.get(pattern)).copied().reduce(either).flatten();
        let mut samples = self.samples(tally, tier, best);
        let of_facts = self.fact_evidence(cases);
        samples.truncate(self.options.evidence.saturating_sub(of_facts.len().min(1)));
        let mut evidence: Vec<Evidence> = samples.iter().map(|sample| self.evidence(sample)).collect();
        evidence.extend(of_facts);
        evidence.truncate(self.options.evidence);
        let (nodes, pods, clusters) = self.places(members, best, &evidence, cases);
        let (verdicts, verdict) = self.verdicts(signature, &clusters);
        let (mut captures, captures_omitted) = distinct_captures(tally, tier);
        let filled = self.fills(signature, cases);
        for (slot, _, value) in &filled {
            let values = captures.entry(slot.clone()).or_default();
            if !values.contains(value) && values.len() < Values::MOST {
                values.push(value.clone());
            }
        }
        let (workaround, unfilled_slots) = self.workaround(signature, &samples, &filled, &evidence);
        let text = signature.text(&self.options.language);
        Finding {
            id: signature.id.clone(),
            title: text.title.clone(),
            summary: text.summary.clone(),
            category: signature.category.clone(),
            severity: signature.severity.as_str().to_owned(),
            confidence: confidence.as_str().to_owned(),
            verdict: verdict.0.as_str().to_owned(),
            affected: affected_texts(signature),
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
            captures_omitted,
            workaround,
            unfilled_slots,
            references: signature.references.clone(),
            evidence,
            by_node: self.by_node(members, best, cases),
            baseline: None,
            related: signature.related().map(str::to_owned).collect(),
            supersedes: signature.supersedes().map(str::to_owned).collect(),
            caused_by: signature.caused_by().map(str::to_owned).collect(),
            also_matched: Vec::new(),
            status: (signature.status() != Status::Stable).then(|| signature.status().as_str().to_owned()),
            successor: signature.successor().map(str::to_owned),
            members: members.keys().map(ToString::to_string).collect(),
        }
    }

    fn advisory(&self, signature: &Signature) -> Advisory {
        let text = signature.text(&self.options.language);
        let (verdicts, verdict) = self.verdicts(signature, &BTreeSet::new());
        let (workaround, _) = self.workaround(signature, &[], &[], &[]);
        Advisory {
            id: signature.id.clone(),
            title: text.title.clone(),
            summary: text.summary.clone(),
            category: signature.category.clone(),
            severity: signature.severity.as_str().to_owned(),
            confidence: Confidence::Possible.as_str().to_owned(),
            verdict: verdict.0.as_str().to_owned(),
            affected: affected_texts(signature),
            fixed_in: signature.affects.fixed_in.iter().map(ToString::to_string).collect(),
            fix_for_this_cluster: verdict.1.map(|version| version.to_string()),
            verdicts,
            workaround,
            references: signature.references.clone(),
        }
    }

    /// Count and times of the hits that decide, for each node that the path of a member tells.
    fn by_node(
        &self,
        members: &Members<'_>,
        best: &BTreeSet<usize>,
        cases: &[Case<'_>],
    ) -> Vec<report::NodeHits> {
        let mut nodes: BTreeMap<String, (u64, Option<Time>, Option<Time>)> = BTreeMap::new();
        for node in cases.iter().filter_map(|case| self.node_of(case.entity?)) {
            nodes.entry(node).or_default();
        }
        for member in members.values() {
            let Some(node) = member.place.node.clone() else { continue };
            for (_, hits) in member.hits.patterns.iter().filter(|(pattern, _)| best.contains(pattern)) {
                let (count, first, last) = nodes.entry(node.clone()).or_default();
                *count += hits.count - hits.shared;
                *first = first.iter().copied().chain(hits.first.resolve(self.newest)).min();
                *last = (*last).max(hits.last.resolve(self.newest));
            }
        }
        let hits =
            |(node, (count, first, last)): (String, (u64, Option<Time>, Option<Time>))| report::NodeHits {
                node,
                count: count.max(1),
                first_seen: first.map(|time| time.to_string()),
                last_seen: last.map(|time| time.to_string()),
            };
        nodes.into_iter().map(hits).collect()
    }

    /// The best pieces of evidence: those of the patterns that decide first, then of the others.
    fn samples<'t>(
        &self,
        tally: &'t SignatureTally,
        tier: &BTreeMap<usize, Confidence>,
        best: &BTreeSet<usize>,
    ) -> Vec<&'t Sample> {
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
        let (before, text, after) = masked_lines(sample);
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
            text,
            before,
            after,
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
        let cluster_of = |node: &str| self.facts.node(node).and_then(|node| node.cluster.clone());
        place.cluster = place.cluster.or_else(|| place.node.as_deref().and_then(cluster_of));
        place
    }

    /// The verdict for each cluster, and the one that counts: of the clusters with evidence, else the worst.
    fn verdicts(
        &self,
        signature: &Signature,
        clusters: &BTreeSet<String>,
    ) -> (Vec<ClusterVerdict>, (Verdict, Option<Version>)) {
        let known: Vec<&Entity> = self.facts.clusters().iter().filter(is_told).collect();
        let verdict = |cluster: &&Entity| {
            let (verdict, fix) = self.verdict(signature, cluster);
            ClusterVerdict {
                cluster: cluster.name.clone(),
                version: cluster.version("cluster.version").map(|version| version.to_string()),
                verdict: verdict.as_str().to_owned(),
                fix: fix.map(|fix| fix.to_string()),
            }
        };
        let worst = |candidates: &mut dyn Iterator<Item = &&Entity>| {
            candidates.map(|cluster| self.verdict(signature, cluster)).min_by_key(|(verdict, _)| *verdict)
        };
        let counts = worst(&mut known.iter().filter(|cluster| clusters.contains(&cluster.name)))
            .or_else(|| worst(&mut known.iter()));
        let mut judged: Vec<ClusterVerdict> = known.iter().map(verdict).collect();
        judged.sort_by_key(|judged| !clusters.contains(&judged.cluster));
        (judged, counts.unwrap_or((Verdict::Unknown, None)))
    }

    /// The workaround with its slots filled, and what was left open.
    fn workaround(
        &self,
        signature: &Signature,
        samples: &[&Sample],
        filled_by_facts: &[(String, CaptureType, String)],
        evidence: &[Evidence],
    ) -> (String, Vec<String>) {
        let template = &signature.text(&self.options.language).workaround;
        let mut filled = template.clone();
        let mut open = BTreeSet::new();
        for slot in slots(template) {
            let (value, refused) = slot_value(signature, slot, samples, filled_by_facts, evidence);
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
}

/// Whether the bundle says more of a cluster than that it is there.
fn is_told(cluster: &&Entity) -> bool {
    ["cluster.version", "cluster.desired_version", "cluster.type"]
        .iter()
        .any(|name| cluster.fact(name).is_some())
}

/// The affected ranges, or the condition that stands for them.
fn affected_texts(signature: &Signature) -> Vec<String> {
    let ranges = signature.affects.affected.iter().map(ToString::to_string);
    ranges.chain(signature.affected_text.clone()).collect()
}

/// What the rules lack that would show the signature; empty when the bundle tells it.
///
/// Rules that only raise the confidence do not ask, nor do advisories where a finding is possible.
fn missing(signature: &Signature, rules: &[Judged<'_>]) -> Vec<report::Missing> {
    let findings =
        signature.rules.iter().any(|rule| !rule.advisory && !rule.optional && rule.when.asks_facts());
    let asks = |rule: &Rule| !rule.optional && (!rule.advisory || !findings);
    let unknown =
        signature.rules.iter().zip(rules).filter(|(rule, judged)| asks(rule) && judged.holds.is_none());
    /// Nodes that are named for one fact.
    const NODES: usize = 64;
    // A fact that is missing everywhere, or of no node that is known, names none.
    let mut facts: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (fact, nodes) in unknown.flat_map(|(_, judged)| &judged.missing) {
        facts.entry(fact).or_default().extend(nodes);
    }
    let definitions = crate::bundle::facts::definitions();
    let command = |fact: &str| definitions.fact(fact).and_then(|id| id.definition().command.clone());
    let missing = |(fact, nodes): (&String, BTreeSet<&String>)| report::Missing {
        fact: fact.clone(),
        command: command(fact),
        nodes: nodes.into_iter().take(NODES).cloned().collect(),
    };
    facts.into_iter().map(missing).collect()
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

/// The lines before a hit, its text and the lines after it, masked together: a key may run over all of them.
fn masked_lines(sample: &Sample) -> (Vec<String>, String, Vec<String>) {
    let parts: Vec<_> =
        sample.before.iter().chain(std::iter::once(&sample.text)).chain(&sample.after).collect();
    let all: Vec<_> = parts.into_iter().map(|part| String::from_utf8_lossy(part)).collect();
    // Masking keeps the number of lines; a wrapped message has several.
    let masked = mask(&all.join("\n")).into_owned();
    let mut lines = masked.split('\n').map(str::to_owned);
    let before: Vec<String> = lines.by_ref().take(sample.before.len()).collect();
    let wrapped = memchr::memchr_iter(b'\n', &sample.text).count();
    let text: Vec<String> = lines.by_ref().take(1 + wrapped).collect();
    (before, text.join("\n"), lines.collect())
}

/// How often an issue shows: the hits of the patterns that name it alone, or else of those that a rule counts, which
/// may stand for the same events.
fn count_of(group: &Group<'_>, best: &BTreeSet<usize>, cases: &[Case<'_>]) -> u64 {
    let of_best =
        || group.hits.patterns.iter().filter(|(pattern, _)| best.contains(pattern)).map(|(_, hits)| hits);
    let highest = of_best().map(|hits| hits.best).max().flatten();
    let alone = of_best().filter(|hits| hits.best.is_some() && hits.best == highest);
    let alone = alone.map(|hits| hits.count - hits.shared).sum::<u64>();
    let counted =
        of_best().filter(|hits| highest.is_none() || hits.best == highest).map(|hits| hits.count).max();
    alone.max(counted.unwrap_or(0)).max(cases.len() as u64)
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

/// Values of the captures of all hits, and whether there were more than are kept.
///
/// A wrap may have cost a value its blanks: of values that differ in nothing else one stays, that of the best
/// evidence where it is among them.
fn distinct_captures(
    tally: &SignatureTally,
    tier: &BTreeMap<usize, Confidence>,
) -> (BTreeMap<String, Vec<String>>, bool) {
    let mut all = Values::default();
    let shown = tally.captures.iter().filter(|(pattern, _)| tier.contains_key(pattern));
    shown.for_each(|(_, values)| all.join(values.clone()));
    let samples = tally.samples.iter().filter(|(pattern, _)| tier.contains_key(pattern));
    let best = samples.flat_map(|(_, samples)| samples).flat_map(|sample| &sample.captures);
    let best = best.filter(|(name, value)| all.kept.get(name).is_some_and(|values| values.contains(value)));
    let rest = all.kept.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let mut captures: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, value) in best.map(|(name, value)| (name, value)).chain(rest) {
        let value = capture_text(value);
        let blankless: String = value.split_whitespace().collect();
        captures.entry(name.clone()).or_default().entry(blankless).or_insert(value);
    }
    let sorted = |values: BTreeMap<String, String>| {
        let mut values: Vec<String> = values.into_values().collect();
        values.sort_unstable();
        values
    };
    (captures.into_iter().map(|(name, values)| (name, sorted(values))).collect(), !all.more.is_empty())
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
    filled_by_facts: &[(String, CaptureType, String)],
    evidence: &[Evidence],
) -> (Option<String>, Option<String>) {
    let mut refused = None;
    for (_, kind, value) in filled_by_facts.iter().filter(|(name, _, _)| name == slot) {
        if kind.accepts(value) && kind.fills_commands() {
            return (Some(value.clone()), None);
        }
        refused = refused.or(Some(mask(value).into_owned()));
    }
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
