//! Both decoders of gzip give the same leaves and the same kinds of problem.

use loggrep_abm_core::input::{Inflater, WalkOptions};

use crate::support::*;

fn both_agree(bytes: &[u8], what: &str) {
    let expected = walked(piped("in", bytes), &WalkOptions::default());
    for threads in [1, 2] {
        let options = WalkOptions::default().with_threads(threads).with_inflater(Inflater::TwoStage);
        let got = walked(piped("in", bytes), &options);
        let what = format!("{what}, {threads} threads: {:?} and {:?}", got.problems, expected.problems);
        assert_eq!(got.kinds(), expected.kinds(), "{what}");
        assert_eq!(got.ends, expected.ends, "{what}");
        assert_eq!(got.summary.complete, expected.summary.complete, "{what}");
        assert!(got.leaves == expected.leaves, "{what}");
    }
}

/// Archives of the usual forms, one with a member whose trailer is wrong in the middle.
fn archives() -> Vec<Vec<u8>> {
    let small: Tree = vec![("a.log", b"first line\nsecond line\n".to_vec()), ("b.gz", gz(b"rotated\n"))];
    let members = [gz(b"first\n"), gz(b""), gz(b"second\n")].concat();
    vec![gz(&tar(&small)), gz(&zip(&small)), members, gz(&gz(&tar(&small))), gz(b"")]
}

#[test]
fn whole_archives() {
    both_agree(&gz(&tar(&tree())), "a tree");
    for (at, bytes) in archives().into_iter().enumerate() {
        both_agree(&bytes, &format!("archive {at}"));
        both_agree(&[&bytes[..], &[0; 700]].concat(), &format!("archive {at} and zeros"));
        both_agree(&[&bytes[..], b"garbage"].concat(), &format!("archive {at} and garbage"));
    }
}

#[test]
fn truncated_archives() {
    for (at, bytes) in archives().into_iter().enumerate() {
        for cut in (3..bytes.len()).step_by(3) {
            both_agree(&bytes[..cut], &format!("archive {at} cut at {cut}"));
        }
    }
}

#[test]
fn flipped_bits() {
    for (at, bytes) in archives().into_iter().enumerate() {
        // What a decoder makes of the flipped bits of a code before it notices is its own affair: headers, trailers.
        let framing = (0..10).chain(bytes.len() - 8..bytes.len());
        for bit in framing.flat_map(|byte| byte * 8..byte * 8 + 8) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            both_agree(&flipped, &format!("archive {at}, bit {bit}"));
        }
    }
}

#[test]
fn a_failing_input_is_told_alike() {
    struct Failing(std::io::Cursor<Vec<u8>>);
    impl std::io::Read for Failing {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            match std::io::Read::read(&mut self.0, out)? {
                0 => Err(std::io::Error::other("device gone")),
                n => Ok(n),
            }
        }
    }
    let bytes = gz(&tar(&tree()));
    let failing = || loggrep_abm_core::input::Source::Reader {
        name: "in".into(),
        reader: Box::new(Failing(std::io::Cursor::new(bytes[..bytes.len() / 2].to_vec()))),
    };
    let expected = walked(failing(), &WalkOptions::default());
    for threads in [1, 2] {
        let options = WalkOptions::default().with_threads(threads).with_inflater(Inflater::TwoStage);
        let got = walked(failing(), &options);
        assert_eq!(got.problems, expected.problems);
        assert_eq!(got.leaves.len(), expected.leaves.len());
    }
}
