//! Compressed streams as readers: gzip, zstd, xz and bzip2, all members of each, counted against the limits.
//!
//! Start from [`open`]. What is decoded before damage is always delivered, and the damage after it.

mod gzip;
mod others;
mod two_stage;

use crate::problem::ProblemKind;
use crate::stream::{Damage, Decode, Pull, Stream};

pub(crate) use two_stage::{TwoStage, takes as two_stage_takes};

/// Output below this is never called a bomb: ratios of small data say nothing.
const RATIO_FREE_BYTES: u64 = 16 << 20;

/// A compression known by its magic bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Compression {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

impl Compression {
    /// The compression that data beginning with `head` (six bytes at least, unless it ends before) is in.
    pub(crate) fn of(head: &[u8]) -> Option<Compression> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            // A frame, or one to be skipped, as pzstd puts in front.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            // The digit is the block size; then a block, or the end mark of an empty stream.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Some(Compression::Bzip2),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, ..] => Some(Compression::Bzip2),
            _ => None,
        }
    }
}

/// What a decoder may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DecoderLimits {
    /// Decompressed bytes per compressed byte.
    pub(crate) ratio: u64,
    /// Whether the compressed data comes itself out of a decoder.
    pub(crate) nested: bool,
    /// Memory for windows.
    pub(crate) window_bytes: u64,
}

/// The decoder of `compression` over `source`, which stands at the magic bytes.
pub(crate) fn open<'s>(
    compression: Compression,
    source: Stream<'s>,
    limits: DecoderLimits,
) -> Box<dyn Decode + Send + 's> {
    match compression {
        Compression::Gzip => Box::new(Decoder::new(gzip::Gzip::new(), source, limits)),
        Compression::Zstd => Box::new(Decoder::new(others::Zstd::new(limits.window_bytes), source, limits)),
        Compression::Xz => Box::new(Decoder::new(others::Xz::new(limits.window_bytes), source, limits)),
        Compression::Bzip2 => Box::new(Decoder::new(others::Bzip2::new(), source, limits)),
    }
}

/// The decoder of raw deflate data, one stream without header or checksum. It leaves `source` right behind it.
pub(crate) fn open_deflate(source: Stream<'_>, limits: DecoderLimits) -> Decoder<'_, gzip::Deflate> {
    Decoder::new(gzip::Deflate::new(), source, limits)
}

/// Memory for the window of the decoder of data that begins with `head`, as far as the format tells.
pub(crate) fn window_bytes(compression: Compression, head: &[u8]) -> u64 {
    match compression {
        Compression::Gzip => 32 << 10,
        Compression::Bzip2 => 4 << 20,
        Compression::Zstd => others::zstd_window(head),
        Compression::Xz => others::xz_window(head),
    }
}

/// One step of a codec.
#[derive(Default)]
pub(crate) struct Step {
    consumed: usize,
    produced: usize,
    ended: bool,
    /// Why it cannot go on, after the bytes of this step.
    fault: Option<Fault>,
}

impl Step {
    /// A step that got nowhere.
    fn failed(fault: Fault) -> Step {
        Step { fault: Some(fault), ..Step::default() }
    }
}

/// Why a codec cannot go on.
pub(crate) struct Fault {
    kind: ProblemKind,
    reason: String,
}

impl Fault {
    fn corrupt(reason: impl Into<String>) -> Fault {
        Fault { kind: ProblemKind::Corrupt, reason: reason.into() }
    }
}

/// A compression format: how a member of it begins, goes on and ends.
pub(crate) trait Codec {
    /// As messages name it.
    const NAME: &'static str;
    /// Whether its streams may follow each other in one file.
    const MEMBERS: bool = true;
    /// Whether it reaches high ratios only on purpose, so that the ratio limit holds for a single layer too.
    const RATIO_LIMITED: bool = true;

    /// Whether a member begins with `head`.
    fn starts(head: &[u8]) -> bool;
    /// Reads what stands before the data.
    fn begin(&mut self, source: &mut Source<'_>) -> Result<(), Damage>;
    /// Decodes from `input` to `out`, both not empty unless the input is over.
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step;
    /// Reads and checks what stands behind the data. Damage here costs nothing that was decoded.
    fn finish(&mut self, _source: &mut Source<'_>) -> Result<(), Damage> {
        Ok(())
    }
}

/// The compressed side of a decoder: counts, and keeps passing damage for later.
pub(crate) struct Source<'s> {
    stream: Stream<'s>,
    consumed: u64,
    notes: Vec<Damage>,
    name: &'static str,
}

impl Source<'_> {
    /// The next `N` bytes.
    fn exact<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let Some(bytes) = self.look(N)?.first_chunk::<N>().copied() else {
            return Err(self.truncated());
        };
        self.consume(N);
        Ok(bytes)
    }

    /// The next `n` bytes or more without moving on; fewer at the end.
    fn look(&mut self, n: usize) -> Result<&[u8], Damage> {
        while self.stream.peek(n).len() < n {
            match self.stream.take_damage() {
                None => break,
                Some(damage) if damage.is_fatal() => return Err(damage),
                Some(damage) => self.notes.push(damage),
            }
        }
        Ok(self.stream.peek(n))
    }

    fn skip(&mut self, mut n: usize) -> Result<(), Damage> {
        while n > 0 {
            let have = self.look(1)?.len();
            if have == 0 {
                return Err(self.truncated());
            }
            self.consume(have.min(n));
            n -= have.min(n);
        }
        Ok(())
    }

    /// Moves behind the next zero byte.
    fn skip_text(&mut self) -> Result<(), Damage> {
        while self.exact::<1>()? != [0] {}
        Ok(())
    }

    /// Moves behind zero bytes: whether something follows them.
    fn skip_zeros(&mut self) -> Result<bool, Damage> {
        loop {
            let bytes = self.look(1)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            match (bytes.len(), zeros) {
                (0, _) => return Ok(false),
                (have, zeros) if zeros < have => {
                    self.consume(zeros);
                    return Ok(true);
                }
                (_, zeros) => self.consume(zeros),
            }
        }
    }

    fn consume(&mut self, n: usize) {
        self.consumed += n as u64;
        self.stream.consume(n);
    }

    fn truncated(&self) -> Damage {
        let Source { name, consumed, .. } = self;
        Damage::fatal(ProblemKind::Truncated, format!("{name} data ends early, at byte {consumed} of it"))
    }

    fn fault(&self, fault: Fault) -> Damage {
        let Source { name, consumed, .. } = self;
        Damage::fatal(fault.kind, format!("{name} data at byte {consumed}: {}", fault.reason))
    }
}

