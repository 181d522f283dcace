//! Names and addresses of a customer replaced by aliases, so that a report can leave the company.
//!
//! Start from [`Redactor`]: it learns the names from a [`Report`] and gives it back with aliases in their place. The
//! same value gets the same alias in every report of one redactor. An alias shows that it is one: `CLUSTER-1`,
//! `NODE-3`, `PROJECT-1`, `HOST-2`, and addresses keep the block they are of: `10.x.x.1`, `192.168.x.1`, `fd00:x::1`;
//! `ip.x.x.1` is a public one.
//!
//! What stays: versions, ids, fingerprints, times, the texts of the signatures, loopback and multicast addresses, and
//! masks. Secrets are masked before ([`crate::mask`]). A text that no rule knows to be free of names is searched, so
//! that a new field of the report is redacted until someone says otherwise.

mod hosts;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;
use serde_json::Value;

use crate::report::{Report, Timeline};
use crate::version::Version;

/// Replaces names and addresses by aliases.
///
/// ```
/// use loggrep_abm_core::input::Source;
/// use loggrep_abm_core::redact::Redactor;
/// use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};
///
/// let log = br#"ANGd.Setup Failed to create ANG daemon on 10.1.2.3 {"error": "creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\""}"#;
/// let source = Source::Bytes { name: "ang-node.log".into(), bytes: log.to_vec() };
/// let report = analyze(&SignatureSet::builtin()?, vec![source], &AnalyzeOptions::default())?;
/// let mut redactor = Redactor::new();
/// let redacted = redactor.redact(&report);
/// assert!(redacted.findings[0].evidence[0].text.contains("ANG daemon on 10.x.x.1 {"));
/// assert_eq!(redactor.key()["10.x.x.1"], "10.1.2.3");
/// # Ok::<(), loggrep_abm_core::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Redactor {
    /// Alias by kind and value; names in lower case.
    aliases: BTreeMap<(Kind, String), String>,
    counts: BTreeMap<&'static str, usize>,
    names: Names,
}

/// What a value is. A name that is of two kinds is of the first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Kind {
    Cluster,
    Node,
    Project,
    Host,
    Address,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Kind::Cluster => "CLUSTER-",
            Kind::Node => "NODE-",
            Kind::Project => "PROJECT-",
            Kind::Host => "HOST-",
            Kind::Address => "",
        }
    }
}

/// The names that were learnt, and what finds them.
#[derive(Debug, Default)]
struct Names {
    /// By lower-case name.
    kinds: BTreeMap<String, Kind>,
    /// Finds those that are told apart from common words; `None` when there are none.
    finder: Option<(AhoCorasick, Vec<String>)>,
}

/// Keys of the report whose texts are the program's or the signature's own, or versions.
const UNTOUCHED: &[&str] = &[
    "schema_version",
    "tool",
    "language",
    "format",
    "id",
    "title",
    "summary",
    "category",
    "severity",
    "confidence",
    "verdict",
    "affected",
    "fixed_in",
    "fix_for_this_cluster",
    "fix",
    "version",
    "desired_version",
    "kubernetes_version",
    "kubelet_version",
    "fingerprint",
    "since",
    "until",
    "first_seen",
    "last_seen",
    "first_time",
    "last_time",
    "time",
    "references",
    "evaluated_ids",
    "fact",
    "subject",
    "outcome",
    "when",
    "roles",
    "status",
    "baseline",
    "related",
    "supersedes",
    "caused_by",
    "successor",
    "by",
];

/// Keys whose whole text is a name: there even a common word is replaced.
const NAMED: &[&str] = &["node", "nodes", "cluster", "name", "subjects"];

