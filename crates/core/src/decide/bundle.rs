//! What the report says of the bundle itself, and facts as evidence.

use std::collections::BTreeSet;

use super::rules::Case;
use super::{Decider, Members, is_told};
use crate::bundle::facts::{Entity, Fact, FactType, FactValue};
use crate::bundle::place::place_of_path;
use crate::mask::mask;
use crate::report::{self, Bundle, Cluster, Evidence, Node, Source};

impl Decider<'_> {
    pub(super) fn bundle(&self) -> Bundle {
        let told = |cluster: &&Entity| {
            is_told(cluster)
                && (cluster.known_name().is_some()
                    || ["cluster.running_version", "cluster.desired_version"]
                        .iter()
                        .any(|name| cluster.fact(name).is_some()))
        };
        Bundle {
            recognised: self.facts.recognised,
            clusters: self.facts.clusters().iter().filter(told).map(cluster).collect(),
            nodes: self
                .facts
                .nodes()
                .iter()
                .filter(|node| node.known_name().is_some())
                .map(|node| self.node(node))
                .collect(),
            first_time: self.tally.span.map(|(first, _)| first.to_string()),
            last_time: self.tally.span.map(|(_, last)| last.to_string()),
            facts: self.facts.all().flat_map(facts_of).collect(),
        }
    }

    fn node(&self, node: &Entity) -> Node {
        let text = |name: &str| node.text(name).map(str::to_owned);
        Node {
            name: node.name.clone(),
            ip: text("node.ip"),
            cluster: node.cluster.clone(),
            captured: self.facts.is_captured(&node.name),
            os: text("node.os"),
            kernel: text("node.kernel"),
            runtime: text("node.runtime"),
            kubelet_version: text("node.kubelet_version"),
            roles: node.list("node.roles").to_vec(),
            status: text("node.status"),
        }
    }

    /// The lines that told the facts rules hold by, those of the subject itself first.
    pub(super) fn fact_evidence(&self, cases: &[Case<'_>]) -> Vec<Evidence> {
        let mut evidence: Vec<Evidence> = Vec::new();
        let mut seen = BTreeSet::new();
        for case in cases {
            let Some(kind) = deciding_kind(case) else { continue };
            let own = case.facts.iter().filter(|(name, _)| name.split('.').next() == Some(&kind));
            for (_, fact) in own {
                for source in &fact.sources {
                    if evidence.len() < self.options.evidence
                        && seen.insert((source.path.clone(), source.line))
                    {
                        evidence.push(self.of_fact(case.entity, source));
                    }
                }
            }
        }
        evidence
    }

    fn of_fact(&self, entity: Option<&Entity>, source: &crate::bundle::facts::FactSource) -> Evidence {
        let place = place_of_path(source.path.as_bytes());
        let node = place.node.map(|node| self.facts.node_name(&node).to_owned());
        let (namespace, pod) = match entity.filter(|entity| entity.kind == "pod") {
            Some(pod) => {
                let (namespace, name) = pod.split_name();
                (namespace.map(str::to_owned), Some(name.to_owned()))
            }
            None => (place.namespace, place.pod),
        };
        let of_entity = entity.and_then(|entity| self.node_of(entity));
        Evidence {
            path: source.path.to_string(),
            line: source.line,
            offset: source.offset,
            time: None,
            time_inferred: false,
            cluster: entity
                .and_then(|entity| entity.cluster.clone())
                .or(place.cluster)
                .filter(|name| !name.is_empty()),
            node: of_entity.or(node),
            namespace,
            pod,
            container: place.container,
            text: mask(&source.text).into_owned(),
            before: Vec::new(),
            after: Vec::new(),
            captures: Default::default(),
        }
    }

    /// The node a subject is, or runs on.
    pub(super) fn node_of(&self, entity: &Entity) -> Option<String> {
        match entity.kind {
            "node" => entity.known_name().map(str::to_owned),
            _ => entity.text("pod.node").map(|node| self.facts.node_name(node).to_owned()),
        }
    }

    /// Nodes, pods and clusters with a hit of the patterns that decide, or a fact that does.
    pub(super) fn places(
        &self,
        members: &Members<'_>,
        best: &BTreeSet<usize>,
        evidence: &[Evidence],
        cases: &[Case<'_>],
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
                let writes_as = |host: &&str| {
                    member.place.node.as_deref().is_some_and(|node| self.facts.writes_as(node, host))
                };
                let node = line.node.as_deref().filter(|host| !writes_as(host));
                let node = node.map(|node| self.facts.node_name(node).to_owned());
                clusters.extend(node.as_deref().and_then(|node| self.facts.node(node)?.cluster.clone()));
                nodes.extend(node);
                pods.extend(line.pod.as_ref().map(|pod| pod_name(&line.namespace, pod)));
                clusters.extend(line.cluster.clone());
            }
        }
        for entity in cases.iter().filter_map(|case| case.entity) {
            nodes.extend(self.node_of(entity));
            clusters.extend(entity.cluster.clone());
            if entity.kind == "pod" {
                pods.insert(entity.name.clone());
            }
        }
        clusters.extend(evidence.iter().filter_map(|evidence| evidence.cluster.clone()));
        let named: BTreeSet<String> = pods
            .iter()
            .filter_map(|pod: &String| pod.split_once('/'))
            .map(|(_, pod)| pod.to_owned())
            .collect();
        pods.retain(|pod| pod.contains('/') || !named.contains(pod));
        (nodes.into_iter().collect(), pods.into_iter().collect(), clusters)
    }
}

