//! zip: by its directory where the data can be addressed, else by the local headers in their order.
//!
//! [`Archive`] lists the members of addressable data, each independent of the others. [`nested`] reads a zip that
//! comes as a stream: in memory up to a limit, beyond that front to back.

use std::fs::File;
use std::io;

use super::Sink;
use super::duplicates::Names;
use super::walker::{LARGE_BYTES, Look, Place, Stop, Walker};
use crate::decompress;
use crate::problem::ProblemKind;
use crate::stream::{Damage, Decode, Inline, Member as Part, Pull, Raw, Remainder, Stream};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR_64: [u8; 4] = *b"PK\x06\x07";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// The end record, and the longest comment behind it.
const END_BYTES: u64 = 22 + 65_535;

/// Bytes of the directory read at once.
const DIRECTORY_BYTES: usize = 64 << 10;

const ENCRYPTED: u16 = 1;
const SIZES_BEHIND: u16 = 8;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Data that can be read at any place.
pub(crate) trait ReadAt: Send + Sync {
    /// Reads at `offset`, as much as comes at once; nothing is the end.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;
    /// Length of the data now.
    fn len(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    #[cfg(unix)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, out, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, out, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// Bytes in memory.
pub(crate) struct ByteArray<'b>(pub(crate) &'b [u8]);

impl ReadAt for ByteArray<'_> {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.0.get(at..)).unwrap_or_default();
        let n = rest.len().min(out.len());
        out[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

/// Reads addressable data onwards from a place.
#[derive(Clone, Copy)]
struct From<'z> {
    data: &'z dyn ReadAt,
    at: u64,
}

impl io::Read for From<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.data.read_at(self.at, out)?;
        self.at = self.at.saturating_add(n as u64);
        Ok(n)
    }
}

impl<'z> From<'z> {
    fn stream(self, buffer_bytes: usize) -> Stream<'z> {
        Stream::new(Inline::new(Raw::new(self), buffer_bytes))
    }
}

/// A number stored in the two, four or eight bytes at `at`; 0 where there are none.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let field = bytes.get(at..at + length).unwrap_or_default();
    field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    number(bytes, at, 2) as u16
}

/// What a local header or the directory says of a member.
#[derive(Clone, Debug, Default)]
struct Header {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    mtime: Option<i64>,
    crc: u32,
    compressed: u64,
    size: u64,
    /// Where the local header stands; known by the directory only.
    at: u64,
    /// Type and permissions of the file on Unix, or 0.
    mode: u32,
}

impl Header {
    /// Reads a directory entry of 46 bytes, its name and extra fields.
    fn central(fixed: &[u8], name: &[u8], extra: &[u8]) -> Header {
        let from_unix = fixed[5] == 3;
        let mut header = Header {
            name: name.to_vec(),
            flags: short(fixed, 8),
            method: short(fixed, 10),
            mtime: dos_time(short(fixed, 12), short(fixed, 14)),
            crc: number(fixed, 16, 4) as u32,
            compressed: number(fixed, 20, 4),
            size: number(fixed, 24, 4),
            at: number(fixed, 42, 4),
            mode: if from_unix { number(fixed, 40, 2) as u32 } else { 0 },
        };
        header.read_extra(extra, true);
        header
    }

    /// Reads a local header of 30 bytes, its name and extra fields.
    fn local(fixed: &[u8], name: &[u8], extra: &[u8]) -> Header {
        let mut header = Header {
            name: name.to_vec(),
            flags: short(fixed, 6),
            method: short(fixed, 8),
            mtime: dos_time(short(fixed, 10), short(fixed, 12)),
            crc: number(fixed, 14, 4) as u32,
            compressed: number(fixed, 18, 4),
            size: number(fixed, 22, 4),
            at: 0,
            mode: 0,
        };
        header.read_extra(extra, false);
        header
    }