/// Words that a cluster or a node may be called, and that mean something else in any text.
const COMMON: &[&str] = &[
    "admin",
    "api",
    "bare",
    "baremetal",
    "bmctl",
    "bootstrap",
    "cluster",
    "clusters",
    "config",
    "container",
    "containerd",
    "control",
    "data",
    "default",
    "dev",
    "docker",
    "error",
    "etcd",
    "failed",
    "false",
    "get",
    "google",
    "host",
    "hybrid",
    "info",
    "kind",
    "kube",
    "kubectl",
    "kubelet",
    "kubernetes",
    "local",
    "localhost",
    "log",
    "logs",
    "main",
    "master",
    "metal",
    "name",
    "network",
    "no",
    "node",
    "nodes",
    "null",
    "ok",
    "pod",
    "pods",
    "prod",
    "root",
    "server",
    "snapshot",
    "stage",
    "staging",
    "standalone",
    "system",
    "test",
    "true",
    "user",
    "version",
    "warning",
    "worker",
    "yes",
    "control-plane",
    "kube-system",
];

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

/// Group 1 is a project: by its resource path, its service accounts, its key, or the option that names it.
static PROJECT: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:\bprojects/|(?i:\bproject[-_]?(?:id|number)?\\*[\x22']?\s*[:=]\s*\\*[\x22']?)|--project(?:[-_]id)?[= ])",
        r"([a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{6,15})(?-u:\b)",
        r"|[@.]([a-z][a-z0-9-]{4,28}[a-z0-9])\.(?:iam\.gserviceaccount\.com|svc\.id\.goog)(?-u:\b)",
    ))
});
/// Group 1 is the host of a URL or of a mail address.
static URL_HOST: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:\b[a-z][a-z0-9+]{1,9}://(?:[^\s/@\x22']{0,200}@)?|[A-Za-z0-9._%+-]@)",
        r"([A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)",
    ))
});
/// The rest of a full name behind the name of a node.
static DOMAIN: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?:\.[A-Za-z][A-Za-z0-9-]*){1,6}\.(?:[A-Za-z]{2,24})(?-u:\b)"));
static IPV4: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"));
static DASHED: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?:10|172|192)(?:-(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}"));
static IPV6: LazyLock<Regex> = LazyLock::new(|| regex(r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}"));

impl Redactor {
    /// One that knows no name yet.
    pub fn new() -> Redactor {
        Redactor::default()
    }

    /// The report with aliases in place of the names it tells of, and of those of all reports before it.
    pub fn redact(&mut self, report: &Report) -> Report {
        self.learn(report);
        let members: Vec<Vec<String>> = report.findings.iter().map(|it| it.members.clone()).collect();
        let mut value = serde_json::to_value(report).expect("a report is JSON");
        self.value("", &mut value);
        let mut redacted: Report =
            serde_json::from_value(value).expect("texts were replaced by texts, so it is a report still");
        for (finding, members) in redacted.findings.iter_mut().zip(members) {
            finding.members = members.iter().map(|path| self.text(path, false)).collect();
        }
        redacted.redacted = true;
        redacted
    }

    /// A timeline with aliases; [`Redactor::learn`] its report before.
    pub fn redact_timeline(&mut self, timeline: &Timeline) -> Timeline {
        let mut redacted = timeline.clone();
        for event in &mut redacted.events {
            event.node = event.node.take().map(|node| self.text(&node, true));
            event.path = self.text(&event.path, false);
            for sample in &mut event.samples {
                sample.text = self.text(&sample.text, false);
            }
        }
        redacted
    }

    /// Learns the names of a report without giving it back, so that names of later inputs are known before.
    pub fn learn(&mut self, report: &Report) {
        let mut found: BTreeSet<(Kind, String)> = BTreeSet::new();
        for cluster in &report.bundle.clusters {
            found.insert((Kind::Cluster, cluster.name.clone()));
        }
        for node in &report.bundle.nodes {
            found.insert((Kind::Node, node.name.clone()));
            found.extend(node.cluster.clone().map(|name| (Kind::Cluster, name)));
        }
        for fact in &report.bundle.facts {
            let kind = match fact.subject.as_str() {
                "cluster" => Some(Kind::Cluster),
                "node" => Some(Kind::Node),
                _ => None,
            };
            found.extend(kind.zip(fact.name.clone()));
            found.extend(fact.cluster.clone().map(|name| (Kind::Cluster, name)));
            if fact.fact == "node.hostname" {
                found.extend(fact.value.as_str().map(|name| (Kind::Node, name.to_owned())));
            }
            if fact.fact.ends_with(".project") || fact.fact.ends_with(".project_id") {
                found.extend(fact.value.as_str().map(|name| (Kind::Project, name.to_owned())));
            }
        }
        for finding in &report.findings {
            found.extend(finding.nodes.iter().map(|name| (Kind::Node, name.clone())));
            found.extend(finding.by_node.iter().map(|hits| (Kind::Node, hits.node.clone())));
            for verdict in &finding.verdicts {
                found.insert((Kind::Cluster, verdict.cluster.clone()));
            }
            for evidence in &finding.evidence {
                found.extend(evidence.node.clone().map(|name| (Kind::Node, name)));
                found.extend(evidence.cluster.clone().map(|name| (Kind::Cluster, name)));
                let lines = evidence.before.iter().chain(&evidence.after);
                for text in lines.chain([&evidence.text, &evidence.path]) {
                    names_in(text, &mut found);
                }
            }
        }
        for it in report.unknown.iter().flat_map(|unknown| &unknown.templates) {
            found.extend(it.nodes.iter().map(|name| (Kind::Node, name.clone())));
            for text in [&it.text, &it.path, &it.template] {
                names_in(text, &mut found);
            }
        }
        for missing in report.coverage.cannot_tell.iter().flat_map(|it| &it.missing) {
            found.extend(missing.nodes.iter().map(|name| (Kind::Node, name.clone())));
        }
        for verdict in report.advisories.iter().flat_map(|advisory| &advisory.verdicts) {
            found.insert((Kind::Cluster, verdict.cluster.clone()));
        }
        for (kind, name) in found {
            self.learn_name(kind, &name);
        }
        self.names.build();
    }

    fn learn_name(&mut self, kind: Kind, name: &str) {
        let name = name.to_lowercase();
        let is_no_name = name.is_empty()
            || name.parse::<Ipv4Addr>().is_ok()
            || name.parse::<Ipv6Addr>().is_ok()
            || name.parse::<Version>().is_ok()
            || self.names.kinds.contains_key(&name);
        if is_no_name {
            return;
        }
        self.names.kinds.insert(name.clone(), kind);
        let alias = self.alias(kind, &name);
        // A full host name and its first label are one host.
        if let (Kind::Node, Some((short, _))) = (kind, name.split_once('.'))
            && short.parse::<u64>().is_err()
            && !self.names.kinds.contains_key(short)
            && !short.is_empty()
        {
            self.names.kinds.insert(short.to_owned(), kind);
            self.aliases.insert((kind, short.to_owned()), alias);
        }
    }

    /// Alias and value of everything replaced so far; what an alias has two names for stands as the longer.
    pub fn key(&self) -> BTreeMap<&str, &str> {
        let mut key: BTreeMap<&str, &str> = BTreeMap::new();
        for ((_, value), alias) in &self.aliases {
            let known = key.entry(alias).or_insert(value);
            if value.len() > known.len() {
                *known = value;
            }
        }
        key
    }

    /// Writes [`Redactor::key`] as JSON.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_key(&self, out: impl std::io::Write) -> std::io::Result<()> {
        crate::report::write_document(&self.key(), out)
    }

    fn value(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text, NAMED.contains(&key)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(key, item)),
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    // Names of facts and commands are those of the program; the nodes that lack them are not.
                    if key == "missing" {
                        let nodes = value.as_array_mut().into_iter().flatten();
                        let nodes = nodes.filter_map(|missing| missing.get_mut("nodes"));
                        nodes.for_each(|nodes| self.value("nodes", nodes));
                        continue;
                    }
                    // In captures and patterns the keys are names of the signature.
                    if !UNTOUCHED.contains(&key.as_str()) {
                        self.value(key, value);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A text with aliases; `is_name` where the whole of it may be a name.
    fn text(&mut self, text: &str, is_name: bool) -> String {
        if is_name && let Some((kind, name)) = self.names.whole(text) {
            return self.alias(kind, &name);
        }
        let mut found: Vec<(Range<usize>, Kind, String)> = Vec::new();
        self.names.find(text, &mut found);
        found.extend(projects_in(text).map(|at| (at.clone(), Kind::Project, text[at].to_lowercase())));
        url_hosts(text, &mut found);
        let mut hosts_found = Vec::new();
        hosts::hosts(text, &mut hosts_found);
        found.extend(hosts_found.into_iter().map(|(at, name)| (at, Kind::Host, name)));
        addresses(text, &mut found);
        // What begins first counts, of these the longest.
        found.sort_by_key(|(at, kind, _)| (at.start, std::cmp::Reverse(at.end), *kind));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (at, kind, value) in found {
            if at.start < done {
                continue;
            }
            out.push_str(&text[done..at.start]);
            let kind = self.names.kinds.get(&value).copied().unwrap_or(kind);
            let alias = self.alias(kind, &value);
            let dashed = kind == Kind::Address && text[at.clone()].contains('-');
            out.push_str(&if dashed { alias.replace('.', "-") } else { alias });
            done = at.end;
        }
        out.push_str(&text[done..]);
        out
    }

    fn alias(&mut self, kind: Kind, value: &str) -> String {
        if let Some(alias) = self.aliases.get(&(kind, value.to_owned())) {
            return alias.clone();
        }
        let prefix = if kind == Kind::Address { block(value) } else { kind.prefix() };
        let number = self.counts.entry(prefix).or_default();
        *number += 1;
        let alias = format!("{prefix}{number}");
        self.aliases.insert((kind, value.to_owned()), alias.clone());
        alias
    }
}

impl Names {
    fn build(&mut self) {
        let told_apart = |name: &&String| {
            name.len() > 2 && !COMMON.contains(&name.as_str()) && name.parse::<u64>().is_err()
        };
        let names: Vec<String> = self.kinds.keys().filter(told_apart).cloned().collect();
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&names);
        self.finder = finder.ok().filter(|_| !names.is_empty()).map(|finder| (finder, names));
    }

    /// The name that is all of a text.
    fn whole(&self, text: &str) -> Option<(Kind, String)> {
        let name = text.to_lowercase();
        self.kinds.get(&name).map(|kind| (*kind, name))
    }

    /// Names that stand by themselves: no letter or digit beside them. Of common words only those that are a part of
    /// a path, or of the namespace of a cluster.
    fn find(&self, text: &str, found: &mut Vec<(Range<usize>, Kind, String)>) {
        if let Some((finder, names)) = &self.finder {
            for hit in finder.find_overlapping_iter(text) {
                if !stands_alone(text, &hit.range()) {
                    continue;
                }
                let name = &names[hit.pattern()];
                let mut at = hit.range();
                let kind = self.kinds[name];
                if matches!(kind, Kind::Node | Kind::Host)
                    && let Some(domain) = DOMAIN.find(&text[at.end..])
                    && !is_file_name(&text[at.end..][domain.range()])
                {
                    at.end += domain.end();
                }
                found.push((at, kind, name.clone()));
            }
        }
        let is_part = |c: char| matches!(c, '/' | '!');
        let mut start = 0;
        for part in text.split(is_part) {
            let from = start + if part.starts_with("cluster-") { "cluster-".len() } else { 0 };
            let at = from..start + part.len();
            start += part.len() + 1;
            if text.contains('/')
                && let Some((kind, name)) = self.whole(&text[at.clone()])
            {
                found.push((at, kind, name));
            }
        }
    }
}

fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let before = text[..at.start].chars().next_back();
    let after = text[at.end..].chars().next();
    // Not letters of any script: a Korean particle follows a name without a blank.
    ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
}

