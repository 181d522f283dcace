//! Writes the seeds of every target: `cargo run -p loggrep-abm-fuzz-bodies --example seeds -- fuzz/corpus`.

#![allow(clippy::unwrap_used, reason = "a program that cannot go on says why")]

use std::path::Path;

use loggrep_abm_fuzz_bodies::{TARGETS, seeds};

fn main() {
    let folder = std::env::args_os().nth(1).expect("the folder to write to");
    for (target, _) in TARGETS {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds::of(target).iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}
