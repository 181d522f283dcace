//! Where an entry sits: the path of the input and the names of the archives on the way.

use std::fmt;

/// The place of an entry, such as `snapshot.tar.gz!nodes/node-1/kubelet.log`.
///
/// Names inside archives are bytes and need not be UTF-8; [`fmt::Display`] escapes what a terminal must not see
/// and replaces what is no UTF-8. Ordering is by bytes.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EntryPath {
    bytes: Vec<u8>,
}

impl EntryPath {
    /// A path of an input as the caller named it.
    pub fn input(name: impl Into<Vec<u8>>) -> EntryPath {
        EntryPath { bytes: name.into() }
    }

    /// The entry `name` inside the archive at this path.
    #[must_use]
    pub fn member(&self, name: &[u8]) -> EntryPath {
        self.joined(b'!', name)
    }

    /// The file `name` inside the directory at this path.
    #[must_use]
    pub fn file(&self, name: &[u8]) -> EntryPath {
        self.joined(b'/', name)
    }

    fn joined(&self, by: u8, name: &[u8]) -> EntryPath {
        let mut bytes = Vec::with_capacity(self.bytes.len() + 1 + name.len());
        bytes.extend_from_slice(&self.bytes);
        if !(by == b'/' && bytes.ends_with(b"/")) {
            bytes.push(by);
        }
        bytes.extend_from_slice(name);
        EntryPath { bytes }
    }

    /// The path as it was named, unescaped.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The part after the last `!`, or the whole: the name inside the innermost archive.
    pub fn innermost(&self) -> &[u8] {
        memchr::memrchr(b'!', &self.bytes).map_or(&self.bytes[..], |at| &self.bytes[at + 1..])
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&crate::text::Escaped(&self.bytes), f)
    }
}
