//! A guard: the analysis of a compressed log stays within a small factor of decompressing it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::time::Instant;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use loggrep_abm_core::input::Source;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

/// Measured: 2 to 3. What is forgotten in a loop over bytes costs ten times as much.
const MOST: f64 = 5.0;

/// A log of some ordinary forms, as GNU gzip would pack it.
fn compressed_log(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let (mut written, mut number) = (0, 0u64);
    while written < bytes {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (id, minute, second) = (number >> 40, number >> 33 & 31, number >> 50 & 31);
        let line = match number >> 60 {
            0..6 => format!(
                "2023-01-19T22:{minute:02}:{second:02}.{id:09}Z stderr F I0119 22:{minute:02}:{second:02}.705596       1 controller.go:171] node sync loop of node-{} reconcile started, queue of {} items\n",
                id % 17,
                id % 91
            ),
            6..12 => format!(
                "Jan 19 22:{minute:02}:{second:02} node-{} kubelet[1432]: I0119 22:{minute:02}:{second:02}.1 1432 kubelet.go:2010] \"SyncLoop (PLEG)\" pod=\"kube-system/pod-{id:x}\"\n",
                id % 17
            ),
            _ => format!(
                "{{\"level\":\"info\",\"ts\":\"2023-01-19T22:{minute:02}:{second:02}Z\",\"caller\":\"etcdserver/server.go:{}\",\"msg\":\"compacted\",\"revision\":{id}}}\n",
                id % 3000
            ),
        };
        written += line.len();
        encoder.write_all(line.as_bytes()).unwrap();
    }
    encoder.finish().unwrap()
}

/// Seconds that this thread had a processor, by the clock where the system does not tell.
fn spent(start: Instant) -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// The least time of some runs.
fn least(mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut time = || {
        let begin = spent(start);
        run();
        spent(start) - begin
    };
    (0..5).map(|_| time()).fold(f64::INFINITY, f64::min)
}

#[test]
fn an_analysis_costs_little_more_than_decompressing() {
    let compressed = compressed_log(24 << 20);
    let set = SignatureSet::builtin().unwrap();
    let mut options = AnalyzeOptions::default();
    // This thread does all, so that its time is that of the analysis.
    options.threads = 1;
    let mut buffer = vec![0; 256 << 10];
    let decode = least(|| {
        let mut decoder = GzDecoder::new(&compressed[..]);
        while decoder.read(&mut buffer).unwrap() > 0 {}
    });
    let analysis = least(|| {
        let source = Source::Bytes { name: "a.log.gz".to_owned(), bytes: compressed.clone() };
        let report = analyze(&set, [source], &options).unwrap();
        assert!(report.inputs[0].bytes >= 24 << 20 && report.problems.is_empty(), "{:?}", report.problems);
    });
    let ratio = analysis / decode;
    assert!(ratio < MOST, "{:.0} ms, decompressing {:.0} ms: {ratio:.1}", analysis * 1e3, decode * 1e3);
}
