//! The same leaves from every form of the same tree.

use loggrep_abm_core::ProblemKind;
use loggrep_abm_core::container::EntryEnd;
use loggrep_abm_core::input::{Source, WalkOptions};
use zip::CompressionMethod;

use crate::support::*;

/// Checks that `bytes` give the tree's leaves below `prefix`, however they are read.
fn same_leaves(name: &str, bytes: &[u8], prefix: &str, format: &str) {
    let expected: Vec<_> =
        leaves().into_iter().map(|(tail, content)| (format!("{prefix}{tail}"), content)).collect();
    let folder = Folder::new(name);
    let path = folder.file(name, bytes);
    let reader = || Source::Reader { name: name.into(), reader: Box::new(Faltering::new(bytes)) };
    for chunk_bytes in [16, 700, 256 << 10] {
        for threads in [1, 3] {
            let options = WalkOptions::default().with_chunk_bytes(chunk_bytes).with_threads(threads);
            let sources = [source(name, bytes), piped(name, bytes), reader(), Source::Path(path.clone())];
            for source in sources {
                let what = format!("{source:?}, chunks of {chunk_bytes}, {threads} threads");
                let at_path = matches!(source, Source::Path(_));
                let mut got = walked(source, &options);
                assert_eq!(got.problems, [], "{what}");
                if at_path {
                    let in_front = folder.0.to_string_lossy().len() + 1;
                    got.leaves.iter_mut().for_each(|leaf| leaf.0 = leaf.0[in_front..].to_string());
                }
                assert!(got.leaves == expected, "{what}: {:?}", got.names());
                assert!(got.ends.iter().all(|(_, end)| *end == EntryEnd::Complete), "{what}");
                assert!(got.summary.complete, "{what}");
                assert_eq!(got.summary.format, format, "{what}");
                assert_eq!(got.summary.entries, 4, "{what}");
            }
        }
    }
}

#[test]
fn tar_forms() {
    let tar = tar(&tree());
    same_leaves("a.tar", &tar, "a.tar!", "tar");
    same_leaves("a.tar.gz", &gz(&tar), "a.tar.gz!", "tar.gz");
    same_leaves("a.tar.zst", &zst(&tar), "a.tar.zst!", "tar.zst");
    same_leaves("a.tar.xz", &xz(&tar), "a.tar.xz!", "tar.xz");
    same_leaves("a.tar.bz2", &bz2(&tar), "a.tar.bz2!", "tar.bz2");
}

#[test]
fn zip_forms() {
    same_leaves("a.zip", &zip(&tree()), "a.zip!", "zip");
    let streamed = streamed_zip(&tree(), CompressionMethod::Deflated);
    same_leaves("b.zip", &streamed, "b.zip!", "zip");
}

#[test]
fn nested_forms() {
    let inner = gz(&tar(&tree()));
    let outer = tar(&[("in.tgz", inner)]);
    same_leaves("a.zip", &zip(&[("o.tar", outer.clone())]), "a.zip!o.tar!in.tgz!", "zip");
    same_leaves("a.tar.gz", &gz(&outer), "a.tar.gz!in.tgz!", "tar.gz");
    let zipped = tar(&[("in.zip", zip(&tree()))]);
    same_leaves("b.tar.gz", &gz(&zipped), "b.tar.gz!in.zip!", "tar.gz");
}

#[test]
fn a_directory_gives_what_an_archive_of_it_gives() {
    let folder = Folder::new("tree");
    for (name, content) in tree() {
        folder.file(name, &content);
    }
    for threads in [1, 3] {
        let options = WalkOptions::default().with_threads(threads);
        let got = walked(Source::Path(folder.0.clone()), &options);
        let prefix = format!("{}/", folder.0.display());
        let expected: Vec<_> =
            leaves().into_iter().map(|(tail, content)| (format!("{prefix}{tail}"), content)).collect();
        assert_eq!(got.leaves, expected);
        assert_eq!(got.problems, []);
        assert_eq!(got.summary.format, "directory");
    }
}

#[test]
fn archives_in_a_directory_are_opened() {
    let folder = Folder::new("archives");
    folder.file("a.tar.gz", &gz(&tar(&tree())));
    folder.file("b.zip", &zip(&tree()));
    folder.file("c.log", b"c\n");
    let got = walked(Source::Path(folder.0.clone()), &WalkOptions::default().with_threads(2));
    assert_eq!(got.problems, []);
    assert_eq!(got.leaves.len(), 9);
    assert_eq!(got.content("/c.log"), b"c\n");
    assert_eq!(got.content("/b.zip!snap/version.yaml"), b"anthosBareMetalVersion: 1.28.300\n");
}

