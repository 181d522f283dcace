//! The second stage: literals and sequences to the decoded bytes.

use crc32fast::Hasher;

use crate::batch::{Batch, Cursor, LITERAL_SLACK, Mark, Sequence};
use crate::error::{Error, ErrorKind};
use crate::tokenizer::WINDOW;

/// Decoded bytes handed out at a time, about: small enough to be still in the second-level cache when
/// the caller looks at them, large enough that moving the history costs nothing.
pub(crate) const OUTPUT_CAPACITY: usize = 512 << 10;

/// What the longest sequence may write behind the place where the output counts as full: 255 literals,
/// 258 bytes of match, and the excess of the copies, less than 64 bytes each.
const OUTPUT_SLACK: usize = 1024;

/// Replays [`Batch`]es into a buffer of decoded bytes, and checks sums and lengths of gzip members.
///
/// The buffer holds the 32 KiB before what is unread, so a search may look back over the seam
/// between two pieces.
pub struct Replayer {
    /// `WINDOW` bytes of history at least, up to `OUTPUT_CAPACITY` of output, `OUTPUT_SLACK`.
    buffer: Vec<u8>,
    /// `buffer[start..end]` is decoded and unread. `end` never goes below `WINDOW`.
    start: usize,
    end: usize,
    /// `buffer[floor..]` was decoded, what is before never written.
    floor: usize,
    /// `buffer[..summed]` is in the checksum.
    summed: usize,
    checksum: Hasher,
    /// Bytes of this member in the checksum, modulo 2³².
    length: u32,
    /// Bytes that left the buffer in front, less `WINDOW`.
    passed: u64,
    outcome: Option<Result<u64, Error>>,
    /// Whether a wrong trailer of a member is noted instead of ending the stream.
    lenient: bool,
    note: Option<Error>,
    /// The checksum of this trailer was wrong: its length is not told as well.
    is_told: bool,
}

/// Why a replay paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The batch is used up; the next one may follow.
    Drained,
    /// The output is full: it must be read before the same batch can go on.
    Full,
    /// The stream ended, well or badly: see [`Replayer::outcome`].
    Ended,
}

impl Default for Replayer {
    fn default() -> Replayer {
        Replayer::new()
    }
}

impl Replayer {
    /// A replayer at the start of a stream.
    pub fn new() -> Replayer {
        Replayer {
            buffer: vec![0; WINDOW + OUTPUT_CAPACITY + OUTPUT_SLACK],
            start: WINDOW,
            end: WINDOW,
            floor: WINDOW,
            summed: WINDOW,
            checksum: Hasher::new(),
            length: 0,
            passed: 0,
            outcome: None,
            lenient: false,
            note: None,
            is_told: false,
        }
    }

    /// Decoded bytes that were not consumed yet.
    pub fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The bytes before the unread ones: 32 KiB at least, or all there were.
    pub fn history(&self) -> &[u8] {
        &self.buffer[self.floor..self.start]
    }

