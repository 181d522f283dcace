//! What damage costs: the entry it hits, and no more.

use loggrep_abm_core::ProblemKind::{Checksum, Corrupt, Truncated, Unreadable, Unsupported};
use loggrep_abm_core::container::EntryEnd;
use loggrep_abm_core::input::{Source, WalkOptions};
use zip::CompressionMethod;

use crate::support::*;

fn small() -> Tree {
    vec![
        ("a.log", b"first line\nsecond line\n".to_vec()),
        ("b.gz", gz(b"rotated\n")),
        ("c.log", b"third\n".repeat(100)),
    ]
}

/// The whole leaves of a walk are ones of the undamaged archive, unless they are named in a problem.
fn undamaged_leaves_are_equal(got: &Walked, whole: &Walked, what: &str) {
    for ((name, content), (_, end)) in got.leaves.iter().zip(&got.ends) {
        let named = got.problems.iter().any(|problem| problem.path.to_string() == *name);
        if *end == EntryEnd::Complete && !named && !got.problems.is_empty() {
            let known = whole.leaves.iter().any(|leaf| leaf.1 == *content);
            // A changed byte is noticed by the checksum of the whole, behind the members.
            let told = got.kinds().iter().any(|kind| matches!(kind, Corrupt | Checksum));
            assert!(known || told, "{what}: {name}");
        }
    }
}

#[test]
fn every_truncation_is_told_and_costs_only_what_follows() {
    let tar = tar(&small());
    for (pack, form) in [(gz as fn(&[u8]) -> Vec<u8>, "gz"), (zst, "zst"), (xz, "xz"), (bz2, "bz2")] {
        let packed = pack(&tar);
        let whole = walked_bytes(&packed);
        for cut in 6..packed.len() {
            let got = walked(piped("in", &packed[..cut]), &WalkOptions::default());
            let what = format!("{form} cut at {cut}");
            assert!(!got.summary.complete, "{what}");
            assert!(got.kinds().contains(&Truncated), "{what}: {:?}", got.problems);
            undamaged_leaves_are_equal(&got, &whole, &what);
        }
    }
}

#[test]
fn every_truncation_of_a_bare_tar_or_zip_is_told() {
    for (bytes, least) in [(tar(&small()), 512), (zip(&small()), 4)] {
        let whole = walked_bytes(&bytes);
        let content_end = bytes.len() - if least == 512 { 1024 } else { 0 };
        for cut in least..content_end {
            for source in [source("in", &bytes[..cut]), piped("in", &bytes[..cut])] {
                let got = walked(source, &WalkOptions::default());
                assert!(!got.summary.complete, "cut at {cut}");
                undamaged_leaves_are_equal(&got, &whole, &format!("cut at {cut}"));
            }
        }
    }
}

#[test]
fn the_rest_of_a_truncated_archive_is_kept() {
    let tar = tar(&small());
    // Behind the second member's header and data, in the third one's data.
    let got = walked_bytes(&tar[..512 * 5 + 100]);
    assert_eq!(got.content("a.log"), small()[0].1);
    assert_eq!(got.content("b.gz"), b"rotated\n");
    assert_eq!(got.content("c.log"), &small()[2].1[..100]);
    assert_eq!(got.kinds(), [Truncated]);
    assert_eq!(got.problems[0].path.to_string(), "in!c.log");
    assert_eq!(got.problems[0].offset, Some(100));
    assert_eq!(got.ends[2].1, EntryEnd::Cut);
}

#[test]
fn a_missing_end_marker_is_told() {
    let tar = tar(&small());
    let got = walked_bytes(&tar[..tar.len() - 1024]);
    assert_eq!(got.leaves.len(), 3);
    assert_eq!(got.kinds(), [Truncated]);
    assert!(got.problems[0].message.contains("end marker"));
}