/// `.log`, `.yaml` and their like behind the name of a node are no domain.
fn is_file_name(suffix: &str) -> bool {
    let ends = ["log", "yaml", "yml", "json", "txt", "gz", "zip", "tar", "tgz", "conf", "service", "slice"];
    suffix.rsplit('.').next().is_some_and(|end| ends.contains(&end))
        || suffix.ends_with(".svc")
        || suffix.ends_with(".cluster.local")
}

/// What a text shows to be a project or a host, and that is looked for everywhere from then on.
fn names_in(text: &str, found: &mut BTreeSet<(Kind, String)>) {
    found.extend(projects_in(text).map(|range| (Kind::Project, text[range].to_owned())));
    let mut names = Vec::new();
    hosts::hosts(text, &mut names);
    names.retain(|(_, name)| hosts::tells_apart(name));
    found.extend(names.into_iter().map(|(_, name)| (Kind::Host, name)));
}

fn projects_in(text: &str) -> impl Iterator<Item = Range<usize>> {
    PROJECT.captures_iter(text).filter_map(|captures| {
        let group = captures.get_group(1).or_else(|| captures.get_group(2))?;
        Some(group.range())
    })
}

fn url_hosts(text: &str, found: &mut Vec<(Range<usize>, Kind, String)>) {
    for captures in URL_HOST.captures_iter(text) {
        let Some(group) = captures.get_group(1) else { continue };
        let host = text[group.range()].to_lowercase();
        // `containerd://1.6.6-gke.1` is a version: the last label of a name is a word.
        let is_word = |label: &str| label.len() > 1 && label.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_name = host.rsplit_once('.').is_some_and(|(_, last)| is_word(last));
        if is_name && !hosts::is_public(&host) {
            found.push((group.range(), Kind::Host, host));
        }
    }
}

