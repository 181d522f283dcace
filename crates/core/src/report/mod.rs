//! The report and the forms it takes. Reads no files, matches nothing.
//!
//! Start from [`Report`]. It is the JSON document as types: its field names are a contract, keys are only added.
//! Every text in it is already masked (secrets replaced) and cut, but not escaped: that is the form's job.

mod csv;
mod diff;
mod events;
mod explain;
mod facts;
mod html;
mod json;
mod junit;
mod markdown;
mod rollup;
#[cfg(test)]
pub(crate) mod sample;
mod sarif;
#[cfg(test)]
mod schema;
mod text;
mod timeline;
mod words;
mod workaround;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::csv::write_csv;
pub use self::diff::{Diff, DiffFinding, Seen, write_diff, write_diff_json};
pub(crate) use self::events::bucket_seconds;
pub use self::events::{Bucket, Event, EventSample, Timeline, write_timeline, write_timeline_json};
pub use self::explain::{pages, write_explanation};
pub use self::facts::{write_explanations, write_facts, write_facts_json};
pub use self::html::write_html;
pub use self::json::{write_document, write_json, write_jsonl, write_line};
pub use self::junit::write_junit;
pub use self::markdown::write_markdown;
pub use self::rollup::{
    ROLLUP_SCHEMA, Rollup, RollupCell, RollupInput, RollupIssue, write_rollup, write_rollup_csv,
    write_rollup_json, write_rollup_jsonl, write_rollup_markdown,
};
pub use self::sarif::write_sarif;
pub use self::text::{TextOptions, write_text};

/// JSON Schema, draft 2020-12, of the document that [`write_json`] writes.
pub const JSON_SCHEMA: &str = include_str!("../../../../schema/report.schema.json");

/// Version of the JSON document; the major changes only when a key is removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "1.0";

/// What an analysis found.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// [`SCHEMA_VERSION`] of the writer.
    pub schema_version: String,
    /// The program and its signatures.
    pub tool: Tool,
    /// Language of the titles, workarounds and messages: `en` or `ko`.
    pub language: String,
    /// Whether aliases stand for names and addresses. Another run may give the same value another alias.
    #[serde(skip_serializing_if = "is_false", default)]
    pub redacted: bool,
    /// Hits dated before this do not count; those without a time do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// Hits dated after this do not count; those without a time do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<String>,
    /// What was read, in the order given.
    pub inputs: Vec<Input>,
    /// What the bundle says of itself.
    pub bundle: Bundle,
    /// The issues shown, most severe and most certain first; one that another brings about stands behind it.
    pub findings: Vec<Finding>,
    /// Issues that only version, profile or topology suggest.
    pub advisories: Vec<Advisory>,
    /// Which signatures could be evaluated.
    pub coverage: Coverage,
    /// What could not be read, ordered by path and offset.
    pub problems: Vec<Problem>,
    /// Problems beyond the limit, not listed.
    pub problems_omitted: u64,
    /// Why each signature was shown or not, where this was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub explanations: Vec<Explanation>,
    /// What no signature knows: the most frequent error-level messages that nothing matched.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unknown: Option<Unknown>,
    /// What was left out because a baseline knows it or an ignore file says so.
    #[serde(skip_serializing_if = "Suppressed::is_empty", default)]
    pub suppressed: Suppressed,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_false(truth: &bool) -> bool {
    !truth
}

/// Error-level messages that no signature matched, by template.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Unknown {
    /// The most frequent ones, most frequent first.
    pub templates: Vec<UnknownTemplate>,
    /// How many templates were found.
    pub found: usize,
    /// Lines they stand for.
    pub lines: u64,
    /// Whether counts are estimates, since not every line of a long log was looked at.
    pub estimated: bool,
    /// Whether all templates found room.
    pub complete: bool,
}

/// Messages that are alike but for numbers, ids, addresses, names and times.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UnknownTemplate {
    /// The message, with `<*>` for what differs.
    pub template: String,
    /// How often.
    pub count: u64,
    /// In how many members.
    pub members: u64,
    /// Nodes of those members, by name, as far as their paths tell; at most 64.
    pub nodes: Vec<String>,
    /// Earliest and latest known time, RFC 3339.
    pub first_seen: Option<String>,
    /// See `first_seen`.
    pub last_seen: Option<String>,
    /// Whether one of them rests on an inferred year or zone.
    pub time_inferred: bool,
    /// Where the sample stands: the first by path.
    pub path: String,
    /// Its line, from 1.
    pub line: u64,
    /// The sample; secrets are masked, and a long line is cut.
    pub text: String,
}

