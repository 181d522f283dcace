//! Times texts that are made to be slow against an ordinary one: `worst [MEBIBYTES] [CASE]`.
//!
//! Prints for each its speed, how many times slower than the ordinary text that is, and how much longer four times as
//! much of it takes: 4 where the time is linear. Fails where it is not.

#![allow(clippy::print_stdout, reason = "it is a program that prints a table")]

use std::time::Instant;

use loggrep_abm_core::input::Source;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

/// A growth beyond this for four times the size is not linear, whatever the machine does meanwhile.
const GROWTH: f64 = 7.0;

const HIT: &str = "E0119 22:11:49.705596 1 client.go:48] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"\n";
const ORDINARY: &str = "2023-01-19T22:11:49.705596111Z stderr F I0119 22:11:49.705596       1 controller.go:171] node sync loop reconcile started, queue of 17 items\n";

/// What a case is called, the name of its member, and its text of about so many bytes.
type Case = (&'static str, &'static str, String);

/// The text so often that it has that many bytes.
fn filled(text: &str, bytes: usize) -> String {
    text.repeat(bytes / text.len() + 1)
}

/// The texts of all examples of all signatures, without the last letter of each line: candidates that are no hits.
fn near_hits(set: &SignatureSet) -> String {
    let mut text = String::new();
    for signature in set.signatures() {
        let mut rest = signature.definition();
        while let Some((_, from)) = rest.split_once("regex = '''") {
            let (regex, behind) = from.split_once("'''").unwrap_or((from, ""));
            // The literals of the regex stand, what they are bound by does not.
            text.push_str(&regex.replace(['\\', '(', ')', '[', ']'], " "));
            text.push('\n');
            rest = behind;
        }
    }
    text
}

