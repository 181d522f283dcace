//! What archives and compressed streams become.

use std::io::Cursor;
use std::ops::ControlFlow;

use loggrep_abm_core::container::{Entry, EntryEnd, Sink};
use loggrep_abm_core::input::{Inflater, InputSummary, Source, WalkOptions, walk};
use loggrep_abm_core::{Limits, Problem};

use crate::oracle;

/// What came of an input.
struct Walked {
    leaves: Vec<(Vec<u8>, Vec<u8>, EntryEnd)>,
    problems: Vec<Problem>,
    summary: InputSummary,
}

#[derive(Default)]
struct Kept {
    leaves: Vec<(Vec<u8>, Vec<u8>, Option<EntryEnd>)>,
    problems: Vec<Problem>,
}

impl Sink for Kept {
    fn begin(&mut self, entry: &Entry) -> bool {
        assert!(self.leaves.last().is_none_or(|leaf| leaf.2.is_some()), "an entry begins within another");
        self.leaves.push((entry.path.as_bytes().to_vec(), Vec::new(), None));
        true
    }

    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let leaf = self.leaves.last_mut().expect("data within an entry");
        assert!(leaf.2.is_none(), "data behind the end of an entry");
        leaf.1.extend_from_slice(bytes);
        ControlFlow::Continue(())
    }

    fn end(&mut self, end: EntryEnd) {
        let leaf = self.leaves.last_mut().expect("the end of an entry");
        assert!(leaf.2.replace(end).is_none(), "an entry ends twice");
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

const TOTAL_BYTES: u64 = 4 << 20;

/// Limits that keep a run short.
fn options() -> WalkOptions<'static> {
    let mut limits = Limits::default();
    limits.total_bytes = TOTAL_BYTES;
    limits.members = 2000;
    limits.window_bytes = 16 << 20;
    limits.zip_buffer_bytes = 1 << 20;
    WalkOptions::default().with_limits(limits)
}

fn bytes(data: &[u8]) -> Source {
    Source::Bytes { name: "in".into(), bytes: data.to_vec() }
}

fn piped(data: &[u8]) -> Source {
    Source::Reader { name: "in".into(), reader: Box::new(Cursor::new(data.to_vec())) }
}

fn walked(source: Source, options: &WalkOptions<'_>) -> Walked {
    let (sinks, summary) = walk(source, options, Kept::default).unwrap();
    let (mut leaves, mut problems) = (Vec::new(), Vec::new());
    for sink in sinks {
        let ended =
            |(path, content, end): (_, _, Option<EntryEnd>)| (path, content, end.expect("each entry ends"));
        leaves.extend(sink.leaves.into_iter().map(ended));
        problems.extend(sink.problems);
    }
    leaves.sort_by(|a, b| a.0.cmp(&b.0));
    problems.sort();
    let total: u64 = leaves.iter().map(|leaf| leaf.1.len() as u64).sum();
    assert_eq!(total, summary.bytes, "bytes that were counted");
    assert!(total <= options.limits.total_bytes, "{total} bytes are more than the limit");
    assert!(leaves.len() as u64 <= options.limits.members);
    assert!(leaves.iter().all(|leaf| leaf.0.starts_with(b"in")));
    let is_cut = leaves.iter().any(|leaf| leaf.2 == EntryEnd::Cut);
    let losing = problems.iter().any(|problem| problem.kind.loses_content());
    assert!(!is_cut || losing, "an entry is cut and nothing says so");
    assert_eq!(summary.complete, !losing, "complete, but {problems:?}");
    assert!(problems.iter().all(|problem| !problem.message.is_empty()));
    Walked { leaves, problems, summary }
}

/// Whether the xz or bzip2 library may have a hand in it: how much of a damaged block they give depends on the room
/// they are given.
fn own_room(data: &[u8]) -> bool {
    let holds = |magic: &[u8]| data.windows(magic.len()).any(|window| window == magic);
    // Within a compressed stream they cannot be seen.
    holds(b"BZh") || holds(b"\xfd7zXZ") || holds(b"\x1f\x8b") || holds(b"PK") || holds(b"\x28\xb5\x2f\xfd")
}

fn prefixes(a: &[u8], b: &[u8]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// Neither threads nor the size of pieces change what is found.
fn cut_anyhow(data: &[u8], whole: &Walked) {
    let chunk_bytes = if own_room(data) { 64 << 10 } else { 16 };
    let cut = walked(bytes(data), &options().with_chunk_bytes(chunk_bytes).with_threads(2));
    let told = || format!("{:?}\nand\n{:?}", whole.problems, cut.problems);
    let names =
        |walked: &Walked| walked.leaves.iter().map(|leaf| (leaf.0.clone(), leaf.2)).collect::<Vec<_>>();
    assert_eq!(names(whole), names(&cut), "{}", told());
    for (a, b) in whole.leaves.iter().zip(&cut.leaves) {
        // How much comes in front of damage depends on the room that the decoder is given.
        let same = a.1 == b.1 || (a.2 == EntryEnd::Cut && prefixes(&a.1, &b.1));
        assert!(same, "{}: {} and {} bytes", String::from_utf8_lossy(&a.0), a.1.len(), b.1.len());
    }
    assert_eq!(whole.summary.format, cut.summary.format);
    let kinds = |walked: &Walked| walked.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>();
    assert_eq!(kinds(whole), kinds(&cut), "{}", told());
}

/// Any bytes: sniffed, opened, nested.
pub(crate) fn container(data: &[u8]) {
    let whole = walked(bytes(data), &options());
    cut_anyhow(data, &whole);
    let other = walked(piped(data), &options());
    // A zip that is piped is read by its local headers where its directory is broken.
    if whole.problems.is_empty() && other.problems.is_empty() {
        assert!(whole.leaves == other.leaves, "piped it holds something else");
    }
}

/// A bare tar: blocks that look like headers get the checksum that they need, so that what is behind it is met.
pub(crate) fn tar(data: &[u8]) {
    let mut fixed = data.to_vec();
    for block in fixed.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            seal(block);
        }
    }
    let whole = walked(bytes(&fixed), &options());
    cut_anyhow(&fixed, &whole);
    damaged_tar(data);
}