    /// Counts the first `count` unread bytes as read.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    pub fn consume(&mut self, count: usize) {
        assert!(count <= self.end - self.start, "only what was handed out can be consumed");
        self.start += count;
    }

    /// Goes on behind a member whose checksum or length is wrong; [`Replayer::take_note`] tells it.
    #[must_use]
    pub fn lenient(mut self) -> Replayer {
        self.lenient = true;
        self
    }

    /// The wrong trailer behind the unread bytes; the replay pauses as [`Replay::Full`] until it is taken.
    pub fn take_note(&mut self) -> Option<Error> {
        self.note.take()
    }

    /// How the stream ended, once it did: the bytes of input it took, or the fault.
    pub fn outcome(&self) -> Option<&Result<u64, Error>> {
        self.outcome.as_ref()
    }

    /// Decoded bytes so far, read or not.
    pub fn decoded(&self) -> u64 {
        self.passed + (self.end - WINDOW) as u64
    }

    /// Ends the stream for a reason outside of it.
    pub(crate) fn abort(&mut self, kind: ErrorKind) {
        self.outcome = Some(Err(Error::new(kind, 0, self.decoded(), None)));
    }

    /// Replays `batch` from where it stands until it is used up, the output is full or the stream ends.
    pub fn replay(&mut self, batch: &mut Batch) -> Replay {
        while self.outcome.is_none() {
            if self.note.is_some() {
                return Replay::Full;
            }
            let mark = batch.marks.get(batch.cursor.mark);
            let until = mark.map_or(batch.sequence_count, |&(at, _)| at);
            if batch.cursor.sequence < until {
                if self.is_full() {
                    self.sum();
                    if self.start < self.end {
                        return Replay::Full;
                    }
                    self.make_room();
                }
                self.copy(batch, until);
            } else if let Some((_, mark)) = mark {
                self.pass(mark);
                batch.cursor.mark += 1;
            } else {
                return Replay::Drained;
            }
        }
        Replay::Ended
    }

    fn is_full(&self) -> bool {
        self.end >= WINDOW + OUTPUT_CAPACITY
    }

    /// Takes what was decoded since the last time into the checksum.
    fn sum(&mut self) {
        let fresh = &self.buffer[self.summed..self.end];
        self.checksum.update(fresh);
        self.length = self.length.wrapping_add(fresh.len() as u32);
        self.summed = self.end;
    }

    /// Moves the history to the front of the buffer. Everything is summed and read.
    fn make_room(&mut self) {
        let moved = self.end - WINDOW;
        self.buffer.copy_within(moved..self.end, 0);
        self.passed += moved as u64;
        self.floor = self.floor.saturating_sub(moved);
        self.start = WINDOW;
        self.end = WINDOW;
        self.summed = WINDOW;
    }

    fn pass(&mut self, mark: &Mark) {
        self.sum();
        let decoded = self.decoded();
        let error = |kind, offset, source| Error::new(kind, offset, decoded, source);
        match *mark {
            Mark::Checksum { stated, offset } => {
                let found = self.checksum.clone().finalize();
                self.is_told = found != stated;
                if found != stated {
                    self.wrong_trailer(error(ErrorKind::Checksum { stated, found }, offset, None));
                }
            }
            Mark::Length { stated, offset } => {
                let found = self.length;
                if found != stated && !self.is_told {
                    self.wrong_trailer(error(ErrorKind::Length { stated, found }, offset, None));
                }
                self.checksum.reset();
                self.length = 0;
            }
            Mark::End { consumed } => self.outcome = Some(Ok(consumed)),
            Mark::Fault { kind, offset, ref source } => {
                self.outcome = Some(Err(error(kind, offset, source.clone())));
            }
        }
    }

    fn wrong_trailer(&mut self, error: Error) {
        if self.lenient {
            self.note = Some(error);
        } else {
            self.outcome = Some(Err(error));
        }
    }

    /// Replays sequences up to `until`, or to where the output is full.
    fn copy(&mut self, batch: &mut Batch, until: usize) {
        let Cursor { literal, sequence, .. } = batch.cursor;
        let sequences = &batch.sequences[sequence..until];
        let needed: usize = sequences.iter().map(|sequence| sequence.literal_count()).sum();
        assert!(
            literal + needed + LITERAL_SLACK <= batch.literals.len(),
            "the sequences have their literals"
        );
        // SAFETY: the sequences' literals and `LITERAL_SLACK` more are there, as was just checked; the
        // buffer has `WINDOW` bytes before `end`, and `OUTPUT_SLACK` behind the limit.
        let copied =
            unsafe { replay_sequences(sequences, &batch.literals[literal..], &mut self.buffer, self.end) };
        self.end = copied.end;
        batch.cursor.sequence += copied.sequences;
        batch.cursor.literal += copied.literals;
    }
}

/// What [`replay_sequences`] did.
struct Copied {
    sequences: usize,
    literals: usize,
    end: usize,
}

