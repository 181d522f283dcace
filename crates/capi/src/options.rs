//! Options of an analyzer.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use loggrep_abm_core::AnalyzeOptions;
use loggrep_abm_core::bundle::time::{Time, parse_when};
use loggrep_abm_core::signature::{Confidence, Severity};

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{behind, behind_mut, give, guard_unit, handle, lgabm_text, take_back};
use crate::redactor::{SharedRedactor, lgabm_redactor};
use crate::signatures::required_text;

/// How to analyse. One thread changes it; an analyzer copies it, so that it may be changed or freed afterwards.
pub struct lgabm_options {
    _opaque: [u8; 0],
}

handle!(lgabm_options => Options);

/// What an analyzer keeps of its options.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) core: AnalyzeOptions<'static>,
    pub(crate) progress: (lgabm_progress_callback, User),
    pub(crate) evidence: (lgabm_evidence_callback, User),
    pub(crate) redactor: Option<SharedRedactor>,
}

/// The pointer that a caller wants back in its callbacks.
#[derive(Clone, Copy)]
pub(crate) struct User(pub(crate) *mut c_void);

impl Default for User {
    fn default() -> User {
        User(std::ptr::null_mut())
    }
}

// SAFETY: the library never follows the pointer, it only hands it back; the header tells the caller that callbacks come
// from other threads, so that what it leads to must bear that.
unsafe impl Send for User {}
// SAFETY: as for `Send`; the library calls back from one thread at a time for each analysis.
unsafe impl Sync for User {}

/// Told how far an analysis is: bytes read of the current input, before decompression, and how many issues have a hit so
/// far. A result other than 0 cancels the analysis, which then fails with `LGABM_CANCELLED`.
///
/// Called now and then while bytes are read, from threads of the library, one call at a time for each analysis; of
/// several analyses at once, calls may coincide. It must not throw, must not call into the session that it
/// belongs to, and the analysis waits for it.
pub type lgabm_progress_callback =
    Option<extern "C" fn(user: *mut c_void, input_bytes: u64, issues: u64) -> i32>;

/// Told of evidence as it is confirmed, under the rules of `lgabm_progress_callback`. The evidence lives until the
/// callback returns.
///
/// It is provisional: conditions that ask for the absence of something, issues that explain others, and verdicts by
/// release are known only at the end, and the report may leave the issue out. Nor is it redacted, for the names are not
/// known before the end either. Of many hits only the first few of each
/// pattern and file are told, and nothing of what facts of the whole bundle decide, such as a setting of a node.
pub type lgabm_evidence_callback =
    Option<extern "C" fn(user: *mut c_void, evidence: *const lgabm_provisional) -> i32>;

/// A piece of evidence before the end. Its texts belong to the library and live until the callback returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct lgabm_provisional {
    /// Id of the signature.
    pub id: lgabm_text,
    /// `confirmed`, `likely`, `possible`; empty when it counts only together with others.
    pub confidence: lgabm_text,
    /// The file, as reports name it.
    pub path: lgabm_text,
    /// Line of the file, from 1.
    pub line: u64,
    /// The line, or the lines of a wrapped message, secrets masked.
    pub text: lgabm_text,
}

/// What may be limited with `lgabm_options_set_limit`. The numbers never change; later versions add some.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum lgabm_limit {
    /// Levels of archives inside archives that are opened.
    LGABM_LIMIT_DEPTH = 1,
    /// Files read from one input.
    LGABM_LIMIT_MEMBERS = 2,
    /// Decompressed bytes read of one file.
    LGABM_LIMIT_MEMBER_BYTES = 3,
    /// Decompressed bytes read of one input.
    LGABM_LIMIT_TOTAL_BYTES = 4,
    /// Decompressed bytes for each compressed byte.
    LGABM_LIMIT_RATIO = 5,
    /// Memory of decoder windows, in bytes.
    LGABM_LIMIT_WINDOW_BYTES = 6,
    /// Pieces of evidence kept for each issue.
    LGABM_LIMIT_EVIDENCE = 7,
    /// Problems listed in the report; the rest is counted.
    LGABM_LIMIT_PROBLEMS = 8,
    /// Bytes of a nested or pushed zip kept in memory.
    LGABM_LIMIT_ZIP_BUFFER_BYTES = 9,
    /// Milliseconds for each input; 0 is no limit.
    LGABM_LIMIT_WALL_TIME_MS = 10,
    /// Bytes of a line that are matched and kept, around a hit.
    LGABM_LIMIT_LINE_BYTES = 11,
    /// Nodes, pods or files remembered for each pattern of an issue.
    LGABM_LIMIT_SCOPE_KEYS = 12,
    /// Facts of the bundle kept.
    LGABM_LIMIT_FACTS = 13,
    /// Bytes of a file kept in memory so that its YAML, JSON or table can be read as a whole.
    LGABM_LIMIT_DOCUMENT_BYTES = 14,
}

