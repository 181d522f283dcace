//! Analyzers: a signature set and options, ready to be used any number of times.

use std::ffi::c_char;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::Report;
use loggrep_abm_core::signature::Confidence;
use loggrep_abm_core::{Error, Progress, Provisional, SignatureSet, analyze};

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{array, behind, bytes, give, guard, handle, lgabm_text, take_back, text};
use crate::options::{Options, lgabm_options, lgabm_provisional};
use crate::report::lgabm_report;
use crate::signatures::{lgabm_signatures, required_text};

/// A signature set with options. It never changes: any number of threads may analyse with it at once.
pub struct lgabm_analyzer {
    _opaque: [u8; 0],
}

handle!(lgabm_analyzer => Analyzer);

#[derive(Clone)]
pub(crate) struct Analyzer {
    set: Arc<SignatureSet>,
    options: Options,
}

impl Analyzer {
    /// Runs one analysis, with the caller's callbacks; `cancel` ends it.
    pub(crate) fn run(
        &self,
        sources: impl IntoIterator<Item = Source>,
        cancel: &AtomicBool,
    ) -> Result<Report, Error> {
        // One call at a time, so that a caller needs no lock of its own for a single analysis.
        let turn = Mutex::new(());
        let told = |answer: &dyn Fn() -> i32| {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            if !cancel.load(Ordering::Relaxed) && answer() != 0 {
                cancel.store(true, Ordering::Relaxed);
            }
        };
        let progress = |now: Progress| {
            if let (Some(callback), user) = self.options.progress {
                told(&|| callback(user.0, now.input_bytes, now.issues as u64));
            }
        };
        let evidence = |now: &Provisional<'_>| {
            if let (Some(callback), user) = self.options.evidence {
                let path = now.path.to_string();
                let now = lgabm_provisional {
                    id: lgabm_text::of(now.id),
                    confidence: lgabm_text::of(now.confidence.map_or("", Confidence::as_str)),
                    path: lgabm_text::of(&path),
                    line: now.line,
                    text: lgabm_text::of(now.text),
                };
                told(&|| callback(user.0, &raw const now));
            }
        };
        let mut options = self.options.core.clone().with_cancel(cancel);
        if self.options.progress.0.is_some() {
            options = options.with_progress(&progress);
        }
        if self.options.evidence.0.is_some() {
            options = options.with_evidence(&evidence);
        }
        let report = analyze(&self.set, sources, &options)?;
        Ok(match &self.options.redactor {
            Some(redactor) => redactor.redact(&report),
            None => report,
        })
    }

    fn report(&self, sources: Vec<Source>) -> Result<*mut lgabm_report, Failure> {
        Ok(give(self.run(sources, &AtomicBool::new(false))?))
    }
}

/// Makes an analyzer from a set and options; NULL options are the defaults. Both are copied or kept alive inside, so that
/// they may be freed at once. The analyzer in `*analyzer` is freed with `lgabm_analyzer_free`. `error` may be NULL. Any
/// thread.
///
/// # Safety
/// `signatures` and `options` are NULL or were not freed; `analyzer` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_new(
    signatures: *const lgabm_signatures,
    options: *const lgabm_options,
    analyzer: *mut *mut lgabm_analyzer,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let set = Arc::clone(unsafe { behind(signatures) }?);
        let options = match options.is_null() {
            true => Options::default(),
            // SAFETY: the caller's promise is that of `behind`.
            false => unsafe { behind(options) }?.clone(),
        };
        Ok(give(Analyzer { set, options }))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(analyzer, error, body) }
}

/// Frees an analyzer; nothing happens for NULL. Any thread, once no call uses it; its sessions and reports stay whole.
///
/// # Safety
/// `analyzer` is NULL or was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_free(analyzer: *mut lgabm_analyzer) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(analyzer) }
}

