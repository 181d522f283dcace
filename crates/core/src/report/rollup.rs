//! Reports of several inputs side by side: which issue was found in which.
//!
//! Start from [`Rollup::of`]; [`write_rollup`] writes it as text, [`write_rollup_json`] and [`write_rollup_jsonl`] with
//! the reports, [`write_rollup_markdown`] and [`write_rollup_csv`] as tables. [`ROLLUP_SCHEMA`] describes the document.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::csv::push_fields;
use super::markdown::prose;
use super::{Report, SCHEMA_VERSION, write_jsonl, write_line, write_markdown};
use crate::lang::{Grouped, Lang};
use crate::signature::Severity;
use crate::text::Escaped;

/// The JSON Schema (2020-12) of what [`write_rollup_json`] writes.
pub const ROLLUP_SCHEMA: &str = include_str!("../../../../schema/rollup.schema.json");

/// A table of issues and inputs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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

/// A report of each input, and the table.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct RollupDocument<'a> {
    /// See [`Report::schema_version`].
    schema_version: &'a str,
    /// One for each input, in the order given.
    reports: &'a [Report],
    /// Which issue was found in which input.
    rollup: Rollup,
}

/// Writes the reports and the table as one JSON document.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup_json(reports: &[Report], out: impl Write) -> io::Result<()> {
    let document = RollupDocument { schema_version: SCHEMA_VERSION, reports, rollup: Rollup::of(reports) };
    super::write_document(&document, out)
}

/// Writes the lines of each report as [`write_jsonl`] does, each ended by its `summary`, and last a line of the type
/// `rollup`.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup_jsonl(reports: &[Report], mut out: impl Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line {
        r#type: &'static str,
        #[serde(flatten)]
        rollup: Rollup,
    }
    for report in reports {
        write_jsonl(report, &mut out)?;
    }
    write_line(&Line { r#type: "rollup", rollup: Rollup::of(reports) }, out)
}

/// Writes the table as CSV: one row for each input that an issue was found in, and one with empty places for an input
/// without issues. Fields are quoted and guarded as [`super::write_csv`] does.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup_csv(rollup: &Rollup, mut out: impl Write) -> io::Result<()> {
    const COLUMNS: [&str; 11] = [
        "input",
        "complete",
        "suppressed",
        "id",
        "title",
        "severity",
        "confidence",
        "verdict",
        "count",
        "fingerprint",
        "nodes",
    ];
    let mut text = COLUMNS.join(",") + "\r\n";
    for (column, input) in rollup.inputs.iter().enumerate() {
        let of_input = [input.path.as_str(), &input.complete.to_string(), &input.suppressed.to_string()]
            .map(str::to_owned);
        let found = rollup.issues.iter().filter_map(|issue| Some((issue, issue.cells[column].as_ref()?)));
        let mut rows: Vec<[String; 8]> = found
            .map(|(issue, cell)| {
                let nodes = cell.nodes.join("; ");
                let fields = [&issue.id, &issue.title, &issue.severity, &cell.confidence, &cell.verdict];
                let [id, title, severity, confidence, verdict] = fields.map(String::clone);
                [
                    id,
                    title,
                    severity,
                    confidence,
                    verdict,
                    cell.count.to_string(),
                    cell.fingerprint.clone(),
                    nodes,
                ]
            })
            .collect();
        if rows.is_empty() {
            rows.push(Default::default());
        }
        for row in rows {
            let fields: Vec<&str> = of_input.iter().chain(&row).map(String::as_str).collect();
            push_fields(&mut text, &fields);
        }
    }
    if !text.is_ascii() {
        out.write_all("\u{feff}".as_bytes())?;
    }
    out.write_all(text.as_bytes())
}

/// Writes the table as Markdown, then each report as [`write_markdown`] does.
///
/// # Errors
///
/// Those of `out`.
pub fn write_rollup_markdown(reports: &[Report], mut out: impl Write) -> io::Result<()> {
    let rollup = Rollup::of(reports);
    let lang = Lang::of(&rollup.language);
    writeln!(out, "## {}\n", lang.text("rollup"))?;
    for (i, input) in rollup.inputs.iter().enumerate() {
        writeln!(out, "{}. {}{}", i + 1, prose(&input.path), notes(lang, input))?;
    }
    let numbers: Vec<String> = (1..=rollup.inputs.len()).map(|n| format!("{n}")).collect();
    writeln!(
        out,
        "\n| {} | {} | {} |",
        lang.text("severity"),
        lang.text("rollup_issue"),
        numbers.join(" | ")
    )?;
    writeln!(out, "| --- | --- |{}", " ---: |".repeat(numbers.len()))?;
    for issue in &rollup.issues {
        let cells: Vec<String> = issue.cells.iter().map(count).collect();
        let severity = prose(lang.word("severity", &issue.severity));
        writeln!(out, "| {severity} | {} | {} |", prose(&issue.title), cells.join(" | "))?;
    }
    for report in reports {
        writeln!(out, "\n---\n")?;
        write_markdown(report, &mut out)?;
    }
    Ok(())
}

/// How often, or a dash.
fn count(cell: &Option<RollupCell>) -> String {
    cell.as_ref().map_or("-".to_owned(), |cell| Grouped(cell.count).to_string())
}

/// What else is to be known of an input, in parentheses.
fn notes(lang: &Lang, input: &RollupInput) -> String {
    let mut notes = Vec::new();
    if !input.complete {
        notes.push(lang.text("partial").to_owned());
    }
    if input.suppressed > 0 {
        notes.push(lang.count("suppressed_ignored", input.suppressed as u64));
    }
    if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) }
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
    let columns: Vec<usize> = (0..rollup.inputs.len())
        .map(|i| {
            let head = format!("#{}", i + 1);
            widest(&head, &mut rollup.issues.iter().map(|issue| count(&issue.cells[i])))
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
        line(&severity(issue), &clean(&issue.id), issue.cells.iter().map(count).collect())?;
    }
    writeln!(out)?;
    for (i, input) in rollup.inputs.iter().enumerate() {
        let notes = notes(lang, input);
        writeln!(out, "#{} {}{notes}", i + 1, clean(&input.path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Rollup, write_rollup, write_rollup_csv, write_rollup_jsonl, write_rollup_markdown};
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

    #[test]
    fn tables_are_tables_whatever_the_texts_are() {
        let reports = [sample("en"), hostile(), sample("ko")];
        let rollup = Rollup::of(&reports);
        let found: usize = rollup.issues.iter().map(|issue| issue.cells.iter().flatten().count()).sum();
        let mut csv = Vec::new();
        write_rollup_csv(&rollup, &mut csv).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert_eq!(csv.matches("\r\n").count(), found + 1, "{csv}");
        let mut markdown = Vec::new();
        write_rollup_markdown(&reports, &mut markdown).unwrap();
        let markdown = String::from_utf8(markdown).unwrap();
        let table = markdown.lines().filter(|line| line.starts_with("| ")).take(rollup.issues.len() + 2);
        assert!(
            table.map(|row| row.replace("\\|", "").matches('|').count()).all(|bars| bars == 6),
            "{markdown}"
        );
        let mut lines = Vec::new();
        write_rollup_jsonl(&reports, &mut lines).unwrap();
        let kinds: Vec<String> = String::from_utf8(lines)
            .unwrap()
            .lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "summary").count(), 3);
        assert_eq!(kinds.last().map(String::as_str), Some("rollup"));
    }
}
