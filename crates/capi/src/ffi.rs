//! The boundary: handles, text, the guard around every body.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Failure, lgabm_error, lgabm_status};

/// Text or bytes that somebody else owns: a pointer and a length, not terminated by NUL and possibly with NUL inside.
///
/// What the library gives is UTF-8 and never has a NULL `data`, also when `len` is 0. What it takes may be
/// `{NULL, 0}` for nothing. Each function that gives one says how long it lives.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct lgabm_text {
    /// The first byte.
    pub data: *const c_char,
    /// How many bytes there are.
    pub len: usize,
}

impl lgabm_text {
    pub(crate) fn of(text: &str) -> lgabm_text {
        lgabm_text { data: text.as_ptr().cast(), len: text.len() }
    }
}

/// The opaque type of the header and what stands behind a pointer to it.
pub(crate) trait Handle {
    type Inner;
}

/// Declares an opaque type of the header and what stands behind it.
macro_rules! handle {
    ($name:ident => $inner:ty) => {
        impl $crate::ffi::Handle for $name {
            type Inner = $inner;
        }
    };
}
pub(crate) use handle;

/// Gives a new handle to the caller, who frees it.
pub(crate) fn give<H: Handle>(inner: H::Inner) -> *mut H {
    Box::into_raw(Box::new(inner)).cast()
}

/// What stands behind `handle`.
///
/// # Safety
///
/// `handle` is NULL or came from [`give`] or [`lend`] for the same type, was not freed, and stays so for `'a`.
pub(crate) unsafe fn behind<'a, H: Handle>(handle: *const H) -> Result<&'a H::Inner, Failure> {
    // SAFETY: a pointer that is not NULL leads to a living `H::Inner`, as the caller of this function holds; only
    // shared references are made of it, except by `behind_mut`, whose caller has it alone.
    unsafe { handle.cast::<H::Inner>().as_ref() }.ok_or(Failure::null())
}

/// Like [`behind`], to change it.
///
/// # Safety
///
/// As for [`behind`], and nobody else uses the handle meanwhile.
pub(crate) unsafe fn behind_mut<'a, H: Handle>(handle: *mut H) -> Result<&'a mut H::Inner, Failure> {
    // SAFETY: as in `behind`; that it is the only reference is what the caller holds.
    unsafe { handle.cast::<H::Inner>().as_mut() }.ok_or(Failure::null())
}

/// A pointer to a part of what stands behind another handle; it lives as long as that.
pub(crate) fn lend<H: Handle>(inner: &H::Inner) -> *const H {
    std::ptr::from_ref(inner).cast()
}

/// Frees a handle; nothing happens for NULL.
///
/// # Safety
///
/// `handle` is NULL or came from [`give`] for the same type and was not freed.
pub(crate) unsafe fn take_back<H: Handle>(handle: *mut H) {
    if handle.is_null() {
        return;
    }
    // SAFETY: `give` made it from a `Box` of this type, and the caller gives it up.
    let inner = unsafe { Box::from_raw(handle.cast::<H::Inner>()) };
    // A panic in a destructor must not cross into C.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(inner)));
}

/// The bytes that a caller passes.
///
/// # Safety
///
/// `data` leads to `len` bytes that live and do not change for `'a`, or is NULL.
pub(crate) unsafe fn bytes<'a>(data: *const c_char, len: usize) -> Result<&'a [u8], Failure> {
    if data.is_null() {
        return if len == 0 { Ok(&[]) } else { Err(Failure::null()) };
    }
    if isize::try_from(len).is_err() {
        return Err(Failure::invalid("a length is larger than any memory"));
    }
    // SAFETY: not NULL, not longer than any object, and `len` bytes live there, as the caller holds.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// [`bytes`] that must be UTF-8.
///
/// # Safety
///
/// That of [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, len: usize) -> Result<&'a str, Failure> {
    // SAFETY: passed on.
    let bytes = unsafe { bytes(data, len) }?;
    std::str::from_utf8(bytes).map_err(|_| Failure::invalid("a text is not UTF-8"))
}

/// The items of an array that a caller passes.
///
/// # Safety
///
/// `items` leads to `count` items that live and do not change for `'a`, or is NULL.
pub(crate) unsafe fn array<'a, T>(items: *const T, count: usize) -> Result<&'a [T], Failure> {
    if items.is_null() {
        return if count == 0 { Ok(&[]) } else { Err(Failure::null()) };
    }
    if count.checked_mul(size_of::<T>()).is_none_or(|size| isize::try_from(size).is_err()) {
        return Err(Failure::invalid("a count is larger than any memory"));
    }
    if !items.is_aligned() {
        return Err(Failure::invalid("an array is not aligned"));
    }
    // SAFETY: not NULL, aligned, not longer than any object, and `count` items live there, as the caller holds.
    Ok(unsafe { std::slice::from_raw_parts(items, count) })
}