#[test]
fn no_flipped_bit_in_front_panics_or_hangs() {
    for packed in
        [gz(&tar(&small())), zst(&tar(&small())), xz(&tar(&small())), bz2(&tar(&small())), zip(&small())]
    {
        let whole = walked_bytes(&packed);
        for at in 0..packed.len().min(600) {
            for bit in [1, 0x10, 0x80, 0xff] {
                let mut flipped = packed.clone();
                flipped[at] ^= bit;
                let got = walked_bytes(&flipped);
                undamaged_leaves_are_equal(&got, &whole, &format!("byte {at} ^ {bit}"));
                walked(piped("in", &flipped), &WalkOptions::default().with_threads(2));
            }
        }
    }
}

#[test]
fn flipped_bits_of_a_bare_tar_cost_their_member() {
    let tar = tar(&small());
    let whole = walked_bytes(&tar);
    for at in 0..tar.len() {
        for bit in [1, 0x80] {
            let mut flipped = tar.clone();
            flipped[at] ^= bit;
            let got = walked_bytes(&flipped);
            let same = got.leaves.iter().filter(|leaf| whole.leaves.contains(leaf)).count();
            // Of three members, one may be lost; a damaged first header may make it no tar at all.
            assert!(same >= 2 || at < 512, "byte {at}: {:?} {:?}", got.names(), got.problems);
        }
    }
}

#[test]
fn a_damaged_header_costs_its_member_alone() {
    let mut archive = tar(&small());
    archive[1024 + 20] ^= 0x55;
    let got = walked_bytes(&archive);
    assert_eq!(got.names(), ["in!a.log", "in!c.log"]);
    assert_eq!(got.kinds(), [Corrupt]);
    assert_eq!(got.problems[0].offset, Some(1024));
    assert!(got.problems[0].message.contains("1024 bytes are skipped"), "{:?}", got.problems);
}

#[test]
fn garbage_behind_the_end_is_told_and_an_archive_behind_it_read() {
    let mut archive = tar(&small());
    archive.extend_from_slice(&[b'g'; 1000]);
    let got = walked_bytes(&archive);
    assert_eq!(got.leaves.len(), 3);
    assert_eq!(got.kinds(), [Corrupt]);
    archive.resize(archive.len().next_multiple_of(512), b'g');
    archive.extend_from_slice(&tar(&[("later", b"later".to_vec())]));
    let got = walked_bytes(&archive);
    assert_eq!(got.content("later"), b"later");
    assert_eq!(got.kinds(), [Corrupt]);
}

#[test]
fn lying_sizes_neither_allocate_nor_overflow() {
    for size in [u64::MAX, u64::MAX - 511, 1 << 63, (1 << 33) + 7] {
        let mut archive = header("liar", size).as_bytes().to_vec();
        archive.extend_from_slice(b"all there is");
        let got = walked_bytes(&archive);
        assert_eq!(got.content("liar"), b"all there is");
        assert_eq!(got.kinds(), [Truncated]);
        for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader, tar::EntryType::XGlobalHeader] {
            let mut long = header("liar", size);
            long.set_entry_type(kind);
            long.set_cksum();
            let mut archive = long.as_bytes().to_vec();
            archive.extend_from_slice(b"all there is");
            let got = walked_bytes(&archive);
            assert!(!got.summary.complete);
        }
    }
}

#[test]
fn a_wrong_gzip_checksum_or_length_is_told_and_the_text_kept() {
    let text = b"kept\n".repeat(50);
    let packed = gz(&text);
    for (from_end, word) in [(8, "checksum"), (2, "length")] {
        let mut wrong = [packed.clone(), gz(b"next\n")].concat();
        wrong[packed.len() - from_end] ^= 1;
        let got = walked_bytes(&wrong);
        assert_eq!(got.content("in"), [text.clone(), b"next\n".to_vec()].concat());
        assert_eq!(got.kinds(), [Checksum]);
        assert!(got.problems[0].message.contains(word), "{:?}", got.problems);
    }
}

#[test]
fn a_damaged_nested_gzip_costs_itself_alone() {
    let mut inner = gz(&b"some text that is compressed\n".repeat(100));
    let middle = inner.len() / 2;
    inner.truncate(middle);
    let got = walked_bytes(&gz(&tar(&[("a.gz", inner), ("b", b"b".to_vec())])));
    assert_eq!(got.content("in!b"), b"b");
    assert_eq!(got.kinds(), [Truncated]);
    assert_eq!(got.problems[0].path.to_string(), "in!a.gz");
}