fn cases(set: &SignatureSet, bytes: usize) -> Vec<Case> {
    let log = "a.log";
    let near = near_hits(set);
    let one_line = near.replace('\n', " ");
    let nested: String = (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let document = "apiVersion: v1\nkind: NodeList\nitems:\n";
    let node = "- apiVersion: v1\n  kind: Node\n  metadata:\n    name: n\n    labels: {a: b, c: d}\n  status:\n    conditions:\n    - type: Ready\n      status: \"True\"\n";
    let row = "node-1   Ready    control-plane   10d   v1.24.2-gke.1900   10.0.0.1   <none>   Ubuntu 20.04   5.4.0   containerd://1.5\n";
    let table = "NAME     STATUS   ROLES           AGE   VERSION            INTERNAL-IP   EXTERNAL-IP   OS-IMAGE   KERNEL-VERSION   CONTAINER-RUNTIME\n";
    let cri = |tag: &str, text: &str| format!("2023-01-19T22:11:49.705596111Z stderr {tag} {text}\n");
    let docker = "{\"log\":\"creating NDP client failed \",\"stream\":\"stderr\",\"time\":\"2023-01-19T22:11:49.705596111Z\"}\n";
    vec![
        ("an ordinary log", log, filled(ORDINARY, bytes)),
        ("a hit on every line", log, filled(HIT, bytes)),
        ("candidates on every line, no hits", log, filled(&near, bytes)),
        ("candidates on one line", log, filled(&one_line, bytes)),
        ("one candidate, every byte", log, filled("calling webhook ", bytes)),
        ("open quotes behind a candidate", log, filled("failed calling webhook \"a\\\\\\\" ", bytes)),
        (
            "long runs behind a candidate",
            log,
            filled(&format!("failed calling webhook {}\n", "a".repeat(16 << 10)), bytes),
        ),
        ("backslashes", log, filled(&format!("failed calling webhook {}\n", "\\".repeat(8 << 10)), bytes)),
        ("equals signs", log, filled(&format!("failed calling webhook {}", "=".repeat(8 << 10)), bytes)),
        (
            "beginnings of tags",
            log,
            filled(&format!("failed calling webhook {}", "<b ".repeat(3 << 10)), bytes),
        ),
        ("entities", log, filled(&format!("failed calling webhook {}", "&#x22;".repeat(1 << 10)), bytes)),
        ("terminal colours", log, filled("failed \x1b[31mcalling webhook \x1b[0m", bytes)),
        ("margins", log, filled("> | > failed calling webhook\n", bytes)),
        ("short lines", log, filled("calling webhook\n", bytes)),
        ("no lines at all", log, filled("x", bytes)),
        ("empty lines", log, filled("\n", bytes)),
        ("partial records", log, filled(&cri("P", "creating NDP client failed"), bytes)),
        ("partial records of docker", log, filled(&docker.replace("failed ", "failed"), bytes)),
        ("records of docker", log, filled(&docker.replace("failed ", "failed\\n"), bytes)),
        ("tags of a page", "a.html", filled("<b>failed</b> <i>calling</i> <code>webhook</code>\n", bytes)),
        (
            "stamps everywhere",
            log,
            filled(
                "time=2023-01-19T22:11:49Z [2023-01-19 22:11:49+0000] Jan 19 22:11:49 failed calling webhook\n",
                bytes,
            ),
        ),
        ("a document of nodes", "kubectl_get_nodes_-o_yaml", document.to_owned() + &filled(node, bytes)),
        ("a document, nested", "kubectl_get_nodes_-o_yaml", document.to_owned() + &filled(&nested, bytes)),
        (
            "a document of brackets",
            "kubectl_get_nodes_-o_json",
            format!("{{\"kind\": \"NodeList\", \"apiVersion\": \"v1\", \"items\": {}", filled("[", bytes)),
        ),
        (
            "a document of anchors",
            "kubectl_get_nodes_-o_yaml",
            document.to_owned() + &filled("- &a [*a, *a]\n", bytes),
        ),
        (
            "many documents",
            "kubectl_get_nodes_-o_yaml",
            filled("---\napiVersion: v1\nkind: Node\nmetadata: {name: n}\n", bytes),
        ),
        ("a table", "kubectl_get_nodes_-o_wide", table.to_owned() + &filled(row, bytes)),
        (
            "a wide table",
            "kubectl_get_nodes_-o_wide",
            filled("NAME     ", bytes / 2) + "\n" + &filled("x        ", bytes / 2),
        ),
        ("settings", "nodes/n1/commands/sysctl_-a", filled("net.ipv4.conf.all.rp_filter = 1\n", bytes)),
        (
            "secrets",
            log,
            filled(
                &format!("{HIT}Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln password=x\n"),
                bytes,
            ),
        ),
        ("beginnings of secrets", log, filled(&format!("{HIT}{}\n", "eyJ".repeat(300)), bytes)),
    ]
}

/// Seconds that this thread has had a processor, so that others on the machine do not count; by the clock where the system
/// does not tell.
fn spent(start: Instant) -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn seconds(set: &SignatureSet, name: &str, text: &str) -> f64 {
    let mut options = AnalyzeOptions::default();
    // One worker, which is this thread.
    options.threads = 1;
    let start = Instant::now();
    let time = || {
        let source = Source::Bytes { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
        let begin = spent(start);
        let report = analyze(set, vec![source], &options);
        assert!(report.is_ok_and(|report| report.inputs[0].bytes > 0), "the text was not read");
        spent(start) - begin
    };
    (0..3).map(|_| time()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let mebibytes = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(8);
    let bytes = mebibytes << 20;
    let set = SignatureSet::builtin().expect("the signatures of this build");
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let is_wanted = |case: &Case| case.0 == "an ordinary log" || case.0.contains(&wanted);
    let (mut whole, mut part) = (cases(&set, bytes), cases(&set, bytes / 4));
    whole.retain(is_wanted);
    part.retain(is_wanted);
    // What compiles when it is first needed counts for no case.
    for (_, name, text) in cases(&set, 1 << 16) {
        seconds(&set, name, &text);
    }
    println!("{:36} {:>9} {:>8} {:>8}", "text", "MB/s", "slower", "growth");
    let mut ordinary = None;
    let mut bad = Vec::new();
    for ((case, name, text), (_, _, small)) in whole.iter().zip(&part) {
        let (long, short) = (seconds(&set, name, text), seconds(&set, name, small));
        let speed = text.len() as f64 / long / 1e6;
        let slower = *ordinary.get_or_insert(speed) / speed;
        // Below a few milliseconds the growth is that of the clock.
        let growth = long / short.max(0.002);
        println!("{case:36} {speed:9.1} {slower:8.1} {growth:8.1}");
        if growth > GROWTH {
            bad.push(*case);
        }
    }
    assert!(bad.is_empty(), "not linear: {bad:?}");
}
