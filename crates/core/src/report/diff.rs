//! Two reports held against each other: what is new, gone, changed and still there.
//!
//! Start from [`Diff::of`]; [`write_diff`] and [`write_diff_json`] write it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Finding, Report, SCHEMA_VERSION};
use crate::lang::{Grouped, Lang};
use crate::text::Escaped;

/// What became of the findings of an older report.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: String,
    /// Paths of the old inputs.
    pub old_inputs: Vec<String>,
    /// Paths of the new inputs.
    pub new_inputs: Vec<String>,
    /// Whether all of the new inputs was read: if not, what is gone may only be unread.
    pub new_complete: bool,
    /// Whether the old report holds aliases instead of names. With either redacted, nodes are counted, not compared:
    /// an alias is no name, and the alias of another run another node.
    #[serde(skip_serializing_if = "super::is_false")]
    pub old_redacted: bool,
    /// Whether the new report holds aliases instead of names.
    #[serde(skip_serializing_if = "super::is_false")]
    pub new_redacted: bool,
    /// Only in the new report.
    pub new: Vec<DiffFinding>,
    /// Only in the old report, and the new one says that it is not shown.
    pub gone: Vec<DiffFinding>,
    /// Only in the old report, and the new inputs cannot tell, or their signatures do not speak of it.
    pub undecided: Vec<DiffFinding>,
    /// In both, with another count, other nodes, or judged otherwise.
    pub changed: Vec<DiffFinding>,
    /// In both and the same.
    pub same: Vec<DiffFinding>,
    #[serde(skip)]
    language: String,
}

/// An issue in one of the reports or both.
#[derive(Clone, Debug, Serialize)]
pub struct DiffFinding {
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// Of the newer finding.
    pub severity: String,
    /// As the old report has it.
    pub old: Option<Seen>,
    /// As the new report has it.
    pub new: Option<Seen>,
    /// Nodes only the new report names.
    pub nodes_new: Vec<String>,
    /// Nodes only the old report names.
    pub nodes_gone: Vec<String>,
}

/// What one report says of an issue.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Seen {
    /// See [`Finding::fingerprint`].
    pub fingerprint: String,
    /// See [`Finding::severity`].
    pub severity: String,
    /// See [`Finding::confidence`].
    pub confidence: String,
    /// See [`Finding::verdict`].
    pub verdict: String,
    /// See [`Finding::count`].
    pub count: u64,
    /// See [`Finding::nodes`].
    pub nodes: Vec<String>,
    /// See [`Finding::last_seen`].
    pub last_seen: Option<String>,
}

impl From<&Finding> for Seen {
    fn from(finding: &Finding) -> Seen {
        Seen {
            fingerprint: finding.fingerprint.clone(),
            severity: finding.severity.clone(),
            confidence: finding.confidence.clone(),
            verdict: finding.verdict.clone(),
            count: finding.count,
            nodes: finding.nodes.clone(),
            last_seen: finding.last_seen.clone(),
        }
    }
}

impl DiffFinding {
    fn without_nodes(self) -> DiffFinding {
        DiffFinding { nodes_new: Vec::new(), nodes_gone: Vec::new(), ..self }
    }
}

impl Diff {
    /// Holds two reports against each other, issue by issue; lists keep the order of the reports.
    pub fn of(old: &Report, new: &Report) -> Diff {
        let paths = |report: &Report| report.inputs.iter().map(|input| input.path.clone()).collect();
        let by_id = |report: &'_ Report| -> BTreeMap<String, Finding> {
            report.findings.iter().map(|finding| (finding.id.clone(), finding.clone())).collect()
        };
        let (olds, news) = (by_id(old), by_id(new));
        // What only went beneath another finding, or came out from there, is still there.
        let beneath = |report: &Report, id: &str| {
            report.findings.iter().flat_map(|finding| &finding.also_matched).any(|also| also.id == id)
        };
        let mut diff = Diff {
            schema_version: SCHEMA_VERSION.to_owned(),
            old_inputs: paths(old),
            new_inputs: paths(new),
            new_complete: new.inputs.iter().all(|input| input.complete),
            old_redacted: old.redacted,
            new_redacted: new.redacted,
            new: Vec::new(),
            gone: Vec::new(),
            undecided: Vec::new(),
            changed: Vec::new(),
            same: Vec::new(),
            language: new.language.clone(),
        };
        let by_name = !old.redacted && !new.redacted;
        for finding in &new.findings {
            let before = olds.get(&finding.id);
            let pair =
                pair(before, Some(finding)).map(|pair| if by_name { pair } else { pair.without_nodes() });
            let list = match &before {
                None if beneath(old, &finding.id) => &mut diff.same,
                None => &mut diff.new,
                Some(before) if is_same(before, finding, by_name) => &mut diff.same,
                Some(_) => &mut diff.changed,
            };
            list.extend(pair);
        }
        let cannot_tell = |id: &str| new.coverage.cannot_tell.iter().any(|it| it.id == id);
        let evaluated = |id: &String| new.coverage.evaluated_ids.contains(id);
        for finding in old.findings.iter().filter(|finding| !news.contains_key(&finding.id)) {
            if beneath(new, &finding.id) {
                diff.same.extend(pair(Some(finding), Some(finding)));
                continue;
            }
            let decided = evaluated(&finding.id) && !cannot_tell(&finding.id);
            let list = if decided { &mut diff.gone } else { &mut diff.undecided };
            list.extend(pair(Some(finding), None));
        }
        diff
    }
}