/// Gives options that are the defaults, for the caller to free with `lgabm_options_free`. Never NULL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lgabm_options_new() -> *mut lgabm_options {
    give(Options::default())
}

/// Frees options; nothing happens for NULL. Any thread, once no call uses them; analyzers made from them stay whole.
///
/// # Safety
/// `options` is NULL or was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_free(options: *mut lgabm_options) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(options) }
}

/// Changes options.
///
/// # Safety
///
/// `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
unsafe fn change(
    options: *mut lgabm_options,
    error: *mut *mut lgabm_error,
    change: impl FnOnce(&mut Options) -> Result<(), Failure>,
) -> lgabm_status {
    // SAFETY: passed on.
    unsafe { guard_unit(error, || change(behind_mut(options)?)) }
}

/// Changes options with a text that must be there.
///
/// # Safety
///
/// That of `change`; `text` leads to `len` bytes or is NULL.
unsafe fn change_by_text(
    options: *mut lgabm_options,
    text: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
    set: impl FnOnce(&mut Options, &str) -> Result<(), Failure>,
) -> lgabm_status {
    // SAFETY: passed on.
    unsafe { change(options, error, |options| set(options, required_text(text, len)?)) }
}

fn refused(what: &str, value: &str) -> Failure {
    Failure::invalid(format!("`{value}` is no {what}"))
}

/// Sets how many threads an analysis uses; 0, the default, takes as many as there are processors. `error` may be NULL.
///
/// # Safety
/// `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_threads(
    options: *mut lgabm_options,
    threads: u32,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        if threads > 1024 {
            return Err(refused("number of threads up to 1024", &threads.to_string()));
        }
        options.core.threads = threads as usize;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Sets the language of titles and workarounds: `en`, the default, or `ko`. `error` may be NULL.
///
/// # Safety
/// `options` is NULL or was not freed and is used by nobody else; `language` leads to `len` bytes or is NULL; `error` is
/// NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_language(
    options: *mut lgabm_options,
    language: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, language: &str| {
        if !["en", "ko"].contains(&language) {
            return Err(refused("language that reports are written in", language));
        }
        options.core.language = language.to_owned();
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, language, len, error, set) }
}

/// Leaves out findings below a confidence: `possible` (the default), `likely` or `confirmed`. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_min_confidence(
    options: *mut lgabm_options,
    confidence: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, confidence: &str| {
        options.core.min_confidence =
            Confidence::parse(confidence).ok_or_else(|| refused("confidence", confidence))?;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, confidence, len, error, set) }
}

/// Leaves out findings below a severity: `info` (the default), `low`, `medium`, `high` or `critical`. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_min_severity(
    options: *mut lgabm_options,
    severity: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, severity: &str| {
        options.core.min_severity = Severity::parse(severity).ok_or_else(|| refused("severity", severity))?;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, severity, len, error, set) }
}

/// Takes a release, such as `1.28.300-gke.131`, as that of every cluster. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_cluster_version(
    options: *mut lgabm_options,
    version: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, version: &str| {
        options.core.cluster_version = Some(version.parse().map_err(|_| refused("release", version))?);
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, version, len, error, set) }
}

/// Sets how many lines of context are kept before and after a piece of evidence; 1 by default, 100 at most. `error` may
/// be NULL.
///
/// # Safety
/// As for `lgabm_options_set_threads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_context(
    options: *mut lgabm_options,
    lines: u32,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        if lines > 100 {
            return Err(refused("number of lines up to 100", &lines.to_string()));
        }
        options.core.context = lines as usize;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Evaluates experimental signatures too if `experimental` is not 0; by default only those added with
/// `lgabm_options_add_only`. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_threads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_experimental(
    options: *mut lgabm_options,
    experimental: i32,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        options.core.experimental = experimental != 0;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Sets how many of the most frequent error-level messages that no signature matched the report holds, at most 1000; 0
