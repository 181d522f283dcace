//! Gzip by the two-stage decoder: codes on one thread, bytes and checksums on the one that reads.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use loggrep_abm_inflate::{Error, ErrorKind, Format, InflateReader, ParallelInflateReader};

use crate::problem::ProblemKind;
use crate::stream::{Damage, Inline, Pull, Raw, RawSpan, Stream};

/// Whether the decoder takes a gzip stream that begins with `head`: it refuses flags without meaning and checks the
/// header's own checksum, neither of which is worth losing the data for.
pub(crate) fn takes(head: &[u8]) -> bool {
    matches!(head, [0x1f, 0x8b, 8, flags, ..] if flags & 0b1110_0010 == 0)
}

/// What a gzip stream holds.
pub(crate) struct TwoStage<'s> {
    reader: Reader<'s>,
    /// Why the input below failed, for which an I/O error stands in.
    below: Below,
    raw_start: u64,
    failed: Option<Damage>,
    ended: bool,
}

type Below = Arc<Mutex<Option<Damage>>>;

enum Reader<'s> {
    Here(Box<InflateReader<Compressed<'s>>>),
    Ahead(Box<ParallelInflateReader>),
}

impl<'s> TwoStage<'s> {
    /// Both stages in the thread that reads.
    pub(crate) fn here(stream: Stream<'s>) -> TwoStage<'s> {
        let (raw_start, below) = (stream.raw().start, Below::default());
        let compressed = Compressed { stream, below: Arc::clone(&below) };
        let reader = Reader::Here(Box::new(InflateReader::new(Format::Gzip, compressed).lenient()));
        TwoStage { reader, below, raw_start, failed: None, ended: false }
    }

    fn damage(&mut self, error: &io::Error) -> Damage {
        let Some(error) = Error::of(error) else {
            return Damage::fatal(ProblemKind::Unreadable, "the decoder stopped unexpectedly");
        };
        let below = || self.below.lock().unwrap_or_else(PoisonError::into_inner).take();
        match error.kind() {
            ErrorKind::Input => below().unwrap_or_else(|| damage(error)),
            _ => damage(error),
        }
    }
}

impl TwoStage<'static> {
    /// The first stage in a thread of its own; if the system starts none, that is told instead.
    pub(crate) fn ahead(stream: Stream<'static>) -> TwoStage<'static> {
        let (raw_start, below) = (stream.raw().start, Below::default());
        let compressed = Compressed { stream, below: Arc::clone(&below) };
        match ParallelInflateReader::spawn(Format::Gzip, compressed) {
            Ok(reader) => {
                let reader = Reader::Ahead(Box::new(reader.lenient()));
                TwoStage { reader, below, raw_start, failed: None, ended: false }
            }
            Err(error) => {
                let message = format!("no thread can be started to decode it: {error}");
                let mut none = TwoStage::here(Stream::new(Inline::new(Raw::new(io::empty()), 1)));
                none.failed = Some(Damage::fatal(ProblemKind::Unreadable, message));
                none
            }
        }
    }
}

/// The problem that a fault of the stream is.
fn damage(error: &Error) -> Damage {
    let at = error.compressed_offset();
    match error.kind() {
        ErrorKind::Truncated => {
            Damage::fatal(ProblemKind::Truncated, format!("gzip data ends early, at byte {at} of it"))
        }
        ErrorKind::Checksum { .. } => {
            let message = format!("gzip checksum stored at byte {at} does not fit the decoded data");
            Damage::passing(ProblemKind::Checksum, message)
        }
        ErrorKind::Length { .. } => {
            let message = format!("gzip length stored at byte {at} does not fit the decoded data");
            Damage::passing(ProblemKind::Checksum, message)
        }
        ErrorKind::TrailingGarbage | ErrorKind::UnknownMethod(_) => {
            let message = format!("bytes that are no gzip data follow its end, from byte {at} of it on");
            Damage::passing(ProblemKind::Corrupt, message)
        }
        kind => Damage::fatal(ProblemKind::Corrupt, format!("gzip data at byte {at}: {kind}")),
    }
}

macro_rules! each {
    ($reader:expr, $one:ident => $do:expr) => {
        match $reader {
            Reader::Here($one) => $do,
            Reader::Ahead($one) => $do,
        }
    };
}

impl Pull for TwoStage<'_> {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        if each!(&self.reader, reader => reader.unread().is_empty()) && !self.ended {
            if let Some(damage) = &self.failed {
                return Err(damage.clone());
            }
            // Empty members give nothing to read, but have trailers.
            if let Some(note) = each!(&mut self.reader, reader => reader.take_note()) {
                return Err(damage(&note));
            }
            match each!(&mut self.reader, reader => reader.fill_buf().map(<[u8]>::is_empty)) {
                Ok(false) => {}
                Ok(true) => match each!(&mut self.reader, reader => reader.take_note()) {
                    Some(note) => return Err(damage(&note)),
                    None => self.ended = true,
                },
                Err(error) => {
                    let damage = self.damage(&error);
                    if damage.is_fatal() {
                        self.failed = Some(damage.clone());
                    } else {
                        self.ended = true;
                    }
                    return Err(damage);
                }
            }
        }
        Ok(each!(&self.reader, reader => reader.unread()))
    }

    fn consume(&mut self, n: usize) {
        each!(&mut self.reader, reader => {
            let n = n.min(reader.unread().len());
            reader.consume(n);
        });
    }

    fn raw(&self) -> RawSpan {
        let taken = each!(&self.reader, reader => reader.taken());
        RawSpan { start: self.raw_start, end: self.raw_start + taken }
    }
}

/// The stream below as a reader.
struct Compressed<'s> {
    stream: Stream<'s>,
    below: Below,
}

impl Read for Compressed<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = match self.stream.fill() {
            Ok(bytes) => bytes,
            Err(damage) => {
                *self.below.lock().unwrap_or_else(PoisonError::into_inner) = Some(damage);
                return Err(io::Error::other("the layer below is damaged"));
            }
        };
        let take = bytes.len().min(out.len());
        out[..take].copy_from_slice(&bytes[..take]);
        self.stream.consume(take);
        Ok(take)
    }
}
