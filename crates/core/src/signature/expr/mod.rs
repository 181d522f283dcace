//! Conditions of rules: `count(a) >= 5 and node.rp_filter in [1, 2]`.
//!
//! An expression is parsed once and evaluated for each scope key or subject against an [`Env`]. Values are
//! three-valued: what the bundle does not tell is `Unknown`, and `and`, `or`, `not` treat it as Kleene's logic does.

mod compare;
mod lookup;
mod parse;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use self::lookup::{Scope, cluster_of};
pub(crate) use self::parse::parse;
use crate::bundle::facts::{Entity, Fact, FactId, Resolved};
use crate::lazy::LazyRegex;

/// A parsed condition.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Literal(Value),
    Not(Box<Expr>),
    /// True unless known to be false.
    Maybe(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Times(Box<Expr>, Box<Expr>),
    In(Box<Expr>, Vec<Expr>),
    Contains(Box<Expr>, Box<Expr>),
    Subset(Box<Expr>, Box<Expr>),
    Matches(Box<Expr>, Arc<LazyRegex>),
    InCidr(Box<Expr>, Vec<String>),
    Size(Box<Expr>),
    /// Whether the bundle tells it.
    Known(Box<Expr>),
    Text(TextFunction),
    Fact(FactName),
    /// Whether the cluster's release is one of the affected ones.
    Affected,
    /// Over all subjects of a kind.
    Each(Quantifier, String, Box<Expr>),
    /// Values of a fact that several subjects share.
    Duplicates(FactName),
    /// Values of the first fact for which subjects differ in the second.
    Conflicts(FactName, FactName),
}

/// The name of a fact in a condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FactName {
    /// The subject as written: `node`, or `admin` for the cluster that manages the others.
    pub(crate) subject: String,
    /// The name in the definitions: `cluster.version` for `admin.version`.
    pub(crate) full: String,
    /// The fact of that name, looked up once; `None` for `pod.name` and its like.
    pub(crate) id: Option<FactId>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quantifier {
    Any,
    All,
    Count,
    Sum,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is asked about the hits of patterns; patterns are indices into the signature.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum TextFunction {
    /// Hits of a pattern.
    Count(usize),
    /// Hits of the first with the second at most so many lines away; `ordered`: after it.
    Near { of: usize, to: usize, lines: u32, ordered: bool },
    /// Seconds between first and last hit.
    Span(usize),
    /// Whether hits occur at the end of the log.
    Ongoing(usize),
}

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
    List(Vec<String>),
    Unknown,
}

impl Value {
    /// A number other than zero, a text or list that is not empty.
    pub(crate) fn truth(&self) -> Option<bool> {
        match self {
            Value::Number(number) => Some(*number != 0.0),
            Value::Text(text) => Some(!text.is_empty()),
            Value::List(list) => Some(!list.is_empty()),
            Value::Unknown => None,
        }
    }

