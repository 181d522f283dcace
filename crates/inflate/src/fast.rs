//! The fast loop of the first stage: bits to literals and sequences, until a margin is reached.
//!
//! The loop is counted. Before each round the room left in the input, the literals and the sequences
//! gives a number of steps that cannot overrun any of them, whatever the data; within the round nothing
//! is checked but the step counter. What the loop cannot do it leaves untouched for the slow path: the
//! end of a block, codes without a symbol, and the last bytes of the input.

use crate::batch::{Batch, Sequence};
use crate::code::{Extract, LiteralIndex, Portable, Tables};

/// Input bytes from which on the loop gets something done.
pub(crate) const INPUT_MARGIN: usize = 64;

/// Literals gathered before they become a sequence of their own: less than 255 by more than a step adds.
const LONG_RUN: u64 = 240;
/// Most literals a step adds.
const STEP_LITERALS: usize = 2;
/// Sequences kept free: one that is written ahead, one for the literals left over at the end.
const SPARE_SEQUENCES: usize = 8;
/// Literals kept free: a step writes two, even when it keeps fewer.
const SPARE_LITERALS: usize = 16;

/// Decodes from bit position `bit` of `window` into `batch`; gives the position reached.
///
/// Every position it can stop at is the start of a literal/length code.
pub(crate) fn decode(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
    #[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
    if let Some(bmi) = bmi::Bmi::detect() {
        return bmi.decode(tables, window, bit, batch);
    }
    if tables.mostly_literals() {
        decode_with::<true>(tables, window, bit, batch, Portable)
    } else {
        decode_with::<false>(tables, window, bit, batch, Portable)
    }
}

/// The loop for processors with bit manipulation instructions.
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
mod bmi {
    use super::*;

    /// Exists only where the processor has BMI1 and BMI2.
    #[derive(Clone, Copy)]
    pub(super) struct Bmi(());

    impl Bmi {
        pub(super) fn detect() -> Option<Bmi> {
            (is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2")).then_some(Bmi(()))
        }

        pub(super) fn decode(self, tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
            if tables.mostly_literals() {
                // SAFETY: a `Bmi` exists, so the processor has both.
                unsafe { decode_literals(tables, window, bit, batch, self) }
            } else {
                // SAFETY: as above.
                unsafe { decode_mixed(tables, window, bit, batch, self) }
            }
        }
    }

    // SAFETY: the instruction gives no more bits than the field is wide.
    unsafe impl Extract for Bmi {
        #[inline(always)]
        fn extract(self, word: u64, control: u64) -> u64 {
            // SAFETY: a `Bmi` exists, so the processor has BMI1.
            unsafe { std::arch::x86_64::_bextr2_u64(word, control) }
        }
    }

    #[target_feature(enable = "bmi1,bmi2")]
    fn decode_literals(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch, bmi: Bmi) -> usize {
        decode_with::<true>(tables, window, bit, batch, bmi)
    }

