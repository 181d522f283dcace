//! Why an issue was shown, not shown or cannot be told, in sentences of the report's language.

use std::collections::BTreeMap;

use super::missing;
use super::rules::Judged;
use crate::lang::Lang;
use crate::signature::Signature;
use crate::text::Escaped;
use crate::version::Verdict;

/// Subjects that are named before the rest is a number.
const NAMES: usize = 6;

/// The sentences for one issue.
pub(super) fn reason(
    lang: &Lang,
    signature: &Signature,
    rules: &[Judged<'_>],
    patterns: &BTreeMap<String, u64>,
    (outcome, verdict): (&str, Verdict),
) -> String {
    let hits: Vec<String> = patterns
        .iter()
        .map(|(pattern, count)| format!("`{pattern}` {}", lang.count("times", *count)))
        .collect();
    let hits = hits.join(", ");
    let holding = |advisory: bool| {
        let rules = signature.rules.iter().zip(rules);
        rules.filter(move |(rule, judged)| rule.advisory == advisory && judged.holds == Some(true))
    };
    let mut sentences: Vec<String> = Vec::new();
    match outcome {
        "shown" => {
            if !hits.is_empty() {
                sentences.push(lang.fill("why_hits", &[("hits", &hits)]));
            }
            for (rule, judged) in holding(false) {
                let when = one_line(&rule.text);
                sentences.push(match subjects(lang, judged) {
                    Some(subjects) => lang.fill("why_holds_for", &[("subjects", &subjects), ("when", &when)]),
                    None => lang.fill("why_holds", &[("when", &when)]),
                });
            }
        }
        "advisory" => {
            for (rule, _) in holding(true) {
                sentences.push(lang.fill("why_advisory", &[("when", &one_line(&rule.text))]));
            }
        }
        "cannot_tell" => {
            let missing = missing(signature, rules);
            let facts: Vec<&str> = missing.iter().map(|missing| missing.fact.as_str()).collect();
            sentences.push(lang.fill("why_missing", &[("facts", &facts.join(", "))]));
            let mut commands: Vec<&str> = missing.iter().filter_map(|it| it.command.as_deref()).collect();
            commands.sort_unstable();
            commands.dedup();
            if !commands.is_empty() {
                sentences.push(lang.fill("why_ask", &[("commands", &commands.join(" · "))]));
            }
            if matches!(verdict, Verdict::Fixed | Verdict::NotAffected) {
                sentences.push(lang.text("why_unaffected").to_owned());
            }
        }
        _ => sentences.extend(nothing(lang, signature, &hits, holding(false).next().is_some())),
    }
    sentences.join(" ")
}

/// Why nothing is shown.
fn nothing(lang: &Lang, signature: &Signature, hits: &str, holds: bool) -> Vec<String> {
    if holds {
        return vec![lang.text("why_filtered").to_owned()];
    }
    let mut sentences = Vec::new();
    match hits.is_empty() {
        false => sentences.push(lang.fill("why_not_enough", &[("hits", &hits)])),
        true if !signature.patterns.is_empty() => sentences.push(lang.text("why_silent").to_owned()),
        true => {}
    }
    if signature.rules.iter().any(|rule| rule.when.asks_facts()) {
        sentences.push(lang.text("why_no_condition").to_owned());
    }
    sentences
}

/// The subjects a rule holds for, where they have names.
fn subjects(lang: &Lang, judged: &Judged<'_>) -> Option<String> {
    let named = judged.cases.iter().filter_map(|case| case.entity?.known_name());
    let names: Vec<String> = named.map(|name| Escaped(name.as_bytes()).to_string()).collect();
    match names.len() {
        0 => None,
        count if count <= NAMES + 1 => Some(names.join(", ")),
        count => {
            let more = lang.fill("and_more", &[("n", &(count - NAMES))]);
            Some(format!("{} {more}", names[..NAMES].join(", ")))
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
