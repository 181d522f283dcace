//! Huffman codes: canonical order, and the tables that decode most symbols with one load.

/// Codes up to this many bits, or two literals, or a literal and a length that fit into as many bits
/// together, decode with one load of the literal table.
///
/// Measured: 11 and 12 bits cost more to build, about 4,000 symbols at a time, than they save.
pub(crate) const LITERAL_BITS: u32 = 10;
/// Distance codes up to this many bits decode with one load of the distance table.
pub(crate) const DISTANCE_BITS: u32 = 9;
/// The longest code of deflate.
const LONGEST: usize = 15;

pub(crate) const LITERAL_SYMBOLS: usize = 288;
const DISTANCE_SYMBOLS: usize = 32;

const END_OF_BLOCK: usize = 256;

/// Length, less 3, of the symbols from 257 on.
const LENGTH_BASE: [u8; 29] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192,
    224, 255,
];
const LENGTH_EXTRA: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// Distance, less 1, of the distance symbols.
const DISTANCE_BASE: [u16; 30] = [
    0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072,
    4096, 6144, 8192, 12288, 16384, 24576,
];
const DISTANCE_EXTRA: [u8; 30] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

/// Takes bit fields out of a word, by the instruction for it where there is one.
///
/// # Safety
///
/// A result must be less than 2 to the power of the field's width: it becomes an index.
pub(crate) unsafe trait Extract: Copy {
    /// The field of `control >> 8 & 0xff` bits of `word` from bit `control & 0xff` on, both less than 64.
    fn extract(self, word: u64, control: u64) -> u64;
}

/// By shift and mask, on any machine.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

// SAFETY: the mask has as many bits as the field is wide.
unsafe impl Extract for Portable {
    #[inline(always)]
    fn extract(self, word: u64, control: u64) -> u64 {
        (word >> (control & 63)) & ((1 << (control >> 8 & 63)) - 1)
    }
}

/// What a few bits of input mean in the literal/length code.
///
/// | bits  | meaning                                                                      |
/// |-------|------------------------------------------------------------------------------|
/// | 0–7   | bits to consume: the codes and the extra bits of a length                    |
/// | 8–15  | `DISTANCE_BITS`: with bits 0–7, the control for the index of a distance      |
/// | 16–23 | bits of the codes alone                                                      |
/// | 24–30 | number of extra bits: with bits 16–23, the control for them                  |
/// | 31    | no entry: the end of the block, a longer code, or an unused one              |
/// | 32–47 | the literals, the first one lowest                                           |
/// | 48–49 | number of literals: 0, 1 or 2                                                |
/// | 54–61 | base of the length, less 3                                                   |
/// | 63    | ends with a length                                                           |
///
/// The way from one entry to the next is what the speed of decoding hangs on: by the control in its low
/// half it is one instruction and one load.
#[derive(Clone, Copy)]
pub(crate) struct LiteralEntry(u64);

impl LiteralEntry {
    const CONTROL: u64 = (DISTANCE_BITS as u64) << 8;
    const NONE: LiteralEntry = LiteralEntry(Self::CONTROL | 1 << 31);
    const LENGTH: u64 = 1 << 63;

    fn new(symbol: usize, bits: u32) -> LiteralEntry {
        let bits = u64::from(bits);
        let common = bits << 16 | Self::CONTROL;
        match symbol {
            0..=255 => LiteralEntry(common | bits | (symbol as u64) << 32 | 1 << 48),
            257..286 => {
                let extra = u64::from(LENGTH_EXTRA[symbol - 257]);
                let base = u64::from(LENGTH_BASE[symbol - 257]);
                LiteralEntry(common | (bits + extra) | extra << 24 | base << 54 | Self::LENGTH)
            }
            _ => Self::NONE,
        }
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        (self.0 as i32) < 0
    }

    /// Whether a length (so a match) ends the entry.
    #[inline(always)]
    pub(crate) fn is_match(self) -> bool {
        (self.0 as i64) < 0
    }

    /// All ones if a length (so a match) ends the entry, else zero.
    #[inline(always)]
    pub(crate) fn match_mask(self) -> u64 {
        (self.0 as i64 >> 63) as u64
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        (self.0 & 0x3f) as u32
    }

    #[inline(always)]
    fn code_bits(self) -> u32 {
        (self.0 >> 16 & 0x3f) as u32
    }

