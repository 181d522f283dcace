//! Bytes on the way: a pull reader that lends its own buffer, so that nothing is copied between the layers.
//!
//! [`Pull`] is what a consumer sees, [`Stream`] adds looking ahead, [`Decode`] is what a source or a decoder
//! implements. [`Inline`] runs a decoder in the reading thread, [`Ahead`] in a thread of its own.
//! What the bytes mean is left to the other modules.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::problem::ProblemKind;

/// Buffers of one decoder thread: one being read, one being written, two between.
const BUFFERS_AHEAD: usize = 4;

/// Bytes taken when looking ahead across buffers, so that who looks ahead at every byte gets on in steps.
const HELD_BYTES: usize = 4 << 10;

/// Damage met in a layer; the walk turns it into one [`Problem`](crate::Problem), however often it shows up.
#[derive(Clone, Debug)]
pub(crate) struct Damage(Arc<DamageInner>);

#[derive(Debug)]
struct DamageInner {
    kind: ProblemKind,
    message: String,
    fatal: bool,
    reported: AtomicBool,
}

impl Damage {
    /// Damage after which the layer gives no more bytes; it is returned again on each further read.
    pub(crate) fn fatal(kind: ProblemKind, message: impl Into<String>) -> Damage {
        Damage::new(kind, message.into(), true)
    }

    /// Damage that is told once, after which reading goes on.
    pub(crate) fn passing(kind: ProblemKind, message: impl Into<String>) -> Damage {
        Damage::new(kind, message.into(), false)
    }

    fn new(kind: ProblemKind, message: String, fatal: bool) -> Damage {
        Damage(Arc::new(DamageInner { kind, message, fatal, reported: AtomicBool::new(false) }))
    }

    pub(crate) fn is_fatal(&self) -> bool {
        self.0.fatal
    }

    pub(crate) fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether this is the first call for this damage, over all its clones.
    pub(crate) fn report_once(&self) -> bool {
        !self.0.reported.swap(true, Ordering::Relaxed)
    }
}

/// A reader that lends its buffer.
pub(crate) trait Pull {
    /// The bytes at the current place; empty at the end, and only there.
    fn fill(&mut self) -> Result<&[u8], Damage>;
    /// Moves on by `n` bytes of what `fill` lent.
    fn consume(&mut self, n: usize);
    /// Which bytes of the input itself the bytes lent now come from. It does not depend on threads.
    fn raw(&self) -> RawSpan;
}

/// A stretch of the input as it is, before any decoding.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct RawSpan {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl<P: Pull + ?Sized> Pull for &mut P {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        (**self).fill()
    }

    fn consume(&mut self, n: usize) {
        (**self).consume(n);
    }

    fn raw(&self) -> RawSpan {
        (**self).raw()
    }
}

/// A [`Pull`] one can look ahead in.
pub(crate) struct Stream<'s> {
    source: Box<dyn Pull + Send + 's>,
    held: Vec<u8>,
    held_from: usize,
    damage: Option<Damage>,
}

