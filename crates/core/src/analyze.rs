//! Analyses inputs end to end: walk, scan, join, decide.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::automaton::{SignatureId, SignatureSet};
use crate::bundle::facts::Resolved;
use crate::bundle::time::Time;
use crate::decide::{DecideOptions, decide};
use crate::error::{Error, ErrorKind};
use crate::input::{Inflater, Source, WalkOptions, walk};
use crate::limits::Limits;
use crate::mask::mask_bytes;
use crate::path::EntryPath;
use crate::problem::{Problem, ProblemKind};
use crate::profile::SignatureCost;
use crate::report::{Input, Report};
use crate::scan::{PathFilter, ScanOptions, Scanner, Watch};
use crate::signature::{Confidence, Severity};
use crate::tally::{Sample, Tally};
use crate::version::Version;

/// How far an analysis is; given to the callback of [`AnalyzeOptions::with_progress`] now and then, from any worker.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes read of the current input, before decompression.
    pub input_bytes: u64,
    /// Issues with a hit so far in the reporting worker; what the conditions of rules say is known only at the end.
    pub issues: usize,
}

type ProgressCallback<'a> = &'a (dyn Fn(Progress) + Sync);

/// A piece of evidence as it is confirmed; given to the callback of [`AnalyzeOptions::with_evidence`].
///
/// It is provisional: what other entries say, other issues that explain it, and the release of the cluster are
/// known only at the end, so that the report may judge it otherwise or leave it out. Secrets in its text are masked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Provisional<'a> {
    /// Id of the signature.
    pub id: &'a str,
    /// How sure the text alone makes it; `None` when it counts only together with others.
    pub confidence: Option<Confidence>,
    /// The member.
    pub path: &'a EntryPath,
    /// Line, from 1, on which the message begins.
    pub line: u64,
    /// The line, or the lines of a wrapped message, as [`Evidence::text`](crate::report::Evidence::text).
    pub text: &'a str,
}

type EvidenceCallback<'a> = &'a (dyn Fn(&Provisional<'_>) + Sync);

/// How to analyse.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnalyzeOptions<'a> {
    /// What the analysis may cost.
    pub limits: Limits,
    /// Worker threads; 0 takes as many as there are processors.
    pub threads: usize,
    /// Language of titles and workarounds, `en` or `ko`.
    pub language: String,
    /// Lines of context kept before and after a piece of evidence.
    pub context: usize,
    /// Findings below this are left out.
    pub min_confidence: Confidence,
    /// Findings below this are left out.
    pub min_severity: Severity,
    /// Signatures to evaluate; all when empty.
    pub only: BTreeSet<String>,
    /// Globs on member paths; a member must match one when there are any.
    pub include: Vec<String>,
    /// Globs on member paths; a member must match none.
    pub exclude: Vec<String>,
    /// Hits dated before this do not count. Where only the newest line of all inputs tells the year, and all are
    /// paths, they are read twice.
    pub since: Option<Time>,
    /// Hits dated after this do not count; see `since`.
    pub until: Option<Time>,
    /// Templates of error-level messages that no signature matched, the most frequent ones; 0 looks for none.
    pub unknown: usize,
    /// Whether what each signature costs is measured; see [`Analysis::profile`].
    pub profile: bool,
    /// Taken as the release of every cluster.
    pub cluster_version: Option<Version>,
    /// Whether experimental signatures are evaluated too; those named in `only` always are.
    pub experimental: bool,
    /// Whether the report tells for each signature why it was shown, not shown or cannot be told.
    pub explain: bool,
    /// Bytes decoded and scanned at once; no result depends on it.
    pub chunk_bytes: usize,
    /// What decodes the gzip layer of an input; no result depends on it.
    pub inflater: Inflater,
    cancel: Option<&'a AtomicBool>,
    progress: Option<ProgressCallback<'a>>,
    evidence: Option<EvidenceCallback<'a>>,
}

impl Default for AnalyzeOptions<'_> {
    fn default() -> Self {
        AnalyzeOptions {
            limits: Limits::default(),
            threads: 0,
            language: "en".to_owned(),
            context: 1,
            min_confidence: Confidence::Possible,
            min_severity: Severity::Info,
            only: BTreeSet::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            since: None,
            until: None,
            unknown: 5,
            profile: false,
            cluster_version: None,
            experimental: false,
            explain: false,
            chunk_bytes: 512 << 10,
            inflater: Inflater::default(),
            cancel: None,
            progress: None,
            evidence: None,
        }
    }
}

impl<'a> AnalyzeOptions<'a> {
    /// With a flag that ends the analysis soon after it becomes true.
    #[must_use]
    pub fn with_cancel(mut self, cancel: &'a AtomicBool) -> Self {
        self.cancel = Some(cancel);
        self
    }

