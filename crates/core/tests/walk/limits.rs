//! What an input may cost.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use loggrep_abm_core::container::{Entry, EntryEnd, Sink};
use loggrep_abm_core::input::{Source, WalkOptions, walk};
use loggrep_abm_core::{ErrorKind, Limits, Problem, ProblemKind};

use crate::support::*;

fn limits(set: impl FnOnce(&mut Limits)) -> WalkOptions<'static> {
    let mut limits = Limits::default();
    set(&mut limits);
    WalkOptions::default().with_limits(limits)
}

#[test]
fn archives_are_opened_to_the_depth_allowed() {
    // The innermost tar in `depth` tars.
    let nested = |depth: usize| {
        (0..depth).fold(tar(&[("leaf", b"leaf".to_vec())]), |inner, _| gz(&tar(&[("in.tgz", inner)])))
    };
    let got = walked_bytes(&nested(7));
    assert_eq!(got.content("leaf"), b"leaf");
    let got = walked_bytes(&nested(8));
    assert_eq!(got.leaves, []);
    assert_eq!(got.kinds(), [ProblemKind::Limit]);
    let got = walked_bytes(&tar(&[("deep.tgz", nested(40)), ("beside", b"b".to_vec())]));
    assert_eq!(got.names(), ["in!beside"]);
    assert_eq!(got.kinds(), [ProblemKind::Limit]);
    assert!(got.problems[0].path.to_string().ends_with("!in.tgz"));
    assert!(!got.summary.complete);
}

#[test]
fn forty_gzip_layers_are_not_all_opened() {
    let deep = (0..40).fold(b"text".to_vec(), |inner, _| gz(&inner));
    for source in [source("in", &deep), piped("in", &deep)] {
        let got = walked(source, &WalkOptions::default().with_threads(2));
        assert_eq!(got.leaves, []);
        assert_eq!(got.kinds(), [ProblemKind::Limit]);
    }
}

#[test]
fn a_member_is_read_up_to_its_limit() {
    let files = [("a", b"0123456789".to_vec()), ("b", b"b".to_vec())];
    for chunk_bytes in [16, 4096] {
        let options = limits(|limits| limits.member_bytes = 4).with_chunk_bytes(chunk_bytes);
        let got = walked(source("in", &tar(&files)), &options);
        assert_eq!(got.content("in!a"), b"0123");
        assert_eq!(got.content("in!b"), b"b");
        assert_eq!(got.kinds(), [ProblemKind::Limit]);
        assert_eq!(got.ends[0].1, EntryEnd::Cut);
    }
}

#[test]
fn total_limits_count_in_member_order_with_any_number_of_threads() {
    let folder = Folder::new("total");
    let names: Vec<String> = (0..40).map(|at| format!("{at:02}.log")).collect();
    for name in &names {
        folder.file(name, &b"x".repeat(100));
    }
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), b"x".repeat(100))).collect();
    let zip = folder.file("../total.zip", &zip(&files));
    for path in [folder.0.clone(), zip.clone()] {
        for threads in [1, 2, 4] {
            let options = limits(|limits| limits.total_bytes = 2050).with_threads(threads);
            let got = walked(Source::Path(path.clone()), &options);
            let lengths: Vec<usize> = got.leaves.iter().map(|leaf| leaf.1.len()).collect();
            let mut expected = vec![100; 20];
            expected.push(50);
            assert_eq!(lengths, expected);
            assert_eq!(got.kinds(), [ProblemKind::Limit]);

            let options = limits(|limits| limits.members = 7).with_threads(threads);
            let got = walked(Source::Path(path.clone()), &options);
            assert_eq!(got.leaves.len(), 7);
            assert_eq!(got.kinds(), [ProblemKind::Limit]);
        }
    }
    std::fs::remove_file(zip).unwrap();
}

#[test]
fn bombs_strike_the_ratio_limit() {
    let zeros = vec![0; 64 << 20];
    for (form, bomb) in
        [("xz", xz(&zeros)), ("bz2", bz2(&zeros)), ("zst", zst(&zeros)), ("gz in gz", gz(&gz(&zeros)))]
    {
        let options = limits(|limits| limits.ratio = 1100);
        let got = walked(source("in", &bomb), &options);
        assert_eq!(got.kinds(), [ProblemKind::Limit], "{form}");
        assert!(got.leaves[0].1.len() < 20 << 20, "{form}");
    }
    // A single layer of deflate reaches a thousand honestly.
    let got = walked(source("in", &gz(&zeros)), &limits(|limits| limits.ratio = 10));
    assert_eq!(got.problems, []);
}

