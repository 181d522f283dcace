//! Push sessions: files are scanned while they arrive.

use std::ffi::c_char;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loggrep_abm_core::Session;
use loggrep_abm_core::report::Report;

use crate::analyzer::lgabm_analyzer;
use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{behind, bytes, give, guard, guard_unit, handle, take_back, text};
use crate::report::lgabm_report;
use crate::signatures::required_text;

/// An analysis of files that the caller pushes. Calls may come from any thread; calls for one session wait for each other.
pub struct lgabm_session {
    _opaque: [u8; 0],
}

handle!(lgabm_session => State);

pub(crate) struct State {
    cancel: Arc<AtomicBool>,
    /// `None` once finished.
    session: Mutex<Option<Session<Report>>>,
}

impl Drop for State {
    /// Nobody wants the result any more.
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

impl State {
    /// Does something with the session while it is not finished.
    fn with(
        &self,
        run: impl FnOnce(&mut Session<Report>) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        match run(session.as_mut().ok_or_else(finished)?)? {
            ControlFlow::Break(()) if self.cancel.load(Ordering::Relaxed) => {
                Err(Failure::new(lgabm_status::LGABM_CANCELLED, "the analysis was cancelled"))
            }
            // The analysis may have ended early for another reason, which `finish` tells.
            _ => Ok(()),
        }
    }
}

fn finished() -> Failure {
    Failure::new(lgabm_status::LGABM_WRONG_ORDER, "the session is finished")
}

fn in_file(session: &Session<Report>, expected: bool) -> Result<(), Failure> {
    let message = match (session.is_in_file(), expected) {
        (true, false) => "the entry before has not ended",
        (false, true) => "no entry has begun",
        _ => return Ok(()),
    };
    Err(Failure::new(lgabm_status::LGABM_WRONG_ORDER, message))
}

/// Starts a session. With a `name`, UTF-8, the entries are those of one input, as if they lay in a directory of that name;
/// with NULL and 0, each entry is an input by itself, as if its name had been given to `lgabm_analyzer_analyze_paths`.
/// The session in `*session` is freed with `lgabm_session_free`; it uses a thread of its own, and more as the options say.
/// `error` may be NULL. Any thread.
///
/// # Safety
/// `analyzer` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `session` and `error` are NULL or may be
/// written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_new(
    analyzer: *const lgabm_analyzer,
    name: *const c_char,
    len: usize,
    session: *mut *mut lgabm_session,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let analyzer = unsafe { behind(analyzer) }?.clone();
        // SAFETY: the caller's promise is that of `text`.
        let text = unsafe { text(name, len) }?;
        let name = (!name.is_null()).then(|| text.to_owned());
        let cancel = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancel);
        let session = Session::start(name, move |received| analyzer.run(received, &flag))?;
        Ok(give(State { cancel, session: Mutex::new(Some(session)) }))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(session, error, body) }
}

/// Begins an entry by its name, UTF-8: a log, or an archive, which is opened as it arrives (a zip, whose directory stands
/// at its end, is held in memory up to `LGABM_LIMIT_ZIP_BUFFER_BYTES`). `mtime` is when it was modified, in seconds since
/// 1970, or 0 if that is not known: it tells the year of log lines that leave it out. `LGABM_WRONG_ORDER` if an entry is
/// open or the session is finished. `error` may be NULL. Any thread.
///
/// # Safety
/// `session` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_begin(
    session: *mut lgabm_session,
    name: *const c_char,
    len: usize,
    mtime: i64,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let state = unsafe { behind(session) }?;
        // SAFETY: the caller's promise is that of `required_text`.
        let name = unsafe { required_text(name, len) }?;
        state.with(|session| {
            in_file(session, false)?;
            Ok(session.begin(name, (mtime != 0).then_some(mtime)))
        })
    };
    // SAFETY: the caller's promise is that of `guard_unit`.
    unsafe { guard_unit(error, body) }
}

/// Pushes the next bytes of the entry, in pieces of any size. They are copied. Waits while the analysis is behind; when it
/// has ended early because a limit struck, the bytes are dropped and the report tells of it. `data` may be NULL when `len`
/// is 0. `LGABM_WRONG_ORDER` if no entry is open, `LGABM_CANCELLED` if a callback cancelled. `error` may be NULL. Any
/// thread.
///
/// # Safety
/// `session` is NULL or was not freed; `data` leads to `len` bytes or is NULL; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_push(
    session: *mut lgabm_session,
    data: *const c_char,
    len: usize,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let state = unsafe { behind(session) }?;
        // SAFETY: the caller's promise is that of `bytes`.
        let bytes = unsafe { bytes(data, len) }?;
        state.with(|session| {
            in_file(session, true)?;
            Ok(session.push(bytes))
        })
    };
    // SAFETY: the caller's promise is that of `guard_unit`.
    unsafe { guard_unit(error, body) }
}

/// Ends the entry. `LGABM_WRONG_ORDER` if none is open, `LGABM_CANCELLED` if a callback cancelled. `error` may be NULL.
/// Any thread.
///
/// # Safety
/// `session` is NULL or was not freed; `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_end(
    session: *mut lgabm_session,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let state = unsafe { behind(session) }?;
        state.with(|session| {
            in_file(session, true)?;
            Ok(session.end())
        })
    };
    // SAFETY: the caller's promise is that of `guard_unit`.
    unsafe { guard_unit(error, body) }
}

/// Nothing follows: waits for the analysis to end and gives its report, which is freed with `lgabm_report_free`.
/// `LGABM_WRONG_ORDER` if an entry is open (the session goes on) or the session is finished. After any other outcome the
/// session is finished and only to be freed. `error` may be NULL. Any thread.
///
/// # Safety
/// `session` is NULL or was not freed; `report` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_finish(
    session: *mut lgabm_session,
    report: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let state = unsafe { behind(session) }?;
        let mut session = state.session.lock().unwrap_or_else(PoisonError::into_inner);
        in_file(session.as_ref().ok_or_else(finished)?, false)?;
        let session = session.take().ok_or_else(finished)?;
        Ok(give(session.finish()?))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(report, error, body) }
}

/// Frees a session; one that is not finished is cancelled, and its thread waited for. Nothing happens for NULL. Any
/// thread, once no call uses it.
///
/// # Safety
/// `session` is NULL or was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_session_free(session: *mut lgabm_session) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(session) }
}