    fn from_truth(truth: Option<bool>) -> Value {
        truth.map_or(Value::Unknown, |truth| Value::Number(f64::from(u8::from(truth))))
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// What an expression is evaluated against.
pub(crate) trait Env {
    fn text(&self, function: TextFunction) -> Value;

    /// The facts of the bundle.
    fn facts(&self) -> Option<&Resolved> {
        None
    }

    /// Whether the release of this cluster, or of any where none is named, is affected.
    fn affected(&self, _cluster: Option<&Entity>) -> Option<bool> {
        None
    }

    /// The facts that would tell that.
    fn affected_lacks(&self, _cluster: Option<&Entity>, into: &mut BTreeSet<String>) {
        into.insert("cluster.version".to_owned());
    }
}

impl Expr {
    pub(crate) fn evaluate(&self, env: &dyn Env, scope: Option<&Scope<'_, '_>>) -> Value {
        let value = |expr: &Expr| expr.evaluate(env, scope);
        let truth = |expr: &Expr| value(expr).truth();
        match self {
            Expr::Literal(literal) => literal.clone(),
            Expr::Text(function) => env.text(*function),
            Expr::Not(inner) => Value::from_truth(truth(inner).map(|truth| !truth)),
            Expr::Maybe(inner) => Value::from_truth(Some(truth(inner) != Some(false))),
            Expr::And(a, b) => Value::from_truth(and(truth(a), || truth(b))),
            Expr::Or(a, b) => Value::from_truth(or(truth(a), || truth(b))),
            Expr::Compare(comparison, a, b) => {
                Value::from_truth(compare::compare(*comparison, &value(a), &value(b)))
            }
            Expr::Times(a, b) => match (value(a), value(b)) {
                (Value::Number(a), Value::Number(b)) => Value::Number(a * b),
                _ => Value::Unknown,
            },
            Expr::In(a, list) => {
                let a = value(a);
                let equal = |other: &Expr| compare::compare(Comparison::Equal, &a, &value(other));
                Value::from_truth(any(list.iter().map(equal)))
            }
            Expr::Contains(a, b) => Value::from_truth(compare::contains(&value(a), &value(b))),
            Expr::Subset(a, b) => Value::from_truth(compare::contains(&value(b), &value(a))),
            Expr::Matches(a, regex) => Value::from_truth(compare::matches(&value(a), regex)),
            Expr::InCidr(a, cidrs) => Value::from_truth(compare::in_cidr(&value(a), cidrs)),
            Expr::Size(inner) => match value(inner) {
                Value::List(list) => Value::Number(list.len() as f64),
                Value::Text(text) => Value::Number(text.len() as f64),
                _ => Value::Unknown,
            },
            Expr::Known(inner) => Value::from_truth(Some(value(inner) != Value::Unknown)),
            Expr::Fact(name) => lookup::value(env, scope, name),
            Expr::Affected => Value::from_truth(env.affected(cluster_of(env.facts(), scope))),
            Expr::Each(quantifier, kind, inner) => each(*quantifier, kind, inner, env, scope),
            Expr::Duplicates(name) => lookup::duplicates(env, scope, name),
            Expr::Conflicts(key, name) => lookup::conflicts(env, scope, key, name),
        }
    }

    /// What the expression asks about text, but for what stands under `not`.
    pub(crate) fn positive_text_functions(&self, into: &mut BTreeSet<TextFunction>) {
        if let Expr::Text(function) = self {
            into.insert(*function);
        }
        if !matches!(self, Expr::Not(_)) {
            self.parts().into_iter().for_each(|part| part.positive_text_functions(into));
        }
    }

    /// All that the expression asks about text.
    pub(crate) fn text_functions(&self, into: &mut BTreeSet<TextFunction>) {
        if let Expr::Text(function) = self {
            into.insert(*function);
        }
        self.parts().into_iter().for_each(|part| part.text_functions(into));
    }

    /// Whether it asks about anything but text.
    pub(crate) fn asks_facts(&self) -> bool {
        matches!(
            self,
            Expr::Fact(_) | Expr::Affected | Expr::Each(..) | Expr::Duplicates(_) | Expr::Conflicts(..)
        ) || self.parts().into_iter().any(Expr::asks_facts)
    }

    /// The facts that keep the expression from being true or false.
    pub(crate) fn missing(&self, env: &dyn Env, scope: Option<&Scope<'_, '_>>, into: &mut BTreeSet<String>) {
        if self.evaluate(env, scope) != Value::Unknown {
            return;
        }
        match self {
            Expr::Fact(name) | Expr::Duplicates(name) | Expr::Conflicts(name, _) => {
                into.insert(name.full.clone());
            }
            Expr::Affected => env.affected_lacks(cluster_of(env.facts(), scope), into),
            Expr::Text(_) => {
                into.insert("times of the log lines".to_owned());
            }
            Expr::Each(_, kind, inner) => {
                match env.facts().and_then(|facts| lookup::entities(facts, scope, kind)) {
                    Some(entities) => {
                        for entity in entities {
                            inner.missing(env, Some(&Scope { entity, outer: scope }), into);
                        }
                    }
                    None => inner.facts_of(kind, into),
                }
            }
            _ => self.parts().into_iter().for_each(|part| part.missing(env, scope, into)),
        }
    }

    /// The facts of a kind of subject that the expression asks for.
    fn facts_of(&self, kind: &str, into: &mut BTreeSet<String>) {
        if let Expr::Fact(name) = self
            && name.subject == kind
            && !lookup::is_name(&name.full)
        {
            into.insert(name.full.clone());
        }
        self.parts().into_iter().for_each(|part| part.facts_of(kind, into));
    }

    /// The facts that decide an expression that is true, in the order in which they are written.
    pub(crate) fn deciding<'f>(
        &self,
        env: &dyn Env,
        facts: &'f Resolved,
        scope: Option<&Scope<'f, '_>>,
        into: &mut Vec<(String, &'f Fact)>,
    ) {
        let holds = |part: &Expr| part.evaluate(env, scope).truth() == Some(true);
        match self {
            Expr::Fact(name) => {
                if let Some(fact) = lookup::fact(facts, scope, name) {
                    into.push((name.full.clone(), fact));
                }
            }
            Expr::Or(a, b) => {
                [a, b]
                    .into_iter()
                    .filter(|part| holds(part))
                    .for_each(|part| part.deciding(env, facts, scope, into));
            }
            Expr::Maybe(inner) if holds(inner) => inner.deciding(env, facts, scope, into),
            Expr::Maybe(_) => {}
            Expr::Each(quantifier, kind, inner) => {
                let every = matches!(quantifier, Quantifier::Sum);
                for entity in lookup::entities(facts, scope, kind).into_iter().flatten() {
                    let inner_scope = Scope { entity, outer: scope };
                    if every || inner.evaluate(env, Some(&inner_scope)).truth() == Some(true) {
                        inner.deciding(env, facts, Some(&inner_scope), into);
                    }
                    if into.len() > DECIDING {
                        return;
                    }
                }
            }
            _ => self.parts().into_iter().for_each(|part| part.deciding(env, facts, scope, into)),
        }
    }

    /// The expressions it is made of.
    fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Not(a)
            | Expr::Maybe(a)
            | Expr::Matches(a, _)
            | Expr::InCidr(a, _)
            | Expr::Size(a)
            | Expr::Known(a)
            | Expr::Each(_, _, a) => vec![a],
            Expr::And(a, b)
            | Expr::Or(a, b)
            | Expr::Compare(_, a, b)
            | Expr::Times(a, b)
            | Expr::Contains(a, b)
            | Expr::Subset(a, b) => vec![a, b],
            Expr::In(a, list) => std::iter::once(&**a).chain(list).collect(),
            Expr::Literal(_)
            | Expr::Text(_)
            | Expr::Fact(_)
            | Expr::Affected
            | Expr::Duplicates(_)
            | Expr::Conflicts(..) => Vec::new(),
        }
    }
}

