//! What no signature knows: the most frequent error-level messages that nothing matched, grouped by template.
//!
//! Start from [`Member`], which sees the bytes of one member, and [`Templates`], which holds what all members gave.
//! A template is a message with its numbers, ids, addresses, names and times masked; two messages with the same
//! template are one. Nothing here depends on how bytes were cut or in which order members came:
//!
//! - within a member, lines come in order, and which are looked at follows from offsets and counts alone;
//! - over members, the templates with the smallest hashes stay. Unlike "the first" or "the most frequent so far" that
//!   is the same set in whatever order members join, and the counts of those that stay are exact: one that was put
//!   out can never come back among the smallest.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind, packed};

use crate::bundle::time::{Stamp, Time, TimeContext, find_stamp};
use crate::path::EntryPath;

/// Templates kept of one member: the first of them.
const OF_MEMBER: usize = 512;
/// Templates kept over all members.
const OF_ALL: usize = 4096;
/// Nodes remembered of a template: the first by name.
const NODES: usize = 64;
/// Bytes of a line that are looked at.
const LINE: usize = 4 << 10;
/// Bytes kept of a sample.
const SAMPLE: usize = 1 << 10;
/// Bytes of a line kept to tell its time.
const STAMP: usize = 256;
/// Bytes of a template.
const TEMPLATE: usize = 240;
/// Lines are looked at or left out in blocks of this size, by the offset at which they begin.
const BLOCK: u64 = 64 << 10;
/// Error lines of a member after which only every 16th block is looked at, and after four times as many every 64th: a log
/// that is all errors must not cost more than its scan.
const DENSE: u64 = 1024;
/// Bytes of a member after which only every 16th block is looked at. To look at all of a long plain log took half as long
/// again as its scan.
const LONG: u64 = 512 << 10;

/// What an error-level line holds. The first three letters of each are rare enough to search for at once.
const MARKS: [&str; 32] = [
    "\nE0",
    "\nE1",
    " E0",
    " E1",
    "\"E0",
    "\"E1", // klog, also in a record
    "level=err",
    "level=fat",
    "level=crit",
    "level=panic",
    "evel\":\"err",
    "evel\":\"fat",
    "evel\":\"cri",
    "evel\": \"err",
    "evel\\\":\\\"err",
    "evel\":\"ERR",
    "everity\":\"ERR",
    "everity\":\"CRI",
    "everity\":\"ALE",
    "everity\":\"EME",
    "everity\": \"ERR",
    "everity\":\"err",
    "everity\\\":\\\"ERR",
    "[error]",
    "[ERROR]",
    "[FATAL]",
    " ERROR ",
    " ERROR: ",
    " FATAL ",
    "FATAL: ",
    "panic: ",
    "fatal: [",
];

enum Finder {
    Packed(packed::Searcher),
    Plain(AhoCorasick),
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| match packed::Searcher::new(MARKS) {
    Some(packed) => Finder::Packed(packed),
    None => {
        let plain = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MARKS);
        Finder::Plain(plain.expect("a few short words compile"))
    }
});

fn find(text: &[u8], from: usize) -> Option<Range<usize>> {
    let found = match &*FINDER {
        Finder::Packed(packed) => packed.find_in(text, aho_corasick::Span { start: from, end: text.len() }),
        Finder::Plain(plain) => plain.find(aho_corasick::Input::new(text).span(from..text.len())),
    };
    found.map(|found| found.start()..found.end())
}

/// Where the message of an error-level line begins, if the mark at `at` makes it one.
fn message_start(line: &[u8], at: Range<usize>) -> Option<usize> {
    let mark = &line[at.clone()];
    match mark {
        [_, b'E', b'0' | b'1'] => is_klog(&line[at.start + 1..]).then_some(at.start + 1),
        _ if mark.starts_with(b"evel") || mark.starts_with(b"everity") => {
            Some(memchr::memchr(b'{', &line[..at.start]).unwrap_or(0))
        }
        b"panic: " => {
            let first = at.start == 0 || matches!(line[at.start - 1], b' ' | b'\t' | b'"');
            first.then_some(at.start)
        }
        [b' ', ..] => Some(at.start + 1),
        _ => Some(at.start),
    }
}

