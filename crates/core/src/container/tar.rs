//! tar as a stream: ustar, GNU and PAX, with resynchronisation behind damage.
//!
//! The walk drives itself by the headers alone, so that a member's bytes are lent from the decoder's buffer.

use tar::{EntryType, Header};

use super::Sink;
use super::duplicates::Names;
use super::walker::{Look, Place, Stop, Walker};
use crate::problem::ProblemKind;
use crate::stream::{Member, Pull, Remainder, Stream};

/// Headers and padding come in blocks of this size.
const BLOCK: usize = 512;

/// The longest name or PAX header that is kept; no file system comes near.
const EXTENSION_BYTES: u64 = 1 << 20;

/// Whether data beginning with `head` is a tar archive.
pub(crate) fn looks_like(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK>() else { return false };
    has_magic(block) || (block[0] != 0 && checksum_fits(block))
}

/// Whether `head` may be a tar header with a few wrong bytes: its numbers are where they belong, in octal.
pub(crate) fn resembles(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<BLOCK>() else { return false };
    let fields = [100..108, 108..116, 116..124, 124..136, 136..148, 148..156];
    block[0] != 0 && fields.into_iter().filter(|field| is_octal(&block[field.clone()])).count() >= 4
}

/// Whether a header's field holds a number and its end.
fn is_octal(field: &[u8]) -> bool {
    let text = field.trim_ascii_start();
    let digits = text.iter().take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    digits > 0 && digits < text.len() && text[digits..].iter().all(|byte| matches!(byte, 0 | b' '))
}

/// What data is that begins with what resembles a tar header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Damaged {
    /// An archive: a valid header follows, or its first member is too long to see.
    Archive,
    /// Marked as a tar header, but nothing that follows is one.
    Start,
    No,
}

/// Judges data by its first `head`, which ends before the data's end only if it is long.
pub(crate) fn damaged(head: &[u8]) -> Damaged {
    let (blocks, _) = head.as_chunks::<BLOCK>();
    if blocks.iter().skip(1).any(|block| has_magic(block) && checksum_fits(block)) {
        return Damaged::Archive;
    }
    let Some(first) = blocks.first() else { return Damaged::No };
    let wrong_bits = |magic: &[u8; 8]| -> u32 {
        magic.iter().zip(&first[257..265]).map(|(a, b)| (a ^ b).count_ones()).sum()
    };
    if ![b"ustar  \0", b"ustar\x0000"].into_iter().any(|magic| wrong_bits(magic) <= 2) {
        return Damaged::No;
    }
    let size = Header::from_byte_slice(first).entry_size().unwrap_or(0);
    if size > head.len() as u64 { Damaged::Archive } else { Damaged::Start }
}

/// Walks the archive that `stream` holds.
pub(crate) fn walk<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    archive: &Place,
) -> Result<(), Stop> {
    let mut tar = Tar {
        walker,
        stream,
        archive,
        at: 0,
        ended: false,
        next: Extensions::default(),
        names: Names::of(archive),
    };
    while tar.step()? {}
    Ok(())
}

/// A walk through one archive.
struct Tar<'a, 'w, 's, S> {
    walker: &'a mut Walker<'w, S>,
    stream: &'a mut Stream<'s>,
    archive: &'a Place,
    /// Bytes of the archive read so far.
    at: u64,
    /// Whether the last block was one of zeros.
    ended: bool,
    /// What extension headers say of the member that follows.
    next: Extensions,
    names: Names,
}

/// What GNU and PAX headers say of the next member.
#[derive(Debug, Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    mtime: Option<i64>,
    sparse: bool,
    /// The map of a sparse member stands in front of its data.
    sparse_map_in_data: bool,
}

/// A block that was looked at.
enum Block {
    Header(Box<[u8; BLOCK]>),
    Zeros,
    Invalid,
}

