//! Relations between findings: what a more specific one explains stands beneath it, and causes stand before effects.

use std::collections::{BTreeMap, BTreeSet};

use crate::automaton::SignatureSet;
use crate::report::{AlsoMatched, Finding, Report, Source};
use crate::signature::Confidence;

/// Puts what other findings explain beneath them, and causes in front. The findings come in their usual order.
pub(super) fn relate(set: &SignatureSet, report: &mut Report) {
    let beneath = explained(set, &report.findings);
    for (&index, roots) in &beneath {
        let also = AlsoMatched::from(&report.findings[index]);
        for &root in roots {
            report.findings[root].also_matched.push(also.clone());
        }
    }
    for explanation in &mut report.explanations {
        if beneath.keys().any(|&index| report.findings[index].id == explanation.id) {
            "also_matched".clone_into(&mut explanation.outcome);
        }
    }
    let mut index = 0;
    report.findings.retain(|_| {
        index += 1;
        !beneath.contains_key(&(index - 1))
    });
    order(&mut report.findings);
}

/// Findings that others explain, and under which of them each is named: those that nothing explains in turn.
fn explained(set: &SignatureSet, findings: &[Finding]) -> BTreeMap<usize, BTreeSet<usize>> {
    let mut supersedes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for signature in set.signatures() {
        supersedes.insert(signature.id(), signature.supersedes().collect());
    }
    let below: Vec<BTreeSet<&str>> = findings.iter().map(|it| reach(&supersedes, &it.id)).collect();
    let above = |index: usize| -> Vec<usize> {
        let finding = &findings[index];
        let explains = |other: &usize| {
            *other != index
                && below[*other].contains(finding.id.as_str())
                && may_explain(&findings[*other], finding)
        };
        (0..findings.len()).filter(explains).collect()
    };
    let mut direct: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let above = above(index);
        if is_covered(finding, above.iter().map(|&other| &findings[other])) {
            direct.insert(index, above);
        }
    }
    // Relations that go in a circle are a mistake, and no reason never to end.
    let mut beneath = BTreeMap::new();
    for &index in direct.keys() {
        let mut roots = BTreeSet::new();
        let mut seen = BTreeSet::from([index]);
        let mut open = vec![index];
        while let Some(next) = open.pop() {
            match direct.get(&next) {
                Some(above) => open.extend(above.iter().filter(|&&other| seen.insert(other))),
                None => {
                    roots.insert(next);
                }
            }
        }
        if !roots.is_empty() {
            beneath.insert(index, roots);
        }
    }
    beneath
}

/// The ids that are superseded by an id, and by those in turn.
fn reach<'a>(supersedes: &BTreeMap<&'a str, Vec<&'a str>>, id: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = supersedes.get(id).cloned().unwrap_or_default();
    while let Some(next) = open.pop() {
        if let Some((&own, below)) = supersedes.get_key_value(next)
            && reached.insert(own)
        {
            open.extend(below);
        }
    }
    reached
}

/// A guess explains no certainty, and a fault that the release does not have explains nothing.
fn may_explain(specific: &Finding, general: &Finding) -> bool {
    surer(specific, general)
        && !matches!(specific.verdict.as_str(), "fixed" | "not_affected")
        && shares_place(specific, general)
}

/// Of two findings that are equally sure, one explains the other only where both rest on the same line: what has evidence
/// of its own stands for itself.
fn surer(specific: &Finding, general: &Finding) -> bool {
    let confidence = |finding: &Finding| Confidence::parse(&finding.confidence);
    let lines = |finding: &Finding| -> BTreeSet<(String, u64)> {
        finding.evidence.iter().map(|evidence| (evidence.path.clone(), evidence.line)).collect()
    };
    match confidence(specific).cmp(&confidence(general)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => !lines(specific).is_disjoint(&lines(general)),
        std::cmp::Ordering::Less => false,
    }
}

fn shares_place(a: &Finding, b: &Finding) -> bool {
    if !a.nodes.is_empty() && !b.nodes.is_empty() {
        return a.nodes.iter().any(|node| b.nodes.contains(node));
    }
    let clusters = |finding: &Finding| -> BTreeSet<String> {
        finding.evidence.iter().filter_map(|evidence| evidence.cluster.clone()).collect()
    };
    let (a, b) = (clusters(a), clusters(b));
    a.is_empty() || b.is_empty() || !a.is_disjoint(&b)
}