    #[inline(always)]
    pub(crate) fn literal_count(self) -> u64 {
        self.0 >> 48 & 3
    }

    #[inline(always)]
    pub(crate) fn literals(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// The length, less 3, if the entry ends with one: at most 255.
    #[inline(always)]
    pub(crate) fn length(self, input: u64, by: impl Extract) -> u64 {
        (self.0 >> 54 & 0xff) + by.extract(input, self.0 >> 16)
    }

    /// Index of the distance that follows the entry in `input`.
    #[inline(always)]
    pub(crate) fn distance_index(self, input: u64, by: impl Extract) -> DistanceIndex {
        DistanceIndex(by.extract(input, self.0) as usize)
    }

    /// This literal followed by `next`, both known to fit.
    #[inline(always)]
    fn followed_by(self, next: LiteralEntry) -> LiteralEntry {
        const LITERAL: u64 = 0xff << 32;
        let literal = next.0 & LITERAL;
        LiteralEntry(self.0 + (next.0 & !LITERAL & !Self::CONTROL) + (literal << 8))
    }
}

/// What a few bits of input mean in the distance code.
///
/// | bits  | meaning                                                                      |
/// |-------|------------------------------------------------------------------------------|
/// | 0–7   | bits to consume: the code and the extra bits                                 |
/// | 8–15  | `LITERAL_BITS`: with bits 0–7, the control for the index of what follows     |
/// | 16–23 | bits of the code alone                                                       |
/// | 24–30 | number of extra bits: with bits 16–23, the control for them                  |
/// | 31    | no entry: a longer code, or an unused one                                    |
/// | 32–46 | base of the distance, less 1                                                 |
#[derive(Clone, Copy)]
pub(crate) struct DistanceEntry(u64);

impl DistanceEntry {
    const CONTROL: u64 = (LITERAL_BITS as u64) << 8;
    const NONE: DistanceEntry = DistanceEntry(Self::CONTROL | 1 << 31);

    fn new(symbol: usize, bits: u32) -> DistanceEntry {
        let bits = u64::from(bits);
        match (DISTANCE_BASE.get(symbol), DISTANCE_EXTRA.get(symbol)) {
            (Some(&base), Some(&extra)) => {
                let extra = u64::from(extra);
                let common = bits << 16 | Self::CONTROL;
                DistanceEntry(common | (bits + extra) | extra << 24 | u64::from(base) << 32)
            }
            _ => Self::NONE,
        }
    }

    #[inline(always)]
    pub(crate) fn is_none(self) -> bool {
        (self.0 as i32) < 0
    }

    /// The entry if `mask` is all ones; if it is zero, one that consumes nothing.
    #[inline(always)]
    pub(crate) fn only_if(self, mask: u64) -> DistanceEntry {
        DistanceEntry(self.0 & (mask | 0xff00))
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> u32 {
        (self.0 & 0x3f) as u32
    }

    /// The distance, less 1: at most 32,767.
    #[inline(always)]
    pub(crate) fn distance(self, input: u64, by: impl Extract) -> u64 {
        (self.0 >> 32) + by.extract(input, self.0 >> 16)
    }

    /// Index of the literal or length that follows the entry in `input`.
    #[inline(always)]
    pub(crate) fn literal_index(self, input: u64, by: impl Extract) -> LiteralIndex {
        LiteralIndex(by.extract(input, self.0) as usize)
    }
}

/// An index into the literal table, less than its length.
#[derive(Clone, Copy)]
pub(crate) struct LiteralIndex(usize);

impl LiteralIndex {
    #[inline(always)]
    pub(crate) fn of(input: u64) -> LiteralIndex {
        LiteralIndex(input as usize & ((1 << LITERAL_BITS) - 1))
    }
}

/// An index into the distance table, less than its length.
#[derive(Clone, Copy)]
pub(crate) struct DistanceIndex(usize);

/// Why a list of code lengths is not a code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadCode {
    Oversubscribed,
    Incomplete,
}

/// A canonical Huffman code: the symbols in the order of their codes, and where each length starts.
#[derive(Clone)]
pub(crate) struct Canonical {
    /// Symbols by length, then by value; the last slot is a spare one that nobody reads.
    symbols: [u16; LITERAL_SYMBOLS + 1],
    /// How many symbols have codes of each length; none has length 0.
    count: [u16; LONGEST + 1],
    /// Where the symbols of each length start in `symbols`.
    start: [u16; LONGEST + 1],
    /// First code of each length, the first bit of the stream highest.
    first: [u16; LONGEST + 1],
}

impl Canonical {
    pub(crate) fn empty() -> Canonical {
        let none = [0; LONGEST + 1];
        Canonical { symbols: [0; LITERAL_SYMBOLS + 1], count: none, start: none, first: none }
    }

