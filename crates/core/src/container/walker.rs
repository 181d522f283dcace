//! The walk through one stream: what it is, which layers to open, and the leaves at the bottom.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use super::{Entry, EntryEnd, Sink, tar, utf16, zip};
use crate::Limits;
use crate::decompress::{self, Compression, DecoderLimits, TwoStage};
use crate::input::{Inflater, Shared, WalkOptions};
use crate::path::EntryPath;
use crate::problem::{Problem, ProblemKind};
use crate::stream::{Ahead, Damage, Decode, Inline, Pull, Remainder, Stream};

/// Bytes that tell every format this program reads.
const MAGIC_BYTES: usize = 512;

/// Bytes in which a valid header is looked for behind a damaged one.
const DAMAGED_BYTES: usize = 64 << 10;

/// Memory that each worker may use without asking: what the usual presets of xz and zstd need.
pub(crate) const LARGE_BYTES: u64 = 8 << 20;

/// The window of gzip, whoever decodes it.
const GZIP_WINDOW: u64 = 32 << 10;

/// Why a walk ends before the input does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stop {
    /// The sink said so.
    Sink,
    /// The caller cancelled.
    Cancelled,
    /// A limit on the whole input struck.
    Limit,
    /// Another worker stopped.
    Elsewhere,
}

/// Where a stream sits, and what was opened on the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) path: EntryPath,
    pub(crate) mtime: Option<i64>,
    /// Archives and compressions opened so far; a tar in a compression counts with it.
    pub(crate) level: u32,
    /// The compression directly around this stream.
    pub(crate) compression: Option<Compression>,
    /// Whether anything on the way was compressed.
    pub(crate) decoded: bool,
    /// Memory left for decoder windows.
    pub(crate) window_bytes: u64,
    /// Memory left to hold nested zips.
    pub(crate) zip_bytes: u64,
    /// Whether this is the input itself, or what its compression holds.
    pub(crate) outermost: bool,
}

impl Place {
    /// The place of an input or of a file in it.
    pub(crate) fn input(path: EntryPath, mtime: Option<i64>, limits: &Limits) -> Place {
        Place {
            path,
            mtime,
            level: 0,
            compression: None,
            decoded: false,
            window_bytes: limits.window_bytes,
            zip_bytes: limits.zip_buffer_bytes,
            outermost: true,
        }
    }

    /// The place of a member of the archive that stands here.
    pub(crate) fn member(&self, name: &[u8], mtime: Option<i64>) -> Place {
        let path = self.path.member(name);
        Place { path, mtime, compression: None, outermost: false, ..self.clone() }
    }

    /// The place of what the compression here holds.
    fn decompressed(&self, compression: Compression, window_bytes: u64) -> Place {
        Place {
            level: self.level + 1,
            compression: Some(compression),
            decoded: true,
            window_bytes: self.window_bytes.saturating_sub(window_bytes),
            ..self.clone()
        }
    }

    /// The place of an archive whose members are read one after the other.
    pub(crate) fn opened(&self) -> Place {
        let level = self.level + u32::from(self.compression.is_none());
        Place { level, ..self.clone() }
    }
}

