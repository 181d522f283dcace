//! What the caller points at, and the walk through it.
//!
//! Start from [`walk`] and [`Source`]. A single stream is decoded in one thread and walked in another; the files
//! of a directory and the members of a zip are independent and spread over all threads. What the bytes mean is
//! left to the [`Sink`].

mod shared;

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::container::{
    Archive, ByteArray, Files, Found, Kind, Place, ReadAt, Sink, Stop, Walker, mtime, open_file,
};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::path::EntryPath;
use crate::problem::ProblemKind;
use crate::stream::{Inline, Raw, Stream};

pub(crate) use shared::Shared;

/// Files below this are not worth a decoder thread of their own.
const AHEAD_BYTES: u64 = 4 << 20;

/// What to read.
pub enum Source {
    /// A file, a directory, or something that can be read like a pipe. A link named here is followed.
    Path(PathBuf),
    /// Anything that gives bytes, such as standard input; read once, front to back.
    Reader {
        /// Its name in reports.
        name: String,
        /// The bytes.
        reader: Box<dyn Read + Send>,
    },
    /// Bytes in memory.
    Bytes {
        /// Their name in reports.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// An open file. A regular one is read by position from its start, whatever its cursor says; anything else is
    /// read like a pipe.
    File {
        /// Its name in reports.
        name: String,
        /// The file.
        file: File,
    },
    /// A file as it arrives; read once, front to back.
    Received(ReceivedFile),
    /// Files that arrive one after the other, such as those of an upload, as if they lay in one directory.
    ReceivedFiles {
        /// The name of that directory in reports.
        name: String,
        /// The files; each is read before the next is asked for.
        files: Box<dyn Iterator<Item = ReceivedFile> + Send>,
    },
}

/// A file that is read while it arrives.
pub struct ReceivedFile {
    /// Its name in reports.
    pub name: String,
    /// When it was modified, in seconds since 1970: tells the year of log lines that leave it out.
    pub mtime: Option<i64>,
    /// Its bytes.
    pub reader: Box<dyn Read + Send>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Source::Reader { name, .. } => f.debug_struct("Reader").field("name", name).finish(),
            Source::Bytes { name, bytes } => {
                f.debug_struct("Bytes").field("name", name).field("len", &bytes.len()).finish()
            }
            Source::File { name, .. } => f.debug_struct("File").field("name", name).finish(),
            Source::Received(file) => f.debug_struct("Received").field("name", &file.name).finish(),
            Source::ReceivedFiles { name, .. } => {
                f.debug_struct("ReceivedFiles").field("name", name).finish()
            }
        }
    }
}

/// What decodes the gzip layer of an input; no result depends on it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Inflater {
    /// zlib-rs, in one thread.
    #[default]
    ZlibRs,
    /// The decoder of this workspace, which gives two threads a part each. Nested layers stay with zlib-rs.
    TwoStage,
}

/// How to walk.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WalkOptions<'a> {
    /// What the walk may cost.
    pub limits: Limits,
    /// Workers, and whether a decoder may run ahead in a thread of its own: from 2 on. At least 1.
    pub threads: usize,
    /// Bytes that are read, decoded and handed to the sink at once; no result depends on it.
    pub chunk_bytes: usize,
    /// What decodes gzip.
    pub inflater: Inflater,
    /// Ends the walk with [`ErrorKind::Cancelled`] soon after it becomes true.
    pub cancel: Option<&'a AtomicBool>,
}

impl Default for WalkOptions<'_> {
    /// Default limits, one thread, 256 KiB at once, no cancelling.
    fn default() -> Self {
        WalkOptions {
            limits: Limits::default(),
            threads: 1,
            chunk_bytes: 256 << 10,
            inflater: Inflater::default(),
            cancel: None,
        }
    }
}

impl<'a> WalkOptions<'a> {
    /// With these limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        WalkOptions { limits, ..self }
    }

    /// With this many workers.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        WalkOptions { threads: threads.max(1), ..self }
    }

    /// With pieces of this size, 16 bytes at least.
    #[must_use]
    pub fn with_chunk_bytes(self, chunk_bytes: usize) -> Self {
        WalkOptions { chunk_bytes: chunk_bytes.max(16), ..self }
    }

    /// With this decoder of gzip.
    #[must_use]
    pub fn with_inflater(self, inflater: Inflater) -> Self {
        WalkOptions { inflater, ..self }
    }

    /// With a flag that ends the walk.
    #[must_use]
    pub fn with_cancel(self, cancel: &'a AtomicBool) -> Self {
        WalkOptions { cancel: Some(cancel), ..self }
    }
}