/// `E0119 22:11:49.`
fn is_klog(text: &[u8]) -> bool {
    const FORM: &[u8] = b"E0000 00:00:00.";
    let same = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    text.len() >= FORM.len() && text.iter().zip(FORM).all(same)
}

/// Which instants count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    pub(crate) since: Option<Time>,
    pub(crate) until: Option<Time>,
}

/// The error lines of one member.
pub(crate) struct Member {
    /// The line that began in an earlier piece, as far as it is kept, and where it begins.
    partial: Vec<u8>,
    partial_start: u64,
    /// Lines that ended so far.
    lines: u64,
    block: Option<u64>,
    stride: u64,
    is_sampled: bool,
    detected: u64,
    /// Lines whose neighbourhood was not confirmed yet.
    waiting: Vec<Waiting>,
    /// What signatures matched, as far as lines that wait or come may lie in it.
    matched: Vec<Range<u64>>,
    templates: BTreeMap<u64, OfMember>,
    omitted: u64,
    scratch: String,
}

struct Waiting {
    bytes: Range<u64>,
    hash: u64,
    weight: u64,
    line: u64,
    template: Option<Box<str>>,
    head: Box<[u8]>,
}

struct OfMember {
    template: Box<str>,
    count: u64,
    line: u64,
    sample: Box<[u8]>,
    last: Box<[u8]>,
}

impl Member {
    pub(crate) fn new() -> Member {
        Member {
            partial: Vec::new(),
            partial_start: 0,
            lines: 0,
            block: None,
            stride: 1,
            is_sampled: false,
            detected: 0,
            waiting: Vec::new(),
            matched: Vec::new(),
            templates: BTreeMap::new(),
            omitted: 0,
            scratch: String::new(),
        }
    }

    /// A signature matched these bytes.
    pub(crate) fn matched(&mut self, bytes: Range<u64>) {
        self.matched.push(bytes);
    }

