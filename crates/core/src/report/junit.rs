//! The report as JUnit XML, for systems that show test results.
//!
//! Start from [`write_junit`]. Each signature evaluated is a test: it fails with a finding, is skipped when the
//! bundle cannot tell, and passes otherwise.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::words::Words;
use super::{CannotTell, Finding, Report, SuppressedFinding};
use crate::text::Escaped;

/// Writes one suite with a case for each id of [`Coverage::evaluated_ids`](super::Coverage::evaluated_ids), and for
/// findings and undecided issues beyond those, by id.
///
/// Problems met while reading stand in `system-err`.
///
/// # Errors
///
/// Those of `out`.
pub fn write_junit(report: &Report, mut out: impl Write) -> io::Result<()> {
    let words = Words::new(report);
    let mut cases: BTreeMap<&str, Case<'_>> = BTreeMap::new();
    cases.extend(report.coverage.evaluated_ids.iter().map(|id| (id.as_str(), Case::Passed)));
    cases.extend(report.coverage.cannot_tell.iter().map(|it| (it.id.as_str(), Case::Skipped(it))));
    cases.extend(report.findings.iter().flat_map(|finding| {
        finding.also_matched.iter().map(move |also| (also.id.as_str(), Case::Also(finding)))
    }));
    cases.extend(report.findings.iter().map(|finding| (finding.id.as_str(), Case::Failed(finding))));
    cases.extend(report.suppressed.findings.iter().map(|it| (it.id.as_str(), Case::Suppressed(it))));
    let count = |kind: fn(&Case<'_>) -> bool| cases.values().filter(|case| kind(case)).count();
    let failures = count(|case| matches!(case, Case::Failed(_)));
    let skipped = count(|case| matches!(case, Case::Skipped(_) | Case::Suppressed(_) | Case::Also(_)));
    let name = report.inputs.iter().map(|input| input.path.as_str()).collect::<Vec<_>>().join(" ");
    let tests = cases.len();

    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let totals = format!(r#"tests="{tests}" failures="{failures}" errors="0" skipped="{skipped}""#);
    writeln!(out, r#"<testsuites name="{}" {totals}>"#, xml(&report.tool.name))?;
    writeln!(out, r#"  <testsuite name="{}" {totals}>"#, xml(&name))?;
    for (id, case) in &cases {
        write_case(&mut out, words, id, case)?;
    }
    if !report.problems.is_empty() {
        let line = |problem: &super::Problem| xml(&format!("{}: {}", problem.path, words.problem(problem)));
        let lines: Vec<String> = report.problems.iter().map(line).collect();
        writeln!(out, "    <system-err>{}</system-err>", lines.join("\n"))?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

enum Case<'a> {
    Passed,
    Skipped(&'a CannotTell),
    Failed(&'a Finding),
    /// Explained by that finding.
    Also(&'a Finding),
    Suppressed(&'a SuppressedFinding),
}

fn write_case(out: &mut impl Write, words: Words<'_>, id: &str, case: &Case<'_>) -> io::Result<()> {
    let class = match case {
        Case::Failed(finding) => format!("{}.{}", words.report.tool.name, finding.category),
        _ => words.report.tool.name.clone(),
    };
    write!(out, r#"    <testcase classname="{}" name="{}""#, xml(&class), xml(id))?;
    match case {
        Case::Passed => writeln!(out, "/>"),
        Case::Skipped(it) => {
            let facts: Vec<&str> = it.missing.iter().map(|missing| missing.fact.as_str()).collect();
            let message = words.lang.fill("lacks", &[("facts", &facts.join(", "))]);
            writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", xml(&message))
        }
        Case::Also(finding) => {
            let message = xml(&words.lang.fill("also_matched_by", &[("id", &finding.id)]));
            writeln!(out, ">\n      <skipped message=\"{message}\"/>\n    </testcase>")
        }
        Case::Suppressed(it) => {
            let by = words.lang.word("suppressed_by", &it.by);
            let reason = it.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let message = xml(&format!("{by}{reason}"));
            writeln!(out, ">\n      <skipped message=\"{message}\"/>\n    </testcase>")
        }
        Case::Failed(finding) => {
            let message = format!("{} ({}, {})", finding.title, finding.severity, finding.confidence);
            writeln!(
                out,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                xml(&finding.severity),
                xml(&message),
                details(words, finding)
            )
        }
    }
}

/// What a finding says, as lines of escaped text.
fn details(words: Words<'_>, finding: &Finding) -> String {
    let mut lines: Vec<String> = words
        .verdicts(finding.into())
        .iter()
        .map(|(verdict, reason)| format!("{verdict}: {reason}"))
        .collect();
    lines.extend(words.places(finding, usize::MAX - 1));
    lines.push(words.when(finding));
    for evidence in &finding.evidence {
        lines.push(format!("{}:{}", evidence.path, evidence.line));
        lines.extend(evidence.text.lines().map(|line| format!("  {line}")));
    }
    lines.extend(finding.workaround.lines().map(str::to_owned));
    lines.iter().map(|line| xml(line)).collect::<Vec<_>>().join("\n")
}

/// Text for an element or an attribute: what XML forbids is escaped as everywhere, markup as entities.
fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in Escaped(text.as_bytes()).to_string().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::write_junit;
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};

    fn junit(report: &Report) -> String {
        let mut out = Vec::new();
        write_junit(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_signature_is_a_test() {
        check_golden("report.en.xml", &junit(&sample("en")));
    }

    #[test]
    fn log_text_is_no_markup() {
        let out = junit(&hostile());
        assert!(!out.contains("<script"));
        assert!(!out.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)));
    }
}