/// What a walk says of the input as a whole.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct InputSummary {
    /// The input as the caller named it.
    pub path: EntryPath,
    /// What it is by its content: `directory`, `zip`, `tar`, `plain`, `gz`, `tar.gz` and so on.
    pub format: &'static str,
    /// Whether all of its content was read.
    pub complete: bool,
    /// Bytes read of the input itself, before any decoding.
    pub compressed_bytes: u64,
    /// Leaves found, whether or not the sink wanted them.
    pub entries: u64,
    /// Bytes of leaves handed to the sink.
    pub bytes: u64,
}

/// Walks one input and hands every leaf to a sink.
///
/// `make_sink` is called once per worker. Which leaves a worker gets is up to chance, except that all members of
/// one stream go to one worker in their order; the sinks are returned for merging. A limit over the whole
/// input that strikes while several workers count makes the walk start again with one of them, and the sinks
/// made before are dropped.
///
/// # Errors
///
/// If the input cannot be opened, or the caller cancels. Damage inside the input is no error: it goes to the
/// sinks as problems, and [`InputSummary::complete`] becomes false.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use loggrep_abm_core::container::{Entry, EntryEnd, Sink};
/// use loggrep_abm_core::input::{Source, WalkOptions, walk};
/// use loggrep_abm_core::Problem;
///
/// #[derive(Default)]
/// struct Names(Vec<String>);
///
/// impl Sink for Names {
///     fn begin(&mut self, entry: &Entry) -> bool {
///         self.0.push(entry.path.to_string());
///         false
///     }
///     fn data(&mut self, _bytes: &[u8]) -> ControlFlow<()> {
///         ControlFlow::Continue(())
///     }
///     fn end(&mut self, _end: EntryEnd) {}
///     fn problem(&mut self, _problem: Problem) {}
/// }
///
/// let line = b"E0119 22:11:49.705596 107905 client.go:48] Operation failed\n".to_vec();
/// let source = Source::Bytes { name: "kubelet.log".into(), bytes: line };
/// let (sinks, summary) = walk(source, &WalkOptions::default(), Names::default)?;
/// assert_eq!(sinks[0].0, ["kubelet.log"]);
/// assert_eq!(summary.format, "plain");
/// # Ok::<(), loggrep_abm_core::Error>(())
/// ```
pub fn walk<S: Sink + Send>(
    source: Source,
    options: &WalkOptions<'_>,
    make_sink: impl Fn() -> S + Sync,
) -> Result<(Vec<S>, InputSummary), Error> {
    let deadline = options.limits.wall_time.and_then(|time| Instant::now().checked_add(time));
    let mut input = Input::open(source)?;
    let (sinks, summary, repeat) = input.walk(options, options.threads.max(1), deadline, &make_sink)?;
    if !repeat {
        return Ok((sinks, summary));
    }
    drop(sinks);
    let (sinks, summary, _) = input.walk(options, 1, deadline, &make_sink)?;
    Ok((sinks, summary))
}

/// An input that was opened.
struct Input {
    path: EntryPath,
    mtime: Option<i64>,
    content: Content,
}

enum Content {
    Directory(PathBuf),
    File(Arc<File>),
    Bytes(Arc<Vec<u8>>),
    /// `None` once it was read.
    Reader(Option<Box<dyn Read + Send>>),
    Files(Box<dyn Iterator<Item = ReceivedFile> + Send>),
}

impl Input {
    fn open(source: Source) -> Result<Input, Error> {
        let (name, content) = match source {
            Source::Path(path) => return Input::open_path(&path),
            Source::Reader { name, reader } => (name, Content::Reader(Some(reader))),
            Source::Bytes { name, bytes } => (name, Content::Bytes(Arc::new(bytes))),
            Source::File { name, file } => return Input::open_file(EntryPath::input(name), file),
            Source::Received(ReceivedFile { name, mtime, reader }) => {
                let content = Content::Reader(Some(reader));
                return Ok(Input { path: EntryPath::input(name), mtime, content });
            }
            Source::ReceivedFiles { name, files } => (name, Content::Files(files)),
        };
        Ok(Input { path: EntryPath::input(name), mtime: None, content })
    }

