//! gzip and raw deflate.

use super::{Codec, Fault, Source, Step};
use crate::problem::ProblemKind;
use crate::stream::Damage;

/// Inflates raw deflate data; the one place that names the library doing it.
pub(crate) struct Inflate {
    inner: flate2::Decompress,
}

impl Inflate {
    pub(crate) fn new() -> Inflate {
        Inflate { inner: flate2::Decompress::new(false) }
    }

    fn reset(&mut self) {
        self.inner.reset(false);
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let before = (self.inner.total_in(), self.inner.total_out());
        let result = self.inner.decompress(input, out, flate2::FlushDecompress::None);
        Step {
            consumed: (self.inner.total_in() - before.0) as usize,
            produced: (self.inner.total_out() - before.1) as usize,
            ended: matches!(result, Ok(flate2::Status::StreamEnd)),
            // The library's own words depend on how the data is cut.
            fault: result.err().map(|_| Fault::corrupt("invalid data")),
        }
    }
}

/// One raw deflate stream.
pub(crate) struct Deflate {
    inflate: Inflate,
}

impl Deflate {
    pub(super) fn new() -> Deflate {
        Deflate { inflate: Inflate::new() }
    }
}

impl Codec for Deflate {
    const NAME: &'static str = "deflate";
    const MEMBERS: bool = false;
    const RATIO_LIMITED: bool = false;

    fn starts(_head: &[u8]) -> bool {
        false
    }

    fn begin(&mut self, _source: &mut Source<'_>) -> Result<(), Damage> {
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        self.inflate.step(input, out)
    }
}

/// A gzip file: members one after the other, each with its CRC-32 and length.
pub(super) struct Gzip {
    inflate: Inflate,
    crc: crc32fast::Hasher,
    length: u32,
}

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip { inflate: Inflate::new(), crc: crc32fast::Hasher::new(), length: 0 }
    }
}

impl Codec for Gzip {
    const NAME: &'static str = "gzip";
    const RATIO_LIMITED: bool = false;

    fn starts(head: &[u8]) -> bool {
        const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
        // A member that is cut within its magic bytes is truncated, not something else.
        head.starts_with(&MAGIC) || MAGIC.starts_with(head)
    }

    fn begin(&mut self, source: &mut Source<'_>) -> Result<(), Damage> {
        let [_, _, _, flags, ..] = source.exact::<10>()?;
        if flags & 0b1110_0000 != 0 {
            let at = source.consumed - 7;
            let message = format!("gzip data at byte {at}: flags that have no meaning; read without them");
            source.notes.push(Damage::passing(ProblemKind::Corrupt, message));
        }
        if flags & 0b0000_0100 != 0 {
            let length = u16::from_le_bytes(source.exact()?);
            source.skip(usize::from(length))?;
        }
        for text in [0b0000_1000, 0b0001_0000] {
            if flags & text != 0 {
                source.skip_text()?;
            }
        }
        if flags & 0b0000_0010 != 0 {
            source.exact::<2>()?;
        }
        self.inflate.reset();
        self.crc.reset();
        self.length = 0;
        Ok(())
    }

    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let step = self.inflate.step(input, out);
        self.crc.update(&out[..step.produced]);
        // The format stores the length modulo 2^32.
        self.length = self.length.wrapping_add(step.produced as u32);
        step
    }

    fn finish(&mut self, source: &mut Source<'_>) -> Result<(), Damage> {
        let crc = u32::from_le_bytes(source.exact()?);
        let length = u32::from_le_bytes(source.exact()?);
        let what = match (crc == self.crc.clone().finalize(), length == self.length) {
            (true, true) => return Ok(()),
            (false, _) => "checksum",
            (true, false) => "length",
        };
        let at = source.consumed;
        let message = format!("gzip {what} stored at byte {at} does not fit the decoded data");
        Err(Damage::passing(ProblemKind::Checksum, message))
    }
}