/// Findings and advisories that were left out on purpose, counted.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Suppressed {
    /// How many the baseline knows.
    pub baseline: usize,
    /// How many the ignore file names.
    pub ignored: usize,
    /// Which.
    pub findings: Vec<SuppressedFinding>,
}

/// A finding or advisory that was left out.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SuppressedFinding {
    /// Id of the signature.
    pub id: String,
    /// Fingerprint of the finding; empty for an advisory.
    pub fingerprint: String,
    /// `baseline` or `ignore`.
    pub by: String,
    /// The reason the ignore file gives.
    pub reason: Option<String>,
    /// The day, as in `2025-12-31`, after which it is shown again.
    pub until: Option<String>,
}

impl Suppressed {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The program that wrote the report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Tool {
    /// `loggrep-abm`.
    pub name: String,
    /// Its release.
    pub version: String,
    /// How many signatures were loaded.
    pub signatures: usize,
    /// SHA-256 over their files, lower-case hexadecimal.
    pub signatures_digest: String,
}

/// One input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Input {
    /// As the caller named it.
    pub path: String,
    /// `tar.gz`, `zip`, `directory`, `plain` and so on, by content.
    pub format: String,
    /// Whether all of it was read.
    pub complete: bool,
    /// Bytes of the input itself; for a directory, of its files.
    pub compressed_bytes: u64,
    /// Bytes of decompressed content over all entries.
    pub bytes: u64,
    /// Entries read.
    pub entries: u64,
    /// Lines in them.
    pub lines: u64,
}

/// What the bundle says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Bundle {
    /// Whether anything marks the input as a bundle of the product.
    pub recognised: bool,
    /// Clusters by name.
    pub clusters: Vec<Cluster>,
    /// Nodes by name.
    pub nodes: Vec<Node>,
    /// Time of the earliest and the latest dated log line, RFC 3339.
    pub first_time: Option<String>,
    /// See `first_time`.
    pub last_time: Option<String>,
    /// Everything that was read of it, by subject and name.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub facts: Vec<Fact>,
}

/// Something the bundle says of one of its parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fact {
    /// `bundle`, `cluster`, `node`, `pod` or another kind of object.
    pub subject: String,
    /// Its name, `namespace/name` for an object in a namespace; `null` where nothing tells it.
    pub name: Option<String>,
    /// The cluster it belongs to.
    pub cluster: Option<String>,
    /// `node.rp_filter`.
    pub fact: String,
    /// A number, a truth, a text or a list of texts.
    pub value: serde_json::Value,
    /// The lines it was read from.
    pub sources: Vec<Source>,
}

/// Why an issue was shown, not shown or could not be told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// Id of the signature.
    pub id: String,
    /// `shown`, `also_matched`, `advisory`, `not_shown`, `cannot_tell`.
    pub outcome: String,
    /// See [`Finding::verdict`].
    pub verdict: String,
    /// Why, in sentences of the report's language.
    #[serde(default)]
    pub reason: String,
    /// Hits of each pattern that has any.
    pub patterns: BTreeMap<String, u64>,
    /// What each rule came to.
    pub rules: Vec<RuleExplanation>,
}

/// What one rule came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RuleExplanation {
    /// The condition.
    pub when: String,
    /// `true`, `false`, or `null` for what the bundle cannot tell.
    pub holds: Option<bool>,
    /// For which subjects it holds.
    pub subjects: Vec<String>,
    /// The facts it lacks.
    pub missing: Vec<String>,
}

/// One cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cluster {
    /// Its name; empty when a version stands without one.
    pub name: String,
    /// `admin`, `user`, `hybrid`, `standalone`.
    pub kind: Option<String>,
    /// The release that runs, or the desired one where nothing tells what runs.
    pub version: Option<String>,
    /// The release asked for, when it differs from what runs.
    pub desired_version: Option<String>,
    /// Where the version was read.
    pub source: Option<Source>,
    /// Version of its Kubernetes API server.
    pub kubernetes_version: Option<String>,
}

/// A line of a member.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The member.
    pub path: String,
    /// Its line, from 1.
    pub line: u64,
}

/// One node.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Node {
    /// Host name, or the IP where only that is known.
    pub name: String,
    /// Internal IP.
    pub ip: Option<String>,
    /// The cluster it belongs to.
    pub cluster: Option<String>,
    /// Whether the bundle holds files of this node.
    pub captured: bool,
    /// Operating system, as `PRETTY_NAME` says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub os: Option<String>,
    /// Kernel release.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kernel: Option<String>,
    /// Container runtime.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub runtime: Option<String>,
    /// Version of its kubelet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kubelet_version: Option<String>,
    /// `control-plane`, `worker`, as the bundle says.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub roles: Vec<String>,
    /// `Ready`, `NotReady`, …
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<String>,
}