/// What a stream holds, by its first bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Compressed(Compression),
    Tar,
    Zip,
    /// A format that is not read; what to say of it.
    Unread(&'static str),
    /// It begins like something that it cannot be read as: a plain file, and what to say of it.
    Doubtful(&'static str),
    Plain,
}

/// Formats that are named, not read: their magic bytes, and what to say.
const UNREAD: &[(&[u8], &str)] = &[
    (
        b"LPKSHHRH",
        "a binary systemd journal is not read; \
         ask for the text output of `journalctl --utc -o short-iso` on that node instead",
    ),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive is not read"),
    (b"Rar!\x1a\x07", "a RAR archive is not read"),
    (b"\x04\x22\x4d\x18", "lz4 data is not read"),
    (b"\x1f\x9d", "data of the old `compress` is not read"),
    (b"LZIP", "lzip data is not read"),
];

impl Kind {
    pub(crate) fn of(head: &[u8]) -> Kind {
        if let Some(compression) = Compression::of(head) {
            return Kind::Compressed(compression);
        }
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Zip,
            head if tar::looks_like(head) => Kind::Tar,
            [0x1f, 0x8b, _, ..] => Kind::Doubtful(
                "begins like gzip but cannot be read: its method is unknown; taken as a plain file",
            ),
            head => match UNREAD.iter().find(|(magic, _)| head.starts_with(magic)) {
                Some((_, message)) => Kind::Unread(message),
                None => Kind::Plain,
            },
        }
    }

    /// What `stream` holds. Behind what may be a damaged header it looks further ahead.
    fn of_stream(stream: &mut Stream<'_>) -> Kind {
        let kind = Kind::of(stream.peek(MAGIC_BYTES));
        if kind != Kind::Plain || !tar::resembles(stream.peek(MAGIC_BYTES)) {
            return kind;
        }
        match tar::damaged(stream.peek(DAMAGED_BYTES)) {
            tar::Damaged::Archive => Kind::Tar,
            tar::Damaged::Start => Kind::Doubtful(
                "begins like a tar archive whose header is damaged, and no member follows; taken as a plain file",
            ),
            tar::Damaged::No => kind,
        }
    }

    /// The name of a format for the summary of an input.
    pub(crate) fn name(self, compression: Option<Compression>) -> &'static str {
        use Compression::{Bzip2, Gzip, Xz, Zstd};
        match (compression, self) {
            (None, Kind::Tar) => "tar",
            (None, Kind::Zip) => "zip",
            (None, Kind::Unread(_)) => "unsupported",
            (None, _) => "plain",
            (Some(Gzip), Kind::Tar) => "tar.gz",
            (Some(Zstd), Kind::Tar) => "tar.zst",
            (Some(Xz), Kind::Tar) => "tar.xz",
            (Some(Bzip2), Kind::Tar) => "tar.bz2",
            (Some(Gzip), _) => "gz",
            (Some(Zstd), _) => "zst",
            (Some(Xz), _) => "xz",
            (Some(Bzip2), _) => "bz2",
        }
    }
}

/// One worker's walk: hands leaves and problems to its sink, and counts.
pub(crate) struct Walker<'w, S> {
    pub(crate) sink: S,
    pub(crate) shared: &'w Shared<'w>,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
    pub(crate) complete: bool,
    pub(crate) format: Option<&'static str>,
    raw_seen: u64,
    /// How many nested zips are being read from memory, where positions say nothing of the input.
    pub(crate) in_memory: u32,
    /// Whether this worker has its turn to use much memory.
    has_memory: bool,
}