    /// Sees the next bytes, which begin at `offset`. What ends before `settled` can no more be matched.
    pub(crate) fn see(&mut self, bytes: &[u8], offset: u64, settled: u64) {
        let mut rest = bytes;
        let mut at = offset;
        if !self.partial.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let more = &rest[..end.unwrap_or(rest.len())];
            let room = LINE.saturating_sub(self.partial.len());
            self.partial.extend_from_slice(&more[..more.len().min(room)]);
            let Some(end) = end else { return self.settle(settled) };
            let partial = std::mem::take(&mut self.partial);
            let end_at = at + end as u64;
            self.block_of(&partial, self.partial_start, Some(end_at), &[]);
            self.partial = partial;
            self.partial.clear();
            self.lines += 1;
            rest = &rest[end + 1..];
            at = end_at + 1;
        }
        let whole = memchr::memrchr(b'\n', rest).map_or(0, |end| end + 1);
        self.whole_lines(&rest[..whole], at);
        let tail = &rest[whole..];
        self.partial_start = at + whole as u64;
        self.partial.extend_from_slice(&tail[..tail.len().min(LINE)]);
        self.settle(settled);
    }

    /// Looks at whole lines, block by block.
    fn whole_lines(&mut self, text: &[u8], base: u64) {
        let (mut from, mut counted) = (0, 0);
        while from < text.len() {
            let at = base + from as u64;
            // The block ends with the line that begins last in it.
            let last = ((at / BLOCK + 1) * BLOCK - 1 - base) as usize;
            let to = match text.get(last..) {
                Some(rest) => memchr::memchr(b'\n', rest).map_or(text.len(), |end| last + end + 1),
                None => text.len(),
            };
            if self.block_of(&text[from..to], at, None, &text[counted..from]) {
                counted = from;
            }
            from = to;
        }
    }

    /// So many lines end in what was seen so far: the scan counts them anyway.
    pub(crate) fn counted(&mut self, lines: u64) {
        self.lines = lines;
    }

    /// Looks at lines that begin in one block. `end` is the end of a line of which only the beginning is given.
    ///
    /// Counts the lines before the block, of which those in `uncounted` were not yet, once it needs the number of one;
    /// tells whether it did.
    fn block_of(&mut self, text: &[u8], at: u64, end: Option<u64>, uncounted: &[u8]) -> bool {
        let block = at / BLOCK;
        if self.block != Some(block) {
            self.block = Some(block);
            self.stride = match self.detected / DENSE {
                0 if at < LONG => 1,
                0..=3 => 16,
                _ => 64,
            };
        }
        if !block.is_multiple_of(self.stride) {
            self.is_sampled = true;
            return false;
        }
        let mut uncounted = Some(uncounted);
        let mut count_before = |lines: &mut u64| {
            *lines += uncounted.take().map_or(0, |text| memchr::memchr_iter(b'\n', text).count() as u64);
        };
        let mut counted = 0;
        let mut newlines = 0;
        // A mark of klog at the very beginning has no line end in front of it.
        let mut from = 0;
        if is_klog(text) {
            count_before(&mut self.lines);
            from = self.line(text, 0, 0, at, end, self.lines + 1);
        }
        while let Some(mark) = find(text, from) {
            let begins = mark.start + usize::from(text[mark.start] == b'\n');
            let start = memchr::memrchr(b'\n', &text[..begins]).map_or(0, |end| end + 1);
            let line_end = memchr::memchr(b'\n', &text[begins..]).map_or(text.len(), |end| begins + end);
            let line = &text[start..line_end.min(start + LINE)];
            // The line end before a mark stands for the blank in front of it.
            let message = if mark.start < start {
                is_klog(line).then_some(0)
            } else if mark.end <= start + line.len() {
                message_start(line, mark.start - start..mark.end - start)
            } else {
                None
            };
            let Some(message) = message else {
                from = mark.start + 1;
                continue;
            };
            newlines += memchr::memchr_iter(b'\n', &text[counted..start]).count() as u64;
            counted = start;
            count_before(&mut self.lines);
            from = self.line(&text[start..], message, start, at, end, self.lines + newlines + 1);
        }
        uncounted.is_none()
    }

    /// Notes an error line at the beginning of `text`, which lies at `start` of a stretch at `base`. Gives where its line
    /// end lies in the stretch.
    fn line(
        &mut self,
        text: &[u8],
        message: usize,
        start: usize,
        base: u64,
        end: Option<u64>,
        number: u64,
    ) -> usize {
        let length = memchr::memchr(b'\n', text).unwrap_or(text.len());
        let line = &text[..length.min(LINE)];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let at = base + start as u64;
        self.detected += 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        template(&line[message.min(line.len())..], &mut scratch);
        let hash = hash(scratch.as_bytes());
        let known = self.templates.contains_key(&hash);
        let keep = if known { STAMP } else { SAMPLE };
        self.waiting.push(Waiting {
            bytes: at..end.unwrap_or(at + length as u64),
            hash,
            weight: self.stride,
            line: number,
            template: (!known).then(|| scratch.as_str().into()),
            head: line[..line.len().min(keep)].into(),
        });
        self.scratch = scratch;
        start + length
    }

    /// Counts the lines that end before `settled` and that no signature matched.
    fn settle(&mut self, settled: u64) {
        let ready = self.waiting.partition_point(|waiting| waiting.bytes.end < settled);
        let ready: Vec<Waiting> = self.waiting.drain(..ready).collect();
        self.join_matched();
        for waiting in ready {
            let behind = self.matched.partition_point(|matched| matched.end <= waiting.bytes.start);
            if self.matched.get(behind).is_none_or(|matched| matched.start >= waiting.bytes.end) {
                self.count(waiting);
            }
        }
        let needed = self.waiting.first().map_or(self.partial_start, |first| first.bytes.start);
        self.matched.retain(|matched| matched.end > needed);
    }

    /// Brings what was matched in order, each byte once.
    fn join_matched(&mut self) {
        self.matched.sort_unstable_by_key(|matched| (matched.start, matched.end));
        self.matched.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
    }

    fn count(&mut self, waiting: Waiting) {
        let Waiting { hash, weight, line, template, head, .. } = waiting;
        if let Some(known) = self.templates.get_mut(&hash) {
            known.count += weight;
            known.last = head;
            return;
        }
        let Some(template) = template.filter(|_| self.templates.len() < OF_MEMBER) else {
            self.omitted += weight;
            return;
        };
        let stamp = head[..head.len().min(STAMP)].into();
        self.templates.insert(hash, OfMember { template, count: weight, line, sample: head, last: stamp });
    }

    /// The end of the member: what it gave is added to `into`.
    pub(crate) fn finish(
        mut self,
        path: &EntryPath,
        node: Option<String>,
        context: &TimeContext,
        span: Span,
        into: &mut Templates,
    ) {
        if !self.partial.is_empty() {
            let partial = std::mem::take(&mut self.partial);
            let end = self.partial_start + partial.len() as u64;
            self.block_of(&partial, self.partial_start, Some(end), &[]);
        }
        self.settle(u64::MAX);
        into.is_sampled |= self.is_sampled;
        into.omitted += self.omitted;
        for (hash, of_member) in self.templates {
            let OfMember { template, count, line, sample, last } = of_member;
            let moments = Moments::of(&[&sample, &last], context);
            if moments.is_outside(span) {
                continue;
            }
            into.add(
                hash,
                Seen {
                    template,
                    count,
                    members: 1,
                    moments,
                    nodes: node.iter().cloned().collect(),
                    sample: Sample { path: path.clone(), line, text: sample },
                },
            );
        }
    }
}