impl<'s> Stream<'s> {
    pub(crate) fn new(source: impl Pull + Send + 's) -> Stream<'s> {
        Stream::resumed(Vec::new(), source)
    }

    /// A stream that gives `held` and then what `source` has.
    pub(crate) fn resumed(held: Vec<u8>, source: impl Pull + Send + 's) -> Stream<'s> {
        Stream { source: Box::new(source), held, held_from: 0, damage: None }
    }

    /// The next `n` bytes or more, without moving on. Fewer at the end of the stream, or before damage, which
    /// [`Stream::take_damage`] then gives.
    pub(crate) fn peek(&mut self, n: usize) -> &[u8] {
        if self.hold(n) {
            return self.source.fill().unwrap_or_default();
        }
        &self.held[self.held_from..]
    }

    /// Collects `n` bytes in `held`, unless the source's own buffer has them: `true`.
    fn hold(&mut self, n: usize) -> bool {
        loop {
            let have = self.held.len() - self.held_from;
            if have >= n || self.damage.is_some() {
                return false;
            }
            match self.source.fill() {
                Ok([]) => return false,
                Ok(bytes) if have == 0 && bytes.len() >= n => return true,
                Ok(bytes) => {
                    let take = bytes.len().min((n - have).max(HELD_BYTES));
                    // What is left is shorter than `n`: moving it costs little.
                    self.held.drain(..self.held_from);
                    self.held_from = 0;
                    self.held.extend_from_slice(&bytes[..take]);
                    self.source.consume(take);
                }
                Err(damage) => self.damage = Some(damage),
            }
        }
    }

    /// The damage that cut the last [`Stream::peek`] short.
    pub(crate) fn take_damage(&mut self) -> Option<Damage> {
        self.damage.take()
    }
}

impl Pull for Stream<'_> {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.held_from < self.held.len() {
            return Ok(&self.held[self.held_from..]);
        }
        match self.damage.take() {
            Some(damage) => Err(damage),
            None => self.source.fill(),
        }
    }

    fn consume(&mut self, n: usize) {
        let held = self.held.len() - self.held_from;
        if held == 0 {
            return self.source.consume(n);
        }
        debug_assert!(n <= held, "more was consumed than was lent");
        self.held_from += n.min(held);
        if self.held_from == self.held.len() && self.held.len() > HELD_BYTES {
            // The start of a zip, or a long name: not kept for the rest of the stream.
            self.held = Vec::new();
            self.held_from = 0;
        }
    }

    fn raw(&self) -> RawSpan {
        self.source.raw()
    }
}

/// How far a member of an archive was read.
#[derive(Debug)]
pub(crate) struct Remainder {
    /// Bytes of it not read yet.
    pub(crate) left: u64,
    cut: Option<Damage>,
}

impl Remainder {
    pub(crate) fn new(left: u64) -> Remainder {
        Remainder { left, cut: None }
    }

    /// The damage of an archive that ends here, the same on each call.
    pub(crate) fn cut(&mut self) -> Damage {
        let left = self.left;
        let message = || format!("the archive ends {left} bytes before the end of this member");
        self.cut.get_or_insert_with(|| Damage::fatal(ProblemKind::Truncated, message())).clone()
    }
}

/// The next bytes of another stream, as many as `remainder` says: a member of an archive.
pub(crate) struct Member<'m, 's> {
    source: &'m mut Stream<'s>,
    remainder: &'m mut Remainder,
}

impl<'m, 's> Member<'m, 's> {
    /// `remainder` is counted down, so that the caller knows what to skip.
    pub(crate) fn new(source: &'m mut Stream<'s>, remainder: &'m mut Remainder) -> Member<'m, 's> {
        Member { source, remainder }
    }
}

impl Pull for Member<'_, '_> {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.remainder.left == 0 {
            return Ok(&[]);
        }
        let bytes = self.source.fill()?;
        if bytes.is_empty() {
            return Err(self.remainder.cut());
        }
        let take = usize::try_from(self.remainder.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        Ok(&bytes[..take])
    }

    fn consume(&mut self, n: usize) {
        self.remainder.left -= n as u64;
        self.source.consume(n);
    }

    fn raw(&self) -> RawSpan {
        self.source.raw()
    }
}

/// Something that writes bytes into a buffer: the input itself, or a decoder over another stream.
pub(crate) trait Decode {
    /// Fills `out` from its start, wholly unless the end or damage comes: the bytes written, and the damage met
    /// behind them. No bytes and no damage is the end.
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>);
    /// Bytes of the input itself that were used so far, given that `unread` bytes of what was decoded are not.
    fn raw_position(&self, unread: usize) -> u64;
}

impl<D: Decode + ?Sized> Decode for Box<D> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        (**self).decode(out)
    }

    fn raw_position(&self, unread: usize) -> u64 {
        (**self).raw_position(unread)
    }
}