/// looks for none, 5 is the default. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_threads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_unknown(
    options: *mut lgabm_options,
    templates: u32,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        if templates > 1000 {
            return Err(refused("number of messages up to 1000", &templates.to_string()));
        }
        options.core.unknown = templates as usize;
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Evaluates this signature, and no other but those added too. An id that the set does not hold makes the analysis fail.
/// `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_add_only(
    options: *mut lgabm_options,
    id: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, id: &str| {
        options.core.only.insert(id.to_owned());
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, id, len, error, set) }
}

/// Reads files whose path matches this glob, or another one added, and no others. A malformed glob makes the analysis
/// fail. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_add_include(
    options: *mut lgabm_options,
    glob: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, glob: &str| {
        options.core.include.push(glob.to_owned());
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, glob, len, error, set) }
}

/// Leaves out files whose path matches this glob. A malformed glob makes the analysis fail. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_add_exclude(
    options: *mut lgabm_options,
    glob: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, glob: &str| {
        options.core.exclude.push(glob.to_owned());
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, glob, len, error, set) }
}

/// A time such as `2023-01-19T22:11:49Z`.
fn instant(text: &str) -> Result<Time, Failure> {
    let is_span = text.ends_with(|c: char| c.is_ascii_lowercase());
    let time = if is_span { None } else { parse_when(text, Time::from_unix(0)) };
    time.ok_or_else(|| refused("time such as 2023-01-19T22:11:49Z", text))
}

/// Does not count hits dated before a time, such as `2023-01-19T22:11:49Z` or `2023-01-19`. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_since(
    options: *mut lgabm_options,
    time: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, time: &str| {
        options.core.since = Some(instant(time)?);
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, time, len, error, set) }
}

/// Does not count hits dated after a time, as `lgabm_options_set_since`. `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_language`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_until(
    options: *mut lgabm_options,
    time: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options, time: &str| {
        options.core.until = Some(instant(time)?);
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change_by_text`.
    unsafe { change_by_text(options, time, len, error, set) }
}

/// Sets a limit, one of `lgabm_limit`. A limit that strikes is a problem in the report, which names what was not read.
/// `error` may be NULL.
///
/// # Safety
/// As for `lgabm_options_set_threads`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_limit(
    options: *mut lgabm_options,
    limit: i32,
    value: u64,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        let limits = &mut options.core.limits;
        let count = || usize::try_from(value).map_err(|_| refused("number of items", &value.to_string()));
        match limit {
            1 => limits.depth = u32::try_from(value).unwrap_or(u32::MAX).min(64),
            2 => limits.members = value,
            3 => limits.member_bytes = value,
            4 => limits.total_bytes = value,
            5 => limits.ratio = value,
            6 => limits.window_bytes = value,
            7 => limits.evidence = count()?,
            8 => limits.problems = count()?,
            9 => limits.zip_buffer_bytes = value,
            10 => limits.wall_time = (value > 0).then(|| Duration::from_millis(value)),
            11 => limits.line_bytes = count()?,
            12 => limits.scope_keys = count()?,
            13 => limits.facts = count()?,
            14 => limits.document_bytes = count()?,
            _ => return Err(refused("limit", &limit.to_string())),
        }
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Sets the callback for progress, which is given `user`; NULL takes it away. What `user` leads to must live until the
/// last analysis with these options is over, and bear use from another thread. `error` may be NULL.
///
/// # Safety
/// `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_progress(
    options: *mut lgabm_options,
    callback: lgabm_progress_callback,
    user: *mut c_void,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        options.progress = (callback, User(user));
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Sets the callback for provisional evidence, as `lgabm_options_set_progress`. `error` may be NULL.
///
/// # Safety
/// `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_evidence(
    options: *mut lgabm_options,
    callback: lgabm_evidence_callback,
    user: *mut c_void,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        options.evidence = (callback, User(user));
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}

/// Redacts the report of every analysis, and with it each form, with a redactor that is kept alive inside; NULL takes it
/// away. The analyzers that share one share its aliases. What `lgabm_evidence_callback` tells is not redacted. `error` may
/// be NULL.
///
/// # Safety
/// `options` is NULL or was not freed and is used by nobody else; `redactor` is NULL or was not freed; `error` is NULL or
/// may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_options_set_redactor(
    options: *mut lgabm_options,
    redactor: *const lgabm_redactor,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let set = |options: &mut Options| {
        // SAFETY: the caller's promise is that of `behind`.
        options.redactor = unsafe { behind(redactor) }.ok().cloned();
        Ok(())
    };
    // SAFETY: the caller's promises are those of `change`.
    unsafe { change(options, error, set) }
}