/// The first and last time of a template: instants where the year is known, and stamps where it is not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moments {
    dated: Option<(Time, Time)>,
    undated: Option<(Bucket, Bucket)>,
}

type Bucket = (Option<i32>, u8, u8, u32, Option<i32>);

impl Moments {
    fn of(lines: &[&[u8]], context: &TimeContext) -> Moments {
        let mut moments = Moments::default();
        for stamp in lines.iter().filter_map(|line| find_stamp(line)) {
            moments.join(&match context.resolve(&stamp) {
                Some(time) => Moments { dated: Some((time, time)), undated: None },
                None => Moments { dated: None, undated: Some((stamp.floored(1), stamp.floored(1))) },
            });
        }
        moments
    }

    /// Whether all of it lies outside of what was asked for.
    fn is_outside(&self, span: Span) -> bool {
        let Some((first, last)) = self.dated else { return false };
        span.since.is_some_and(|since| last < since) || span.until.is_some_and(|until| first > until)
    }

    fn join(&mut self, other: &Moments) {
        fn both<T: Copy + Ord>(a: Option<(T, T)>, b: Option<(T, T)>) -> Option<(T, T)> {
            match (a, b) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            }
        }
        self.dated = both(self.dated, other.dated);
        self.undated = both(self.undated, other.undated);
    }

    /// First and last, with the year of `newest` where nothing closer told it.
    pub(crate) fn resolve(&self, newest: Option<Time>) -> Option<(Time, Time)> {
        let context = TimeContext::for_entry(b"", None, newest);
        let (first, last) = self.undated.unzip();
        let resolved = [first, last]
            .into_iter()
            .flatten()
            .filter_map(|bucket| context.resolve(&Stamp::of_bucket(bucket)));
        let all = resolved.chain(self.dated.into_iter().flat_map(|(first, last)| [first, last]));
        let all: Vec<Time> = all.collect();
        Some((all.iter().min().copied()?, all.iter().max().copied()?))
    }
}

