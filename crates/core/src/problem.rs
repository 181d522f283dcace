//! Damage and limits met while reading: they go into the report, the analysis goes on.

use crate::path::EntryPath;

/// Something that could not be read as it should, and where.
///
/// A problem costs the entry it names, or the rest of it, and nothing else.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub struct Problem {
    /// The member, or the input itself.
    pub path: EntryPath,
    /// Byte offset at which it was noticed: in the content of `path` as far as it was decoded, from 0.
    pub offset: Option<u64>,
    /// What kind of damage it is.
    pub kind: ProblemKind,
    /// One sentence for a person: lower case, no final stop, no text from the bundle unless escaped.
    pub message: String,
}

/// Kinds of [`Problem`]; the report prints [`ProblemKind::as_str`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The data ends before it should.
    Truncated,
    /// The data breaks the rules of its format.
    Corrupt,
    /// A checksum or a stored size does not fit the decoded data.
    Checksum,
    /// A limit of [`Limits`](crate::Limits) struck.
    Limit,
    /// A format or feature this program does not read.
    Unsupported,
    /// The operating system refused to open or read it.
    Unreadable,
    /// Not a regular file (a link, a device, a socket): named, not followed.
    Skipped,
    /// The same name occurs twice in one archive; both are analysed.
    Duplicate,
    /// A signature could not be evaluated as written.
    Signature,
}

impl ProblemKind {
    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::Truncated => "truncated",
            ProblemKind::Corrupt => "corrupt",
            ProblemKind::Checksum => "checksum",
            ProblemKind::Limit => "limit",
            ProblemKind::Unsupported => "unsupported",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Skipped => "skipped",
            ProblemKind::Duplicate => "duplicate",
            ProblemKind::Signature => "signature",
        }
    }

    /// Whether content of the input was lost, so that the input was only partly readable.
    pub fn loses_content(self) -> bool {
        !matches!(self, ProblemKind::Skipped | ProblemKind::Duplicate | ProblemKind::Signature)
    }
}