/// Facts of one rule and subject looked at as evidence.
const DECIDING: usize = 64;

/// The value of a fact.
pub(crate) fn fact_value(env: &dyn Env, scope: Option<&Scope<'_, '_>>, name: &FactName) -> Value {
    lookup::value(env, scope, name)
}

/// The values of a fact for the subjects for which a condition holds.
pub(crate) fn values_of(
    env: &dyn Env,
    scope: Option<&Scope<'_, '_>>,
    name: &FactName,
    of: &Expr,
) -> Vec<Value> {
    let entities = env.facts().and_then(|facts| lookup::entities(facts, scope, &name.subject));
    let holds =
        |entity: &&Entity| of.evaluate(env, Some(&Scope { entity, outer: scope })).truth() == Some(true);
    let found = entities.into_iter().flatten().filter(holds);
    found.map(|entity| lookup::value(env, Some(&Scope { entity, outer: scope }), name)).collect()
}

fn each(
    quantifier: Quantifier,
    kind: &str,
    inner: &Expr,
    env: &dyn Env,
    scope: Option<&Scope<'_, '_>>,
) -> Value {
    let entities = env.facts().and_then(|facts| lookup::entities(facts, scope, kind));
    let Some(entities) = entities else { return Value::Unknown };
    let values =
        entities.into_iter().map(|entity| inner.evaluate(env, Some(&Scope { entity, outer: scope })));
    match quantifier {
        Quantifier::Any => Value::from_truth(any(values.map(|value| value.truth()))),
        Quantifier::All => {
            let none = any(values.map(|value| value.truth().map(|truth| !truth)));
            Value::from_truth(none.map(|none| !none))
        }
        Quantifier::Count => Value::Number(values.filter(|value| value.truth() == Some(true)).count() as f64),
        Quantifier::Sum => {
            Value::Number(values.filter_map(|value| value.number()).fold(0.0, |sum, number| sum + number))
        }
    }
}

/// Whether any is true; unknown where none is and one may be.
fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut found = Some(false);
    for truth in truths {
        match truth {
            Some(true) => return Some(true),
            Some(false) => {}
            None => found = None,
        }
    }
    found
}