    fn read_extra(&mut self, mut extra: &[u8], central: bool) {
        while extra.len() >= 4 {
            let length = usize::from(short(extra, 2)).min(extra.len() - 4);
            let (field, rest) = extra[4..].split_at(length);
            match short(extra, 0) {
                // Zip64: the fields that did not fit, in this order.
                1 => {
                    let mut at = 0;
                    let mut wide = vec![&mut self.size, &mut self.compressed];
                    if central {
                        wide.push(&mut self.at);
                    }
                    for value in wide {
                        if *value == 0xffff_ffff && at + 8 <= field.len() {
                            *value = number(field, at, 8);
                            at += 8;
                        }
                    }
                }
                // Unix time, signed.
                0x5455 if field.len() >= 5 && field[0] & 1 != 0 => {
                    self.mtime = Some(i64::from(number(field, 1, 4) as u32 as i32));
                }
                _ => {}
            }
            extra = rest;
        }
    }

    fn is_directory(&self) -> bool {
        self.name.ends_with(b"/") && self.size == 0
    }

    /// The place behind its content, or a little before it if its local header has extra fields.
    fn end(&self) -> u64 {
        self.at.saturating_add(30 + self.name.len() as u64).saturating_add(self.compressed)
    }

    fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// Why its content cannot be read, if so.
    fn unsupported(&self) -> Option<String> {
        if self.flags & ENCRYPTED != 0 {
            return Some("an encrypted member is not read".into());
        }
        match self.method {
            STORED | DEFLATED => None,
            method => Some(format!("a member compressed by zip method {method} is not read")),
        }
    }

    fn place(&self, archive: &Place) -> Place {
        let name = self.name.strip_prefix(b"./").unwrap_or(&self.name);
        let place = archive.member(name, self.mtime);
        Place { decoded: archive.decoded || self.method == DEFLATED, ..place }
    }
}

/// Seconds since 1970 of a local time whose zone nobody stored; taken as UTC.
fn dos_time(time: u16, date: u16) -> Option<i64> {
    let (year, month, day) = (1980 + i64::from(date >> 9), i64::from(date >> 5 & 15), i64::from(date & 31));
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // Days from 1970 in the calendar whose year begins in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let (hour, minute, second) = (i64::from(time >> 11), i64::from(time >> 5 & 63), i64::from(time & 31) * 2);
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// The members of addressable data, in the order of the directory.
pub(crate) struct Archive<'z> {
    data: &'z dyn ReadAt,
    place: Place,
    directory: Directory<'z>,
    /// Members the directory has not named yet; 0 from the start if it contradicts itself or the data.
    left: u64,
    /// Why the directory is not to be relied on, until this was told.
    damage: Option<&'static str>,
    /// What to add to stored offsets: bytes in front of the archive.
    shift: u64,
    /// The place behind the last member of which the directory told.
    told_up_to: u64,
    names: Names,
}

/// A part of an archive that can be read independently of the others.
pub(crate) struct Unit<'z> {
    data: &'z dyn ReadAt,
    archive: Place,
    what: What,
}

enum What {
    Member {
        header: Header,
        repeated: bool,
    },
    /// The directory is damaged: what follows this place is read by the local headers.
    Rest {
        from: u64,
        reason: &'static str,
    },
}

impl<'z> Archive<'z> {
    /// Finds the directory; `None` if there is none that can be read.
    ///
    /// It is read once to see whether it fits itself and the data: an entry that claims too much would otherwise
    /// swallow those behind it. If it does not fit, all members are found by their local headers.
    pub(crate) fn open(data: &'z dyn ReadAt, place: Place) -> Option<Archive<'z>> {
        let data_bytes = data.len().ok()?;
        let names = Names::of(&place);
        let end = find_end(data, data_bytes)?;
        let from = [end.at.checked_sub(end.size), Some(end.offset)]
            .into_iter()
            .flatten()
            .find(|from| end.size == 0 || read_exact::<4>(data, *from) == Some(CENTRAL))?;
        // The stored place counts from the start of the archive, unless it is itself wrong.
        let shifts = [from.saturating_sub(end.offset), 0];
        let checked = shifts.map(|shift| (shift, check(data, data_bytes, from, &end, shift)));
        let sound = checked.iter().position(|(_, members)| members.is_ok()).unwrap_or(0);
        let (shift, members) = checked[sound];
        let directory = Directory::at(data, from);
        let (left, damage) = (members.unwrap_or(0), members.err());
        Some(Archive { data, place, directory, left, damage, shift, told_up_to: 0, names })
    }

    /// Walks all members one after the other.
    pub(crate) fn walk<S: Sink>(self, walker: &mut Walker<'_, S>) -> Result<(), Stop> {
        for unit in self {
            unit.walk(walker)?;
        }
        Ok(())
    }

    fn unit(&self, what: What) -> Unit<'z> {
        Unit { data: self.data, archive: self.place.clone(), what }
    }
}

