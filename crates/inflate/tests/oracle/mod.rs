//! The same input through this crate, in all its modes, and through zlib-rs.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use loggrep_abm_inflate::{Error, ErrorKind, Format, InflateReader, ParallelInflateReader};

/// How a stream ended, as far as two decoders must agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Sound { consumed: u64 },
    Truncated,
    Corrupt,
    TrailingGarbage,
}

/// What zlib-rs makes of the input.
pub(crate) fn oracle(format: Format, data: &[u8]) -> (Vec<u8>, Verdict) {
    let mut output = Vec::new();
    let mut at = 0;
    loop {
        let mut decoder = match format {
            Format::Gzip => Decompress::new_gzip(15),
            _ => Decompress::new(false),
        };
        match oracle_member(&mut decoder, &data[at..], &mut output) {
            Verdict::Sound { consumed } => at += consumed as usize,
            fault => return (output, fault),
        }
        if format == Format::Deflate {
            return (output, Verdict::Sound { consumed: at as u64 });
        }
        at += data[at..].iter().take_while(|&&byte| byte == 0).count();
        match data[at..] {
            [] => return (output, Verdict::Sound { consumed: at as u64 }),
            [0x1f] => return (output, Verdict::Truncated),
            [0x1f, 0x8b, ..] => {}
            _ => return (output, Verdict::TrailingGarbage),
        }
    }
}

fn oracle_member(decoder: &mut Decompress, data: &[u8], output: &mut Vec<u8>) -> Verdict {
    let mut piece = vec![0; 64 << 10];
    loop {
        let (read, written) = (decoder.total_in() as usize, decoder.total_out() as usize);
        let status = decoder.decompress(&data[read..], &mut piece, FlushDecompress::None);
        let fresh = decoder.total_out() as usize - written;
        output.extend_from_slice(&piece[..fresh]);
        match status {
            Ok(Status::StreamEnd) => return Verdict::Sound { consumed: decoder.total_in() },
            Ok(_) if fresh == 0 && decoder.total_in() as usize == read => return Verdict::Truncated,
            Ok(_) => {}
            Err(_) => return Verdict::Corrupt,
        }
    }
}

/// A reader that gives one byte at a time, and now and then asks to be called again.
pub(crate) struct Trickle<'a> {
    data: &'a [u8],
    calls: usize,
}

impl<'a> Trickle<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Trickle<'a> {
        Trickle { data, calls: 0 }
    }
}

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.data.read(&mut buffer[..length])
    }
}

/// Everything a reader gives, and the error it ends with.
pub(crate) fn drain(reader: &mut impl BufRead) -> (Vec<u8>, Option<Error>) {
    let mut output = Vec::new();
    loop {
        match reader.fill_buf() {
            Ok([]) => return (output, None),
            Ok(bytes) => {
                output.extend_from_slice(bytes);
                let count = bytes.len();
                reader.consume(count);
            }
            Err(error) => {
                let again = reader.fill_buf().expect_err("errors repeat");
                let fault = Error::of(&error).expect("all errors are typed").clone();
                assert_eq!(Error::of(&again).map(Error::kind), Some(fault.kind()));
                return (output, Some(fault));
            }
        }
    }
}

/// What this crate makes of the input; all of its modes must agree.
pub(crate) fn inflate(format: Format, data: &[u8]) -> (Vec<u8>, Result<u64, Error>) {
    let mut reader = InflateReader::new(format, data);
    let (output, error) = drain(&mut reader);
    let consumed = reader.consumed();
    let place = |error: &Option<Error>| {
        error.as_ref().map(|error| (error.kind(), error.compressed_offset(), error.decoded_offset()))
    };
    if data.len() < 1 << 14 {
        let mut trickled = InflateReader::new(format, Trickle::new(data));
        let (other, other_error) = drain(&mut trickled);
        assert!(other == output, "one byte at a time: other bytes");
        assert_eq!((place(&other_error), trickled.consumed()), (place(&error), consumed));
    }
    if data.len() > 1 << 14 || data.len().is_multiple_of(16) {
        std::thread::scope(|scope| {
            let mut parallel = ParallelInflateReader::spawn_scoped(scope, format, data).expect("a thread");
            let (other, other_error) = drain(&mut parallel);
            assert!(other == output, "in parallel: other bytes");
            assert_eq!((place(&other_error), parallel.consumed()), (place(&error), consumed));
        });
    }
    let outcome = error.map_or_else(|| Ok(consumed.expect("a sound end")), Err);
    (output, outcome)
}

/// Decodes with both, and panics where they differ. Gives what this crate made of it.
pub(crate) fn compare(format: Format, data: &[u8]) -> (Vec<u8>, Result<u64, Error>) {
    let (expected, expected_verdict) = oracle(format, data);
    let (output, outcome) = inflate(format, data);
    let verdict = match &outcome {
        Ok(consumed) => Verdict::Sound { consumed: *consumed },
        Err(error) => match error.kind() {
            ErrorKind::Truncated => Verdict::Truncated,
            ErrorKind::TrailingGarbage => Verdict::TrailingGarbage,
            // zlib takes the header two bytes at a time, so it may call one truncated that is wrong already.
            ErrorKind::NotGzip | ErrorKind::UnknownMethod(_) if expected_verdict == Verdict::Truncated => {
                Verdict::Truncated
            }
            _ => Verdict::Corrupt,
        },
    };
    assert_eq!(verdict, expected_verdict, "{format:?}: {outcome:?}");
    assert_eq!(output.len(), expected.len(), "{format:?}: decoded length, {outcome:?}");
    assert!(output == expected, "{format:?}: decoded bytes, {outcome:?}");
    if let Err(error) = &outcome {
        assert_eq!(error.decoded_offset(), output.len() as u64);
        assert!(error.compressed_offset() <= data.len() as u64);
        if error.kind() == ErrorKind::Truncated {
            assert_eq!(error.compressed_offset(), data.len() as u64);
        }
    }
    (output, outcome)
}

/// One input of a fuzzer: as gzip, as bare deflate, and as the blocks of a gzip member whose header is good.
pub(crate) fn fuzz_one(data: &[u8]) {
    let _ = compare(Format::Gzip, data);
    let _ = compare(Format::Deflate, data);
    let mut member = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    member.extend_from_slice(data);
    let _ = compare(Format::Gzip, &member);
}