#[test]
fn windows_beyond_the_limit_are_named() {
    let text = b"some text\n".repeat(100);
    let mut options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
    options.dict_size(64 << 20);
    let mut filters = liblzma::stream::Filters::new();
    filters.lzma2(&options);
    let check = liblzma::stream::Check::Crc64;
    let stream = liblzma::stream::Stream::new_stream_encoder(&filters, check).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    std::io::Write::write_all(&mut encoder, &text).unwrap();
    let wide_xz = encoder.finish().unwrap();
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    std::io::Write::write_all(&mut encoder, &text).unwrap();
    let wide_zst = encoder.finish().unwrap();
    for packed in [wide_xz, wide_zst] {
        assert_eq!(walked_bytes(&packed).content("in"), text);
        let got = walked(source("in", &packed), &limits(|limits| limits.window_bytes = 16 << 20));
        assert_eq!(got.kinds(), [ProblemKind::Limit], "{:?}", got.problems);
    }
}

#[test]
fn the_time_limit_ends_a_walk_that_would_not_end() {
    let source = Source::Reader { name: "in".into(), reader: Box::new(std::io::repeat(b'x')) };
    let options = limits(|limits| limits.wall_time = Some(Duration::from_millis(20)));
    let (_, summary) = walk(source, &options, Counted::default).unwrap();
    assert!(!summary.complete);
}

#[test]
fn a_cancelled_walk_is_an_error() {
    let cancel = AtomicBool::new(true);
    let source = Source::Reader { name: "in".into(), reader: Box::new(std::io::repeat(b'x')) };
    let options = WalkOptions::default().with_cancel(&cancel);
    let error = walk(source, &options, Counted::default).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}

#[test]
fn a_missing_input_is_an_error() {
    let source = Source::Path("no such file".into());
    let error = walk(source, &WalkOptions::default(), Counted::default).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(error.to_string(), "cannot open `no such file`");
}

#[derive(Default)]
struct Counted {
    data: usize,
    ends: usize,
    progress: u64,
    stop_at: usize,
    refuse: bool,
}

impl Sink for Counted {
    fn begin(&mut self, _entry: &Entry) -> bool {
        !self.refuse
    }

    fn data(&mut self, _bytes: &[u8]) -> ControlFlow<()> {
        self.data += 1;
        if self.data == self.stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn end(&mut self, _end: EntryEnd) {
        self.ends += 1;
    }

    fn problem(&mut self, _problem: Problem) {}

    fn progress(&mut self, input_bytes: u64) {
        assert!(input_bytes > self.progress);
        self.progress = input_bytes;
    }
}

#[test]
fn a_sink_may_stop_the_walk_or_refuse_entries() {
    let packed = gz(&tar(&tree()));
    for threads in [1, 2] {
        let options = WalkOptions::default().with_threads(threads);
        let stop = || Counted { stop_at: 1, ..Counted::default() };
        let (sinks, summary) = walk(source("in", &packed), &options, stop).unwrap();
        assert_eq!((sinks[0].data, sinks[0].ends), (1, 2));
        assert!(!summary.complete);
        let refuse = || Counted { refuse: true, ..Counted::default() };
        let (sinks, summary) = walk(source("in", &packed), &options, refuse).unwrap();
        assert_eq!((sinks[0].data, sinks[0].ends), (0, 0));
        assert_eq!(summary.entries, 4);
        assert!(summary.complete);
        assert_eq!(summary.compressed_bytes, packed.len() as u64);
    }
}

#[test]
fn one_sink_is_made_per_worker() {
    let made = AtomicUsize::new(0);
    let make = || {
        made.fetch_add(1, Ordering::Relaxed);
        Counted::default()
    };
    let options = WalkOptions::default().with_threads(3);
    let (sinks, _) = walk(source("in", &zip(&tree())), &options, make).unwrap();
    assert_eq!((sinks.len(), made.into_inner()), (3, 3));
}