#[test]
fn damage_below_several_layers_is_told_once() {
    let inner = gz(&tar(&[("x", b"x".repeat(5000)), ("y", b"y".repeat(5000))]));
    let outer = gz(&tar(&[("in.tgz", inner), ("z", b"z".to_vec())]));
    for cut in 20..outer.len() {
        let got = walked_bytes(&outer[..cut]);
        assert_eq!(got.kinds(), [Truncated], "cut at {cut}: {:?}", got.problems);
    }
}

#[test]
fn a_zip_without_directory_is_read_by_its_local_headers() {
    for whole in [zip(&small()), streamed_zip(&small(), CompressionMethod::Deflated)] {
        let at = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
        for source in [source("in", &whole[..at]), piped("in", &whole[..at])] {
            let got = walked(source, &WalkOptions::default());
            assert_eq!(got.leaves, walked_bytes(&whole).leaves);
            assert!(got.kinds().contains(&Corrupt), "{:?}", got.problems);
            assert!(!got.summary.complete);
        }
    }
}

#[test]
fn a_zip_with_bytes_in_front_or_a_comment_is_read() {
    let mut padded = zip(&small());
    let end = padded.len() - 2;
    padded[end] = 9;
    padded.extend_from_slice(b"a comment");
    let got = walked_bytes(&padded);
    assert_eq!((got.leaves.len(), got.problems.len()), (3, 0));
}

#[test]
fn a_wrong_zip_checksum_is_told_and_the_text_kept() {
    let mut wrong = zip(&[("a", b"text".to_vec()), ("b", b"stored".to_vec())]);
    let at = memchr::memmem::find(&wrong, b"stored").unwrap();
    wrong[at] = b'S';
    for source in [source("in", &wrong), piped("in", &wrong)] {
        let got = walked(source, &WalkOptions::default());
        assert_eq!(got.content("b"), b"Stored");
        assert_eq!(got.kinds(), [Checksum]);
    }
}

#[test]
fn an_encrypted_zip_member_is_named() {
    let mut locked = zip(&[("a", b"text".to_vec()), ("b", b"b".to_vec())]);
    locked[6] |= 1;
    let at = memchr::memmem::find(&locked, b"PK\x01\x02").unwrap();
    locked[at + 8] |= 1;
    for source in [source("in", &locked), piped("in", &locked)] {
        let got = walked(source, &WalkOptions::default());
        assert_eq!(got.names(), ["in!b"]);
        assert_eq!(got.kinds(), [Unsupported]);
    }
}

#[test]
fn a_stored_zip_member_without_length_is_read_or_named() {
    let streamed = streamed_zip(&small(), CompressionMethod::Stored);
    // In memory the directory tells the lengths.
    assert_eq!(walked_bytes(&streamed).leaves.len(), 3);
    // As a stream nothing does.
    let mut limits = loggrep_abm_core::Limits::default();
    limits.zip_buffer_bytes = 0;
    let got = walked(piped("in", &streamed), &WalkOptions::default().with_limits(limits));
    assert_eq!(got.leaves, []);
    assert_eq!(got.kinds(), [Unsupported; 3], "{:?}", got.problems);
}

#[test]
fn a_zip_beyond_the_buffer_is_read_as_a_stream() {
    let mut limits = loggrep_abm_core::Limits::default();
    limits.zip_buffer_bytes = 100;
    let options = WalkOptions::default().with_limits(limits);
    for zip in [zip(&tree()), streamed_zip(&tree(), CompressionMethod::Deflated)] {
        let got = walked(piped("in", &zip), &options);
        let expected: Vec<_> = leaves().into_iter().map(|leaf| (format!("in!{}", leaf.0), leaf.1)).collect();
        assert!(got.leaves == expected, "{:?}", got.names());
        assert_eq!(got.problems, []);
        let nested = walked_bytes(&gz(&tar(&[("a.zip", zip)])));
        assert_eq!(nested.problems, []);
        assert_eq!(nested.leaves.len(), 4);
    }
}

