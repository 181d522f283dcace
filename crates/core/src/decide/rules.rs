//! Rules against hits and facts: for which subjects each holds, and what is missing where nothing tells.

use std::collections::{BTreeMap, BTreeSet};

use super::{Decider, Member, Members, either, scope_key};
use crate::bundle::facts::{Entity, Fact, Resolved};
use crate::path::EntryPath;
use crate::signature::capture::CaptureType;
use crate::signature::expr::{Env, Scope as Subjects, TextFunction, Value};
use crate::signature::{Confidence, Rule, Scope, Signature};
use crate::tally::{MemberHits, SignatureTally};
use crate::version::{Verdict, Version};

/// A subject for which a rule holds.
#[derive(Clone)]
pub(super) struct Case<'a> {
    pub(super) rule: &'a Rule,
    pub(super) confidence: Confidence,
    pub(super) entity: Option<&'a Entity>,
    /// The facts that decide, with their names.
    pub(super) facts: Vec<(String, &'a Fact)>,
}

/// What a rule came to.
#[derive(Default)]
pub(super) struct Judged<'a> {
    /// `None`: the bundle cannot tell.
    pub(super) holds: Option<bool>,
    pub(super) cases: Vec<Case<'a>>,
    /// The facts that are missing, and the nodes that lack each.
    pub(super) missing: BTreeMap<String, BTreeSet<String>>,
}

/// Subjects of one rule and signature that are told apart.
const CASES: usize = 1000;

/// Hits of one scope key, joined, and all facts.
pub(super) struct Group<'a> {
    decider: &'a Decider<'a>,
    signature: &'a Signature,
    pub(super) hits: MemberHits,
    pub(super) ongoing: BTreeMap<usize, Option<bool>>,
}

impl Env for Group<'_> {
    fn text(&self, function: TextFunction) -> Value {
        let hits = |pattern: usize| self.hits.patterns.get(&pattern);
        let known = |value: u64| Value::Number(value as f64);
        match function {
            TextFunction::Count(pattern) => known(hits(pattern).map_or(0, |hits| hits.count)),
            TextFunction::Near { .. } => {
                let index = self.signature.near.iter().position(|other| *other == function);
                known(index.and_then(|index| self.hits.near.get(&index)).copied().unwrap_or(0))
            }
            TextFunction::Span(pattern) => match hits(pattern) {
                None => known(0),
                Some(hits) => {
                    let newest = self.decider.newest;
                    match (hits.first.resolve(newest), hits.last.resolve(newest)) {
                        (Some(first), Some(last)) => known((last.seconds - first.seconds).max(0) as u64),
                        _ => Value::Unknown,
                    }
                }
            },
            TextFunction::Ongoing(pattern) => match self.ongoing.get(&pattern) {
                Some(Some(ongoing)) => known(u64::from(*ongoing)),
                Some(None) => Value::Unknown,
                None => known(0),
            },
        }
    }

    fn facts(&self) -> Option<&Resolved> {
        Some(self.decider.facts)
    }

    fn affected(&self, cluster: Option<&Entity>) -> Option<bool> {
        let truth = |cluster: &Entity| match self.decider.verdict(self.signature, cluster).0 {
            Verdict::Affected => Some(true),
            Verdict::Unknown => None,
            Verdict::Fixed | Verdict::NotAffected => Some(false),
        };
        if let Some(cluster) = cluster {
            return truth(cluster);
        }
        let mut all = self.decider.facts.clusters().iter().map(truth);
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    fn affected_lacks(&self, cluster: Option<&Entity>, into: &mut BTreeSet<String>) {
        let clusters = match cluster {
            Some(cluster) => std::slice::from_ref(cluster),
            None => self.decider.facts.clusters(),
        };
        if clusters.is_empty() {
            into.insert("cluster.version".to_owned());
        }
        for cluster in clusters {
            // Where a source does not speak of the release that is known, no capture tells more.
            if cluster.version("cluster.version").is_none_or(Version::is_minor_only) {
                into.insert("cluster.version".to_owned());
            } else if let Some(when) = &self.signature.affected_when {
                let scope = Subjects { entity: cluster, outer: None };
                when.missing(&FactsOnly(self.decider.facts), Some(&scope), into);
            }
        }
    }
}

/// Facts without hits, for the condition that says which clusters are affected.
struct FactsOnly<'a>(&'a Resolved);