#[cfg(unix)]
#[test]
fn links_and_sockets_in_a_directory_are_named_and_not_followed() {
    let folder = Folder::new("links");
    folder.file("a.log", b"a\n");
    std::os::unix::fs::symlink("..", folder.0.join("loop")).unwrap();
    std::os::unix::fs::symlink("a.log", folder.0.join("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("socket")).unwrap();
    let got = walked(Source::Path(folder.0.clone()), &WalkOptions::default());
    assert_eq!(got.leaves.len(), 1);
    assert_eq!(got.kinds(), [ProblemKind::Skipped; 3]);
    assert!(got.summary.complete);
}

#[test]
fn plain_and_single_compressed_files_keep_their_name() {
    let line = b"one line\n".repeat(100);
    for (bytes, format) in [
        (line.clone(), "plain"),
        (gz(&line), "gz"),
        (zst(&line), "zst"),
        (xz(&line), "xz"),
        (bz2(&line), "bz2"),
    ] {
        let got = walked_bytes(&bytes);
        assert_eq!(got.leaves, [("in".to_string(), line.clone())]);
        assert_eq!(got.summary.format, format);
        assert_eq!(got.problems, []);
        assert_eq!(got.summary.compressed_bytes, bytes.len() as u64);
    }
    assert_eq!(walked_bytes(b"").leaves, [("in".to_string(), Vec::new())]);
}

#[test]
fn members_one_after_the_other_are_one_text() {
    let (a, b) = (b"first\n".repeat(30), b"second\n".repeat(30));
    let both = [a.clone(), b.clone()].concat();
    for pack in [gz, zst, xz, bz2] {
        let got = walked_bytes(&[pack(&a), pack(&b)].concat());
        assert_eq!(got.content("in"), both);
        assert_eq!(got.problems, []);
        let padded = walked_bytes(&[pack(&a), vec![0; 512], pack(&b), vec![0; 512]].concat());
        assert_eq!(padded.content("in"), both);
        assert_eq!(padded.problems, []);
        let trailing = walked_bytes(&[pack(&a), b"garbage".to_vec()].concat());
        assert_eq!(trailing.content("in"), a);
        assert_eq!(trailing.kinds(), [ProblemKind::Corrupt]);
        assert_eq!(trailing.ends[0].1, EntryEnd::Complete);
    }
}

#[test]
fn gzip_headers_with_every_field_are_read() {
    let mut encoder = flate2::GzBuilder::new()
        .filename("kubelet.log")
        .comment("rotated")
        .extra(vec![7; 300])
        .write(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, b"text").unwrap();
    let got = walked_bytes(&encoder.finish().unwrap());
    assert_eq!(got.leaves, [("in".to_string(), b"text".to_vec())]);
}

#[test]
fn names_beyond_the_header_are_read() {
    let long = format!("{}/kubelet.log", "n".repeat(100).as_str().repeat(12));
    let huge = "x".repeat(100_000);
    let mut builder = tar::Builder::new(Vec::new());
    for name in [&long, &huge] {
        builder.append_data(&mut header("x", 2), name, &b"gn"[..]).unwrap();
    }
    let pax: [(&str, &[u8]); 2] = [("path", b"pax/\xec\x9d\xb4.log"), ("mtime", b"1700000000.25")];
    builder.append_pax_extensions(pax).unwrap();
    builder.append(&header("short", 3), &b"pax"[..]).unwrap();
    let got = walked_bytes(&builder.into_inner().unwrap());
    assert_eq!(got.problems, []);
    assert_eq!(got.content(&long), b"gn");
    assert_eq!(got.content(&huge), b"gn");
    assert_eq!(got.content("in!pax/이.log"), b"pax");
    assert_eq!(got.mtimes["in!pax/이.log"], Some(1_700_000_000));
    assert_eq!(got.mtimes[&format!("in!{long}")], Some(1_646_424_963));
}

#[test]
fn odd_names_are_text_only() {
    let mut archive = Vec::new();
    for name in ["/etc/passwd", "../../up", "./here", "a\u{1b}[31m"] {
        let mut header = header("x", 1);
        header.as_old_mut().name = [0; 100];
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.extend_from_slice(header.as_bytes());
        archive.extend_from_slice(&[b'x'; 1]);
        archive.extend_from_slice(&[0; 511]);
    }
    archive.extend_from_slice(&[0; 1024]);
    let got = walked_bytes(&archive);
    assert_eq!(got.names(), ["in!../../up", "in!/etc/passwd", "in!a\\x1b[31m", "in!here"]);
    assert_eq!(got.problems, []);
}

#[test]
fn old_tar_without_magic_is_read() {
    let mut header = tar::Header::new_old();
    header.set_path("old.log").unwrap();
    header.set_size(3);
    header.set_mode(0o644);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend_from_slice(b"old");
    archive.resize(512 * 4, 0);
    assert_eq!(walked_bytes(&archive).content("in!old.log"), b"old");
}

#[test]
fn members_that_are_no_files_are_named() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Char] {
        let mut header = header("special", 0);
        header.set_entry_type(kind);
        header.set_link_name("/etc/shadow").unwrap();
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    }
    let mut folder = header("folder/", 0);
    folder.set_entry_type(tar::EntryType::Directory);
    folder.set_cksum();
    builder.append(&folder, &b""[..]).unwrap();
    let got = walked_bytes(&builder.into_inner().unwrap());
    assert_eq!(got.leaves, []);
    assert_eq!(got.kinds(), [ProblemKind::Skipped; 4]);
    assert!(got.summary.complete);
}

