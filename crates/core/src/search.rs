//! Any text or regex over the same readers: what an engineer looks for next.

use std::ops::ControlFlow;
use std::sync::Mutex;

use regex_automata::meta::Regex;

use crate::analyze::AnalyzeOptions;
use crate::bundle::place::{Place, place_of_line, place_of_path};
use crate::bundle::time::{Time, TimeContext, find_stamp, header_of};
use crate::container::{Entry, EntryEnd, Sink};
use crate::error::{Error, ErrorKind};
use crate::input::{InputSummary, Source, walk};
use crate::path::EntryPath;
use crate::problem::Problem;
use crate::scan::PathFilter;

/// A line that matches.
#[derive(Debug)]
pub struct Found<'a> {
    /// The member.
    pub path: &'a EntryPath,
    /// Its line, from 1.
    pub line: u64,
    /// The line without its end; at most [`Limits::line_bytes`](crate::Limits), from its beginning.
    pub text: &'a [u8],
    /// Its time, where it tells one.
    pub time: Option<Time>,
    /// Node, namespace, pod, container.
    pub place: Place,
}

/// Searches the inputs for lines that match any of `patterns`, regexes or (`fixed`) plain texts.
///
/// `found` is called for each, in the order of the entry; entries of independent streams come in any order, but never
/// interleave. It may end the search.
///
/// # Errors
/// When a pattern or a glob is malformed, or an input cannot be opened.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
///
/// use loggrep_abm_core::AnalyzeOptions;
/// use loggrep_abm_core::input::Source;
/// use loggrep_abm_core::search::search;
///
/// let log = b"I0119 22:11:48 started\nE0119 22:11:49 x509: certificate has expired\n";
/// let source = Source::Bytes { name: "kubelet.log".into(), bytes: log.to_vec() };
/// let mut lines = Vec::new();
/// let patterns = ["x509: .* expired".to_owned()];
/// search(vec![source], &patterns, false, false, &AnalyzeOptions::default(), &mut |found| {
///     lines.push((found.path.to_string(), found.line));
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(lines, [("kubelet.log".to_owned(), 2)]);
/// # Ok::<(), loggrep_abm_core::Error>(())
/// ```
pub fn search(
    sources: Vec<Source>,
    patterns: &[String],
    fixed: bool,
    ignore_case: bool,
    options: &AnalyzeOptions<'_>,
    found: &mut (dyn FnMut(&Found<'_>) -> ControlFlow<()> + Send),
) -> Result<(Vec<InputSummary>, Vec<Problem>), Error> {
    let patterns: Vec<String> = match fixed {
        true => patterns.iter().map(|pattern| regex_syntax::escape(pattern)).collect(),
        false => patterns.to_vec(),
    };
    let syntax = regex_automata::util::syntax::Config::new().utf8(false).case_insensitive(ignore_case);
    let config = Regex::config().utf8_empty(false);
    let regex = Regex::builder()
        .syntax(syntax)
        .configure(config)
        .build_many(&patterns)
        .map_err(|source| Error::new(ErrorKind::Option, "cannot use the pattern").with_source(source))?;
    let filter = options.path_filter()?;
    let output = Mutex::new(found);
    let mut summaries = Vec::new();
    let mut problems = Vec::new();
    for source in sources {
        let make = || Searcher::new(&regex, &filter, options, &output);
        let (searchers, summary) = walk(source, &options.walk_options(), make)?;
        summaries.push(summary);
        problems.extend(searchers.into_iter().flat_map(|searcher| searcher.problems));
    }
    problems.sort();
    problems.truncate(options.limits.problems);
    Ok((summaries, problems))
}

type Output<'a, 'f> = Mutex<&'a mut (dyn FnMut(&Found<'_>) -> ControlFlow<()> + Send + 'f)>;

struct Searcher<'s, 'f> {
    regex: &'s Regex,
    filter: &'s PathFilter,
    options: &'s AnalyzeOptions<'s>,
    output: &'s Output<'s, 'f>,
    entry: Option<(Entry, TimeContext)>,
    line: u64,
    /// The beginning of a line whose end has not come yet.
    carry: Vec<u8>,
    /// Whether the line is long and matched already: its rest is left out.
    skipping: bool,
    learned: u32,
    /// Whether the lines are those of a private key.
    in_key: bool,
    problems: Vec<Problem>,
}

impl<'s, 'f> Searcher<'s, 'f> {
    fn new(
        regex: &'s Regex,
        filter: &'s PathFilter,
        options: &'s AnalyzeOptions<'s>,
        output: &'s Output<'s, 'f>,
    ) -> Searcher<'s, 'f> {
        Searcher {
            regex,
            filter,
            options,
            output,
            entry: None,
            line: 0,
            carry: Vec::new(),
            skipping: false,
            learned: 0,
            in_key: false,
            problems: Vec::new(),
        }
    }

    fn line(&mut self, line: &[u8]) -> ControlFlow<()> {
        self.line += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some((entry, context)) = &mut self.entry else { return ControlFlow::Continue(()) };
        if self.learned < 8 {
            self.learned += 1;
            match header_of(line) {
                Some(header) => context.learn_header(&header),
                None => find_stamp(line).iter().for_each(|stamp| context.learn(stamp)),
            }
        }
        // Inside a private key every line is a secret, whatever its prefix.
        let begins_key = memchr::memmem::find(line, b"PRIVATE KEY-----").is_some();
        self.in_key = if begins_key { memchr::memmem::find(line, b"BEGIN").is_some() } else { self.in_key };
        if !self.regex.is_match(line) {
            return ControlFlow::Continue(());
        }
        let line: &[u8] = if self.in_key && !begins_key { crate::mask::MASK.as_bytes() } else { line };
        let time = find_stamp(line).and_then(|stamp| context.resolve(&stamp));
        let late = self.options.until.zip(time).is_some_and(|(until, time)| time > until);
        let early = self.options.since.zip(time).is_some_and(|(since, time)| time < since);
        if late || early {
            return ControlFlow::Continue(());
        }
        let place = place_of_path(entry.path.as_bytes()).or(place_of_line(line));
        let found = Found { path: &entry.path, line: self.line, text: line, time, place };
        match self.output.lock() {
            Ok(mut output) => output(&found),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Keeps more of a line. One beyond the limit is searched in stretches that overlap; the first with a match stays.
    fn keep(&mut self, part: &[u8]) {
        const OVERLAP: usize = 4 << 10;
        let most = self.options.limits.line_bytes.max(4 * OVERLAP);
        let mut rest = part;
        while !rest.is_empty() && !self.skipping {
            let (now, later) = rest.split_at(rest.len().min(most - self.carry.len()));
            self.carry.extend_from_slice(now);
            rest = later;
            if self.carry.len() < most {
                break;
            }
            match self.regex.is_match(&self.carry) {
                true => self.skipping = true,
                false => drop(self.carry.drain(..most - OVERLAP)),
            }
        }
    }

    fn end_line(&mut self) -> ControlFlow<()> {
        let carry = std::mem::take(&mut self.carry);
        self.skipping = false;
        let flow = self.line(&carry);
        self.carry = carry;
        self.carry.clear();
        flow
    }
}

impl Sink for Searcher<'_, '_> {
    fn begin(&mut self, entry: &Entry) -> bool {
        if !self.filter.accepts(&entry.path) {
            return false;
        }
        let context = TimeContext::for_entry(entry.path.as_bytes(), entry.mtime, None);
        self.entry = Some((entry.clone(), context));
        (self.line, self.learned, self.skipping, self.in_key) = (0, 0, false, false);
        self.carry.clear();
        true
    }

    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let short = self.carry.is_empty() && end <= self.options.limits.line_bytes;
            if short {
                self.line(&rest[..end])?;
            } else {
                self.keep(&rest[..end]);
                self.end_line()?;
            }
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() && !self.skipping {
            self.keep(rest);
        }
        ControlFlow::Continue(())
    }

    fn end(&mut self, _end: EntryEnd) {
        if !self.carry.is_empty() {
            let _ = self.end_line();
        }
        self.entry = None;
    }

    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < self.options.limits.problems {
            self.problems.push(problem);
        }
    }
}
