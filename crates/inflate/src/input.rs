//! The compressed input: a recycled buffer with a position that counts bits.

use std::io::{self, Read};

/// Size of the buffer that `read()` fills.
///
/// Measured: 256 KiB to 2 MiB differ by less than the noise; below, the tail that each refill moves
/// to the front begins to show.
pub(crate) const INPUT_CAPACITY: usize = 1 << 20;

/// Bytes after the end of the input that may be loaded (never used), so that every 8-byte load at a
/// position within the input stays inside the buffer.
const PADDING: usize = 16;

/// Buffered input with a bit position.
pub(crate) struct Input<R> {
    reader: R,
    /// `end` bytes of input, then at least `PADDING` bytes of anything.
    buffer: Vec<u8>,
    end: usize,
    /// Bits of `buffer` consumed so far; never more than `end * 8`.
    bit: usize,
    /// Offset of `buffer[0]` in the whole input.
    base: u64,
    exhausted: bool,
    error: Option<io::Error>,
}

/// The input ended (or failed) before the bits that were asked for.
#[derive(Debug)]
pub(crate) struct OutOfInput;

impl<R: Read> Input<R> {
    pub(crate) fn new(reader: R) -> Input<R> {
        let buffer = vec![0; INPUT_CAPACITY + PADDING];
        Input { reader, buffer, end: 0, bit: 0, base: 0, exhausted: false, error: None }
    }

    /// Makes at least `wanted` bytes available unless the input ends before; says whether they are.
    pub(crate) fn ensure(&mut self, wanted: usize) -> bool {
        debug_assert!(wanted <= INPUT_CAPACITY);
        while self.bytes_left() < wanted && !self.exhausted {
            self.read_more();
        }
        self.bytes_left() >= wanted
    }

    /// One `read()` behind what is buffered, after moving that to the front if space is short.
    fn read_more(&mut self) {
        if self.end > INPUT_CAPACITY / 2 {
            let first = self.bit / 8;
            self.buffer.copy_within(first..self.end, 0);
            self.base += first as u64;
            self.end -= first;
            self.bit %= 8;
        }
        match self.reader.read(&mut self.buffer[self.end..INPUT_CAPACITY]) {
            Ok(0) => self.exhausted = true,
            // A reader that claims more than it was given room for is broken; take it at the room.
            Ok(read) => self.end = (self.end + read).min(INPUT_CAPACITY),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.error = Some(error);
                self.exhausted = true;
            }
        }
    }
}

impl<R> Input<R> {
    /// The error that ended the input, if it did not simply end.
    pub(crate) fn take_error(&mut self) -> Option<io::Error> {
        self.error.take()
    }

    /// Whether an error ended the input.
    pub(crate) fn failed(&self) -> bool {
        self.error.is_some()
    }

    pub(crate) fn into_reader(self) -> R {
        self.reader
    }

    /// Whole bytes from the byte of the next bit on.
    fn bytes_left(&self) -> usize {
        self.end - self.bit / 8
    }

    pub(crate) fn bits_left(&self) -> usize {
        self.end * 8 - self.bit
    }

    /// Offset in the whole input of the byte that holds the next bit.
    pub(crate) fn offset(&self) -> u64 {
        self.base + (self.bit / 8) as u64
    }

    /// Offset in the whole input of the first byte that is not there.
    pub(crate) fn end_offset(&self) -> u64 {
        self.base + self.end as u64
    }

    /// The input buffered so far, and the position of the next bit in it.
    pub(crate) fn window(&self) -> (&[u8], usize) {
        (&self.buffer[..self.end], self.bit)
    }

    /// Moves to a bit position of [`window`](Input::window).
    pub(crate) fn seek(&mut self, bit: usize) {
        assert!(self.bit <= bit && bit <= self.end * 8, "the position stays within the input");
        self.bit = bit;
    }

    /// The next bits, at least 57 of them, the first one lowest.
    ///
    /// Only [`bits_left`](Input::bits_left) of them are input, the rest is anything.
    pub(crate) fn peek(&self) -> u64 {
        let at = self.bit / 8;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.buffer[at..at + 8]);
        u64::from_le_bytes(bytes) >> (self.bit % 8)
    }

    /// Consumes bits that were peeked at.
    pub(crate) fn skip(&mut self, count: u32) -> Result<(), OutOfInput> {
        if count as usize > self.bits_left() {
            return Err(OutOfInput);
        }
        self.bit += count as usize;
        Ok(())
    }

    /// Takes up to 32 buffered bits.
    pub(crate) fn take(&mut self, count: u32) -> Result<u32, OutOfInput> {
        debug_assert!(count <= 32);
        let bits = self.peek() & ((1 << count) - 1);
        self.skip(count)?;
        Ok(bits as u32)
    }

    /// Drops the rest of a byte that was begun.
    pub(crate) fn align(&mut self) {
        self.bit = self.bit.next_multiple_of(8);
    }

    /// The buffered bytes from the next one on. The position must be at the start of a byte.
    pub(crate) fn bytes(&self) -> &[u8] {
        debug_assert!(self.bit.is_multiple_of(8));
        &self.buffer[self.bit / 8..self.end]
    }

    /// Consumes whole bytes that were looked at.
    pub(crate) fn advance(&mut self, count: usize) {
        self.seek(self.bit + count * 8);
    }
}

impl<R: Read> Input<R> {
    /// Takes the next byte. The position must be at the start of a byte.
    pub(crate) fn byte(&mut self) -> Result<u8, OutOfInput> {
        self.ensure(1);
        Ok(self.take(8)? as u8)
    }
}
