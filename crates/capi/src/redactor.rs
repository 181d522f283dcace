//! Redaction: aliases in place of a customer's names and addresses.

use std::sync::{Arc, Mutex, PoisonError};

use loggrep_abm_core::redact::Redactor;
use loggrep_abm_core::report::Report;

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{behind, give, guard, handle, take_back};
use crate::report::{lgabm_buffer, lgabm_report};

/// Replaces IP addresses and the names of clusters, nodes, hosts and projects by aliases, so that a report can leave the
/// company. The same value has the same alias in all reports of one redactor. Any number of threads may use it at once.
pub struct lgabm_redactor {
    _opaque: [u8; 0],
}

handle!(lgabm_redactor => SharedRedactor);

/// A redactor that several analyzers may have.
#[derive(Clone, Default)]
pub(crate) struct SharedRedactor(Arc<Mutex<Redactor>>);

impl SharedRedactor {
    pub(crate) fn redact(&self, report: &Report) -> Report {
        self.with(|redactor| redactor.redact(report))
    }

    fn with<T>(&self, run: impl FnOnce(&mut Redactor) -> T) -> T {
        run(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Gives a redactor that knows no name yet, for the caller to free with `lgabm_redactor_free`. Never NULL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lgabm_redactor_new() -> *mut lgabm_redactor {
    give(SharedRedactor::default())
}

/// Redacts a report that was made without, such as one that was stored: the new one in `*redacted` is freed with
/// `lgabm_report_free`, and `report` stays as it is. `error` may be NULL. Any thread.
///
/// # Safety
/// `redactor` and `report` are NULL or were not freed; `redacted` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_redactor_redact(
    redactor: *const lgabm_redactor,
    report: *const lgabm_report,
    redacted: *mut *mut lgabm_report,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let redactor = unsafe { behind(redactor) }?;
        // SAFETY: the caller's promise is that of `behind`.
        Ok(give(redactor.redact(unsafe { behind(report) }?)))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(redacted, error, body) }
}

/// Writes what the aliases stand for, so far: a JSON object with an alias as key and what it replaces as value. It is for
/// the customer alone. `*buffer` is freed with `lgabm_buffer_free`. `error` may be NULL. Any thread.
///
/// # Safety
/// `redactor` is NULL or was not freed; `buffer` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_redactor_key(
    redactor: *const lgabm_redactor,
    buffer: *mut *mut lgabm_buffer,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `behind`.
        let redactor = unsafe { behind(redactor) }?;
        let mut key = Vec::new();
        let written = redactor.with(|redactor| redactor.write_key(&mut key));
        let failure =
            |error| Failure::new(lgabm_status::LGABM_OUTPUT, format!("cannot write the key: {error}"));
        written.map_err(failure)?;
        Ok(give(key))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(buffer, error, body) }
}

/// Frees a redactor; nothing happens for NULL. Any thread, once no call uses it; analyzers that have it stay whole, and so
/// do reports.
///
/// # Safety
/// `redactor` is NULL or was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_redactor_free(redactor: *mut lgabm_redactor) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(redactor) }
}
