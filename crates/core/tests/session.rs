//! Files that are pushed piece by piece give what the same files on disk give.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::{Report, write_json};
use loggrep_abm_core::{AnalyzeOptions, ErrorKind, Limits, Session, SignatureSet, analyze};

static SET: LazyLock<SignatureSet> = LazyLock::new(|| SignatureSet::builtin().unwrap());
const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/demo/snapshot.tar.gz");

fn json(report: &Report) -> String {
    let mut out = Vec::new();
    write_json(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn started(name: Option<&str>, options: AnalyzeOptions<'static>) -> Session<Report> {
    Session::start(name.map(str::to_owned), move |received| analyze(&SET, received, &options)).unwrap()
}

fn on_disk(paths: &[&Path]) -> Report {
    let sources = paths.iter().map(|path| Source::Path(path.to_path_buf()));
    analyze(&SET, sources, &AnalyzeOptions::default()).unwrap()
}

#[test]
fn an_archive_in_pieces_is_the_archive() {
    let bytes = std::fs::read(BUNDLE).unwrap();
    let expected = json(&on_disk(&[Path::new(BUNDLE)]));
    for (piece, threads) in [(1, 1), (1, 2), (4096, 2), (usize::MAX, 1)] {
        let mut options = AnalyzeOptions::default();
        options.threads = threads;
        let mut session = started(None, options);
        assert_eq!(session.begin(BUNDLE, None), ControlFlow::Continue(()));
        for part in bytes.chunks(piece.min(bytes.len())) {
            assert_eq!(session.push(part), ControlFlow::Continue(()));
        }
        assert!(session.is_in_file());
        assert_eq!(json(&session.finish().unwrap()), expected, "pieces of {piece}, {threads} threads");
    }
}

#[test]
fn entries_of_a_named_session_are_the_files_of_a_directory() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("session-files");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let line = include_bytes!("../../../testdata/demo/snapshot.tar.gz");
    let files: [(&str, &[u8]); 3] = [("a.log", b"an ordinary line\n"), ("b.tgz", line), ("c.log", b"")];
    let mut session = started(Some(folder.to_str().unwrap()), AnalyzeOptions::default());
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
        let mtime = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(session.begin(name, i64::try_from(mtime).ok()), ControlFlow::Continue(()));
        assert_eq!(session.push(bytes), ControlFlow::Continue(()));
    }
    let pushed = session.finish().unwrap();
    assert_eq!(json(&pushed), json(&on_disk(&[&folder])));
}

#[test]
fn files_that_nobody_reads_are_passed_over() {
    let mut options = AnalyzeOptions::default();
    options.exclude = vec!["*.log".to_owned()];
    let mut session = started(Some("upload"), options);
    for name in ["a.log", "b.log", "c.txt"] {
        let _ = session.begin(name, None);
        let _ = session.push(&vec![b'x'; 3 << 20]);
        let _ = session.end();
        let _ = session.push(b"between files this is nothing");
    }
    let report = session.finish().unwrap();
    assert_eq!(report.inputs[0].bytes, 3 << 20);
}

#[test]
fn a_limit_ends_the_reading_and_not_the_session() {
    let mut options = AnalyzeOptions::default();
    options.limits = Limits::default();
    options.limits.total_bytes = 1 << 20;
    let mut session = started(Some("upload"), options);
    let _ = session.begin("a.log", None);
    let mut flow = ControlFlow::Continue(());
    for _ in 0..64 {
        flow = session.push(&vec![b'x'; 1 << 20]);
    }
    assert_eq!(flow, ControlFlow::Break(()));
    let report = session.finish().unwrap();
    assert!(!report.inputs[0].complete);
    assert_eq!(report.problems[0].kind, "limit");
}

#[test]
fn evidence_is_told_before_the_end_and_can_cancel() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let mut session = Session::start(None, move |received| {
        let cancel = AtomicBool::new(false);
        let evidence = |now: &loggrep_abm_core::Provisional<'_>| {
            tell.lock().unwrap().push((now.id.to_owned(), now.path.to_string(), now.line));
            cancel.store(true, Ordering::Relaxed);
        };
        analyze(&SET, received, &AnalyzeOptions::default().with_cancel(&cancel).with_evidence(&evidence))
    })
    .unwrap();
    let bytes = std::fs::read(BUNDLE).unwrap();
    let mut flow = ControlFlow::Continue(());
    for _ in 0..64 {
        flow = session.begin("bundle", None);
        flow = if flow.is_continue() { session.push(&bytes) } else { flow };
    }
    assert_eq!(flow, ControlFlow::Break(()));
    assert_eq!(session.finish().unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(told.lock().unwrap()[0].1.starts_with("bundle!"));
}

#[test]
fn an_open_file_is_read_from_its_start() {
    use std::io::Seek as _;
    let mut file = std::fs::File::open(BUNDLE).unwrap();
    file.seek(std::io::SeekFrom::Start(99)).unwrap();
    let source = Source::File { name: BUNDLE.to_owned(), file };
    let report = analyze(&SET, [source], &AnalyzeOptions::default()).unwrap();
    assert_eq!(json(&report), json(&on_disk(&[Path::new(BUNDLE)])));
}