impl<'w, S: Sink> Walker<'w, S> {
    pub(crate) fn new(sink: S, shared: &'w Shared<'w>) -> Walker<'w, S> {
        Walker {
            sink,
            shared,
            entries: 0,
            bytes: 0,
            complete: true,
            format: None,
            raw_seen: 0,
            in_memory: 0,
            has_memory: false,
        }
    }

    pub(crate) fn options(&self) -> &'w WalkOptions<'w> {
        self.shared.options
    }

    pub(crate) fn limits(&self) -> &'w Limits {
        &self.shared.options.limits
    }

    /// Walks a stream of the input itself; `ahead` allows a thread of its own for its decoder.
    pub(crate) fn input(
        &mut self,
        mut stream: Stream<'static>,
        place: &Place,
        ahead: bool,
    ) -> Result<(), Stop> {
        self.raw_seen = 0;
        let kind = Kind::of(stream.peek(MAGIC_BYTES));
        if let Kind::Compressed(compression) = kind
            && ahead
            && self.may_open(place)
        {
            if self.in_two_stages(compression, &mut stream, place) {
                let inside = place.decompressed(compression, GZIP_WINDOW);
                return self.open(Stream::new(TwoStage::ahead(stream)), &inside);
            }
            let window = decompress::window_bytes(compression, stream.peek(MAGIC_BYTES));
            return self.with_memory(window, |walker| {
                let (decoder, inside) = walker.decoder(compression, stream, place, window);
                match Ahead::spawn(decoder, walker.options().chunk_bytes) {
                    Ok(ahead) => walker.open(Stream::new(ahead), &inside),
                    Err(decoder) => walker.decoded(decoder, &inside),
                }
            });
        }
        self.open(stream, place)
    }

    /// Walks whatever `stream` holds.
    pub(crate) fn open(&mut self, mut stream: Stream<'_>, place: &Place) -> Result<(), Stop> {
        let kind = Kind::of_stream(&mut stream);
        if place.outermost && !matches!((kind, place.compression), (Kind::Compressed(_), None)) {
            self.format.get_or_insert(kind.name(place.compression));
        }
        match kind {
            Kind::Plain => return self.leaf(stream, place),
            Kind::Doubtful(message) => {
                self.problem(&place.path, Some(0), ProblemKind::Corrupt, message);
                return self.leaf(stream, place);
            }
            Kind::Unread(message) => {
                self.problem(&place.path, None, ProblemKind::Unsupported, message);
                return Ok(());
            }
            _ => {}
        }
        if !self.may_open_as(kind, place) {
            self.too_deep(place);
            return Ok(());
        }
        match kind {
            Kind::Compressed(compression) if self.in_two_stages(compression, &mut stream, place) => {
                let inside = place.decompressed(compression, GZIP_WINDOW);
                self.open(Stream::new(TwoStage::here(stream)), &inside)
            }
            Kind::Compressed(compression) => {
                let window = decompress::window_bytes(compression, stream.peek(MAGIC_BYTES));
                self.with_memory(window, |walker| {
                    let (decoder, inside) = walker.decoder(compression, stream, place, window);
                    walker.decoded(decoder, &inside)
                })
            }
            Kind::Zip => zip::nested(self, stream, &place.opened()),
            _ => tar::walk(self, &mut stream, &place.opened()),
        }
    }

    /// Whether the two-stage decoder is asked for and takes `stream`. Only for the input's own layer: its buffers are
    /// too large for what is nested.
    fn in_two_stages(&self, compression: Compression, stream: &mut Stream<'_>, place: &Place) -> bool {
        self.options().inflater == Inflater::TwoStage
            && compression == Compression::Gzip
            && place.outermost
            && !place.decoded
            && decompress::two_stage_takes(stream.peek(4))
    }

    fn may_open(&self, place: &Place) -> bool {
        place.level < self.limits().depth
    }

    fn may_open_as(&self, kind: Kind, place: &Place) -> bool {
        let free = place.compression.is_some() && matches!(kind, Kind::Tar | Kind::Zip);
        self.may_open(place) || free
    }

    fn too_deep(&mut self, place: &Place) {
        let depth = self.limits().depth;
        let message = format!("an archive nested deeper than {depth} levels is not opened");
        self.problem(&place.path, None, ProblemKind::Limit, message);
    }

    fn decoder<'s>(
        &self,
        compression: Compression,
        stream: Stream<'s>,
        place: &Place,
        window_bytes: u64,
    ) -> (Box<dyn Decode + Send + 's>, Place) {
        let inside = place.decompressed(compression, window_bytes);
        let mut limits = self.decoder_limits(place);
        if window_bytes <= LARGE_BYTES {
            // Later parts of the data may ask for more than the first, though hardly for this much.
            limits.window_bytes = limits.window_bytes.min(4 * LARGE_BYTES);
        }
        (decompress::open(compression, stream, limits), inside)
    }

    /// Does something that takes `bytes` of memory; if that is much, while no other worker does.
    ///
    /// So workers share the memory that the limits allow one of them, without a result that depends on them.
    pub(crate) fn with_memory<T>(&mut self, bytes: u64, run: impl FnOnce(&mut Self) -> T) -> T {
        if bytes <= LARGE_BYTES || self.has_memory {
            return run(self);
        }
        let shared = self.shared;
        let _turn = shared.memory.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_memory = true;
        let result = run(self);
        self.has_memory = false;
        result
    }

    pub(crate) fn decoder_limits(&self, place: &Place) -> DecoderLimits {
        DecoderLimits { ratio: self.limits().ratio, nested: place.decoded, window_bytes: place.window_bytes }
    }

    fn decoded(&mut self, decoder: Box<dyn Decode + Send + '_>, inside: &Place) -> Result<(), Stop> {
        let buffer_bytes = self.buffer_bytes(inside);
        self.open(Stream::new(Inline::new(decoder, buffer_bytes)), inside)
    }

    /// Size of a decoder's buffer: nested ones are many and mostly small.
    pub(crate) fn buffer_bytes(&self, place: &Place) -> usize {
        let whole = self.options().chunk_bytes;
        if place.outermost { whole } else { whole.min(64 << 10) }
    }

    fn leaf(&mut self, mut stream: Stream<'_>, place: &Place) -> Result<(), Stop> {
        self.entries += 1;
        let entry = Entry { path: place.path.clone(), mtime: place.mtime };
        if !self.sink.begin(&entry) {
            return Ok(());
        }
        let end = match utf16::Order::of(stream.peek(2)) {
            None => self.content(&mut stream, place),
            Some(order) => {
                self.sink.utf16();
                let text = utf16::Text::new(stream, order);
                self.content(&mut Stream::new(Inline::new(text, self.buffer_bytes(place))), place)
            }
        };
        self.sink.end(*end.as_ref().unwrap_or(&EntryEnd::Cut));
        end.map(|_| ())
    }

    fn content(&mut self, stream: &mut Stream<'_>, place: &Place) -> Result<EntryEnd, Stop> {
        let mut at = 0;
        let mut left = self.limits().member_bytes;
        loop {
            let bytes = match stream.fill() {
                Ok([]) => return Ok(EntryEnd::Complete),
                Ok(bytes) => bytes,
                Err(damage) => {
                    self.damage(&place.path, Some(at), &damage);
                    if damage.is_fatal() {
                        return Ok(EntryEnd::Cut);
                    }
                    continue;
                }
            };
            if left == 0 {
                let message = format!("only the first {at} bytes of this member are read");
                self.problem(&place.path, Some(at), ProblemKind::Limit, message);
                return Ok(EntryEnd::Cut);
            }
            let wanted = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let take = self.shared.grant(wanted);
            let flow = if take > 0 { self.sink.data(&bytes[..take]) } else { ControlFlow::Continue(()) };
            stream.consume(take);
            at += take as u64;
            left -= take as u64;
            self.bytes += take as u64;
            if flow == ControlFlow::Break(()) {
                return Err(self.stop(Stop::Sink));
            }
            if take < wanted {
                return Err(self.total_bytes_struck(&place.path, Some(at)));
            }
            self.tick(stream.raw().end, place)?;
        }
    }

    /// Counts bytes that belong to no leaf, such as headers and what is skipped.
    pub(crate) fn charge(&mut self, n: usize, place: &Place) -> Result<(), Stop> {
        if self.shared.grant(n) < n {
            return Err(self.total_bytes_struck(&place.path, None));
        }
        Ok(())
    }

    fn total_bytes_struck(&mut self, path: &EntryPath, at: Option<u64>) -> Stop {
        let total = self.limits().total_bytes;
        let message = format!("the input holds more than {total} bytes; the rest of it is not read");
        self.limit_struck(path, at, message)
    }

    /// A limit on the whole input struck: with several workers the walk is done again by one of them alone.
    fn limit_struck(&mut self, path: &EntryPath, at: Option<u64>, message: String) -> Stop {
        self.shared.repeat_alone();
        self.problem(path, at, ProblemKind::Limit, message);
        self.stop(Stop::Limit)
    }

    /// Counts one more member of the input.
    pub(crate) fn count_member(&mut self, place: &Place) -> Result<(), Stop> {
        if self.shared.grant_member() {
            return Ok(());
        }
        let members = self.limits().members;
        let message = format!("the input holds more than {members} members; the rest of them is not read");
        Err(self.limit_struck(&place.path, None, message))
    }

    /// Tells the progress and looks whether to go on; called once per buffer or header.
    pub(crate) fn tick(&mut self, raw_position: u64, place: &Place) -> Result<(), Stop> {
        if raw_position > self.raw_seen && self.in_memory == 0 {
            let input_bytes = self.shared.add_raw(raw_position - self.raw_seen);
            self.raw_seen = raw_position;
            self.sink.progress(input_bytes);
        }
        if self.options().cancel.is_some_and(|cancel| cancel.load(std::sync::atomic::Ordering::Relaxed)) {
            return Err(self.stop(Stop::Cancelled));
        }
        if self.shared.is_stopped() {
            return Err(Stop::Elsewhere);
        }
        if self.shared.is_late() {
            let message = "the time allowed is over; the rest of the input is not read";
            self.problem(&place.path, None, ProblemKind::Limit, message);
            return Err(self.stop(Stop::Limit));
        }
        Ok(())
    }

    fn stop(&mut self, stop: Stop) -> Stop {
        self.shared.stop(stop);
        self.complete = false;
        stop
    }

    /// Begins a further independent stream, whose position counts from 0.
    pub(crate) fn restart_position(&mut self) {
        self.raw_seen = 0;
    }

    /// Tells a problem.
    pub(crate) fn problem(
        &mut self,
        path: &EntryPath,
        offset: Option<u64>,
        kind: ProblemKind,
        message: impl Into<String>,
    ) {
        self.complete &= !kind.loses_content();
        self.sink.problem(Problem { path: path.clone(), offset, kind, message: message.into() });
    }

    /// Tells damage of a layer as a problem of `path`, once.
    pub(crate) fn damage(&mut self, path: &EntryPath, offset: Option<u64>, damage: &Damage) {
        if damage.report_once() {
            self.problem(path, offset, damage.kind(), damage.message());
        }
    }

    /// Looks `n` bytes ahead, telling the damage that comes before them: whether all are there.
    pub(crate) fn look(&mut self, stream: &mut Stream<'_>, n: usize, place: &Place, at: u64) -> Look {
        loop {
            let have = stream.peek(n).len();
            if have >= n {
                return Look::All;
            }
            match stream.take_damage() {
                None if have == 0 => return Look::End,
                None => return Look::Short,
                Some(damage) => {
                    self.damage(&place.path, Some(at), &damage);
                    if damage.is_fatal() {
                        return Look::Damaged;
                    }
                }
            }
        }
    }

    /// Moves over `left` bytes, counting them down: whether all were there. Damage is told as one of `place`, at
    /// the offset that `at` gives for what is left then.
    pub(crate) fn skip(
        &mut self,
        stream: &mut Stream<'_>,
        left: &mut u64,
        place: &Place,
        at: impl Fn(u64) -> Option<u64>,
    ) -> Result<bool, Stop> {
        while *left > 0 {
            let have = match stream.fill() {
                Ok([]) => return Ok(false),
                Ok(bytes) => bytes.len(),
                Err(damage) => {
                    self.damage(&place.path, at(*left), &damage);
                    if damage.is_fatal() {
                        return Ok(false);
                    }
                    continue;
                }
            };
            let take = usize::try_from(*left).map_or(have, |left| left.min(have));
            stream.consume(take);
            *left -= take as u64;
            self.charge(take, place)?;
            self.tick(stream.raw().end, place)?;
        }
        Ok(true)
    }

    /// Moves over what was not read of a member: whether all of it was there.
    pub(crate) fn skip_member(
        &mut self,
        stream: &mut Stream<'_>,
        remainder: &mut Remainder,
        place: &Place,
    ) -> Result<bool, Stop> {
        let whole = self.skip(stream, &mut remainder.left, place, |_| None)?;
        if !whole && matches!(stream.fill(), Ok([])) {
            self.damage(&place.path, None, &remainder.cut());
        }
        Ok(whole)
    }
}

/// What [`Walker::look`] saw.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// As much as was asked for.
    All,
    /// Less: the stream ends.
    Short,
    /// Nothing: the stream has ended.
    End,
    /// Less: damage, which was told.
    Damaged,
}
