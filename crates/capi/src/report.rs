//! Reports: forms and accessors.

use std::ffi::c_char;

use loggrep_abm_core::report::{
    Evidence, Finding, Input, Problem, Report, TextOptions, write_csv, write_html, write_json, write_jsonl,
    write_junit, write_markdown, write_sarif, write_text,
};

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{
    behind, bytes, get, give, guard, handle, item_behind, lgabm_text, number_behind, take_back, text_behind,
};

/// What an analysis found. It never changes: any number of threads may read it at once.
pub struct lgabm_report {
    _opaque: [u8; 0],
}

handle!(lgabm_report => Report);

/// One issue that the input shows; belongs to its report and lives as long.
pub struct lgabm_finding {
    _opaque: [u8; 0],
}

handle!(lgabm_finding => Finding);

/// One hit of an issue: where, when, what; belongs to its report and lives as long.
pub struct lgabm_evidence {
    _opaque: [u8; 0],
}

handle!(lgabm_evidence => Evidence);

/// Damage or a limit met while reading; belongs to its report and lives as long.
pub struct lgabm_problem {
    _opaque: [u8; 0],
}

handle!(lgabm_problem => Problem);

/// Bytes that the library made for the caller, who frees them with `lgabm_buffer_free`.
pub struct lgabm_buffer {
    _opaque: [u8; 0],
}

handle!(lgabm_buffer => Vec<u8>);

/// The forms of a report. The numbers never change; later versions add some.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum lgabm_format {
    /// One JSON document, of the schema that the program publishes.
    LGABM_FORMAT_JSON = 1,
    /// One JSON object a line.
    LGABM_FORMAT_JSONL = 2,
    /// Text for a person, without colour.
    LGABM_FORMAT_TEXT = 3,
    /// Markdown.
    LGABM_FORMAT_MARKDOWN = 4,
    /// One HTML page with all it needs.
    LGABM_FORMAT_HTML = 5,
    /// Comma-separated values, one line for each piece of evidence.
    LGABM_FORMAT_CSV = 6,
    /// SARIF 2.1.0.
    LGABM_FORMAT_SARIF = 7,
    /// JUnit XML.
    LGABM_FORMAT_JUNIT = 8,
}

fn written(report: &Report, format: i32) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let result = match format {
        1 => write_json(report, &mut out),
        2 => write_jsonl(report, &mut out),
        3 => write_text(report, &TextOptions::default(), &mut out),
        4 => write_markdown(report, &mut out),
        5 => write_html(report, &[], &mut out),
        6 => write_csv(report, &mut out),
        7 => write_sarif(report, &mut out),
        8 => write_junit(report, &mut out),
        _ => return Err(Failure::invalid(format!("`{format}` is no form of a report"))),
    };
    let failure =
        |error| Failure::new(lgabm_status::LGABM_OUTPUT, format!("cannot write the report: {error}"));
    result.map_err(failure)?;
    Ok(out)
}

/// Writes a report in a form, one of `lgabm_format`. `*buffer` holds the whole text, UTF-8, and is freed with
/// `lgabm_buffer_free`; it does not need the report any more. `error` may be NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `buffer` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_write(
    report: *const lgabm_report,
    format: i32,
    buffer: *mut *mut lgabm_buffer,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `guard` and `behind`.
    unsafe { guard(buffer, error, || Ok(give(written(behind(report)?, format)?))) }
}

/// Writes where the text of a buffer is to `text`. It lives as long as the buffer. Any thread.
///
/// # Safety
/// `buffer` is NULL or was not freed; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_buffer_text(
    buffer: *const lgabm_buffer,
    text: *mut lgabm_text,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let bytes = unsafe { behind(buffer) }?;
        Ok(lgabm_text { data: bytes.as_ptr().cast(), len: bytes.len() })
    };
    // SAFETY: the caller's promise is that of `get`.
    unsafe { get(text, body) }
}

/// Frees a buffer; nothing happens for NULL. Any thread.
///
/// # Safety
/// `buffer` is NULL or was not freed; neither it nor its text is used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_buffer_free(buffer: *mut lgabm_buffer) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(buffer) }
}

/// Frees a report; nothing happens for NULL. Any thread, once no call uses it.
///
/// # Safety
/// `report` is NULL or was not freed; neither it nor anything that belongs to it is used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_free(report: *mut lgabm_report) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(report) }
}

fn or_empty(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// Whether all of every input was read: 1 or 0; 0 for NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_is_complete(report: *const lgabm_report) -> i32 {
    let complete = |report: &Report| i32::from(report.inputs.iter().all(|input: &Input| input.complete));
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(report, complete) }
}

/// The major number of the JSON document's schema; 0 for NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_schema_major(report: *const lgabm_report) -> u64 {
    let major =
        |report: &Report| report.schema_version.split('.').next().and_then(|major| major.parse().ok());
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(report, |report| major(report).unwrap_or(0)) }
}

