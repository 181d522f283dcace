//! Finds pieces in text at memory speed, whatever their number.
//!
//! Every piece holds at least [`GRAM`] + [`STRIDE`] - 1 bytes. So each occurrence covers a position of the text that is
//! a multiple of the stride and at which one of the [`STRIDE`] grams of a chosen window of the piece stands. A table that
//! fits a near cache tells by a gram's hash whether it may be one of these. The text is probed once each stride, in two
//! steps without a branch that depends on the text: the slots of all probes of a block are fetched, then the few that are
//! not empty are looked at again. Only what is left is compared. (Branching at each eight probes instead cost more than
//! the probes: one in thirty of ordinary logs is a candidate, and a processor cannot guess which.)
//!
//! Where candidates swarm (an adversary's text, or a log of nothing but hits), the block goes to the Aho-Corasick
//! automaton instead, which bounds the cost and defines what is found.
//!
//! The window is the one whose grams are rarest in ordinary logs, by `data/common-grams.txt`.

#![allow(unsafe_code, reason = "the vector kernel loads and gathers through pointers")]

use std::collections::HashMap;

/// Bytes of a gram.
const GRAM: usize = 5;
/// Distance of the probes.
const STRIDE: usize = 4;
/// Bytes of a window: its grams begin at each of [`STRIDE`] places.
const WINDOW: usize = GRAM + STRIDE - 1;
/// The shortest piece the filter can find.
pub(crate) const SHORTEST: usize = WINDOW;
const _: () = assert!(SHORTEST == crate::literals::SHORTEST_PIECE);
/// Bytes after which it is decided whether candidates swarm.
const BLOCK: usize = 16 << 10;
/// Candidates in a block from which on it goes to the automaton: a quarter of the probes. A candidate takes some 10 ns, so
/// that up to there the automaton, of 3 ns a byte, is the slower one.
const SWARM: usize = PROBES / 4;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Probes of a block.
const PROBES: usize = BLOCK / STRIDE;

/// The slots of the probes of one block: what the table has at the hash of each.
type Slots = [u8; PROBES];
/// Numbers of probes of one block.
type Places = [u16; PROBES];

/// The instructions a filter probes with. All give the same slots.
///
/// The hash is a multiplication, which every processor has; `crc32` measured no faster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kernel {
    /// Multiply and shift, any processor.
    Portable,
    /// The same, with shifts that load: x86-64 with BMI2.
    #[cfg(target_arch = "x86_64")]
    Bmi2,
    /// Eight probes a vector with a gather: AVX-512. No faster than `Bmi2` where gathers are microcode, as on AMD's Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The kernels this processor has, best first.
    pub(crate) fn available() -> Vec<Kernel> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("bmi2") {
                kernels.push(Kernel::Bmi2);
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                let at = if gathers_are_fast() { 0 } else { kernels.len() };
                kernels.insert(at, Kernel::Avx512);
            }
        }
        kernels.push(Kernel::Portable);
        kernels
    }
}

/// Whether the processor is one of Intel's, whose gathers are no microcode.
#[cfg(target_arch = "x86_64")]
fn gathers_are_fast() -> bool {
    std::arch::x86_64::__cpuid(0).ebx == u32::from_le_bytes(*b"Genu")
}

/// A piece found: its index and where it starts.
pub(crate) type Found = (u32, usize);

/// A compiled set of pieces.
pub(crate) struct Filter {
    kernel: Kernel,
    pieces: Vec<Vec<u8>>,
    table: Table,
    /// Grams by bucket.
    grams: Vec<Gram>,
    /// First gram of each bucket, and the end.
    buckets: Vec<u32>,
    /// Where the chosen window of each piece begins.
    windows: Vec<u32>,
}

/// A gram of the window of a piece, with what tells most others from the piece before it is compared.
struct Gram {
    /// The first and the last eight bytes of the piece.
    ends: [u64; 2],
    piece: u32,
    /// Where the gram stands in the piece.
    offset: u32,
    /// Bytes of the piece.
    length: u32,
}