    fn open_path(on_disk: &Path) -> Result<Input, Error> {
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::Input, format!("cannot open `{}`", on_disk.display())).with_source(error)
        };
        let path = EntryPath::input(on_disk.as_os_str().as_encoded_bytes());
        let metadata = std::fs::metadata(on_disk).map_err(cannot)?;
        if metadata.is_dir() {
            return Ok(Input { path, mtime: None, content: Content::Directory(on_disk.into()) });
        }
        Input::open_file(path, File::open(on_disk).map_err(cannot)?)
    }

    fn open_file(path: EntryPath, file: File) -> Result<Input, Error> {
        let cannot = |error: std::io::Error| {
            Error::new(ErrorKind::Input, format!("cannot read `{path}`")).with_source(error)
        };
        let metadata = file.metadata().map_err(cannot)?;
        if metadata.is_dir() {
            return Err(cannot(std::io::ErrorKind::IsADirectory.into()));
        }
        if metadata.is_file() {
            return Ok(Input { path, mtime: mtime(&metadata), content: Content::File(Arc::new(file)) });
        }
        Ok(Input { path, mtime: None, content: Content::Reader(Some(Box::new(file))) })
    }

    /// Walks with this many workers; the last value tells whether one worker alone has to do it again.
    fn walk<S: Sink + Send>(
        &mut self,
        options: &WalkOptions<'_>,
        workers: usize,
        deadline: Option<Instant>,
        make_sink: &(impl Fn() -> S + Sync),
    ) -> Result<(Vec<S>, InputSummary, bool), Error> {
        let place = Place::input(self.path.clone(), self.mtime, &options.limits);
        let mut run = Run { options, workers, deadline, make_sink, place: &place };
        match &mut self.content {
            Content::Directory(on_disk) => run.directory(on_disk),
            Content::Reader(reader) => {
                let reader = reader.take().unwrap_or_else(|| Box::new(std::io::empty()));
                run.stream(Stream::new(Inline::new(Raw::new(reader), options.chunk_bytes)))
            }
            Content::File(file) => run.file(file),
            Content::Bytes(bytes) => run.bytes(bytes),
            Content::Files(files) => run.received(files),
        }
    }
}

/// One run over an input.
struct Run<'r, 'o, M> {
    options: &'r WalkOptions<'o>,
    workers: usize,
    deadline: Option<Instant>,
    make_sink: &'r M,
    place: &'r Place,
}

/// Sinks, summary, and whether to do it again alone.
type Outcome<S> = Result<(Vec<S>, InputSummary, bool), Error>;

impl<'r, 'o, S: Sink + Send, M: Fn() -> S + Sync> Run<'r, 'o, M> {
    fn directory(&mut self, on_disk: &Path) -> Outcome<S> {
        let files = Files::of(on_disk, &self.place.path).map_err(|error| {
            let context = format!("cannot read directory `{}`", on_disk.display());
            Error::new(ErrorKind::Input, context).with_source(error)
        })?;
        let ahead = self.workers > 1;
        self.units("directory", files, |walker, found| found_in_directory(walker, found, ahead))
    }

    fn file(&mut self, file: &Arc<File>) -> Outcome<S> {
        if let Some(archive) = self.zip(file.as_ref()) {
            return self.zip_units(archive, file.as_ref());
        }
        let reader = Raw::new(FromStart { file: Arc::clone(file), at: 0 });
        self.stream(Stream::new(Inline::new(reader, self.options.chunk_bytes)))
    }

    fn bytes(&mut self, bytes: &Arc<Vec<u8>>) -> Outcome<S> {
        let array = ByteArray(bytes);
        if let Some(archive) = self.zip(&array) {
            return self.zip_units(archive, &array);
        }
        let reader = Raw::new(Cursor::new(SharedBytes(Arc::clone(bytes))));
        self.stream(Stream::new(Inline::new(reader, self.options.chunk_bytes)))
    }

