//! A candidate and the text around it become a match, or nothing.
//!
//! The line of the candidate is folded and the regex run on it. When that fails, and the lines around it may be one
//! wrapped message, their block is folded and searched by the regex that tolerates breaks.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::util::captures::Captures;

use crate::automaton::{Candidate, CompiledPattern, PatternId, SignatureSet};
use crate::filter::Found;
use crate::fold::{Folded, cri_prefix, is_partial, margin, record_prefix, starts_with_month};

/// Bytes before and after a candidate that may belong to its message: what the limits say, within what makes sense.
/// Below, ordinary messages would be cut; above, a window of every worker would take much memory.
pub(crate) fn reach(line_bytes: usize) -> u64 {
    (line_bytes as u64).clamp(16 << 10, 1 << 20)
}

/// How many lines a wrapped message reaches in each direction.
const WRAPPED_LINES: usize = 32;
/// Bytes a wrapped message reaches in each direction.
const WRAPPED_BYTES: usize = 8 << 10;

/// The bytes around a candidate: from its reach before it to as much after it, as far as the entry goes.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) bytes: &'a [u8],
    /// Offset of the first byte in the entry.
    pub(crate) base: u64,
    /// Index of the candidate in `bytes`.
    pub(crate) at: usize,
    /// How far it may reach; see [`reach`].
    pub(crate) reach: u64,
}

/// A confirmed match.
pub(crate) struct Match {
    /// The lines of the message, as indices into the window.
    pub(crate) lines: Range<usize>,
    /// Where the match begins and ends, as indices into the window.
    pub(crate) start: usize,
    /// See `start`.
    pub(crate) end: usize,
    /// Named captures, in the order of the regex.
    pub(crate) captures: Vec<(String, String)>,
    /// How often an event says it happened: `(x300 over 1h)`.
    pub(crate) weight: u64,
    /// Whether a pager cut the message off, so that its end is not known.
    pub(crate) cut: bool,
}

/// What a look at a candidate gave: perhaps a match, and the offset up to which the pattern needs no further look.
pub(crate) struct Verdict {
    pub(crate) found: Option<Match>,
    pub(crate) done_until: u64,
}

/// Scratch of one scanning thread: folded texts and captures, reused from candidate to candidate.
pub(crate) struct Confirmer {
    line: Cached,
    block: Cached,
    squeezed: Vec<u8>,
    pieces: Vec<Found>,
    candidates: Vec<Candidate>,
    captures: Vec<Option<Captures>>,
    wrapped_captures: Vec<Option<Captures>>,
}

/// A folded stretch of the current entry.
#[derive(Default)]
struct Cached {
    folded: Folded,
    range: Option<(u64, u64)>,
}

impl Cached {
    fn fold(&mut self, window: &Window<'_>, range: &Range<usize>) -> &Folded {
        let key = (window.base + range.start as u64, window.base + range.end as u64);
        if self.range != Some(key) {
            self.folded.fold(&window.bytes[range.clone()]);
            self.range = Some(key);
        }
        &self.folded
    }
}

impl Confirmer {
    pub(crate) fn new(set: &SignatureSet) -> Confirmer {
        let none = || std::iter::repeat_with(|| None).take(set.pattern_count()).collect();
        Confirmer {
            line: Cached::default(),
            block: Cached::default(),
            squeezed: Vec::new(),
            pieces: Vec::new(),
            candidates: Vec::new(),
            captures: none(),
            wrapped_captures: none(),
        }
    }

    /// Forgets the entry before: offsets begin anew.
    pub(crate) fn reset(&mut self) {
        self.line.range = None;
        self.block.range = None;
    }

    /// Looks at one candidate of one pattern.
    pub(crate) fn look(&mut self, set: &SignatureSet, id: PatternId, window: &Window<'_>) -> Verdict {
        let pattern = set.pattern(id);
        let line = line_around(window.bytes, window.at);
        let searched = cell(window, &line);
        let line_end = window.base + line.end as u64;
        let whole = searched == line;
        if let Some(found) = self.on_line(id, pattern, window, &line, &searched) {
            let until = if whole { line_end } else { window.base + found.end as u64 };
            return Verdict { found: Some(found), done_until: until };
        }
        if !whole {
            // A later candidate near the end of this cell is looked at with the next one.
            let until = window.base + searched.end as u64 - long_line(window) / 4;
            return Verdict { found: None, done_until: until.min(line_end) };
        }
        match self.in_block(id, pattern, window, &line) {
            Some((found, until)) => Verdict { found, done_until: until },
            None => Verdict { found: self.cut_off(pattern, window, &line), done_until: line_end },
        }
    }