/// Buckets of grams; a power of two.
const BUCKETS: usize = 1 << 12;

/// The hash of a gram, whose upper bits are the good ones.
fn hash(gram: u64) -> u64 {
    (gram << (64 - 8 * GRAM)).wrapping_mul(MULTIPLIER)
}

fn bucket(hash: u64) -> usize {
    (hash >> (64 - BUCKETS.trailing_zeros())) as usize
}

/// A byte for each value of the upper bits of a hash, in which three more of its bits chose the bit that is set.
struct Table {
    /// One of [`Table::SIZES`], and some more for a gather, which fetches four.
    bytes: Vec<u8>,
    slots: usize,
}

impl Table {
    const SIZES: [usize; 4] = [1 << 15, 1 << 16, 1 << 17, 1 << 18];

    /// With 32 slots a gram, one probe in 32 finds a slot that is not empty by chance, and one in 250 its bit. Below 64 KiB
    /// a table is no faster, even if the first cache holds it.
    fn of(grams: &[u64]) -> Table {
        let wanted = (grams.len() * 32).max(1 << 16);
        let slots = Self::SIZES.into_iter().find(|&size| size >= wanted).unwrap_or(1 << 18);
        let mut bytes = vec![0; slots + 3];
        for &gram in grams {
            let hash = hash(gram);
            bytes[(hash >> (64 - slots.trailing_zeros())) as usize] |= 1 << mark(hash);
        }
        Table { bytes, slots }
    }
}

/// Which bit of its slot a hash sets.
#[inline(always)]
fn mark(hash: u64) -> u32 {
    (hash >> 43) as u32 & 7
}

impl Filter {
    /// Compiles `pieces`, each of at least [`SHORTEST`] bytes, for `kernel`.
    pub(crate) fn new(pieces: Vec<Vec<u8>>, kernel: Kernel) -> Filter {
        let common = common_grams();
        let windows: Vec<u32> = pieces.iter().map(|piece| rarest_window(piece, &common) as u32).collect();
        let mut grams: Vec<(u64, u32, u32)> = Vec::with_capacity(pieces.len() * STRIDE);
        for (index, piece) in pieces.iter().enumerate() {
            let window = windows[index] as usize;
            for at in window..window + STRIDE {
                grams.push((gram_at(piece, at), index as u32, at as u32));
            }
        }
        grams.sort_by_key(|&(gram, piece, at)| (bucket(hash(gram)), gram, piece, at));
        let mut buckets = vec![0u32; BUCKETS + 1];
        for &(gram, _, _) in &grams {
            buckets[bucket(hash(gram)) + 1] += 1;
        }
        for index in 0..BUCKETS {
            buckets[index + 1] += buckets[index];
        }
        let table = Table::of(&grams.iter().map(|&(gram, _, _)| gram).collect::<Vec<u64>>());
        let gram = |&(_, piece, offset): &(u64, u32, u32)| {
            let text = &pieces[piece as usize];
            Gram { ends: ends(text).unwrap_or_default(), piece, offset, length: text.len() as u32 }
        };
        let grams = grams.iter().map(gram).collect();
        Filter { kernel, pieces, table, grams, buckets, windows }
    }

    /// Adds every occurrence of a piece in `text`, in no particular order.
    ///
    /// `fallback` does the same for a part of the text, when candidates swarm in it.
    pub(crate) fn find(
        &self,
        text: &[u8],
        found: &mut Vec<Found>,
        fallback: &dyn Fn(&[u8], &mut Vec<Found>),
    ) {
        let (mut slots, mut places) = ([0; PROBES], [0; PROBES]);
        let mut from = 0;
        while from < text.len() {
            let to = (from + BLOCK).min(text.len());
            let probes = self.fill(text, from, to, &mut slots);
            let count = candidates(text, from, &slots[..probes], &mut places);
            if count < SWARM {
                places[..count]
                    .iter()
                    .for_each(|&place| self.verify(text, from + place as usize * STRIDE, found));
            } else {
                self.swarm(text, from, to, found, fallback);
            }
            from = to;
        }
    }