impl Env for FactsOnly<'_> {
    fn text(&self, _: TextFunction) -> Value {
        Value::Unknown
    }

    fn facts(&self) -> Option<&Resolved> {
        Some(self.0)
    }
}

impl<'a> Decider<'a> {
    /// The verdict for one cluster by the release it runs, and the release that fixes it.
    pub(super) fn verdict(&self, signature: &Signature, cluster: &Entity) -> (Verdict, Option<Version>) {
        let version = cluster.version("cluster.version");
        let by_version = signature.affects.verdict(version);
        let verdict = match &signature.affected_when {
            None => by_version,
            Some(when) => {
                let scope = Subjects { entity: cluster, outer: None };
                match when.evaluate(&FactsOnly(self.facts), Some(&scope)).truth() {
                    Some(true) => Verdict::Affected,
                    Some(false) if by_version == Verdict::Fixed => Verdict::Fixed,
                    Some(false) => Verdict::NotAffected,
                    None => Verdict::Unknown,
                }
            }
        };
        let needs_fix = matches!(verdict, Verdict::Affected | Verdict::Unknown);
        let fix = version.filter(|_| needs_fix).and_then(|version| signature.affects.fix_for(version));
        (verdict, fix)
    }

    /// For which subjects, or scope keys, a rule holds.
    pub(super) fn judge_rule<'m>(
        &'m self,
        signature: &'m Signature,
        rule: &'m Rule,
        members: &Members<'_>,
        tally: &SignatureTally,
    ) -> Judged<'m> {
        let mut judging = Judging {
            decider: self,
            signature,
            rule,
            judged: Judged::default(),
            any_false: false,
            unknown: false,
            lacks_others: false,
        };
        match &rule.over {
            Some(kind) => judging.subjects(kind, members, tally),
            None => judging.keys(members, tally),
        }
        let Judging { mut judged, unknown, .. } = judging;
        judged.holds = match (judged.cases.is_empty(), unknown) {
            (false, _) => Some(true),
            (true, true) => None,
            (true, false) => Some(false),
        };
        judged
    }

    pub(super) fn group<'s>(
        &'s self,
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
        Group { decider: self, signature, hits, ongoing }
    }

    /// Values of facts for the slots of the workaround.
    pub(super) fn fills(
        &self,
        signature: &Signature,
        cases: &[Case<'_>],
    ) -> Vec<(String, CaptureType, String)> {
        let group = self.group(signature, &[], None);
        let mut filled = Vec::new();
        for case in cases.iter().take(FILLED) {
            let own = case.entity.map(|entity| Subjects { entity, outer: None });
            for fill in &case.rule.fill {
                let values = match &fill.of {
                    None => vec![crate::signature::expr::fact_value(&group, own.as_ref(), &fill.fact)],
                    Some(of) => crate::signature::expr::values_of(&group, own.as_ref(), &fill.fact, of),
                };
                for value in values {
                    let texts = match value {
                        Value::Text(text) => vec![text],
                        Value::List(list) => list,
                        Value::Number(number) => vec![number.to_string()],
                        Value::Unknown => Vec::new(),
                    };
                    filled.extend(texts.into_iter().map(|text| (fill.slot.clone(), fill.kind, text)));
                }
            }
        }
        filled.truncate(FILLED);
        filled
    }
}

/// Values of facts looked at for slots.
const FILLED: usize = 100;

/// The judging of one rule.
struct Judging<'m> {
    decider: &'m Decider<'m>,
    signature: &'m Signature,
    rule: &'m Rule,
    judged: Judged<'m>,
    any_false: bool,
    unknown: bool,
    /// Whether of some subject all is known, and only what it belongs to leaves the rule open.
    lacks_others: bool,
}