/// Writes the checksum of a tar header.
fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum = checksum(block);
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn checksum(block: &[u8]) -> u32 {
    let field = 148..156;
    let value = |(at, byte): (usize, &u8)| if field.contains(&at) { 32 } else { u32::from(*byte) };
    block.iter().enumerate().map(value).sum()
}

/// A tar with members of a kind of byte each: damage to one header costs that member alone.
fn damaged_tar(data: &[u8]) {
    let [members, damaged, changes @ ..] = data else { return };
    let members = 2 + usize::from(members % 5);
    let damaged = usize::from(*damaged) % members;
    let mut packed = Vec::new();
    let content = |member: usize| vec![b'a' + member as u8; 300 + 400 * member];
    for member in 0..members {
        let mut header = vec![0; 512];
        let name = format!("member-{member}.log");
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content(member).len()).as_bytes());
        header[136..148].copy_from_slice(b"14200000000\0");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        seal(&mut header);
        if member == damaged {
            let sum = checksum(&header);
            for change in changes.chunks_exact(3).take(40) {
                header[usize::from(u16::from_le_bytes([change[0], change[1]])) % 512] = change[2];
            }
            let stored = std::str::from_utf8(&header[148..156]).unwrap_or_default();
            let stored = u32::from_str_radix(stored.trim_matches(['\0', ' ']), 8).unwrap_or_default();
            // A header that is as valid as any other says what it likes, and so does one whose fields look like those
            // of another member.
            if stored == checksum(&header) || checksum(&header) == sum {
                return;
            }
        }
        packed.extend_from_slice(&header);
        packed.extend_from_slice(&content(member));
        packed.resize(packed.len().next_multiple_of(512), 0);
    }
    packed.resize(packed.len() + 1024, 0);
    // Its first header tells what it is; compressed, it is known by that, whatever its header.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &packed).unwrap();
    let got = walked(bytes(&encoder.finish().unwrap()), &options());
    if damaged == 0 && got.summary.format != "tar.gz" {
        return;
    }
    for member in (0..members).filter(|&member| member != damaged) {
        let name = format!("member-{member}.log");
        let found =
            got.leaves.iter().any(|leaf| leaf.0.ends_with(name.as_bytes()) && leaf.1 == content(member));
        assert!(found, "{name} is lost with member {damaged}: {:?}", got.problems);
    }
}

/// A zip by its directory, as it comes through a pipe, and without its directory.
pub(crate) fn zip(data: &[u8]) {
    let whole = walked(bytes(data), &options());
    cut_anyhow(data, &whole);
    let piped = walked(piped(data), &options());
    if whole.problems.is_empty() && piped.problems.is_empty() {
        assert!(whole.leaves == piped.leaves, "piped it holds something else");
    }
}

/// Both inflaters say what zlib-rs says of it, and a bundle that is packed so is read alike.
pub(crate) fn gzip(data: &[u8]) {
    oracle::fuzz_one(&data[..data.len().min(64 << 10)]);
    let member = [&b"\x1f\x8b\x08\0\0\0\0\0\0\xff"[..], data].concat();
    for data in [data, &member] {
        let one = walked(bytes(data), &options());
        for threads in [1, 2] {
            let options = options().with_threads(threads).with_inflater(Inflater::TwoStage);
            let other = walked(bytes(data), &options);
            assert_eq!(
                one.summary.complete, other.summary.complete,
                "{:?} {:?}",
                one.problems, other.problems
            );
            if one.summary.complete {
                assert!(one.leaves == other.leaves, "the inflaters give different bytes");
            }
        }
    }
}

/// UTF-16 becomes what the standard library makes of it.
pub(crate) fn utf16(data: &[u8]) {
    for (mark, decode) in [
        (b"\xff\xfe", u16::from_le_bytes as fn([u8; 2]) -> u16),
        (b"\xfe\xff", u16::from_be_bytes as fn([u8; 2]) -> u16),
    ] {
        let text = [&mark[..], data].concat();
        let units = data.chunks_exact(2).map(|pair| decode([pair[0], pair[1]]));
        let mut expected: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        if data.len() % 2 == 1 {
            // Half a unit behind a lead without its trail is told as one.
            let is_lead = data.len() > 2
                && (0xd800..0xdc00).contains(&decode([data[data.len() - 3], data[data.len() - 2]]));
            if !is_lead {
                expected.push(char::REPLACEMENT_CHARACTER);
            }
        }
        for chunk_bytes in [16, 64 << 10] {
            let got = walked(bytes(&text), &options().with_chunk_bytes(chunk_bytes));
            if got.summary.format != "plain" {
                continue;
            }
            let leaf = got.leaves.first().map_or(&b""[..], |leaf| &leaf.1);
            if got.problems.is_empty() {
                assert_eq!(String::from_utf8_lossy(leaf), expected, "pieces of {chunk_bytes}");
            }
        }
    }
}