/// The kind of subject whose facts are shown as evidence: that of the rule, else the first that is no cluster.
fn deciding_kind(case: &Case<'_>) -> Option<String> {
    let kinds: Vec<&str> = case.facts.iter().filter_map(|(name, _)| name.split('.').next()).collect();
    let own = case.rule.over.as_deref().filter(|own| kinds.contains(own));
    let other = || kinds.iter().copied().find(|kind| *kind != "cluster").or(kinds.first().copied());
    own.or_else(other).map(str::to_owned)
}

fn cluster(cluster: &Entity) -> Cluster {
    let version = cluster.version("cluster.version");
    let desired = cluster.version("cluster.desired_version").filter(|desired| Some(*desired) != version);
    let source = ["cluster.running_version", "cluster.desired_version", "cluster.version"];
    let source = source.iter().find_map(|name| cluster.fact(name)?.sources.first());
    Cluster {
        name: cluster.name.clone(),
        kind: cluster.text("cluster.type").map(str::to_owned),
        version: version.map(|version| version.to_string()),
        desired_version: desired.map(|version| version.to_string()),
        source: source.map(|source| Source { path: source.path.to_string(), line: source.line }),
        kubernetes_version: cluster.text("cluster.kubernetes_version").map(str::to_owned),
    }
}

fn facts_of(entity: &Entity) -> impl Iterator<Item = report::Fact> {
    entity.facts.iter().map(move |(id, fact)| {
        let definition = id.definition();
        report::Fact {
            subject: entity.kind.to_owned(),
            name: entity.known_name().map(str::to_owned),
            cluster: entity.cluster.clone().filter(|name| !name.is_empty()),
            fact: definition.name.clone(),
            value: value(fact, definition.value),
            sources: fact
                .sources
                .iter()
                .map(|source| Source { path: source.path.to_string(), line: source.line })
                .collect(),
        }
    })
}

fn value(fact: &Fact, kind: FactType) -> serde_json::Value {
    match &fact.value {
        FactValue::Number(number) if kind == FactType::Bool => (*number != 0.0).into(),
        FactValue::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).into(),
        FactValue::Number(number) => (*number).into(),
        FactValue::Text(text) => mask(text).into_owned().into(),
        FactValue::List(list) => list
            .iter()
            .map(|text| serde_json::Value::from(mask(text).into_owned()))
            .collect::<Vec<_>>()
            .into(),
    }
}
