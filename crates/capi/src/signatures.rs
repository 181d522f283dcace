//! Signature sets, and the check of their files.

use std::path::Path;
use std::sync::Arc;

use loggrep_abm_core::SignatureSet;
use loggrep_abm_core::check::check_files;
use loggrep_abm_core::signature::{Mistake, pack_ids, read_directory, read_pack};

use crate::error::{Failure, lgabm_error, lgabm_status};
use crate::ffi::{
    array, give, guard, handle, item_behind, lgabm_text, number_behind, take_back, text, text_behind,
};

/// A set of compiled signatures. It never changes: any number of threads may use it at once, and analyzers made from
/// it keep what they need, so that it may be freed before them.
pub struct lgabm_signatures {
    _opaque: [u8; 0],
}

handle!(lgabm_signatures => Arc<SignatureSet>);

/// The mistakes that a check found, ordered by file and line. They never change; any number of threads may read them
/// at once.
pub struct lgabm_mistakes {
    _opaque: [u8; 0],
}

handle!(lgabm_mistakes => Vec<Mistake>);

/// One mistake; belongs to the `lgabm_mistakes` it came from and lives as long.
pub struct lgabm_mistake {
    _opaque: [u8; 0],
}

handle!(lgabm_mistake => Mistake);

/// A signature file in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct lgabm_signature_file {
    /// Its name, UTF-8: the id of the signature and `.toml`.
    pub name: lgabm_text,
    /// Its TOML, UTF-8.
    pub text: lgabm_text,
}

/// The texts of an array of files.
///
/// # Safety
///
/// That of `array`, and of `text` for each.
unsafe fn files<'a>(
    files: *const lgabm_signature_file,
    count: usize,
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    // SAFETY: passed on.
    let files: &'a [lgabm_signature_file] = unsafe { array(files, count) }?;
    let pair = |file: &'a lgabm_signature_file| {
        // SAFETY: passed on.
        let name = unsafe { text(file.name.data, file.name.len) }?;
        // SAFETY: passed on.
        Ok((name, unsafe { text(file.text.data, file.text.len) }?))
    };
    files.iter().map(pair).collect()
}

fn set<'a>(
    with_builtin: i32,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<*mut lgabm_signatures, Failure> {
    let set = match with_builtin {
        0 => SignatureSet::from_files(files)?,
        _ => SignatureSet::with_builtin(files)?,
    };
    Ok(give(Arc::new(set)))
}

fn pairs(files: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

/// Compiles the built-in signatures. The set in `*signatures` is freed with `lgabm_signatures_free`. `error` may be NULL.
/// Any thread.
///
/// # Safety
/// `signatures` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_builtin(
    signatures: *mut *mut lgabm_signatures,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(signatures, error, || Ok(give(Arc::new(SignatureSet::builtin()?)))) }
}

/// Compiles the `*.toml` of a directory, after the built-in ones if `with_builtin` is not 0. `path` is UTF-8. Fails with
/// `LGABM_SIGNATURE` and a message that has one line for each mistake. The set in `*signatures` is freed with
/// `lgabm_signatures_free`. `error` may be NULL. Any thread.
///
/// # Safety
/// `path` leads to `path_len` bytes or is NULL; `signatures` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_from_directory(
    path: *const std::ffi::c_char,
    path_len: usize,
    with_builtin: i32,
    signatures: *mut *mut lgabm_signatures,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `text`.
        let path = unsafe { required_text(path, path_len) }?;
        let files = read_directory(Path::new(path))?;
        set(with_builtin, pairs(&files))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(signatures, error, body) }
}

/// Compiles the signatures of a pack: a `.tar.gz` that `loggrep-abm signatures pack` made. `path` is UTF-8. The pack is
/// taken only if every file is what its manifest says. If `with_builtin` is not 0, they come beside the built-in ones, and
/// in place of those of the same id: a pack may be newer. `LGABM_SIGNATURE` if it is no such pack. Otherwise as
/// `lgabm_signatures_from_directory`. Any thread.
///
/// # Safety
/// `path` leads to `path_len` bytes or is NULL; `signatures` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_from_pack(
    path: *const std::ffi::c_char,
    path_len: usize,
    with_builtin: i32,
    signatures: *mut *mut lgabm_signatures,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `text`.
        let path = unsafe { required_text(path, path_len) }?;
        let (_, files) = read_pack(Path::new(path))?;
        let set = match with_builtin {
            0 => SignatureSet::from_files(pairs(&files))?,
            _ => SignatureSet::with_builtin_except(&pack_ids(&files), pairs(&files))?,
        };
        Ok(give(Arc::new(set)))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(signatures, error, body) }
}

/// Compiles signatures from memory, after the built-in ones if `with_builtin` is not 0. The texts are copied. `files` may
/// be NULL when `count` is 0. Otherwise as `lgabm_signatures_from_directory`. Any thread.
///
/// # Safety
/// `files` leads to `count` files whose texts live until the call returns, or is NULL; `signatures` and `error` are NULL
/// or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_from_memory(
    files: *const lgabm_signature_file,
    count: usize,
    with_builtin: i32,
    signatures: *mut *mut lgabm_signatures,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    // SAFETY: the caller's promise is that of `files`.
    let body = || set(with_builtin, unsafe { self::files(files, count) }?);
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(signatures, error, body) }
}

/// How many signatures a set holds; 0 for NULL. Any thread.
///
/// # Safety
/// `signatures` is NULL or a set that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_count(signatures: *const lgabm_signatures) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(signatures, |set| set.signatures().len()) }
}