/// Writes the digest of the signatures that were used to `text`. The text belongs to the report and lives as long.
/// Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_signatures_digest(
    report: *const lgabm_report,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(report, text, |report| Some(&report.tool.signatures_digest)) }
}

/// How many clusters the input knows; 0 for NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_cluster_count(report: *const lgabm_report) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(report, |report| report.bundle.clusters.len()) }
}

/// Writes the name of a cluster to `text`; empty where a release stands without one. The text belongs to the report
/// and lives as long. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_cluster_name(
    report: *const lgabm_report,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(report, text, |report| Some(&report.bundle.clusters.get(index)?.name)) }
}

/// Writes the release of a cluster to `text`; empty where nothing tells it. The text belongs to the report and lives
/// as long. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_cluster_version(
    report: *const lgabm_report,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(report, text, |report| Some(or_empty(&report.bundle.clusters.get(index)?.version))) }
}

/// How many findings there are; 0 for NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_finding_count(report: *const lgabm_report) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(report, |report| report.findings.len()) }
}

/// Writes a finding, the most severe and most certain first, to `finding`. It belongs to the report and lives as
/// long; it is not freed. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `finding` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_finding(
    report: *const lgabm_report,
    index: usize,
    finding: *mut *const lgabm_finding,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `item_behind`.
    unsafe { item_behind(report, finding, |report| report.findings.get(index)) }
}

/// How many problems are listed; 0 for NULL. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_problem_count(report: *const lgabm_report) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(report, |report| report.problems.len()) }
}

/// Writes a problem, ordered by path and offset, to `problem`. It belongs to the report and lives as long; it is not
/// freed. Any thread.
///
/// # Safety
/// `report` is NULL or was not freed; `problem` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_problem(
    report: *const lgabm_report,
    index: usize,
    problem: *mut *const lgabm_problem,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `item_behind`.
    unsafe { item_behind(report, problem, |report| report.problems.get(index)) }
}

/// Writes the id of the signature to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_id(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.id)) }
}

/// Writes the title, one line, to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_title(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.title)) }
}

/// Writes cause and effect to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_summary(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.summary)) }
}

/// Writes the kind of issue, such as `networking`, to `text`. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_category(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.category)) }
}

/// Writes `critical`, `high`, `medium`, `low` or `info` to `text`. The text belongs to the report and lives as long.
/// Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_severity(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.severity)) }
}

/// Writes `confirmed`, `likely` or `possible` to `text`. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_confidence(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.confidence)) }
}

/// Writes `affected`, `fixed`, `not_affected` or `unknown` to `text`. The text belongs to the report and lives as
/// long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_verdict(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.verdict)) }
}

/// Writes what to do, Markdown, to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_workaround(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.workaround)) }
}

/// Writes what tells this issue on these nodes from others to `text`. The text belongs to the report and lives as
/// long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_fingerprint(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(&finding.fingerprint)) }
}

/// Writes the release that fixes it for the cluster of the verdict to `text`; empty where nothing tells. The text
/// belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_fix_for_this_cluster(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(or_empty(&finding.fix_for_this_cluster))) }
}

/// Writes when the earliest dated hit was, RFC 3339, to `text`; empty where nothing tells. The text belongs to the
/// report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_first_seen(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(or_empty(&finding.first_seen))) }
}

/// Writes when the last dated hit was, RFC 3339, to `text`; empty where nothing tells. The text belongs to the
/// report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_last_seen(
    finding: *const lgabm_finding,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| Some(or_empty(&finding.last_seen))) }
}

/// How often it was seen; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_count(finding: *const lgabm_finding) -> u64 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.count) }
}

/// Whether it still happens at the end of that log: 1 or 0, and -1 when nothing tells; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_ongoing(finding: *const lgabm_finding) -> i32 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.ongoing.map_or(-1, i32::from)) }
}

/// How many nodes have a hit; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_node_count(finding: *const lgabm_finding) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.nodes.len()) }
}

/// Writes the name of a node to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_node(
    finding: *const lgabm_finding,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| finding.nodes.get(index).map(String::as_str)) }
}

/// How many pods have a hit; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_pod_count(finding: *const lgabm_finding) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.pods.len()) }
}

/// Writes a pod, `namespace/pod` where the namespace is known, to `text`. The text belongs to the report and lives
/// as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_pod(
    finding: *const lgabm_finding,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| finding.pods.get(index).map(String::as_str)) }
}

/// How many references there are; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_reference_count(finding: *const lgabm_finding) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.references.len()) }
}

/// Writes where to read more to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_reference(
    finding: *const lgabm_finding,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| finding.references.get(index).map(String::as_str)) }
}

