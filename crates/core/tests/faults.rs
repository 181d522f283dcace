//! Readers that give little, are interrupted, or fail at any of their calls: what came before is found all the same, and
//! the failure is named.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "walk/support.rs"]
#[allow(dead_code, reason = "each test crate uses a part of it")]
mod support;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::LazyLock;
use std::time::Duration;

use loggrep_abm_core::input::{Inflater, Source};
use loggrep_abm_core::report::Report;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

use support::{bz2, gz, tar, xz, zip, zst};

static SET: LazyLock<SignatureSet> = LazyLock::new(|| SignatureSet::builtin().unwrap());

/// Members with an issue of their own each, and the issue.
const MEMBERS: [(&str, &str, &str); 3] = [
    (
        "ang.log",
        "network-gateway-group-missing-interface-ip",
        "E0101 00:00:01.000001 1 x.go:1] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens5\"\n",
    ),
    (
        "operator.log",
        "webhook-x509-unknown-authority",
        "Internal error occurred: failed calling webhook \"vcluster.kb.io\": failed to call webhook: Post \"https://webhook-service.kube-system.svc:443/validate?timeout=10s\": x509: certificate signed by unknown authority\n",
    ),
    (
        "join.log",
        "kubeadm-join-jws-signature-large-cluster",
        "error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID \"k7x2pq\"\n",
    ),
];

fn files() -> Vec<(&'static str, Vec<u8>)> {
    MEMBERS.iter().map(|(name, _, text)| (*name, text.as_bytes().to_vec())).collect()
}

/// What a reader does beside giving bytes.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Is interrupted before every byte.
    Interrupted,
    /// Fails at this call, and at all that follow.
    From(usize),
    /// Fails at this call only.
    At(usize),
}

/// Gives a few bytes a call, up to where it fails.
struct Faulty {
    bytes: Cursor<Vec<u8>>,
    step: usize,
    fault: Fault,
    calls: usize,
}

impl Read for Faulty {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let call = self.calls;
        self.calls += 1;
        let fails = match self.fault {
            Fault::Interrupted if call.is_multiple_of(2) => return Err(io::ErrorKind::Interrupted.into()),
            Fault::Interrupted => false,
            Fault::From(first) => call >= first,
            Fault::At(at) => call == at,
        };
        if fails {
            return Err(io::Error::other("device gone"));
        }
        let some = out.len().min(self.step);
        self.bytes.read(&mut out[..some])
    }
}

fn report(bytes: &[u8], step: usize, fault: Fault, options: &AnalyzeOptions<'_>) -> Report {
    let reader = Faulty { bytes: Cursor::new(bytes.to_vec()), step, fault, calls: 0 };
    let source = Source::Reader { name: "in".into(), reader: Box::new(reader) };
    analyze(&SET, vec![source], options).unwrap()
}

fn options(threads: usize) -> AnalyzeOptions<'static> {
    let mut options = AnalyzeOptions::default();
    options.threads = threads;
    options.limits.wall_time = Some(Duration::from_secs(60));
    options
}

/// What each issue's evidence says, whatever the member is called.
fn findings(report: &Report) -> BTreeMap<String, String> {
    let said = |finding: &loggrep_abm_core::report::Finding| {
        let evidence: Vec<String> = finding
            .evidence
            .iter()
            .map(|one| format!("{} {} {:?}", one.line, one.offset, one.text))
            .collect();
        format!("{} {} {evidence:?}", finding.count, finding.confidence)
    };
    report.findings.iter().map(|finding| (finding.id.clone(), said(finding))).collect()
}

/// Everything that a decoder gives of the first bytes of a stream.
fn decoded(mut reader: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let mut piece = [0; 512];
    while let Ok(n @ 1..) = reader.read(&mut piece) {
        all.extend_from_slice(&piece[..n]);
    }
    all
}