impl<'z> Iterator for Archive<'z> {
    type Item = Unit<'z>;

    fn next(&mut self) -> Option<Unit<'z>> {
        if let Some(reason) = self.damage.take() {
            return Some(self.unit(What::Rest { from: 0, reason }));
        }
        self.left = self.left.checked_sub(1)?;
        let Some(mut header) = self.directory.header() else {
            self.left = 0;
            let reason = "it changed while it was read";
            return Some(self.unit(What::Rest { from: self.told_up_to, reason }));
        };
        header.at = header.at.saturating_add(self.shift);
        self.told_up_to = self.told_up_to.max(header.end());
        let repeated = !header.is_directory() && !self.names.insert(&header.name);
        Some(self.unit(What::Member { header, repeated }))
    }
}

/// The entries of a directory.
struct Directory<'z>(Stream<'z>);

impl<'z> Directory<'z> {
    fn at(data: &'z dyn ReadAt, from: u64) -> Directory<'z> {
        Directory(From { data, at: from }.stream(DIRECTORY_BYTES))
    }

    /// The next entry; `None` where none follows.
    fn header(&mut self) -> Option<Header> {
        let fixed = *self.0.peek(46).first_chunk::<46>()?;
        if !fixed.starts_with(&CENTRAL) {
            return None;
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(short(&fixed, at)));
        let whole = 46 + name + extra + comment;
        let bytes = self.0.peek(whole).get(46..whole)?;
        let header = Header::central(&fixed, &bytes[..name], &bytes[name..name + extra]);
        self.consume(whole);
        Some(header)
    }

    fn consume(&mut self, mut n: usize) {
        while n > 0 {
            let have = self.0.fill().map_or(0, <[u8]>::len).min(n);
            if have == 0 {
                return;
            }
            self.0.consume(have);
            n -= have;
        }
    }
}

/// The number of members that the directory at `from` names, or what speaks against relying on it.
fn check(data: &dyn ReadAt, data_bytes: u64, from: u64, end: &End, shift: u64) -> Result<u64, &'static str> {
    let mut directory = Directory::at(data, from);
    let (mut members, mut claimed) = (0, 0_u64);
    while let Some(header) = directory.header() {
        members += 1;
        if read_exact::<4>(data, header.at.saturating_add(shift)) != Some(LOCAL) {
            return Err("a local header is not where it says");
        }
        claimed = claimed.saturating_add(header.compressed);
        // One member that is longer than the data is cut off, and told.
        if claimed > data_bytes && members > 1 {
            return Err("members overlap: together they claim more bytes than there are");
        }
    }
    let fits = if end.is_wide { members == end.members } else { members as u16 == end.members as u16 };
    if fits { Ok(members) } else { Err("it holds more or fewer entries than it states") }
}

/// Where the directory is said to be.
struct End {
    /// Where the record stands that says so: right behind the directory.
    at: u64,
    size: u64,
    offset: u64,
    members: u64,
    /// Whether the members are counted beyond 65535, or modulo 65536.
    is_wide: bool,
}

fn find_end(data: &dyn ReadAt, data_bytes: u64) -> Option<End> {
    let from = data_bytes.saturating_sub(END_BYTES);
    let mut tail = vec![0; usize::try_from(data_bytes - from).ok()?];
    let mut stream = From { data, at: from }.stream(tail.len());
    let have = stream.peek(tail.len()).len().min(tail.len());
    tail[..have].copy_from_slice(&stream.peek(have)[..have]);
    tail.truncate(have);
    let at = memchr::memmem::rfind_iter(&tail, &END)
        .find(|at| at + 22 <= tail.len() && at + 22 + usize::from(short(&tail, at + 20)) <= tail.len())?;
    let record = &tail[at..];
    let end = End {
        at: from + at as u64,
        size: number(record, 12, 4),
        offset: number(record, 16, 4),
        members: number(record, 10, 2),
        is_wide: false,
    };
    let wide = end.size == 0xffff_ffff || end.offset == 0xffff_ffff || short(record, 10) == 0xffff;
    Some(if wide { find_end_64(data, end.at).unwrap_or(end) } else { end })
}