impl<'m> Judging<'m> {
    /// Evaluates the rule for each subject of a kind.
    fn subjects(&mut self, kind: &str, members: &Members<'_>, tally: &SignatureTally) {
        let mut functions = BTreeSet::new();
        self.rule.when.text_functions(&mut functions);
        let mut unknown_captured = false;
        let entities = match self.decider.facts.entities(kind) {
            Some(entities) => entities,
            None => return self.one(&self.everything(members, tally), None, None),
        };
        for entity in entities {
            let of_entity = |(_, member): &(&&EntryPath, &Member<'_>)| is_of(member, entity);
            let own: Vec<(&EntryPath, &Member<'_>)> = match functions.is_empty() {
                true => Vec::new(),
                false => members.iter().filter(of_entity).map(|(path, member)| (*path, member)).collect(),
            };
            let group = self.decider.group(self.signature, &own, None);
            let before = self.unknown;
            self.unknown = false;
            self.one(&group, Some(entity), Some(entity));
            unknown_captured |=
                self.unknown && kind == "node" && self.decider.facts.is_captured(&entity.name);
            self.unknown |= before;
        }
        // What was captured somewhere and is healthy there is not asked for elsewhere.
        self.unknown &= !self.any_false || unknown_captured || self.lacks_others;
    }

    fn everything(&self, members: &Members<'_>, tally: &SignatureTally) -> Group<'m> {
        let all: Vec<(&EntryPath, &Member<'_>)> =
            members.iter().map(|(path, member)| (*path, member)).collect();
        self.decider.group(self.signature, &all, Some(tally))
    }

    /// Evaluates the rule for each key of its scope.
    fn keys(&mut self, members: &Members<'_>, tally: &SignatureTally) {
        let rule = self.rule;
        if rule.scope == Scope::Bundle {
            if !members.is_empty() || rule.when.asks_facts() {
                let group = self.everything(members, tally);
                self.one(&group, None, None);
            }
            return;
        }
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
        for own in keys.values() {
            let entity = own.first().and_then(|(_, member)| self.entity_of(member));
            let group = self.decider.group(self.signature, own, None);
            self.one(&group, entity, None);
        }
        self.unknown |= !tally.dropped.is_empty() && self.judged.cases.is_empty();
    }

    /// The pod or node of a member, for facts of it.
    fn entity_of(&self, member: &Member<'_>) -> Option<&'m Entity> {
        let facts = self.decider.facts;
        let pod = || {
            let name = format!("{}/{}", member.place.namespace.as_deref()?, member.place.pod.as_deref()?);
            facts.entities("pod")?.iter().find(|pod| pod.name == name)
        };
        let node = || facts.node(member.place.node.as_deref()?);
        pod().filter(|_| self.rule.scope != Scope::Node).or_else(node)
    }

    /// Evaluates the rule once. `case` is the subject that is shown when it holds.
    fn one(&mut self, group: &Group<'m>, subject: Option<&'m Entity>, case: Option<&'m Entity>) {
        let scope = subject.map(|entity| Subjects { entity, outer: None });
        match self.rule.when.evaluate(group, scope.as_ref()).truth() {
            Some(true) => self.holds(group, scope.as_ref(), case),
            Some(false) => self.any_false = true,
            None => {
                self.unknown = true;
                let mut missing = BTreeSet::new();
                self.rule.when.missing(group, scope.as_ref(), &mut missing);
                let node = subject.and_then(|entity| self.decider.node_of(entity));
                let is_own = |fact: &String| case.is_some_and(|it| fact.split('.').next() == Some(it.kind));
                self.lacks_others |= case.is_some() && !missing.is_empty() && !missing.iter().any(is_own);
                for fact in missing {
                    let of_node = node.clone().filter(|_| fact.starts_with("node."));
                    self.judged.missing.entry(fact).or_default().extend(of_node);
                }
            }
        }
    }

    fn holds(&mut self, group: &Group<'m>, scope: Option<&Subjects<'m, '_>>, case: Option<&'m Entity>) {
        if self.judged.cases.len() >= CASES {
            return;
        }
        let mut facts = Vec::new();
        self.rule.when.deciding(group, self.decider.facts, scope, &mut facts);
        let (rule, confidence) = (self.rule, self.rule.confidence);
        self.judged.cases.push(Case { rule, confidence, entity: case, facts });
    }
}

/// Whether a member speaks of a subject.
fn is_of(member: &Member<'_>, entity: &Entity) -> bool {
    let place = &member.place;
    let is = |value: &Option<String>, name: &str| value.as_deref() == Some(name);
    match entity.kind {
        "node" => is(&place.node, &entity.name),
        "cluster" => place.cluster.is_none() || is(&place.cluster, &entity.name),
        "pod" => {
            let (namespace, name) = entity.split_name();
            is(&place.pod, name) && (place.namespace.is_none() || place.namespace.as_deref() == namespace)
        }
        _ => true,
    }
}