/// Where a decoder stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    FirstMember,
    BetweenMembers,
    InMember,
    End,
}

/// A codec over a stream.
pub(crate) struct Decoder<'s, C> {
    codec: C,
    source: Source<'s>,
    limits: DecoderLimits,
    raw_start: u64,
    produced: u64,
    at: At,
    failed: Option<Damage>,
}

impl<'s, C: Codec> Decoder<'s, C> {
    fn new(codec: C, stream: Stream<'s>, limits: DecoderLimits) -> Decoder<'s, C> {
        let raw_start = stream.raw().start;
        let source = Source { stream, consumed: 0, notes: Vec::new(), name: C::NAME };
        Decoder { codec, source, limits, raw_start, produced: 0, at: At::FirstMember, failed: None }
    }

    /// Compressed bytes read so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.source.consumed
    }

    /// Bytes decoded so far.
    pub(crate) fn produced(&self) -> u64 {
        self.produced
    }

    /// Goes on by one step: the bytes written, or `None` at the end.
    fn advance(&mut self, out: &mut [u8]) -> Result<Option<usize>, Damage> {
        if let Some(note) = self.source.notes.pop() {
            return Err(note);
        }
        match self.at {
            At::FirstMember => self.begin()?,
            At::BetweenMembers => self.next_member()?,
            At::InMember => return self.step(out).map(Some),
            At::End => return Ok(None),
        }
        Ok(Some(0))
    }

    fn begin(&mut self) -> Result<(), Damage> {
        self.codec.begin(&mut self.source)?;
        self.at = At::InMember;
        Ok(())
    }

    /// Finds the next member behind zero padding, or the end.
    fn next_member(&mut self) -> Result<(), Damage> {
        if !C::MEMBERS || !self.source.skip_zeros()? {
            self.at = At::End;
            return Ok(());
        }
        if C::starts(self.source.look(6)?) {
            return self.begin();
        }
        self.at = At::End;
        let Source { name, consumed, .. } = &self.source;
        let message = format!("bytes that are no {name} data follow its end, from byte {consumed} of it on");
        Err(Damage::passing(ProblemKind::Corrupt, message))
    }

    fn step(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let input = self.source.stream.fill()?;
        let at_end = input.is_empty();
        let step = self.codec.step(input, out);
        self.source.consume(step.consumed);
        self.produced += step.produced as u64;
        if let Some(fault) = step.fault {
            self.give_up(self.source.fault(fault));
        } else if step.ended {
            self.at = At::BetweenMembers;
            self.finish();
        } else if step.consumed == 0 && step.produced == 0 {
            let stuck = Fault::corrupt("the decoder makes no progress");
            self.give_up(if at_end { self.source.truncated() } else { self.source.fault(stuck) });
        }
        self.check_ratio();
        Ok(step.produced)
    }

    /// Lets the codec check its trailer.
    fn finish(&mut self) {
        match self.codec.finish(&mut self.source) {
            Ok(()) => {}
            Err(damage) if damage.is_fatal() => self.give_up(damage),
            Err(damage) => self.source.notes.push(damage),
        }
    }

    /// Ends here; the damage is told after the bytes of this step.
    fn give_up(&mut self, damage: Damage) {
        self.at = At::End;
        self.source.notes.push(damage);
    }

    fn check_ratio(&mut self) {
        if self.produced <= RATIO_FREE_BYTES {
            return;
        }
        let allowed = self.produced / self.limits.ratio.max(1);
        let raw = self.source.stream.raw().end.saturating_sub(self.raw_start);
        let own = C::RATIO_LIMITED && allowed > self.source.consumed;
        let whole = self.limits.nested && allowed > raw.max(1);
        if own || whole {
            let ratio = self.limits.ratio;
            let message = format!("{} data grows to more than {ratio} times its size", C::NAME);
            self.give_up(Damage::fatal(ProblemKind::Limit, message));
        }
    }
}

impl<C: Codec> Decode for Decoder<'_, C> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        let mut len = 0;
        while len < out.len() && self.failed.is_none() {
            match self.advance(&mut out[len..]) {
                Ok(Some(n)) => len += n,
                Ok(None) => break,
                Err(damage) if damage.is_fatal() => self.failed = Some(damage),
                Err(damage) => return (len, Some(damage)),
            }
        }
        (len, self.failed.clone())
    }

    fn raw_position(&self, _unread: usize) -> u64 {
        self.source.stream.raw().end
    }
}
