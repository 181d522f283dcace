//! The fast loop of the first stage: bits to literals and sequences, until a margin is reached.
//!
//! The loop is counted. Before each round the room left in the input, the literals and the sequences
//! gives a number of steps that cannot overrun any of them, whatever the data; within the round nothing
//! is checked but the step counter. What the loop cannot do it leaves untouched for the slow path: the
//! end of a block, codes without a symbol, and the last bytes of the input.

use crate::batch::{Batch, Sequence};
use crate::code::Tables;

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
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2") {
        return if tables.mostly_literals() {
            // SAFETY: the processor has BMI1 and BMI2, as was just asked.
            unsafe { decode_literals_bmi2(tables, window, bit, batch) }
        } else {
            // SAFETY: as above.
            unsafe { decode_mixed_bmi2(tables, window, bit, batch) }
        };
    }
    decode_portable(tables, window, bit, batch)
}

fn decode_portable(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
    if tables.mostly_literals() {
        decode_with::<true>(tables, window, bit, batch)
    } else {
        decode_with::<false>(tables, window, bit, batch)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn decode_literals_bmi2(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
    decode_with::<true>(tables, window, bit, batch)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "bmi1,bmi2")]
fn decode_mixed_bmi2(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
    decode_with::<false>(tables, window, bit, batch)
}

/// The bits ahead, loaded 8 bytes at a time.
///
/// The low `valid` bits of `bits` are the next bits of the input. Those above are the ones that follow
/// them or zeros, so that more can be OR-ed over them. `valid` stays in 0..64.
struct Ahead {
    bits: u64,
    valid: u32,
    /// Byte of the input to load next.
    next: usize,
}

/// The loop itself. With `BRANCH`, a branch separates steps that yield literals only: right for streams
/// that consist of them for long stretches. Without, each step does the work of a match and keeps what
/// applies: right where literals and matches alternate too evenly for a branch to be predicted.
///
/// Measured on logs: the branch gains a tenth on streams of Go's encoder and loses as much on those of
/// GNU gzip, so each block chooses by its code lengths.
#[inline(always)]
fn decode_with<const BRANCH: bool>(tables: &Tables, window: &[u8], bit: usize, batch: &mut Batch) -> usize {
    if window.len().saturating_sub(bit / 8) < INPUT_MARGIN {
        return bit;
    }
    let mut ahead = Ahead { bits: 0, valid: 0, next: bit / 8 };
    // SAFETY: at least INPUT_MARGIN bytes of the window follow `bit / 8`.
    ahead.bits = unsafe { load(window, ahead.next) } >> (bit % 8);
    ahead.next += 7;
    ahead.valid = 56 - (bit % 8) as u32;

    let literals = batch.literals.as_mut_ptr();
    let sequences = batch.sequences.as_mut_ptr();
    let mut run = 0u64;
    'rounds: loop {
        let steps = steps(window, ahead.next, batch);
        if steps == 0 {
            break;
        }
        let mut literal = batch.literal_count;
        let mut sequence = batch.sequence_count;
        let mut stopped = false;
        for _ in 0..steps {
            let mut entry = tables.literal(ahead.bits);
            // The refill counts on `valid` alone and so stays off the chain of table loads.
            // SAFETY: `steps` holds `next + 8 <= window.len()` for each load: see there.
            let word = unsafe { load(window, ahead.next) };
            let input = ahead.bits | word << ahead.valid;
            ahead.next += ((63 - ahead.valid) >> 3) as usize;
            ahead.valid |= 56;
            if entry.is_none() {
                entry = tables.long_literal(input);
                if entry.is_none() {
                    stopped = true;
                    break;
                }
            }
            let count = entry.literal_count();
            let rest = input >> entry.bits();
            if BRANCH && entry.matches() == 0 {
                // SAFETY: `steps` holds `literal + 2` within the literals: see there.
                unsafe { literals.add(literal).cast::<[u8; 2]>().write(entry.literals().to_le_bytes()) };
                literal += count as usize;
                run += count;
                ahead.bits = rest;
                ahead.valid -= entry.bits();
                if run >= LONG_RUN {
                    // SAFETY: `steps` holds `sequence` within the sequences: see there.
                    unsafe { sequences.add(sequence).write(Sequence::literals(run)) };
                    sequence += 1;
                    run = 0;
                }
                continue;
            }
            let matches = entry.matches();
            let mut distance = tables.distance(rest);
            if distance.is_none() && matches != 0 {
                distance = tables.long_distance(rest);
                if distance.is_none() {
                    stopped = true;
                    break;
                }
            }
            // SAFETY: as above.
            unsafe { literals.add(literal).cast::<[u8; 2]>().write(entry.literals().to_le_bytes()) };
            literal += count as usize;
            run += count;
            let found = Sequence::with_match(run, entry.length(input), distance.distance(rest));
            // Written always, kept only when there is a match.
            // SAFETY: as above.
            unsafe { sequences.add(sequence).write(found) };
            sequence += matches as usize;
            run &= matches.wrapping_sub(1);
            let distance_bits = distance.bits() & (matches as u32).wrapping_neg();
            ahead.bits = rest >> distance_bits;
            ahead.valid -= entry.bits() + distance_bits;
            if run >= LONG_RUN {
                // SAFETY: as above; without a match nothing was kept there in this step.
                unsafe { sequences.add(sequence).write(Sequence::literals(run)) };
                sequence += 1;
                run = 0;
            }
        }
        batch.literal_count = literal;
        batch.sequence_count = sequence;
        if stopped {
            break 'rounds;
        }
    }
    if run > 0 {
        batch.push(Sequence::literals(run));
    }
    ahead.next * 8 - ahead.valid as usize
}

/// How many steps fit, whatever they decode.
///
/// - A step loads 8 bytes at `next`, then moves `next` by at most 7: n steps touch less than `8 n + 8`
///   bytes from `next` on.
/// - A step writes 2 literals and moves on by at most as many.
/// - A step writes 1 sequence and moves on by at most 1: a run gets long only in a step without a match.
///   One more may be written after the last step.
#[inline(always)]
fn steps(window: &[u8], next: usize, batch: &Batch) -> usize {
    let input = window.len().saturating_sub(next + 8) / 8;
    let literals = batch.literal_room().saturating_sub(SPARE_LITERALS) / STEP_LITERALS;
    let sequences = batch.sequence_room().saturating_sub(SPARE_SEQUENCES);
    input.min(literals).min(sequences)
}

/// Eight bytes as a little-endian number.
///
/// # Safety
///
/// `at + 8` must not exceed the length of `bytes`.
#[inline(always)]
unsafe fn load(bytes: &[u8], at: usize) -> u64 {
    debug_assert!(at + 8 <= bytes.len());
    // SAFETY: the caller vouches for the 8 bytes; the read asks for no alignment.
    u64::from_le(unsafe { bytes.as_ptr().add(at).cast::<u64>().read_unaligned() })
}
