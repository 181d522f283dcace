//! The first stage: compressed bits to literals and sequences.

use std::io::Read;
use std::sync::Arc;

use crate::batch::{Batch, LONGEST_RUN, Mark, Sequence};
use crate::code::{Canonical, Symbol, Tables};
use crate::error::ErrorKind;
use crate::fast;
use crate::input::{Input, OutOfInput};

/// How far back a match may reach.
pub(crate) const WINDOW: usize = 32 << 10;

/// Literals and sequences of a block from which on the time to join table entries is well spent.
const SMALL_BLOCK: usize = 1000;

/// What a compressed stream looks like outside its deflate blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One or more gzip members, each with header and trailer, zeros between and behind them allowed.
    Gzip,
    /// Deflate blocks and nothing else, as in a zip archive.
    Deflate,
}

/// Decodes the Huffman codes of a stream into [`Batch`]es.
///
/// It needs none of the decoded data, so it may run ahead of the replay, on a thread of its own.
pub struct Tokenizer<R> {
    input: Input<R>,
    format: Format,
    state: State,
    /// The block being decoded is the last one of its member.
    last_block: bool,
    tables: Box<Tables>,
    tables_are_fixed: bool,
    /// Literals and sequences of the block so far; once it has ended, of the last block with codes.
    block_size: usize,
    /// For the code lengths of dynamic blocks.
    length_code: Canonical,
    /// Decoded bytes of this member, up to `WINDOW`; from there on no distance is too far.
    produced: usize,
    /// A distance too far back lies ahead: go by the slow path, which finds its place.
    fault_ahead: bool,
    members: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Block,
    Stored { left: usize },
    Codes,
    Trailer,
    Finished,
}

/// Why a stream cannot be decoded further.
enum Fault {
    At(ErrorKind, u64),
    OutOfInput,
}

impl From<OutOfInput> for Fault {
    fn from(_: OutOfInput) -> Fault {
        Fault::OutOfInput
    }
}

impl<R: Read> Tokenizer<R> {
    /// A tokenizer that draws its input from `reader`, in large pieces.
    pub fn new(format: Format, reader: R) -> Tokenizer<R> {
        Tokenizer {
            input: Input::new(reader),
            format,
            state: match format {
                Format::Gzip => State::Header,
                Format::Deflate => State::Block,
            },
            last_block: false,
            tables: Tables::new(),
            tables_are_fixed: false,
            block_size: SMALL_BLOCK,
            length_code: Canonical::empty(),
            produced: 0,
            fault_ahead: false,
            members: 0,
        }
    }

    /// Fills `batch` anew with what comes next, and says whether there is more to come.
    ///
    /// The last batch tells the replayer how the stream ended; an error in the stream, or of the reader
    /// below, is an end like any other here.
    pub fn fill(&mut self, batch: &mut Batch) -> bool {
        batch.clear();
        while self.state != State::Finished && !batch.is_full() {
            if let Err(fault) = self.step(batch) {
                self.fail(batch, fault);
            }
        }
        batch.consumed = self.input.offset();
        self.state != State::Finished
    }

    /// The reader below. Input that was read ahead of the end of the stream is lost.
    pub fn into_reader(self) -> R {
        self.input.into_reader()
    }

    fn fail(&mut self, batch: &mut Batch, fault: Fault) {
        self.state = State::Finished;
        let (kind, offset, source) = match (fault, self.input.take_error()) {
            (Fault::At(kind, offset), _) => (kind, offset, None),
            (Fault::OutOfInput, None) => (ErrorKind::Truncated, self.input.end_offset(), None),
            (Fault::OutOfInput, Some(error)) => {
                (ErrorKind::Input, self.input.end_offset(), Some(Arc::new(error)))
            }
        };
        batch.push_mark(Mark::Fault { kind, offset, source });
    }

    fn step(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        match self.state {
            State::Header => self.header(batch),
            State::Block => self.block(),
            State::Stored { left } => self.stored(batch, left),
            State::Codes => self.codes(batch),
            State::Trailer => self.trailer(batch),
            State::Finished => Ok(()),
        }
    }