impl<S: Sink> Tar<'_, '_, '_, S> {
    /// Reads one block and what belongs to it: whether the archive goes on.
    fn step(&mut self) -> Result<bool, Stop> {
        self.walker.tick(self.stream.raw().end, self.archive)?;
        match self.walker.look(self.stream, BLOCK, self.archive, self.at) {
            Look::All => {}
            Look::Damaged => return Ok(false),
            Look::Short => return self.short_block(),
            Look::End => {
                self.end();
                return Ok(false);
            }
        }
        match self.block() {
            Block::Zeros => {
                self.consume_block()?;
                self.ended = true;
            }
            Block::Invalid => self.resynchronise()?,
            Block::Header(header) => {
                self.consume_block()?;
                self.ended = false;
                return self.entry(Header::from_byte_slice(&header[..]));
            }
        }
        Ok(true)
    }

    fn block(&mut self) -> Block {
        let Some(block) = self.stream.peek(BLOCK).first_chunk::<BLOCK>() else { return Block::Invalid };
        if block.iter().all(|byte| *byte == 0) {
            Block::Zeros
        } else if checksum_fits(block) {
            Block::Header(Box::new(*block))
        } else {
            Block::Invalid
        }
    }

    fn consume_block(&mut self) -> Result<(), Stop> {
        self.stream.consume(BLOCK);
        self.at += BLOCK as u64;
        self.walker.charge(BLOCK, self.archive)
    }

    /// Moves over what is less than a block, at the end.
    fn consume_rest(&mut self) -> Result<(), Stop> {
        let rest = self.stream.peek(BLOCK).len();
        self.stream.consume(rest);
        self.at += rest as u64;
        self.walker.charge(rest, self.archive)
    }

    /// The archive ends within a block.
    fn short_block(&mut self) -> Result<bool, Stop> {
        let rest = self.stream.peek(BLOCK);
        let zeros = rest.iter().all(|byte| *byte == 0);
        if !zeros && self.ended {
            let message = "bytes that are no tar header follow the end of the archive";
            self.problem(ProblemKind::Corrupt, message);
        } else if !zeros {
            self.problem(ProblemKind::Truncated, "the archive ends within a header");
        } else {
            self.end();
        }
        Ok(false)
    }

    fn end(&mut self) {
        if self.next.name.is_some() || self.next.size.is_some() {
            self.problem(ProblemKind::Truncated, "the archive ends between a long name and its member");
        } else if !self.ended {
            let message = "the end marker is missing; members after this place may be lost";
            self.problem(ProblemKind::Truncated, message);
        }
    }

    /// Moves on to the next block that is surely a header.
    fn resynchronise(&mut self) -> Result<(), Stop> {
        let from = self.at;
        let after_end = self.ended;
        self.next = Extensions::default();
        loop {
            self.ended = matches!(self.block(), Block::Zeros);
            self.consume_block()?;
            self.walker.tick(self.stream.raw().end, self.archive)?;
            match self.walker.look(self.stream, BLOCK, self.archive, self.at) {
                Look::All => {}
                Look::Short => {
                    self.consume_rest()?;
                    break;
                }
                Look::End | Look::Damaged => break,
            }
            if let Block::Header(header) = self.block()
                && has_magic(&header)
            {
                break;
            }
        }
        let skipped = self.at - from;
        let message = if after_end {
            format!("{skipped} bytes that are no tar header follow the end of the archive")
        } else {
            format!("a damaged header; {skipped} bytes are skipped up to the next valid one or the end")
        };
        // What was skipped has been named: an end without marker adds nothing.
        self.ended = true;
        self.walker.problem(&self.archive.path, Some(from), ProblemKind::Corrupt, message);
        Ok(())
    }

    /// Handles the member or extension that `header` begins.
    fn entry(&mut self, header: &Header) -> Result<bool, Stop> {
        let size = match header.entry_size() {
            Ok(size) => size,
            Err(_) => {
                let message = "a header states no valid size";
                self.problem(ProblemKind::Corrupt, message);
                self.next = Extensions::default();
                return Ok(true);
            }
        };
        match header.entry_type() {
            EntryType::GNULongName => self.long_name(size),
            EntryType::GNULongLink => self.extension(size).map(|data| data.is_some()),
            EntryType::XHeader => self.pax(size),
            EntryType::XGlobalHeader => self.skip_data(size),
            // GNU's volume label, and its list of a directory's names.
            kind if matches!(kind.as_byte(), b'V' | b'D') => {
                self.next = Extensions::default();
                self.skip_data(size)
            }
            _ => self.member(header, size),
        }
    }

    fn long_name(&mut self, size: u64) -> Result<bool, Stop> {
        let Some(mut name) = self.extension(size)? else { return Ok(false) };
        let end = memchr::memchr(0, &name).unwrap_or(name.len());
        name.truncate(end);
        self.next.name = Some(name);
        Ok(true)
    }

    fn pax(&mut self, size: u64) -> Result<bool, Stop> {
        let Some(data) = self.extension(size)? else { return Ok(false) };
        if self.next.read_pax(&data).is_err() {
            self.problem(ProblemKind::Corrupt, "an extended header is not valid");
        }
        Ok(true)
    }

    /// The data of an extension header, empty if it is too long; `None` if the archive ends in it.
    fn extension(&mut self, size: u64) -> Result<Option<Vec<u8>>, Stop> {
        if size > EXTENSION_BYTES {
            self.problem(ProblemKind::Limit, format!("an extended header of {size} bytes is not read"));
            return Ok(self.skip_data(size)?.then(Vec::new));
        }
        let mut data = Vec::new();
        while (data.len() as u64) < size {
            let left = (size - data.len() as u64) as usize;
            match self.walker.look(self.stream, 1, self.archive, self.at) {
                Look::All => {}
                Look::Damaged => return Ok(None),
                Look::Short | Look::End => {
                    self.problem(ProblemKind::Truncated, "the archive ends within an extended header");
                    return Ok(None);
                }
            }
            let bytes = self.stream.peek(1);
            let take = bytes.len().min(left);
            data.extend_from_slice(&bytes[..take]);
            self.stream.consume(take);
            self.at += take as u64;
            self.walker.charge(take, self.archive)?;
        }
        Ok(self.skip(padding(size))?.then_some(data))
    }

    fn member(&mut self, header: &Header, header_size: u64) -> Result<bool, Stop> {
        let next = std::mem::take(&mut self.next);
        let name = next.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let mtime = next.mtime.or_else(|| header.mtime().ok().and_then(|time| i64::try_from(time).ok()));
        let place = self.archive.member(stripped(&name), mtime);
        self.walker.count_member(&place)?;
        let kind = header.entry_type();
        let size = next.size.unwrap_or(header_size);
        if kind.is_dir() || (name.ends_with(b"/") && header.as_bytes()[156] == 0) {
            return Ok(true);
        }
        if let Some(what) = not_a_file(kind) {
            self.walker.problem(&place.path, None, ProblemKind::Skipped, format!("{what} is not followed"));
            return Ok(true);
        }
        if !self.names.insert(stripped(&name)) {
            let message = "this name occurs more than once in the archive; all of them are read";
            self.walker.problem(&place.path, None, ProblemKind::Duplicate, message);
        }
        let mut left = size;
        if kind.is_gnu_sparse() || next.sparse {
            let message =
                "a sparse file: only its stored parts are read, the holes between them are left out";
            self.walker.problem(&place.path, None, ProblemKind::Unsupported, message);
            let extended = kind.is_gnu_sparse() && header.as_gnu().is_some_and(|gnu| gnu.is_extended());
            if (extended && !self.skip_gnu_map()?)
                || (next.sparse_map_in_data && !self.skip_pax_map(&mut left)?)
            {
                return Ok(false);
            }
        }
        self.data(&place, left, padding(size))
    }

    /// Walks the data of a member, and moves over what was left of it.
    fn data(&mut self, place: &Place, size: u64, padding: u64) -> Result<bool, Stop> {
        let mut remainder = Remainder::new(size);
        self.walker.open(Stream::new(Member::new(self.stream, &mut remainder)), place)?;
        let whole = self.walker.skip_member(self.stream, &mut remainder, place)?;
        self.at += size - remainder.left;
        Ok(whole && self.skip(padding)?)
    }

    /// Moves over data that is of no interest, with its padding.
    fn skip_data(&mut self, size: u64) -> Result<bool, Stop> {
        Ok(self.skip(size)? && self.skip(padding(size))?)
    }

    fn skip(&mut self, size: u64) -> Result<bool, Stop> {
        let mut left = size;
        let end = self.at.checked_add(size);
        let at = |left| end.map(|end| end - left);
        let whole = self.walker.skip(self.stream, &mut left, self.archive, at)?;
        self.at += size - left;
        if !whole && self.walker.look(self.stream, 1, self.archive, self.at) == Look::End {
            // Padding that is cut costs nothing, but what follows it is gone.
            self.problem(ProblemKind::Truncated, "the archive ends within a member or its padding");
        }
        Ok(whole)
    }

    /// Moves over the blocks in which an old GNU sparse map goes on.
    fn skip_gnu_map(&mut self) -> Result<bool, Stop> {
        loop {
            if self.walker.look(self.stream, BLOCK, self.archive, self.at) != Look::All {
                self.problem(ProblemKind::Truncated, "the archive ends within the map of a sparse file");
                return Ok(false);
            }
            let goes_on = self.stream.peek(BLOCK)[504] != 0;
            self.consume_block()?;
            if !goes_on {
                return Ok(true);
            }
        }
    }

    /// Moves over the map in front of the data of a PAX sparse file: decimal numbers, one a line, the first of
    /// which counts the pairs that follow.
    fn skip_pax_map(&mut self, left: &mut u64) -> Result<bool, Stop> {
        let mut lines_left: Option<u64> = None;
        let mut number = 0_u64;
        while lines_left != Some(0) && *left >= BLOCK as u64 {
            if self.walker.look(self.stream, BLOCK, self.archive, self.at) != Look::All {
                self.problem(ProblemKind::Truncated, "the archive ends within the map of a sparse file");
                return Ok(false);
            }
            for byte in &self.stream.peek(BLOCK)[..BLOCK] {
                match (byte, lines_left) {
                    (_, Some(0)) => break,
                    (b'0'..=b'9', _) => {
                        number = number.saturating_mul(10).saturating_add(u64::from(byte - b'0'))
                    }
                    (_, None) => lines_left = Some(number.saturating_mul(2)),
                    (_, Some(lines)) => lines_left = Some(lines - 1),
                }
            }
            self.consume_block()?;
            *left -= BLOCK as u64;
        }
        Ok(true)
    }

    /// Tells a problem of the archive at the current place.
    fn problem(&mut self, kind: ProblemKind, message: impl Into<String>) {
        self.walker.problem(&self.archive.path, Some(self.at), kind, message);
    }
}