    /// Puts the symbols in order. Lengths are 0 (unused) to 15.
    ///
    /// What zlib refuses is refused: a code that is oversubscribed, or incomplete unless it has no
    /// symbols at all or (with `single_allowed`) exactly one of one bit.
    pub(crate) fn assign(&mut self, lengths: &[u8], single_allowed: bool) -> Result<(), BadCode> {
        // By halves, each with its own counters: long stretches have one length, and a counter that is
        // always the last one written is a slow one.
        let (front, back) = lengths.split_at(lengths.len() / 2);
        let (mut count, mut back_count) = ([0u16; LONGEST + 1], [0u16; LONGEST + 1]);
        for (&length, &back_length) in front.iter().zip(back) {
            count[usize::from(length & 15)] += 1;
            back_count[usize::from(back_length & 15)] += 1;
        }
        if let Some(&length) = back.get(front.len()) {
            back_count[usize::from(length & 15)] += 1;
        }
        let front_count = count;
        for (count, back_count) in count.iter_mut().zip(back_count) {
            *count += back_count;
        }
        count[0] = 0;
        let (mut code, mut start, mut unused) = (0u32, 0u16, 1i32);
        for length in 1..=LONGEST {
            code = (code + u32::from(count[length - 1])) << 1;
            unused = (unused << 1) - i32::from(count[length]);
            if unused < 0 {
                return Err(BadCode::Oversubscribed);
            }
            self.first[length] = code as u16;
            self.start[length] = start;
            start += count[length];
        }
        let single = start == 1 && count[1] == 1;
        if unused > 0 && start > 0 && !(single && single_allowed) {
            return Err(BadCode::Incomplete);
        }
        self.count = count;
        let (mut next, mut back_next) = (self.start, self.start);
        for (back_next, front_count) in back_next.iter_mut().zip(front_count) {
            *back_next += front_count;
        }
        // Unused symbols are written too, to the spare slot: a branch here is a coin toss.
        next[0] = LITERAL_SYMBOLS as u16;
        back_next[0] = LITERAL_SYMBOLS as u16;
        let mut place = |next: &mut [u16; LONGEST + 1], symbol: usize, length: u8| {
            let slot = &mut next[usize::from(length & 15)];
            self.symbols[usize::from(*slot)] = symbol as u16;
            *slot += u16::from(length != 0);
        };
        for (symbol, (&length, &back_length)) in front.iter().zip(back).enumerate() {
            place(&mut next, symbol, length);
            place(&mut back_next, front.len() + symbol, back_length);
        }
        if let Some(&length) = back.get(front.len()) {
            place(&mut back_next, 2 * front.len(), length);
        }
        Ok(())
    }

    /// The symbol at the front of `input` whose code has more than `known` bits, and its bits.
    pub(crate) fn decode(&self, input: u64, known: u32) -> Option<(usize, u32)> {
        let code = (input as u16).reverse_bits() >> 1;
        for bits in known as usize + 1..=LONGEST {
            let index = (code >> (LONGEST - bits)).wrapping_sub(self.first[bits]);
            if index < self.count[bits] {
                return Some((usize::from(self.symbols[usize::from(self.start[bits] + index)]), bits as u32));
            }
        }
        None
    }

