//! Inputs that once found a fault, and the seeds, hold on every run of the tests.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use loggrep_abm_fuzz_bodies::{TARGETS, run, seeds};

#[test]
fn what_once_found_a_fault_finds_none() {
    let folder = seeds::root().join("testdata/fuzz-regressions");
    let mut wrong = Vec::new();
    for entry in
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        let target = entry.file_name().unwrap().to_string_lossy().into_owned();
        for path in std::fs::read_dir(&entry).unwrap().map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(&path).unwrap();
            if catch_unwind(AssertUnwindSafe(|| run(&target, &bytes))).is_err() {
                wrong.push(path);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_seeds_hold() {
    let mut wrong = Vec::new();
    for (target, body) in TARGETS {
        let seeds = seeds::of(target);
        assert!(!seeds.is_empty(), "{target} has no seeds");
        // A part of many, so that it takes seconds.
        let step = seeds.len().div_ceil(40);
        for (at, seed) in seeds.iter().enumerate().step_by(step) {
            if catch_unwind(AssertUnwindSafe(|| body(seed))).is_err() {
                wrong.push((target, at));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_target_is_one_of_the_fuzzer() {
    let manifest = std::fs::read_to_string(seeds::root().join("fuzz/Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let built: BTreeSet<&str> = bins.iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    assert_eq!(built, TARGETS.iter().map(|target| target.0).collect());
}