/// A line that shows a template.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) path: EntryPath,
    pub(crate) line: u64,
    pub(crate) text: Box<[u8]>,
}

/// A template over all members.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) template: Box<str>,
    pub(crate) count: u64,
    pub(crate) members: u64,
    pub(crate) moments: Moments,
    pub(crate) nodes: BTreeSet<String>,
    pub(crate) sample: Sample,
}

/// The templates of all members, the [`OF_ALL`] with the smallest hashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Templates {
    by_hash: BTreeMap<u64, Seen>,
    /// Whether there were more templates than are kept.
    pub(crate) is_cut: bool,
    /// Whether some lines were not looked at, so that counts are estimates.
    pub(crate) is_sampled: bool,
    /// Lines of templates that found no room in their member.
    pub(crate) omitted: u64,
}

impl Templates {
    fn add(&mut self, hash: u64, seen: Seen) {
        match self.by_hash.get_mut(&hash) {
            Some(known) => known.join(seen),
            None => {
                self.by_hash.insert(hash, seen);
            }
        }
        if self.by_hash.len() > OF_ALL {
            self.by_hash.pop_last();
            self.is_cut = true;
        }
    }

    /// Joins what another worker, or another input, gave.
    pub(crate) fn merge(&mut self, other: Templates) {
        self.is_cut |= other.is_cut;
        self.is_sampled |= other.is_sampled;
        self.omitted += other.omitted;
        other.by_hash.into_iter().for_each(|(hash, seen)| self.add(hash, seen));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// How many lines all of them stand for.
    pub(crate) fn lines(&self) -> u64 {
        self.by_hash.values().map(|seen| seen.count).sum::<u64>() + self.omitted
    }

    /// The `n` most frequent ones; of two alike, the one in more members, then the first by its words.
    pub(crate) fn most(&self, n: usize) -> Vec<&Seen> {
        let mut all: Vec<&Seen> = self.by_hash.values().collect();
        all.sort_by_key(|seen| (std::cmp::Reverse((seen.count, seen.members)), &seen.template));
        all.truncate(n);
        all
    }
}

impl Seen {
    fn join(&mut self, other: Seen) {
        self.count += other.count;
        self.members += other.members;
        self.moments.join(&other.moments);
        self.nodes.extend(other.nodes);
        while self.nodes.len() > NODES {
            self.nodes.pop_last();
        }
        let key = |sample: &Sample| (sample.path.clone(), sample.line);
        if key(&other.sample) < key(&self.sample) {
            self.sample = other.sample;
        }
    }
}

/// FNV-1a with a finisher, so that also the high bits are spread; collisions only join two counts.
fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    let mut hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ hash >> 33
}

/// Keys whose values name something.
const NAMING: [&str; 24] = [
    "pod",
    "podUID",
    "pods",
    "node",
    "nodeName",
    "namespace",
    "name",
    "containerName",
    "containerID",
    "container",
    "image",
    "id",
    "uid",
    "podUid",
    "volume",
    "volumeName",
    "path",
    "host",
    "hostname",
    "addr",
    "address",
    "cluster",
    "object",
    "endpoint",
];
/// What stands between such a key and its value; longer ones first.
const OPENINGS: [&str; 8] = ["=[\"", "=\\\"", "=\"", "\\\":\\\"", "\":\"", "\": \"", " \"", "="];
/// Words with a digit that is part of what they say.
const SAYING: [&str; 10] = ["x509", "k8s", "ipv4", "ipv6", "IPv4", "IPv6", "http2", "oauth2", "i/o", "E2BIG"];
const MASK: &str = "<*>";