fn addresses(text: &str, found: &mut Vec<(Range<usize>, Kind, String)>) {
    let bytes = text.as_bytes();
    for hit in IPV4.find_iter(text) {
        let at = hit.range();
        let value = &text[at.clone()];
        if let Ok(address) = value.parse::<Ipv4Addr>()
            && is_address(bytes, &at, address)
            && is_told(address)
        {
            found.push((at, Kind::Address, value.to_owned()));
        }
    }
    for hit in DASHED.find_iter(text) {
        let value = text[hit.range()].replace('-', ".");
        let beside = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let alone = !beside(bytes.get(hit.start().wrapping_sub(1))) && !beside(bytes.get(hit.end()));
        if alone && value.parse::<Ipv4Addr>().is_ok_and(|address| address.is_private()) {
            found.push((hit.range(), Kind::Address, value));
        }
    }
    for hit in IPV6.find_iter(text) {
        let at = hit.range();
        let beside =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b':');
        // `::ffff:10.1.2.3` ends in an address of the other kind, which is found as such.
        let mapped =
            bytes.get(at.end) == Some(&b'.') && bytes.get(at.end + 1).is_some_and(u8::is_ascii_digit);
        if mapped || beside(bytes.get(at.start.wrapping_sub(1))) || beside(bytes.get(at.end)) {
            continue;
        }
        if let Ok(address) = text[at.clone()].parse::<Ipv6Addr>()
            && !address.is_loopback()
            && !address.is_unspecified()
            && !address.is_multicast()
        {
            found.push((at, Kind::Address, address.to_string()));
        }
    }
}

