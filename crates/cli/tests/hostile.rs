//! Input made on purpose: archives of `testdata/hostile/`, and what would take memory if it were let.
//!
//! `LOGGREP_ABM_FULL=1` takes the full sizes; without it they are parts of that, so that it takes seconds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// Peak of resident memory that no input may exceed, in KiB.
const PEAK_KIB: u64 = 256 << 10;
const NDP: &[u8] = b"E0119 22:11:49.705596 1 client.go:48] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"\n";
const NDP_ID: &str = "network-gateway-group-missing-interface-ip";

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggrep-abm"));
    command.env_clear().args(["analyze", "-q", "-f", "json", "-j", "2", "--strict"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn every_hostile_archive_is_read_and_its_damage_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/hostile");
    let expected = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in expected.lines() {
        let (name, kind) = line.split_once('\t').unwrap();
        for inflater in ["zlib-rs", "two-stage"] {
            let path = folder.join(name);
            let output = program(&["--inflater", inflater, path.to_str().unwrap()]).output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            let ended = matches!(output.status.code(), Some(0 | 3)) && errors.is_empty();
            let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let problems = report["problems"].as_array().cloned().unwrap_or_default();
            let told = if kind == "-" {
                problems.is_empty()
            } else {
                problems.iter().any(|problem| problem["kind"] == kind)
            };
            if !ended || !told {
                wrong.push(format!(
                    "{name}, {inflater}: {kind} expected; {} {errors} {problems:?}",
                    output.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `full` or, by default, a part of it.
fn scaled(full: usize, part: usize) -> usize {
    if std::env::var_os("LOGGREP_ABM_FULL").is_some() { full } else { part }
}

/// Runs the program on what `write` pipes into it: its report. Its memory is watched meanwhile.
fn piped(write: impl FnOnce(&mut dyn Write) -> std::io::Result<()> + Send + 'static) -> Value {
    let mut child = program(&["-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = std::io::BufWriter::new(child.stdin.take().unwrap());
    let writer = std::thread::spawn(move || write(&mut stdin).and_then(|()| stdin.flush()));
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut report = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut report).map(|_| report)
    });
    let peak = watch(&mut child);
    writer.join().unwrap().unwrap();
    let report = reader.join().unwrap().unwrap();
    assert!(peak.is_none_or(|peak| peak > 0 && peak <= PEAK_KIB), "{peak:?} KiB at the peak");
    serde_json::from_slice(&report).unwrap()
}

/// Waits for the end: the peak of resident memory in KiB, where the system tells it.
fn watch(child: &mut Child) -> Option<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = Path::new("/proc/self/status").exists().then_some(0);
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(now) = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()) {
            peak = Some(now);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(matches!(status.code(), Some(0 | 3)), "{status}");
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn tar_header(name: &str, size: usize) -> [u8; 512] {
    let mut block = [0; 512];
    let fields =
        [(0, name.to_owned()), (100, "0000644".into()), (108, "0000000".into()), (116, "0000000".into())];
    let more =
        [(124, format!("{size:011o}")), (136, "14200000000".into()), (148, " ".repeat(8)), (156, "0".into())];
    for (at, text) in fields.into_iter().chain(more).chain([(257, "ustar\x0000".into())]) {
        block[at..at + text.len()].copy_from_slice(text.as_bytes());
    }
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn finding<'r>(report: &'r Value, id: &str) -> &'r Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("{id} in {findings:?}"))
}

#[test]
fn a_million_members() {
    let members = scaled(1_000_000, 50_000);
    let report = piped(move |out| {
        let mut content = NDP.to_vec();
        content.resize(512, b'\n');
        for member in 0..members {
            out.write_all(&tar_header(&format!("logs/node-{member}.log"), 512))?;
            out.write_all(&content)?;
        }
        out.write_all(&[0; 1024])
    });
    assert_eq!(report["inputs"][0]["entries"], members);
    assert_eq!(finding(&report, NDP_ID)["count"], members);
}

#[test]
fn a_line_without_end() {
    let repeats = scaled(200 << 20, 30 << 20) / 64;
    let report = piped(move |out| {
        for _ in 0..repeats {
            out.write_all(&[b'x'; 64])?;
        }
        out.write_all(b"\n")?;
        out.write_all(NDP)
    });
    assert_eq!(finding(&report, NDP_ID)["count"], 1);
}

#[test]
fn a_thousand_times_its_size() {
    let megabytes = scaled(2048, 64);
    let report = piped(move |out| {
        let mut gz = flate2::write::GzEncoder::new(out, flate2::Compression::best());
        for _ in 0..megabytes {
            gz.write_all(&vec![0; 1 << 20])?;
        }
        gz.write_all(b"\n")?;
        gz.write_all(NDP)?;
        gz.finish().map(|_| ())
    });
    assert_eq!(finding(&report, NDP_ID)["count"], 1);
}

#[test]
fn a_million_hits_of_one_issue() {
    let hits = scaled(1_000_000, 100_000);
    let report = piped(move |out| (0..hits).try_for_each(|_| out.write_all(NDP)));
    assert_eq!(finding(&report, NDP_ID)["count"], hits);
}