    /// Fetches the slots of the probes at `from..to`, a block that starts at a multiple of the stride; tells how many.
    fn fill(&self, text: &[u8], from: usize, to: usize, slots: &mut Slots) -> usize {
        let filled = match self.kernel {
            Kernel::Portable => self.fill_portable(text, from, to, slots),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernel::available` lists this kernel only where the processor has BMI2.
            Kernel::Bmi2 => unsafe { self.fill_bmi2(text, from, to, slots) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernel::available` lists this kernel only where the processor has AVX-512F and DQ.
            Kernel::Avx512 => unsafe { self.fill_avx512(text, from, to, slots) },
        };
        // The last probes, behind which fewer bytes follow than a kernel loads.
        let rest = (from + filled * STRIDE..to).step_by(STRIDE).filter(|at| at + GRAM <= text.len());
        let mut count = filled;
        for at in rest {
            let hash = hash(gram_at(text, at));
            slots[count] = self.table.bytes[(hash >> (64 - self.table.slots.trailing_zeros())) as usize];
            count += 1;
        }
        count
    }

    /// What a block would find, by the automaton: the occurrences whose sampled gram lies in `from..to`.
    fn swarm(
        &self,
        text: &[u8],
        from: usize,
        to: usize,
        found: &mut Vec<Found>,
        fallback: &dyn Fn(&[u8], &mut Vec<Found>),
    ) {
        let longest = self.pieces.iter().map(Vec::len).max().unwrap_or(0);
        let start = from.saturating_sub(longest);
        let end = (to + longest).min(text.len());
        let mut all = Vec::new();
        fallback(&text[start..end], &mut all);
        let in_block = |&(piece, at): &Found| {
            let window = self.windows[piece as usize] as usize;
            let sampled = (start + at + window).next_multiple_of(STRIDE);
            (from..to).contains(&sampled)
        };
        found.extend(all.iter().filter(|one| in_block(one)).map(|&(piece, at)| (piece, start + at)));
    }

    /// Compares the pieces that have the gram at `at`.
    fn verify(&self, text: &[u8], at: usize, found: &mut Vec<Found>) {
        let bucket = bucket(hash(gram_at(text, at)));
        let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
        for gram in &self.grams[range] {
            let Some(start) = at.checked_sub(gram.offset as usize) else { continue };
            let Some(span) = text.get(start..start + gram.length as usize) else { continue };
            if ends(span) == Some(gram.ends) && span == &self.pieces[gram.piece as usize][..] {
                found.push((gram.piece, start));
            }
        }
    }
}

/// The first and the last eight bytes.
fn ends(text: &[u8]) -> Option<[u64; 2]> {
    Some([u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?)])
}

/// The probes of a block whose slots have the bit of their hash; tells how many.
fn candidates(text: &[u8], from: usize, slots: &[u8], places: &mut Places) -> usize {
    let mut count = 0;
    for (number, group) in slots.chunks(64).enumerate() {
        let mut filled = filled(group);
        while filled != 0 {
            let place = number * 64 + filled.trailing_zeros() as usize;
            filled &= filled - 1;
            let hash = hash(gram_at(text, from + place * STRIDE));
            places[count % PROBES] = place as u16;
            count += usize::from(slots[place] >> mark(hash) & 1);
        }
    }
    count
}

/// Which of at most 64 slots are not empty, a bit each.
fn filled(slots: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Some(slots) = slots.first_chunk::<64>() {
        use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_setzero_si128};
        return (0..4).fold(0, |mask, part| {
            // SAFETY: SSE2 is part of x86-64; four times 16 bytes lie inside the array of 64.
            let empty = unsafe {
                let part = _mm_loadu_si128(slots.as_ptr().add(16 * part).cast());
                _mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_setzero_si128()))
            };
            mask | u64::from(!empty as u16) << (16 * part)
        });
    }
    slots.iter().zip(0..).fold(0, |mask, (&slot, at)| mask | u64::from(slot != 0) << at)
}