    /// Fills a table of 2^`bits` entries: entry `i` is for input whose next bits are `i`.
    ///
    /// The table is grown by doubling: once all codes up to n bits are in its first 2ⁿ entries, a copy
    /// of those behind themselves makes the table for n + 1, into which the codes of that length go.
    pub(crate) fn fill<T: Copy>(&self, table: &mut [T], bits: u32, none: T, entry: impl Fn(usize, u32) -> T) {
        table[0] = none;
        for length in 1..=bits as usize {
            let half = 1 << (length - 1);
            table.copy_within(..half, half);
            let start = usize::from(self.start[length]);
            let symbols = &self.symbols[start..start + usize::from(self.count[length])];
            for (code, &symbol) in (u32::from(self.first[length])..).zip(symbols) {
                let slot = code.reverse_bits() >> (32 - length);
                table[slot as usize] = entry(usize::from(symbol), length as u32);
            }
        }
    }
}

/// Both codes of a block, ready to decode with.
#[repr(C)]
pub(crate) struct Tables {
    literal: [LiteralEntry; 1 << LITERAL_BITS],
    distance: [DistanceEntry; 1 << DISTANCE_BITS],
    literal_code: Canonical,
    distance_code: Canonical,
    /// Whether most steps yield literals only, so that a branch on that predicts well.
    mostly_literals: bool,
}

/// The share of match symbols, in 1/2¹⁵, below which a block counts as mostly literals.
const FEW_MATCHES: u32 = (0.28 * 32768.0) as u32;

impl Tables {
    pub(crate) fn new() -> Box<Tables> {
        Box::new(Tables {
            literal: [LiteralEntry::NONE; 1 << LITERAL_BITS],
            distance: [DistanceEntry::NONE; 1 << DISTANCE_BITS],
            literal_code: Canonical::empty(),
            distance_code: Canonical::empty(),
            mostly_literals: false,
        })
    }

    /// Takes the code of literals and lengths. To `join` what fits into one entry pays in blocks that are
    /// not small.
    pub(crate) fn set_literals(&mut self, lengths: &[u8], join: bool) -> Result<(), BadCode> {
        self.literal_code.assign(lengths, true)?;
        self.literal_code.fill(&mut self.literal, LITERAL_BITS, LiteralEntry::NONE, LiteralEntry::new);
        if join {
            self.join_literals();
        }
        let matches = lengths.iter().skip(257).filter(|&&length| length > 0);
        self.mostly_literals = matches.map(|&length| 1 << (15 - length)).sum::<u32>() < FEW_MATCHES;
        Ok(())
    }

    /// Takes the code of distances.
    pub(crate) fn set_distances(&mut self, lengths: &[u8]) -> Result<(), BadCode> {
        self.distance_code.assign(lengths, true)?;
        self.distance_code.fill(&mut self.distance, DISTANCE_BITS, DistanceEntry::NONE, DistanceEntry::new);
        Ok(())
    }

    /// Takes the fixed codes.
    pub(crate) fn set_fixed(&mut self) {
        let mut lengths = [8; LITERAL_SYMBOLS];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.set_literals(&lengths, true).expect("the fixed literal code is complete");
        self.set_distances(&[5; DISTANCE_SYMBOLS]).expect("the fixed distance code is complete");
    }

    /// Joins each literal with what is known to follow it, where both fit into the table's bits.
    ///
    /// Going down, the entry that follows is always at a lower index, so not yet joined itself.
    fn join_literals(&mut self) {
        for index in (0..self.literal.len()).rev() {
            let entry = self.literal[index];
            let next = self.literal[index >> entry.code_bits()];
            let fits = entry.literal_count() == 1
                && !next.is_none()
                && entry.code_bits() + next.code_bits() <= LITERAL_BITS;
            if fits {
                self.literal[index] = entry.followed_by(next);
            }
        }
    }

    pub(crate) fn mostly_literals(&self) -> bool {
        self.mostly_literals
    }

    #[inline(always)]
    pub(crate) fn literal(&self, index: LiteralIndex) -> LiteralEntry {
        debug_assert!(index.0 < self.literal.len());
        // SAFETY: an index is made of `LITERAL_BITS` bits, by a mask or by the control bits that all
        // distance entries have, and the table has 2 to the power of that entries.
        unsafe { *self.literal.get_unchecked(index.0) }
    }

    #[inline(always)]
    pub(crate) fn distance(&self, index: DistanceIndex) -> DistanceEntry {
        debug_assert!(index.0 < self.distance.len());
        // SAFETY: an index is made of `DISTANCE_BITS` bits, by the control bits that all literal entries
        // have, and the table has 2 to the power of that entries.
        unsafe { *self.distance.get_unchecked(index.0) }
    }

    /// The entry for a code too long for the literal table.
    #[cold]
    #[inline(never)]
    pub(crate) fn long_literal(&self, input: u64) -> LiteralEntry {
        match self.literal_code.decode(input, LITERAL_BITS) {
            Some((symbol, bits)) => LiteralEntry::new(symbol, bits),
            None => LiteralEntry::NONE,
        }
    }