impl Extensions {
    /// Takes over what a PAX header says; `Err` if a record of it is not valid.
    fn read_pax(&mut self, data: &[u8]) -> Result<(), ()> {
        let mut result = Ok(());
        let mut rest = data;
        while !rest.is_empty() {
            let (key, value, after) = pax_record(rest).ok_or(())?;
            rest = after;
            match key {
                b"path" if self.name.is_none() || !self.sparse => self.name = Some(value.to_vec()),
                b"size" => match number(value) {
                    Some(size) => self.size = Some(size),
                    None => result = Err(()),
                },
                b"mtime" => self.mtime = seconds(value),
                b"GNU.sparse.name" => {
                    self.sparse = true;
                    self.name = Some(value.to_vec());
                }
                b"GNU.sparse.major" => {
                    self.sparse = true;
                    self.sparse_map_in_data = number(value) == Some(1);
                }
                b"GNU.sparse.size" | b"GNU.sparse.realsize" | b"GNU.sparse.map" => self.sparse = true,
                _ => {}
            }
        }
        result
    }
}

/// Key and value of the record `LENGTH KEY=VALUE\n` in front, and what follows it. A value may hold line ends.
fn pax_record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = memchr::memchr(b' ', &data[..data.len().min(21)])?;
    let length = usize::try_from(number(&data[..blank])?).ok()?;
    let (record, rest) = data.split_at_checked(length)?;
    let record = record.strip_suffix(b"\n")?.get(blank + 1..)?;
    let equals = memchr::memchr(b'=', record)?;
    Some((&record[..equals], &record[equals + 1..], rest))
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Whole seconds of a PAX time such as `1646424963.68`.
fn seconds(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.split('.').next()?.parse().ok()
}