/// How many named captures there are; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_capture_count(finding: *const lgabm_finding) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.captures.len()) }
}

/// Writes the name of a capture to `text`; they are sorted. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_capture_name(
    finding: *const lgabm_finding,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(finding, text, |finding| finding.captures.keys().nth(index).map(String::as_str)) }
}

/// How many distinct values a capture has; 0 for NULL, or an index that is too large. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_capture_value_count(
    finding: *const lgabm_finding,
    index: usize,
) -> usize {
    let values = |finding: &Finding| finding.captures.values().nth(index).map_or(0, Vec::len);
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, values) }
}

/// Writes a value of a capture to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_capture_value(
    finding: *const lgabm_finding,
    index: usize,
    value: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe {
        text_behind(finding, text, |finding| {
            finding.captures.values().nth(index)?.get(value).map(String::as_str)
        })
    }
}

/// How many pieces of evidence are kept; 0 for NULL. Any thread.
///
/// # Safety
/// `finding` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_evidence_count(finding: *const lgabm_finding) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(finding, |finding| finding.evidence.len()) }
}

/// Writes a piece of evidence, the best first, to `evidence`. It belongs to the report and lives as long; it is not
/// freed. Any thread.
///
/// # Safety
/// `finding` is NULL or lives; `evidence` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_finding_evidence(
    finding: *const lgabm_finding,
    index: usize,
    evidence: *mut *const lgabm_evidence,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `item_behind`.
    unsafe { item_behind(finding, evidence, |finding| finding.evidence.get(index)) }
}

/// Writes the file, archives on the way before `!`, to `text`. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_path(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(&evidence.path)) }
}

/// Writes the line, or the lines of a wrapped message, to `text`. The text belongs to the report and lives as long.
/// Any thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_text(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(&evidence.text)) }
}

/// Writes when it was, RFC 3339, UTC, to `text`; empty where nothing tells. The text belongs to the report and lives
/// as long. Any thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_time(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.time))) }
}

/// Writes the cluster to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_cluster(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.cluster))) }
}

/// Writes the node to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_node(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.node))) }
}

/// Writes the namespace to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_namespace(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.namespace))) }
}

/// Writes the pod to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_pod(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.pod))) }
}

/// Writes the container to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_container(
    evidence: *const lgabm_evidence,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| Some(or_empty(&evidence.container))) }
}

/// The line of the file on which the message begins, from 1; 0 for NULL. Any thread.
///
/// # Safety
/// `evidence` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_line(evidence: *const lgabm_evidence) -> u64 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(evidence, |evidence| evidence.line) }
}

/// The byte of the decompressed file at which the match begins, from 0; 0 for NULL. Any thread.
///
/// # Safety
/// `evidence` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_offset(evidence: *const lgabm_evidence) -> u64 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(evidence, |evidence| evidence.offset) }
}

/// How many named captures this hit has; 0 for NULL. Any thread.
///
/// # Safety
/// `evidence` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_capture_count(evidence: *const lgabm_evidence) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(evidence, |evidence| evidence.captures.len()) }
}

/// Writes the name of a capture to `text`; they are sorted. The text belongs to the report and lives as long. Any
/// thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_capture_name(
    evidence: *const lgabm_evidence,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(evidence, text, |evidence| evidence.captures.keys().nth(index).map(String::as_str)) }
}

/// Writes the value of a capture to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `evidence` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_evidence_capture_value(
    evidence: *const lgabm_evidence,
    index: usize,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe {
        text_behind(evidence, text, |evidence| evidence.captures.values().nth(index).map(String::as_str))
    }
}

/// Writes the file, or the input itself, to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `problem` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_problem_path(
    problem: *const lgabm_problem,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(problem, text, |problem| Some(&problem.path)) }
}

/// Writes `truncated`, `corrupt`, `checksum`, `limit`, `unsupported`, `unreadable`, `skipped`, `duplicate` or
/// `signature` to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `problem` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_problem_kind(
    problem: *const lgabm_problem,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(problem, text, |problem| Some(&problem.kind)) }
}

/// Writes one sentence to `text`. The text belongs to the report and lives as long. Any thread.
///
/// # Safety
/// `problem` is NULL or lives; `text` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_problem_message(
    problem: *const lgabm_problem,
    text: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(problem, text, |problem| Some(&problem.message)) }
}

/// Reads a report from the JSON document that `lgabm_report_write` gives, such as one that was stored. The report in
/// `*report` is freed with `lgabm_report_free`. `error` may be NULL. Any thread.
///
/// # Safety
/// `json` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_report_from_json(
    json: *const c_char,
    len: usize,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `bytes`.
        let json = unsafe { bytes(json, len) }?;
        let read = serde_json::from_slice(json);
        Ok(give(read.map_err(|error| Failure::invalid(format!("this is no report: {error}")))?))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}
