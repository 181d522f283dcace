//! What the first stage hands to the second.

use std::io;
use std::sync::Arc;

use crate::error::ErrorKind;

/// Literals and sequences of a stretch of the stream, filled by a [`Tokenizer`](crate::Tokenizer) and
/// drained by a [`Replayer`](crate::Replayer).
///
/// A batch is a buffer to recycle: filling it forgets what it held.
/// It keeps its own place, so that a replayer may stop in the middle when its output is full.
pub struct Batch {
    /// Literal bytes, then `LITERAL_SLACK` bytes of anything.
    pub(crate) literals: Vec<u8>,
    pub(crate) literal_count: usize,
    pub(crate) sequences: Vec<Sequence>,
    pub(crate) sequence_count: usize,
    /// What happens between the sequences, in order.
    pub(crate) marks: Vec<(usize, Mark)>,
    /// Where the replay stands.
    pub(crate) cursor: Cursor,
    /// Bytes of input that were taken for this batch and those before it.
    pub(crate) consumed: u64,
}

/// How far a batch has been replayed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cursor {
    pub(crate) literal: usize,
    pub(crate) sequence: usize,
    pub(crate) mark: usize,
}

/// A change of state between two sequences.
pub(crate) enum Mark {
    /// The trailer of a gzip member states this checksum, at this offset of the input.
    Checksum { stated: u32, offset: u64 },
    /// The trailer states this length, after the checksum. The member ends.
    Length { stated: u32, offset: u64 },
    /// The stream ends well, having taken this many bytes of input.
    End { consumed: u64 },
    /// The stream ends badly, at this offset of the input.
    Fault { kind: ErrorKind, offset: u64, source: Option<Arc<io::Error>> },
}

/// Up to 255 literals, then perhaps a match.
///
/// | bits  | meaning                    |
/// |-------|----------------------------|
/// | 0–7   | number of literals         |
/// | 8–15  | length of the match, less 3 |
/// | 16–30 | its distance, less 1       |
/// | 31    | there is no match          |
#[derive(Clone, Copy, Default)]
pub(crate) struct Sequence(pub(crate) u32);

impl Sequence {
    const NO_MATCH: u32 = 1 << 31;

    #[inline(always)]
    pub(crate) fn literals(count: u64) -> Sequence {
        Sequence(count as u32 | Self::NO_MATCH)
    }

    #[inline(always)]
    pub(crate) fn with_match(literals: u64, length: u64, distance: u64) -> Sequence {
        Sequence((literals | length << 8 | distance << 16) as u32)
    }

    #[inline(always)]
    pub(crate) fn literal_count(self) -> usize {
        (self.0 & 0xff) as usize
    }

    #[inline(always)]
    pub(crate) fn has_match(self) -> bool {
        self.0 & Self::NO_MATCH == 0
    }

    /// 3 to 258.
    #[inline(always)]
    pub(crate) fn length(self) -> usize {
        (self.0 >> 8 & 0xff) as usize + 3
    }

    /// 1 to 32,768.
    #[inline(always)]
    pub(crate) fn distance(self) -> usize {
        (self.0 >> 16 & 0x7fff) as usize + 1
    }

    /// Bytes of output.
    pub(crate) fn output(self) -> usize {
        self.literal_count() + if self.has_match() { self.length() } else { 0 }
    }
}

/// Bytes behind the literals that may be loaded (never used), so that they can be copied in large pieces.
pub(crate) const LITERAL_SLACK: usize = 64;
/// Literal bytes a batch has room for, for each sequence.
///
/// Logs have about two literals to a sequence; data that does not compress has 255, and then a batch is
/// full of literals long before it is full of sequences.
const LITERALS_PER_SEQUENCE: usize = 8;
/// So that streams of tiny or empty members fill batches too.
const MARK_CAPACITY: usize = 256;
/// The longest run of literals in one sequence.
pub(crate) const LONGEST_RUN: usize = 255;

impl Batch {
    /// A batch for up to `sequences` sequences; about 12 bytes of memory each.
    ///
    /// Fewer than 64 are taken as 64.
    pub fn with_capacity(sequences: usize) -> Batch {
        let sequences = sequences.max(64);
        Batch {
            literals: vec![0; sequences * LITERALS_PER_SEQUENCE + LITERAL_SLACK],
            literal_count: 0,
            sequences: vec![Sequence::default(); sequences],
            sequence_count: 0,
            marks: Vec::new(),
            cursor: Cursor::default(),
            consumed: 0,
        }
    }

    /// A batch that holds nothing and cannot be filled.
    pub(crate) fn none() -> Batch {
        Batch {
            literals: vec![0; LITERAL_SLACK],
            literal_count: 0,
            sequences: Vec::new(),
            sequence_count: 0,
            marks: Vec::new(),
            cursor: Cursor::default(),
            consumed: 0,
        }
    }

    /// Whether it can be filled.
    pub(crate) fn is_real(&self) -> bool {
        !self.sequences.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.literal_count = 0;
        self.sequence_count = 0;
        self.marks.clear();
        self.cursor = Cursor::default();
    }

    pub(crate) fn literal_room(&self) -> usize {
        self.literals.len() - LITERAL_SLACK - self.literal_count
    }

    pub(crate) fn sequence_room(&self) -> usize {
        self.sequences.len() - self.sequence_count
    }

    /// Whether there is no room for another symbol, in the slow or the fast loop, or another mark.
    pub(crate) fn is_full(&self) -> bool {
        self.sequence_room() < 16 || self.literal_room() < LONGEST_RUN || self.marks.len() >= MARK_CAPACITY
    }

    /// Appends a literal. The batch must not be full.
    pub(crate) fn push_literal(&mut self, byte: u8) {
        self.literals[self.literal_count] = byte;
        self.literal_count += 1;
        let marked = self.marks.last().is_some_and(|&(at, _)| at == self.sequence_count);
        match self.sequences[..self.sequence_count].last_mut() {
            Some(last) if !marked && !last.has_match() && last.literal_count() < LONGEST_RUN => last.0 += 1,
            _ => self.push(Sequence::literals(1)),
        }
    }

    /// Appends 1 to 255 literals. The batch must not be full.
    pub(crate) fn push_literals(&mut self, bytes: &[u8]) {
        self.literals[self.literal_count..][..bytes.len()].copy_from_slice(bytes);
        self.literal_count += bytes.len();
        self.push(Sequence::literals(bytes.len() as u64));
    }

    /// Appends a sequence whose literals are there. The batch must not be full.
    pub(crate) fn push(&mut self, sequence: Sequence) {
        self.sequences[self.sequence_count] = sequence;
        self.sequence_count += 1;
    }

    pub(crate) fn push_mark(&mut self, mark: Mark) {
        self.marks.push((self.sequence_count, mark));
    }
}