    /// Why [`Confirmer::look`] found nothing, for the author of the pattern.
    pub(crate) fn reason(&mut self, set: &SignatureSet, id: PatternId, window: &Window<'_>) -> String {
        let pattern = set.pattern(id);
        let line = line_around(window.bytes, window.at);
        let searched = cell(window, &line);
        let folded = self.line.fold(window, &searched);
        if let Some(found) = pattern.line_regex().find(&folded.text) {
            let message = message_around(&folded.text, found.range());
            let refusal = pattern.refusal(&folded.text[message]);
            return refusal.unwrap_or_else(|| "`reject` holds for the lines beside it".to_owned());
        }
        let of_line = crate::stage::reached(&set.source(id).regex, &folded.text);
        let block = block_around(window.bytes, &line);
        if block == line {
            return of_line;
        }
        let folded = self.block.fold(window, &block);
        let candidate = folded.text_offset(window.at - block.start);
        let around = |found: &regex_automata::Match| found.start() <= candidate && candidate < found.end();
        if let Some(found) = pattern.wrapped_regex().find_iter(&folded.text).find(around) {
            let message = lines_of(&folded.text, found.range());
            let refusal = pattern.refusal(&folded.text[message]);
            return refusal.unwrap_or(of_line);
        }
        of_line
    }

    /// The record at the candidate joined with those of its stream that continue it, searched for every pattern.
    ///
    /// Where the parts are cut small no piece may stand whole in any of them. Gives the matches, and the offset up to
    /// which parts were joined; nothing when the record is whole.
    pub(crate) fn in_parts(
        &mut self,
        set: &SignatureSet,
        window: &Window<'_>,
    ) -> Option<(Vec<(PatternId, Match)>, u64)> {
        let parts = Parts::around(window)?;
        self.block.range = None;
        self.block.folded.fold(&parts.text);
        let folded = &self.block.folded;
        set.candidates(&folded.text, 0, &mut self.pieces, &mut self.candidates);
        let mut patterns: Vec<PatternId> =
            self.candidates.drain(..).flat_map(|candidate| set.users(candidate)).copied().collect();
        patterns.sort_unstable();
        patterns.dedup();
        let mut found = Vec::new();
        for id in patterns {
            let pattern = set.pattern(id);
            let regex = pattern.line_regex();
            let captures = self.captures[id.index()].get_or_insert_with(|| regex.create_captures());
            regex.search_captures(&Input::new(&folded.text), captures);
            let Some(span) = captures.get_match().map(|found| found.span()) else { continue };
            let message = message_around(&folded.text, span.start..span.end);
            if !pattern.accepts(&folded.text[message.clone()]) {
                continue;
            }
            let start = parts.window_offset(folded.source_offset(span.start));
            let end = parts.window_offset(folded.source_offset(span.end - 1));
            let lines = line_around(window.bytes, start).start..line_around(window.bytes, end).end;
            let (captures, weight) = (named(captures, &folded.text), weight(&folded.text[message]));
            found.push((id, Match { lines, start, end: end + 1, captures, weight, cut: false }));
        }
        Some((found, window.base + parts.end as u64))
    }

    /// A line that a pager cut at its right edge, and marked so, with most of the message before the cut.
    fn cut_off(
        &mut self,
        pattern: &CompiledPattern,
        window: &Window<'_>,
        line: &Range<usize>,
    ) -> Option<Match> {
        let bytes = window.bytes[line.clone()].trim_ascii_end();
        let text = bytes.strip_suffix(b">").or_else(|| bytes.strip_suffix("…".as_bytes()))?;
        self.block.folded.fold(text);
        self.block.range = None;
        self.squeezed.clear();
        self.squeezed.extend(self.block.folded.text.iter().filter(|byte| **byte != b' '));
        let is_cut = holds_most(&pattern.squeezed, &self.squeezed);
        (is_cut && pattern.accepts(&self.block.folded.text)).then(|| Match {
            lines: line.clone(),
            start: window.at,
            end: window.at + 1,
            captures: Vec::new(),
            weight: 1,
            cut: true,
        })
    }