fn find_end_64(data: &dyn ReadAt, end: u64) -> Option<End> {
    let locator = read_exact::<20>(data, end.checked_sub(20)?)?;
    if !locator.starts_with(&LOCATOR_64) {
        return None;
    }
    // Where it says, or right in front of the locator if bytes stand before the archive.
    [number(&locator, 8, 8), end.checked_sub(76)?].into_iter().find_map(|at| {
        let record = read_exact::<56>(data, at)?;
        record.starts_with(&END_64).then(|| End {
            at,
            size: number(&record, 40, 8),
            offset: number(&record, 48, 8),
            members: number(&record, 32, 8),
            is_wide: true,
        })
    })
}

fn read_exact<const N: usize>(data: &dyn ReadAt, at: u64) -> Option<[u8; N]> {
    let mut stream = From { data, at }.stream(N);
    stream.peek(N).first_chunk::<N>().copied()
}

impl Unit<'_> {
    /// Reads this part.
    pub(crate) fn walk<S: Sink>(self, walker: &mut Walker<'_, S>) -> Result<(), Stop> {
        walker.restart_position();
        let archive = &self.archive;
        match self.what {
            What::Member { header, repeated } => member(walker, self.data, archive, &header, repeated),
            What::Rest { from, reason } => {
                let message =
                    format!("the directory is damaged: {reason}; members are found by their local headers");
                walker.problem(&archive.path, None, ProblemKind::Corrupt, message);
                let mut stream = From { data: self.data, at: from }.stream(walker.buffer_bytes(archive));
                by_local_headers(walker, &mut stream, archive)
            }
        }
    }
}

/// Reads a member that the directory names.
fn member<S: Sink>(
    walker: &mut Walker<'_, S>,
    data: &dyn ReadAt,
    archive: &Place,
    header: &Header,
    repeated: bool,
) -> Result<(), Stop> {
    let place = header.place(archive);
    if !announce(walker, header, &place, repeated)? {
        return Ok(());
    }
    let Some(local) = read_exact::<30>(data, header.at).filter(|local| local.starts_with(&LOCAL)) else {
        let message = "its local header is not where the directory says";
        walker.problem(&place.path, None, ProblemKind::Corrupt, message);
        return Ok(());
    };
    let names = u64::from(short(&local, 26)) + u64::from(short(&local, 28));
    let from = From { data, at: header.at.saturating_add(30 + names) };
    let buffer_bytes = walker.buffer_bytes(&place);
    let mut stream = from.stream(buffer_bytes);
    let mut remainder = Remainder::new(header.compressed);
    content(walker, Stream::new(Part::new(&mut stream, &mut remainder)), header, &place).map(|_| ())
}

/// Counts a member and names what speaks against reading it: whether it has content to read.
fn announce<S: Sink>(
    walker: &mut Walker<'_, S>,
    header: &Header,
    place: &Place,
    repeated: bool,
) -> Result<bool, Stop> {
    walker.count_member(place)?;
    if header.is_directory() {
        return Ok(false);
    }
    if repeated {
        let message = "this name occurs more than once in the archive; all of them are read";
        walker.problem(&place.path, None, ProblemKind::Duplicate, message);
    }
    if header.is_link() {
        walker.problem(&place.path, None, ProblemKind::Skipped, "a symbolic link is not followed");
        return Ok(false);
    }
    Ok(true)
}

/// Walks the content of a member whose compressed bytes `stream` has, and checks it against the header.
fn content<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: Stream<'_>,
    header: &Header,
    place: &Place,
) -> Result<(), Stop> {
    if let Some(message) = header.unsupported() {
        walker.problem(&place.path, None, ProblemKind::Unsupported, message);
        return Ok(());
    }
    let buffer_bytes = walker.buffer_bytes(place);
    if header.method == STORED {
        let checked = Checked::new(Copied(stream), Some(header));
        return walker.open(Stream::new(Inline::new(checked, buffer_bytes)), place);
    }
    let limits = walker.decoder_limits(&Place { decoded: false, ..place.clone() });
    let checked = Checked::new(decompress::open_deflate(stream, limits), Some(header));
    walker.open(Stream::new(Inline::new(checked, buffer_bytes)), place)
}

