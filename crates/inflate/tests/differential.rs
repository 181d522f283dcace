//! Byte for byte and verdict for verdict what zlib-rs says, over streams good, odd and broken.

mod oracle;
mod streams;

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loggrep_abm_inflate::{ErrorKind, Format};

use oracle::{compare, fuzz_one};
use streams::{Bits, Random, deflate, gzip, samples};

/// How long each randomised test runs: a few seconds, or what `INFLATE_TEST_SECONDS` says.
fn random_time() -> Duration {
    let seconds = std::env::var("INFLATE_TEST_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

#[track_caller]
fn sound(format: Format, data: &[u8], expected: &[u8]) {
    sound_as("", format, data, expected);
}

#[track_caller]
fn sound_as(context: &str, format: Format, data: &[u8], expected: &[u8]) {
    let (output, outcome) = compare(format, data);
    assert_eq!(outcome.expect("a sound stream"), data.len() as u64, "{context}");
    assert!(output == expected, "{context}");
}

fn fault(format: Format, data: &[u8]) -> (ErrorKind, u64, u64) {
    let error = compare(format, data).1.expect_err("a faulty stream");
    (error.kind(), error.compressed_offset(), error.decoded_offset())
}

#[test]
fn all_levels_over_all_kinds_of_data() {
    for (name, data) in samples() {
        for level in 0..=9 {
            let context = format!("{name}, level {level}");
            sound_as(&context, Format::Gzip, &gzip(&data, level), &data);
            sound_as(&context, Format::Deflate, &deflate(&data, level), &data);
        }
    }
}

#[test]
fn every_length_and_many_distances() {
    let mut random = Random::new(3);
    let mut bits = Bits::default();
    let mut output: Vec<u8> = Vec::new();
    bits.put(0b011, 3);
    for _ in 0..33_000 {
        let byte = random.next() as u8;
        bits.fixed_literal(byte);
        output.push(byte);
    }
    for length in 3..=258 {
        for distance in (1..=40).chain([255, 256, 257, 511, 4096, 32_767, 32_768, random.below(32_768) + 1]) {
            bits.fixed_match(length, distance);
            for _ in 0..length {
                output.push(output[output.len() - distance]);
            }
        }
    }
    for distance in 1..=32_768 {
        let length = 3 + random.below(20);
        bits.fixed_match(length, distance);
        for _ in 0..length {
            output.push(output[output.len() - distance]);
        }
    }
    bits.fixed_end();
    sound(Format::Deflate, &bits.finish(), &output);
}

#[test]
fn every_truncation() {
    for stream in streams::small() {
        for end in 0..stream.len() {
            match compare(Format::Gzip, &stream[..end]) {
                (_, Err(error)) => assert_eq!(error.kind(), ErrorKind::Truncated),
                (output, Ok(_)) => assert_eq!(output, b"first", "cut where the first of two members ends"),
            }
            fuzz_one(&stream[10..end.max(10)]);
        }
    }
}

#[test]
fn every_flipped_bit() {
    for mut stream in streams::small() {
        for bit in 0..stream.len() * 8 {
            stream[bit / 8] ^= 1 << (bit % 8);
            let _ = compare(Format::Gzip, &stream);
            stream[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn members_padding_and_garbage() {
    let (first, second) = (gzip(b"kubelet started\n", 6), gzip(b"etcd: leader lost\n", 1));
    let empty = gzip(b"", 6);
    let both = [&first[..], &empty, &second].concat();
    sound(Format::Gzip, &both, b"kubelet started\netcd: leader lost\n");
    sound(Format::Gzip, &[&both[..], &[0; 1000]].concat(), b"kubelet started\netcd: leader lost\n");
    sound(Format::Gzip, &[&first[..], &[0; 3], &second].concat(), b"kubelet started\netcd: leader lost\n");
    sound(Format::Gzip, &empty, b"");
    sound(Format::Gzip, &empty.repeat(2000), b"");
    sound(Format::Gzip, &first.repeat(2000), &b"kubelet started\n".repeat(2000));

    let end = both.len() as u64;
    let garbage = fault(Format::Gzip, &[&both[..], b"\0\0xyz"].concat());
    assert_eq!(garbage, (ErrorKind::TrailingGarbage, end + 2, 34));
    assert_eq!(fault(Format::Gzip, &[&both[..], b"\x1f"].concat()).0, ErrorKind::Truncated);
    assert_eq!(fault(Format::Gzip, &[&both[..], b"\x1fx"].concat()).0, ErrorKind::TrailingGarbage);
    assert_eq!(fault(Format::Gzip, &[&both[..], b"\x1f\x8b\x07\0"].concat()).0, ErrorKind::UnknownMethod(7));
    // A member is a stream of its own: its matches do not reach into the one before.
    let mut bits = Bits::default();
    bits.put(0b011, 3);
    bits.fixed_match(3, 1);
    bits.fixed_end();
    let reaching = [&first[..], b"\x1f\x8b\x08\0\0\0\0\0\0\xff", &bits.finish(), &[0; 8]].concat();
    assert_eq!(fault(Format::Gzip, &reaching).0, ErrorKind::DistanceTooFar);
}

#[test]
fn header_fields() {
    let body = &gzip(b"line\n", 6)[10..];
    let header = |flags: u8, rest: &[u8]| {
        let mut header = vec![0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3];
        header.extend_from_slice(rest);
        if flags & 2 != 0 {
            let mut sum = flate2::Crc::new();
            sum.update(&header);
            header.extend_from_slice(&(sum.sum() as u16).to_le_bytes());
        }
        header
    };
    let cases: [(u8, &[u8]); 8] = [
        (1, b""),
        (2, b""),
        (4, b"\x03\0abc"),
        (8, b"name\0"),
        (16, b"comment\0"),
        (4, b"\0\0"),
        (0x1f, b"\x02\0xyname\0a comment\0"),
        (0x1e, b"\0\0\0\0"),
    ];
    for (flags, rest) in cases {
        let stream = [&header(flags, rest)[..], body].concat();
        sound(Format::Gzip, &stream, b"line\n");
        for end in 0..stream.len() {
            assert_eq!(fault(Format::Gzip, &stream[..end]).0, ErrorKind::Truncated);
        }
        for bit in 0..(stream.len() - body.len()) * 8 {
            let mut flipped = stream.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = compare(Format::Gzip, &flipped);
        }
    }
    let long_name = [&header(8 | 2, &[&vec![b'n'; 3 << 20][..], b"\0"].concat())[..], body].concat();
    sound(Format::Gzip, &long_name, b"line\n");
    let mut wrong = header(2, b"");
    wrong[11] ^= 1;
    assert_eq!(fault(Format::Gzip, &[&wrong[..], body].concat()), (ErrorKind::HeaderChecksum, 10, 0));
    assert_eq!(fault(Format::Gzip, b"PK\x03\x04").0, ErrorKind::NotGzip);
    assert_eq!(fault(Format::Gzip, &header(0x80, b"")), (ErrorKind::ReservedFlags(0x80), 3, 0));
    assert_eq!(fault(Format::Gzip, b""), (ErrorKind::Truncated, 0, 0));
}

#[test]
fn trailers() {
    let mut stream = gzip(b"some line\n", 6);
    let length = stream.len();
    stream[length - 8] ^= 1;
    assert!(
        matches!(fault(Format::Gzip, &stream), (ErrorKind::Checksum { .. }, at, 10) if at == length as u64 - 8)
    );
    stream[length - 8] ^= 1;
    stream[length - 1] ^= 1;
    assert!(
        matches!(fault(Format::Gzip, &stream), (ErrorKind::Length { .. }, at, 10) if at == length as u64 - 4)
    );
}

#[test]
fn deflate_tells_what_it_consumed() {
    let stream = deflate(b"a member of a zip archive", 6);
    let (_, outcome) = compare(Format::Deflate, &[&stream[..], b"PK\x01\x02 more"].concat());
    assert_eq!(outcome.expect("a sound stream"), stream.len() as u64);
}

#[test]
fn stored_blocks() {
    let mut bits = Bits::default();
    bits.stored(b"", false);
    bits.stored(b"abc", false);
    bits.put(0b010, 3);
    bits.fixed_literal(b'd');
    bits.fixed_end();
    bits.stored(&[7; 65_535], false);
    bits.stored(b"", true);
    sound(Format::Deflate, &bits.finish(), &[&b"abcd"[..], &[7; 65_535]].concat());
    assert_eq!(fault(Format::Deflate, &[1, 3, 0, 0xfd, 0xff, 0]), (ErrorKind::StoredLength, 1, 0));
    assert_eq!(fault(Format::Deflate, &[7]), (ErrorKind::BlockType, 0, 0));
}

#[test]
fn odd_dynamic_blocks() {
    // Only an end of block, in one bit or in the code's first of two.
    let mut lengths = vec![0; 257];
    lengths[256] = 1;
    let mut bits = Bits::default();
    bits.dynamic(&lengths, &[0], true);
    bits.put(0, 1);
    sound(Format::Deflate, &bits.finish(), b"");
    let mut bits = Bits::default();
    bits.dynamic(&lengths, &[0], true);
    bits.put(1, 1);
    assert_eq!(fault(Format::Deflate, &bits.finish()).0, ErrorKind::UnusedLiteral);

    // A single distance code of one bit, its other half, and one of two bits.
    let mut lengths = vec![0; 258];
    (lengths[b'a' as usize], lengths[256], lengths[257]) = (1, 2, 2);
    for (distances, second, kind) in [
        (&[1][..], 0, None),
        (&[1], 1, Some(ErrorKind::UnusedDistance)),
        (&[2], 0, Some(ErrorKind::DistanceCode)),
        (&[0], 0, Some(ErrorKind::UnusedDistance)),
        (&[1, 1, 1], 0, Some(ErrorKind::DistanceCode)),
        (&[0, 1], 0, Some(ErrorKind::DistanceTooFar)),
    ] {
        let mut bits = Bits::default();
        bits.dynamic(&lengths, distances, true);
        bits.put(0, 1);
        bits.put(0b11, 2);
        bits.put(second, 1);
        bits.put(0b01, 2);
        match kind {
            None => sound(Format::Deflate, &bits.finish(), b"aaaa"),
            Some(kind) => assert_eq!(fault(Format::Deflate, &bits.finish()).0, kind),
        }
    }

    let faulty = |lengths: &[u8], distances: &[u8]| {
        let mut bits = Bits::default();
        bits.dynamic(lengths, distances, true);
        bits.put(0, 60);
        fault(Format::Deflate, &bits.finish()).0
    };
    lengths[256] = 0;
    assert_eq!(faulty(&lengths, &[1]), ErrorKind::NoEndOfBlock);
    lengths[256] = 3;
    assert_eq!(faulty(&lengths, &[1]), ErrorKind::LiteralCode);
    lengths[256] = 1;
    assert_eq!(faulty(&lengths, &[1]), ErrorKind::LiteralCode);
    assert_eq!(faulty(&[1; 287], &[1]), ErrorKind::TooManyCodes);
    assert_eq!(faulty(&[8; 257], &[5; 31]), ErrorKind::TooManyCodes);

    // Nothing but zeros in the code for code lengths; a repeat before there is a length; one over the end.
    assert_eq!(fault(Format::Deflate, &[&[5, 0, 0][..], &[0; 100]].concat()).0, ErrorKind::NoEndOfBlock);
    let mut bits = Bits::default();
    bits.dynamic_header(257, 1, true);
    bits.put_code_reversed(15, 4);
    bits.put(0, 60);
    fuzz_one(&bits.finish());
}

#[test]
fn unused_symbols_of_the_fixed_codes() {
    for symbol in [286, 287] {
        let mut bits = Bits::default();
        bits.put(0b011, 3);
        bits.fixed_literal(b'x');
        bits.put_code_reversed(0b11000000 + symbol - 280, 8);
        bits.put(0, 60);
        assert_eq!(fault(Format::Deflate, &bits.finish()), (ErrorKind::UnusedLiteral, 1, 1));
    }
    for distance in [30, 31] {
        let mut bits = Bits::default();
        bits.put(0b011, 3);
        bits.fixed_literal(b'x');
        bits.put_code_reversed(1, 7);
        bits.put_code_reversed(distance, 5);
        bits.put(0, 60);
        assert_eq!(fault(Format::Deflate, &bits.finish()), (ErrorKind::UnusedDistance, 2, 1));
    }
}

#[test]
fn distances_too_far_back_are_found_wherever_they_are() {
    for before in [0, 1, 100, 1000, 32_766, 32_767] {
        let mut bits = Bits::default();
        bits.put(0b011, 3);
        for index in 0..before {
            bits.fixed_literal(index as u8);
        }
        let place = bits.bits();
        bits.fixed_match(3, before + 1);
        for _ in 0..100 {
            bits.fixed_literal(b'x');
        }
        bits.fixed_end();
        let (kind, at, decoded) = fault(Format::Deflate, &bits.finish());
        // The fault is at the distance code, which follows a length code of seven bits.
        assert_eq!(
            (kind, at, decoded),
            (ErrorKind::DistanceTooFar, (place as u64).div_ceil(8), before as u64)
        );
    }
}

#[test]
fn random_codes() {
    let mut random = Random::new(11);
    let start = Instant::now();
    while start.elapsed() < random_time() {
        let stream = streams::random_deflate(&mut random);
        let (_, outcome) = compare(Format::Deflate, &stream);
        outcome.expect("a sound stream");
    }
}

#[test]
fn random_damage() {
    let mut random = Random::new(17);
    let mut seeds = streams::small();
    for (_, data) in samples() {
        let piece = random.below(data.len().max(1)).min(20_000);
        seeds.push(gzip(&data[..piece], random.below(10) as u32));
    }
    let start = Instant::now();
    while start.elapsed() < random_time() {
        let mut stream = match random.below(4) {
            0 => streams::random_deflate(&mut random),
            _ => seeds[random.below(seeds.len())].clone(),
        };
        for _ in 0..random.below(4) {
            let at = random.below(stream.len());
            match random.below(5) {
                0 => stream[at] = random.next() as u8,
                1 => stream[at] ^= 1 << random.below(8),
                2 => stream.truncate(at + 1),
                3 => drop(stream.splice(at..at + 1, [random.next() as u8, random.next() as u8])),
                _ => drop(stream.remove(at)),
            }
            if stream.is_empty() {
                break;
            }
        }
        fuzz_one(&stream);
    }
}

#[test]
fn a_reader_that_fails_is_named_after_what_it_gave() {
    struct Failing<'a>(&'a [u8]);
    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "pulled the plug")),
                count => Ok(count),
            }
        }
    }
    let data = samples().swap_remove(0).1;
    let stream = gzip(&data, 6);
    let half = &stream[..stream.len() / 2];
    let mut reader = loggrep_abm_inflate::InflateReader::new(Format::Gzip, Failing(half));
    let (output, error) = oracle::drain(&mut reader);
    let error = error.expect("the reader's error");
    assert!(output == compare(Format::Gzip, half).0);
    assert_eq!((error.kind(), error.compressed_offset()), (ErrorKind::Input, half.len() as u64));
    let source = std::error::Error::source(&error).expect("the cause");
    assert_eq!(source.to_string(), "pulled the plug");
    assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::ConnectionReset);
    // At the end of a sound member the failure must not pass for the end of the file.
    let mut reader = loggrep_abm_inflate::InflateReader::new(Format::Gzip, Failing(&stream));
    let (output, error) = oracle::drain(&mut reader);
    assert!(output == data);
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Input));
}