    fn on_line(
        &mut self,
        id: PatternId,
        pattern: &CompiledPattern,
        window: &Window<'_>,
        line: &Range<usize>,
        searched: &Range<usize>,
    ) -> Option<Match> {
        let folded = self.line.fold(window, searched);
        let regex = pattern.line_regex();
        let captures = self.captures[id.index()].get_or_insert_with(|| regex.create_captures());
        // In a cell of a long line, a match before the candidate was found with its own candidate.
        let candidate = if searched == line { 0 } else { folded.text_offset(window.at - searched.start) };
        let mut from = 0;
        let span = loop {
            regex.search_captures(&Input::new(&folded.text).range(from..), captures);
            let span = captures.get_match()?.span();
            if span.end > candidate {
                break span;
            }
            from = span.end.max(from + 1);
        };
        let message = message_around(&folded.text, span.start..span.end);
        if !pattern.accepts(&folded.text[message.clone()]) {
            return None;
        }
        let found = Match {
            lines: line.clone(),
            start: searched.start + folded.source_offset(span.start),
            end: searched.start + folded.source_offset(span.end.saturating_sub(1)) + 1,
            captures: named(captures, &folded.text),
            weight: weight(&folded.text[message]),
            cut: false,
        };
        let rejected = pattern.has_rejects() && self.rejected_by_neighbours(pattern, window, line);
        (!rejected).then_some(found)
    }

    /// Whether `reject` holds for the line together with the lines beside it, where they may be one message.
    fn rejected_by_neighbours(
        &mut self,
        pattern: &CompiledPattern,
        window: &Window<'_>,
        line: &Range<usize>,
    ) -> bool {
        let block = block_around(window.bytes, line);
        if block == *line {
            return false;
        }
        let before = line_around(window.bytes, line.start.saturating_sub(1)).start.max(block.start);
        let after = line_around(window.bytes, (line.end + 1).min(window.bytes.len())).end.min(block.end);
        pattern.rejects(&self.block.fold(window, &(before..after.max(line.end))).text)
    }

    /// Searches the block of lines that may be one wrapped message.
    fn in_block(
        &mut self,
        id: PatternId,
        pattern: &CompiledPattern,
        window: &Window<'_>,
        line: &Range<usize>,
    ) -> Option<(Option<Match>, u64)> {
        let block = block_around(window.bytes, line);
        if block == *line || !self.holds_required(pattern, window, &block) {
            return None;
        }
        let folded = self.block.fold(window, &block);
        let regex = pattern.wrapped_regex();
        let captures = self.wrapped_captures[id.index()].get_or_insert_with(|| regex.create_captures());
        let candidate = folded.text_offset(window.at - block.start);
        let mut from = 0;
        let span = loop {
            regex.search_captures(&Input::new(&folded.text).range(from..), captures);
            let span = captures.get_match()?.span();
            if span.end > candidate {
                break span;
            }
            from = span.end.max(from + 1);
        };
        let start = block.start + folded.source_offset(span.start);
        // What the candidate does not lie in, another candidate finds, which may stand on the same line.
        if span.start > candidate {
            return Some((None, window.base + start.max(window.at + 1) as u64));
        }
        let message = lines_of(&folded.text, span.start..span.end);
        if !pattern.accepts(&folded.text[message]) {
            return None;
        }
        let end = block.start + folded.source_offset(span.end.saturating_sub(1)) + 1;
        let lines = line_around(window.bytes, start).start..line_around(window.bytes, end - 1).end;
        let until = window.base + end as u64;
        let captures = named(captures, &folded.text);
        let weight = weight(&folded.text[span.start..span.end]);
        Some((Some(Match { lines, start, end, captures, weight, cut: false }), until))
    }

    /// Whether the block holds every required literal, blanks and breaks left out: far cheaper than the regex.
    fn holds_required(
        &mut self,
        pattern: &CompiledPattern,
        window: &Window<'_>,
        block: &Range<usize>,
    ) -> bool {
        let folded = self.block.fold(window, block);
        self.squeezed.clear();
        self.squeezed.extend(folded.text.iter().filter(|byte| !matches!(byte, b' ' | b'\n')));
        pattern.squeezed.iter().all(|literal| memchr::memmem::find(&self.squeezed, literal).is_some())
    }
}

/// Records of one stream that form one message.
struct Parts {
    /// Their lines, one behind the other.
    text: Vec<u8>,
    /// Where each begins: in `text`, and in the window.
    starts: Vec<(usize, usize)>,
    /// The end of the last in the window.
    end: usize,
}

impl Parts {
    /// The part at the candidate and those behind it; records of the other stream may stand between.
    fn around(window: &Window<'_>) -> Option<Parts> {
        let bytes = window.bytes;
        let mut line = line_around(bytes, window.at);
        let stream = stream_of(&bytes[line.clone()]);
        let mut parts = Parts { text: Vec::new(), starts: Vec::new(), end: line.end };
        loop {
            let record = &bytes[line.clone()];
            if stream_of(record) == stream {
                if !parts.text.is_empty() {
                    parts.text.push(b'\n');
                }
                parts.starts.push((parts.text.len(), line.start));
                parts.text.extend_from_slice(record);
                parts.end = line.end;
                if !is_partial(record) {
                    break;
                }
            }
            if line.end + 1 >= bytes.len() {
                break;
            }
            line = line_around(bytes, line.end + 1);
        }
        (parts.starts.len() > 1).then_some(parts)
    }

