//! Input made on purpose: archives of `testdata/hostile/`, and what would take memory if it were let.
//!
//! `LOGGREP_ABM_FULL=1` takes the full sizes; without it they are parts of that, so that it takes seconds.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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

#[test]
fn forty_layers() {
    let megabytes = scaled(64, 4);
    let report = piped(move |out| {
        let text = NDP.repeat((megabytes << 20) / NDP.len());
        let packed = (0..40).fold(text, |inner, layer| match layer % 3 {
            0 => gz(&inner),
            1 => zstd::encode_all(&inner[..], 1).unwrap(),
            _ => liblzma::encode_all(&inner[..], 0).unwrap(),
        });
        out.write_all(&packed)
    });
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["kind"] == "limit"), "{problems:?}");
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn a_thousand_times_its_size_by_other_decoders() {
    let megabytes = scaled(1024, 48);
    let zeros = vec![0; 1 << 20];
    let mut zst = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    for _ in 0..megabytes {
        zst.write_all(&zeros).unwrap();
        xz.write_all(&zeros).unwrap();
    }
    for out in [&mut zst as &mut dyn Write, &mut xz] {
        out.write_all(b"\n").unwrap();
        out.write_all(NDP).unwrap();
    }
    for packed in [zst.finish().unwrap(), xz.finish().unwrap()] {
        assert!(packed.len() < (megabytes << 20) / 1000, "{} bytes", packed.len());
        let report = piped(move |out| out.write_all(&packed));
        let is_limited =
            report["problems"].as_array().unwrap().iter().any(|problem| problem["kind"] == "limit");
        let is_found = report["findings"].as_array().unwrap().len() == 1;
        assert!(is_limited || is_found, "{report}");
    }
}

/// A zip with its directory, on disk: the directory alone is many megabytes.
#[test]
fn a_million_members_of_a_zip() {
    let members = scaled(1_000_000, 30_000);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("many.zip");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let mut sum = flate2::Crc::new();
    sum.update(NDP);
    let size = (NDP.len() as u32).to_le_bytes();
    let fields = |name: &str| {
        let mut fields = [10u16, 0, 0, 0, 0x21].map(u16::to_le_bytes).concat();
        fields.extend_from_slice(&sum.sum().to_le_bytes());
        fields.extend_from_slice(&[size, size].concat());
        fields.extend_from_slice(&(name.len() as u16).to_le_bytes());
        fields.extend_from_slice(&[0, 0]);
        fields
    };
    let mut directory = Vec::new();
    let mut at = 0u32;
    for member in 0..members {
        let name = format!("{member:07}.log");
        let local = [&b"PK\x03\x04"[..], &fields(&name), name.as_bytes(), NDP].concat();
        out.write_all(&local).unwrap();
        directory.extend_from_slice(&[&b"PK\x01\x02\x14\0"[..], &fields(&name), &[0; 10]].concat());
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        at += local.len() as u32;
    }
    // The count of the end record has 16 bits: zip64 tells it whole.
    let (count, size) = ((members as u64).to_le_bytes(), (directory.len() as u64).to_le_bytes());
    let end = u64::from(at) + directory.len() as u64;
    out.write_all(&directory).unwrap();
    let zip64 = [&b"PK\x06\x06"[..], &44u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8], &count, &count, &size];
    out.write_all(&zip64.concat()).unwrap();
    out.write_all(&u64::from(at).to_le_bytes()).unwrap();
    out.write_all(&[&b"PK\x06\x07\0\0\0\0"[..], &end.to_le_bytes(), &[1, 0, 0, 0]].concat()).unwrap();
    out.write_all(&[&b"PK\x05\x06\0\0\0\0"[..], &[0xff; 12], &[0; 2]].concat()).unwrap();
    out.flush().unwrap();
    drop(out);
    let mut child = program(&[path.to_str().unwrap()]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut report = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut report).map(|_| report)
    });
    let peak = watch(&mut child);
    std::fs::remove_file(&path).unwrap();
    let report: Value = serde_json::from_slice(&reader.join().unwrap().unwrap()).unwrap();
    assert_eq!(finding(&report, NDP_ID)["count"], members, "{}", report["problems"]);
    assert!(peak.is_none_or(|peak| peak > 0 && peak <= PEAK_KIB), "{peak:?} KiB at the peak");
}

/// The archives below a folder, by their names.
fn archives_below(folder: &Path, into: &mut Vec<PathBuf>) {
    const ENDINGS: [&str; 12] =
        ["tar", "tgz", "zip", "gz", "xz", "bz2", "zst", "lzma", "tbz", "txz", "jar", "whl"];
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() {
            archives_below(&path, into);
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
            && entry.metadata().is_ok_and(|data| data.len() < 8 << 20)
        {
            into.push(path);
        }
    }
}

/// What the tests of other programs are made with, where it lies on this machine: the sources of crates, and Python's
/// own test suite. None makes it panic or hang; what xz calls bad is told, and what it calls good is read.
#[test]
fn the_test_archives_of_others() {
    let mut archives = Vec::new();
    if let Some(home) = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))
    {
        archives_below(&home.join("registry/src"), &mut archives);
    }
    let python = Command::new("python3")
        .args(["-c", "import os, test; print(os.path.dirname(test.__file__))"])
        .output();
    if let Ok(output) = python
        && output.status.success()
    {
        archives_below(Path::new(String::from_utf8_lossy(&output.stdout).trim()), &mut archives);
    }
    archives.sort();
    let mut wrong = Vec::new();
    for path in &archives {
        let mut child = program(&[path.to_str().unwrap_or_default()]).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut report = Vec::new();
            std::io::Read::read_to_end(&mut stdout, &mut report).map(|_| report)
        });
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let report = reader.join().unwrap().unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap_or_default();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let told = report["problems"].as_array().is_some_and(|problems| !problems.is_empty());
        // Without its magic bytes it is a file like any other, and padding of odd length costs nothing.
        let is_xz = name.ends_with(".xz");
        let harmless = name == "bad-0-header_magic.xz" || name.contains("pad-");
        let as_named = match name.split_once('-') {
            Some(("bad", _)) if is_xz => told || harmless,
            Some(("good", _)) if is_xz => !told,
            _ => true,
        };
        if !status.is_some_and(|status| matches!(status.code(), Some(0 | 3))) || !as_named {
            wrong.push(format!("{}: {status:?} {}", path.display(), report["problems"]));
        }
    }
    assert!(wrong.is_empty(), "of {}:\n{}", archives.len(), wrong.join("\n"));
}