/// Whether four numbers are an address, not a version: `1.13.0.0`, `v4.2.0.1`, `2.5.1.0-3ubuntu1`.
fn is_address(text: &[u8], at: &Range<usize>, address: Ipv4Addr) -> bool {
    let before = &text[..at.start];
    let after = &text[at.end..];
    let more = |byte: Option<&u8>, beyond: Option<&u8>| {
        byte.is_some_and(u8::is_ascii_digit)
            || (byte == Some(&b'.') && beyond.is_some_and(u8::is_ascii_digit))
    };
    if more(before.last(), before.len().checked_sub(2).map(|i| &before[i]))
        || more(after.first(), after.get(1))
    {
        return false;
    }
    if address.is_private() {
        return true;
    }
    let next = std::str::from_utf8(after).ok().and_then(|after| after.strip_prefix('-'));
    let is_range = next.and_then(|next| IPV4.find(next)).is_some_and(|hit| hit.start() == 0);
    let is_suffixed = matches!(after.first(), Some(b'-' | b'+' | b'~')) && !is_range;
    let is_prefixed = matches!(before.last(), Some(b'v' | b'V'))
        && !before.len().checked_sub(2).is_some_and(|i| before[i].is_ascii_alphanumeric());
    let words = String::from_utf8_lossy(&before[before.len().saturating_sub(16)..]).to_lowercase();
    let word = words.trim_end_matches([' ', ':', '=', '"', '\'']).rsplit(' ').next().unwrap_or_default();
    let is_named = word.ends_with("version") || word.ends_with("release");
    let [first, second, ..] = address.octets();
    // Releases of the product and of Kubernetes are 1.x with a small x; a port or a prefix makes it an address.
    let has_port = matches!(after.first(), Some(b':' | b'/')) && after.get(1).is_some_and(u8::is_ascii_digit);
    let is_small = (first <= 1 && second <= 40) && !has_port;
    !(is_suffixed || is_prefixed || is_named || is_small)
}

