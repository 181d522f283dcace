//! Finds pieces in text at memory speed, whatever their number.
//!
//! Every piece holds at least [`GRAM`] + [`STRIDE`] - 1 bytes. So each occurrence covers a position of the text that is
//! a multiple of the stride and at which one of the [`STRIDE`] grams of a chosen window of the piece stands. The hashes
//! of these grams are set in a bitmap that fits a near cache; the text is probed once each stride, and only what
//! the bitmap lets through is compared. Where that is much (an adversary's text, or a log of nothing but hits), the block
//! goes to the Aho-Corasick automaton instead, which bounds the cost and defines what is found.
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
/// Candidates in a block from which on it goes to the automaton: one in 16 probes.
const SWARM: usize = BLOCK / STRIDE / 16;

const GRAM_MASK: u64 = (1 << (8 * GRAM as u64)) - 1;
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The instructions a filter probes with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kernel {
    /// Multiply and shift, any processor.
    Portable,
    /// `crc32` as the hash: x86-64 with SSE4.2.
    #[cfg(target_arch = "x86_64")]
    Crc,
    /// Eight probes a vector with a gather: AVX-512. Half as fast as `Crc` where gathers are microcode, as on AMD's Zen 4.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// The kernels this processor has, best first.
    pub(crate) fn available() -> Vec<Kernel> {
        let mut kernels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("popcnt") {
                kernels.push(Kernel::Crc);
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
    /// Bitmap over hashes, in words; its length is a power of two.
    bitmap: Vec<u32>,
    /// Grams sorted by bucket, with the piece and their offset in it.
    grams: Vec<(u64, u32, u32)>,
    /// First gram of each bucket, and the end.
    buckets: Vec<u32>,
    /// Where the chosen window of each piece begins.
    windows: Vec<u32>,
}

/// Buckets of the exact table; a power of two.
const BUCKETS: usize = 1 << 12;

fn bucket(gram: u64) -> usize {
    (gram.wrapping_mul(MULTIPLIER) >> (64 - BUCKETS.trailing_zeros())) as usize
}

impl Filter {
    /// Compiles `pieces`, each of at least [`SHORTEST`] bytes, for `kernel`.
    pub(crate) fn new(pieces: Vec<Vec<u8>>, kernel: Kernel) -> Filter {
        let common = common_grams();
        let mut grams: Vec<(u64, u32, u32)> = Vec::with_capacity(pieces.len() * STRIDE);
        let windows: Vec<u32> = pieces.iter().map(|piece| rarest_window(piece, &common) as u32).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let window = windows[index] as usize;
            for at in window..window + STRIDE {
                grams.push((gram_at(piece, at), index as u32, at as u32));
            }
        }
        grams.sort_by_key(|&(gram, piece, at)| (bucket(gram), gram, piece, at));
        let mut buckets = vec![0u32; BUCKETS + 1];
        for &(gram, _, _) in &grams {
            buckets[bucket(gram) + 1] += 1;
        }
        for index in 0..BUCKETS {
            buckets[index + 1] += buckets[index];
        }
        // 64 bits a gram let one in 64 probes through by chance; the least is what the first cache holds anyway.
        let bits = (grams.len() * 64).next_power_of_two().clamp(1 << 17, 1 << 21);
        let mut filter = Filter { kernel, pieces, bitmap: vec![0; bits / 32], grams, buckets, windows };
        for index in 0..filter.grams.len() {
            let hash = filter.hash(filter.grams[index].0);
            filter.bitmap[(hash >> 5) as usize] |= 1 << (hash & 31);
        }
        filter
    }

    /// The bit of a gram, by the kernel's hash.
    fn hash(&self, gram: u64) -> u32 {
        let mask = (self.bitmap.len() * 32 - 1) as u32;
        match self.kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Crc => crc_of(gram) & mask,
            _ => (gram.wrapping_mul(MULTIPLIER) >> 32) as u32 & mask,
        }
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
        let mut from = 0;
        while from < text.len() {
            let to = (from + BLOCK).min(text.len());
            let before = found.len();
            if !self.block(text, from, to, found) {
                found.truncate(before);
                self.swarm(text, from, to, found, fallback);
            }
            from = to;
        }
    }

    /// Probes positions `from..to`, a block that starts at a multiple of the stride; `false` when candidates swarm.
    fn block(&self, text: &[u8], from: usize, to: usize, found: &mut Vec<Found>) -> bool {
        let mut budget = SWARM;
        let mut at = from;
        match self.kernel {
            Kernel::Portable => self.probe_portable(text, &mut at, to, &mut budget, found),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernel::available` lists this kernel only where the processor has SSE4.2.
            Kernel::Crc => unsafe { self.probe_crc(text, &mut at, to, &mut budget, found) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernel::available` lists this kernel only where the processor has AVX-512F and DQ.
            Kernel::Avx512 => unsafe { self.probe_avx512(text, &mut at, to, &mut budget, found) },
        }
        while at < to && at + GRAM <= text.len() && budget > 0 {
            let gram = gram_at(text, at);
            if self.is_set(gram) {
                budget -= 1;
                self.verify(text, at, gram, found);
            }
            at += STRIDE;
        }
        budget > 0
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

    fn is_set(&self, gram: u64) -> bool {
        let hash = self.hash(gram);
        self.bitmap[(hash >> 5) as usize] >> (hash & 31) & 1 != 0
    }

    /// Compares the pieces that have `gram` where it stands at `at`.
    #[cold]
    #[inline(never)]
    fn verify(&self, text: &[u8], at: usize, gram: u64, found: &mut Vec<Found>) {
        let bucket = bucket(gram);
        let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
        for &(candidate, piece, offset) in &self.grams[range] {
            if candidate != gram {
                continue;
            }
            let Some(start) = at.checked_sub(offset as usize) else { continue };
            if text[start..].starts_with(&self.pieces[piece as usize]) {
                found.push((piece, start));
            }
        }
    }
}

/// Probes a step of eight positions at a time: the hashes are independent, so that their latencies overlap.
macro_rules! probe_steps {
    ($self:ident, $text:ident, $at:ident, $to:ident, $budget:ident, $found:ident, |$gram:ident| $hash:expr) => {{
        const STEP: usize = 8 * STRIDE;
        let bitmap = &$self.bitmap[..];
        let mask = (bitmap.len() * 32 - 1) as u32;
        let words = bitmap.len() - 1;
        while *$at + STEP <= $to
            && let Some(step) = $text[*$at..].first_chunk::<{ STEP + 8 }>()
        {
            let mut hits = 0u32;
            for probe in 0..8 {
                let $gram = load(step, probe * STRIDE);
                let hash = $hash & mask;
                hits |= (bitmap[(hash >> 5) as usize & words] >> (hash & 31) & 1) << probe;
            }
            while hits != 0 {
                let probe = hits.trailing_zeros() as usize * STRIDE;
                hits &= hits - 1;
                *$budget = $budget.saturating_sub(1);
                if *$budget == 0 {
                    return;
                }
                $self.verify($text, *$at + probe, load(step, probe), $found);
            }
            *$at += STEP;
        }
    }};
}

impl Filter {
    fn probe_portable(
        &self,
        text: &[u8],
        at: &mut usize,
        to: usize,
        budget: &mut usize,
        found: &mut Vec<Found>,
    ) {
        probe_steps!(self, text, at, to, budget, found, |gram| (gram.wrapping_mul(MULTIPLIER) >> 32) as u32);
    }

    /// # Safety
    ///
    /// The processor must have SSE4.2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "sse4.2,popcnt")]
    unsafe fn probe_crc(
        &self,
        text: &[u8],
        at: &mut usize,
        to: usize,
        budget: &mut usize,
        found: &mut Vec<Found>,
    ) {
        probe_steps!(self, text, at, to, budget, found, |gram| std::arch::x86_64::_mm_crc32_u64(0, gram)
            as u32);
    }

    /// # Safety
    ///
    /// The processor must have AVX-512F and AVX-512DQ.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq")]
    unsafe fn probe_avx512(
        &self,
        text: &[u8],
        at: &mut usize,
        to: usize,
        budget: &mut usize,
        found: &mut Vec<Found>,
    ) {
        use std::arch::x86_64::*;
        /// Bytes whose probes two vectors hold: lanes at every eighth byte, and at the ones between.
        const STEP: usize = 64;
        let multiplier = _mm512_set1_epi64(MULTIPLIER as i64);
        let gram_mask = _mm512_set1_epi64(GRAM_MASK as i64);
        let hash_mask = _mm512_set1_epi64((self.bitmap.len() * 32 - 1) as i64);
        let bitmap = self.bitmap.as_ptr();
        let hits = |step: &[u8; STEP + 8], offset: usize| -> __mmask8 {
            // SAFETY: the offset is 0 or 4, so that the 64 bytes lie inside the array of 72.
            let loaded = unsafe { _mm512_loadu_si512(step.as_ptr().add(offset).cast()) };
            let gram = _mm512_and_si512(loaded, gram_mask);
            let product = _mm512_srli_epi64::<32>(_mm512_mullo_epi64(gram, multiplier));
            let hash = _mm512_and_si512(product, hash_mask);
            let word = _mm512_srli_epi64::<5>(hash);
            // SAFETY: a hash is below the number of bits of the bitmap, so a word's index is below its length.
            let words = unsafe { _mm512_i64gather_epi32::<4>(word, bitmap.cast()) };
            let bit = _mm512_srlv_epi64(
                _mm512_cvtepu32_epi64(words),
                _mm512_and_si512(hash, _mm512_set1_epi64(31)),
            );
            _mm512_test_epi64_mask(bit, _mm512_set1_epi64(1))
        };
        while *at + STEP <= to
            && let Some(step) = text[*at..].first_chunk::<{ STEP + 8 }>()
        {
            let (even, odd) = (hits(step, 0), hits(step, STRIDE));
            if even | odd != 0 {
                for lane in 0..8 {
                    for (mask, offset) in [(even, 0), (odd, STRIDE)] {
                        if mask >> lane & 1 != 0 {
                            *budget = budget.saturating_sub(1);
                            let probe = lane * 8 + offset;
                            self.verify(text, *at + probe, load(step, probe), found);
                        }
                    }
                }
                if *budget == 0 {
                    return;
                }
            }
            *at += STEP;
        }
    }
}

/// The gram at `at`, where eight bytes can be read.
#[inline(always)]
fn load<const N: usize>(step: &[u8; N], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&step[at..at + 8]);
    u64::from_le_bytes(bytes) & GRAM_MASK
}

/// The gram at `at`, near the end of the text too.
fn gram_at(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes[..GRAM].copy_from_slice(&text[at..at + GRAM]);
    u64::from_le_bytes(bytes)
}

/// CRC-32C of the eight bytes, as the instruction has it.
#[cfg(target_arch = "x86_64")]
fn crc_of(gram: u64) -> u32 {
    gram.to_le_bytes().iter().fold(0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 != 0 { 0x82f6_3b78 } else { 0 })
    })
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
