//! Versions of the library and of the ABI.

use std::ffi::c_char;

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::guard_unit;

/// The ABI of this header: the upper 16 bits change when something is removed or changes its meaning, the lower 16 when
/// something is added.
pub const LGABM_ABI_VERSION: u32 = 0x0001_0000;

/// The ABI of the library, in the form of `LGABM_ABI_VERSION`. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lgabm_abi_version() -> u32 {
    LGABM_ABI_VERSION
}

/// Whether a program made with a header of ABI `header` can use this library: call it first, as
/// `lgabm_abi_check(LGABM_ABI_VERSION, &error)`. `LGABM_OK`, or `LGABM_ABI_MISMATCH` and an error that names both.
/// `error` may be NULL. Any thread.
///
/// # Safety
/// `error` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_abi_check(header: u32, error: *mut *mut lgabm_error) -> lgabm_status {
    let check = || {
        let (major, minor) = (header >> 16, header & 0xffff);
        let (own_major, own_minor) = (LGABM_ABI_VERSION >> 16, LGABM_ABI_VERSION & 0xffff);
        if major == own_major && minor <= own_minor {
            return Ok(());
        }
        let message =
            format!("the header is of ABI {major}.{minor}, the library of ABI {own_major}.{own_minor}");
        Err(Failure::new(lgabm_status::LGABM_ABI_MISMATCH, message))
    };
    // SAFETY: the caller's promise is that of `guard_unit`.
    unsafe { guard_unit(error, check) }
}

/// The release of the library, such as `0.1.0`. NUL-terminated, never NULL, lives as long as the library is loaded.
/// Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn lgabm_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