/// Decodes in the thread that reads.
pub(crate) struct Inline<D> {
    decoder: D,
    buffer: Box<[u8]>,
    from: usize,
    to: usize,
    raw_start: u64,
    damage: Option<Damage>,
}

impl<D: Decode> Inline<D> {
    pub(crate) fn new(decoder: D, buffer_bytes: usize) -> Inline<D> {
        let buffer = vec![0; buffer_bytes.max(1)].into_boxed_slice();
        let raw_start = decoder.raw_position(0);
        Inline { decoder, buffer, from: 0, to: 0, raw_start, damage: None }
    }

    pub(crate) fn decoder(&self) -> &D {
        &self.decoder
    }
}

impl<D: Decode> Pull for Inline<D> {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.from == self.to && self.damage.is_none() {
            self.from = 0;
            self.raw_start = self.decoder.raw_position(0);
            (self.to, self.damage) = self.decoder.decode(&mut self.buffer);
        }
        if self.from == self.to
            && let Some(damage) = self.damage.take()
        {
            return Err(damage);
        }
        Ok(&self.buffer[self.from..self.to])
    }

    fn consume(&mut self, n: usize) {
        self.from = (self.from + n).min(self.to);
    }

    fn raw(&self) -> RawSpan {
        RawSpan { start: self.raw_start, end: self.decoder.raw_position(self.to - self.from) }
    }
}

/// Decodes in a thread of its own, a few buffers ahead of the reader.
pub(crate) struct Ahead {
    full: Receiver<Batch>,
    empty: Sender<Box<[u8]>>,
    batch: Batch,
    from: usize,
}

struct Batch {
    buffer: Box<[u8]>,
    len: usize,
    damage: Option<Damage>,
    raw: RawSpan,
    last: bool,
}

impl Ahead {
    /// Starts the thread. It ends at the end of the data, or at its next buffer once `self` is dropped.
    /// Gives the decoder back if the system starts no thread.
    pub(crate) fn spawn(
        decoder: Box<dyn Decode + Send>,
        buffer_bytes: usize,
    ) -> Result<Ahead, Box<dyn Decode + Send>> {
        let (full_in, full) = channel();
        let (empty, empty_out) = channel();
        for _ in 0..BUFFERS_AHEAD {
            // The receiver lives in this function still.
            let _ = empty.send(vec![0; buffer_bytes.max(1)].into_boxed_slice());
        }
        let (hand_over, decoder_in_thread) = channel();
        let started = std::thread::Builder::new().name("decode".into()).spawn(move || {
            if let Ok(decoder) = decoder_in_thread.recv() {
                produce(decoder, &empty_out, &full_in);
            }
        });
        if started.is_err() {
            return Err(decoder);
        }
        // If the thread died at once, the channel of full buffers is closed, which `fill` reports.
        let _ = hand_over.send(decoder);
        let batch =
            Batch { buffer: Box::default(), len: 0, damage: None, raw: RawSpan::default(), last: false };
        Ok(Ahead { full, empty, batch, from: 0 })
    }

    fn next_batch(&mut self) {
        let spent = std::mem::take(&mut self.batch.buffer);
        if !spent.is_empty() {
            // The thread may be through with its work and gone.
            let _ = self.empty.send(spent);
        }
        self.from = 0;
        self.batch = self.full.recv().unwrap_or_else(|_| Batch {
            buffer: Box::default(),
            len: 0,
            damage: Some(Damage::fatal(ProblemKind::Unreadable, "the decoder stopped unexpectedly")),
            raw: self.batch.raw,
            last: true,
        });
    }
}