    #[target_feature(enable = "bmi1,bmi2")]
    fn decode_mixed(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch, bmi: Bmi) -> usize {
        decode_with::<false>(tables, window, bit, batch, bmi)
    }
}

/// The loop itself. With `BRANCH`, a branch separates steps that yield literals only: right for streams
/// that consist of them for long stretches. Without, each step does the work of a match and keeps what
/// applies: right where literals and matches alternate too evenly for a branch to be predicted.
///
/// Measured on logs (AMD Zen 4): on streams of Go's encoder, blocks that choose by their code lengths take
/// 0.194 s where either loop alone takes 0.203; on those of GNU gzip, which choose the second, the first
/// would take 0.237 s instead of 0.209.
#[inline(always)]
fn decode_with<const BRANCH: bool>(
    tables: &Tables,
    window: &[u8],
    bit: usize,
    batch: &mut Batch,
    by: impl Extract,
) -> usize {
    let first = bit / 8;
    if window.len().saturating_sub(first) < INPUT_MARGIN {
        return bit;
    }
    // The low `valid` bits of `bits` are the next bits of the input. Those above are the ones that follow
    // them or zeros, so that more can be OR-ed over them. `valid` stays in 0..64.
    // SAFETY: at least INPUT_MARGIN bytes of the window follow `first`.
    let (mut next, mut bits) = unsafe {
        let start = window.as_ptr().add(first);
        (start.add(7), load(start) >> (bit % 8))
    };
    let mut valid = 56 - (bit % 8) as u32;
    let mut index = LiteralIndex::of(bits);
    let mut run = 0;
    let mut stopped = false;
    while !stopped {
        // SAFETY: `next` was made from the window's pointer and never leaves the window.
        let position = unsafe { next.offset_from(window.as_ptr()) } as usize;
        let steps = steps(window.len() - position, batch);
        if steps == 0 {
            break;
        }
        // SAFETY: what a batch counts lies within its buffers.
        let (mut literal, mut sequence) = unsafe {
            let literal = batch.literals.as_mut_ptr().add(batch.literal_count);
            (literal, batch.sequences.as_mut_ptr().add(batch.sequence_count))
        };
        for _ in 0..steps {
            let mut entry = tables.literal(index);
            // The refill counts on `valid` alone and so stays off the chain of table loads.
            // SAFETY: `steps` keeps 8 bytes from `next` on within the window, after the move too.
            let input = unsafe {
                let input = bits | load(next) << valid;
                next = next.add(((63 - valid) >> 3) as usize);
                input
            };
            valid |= 56;
            if entry.is_none() {
                entry = tables.long_literal(input);
                if entry.is_none() {
                    stopped = true;
                    break;
                }
            }
            let rest = input >> entry.bits();
            if BRANCH && !entry.is_match() {
                // SAFETY: `steps` keeps room for two literals, and the sequence.
                unsafe {
                    literal.cast::<[u8; 2]>().write(entry.literals().to_le_bytes());
                    literal = literal.add(entry.literal_count() as usize);
                }
                run += entry.literal_count();
                index = LiteralIndex::of(rest);
                bits = rest;
                valid -= entry.bits();
                if run >= LONG_RUN {
                    // SAFETY: `steps` keeps room for the sequence.
                    sequence = unsafe { push(sequence, Sequence::literals(run)) };
                    run = 0;
                }
                continue;
            }
            let mask = entry.match_mask();
            // Without a match this is looked up in vain and consumes nothing.
            let mut distance = tables.distance(entry.distance_index(input, by)).only_if(mask);
            if distance.is_none() {
                distance = tables.long_distance(rest);
                if distance.is_none() {
                    stopped = true;
                    break;
                }
            }
            index = distance.literal_index(rest, by);
            bits = rest >> distance.bits();
            valid -= entry.bits() + distance.bits();
            run += entry.literal_count();
            let found = Sequence::with_match(run, entry.length(input, by), distance.distance(rest, by));
            // SAFETY: `steps` keeps room for two literals and one sequence. Both are written always and
            // kept as far as the entry says.
            unsafe {
                literal.cast::<[u8; 2]>().write(entry.literals().to_le_bytes());
                literal = literal.add(entry.literal_count() as usize);
                sequence.write(found);
                sequence = sequence.add((mask & 1) as usize);
            }
            run &= !mask;
            if run >= LONG_RUN {
                // SAFETY: `steps` keeps room for the sequence, as there was no match.
                sequence = unsafe { push(sequence, Sequence::literals(run)) };
                run = 0;
            }
        }
        // SAFETY: both were made from these pointers and moved within the buffers.
        unsafe {
            batch.literal_count = literal.offset_from(batch.literals.as_ptr()) as usize;
            batch.sequence_count = sequence.offset_from(batch.sequences.as_ptr()) as usize;
        }
    }
    if run > 0 {
        batch.push(Sequence::literals(run));
    }
    // SAFETY: `next` was made from the window's pointer and never leaves the window.
    let position = unsafe { next.offset_from(window.as_ptr()) } as usize;
    position * 8 - valid as usize
}

/// Writes a sequence; gives the place behind it.
///
/// # Safety
///
/// There must be room for it.
#[inline(always)]
unsafe fn push(at: *mut Sequence, sequence: Sequence) -> *mut Sequence {
    // SAFETY: the caller vouches for the room.
    unsafe {
        at.write(sequence);
        at.add(1)
    }
}

/// How many steps fit, whatever they decode, when `input` bytes follow the place of the next load.
///
/// - A step loads 8 bytes and then moves on by at most 7, so n steps touch less than 8 n + 8 bytes.
/// - A step writes 2 literals and moves on by at most as many.
/// - A step writes 1 sequence and moves on by at most 1: a run gets long only in a step without a match.
///   One more may be written after the last step.
#[inline(always)]
fn steps(input: usize, batch: &Batch) -> usize {
    let input = input.saturating_sub(8) / 8;
    let literals = batch.literal_room().saturating_sub(SPARE_LITERALS) / STEP_LITERALS;
    let sequences = batch.sequence_room().saturating_sub(SPARE_SEQUENCES);
    input.min(literals).min(sequences)
}

/// Eight bytes as a little-endian number.
///
/// # Safety
///
/// They must be there.
#[inline(always)]
unsafe fn load(at: *const u8) -> u64 {
    // SAFETY: the caller vouches for the 8 bytes; the read asks for no alignment.
    u64::from_le(unsafe { at.cast::<u64>().read_unaligned() })
}