#[test]
fn concatenated_tars_are_read_to_the_end() {
    let first = tar(&[("a", b"a".to_vec())]);
    let second = tar(&[("b", b"b".to_vec())]);
    let got = walked_bytes(&[first, second].concat());
    assert_eq!(got.names(), ["in!a", "in!b"]);
    assert_eq!(got.problems, []);
}

#[test]
fn same_names_are_both_read() {
    let twice = [("a", b"1".to_vec()), ("a", b"2".to_vec())];
    let got = walked_bytes(&tar(&twice));
    let contents: Vec<_> = got.leaves.iter().map(|leaf| leaf.1.clone()).collect();
    assert_eq!(contents, [b"1", b"2"]);
    assert_eq!(got.kinds(), [ProblemKind::Duplicate]);
    assert!(got.summary.complete);
    // The zip writer refuses equal names: rename one behind its back.
    let mut zip = zip(&[("aa", b"1".to_vec()), ("ab", b"2".to_vec())]);
    for at in 0..zip.len() - 1 {
        if zip[at..].starts_with(b"ab") {
            zip[at + 1] = b'a';
        }
    }
    for source in [source("in", &zip), piped("in", &zip)] {
        let got = walked(source, &WalkOptions::default());
        assert_eq!(got.leaves.len(), 2);
        assert_eq!(got.kinds(), [ProblemKind::Duplicate]);
    }
}

#[test]
fn utf16_is_read_as_utf8() {
    let text = "[2022-06-02 05:36:03-0500] error: 노드 😀\r\n".repeat(40);
    let mut little = vec![0xff, 0xfe];
    little.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let mut big = vec![0xfe, 0xff];
    big.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    for bytes in [little, big] {
        for chunk_bytes in [16, 17, 1000, 256 << 10] {
            let options = WalkOptions::default().with_chunk_bytes(chunk_bytes);
            let packed = tar(&[("a.txt", gz(&bytes))]);
            assert_eq!(walked(source("in", &packed), &options).content("a.txt"), text.as_bytes());
        }
    }
}

#[test]
fn archives_of_other_formats_are_named() {
    for magic in [&b"7z\xbc\xaf\x27\x1c"[..], b"Rar!\x1a\x07\x00", b"\x04\x22\x4d\x18", b"\x1f\x9d\x90"] {
        let got = walked_bytes(&[magic, &[7; 100][..]].concat());
        assert_eq!(got.leaves, []);
        assert_eq!(got.kinds(), [ProblemKind::Unsupported]);
    }
}

#[test]
fn a_binary_journal_is_named_with_what_to_ask_for() {
    let got = walked_bytes(&tar(&[("system.journal", b"LPKSHHRH and so on".to_vec()), ("b", b"b".to_vec())]));
    assert_eq!(got.names(), ["in!b"]);
    assert_eq!(got.kinds(), [ProblemKind::Unsupported]);
    assert!(got.problems[0].message.contains("journalctl --utc"));
    assert!(got.problems[0].path.to_string().ends_with("system.journal"));
}