/// One issue that the bundle shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// Cause and effect.
    pub summary: String,
    /// Kind of issue, such as `networking`.
    pub category: String,
    /// `critical`, `high`, `medium`, `low`, `info`.
    #[cfg_attr(test, schemars(extend("enum" = ["critical", "high", "medium", "low", "info"])))]
    pub severity: String,
    /// `confirmed`, `likely`, `possible`.
    #[cfg_attr(test, schemars(extend("enum" = ["confirmed", "likely", "possible"])))]
    pub confidence: String,
    /// Verdict for the cluster the evidence belongs to, else the worst of `verdicts`.
    #[cfg_attr(test, schemars(extend("enum" = ["affected", "fixed", "not_affected", "unknown"])))]
    pub verdict: String,
    /// Affected ranges.
    pub affected: Vec<String>,
    /// Fixed releases.
    pub fixed_in: Vec<String>,
    /// The release that fixes it for the cluster of `verdict`.
    pub fix_for_this_cluster: Option<String>,
    /// The verdict for each cluster.
    pub verdicts: Vec<ClusterVerdict>,
    /// Depends on id and nodes; never on path or time.
    pub fingerprint: String,
    /// How often: lines, or more where an event says `(x300 over 1h)`.
    pub count: u64,
    /// Earliest and latest hit with a known time, RFC 3339.
    pub first_seen: Option<String>,
    /// See `first_seen`.
    pub last_seen: Option<String>,
    /// Whether a time of `first_seen` or `last_seen` rests on an inferred year or zone.
    pub time_inferred: bool,
    /// Whether it still happens at the end of that log; `null` when nothing tells.
    pub ongoing: Option<bool>,
    /// Nodes with a hit.
    pub nodes: Vec<String>,
    /// Pods with a hit, `namespace/pod` where the namespace is known.
    pub pods: Vec<String>,
    /// Values of the named captures, distinct, over all hits: of each the first 20 by their order.
    pub captures: BTreeMap<String, Vec<String>>,
    /// Whether a capture had more values than stand here.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub captures_omitted: bool,
    /// What to do, slots filled where a value has the form of its type.
    pub workaround: String,
    /// Slots left open, and values that did not have the form of their type.
    pub unfilled_slots: Vec<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// The best pieces of evidence.
    pub evidence: Vec<Evidence>,
    /// How often and when on each node, by name, as far as the path of a member tells the node.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub by_node: Vec<NodeHits>,
    /// `new` or `known`, where the report was held against a baseline.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<String>,
    /// Issues that the catalog relates to this one: easily confused with it, or often seen together.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub related: Vec<String>,
    /// Issues that this one explains where both show.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub supersedes: Vec<String>,
    /// Issues that are known to bring this one about.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub caused_by: Vec<String>,
    /// Issues that showed in the same place and that this one explains, so that they are no findings of their own.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also_matched: Vec<AlsoMatched>,
    /// `experimental` or `deprecated`; nothing for a signature that is stable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<String>,
    /// The signature that takes the place of a deprecated one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub successor: Option<String>,
    /// Every member with a hit; not written.
    #[serde(skip)]
    pub members: Vec<String>,
}

/// An issue that showed and that a more specific finding explains.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct AlsoMatched {
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// See [`Finding::severity`].
    #[cfg_attr(test, schemars(extend("enum" = ["critical", "high", "medium", "low", "info"])))]
    pub severity: String,
    /// See [`Finding::confidence`].
    #[cfg_attr(test, schemars(extend("enum" = ["confirmed", "likely", "possible"])))]
    pub confidence: String,
    /// See [`Finding::verdict`].
    #[cfg_attr(test, schemars(extend("enum" = ["affected", "fixed", "not_affected", "unknown"])))]
    pub verdict: String,
    /// What [`Finding::fingerprint`] would be.
    pub fingerprint: String,
    /// See [`Finding::count`].
    pub count: u64,
    /// Nodes with a hit.
    pub nodes: Vec<String>,
    /// The line of its best piece of evidence.
    pub evidence: Vec<Source>,
}

/// Hits of one issue on one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NodeHits {
    /// Name of the node.
    pub node: String,
    /// See [`Finding::count`].
    pub count: u64,
    /// Earliest and latest hit there with a known time, RFC 3339.
    pub first_seen: Option<String>,
    /// See `first_seen`.
    pub last_seen: Option<String>,
}