    /// With a callback that is told the progress.
    #[must_use]
    pub fn with_progress(mut self, progress: ProgressCallback<'a>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// With a callback that is told of evidence as it is confirmed, from any worker.
    ///
    /// It hears of [`Limits::evidence`] hits at most per pattern and entry, and nothing of what facts decide. Which order
    /// it hears them in depends on the threads. An input that is read again, because a limit struck or for the sake of
    /// `since` and `until`, is told of again.
    #[must_use]
    pub fn with_evidence(mut self, evidence: EvidenceCallback<'a>) -> Self {
        self.evidence = Some(evidence);
        self
    }

    /// Tells the callback of a sample, unless its signature was not asked for.
    fn tell(&self, set: &SignatureSet, signature: SignatureId, path: &EntryPath, sample: &Sample) {
        let Some(evidence) = self.evidence else { return };
        let id = set.signature(signature).id();
        if self.only.is_empty() || self.only.contains(id) {
            let text = mask_bytes(&sample.text);
            let text = String::from_utf8_lossy(&text);
            let (confidence, line) = (sample.confidence, sample.line);
            evidence(&Provisional { id, confidence, path, line, text: &text });
        }
    }

    /// Worker threads, resolved.
    pub(crate) fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }

    pub(crate) fn walk_options(&self) -> WalkOptions<'a> {
        let options = WalkOptions::default()
            .with_limits(self.limits.clone())
            .with_threads(self.worker_threads())
            .with_chunk_bytes(self.chunk_bytes)
            .with_inflater(self.inflater);
        match self.cancel {
            Some(cancel) => options.with_cancel(cancel),
            None => options,
        }
    }

    pub(crate) fn path_filter(&self) -> Result<PathFilter, Error> {
        Ok(PathFilter { include: globs(&self.include)?, exclude: globs(&self.exclude)? })
    }

    pub(crate) fn scan_options(&self) -> ScanOptions {
        ScanOptions {
            evidence: self.limits.evidence,
            context: self.context,
            scope_keys: self.limits.scope_keys,
            problems: self.limits.problems,
            document_bytes: self.limits.document_bytes,
            facts: self.limits.facts,
            read_ahead: self.worker_threads() > 1,
            line_bytes: self.limits.line_bytes,
            unknown: self.unknown > 0,
            profile: self.profile,
            since: self.since,
            until: self.until,
            newest: None,
        }
    }

    pub(crate) fn decide_options(&self) -> DecideOptions {
        DecideOptions {
            language: self.language.clone(),
            evidence: self.limits.evidence,
            min_confidence: self.min_confidence,
            min_severity: self.min_severity,
            only: self.only.clone(),
            experimental: self.experimental,
            unknown: self.unknown,
            since: self.since,
            until: self.until,
            explain: self.explain,
        }
    }
}

/// Globs over member paths: `*` crosses `/`, and a glob without a leading `*` may begin at any component.
pub(crate) fn globs(patterns: &[String]) -> Result<Option<GlobSet>, Error> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let error = |pattern: &str, source: globset::Error| {
        Error::new(ErrorKind::Option, format!("cannot use the glob `{pattern}`")).with_source(source)
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        for form in [pattern.clone(), format!("*/{pattern}"), format!("*!{pattern}")] {
            let glob = GlobBuilder::new(&form).literal_separator(false).build();
            set.add(glob.map_err(|source| error(pattern, source))?);
        }
    }
    set.build().map(Some).map_err(|source| error(&patterns.join(" "), source))
}

/// Reads the inputs and tells which known issues they show.
///
/// Several inputs give one report: what belongs together, such as a snapshot and the workspace beside it. Each is
/// taken from `sources` once the one before it was read.
///
/// # Errors
/// When an input cannot be opened, a glob is malformed, an id is unknown, or the analysis was cancelled. Damage inside
/// an input is no error: see [`Report::problems`].
pub fn analyze(
    set: &SignatureSet,
    sources: impl IntoIterator<Item = Source>,
    options: &AnalyzeOptions<'_>,
) -> Result<Report, Error> {
    Ok(Analysis::run(set, sources, options)?.report(&options.language))
}

/// Inputs that were read, from which reports are made: one for each language asked for.
pub struct Analysis<'s> {
    set: &'s SignatureSet,
    tally: Tally,
    facts: Resolved,
    inputs: Vec<Input>,
    options: DecideOptions,
}