    /// The entry for a code too long for the distance table.
    #[cold]
    #[inline(never)]
    pub(crate) fn long_distance(&self, input: u64) -> DistanceEntry {
        match self.distance_code.decode(input, DISTANCE_BITS) {
            Some((symbol, bits)) => DistanceEntry::new(symbol, bits),
            None => DistanceEntry::NONE,
        }
    }

    /// One symbol and its extra bits, from the code itself.
    pub(crate) fn symbol(&self, input: u64) -> Symbol {
        match self.literal_code.decode(input, 0) {
            Some((END_OF_BLOCK, bits)) => Symbol::EndOfBlock { bits },
            Some((symbol, bits)) => match LiteralEntry::new(symbol, bits) {
                entry if entry.is_none() => Symbol::Unused { bits },
                entry if !entry.is_match() => Symbol::Literal { byte: symbol as u8, bits },
                entry => Symbol::Length { length: entry.length(input, Portable), bits: entry.bits() },
            },
            None => Symbol::Unused { bits: 1 },
        }
    }

    /// One distance, less 1, and the bits it takes; or how many bits show that there is none.
    pub(crate) fn distance_symbol(&self, input: u64) -> Result<(u64, u32), u32> {
        match self.distance_code.decode(input, 0) {
            Some((symbol, bits)) => match DistanceEntry::new(symbol, bits) {
                entry if entry.is_none() => Err(bits),
                entry => Ok((entry.distance(input, Portable), entry.bits())),
            },
            None => Err(1),
        }
    }
}

/// A symbol of the literal/length code, and the bits it takes with its extra bits.
pub(crate) enum Symbol {
    Literal {
        byte: u8,
        bits: u32,
    },
    /// `length` is less 3.
    Length {
        length: u64,
        bits: u32,
    },
    EndOfBlock {
        bits: u32,
    },
    Unused {
        bits: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assign(lengths: &[u8], single_allowed: bool) -> Result<(), BadCode> {
        Canonical::empty().assign(lengths, single_allowed)
    }

    #[test]
    fn codes_are_accepted_as_zlib_accepts_them() {
        assert_eq!(assign(&[], true), Ok(()));
        assert_eq!(assign(&[0, 0], false), Ok(()));
        assert_eq!(assign(&[1, 1], false), Ok(()));
        assert_eq!(assign(&[0, 1], true), Ok(()));
        assert_eq!(assign(&[0, 1], false), Err(BadCode::Incomplete));
        assert_eq!(assign(&[2], true), Err(BadCode::Incomplete));
        assert_eq!(assign(&[2, 2], true), Err(BadCode::Incomplete));
        assert_eq!(assign(&[1, 2], true), Err(BadCode::Incomplete));
        assert_eq!(assign(&[1, 1, 1], true), Err(BadCode::Oversubscribed));
        assert_eq!(assign(&[1, 2, 3, 3], true), Ok(()));
    }

    #[test]
    fn tables_agree_with_the_code() {
        let mut lengths = [0u8; 286];
        lengths[b'a' as usize] = 1;
        lengths[b'b' as usize] = 3;
        lengths[256] = 15;
        lengths[258] = 2;
        for (symbol, length) in (4..15).enumerate() {
            lengths[symbol] = length;
        }
        lengths[285] = 15;
        let mut tables = Tables::new();
        for (join, input) in
            [false, true].into_iter().flat_map(|join| (0..1u64 << 16).map(move |at| (join, at)))
        {
            if input == 0 {
                tables.set_literals(&lengths, join).expect("a complete code");
            }
            let mut entry = tables.literal(LiteralIndex::of(input));
            if entry.is_none() {
                entry = tables.long_literal(input);
            }
            match tables.symbol(input) {
                Symbol::Literal { byte, .. } => assert_eq!(entry.literals() as u8, byte),
                Symbol::Length { length, bits } => {
                    assert_eq!((entry.literal_count(), entry.is_match()), (0, true));
                    assert_eq!((entry.length(input, Portable), entry.bits()), (length, bits));
                }
                Symbol::EndOfBlock { .. } | Symbol::Unused { .. } => assert!(entry.is_none()),
            }
        }
    }
}
