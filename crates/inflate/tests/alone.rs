//! Streams whose outcome needs no other decoder to know: fit for Miri, which must not meet the oracle's code.

#[allow(dead_code, reason = "other tests use the rest of it")]
mod streams;

use std::io::{BufRead, Read};

use loggrep_abm_inflate::{Batch, Format, InflateReader, ParallelInflateReader, Replay, Replayer, Tokenizer};
use streams::{Bits, Random};

fn rounds() -> usize {
    if cfg!(miri) { 3 } else { 300 }
}

fn all(mut reader: impl Read) -> Vec<u8> {
    let mut output = Vec::new();
    reader.read_to_end(&mut output).expect("a sound stream");
    output
}

#[test]
fn one_thread_and_two_agree() {
    let mut random = Random::new(29);
    for _ in 0..rounds() {
        let stream = streams::random_deflate(&mut random);
        let output = all(InflateReader::new(Format::Deflate, &stream[..]));
        std::thread::scope(|scope| {
            let reader = ParallelInflateReader::spawn_scoped(scope, Format::Deflate, &stream[..]);
            assert!(all(reader.expect("a thread")) == output);
        });
        for _ in 0..8 {
            let mut damaged = stream.clone();
            let at = random.below(damaged.len());
            damaged[at] ^= 1 << random.below(8);
            let mut reader = InflateReader::new(Format::Deflate, &damaged[..]);
            let _ = reader.read_to_end(&mut Vec::new());
            assert!(reader.error().is_some() || reader.consumed().is_some());
        }
    }
}

#[test]
fn matches_of_every_period() {
    let mut bits = Bits::default();
    let mut expected: Vec<u8> = (0..64).collect();
    bits.put(0b011, 3);
    for &byte in &expected {
        bits.fixed_literal(byte);
    }
    for distance in 1..=64 {
        for length in [3, 4, 15, 16, 17, 31, 32, 33, 64, 258] {
            bits.fixed_match(length, distance);
            for _ in 0..length {
                expected.push(expected[expected.len() - distance]);
            }
        }
    }
    bits.fixed_end();
    assert!(all(InflateReader::new(Format::Deflate, &bits.finish()[..])) == expected);
}

#[test]
fn history_reaches_over_the_seams() {
    let blocks = if cfg!(miri) { 10 } else { 40 };
    let mut bits = Bits::default();
    let mut expected = Vec::new();
    let mut random = Random::new(31);
    for block in 0..blocks {
        let data: Vec<u8> = (0..60_000).map(|_| random.next() as u8).collect();
        bits.stored(&data, block + 1 == blocks);
        expected.extend_from_slice(&data);
    }
    let stream = bits.finish();
    let mut reader = InflateReader::new(Format::Deflate, &stream[..]);
    let mut at = 0;
    while !reader.fill_buf().expect("a sound stream").is_empty() {
        let (history, unread) = (reader.history(), reader.unread());
        assert!(history.len() >= at.min(32 << 10));
        assert!(expected[..at].ends_with(history));
        assert!(expected[at..].starts_with(unread));
        let count = unread.len().min(random.below(300_000) + 1);
        reader.consume(count);
        at += count;
    }
    assert_eq!((at, reader.decoded()), (expected.len(), expected.len() as u64));
}

#[test]
fn stages_driven_by_hand_through_the_smallest_batch() {
    let mut random = Random::new(37);
    for _ in 0..rounds() {
        let stream = streams::random_deflate(&mut random);
        let expected = all(InflateReader::new(Format::Deflate, &stream[..]));
        let mut tokenizer = Tokenizer::new(Format::Deflate, &stream[..]);
        let mut replayer = Replayer::new();
        let mut batch = Batch::with_capacity(0);
        let mut output = Vec::new();
        loop {
            let more = tokenizer.fill(&mut batch);
            while replayer.replay(&mut batch) == Replay::Full {
                output.extend_from_slice(replayer.unread());
                replayer.consume(replayer.unread().len());
            }
            if !more {
                break;
            }
        }
        output.extend_from_slice(replayer.unread());
        assert!(output == expected);
        assert_eq!(
            replayer.outcome().and_then(|outcome| outcome.as_ref().ok()),
            Some(&(stream.len() as u64))
        );
        assert!(!tokenizer.fill(&mut batch));
    }
}

/// A replayer must stay within its buffers whatever batches it is given, in whatever order.
#[test]
fn batches_of_other_streams_are_harmless() {
    let mut random = Random::new(41);
    let mut replayer = Replayer::new();
    for _ in 0..rounds() {
        let stream = streams::random_deflate(&mut random);
        let mut batch = Batch::with_capacity(64);
        let mut tokenizer = Tokenizer::new(Format::Deflate, &stream[..]);
        for _ in 0..random.below(3) {
            tokenizer.fill(&mut batch);
        }
        while replayer.replay(&mut batch) == Replay::Full {
            replayer.consume(replayer.unread().len());
        }
    }
}

#[test]
fn a_reader_that_panics_ends_in_an_error() {
    struct Panicking;
    impl Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            panic!("a bug in the reader below")
        }
    }
    let mut reader = ParallelInflateReader::spawn(Format::Gzip, Panicking).expect("a thread");
    let error = reader.fill_buf().expect_err("the thread died");
    let kind = loggrep_abm_inflate::Error::of(&error).map(loggrep_abm_inflate::Error::kind);
    assert_eq!(kind, Some(loggrep_abm_inflate::ErrorKind::ThreadDied));
}

#[test]
fn a_reader_dropped_early_leaves_no_thread_behind() {
    let stream = [0, 255, 255, 0, 0].iter().copied().chain([0; 65_535]).collect::<Vec<u8>>().repeat(100);
    std::thread::scope(|scope| {
        let reader = ParallelInflateReader::spawn_scoped(scope, Format::Deflate, &stream[..]);
        assert_eq!(reader.expect("a thread").fill_buf().map(<[u8]>::is_empty).ok(), Some(false));
    });
}