fn produce(mut decoder: Box<dyn Decode + Send>, empty: &Receiver<Box<[u8]>>, full: &Sender<Batch>) {
    while let Ok(mut buffer) = empty.recv() {
        let start = decoder.raw_position(0);
        let (len, damage) = decoder.decode(&mut buffer);
        let raw = RawSpan { start, end: decoder.raw_position(0) };
        let last = damage.as_ref().map_or(len == 0, Damage::is_fatal);
        let batch = Batch { buffer, len, damage, raw, last };
        if full.send(batch).is_err() || last {
            return;
        }
    }
}

impl Pull for Ahead {
    fn fill(&mut self) -> Result<&[u8], Damage> {
        if self.from == self.batch.len && self.batch.damage.is_none() && !self.batch.last {
            self.next_batch();
        }
        if self.from == self.batch.len
            && let Some(damage) = self.batch.damage.clone()
        {
            if !damage.is_fatal() {
                self.batch.damage = None;
            }
            return Err(damage);
        }
        Ok(&self.batch.buffer[self.from..self.batch.len])
    }

    fn consume(&mut self, n: usize) {
        self.from = (self.from + n).min(self.batch.len);
    }

    fn raw(&self) -> RawSpan {
        self.batch.raw
    }
}

/// The input itself: whatever can be read.
pub(crate) struct Raw<R> {
    reader: R,
    position: u64,
    ended: bool,
    failed: Option<Damage>,
}

impl<R: Read> Raw<R> {
    pub(crate) fn new(reader: R) -> Raw<R> {
        Raw { reader, position: 0, ended: false, failed: None }
    }
}

impl<R: Read> Decode for Raw<R> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        let mut len = 0;
        while len < out.len() && !self.ended && self.failed.is_none() {
            match self.reader.read(&mut out[len..]) {
                Ok(0) => self.ended = true,
                Ok(n) => len += n.min(out.len() - len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let at = self.position + len as u64;
                    let message = format!("cannot read on after byte {at}: {error}");
                    self.failed = Some(Damage::fatal(ProblemKind::Unreadable, message));
                }
            }
        }
        self.position += len as u64;
        (len, self.failed.clone())
    }

    fn raw_position(&self, unread: usize) -> u64 {
        self.position.saturating_sub(unread as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ahead, Decode, Inline, Pull, Raw, Stream};

    fn all(stream: &mut Stream<'_>) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let bytes = stream.fill().unwrap();
            if bytes.is_empty() {
                return all;
            }
            all.extend_from_slice(bytes);
            let n = bytes.len();
            stream.consume(n);
        }
    }

    #[test]
    fn peeking_across_buffers_changes_nothing() {
        let text: Vec<u8> = (0..=255).collect();
        for size in [1, 2, 7, 100, 1000] {
            let mut stream = Stream::new(Inline::new(Raw::new(&text[..]), size));
            assert_eq!(&stream.peek(3)[..3], &text[..3]);
            assert_eq!(&stream.peek(20)[..20], &text[..20]);
            stream.consume(5);
            assert_eq!(&stream.peek(20)[..20], &text[5..25]);
            assert_eq!(all(&mut stream), &text[5..]);
            assert!(stream.peek(10).is_empty());
        }
    }

    #[test]
    fn looking_ahead_at_every_byte_keeps_little() {
        let text: Vec<u8> = (0..200_000_u32).map(|at| at as u8).collect();
        let mut stream = Stream::new(Inline::new(Raw::new(&text[..]), 1000));
        for at in 0..text.len() - 24 {
            assert_eq!(stream.peek(24)[..24], text[at..at + 24]);
            stream.consume(1);
            assert!(stream.held.len() <= 5000);
        }
    }

    #[test]
    fn a_decoder_thread_gives_what_the_reading_thread_gives() {
        let text = b"a line of text\n".repeat(1000);
        let decoder: Box<dyn Decode + Send> = Box::new(Raw::new(std::io::Cursor::new(text.clone())));
        let Ok(ahead) = Ahead::spawn(decoder, 64) else { return };
        assert_eq!(all(&mut Stream::new(ahead)), text);
    }
}
