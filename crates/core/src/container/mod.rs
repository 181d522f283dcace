//! Containers become a stream of entries: the walk drives, a [`Sink`] receives.
//!
//! Start from [`Sink`] and [`Entry`]. The walk knows archives and damage; what the bytes mean is left to the sink.

mod dir;
mod duplicates;
mod tar;
mod utf16;
mod walker;
mod zip;

use std::ops::ControlFlow;

use crate::path::EntryPath;
use crate::problem::Problem;

pub(crate) use dir::{Files, Found, mtime, open_file};
pub(crate) use walker::{Kind, Place, Stop, Walker};
pub(crate) use zip::{Archive, ByteArray, ReadAt};

/// One leaf of the walk: a file that is not itself opened as an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it sits.
    pub path: EntryPath,
    /// Modification time the container stored for it (or that of the file), in seconds since 1970.
    pub mtime: Option<i64>,
}

/// How an entry ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryEnd {
    /// All of its content was delivered.
    Complete,
    /// A problem or a limit cut it short; the problem itself was reported apart.
    Cut,
}

/// Receives what a walk finds, in the order in which it stands in the container.
///
/// Per entry: `begin`, any number of `data`, `end`. `problem` may come at any time.
/// The pieces given to `data` are not aligned to lines or to anything else.
pub trait Sink {
    /// An entry begins. `false` skips its content: no `data`, no `end`.
    fn begin(&mut self, entry: &Entry) -> bool;
    /// The content of the entry that just began is UTF-16 with a byte order mark; it is delivered in UTF-8.
    fn utf16(&mut self) {}
    /// The next piece of the entry's content. `Break` stops this whole walk.
    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()>;
    /// The entry is over. Comes after each `begin` that gave `true`, also when the walk stops.
    fn end(&mut self, end: EntryEnd);
    /// Something could not be read as it should.
    fn problem(&mut self, problem: Problem);
    /// Compressed bytes of the input consumed so far, for progress; called now and then.
    fn progress(&mut self, _input_bytes: u64) {}
}
