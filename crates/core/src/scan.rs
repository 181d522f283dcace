//! Scans the entries of a walk: pieces, lines, confirmation, and what is kept of each entry's hits.
//!
//! [`Scanner`] is the [`Sink`] of one worker. The bytes of an entry arrive in pieces of any size; what is found does not
//! depend on where they were cut. Counts cover all hits; text is kept of few of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Instant;

use globset::GlobSet;

use crate::analyze::Progress;
use crate::automaton::{Candidate, PatternId, SignatureId, SignatureSet};
use crate::bundle::facts::ReadAhead;
use crate::bundle::place::{Place, host_of_line, place_of_line, place_of_path};
use crate::bundle::time::{Stamp, Time, TimeContext, find_stamp, header_of};
use crate::confirm::{Confirmer, Match, Window, line_around, reach};
use crate::container::{Entry, EntryEnd, Sink};
use crate::filter::Found;
use crate::html::{self, Stripper};
use crate::mask::mask_bytes;
use crate::path::EntryPath;
use crate::problem::{Problem, ProblemKind};
use crate::signature::Confidence;
use crate::signature::expr::TextFunction;
use crate::stage::{Attempt, shown};
use crate::tally::{MemberHits, PatternHits, Sample, Tally, Values, When};
use crate::unknown;

/// What a scan keeps, apart from the signatures.
#[derive(Clone, Debug)]
pub(crate) struct ScanOptions {
    /// Pieces of evidence kept per pattern.
    pub(crate) evidence: usize,
    /// Lines of context kept before and after.
    pub(crate) context: usize,
    /// Members, pods or nodes remembered per signature.
    pub(crate) scope_keys: usize,
    /// Problems kept.
    pub(crate) problems: usize,
    /// Bytes of a member kept to be read as a document.
    pub(crate) document_bytes: usize,
    /// Facts kept.
    pub(crate) facts: usize,
    /// Whether documents are read on a thread beside the worker's.
    pub(crate) read_ahead: bool,
    /// Bytes of a line matched around a hit.
    pub(crate) line_bytes: usize,
    /// Whether error-level messages that no signature matches are gathered.
    pub(crate) unknown: bool,
    /// Whether the cost of each signature is measured.
    pub(crate) profile: bool,
    /// Hits before this instant do not count; undated hits do.
    pub(crate) since: Option<Time>,
    /// Hits after this instant do not count; undated hits do.
    pub(crate) until: Option<Time>,
    /// The newest time of the bundle, where an earlier reading found it: tells the year where nothing closer does.
    pub(crate) newest: Option<Time>,
}

impl ScanOptions {
    pub(crate) fn for_examples() -> ScanOptions {
        ScanOptions {
            evidence: 20,
            context: 0,
            scope_keys: 64,
            problems: 64,
            document_bytes: 1 << 20,
            facts: 10_000,
            read_ahead: false,
            line_bytes: 32 << 10,
            unknown: false,
            profile: false,
            since: None,
            until: None,
            newest: None,
        }
    }
}

/// Which members are scanned.
#[derive(Default)]
pub(crate) struct PathFilter {
    pub(crate) include: Option<GlobSet>,
    pub(crate) exclude: Option<GlobSet>,
}

impl PathFilter {
    pub(crate) fn accepts(&self, path: &EntryPath) -> bool {
        let path = String::from_utf8_lossy(path.as_bytes());
        let matches = |set: &GlobSet| set.is_match(path.as_ref());
        self.include.as_ref().is_none_or(matches) && !self.exclude.as_ref().is_some_and(matches)
    }
}

/// Told of each sample that an entry keeps, as soon as it is confirmed; its time is not known yet.
pub(crate) type Watch<'s> = &'s (dyn Fn(SignatureId, &EntryPath, &Sample) + Sync);

/// Told of each look at a candidate, of all signatures or only of the one with this id, for its author.
pub(crate) type Trace<'s> = (&'s (dyn Fn(&Attempt) + Sync), Option<&'s str>);

/// Scans what a walk delivers; one per worker.
pub(crate) struct Scanner<'s> {
    filter: Option<&'s PathFilter>,
    progress: Option<&'s (dyn Fn(Progress) + Sync)>,
    watch: Option<Watch<'s>>,
    trace: Option<Trace<'s>>,
    set: &'s SignatureSet,
    options: &'s ScanOptions,
    confirmer: Confirmer,
    entry: Option<EntryScan>,
    /// Pieces too small to scan alone.
    small: Vec<u8>,
    stitch: Vec<u8>,
    found: Vec<Candidate>,
    pieces: Vec<Found>,
    done_until: Vec<u64>,
    /// Reads documents, once there was one.
    read_ahead: Option<ReadAhead>,
    pub(crate) tally: Tally,
}

/// Pieces of an entry smaller than this are gathered before they are scanned.
const SMALL: usize = 64 << 10;
/// Bytes of an entry kept from its beginning, for headers and the first time.
const HEAD: usize = 4 << 10;
/// Bytes of a line looked at for a time, and kept of the first and last hit.
const STAMP_BYTES: usize = 1 << 10;

/// Hits per pattern and entry whose lines are asked for node and pod.
const PLACED_HITS: u64 = 256;

/// Bytes at the end of joined parts that are joined again with those that follow.
const PART_OVERLAP: u64 = 8 << 10;