/// A stream as a decoder that changes nothing.
struct Copied<'s>(Stream<'s>);

impl Decode for Copied<'_> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        let mut len = 0;
        while len < out.len() {
            match self.0.fill() {
                Ok([]) => break,
                Ok(bytes) => {
                    let take = bytes.len().min(out.len() - len);
                    out[len..len + take].copy_from_slice(&bytes[..take]);
                    self.0.consume(take);
                    len += take;
                }
                Err(damage) => return (len, Some(damage)),
            }
        }
        (len, None)
    }

    fn raw_position(&self, _unread: usize) -> u64 {
        self.0.raw().end
    }
}

/// Checks length and CRC-32 of what a decoder gives, at its end.
struct Checked<D> {
    decoder: D,
    crc: crc32fast::Hasher,
    length: u64,
    expected: Option<(u32, u64)>,
}

impl<D: Decode> Checked<D> {
    fn new(decoder: D, header: Option<&Header>) -> Checked<D> {
        let expected = header.map(|header| (header.crc, header.size));
        Checked { decoder, crc: crc32fast::Hasher::new(), length: 0, expected }
    }

    fn check(&mut self) -> Option<Damage> {
        let (crc, size) = self.expected.take()?;
        let what = if size != self.length {
            format!("{} bytes instead of the {size} that the archive states", self.length)
        } else if crc != self.crc.clone().finalize() {
            "the stored checksum does not fit the data".into()
        } else {
            return None;
        };
        Some(Damage::passing(ProblemKind::Checksum, what))
    }
}

impl<D: Decode> Decode for Checked<D> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        let (len, damage) = self.decoder.decode(out);
        self.crc.update(&out[..len]);
        self.length += len as u64;
        if damage.is_none() && len < out.len() {
            return (len, self.check());
        }
        (len, damage)
    }

    fn raw_position(&self, unread: usize) -> u64 {
        self.decoder.raw_position(unread)
    }
}

/// Walks a zip that comes as a stream.
pub(crate) fn nested<S: Sink>(
    walker: &mut Walker<'_, S>,
    mut stream: Stream<'_>,
    archive: &Place,
) -> Result<(), Stop> {
    let mut bytes = Vec::new();
    let small = archive.zip_bytes.min(LARGE_BYTES);
    if hold(walker, &mut stream, archive, &mut bytes, small)? {
        return held(walker, bytes, archive);
    }
    walker.with_memory(archive.zip_bytes, |walker| {
        if hold(walker, &mut stream, archive, &mut bytes, archive.zip_bytes)? {
            return held(walker, bytes, archive);
        }
        by_local_headers(walker, &mut Stream::resumed(bytes, stream), archive)
    })
}

/// Walks a zip that is in memory as a whole.
fn held<S: Sink>(walker: &mut Walker<'_, S>, bytes: Vec<u8>, archive: &Place) -> Result<(), Stop> {
    let place = Place { zip_bytes: archive.zip_bytes - bytes.len() as u64, ..archive.clone() };
    walker.in_memory += 1;
    let walked = in_memory(walker, &bytes, &place);
    walker.in_memory -= 1;
    walked
}

fn in_memory<S: Sink>(walker: &mut Walker<'_, S>, bytes: &[u8], place: &Place) -> Result<(), Stop> {
    let array = ByteArray(bytes);
    if let Some(archive) = Archive::open(&array, place.clone()) {
        return archive.walk(walker);
    }
    let message = "the directory of the zip cannot be read; its members are found by their local headers";
    walker.problem(&place.path, None, ProblemKind::Corrupt, message);
    let mut stream = From { data: &array, at: 0 }.stream(walker.buffer_bytes(place));
    by_local_headers(walker, &mut stream, place)
}

/// Takes the stream's bytes into memory until there are `limit` of them: whether that was all.
fn hold<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    archive: &Place,
    bytes: &mut Vec<u8>,
    limit: u64,
) -> Result<bool, Stop> {
    loop {
        if walker.look(stream, 1, archive, bytes.len() as u64) != Look::All {
            return Ok(true);
        }
        let left = usize::try_from(limit - bytes.len() as u64).unwrap_or(usize::MAX);
        let piece = stream.peek(1);
        let take = piece.len().min(left);
        if take == 0 {
            return Ok(false);
        }
        grow(bytes, take);
        bytes.extend_from_slice(&piece[..take]);
        stream.consume(take);
        walker.charge(take, archive)?;
        walker.tick(stream.raw().end, archive)?;
    }
}