/// Writes the template of a message.
///
/// A word with a digit in it is masked, so are the values of keys that name something; masks side by side are one. The
/// file of klog's header stays, its line does not.
fn template(message: &[u8], out: &mut String) {
    out.clear();
    // Docker's record: what follows the message is of the record.
    let message = memchr::memmem::find(message, b"\\n\",\"stream\":").map_or(message, |end| &message[..end]);
    let mut rest = message;
    while let Some(&byte) = rest.first() {
        if out.len() >= TEMPLATE {
            break;
        }
        if !is_word(byte) {
            push_mark(out, byte);
            rest = &rest[1..];
            continue;
        }
        let length = word_length(rest);
        let (word, behind) = rest.split_at(length);
        push_word(out, word);
        rest = behind;
        if NAMING.iter().any(|name| name.as_bytes() == word)
            && let Some(opening) = OPENINGS.iter().find(|opening| rest.starts_with(opening.as_bytes()))
        {
            out.push_str(opening);
            rest = &rest[opening.len()..];
            let is_quoted = opening.ends_with('"');
            let ends = |byte: &u8| match is_quoted {
                true => matches!(byte, b'"' | b'\\'),
                false => matches!(byte, b' ' | b',' | b')' | b']' | b'}' | b'"' | b'\\'),
            };
            let value = rest.iter().position(ends).unwrap_or(rest.len());
            push_mask(out);
            rest = &rest[value..];
        }
    }
    let trimmed = out.trim_end().len();
    out.truncate(trimmed);
    if let Some(rest) = out.strip_prefix("<*> ") {
        *out = rest.to_owned();
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'.' | b'_' | b'-' | b'/' | b'+' | b'%' | b'~' | b'@')
        || byte >= 0x80
}

/// A word goes on over a colon where a letter or digit follows and it holds a digit already, as in `10.0.0.1:6443`,
/// or behind the scheme of a URL.
fn word_length(text: &[u8]) -> usize {
    let mut has_digit = false;
    for (at, &byte) in text.iter().enumerate() {
        has_digit |= byte.is_ascii_digit();
        let goes_on = match byte {
            b':' => {
                let next = text.get(at + 1).copied().unwrap_or(b' ');
                has_digit && next.is_ascii_alphanumeric() || text[at..].starts_with(b"://")
            }
            byte => is_word(byte),
        };
        if !goes_on {
            return at;
        }
    }
    text.len()
}

fn push_word(out: &mut String, word: &[u8]) {
    let has_digit = word.iter().any(u8::is_ascii_digit);
    let plain = word.strip_suffix(b".").unwrap_or(word);
    let says = SAYING.iter().any(|known| known.as_bytes() == plain);
    // `v1.Node` and `*v1beta1.Lease` are kinds.
    let is_kind = word.starts_with(b"v1")
        && word.iter().position(|&byte| byte == b'.').is_some_and(|dot| {
            word.get(dot + 1).is_some_and(u8::is_ascii_uppercase)
                && !word[dot..].iter().any(u8::is_ascii_digit)
        });
    // Five letters behind the last dash that no word has are the random end of a pod's name.
    let is_random =
        |end: &[u8]| end.len() == 5 && end.iter().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(byte));
    let named = word.iter().rposition(|&byte| byte == b'-').is_some_and(|dash| is_random(&word[dash + 1..]));
    if has_digit && !says && !is_kind || named {
        push_mask(out);
    } else {
        out.push_str(&String::from_utf8_lossy(word));
    }
}

/// Masks side by side, with a blank between them or none, are one.
fn push_mask(out: &mut String) {
    if out.ends_with("<*> ") {
        out.pop();
    } else if !out.ends_with(MASK) {
        out.push_str(MASK);
    }
}