/// What a command makes of `input`; nothing if it is not there.
fn pipe(command: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let (program, arguments) = command.split_first()?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        let output = child.wait_with_output().ok()?;
        output.status.success().then_some(output.stdout)
    })
}

#[test]
fn streams_of_other_encoders() {
    const STRATEGIES: &str = "import sys,zlib
d=sys.stdin.buffer.read()
for level,wbits,memory,strategy in [(6,31,9,0),(6,31,1,0),(9,25,8,0),(6,31,8,1),(6,31,8,2),(6,31,8,3),(6,31,8,4)]:
    c=zlib.compressobj(level,8,wbits,memory,strategy)
    h=len(d)//2
    sys.stdout.buffer.write(c.compress(d[:h])+c.flush(zlib.Z_FULL_FLUSH)+c.compress(d[h:])+c.flush(zlib.Z_PARTIAL_FLUSH)+c.flush())";
    const GZIP: &str = "import sys,gzip; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))";
    for (name, data) in samples() {
        let commands: [&[&str]; 11] = [
            &["gzip", "-1"],
            &["gzip", "-6"],
            &["gzip", "-9"],
            &["pigz", "-6", "-b", "128"],
            &["pigz", "-1", "-i"],
            &["igzip", "-0"],
            &["igzip", "-3"],
            &["libdeflate-gzip", "-c", "-12"],
            &["7z", "a", "-tgzip", "-mx5", "-si", "-so", "stdin"],
            &["python3", "-c", GZIP],
            &["python3", "-c", STRATEGIES],
        ];
        for command in commands {
            let Some(stream) = pipe(command, &data) else { continue };
            let copies = if command.last() == Some(&STRATEGIES) { 7 } else { 1 };
            sound_as(&format!("{name} by {command:?}"), Format::Gzip, &stream, &data.repeat(copies));
        }
    }
}

#[test]
fn damaged_large_streams_keep_what_was_decoded() {
    let data = streams::log_text(6 << 20);
    let stream = gzip(&data, 6);
    let mut random = Random::new(23);
    for _ in 0..20 {
        let at = random.below(stream.len());
        fault(Format::Gzip, &stream[..at]);
        let mut damaged = stream.clone();
        damaged[at] ^= 1 << random.below(8);
        let _ = compare(Format::Gzip, &damaged);
    }
}
