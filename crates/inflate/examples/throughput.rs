//! Decodes a gzip file by each way there is and prints the speed of each.
//!
//! `cargo run --release -p loggrep-abm-inflate --example throughput -- FILE [ROUNDS [WAY]]`
//!
//! The ways take turns, so that what disturbs the machine disturbs all; the figures are medians.

#![allow(clippy::print_stdout)]

use std::fs::File;
use std::io::{self, BufRead};
use std::time::{Duration, Instant};

use loggrep_abm_inflate::{Format, InflateReader, ParallelInflateReader};

type Way = fn(File) -> io::Result<(u64, u32)>;

/// Length and CRC-32 of what a reader gives. The sum is this example's own: it costs all ways the same.
fn drain(mut reader: impl BufRead) -> io::Result<(u64, u32)> {
    let mut sum = crc32fast::Hasher::new();
    let mut length = 0;
    let check = std::env::var_os("NOCHECK").is_none();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok((length, sum.finalize()));
        }
        if check {
            sum.update(bytes);
        }
        let count = bytes.len();
        length += count as u64;
        reader.consume(count);
    }
}

fn one_thread(file: File) -> io::Result<(u64, u32)> {
    drain(InflateReader::new(Format::Gzip, file))
}

fn two_threads(file: File) -> io::Result<(u64, u32)> {
    drain(ParallelInflateReader::spawn(Format::Gzip, file)?)
}

fn flate2(file: File) -> io::Result<(u64, u32)> {
    let decoder = flate2::bufread::MultiGzDecoder::new(io::BufReader::with_capacity(256 << 10, file));
    drain(io::BufReader::with_capacity(512 << 10, decoder))
}

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("usage: throughput FILE [ROUNDS [WAY]]");
    let rounds = arguments.next().map_or(3, |rounds| rounds.parse().expect("a number of rounds"));
    let only = arguments.next();
    let ways: [(&str, Way); 3] =
        [("zlib-rs", flate2), ("one-thread", one_thread), ("two-threads", two_threads)];
    let mut times = [const { Vec::new() }; 3];
    let mut result = None;
    for _ in 0..rounds {
        for ((name, way), times) in ways.iter().zip(&mut times) {
            if only.as_ref().is_some_and(|only| only != name) {
                continue;
            }
            let file = File::open(&path)?;
            let start = Instant::now();
            let found = way(file)?;
            times.push(start.elapsed());
            assert_eq!(*result.get_or_insert(found), found, "{name} decodes what the others decode");
        }
    }
    let length = result.map_or(0, |(length, _)| length);
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times.get(times.len() / 2).map(Duration::as_secs_f64)
    };
    let base = median(&mut times[0]);
    for ((name, _), times) in ways.iter().zip(&mut times) {
        if let Some(time) = median(times) {
            let ratio = base.map_or(String::new(), |base| format!("  {:.3} of zlib-rs", time / base));
            println!("{name:12} {:8.1} MB/s  {time:.3} s{ratio}", length as f64 / time / 1e6);
        }
    }
    Ok(())
}