/// Writes the id of a signature to `id`; they are sorted. It belongs to the set and lives as long. Any thread.
///
/// # Safety
/// `signatures` is NULL or a set that was not freed; `id` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_id(
    signatures: *const lgabm_signatures,
    index: usize,
    id: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(signatures, id, |set| Some(set.signatures().get(index)?.id())) }
}

/// Writes the SHA-256 over the files of a set, in hexadecimal, to `digest`. It belongs to the set and lives as long. Any
/// thread.
///
/// # Safety
/// `signatures` is NULL or a set that was not freed; `digest` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_digest(
    signatures: *const lgabm_signatures,
    digest: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(signatures, digest, |set| Some(set.digest())) }
}

/// Frees a set; nothing happens for NULL. Any thread, once no call uses it; analyzers made from it stay whole.
///
/// # Safety
/// `signatures` is NULL or a set that was not freed; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_signatures_free(signatures: *mut lgabm_signatures) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(signatures) }
}

/// Checks the `*.toml` of a directory, their own examples included. `path` is UTF-8. That there are mistakes is no failure:
/// `*mistakes` holds all of them and is freed with `lgabm_mistakes_free`. `error` may be NULL. Any thread.
///
/// # Safety
/// `path` leads to `path_len` bytes or is NULL; `mistakes` and `error` are NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistakes_of_directory(
    path: *const std::ffi::c_char,
    path_len: usize,
    mistakes: *mut *mut lgabm_mistakes,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    let body = || {
        // SAFETY: the caller's promise is that of `text`.
        let path = unsafe { required_text(path, path_len) }?;
        let files = read_directory(Path::new(path))?;
        Ok(give(check_files(pairs(&files))))
    };
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(mistakes, error, body) }
}

/// Checks signatures in memory, as `lgabm_mistakes_of_directory`. `files` may be NULL when `count` is 0. Any thread.
///
/// # Safety
/// `files` leads to `count` files whose texts live until the call returns, or is NULL; `mistakes` and `error` are NULL or
/// may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistakes_of_memory(
    files: *const lgabm_signature_file,
    count: usize,
    mistakes: *mut *mut lgabm_mistakes,
    error: *mut *mut lgabm_error,
) -> lgabm_status {
    // SAFETY: the caller's promise is that of `files`.
    let body = || Ok(give(check_files(unsafe { self::files(files, count) }?)));
    // SAFETY: the caller's promises are those of `guard`.
    unsafe { guard(mistakes, error, body) }
}

/// How many mistakes there are; 0 for NULL. Any thread.
///
/// # Safety
/// `mistakes` is NULL or was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistakes_count(mistakes: *const lgabm_mistakes) -> usize {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(mistakes, Vec::len) }
}

/// Writes a mistake to `mistake`. It belongs to `mistakes` and lives as long. Any thread.
///
/// # Safety
/// `mistakes` is NULL or was not freed; `mistake` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistakes_get(
    mistakes: *const lgabm_mistakes,
    index: usize,
    mistake: *mut *const lgabm_mistake,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `item_behind`.
    unsafe { item_behind(mistakes, mistake, |mistakes| mistakes.get(index)) }
}

/// Frees mistakes; nothing happens for NULL. Any thread.
///
/// # Safety
/// `mistakes` is NULL or was not freed; neither it nor its mistakes are used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistakes_free(mistakes: *mut lgabm_mistakes) {
    // SAFETY: the caller's promise is that of `take_back`.
    unsafe { take_back(mistakes) }
}

/// Writes the name of the file to `file`. Lives as long as the mistake. Any thread.
///
/// # Safety
/// `mistake` is NULL or lives; `file` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistake_file(
    mistake: *const lgabm_mistake,
    file: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(mistake, file, |mistake| Some(&mistake.file)) }
}

/// Writes the id of the signature, or the name of its file where it has none, to `id`. Lives as long as the mistake. Any
/// thread.
///
/// # Safety
/// `mistake` is NULL or lives; `id` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistake_id(
    mistake: *const lgabm_mistake,
    id: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(mistake, id, |mistake| Some(&mistake.id)) }
}

/// Writes what is wrong to `message`. Lives as long as the mistake. Any thread.
///
/// # Safety
/// `mistake` is NULL or lives; `message` is NULL or may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistake_message(
    mistake: *const lgabm_mistake,
    message: *mut lgabm_text,
) -> lgabm_status {
    // SAFETY: the caller's promises are those of `text_behind`.
    unsafe { text_behind(mistake, message, |mistake| Some(&mistake.message)) }
}

/// The line of a mistake, from 1; 0 for NULL. Any thread.
///
/// # Safety
/// `mistake` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistake_line(mistake: *const lgabm_mistake) -> u64 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(mistake, |mistake| mistake.line as u64) }
}

/// The column of a mistake, from 1; 0 for NULL. Any thread.
///
/// # Safety
/// `mistake` is NULL or lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lgabm_mistake_column(mistake: *const lgabm_mistake) -> u64 {
    // SAFETY: the caller's promise is that of `number_behind`.
    unsafe { number_behind(mistake, |mistake| mistake.column as u64) }
}

/// A text that must be there.
///
/// # Safety
///
/// That of `text`.
pub(crate) unsafe fn required_text<'a>(
    data: *const std::ffi::c_char,
    len: usize,
) -> Result<&'a str, Failure> {
    if data.is_null() {
        return Err(Failure::null());
    }
    // SAFETY: passed on.
    unsafe { text(data, len) }
}