/// Whether the general finding shows nowhere but where specific ones do.
fn is_covered<'f>(general: &Finding, specific: impl Iterator<Item = &'f Finding>) -> bool {
    let mut any = false;
    let mut open: BTreeSet<&String> = general.nodes.iter().collect();
    for finding in specific {
        any = true;
        if finding.nodes.is_empty() {
            return true;
        }
        finding.nodes.iter().for_each(|node| {
            open.remove(node);
        });
    }
    any && open.is_empty()
}

/// Findings that a cause joins stand together, where the first of them stood, the cause first.
fn order(findings: &mut Vec<Finding>) {
    let shows = |finding: &Finding, id: &String| {
        finding.id == *id || finding.also_matched.iter().any(|also| also.id == *id)
    };
    let causes: Vec<Vec<usize>> = findings
        .iter()
        .map(|effect| {
            let is_cause = |other: &usize| {
                effect.caused_by.iter().any(|id| effect.id != *id && shows(&findings[*other], id))
            };
            (0..findings.len()).filter(is_cause).collect()
        })
        .collect();
    let mut places: Vec<usize> = Vec::with_capacity(findings.len());
    for first in 0..findings.len() {
        if places.contains(&first) {
            continue;
        }
        let mut group = BTreeSet::from([first]);
        let mut open = vec![first];
        while let Some(next) = open.pop() {
            let effects = (0..findings.len()).filter(|&other| causes[other].contains(&next));
            let joined: Vec<usize> = effects.chain(causes[next].iter().copied()).collect();
            open.extend(joined.into_iter().filter(|&other| group.insert(other)));
        }
        while let Some(&earliest) = group.first() {
            let is_free = |&&index: &&usize| {
                !causes[index].iter().any(|cause| *cause != index && group.contains(cause))
            };
            let next = group.iter().find(is_free).copied().unwrap_or(earliest);
            group.remove(&next);
            places.push(next);
        }
    }
    let mut taken: Vec<Option<Finding>> = std::mem::take(findings).into_iter().map(Some).collect();
    findings.extend(places.into_iter().filter_map(|place| taken[place].take()));
}

