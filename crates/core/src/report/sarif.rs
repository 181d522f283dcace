//! The report as SARIF 2.1.0, for code-scanning and triage tools.
//!
//! Start from [`write_sarif`]. A finding is a result of kind `fail`, an advisory of kind `review`, an issue that the
//! bundle cannot decide of kind `open`. A member of an archive is an artifact whose parent is the archive.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

use super::json::Safe;
use super::words::Words;
use super::{Advisory, CannotTell, Evidence, Finding, Problem, Report};
use crate::text::Escaped;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes the report as one SARIF run, in its own language.
///
/// `partialFingerprints` holds the fingerprint of the finding, which does not change with path or time.
///
/// # Errors
///
/// Those of `out`.
pub fn write_sarif(report: &Report, mut out: impl Write) -> io::Result<()> {
    let log = Log { words: Words::new(report), artifacts: Artifacts::default(), rules: Rules::default() };
    log.into_value().serialize(&mut Serializer::with_formatter(&mut out, Safe(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

struct Log<'a> {
    words: Words<'a>,
    artifacts: Artifacts,
    rules: Rules,
}

impl Log<'_> {
    fn into_value(mut self) -> Value {
        let report = self.words.report;
        for input in &report.inputs {
            self.artifacts.index(&input.path);
        }
        let mut results: Vec<Value> = report.findings.iter().map(|finding| self.finding(finding)).collect();
        results.extend(report.advisories.iter().map(|advisory| self.advisory(advisory)));
        results.extend(report.coverage.cannot_tell.iter().map(|it| self.undecided(it)));
        results.extend(report.suppressed.findings.iter().map(|it| self.suppressed(it)));
        let notifications: Vec<Value> = report.problems.iter().map(|problem| self.problem(problem)).collect();
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": report.tool.name,
                    "version": report.tool.version,
                    "rules": self.rules.list,
                    "properties": {
                        "signatures": report.tool.signatures,
                        "signaturesDigest": report.tool.signatures_digest,
                    },
                } },
                "language": self.words.lang.code(),
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    "executionSuccessful": true,
                    "toolExecutionNotifications": notifications,
                }],
                "artifacts": self.artifacts.list,
                "results": results,
                "properties": {
                    "complete": !self.words.partial(),
                    "evaluated": report.coverage.evaluated,
                    "problemsOmitted": report.problems_omitted,
                    "suppressed": report.suppressed.findings.len(),
                },
            }],
        })
    }

    fn finding(&mut self, finding: &Finding) -> Value {
        let rule = self.rules.index(&finding.id, || rule(&Described::from(finding)));
        let mut locations: Vec<Value> =
            finding.evidence.iter().map(|evidence| self.location(evidence)).collect();
        let related = locations.split_off(locations.len().min(1));
        let captures: Map<String, Value> =
            finding.captures.iter().map(|(name, values)| (name.clone(), json!(clean_all(values)))).collect();
        json!({
            "ruleId": finding.id,
            "ruleIndex": rule,
            "kind": "fail",
            "level": level(&finding.severity),
            "message": { "text": self.message(finding) },
            "locations": locations,
            "relatedLocations": related,
            "occurrenceCount": finding.count.max(1),
            "partialFingerprints": { "issueAndNodes/v1": finding.fingerprint },
            "properties": {
                "severity": finding.severity,
                "confidence": finding.confidence,
                "verdict": finding.verdict,
                "fixForThisCluster": finding.fix_for_this_cluster,
                "firstSeen": finding.first_seen,
                "lastSeen": finding.last_seen,
                "ongoing": finding.ongoing,
                "nodes": clean_all(&finding.nodes),
                "pods": clean_all(&finding.pods),
                "captures": captures,
                "workaround": clean_lines(&finding.workaround),
                "related": finding.related,
                "supersedes": finding.supersedes,
                "causedBy": finding.caused_by,
                "alsoMatched": finding.also_matched.iter().map(|also| also.id.as_str()).collect::<Vec<_>>(),
            },
        })
    }

    fn suppressed(&self, it: &super::SuppressedFinding) -> Value {
        let by = self.words.lang.word("suppressed_by", &it.by);
        json!({
            "ruleId": it.id,
            "kind": "fail",
            "level": "none",
            "message": { "text": clean(&format!("{}: {by}", it.id)) },
            "partialFingerprints": { "issueAndNodes/v1": it.fingerprint },
            "suppressions": [{ "kind": "external", "justification": clean(it.reason.as_deref().unwrap_or(by)) }],
        })
    }

    /// What it is, then verdict, place and time: viewers show the first sentence alone.
    fn message(&self, finding: &Finding) -> String {
        let words = self.words;
        let mut parts = vec![finding.title.clone()];
        parts.extend(
            words
                .verdicts(finding.into())
                .into_iter()
                .map(|(verdict, reason)| format!("{verdict}: {reason}")),
        );
        parts.extend(words.places(finding, 6));
        parts.push(words.when(finding));
        parts.extend(words.relations(finding));
        parts.iter().map(|part| format!("{}.", clean(part))).collect::<Vec<_>>().join(" ")
    }

    fn advisory(&mut self, advisory: &Advisory) -> Value {
        let rule = self.rules.index(&advisory.id, || rule(&Described::from(advisory)));
        let verdicts = self.words.verdicts(advisory.into());
        let reason = verdicts.first().map_or("", |(_, reason)| reason);
        json!({
            "ruleId": advisory.id,
            "ruleIndex": rule,
            "kind": "review",
            "level": "none",
            "message": { "text": clean(&format!("{}. {reason}.", advisory.title)) },
            "properties": { "severity": advisory.severity, "verdict": advisory.verdict },
        })
    }

    fn undecided(&mut self, it: &CannotTell) -> Value {
        let rule = self.rules.index(&it.id, || json!({ "id": it.id }));
        let facts: Vec<&str> = it.missing.iter().map(|missing| missing.fact.as_str()).collect();
        let commands: Vec<&str> =
            it.missing.iter().filter_map(|missing| missing.command.as_deref()).collect();
        json!({
            "ruleId": it.id,
            "ruleIndex": rule,
            "kind": "open",
            "level": "none",
            "message": { "text": clean(&self.words.lang.fill("lacks", &[("facts", &facts.join(", "))])) },
            "properties": { "commands": commands },
        })
    }

    fn problem(&mut self, problem: &Problem) -> Value {
        json!({
            "descriptor": { "id": problem.kind },
            "level": "warning",
            "message": { "text": clean(&format!("{}: {}", problem.path, self.words.problem(problem))) },
            "locations": [{ "physicalLocation": { "artifactLocation": self.artifacts.location(&problem.path) } }],
        })
    }

    fn location(&mut self, evidence: &Evidence) -> Value {
        let line = evidence.line.max(1);
        let lines = evidence.text.lines().count().max(1) as u64;
        let before = (evidence.before.len() as u64).min(line - 1);
        let context: Vec<String> = evidence
            .before
            .iter()
            .skip(evidence.before.len() - before as usize)
            .cloned()
            .chain([evidence.text.clone()])
            .chain(evidence.after.iter().cloned())
            .collect();
        let mut location = json!({
            "physicalLocation": {
                "artifactLocation": self.artifacts.location(&evidence.path),
                "region": {
                    "startLine": line,
                    "endLine": line + lines - 1,
                    "snippet": { "text": clean_lines(&evidence.text) },
                },
                "contextRegion": {
                    "startLine": line - before,
                    "endLine": line + lines - 1 + evidence.after.len() as u64,
                    "snippet": { "text": clean_lines(&context.join("\n")) },
                },
            },
            "properties": {
                "path": clean(&evidence.path),
                "offset": evidence.offset,
                "time": evidence.time,
                "timeInferred": evidence.time_inferred,
            },
        });
        if let Some(place) = logical(evidence) {
            location["logicalLocations"] = json!([place]);
        }
        location
    }
}