    fn window_offset(&self, offset: usize) -> usize {
        let part = self.starts.partition_point(|&(text, _)| text <= offset).saturating_sub(1);
        let (text, window) = self.starts[part];
        window + (offset - text)
    }
}

/// Which output of a container a record is of.
fn stream_of(record: &[u8]) -> bool {
    let head = &record[..record.len().min(64)];
    let tail = &record[record.len().saturating_sub(160)..];
    memchr::memmem::find(head, b" stderr ").is_some()
        || memchr::memmem::find(tail, b"\"stream\":\"stderr\"").is_some()
}

/// Whether `text` holds the first of the required literals in their order, and ends where the rest was cut off.
fn holds_most(literals: &[Vec<u8>], text: &[u8]) -> bool {
    let total: usize = literals.iter().map(Vec::len).sum();
    let (mut at, mut held) = (0, 0);
    for literal in literals {
        if let Some(found) = memchr::memmem::find(&text[at..], literal) {
            at += found + literal.len();
            held += literal.len();
            continue;
        }
        // The literal itself is cut: its beginning ends the text.
        let longest = literal.len().min(text.len() - at);
        held += (1..=longest).rev().find(|&length| text.ends_with(&literal[..length])).unwrap_or(0);
        break;
    }
    held >= 16 && held < total && held * 10 >= total * 6
}

/// The line that holds the byte at `at`, without its end.
pub(crate) fn line_around(bytes: &[u8], at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
    start..end
}

/// A longer line is searched in cells of half this size, with their surroundings.
fn long_line(window: &Window<'_>) -> u64 {
    window.reach / 2
}

/// The part of a line that is searched for a candidate: all of it, or the surroundings of the candidate's cell.
fn cell(window: &Window<'_>, line: &Range<usize>) -> Range<usize> {
    if (line.len() as u64) <= long_line(window) {
        return line.clone();
    }
    let half = long_line(window) / 2;
    let cell = (window.base + window.at as u64) / half * half;
    let start = cell.saturating_sub(half).max(window.base + line.start as u64) - window.base;
    let end = (cell + long_line(window)).min(window.base + line.end as u64) - window.base;
    start as usize..end as usize
}

/// The lines that may form one message with `line`: up to a record's start, a blank line or the bounds.
fn block_around(bytes: &[u8], line: &Range<usize>) -> Range<usize> {
    let mut block = line.clone();
    for _ in 0..WRAPPED_LINES {
        if block.start == 0 || line.start - block.start > WRAPPED_BYTES {
            break;
        }
        let before = line_around(bytes, block.start - 1);
        let continued = is_partial(&bytes[before.clone()]);
        let starts = starts_record(&bytes[block.start..block.end.min(line.end)]);
        if is_blank(&bytes[before.clone()]) || (starts && !continued) {
            break;
        }
        block.start = before.start;
    }
    for _ in 0..WRAPPED_LINES {
        if block.end >= bytes.len() || block.end - line.end > WRAPPED_BYTES {
            break;
        }
        let last = line_around(bytes, block.end);
        let after = line_around(bytes, block.end + 1);
        let continued = is_partial(&bytes[last]);
        if is_blank(&bytes[after.clone()]) || (starts_record(&bytes[after.clone()]) && !continued) {
            break;
        }
        block.end = after.end;
    }
    block
}

fn is_blank(line: &[u8]) -> bool {
    line[margin(line)..].trim_ascii().is_empty()
}

/// Whether a line begins a record of a log, behind margins and the prefixes that stand on every line.
fn starts_record(line: &[u8]) -> bool {
    let line = &line[margin(line)..];
    let prefix = record_prefix(line);
    let content = line[prefix..].trim_ascii_start();
    if prefix == 0 && (starts_with_month(content) || cri_prefix(content).is_some()) {
        return true;
    }
    let digits =
        |text: &[u8], count: usize| text.len() >= count && text[..count].iter().all(u8::is_ascii_digit);
    match content {
        [b'I' | b'W' | b'E' | b'F', rest @ ..] if digits(rest, 4) && rest.get(4) == Some(&b' ') => true,
        [b'[', rest @ ..] | rest
            if digits(rest, 4) && matches!(rest.get(4), Some(b'-' | b'/')) && digits(&rest[5..], 2) =>
        {
            true
        }
        [b'[', b' ', ..] => memchr::memchr(b']', &content[..content.len().min(20)]).is_some(),
        [b'{', b'"', ..] => true,
        [b'#', digit, ..] => digit.is_ascii_digit(),
        _ => {
            const STARTS: [&[u8]; 12] = [
                b"level=",
                b"time=",
                b"ts=",
                b"type=",
                b"TASK [",
                b"fatal: [",
                b"ok: [",
                b"changed: [",
                b"skipping: [",
                b"FAILED - RETRYING",
                b"PLAY [",
                b"goroutine ",
            ];
            STARTS.iter().any(|start| content.starts_with(start))
        }
    }
}