impl From<&Finding> for AlsoMatched {
    fn from(finding: &Finding) -> AlsoMatched {
        AlsoMatched {
            id: finding.id.clone(),
            title: finding.title.clone(),
            severity: finding.severity.clone(),
            confidence: finding.confidence.clone(),
            verdict: finding.verdict.clone(),
            fingerprint: finding.fingerprint.clone(),
            count: finding.count,
            nodes: finding.nodes.clone(),
            evidence: finding
                .evidence
                .iter()
                .take(1)
                .map(|evidence| Source { path: evidence.path.clone(), line: evidence.line })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::relate;
    use crate::automaton::SignatureSet;
    use crate::report::Report;
    use crate::report::sample::sample;

    fn file(id: &str, keys: &str) -> (String, String) {
        let text = format!(
            "id = \"{id}\"\ncategory = \"networking\"\nseverity = \"low\"\nsource = \"a test\"\n\
             source_confidence = \"low\"\n{keys}\n[[pattern]]\nname = \"text\"\nregex = 'the message of {id} itself'\n\
             confidence = \"likely\"\n[[example]]\ntext = 'the message of {id} itself'\n[[near_miss]]\ntext = 'no'\n\
             why = \"w\"\n[text.en]\ntitle = \"t\"\nsummary = \"s\"\nworkaround = \"w\"\n[text.ko]\ntitle = \"t\"\n\
             summary = \"s\"\nworkaround = \"w\"\n"
        );
        (format!("{id}.toml"), text)
    }

    fn set() -> SignatureSet {
        let files = [
            file("general", ""),
            file("middle", "supersedes = [\"general\"]"),
            file("special", "supersedes = [\"middle\"]"),
            file("effect", "caused_by = [\"root\", \"general\"]"),
            file("root", ""),
        ];
        SignatureSet::from_files(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
    }

    /// `id:confidence:verdict:nodes` in the order given; afterwards `id` or `id(also, also)`.
    fn related(findings: &[&str]) -> Vec<String> {
        let set = set();
        let mut report: Report = sample("en");
        let pattern = report.findings[0].clone();
        report.findings.clear();
        for line in findings {
            let parts: Vec<&str> = line.split(':').collect();
            let mut finding = pattern.clone();
            finding.id = parts[0].to_owned();
            finding.confidence = parts[1].to_owned();
            finding.verdict = parts[2].to_owned();
            finding.nodes = parts[3].split_whitespace().map(str::to_owned).collect();
            let signature = set.signatures().iter().find(|it| it.id() == parts[0]).unwrap();
            finding.caused_by = signature.caused_by().map(str::to_owned).collect();
            report.findings.push(finding);
        }
        relate(&set, &mut report);
        let show = |finding: &crate::report::Finding| {
            let also: Vec<&str> = finding.also_matched.iter().map(|also| also.id.as_str()).collect();
            if also.is_empty() { finding.id.clone() } else { format!("{}({})", finding.id, also.join(" ")) }
        };
        report.findings.iter().map(show).collect()
    }

    #[test]
    fn what_a_specific_cause_explains_stands_beneath_it() {
        for (findings, expected) in [
            (&["general:likely:affected:n1", "special:likely:affected:n1"][..], "special(general)"),
            (
                &["general:likely:affected:n1", "middle:likely:affected:n1", "special:likely:affected:n1"],
                "special(general middle)",
            ),
            // On another node it is a finding of its own, and so it is where it shows on more nodes.
            (&["general:likely:affected:n2", "special:likely:affected:n1"], "general special"),
            (&["general:likely:affected:n1 n2", "special:likely:affected:n1"], "general special"),
            (
                &["general:likely:affected:n1 n2", "special:likely:affected:n1", "middle:likely:affected:n2"],
                "special(general) middle(general)",
            ),
            // Where no node is known, the cluster counts.
            (&["general:likely:affected:", "special:likely:affected:n1"], "special(general)"),
            // A guess explains no certainty; a fault that the release does not have explains nothing.
            (&["general:confirmed:affected:n1", "special:likely:affected:n1"], "general special"),
            (&["general:likely:affected:n1", "special:likely:fixed:n1"], "general special"),
        ] {
            assert_eq!(related(findings).join(" "), expected, "{findings:?}");
        }
    }

    #[test]
    fn what_has_evidence_of_its_own_stands_for_itself() {
        let mut special = sample("en").findings.swap_remove(0);
        let mut general = special.clone();
        assert!(super::may_explain(&special, &general));
        general.evidence[0].line += 1;
        assert!(!super::may_explain(&special, &general));
        special.confidence = "confirmed".to_owned();
        general.confidence = "possible".to_owned();
        assert!(super::may_explain(&special, &general));
    }

    #[test]
    fn a_cause_stands_before_its_effect_where_the_first_of_both_stood() {
        for (findings, expected) in [
            (&["effect:likely:affected:n1", "general:likely:affected:n1"][..], "general effect"),
            (
                &["effect:likely:affected:n1", "special:likely:affected:n2", "root:possible:affected:n1"],
                "root effect special",
            ),
            (
                &["middle:likely:affected:n9", "effect:likely:affected:n1", "root:possible:affected:n1"],
                "middle root effect",
            ),
            // A cause that is named beneath another is shown by that.
            (
                &["effect:likely:affected:n1", "general:likely:affected:n1", "special:likely:affected:n1"],
                "special(general) effect",
            ),
        ] {
            assert_eq!(related(findings).join(" "), expected, "{findings:?}");
        }
    }

    #[test]
    fn how_settled_a_signature_is_decides_whether_it_is_evaluated() {
        use crate::input::Source;
        let files = [
            file("trial", "status = \"experimental\""),
            file("old", "status = \"deprecated\"\nsuccessor = \"new\""),
            file("new", ""),
        ];
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let set = SignatureSet::from_files(files).unwrap();
        let found = |change: &dyn Fn(&mut crate::AnalyzeOptions<'_>)| {
            let bytes = b"the message of trial itself\nthe message of old itself\n".to_vec();
            let mut options = crate::AnalyzeOptions::default();
            change(&mut options);
            let source = Source::Bytes { name: "a.log".into(), bytes };
            let report = crate::analyze(&set, [source], &options).unwrap();
            report.findings.into_iter().map(|it| (it.id, it.status, it.successor)).collect::<Vec<_>>()
        };
        let old = ("old".to_owned(), Some("deprecated".to_owned()), Some("new".to_owned()));
        let trial = ("trial".to_owned(), Some("experimental".to_owned()), None);
        assert_eq!(found(&|_| ()), std::slice::from_ref(&old));
        assert_eq!(found(&|options| options.experimental = true), [old, trial.clone()]);
        assert_eq!(found(&|options| options.only = ["trial".to_owned()].into()), [trial]);
    }
}
