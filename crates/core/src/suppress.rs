//! Findings left out of a report on purpose: those that a baseline knows, and those that an ignore file names.
//!
//! Start from [`IgnoreFile`] and [`apply_baseline`]. What is left out is counted and named in
//! [`Report::suppressed`], so that no report looks cleaner than it is.
//!
//! An ignore file is TOML:
//!
//! ```toml
//! [[ignore]]
//! id = "docker-service-not-active"     # or: fingerprint = "5f0c2d…"
//! path = "*/nodes/10.200.0.3/*"        # optional: only while every hit lies in such members
//! reason = "known, the node is being replaced"
//! until = "2025-12-31"                 # optional: the last day
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::report::{Finding, Report, SuppressedFinding};

/// What a person decided not to see.
///
/// ```
/// use loggrep_abm_core::suppress::IgnoreFile;
///
/// let text = r#"
/// [[ignore]]
/// id = "docker-service-not-active"
/// reason = "the node is being replaced"
/// until = "2025-12-31"
/// "#;
/// let ignore = IgnoreFile::parse(".loggrep-abm-ignore", text)?;
/// assert!(ignore.expired("2025-12-31").is_empty());
/// assert_eq!(ignore.expired("2026-01-01"), [("docker-service-not-active", "2025-12-31")]);
/// # Ok::<(), loggrep_abm_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct IgnoreFile {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Syntax {
    #[serde(default)]
    ignore: Vec<EntrySyntax>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntrySyntax {
    id: Option<String>,
    fingerprint: Option<String>,
    path: Option<String>,
    reason: String,
    until: Option<String>,
}

#[derive(Debug)]
struct Entry {
    id: Option<String>,
    fingerprint: Option<String>,
    path: Option<globset::GlobSet>,
    reason: String,
    until: Option<String>,
}

impl IgnoreFile {
    /// Reads an ignore file; `name` is for its mistakes.
    ///
    /// # Errors
    /// When it is no TOML of that form, a glob is malformed, `until` is no day, or an entry names neither id nor
    /// fingerprint.
    pub fn parse(name: &str, text: &str) -> Result<IgnoreFile, Error> {
        let syntax: Syntax = toml::from_str(text).map_err(|source| {
            Error::new(ErrorKind::Option, format!("cannot read the ignore file `{name}`")).with_source(source)
        })?;
        let entries: Result<Vec<Entry>, Error> =
            syntax.ignore.into_iter().enumerate().map(|(i, entry)| entry.checked(name, i + 1)).collect();
        Ok(IgnoreFile { entries: entries? })
    }

    /// What the entries name that counted until a day before `today`, and that day.
    pub fn expired(&self, today: &str) -> Vec<(&str, &str)> {
        self.entries.iter().filter_map(|entry| entry.expired(today)).collect()
    }

    /// The ids that the entries name, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| entry.id.as_deref())
    }

    /// Takes what the file names out of the report. `today` is a day such as `2025-01-31`: an entry counts until the
    /// end of the day it names.
    ///
    /// An entry with a path takes a finding only if all its members match, so that the same issue elsewhere is shown.
    pub fn apply(&self, report: &mut Report, today: &str) {
        let active = |entry: &&Entry| entry.until.as_deref().is_none_or(|until| today <= until);
        let entries: Vec<&Entry> = self.entries.iter().filter(active).collect();
        let mut taken = Vec::new();
        report.findings.retain(|finding| {
            let entry = entries.iter().find(|entry| entry.names(finding));
            // What stands beneath it goes with it, and is counted and named too.
            let beneath = finding.also_matched.iter().map(|also| (&also.id, &also.fingerprint));
            for (id, fingerprint) in std::iter::once((&finding.id, &finding.fingerprint)).chain(beneath) {
                taken.extend(entry.map(|entry| entry.suppressed(id, fingerprint)));
            }
            entry.is_none()
        });
        report.advisories.retain(|advisory| {
            let of_id = |entry: &&&Entry| entry.path.is_none() && entry.id.as_ref() == Some(&advisory.id);
            let entry = entries.iter().find(of_id);
            taken.extend(entry.map(|entry| entry.suppressed(&advisory.id, "")));
            entry.is_none()
        });
        report.suppressed.ignored += taken.len();
        report.suppressed.findings.append(&mut taken);
        report.coverage.shown = report.findings.len();
    }
}