/// Cluster, node, namespace, pod and container as one name.
fn logical(evidence: &Evidence) -> Option<Value> {
    let parts: Vec<String> = [
        ("cluster", &evidence.cluster),
        ("node", &evidence.node),
        ("namespace", &evidence.namespace),
        ("pod", &evidence.pod),
        ("container", &evidence.container),
    ]
    .into_iter()
    .filter_map(|(kind, name)| Some(format!("{kind}/{}", clean(name.as_deref()?))))
    .collect();
    (!parts.is_empty()).then(|| json!({ "fullyQualifiedName": parts.join("/"), "kind": "resource" }))
}

/// What a rule says, be it a finding or an advisory.
struct Described<'a> {
    id: &'a str,
    title: &'a str,
    summary: &'a str,
    category: &'a str,
    severity: &'a str,
    references: &'a [String],
    affected: &'a [String],
    fixed_in: &'a [String],
}

impl<'a> From<&'a Finding> for Described<'a> {
    fn from(it: &'a Finding) -> Self {
        Described {
            id: &it.id,
            title: &it.title,
            summary: &it.summary,
            category: &it.category,
            severity: &it.severity,
            references: &it.references,
            affected: &it.affected,
            fixed_in: &it.fixed_in,
        }
    }
}

impl<'a> From<&'a Advisory> for Described<'a> {
    fn from(it: &'a Advisory) -> Self {
        Described {
            id: &it.id,
            title: &it.title,
            summary: &it.summary,
            category: &it.category,
            severity: &it.severity,
            references: &it.references,
            affected: &it.affected,
            fixed_in: &it.fixed_in,
        }
    }
}