/// Appends the output of `sequences` at `end` until it reaches the limit of `WINDOW + OUTPUT_CAPACITY`.
///
/// # Safety
///
/// - `literals` must hold the literals of all `sequences` and `LITERAL_SLACK` bytes more.
/// - `buffer` must be `WINDOW + OUTPUT_CAPACITY + OUTPUT_SLACK` bytes long.
/// - `end` must be at least `WINDOW`.
unsafe fn replay_sequences(sequences: &[Sequence], literals: &[u8], buffer: &mut [u8], end: usize) -> Copied {
    let limit = WINDOW + OUTPUT_CAPACITY;
    let base = buffer.as_mut_ptr();
    let (mut to, mut literal, mut done) = (end, 0, 0);
    for &sequence in sequences {
        if to >= limit {
            break;
        }
        let run = sequence.literal_count();
        // SAFETY: `run` literals and the slack, more than the copy's 31 bytes of excess, are left in
        // `literals`, as the caller vouches; `to` is below the limit, and the output slack takes 255
        // literals and the excess. The two buffers are different ones.
        unsafe { copy_literals(literals.as_ptr().add(literal), base.add(to), run) };
        literal += run;
        to += run;
        done += 1;
        if sequence.has_match() {
            let (length, distance) = (sequence.length(), sequence.distance());
            // SAFETY: `to` is at least `WINDOW` and a distance at most that, so the source is in the
            // buffer; `to` is at most 254 above the limit, and the slack takes 258 bytes and the excess.
            unsafe { copy_match(base.add(to), distance, length) };
            to += length;
        }
    }
    Copied { sequences: done, literals: literal, end: to }
}

/// Copies `count` bytes in pieces of 16.
///
/// # Safety
///
/// Both places must be valid for `count + 31` bytes, apart from each other.
#[inline(always)]
unsafe fn copy_literals(from: *const u8, to: *mut u8, count: usize) {
    // SAFETY: 16 bytes are in the excess the caller vouches for.
    unsafe { copy::<16>(from, to) };
    if count > 16 {
        let mut at = 16;
        while at < count {
            // SAFETY: `at` is below `count`, so the piece ends within the excess.
            unsafe { copy::<16>(from.add(at), to.add(at)) };
            at += 16;
        }
    }
}

/// Repeats at `to`, `length` bytes long, what is `distance` bytes before.
///
/// # Safety
///
/// `distance` must be at least 1, `to - distance` within the same buffer as `to`, and the buffer valid
/// for `length + 63` bytes from `to`.
#[inline(always)]
unsafe fn copy_match(to: *mut u8, distance: usize, length: usize) {
    // SAFETY: the caller vouches for it.
    let from = unsafe { to.sub(distance) };
    if distance >= 32 {
        // SAFETY: 32 bytes are in the excess; the source ends before the target starts.
        unsafe { copy::<32>(from, to) };
        let mut at = 32;
        while at < length {
            // SAFETY: `at` is below `length`, so the piece ends within the excess.
            unsafe { copy::<32>(from.add(at), to.add(at)) };
            at += 32;
        }
    } else {
        // SAFETY: as the caller vouches.
        unsafe { copy_near_match(from, to, distance, length) };
    }
}

/// The case in which a large piece would overlap itself.
///
/// What lies between source and target is a whole number of periods; copying 16 bytes of which at least
/// one period is right doubles it, until it is as long as a piece.
///
/// # Safety
///
/// As for [`copy_match`].
#[inline(always)]
unsafe fn copy_near_match(from: *const u8, to: *mut u8, distance: usize, length: usize) {
    let (mut at, mut period) = (0, distance);
    while period < 16 {
        // SAFETY: `at` is below 16 here, so the piece ends within the excess.
        unsafe { copy::<16>(from, to.add(at)) };
        at += period;
        period *= 2;
    }
    let mut source = from;
    while at < length {
        // SAFETY: `at` is below `length`, so the piece ends within the excess; `source` is `period`
        // bytes before it.
        unsafe {
            copy::<16>(source, to.add(at));
            source = source.add(16);
        }
        at += 16;
    }
}

/// Copies `N` bytes through registers: they are all loaded before any is stored.
///
/// # Safety
///
/// Both places must be valid for `N` bytes. They may overlap.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller vouches for the bytes; an array of bytes asks for no alignment.
    unsafe { to.cast::<[u8; N]>().write(from.cast::<[u8; N]>().read()) };
}