impl EntrySyntax {
    fn checked(self, name: &str, number: usize) -> Result<Entry, Error> {
        let error = |what: &str| Error::new(ErrorKind::Option, format!("`{name}`: entry {number}: {what}"));
        if self.id.is_none() && self.fingerprint.is_none() {
            return Err(error("it needs an `id` or a `fingerprint`"));
        }
        if self.reason.trim().is_empty() {
            return Err(error("it needs a `reason`"));
        }
        if self.until.as_deref().is_some_and(|until| !is_day(until)) {
            return Err(error("`until` is a day such as \"2025-12-31\""));
        }
        let path = self.path.map(|path| crate::analyze::globs(&[path])).transpose()?.flatten();
        let EntrySyntax { id, fingerprint, reason, until, .. } = self;
        Ok(Entry { id, fingerprint, path, reason, until })
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |part: &str, digits: usize| {
        let is_number = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    };
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}

impl Entry {
    fn expired(&self, today: &str) -> Option<(&str, &str)> {
        let until = self.until.as_deref().filter(|until| *until < today)?;
        Some((self.id.as_deref().or(self.fingerprint.as_deref())?, until))
    }

    fn names(&self, finding: &Finding) -> bool {
        let same = |asked: &Option<String>, value: &String| asked.as_ref().is_none_or(|asked| asked == value);
        same(&self.id, &finding.id)
            && same(&self.fingerprint, &finding.fingerprint)
            && self.path.as_ref().is_none_or(|path| {
                let members: BTreeSet<&str> = match finding.members.is_empty() {
                    true => finding.evidence.iter().map(|evidence| evidence.path.as_str()).collect(),
                    false => finding.members.iter().map(String::as_str).collect(),
                };
                !members.is_empty() && members.iter().all(|member| path.is_match(member))
            })
    }

    fn suppressed(&self, id: &str, fingerprint: &str) -> SuppressedFinding {
        SuppressedFinding {
            id: id.to_owned(),
            fingerprint: fingerprint.to_owned(),
            by: "ignore".to_owned(),
            reason: Some(self.reason.clone()),
            until: self.until.clone(),
        }
    }
}

/// Marks the findings of the report as `new` or `known`, and leaves out the known ones unless they are to be kept.
///
/// A finding is known when the baseline has it with the same fingerprint, or the same issue on all of its nodes.
pub fn apply_baseline(report: &mut Report, baseline: &Report, keep_known: bool) {
    let mut nodes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut fingerprints: BTreeSet<&str> = BTreeSet::new();
    let own = baseline.findings.iter().map(|it| (&it.id, &it.fingerprint, &it.nodes));
    let beneath = baseline.findings.iter().flat_map(|it| &it.also_matched);
    for (id, fingerprint, on) in own.chain(beneath.map(|it| (&it.id, &it.fingerprint, &it.nodes))) {
        nodes.entry(id).or_default().extend(on.iter().map(String::as_str));
        fingerprints.insert(fingerprint);
    }
    let is_known = |finding: &Finding| {
        fingerprints.contains(finding.fingerprint.as_str())
            || nodes.get(finding.id.as_str()).is_some_and(|known| {
                !finding.nodes.is_empty() && finding.nodes.iter().all(|node| known.contains(node.as_str()))
            })
    };
    for finding in &mut report.findings {
        finding.baseline = Some(if is_known(finding) { "known" } else { "new" }.to_owned());
    }
    if keep_known {
        return;
    }
    let mut taken = Vec::new();
    report.findings.retain(|finding| {
        let known = finding.baseline.as_deref() == Some("known");
        if known {
            let beneath = finding.also_matched.iter().map(|also| (&also.id, &also.fingerprint));
            let own = std::iter::once((&finding.id, &finding.fingerprint));
            taken.extend(own.chain(beneath).map(|(id, fingerprint)| SuppressedFinding {
                id: id.clone(),
                fingerprint: fingerprint.clone(),
                by: "baseline".to_owned(),
                reason: None,
                until: None,
            }));
        }
        !known
    });
    report.suppressed.baseline += taken.len();
    report.suppressed.findings.append(&mut taken);
    report.coverage.shown = report.findings.len();
}

#[cfg(test)]
mod tests {
    use super::{IgnoreFile, apply_baseline};
    use crate::report::Report;
    use crate::report::sample::sample;

    fn ignored(entry: &str, today: &str) -> Report {
        let mut report = sample("en");
        IgnoreFile::parse("f", &format!("[[ignore]]\nreason = \"r\"\n{entry}"))
            .unwrap()
            .apply(&mut report, today);
        report
    }

