//! The report as CSV: one row for each piece of evidence, for spreadsheets and scripts.
//!
//! Start from [`write_csv`]. Rows end in CR LF and fields are quoted as RFC 4180 has it. A field that a spreadsheet
//! could take for a formula gets an apostrophe in front.

use std::io::{self, Write};

use super::{Evidence, Finding, Report};
use crate::text::Escaped;

const COLUMNS: [&str; 26] = [
    "id",
    "title",
    "category",
    "severity",
    "confidence",
    "verdict",
    "fix_for_this_cluster",
    "fingerprint",
    "count",
    "first_seen",
    "last_seen",
    "ongoing",
    "path",
    "line",
    "offset",
    "time",
    "time_inferred",
    "cluster",
    "node",
    "namespace",
    "pod",
    "container",
    "captures",
    "text",
    "suppressed",
    "also_matched",
];

/// Writes one row for each piece of evidence, and one with empty places for a finding that has none; at last one for
/// each finding that was left out on purpose, with who left it out in the column `suppressed`.
///
/// Keys keep their JSON names whatever the language, and new columns are only added at the end. A byte order mark
/// stands in front when there is anything but ASCII: spreadsheets need it to show Korean.
///
/// # Errors
///
/// Those of `out`.
pub fn write_csv(report: &Report, mut out: impl Write) -> io::Result<()> {
    let mut text = COLUMNS.join(",");
    text.push_str("\r\n");
    for finding in &report.findings {
        if finding.evidence.is_empty() {
            push_row(&mut text, finding, None);
        }
        for evidence in &finding.evidence {
            push_row(&mut text, finding, Some(evidence));
        }
    }
    for it in &report.suppressed.findings {
        let reason = it.reason.as_deref().map(|reason| format!("{}: {reason}", it.by));
        let mut fields = [""; COLUMNS.len()];
        (fields[0], fields[7]) = (&it.id, &it.fingerprint);
        fields[24] = reason.as_deref().unwrap_or(&it.by);
        push_fields(&mut text, &fields);
    }
    if !text.is_ascii() {
        out.write_all("\u{feff}".as_bytes())?;
    }
    out.write_all(text.as_bytes())
}

fn push_row(out: &mut String, finding: &Finding, evidence: Option<&Evidence>) {
    let of = |field: fn(&Evidence) -> Option<&String>| evidence.and_then(field).map_or("", String::as_str);
    let number = |field: fn(&Evidence) -> u64| {
        evidence.map(|evidence| field(evidence).to_string()).unwrap_or_default()
    };
    let captures = evidence.map(|evidence| {
        let pairs = evidence.captures.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    });
    let fields: [&str; COLUMNS.len()] = [
        &finding.id,
        &finding.title,
        &finding.category,
        &finding.severity,
        &finding.confidence,
        &finding.verdict,
        finding.fix_for_this_cluster.as_deref().unwrap_or_default(),
        &finding.fingerprint,
        &finding.count.to_string(),
        finding.first_seen.as_deref().unwrap_or_default(),
        finding.last_seen.as_deref().unwrap_or_default(),
        &finding.ongoing.map(|ongoing| ongoing.to_string()).unwrap_or_default(),
        of(|evidence| Some(&evidence.path)),
        &number(|evidence| evidence.line),
        &number(|evidence| evidence.offset),
        of(|evidence| evidence.time.as_ref()),
        &evidence.map(|evidence| evidence.time_inferred.to_string()).unwrap_or_default(),
        of(|evidence| evidence.cluster.as_ref()),
        of(|evidence| evidence.node.as_ref()),
        of(|evidence| evidence.namespace.as_ref()),
        of(|evidence| evidence.pod.as_ref()),
        of(|evidence| evidence.container.as_ref()),
        captures.as_deref().unwrap_or_default(),
        of(|evidence| Some(&evidence.text)),
        finding.baseline.as_deref().filter(|baseline| *baseline == "known").map_or("", |_| "baseline: shown"),
        &finding.also_matched.iter().map(|also| also.id.as_str()).collect::<Vec<_>>().join("; "),
    ];
    push_fields(out, &fields);
}

pub(super) fn push_fields(out: &mut String, fields: &[&str]) {
    for (i, value) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_field(out, value);
    }
    out.push_str("\r\n");
}

/// Escapes what is unsafe but keeps line ends, guards formulas, quotes where needed.
fn push_field(out: &mut String, value: &str) {
    let lines: Vec<String> = value.lines().map(|line| Escaped(line.as_bytes()).to_string()).collect();
    let mut value = lines.join("\n");
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '＝' | '＋' | '－' | '＠');
    if value.trim_start_matches([' ', '\u{3000}', '"', '\'']).starts_with(formula) {
        value.insert(0, '\'');
    }
    if value.contains([',', '"', '\n', ';', '\t']) || value.trim() != value {
        out.push('"');
        out.push_str(&value.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, push_field, write_csv};
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};

    fn csv(report: &Report) -> String {
        let mut out = Vec::new();
        write_csv(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_row_for_each_piece_of_evidence() {
        check_golden("report.en.csv", &csv(&sample("en")));
        assert!(csv(&sample("ko")).starts_with("\u{feff}id,title,"));
        assert_eq!(csv(&sample("en")).lines().next().unwrap().split(',').count(), COLUMNS.len());
    }

    #[test]
    fn formulas_are_guarded_and_fields_quoted() {
        for (value, field) in [
            ("=1+1", "'=1+1"),
            ("-----BEGIN", "'-----BEGIN"),
            (" @SUM(A1)", "' @SUM(A1)"),
            ("＝1", "'＝1"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("a\r\nb\r", "\"a\nb\\x0d\""),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            let mut out = String::new();
            push_field(&mut out, value);
            assert_eq!(out, field);
        }
    }

    #[test]
    fn nothing_unsafe_is_left() {
        let out = csv(&hostile());
        let marks = ['\n', '\r', '\u{feff}'];
        assert!(!out.chars().any(|c| !marks.contains(&c) && crate::text::is_unsafe(c)), "{out:?}");
    }
}
