//! What a bundle says of itself, and why signatures were shown or not, as text and JSON.

use std::io::{self, Write};

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::json::Safe;
use super::{Bundle, Fact, Report};
use crate::lang::Lang;
use crate::text::Escaped;

/// Writes clusters, nodes and every fact with its source as a table for a terminal.
///
/// # Errors
///
/// Those of `out`.
pub fn write_facts(bundle: &Bundle, mut out: impl Write) -> io::Result<()> {
    let none = || "-".to_owned();
    let text = |text: &Option<String>| text.clone().unwrap_or_else(none);
    let clusters = bundle.clusters.iter().map(|cluster| {
        let desired = cluster.desired_version.clone().or(cluster.version.clone());
        let source = cluster.source.as_ref().map(|source| format!("{}:{}", source.path, source.line));
        let name = Some(cluster.name.clone()).filter(|name| !name.is_empty());
        vec![
            text(&name),
            text(&cluster.kind),
            text(&cluster.version),
            text(&desired),
            text(&cluster.kubernetes_version),
            text(&source),
        ]
    });
    table(&["CLUSTER", "TYPE", "VERSION", "DESIRED", "KUBERNETES", "SOURCE"], clusters, &mut out)?;
    writeln!(out)?;
    let nodes = bundle.nodes.iter().map(|node| {
        vec![
            node.name.clone(),
            text(&node.ip),
            text(&node.cluster),
            node.roles.join(","),
            text(&node.status),
            text(&node.os),
            text(&node.kernel),
            text(&node.runtime),
            if node.captured { "yes" } else { "no" }.to_owned(),
        ]
    });
    let header = ["NODE", "IP", "CLUSTER", "ROLES", "STATUS", "OS", "KERNEL", "RUNTIME", "CAPTURED"];
    table(&header, nodes, &mut out)?;
    writeln!(out)?;
    let facts = bundle.facts.iter().map(|fact| {
        let source = fact.sources.first().map(|source| format!("{}:{}", source.path, source.line));
        vec![text(&fact.name), fact.fact.clone(), value(fact), text(&source)]
    });
    table(&["OF", "FACT", "VALUE", "SOURCE"], facts, &mut out)
}

/// Writes the same as one JSON document.
///
/// # Errors
///
/// Those of `out`.
pub fn write_facts_json(bundle: &Bundle, mut out: impl Write) -> io::Result<()> {
    bundle.serialize(&mut Serializer::with_formatter(&mut out, Safe(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// Writes for each signature why it is shown, not shown or cannot be told, in the language of the report.
///
/// # Errors
///
/// Those of `out`.
pub fn write_explanations(report: &Report, mut out: impl Write) -> io::Result<()> {
    if report.explanations.is_empty() {
        return Ok(());
    }
    let lang = Lang::of(&report.language);
    writeln!(out, "\n{}\n", lang.text("why"))?;
    for explanation in &report.explanations {
        let outcome = lang.word("outcome", &explanation.outcome);
        let verdict = lang.word("verdict", &explanation.verdict);
        writeln!(out, "{}: {outcome} · {}: {verdict}", explanation.id, lang.text("verdict"))?;
        writeln!(out, "  {}", Escaped(explanation.reason.as_bytes()))?;
        for rule in &explanation.rules {
            let holds = match rule.holds {
                Some(true) => "why_rule_holds",
                Some(false) => "why_rule_fails",
                None => "why_rule_unknown",
            };
            let when = rule.when.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(out, "  - {}: {when}", lang.text(holds))?;
            if !rule.subjects.is_empty() {
                writeln!(out, "    {}", Escaped(rule.subjects.join(", ").as_bytes()))?;
            }
            if !rule.missing.is_empty() {
                writeln!(out, "    {}", lang.fill("lacks", &[("facts", &rule.missing.join(", "))]))?;
            }
        }
    }
    Ok(())
}

/// The value for a person, cut where it is long.
fn value(fact: &Fact) -> String {
    const MOST: usize = 60;
    let text = match &fact.value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            list.iter().map(|one| one.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    match text.chars().count() > MOST {
        true => text.chars().take(MOST - 1).chain(['…']).collect(),
        false => text,
    }
}

/// Rows below a header, each column as wide as its widest cell but the last.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, out: &mut impl Write) -> io::Result<()> {
    let safe = |row: Vec<String>| -> Vec<String> {
        row.into_iter().map(|cell| Escaped(cell.as_bytes()).to_string()).collect()
    };
    let mut all = vec![header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    all.extend(rows.map(safe));
    let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    for row in &all {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
