//! Archives changed at random: whatever comes out, the walk ends in bounded time, and without a panic.

use loggrep_abm_core::Limits;
use loggrep_abm_core::container::EntryEnd;
use loggrep_abm_core::input::WalkOptions;
use zip::CompressionMethod;

use crate::support::*;

/// Numbers that are the same on each run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn changed(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let (from, to) = (numbers.below(changed.len()), numbers.below(changed.len()));
        match numbers.below(5) {
            0 => changed[from] = numbers.below(256) as u8,
            1 => changed[from] ^= 1 << numbers.below(8),
            2 => changed.truncate(from.max(1)),
            3 => {
                let piece = changed[from..(from + 64).min(changed.len())].to_vec();
                changed.splice(to..to, piece);
            }
            _ => {
                let end = (from + 1 + numbers.below(40)).min(changed.len());
                changed[from..end].fill([0, 0xff, b'7'][numbers.below(3)]);
            }
        }
    }
    changed
}

fn is_cut(walked: &Walked, name: &str) -> bool {
    walked.ends.iter().any(|(other, end)| other == name && *end == EntryEnd::Cut)
}

#[test]
fn random_changes_never_panic_or_hang() {
    let rounds: usize = std::env::var("WALK_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    let files = || {
        vec![
            ("a.log", b"line\n".repeat(300)),
            ("b.gz", gz(b"rotated\n")),
            ("c.zip", zip(&[("x", b"x".repeat(50)), ("y", b"y".to_vec())])),
            ("d.tar", tar(&[("z", b"z".to_vec())])),
            ("e.txt", b"\xff\xfea\0b\0\x3d\xd8\x00\xde".to_vec()),
        ]
    };
    let seeds = [
        tar(&files()),
        gz(&tar(&files())),
        zip(&files()),
        streamed_zip(&files(), CompressionMethod::Deflated),
        streamed_zip(&files(), CompressionMethod::Stored),
        zst(&tar(&files())),
        xz(&tar(&files())),
        bz2(&tar(&files())),
    ];
    let mut limits = Limits::default();
    limits.total_bytes = 64 << 20;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        for seed in &seeds {
            let bytes = changed(seed, &mut numbers);
            let mut limits = limits.clone();
            limits.zip_buffer_bytes = if round % 2 == 0 { 64 << 20 } else { 100 };
            let options = WalkOptions::default().with_limits(limits);
            let plain = walked(source("in", &bytes), &options);
            // Neither threads nor the size of pieces change anything.
            // How much of a damaged block the xz and bzip2 libraries give depends on the room they are given.
            let own_room = bytes.starts_with(b"BZh") || bytes.starts_with(b"\xfd7zXZ");
            let chunk_bytes = if own_room { 64 << 10 } else { 16 };
            let options_of_cut = options.clone().with_chunk_bytes(chunk_bytes).with_threads(2);
            let cut = walked(source("in", &bytes), &options_of_cut);
            let what = format!("round {round}, {:?}", &bytes[..bytes.len().min(8)]);
            assert_eq!(plain.ends, cut.ends, "{what}");
            for (a, b) in plain.leaves.iter().zip(&cut.leaves) {
                // How much comes in front of damage depends on the room that the decoder is given.
                let same = a == b || is_cut(&plain, &a.0) && (a.1.starts_with(&b.1) || b.1.starts_with(&a.1));
                assert!(same, "{what}: {} {} {}", a.0, a.1.len(), b.1.len());
            }
            assert_eq!(plain.summary.complete, cut.summary.complete, "{what}");
            assert_eq!(plain.problems.is_empty(), cut.problems.is_empty(), "{what}");
            walked(piped("in", &bytes), &options);
        }
    }
}