/// Bytes whose probes a kernel does in one step.
const STEP: usize = 64;

/// The parts of a block that a kernel may load, with the bytes behind each that its last probe reaches, and their slots.
#[inline(always)]
fn steps<'a>(
    text: &'a [u8],
    from: usize,
    to: usize,
    slots: &'a mut Slots,
) -> impl Iterator<Item = (&'a [u8; STEP + 8], &'a mut [u8; STEP / STRIDE])> {
    let steps = (from..to).step_by(STEP).take_while(move |at| at + STEP <= to);
    steps.map_while(move |at| text.get(at..)?.first_chunk()).zip(slots.as_chunks_mut().0)
}

impl Filter {
    #[inline(always)]
    fn fill_portable(&self, text: &[u8], from: usize, to: usize, slots: &mut Slots) -> usize {
        // A size that is known spares a check of each index.
        match self.table.slots {
            0x8000 => self.fill_from::<0x8000>(text, from, to, slots),
            0x1_0000 => self.fill_from::<0x1_0000>(text, from, to, slots),
            0x2_0000 => self.fill_from::<0x2_0000>(text, from, to, slots),
            _ => self.fill_from::<0x4_0000>(text, from, to, slots),
        }
    }

    #[inline(always)]
    fn fill_from<const SLOTS: usize>(&self, text: &[u8], from: usize, to: usize, slots: &mut Slots) -> usize {
        let Some(table) = self.table.bytes.first_chunk::<SLOTS>() else { return 0 };
        let mut filled = 0;
        for (step, slots) in steps(text, from, to, slots) {
            for (probe, slot) in slots.iter_mut().enumerate() {
                let hash = hash(load(step, probe * STRIDE));
                *slot = table[(hash >> (64 - SLOTS.trailing_zeros())) as usize];
            }
            filled += STEP / STRIDE;
        }
        filled
    }

    /// # Safety
    ///
    /// The processor must have BMI2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "bmi2")]
    unsafe fn fill_bmi2(&self, text: &[u8], from: usize, to: usize, slots: &mut Slots) -> usize {
        self.fill_portable(text, from, to, slots)
    }

    /// # Safety
    ///
    /// The processor must have AVX-512F and AVX-512DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    unsafe fn fill_avx512(&self, text: &[u8], from: usize, to: usize, slots: &mut Slots) -> usize {
        use std::arch::x86_64::*;
        let multiplier = _mm512_set1_epi64(MULTIPLIER as i64);
        let shift = _mm_cvtsi32_si128(64 - self.table.slots.trailing_zeros() as i32);
        let table = self.table.bytes.as_ptr();
        // Slots of eight probes, at every eighth byte from `offset` on.
        let fetch = |step: &[u8; STEP + 8], offset: usize| -> u64 {
            // SAFETY: the offset is 0 or 4, so that the 64 bytes lie inside the array of 72.
            let loaded = unsafe { _mm512_loadu_si512(step.as_ptr().add(offset).cast()) };
            let gram = _mm512_slli_epi64::<{ (64 - 8 * GRAM) as u32 }>(loaded);
            let slot = _mm512_srl_epi64(_mm512_mullo_epi64(gram, multiplier), shift);
            // SAFETY: a slot is below the number of slots, behind which three bytes follow.
            let fetched = unsafe { _mm512_i64gather_epi32::<1>(slot, table.cast()) };
            let bytes = _mm512_cvtepi64_epi8(_mm512_cvtepu32_epi64(fetched));
            _mm_cvtsi128_si64(bytes) as u64
        };
        let mut filled = 0;
        for (step, slots) in steps(text, from, to, slots) {
            let (even, odd) = (fetch(step, 0).to_le_bytes(), fetch(step, STRIDE).to_le_bytes());
            for (pair, (even, odd)) in slots.as_chunks_mut::<2>().0.iter_mut().zip(even.into_iter().zip(odd))
            {
                *pair = [even, odd];
            }
            filled += STEP / STRIDE;
        }
        filled
    }
}

