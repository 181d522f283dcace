//! What can be wrong with a stream, and where.

use std::fmt;
use std::io;
use std::sync::Arc;

/// Why decoding ended before the end of the stream, and at which byte.
///
/// Everything that could be decoded before the fault has been handed out when a reader reports it.
/// The readers carry it inside an [`io::Error`]; [`Error::of`] takes it out again.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    compressed: u64,
    decoded: u64,
    source: Option<Arc<io::Error>>,
}

/// The kinds of fault a stream can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input does not begin with the two magic bytes of gzip.
    NotGzip,
    /// The gzip header names a method other than deflate.
    UnknownMethod(u8),
    /// The gzip header sets flags that have no meaning yet.
    ReservedFlags(u8),
    /// The checksum of the gzip header does not fit the header.
    HeaderChecksum,
    /// A block has the reserved type 3.
    BlockType,
    /// The two copies of a stored block's length disagree.
    StoredLength,
    /// A block declares more than 286 literal/length or more than 30 distance codes.
    TooManyCodes,
    /// The code for the code lengths is incomplete or oversubscribed.
    CodeLengthCode,
    /// The list of code lengths repeats a length before there is one, or runs over its end.
    LengthRepeat,
    /// A block has no code for its own end.
    NoEndOfBlock,
    /// The literal/length code is incomplete or oversubscribed.
    LiteralCode,
    /// The distance code is incomplete or oversubscribed.
    DistanceCode,
    /// The data uses a literal/length code to which no symbol belongs.
    UnusedLiteral,
    /// The data uses a distance code to which no symbol belongs.
    UnusedDistance,
    /// A match reaches back beyond the start of the stream.
    DistanceTooFar,
    /// The input ends in the middle of the stream.
    Truncated,
    /// The CRC-32 of the decoded bytes differs from the one in the gzip trailer.
    Checksum {
        /// The checksum the trailer states.
        stated: u32,
        /// The checksum of what was decoded.
        found: u32,
    },
    /// The number of decoded bytes, modulo 2³², differs from the one in the gzip trailer.
    Length {
        /// The length the trailer states.
        stated: u32,
        /// The length of what was decoded, modulo 2³².
        found: u32,
    },
    /// Bytes follow the last gzip member that are neither zeros nor another member.
    TrailingGarbage,
    /// The reader that supplies the input failed; the error's source has the reason.
    Input,
    /// The thread that decodes for a parallel reader died, because the reader it draws from panicked.
    ThreadDied,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        compressed: u64,
        decoded: u64,
        source: Option<Arc<io::Error>>,
    ) -> Error {
        Error { kind, compressed, decoded, source }
    }

    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Offset in the compressed input of the byte in which the faulty code or field starts.
    ///
    /// For [`ErrorKind::Truncated`] it is the length of the input.
    pub fn compressed_offset(&self) -> u64 {
        self.compressed
    }

    /// How many bytes were decoded, over all members, before the fault.
    pub fn decoded_offset(&self) -> u64 {
        self.decoded
    }

    /// The fault that a reader of this crate put into an [`io::Error`], if there is one.
    pub fn of(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref()
    }

    /// The class of I/O error this fault belongs to.
    fn io_kind(&self) -> io::ErrorKind {
        match (self.kind, &self.source) {
            (ErrorKind::Truncated, _) => io::ErrorKind::UnexpectedEof,
            (ErrorKind::Input, Some(source)) => source.kind(),
            (ErrorKind::Input | ErrorKind::ThreadDied, _) => io::ErrorKind::Other,
            _ => io::ErrorKind::InvalidData,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Error { kind, compressed, decoded, .. } = self;
        write!(f, "{kind} at compressed byte {compressed} (decoded byte {decoded})")
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::UnknownMethod(method) => return write!(f, "unknown compression method {method}"),
            ErrorKind::ReservedFlags(flags) => return write!(f, "reserved gzip header flags {flags:#04x}"),
            ErrorKind::Checksum { stated, found } => {
                return write!(f, "CRC-32 should be {stated:08x} but is {found:08x}");
            }
            ErrorKind::Length { stated, found } => {
                return write!(f, "length modulo 2^32 should be {stated} but is {found}");
            }
            ErrorKind::NotGzip => "not a gzip stream",
            ErrorKind::HeaderChecksum => "wrong checksum of the gzip header",
            ErrorKind::BlockType => "invalid block type",
            ErrorKind::StoredLength => "invalid length of a stored block",
            ErrorKind::TooManyCodes => "too many literal or distance codes",
            ErrorKind::CodeLengthCode => "invalid code for code lengths",
            ErrorKind::LengthRepeat => "invalid repeat of a code length",
            ErrorKind::NoEndOfBlock => "block without a code for its end",
            ErrorKind::LiteralCode => "invalid set of literal/length codes",
            ErrorKind::DistanceCode => "invalid set of distance codes",
            ErrorKind::UnusedLiteral => "invalid literal/length code",
            ErrorKind::UnusedDistance => "invalid distance code",
            ErrorKind::DistanceTooFar => "distance too far back",
            ErrorKind::Truncated => "compressed data ends too early",
            ErrorKind::TrailingGarbage => "trailing garbage",
            ErrorKind::Input => "cannot read the compressed data",
            ErrorKind::ThreadDied => "decoding thread died",
        })
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(error.io_kind(), error)
    }
}
