//! Status numbers and error objects.

use std::ffi::c_char;

use loggrep_abm_core::{Error, ErrorKind};

use crate::ffi::{behind, handle, lgabm_text, take_back, text_behind};

/// What a function says of itself. The numbers never change; later versions add some.
#[repr(i32)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum lgabm_status {
    /// It did what it says.
    LGABM_OK = 0,
    /// A pointer that must not be NULL is.
    LGABM_NULL_ARGUMENT = 1,
    /// An argument has a value that cannot be used: not UTF-8, an unknown word, a malformed glob.
    LGABM_INVALID_ARGUMENT = 2,
    /// The input cannot be opened or read at all. Damage inside it is no failure: the report names it.
    LGABM_INPUT = 3,
    /// Signatures cannot be read, or have mistakes.
    LGABM_SIGNATURE = 4,
    /// A callback asked to stop.
    LGABM_CANCELLED = 5,
    /// The call does not fit the state of the session.
    LGABM_WRONG_ORDER = 6,
    /// There is no item of that index.
    LGABM_OUT_OF_RANGE = 7,
    /// A report cannot be written.
    LGABM_OUTPUT = 8,
    /// The header is of another ABI than the library.
    LGABM_ABI_MISMATCH = 9,
    /// A bug of the library; the handles of the call are best freed.
    LGABM_PANIC = 100,
}

/// Why a call failed: a status and a message. Made by a failing call, freed by the caller with `lgabm_error_free`.
/// It may be used by one thread after another.
pub struct lgabm_error {
    _opaque: [u8; 0],
}

handle!(lgabm_error => Failure);

/// What goes into an error object.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: lgabm_status,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: lgabm_status, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into() }
    }

    pub(crate) fn null() -> Failure {
        Failure::new(lgabm_status::LGABM_NULL_ARGUMENT, "an argument that must not be NULL is NULL")
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(lgabm_status::LGABM_INVALID_ARGUMENT, message)
    }

    pub(crate) fn out_of_range() -> Failure {
        Failure::new(lgabm_status::LGABM_OUT_OF_RANGE, "there is no item of that index")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let status = match error.kind() {
            ErrorKind::Input => lgabm_status::LGABM_INPUT,
            ErrorKind::Signature => lgabm_status::LGABM_SIGNATURE,
            ErrorKind::Cancelled => lgabm_status::LGABM_CANCELLED,
            ErrorKind::Output => lgabm_status::LGABM_OUTPUT,
            _ => lgabm_status::LGABM_INVALID_ARGUMENT,
        };
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Failure { status, message }
    }
}

/// The name of a status, such as `LGABM_OK`; `unknown status` for a number that is none. NUL-terminated, never NULL,
/// lives as long as the library is loaded. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lgabm_status_name(status: i32) -> *const c_char {
    let name = match status {
        0 => c"LGABM_OK",
        1 => c"LGABM_NULL_ARGUMENT",
        2 => c"LGABM_INVALID_ARGUMENT",
        3 => c"LGABM_INPUT",
        4 => c"LGABM_SIGNATURE",
        5 => c"LGABM_CANCELLED",
        6 => c"LGABM_WRONG_ORDER",
        7 => c"LGABM_OUT_OF_RANGE",
        8 => c"LGABM_OUTPUT",
        9 => c"LGABM_ABI_MISMATCH",
        100 => c"LGABM_PANIC",
        _ => c"unknown status",
    };
    name.as_ptr()
}

/// The status that the failing call returned; `LGABM_NULL_ARGUMENT` for NULL. Any thread.
///
/// # Safety
/// `error` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_error_status(error: *const lgabm_error) -> lgabm_status {
    // SAFETY: the caller's promise is that of `behind`.
    unsafe { behind(error) }.map_or_else(|failure| failure.status, |failure| failure.status)
}

/// Writes the message to `message`: one line or, for signatures, one for each mistake. It belongs to the error and
/// lives as long. Any thread. NULL is an error.
///
/// # Safety
/// `error` is NULL or an error that was not freed; `message` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_error_message(
    error: *const lgabm_error,
    message: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(error, message, |error| Some(&error.message)) }
}

/// Frees an error; nothing happens for NULL. Any thread.
///
/// # Safety
/// `error` is NULL or an error that was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_error_free(error: *mut lgabm_error) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(error) }
}