/// The gram at `at`, where eight bytes can be read: those behind it too, which its hash does not take in.
#[inline(always)]
fn load<const N: usize>(step: &[u8; N], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&step[at..at + 8]);
    u64::from_le_bytes(bytes)
}

/// The gram at `at`, near the end of the text too.
fn gram_at(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes[..GRAM].copy_from_slice(&text[at..at + GRAM]);
    u64::from_le_bytes(bytes)
}

/// How common grams are in ordinary logs: the higher, the more common.
fn common_grams() -> HashMap<u64, u32> {
    let lines: Vec<&[u8]> = COMMON.split(|&byte| byte == b'\n').filter(|line| line.len() == GRAM).collect();
    let count = lines.len() as u32;
    lines.into_iter().zip(0..).map(|(line, rank)| (gram_at(line, 0), count - rank)).collect()
}

/// The commonest grams of ordinary logs of a cluster, most common first.
static COMMON: &[u8] = include_bytes!("../data/common-grams.txt");

/// Where the window of a piece begins whose grams are rarest.
fn rarest_window(piece: &[u8], common: &HashMap<u64, u32>) -> usize {
    let cost = |from: &usize| -> u32 {
        (*from..from + STRIDE).map(|at| common.get(&gram_at(piece, at)).copied().unwrap_or(0)).sum()
    };
    (0..=piece.len() - WINDOW).min_by_key(cost).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Filter, Found, Kernel};

    fn naive(pieces: &[Vec<u8>], text: &[u8], found: &mut Vec<Found>) {
        for (index, piece) in pieces.iter().enumerate() {
            let starts = (0..text.len()).filter(|&at| text[at..].starts_with(piece));
            found.extend(starts.map(|at| (index as u32, at)));
        }
    }

    fn check(pieces: &[Vec<u8>], text: &[u8]) {
        let mut expected = Vec::new();
        naive(pieces, text, &mut expected);
        expected.sort_unstable();
        for kernel in Kernel::available() {
            let filter = Filter::new(pieces.to_vec(), kernel);
            let mut found = Vec::new();
            filter.find(text, &mut found, &|part, found| naive(pieces, part, found));
            found.sort_unstable();
            assert_eq!(found, expected, "{kernel:?}");
        }
    }

    fn random(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize
    }

    #[test]
    fn every_kernel_finds_what_a_naive_search_finds() {
        let mut state = 1;
        for round in 0..300 {
            let letters = 2 + random(&mut state) % 3;
            let mut text = |length: usize| -> Vec<u8> {
                (0..length).map(|_| b'a' + (random(&mut state) % letters) as u8).collect()
            };
            let pieces: Vec<Vec<u8>> = (0..1 + round % 20).map(|n| text(8 + n)).collect();
            let text = text(round * 7 % 700);
            check(&pieces, &text);
        }
    }

    #[test]
    fn swarming_blocks_and_their_borders_lose_nothing() {
        let pieces: Vec<Vec<u8>> = ["calling webhook", "aaaaaaaa", "aaaaaaaaaaab", "webhook calling"]
            .map(|piece| piece.as_bytes().to_vec())
            .to_vec();
        for shift in 0..9 {
            let mut text = vec![b'x'; shift];
            text.extend(std::iter::repeat_n(b'a', BLOCK + 100));
            text.extend_from_slice(b"b calling webhook ");
            text.resize(2 * BLOCK - 7, b'.');
            text.extend_from_slice(b"calling webhook calling");
            check(&pieces, &text);
        }
    }
}