impl<'s> Analysis<'s> {
    /// Reads the inputs; see [`analyze`].
    ///
    /// # Errors
    /// Those of [`analyze`].
    pub fn run(
        set: &'s SignatureSet,
        sources: impl IntoIterator<Item = Source>,
        options: &AnalyzeOptions<'_>,
    ) -> Result<Analysis<'s>, Error> {
        for id in &options.only {
            if !set.signatures().iter().any(|signature| signature.id() == id) {
                return Err(Error::new(ErrorKind::Option, format!("there is no signature `{id}`")));
            }
        }
        let reader = Reader { set, options, filter: options.path_filter()? };
        let mut scan_options = options.scan_options();
        let mut paths = Some(Vec::new());
        let sources = sources.into_iter().inspect(|source| note_path(&mut paths, source));
        let (mut tally, mut inputs) = reader.read(sources, &scan_options)?;
        scan_options.newest = tally.span.map(|(_, last)| last);
        if tally.range_undecided
            && scan_options.newest.is_some()
            && let Some(paths) = paths
        {
            let sources = paths.into_iter().map(Source::Path);
            (tally, inputs) = reader.read(sources, &scan_options)?;
        }
        let facts = tally.take_facts().resolve(options.cluster_version);
        Ok(Analysis { set, tally, facts, inputs, options: options.decide_options() })
    }

    /// When the issues of the report were seen: the hits that decide, by member, in the order of time.
    pub fn timeline(&self, report: &Report) -> crate::report::Timeline {
        crate::decide::timeline(self.set, &self.tally, &self.facts, report, &self.options)
    }

    /// What each signature cost that had a candidate, the most expensive first; nothing unless
    /// [`AnalyzeOptions::profile`] asks for it.
    pub fn profile(&self) -> Vec<SignatureCost> {
        self.tally.profile.costs(self.set)
    }

    /// The report, with titles, causes and workarounds in `language`.
    pub fn report(&self, language: &str) -> Report {
        let options = DecideOptions { language: language.to_owned(), ..self.options.clone() };
        decide(self.set, &self.tally, &self.facts, self.inputs.clone(), &options)
    }
}

/// Keeps the paths of inputs as long as all of them can be read twice.
fn note_path(paths: &mut Option<Vec<PathBuf>>, source: &Source) {
    match (source, paths.as_mut()) {
        (Source::Path(path), Some(paths)) if path.is_file() || path.is_dir() => paths.push(path.clone()),
        _ => *paths = None,
    }
}

/// Reads inputs, one after the other.
struct Reader<'a> {
    set: &'a SignatureSet,
    options: &'a AnalyzeOptions<'a>,
    filter: PathFilter,
}

impl Reader<'_> {
    fn read(
        &self,
        sources: impl Iterator<Item = Source>,
        scan_options: &ScanOptions,
    ) -> Result<(Tally, Vec<Input>), Error> {
        let mut tally = Tally::new(scan_options);
        let mut inputs = Vec::new();
        let mut seen = BTreeSet::new();
        for source in sources {
            if let Source::Path(path) = &source
                && let Ok(real) = path.canonicalize()
                && !seen.insert(real)
            {
                tally.problem(Problem {
                    path: EntryPath::input(path.as_os_str().as_encoded_bytes()),
                    offset: None,
                    kind: ProblemKind::Duplicate,
                    message: "the same input is named before: read once".to_owned(),
                });
                continue;
            }
            let (of_input, input) = self.read_one(source, scan_options)?;
            inputs.push(input);
            tally.merge(of_input);
        }
        match self.options.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            true => Err(Error::new(ErrorKind::Cancelled, "the analysis was cancelled")),
            false => Ok((tally, inputs)),
        }
    }

    fn read_one(&self, source: Source, scan_options: &ScanOptions) -> Result<(Tally, Input), Error> {
        let tell = |signature, path: &EntryPath, sample: &Sample| {
            self.options.tell(self.set, signature, path, sample);
        };
        let watch: Option<Watch<'_>> = self.options.evidence.is_some().then_some(&tell);
        let make = || {
            let scanner = Scanner::new(self.set, scan_options).with_filter(&self.filter);
            scanner.with_progress(self.options.progress).with_watch(watch)
        };
        let (scanners, summary) = walk(source, &self.options.walk_options(), make)?;
        let mut tally = Tally::new(scan_options);
        scanners.into_iter().for_each(|scanner| tally.merge(scanner.into_tally()));
        let input = Input {
            path: summary.path.to_string(),
            format: summary.format.to_owned(),
            complete: summary.complete && !tally.content_lost,
            compressed_bytes: summary.compressed_bytes,
            bytes: tally.bytes,
            entries: tally.entries,
            lines: tally.lines,
        };
        if tally.entries == 0 && summary.entries > 0 {
            let message =
                format!("none of its {} members is wanted by --include and --exclude", summary.entries);
            tally.problem(Problem { path: summary.path, offset: None, kind: ProblemKind::Skipped, message });
        }
        Ok((tally, input))
    }
}