    /// The header of a gzip member, or the end of the input after the last one.
    fn header(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        if self.members > 0 && self.only_zeros_left()? {
            batch.push_mark(Mark::End { consumed: self.input.offset() });
            self.state = State::Finished;
            return Ok(());
        }
        let start = self.input.offset();
        let mut checksum = crc32fast::Hasher::new();
        let mut byte = || -> Result<u8, OutOfInput> {
            let byte = self.input.byte()?;
            checksum.update(&[byte]);
            Ok(byte)
        };
        for magic in [0x1f, 0x8b] {
            if byte()? != magic {
                let foreign = if self.members == 0 { ErrorKind::NotGzip } else { ErrorKind::TrailingGarbage };
                return Err(Fault::At(foreign, start));
            }
        }
        let method = byte()?;
        if method != 8 {
            return Err(Fault::At(ErrorKind::UnknownMethod(method), start + 2));
        }
        let flags = byte()?;
        if flags & 0xe0 != 0 {
            return Err(Fault::At(ErrorKind::ReservedFlags(flags), start + 3));
        }
        let [header_checksum, extra, name, comment] = [1, 2, 3, 4].map(|bit| flags & (1 << bit) != 0);
        for _time_level_system in 0..6 {
            byte()?;
        }
        if extra {
            let length = u16::from_le_bytes([byte()?, byte()?]);
            for _ in 0..length {
                byte()?;
            }
        }
        for present in [name, comment] {
            while present && byte()? != 0 {}
        }
        if header_checksum {
            let at = self.input.offset();
            let stated = u16::from_le_bytes([self.input.byte()?, self.input.byte()?]);
            if stated != checksum.finalize() as u16 {
                return Err(Fault::At(ErrorKind::HeaderChecksum, at));
            }
        }
        self.state = State::Block;
        Ok(())
    }

    /// Skips the zeros that may pad a gzip file; whether the input ends with them.
    fn only_zeros_left(&mut self) -> Result<bool, Fault> {
        while self.input.ensure(1) {
            let bytes = self.input.bytes();
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            let others = zeros < bytes.len();
            self.input.advance(zeros);
            if others {
                return Ok(false);
            }
        }
        if self.input.failed() { Err(Fault::OutOfInput) } else { Ok(true) }
    }

    /// The header of a block.
    fn block(&mut self) -> Result<(), Fault> {
        // More than the longest header takes: 17 bits, 19 lengths of 3, 316 codes of up to 14.
        self.input.ensure(1024);
        let start = self.input.offset();
        self.last_block = self.input.take(1)? == 1;
        match self.input.take(2)? {
            0 => self.stored_header(),
            1 => {
                if !self.tables_are_fixed {
                    self.tables.set_fixed();
                    self.tables_are_fixed = true;
                }
                self.state = State::Codes;
                Ok(())
            }
            2 => self.dynamic_header(start),
            _ => Err(Fault::At(ErrorKind::BlockType, start)),
        }
    }

    fn stored_header(&mut self) -> Result<(), Fault> {
        self.input.align();
        let start = self.input.offset();
        let lengths = self.input.take(32)?;
        let length = lengths & 0xffff;
        if length != !lengths >> 16 {
            return Err(Fault::At(ErrorKind::StoredLength, start));
        }
        self.state = State::Stored { left: length as usize };
        Ok(())
    }

    fn stored(&mut self, batch: &mut Batch, mut left: usize) -> Result<(), Fault> {
        while left > 0 && !batch.is_full() {
            if !self.input.ensure(1) {
                return Err(Fault::OutOfInput);
            }
            let bytes = self.input.bytes();
            let piece = bytes.len().min(left).min(LONGEST_RUN);
            batch.push_literals(&bytes[..piece]);
            self.input.advance(piece);
            self.count(piece);
            left -= piece;
        }
        self.state = State::Stored { left };
        if left == 0 {
            self.end_block();
        }
        Ok(())
    }

    /// The code lengths of a dynamic block, themselves in a code.
    fn dynamic_header(&mut self, start: u64) -> Result<(), Fault> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let bad = |kind| Fault::At(kind, start);
        let counts = self.input.take(14)?;
        let literals = (counts & 31) as usize + 257;
        let distances = (counts >> 5 & 31) as usize + 1;
        let total = literals + distances;
        if literals > 286 || distances > 30 {
            return Err(bad(ErrorKind::TooManyCodes));
        }
        let mut length_lengths = [0u8; 19];
        for &symbol in &ORDER[..(counts >> 10) as usize + 4] {
            length_lengths[symbol] = self.input.take(3)? as u8;
        }
        self.length_code.assign(&length_lengths, false).map_err(|_| bad(ErrorKind::CodeLengthCode))?;
        // Without any code zlib reads each bit as a length of 0, and then misses the end-of-block code.
        let mut table = [(0u8, 1u8); 128];
        self.length_code.fill(&mut table, 7, (0, 1), |symbol, bits| (symbol as u8, bits as u8));

