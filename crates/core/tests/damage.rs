//! Archives cut at each byte and with each bit of their headers flipped: the findings of undamaged members stay as they
//! are, and what is damaged is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "walk/support.rs"]
#[allow(dead_code, reason = "each test crate uses a part of it")]
mod support;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::ops::Range;

use loggrep_abm_core::report::Report;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

use support::{gz, piped, source, tar, zip};

/// Members with an issue of their own each, and the issue.
const MEMBERS: [(&str, &str, &str); 4] = [
    (
        "logs/ang.log",
        "network-gateway-group-missing-interface-ip",
        "I0101 00:00:00.000001 1 x.go:1] start\nE0101 00:00:01.000001 1 x.go:1] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens5\"\n",
    ),
    (
        "logs/restore.log",
        "bmctl-restore-version-not-supported",
        "E0203 04:11:09.000417 88120 main.go:91] failed to extract image paths from profile: anthos version 1.13.2 not supported\n",
    ),
    (
        "logs/operator.log",
        "webhook-x509-unknown-authority",
        "Internal error occurred: failed calling webhook \"vcluster.kb.io\": failed to call webhook: Post \"https://webhook-service.kube-system.svc:443/validate?timeout=10s\": x509: certificate signed by unknown authority\n",
    ),
    (
        "logs/join.log",
        "kubeadm-join-jws-signature-large-cluster",
        "error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID \"k7x2pq\"\n",
    ),
];

fn files() -> Vec<(&'static str, Vec<u8>)> {
    MEMBERS.iter().map(|(name, _, text)| (*name, text.as_bytes().to_vec())).collect()
}

/// The built-in signatures and what the undamaged members give.
struct Bench {
    set: SignatureSet,
    whole: BTreeMap<String, String>,
}

impl Bench {
    fn new() -> Bench {
        let mut bench = Bench { set: SignatureSet::builtin().unwrap(), whole: BTreeMap::new() };
        let report = bench.analyze(&tar(&files()), false);
        assert_eq!(report.problems.len(), 0, "{:?}", report.problems);
        bench.whole = findings(&report);
        for (_, id, _) in MEMBERS {
            assert!(bench.whole.contains_key(id), "{id} is not found in the undamaged archive");
        }
        bench
    }

    fn analyze(&self, bytes: &[u8], is_piped: bool) -> Report {
        let mut options = AnalyzeOptions::default();
        options.threads = 1;
        options.limits.wall_time = Some(std::time::Duration::from_secs(30));
        let source = if is_piped { piped("in", bytes) } else { source("in", bytes) };
        analyze(&self.set, vec![source], &options).unwrap()
    }

    /// The members for which `is_whole` holds give what they gave; with `must_tell` something is said of the rest.
    fn check(&self, bytes: &[u8], what: &str, must_tell: bool, is_whole: impl Fn(usize) -> bool) {
        for is_piped in [false, true] {
            let report = self.analyze(bytes, is_piped);
            let got = findings(&report);
            let what = format!("{what}{}", if is_piped { ", piped" } else { "" });
            for (_, (_, id, _)) in MEMBERS.iter().enumerate().filter(|(at, _)| is_whole(*at)) {
                let (expected, problems) = (self.whole.get(*id), &report.problems);
                assert_eq!(got.get(*id), expected, "{what}: {id}, problems: {problems:#?}");
            }
            let lost = got != self.whole;
            assert!(!(lost || must_tell) || !report.problems.is_empty(), "{what}: nothing is told; {got:#?}");
            let losing = report.problems.iter().any(|p| !["skipped", "duplicate"].contains(&&p.kind[..]));
            assert!(
                !(losing && report.inputs[0].complete),
                "{what}: called complete; {:#?}",
                report.problems
            );
        }
    }
}

/// What an issue's evidence says, whatever the member is called.
fn findings(report: &Report) -> BTreeMap<String, String> {
    let text = |finding: &loggrep_abm_core::report::Finding| {
        let evidence: Vec<String> = finding
            .evidence
            .iter()
            .map(|one| format!("{}@{} {:?} {:?}", one.line, one.offset, one.text, one.captures))
            .collect();
        let (confidence, count) = (&finding.confidence, finding.count);
        format!("{confidence} {count} {:?}\n{}", finding.captures, evidence.join("\n"))
    };
    report.findings.iter().map(|finding| (finding.id.clone(), text(finding))).collect()
}

/// Where the header and the content of a member lie.
type Places = (Range<usize>, Range<usize>);

/// The places of each member in a tar of `files`, padding left out.
fn tar_layout() -> Vec<Places> {
    let mut at = 0;
    let place = |(_, content): (&str, Vec<u8>)| {
        let (header, content) = (at..at + 512, at + 512..at + 512 + content.len());
        at = content.end.next_multiple_of(512);
        (header, content)
    };
    files().into_iter().map(place).collect()
}

/// The places of each member in a zip, and where its directory begins.
fn zip_layout(bytes: &[u8]) -> (Vec<Places>, usize) {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut places = Vec::new();
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).unwrap();
        let (header, data) = (file.header_start() as usize, file.data_start().unwrap() as usize);
        places.push((header..data, data..data + file.compressed_size() as usize));
    }
    let directory = places.last().unwrap().1.end;
    (places, directory)
}