/// Bytes between the end of `size` bytes of data and the next block.
fn padding(size: u64) -> u64 {
    let block = BLOCK as u64;
    (block - size % block) % block
}

/// What a member is if it has no content of its own.
fn not_a_file(kind: EntryType) -> Option<&'static str> {
    match kind {
        EntryType::Link => Some("a hard link"),
        EntryType::Symlink => Some("a symbolic link"),
        EntryType::Char | EntryType::Block => Some("a device"),
        EntryType::Fifo => Some("a FIFO"),
        _ => None,
    }
}

/// A member's name without the `./` that `tar -C dir .` puts in front of it.
fn stripped(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_prefix(b"./") {
        let slashes = rest.iter().take_while(|byte| **byte == b'/').count();
        name = &rest[slashes..];
    }
    name
}

/// POSIX writes `ustar` and a zero byte, GNU two blanks and a zero byte.
fn has_magic(block: &[u8; BLOCK]) -> bool {
    matches!(&block[257..265], [b'u', b's', b't', b'a', b'r', 0, ..] | b"ustar  \0")
}

/// Whether the stored checksum is the sum of the header's bytes, taken with or without sign.
fn checksum_fits(block: &[u8; BLOCK]) -> bool {
    let Ok(stored) = Header::from_byte_slice(block).cksum() else { return false };
    let sums = |from: usize, to: usize| {
        block[from..to].iter().fold((0_i64, 0_i64), |(unsigned, signed), byte| {
            (unsigned + i64::from(*byte), signed + i64::from(*byte as i8))
        })
    };
    let (front, back) = (sums(0, 148), sums(156, BLOCK));
    let blanks = 8 * i64::from(b' ');
    let stored = i64::from(stored);
    stored == front.0 + back.0 + blanks || stored == front.1 + back.1 + blanks
}

#[cfg(test)]
mod tests {
    use super::pax_record;

    #[test]
    fn a_value_may_hold_line_ends() {
        let data = b"20 path=a\nb/c d.log\n11 size=12\nrest";
        let (key, value, rest) = pax_record(data).expect("a record");
        assert_eq!((key, value), (&b"path"[..], &b"a\nb/c d.log"[..]));
        assert_eq!(pax_record(rest), Some((&b"size"[..], &b"12"[..], &b"rest"[..])));
        for broken in ["", "5", "5 a=b", "3 a=b\n", "99999999999999999999 a=b\n", "x a=b\n", "6 aab\n"] {
            assert_eq!(pax_record(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