fn is_same(old: &Finding, new: &Finding, by_name: bool) -> bool {
    let judged = |it: &Finding| (it.count, it.severity.clone(), it.confidence.clone(), it.verdict.clone());
    let nodes = if by_name { old.nodes == new.nodes } else { old.nodes.len() == new.nodes.len() };
    judged(old) == judged(new) && nodes
}

fn pair(old: Option<&Finding>, new: Option<&Finding>) -> Option<DiffFinding> {
    let of = new.or(old)?;
    let nodes = |it: Option<&Finding>| it.map(|it| it.nodes.clone()).unwrap_or_default();
    let (before, after) = (nodes(old), nodes(new));
    let beyond = |of: &[String], other: &[String]| {
        of.iter().filter(|node| !other.contains(node)).cloned().collect::<Vec<String>>()
    };
    let both = old.is_some() && new.is_some();
    Some(DiffFinding {
        id: of.id.clone(),
        title: of.title.clone(),
        severity: of.severity.clone(),
        old: old.map(Seen::from),
        new: new.map(Seen::from),
        nodes_new: if both { beyond(&after, &before) } else { Vec::new() },
        nodes_gone: if both { beyond(&before, &after) } else { Vec::new() },
    })
}

/// Writes the diff as JSON.
///
/// # Errors
///
/// Those of `out`.
pub fn write_diff_json(diff: &Diff, out: impl Write) -> io::Result<()> {
    super::write_document(diff, out)
}

/// Writes the diff as text, in the language of the new report.
///
/// # Errors
///
/// Those of `out`.
pub fn write_diff(diff: &Diff, mut out: impl Write) -> io::Result<()> {
    let lang = Lang::of(&diff.language);
    let path = |text: &String| Escaped(text.as_bytes()).to_string();
    for (mark, inputs) in [("-", &diff.old_inputs), ("+", &diff.new_inputs)] {
        writeln!(out, "{mark}{mark}{mark} {}", inputs.iter().map(path).collect::<Vec<_>>().join(" "))?;
    }
    let mut counts = vec![
        lang.count("diff_new", diff.new.len() as u64),
        lang.count("diff_gone", diff.gone.len() as u64),
        lang.count("diff_changed", diff.changed.len() as u64),
        lang.count("diff_same", diff.same.len() as u64),
    ];
    if !diff.undecided.is_empty() {
        counts.push(lang.count("diff_undecided", diff.undecided.len() as u64));
    }
    writeln!(out, "\n{}", counts.join(" · "))?;
    let missed = diff.gone.len() + diff.undecided.len() > 0;
    if missed && !diff.new_complete {
        writeln!(out, "{}", lang.text("diff_partial"))?;
    }
    if diff.old_redacted || diff.new_redacted {
        writeln!(out, "{}", lang.text("diff_redacted"))?;
    }
    let lists = [
        (lang.text("diff_new"), "+", &diff.new),
        (lang.text("diff_gone"), "-", &diff.gone),
        (lang.text("diff_undecided"), "?", &diff.undecided),
        (lang.text("diff_changed"), "~", &diff.changed),
        (lang.text("diff_same"), "=", &diff.same),
    ];
    for (title, mark, list) in lists {
        if list.is_empty() {
            continue;
        }
        writeln!(out, "\n── {title} ──")?;
        for finding in list {
            write_finding(lang, mark, finding, &mut out)?;
        }
    }
    Ok(())
}

