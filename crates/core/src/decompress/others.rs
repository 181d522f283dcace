//! zstd, xz and bzip2: the libraries' own framing and checks.

use liblzma::stream::{Action, Status, Stream as XzStream};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation};

use super::{Codec, Fault, Source, Step};
use crate::problem::ProblemKind;
use crate::stream::Damage;

fn no_memory(name: &str) -> Damage {
    Damage::fatal(ProblemKind::Limit, format!("no memory for a {name} decoder"))
}

/// Bytes that the decoder wants first: the shortest start of a frame.
const FRAME_START_BYTES: usize = 5;

/// zstd frames; skippable ones give nothing.
pub(super) struct Zstd {
    decoder: Option<ZstdDecoder<'static>>,
    window_bytes: u64,
    /// Bytes that the decoder asks for next.
    wanted: usize,
}

impl Zstd {
    pub(super) fn new(window_bytes: u64) -> Zstd {
        Zstd { decoder: None, window_bytes, wanted: FRAME_START_BYTES }
    }
}

impl Codec for Zstd {
    const NAME: &'static str = "zstd";

    fn starts(head: &[u8]) -> bool {
        head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
    }

    fn begin(&mut self, _source: &mut Source<'_>) -> Result<(), Damage> {
        let mut decoder = ZstdDecoder::new().map_err(|_| no_memory("zstd"))?;
        // The library takes windows from 1 KiB to 2 GiB.
        let log = self.window_bytes.max(1).ilog2().clamp(10, 31);
        decoder.set_parameter(DParameter::WindowLogMax(log)).map_err(|_| no_memory("zstd"))?;
        self.decoder = Some(decoder);
        self.wanted = FRAME_START_BYTES;
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let Some(decoder) = &mut self.decoder else {
            return Step::failed(Fault::corrupt("no frame was begun"));
        };
        // No more than the decoder asks for, which is a block: with an error it forgets what it has written.
        let input = &input[..input.len().min(self.wanted)];
        match decoder.run_on_buffers(input, out) {
            Ok(status) => {
                self.wanted = status.remaining.max(1);
                Step {
                    consumed: status.bytes_read,
                    produced: status.bytes_written,
                    // The hint is zero also for a call that had nothing to do.
                    ended: status.remaining == 0 && status.bytes_read + status.bytes_written > 0,
                    fault: None,
                }
            }
            Err(error) => Step::failed(zstd_fault(&error.to_string())),
        }
    }
}

fn zstd_fault(message: &str) -> Fault {
    let kind = if message.contains("too much memory") {
        ProblemKind::Limit
    } else if message.contains("checksum") {
        ProblemKind::Checksum
    } else {
        ProblemKind::Corrupt
    };
    Fault { kind, reason: message.to_lowercase() }
}

/// The window that a zstd frame beginning with `head` needs: its format's section 3.1.1.1.
pub(super) fn zstd_window(head: &[u8]) -> u64 {
    // Behind a frame to be skipped may come any; that of the default levels and of pzstd.
    const USUAL: u64 = 8 << 20;
    if head.get(1) == Some(&0x2a) {
        return USUAL;
    }
    let (Some(&descriptor), Some(&window)) = (head.get(4), head.get(5)) else { return 0 };
    if descriptor & 0x20 == 0 {
        let base = 1_u64 << (10 + u32::from(window >> 3));
        return base + base / 8 * u64::from(window & 7);
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let length = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let Some(field) = head.get(5 + dictionary..5 + dictionary + length) else { return 0 };
    field.iter().rev().fold(0, |size, byte| size << 8 | u64::from(*byte))
}

/// The dictionary of the first block of an xz stream beginning with `head`, if LZMA2 is its only filter:
/// its format's sections 3.1 and 5.3.1. What is not understood counts as the largest preset's.
pub(super) fn xz_window(head: &[u8]) -> u64 {
    const LARGEST_PRESET: u64 = 64 << 20;
    match head.get(12..) {
        // No stored sizes, one filter: LZMA2 with its one byte of properties.
        Some([_, 0, 0x21, 1, bits @ 0..=39, ..]) => (2 | u64::from(bits & 1)) << (bits / 2 + 11),
        _ => LARGEST_PRESET,
    }
}

/// xz streams.
pub(super) struct Xz {
    stream: Option<XzStream>,
    window_bytes: u64,
}

impl Xz {
    pub(super) fn new(window_bytes: u64) -> Xz {
        Xz { stream: None, window_bytes }
    }
}

impl Codec for Xz {
    const NAME: &'static str = "xz";

    fn starts(head: &[u8]) -> bool {
        head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0])
    }

    fn begin(&mut self, _source: &mut Source<'_>) -> Result<(), Damage> {
        self.stream = None;
        let stream = XzStream::new_stream_decoder(self.window_bytes, 0).map_err(|_| no_memory("xz"))?;
        self.stream = Some(stream);
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let Some(stream) = &mut self.stream else {
            return Step::failed(Fault::corrupt("no stream was begun"));
        };
        let before = (stream.total_in(), stream.total_out());
        let result = stream.process(input, out, Action::Run);
        Step {
            consumed: (stream.total_in() - before.0) as usize,
            produced: (stream.total_out() - before.1) as usize,
            ended: matches!(result, Ok(Status::StreamEnd)),
            fault: result.err().map(xz_fault),
        }
    }
}

fn xz_fault(error: liblzma::stream::Error) -> Fault {
    use liblzma::stream::Error;
    match error {
        Error::MemLimit | Error::Mem => {
            Fault { kind: ProblemKind::Limit, reason: "its window needs more memory than is allowed".into() }
        }
        Error::Options | Error::UnsupportedCheck | Error::NoCheck => Fault {
            kind: ProblemKind::Unsupported,
            reason: "an option of the format that is not read".into(),
        },
        _ => Fault::corrupt("invalid data or a checksum that does not fit"),
    }
}

/// Bytes decoded in one call: at a block that contradicts itself the library forgets what the call has written.
const BZIP2_OUT_BYTES: usize = 256;

/// bzip2 streams.
pub(super) struct Bzip2 {
    decoder: bzip2::Decompress,
}

impl Bzip2 {
    pub(super) fn new() -> Bzip2 {
        Bzip2 { decoder: bzip2::Decompress::new(false) }
    }
}

impl Codec for Bzip2 {
    const NAME: &'static str = "bzip2";

    fn starts(head: &[u8]) -> bool {
        matches!(head, [b'B', b'Z', b'h', b'1'..=b'9', ..])
    }

    fn begin(&mut self, _source: &mut Source<'_>) -> Result<(), Damage> {
        self.decoder = bzip2::Decompress::new(false);
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let before = (self.decoder.total_in(), self.decoder.total_out());
        let length = out.len().min(BZIP2_OUT_BYTES);
        let out = &mut out[..length];
        let result = self.decoder.decompress(input, out);
        Step {
            consumed: (self.decoder.total_in() - before.0) as usize,
            produced: (self.decoder.total_out() - before.1) as usize,
            ended: matches!(result, Ok(bzip2::Status::StreamEnd)),
            fault: result.err().map(|_| Fault::corrupt("invalid data or a checksum that does not fit")),
        }
    }
}
