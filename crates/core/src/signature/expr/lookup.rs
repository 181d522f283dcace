//! Finding the fact a condition names, for the subject it is evaluated for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Env, FactName, Value};
use crate::bundle::facts::{Entity, Fact, FactValue, Resolved};

/// The subject an expression is evaluated for, and those around it.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'f, 's> {
    pub(crate) entity: &'f Entity,
    pub(crate) outer: Option<&'s Scope<'f, 's>>,
}

/// Whether a name is not read from the bundle but is the subject's own: `pod.name`, `pod.namespace`.
pub(super) fn is_name(full: &str) -> bool {
    matches!(full.split_once('.'), Some((_, "name" | "namespace")))
}

/// The value of a fact.
pub(super) fn value(env: &dyn Env, scope: Option<&Scope<'_, '_>>, name: &FactName) -> Value {
    let Some(facts) = env.facts() else { return Value::Unknown };
    match entity(facts, scope, &name.subject) {
        Some(entity) => value_in(entity, name),
        None if name.subject == "cluster" => agreed(facts, scope, name),
        None => Value::Unknown,
    }
}

/// The fact itself.
pub(super) fn fact<'f>(
    facts: &'f Resolved,
    scope: Option<&Scope<'f, '_>>,
    name: &FactName,
) -> Option<&'f Fact> {
    entity(facts, scope, &name.subject)?.facts.get(&name.id?)
}

fn value_in(entity: &Entity, name: &FactName) -> Value {
    if let Some(fact) = name.id.and_then(|id| entity.facts.get(&id)) {
        return match &fact.value {
            FactValue::Number(number) => Value::Number(*number),
            FactValue::Text(text) => Value::Text(text.clone()),
            FactValue::List(list) => Value::List(list.clone()),
        };
    }
    let (namespace, own) = entity.split_name();
    match name.full.split_once('.') {
        Some((_, "name")) => Value::Text(own.to_owned()),
        Some((_, "namespace")) => namespace.map_or(Value::Unknown, |text| Value::Text(text.to_owned())),
        _ => Value::Unknown,
    }
}

/// What all clusters say alike, where nothing tells which is meant.
fn agreed(facts: &Resolved, scope: Option<&Scope<'_, '_>>, name: &FactName) -> Value {
    if cluster_name(scope).is_some() {
        return Value::Unknown;
    }
    let mut values = facts.clusters().iter().map(|cluster| value_in(cluster, name));
    let first = values.next().unwrap_or(Value::Unknown);
    if values.all(|value| value == first) { first } else { Value::Unknown }
}

/// The subject a name speaks of.
fn entity<'f>(facts: &'f Resolved, scope: Option<&Scope<'f, '_>>, kind: &str) -> Option<&'f Entity> {
    let mut at = scope;
    while let Some(scope) = at {
        if scope.entity.kind == kind {
            return Some(scope.entity);
        }
        at = scope.outer;
    }
    match kind {
        "cluster" => cluster_of(Some(facts), scope),
        "admin" => {
            let manages =
                |cluster: &&Entity| matches!(cluster.text("cluster.type"), Some("admin" | "hybrid"));
            let mut admins = facts.clusters().iter().filter(manages);
            admins.next().filter(|_| admins.next().is_none())
        }
        "node" => {
            let node = scope?.entity.text("pod.node")?;
            facts.node(facts.node_name(node))
        }
        "bundle" => facts.entities("bundle")?.first(),
        _ => None,
    }
}

fn cluster_name<'f>(scope: Option<&Scope<'f, '_>>) -> Option<&'f str> {
    let mut at = scope;
    while let Some(scope) = at {
        if let Some(cluster) = &scope.entity.cluster {
            return Some(cluster);
        }
        at = scope.outer;
    }
    None
}

/// The cluster of the subject, or the only one of the bundle.
pub(crate) fn cluster_of<'f>(
    facts: Option<&'f Resolved>,
    scope: Option<&Scope<'f, '_>>,
) -> Option<&'f Entity> {
    let facts = facts?;
    if let Some(name) = cluster_name(scope)
        && let Some(cluster) = facts.cluster(name)
    {
        return Some(cluster);
    }
    match facts.clusters() {
        [only] => Some(only),
        _ => None,
    }
}

/// The subjects of a kind, of the same cluster as far as that is known; `None` when the bundle tells of none.
pub(super) fn entities<'f>(
    facts: &'f Resolved,
    scope: Option<&Scope<'f, '_>>,
    kind: &str,
) -> Option<Vec<&'f Entity>> {
    let all = facts.entities(kind)?;
    let within = cluster_name(scope).filter(|_| kind != "cluster");
    let same = |entity: &&Entity| match (within, &entity.cluster) {
        (Some(within), Some(cluster)) => within == cluster,
        _ => true,
    };
    Some(all.iter().filter(same).collect())
}

/// Values that more than one subject has.
pub(super) fn duplicates(env: &dyn Env, scope: Option<&Scope<'_, '_>>, name: &FactName) -> Value {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let Some(entities) = env.facts().and_then(|facts| entities(facts, scope, &name.subject)) else {
        return Value::Unknown;
    };
    for entity in entities {
        match value_in(entity, name) {
            Value::Text(text) if !text.is_empty() => *seen.entry(text).or_default() += 1,
            Value::List(list) => list.into_iter().for_each(|text| *seen.entry(text).or_default() += 1),
            _ => {}
        }
    }
    Value::List(seen.into_iter().filter(|(_, count)| *count > 1).map(|(text, _)| text).collect())
}

/// Values of `key` for which subjects differ in `name`, over all clusters.
pub(super) fn conflicts(
    env: &dyn Env,
    _scope: Option<&Scope<'_, '_>>,
    key: &FactName,
    name: &FactName,
) -> Value {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(entities) = env.facts().and_then(|facts| entities(facts, None, &key.subject)) else {
        return Value::Unknown;
    };
    for entity in entities {
        if let (Value::Text(key), Value::Text(value)) = (value_in(entity, key), value_in(entity, name)) {
            seen.entry(key).or_default().insert(value);
        }
    }
    Value::List(seen.into_iter().filter(|(_, values)| values.len() > 1).map(|(key, _)| key).collect())
}