/// The state of the entry that is being scanned.
struct EntryScan {
    entry: Entry,
    /// Bytes scanned so far.
    offset: u64,
    /// Lines ended before `counted_to`.
    lines: u64,
    counted_to: u64,
    /// Of UTF-16: how many bytes more than units the text before `counted_to` has.
    excess: Option<i64>,
    head: Vec<u8>,
    /// The bytes before `offset`, as far as windows may need them.
    tail: Vec<u8>,
    /// Takes out tags, where the entry is HTML.
    html: Option<Stripper>,
    is_sniffed: bool,
    times: Option<TimeContext>,
    /// Parts of records up to here were joined.
    joined_to: u64,
    /// Candidates whose window is not complete yet.
    waiting: VecDeque<Candidate>,
    hits: BTreeMap<PatternId, RawHits>,
    near: BTreeMap<(SignatureId, usize), NearState>,
    /// The last line with a hit, per signature.
    last_line: BTreeMap<SignatureId, u64>,
    /// Places that lines of hits name.
    places: BTreeMap<SignatureId, BTreeSet<Place>>,
    /// The whole content, as long as it may be a document.
    document: Option<Vec<u8>>,
    /// Whether more followed than may be kept.
    document_is_cut: bool,
    /// The error lines that no signature matches.
    unknown: Option<unknown::Member>,
}

/// Hits of one pattern in one entry.
#[derive(Default)]
struct RawHits {
    count: u64,
    shared: u64,
    /// The line of the last hit, from 1.
    last_line: u64,
    best: Option<Confidence>,
    first: When,
    last: When,
    samples: Vec<Sample>,
    captures: Values,
    buckets: Buckets,
}

/// Hits by the time their lines tell, as finely as there is room for.
#[derive(Default)]
struct Buckets {
    counts: BTreeMap<BucketKey, u64>,
    /// Index into [`Buckets::WIDTHS`].
    width: usize,
}

type BucketKey = (Option<i32>, u8, u8, u32, Option<i32>);

impl Buckets {
    /// Seconds of a bucket.
    const WIDTHS: [u32; 4] = [60, 600, 3600, 86_400];
    /// Buckets of one pattern in one entry.
    const ROOM: usize = 256;

    fn add(&mut self, stamp: &Stamp, count: u64) {
        let Some(width) = Self::WIDTHS.get(self.width) else { return };
        *self.counts.entry(stamp.floored(*width)).or_default() += count;
        if self.counts.len() <= Self::ROOM {
            return;
        }
        // Days find room for most of a year; beyond it counts over time are not kept.
        self.width += 1;
        let fine = std::mem::take(&mut self.counts);
        if self.width < Self::WIDTHS.len() {
            fine.into_iter().for_each(|(key, count)| self.add(&Stamp::of_bucket(key), count));
        }
    }

    fn resolved(self, context: &TimeContext) -> Vec<(When, u64)> {
        let when = |key: BucketKey| When::new(Some(Stamp::of_bucket(key)), context);
        self.counts.into_iter().map(|(key, count)| (when(key), count)).collect()
    }
}

/// Hits of one pattern with another close by.
#[derive(Default)]
struct NearState {
    count: u64,
    /// Lines of hits that still wait for the other, with their weight.
    waiting: VecDeque<(u64, u64)>,
    last_other: Option<u64>,
}

