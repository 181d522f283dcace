//! The C ABI of loggrep-abm. `include/loggrep_abm.h` is generated from this crate and says everything that a caller
//! needs; the modules follow the order of a call: [`signatures`], [`options`], [`redactor`], [`analyzer`], [`session`],
//! [`report`].
//!
//! Conventions are kept in [`ffi`]: handles are opaque types behind pointers, every body runs behind a panic boundary,
//! NULL is an error, outputs are written on success only and the error object on failure only.

// Names are those of the header.
#![allow(non_camel_case_types)]

pub mod analyzer;
pub mod error;
pub mod ffi;
pub mod options;
pub mod redactor;
pub mod report;
pub mod session;
pub mod signatures;
pub mod version;