/// The workaround is not here but with the result: its slots are filled for that result.
fn rule(of: &Described<'_>) -> Value {
    let help: Vec<&str> =
        [of.title, of.summary].into_iter().chain(of.references.iter().map(String::as_str)).collect();
    let mut rule = json!({
        "id": of.id,
        "shortDescription": { "text": of.title },
        "fullDescription": { "text": of.summary },
        "help": { "text": help.join("\n\n") },
        "defaultConfiguration": { "level": level(of.severity) },
        "properties": {
            "tags": [of.category],
            "problem.severity": of.severity,
            "affected": of.affected,
            "fixedIn": of.fixed_in,
        },
    });
    if let Some(reference) = of.references.iter().find(|reference| reference.starts_with("https://")) {
        rule["helpUri"] = json!(reference);
    }
    rule
}

fn level(severity: &str) -> &'static str {
    match severity {
        "critical" | "high" => "error",
        "medium" => "warning",
        _ => "note",
    }
}

#[derive(Default)]
struct Rules {
    list: Vec<Value>,
    known: BTreeMap<String, usize>,
}

impl Rules {
    fn index(&mut self, id: &str, rule: impl FnOnce() -> Value) -> usize {
        *self.known.entry(id.to_owned()).or_insert_with(|| {
            self.list.push(rule());
            self.list.len() - 1
        })
    }
}

/// Every archive and member named, each once, parents before their members.
#[derive(Default)]
struct Artifacts {
    list: Vec<Value>,
    known: BTreeMap<String, usize>,
}

impl Artifacts {
    /// The index of the artifact `outer.tar.gz!inner.gz!name`, added with its parents where it is new.
    fn index(&mut self, path: &str) -> usize {
        if let Some(&index) = self.known.get(path) {
            return index;
        }
        let mut artifact = json!({ "location": { "uri": uri_of(path) } });
        if let Some((parent, _)) = path.rsplit_once('!') {
            artifact["parentIndex"] = json!(self.index(parent));
        }
        self.list.push(artifact);
        self.known.insert(path.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    fn location(&mut self, path: &str) -> Value {
        json!({ "uri": uri_of(path), "index": self.index(path) })
    }
}

/// The URI of an artifact: of a member its path from the root of the archive, of an input its path as it was named.
fn uri_of(path: &str) -> String {
    match path.rsplit_once('!') {
        Some((_, name)) => format!("/{}", encoded(name.trim_start_matches('/'))),
        None if path.starts_with('/') => format!("file://{}", encoded(path)),
        None => encoded(path),
    }
}

fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn clean(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}

fn clean_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| clean(text)).collect()
}

/// [`clean`] for text of several lines.
fn clean_lines(text: &str) -> String {
    text.lines().map(clean).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Artifacts, uri_of, write_sarif};
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};

    fn sarif(report: &Report) -> String {
        let mut out = Vec::new();
        write_sarif(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_log_is_as_agreed() {
        check_golden("report.en.sarif", &sarif(&sample("en")));
    }

    #[test]
    fn members_have_their_archives_as_parents() {
        let mut artifacts = Artifacts::default();
        assert_eq!(artifacts.index("a.tar.gz!b/c.tar!d e.log"), 2);
        assert_eq!(artifacts.index("a.tar.gz!x"), 3);
        assert_eq!(artifacts.list[2]["parentIndex"], 1);
        assert_eq!(artifacts.list[1]["parentIndex"], 0);
        assert_eq!(artifacts.list[3]["parentIndex"], 0);
        assert_eq!(artifacts.list[2]["location"]["uri"], "/d%20e.log");
        assert_eq!(uri_of("/tmp/a:b.tar"), "file:///tmp/a%3Ab.tar");
        assert_eq!(uri_of("a/b.tar"), "a/b.tar");
    }

    #[test]
    fn nothing_unsafe_is_left() {
        let log: serde_json::Value = serde_json::from_str(&sarif(&hostile())).unwrap();
        let result = &log["runs"][0]["results"][0];
        let snippet =
            result["locations"][0]["physicalLocation"]["region"]["snippet"]["text"].as_str().unwrap();
        assert!(snippet.contains("\\x1b[2J"), "{snippet}");
        assert!(!snippet.chars().any(crate::text::is_unsafe));
    }
}