        let mut lengths = [0u8; 286 + 30];
        let mut filled = 0;
        while filled < total {
            let bits = self.input.peek();
            let (symbol, used) = table[(bits & 127) as usize];
            let extra = |count: u32| (bits >> used) as usize & ((1 << count) - 1);
            let used = u32::from(used);
            let (length, repeat) = match symbol {
                0..=15 => {
                    self.input.skip(used)?;
                    lengths[filled] = symbol;
                    filled += 1;
                    continue;
                }
                16 => {
                    self.input.skip(used + 2)?;
                    if filled == 0 {
                        return Err(bad(ErrorKind::LengthRepeat));
                    }
                    (lengths[filled - 1], 3 + extra(2))
                }
                17 => {
                    self.input.skip(used + 3)?;
                    (0, 3 + extra(3))
                }
                _ => {
                    self.input.skip(used + 7)?;
                    (0, 11 + extra(7))
                }
            };
            if repeat > total - filled {
                return Err(bad(ErrorKind::LengthRepeat));
            }
            lengths[filled..filled + repeat].fill(length);
            filled += repeat;
        }
        if lengths[256] == 0 {
            return Err(bad(ErrorKind::NoEndOfBlock));
        }
        self.tables_are_fixed = false;
        let (literals, distances) = lengths[..total].split_at(literals);
        // Encoders make blocks of about the same size one after the other.
        let join = self.block_size >= SMALL_BLOCK;
        self.block_size = 0;
        self.tables.set_literals(literals, join).map_err(|_| bad(ErrorKind::LiteralCode))?;
        self.tables.set_distances(distances).map_err(|_| bad(ErrorKind::DistanceCode))?;
        self.state = State::Codes;
        Ok(())
    }

    /// Codes of the current block, up to its end or until the batch is full.
    fn codes(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        let before = batch.literal_count + batch.sequence_count;
        let ended = self.codes_until_full(batch)?;
        self.block_size += batch.literal_count + batch.sequence_count - before;
        if ended {
            self.end_block();
        }
        Ok(())
    }

    /// Whether the block ended before the batch was full.
    fn codes_until_full(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        while !batch.is_full() {
            if !self.fault_ahead && self.input.ensure(fast::INPUT_MARGIN) {
                self.fast_codes(batch);
                if batch.is_full() {
                    break;
                }
            }
            if self.code(batch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// As many codes as the fast loop takes; none if there is a distance too far back among them.
    fn fast_codes(&mut self, batch: &mut Batch) {
        let (sequences, literals) = (batch.sequence_count, batch.literal_count);
        let (window, bit) = self.input.window();
        let reached = fast::decode(&self.tables, window, bit, batch);
        if self.produced < WINDOW && !self.distances_reach(&batch.sequences[sequences..batch.sequence_count])
        {
            self.fault_ahead = true;
            batch.sequence_count = sequences;
            batch.literal_count = literals;
            return;
        }
        self.input.seek(reached);
    }

    /// Whether no match reaches back beyond the start of the member; counts the bytes if so.
    fn distances_reach(&mut self, sequences: &[Sequence]) -> bool {
        let mut produced = self.produced;
        for sequence in sequences {
            if produced >= WINDOW {
                break;
            }
            if sequence.has_match() && sequence.distance() > produced + sequence.literal_count() {
                return false;
            }
            produced += sequence.output();
        }
        self.produced = produced.min(WINDOW);
        true
    }

    /// One code, checked at every turn; whether it was the end of the block.
    fn code(&mut self, batch: &mut Batch) -> Result<bool, Fault> {
        self.input.ensure(8);
        let bits = self.input.peek();
        match self.tables.symbol(bits) {
            Symbol::Literal { byte, bits: used } => {
                self.input.skip(used)?;
                batch.push_literal(byte);
                self.count(1);
            }
            Symbol::Length { length, bits: used } => self.matching(batch, length, used, bits >> used)?,
            Symbol::EndOfBlock { bits: used } => {
                self.input.skip(used)?;
                return Ok(true);
            }
            Symbol::Unused { bits: used } => {
                let start = self.input.offset();
                self.input.skip(used)?;
                return Err(Fault::At(ErrorKind::UnusedLiteral, start));
            }
        }
        Ok(false)
    }

    /// The distance of a match whose length (less 3) took `used` bits, and then the match.
    fn matching(&mut self, batch: &mut Batch, length: u64, used: u32, rest: u64) -> Result<(), Fault> {
        self.input.skip(used)?;
        let start = self.input.offset();
        let (distance, used) = match self.tables.distance_symbol(rest) {
            Ok(found) => found,
            Err(used) => {
                self.input.skip(used)?;
                return Err(Fault::At(ErrorKind::UnusedDistance, start));
            }
        };
        self.input.skip(used)?;
        if distance as usize >= self.produced {
            return Err(Fault::At(ErrorKind::DistanceTooFar, start));
        }
        batch.push(Sequence::with_match(0, length, distance));
        self.count(length as usize + 3);
        Ok(())
    }

    fn count(&mut self, bytes: usize) {
        self.produced = (self.produced + bytes).min(WINDOW);
    }

    fn end_block(&mut self) {
        self.state = if self.last_block { State::Trailer } else { State::Block };
    }

    /// What follows the last block of a member.
    fn trailer(&mut self, batch: &mut Batch) -> Result<(), Fault> {
        self.input.align();
        let start = self.input.offset();
        if self.format == Format::Deflate {
            batch.push_mark(Mark::End { consumed: start });
            self.state = State::Finished;
            return Ok(());
        }
        self.input.ensure(8);
        batch.push_mark(Mark::Checksum { stated: self.input.take(32)?, offset: start });
        batch.push_mark(Mark::Length { stated: self.input.take(32)?, offset: start + 4 });
        self.members += 1;
        self.produced = 0;
        self.state = State::Header;
        Ok(())
    }
}