fn write_finding(lang: &'static Lang, mark: &str, it: &DiffFinding, out: &mut impl Write) -> io::Result<()> {
    let clean = |text: &str| Escaped(text.as_bytes()).to_string();
    let severity = lang.word("severity", &it.severity);
    writeln!(out, "{mark} {} · {} ({})", clean(severity), clean(&it.title), clean(&it.id))?;
    let nodes = |nodes: &[String]| clean(&nodes.join(", "));
    let mut parts = Vec::new();
    match (&it.old, &it.new) {
        (Some(old), Some(new)) => {
            if old.count != new.count {
                let (old, new) = (Grouped(old.count), Grouped(new.count));
                parts.push(lang.fill("diff_count", &[("old", &old), ("new", &new)]));
            }
            for (group, label, old, new) in [
                ("severity", "severity", &old.severity, &new.severity),
                ("confidence", "confidence", &old.confidence, &new.confidence),
                ("verdict", "verdict", &old.verdict, &new.verdict),
            ] {
                if old != new {
                    let (old, new) = (lang.word(group, old), lang.word(group, new));
                    let values: [(&str, &dyn std::fmt::Display); 3] =
                        [("what", &lang.text(label)), ("old", &old), ("new", &new)];
                    parts.push(clean(&lang.fill("diff_word", &values)));
                }
            }
        }
        (Some(seen), None) | (None, Some(seen)) => {
            parts.push(lang.count("times", seen.count));
            if !seen.nodes.is_empty() {
                let count = lang.count("nodes", seen.nodes.len() as u64);
                parts.push(format!("{count}: {}", nodes(&seen.nodes)));
            }
        }
        (None, None) => {}
    }
    if !it.nodes_new.is_empty() {
        parts.push(lang.fill("diff_nodes_new", &[("nodes", &nodes(&it.nodes_new))]));
    }
    if !it.nodes_gone.is_empty() {
        parts.push(lang.fill("diff_nodes_gone", &[("nodes", &nodes(&it.nodes_gone))]));
    }
    if parts.is_empty() { Ok(()) } else { writeln!(out, "    {}", parts.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::{Diff, write_diff, write_diff_json};
    use crate::report::sample::{hostile, sample};

    fn ids(list: &[super::DiffFinding]) -> Vec<&str> {
        list.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn what_went_beneath_another_finding_is_still_there() {
        let old = sample("en");
        let mut new = old.clone();
        let general = new.findings.pop().unwrap();
        new.findings[0].also_matched.push(crate::report::AlsoMatched::from(&general));
        for (old, new) in [(&old, &new), (&new, &old)] {
            let diff = Diff::of(old, new);
            assert!(diff.gone.is_empty() && diff.new.is_empty(), "{diff:?}");
            assert!(diff.same.iter().any(|it| it.id == general.id));
        }
    }

    #[test]
    fn aliases_are_not_held_against_names() {
        let plain = sample("en");
        let redacted = crate::redact::Redactor::new().redact(&plain);
        for (old, new, flags) in [
            (&plain, &redacted, (false, true)),
            (&redacted, &plain, (true, false)),
            (&redacted, &redacted, (true, true)),
        ] {
            let diff = Diff::of(old, new);
            assert_eq!((diff.old_redacted, diff.new_redacted), flags);
            assert_eq!(diff.same.len(), plain.findings.len(), "{diff:?}");
            let mut out = Vec::new();
            write_diff(&diff, &mut out).unwrap();
            assert!(String::from_utf8(out).unwrap().contains("redacted"));
        }
        let mut fewer = redacted.clone();
        assert!(fewer.findings[0].nodes.pop().is_some());
        let diff = Diff::of(&plain, &fewer);
        assert_eq!(ids(&diff.changed), [plain.findings[0].id.as_str()]);
        assert!(diff.changed[0].nodes_gone.is_empty());
        let diff = Diff::of(&plain, &plain);
        let mut out = Vec::new();
        write_diff_json(&diff, &mut out).unwrap();
        assert!(!String::from_utf8(out).unwrap().contains("redacted"));
    }

    #[test]
    fn each_finding_stands_in_one_list() {
        let (old, mut new) = (sample("en"), sample("en"));
        let mut extra = new.findings[0].clone();
        extra.id = "brand-new".into();
        let gone = new.findings.pop().unwrap();
        new.findings[0].count += 1;
        new.findings[0].nodes = vec!["bm-node-9".into()];
        new.findings.push(extra);
        new.coverage.evaluated_ids = vec![gone.id.clone()];
        new.coverage.cannot_tell.clear();
        let diff = Diff::of(&old, &new);
        assert_eq!(ids(&diff.new), ["brand-new"]);
        assert_eq!(ids(&diff.gone), [gone.id.as_str()]);
        assert_eq!(ids(&diff.changed), [old.findings[0].id.as_str()]);
        assert_eq!(diff.changed[0].nodes_new, ["bm-node-9"]);
        assert_eq!(diff.changed[0].nodes_gone, old.findings[0].nodes);
        assert_eq!(diff.same.len() + 2, old.findings.len());
        // What the new input cannot tell is not gone.
        new.coverage.evaluated_ids.clear();
        let diff = Diff::of(&old, &new);
        assert_eq!((diff.gone.len(), diff.undecided.len()), (0, 1));
        let same = Diff::of(&old, &old);
        assert_eq!(same.same.len(), old.findings.len());
    }

    #[test]
    fn nothing_unsafe_is_written() {
        let (old, mut new) = (sample("en"), hostile());
        new.findings[0].title.push_str(crate::report::sample::HOSTILE);
        for language in ["en", "ko"] {
            new.language = language.into();
            let mut out = Vec::new();
            write_diff(&Diff::of(&old, &new), &mut out).unwrap();
            write_diff_json(&Diff::of(&old, &new), &mut out).unwrap();
            let out = String::from_utf8(out).unwrap();
            assert!(!out.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)), "{out:?}");
        }
    }
}