#[test]
fn overlapping_zip_members_are_refused() {
    let once = zip(&[("a", b"0123456789".repeat(20))]);
    let at = memchr::memmem::find(&once, b"PK\x01\x02").unwrap();
    let end = memchr::memmem::find(&once, b"PK\x05\x06").unwrap();
    let entry = once[at..end].to_vec();
    let mut bomb = once[..at].to_vec();
    let count = 50;
    (0..count).for_each(|_| bomb.extend_from_slice(&entry));
    let mut tail = once[end..].to_vec();
    tail[12..16].copy_from_slice(&((entry.len() * count) as u32).to_le_bytes());
    bomb.extend_from_slice(&tail);
    let mut claims_more = bomb.clone();
    for index in 0..count {
        // Each entry claims half of the archive.
        let from = at + index * entry.len() + 20;
        claims_more[from..from + 4].copy_from_slice(&((bomb.len() / 2) as u32).to_le_bytes());
    }
    let got = walked_bytes(&claims_more);
    assert!(got.leaves.len() <= 3, "{}", got.leaves.len());
    assert!(got.kinds().contains(&Corrupt));
}

#[test]
fn a_failing_reader_is_told_with_its_place() {
    struct Failing(Vec<u8>, usize);
    impl std::io::Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            if self.1 == self.0.len() {
                return Err(std::io::Error::other("device gone"));
            }
            out[0] = self.0[self.1];
            self.1 += 1;
            Ok(1)
        }
    }
    let packed = gz(&tar(&small()));
    for length in 0..packed.len() {
        for threads in [1, 2] {
            let reader = Box::new(Failing(packed[..length].to_vec(), 0));
            let source = Source::Reader { name: "in".into(), reader };
            let got = walked(source, &WalkOptions::default().with_threads(threads));
            assert_eq!(got.kinds(), [Unreadable], "{length}: {:?}", got.problems);
            assert!(got.problems[0].message.contains("device gone"));
        }
    }
}

#[test]
fn sparse_members_give_what_is_stored() {
    let mut sparse = header("sparse.log", 6);
    sparse.set_entry_type(tar::EntryType::GNUSparse);
    let gnu = sparse.as_gnu_mut().unwrap();
    gnu.set_is_extended(true);
    sparse.set_cksum();
    let mut archive = sparse.as_bytes().to_vec();
    archive.extend_from_slice(&[0; 512]);
    archive.extend_from_slice(b"stored");
    archive.resize(archive.len().next_multiple_of(512), 0);
    archive.extend_from_slice(&tar(&[("next", b"n".to_vec())]));
    let got = walked_bytes(&archive);
    assert_eq!(got.content("sparse.log"), b"stored");
    assert_eq!(got.content("next"), b"n");
    assert_eq!(got.kinds(), [Unsupported]);

    let mut builder = tar::Builder::new(Vec::new());
    let pax: [(&str, &[u8]); 4] = [
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"real.log"),
        ("GNU.sparse.realsize", b"100000"),
    ];
    builder.append_pax_extensions(pax).unwrap();
    let mut data = b"1\n99994\n6\n".to_vec();
    data.resize(512, 0);
    data.extend_from_slice(b"stored");
    builder.append(&header("GNUSparseFile.0/real.log", data.len() as u64), &data[..]).unwrap();
    builder.append(&header("next", 1), &b"n"[..]).unwrap();
    let got = walked_bytes(&builder.into_inner().unwrap());
    assert_eq!(got.content("in!real.log"), b"stored");
    assert_eq!(got.content("in!next"), b"n");
    assert_eq!(got.kinds(), [Unsupported]);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("unreadable");
    folder.file("a.log", b"a");
    let locked = folder.file("b.log", b"b");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads it all the same.
    let readable = std::fs::read(&locked).is_ok();
    let got = walked(Source::Path(folder.0.clone()), &WalkOptions::default());
    assert_eq!(got.kinds(), if readable { vec![] } else { vec![Unreadable] });
    assert_eq!(got.content("a.log"), b"a");
}