fn and(a: Option<bool>, b: impl FnOnce() -> Option<bool>) -> Option<bool> {
    if a == Some(false) {
        return a;
    }
    match (a, b()) {
        (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: impl FnOnce() -> Option<bool>) -> Option<bool> {
    and(a.map(|a| !a), || b().map(|b| !b)).map(|neither| !neither)
}

#[cfg(test)]
mod tests {
    use super::parse::parse;
    use super::{Env, TextFunction, Value};

    struct Counts(&'static [f64]);

    impl Env for Counts {
        fn text(&self, function: TextFunction) -> Value {
            match function {
                TextFunction::Count(pattern) => Value::Number(self.0[pattern]),
                TextFunction::Near { of, lines, .. } => Value::Number(self.0[of].min(f64::from(lines))),
                _ => Value::Unknown,
            }
        }
    }

    #[test]
    fn expressions_evaluate() {
        let env = Counts(&[3.0, 0.0]);
        let table = [
            ("a", Some(true)),
            ("b", Some(false)),
            ("a and b", Some(false)),
            ("a or b", Some(true)),
            ("not b and count(a) >= 3", Some(true)),
            ("count(a) > 3", Some(false)),
            ("(a or b) and not (b)", Some(true)),
            ("near(a, b, 15)", Some(true)),
            ("followed(b, a, 15)", Some(false)),
            ("ongoing(a)", None),
            ("a and maybe(ongoing(a))", Some(true)),
            ("maybe(b)", Some(false)),
            ("b and ongoing(a)", Some(false)),
            ("a or ongoing(a)", Some(true)),
            ("span(a) >= 120", None),
        ];
        for (text, expected) in table {
            let expr = parse(text, &["a", "b"]).expect(text);
            assert_eq!(expr.evaluate(&env, None).truth(), expected, "{text}");
        }
    }

    #[test]
    fn values_compare_by_what_they_are() {
        let table = [
            (r#""CrashLoopBackOff" == "crashloopbackoff""#, Some(true)),
            (r#""1.13.2" < 1.13.4"#, Some(true)),
            (r#""1.13" < 1.13.4"#, None),
            (r#""1.13" < 1.14.0"#, Some(true)),
            (r#""1.13.2" == 1.13"#, Some(true)),
            (r#""1.28.300-gke.131" >= 1.28.300"#, Some(true)),
            (r#""5.15.0-58-generic" >= 5.15"#, Some(true)),
            (r#""5.4.0-137-generic" >= 5.15"#, Some(false)),
            (r#""2.4.3-1ubuntu3" < 2.5.0"#, Some(true)),
            (r#""2.5.1-1.el8.x86_64" < 2.5.0"#, Some(false)),
            (r#"2 in [1, 2]"#, Some(true)),
            (r#""a" in ["b", "c"]"#, Some(false)),
            (r#""192.168.122.7" in_cidr ["192.168.122.0/24"]"#, Some(true)),
            (r#""192.168.123.7" in_cidr ["192.168.122.0/24"]"#, Some(false)),
            (r#""anetd-1" matches "^anetd-""#, Some(true)),
            (r#""Ubuntu 22.04" contains "ubuntu""#, Some(true)),
            (r#"node.rp_filter in [1, 2]"#, None),
            (r#"a and node.rp_filter == 1"#, None),
            (r#"b and node.rp_filter == 1"#, Some(false)),
            (r#"known(node.rp_filter)"#, Some(false)),
            (r#"any(pod, pod.status == "Error")"#, None),
            (r#"affected()"#, None),
            (r#"3 * 4 == 12"#, Some(true)),
        ];
        let env = Counts(&[3.0, 0.0]);
        for (text, expected) in table {
            let expr = parse(text, &["a", "b"]).expect(text);
            assert_eq!(expr.evaluate(&env, None).truth(), expected, "{text}");
        }
        for bad in [
            "node.nothing == 1",
            "any(thing, 1)",
            "a matches \"(\"",
            "\"a",
            "1 in [1",
            "x in_cidr [\"1.2.3.4/99\"]",
        ] {
            assert!(parse(bad, &["a", "x"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn mistakes_say_where() {
        for (text, at) in
            [("a and", 5), ("c", 0), ("a b", 2), ("count(a", 7), ("near(a, 3, 4)", 8), ("(a", 2)]
        {
            assert_eq!(parse(text, &["a", "b"]).expect_err(text).at, at, "{text}");
        }
        assert!(parse(&"(".repeat(500), &[]).is_err());
    }
}