    #[test]
    fn what_stands_beneath_a_finding_goes_with_it_and_is_counted() {
        let mut report = sample("en");
        let general = report.findings.pop().unwrap();
        report.findings[0].also_matched.push(crate::report::AlsoMatched::from(&general));
        let baseline = report.clone();
        let mut alone = report.clone();
        alone.findings = vec![general.clone()];
        apply_baseline(&mut alone, &baseline, false);
        assert!(alone.findings.is_empty(), "what was beneath a finding of the baseline is known");
        apply_baseline(&mut report, &baseline, false);
        assert_eq!(report.suppressed.baseline, 2);
        assert!(report.suppressed.findings.iter().any(|it| it.id == general.id));
    }

    #[test]
    fn an_entry_takes_what_it_names_and_says_so() {
        let all = sample("en").findings.len();
        let first = sample("en").findings[0].clone();
        let cases = [
            (format!("id = \"{}\"", first.id), 1),
            (format!("fingerprint = \"{}\"", first.fingerprint), 1),
            (format!("id = \"{}\"\nfingerprint = \"other\"", first.id), 0),
            ("id = \"no-such-issue\"".to_owned(), 0),
            (format!("id = \"{}\"\npath = \"*\"", first.id), 1),
            (format!("id = \"{}\"\npath = \"no/such/member\"", first.id), 0),
            (format!("id = \"{}\"\nuntil = \"2025-01-31\"", first.id), 1),
            (format!("id = \"{}\"\nuntil = \"2025-01-30\"", first.id), 0),
        ];
        for (entry, taken) in cases {
            let report = ignored(&entry, "2025-01-31");
            assert_eq!(report.findings.len(), all - taken, "{entry}");
            assert_eq!(
                (report.suppressed.ignored, report.suppressed.findings.len()),
                (taken, taken),
                "{entry}"
            );
        }
    }

    #[test]
    fn a_path_that_covers_only_some_members_hides_nothing() {
        let mut report = sample("en");
        report.findings[0].members = vec!["a/x.log".into(), "b/x.log".into()];
        let text = format!("[[ignore]]\nid = \"{}\"\npath = \"a/*\"\nreason = \"r\"", report.findings[0].id);
        IgnoreFile::parse("f", &text).unwrap().apply(&mut report, "2025-01-31");
        assert!(report.suppressed.is_empty());
    }

    #[test]
    fn mistakes_name_the_file_and_the_entry() {
        for (text, what) in [
            ("[[ignore]]\nreason = \"r\"", "entry 1"),
            ("[[ignore]]\nid = \"a\"", "ignore file `f`"),
            ("[[ignore]]\nid = \"a\"\nreason = \" \"", "reason"),
            ("[[ignore]]\nid = \"a\"\nreason = \"r\"\nuntil = \"soon\"", "until"),
            ("[[ignore]]\nid = \"a\"\nreason = \"r\"\nuntil = \"2025-13-01\"", "until"),
            ("[[ignore]]\nid = \"a\"\nreason = \"r\"\nfile = \"x\"", "ignore file `f`"),
            ("[[ignore]]\nid = \"a\"\nreason = \"r\"\npath = \"a[\"", "a["),
        ] {
            let message = IgnoreFile::parse("f", text).unwrap_err().to_string();
            assert!(message.contains(what), "{text}: {message}");
        }
        assert!(IgnoreFile::parse("f", "").is_ok());
    }

    #[test]
    fn a_baseline_leaves_what_is_new() {
        let mut report = sample("en");
        let mut baseline = sample("en");
        baseline.findings.truncate(1);
        baseline.findings[0].fingerprint = "other".into();
        let all = report.findings.len();
        let mut kept = report.clone();
        apply_baseline(&mut report, &baseline, false);
        assert_eq!((report.findings.len(), report.suppressed.baseline), (all - 1, 1));
        apply_baseline(&mut kept, &baseline, true);
        assert_eq!(kept.findings[0].baseline.as_deref(), Some("known"));
        assert_eq!(kept.findings[1].baseline.as_deref(), Some("new"));
        // The same issue on one node more is new.
        let mut spread = sample("en");
        spread.findings[0].nodes.push("another".into());
        apply_baseline(&mut spread, &baseline, false);
        assert_eq!(spread.findings.len(), all);
    }
}