/// A form of archive: its name, its bytes, and how many members lie whole in the first bytes of it.
type Form = (&'static str, Vec<u8>, fn(&[u8]) -> usize);

/// How many members lie whole in the first bytes of the tar.
fn whole_in_tar(bytes: &[u8]) -> usize {
    let mut end = 0;
    let ends = files().into_iter().map(|(_, content)| {
        let content_end = end + 512 + content.len();
        end = content_end.next_multiple_of(512);
        content_end
    });
    ends.filter(|end| *end <= bytes.len()).count()
}

fn whole_in_zip(bytes: &[u8]) -> usize {
    let whole = zip(&files());
    let mut archive = zip::ZipArchive::new(Cursor::new(whole)).unwrap();
    let ends = (0..archive.len()).map(|at| {
        let file = archive.by_index_raw(at).unwrap();
        (file.data_start().unwrap() + file.compressed_size()) as usize
    });
    ends.filter(|end| *end <= bytes.len()).count()
}

fn forms() -> Vec<Form> {
    let packed = tar(&files());
    let plain: Vec<u8> = MEMBERS.iter().flat_map(|(_, _, text)| text.bytes()).collect();
    vec![
        ("tar", packed.clone(), whole_in_tar),
        ("tar.gz", gz(&packed), |bytes| whole_in_tar(&decoded(flate2::read::GzDecoder::new(bytes)))),
        ("tar.zst", zst(&packed), |bytes| {
            whole_in_tar(&decoded(zstd::stream::read::Decoder::new(bytes).unwrap()))
        }),
        ("tar.xz", xz(&packed), |bytes| whole_in_tar(&decoded(liblzma::read::XzDecoder::new(bytes)))),
        ("tar.bz2", bz2(&packed), |bytes| whole_in_tar(&decoded(bzip2::read::BzDecoder::new(bytes)))),
        ("zip", zip(&files()), whole_in_zip),
        ("plain", plain, |bytes| {
            let mut end = 0;
            let ends = MEMBERS.map(|(_, _, text)| {
                end += text.len();
                end
            });
            ends.into_iter().filter(|end| *end <= bytes.len()).count()
        }),
    ]
}

#[test]
fn little_at_a_time_and_interrupted_is_the_same() {
    for (form, bytes, _) in forms() {
        let expected = report(&bytes, usize::MAX, Fault::At(usize::MAX), &options(1));
        assert_eq!(expected.problems.len(), 0, "{form}: {:?}", expected.problems);
        for (_, id, _) in MEMBERS {
            assert!(findings(&expected).contains_key(id), "{form}: {id}");
        }
        for (step, threads) in [(1, 1), (3, 2), (512, 2)] {
            let mut options = options(threads);
            options.chunk_bytes = 64;
            let got = report(&bytes, step, Fault::Interrupted, &options);
            assert_eq!(findings(&got), findings(&expected), "{form}, {step} bytes at a time");
            assert_eq!(got.problems.len(), 0, "{form}: {:?}", got.problems);
        }
    }
}

/// Whatever call fails: it is named, and the members that came before are found as ever.
fn failing_at_any_call(inflater: Inflater, threads: usize) {
    for (form, bytes, whole) in forms() {
        let expected = findings(&report(&bytes, usize::MAX, Fault::At(usize::MAX), &options(1)));
        let step = bytes.len().div_ceil(60);
        let mut options = options(threads);
        options.inflater = inflater;
        for call in 0..=bytes.len().div_ceil(step) {
            let before = &bytes[..(call * step).min(bytes.len())];
            for fault in [Fault::From(call), Fault::At(call)] {
                let got = report(&bytes, step, fault, &options);
                let what = format!("{form}, {fault:?} of {} bytes, {threads} threads", before.len());
                let problems = &got.problems;
                let named = problems
                    .iter()
                    .any(|problem| problem.kind == "unreadable" && problem.message.contains("device gone"));
                assert!(named, "{what}: {problems:?}");
                assert!(!got.inputs[0].complete, "{what}");
                let found = findings(&got);
                for (_, id, _) in &MEMBERS[..whole(before)] {
                    assert_eq!(found.get(*id), expected.get(*id), "{what}: {id}, {problems:?}");
                }
            }
        }
    }
}

#[test]
fn an_error_at_any_call_costs_what_follows() {
    failing_at_any_call(Inflater::ZlibRs, 1);
}

#[test]
fn an_error_at_any_call_costs_what_follows_with_decoders_ahead() {
    failing_at_any_call(Inflater::ZlibRs, 2);
    failing_at_any_call(Inflater::TwoStage, 2);
}