/// Whether an address tells something: not loopback, a mask, multicast, or the metadata server of the cloud.
fn is_told(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    first != 0 && first < 224 && !address.is_loopback() && address != Ipv4Addr::new(169, 254, 169, 254)
}

/// The beginning of an alias, by the block that an address is of.
fn block(address: &str) -> &'static str {
    if let Ok(address) = address.parse::<Ipv4Addr>() {
        return match address.octets() {
            [10, ..] => "10.x.x.",
            [172, 16..=31, ..] => "172.16.x.",
            [192, 168, ..] => "192.168.x.",
            [100, 64..=127, ..] => "100.64.x.",
            [169, 254, ..] => "169.254.x.",
            _ => "ip.x.x.",
        };
    }
    match address.parse::<Ipv6Addr>().map(|address| address.segments()[0]) {
        Ok(0xfe80..=0xfebf) => "fe80:x::",
        Ok(0xfc00..=0xfdff) => "fd00:x::",
        _ => "2001:x::",
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, DASHED, DOMAIN, IPV4, IPV6, Kind, NAMED, PROJECT, Redactor, URL_HOST};
    use crate::report::sample::{HOSTILE, hostile, sample};
    use crate::report::{write_json, write_line};

    /// One that knows some names.
    fn redactor(names: &[(Kind, &str)]) -> Redactor {
        let mut redactor = Redactor::new();
        names.iter().for_each(|(kind, name)| redactor.learn_name(*kind, name));
        redactor.names.build();
        redactor
    }

    #[track_caller]
    fn check(names: &[(Kind, &str)], cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(redactor(names).text(text, false), *expected, "{text}");
        }
    }

    #[test]
    fn the_patterns_compile() {
        for pattern in [&PROJECT, &URL_HOST, &DOMAIN, &IPV4, &DASHED, &IPV6] {
            assert!(pattern.find("").is_none());
        }
    }

    #[test]
    fn addresses_keep_their_block() {
        check(
            &[],
            &[
                ("10.200.0.3 and 10.200.0.4, 10.200.0.3", "10.x.x.1 and 10.x.x.2, 10.x.x.1"),
                ("172.20.1.1 172.32.1.1", "172.16.x.1 ip.x.x.1"),
                ("192.168.4.0/24 100.64.1.1:443", "192.168.x.1/24 100.64.x.1:443"),
                ("203.0.113.9:6443", "ip.x.x.1:6443"),
                ("10.0.0.10-10.0.0.20", "10.x.x.1-10.x.x.2"),
                ("ip-10-200-0-3.log", "ip-10-x-x-1.log"),
                ("fe80::1%eth0 fd12:3456::9 2404:6800::8a", "fe80:x::1%eth0 fd00:x::1 2001:x::1"),
                ("[fd12:3456::9]:6443", "[fd00:x::1]:6443"),
                ("1.208.4.5 in Seoul", "ip.x.x.1 in Seoul"),
                ("::ffff:10.1.2.3 and 10.200.0.3에서", "::ffff:10.x.x.1 and 10.x.x.2에서"),
            ],
        );
    }

    #[test]
    fn what_only_looks_like_an_address_stays() {
        for text in [
            "1.13.0.0",
            "v4.2.0.1",
            "version 4.2.0.1",
            "version: \"8.4.0.1\"",
            "2.5.1.0-3ubuntu1",
            "1.2.3.4.5",
            "999.1.1.1",
            "127.0.0.1 ::1 :: 0.0.0.0 255.255.255.0 224.0.0.1 169.254.169.254",
            "22:03:08 2023-01-19T22:03:08Z",
            "00:50:56:8a:1b:2c",
            "std::string",
            "1.14.2-gke.11",
        ] {
            check(&[], &[(text, text)]);
        }
    }

    #[test]
    fn names_stand_by_themselves() {
        let names = [(Kind::Node, "usr-cp-1"), (Kind::Node, "usr-cp-10"), (Kind::Cluster, "user-ci")];
        check(
            &names,
            &[
                ("usr-cp-10 usr-cp-1 usr-cp-100", "NODE-2 NODE-1 usr-cp-100"),
                ("etcd-usr-cp-1 USR-CP-1", "etcd-NODE-1 NODE-1"),
                ("nodes/usr-cp-1.corp.acme.example.com: x", "nodes/NODE-1: x"),
                ("usr-cp-1.log", "NODE-1.log"),
                ("cluster-user-ci/kubeconfig", "cluster-CLUSTER-1/kubeconfig"),
                ("superuser-circle", "superuser-circle"),
            ],
        );
        let long = [(Kind::Node, "node-a"), (Kind::Node, "db7")];
        check(
            &long,
            &[
                ("node-ab db7", "node-ab NODE-2"),
                ("노드node-a", "노드NODE-1"),
                ("노드 node-a.corp.example.com를, db7에서", "노드 NODE-1를, NODE-2에서"),
            ],
        );
    }

    #[test]
    fn projects_and_hosts_are_found_by_where_they_stand() {
        check(
            &[],
            &[
                ("projects/acme-prod-1/locations/x", "projects/PROJECT-1/locations/x"),
                ("sa@acme-prod-1.iam.gserviceaccount.com", "sa@PROJECT-1.iam.gserviceaccount.com"),
                ("projectID: acme-prod-1", "projectID: PROJECT-1"),
                (r#"\"project_id\":\"acme-prod-1\""#, r#"\"project_id\":\"PROJECT-1\""#),
                ("--project=acme-prod-1", "--project=PROJECT-1"),
                ("https://registry.acme.example.com:5000/v2", "https://HOST-1:5000/v2"),
                ("https://gcr.io/anthos-baremetal-release", "https://gcr.io/anthos-baremetal-release"),
                ("https://x.monitoring.svc.cluster.local", "https://x.monitoring.svc.cluster.local"),
                ("lookup registry.acme.example.com: x", "lookup HOST-1: x"),
                ("Mar 27 10:55:29 busan1 kubelet[1]: x", "Mar 27 10:55:29 HOST-1 kubelet[1]: x"),
                ("https://10.1.2.3:443", "https://10.x.x.1:443"),
                ("containerd://1.6.6-gke.1 docker://20.10.17", "containerd://1.6.6-gke.1 docker://20.10.17"),
            ],
        );
    }

    #[test]
    fn hostile_names_break_nothing() {
        let names = [
            (Kind::Node, "a"),
            (Kind::Node, "1.13.1"),
            (Kind::Node, ""),
            (Kind::Node, "."),
            (Kind::Node, "node-1"),
            (Kind::Node, "((("),
            (Kind::Node, "<script>"),
            (Kind::Cluster, "error"),
            (Kind::Cluster, "가나다"),
            (Kind::Node, HOSTILE),
        ];
        check(
            &names,
            &[
                ("1.13.1 a error node-1", "1.13.1 a error NODE-3"),
                ("nodes/error/a/x.log", "nodes/CLUSTER-1/NODE-1/x.log"),
                ("가나다", "CLUSTER-2"),
                ("((( <script>", "NODE-4 NODE-5"),
            ],
        );
        assert_eq!(redactor(&names).text("error", true), "CLUSTER-1");
        assert_eq!(redactor(&names).text("1.13.1", true), "1.13.1");
        assert!(COMMON.iter().all(|word| *word == word.to_lowercase()) && NAMED.contains(&"node"));
    }

    #[test]
    fn a_report_keeps_its_shape_and_loses_its_names() {
        for report in [sample("en"), sample("ko"), hostile()] {
            let mut redactor = Redactor::new();
            let redacted = redactor.redact(&report);
            let mut text = Vec::new();
            write_json(&redacted, &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            for name in ["bm-node-1", "bm-node-2", "user-1", "admin-1", "10.200.0.3"] {
                let standing = text
                    .match_indices(name)
                    .any(|(at, _)| super::stands_alone(&text, &(at..at + name.len())));
                assert!(!standing, "{name}:\n{text}");
            }
            for (before, after) in report.findings.iter().zip(&redacted.findings) {
                let same = |finding: &crate::report::Finding| {
                    (finding.id.clone(), finding.fingerprint.clone(), finding.affected.clone(), finding.count)
                };
                assert_eq!(same(before), same(after));
                assert_eq!(before.nodes.len(), after.nodes.len());
            }
            // The same again gives the same, and what is redacted stays as it is.
            let mut again = Vec::new();
            write_line(&redactor.redact(&report), &mut again).unwrap();
            let mut first = Vec::new();
            write_line(&redacted, &mut first).unwrap();
            assert_eq!(String::from_utf8(again), String::from_utf8(first));
        }
    }

    #[test]
    fn texts_of_the_signatures_stay() {
        let set = crate::SignatureSet::builtin().unwrap();
        for signature in set.signatures() {
            for text in crate::signature::LANGUAGES.iter().map(|language| signature.text(language)) {
                let texts = [&text.title, &text.summary, &text.workaround];
                // Addresses of examples are replaced: nothing tells them from those of a customer.
                for text in texts.into_iter().filter(|text| !IPV4.is_match(text.as_str())) {
                    assert_eq!(&redactor(&[]).text(text, false), text, "{}", signature.id());
                }
            }
        }
    }

    #[test]
    fn the_host_of_a_log_line_is_found_in_other_lines() {
        let mut report = sample("en");
        report.findings[0].evidence[0].text = "Mar 27 10:55:29 ktwn07 sshd[1]: x".to_owned();
        report.findings[0].evidence[0].after = vec!["peer ktwn07 and edge.corp.example are gone".to_owned()];
        let mut redactor = Redactor::new();
        let redacted = redactor.redact(&report);
        let text = serde_json::to_string(&redacted).unwrap();
        assert!(!text.contains("ktwn07") && !text.contains("edge.corp"), "{text}");
        let after = &redacted.findings[0].evidence[0].after[0];
        assert!(after.starts_with("peer HOST-") && after.ends_with(" are gone"), "{after}");
        assert!(redacted.redacted && !report.redacted);
    }

    #[test]
    fn the_key_leads_back() {
        let mut redactor = Redactor::new();
        let redacted = redactor.redact(&sample("en"));
        let key = redactor.key();
        assert_eq!(key[redacted.bundle.clusters[0].name.as_str()], "admin-1");
        assert_eq!(key[redacted.bundle.nodes[0].name.as_str()], "bm-node-1");
        assert_eq!(key[redacted.bundle.nodes[0].ip.as_deref().unwrap()], "10.200.0.3");
    }
}