/// Makes room by a quarter at a time, since doubling would take half as much again as the limit allows.
fn grow(bytes: &mut Vec<u8>, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        bytes.reserve_exact(more.max(bytes.len() / 4));
    }
}

/// Walks the members of a stream front to back.
fn by_local_headers<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    archive: &Place,
) -> Result<(), Stop> {
    let mut names = Names::of(archive);
    loop {
        walker.tick(stream.raw().end, archive)?;
        match walker.look(stream, 4, archive, 0) {
            Look::All => {}
            Look::Damaged => return Ok(()),
            Look::Short | Look::End => {
                let message = "the archive ends before its directory; members may be missing";
                walker.problem(&archive.path, None, ProblemKind::Truncated, message);
                return Ok(());
            }
        }
        match stream.peek(4).first_chunk::<4>() {
            Some(&LOCAL) => {
                if !local_member(walker, stream, archive, &mut names)? {
                    return Ok(());
                }
            }
            Some(&CENTRAL | &END | &END_64) => return Ok(()),
            _ => {
                let message = "no valid header follows a member; bytes are skipped up to the next one";
                walker.problem(&archive.path, None, ProblemKind::Corrupt, message);
                if !skip_to(walker, stream, archive, |bytes| {
                    matches!(bytes.first_chunk::<4>(), Some(&LOCAL | &CENTRAL | &END))
                })? {
                    return Ok(());
                }
            }
        }
    }
}

/// Moves on to the next place where `is_there` holds for the bytes; looks at places of `PK` alone.
fn skip_to<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    place: &Place,
    is_there: impl Fn(&[u8]) -> bool,
) -> Result<bool, Stop> {
    const SEEN: usize = 24;
    loop {
        match walker.look(stream, SEEN, place, 0) {
            Look::All | Look::Short => {}
            Look::End | Look::Damaged => return Ok(false),
        }
        let bytes = stream.peek(SEEN);
        let last = bytes.len() < SEEN;
        // Near the end of the buffer a match may be cut: look at it again from its start.
        let sure = if last { bytes.len() } else { bytes.len() - SEEN + 1 };
        let found = memchr::memchr_iter(b'P', &bytes[..sure]).find(|at| is_there(&bytes[*at..]));
        let skip = found.unwrap_or(sure);
        stream.consume(skip);
        walker.charge(skip, place)?;
        walker.tick(stream.raw().end, place)?;
        if found.is_some() || last {
            return Ok(found.is_some());
        }
    }
}

/// Reads the member whose local header comes next: whether the archive goes on.
fn local_member<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    archive: &Place,
    names: &mut Names,
) -> Result<bool, Stop> {
    let Some(header) = local_header(walker, stream, archive)? else { return Ok(false) };
    let place = header.place(archive);
    let repeated = !header.is_directory() && !names.insert(&header.name);
    let wanted = announce(walker, &header, &place, repeated)?;
    if header.flags & SIZES_BEHIND == 0 {
        let mut remainder = Remainder::new(header.compressed);
        if wanted {
            content(walker, Stream::new(Part::new(stream, &mut remainder)), &header, &place)?;
        }
        return walker.skip_member(stream, &mut remainder, &place);
    }
    if header.method == DEFLATED && header.flags & ENCRYPTED == 0 {
        return self_ending_member(walker, stream, &place);
    }
    if header.is_directory() {
        return Ok(true);
    }
    let message = "its length is told only behind it, so that it cannot be read as a stream";
    let message = header.unsupported().unwrap_or_else(|| message.into());
    walker.problem(&place.path, None, ProblemKind::Unsupported, message);
    skip_to(walker, stream, &place, |bytes| {
        matches!(bytes.first_chunk::<4>(), Some(&DESCRIPTOR | &LOCAL | &CENTRAL))
    })?;
    skip_descriptor(walker, stream, &place)
}