impl<'s> Scanner<'s> {
    pub(crate) fn new(set: &'s SignatureSet, options: &'s ScanOptions) -> Scanner<'s> {
        Scanner {
            filter: None,
            progress: None,
            watch: None,
            trace: None,
            set,
            options,
            confirmer: Confirmer::new(set),
            entry: None,
            small: Vec::with_capacity(SMALL * 2),
            stitch: Vec::new(),
            found: Vec::new(),
            pieces: Vec::new(),
            done_until: vec![0; set.pattern_count()],
            read_ahead: None,
            tally: Tally::new(options),
        }
    }

    pub(crate) fn with_filter(mut self, filter: &'s PathFilter) -> Scanner<'s> {
        self.filter = Some(filter);
        self
    }

    pub(crate) fn with_progress(mut self, progress: Option<&'s (dyn Fn(Progress) + Sync)>) -> Scanner<'s> {
        self.progress = progress;
        self
    }

    pub(crate) fn with_watch(mut self, watch: Option<Watch<'s>>) -> Scanner<'s> {
        self.watch = watch;
        self
    }

    pub(crate) fn with_trace(mut self, trace: Option<Trace<'s>>) -> Scanner<'s> {
        self.trace = trace;
        self
    }

    /// What all its entries gave.
    pub(crate) fn into_tally(mut self) -> Tally {
        if let Some(facts) = self.read_ahead.and_then(ReadAhead::finish) {
            self.tally.facts(facts);
        }
        self.tally
    }

    /// An entry that may say something of the bundle.
    fn document(&mut self, path: &EntryPath, text: Vec<u8>) {
        if self.options.read_ahead && self.read_ahead.is_none() {
            self.read_ahead = ReadAhead::spawn(self.options.facts);
        }
        let left = match &self.read_ahead {
            Some(ahead) => ahead.take(path, text).err(),
            None => Some(text),
        };
        if let Some(text) = left {
            self.tally.document(path, &text);
        }
    }

    /// Scans one entry given whole; examples of signatures come this way.
    pub(crate) fn scan_text(&mut self, entry: &Entry, text: &[u8]) {
        if self.begin(entry) {
            let _ = self.data(text);
            self.end(EntryEnd::Complete);
        }
    }

    /// Decides by its first bytes whether the entry is HTML, and takes the tags out of what was gathered.
    fn sniff(&mut self) {
        let Some(scan) = self.entry.as_mut().filter(|scan| !scan.is_sniffed) else { return };
        scan.is_sniffed = true;
        if html::is_html(&scan.head) {
            let mut html = Stripper::default();
            html.strip(&std::mem::take(&mut self.small), &mut self.small);
            scan.html = Some(html);
        }
    }

    /// Scans the gathered pieces once they are `least` bytes.
    fn scan_small(&mut self, least: usize) {
        if self.small.len() >= least {
            let small = std::mem::take(&mut self.small);
            self.scan(&small);
            self.small = small;
            self.small.clear();
        }
    }

    fn scan(&mut self, chunk: &[u8]) {
        let Some(mut scan) = self.entry.take() else { return };
        self.find(&scan, chunk);
        scan.wait_for(&mut self.found);
        let end = scan.offset + chunk.len() as u64;
        let reach = reach(self.options.line_bytes);
        self.confirm_waiting(&mut scan, chunk, end.saturating_sub(reach));
        if let Some(unknown) = &mut scan.unknown {
            // A candidate that waits may lie behind what it confirms by the reach of its window.
            unknown.see(chunk, scan.offset, end.saturating_sub(2 * reach));
        }
        scan.count_lines(chunk, end);
        if let Some(unknown) = &mut scan.unknown {
            unknown.counted(scan.lines);
        }
        scan.keep_tail(chunk, reach);
        scan.offset = end;
        self.entry = Some(scan);
    }

    /// Candidates that end in `chunk`, in order.
    fn find(&mut self, scan: &EntryScan, chunk: &[u8]) {
        let overlap = self.set.longest_piece().saturating_sub(1).min(scan.tail.len());
        if overlap > 0 {
            self.stitch.clear();
            self.stitch.extend_from_slice(&scan.tail[scan.tail.len() - overlap..]);
            self.stitch.extend_from_slice(&chunk[..chunk.len().min(self.set.longest_piece() - 1)]);
            self.set.candidates(
                &self.stitch,
                scan.offset - overlap as u64,
                &mut self.pieces,
                &mut self.found,
            );
            let (set, border) = (self.set, scan.offset);
            self.found.retain(|c| c.start < border && c.start + set.piece_length(*c) as u64 > border);
        }
        self.set.candidates(chunk, scan.offset, &mut self.pieces, &mut self.found);
    }

    /// Confirms waiting candidates that start before `until`.
    fn confirm_waiting(&mut self, scan: &mut EntryScan, chunk: &[u8], until: u64) {
        let reach = reach(self.options.line_bytes);
        let mut joined: Option<Vec<u8>> = None;
        while let Some(candidate) = scan.waiting.front().copied() {
            if candidate.start >= until {
                break;
            }
            scan.waiting.pop_front();
            let marks_part = self.set.marks_part(candidate) && candidate.start >= scan.joined_to;
            let open = |id: &PatternId| candidate.start >= self.done_until[id.index()];
            let wanted = marks_part || self.set.users(candidate).iter().any(open);
            if !wanted {
                continue;
            }
            let from = candidate.start.saturating_sub(reach);
            let to = (candidate.start + reach).min(scan.offset + chunk.len() as u64);
            let (base, bytes) = if from >= scan.offset {
                (scan.offset, chunk)
            } else {
                let tail_base = scan.offset - scan.tail.len() as u64;
                let all = joined.get_or_insert_with(|| {
                    let head = chunk.len().min(2 * reach as usize);
                    [&scan.tail[..], &chunk[..head]].concat()
                });
                (tail_base, &all[..])
            };
            let from = from.max(base);
            let bytes = &bytes[(from - base) as usize..((to - base) as usize).min(bytes.len())];
            let window = Window { bytes, base: from, at: (candidate.start - from) as usize, reach };
            self.confirm(scan, candidate, &window, chunk);
        }
    }

    fn confirm(&mut self, scan: &mut EntryScan, candidate: Candidate, window: &Window<'_>, chunk: &[u8]) {
        let set = self.set;
        if set.marks_part(candidate) {
            self.confirm_parts(scan, window, chunk);
        }
        for &id in set.users(candidate) {
            if candidate.start < self.done_until[id.index()] {
                continue;
            }
            let started = self.options.profile.then(Instant::now);
            let verdict = self.confirmer.look(set, id, window);
            if let Some(started) = started {
                let signature = set.pattern(id).signature;
                self.tally.profile.add(signature, verdict.found.is_some(), started.elapsed());
            }
            self.done_until[id.index()] = verdict.done_until.max(candidate.start + 1);
            if self.trace.is_some() {
                let found = verdict.found.as_ref();
                self.tell_attempt(scan, (candidate, id), window, found, chunk);
            }
            if let Some(found) = verdict.found {
                self.hit(scan, id, window, &found, chunk);
            }
        }
    }

    fn tell_attempt(
        &mut self,
        scan: &mut EntryScan,
        (candidate, id): (Candidate, PatternId),
        window: &Window<'_>,
        found: Option<&Match>,
        chunk: &[u8],
    ) {
        let Some((trace, only)) = self.trace else { return };
        let signature = self.set.signature(self.set.pattern(id).signature);
        if only.is_some_and(|only| only != signature.id()) {
            return;
        }
        let line = line_around(window.bytes, window.at);
        let outcome = match found {
            Some(found) => Ok(found.captures.clone()),
            None => Err(self.confirmer.reason(self.set, id, window)),
        };
        trace(&Attempt {
            pattern: self.set.source(id).name.clone(),
            path: scan.entry.path.to_string(),
            line: scan.line_of(window, line.start, chunk),
            literal: String::from_utf8_lossy(self.set.piece(candidate)).into_owned(),
            text: shown(&window.bytes[line]),
            outcome,
        });
    }

    /// Confirms a message whose parts are several records.
    fn confirm_parts(&mut self, scan: &mut EntryScan, window: &Window<'_>, chunk: &[u8]) {
        let Some((found, joined_to)) = self.confirmer.in_parts(self.set, window) else { return };
        let window_end = window.base + window.bytes.len() as u64;
        // Parts at the end of the window are joined with what follows them next time.
        scan.joined_to =
            if joined_to == window_end { joined_to.saturating_sub(PART_OVERLAP) } else { joined_to };
        for (id, found) in found {
            let start = window.base + found.start as u64;
            if start >= self.done_until[id.index()] {
                self.done_until[id.index()] = window.base + found.lines.end as u64;
                self.hit(scan, id, window, &found, chunk);
            }
        }
    }

    fn hit(&mut self, scan: &mut EntryScan, id: PatternId, window: &Window<'_>, found: &Match, chunk: &[u8]) {
        if let Some(unknown) = &mut scan.unknown {
            unknown.matched(window.base + found.lines.start as u64..window.base + found.lines.end as u64);
        }
        let source = self.set.source(id);
        let signature = self.set.pattern(id).signature;
        let message = &window.bytes[found.lines.clone()];
        let head = &message[..message.len().min(STAMP_BYTES)];
        let stamp = find_stamp(head);
        let when = When::new(stamp, scan.time_context());
        if self.is_out_of_range(when) {
            return;
        }
        let line = scan.line_of(window, found.lines.start, chunk);
        // A message that a record quotes twice, or twice in one long line, is one hit.
        if scan.hits.get(&id).is_some_and(|hits| hits.last_line == line) {
            return;
        }
        let confidence = source.confidence.map(|confidence| {
            let hinted = source.hints.iter().any(|hint| {
                let holds = |text: &[u8]| memchr::memmem::find(text, hint.as_bytes()).is_some();
                holds(scan.entry.path.as_bytes()) || holds(head)
            });
            if hinted { confidence.raised() } else { confidence }
        });
        let confidence = if found.cut { confidence.map(Confidence::lowered) } else { confidence };
        scan.near_hit(self.set, signature, self.set.pattern(id).index, line, found.weight);
        if scan.hits.get(&id).is_none_or(|hits| hits.count < PLACED_HITS) {
            let place = place_of_line(head);
            if place != Place::default() {
                scan.places.entry(signature).or_default().insert(place);
            }
        }
        let shared = scan.last_line.insert(signature, line) == Some(line);
        let utf16_offset = scan.utf16_offset(window, found.start);
        let hits = scan.hits.entry(id).or_default();
        hits.last_line = line;
        hits.count += found.weight;
        hits.shared += if shared { found.weight } else { 0 };
        hits.best = hits.best.max(confidence);
        if let Some(stamp) = stamp {
            hits.buckets.add(&stamp, if shared { 0 } else { found.weight });
        }
        found.captures.iter().for_each(|(name, value)| hits.captures.add(name, value));
        hits.first = hits.first.earlier(when);
        hits.last = hits.last.later(when);
        let rank = (std::cmp::Reverse(confidence), when.is_undated());
        let at = hits
            .samples
            .partition_point(|other| (std::cmp::Reverse(other.confidence), other.when.is_undated()) <= rank);
        if at < self.options.evidence {
            let mut sample = sample(window, found, line, confidence, self.options.context);
            sample.when = when;
            if let Some(html) = &scan.html {
                sample.offset = html.source_offset(sample.offset);
            }
            sample.offset = utf16_offset.unwrap_or(sample.offset);
            if let Some(watch) = self.watch {
                watch(signature, &scan.entry.path, &sample);
            }
            hits.samples.insert(at, sample);
            hits.samples.truncate(self.options.evidence);
        }
    }

    /// Whether the hit has a time outside of what was asked for.
    fn is_out_of_range(&mut self, when: When) -> bool {
        if self.options.since.or(self.options.until).is_none() || when.is_undated() {
            return false;
        }
        let Some(time) = when.resolve(self.options.newest) else {
            self.tally.range_undecided = true;
            return false;
        };
        self.options.since.is_some_and(|since| time < since)
            || self.options.until.is_some_and(|until| time > until)
    }

    fn finish(&mut self, mut scan: EntryScan) {
        let until = scan.offset + 1;
        self.confirm_waiting(&mut scan, &[], until);
        let lines = scan.lines + u64::from(scan.tail.last().is_some_and(|&last| last != b'\n'));
        let times = scan.entry_times();
        let context = scan.time_context().clone();
        self.tally.entry(&scan.entry.path, scan.offset, lines, times);
        let node = place_of_path(scan.entry.path.as_bytes()).node;
        if let Some(address) = node.as_ref().filter(|node| node.parse::<IpAddr>().is_ok()) {
            let host = scan.head.split(|byte| *byte == b'\n').find_map(host_of_line);
            host.into_iter().for_each(|host| self.tally.host(address.clone(), host));
        }
        if let Some(unknown) = scan.unknown.take() {
            let span = unknown::Span { since: self.options.since, until: self.options.until };
            unknown.finish(&scan.entry.path, node, &context, span, &mut self.tally.unknown);
        }
        let is_document = |text: &Vec<u8>| crate::bundle::is_document(scan.entry.path.as_bytes(), text);
        if let Some(mut document) = scan.document.take().filter(is_document) {
            if scan.document_is_cut {
                let whole = memchr::memrchr(b'\n', &document).map_or(0, |at| at + 1);
                document.truncate(whole);
                self.tally.problem(cut_document(&scan.entry.path, whole));
            }
            self.document(&scan.entry.path, document);
        }
        if scan.hits.is_empty() {
            return;
        }
        let mut members: BTreeMap<SignatureId, MemberHits> = BTreeMap::new();
        for (id, raw) in std::mem::take(&mut scan.hits) {
            let pattern = self.set.pattern(id);
            let member = members.entry(pattern.signature).or_default();
            let hits = PatternHits {
                count: raw.count,
                shared: raw.shared,
                best: raw.best,
                first: raw.first,
                last: raw.last,
                buckets: raw.buckets.resolved(&context),
            };
            member.patterns.insert(pattern.index, hits);
            self.tally.captures(pattern.signature, pattern.index, raw.captures);
            for mut sample in raw.samples {
                sample.pattern = pattern.index;
                sample.path = scan.entry.path.clone();
                self.tally.sample(pattern.signature, sample);
            }
        }
        for ((signature, function), state) in &scan.near {
            if let Some(member) = members.get_mut(signature) {
                member.near.insert(*function, state.count);
            }
        }
        for (signature, mut member) in members {
            member.places = scan.places.remove(&signature).unwrap_or_default();
            member.end = times.map(|(_, last)| last);
            self.tally.member(signature, &scan.entry.path, member);
        }
    }
}

impl Sink for Scanner<'_> {
    fn begin(&mut self, entry: &Entry) -> bool {
        if !self.filter.is_none_or(|filter| filter.accepts(&entry.path)) {
            return false;
        }
        self.confirmer.reset();
        self.done_until.fill(0);
        self.small.clear();
        let mut scan = EntryScan::new(entry.clone());
        scan.unknown = self.options.unknown.then(unknown::Member::new);
        self.entry = Some(scan);
        true
    }

    fn utf16(&mut self) {
        if let Some(scan) = &mut self.entry {
            scan.excess = Some(0);
        }
    }

    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        if let Some(scan) = &mut self.entry {
            scan.see(bytes, self.options.document_bytes);
            if !scan.is_sniffed && self.small.len() + bytes.len() < html::SNIFFED {
                self.small.extend_from_slice(bytes);
                return ControlFlow::Continue(());
            }
        }
        self.sniff();
        if let Some(html) = self.entry.as_mut().and_then(|scan| scan.html.as_mut()) {
            html.strip(bytes, &mut self.small);
            self.scan_small(SMALL);
            return ControlFlow::Continue(());
        }
        if self.small.is_empty() && bytes.len() >= SMALL {
            self.scan(bytes);
            return ControlFlow::Continue(());
        }
        self.small.extend_from_slice(bytes);
        self.scan_small(SMALL);
        ControlFlow::Continue(())
    }

    fn end(&mut self, _end: EntryEnd) {
        self.sniff();
        if let Some(html) = self.entry.as_mut().and_then(|scan| scan.html.as_mut()) {
            html.finish(&mut self.small);
        }
        self.scan_small(1);
        if let Some(scan) = self.entry.take() {
            self.finish(scan);
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.tally.problem(problem);
    }

    fn progress(&mut self, input_bytes: u64) {
        if let Some(progress) = self.progress {
            progress(Progress { input_bytes, issues: self.tally.signatures.len() });
        }
    }
}

impl EntryScan {
    fn new(entry: Entry) -> EntryScan {
        EntryScan {
            entry,
            offset: 0,
            lines: 0,
            counted_to: 0,
            excess: None,
            head: Vec::new(),
            tail: Vec::new(),
            html: None,
            is_sniffed: false,
            times: None,
            joined_to: 0,
            waiting: VecDeque::new(),
            hits: BTreeMap::new(),
            near: BTreeMap::new(),
            last_line: BTreeMap::new(),
            places: BTreeMap::new(),
            document: Some(Vec::new()),
            document_is_cut: false,
            unknown: None,
        }
    }

    /// Keeps the head, and the whole while it may be a document.
    fn see(&mut self, bytes: &[u8], document_bytes: usize) {
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let Some(document) = &mut self.document else { return };
        let undecided = document.len() < HEAD;
        let room = document_bytes.saturating_sub(document.len());
        self.document_is_cut |= bytes.len() > room;
        document.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if undecided
            && document.len() >= HEAD
            && !crate::bundle::is_document(self.entry.path.as_bytes(), document)
        {
            self.document = None;
        }
    }

    /// Adds candidates to those that wait, in order: one that ends in this chunk may begin before one of the last.
    fn wait_for(&mut self, found: &mut Vec<Candidate>) {
        let is_late = self.waiting.back() > found.first();
        self.waiting.extend(found.drain(..));
        if is_late {
            self.waiting.make_contiguous().sort_unstable();
        }
    }

    fn count_lines(&mut self, chunk: &[u8], end: u64) {
        let from = (self.counted_to - self.offset) as usize;
        self.count(&chunk[from..]);
        self.counted_to = end;
    }

    fn count(&mut self, bytes: &[u8]) {
        self.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        if let Some(sum) = &mut self.excess {
            *sum += excess(bytes);
        }
    }

    /// The offset in UTF-16 of what stands at `start` of the window, whose line was counted.
    fn utf16_offset(&self, window: &Window<'_>, start: usize) -> Option<u64> {
        const MARK: u64 = 2;
        let to_counted = self.excess?;
        let counted = ((self.counted_to - window.base) as usize).min(window.bytes.len());
        let before = match start <= counted {
            true => to_counted - excess(&window.bytes[start..counted]),
            false => to_counted + excess(&window.bytes[counted..start]),
        };
        Some(MARK + 2 * (window.base + start as u64).saturating_add_signed(-before))
    }

    /// The number, from 1, of the line that begins at `start` of the window.
    fn line_of(&mut self, window: &Window<'_>, start: usize, chunk: &[u8]) -> u64 {
        // Parts of a record may lead to a line behind the candidate.
        let to = window.base + window.at.max(start) as u64;
        if to > self.counted_to {
            let range = (self.counted_to - self.offset) as usize..(to - self.offset) as usize;
            self.count(&chunk[range]);
            self.counted_to = to;
        }
        // Lines are counted no further than the window of a candidate that waits, so all between lies in it.
        let counted = ((self.counted_to - window.base) as usize).min(window.bytes.len());
        self.lines - memchr::memchr_iter(b'\n', &window.bytes[start..counted]).count() as u64 + 1
    }

    fn keep_tail(&mut self, chunk: &[u8], reach: u64) {
        let keep = 2 * reach as usize;
        if chunk.len() >= keep {
            self.tail.clear();
            self.tail.extend_from_slice(&chunk[chunk.len() - keep..]);
            return;
        }
        self.tail.extend_from_slice(chunk);
        if self.tail.len() > 4 * keep {
            let from = self.tail.len() - keep;
            self.tail.drain(..from);
        }
    }

    /// Updates what `near` and `followed` of the signature's rules count.
    fn near_hit(
        &mut self,
        set: &SignatureSet,
        signature: SignatureId,
        pattern: usize,
        line: u64,
        weight: u64,
    ) {
        for (index, function) in set.signature(signature).near.iter().enumerate() {
            let TextFunction::Near { of, to, lines, ordered } = *function else { continue };
            if of != pattern && to != pattern {
                continue;
            }
            let state = self.near.entry((signature, index)).or_default();
            let close = |a: u64, b: u64| a.abs_diff(b) <= u64::from(lines);
            if to == pattern {
                state.last_other = Some(line);
                state.count += state
                    .waiting
                    .drain(..)
                    .filter(|&(at, _)| close(at, line))
                    .map(|(_, weight)| weight)
                    .sum::<u64>();
            }
            if of == pattern {
                let already = !ordered && state.last_other.is_some_and(|other| close(other, line));
                if already {
                    state.count += weight;
                } else {
                    state.waiting.push_back((line, weight));
                    while state.waiting.front().is_some_and(|&(at, _)| !close(at, line)) {
                        state.waiting.pop_front();
                    }
                }
            }
        }
    }

    /// Year and zone for this entry's stamps, worked out once: the head is whole before anything is scanned.
    fn time_context(&mut self) -> &TimeContext {
        if self.times.is_none() {
            self.times = Some(self.new_time_context());
        }
        self.times.get_or_insert_default()
    }

    fn new_time_context(&self) -> TimeContext {
        let mut context = TimeContext::for_entry(self.entry.path.as_bytes(), self.entry.mtime, None);
        for line in self.head.split(|&byte| byte == b'\n').take(8) {
            match header_of(line) {
                Some(header) => context.learn_header(&header),
                None => {
                    if let Some(stamp) = find_stamp(line) {
                        context.learn(&stamp);
                    }
                }
            }
        }
        context
    }

    /// Times of the first and the last dated line near the ends.
    fn entry_times(&mut self) -> Option<(Time, Time)> {
        let context = self.time_context().clone();
        let resolve = |stamp: Stamp| context.resolve(&stamp);
        let time = |line: &[u8]| find_stamp(&line[..line.len().min(STAMP_BYTES)]).and_then(resolve);
        let first = self.head.split(|&byte| byte == b'\n').take(8).find_map(time)?;
        let tail = &self.tail[self.tail.len().saturating_sub(8 << 10)..];
        let last = tail.rsplit(|&byte| byte == b'\n').take(8).find_map(time)?;
        Some((first.min(last), first.max(last)))
    }
}

fn cut_document(path: &EntryPath, whole: usize) -> Problem {
    Problem {
        path: path.clone(),
        offset: Some(whole as u64),
        kind: ProblemKind::Limit,
        message: "facts are read from its beginning only: the member is too large".to_owned(),
    }
}

/// Bytes of evidence text kept per hit, and of each line of context.
const TEXT_BYTES: usize = 2 << 10;
const CONTEXT_BYTES: usize = 512;

fn sample(
    window: &Window<'_>,
    found: &Match,
    line: u64,
    confidence: Option<Confidence>,
    context: usize,
) -> Sample {
    let bytes = window.bytes;
    let before = context_lines(&bytes[..found.lines.start], context, true);
    let after = context_lines(&bytes[found.lines.end..], context, false);
    Sample {
        line,
        offset: window.base + found.start as u64,
        text: cut(bytes, &found.lines, found.start),
        before,
        after,
        captures: found.captures.clone(),
        confidence,
        ..Sample::default()
    }
}

/// Bytes of UTF-8 beyond one for each unit of UTF-16: two units for four bytes, else one for a character.
fn excess(text: &[u8]) -> i64 {
    let continuing = text.iter().filter(|&&byte| byte & 0xc0 == 0x80).count();
    let pairs = text.iter().filter(|&&byte| byte >= 0xf0).count();
    continuing as i64 - pairs as i64
}

/// The text of the lines, or its part around the match where it is too long.
///
/// Secrets are masked first: behind a cut, a key no longer tells that its value is one.
fn cut(bytes: &[u8], lines: &std::ops::Range<usize>, start: usize) -> Vec<u8> {
    let masked = mask_bytes(&bytes[lines.clone()]);
    let text = &masked[..];
    if text.len() <= TEXT_BYTES {
        return text.trim_ascii_end().to_vec();
    }
    let before = mask_bytes(&bytes[lines.start..start]).len().min(text.len());
    let from = before.saturating_sub(TEXT_BYTES / 4);
    let from = if from < 64 { 0 } else { on_border(text, from) };
    let to = on_border(text, (from + TEXT_BYTES).min(text.len()));
    let mut cut = Vec::with_capacity(TEXT_BYTES + 8);
    if from > 0 {
        cut.extend_from_slice("…".as_bytes());
    }
    cut.extend_from_slice(&text[from..to]);
    if to < text.len() {
        cut.extend_from_slice("…".as_bytes());
    }
    cut
}

/// The next character border at or before `at`.
fn on_border(text: &[u8], at: usize) -> usize {
    let back = (0..4.min(at + 1)).find(|&back| text.get(at - back).is_none_or(|byte| byte & 0xc0 != 0x80));
    at - back.unwrap_or(0)
}

/// Up to `count` lines at the end (`last`) or the beginning of `bytes`.
fn context_lines(bytes: &[u8], count: usize, last: bool) -> Vec<Vec<u8>> {
    if count == 0 {
        return Vec::new();
    }
    let kept = |line: &[u8]| {
        let line = &mask_bytes(line.trim_ascii_end())[..];
        match line.len() > CONTEXT_BYTES {
            true => [&line[..on_border(line, CONTEXT_BYTES)], "…".as_bytes()].concat(),
            false => line.to_vec(),
        }
    };
    if last {
        let Some(bytes) = bytes.strip_suffix(b"\n") else { return Vec::new() };
        let mut lines: Vec<Vec<u8>> = bytes.rsplit(|&byte| byte == b'\n').take(count).map(kept).collect();
        lines.reverse();
        return lines;
    }
    let Some(bytes) = bytes.strip_prefix(b"\n").or_else(|| bytes.strip_prefix(b"\r\n")) else {
        return Vec::new();
    };
    let mut lines: Vec<Vec<u8>> = bytes.split(|&byte| byte == b'\n').take(count).map(kept).collect();
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Signature;

    /// Numbers that are the same on each run (xorshift64).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }
    }

    /// The built-in signatures with their examples, which a start leaves out.
    fn with_examples() -> SignatureSet {
        SignatureSet::from_files(crate::signature::builtin()).expect("signatures without mistake")
    }

    /// Messages of all signatures in any order between ordinary lines, some wrapped, some behind each other on a line.
    fn random_text(set: &SignatureSet, bytes: usize, numbers: &mut Numbers) -> Vec<u8> {
        let messages = |signature: &Signature| {
            let examples = signature.examples.iter().flat_map(|example| &example.files);
            let near_misses = signature.near_misses.iter().flat_map(|near_miss| &near_miss.files);
            examples.chain(near_misses).map(|file| file.text.clone()).collect::<Vec<String>>()
        };
        let messages: Vec<String> = set.signatures().iter().flat_map(messages).collect();
        let mut text = Vec::new();
        while text.len() < bytes {
            let message = &messages[numbers.below(messages.len())];
            match numbers.below(8) {
                0 => text.extend_from_slice(message.as_bytes()),
                1 => {
                    let wrapped = message.as_bytes().chunks(20 + numbers.below(80));
                    wrapped.for_each(|line| text.extend_from_slice(&[line, b"\n"].concat()));
                }
                2 | 3 => text.extend_from_slice(format!("{message}\n").as_bytes()),
                4 => text.extend(std::iter::repeat_n(b'x', numbers.below(3_000))),
                _ => {
                    let second = numbers.below(60);
                    let line = format!("I0119 22:11:{second:02}.705596  107905 client.go:48] healthz ok\n");
                    text.extend_from_slice(line.as_bytes());
                }
            }
        }
        text
    }

    /// Everything a scan found, as text.
    fn found(scanner: Scanner<'_>) -> String {
        let Tally { entries, bytes, lines, signatures, span, .. } = scanner.tally;
        format!("{entries} {bytes} {lines} {span:?}\n{signatures:#?}")
    }

    fn entry() -> Entry {
        Entry { path: EntryPath::input("nodes/10.200.0.3/kubelet.log"), mtime: Some(1_646_424_963) }
    }

    fn options() -> ScanOptions {
        ScanOptions { context: 2, ..ScanOptions::for_examples() }
    }

    #[track_caller]
    fn assert_same(got: &str, expected: &str, what: &str) {
        if got != expected {
            let line = got.lines().zip(expected.lines()).position(|(got, expected)| got != expected);
            panic!("{what}, first difference in line {line:?}:\nexpected:\n{expected}\ngot:\n{got}");
        }
    }

    #[test]
    fn qc_delivered_pieces_of_any_size_give_what_the_whole_gives() {
        let set = with_examples();
        let options = options();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for round in 0..6 {
            let text = random_text(&set, 400 << 10, &mut numbers);
            let mut whole = Scanner::new(&set, &options);
            whole.scan_text(&entry(), &text);
            let whole = found(whole);
            for largest in [1_000, 70 << 10, 200 << 10] {
                let mut scanner = Scanner::new(&set, &options);
                assert!(scanner.begin(&entry()));
                let mut rest = &text[..];
                while !rest.is_empty() {
                    let (piece, behind) = rest.split_at(rest.len().min(1 + numbers.below(largest)));
                    let _ = scanner.data(piece);
                    rest = behind;
                }
                scanner.end(EntryEnd::Complete);
                assert_same(&found(scanner), &whole, &format!("round {round}, pieces up to {largest}"));
            }
        }
    }

    #[test]
    fn qc_scanned_chunks_of_any_size_give_what_the_whole_gives() {
        let set = with_examples();
        let options = options();
        let mut numbers = Numbers(0x1234_5678_9abc_def1);
        for round in 0..12 {
            let text = random_text(&set, 90 << 10, &mut numbers);
            let mut whole = Scanner::new(&set, &options);
            whole.scan_text(&entry(), &text);
            let whole = found(whole);
            for largest in [40, 1_000, 70 << 10] {
                let mut scanner = Scanner::new(&set, &options);
                assert!(scanner.begin(&entry()));
                if let Some(scan) = &mut scanner.entry {
                    scan.see(&text, options.document_bytes);
                }
                let mut rest = &text[..];
                while !rest.is_empty() {
                    let (chunk, behind) = rest.split_at(rest.len().min(1 + numbers.below(largest)));
                    scanner.scan(chunk);
                    rest = behind;
                }
                scanner.end(EntryEnd::Complete);
                assert_same(&found(scanner), &whole, &format!("round {round}, chunks up to {largest}"));
            }
        }
    }

    /// A message in the second part of a record begins behind the candidate that led to it; lines were counted up to the
    /// candidate only, which ended in a panic wherever more than the reach of a window followed.
    #[test]
    fn a_message_in_a_later_part_has_its_line_in_a_long_log() {
        let set = with_examples();
        let options = options();
        let record = "2023-01-19T22:00:00.000000001Z stderr";
        let mut text = format!(
            "{record} P hello \n{record} F runc: symbol lookup error: runc: undefined symbol: seccomp_notify_respond\n"
        );
        while text.len() < 200 << 10 {
            text.push_str(&format!("{record} F an ordinary line of a log\n"));
        }
        let mut scanner = Scanner::new(&set, &options);
        scanner.scan_text(&entry(), text.as_bytes());
        let samples = scanner.tally.signatures.values().flat_map(|tally| tally.samples.values().flatten());
        assert_eq!(samples.map(|sample| sample.line).collect::<Vec<u64>>(), [2]);
    }

    /// Evidence and times do not follow the order of the lines: the surest and the dated come first.
    #[test]
    fn first_and_last_follow_time_and_evidence_follows_rank() {
        let set = with_examples();
        let options = ScanOptions { evidence: 1, ..options() };
        let hit = "runc: symbol lookup error: runc: undefined symbol: seccomp_notify_respond";
        let text = format!(
            "{hit}\n2023-01-19T22:00:00Z {hit}\n2023-01-19T21:00:00Z {hit}\n2023-01-19T23:00:00Z {hit}\n2023-01-19T22:30:00Z {hit}\n"
        );
        let mut scanner = Scanner::new(&set, &options);
        scanner.scan_text(&entry(), text.as_bytes());
        let tally = scanner.tally.signatures.values().next().unwrap();
        let hits = tally.members.values().flat_map(|member| member.patterns.values()).next().unwrap();
        let shown = |when: &When| when.resolve(None).map(|time| time.to_string());
        assert_eq!(shown(&hits.first).as_deref(), Some("2023-01-19T21:00:00Z"));
        assert_eq!(shown(&hits.last).as_deref(), Some("2023-01-19T23:00:00Z"));
        assert_eq!(tally.samples.values().flatten().map(|sample| sample.line).collect::<Vec<u64>>(), [2]);
    }

    #[test]
    fn a_message_in_small_parts_is_one_hit() {
        let set = with_examples();
        let options = ScanOptions::for_examples();
        let mut scanner = Scanner::new(&set, &options);
        let text = b"2023-02-14T08:11:07.555000111Z stderr P xx drop (No map\n2023-02-14T08:11:07.555000112Z stderr P ping for NAT masqu\n2023-02-14T08:11:07.555000113Z stderr F erade) flow 0x3fa1\n";
        scanner.scan_text(&Entry { path: EntryPath::input("0.log"), mtime: None }, text);
        let found: Vec<u64> = scanner
            .tally
            .signatures
            .values()
            .flat_map(|tally| tally.members.values())
            .flat_map(|member| member.patterns.values())
            .map(|hits| hits.count)
            .collect();
        assert_eq!(found, [1]);
    }
}