/// The part of a long folded line that `also` and `reject` look at.
fn message_around(text: &[u8], span: Range<usize>) -> Range<usize> {
    span.start.saturating_sub(1024)..(span.end + 1024).min(text.len())
}

/// The folded lines that a match touches.
fn lines_of(text: &[u8], span: Range<usize>) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text[..span.start]).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', &text[span.end..]).map_or(text.len(), |at| span.end + at);
    start..end
}

/// How often an event says it happened: the `300` of `(x300 over 1h)`, else 1.
fn weight(text: &[u8]) -> u64 {
    let count = memchr::memmem::find_iter(text, b"(x").find_map(|at| {
        let rest = &text[at + 2..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let over = rest[digits..].starts_with(b" over ") && (1..=9).contains(&digits);
        over.then(|| std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()).flatten()
    });
    count.unwrap_or(1).max(1)
}

/// Bytes of a captured value that are kept.
const CAPTURE_BYTES: usize = 200;

fn named(captures: &Captures, text: &[u8]) -> Vec<(String, String)> {
    let Some(pattern) = captures.pattern() else { return Vec::new() };
    let names = captures.group_info().pattern_names(pattern).enumerate();
    let value = |(index, name): (usize, Option<&str>)| {
        let span = captures.get_group(index)?;
        let name = name?.to_owned();
        let value = &text[span.start..span.end.min(span.start + CAPTURE_BYTES)];
        Some((name, String::from_utf8_lossy(value).into_owned()))
    };
    names.filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::{block_around, line_around, starts_record, weight};

    #[test]
    fn records_start_and_continuations_do_not() {
        for line in [
            "I0119 22:11:49.705596 107905 client.go:48] x",
            "[2022-06-02 05:36:03-0500] error",
            "2022-03-04T20:16:43.680484387Z stderr F E1128 23:55:01.826109 x",
            "[2022/03/04 20:16:43] [ warn] x",
            "level=error msg=x",
            "{\"level\":\"error\"}",
            "type=AVC msg=audit(1.1:1): x",
            "Mar 27 10:55:29 host kubelet[6155]: W0327 10:55:29.018276 x",
            "> [2022-06-02 05:36:03-0500] error",
        ] {
            assert!(starts_record(line.as_bytes()), "{line}");
        }
        for line in [
            "Cause: error updating x",
            "\"webhook-service\": x509",
            "calling webhook",
            "> signed by",
            "[\"W1101",
        ] {
            assert!(!starts_record(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn blocks_end_at_records_and_blank_lines() {
        let text = b"I0119 22:11:49.7 a\none\ntwo\nI0119 22:11:50.7 b\nthree\n\nfour";
        let block = |needle: &str| {
            let at = memchr::memmem::find(text, needle.as_bytes()).expect("needle");
            let block = block_around(text, &line_around(text, at));
            String::from_utf8_lossy(&text[block]).into_owned()
        };
        assert_eq!(block("one"), "I0119 22:11:49.7 a\none\ntwo");
        assert_eq!(block("three"), "I0119 22:11:50.7 b\nthree");
        assert_eq!(block("four"), "four");
    }

    #[test]
    fn a_cut_message_must_hold_most_of_itself() {
        let literals =
            [b"failedcallingwebhook".to_vec(), b"x509:certificatesignedbyunknownauthority".to_vec()];
        let table = [
            ("failedcallingwebhook\"x\":x509:certificatesignedbyunkn", true),
            ("failedcallingwebhook\"x\":x509:certif", false),
            ("x509:certif", false),
            ("failedcallingwebhook\"x\":x509:certificatesignedbyunknown other", false),
        ];
        for (text, expected) in table {
            assert_eq!(super::holds_most(&literals, text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn events_count_their_repetitions() {
        assert_eq!(weight(b"3m (x300 over 1h) Warning"), 300);
        assert_eq!(weight(b"(x12) over"), 1);
    }
}
