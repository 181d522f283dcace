//! Packing archives and collecting what a walk gives.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use loggrep_abm_core::container::{Entry, EntryEnd, Sink};
use loggrep_abm_core::input::{InputSummary, Source, WalkOptions, walk};
use loggrep_abm_core::{Problem, ProblemKind};

/// Keeps everything.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) leaves: Vec<(String, Vec<u8>, Option<EntryEnd>)>,
    pub(crate) mtimes: BTreeMap<String, Option<i64>>,
    pub(crate) problems: Vec<Problem>,
}

impl Sink for Kept {
    fn begin(&mut self, entry: &Entry) -> bool {
        self.leaves.push((entry.path.to_string(), Vec::new(), None));
        self.mtimes.insert(entry.path.to_string(), entry.mtime);
        true
    }

    fn data(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        assert!(!bytes.is_empty());
        self.leaves.last_mut().unwrap().1.extend_from_slice(bytes);
        ControlFlow::Continue(())
    }

    fn end(&mut self, end: EntryEnd) {
        let leaf = self.leaves.last_mut().unwrap();
        assert_eq!(leaf.2.replace(end), None);
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

/// What a walk gave, in an order that does not depend on threads.
pub(crate) struct Walked {
    pub(crate) leaves: Vec<(String, Vec<u8>)>,
    pub(crate) ends: Vec<(String, EntryEnd)>,
    pub(crate) mtimes: BTreeMap<String, Option<i64>>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) summary: InputSummary,
}

impl Walked {
    pub(crate) fn names(&self) -> Vec<&str> {
        self.leaves.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|problem| problem.kind).collect()
    }

    /// The content of the only leaf whose path ends so.
    pub(crate) fn content(&self, tail: &str) -> &[u8] {
        let mut found = self.leaves.iter().filter(|(name, _)| name.ends_with(tail));
        let (_, content) = found.next().unwrap_or_else(|| panic!("no {tail} in {:?}", self.names()));
        assert!(found.next().is_none(), "{tail} twice in {:?}", self.names());
        content
    }
}

pub(crate) fn walked(source: Source, options: &WalkOptions<'_>) -> Walked {
    let (sinks, summary) = walk(source, options, Kept::default).unwrap();
    let mut all = Walked {
        leaves: Vec::new(),
        ends: Vec::new(),
        mtimes: BTreeMap::new(),
        problems: Vec::new(),
        summary,
    };
    for sink in sinks {
        for (name, content, end) in sink.leaves {
            all.ends.push((name.clone(), end.expect("each entry that begins also ends")));
            all.leaves.push((name, content));
        }
        all.problems.extend(sink.problems);
        all.mtimes.extend(sink.mtimes);
    }
    all.leaves.sort();
    all.ends.sort_by(|a, b| a.0.cmp(&b.0));
    all.problems.sort();
    all
}

/// Walks bytes with the default options.
pub(crate) fn walked_bytes(bytes: &[u8]) -> Walked {
    walked(source("in", bytes), &WalkOptions::default())
}

pub(crate) fn source(name: &str, bytes: &[u8]) -> Source {
    Source::Bytes { name: name.into(), bytes: bytes.to_vec() }
}

pub(crate) fn piped(name: &str, bytes: &[u8]) -> Source {
    Source::Reader { name: name.into(), reader: Box::new(Cursor::new(bytes.to_vec())) }
}

/// Gives a few bytes at a time and is interrupted in between.
pub(crate) struct Faltering {
    bytes: Cursor<Vec<u8>>,
    calls: usize,
}

impl Faltering {
    pub(crate) fn new(bytes: &[u8]) -> Faltering {
        Faltering { bytes: Cursor::new(bytes.to_vec()), calls: 0 }
    }
}

impl Read for Faltering {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let some = out.len().min(1 + self.calls % 5);
        self.bytes.read(&mut out[..some])
    }
}

pub(crate) type Tree = Vec<(&'static str, Vec<u8>)>;

/// A small tree with a folder, an empty file, a rotated log and one larger than a small buffer.
pub(crate) fn tree() -> Tree {
    let line = b"E0119 22:11:49.705596 107905 client.go:48] Operation failed, retrying with backoff.\n";
    vec![
        ("snap/empty", Vec::new()),
        ("snap/nodes/10.200.0.3/kubelet.log", line.repeat(900)),
        ("snap/nodes/10.200.0.3/rotated.log.gz", gz(&line.repeat(50))),
        ("snap/version.yaml", b"anthosBareMetalVersion: 1.28.300\n".to_vec()),
    ]
}

/// The leaves of [`tree`] as a walk gives them.
pub(crate) fn leaves() -> Vec<(String, Vec<u8>)> {
    let line = b"E0119 22:11:49.705596 107905 client.go:48] Operation failed, retrying with backoff.\n";
    let opened = |(name, content): (&str, Vec<u8>)| {
        let content = if name.ends_with(".gz") { line.repeat(50) } else { content };
        (name.to_string(), content)
    };
    tree().into_iter().map(opened).collect()
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    liblzma::encode_all(bytes, 1).unwrap()
}

pub(crate) fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn header(name: &str, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(1_646_424_963);
    header.set_cksum();
    header
}

pub(crate) fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = header("x", content.len() as u64);
        builder.append_data(&mut header, name, &content[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (at, (name, content)) in files.iter().enumerate() {
        let method =
            if at % 2 == 0 { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A zip whose members tell their lengths behind their data.
pub(crate) fn streamed_zip(files: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = zip::ZipWriter::new_stream(&mut bytes);
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// A folder that is removed at the end of a test.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Folder {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("loggrep-walk-{}-{number}-{test}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    pub(crate) fn file(&self, name: &str, content: &[u8]) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