fn local_header<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    archive: &Place,
) -> Result<Option<Header>, Stop> {
    let mut want = 30;
    if walker.look(stream, want, archive, 0) == Look::All {
        let fixed = stream.peek(30);
        want += usize::from(short(fixed, 26)) + usize::from(short(fixed, 28));
    }
    match walker.look(stream, want, archive, 0) {
        Look::All => {}
        Look::Damaged => return Ok(None),
        Look::Short | Look::End => {
            let message = "the archive ends within a local header";
            walker.problem(&archive.path, None, ProblemKind::Truncated, message);
            return Ok(None);
        }
    }
    let bytes = &stream.peek(want)[..want];
    let (fixed, rest) = bytes.split_at(30);
    let (name, extra) = rest.split_at(usize::from(short(fixed, 26)).min(rest.len()));
    let header = Header::local(fixed, name, extra);
    let mut left = want as u64;
    let whole = walker.skip(stream, &mut left, archive, |_| None)?;
    Ok(whole.then_some(header))
}

/// Reads a deflated member that tells its length behind its data: deflate knows its own end.
fn self_ending_member<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    place: &Place,
) -> Result<bool, Stop> {
    let limits = walker.decoder_limits(&Place { decoded: false, ..place.clone() });
    let buffer_bytes = walker.buffer_bytes(place);
    let deflate = decompress::open_deflate(Stream::new(&mut *stream), limits);
    let mut data = Inline::new(Checked::new(deflate, None), buffer_bytes);
    walker.open(Stream::new(&mut data), place)?;
    if !drain(walker, &mut data, place)? {
        return Ok(false);
    }
    let Checked { decoder, crc, .. } = data.decoder();
    let told = (crc.clone().finalize(), decoder.consumed(), decoder.produced());
    drop(data);
    check_descriptor(walker, stream, place, told)
}

/// Decodes what the walk left of a member: whether the place behind it is reached.
fn drain<S: Sink>(walker: &mut Walker<'_, S>, data: &mut impl Pull, place: &Place) -> Result<bool, Stop> {
    loop {
        let have = match data.fill() {
            Ok([]) => return Ok(true),
            Ok(bytes) => bytes.len(),
            Err(damage) => {
                walker.damage(&place.path, None, &damage);
                if damage.is_fatal() {
                    return Ok(false);
                }
                continue;
            }
        };
        data.consume(have);
        walker.charge(have, place)?;
        walker.tick(data.raw().end, place)?;
    }
}

/// Reads the record behind a member and compares it with CRC-32, compressed length and length of the data.
fn check_descriptor<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    place: &Place,
    (crc, compressed, size): (u32, u64, u64),
) -> Result<bool, Stop> {
    // With or without signature, with short or long lengths.
    if matches!(walker.look(stream, 24, place, 0), Look::Damaged) {
        return Ok(false);
    }
    let bytes = stream.peek(24);
    let signature = if bytes.starts_with(&DESCRIPTOR) { 4 } else { 0 };
    let fits = |length: usize| {
        bytes.len() >= signature + 4 + 2 * length
            && number(bytes, signature + 4, length) == compressed & mask(length)
            && number(bytes, signature + 4 + length, length) == size & mask(length)
    };
    let length = [8, 4].into_iter().find(|length| fits(*length));
    let told = number(bytes, signature, 4);
    if length.is_none() || told != u64::from(crc) {
        let message = "the checksum or length stored behind it does not fit the data";
        walker.problem(&place.path, Some(size), ProblemKind::Checksum, message);
    }
    let mut left = length.map_or(0, |length| (signature + 4 + 2 * length) as u64);
    walker.skip(stream, &mut left, place, |_| None)
}

fn mask(length: usize) -> u64 {
    if length == 4 { 0xffff_ffff } else { u64::MAX }
}

/// Moves behind a record that follows a member which was not read.
fn skip_descriptor<S: Sink>(
    walker: &mut Walker<'_, S>,
    stream: &mut Stream<'_>,
    place: &Place,
) -> Result<bool, Stop> {
    if !stream.peek(4).starts_with(&DESCRIPTOR) {
        return Ok(true);
    }
    let mut left = 4;
    walker.skip(stream, &mut left, place, |_| None)?;
    // Crc and lengths, short or long: whatever stands before the next header.
    skip_to(walker, stream, place, |bytes| {
        matches!(bytes.first_chunk::<4>(), Some(&LOCAL | &CENTRAL | &END | &END_64))
    })
}
