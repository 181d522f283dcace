//! Reports of several inputs side by side: which issue was found in which.
//!
//! Start from [`Rollup::of`]; [`write_rollup`] and [`write_rollup_json`] write it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::{Report, SCHEMA_VERSION};
use crate::lang::{Grouped, Lang};
use crate::signature::Severity;
use crate::text::Escaped;

/// A table of issues and inputs.
#[derive(Clone, Debug, Serialize)]
pub struct Rollup {
    /// Path and completeness of the inputs, in the order given: the columns.
    pub inputs: Vec<RollupInput>,
    /// The rows, most severe first.
    pub issues: Vec<RollupIssue>,
    #[serde(skip)]
    language: String,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct RollupInput {
    /// As the caller named it.
    pub path: String,
    /// Whether all of it was read.
    pub complete: bool,
    /// How many of its findings and advisories were left out on purpose.
    pub suppressed: usize,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub struct RollupIssue {
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// See [`super::Finding::severity`].
    pub severity: String,
    /// By input; `null` where it was not found.
    pub cells: Vec<Option<RollupCell>>,
}

/// An issue in an input.
#[derive(Clone, Debug, Serialize)]
pub struct RollupCell {
    /// See [`super::Finding::count`].
    pub count: u64,
    /// See [`super::Finding::confidence`].
    pub confidence: String,
    /// See [`super::Finding::verdict`].
    pub verdict: String,
    /// See [`super::Finding::fingerprint`].
    pub fingerprint: String,
    /// See [`super::Finding::nodes`].
    pub nodes: Vec<String>,
}

impl Rollup {
    /// The table of some reports.
    pub fn of(reports: &[Report]) -> Rollup {
        let input = |report: &Report| RollupInput {
            path: report.inputs.iter().map(|input| input.path.as_str()).collect::<Vec<_>>().join(" "),
            complete: report.inputs.iter().all(|input| input.complete),
            suppressed: report.suppressed.findings.len(),
        };
        let mut issues: BTreeMap<&str, RollupIssue> = BTreeMap::new();
        for (column, report) in reports.iter().enumerate() {
            for finding in &report.findings {
                let issue = issues.entry(&finding.id).or_insert_with(|| RollupIssue {
                    id: finding.id.clone(),
                    title: finding.title.clone(),
                    severity: finding.severity.clone(),
                    cells: vec![None; reports.len()],
                });
                issue.cells[column] = Some(RollupCell {
                    count: finding.count,
                    confidence: finding.confidence.clone(),
                    verdict: finding.verdict.clone(),
                    fingerprint: finding.fingerprint.clone(),
                    nodes: finding.nodes.clone(),
                });
            }
        }
        let mut issues: Vec<RollupIssue> = issues.into_values().collect();
        let found = |issue: &RollupIssue| issue.cells.iter().flatten().count();
        issues.sort_by_cached_key(|issue| {
            (std::cmp::Reverse((Severity::parse(&issue.severity), found(issue))), issue.id.clone())
        });
        let language = reports.first().map_or("en", |report| &report.language).to_owned();
        Rollup { inputs: reports.iter().map(input).collect(), issues, language }
    }
}

/// Writes the reports and the table as one JSON document.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup_json(reports: &[Report], out: impl Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema_version: &'a str,
        reports: &'a [Report],
        rollup: Rollup,
    }
    let document = Document { schema_version: SCHEMA_VERSION, reports, rollup: Rollup::of(reports) };
    super::write_document(&document, out)
}

/// Writes the table as text: a column for each input by number, then which number is which input.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup(rollup: &Rollup, mut out: impl Write) -> io::Result<()> {
    let lang = Lang::of(&rollup.language);
    let clean = |text: &str| Escaped(text.as_bytes()).to_string();
    writeln!(out, "── {} ──", lang.text("rollup"))?;
    let severity = |issue: &RollupIssue| clean(lang.word("severity", &issue.severity));
    let (severity_head, issue_head) = (lang.text("severity"), lang.text("rollup_issue"));
    let widest = |head: &str, texts: &mut dyn Iterator<Item = String>| {
        texts.map(|text| text.width()).max().unwrap_or(0).max(head.width())
    };
    let first = widest(severity_head, &mut rollup.issues.iter().map(severity));
    let second = widest(issue_head, &mut rollup.issues.iter().map(|issue| clean(&issue.id)));
    let cell = |cell: &Option<RollupCell>| match cell {
        Some(cell) => Grouped(cell.count).to_string(),
        None => "-".to_owned(),
    };
    let columns: Vec<usize> = (0..rollup.inputs.len())
        .map(|i| {
            let head = format!("#{}", i + 1);
            widest(&head, &mut rollup.issues.iter().map(|issue| cell(&issue.cells[i])))
        })
        .collect();
    let pad = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(text.width())));
    let mut line = |a: &str, b: &str, cells: Vec<String>| -> io::Result<()> {
        let mut text = format!("{}  {}", pad(a, first), pad(b, second));
        for (cell, width) in cells.iter().zip(&columns) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(severity_head, issue_head, (1..=rollup.inputs.len()).map(|n| format!("#{n}")).collect())?;
    for issue in &rollup.issues {
        line(&severity(issue), &clean(&issue.id), issue.cells.iter().map(cell).collect())?;
    }
    writeln!(out)?;
    for (i, input) in rollup.inputs.iter().enumerate() {
        let mut notes = Vec::new();
        if !input.complete {
            notes.push(lang.text("partial").to_owned());
        }
        if input.suppressed > 0 {
            notes.push(lang.count("suppressed_ignored", input.suppressed as u64));
        }
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
        writeln!(out, "#{} {}{notes}", i + 1, clean(&input.path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Rollup, write_rollup};
    use crate::report::sample::{hostile, sample};

    #[test]
    fn an_issue_has_a_cell_for_each_input() {
        let mut second = sample("en");
        second.findings.remove(0);
        let reports = [sample("en"), second, hostile()];
        let rollup = Rollup::of(&reports);
        assert_eq!(rollup.issues.len(), reports[0].findings.len());
        let first = rollup.issues.iter().find(|issue| issue.id == reports[0].findings[0].id).unwrap();
        assert_eq!(first.cells.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
        let mut out = Vec::new();
        write_rollup(&rollup, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(
            out.contains("#3") && !out.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)),
            "{out:?}"
        );
    }
}
