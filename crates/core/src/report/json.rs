//! The report as JSON: one document, or one object a line.
//!
//! Characters that could steer a terminal or mislead a reader are written as `\uXXXX`, also those that JSON would let
//! stand, so that the document itself can be looked at.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::{Advisory, Cluster, Coverage, Finding, Input, Node, Problem, Report, Suppressed, Tool, Unknown};
use crate::text::is_unsafe;

/// Writes the report as one JSON document, indented, with a line end at its end.
///
/// # Errors
///
/// Those of `out`.
pub fn write_json(report: &Report, out: impl Write) -> io::Result<()> {
    write_document(report, out)
}

/// Writes any value in the form of [`write_json`].
///
/// # Errors
///
/// Those of `out`, and those of the value's `Serialize`.
pub fn write_document(value: &impl Serialize, mut out: impl Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// Writes the report as one JSON object a line; `type` says what a line holds.
///
/// The order is `input`, `cluster`, `node`, `finding`, `advisory`, `problem`, and last one `summary`: a reader that
/// has seen it has seen all.
///
/// # Errors
///
/// Those of `out`.
pub fn write_jsonl(report: &Report, mut out: impl Write) -> io::Result<()> {
    let lines = report.inputs.iter().map(Line::Input);
    let lines = lines.chain(report.bundle.clusters.iter().map(Line::Cluster));
    let lines = lines.chain(report.bundle.nodes.iter().map(Line::Node));
    let lines = lines.chain(report.findings.iter().map(Line::Finding));
    let lines = lines.chain(report.advisories.iter().map(Line::Advisory));
    let lines = lines.chain(report.problems.iter().map(Line::Problem));
    for line in lines.chain([Line::Summary(Summary::of(report))]) {
        write_line(&line, &mut out)?;
    }
    Ok(())
}

/// Writes a value as one line of JSON in the form of [`write_jsonl`], with its line end.
///
/// # Errors
///
/// Those of `out`, and those of the value's `Serialize`.
pub fn write_line(value: &impl Serialize, mut out: impl Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe(CompactFormatter)))?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Input(&'a Input),
    Cluster(&'a Cluster),
    Node(&'a Node),
    Finding(&'a Finding),
    Advisory(&'a Advisory),
    Problem(&'a Problem),
    Summary(Summary<'a>),
}

/// What no other line says.
#[derive(Serialize)]
struct Summary<'a> {
    schema_version: &'a str,
    tool: &'a Tool,
    language: &'a str,
    recognised: bool,
    first_time: Option<&'a str>,
    last_time: Option<&'a str>,
    #[serde(skip_serializing_if = "super::is_false")]
    redacted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    findings: usize,
    advisories: usize,
    problems: usize,
    problems_omitted: u64,
    coverage: &'a Coverage,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'a Unknown>,
    #[serde(skip_serializing_if = "Suppressed::is_empty")]
    suppressed: &'a Suppressed,
}

impl<'a> Summary<'a> {
    fn of(report: &'a Report) -> Self {
        Summary {
            schema_version: &report.schema_version,
            tool: &report.tool,
            language: &report.language,
            recognised: report.bundle.recognised,
            first_time: report.bundle.first_time.as_deref(),
            last_time: report.bundle.last_time.as_deref(),
            redacted: report.redacted,
            since: report.since.as_deref(),
            until: report.until.as_deref(),
            findings: report.findings.len(),
            advisories: report.advisories.len(),
            problems: report.problems.len(),
            problems_omitted: report.problems_omitted,
            coverage: &report.coverage,
            unknown: report.unknown.as_ref(),
            suppressed: &report.suppressed,
        }
    }
}

/// A formatter that leaves no unsafe character as it is. Everything else is the inner formatter's.
pub(super) struct Safe<F>(pub(super) F);

impl<F: Formatter> Formatter for Safe<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut written = 0;
        for (at, c) in fragment.char_indices().filter(|&(_, c)| is_unsafe(c)) {
            out.write_all(&fragment.as_bytes()[written..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            written = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{write_json, write_jsonl};
    use crate::report::Report;
    use crate::report::sample::{HOSTILE, sample};

    fn json(report: &Report) -> String {
        let mut out = Vec::new();
        write_json(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_report_survives_the_round_trip() {
        let first = json(&sample("en"));
        let read: Report = serde_json::from_str(&first).unwrap();
        assert_eq!(json(&read), first);
        assert_eq!(read.findings[0].evidence[0].text, sample("en").findings[0].evidence[0].text);
    }

    #[test]
    fn unsafe_characters_are_written_as_escapes() {
        let mut report = sample("en");
        report.findings[0].title = format!("{HOSTILE}\u{e0041}");
        let text = json(&report);
        assert!(!text.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)));
        assert!(text.contains(r"\u202e") && text.contains(r"\u001b") && text.contains(r"\u007f"), "{text}");
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read.findings[0].title, report.findings[0].title);
    }

    #[test]
    fn lines_say_what_they_are_and_the_summary_is_last() {
        let mut out = Vec::new();
        write_jsonl(&sample("en"), &mut out).unwrap();
        let lines: Vec<serde_json::Value> =
            String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types.first(), Some(&"input"));
        assert_eq!(types.last(), Some(&"summary"));
        assert_eq!(types.iter().filter(|&&kind| kind == "finding").count(), sample("en").findings.len());
        assert_eq!(lines.last().unwrap()["findings"], sample("en").findings.len());
    }
}