/// The verdict of an issue for one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ClusterVerdict {
    /// Name of the cluster.
    pub cluster: String,
    /// Its release.
    pub version: Option<String>,
    /// `affected`, `fixed`, `not_affected`, `unknown`.
    #[cfg_attr(test, schemars(extend("enum" = ["affected", "fixed", "not_affected", "unknown"])))]
    pub verdict: String,
    /// The release that fixes it there, nearest first.
    pub fix: Option<String>,
}

/// A hit: where, when, what.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Evidence {
    /// The member.
    pub path: String,
    /// Line, from 1, on which the message begins.
    pub line: u64,
    /// Byte offset of the match in the decompressed member.
    pub offset: u64,
    /// RFC 3339, UTC.
    pub time: Option<String>,
    /// Whether year or zone of `time` were inferred.
    pub time_inferred: bool,
    /// Cluster, node, namespace, pod, container, as far as path or line tell.
    pub cluster: Option<String>,
    /// See `cluster`.
    pub node: Option<String>,
    /// See `cluster`.
    pub namespace: Option<String>,
    /// See `cluster`.
    pub pod: Option<String>,
    /// See `cluster`.
    pub container: Option<String>,
    /// The line, or the lines of a wrapped message; cut at a limit on a character border.
    pub text: String,
    /// Lines before it.
    pub before: Vec<String>,
    /// Lines after it.
    pub after: Vec<String>,
    /// Named captures of this hit.
    pub captures: BTreeMap<String, String>,
}

/// An issue suggested without evidence in a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Advisory {
    /// Id of the signature.
    pub id: String,
    /// One line.
    pub title: String,
    /// Cause and effect.
    pub summary: String,
    /// Kind of issue.
    pub category: String,
    /// See [`Finding::severity`].
    #[cfg_attr(test, schemars(extend("enum" = ["critical", "high", "medium", "low", "info"])))]
    pub severity: String,
    /// See [`Finding::confidence`]; always `possible`, since nothing in a log shows it.
    #[cfg_attr(test, schemars(extend("enum" = ["confirmed", "likely", "possible"])))]
    #[serde(default = "possible")]
    pub confidence: String,
    /// See [`Finding::verdict`].
    #[cfg_attr(test, schemars(extend("enum" = ["affected", "fixed", "not_affected", "unknown"])))]
    pub verdict: String,
    /// Affected ranges.
    pub affected: Vec<String>,
    /// Fixed releases.
    pub fixed_in: Vec<String>,
    /// The release that fixes it for the cluster of `verdict`.
    pub fix_for_this_cluster: Option<String>,
    /// The verdict for each cluster.
    pub verdicts: Vec<ClusterVerdict>,
    /// What to do.
    pub workaround: String,
    /// Where to read more.
    pub references: Vec<String>,
}

/// Which signatures could be evaluated.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Coverage {
    /// Signatures looked at.
    pub evaluated: usize,
    /// Of these, shown as findings, or named beneath one.
    pub shown: usize,
    /// Evaluated and not shown.
    pub not_shown: usize,
    /// What the bundle cannot tell, for issues that may concern its version.
    pub cannot_tell: Vec<CannotTell>,
    /// How many more cannot be told, for issues that do not concern its version.
    pub cannot_tell_unaffected: usize,
    /// Ids of the signatures looked at, sorted.
    #[serde(default)]
    pub evaluated_ids: Vec<String>,
}

/// An issue that the bundle cannot decide.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CannotTell {
    /// Id of the signature.
    pub id: String,
    /// What would decide it.
    pub missing: Vec<Missing>,
}

/// A fact that the bundle lacks.
#[derive(Clone, Debug, Serialize, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Missing {
    /// Name of the fact.
    pub fact: String,
    /// The command that would tell it.
    pub command: Option<String>,
    /// The nodes that lack it, at most 64; empty where it is said of no node, or of none that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<String>,
}

/// The confidence of advisories, for reports written before they had one.
fn possible() -> String {
    "possible".to_owned()
}

/// Damage or a limit met while reading.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Problem {
    /// The member.
    pub path: String,
    /// Byte offset, in the content of `path`.
    pub offset: Option<u64>,
    /// `truncated`, `corrupt`, `checksum`, `limit`, `unsupported`, `unreadable`, `skipped`, `duplicate`, `signature`.
    pub kind: String,
    /// One sentence.
    pub message: String,
}