fn push_mark(out: &mut String, byte: u8) {
    match byte {
        b' ' | b'\t' if !out.ends_with(' ') && !out.is_empty() => out.push(' '),
        0x21..=0x7e => out.push(char::from(byte)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, OF_ALL, Span, Templates, template};
    use crate::bundle::time::TimeContext;
    use crate::path::EntryPath;

    fn templates(text: &[u8], cut: usize, matched: &[std::ops::Range<u64>]) -> Templates {
        let mut member = Member::new();
        matched.iter().for_each(|range| member.matched(range.clone()));
        let (mut at, mut lines) = (0, 0);
        for piece in text.chunks(cut.max(1)) {
            let end = at + piece.len() as u64;
            member.see(piece, at, end.saturating_sub(1000));
            lines += memchr::memchr_iter(b'\n', piece).count() as u64;
            member.counted(lines);
            at = end;
        }
        let mut all = Templates::default();
        let context = TimeContext::for_entry(b"", None, None);
        member.finish(&EntryPath::input("a.log"), None, &context, Span::default(), &mut all);
        all
    }

    fn shown(all: &Templates) -> Vec<String> {
        all.most(1000)
            .iter()
            .map(|seen| format!("{} {}:{}", seen.count, seen.sample.line, seen.template))
            .collect()
    }

    #[test]
    fn error_lines_of_many_forms_give_templates() {
        for (line, expected) in [
            (
                r#"E0119 22:11:49.705596    1 client.go:48] cannot reach 10.0.0.7:6443 after 3 tries"#,
                Some("client.go:<*>] cannot reach <*> after <*> tries"),
            ),
            (
                r#"2023-01-19T22:00:00.000000001Z stderr F E0119 22:11:49.705596 1 a.go:1] no"#,
                Some("a.go:<*>] no"),
            ),
            (
                r#"Jan 19 22:11:49 host kubelet[812]: E0119 22:11:49.705596 812 pod.go:9] "Error syncing pod" pod="ns/web-a" podUID=9f-2"#,
                Some(r#"pod.go:<*>] "Error syncing pod" pod="<*>" podUID=<*>"#),
            ),
            (
                r#"{"log":"E0119 22:11:49.705596 1 a.go:1] no\n","stream":"stderr","time":"2023-01-19T22:00:00Z"}"#,
                Some("a.go:<*>] no"),
            ),
            (
                r#"time="2023-01-19T22:00:00Z" level=error msg="StopPodSandbox for \"9f86d081884c\" failed""#,
                Some(r#"level=error msg="StopPodSandbox for \"<*>\" failed""#),
            ),
            (
                r#"2023-01-19T22:00:00Z stderr F {"level":"error","ts":1674165600.1,"nodeName":"alpha","msg":"x509: no"}"#,
                Some(r#"{"level":"error","ts":<*>,"nodeName":"<*>","msg":"x509: no"}"#),
            ),
            (r#"{"severity":"ERROR","message":"no"}"#, Some(r#"{"severity":"ERROR","message":"no"}"#)),
            (r#"{"severity": "ERROR", "message": "no"}"#, Some(r#"{"severity": "ERROR", "message": "no"}"#)),
            ("[2023/02/01 00:00:00] [error] [upstream] no 7", Some("[error] [upstream] no <*>")),
            (
                "panic: runtime error: index out of range [5]",
                Some("panic: runtime error: index out of range [<*>]"),
            ),
            ("2023-01-19 22:11:49 UTC FATAL the database 7 is gone", Some("FATAL the database <*> is gone")),
            ("fatal: [10.200.0.138]: FAILED! => no", Some("fatal: [<*>]: FAILED! => no")),
            (
                "E0119 22:11:49.705596 1 r.go:1] failed to list *v1.Node: ang-node-xkzvw",
                Some("r.go:<*>] failed to list *v1.Node: <*>"),
            ),
            ("I0119 22:11:49.705596 1 client.go:48] E0 is a code", None),
            ("level=info msg=\"no error\"", None),
            ("kernel panic: no", Some("panic: no")),
            ("nopanic: no", None),
        ] {
            let all = templates(format!("first\n{line}\n").as_bytes(), 1 << 20, &[]);
            let got: Vec<&str> = all.most(9).iter().map(|seen| &*seen.template).collect();
            assert_eq!(got, expected.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn what_differs_in_values_only_is_one() {
        let mut out = String::new();
        let mut of = |text: &str| {
            template(text.as_bytes(), &mut out);
            out.clone()
        };
        assert_eq!(
            of("a.go:1] get https://10.0.0.1:6443/api/v1?x=1: no"),
            of("b1 a.go:2] get https://10.9.0.1:6443/api/v1?x=7: no")
        );
        assert_ne!(of("get a"), of("get b"));
    }

    /// A log of errors with ever new values, some very long lines, and lines without a line end at last.
    fn log(lines: usize) -> Vec<u8> {
        let mut text = String::new();
        for i in 0..lines {
            match i % 7 {
                0 => text.push_str(&format!(
                    "E0119 22:11:49.705596 1 a.go:{i}] cannot do the {} thing\n",
                    "abcdefghij".repeat(i % 3)
                )),
                1 => text.push_str(&format!("level=error msg=\"no {i}\"\r\n")),
                2 => text.push_str(&format!(
                    "{} level=error beyond\n",
                    "x".repeat(if i % 100 == 2 { 5000 } else { 40 })
                )),
                3 => text
                    .push_str(&format!("E0119 22:11:49.705596 1 a.go:{i}] {}\n", "word ".repeat(i % 2000))),
                _ => text.push_str("I0119 22:11:49.705596 1 a.go:7] all is well\n"),
            }
        }
        text.push_str("panic: at last");
        text.into_bytes()
    }

    #[test]
    fn qc_what_is_found_does_not_depend_on_where_bytes_are_cut() {
        let text = log(9000);
        assert!(text.len() > 2 << 20);
        // Not on a border of a line; a match over several lines.
        let matched = [700..701, 40_000..41_000, 100_000..200_000, 1_000_000..1_000_001];
        let whole = templates(&text, text.len(), &matched);
        assert!(whole.is_sampled && whole.len() > 5, "{:?}", shown(&whole));
        for cut in [17, 1000, 4096, 65_536, 65_537, 400_000] {
            let cut_up = templates(&text, cut, &matched);
            assert_eq!(shown(&cut_up), shown(&whole), "pieces of {cut}");
            assert_eq!(cut_up.omitted, whole.omitted);
        }
    }

    #[test]
    fn what_a_signature_matched_is_not_repeated() {
        let text = b"level=error one\nlevel=error two\nlevel=error three\n";
        assert_eq!(
            shown(&templates(text, 100, std::slice::from_ref(&(20..21)))),
            ["1 1:level=error one", "1 3:level=error three"]
        );
        assert_eq!(shown(&templates(text, 100, std::slice::from_ref(&(0..17)))), ["1 3:level=error three"]);
    }

    #[test]
    fn the_same_templates_stay_in_whatever_order_members_come() {
        let member = |n: usize| {
            // Words without digits that differ: the number in letters.
            let word =
                |i: usize| format!("{i}").bytes().map(|b| char::from(b - b'0' + b'a')).collect::<String>();
            let lines: Vec<String> =
                (0..400).map(|i| format!("level=error {}\n", word(n * 300 + i))).collect();
            templates(lines.concat().as_bytes(), 1 << 20, &[])
        };
        let members: Vec<Templates> = (0..20).map(member).collect();
        let join = |order: &mut dyn Iterator<Item = usize>| {
            let mut all = Templates::default();
            order.for_each(|n| all.merge(members[n].clone()));
            all
        };
        let forward = join(&mut (0..20));
        assert_eq!(forward.len(), OF_ALL);
        assert!(forward.is_cut);
        let mut half = join(&mut (0..10).rev());
        half.merge(join(&mut (10..20)));
        for other in [join(&mut (0..20).rev()), half] {
            let all = |it: &Templates| {
                it.most(OF_ALL).iter().map(|seen| (seen.count, seen.template.clone())).collect::<Vec<_>>()
            };
            assert_eq!(all(&forward), all(&other));
        }
        // Those that stay have all their counts: every member but the first repeats a hundred of the one before.
        assert!(forward.most(OF_ALL).iter().any(|seen| seen.count == 2));
    }
}