    /// The zip archive that the input is, if its directory can be read.
    fn zip<'z>(&self, data: &'z dyn ReadAt) -> Option<Archive<'z>> {
        let mut head = [0; 4];
        let is_zip = data.read_at(0, &mut head).is_ok_and(|n| Kind::of(&head[..n]) == Kind::Zip);
        if !is_zip || self.options.limits.depth == 0 {
            return None;
        }
        Archive::open(data, self.place.opened())
    }

    fn zip_units(&mut self, archive: Archive<'_>, data: &dyn ReadAt) -> Outcome<S> {
        let mut outcome = self.units("zip", archive, |walker, member| member.walk(walker))?;
        // The members' own bytes were counted, for the progress; the directory and headers were not.
        outcome.1.compressed_bytes = data.len().unwrap_or(outcome.1.compressed_bytes);
        Ok(outcome)
    }

    /// One stream, which one worker walks.
    fn stream(&mut self, stream: Stream<'static>) -> Outcome<S> {
        let shared = Shared::new(self.options, 1, self.deadline);
        let mut walker = Walker::new((self.make_sink)(), &shared);
        // A stop is kept in `shared`.
        let _ = walker.input(stream, self.place, self.workers > 1);
        let format = walker.format.unwrap_or("plain");
        self.outcome(&shared, vec![walker], format)
    }

    /// Streams that come one after the other, which one worker walks.
    fn received(&mut self, files: &mut dyn Iterator<Item = ReceivedFile>) -> Outcome<S> {
        let shared = Shared::new(self.options, 1, self.deadline);
        let mut walker = Walker::new((self.make_sink)(), &shared);
        let ahead = self.workers > 1;
        for file in files {
            let path = self.place.path.file(file.name.as_bytes());
            let place = Place::input(path, file.mtime, walker.limits());
            let stream = Stream::new(Inline::new(Raw::new(file.reader), self.options.chunk_bytes));
            walker.restart_position();
            if walker.count_member(&place).and_then(|()| walker.input(stream, &place, ahead)).is_err() {
                break;
            }
        }
        self.outcome(&shared, vec![walker], "directory")
    }

    /// Independent units, taken in their order by whichever worker is free.
    fn units<U: Send>(
        &mut self,
        format: &'static str,
        units: impl Iterator<Item = U> + Send,
        run: impl Fn(&mut Walker<'_, S>, U) -> Result<(), Stop> + Sync,
    ) -> Outcome<S> {
        let shared = Shared::new(self.options, self.workers, self.deadline);
        let units = Mutex::new(units);
        let work = || {
            let mut walker = Walker::new((self.make_sink)(), &shared);
            loop {
                // Not a `while let`: the lock must not be held while the unit is walked.
                let unit = units.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(unit) = unit else { return walker };
                if run(&mut walker, unit).is_err() {
                    return walker;
                }
            }
        };
        let walkers = std::thread::scope(|scope| {
            // Where the system gives no more threads, those it gave do the work.
            let start =
                |_| std::thread::Builder::new().name("scan".to_owned()).spawn_scoped(scope, work).ok();
            let others: Vec<_> = (1..self.workers).map_while(start).collect();
            let mut walkers = vec![work()];
            for other in others {
                walkers.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            walkers
        });
        self.outcome(&shared, walkers, format)
    }

    fn outcome(&self, shared: &Shared<'_>, walkers: Vec<Walker<'_, S>>, format: &'static str) -> Outcome<S> {
        if shared.stopped() == Some(Stop::Cancelled) {
            return Err(Error::new(ErrorKind::Cancelled, "the analysis was cancelled"));
        }
        let mut summary = InputSummary {
            path: self.place.path.clone(),
            format,
            complete: true,
            compressed_bytes: shared.raw(),
            entries: 0,
            bytes: 0,
        };
        for walker in &walkers {
            summary.complete &= walker.complete;
            summary.entries += walker.entries;
            summary.bytes += walker.bytes;
        }
        let sinks = walkers.into_iter().map(|walker| walker.sink).collect();
        Ok((sinks, summary, shared.must_repeat()))
    }
}

fn found_in_directory<S: Sink>(walker: &mut Walker<'_, S>, found: Found, ahead: bool) -> Result<(), Stop> {
    let (on_disk, path) = match found {
        Found::Problem(problem) => {
            walker.problem(&problem.path, problem.offset, problem.kind, problem.message);
            return Ok(());
        }
        Found::File { on_disk, path } => (on_disk, path),
    };
    let (file, metadata) = match open_file(&on_disk) {
        Ok(Some(opened)) => opened,
        Ok(None) => {
            walker.problem(&path, None, ProblemKind::Skipped, "no regular file any more");
            return Ok(());
        }
        Err(error) => {
            walker.problem(&path, None, ProblemKind::Unreadable, format!("cannot be opened: {error}"));
            return Ok(());
        }
    };
    let mut place = Place::input(path, mtime(&metadata), walker.limits());
    walker.count_member(&place)?;
    walker.restart_position();
    let mut head = [0; 4];
    if (&file as &dyn ReadAt).read_at(0, &mut head).is_ok_and(|n| Kind::of(&head[..n]) == Kind::Zip)
        && walker.limits().depth > 0
        && let Some(archive) = Archive::open(&file, place.opened())
    {
        return archive.walk(walker);
    }
    let chunk_bytes = walker.options().chunk_bytes;
    place.outermost = true;
    let stream = Stream::new(Inline::new(Raw::new(file), chunk_bytes));
    walker.input(stream, &place, ahead && metadata.len() >= AHEAD_BYTES)
}

/// Reads a shared file from its start, whatever else reads it.
struct FromStart {
    file: Arc<File>,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.as_ref().read_at(self.at, out)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Bytes that a decoder's thread may hold too.
struct SharedBytes(Arc<Vec<u8>>);

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