/// Runs a body that gives a value, writes the value to `out` on success, else an error object to `error`.
///
/// # Safety
///
/// `out` and `error` are NULL or may be written to.
pub(crate) unsafe fn guard<T>(
    out: *mut T,
    error: *mut *mut lgabm_error,
    body: impl FnOnce() -> Result<T, Failure>,
) -> lgabm_status {
    let body = || if out.is_null() { Err(Failure::null()) } else { body() };
    match caught(body) {
        Ok(value) => {
            // SAFETY: not NULL, as `body` has seen, and the caller of this function holds that it may be written to.
            unsafe { out.write(value) };
            lgabm_status::LGABM_OK
        }
        // SAFETY: passed on.
        Err(failure) => unsafe { fail(failure, error) },
    }
}

/// Runs a body that gives nothing.
///
/// # Safety
///
/// `error` is NULL or may be written to.
pub(crate) unsafe fn guard_unit(
    error: *mut *mut lgabm_error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> lgabm_status {
    match caught(body) {
        Ok(()) => lgabm_status::LGABM_OK,
        // SAFETY: passed on.
        Err(failure) => unsafe { fail(failure, error) },
    }
}

/// Runs a body whose failure has no more to say than its status.
///
/// # Safety
///
/// `out` is NULL or may be written to.
pub(crate) unsafe fn get<T>(out: *mut T, body: impl FnOnce() -> Result<T, Failure>) -> lgabm_status {
    // SAFETY: NULL is a place for an error that nobody wants.
    unsafe { guard(out, std::ptr::null_mut(), body) }
}

/// Writes a text of what stands behind `handle` to `out`; `read` gives `None` where there is no item of that index.
///
/// # Safety
///
/// `handle` as for [`behind`]; `out` is NULL or may be written to.
pub(crate) unsafe fn text_behind<H: Handle>(
    handle: *const H,
    out: *mut lgabm_text,
    read: impl FnOnce(&H::Inner) -> Option<&str>,
) -> lgabm_status {
    let body = || {
        // SAFETY: passed on.
        let text = read(unsafe { behind(handle) }?);
        text.map(lgabm_text::of).ok_or(Failure::out_of_range())
    };
    // SAFETY: passed on.
    unsafe { get(out, body) }
}

/// Writes a part of what stands behind `handle` to `out`, as [`text_behind`].
///
/// # Safety
///
/// That of [`text_behind`].
pub(crate) unsafe fn item_behind<H: Handle, I: Handle>(
    handle: *const H,
    out: *mut *const I,
    find: impl FnOnce(&H::Inner) -> Option<&I::Inner>,
) -> lgabm_status {
    let body = || {
        // SAFETY: passed on.
        let item = find(unsafe { behind(handle) }?);
        item.map(lend).ok_or(Failure::out_of_range())
    };
    // SAFETY: passed on.
    unsafe { get(out, body) }
}

/// A number that stands behind `handle`; 0 for NULL.
///
/// # Safety
///
/// `handle` as for [`behind`].
pub(crate) unsafe fn number_behind<H: Handle, N: Default>(
    handle: *const H,
    read: impl FnOnce(&H::Inner) -> N,
) -> N {
    // SAFETY: passed on.
    let inner = unsafe { behind(handle) };
    inner.map_or_else(|_| N::default(), read)
}

fn caught<T>(body: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // Handles stay as they were or are given up with the failure; none is left half changed and trusted.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Failure { status: lgabm_status::LGABM_PANIC, message: format!("a bug of the library: {what}") })
    })
}

/// # Safety
///
/// `error` is NULL or may be written to.
unsafe fn fail(failure: Failure, error: *mut *mut lgabm_error) -> lgabm_status {
    let status = failure.status;
    if !error.is_null() {
        // SAFETY: not NULL, and the caller holds that it may be written to.
        unsafe { error.write(give(failure)) };
    }
    status
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::guard_unit;
    use crate::error::{lgabm_error, lgabm_error_free, lgabm_error_message, lgabm_status};
    use crate::ffi::lgabm_text;

    #[test]
    fn a_panic_is_a_status_with_its_message() {
        let mut error: *mut lgabm_error = std::ptr::null_mut();
        // SAFETY: the place for the error is a variable.
        let status = unsafe { guard_unit(&raw mut error, || panic!("a wheel came off")) };
        assert_eq!(status, lgabm_status::LGABM_PANIC);
        let mut text = lgabm_text { data: std::ptr::null(), len: 0 };
        // SAFETY: the error was just given, and the text is a variable.
        assert_eq!(unsafe { lgabm_error_message(error, &raw mut text) }, lgabm_status::LGABM_OK);
        // SAFETY: the text lives as long as the error.
        let message = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
        assert_eq!(message, b"a bug of the library: a wheel came off");
        // SAFETY: it is not used afterwards.
        unsafe { lgabm_error_free(error) };
    }

    /// What the header says of the one thing that is printed.
    #[test]
    fn a_panic_is_told_on_standard_error_by_the_runtime() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "ffi::tests::a_panic_is_a_status_with_its_message", "--nocapture"]);
        let output = command.env("RUST_BACKTRACE", "0").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("a wheel came off"), "{told}");
        assert!(told.trim().lines().count() <= 3, "{told}");
    }
}