/// Analyses a file, directory or pipe by its path, UTF-8. The report in `*report` is freed with `lgabm_report_free`.
/// `error` may be NULL. Any thread, several at once.
///
/// # Safety
/// `analyzer` is NULL or was not freed; `path` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be
/// written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_analyze_path(
    analyzer: *const lgabm_analyzer,
    path: *const c_char,
    len: usize,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let analyzer = unsafe { behind(analyzer) }?;
        // SAFETY: the caller's promise is that of `required_text`.
        let path = unsafe { required_text(path, len) }?;
        analyzer.report(vec![Source::Path(path.into())])
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}

/// Analyses several paths into one report: what belongs together, such as a snapshot and the workspace beside it.
/// `paths` may be NULL when `count` is 0. Otherwise as `lgabm_analyzer_analyze_path`.
///
/// # Safety
/// `analyzer` is NULL or was not freed; `paths` leads to `count` texts that live until the call returns, or is NULL;
/// `report` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_analyze_paths(
    analyzer: *const lgabm_analyzer,
    paths: *const lgabm_text,
    count: usize,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let analyzer = unsafe { behind(analyzer) }?;
        // SAFETY: the caller's promise is that of `array`.
        let paths: &[lgabm_text] = unsafe { array(paths, count) }?;
        let source = |path: &lgabm_text| {
            // SAFETY: the caller's promise is that of `required_text`.
            Ok(Source::Path(unsafe { required_text(path.data, path.len) }?.into()))
        };
        analyzer.report(paths.iter().map(source).collect::<Result<_, Failure>>()?)
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}

/// Analyses bytes in memory under a name, UTF-8, that reports give them. The bytes are copied. `data` may be NULL when
/// `data_len` is 0. Otherwise as `lgabm_analyzer_analyze_path`.
///
/// # Safety
/// `analyzer` is NULL or was not freed; `name` and `data` lead to as many bytes as said, or are NULL; `report` and
/// `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_analyze_bytes(
    analyzer: *const lgabm_analyzer,
    name: *const c_char,
    name_len: usize,
    data: *const c_char,
    data_len: usize,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let analyzer = unsafe { behind(analyzer) }?;
        // SAFETY: the caller's promise is that of `required_text`.
        let name = unsafe { required_text(name, name_len) }?.to_owned();
        // SAFETY: the caller's promise is that of `bytes`.
        let bytes = unsafe { bytes(data, data_len) }?.to_vec();
        analyzer.report(vec![Source::Bytes { name, bytes }])
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}

/// Analyses an open file under a name, UTF-8, that reports give it. A regular file is read from its beginning, without
/// moving its offset; a pipe or socket is read until it ends, and must not be set to non-blocking. The descriptor stays
/// open and the caller's. Otherwise as `lgabm_analyzer_analyze_path`.
///
/// # Safety
/// `analyzer` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be
/// written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_analyzer_analyze_fd(
    analyzer: *const lgabm_analyzer,
    fd: i32,
    name: *const c_char,
    len: usize,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let analyzer = unsafe { behind(analyzer) }?;
        // SAFETY: the caller's promise is that of `text`.
        let name = unsafe { text(name, len) }?.to_owned();
        analyzer.report(vec![Source::File { name, file: duplicate(fd)? }])
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}

/// A descriptor of our own for the file behind the caller's.
#[cfg(unix)]
fn duplicate(fd: i32) -> Result<std::fs::File, Failure> {
    use std::os::fd::FromRawFd as _;
    if fd < 0 {
        return Err(Failure::invalid("a file descriptor is negative"));
    }
    // SAFETY: the file is only asked to duplicate itself and is never dropped, so that the descriptor stays the
    // caller's; if it is not open, duplicating fails.
    let file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(fd) });
    file.try_clone().map_err(|error| {
        Failure::new(lgabm_status::LGABM_INPUT, format!("cannot use file descriptor {fd}: {error}"))
    })
}

#[cfg(not(unix))]
fn duplicate(_fd: i32) -> Result<std::fs::File, Failure> {
    Err(Failure::invalid("there are no file descriptors on this system"))
}