#[test]
fn a_tar_gz_cut_at_any_byte_keeps_what_was_decoded() {
    let bench = Bench::new();
    let layout = tar_layout();
    let packed = gz(&tar(&files()));
    for cut in 4..packed.len() {
        let mut decoded = Vec::new();
        let _ = flate2::read::GzDecoder::new(&packed[..cut]).read_to_end(&mut decoded);
        bench.check(&packed[..cut], &format!("cut at {cut}"), true, |member| {
            layout[member].1.end <= decoded.len()
        });
    }
}

#[test]
fn a_zip_cut_at_any_byte_keeps_what_stands_before() {
    let bench = Bench::new();
    let packed = zip(&files());
    let (layout, _) = zip_layout(&packed);
    for cut in 4..packed.len() {
        bench.check(&packed[..cut], &format!("cut at {cut}"), true, |member| layout[member].1.end <= cut);
    }
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

#[test]
fn a_flipped_bit_in_a_tar_header_costs_its_member() {
    let bench = Bench::new();
    let bytes = tar(&files());
    for damaged in [1, 3] {
        let header = &tar_layout()[damaged].0;
        for bit in header.start * 8..header.end * 8 {
            let packed = gz(&flipped(&bytes, bit));
            let what = format!("bit {} of byte {} of member {damaged}", bit % 8, bit / 8 - header.start);
            // A digit of the checksum that becomes a blank leaves the number as it is.
            let is_checked = !(148..156).contains(&(bit / 8 - header.start));
            bench.check(&packed, &what, is_checked, |member| member != damaged);
        }
    }
}

#[test]
fn a_flipped_bit_in_the_first_tar_header_costs_its_member() {
    let bench = Bench::new();
    let bytes = tar(&files());
    for bit in 0..512 * 8 {
        let is_checked = !(148..156).contains(&(bit / 8));
        let what = format!("bit {} of byte {} of the first header", bit % 8, bit / 8);
        bench.check(&gz(&flipped(&bytes, bit)), &what, is_checked, |member| member != 0);
    }
}

#[test]
fn a_flipped_bit_in_the_gzip_header_is_told_or_harmless() {
    let bench = Bench::new();
    let packed = gz(&tar(&files()));
    for bit in 0..10 * 8 {
        // Without its magic bytes it is a file like any other; the flags say how to read all that follows; the rest is
        // time and system, on which nothing depends.
        let is_gzip = bit / 8 >= 2;
        let is_read = bit / 8 >= 4;
        let is_told = bit / 8 == 2 || (bit / 8 == 3 && bit % 8 >= 5);
        let what = format!("bit {} of byte {}", bit % 8, bit / 8);
        if is_gzip {
            bench.check(&flipped(&packed, bit), &what, is_told, |_| is_read);
        } else {
            bench.analyze(&flipped(&packed, bit), false);
        }
    }
}

#[test]
fn a_flipped_bit_in_a_gzip_trailer_is_told() {
    let bench = Bench::new();
    let packed = gz(&tar(&files()));
    for bit in (packed.len() - 8) * 8..packed.len() * 8 {
        bench.check(&flipped(&packed, bit), &format!("bit {bit}"), true, |_| true);
    }
}

#[test]
fn a_flipped_bit_in_a_local_header_of_a_zip_costs_its_member() {
    let bench = Bench::new();
    let packed = zip(&files());
    let (layout, _) = zip_layout(&packed);
    // The first header makes it a zip: without it, it is a file like any other.
    for damaged in [1, 2] {
        let header = &layout[damaged].0;
        for bit in header.start * 8..header.end * 8 {
            let what = format!("bit {} of byte {} of member {damaged}", bit % 8, bit / 8 - header.start);
            bench.check(&flipped(&packed, bit), &what, false, |member| member != damaged);
        }
    }
}

/// Bits of the central directory whose flipping costs more than a member, or is not told.
fn bits_of_the_directory_that_cost_more() -> Vec<String> {
    let bench = Bench::new();
    let packed = zip(&files());
    let (_, directory) = zip_layout(&packed);
    let mut costs = Vec::new();
    for bit in directory * 8..packed.len() * 8 {
        let report = bench.analyze(&flipped(&packed, bit), false);
        let got = findings(&report);
        let ids = MEMBERS.iter().map(|member| member.1);
        let lost: Vec<&str> = ids.filter(|id| got.get(*id) != bench.whole.get(*id)).collect();
        if lost.len() > 1 || (!lost.is_empty() && report.problems.is_empty()) {
            let told: Vec<&str> = report.problems.iter().map(|problem| &problem.message[..]).collect();
            costs.push(format!(
                "bit {} of byte {}: lost {lost:?}, told {told:?}",
                bit % 8,
                bit / 8 - directory
            ));
        }
    }
    costs
}

#[test]
fn a_flipped_bit_in_the_directory_of_a_zip_costs_one_member_at_most() {
    let costs = bits_of_the_directory_that_cost_more();
    assert!(costs.is_empty(), "{} bits cost more\n{}", costs.len(), costs.join("\n"));
}

/// A tar is also known by its second header, and what is too short for one is read as a text.
#[test]
fn a_tar_of_one_member_with_a_damaged_header_is_read_as_a_text() {
    let bench = Bench::new();
    let mut bytes = tar(&files()[1..2]);
    bytes[257] ^= 1;
    let report = bench.analyze(&bytes, false);
    assert_eq!(findings(&report).len(), 1);
    assert!(report.problems[0].message.contains("header is damaged"), "{:?}", report.problems);
    // The first member is longer than what is looked at.
    let mut long = files();
    long[0].1 = b"nothing of interest\n".repeat(10_000);
    let mut bytes = tar(&long);
    bytes[257] ^= 1;
    bench.check(&bytes, "a long first member", true, |member| member != 0);
}
