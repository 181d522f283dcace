//! The whole program: arguments in; exit status, standard output and standard error out.
//!
//! What the demo bundle gives is held against `testdata/golden/demo/`; `LOGGREP_ABM_BLESS=1` rewrites it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

const DEMO: &str = "testdata/demo/snapshot.tar.gz";
/// An issue in the demo bundle.
const HIGH: &str = "webhook-x509-unknown-authority";
/// A message of another, whose severity is `high`.
const NDP: &str = "E0119 22:11:49.705596 1 client.go:48] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The program, started in the root of the repository with an environment of its own.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggrep-abm"));
    command.current_dir(root()).args(arguments).env_clear().env("COLUMNS", "100").stdin(Stdio::null());
    command
}

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        let status = output.status.code().expect("the program ends by itself");
        Ran { status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    #[track_caller]
    fn status(self, expected: i32) -> Ran {
        let Ran { status, stdout, stderr } = &self;
        assert_eq!(*status, expected, "\nstdout:\n{stdout}\nstderr:\n{stderr}");
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }

    #[track_caller]
    fn ids(&self) -> Vec<String> {
        let report = self.json();
        let findings = report["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn run(arguments: &[&str]) -> Ran {
    program(arguments).output().unwrap().into()
}

fn piped(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = program(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // Who asks for help does not read on.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap().into()
    })
}

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("loggrep-cli-{}-{number}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Holds `got` against a golden file, or rewrites it when `LOGGREP_ABM_BLESS` is set.
#[track_caller]
fn assert_golden(name: &str, got: &str) {
    let path = root().join("testdata/golden/demo").join(name);
    if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == expected,
        "{name} differs (LOGGREP_ABM_BLESS=1 rewrites it)\nexpected:\n{expected}\ngot:\n{got}"
    );
}

// What the demo bundle gives.

#[test]
fn the_demo_bundle_gives_the_golden_text() {
    assert_golden("en.txt", &run(&["analyze", DEMO, "--lang", "en"]).status(0).stdout);
    assert_golden("ko.txt", &run(&["analyze", DEMO, "--lang", "ko"]).status(0).stdout);
    assert_golden("en-verbose.txt", &run(&["analyze", DEMO, "-v"]).status(0).stdout);
}

#[test]
fn the_readme_shows_what_the_demo_bundle_gives() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, after) = readme.split_once("\nprints\n\n```\n").unwrap();
    let (shown, _) = after.split_once("```").unwrap();
    let unwrapped = program(&["analyze", DEMO]).env_remove("COLUMNS").output().unwrap();
    let got = Ran::from(unwrapped).status(0).stdout;
    let mut rest = &got[..];
    for part in shown.split("…\n") {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("the README shows:\n{part}\ngot:\n{rest}")
        };
        rest = after;
    }
}

#[test]
fn the_demo_bundle_gives_the_golden_report_in_every_other_form() {
    let folder = Folder::new("forms");
    let forms = [
        "jsonl=report.jsonl",
        "html=report.html",
        "sarif=report.sarif",
        "junit=report.xml",
        "markdown=report.md",
        "csv=report.csv",
    ];
    for lang in ["en", "ko"] {
        let name = |file: &str| format!("{lang}-{file}");
        let files: Vec<String> = forms
            .iter()
            .map(|it| {
                it.split_once('=').map(|(form, file)| format!("{form}={}", folder.path(&name(file)))).unwrap()
            })
            .collect();
        let mut arguments = vec!["analyze", DEMO, "--lang", lang];
        files.iter().for_each(|file| arguments.extend(["-f", file]));
        assert_eq!(run(&arguments).status(0).stdout, "");
        for form in forms {
            let (form, file) = form.split_once('=').unwrap();
            // Of what holds both languages or none one is enough.
            if lang == "en" || matches!(form, "markdown" | "junit") {
                assert_golden(&name(file), &std::fs::read_to_string(folder.path(&name(file))).unwrap());
            }
        }
    }
}

#[test]
fn the_demo_bundle_gives_the_golden_json() {
    let got = run(&["analyze", DEMO, "-f", "json"]).status(0);
    // Each change of a signature changes the digest, and each release the version.
    let tool = &got.json()["tool"];
    let mut text = got.stdout.clone();
    for (key, value) in [("signatures_digest", "DIGEST"), ("version", "VERSION")] {
        text = text.replace(&format!("\"{key}\": {}", tool[key]), &format!("\"{key}\": \"{value}\""));
    }
    assert_golden("report.json", &text);
}

#[test]
fn json_is_the_same_for_any_threads_chunks_and_runs() {
    let expected = run(&["analyze", DEMO, "-f", "json", "-j1"]).status(0).stdout;
    for arguments in [&["-j1"][..], &["-j2"], &["-j2"], &["-j8"], &["-j2", "--chunk-bytes", "61"]] {
        let got = run(&[&["analyze", DEMO, "-f", "json"], arguments].concat()).status(0).stdout;
        assert!(got == expected, "{arguments:?}\nexpected:\n{expected}\ngot:\n{got}");
    }
}

#[test]
fn jsonl_is_one_value_a_line() {
    let got = run(&["analyze", DEMO, "-f", "jsonl"]).status(0);
    let lines: Vec<Value> = got.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let findings = lines.iter().filter(|line| line["type"] == "finding").count();
    assert_eq!(findings, run(&["analyze", DEMO, "-f", "json"]).ids().len());
    assert_eq!(lines.last().unwrap()["type"], "summary");
}

// Exit status.

#[test]
fn the_exit_status_follows_its_order() {
    let whole = Folder::new("whole");
    let log = whole.file("ang.log", NDP);
    let cases: [(&str, &[&str], i32); 12] = [
        ("findings alone are no failure", &["analyze", &log], 0),
        ("a finding at the severity", &["analyze", &log, "--fail-on", "high"], 1),
        ("a finding above the severity", &["analyze", &log, "--fail-on", "low"], 1),
        ("no finding at the severity", &["analyze", &log, "--fail-on", "critical"], 0),
        ("all of it was read", &["analyze", &log, "--strict"], 0),
        ("the demo bundle is damaged", &["analyze", DEMO, "--strict"], 3),
        ("damage without --strict", &["analyze", DEMO], 0),
        ("damage comes before findings", &["analyze", DEMO, "--strict", "--fail-on", "high"], 3),
        ("findings without --strict", &["analyze", DEMO, "--fail-on", "high"], 1),
        ("no such input comes first", &["analyze", DEMO, "no-such-file", "--strict", "--fail-on", "high"], 2),
        ("usage", &["analyze", &log, "--fail-on", "bad"], 2),
        ("no input", &["analyze"], 2),
    ];
    for (what, arguments, expected) in cases {
        let Ran { status, stdout, stderr } = run(arguments);
        assert_eq!(status, expected, "{what}: {arguments:?}\nstdout:\n{stdout}\nstderr:\n{stderr}");
        assert_eq!(status == 2, stdout.is_empty(), "{what}: a report stands on standard output\n{stdout}");
        assert!(status != 2 || !stderr.is_empty(), "{what}: an error says what is wrong");
    }
}

#[test]
fn errors_name_what_is_wrong() {
    let bad_glob = run(&["analyze", DEMO, "--include", "a[b"]).status(2).stderr;
    assert!(bad_glob.contains("a[b"), "{bad_glob}");
    let missing = run(&["analyze", "no-such-file"]).status(2).stderr;
    assert!(missing.contains("no-such-file") && missing.starts_with("loggrep-abm: "), "{missing}");
    let no_id = run(&["analyze", DEMO, "--only", "no-such-issue"]).status(2).stderr;
    assert!(no_id.contains("no-such-issue"), "{no_id}");
    let no_id = run(&["explain", "webhook-x509"]).status(2).stderr;
    assert!(no_id.contains("did you mean `webhook-x509-unknown-authority`?"), "{no_id}");
    let no_time = run(&["analyze", DEMO, "--since", "yesterday"]).status(2).stderr;
    assert!(no_time.contains("yesterday"), "{no_time}");
    let none = run(&["analyze", DEMO, "--no-builtin"]).status(2).stderr;
    assert!(none.contains("--no-builtin"), "{none}");
    let version = run(&["analyze", DEMO, "--cluster-version", "new"]).status(2).stderr;
    assert!(version.contains("--cluster-version"), "{version}");
}

// Options.

#[test]
fn the_report_goes_to_a_file() {
    let folder = Folder::new("output");
    let path = folder.path("report.json");
    let got = run(&["analyze", DEMO, "-f", "json", "-o", &path]).status(0);
    assert_eq!(got.stdout, "");
    let expected = run(&["analyze", DEMO, "-f", "json"]).stdout;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    let text = folder.path("report.txt");
    run(&["analyze", DEMO, "-o", &text]).status(0);
    assert!(!std::fs::read_to_string(&text).unwrap().contains('\x1b'));
    let nowhere = run(&["analyze", DEMO, "-o", &folder.path("no/folder/report")]).status(2);
    assert!(nowhere.stderr.contains("no/folder/report"), "{}", nowhere.stderr);
    // What cannot be read leaves the report of before.
    run(&["analyze", "no-such-file", "-o", &path]).status(2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    run(&["analyze", DEMO, "--only", HIGH, "-f", "json", "-o", &path]).status(0);
    assert_eq!(
        run(&["analyze", DEMO, "--only", HIGH, "-f", "json"]).stdout,
        std::fs::read_to_string(&path).unwrap()
    );
}

#[test]
fn findings_are_chosen_by_id_confidence_and_severity() {
    let json = |arguments: &[&str]| run(&[&["analyze", DEMO, "-f", "json"], arguments].concat()).status(0);
    assert_eq!(json(&["--only", HIGH]).ids(), [HIGH]);
    let mut two = json(&["--only", HIGH, "--only", "docker-service-not-active"]).ids();
    two.sort();
    assert_eq!(two, ["docker-service-not-active", HIGH]);
    let all = json(&[]).json();
    let chosen = |key: &str, values: &[&str]| -> Vec<String> {
        let findings = all["findings"].as_array().unwrap().iter();
        let chosen = findings.filter(|finding| values.contains(&finding[key].as_str().unwrap()));
        chosen.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
    };
    for (option, key, names) in [
        ("--min-severity", "severity", &["info", "low", "medium", "high", "critical"][..]),
        ("--min-confidence", "confidence", &["possible", "likely", "confirmed"]),
    ] {
        for (at, name) in names.iter().enumerate() {
            assert_eq!(json(&[option, name]).ids(), chosen(key, &names[at..]), "{option} {name}");
        }
    }
}

#[test]
fn members_are_chosen_by_path() {
    let paths = |arguments: &[&str]| -> Vec<String> {
        let report = run(&[&["analyze", DEMO, "-f", "json"], arguments].concat()).status(0).json();
        let findings = report["findings"].as_array().unwrap().iter();
        let evidence = findings.flat_map(|finding| finding["evidence"].as_array().unwrap().clone());
        evidence.map(|one| one["path"].as_str().unwrap().to_owned()).collect()
    };
    let included = paths(&["--include", "*/upgrade-cluster.log"]);
    assert!(
        !included.is_empty() && included.iter().all(|path| path.ends_with("/upgrade-cluster.log")),
        "{included:?}"
    );
    let excluded = paths(&["--exclude", "*/nodes/*", "--exclude", "*/bmctl-workspace/*"]);
    assert!(!excluded.is_empty(), "something is left");
    assert!(
        !excluded.iter().any(|path| path.contains("/nodes/") || path.contains("/bmctl-workspace/")),
        "{excluded:?}"
    );
    assert_eq!(paths(&["--include", "no-such-member"]), [""; 0]);
}

#[test]
fn hits_are_chosen_by_time() {
    let folder = Folder::new("times");
    let (_, message) = NDP.split_once("] ").unwrap();
    let dated = ["2023-01-18T10:00:00Z", "2023-01-19T10:00:00Z", "2023-01-20T10:00:00Z"];
    let log: String = dated.iter().map(|time| format!("{time} stderr F {message}")).collect();
    // The last line has no time.
    let log = folder.file("ang.log", log + message);
    let count = |arguments: &[&str]| {
        let report = run(&[&["analyze", &log, "-f", "json"], arguments].concat()).status(0).json();
        report["findings"][0]["count"].as_u64().unwrap()
    };
    assert_eq!(count(&[]), 4);
    assert_eq!(count(&["--since", "2023-01-19"]), 3);
    assert_eq!(count(&["--until", "2023-01-19T12:00:00Z"]), 3);
    assert_eq!(count(&["--since", "2023-01-19", "--until", "2023-01-19T12:00:00Z"]), 2);
    assert_eq!(count(&["--since", "25h"]), 3);
    // The report says so, and marks what has no time.
    let shown = run(&["analyze", &log, "--since", "2023-01-19", "--max-evidence", "9"]).status(0).stdout;
    for text in ["hits from 2023-01-19T00:00:00Z on", "those without a time count too", "\n     no time"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!run(&["analyze", &log]).status(0).stdout.contains("no time"));
    let report = run(&["analyze", &log, "-f", "json", "--since", "2023-01-19"]).status(0).json();
    assert_eq!((&report["since"], &report["until"]), (&Value::from("2023-01-19T00:00:00Z"), &Value::Null));
    assert_eq!(piped(&["analyze", "-", "--since", "1h"], NDP.as_bytes()).status, 2);
}

/// The year of a syslog line is that of the newest line of the bundle, which another member holds.
#[test]
fn hits_without_a_year_are_chosen_by_that_of_the_newest_line() {
    let folder = Folder::new("years");
    let (_, message) = NDP.split_once("] ").unwrap();
    let old = format!("Jan 10 10:00:00 node-1 agent: {message}");
    let new = format!("Jan 19 10:00:00 node-1 agent: {message}");
    let messages = folder.file("a/messages", old + &new);
    // The time of modification would tell the year too, if it told anything.
    std::fs::File::options().write(true).open(messages).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    folder.file("b/newest.log", "2023-01-20T00:00:00Z the last line\n");
    let path = folder.path("");
    let of =
        |arguments: &[&str]| run(&[&["analyze", &path, "-f", "json"], arguments].concat()).status(0).json();
    let finding = &of(&["--since", "2023-01-15"])["findings"][0];
    assert_eq!(finding["count"], 1);
    assert_eq!(finding["first_seen"], "2023-01-19T10:00:00Z");
    assert_eq!(finding["evidence"][0]["time_inferred"], true);
    assert_eq!(of(&["--until", "2023-01-15"])["findings"][0]["count"], 1);
    assert_eq!(of(&["--since", "2023-01-01"])["findings"][0]["count"], 2);
    assert_eq!(of(&["--since", "2023-01-20"])["findings"], serde_json::json!([]));
}

/// In bash itself, where there is one: the words after a command are those of that command.
#[test]
#[cfg(unix)]
fn bash_completes_options_of_a_command() {
    let script = run(&["completions", "bash"]).status(0).stdout
        + "COMP_WORDS=(loggrep-abm analyze --fail)\nCOMP_CWORD=2\n_loggrep__abm loggrep-abm --fail analyze\n\
           echo \"${COMPREPLY[@]}\"\n";
    let Ok(output) = Command::new("bash").args(["-c", &script]).output() else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "--fail-on");
}

#[test]
fn an_output_is_no_input_and_no_other_output() {
    let folder = Folder::new("outputs");
    let content = std::fs::read(root().join(DEMO)).unwrap();
    let bundle = folder.file("bundle.tar.gz", &content);
    for arguments in
        [&["-o", &bundle][..], &["-f", &format!("json={bundle}")], &["--redact", "--redact-map", &bundle]]
    {
        let got = run(&[&["analyze", &bundle], arguments].concat()).status(2);
        assert!(got.stderr.contains("is an input"), "{}", got.stderr);
        assert_eq!(std::fs::read(&bundle).unwrap(), content);
    }
    let out = folder.path("out");
    let got = run(&["analyze", DEMO, "-f", &format!("json={out}"), "-f", &format!("html={out}")]).status(2);
    assert!(got.stderr.contains("two outputs"), "{}", got.stderr);
    run(&["analyze", DEMO, "-f", "json=/dev/null", "-f", "html=/dev/null"]).status(0);
}

/// Messages that a wrap cuts behind a word that is said twice, and an archive as `pzstd` writes it.
#[test]
fn a_doubled_prefix_and_a_frame_to_be_skipped_hide_nothing() {
    let wrapped = "nf_conntrack: nf_conntrack: table full, dropping\npacket\n";
    let ids = |input: &[u8]| piped(&["analyze", "-", "-f", "json"], input).status(0).ids();
    assert!(ids(wrapped.as_bytes()).contains(&"nf-conntrack-table-full".to_owned()));
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0][..], &[1, 2, 3, 4]].concat();
    let frame = zstd::bulk::compress(NDP.as_bytes(), 3).unwrap();
    assert_eq!(ids(&[skipped, frame].concat()), ["network-gateway-group-missing-interface-ip"]);
}

/// The offset is that of the message in the file, whatever it is encoded in.
#[test]
fn offsets_of_utf16_are_those_of_its_bytes() {
    let front = format!("한국어 🙂 line\r\n{}", "ordinary line\n".repeat(20_000));
    let text = format!("{front}{NDP}");
    for big in [false, true] {
        let order = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let encode = |text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let bytes = [&order(0xfeff)[..], &encode(&text)].concat();
        let report = piped(&["analyze", "-", "-f", "json"], &bytes).status(0).json();
        let offset = report["findings"][0]["evidence"][0]["offset"].as_u64().unwrap() as usize;
        let at = NDP.find("creating").unwrap();
        assert_eq!(offset, 2 + encode(&front).len() + 2 * at, "big endian: {big}");
    }
}

#[test]
fn an_input_that_is_named_twice_is_read_once() {
    let once = run(&["analyze", DEMO, "-f", "json"]).status(0).json();
    let other_name = format!("testdata/../{DEMO}");
    let twice = run(&["analyze", DEMO, &other_name, "-f", "json"]).status(0).json();
    assert_eq!(once["findings"], twice["findings"]);
    let problems = twice["problems"].as_array().unwrap();
    let told = |problem: &&Value| problem["kind"] == "duplicate" && problem["path"] == other_name.as_str();
    assert!(problems.iter().any(|problem| told(&problem)), "{problems:?}");
}

#[test]
fn evidence_and_context_are_as_many_as_asked_for() {
    let finding = |arguments: &[&str]| {
        let report =
            run(&[&["analyze", DEMO, "-f", "json", "--only", HIGH], arguments].concat()).status(0).json();
        report["findings"][0].clone()
    };
    let evidence = |arguments: &[&str]| finding(arguments)["evidence"].as_array().unwrap().len();
    assert_eq!(
        [evidence(&[]), evidence(&["--max-evidence", "1"]), evidence(&["--max-evidence", "7"])],
        [3, 1, 7]
    );
    let context = |lines: &str| {
        let finding = finding(&["-C", lines]);
        let around =
            |one: &Value| one["before"].as_array().unwrap().len().max(one["after"].as_array().unwrap().len());
        finding["evidence"].as_array().unwrap().iter().map(around).max().unwrap()
    };
    assert_eq!([context("0"), context("1"), context("4")], [0, 1, 4]);
}

#[test]
fn the_version_given_decides_the_verdict() {
    let verdict = |version: &str| {
        let arguments = ["analyze", DEMO, "-f", "json", "--only", "containerd-1-5-13-needs-libseccomp-2-5"];
        let report = run(&[&arguments[..], &["--cluster-version", version]].concat()).status(0).json();
        report["findings"][0]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("1.12.1"), "affected");
    assert_eq!(verdict("1.12.2"), "fixed");
    assert_eq!(verdict("1.11.0"), "not_affected");
    assert_eq!(verdict("1.9.0"), "unknown");
}

// Inputs.

#[test]
fn standard_input_is_read_as_what_it_is() {
    let bundle = std::fs::read(root().join(DEMO)).unwrap();
    let from_file = run(&["analyze", DEMO, "-f", "json"]).status(0).json();
    let from_pipe = piped(&["analyze", "-", "-f", "json"], &bundle).status(0).json();
    assert_eq!(from_pipe["inputs"][0]["path"], "-");
    assert_eq!(from_pipe["inputs"][0]["format"], "tar.gz");
    let facts = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|finding| format!("{} {} {}", finding["id"], finding["count"], finding["nodes"]))
            .collect()
    };
    assert_eq!(facts(&from_pipe), facts(&from_file));
    let log = piped(&["analyze", "-", "-f", "json"], NDP.as_bytes()).status(0);
    assert_eq!(log.json()["inputs"][0]["format"], "plain");
    assert_eq!(log.ids(), ["network-gateway-group-missing-interface-ip"]);
    assert_eq!(piped(&["analyze", "-", "-f", "json"], b"").status(0).ids(), [""; 0]);
}

#[test]
fn several_inputs_make_one_report() {
    let folder = Folder::new("several");
    let one = folder.file("one.log", NDP);
    folder.file("two/b.log", NDP);
    folder.file("two/c.log", "nothing\n");
    let report = run(&["analyze", &one, &folder.path("two"), "-f", "json"]).status(0).json();
    assert_eq!(report["inputs"].as_array().unwrap().len(), 2);
    assert_eq!(report["inputs"][1]["format"], "directory");
    assert_eq!(report["inputs"][1]["entries"], 2);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["count"], 2);
}

#[test]
fn signatures_of_a_directory_are_added() {
    let folder = Folder::new("own");
    folder.file("own/my-own-issue.toml", signature("my-own-issue"));
    let log = folder.file("x.log", format!("the very own message of this test\n{NDP}"));
    let own = folder.path("own");
    let both = run(&["analyze", &log, "-f", "json", "--signatures", &own]).status(0);
    assert_eq!(both.ids(), ["network-gateway-group-missing-interface-ip", "my-own-issue"]);
    let only_own = run(&["analyze", &log, "-f", "json", "--signatures", &own, "--no-builtin"]).status(0);
    assert_eq!(only_own.ids(), ["my-own-issue"]);
    let by_environment = program(&["analyze", &log, "-f", "json", "--no-builtin"])
        .env("LOGGREP_ABM_SIGNATURES", &own)
        .output()
        .unwrap();
    assert_eq!(Ran::from(by_environment).status(0).ids(), ["my-own-issue"]);
    folder.file("own/broken.toml", "id = 1");
    let broken = run(&["analyze", &log, "--signatures", &own]).status(2);
    assert!(broken.stderr.contains("broken.toml:1:"), "{}", broken.stderr);
}

// Language, colour, pipes.

#[test]
fn text_follows_the_locale_and_json_is_english() {
    let with = |arguments: &[&str], name: &str, value: &str| {
        let output = program(&[&["analyze", DEMO], arguments].concat()).env(name, value).output().unwrap();
        Ran::from(output).status(0).stdout
    };
    let (english, korean) = (run(&["analyze", DEMO]).stdout, run(&["analyze", DEMO, "--lang", "ko"]).stdout);
    assert!(korean != english && korean.chars().any(|c| ('가'..='힣').contains(&c)));
    assert_eq!(with(&[], "LANG", "ko_KR.UTF-8"), korean);
    assert_eq!(with(&[], "LC_ALL", "ko_KR.UTF-8"), korean);
    assert_eq!(with(&[], "LANG", "de_DE.UTF-8"), english);
    assert_eq!(with(&["--lang", "en"], "LANG", "ko_KR.UTF-8"), english);
    let language = |text: &str| serde_json::from_str::<Value>(text).unwrap()["language"].clone();
    assert_eq!(language(&with(&["-f", "json"], "LANG", "ko_KR.UTF-8")), "en");
    assert_eq!(language(&run(&["analyze", DEMO, "-f", "json", "--lang", "ko"]).stdout), "ko");
}

#[test]
fn the_help_of_analyze_and_mistakes_are_korean_in_a_korean_locale() {
    let korean =
        |arguments: &[&str]| Ran::from(program(arguments).env("LANG", "ko_KR.UTF-8").output().unwrap());
    for size in ["-h", "--help"] {
        let help = korean(&["analyze", size]).status(0).stdout;
        for text in [
            "사용법: loggrep-abm analyze",
            "\n인수:\n",
            "\n옵션:\n",
            "\n제한:\n",
            "[기본값: 8]",
            "[가능한 값: en, ko]",
        ] {
            assert!(help.contains(text), "{text}: {help}");
        }
        for text in ["Usage", "Options", "Arguments", "default:", "possible values", "Print help", "Limits"] {
            assert!(!help.contains(text), "{text}: {help}");
        }
    }
    for (arguments, texts) in [
        (
            &["analyze", "--fromat", "json", "x"][..],
            &["알 수 없는 인수입니다: '--fromat'", "'--format'", "사용법: "][..],
        ),
        (&["analyze"], &["필수 인수가 없습니다: <INPUT>..."]),
        (
            &["analyze", "--lang", "tlh", "x"],
            &["'--lang <LANG>'에 쓸 수 없는 값입니다: 'tlh'", "[가능한 값: en, ko]"],
        ),
        (&["analyze", "--min-severity", "dire", "x"], &["'dire'(one of info"]),
        (&["analyze", "x", "--lang"], &["'--lang <LANG>'에 값이 필요합니다"]),
        (&["analyze", "-q", "-v", "x"], &["함께 쓸 수 없습니다"]),
        (&["analyse"], &["알 수 없는 명령입니다: 'analyse'", "'analyze'"]),
    ] {
        let Ran { stdout, stderr, .. } = korean(arguments).status(2);
        assert_eq!(stdout, "");
        assert!(stderr.starts_with("오류: ") && !stderr.contains("error"), "{arguments:?}: {stderr}");
        for text in texts {
            assert!(stderr.contains(text), "{arguments:?}: {text}: {stderr}");
        }
    }
    assert!(run(&["analyze", "--fromat", "x"]).status(2).stderr.starts_with("error: "));
    assert!(run(&["analyze", "-h"]).status(0).stdout.contains("\nOptions:\n"));
}

#[test]
fn headings_of_the_help_hold_their_options_only() {
    let help = run(&["analyze", "-h"]).status(0).stdout;
    let of = |heading: &str| {
        let (_, rest) = help.split_once(&format!("\n{heading}:\n")).unwrap();
        rest.split("\n\n").next().unwrap().to_owned()
    };
    assert!(of("Options").contains("--format") && of("Options").contains("--signatures"), "{help}");
    assert!(!of("Limits").contains("--format"), "{help}");
    assert!(of("Redaction").contains("--redact-map") && !of("Redaction").contains("--signatures"), "{help}");
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    let with = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = program(&[&["analyze", DEMO], arguments].concat());
        let output = command.env("TERM", "xterm").envs(environment.iter().copied()).output().unwrap();
        Ran::from(output).status(0).stdout
    };
    let plain = with(&[], &[]);
    assert!(!plain.contains('\x1b'), "no colour in a pipe");
    assert_eq!(with(&["--color", "never"], &[]), plain);
    assert!(with(&["--color", "always"], &[]).contains("\x1b["));
    assert!(with(&["--color", "always"], &[("NO_COLOR", "1")]).contains("\x1b["), "the option counts more");
    assert_eq!(with(&[], &[("NO_COLOR", "1")]), plain);
}

#[test]
#[cfg(unix)]
fn no_color_counts_on_a_terminal() {
    // `script` of util-linux gives the program a terminal; where there is none, there is nothing to ask.
    let on_terminal = |environment: &[(&str, &str)]| -> Option<String> {
        let program = env!("CARGO_BIN_EXE_loggrep-abm");
        let mut command = Command::new("script");
        command.args(["-qec", &format!("{program} analyze {DEMO}"), "/dev/null"]).current_dir(root());
        command
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .envs(environment.iter().copied())
            .stdin(Stdio::null());
        let output = command.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).replace("\r\x1b[K", ""))
    };
    let Some(coloured) = on_terminal(&[]) else { return };
    assert!(coloured.contains("\x1b[1m") || coloured.contains("\x1b[3"), "{coloured}");
    let plain = on_terminal(&[("NO_COLOR", "1")]).unwrap();
    assert!(!plain.contains("\x1b[1m") && !plain.contains("\x1b[3"), "{plain}");
}

/// The bar tells bytes, rate and findings so far, on standard error, and only on a terminal.
#[test]
#[cfg(unix)]
fn progress_is_shown_on_a_terminal() {
    let program = env!("CARGO_BIN_EXE_loggrep-abm");
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{program} analyze {DEMO} >/dev/null"), "/dev/null"]).current_dir(root());
    let output = command.stdin(Stdio::null()).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else { return };
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains(" MiB/s, ") && shown.contains(" issues"), "{shown}");
    assert!(shown.ends_with("\r\x1b[K"), "the bar is gone at the end: {shown}");
    let piped = run(&["analyze", DEMO]).status(0).stderr;
    assert!(!piped.contains("MiB/s"), "{piped}");
}

#[test]
fn a_broken_pipe_is_a_quiet_end() {
    let many: &[&[&str]] = &[
        &["analyze", DEMO, "-v", "--max-evidence", "1000", "-C", "20"],
        &["analyze", DEMO, "-f", "json", "--max-evidence", "1000", "-C", "20"],
        &["grep", "-e", ".", DEMO],
        &["signatures", "show", HIGH],
        &["signatures", "list"],
    ];
    for arguments in many {
        let mut child = program(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        // As `head -1` does: read a line, then close.
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty(), "{arguments:?}");
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), &stderr[..]), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn quiet_and_verbose_say_less_and_more() {
    let length = |arguments: &[&str]| run(&[&["analyze", DEMO], arguments].concat()).status(0).stdout.len();
    assert!(length(&["-q"]) < length(&[]) && length(&[]) < length(&["-v"]));
    run(&["analyze", DEMO, "-q", "-v"]).status(2);
}

// Other commands.

#[test]
fn signatures_are_listed_and_shown() {
    let list = run(&["signatures", "list"]).status(0).stdout;
    let files = std::fs::read_dir(root().join("signatures")).unwrap().count();
    assert_eq!(list.lines().count(), files);
    assert!(list.lines().any(|line| line.starts_with("webhook-x509-unknown-authority ")), "{list}");
    assert_ne!(run(&["signatures", "list", "--lang", "ko"]).status(0).stdout, list);
    let shown = run(&["signatures", "show", HIGH]).status(0).stdout;
    assert_eq!(shown, std::fs::read_to_string(root().join(format!("signatures/{HIGH}.toml"))).unwrap());
    run(&["signatures", "show", "no-such-issue"]).status(2);
}

#[test]
fn the_cost_of_each_signature_is_told_after_the_report() {
    let log = root().join(format!("signatures/{HIGH}.toml"));
    let log = log.to_str().unwrap();
    let plain = run(&["analyze", "-f", "json", log]).status(0);
    let told = run(&["analyze", "-f", "json", "--profile-signatures", log]).status(0);
    assert_eq!(plain.stdout, told.stdout);
    let line = told.stderr.lines().find(|line| line.ends_with(&format!("  {HIGH}"))).unwrap();
    let numbers: Vec<f64> = line.split_whitespace().take(4).map(|number| number.parse().unwrap()).collect();
    assert!(numbers[0] > 0.0 && numbers[2] >= 1.0 && numbers[3] >= 1.0, "{line}");
}

#[test]
fn unknown_messages_are_shown_as_asked() {
    let folder = std::env::temp_dir().join(format!("loggrep-abm-unknown-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let log = folder.join("a.log");
    let word = |i: u8| char::from(b'a' + i).to_string().repeat(3);
    let lines: Vec<String> = (0..25).map(|i| format!("level=error msg={}\n", word(i))).collect();
    std::fs::write(&log, lines.concat()).unwrap();
    let log = log.to_str().unwrap();
    for (option, shown) in
        [(None, 5), (Some("--unknown"), 20), (Some("--unknown=2"), 2), (Some("--unknown=0"), 0)]
    {
        let mut arguments = vec!["analyze", "--color=never", "--lang", "en", log];
        arguments.extend(option);
        let text = run(&arguments).status(0).stdout;
        assert_eq!(text.matches("- level=error msg=").count(), shown, "{option:?}\n{text}");
        assert_eq!(text.contains("Unknown messages"), shown > 0, "{option:?}\n{text}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn pages_are_written_for_each_signature() {
    let folder = std::env::temp_dir().join(format!("loggrep-abm-pages-{}", std::process::id()));
    run(&["signatures", "docs", "-o", folder.to_str().unwrap()]).status(0);
    let page = std::fs::read_to_string(folder.join(format!("ko/{HIGH}.md"))).unwrap();
    assert_eq!(page, run(&["explain", HIGH, "--lang", "ko"]).status(0).stdout);
    assert!(std::fs::read_to_string(folder.join("README.md")).unwrap().contains(&format!("({HIGH}.md)")));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_issue_is_explained() {
    let english = run(&["explain", HIGH]).status(0).stdout;
    assert!(english.contains(HIGH), "{english}");
    let korean = run(&["explain", HIGH, "--lang", "ko"]).status(0).stdout;
    assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{korean}");
    run(&["explain"]).status(2);
}

#[test]
fn the_signatures_of_the_repository_are_without_mistake() {
    for arguments in [&["signatures", "check", "signatures"][..], &["signatures", "check"]] {
        let got = run(arguments).status(0);
        assert_eq!(got.stdout, "");
    }
}

/// A signature without a mistake.
fn signature(id: &str) -> String {
    format!(
        r#"id = "{id}"
category = "operation"
severity = "low"
affected = ["1.13.x"]
fixed_in = ["1.14.0"]
covered = ">= 1.10.0, < 1.15.0"
references = ["https://example.org/issue"]
source = "this test"
source_confidence = "high"

[[pattern]]
name = "own"
regex = '''the very own message of (?P<what>[a-z]+) test'''
confidence = "confirmed"
captures = {{ what = "word" }}

[[rule]]
when = "count(own) >= 2"
confidence = "confirmed"

[[example]]
text = "the very own message of this test"
captures = {{ what = ["this"] }}
confidence = "confirmed"

[[near_miss]]
text = "the very own message of nobody"
why = "another one"

[text.en]
title = "A title"
summary = "A summary."
workaround = '''
Do it.
$ do {{{{what}}}}
'''

[text.ko]
title = "제목"
summary = "요약."
workaround = '''
하십시오.
$ do {{{{what}}}}
'''
"#
    )
}

#[test]
fn each_mistake_in_a_signature_says_where_it_is_and_what() {
    let folder = Folder::new("mistakes");
    let good = signature("good").replace("very own message", "quite other words");
    folder.file("good.toml", &good);
    assert_eq!(run(&["signatures", "check", &folder.path(".")]).status(0).stdout, "");

    // What is changed into what, and the line of the mistake and a part of what is said.
    let mistakes: [(&str, &str, usize, &str); 32] = [
        ("id = ", "id == ", 1, ""),
        ("severity = \"low\"\n", "", 1, "`severity` is missing"),
        ("covered = ", "covers = ", 6, "unknown key `covers`"),
        ("\"low\"", "1", 3, "is a number, not a text"),
        ("id = \"ID\"", "id = \"other\"", 1, "is not the name of the file"),
        ("id = \"ID\"", "id = \"No_Kebab\"", 1, "an id is"),
        ("\"operation\"", "\"other\"", 2, "category is none of"),
        ("\"low\"", "\"bad\"", 3, "severity is none of"),
        ("\"1.13.x\"", "\"one\"", 4, ""),
        ("\"1.13.x\"", "\">= 1.13.0, <= 1.14.0\"", 4, "contains its own fix"),
        ("[\"1.13.x\"]", "[\"1.13.x\", \"1.13.2\"]", 4, "overlap"),
        ("[\"1.14.0\"]", "[\"new\"]", 5, ""),
        ("\">= 1.10.0, < 1.15.0\"", "\"all\"", 6, ""),
        ("https://", "http://", 7, "https"),
        ("source_confidence = \"high\"", "source_confidence = \"sure\"", 9, "source_confidence is none of"),
        ("name = \"own\"", "name = \"My Own\"", 12, "a pattern's name"),
        ("(?P<what>[a-z]+)", "(?P<what>[a-z]+", 13, "does not parse"),
        ("the very own message of (?P<what>[a-z]+) test'''", "(?P<what>[a-z]+) a b c'''", 13, "no literal"),
        (
            "confidence = \"confirmed\"\ncaptures",
            "confidence = \"sure\"\ncaptures",
            14,
            "confidence is none of",
        ),
        ("captures = { what = \"word\" }\n", "", 13, "the group `what` has no type"),
        ("what = \"word\"", "what = \"thing\"", 15, "`thing` is no type"),
        ("{ what = \"word\" }", "{ what = \"word\", who = \"word\" }", 15, "no group `who`"),
        ("count(own) >= 2", "count(own) >= ", 18, "expected"),
        ("count(own) >= 2", "count(other) >= 2", 18, "`other` is no pattern"),
        ("count(own) >= 2\"\n", "count(own) >= 2\"\nscope = \"world\"\n", 19, "scope is none of"),
        (
            "text = \"the very own message of this test\"",
            "text = \"nothing\"",
            21,
            "the example gives no finding",
        ),
        ("[\"this\"]", "[\"that\"]", 21, "captures what"),
        (
            "test\"\ncaptures = { what = [\"this\"] }\nconfidence = \"confirmed\"",
            "test\"\nconfidence = \"likely\"",
            21,
            "the example is confirmed, not likely",
        ),
        ("of nobody", "of another test", 26, "the near miss is shown as confirmed"),
        ("A title", "A title.", 30, "one line without a final stop"),
        ("A summary.", "", 30, "text.en.summary is empty"),
        ("{{what}}", "{{who}}", 35, "the slot `{{who}}` is no capture"),
    ];
    let mut failures = Vec::new();
    for (index, (from, to, line, what)) in mistakes.iter().enumerate() {
        let id = format!("bad-{index}");
        let text = signature(&id);
        let from = from.replace("ID", &id);
        assert!(text.contains(&from), "{from}");
        let folder = Folder::new("mistake");
        let path = folder.file(&format!("{id}.toml"), text.replacen(&from, to, 1));
        folder.file("good.toml", &good);
        let got = run(&["signatures", "check", &folder.path("")]);
        let is_told = got.stdout.lines().any(|mistake| {
            let rest = mistake.strip_prefix(&format!("{path}:{line}:")).unwrap_or_default();
            let (column, rest) = rest.split_once(": ").unwrap_or_default();
            let is_column = column.parse::<usize>().is_ok_and(|column| column > 0);
            is_column && rest.starts_with(&format!("{id}: ")) && rest.contains(what)
        });
        if !is_told || got.status != 2 || got.stdout.contains("good.toml") {
            failures.push(format!(
                "{from:?} -> {to:?}: expected {path}:{line}:COLUMN: {id}: …{what}…\ngot {}:\n{}",
                got.status, got.stdout
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What CONTRIBUTING says to type, typed.
#[test]
#[cfg(unix)]
fn the_walk_of_contributing_works() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let walk = text.split("### Ten minutes").nth(1).unwrap().split("\n### ").next().unwrap();
    let mut script = String::new();
    for block in walk.split("```sh\n").skip(1) {
        script.push_str(block.split("```").next().unwrap());
    }
    let folder = Folder::new("walk");
    let bin = Path::new(env!("CARGO_BIN_EXE_loggrep-abm")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let shell = |script: &str| -> Ran {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&folder.0).env_clear().env("PATH", &path);
        command.output().unwrap().into()
    };
    let (draft, rest) = script.split_once("cat > own/").unwrap();
    let first = shell(draft);
    assert!(first.status(2).stdout.contains("is still to be filled in"), "the draft is whole");
    let got = shell(&format!("set -e\ncat > own/{rest}")).status(0);
    for what in [
        "1 matches, 2 places with a literal do not match",
        "Backups fail because the quota",
        "kubectl get pv pvc-1a2b",
    ] {
        assert!(got.stdout.contains(what), "{what}:\n{}", got.stdout);
    }
    for what in [
        "1 signatures checked, 0 mistakes",
        "1 examples, 1 near misses, 0 failures",
        "our-signatures: 1 signatures",
    ] {
        assert!(got.stderr.contains(what), "{what}:\n{}", got.stderr);
    }
}

#[test]
fn each_lint_tells_its_line_and_column() {
    let other = signature("other").replace("very own message", "quite other words");
    // What is changed into what, the line and the column of the mistake, and a part of what is said.
    let lints: [(&str, &str, usize, usize, &str); 16] = [
        ("the very own message of (", "own words (", 13, 9, "its longest literal has 9 characters"),
        ("the very own message of (", "the very own message level=info msg=\"(", 13, 9, "is too common"),
        ("1.13.x", "< 1.13.0", 4, 13, "has no lower bound"),
        ("fixed_in", "no_lower_bound = true\nfixed_in", 5, 18, "every range has a lower bound"),
        ("1.13.x", ">= 1.13.0, < 1.13.0", 4, 13, "holds for no release"),
        ("1.13.x", ">= 1.13.0", 4, 13, "contains its own fix"),
        ("{{what}}", "{{who}}", 35, 6, "the slot `{{who}}` is no capture"),
        ("title = \"제목\"", "title = \"A title\"", 39, 9, "text.ko.title is not translated"),
        ("하십시오.\n$ do", "하십시오.\n$ undo", 41, 14, "the commands of text.ko are not those of text.en"),
        ("[a-z]+) test", "(?:[a-z]+ ?)+) test", 13, 9, "a repetition without an end inside another"),
        ("test'''", "test.*'''", 13, 9, "ends with anything at all"),
        ("'''the very", "'''.*the very", 13, 9, "begins with anything at all"),
        ("[a-z]+) test", "[a-z]+).* test", 13, 9, "reaches to the end of the line"),
        ("[a-z]+) test", "[a-z]+)[a-z ]{0,15000}test", 13, 9, "an automaton of more than"),
        ("Do it.", "Not verified: do it.", 35, 1, "nobody verified"),
        ("A summary.", "TODO: tell it", 32, 11, "`text.en.summary` is still to be filled in"),
    ];
    let mut failures = Vec::new();
    for (from, to, line, column, what) in lints {
        let folder = Folder::new("lint");
        let text = signature("bad");
        assert!(text.contains(from), "{from}");
        let path = folder.file("bad.toml", text.replacen(from, to, 1));
        folder.file("other.toml", &other);
        let got = run(&["signatures", "check", &folder.path("")]);
        let expected = format!("{path}:{line}:{column}: bad: ");
        if !got.stdout.lines().any(|told| told.starts_with(&expected) && told.contains(what))
            || got.status != 2
        {
            failures.push(format!("{expected}…{what}…\ngot {}:\n{}", got.status, got.stdout));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn an_example_that_is_the_regex_proves_nothing() {
    let folder = Folder::new("itself");
    let text = signature("bad")
        .replace("(?P<what>[a-z]+)", "this")
        .replace("captures = { what = \"word\" }\n", "")
        .replace("captures = { what = [\"this\"] }\n", "")
        .replace("{{what}}", "it");
    let path = folder.file("bad.toml", &text);
    let got = run(&["signatures", "check", &path]).status(2).stdout;
    assert!(got.starts_with(&format!("{path}:13:9: bad: an example is the text of the regex")), "{got}");
    folder.file(
        "bad.toml",
        text.replace("text = \"the very own message of this", "text = \"E0119 the very own message of this"),
    );
    assert_eq!(run(&["signatures", "check", &path]).status(0).stdout, "");
}

#[test]
fn an_example_of_two_issues_needs_a_word_on_how_they_stand() {
    let folder = Folder::new("both");
    let path = folder.file("one.toml", signature("one"));
    folder.file("two.toml", signature("two"));
    let got = run(&["signatures", "check", &folder.path("")]).status(2).stdout;
    assert!(got.contains(&format!("{path}:21:1: one: the example shows `two` too")), "{got}");
    folder.file("one.toml", signature("one").replace("references", "related = [\"two\"]\nreferences"));
    assert_eq!(run(&["signatures", "check", &folder.path("")]).status(0).stdout, "");
}

#[test]
fn a_mistake_is_shown_with_its_line_and_as_json() {
    let folder = Folder::new("shown");
    let path = folder.file("bad.toml", signature("bad").replace("\"low\"", "\"bad\""));
    let got = run(&["signatures", "check", &path]).status(2);
    assert_eq!(
        got.stdout,
        format!(
            "{path}:3:12: bad: severity is none of critical, high, medium, low, info\n  3 | severity = \"bad\"\n    |            ^^^^^\n"
        )
    );
    assert!(got.stderr.contains("1 mistakes"), "{}", got.stderr);
    let json = run(&["signatures", "check", &path, "--format", "json"]).status(2).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json[0]["line"].as_u64(), json[0]["column"].as_u64()), (Some(3), Some(12)));
    assert_eq!((json[0]["id"].as_str(), json[0]["file"].as_str()), (Some("bad"), Some(path.as_str())));
    let good = folder.file("good.toml", signature("good"));
    assert_eq!(run(&["signatures", "check", &good, "-f", "json"]).status(0).stdout, "[]\n");
}

#[test]
fn an_empty_directory_is_an_error_everywhere() {
    let folder = Folder::new("empty");
    let (empty, log) = (folder.path("none"), folder.file("x.log", NDP));
    std::fs::create_dir(&empty).unwrap();
    for arguments in [
        &["signatures", "check", &empty][..],
        &["signatures", "test", &empty],
        &["signatures", "fmt", &empty],
        &["signatures", "pack", &empty, "-o", &folder.path("p.tar.gz")],
        &["signatures", "verify", &empty],
        &["signatures", "list", "--signatures", &empty],
        &["analyze", &log, "--signatures", &empty],
    ] {
        assert!(!run(arguments).status(2).stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn clean_logs_are_held_against_signatures() {
    let folder = Folder::new("clean");
    let own = folder.file("good.toml", signature("good"));
    run(&["signatures", "check", &own, "--clean", "testdata/clean"]).status(0);
    let line = "the very own message of this test\n";
    let log = folder.file("logs/x.log", format!("{line}{}", "an ordinary line\n".repeat(2_000)));
    let got = run(&["signatures", "check", &own, "--clean", &log]).status(2).stdout;
    assert!(got.contains(":1:6: good: fires on clean logs at") && got.contains("x.log:1"), "{got}");
    let log = folder.file("logs/x.log", "a message of this kind\n".repeat(2_000));
    let got = run(&["signatures", "check", &own, "--clean", &log]).status(2).stdout;
    assert!(got.contains(":13:9: good: the literal") && got.contains("of 2000 clean lines"), "{got}");
}

#[test]
fn a_failing_example_says_at_which_stage() {
    let folder = Folder::new("stages");
    let stage = |from: &str, to: &str| {
        let text = signature("bad");
        assert!(text.contains(from), "{from}");
        let path = folder.file("bad.toml", text.replacen(from, to, 1));
        run(&["signatures", "test", &path]).status(2).stdout
    };
    let example = "text = \"the very own message of this test\"";
    for (from, to, what) in [
        (example, "text = \"nothing\"", "pattern `own`: none of its literals is there: `"),
        (
            example,
            "text = \"the very own message of THIS test\"",
            "pattern `own`: the regex matches as far as `",
        ),
        (
            "captures = { what = \"word\" }",
            "captures = { what = \"word\" }\nalso = ['zzz']",
            "`also` does not hold: zzz",
        ),
        (
            "captures = { what = \"word\" }",
            "captures = { what = \"word\" }\nreject = ['this']",
            "`reject` holds: this",
        ),
        ("[\"this\"]", "[\"that\"]", "captures what = [\"this\"], not [\"that\"]"),
        ("confidence = \"confirmed\"\ncaptures", "captures", "rule `count(own) >= 2`: does not hold"),
        ("of nobody", "of another test", "the near miss is shown as confirmed"),
    ] {
        let got = stage(from, to);
        assert!(got.contains(what), "{what}:\n{got}");
    }
    let all = run(&["signatures", "test", "signatures"]).status(0);
    assert!(all.stdout.is_empty() && all.stderr.ends_with(" 0 failures\n"), "{}", all.stderr);
}

#[test]
fn a_draft_is_made_from_a_line() {
    let line = NDP.trim_end();
    let draft = run(&["signatures", "new", "--from-line", line, "--id", "ndp"]).status(0).stdout;
    assert!(draft.contains("creating NDP client failed: ndp: address \"(?P<address>"), "{draft}");
    assert!(draft.contains("interface = \"interface\""), "{draft}");
    assert!(draft.contains(&format!("text = '''{line}'''")), "{draft}");
    assert_eq!(piped(&["signatures", "new", "--id", "ndp"], NDP.as_bytes()).status(0).stdout, draft);
    let folder = Folder::new("draft");
    let path = folder.path("own/ndp.toml");
    let written = run(&["signatures", "new", "--from-line", line, "--id", "ndp", "-o", &folder.path("own")]);
    assert_eq!(written.status(0).stdout, format!("{path}\n"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), draft);
    run(&["signatures", "new", "--from-line", line, "--id", "ndp", "-o", &folder.path("own")]).status(2);
    let got = run(&["signatures", "check", &path]).status(2).stdout;
    for blank in [
        "category",
        "severity",
        "source",
        "source_confidence",
        "near_miss.text",
        "near_miss.why",
        "text.ko.title",
    ] {
        assert!(got.contains(&format!(": `{blank}` is still to be filled in")), "{blank}:\n{got}");
    }
    run(&["signatures", "fmt", "--check", &path]).status(0);
    piped(&["signatures", "new"], b"").status(2);
}

#[test]
fn files_are_brought_into_their_form() {
    let folder = Folder::new("form");
    let good = signature("good").replace("captures = {{ what = [\"this\"] }}", "");
    let path = folder.file("good.toml", &good);
    run(&["signatures", "fmt", &path]).status(0);
    let formatted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(run(&["signatures", "fmt", "--check", &folder.path("")]).status(0).stdout, "");
    folder.file(
        "good.toml",
        formatted.replace("severity = \"low\"\n", "").replace("id = ", "severity = \"low\"\nid = "),
    );
    let got = run(&["signatures", "fmt", "--check", &folder.path("")]).status(1).stdout;
    assert_eq!(got.trim_end(), path);
    run(&["signatures", "fmt", &folder.path("")]).status(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), formatted);
    assert_eq!(run(&["signatures", "fmt", "--check", "signatures"]).status(0).stdout, "");
}

#[test]
fn the_schema_of_signature_files_is_printed() {
    let schema = run(&["signatures", "schema"]).status(0).stdout;
    assert_eq!(schema, std::fs::read_to_string(root().join("schema/signature.schema.json")).unwrap());
}

#[test]
fn trying_a_signature_tells_of_each_place() {
    let folder = Folder::new("try");
    let file = folder.file("good.toml", signature("good"));
    let mut lines = "the very own message of this test\n".repeat(9);
    lines.push_str("the very own message of THAT test\n");
    let log = folder.file("x.log", lines);
    let got = run(&["signatures", "try", &file, "--on", &log, "--max-places", "2"]).status(0).stdout;
    for what in [
        "pattern `own`: 9 matches, 1 places with a literal do not match\n",
        "x.log:1  literal `",
        "what = this\n",
        "x.log:10  literal `",
        "`[a-z]+` does not follow",
        "and 7 more\n",
        "good: shown",
        "count(own) >= 2",
    ] {
        assert!(got.contains(what), "{what}:\n{got}");
    }
    assert_eq!(got.matches("  matches ").count(), 2, "{got}");
    let got = piped(&["signatures", "try", &file, "--on", "-"], b"nothing\n").status(0).stdout;
    assert!(
        got.contains("pattern `own`: none of its literals is there: `") && got.contains("good: not"),
        "{got}"
    );
}

#[test]
fn a_pack_takes_a_catalog_to_another_place() {
    let folder = Folder::new("pack");
    let good = signature("good");
    folder.file("own/good.toml", &good);
    // One of the built-in signatures, anew.
    let newer = std::fs::read_to_string(root().join(format!("signatures/{HIGH}.toml"))).unwrap();
    folder.file(&format!("own/{HIGH}.toml"), newer.replacen("title = \"", "title = \"Newer: ", 1));
    let (own, pack, again) = (folder.path("own"), folder.path("p.tar.gz"), folder.path("q.tar.gz"));
    run(&["signatures", "pack", &own, "-o", &pack, "--name", "ours"]).status(0);
    run(&["signatures", "pack", &own, "-o", &again, "--name", "ours"]).status(0);
    assert_eq!(std::fs::read(&pack).unwrap(), std::fs::read(&again).unwrap());
    let verified = run(&["signatures", "verify", &pack]).status(0).stderr;
    assert!(verified.starts_with("ours: 2 signatures, for loggrep-abm >= "), "{verified}");

    let log = folder.file("x.log", "the very own message of this test\n");
    let report = run(&["analyze", &log, "-f", "json", "--signatures", &pack]).status(0).json();
    assert_eq!(report["findings"][0]["id"], "good");
    let titled = run(&["explain", HIGH, "--signatures", &pack]).status(0).stdout;
    assert!(titled.contains("Newer: "), "{titled}");
    run(&["timeline", &log, "--signatures", &pack]).status(0);
    run(&["diff", &log, &log, "--signatures", &pack]).status(0);
    let list = run(&["signatures", "list", "--signatures", &pack, "--no-builtin"]).status(0).stdout;
    assert_eq!(list.lines().count(), 2);

    // Unpacked by hand, and then damaged.
    let unpacked = folder.path("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    let tar = Command::new("tar").args(["-xzf", &pack, "-C", &unpacked]).status().unwrap();
    assert!(tar.success());
    run(&["signatures", "verify", &unpacked]).status(0);
    // And packed by hand, with its folders and with `./` in front.
    let by_hand = folder.path("by-hand.tar.gz");
    let tar = Command::new("tar").args(["-czf", &by_hand, "-C", &unpacked, "."]).status().unwrap();
    assert!(tar.success());
    run(&["signatures", "verify", &by_hand]).status(0);
    run(&["analyze", &log, "--signatures", &unpacked]).status(0);
    folder.file("unpacked/signatures/extra.toml", &good);
    for arguments in [&["signatures", "verify", &unpacked][..], &["analyze", &log, "--signatures", &unpacked]]
    {
        let got = run(arguments).status(2).stderr;
        assert!(got.contains("`signatures/extra.toml` is not in its manifest"), "{got}");
    }
    std::fs::remove_file(folder.path("unpacked/signatures/extra.toml")).unwrap();
    folder.file("unpacked/signatures/good.toml", good.replace("low", "high"));
    let got = run(&["signatures", "verify", &unpacked]).status(2).stderr;
    assert!(got.contains("is not the file that the manifest names"), "{got}");

    let mut bytes = std::fs::read(&pack).unwrap();
    bytes.truncate(bytes.len() / 2);
    let cut = folder.file("cut.tar.gz", bytes);
    run(&["analyze", &log, "--signatures", &cut]).status(2);
    folder.file("own/good.toml", good.replace("\"low\"", "\"bad\""));
    let none = folder.path("none.tar.gz");
    let got = run(&["signatures", "pack", &own, "-o", &none]).status(2);
    assert!(got.stdout.contains("severity is none of") && !Path::new(&none).exists(), "{}", got.stdout);
}

#[test]
fn mistakes_of_a_whole_file_are_told_too() {
    let folder = Folder::new("missing");
    let without = |from: &str, to: &str| {
        let text = signature("bad");
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{}", &text[..start], &text[end..])
    };
    let cases = [
        (without("[[example]]", "[[near_miss]]"), "no [[example]]"),
        (without("[[near_miss]]", "[text.en]"), "no [[near_miss]]"),
        (without("[text.en]", "[text.ko]"), "no [text.en]"),
        (without("[[pattern]]", "[[example]]"), "no [[pattern]]"),
        (
            format!("{}\n[text.de]\ntitle = \"T\"\nsummary = \"S\"\nworkaround = \"W\"\n", signature("bad")),
            "no such language",
        ),
        (
            signature("bad")
                .replace(
                    "confidence = \"confirmed\"\ncaptures = { what = \"word\" }",
                    "captures = { what = \"word\" }",
                )
                .replace("count(own) >= 2", "1 >= 2"),
            "has no confidence and stands in no rule",
        ),
    ];
    for (text, what) in cases {
        let path = folder.file("bad.toml", text);
        let got = run(&["signatures", "check", &folder.path("")]).status(2).stdout;
        assert!(got.lines().any(|line| line.starts_with(&path) && line.contains(what)), "{what}:\n{got}");
    }
    let path = folder.file("bad.toml", b"id = \"bad\"\n# \xff\n");
    let got = run(&["signatures", "check", &folder.path("")]).status(2).stderr;
    assert!(got.contains(&format!("{path}:2:3: bad: this is no UTF-8")), "{got}");
}

#[test]
fn an_id_stands_once() {
    let folder = Folder::new("twice");
    let log = folder.file("x.log", NDP);
    let twice = std::fs::read_to_string(root().join(format!("signatures/{HIGH}.toml"))).unwrap();
    folder.file(&format!("own/{HIGH}.toml"), twice);
    let got = run(&["analyze", &log, "--signatures", &folder.path("own")]).status(2);
    assert!(got.stderr.contains("the id stands in"), "{}", got.stderr);
}

#[test]
fn grep_gives_paths_lines_and_times() {
    let got = run(&["grep", "-e", "could not find a JWS signature", DEMO]).status(0);
    let path =
        "!abm-diag-20230119-2305/bmctl-workspace/user-ci/log/create-cluster-20221101-213900/10.200.0.138:55:";
    assert!(got.stdout.lines().any(|line| line.starts_with(&format!("{DEMO}{path}"))), "{}", got.stdout);
    let folder = Folder::new("grep");
    let log =
        folder.file("nodes/10.1.1.1/a.log", "first\n2023-01-19T22:11:49.5Z stderr F a.b (one)\nA.B (two)\n");
    let found = |arguments: &[&str]| run(&[&["grep"], arguments, &[&log[..]]].concat());
    let line =
        format!("{log}:2:2023-01-19T22:11:49.5Z:10.1.1.1: 2023-01-19T22:11:49.5Z stderr F a.b (one)\n");
    assert_eq!(found(&["-e", "a.b \\(one"]).status(0).stdout, line);
    assert_eq!(found(&["-F", "-e", "a.b (one)"]).status(0).stdout, line);
    assert_eq!(found(&["-i", "-e", "a\\.b"]).status(0).stdout.lines().count(), 2);
    assert_eq!(found(&["-e", "first", "-e", "two"]).status(0).stdout.lines().count(), 2);
    assert_eq!(found(&["-e", "nothing of this kind"]).status(1).stdout, "");
    assert!(found(&["-e", "("]).status(2).stderr.contains("pattern"));
    run(&["grep", "-e", "x", "no-such-file"]).status(2);
    run(&["grep", &log]).status(2);
    assert_eq!(run(&["grep", "-e", "stackdriver", DEMO, "--strict"]).status, 3);
}

#[test]
fn grep_masks_secrets_and_escapes_controls() {
    let folder = Folder::new("mask");
    let log = folder.file("a.log", "token: abcdef.0123456789abcdef \x1b[31mred\u{202e}\n");
    let got = run(&["grep", "-e", "token", &log]).status(0).stdout;
    assert!(got.contains("abcdef.") && !got.contains("0123456789abcdef"), "{got}");
    assert!(!got.contains(['\x1b', '\u{202e}']), "{got:?}");
}

#[test]
fn help_tells_options_limits_and_statuses() {
    let help = run(&["analyze", "--help"]).status(0).stdout;
    for text in ["--fail-on", "--max-depth", "--strict", "Exit status", "[default: 8]"] {
        assert!(help.contains(text), "{text}:\n{help}");
    }
    let limits = loggrep_abm_core::Limits::default();
    let defaults = [
        ("--max-depth", limits.depth.to_string()),
        ("--max-members", limits.members.to_string()),
        ("--max-member-bytes", limits.member_bytes.to_string()),
        ("--max-total-bytes", limits.total_bytes.to_string()),
        ("--max-ratio", limits.ratio.to_string()),
        ("--max-window-bytes", limits.window_bytes.to_string()),
        ("--max-line-bytes", limits.line_bytes.to_string()),
        ("--max-evidence", limits.evidence.to_string()),
        ("--max-facts", limits.facts.to_string()),
        ("--max-problems", limits.problems.to_string()),
    ];
    for (flag, default) in defaults {
        let text = help.split(&format!("{flag} <")).nth(1).unwrap_or_else(|| panic!("{flag}:\n{help}"));
        let text = text.split("\n      --").next().unwrap_or(text);
        assert!(text.contains(&format!("[default: {default}]")), "{flag}: {default}: {text}");
    }
    assert!(help.contains("Seconds after which reading ends; none by default"), "{help}");
    assert!(run(&["--version"]).status(0).stdout.starts_with("loggrep-abm "));
    run(&["no-such-command"]).status(2);
}

// What leaves the company, and what is known.

#[test]
fn redacted_reports_hold_no_names_in_any_form() {
    let folder = Folder::new("redact");
    let map = folder.path("map.json");
    let forms = ["text", "json", "jsonl", "html", "sarif", "junit", "markdown", "csv"];
    let files: Vec<String> = forms.iter().map(|form| format!("{form}={}", folder.path(form))).collect();
    let mut arguments = vec!["analyze", DEMO, "--redact", "--redact-map", &map, "-v"];
    files.iter().for_each(|file| arguments.extend(["-f", file]));
    run(&arguments).status(0);
    let key: Value = serde_json::from_str(&std::fs::read_to_string(&map).unwrap()).unwrap();
    let key = key.as_object().unwrap();
    assert_eq!(key["CLUSTER-1"], "admin-seoul");
    assert!(key.values().any(|value| value == "usr-wk-01"), "{key:?}");
    for form in forms {
        let text = std::fs::read_to_string(folder.path(form)).unwrap().to_lowercase();
        for value in key.values().map(|value| value.as_str().unwrap()) {
            let stands = text.match_indices(value).any(|(at, _)| {
                let beside = [text[..at].chars().next_back(), text[at + value.len()..].chars().next()];
                !beside.into_iter().flatten().any(|c| c.is_alphanumeric() || c == '.' || c == ':')
            });
            assert!(!stands, "{form} has {value}");
        }
        assert!(text.contains("cluster-1") && text.contains("webhook-x509-unknown-authority"), "{form}");
    }
    assert_golden("redacted.txt", &run(&["analyze", DEMO, "--redact"]).status(0).stdout);
    let plain = run(&["analyze", DEMO, "-f", "json"]).json();
    let redacted: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path("json")).unwrap()).unwrap();
    for (plain, redacted) in
        plain["findings"].as_array().unwrap().iter().zip(redacted["findings"].as_array().unwrap())
    {
        for key in ["id", "fingerprint", "fixed_in", "affected", "count", "first_seen"] {
            assert_eq!(plain[key], redacted[key], "{key}");
        }
    }
    run(&["analyze", DEMO, "--redact-map", &map]).status(2);
    let facts = run(&["facts", DEMO, "--redact"]).status(0).stdout;
    assert!(!facts.contains("usr-wk-01") && !facts.contains("10.200.0."), "{facts}");
}

#[test]
fn a_diff_tells_what_changed() {
    let folder = Folder::new("diff");
    let log = folder.file("x.log", NDP);
    let report = folder.path("report.json");
    run(&["analyze", DEMO, "-f", "json", "-o", &report]).status(0);
    let same = run(&["diff", &report, DEMO, "-f", "json"]).status(0).json();
    let length = |diff: &Value, list: &str| diff[list].as_array().unwrap().len();
    let lists = ["new", "gone", "undecided", "changed"];
    assert_eq!(lists.map(|list| length(&same, list)), [0; 4]);
    assert_eq!(length(&same, "same"), run(&["analyze", DEMO, "-f", "json"]).ids().len());
    let text = run(&["diff", &report, &log]).status(0).stdout;
    assert_golden("diff.txt", &text.replace(&log, "x.log"));
    run(&["diff", &log, &report, "--fail-on", "high"]).status(1);
    run(&["diff", &log, &log, "--fail-on", "info"]).status(0);
    run(&["diff", &log, DEMO, "--strict"]).status(3);
    run(&["diff", &log, "no-such-file"]).status(2);
    let broken = folder.file("broken.json", "{ \"schema_version\": \"1.0\" }");
    assert!(run(&["diff", &broken, &log]).status(2).stderr.contains("broken.json"));
}

#[test]
fn a_baseline_and_an_ignore_file_leave_out_and_count() {
    let folder = Folder::new("known");
    let report = folder.path("report.json");
    run(&["analyze", DEMO, "-f", "json", "-o", &report, "--only", HIGH]).status(0);
    let all = run(&["analyze", DEMO, "-f", "json"]).ids().len();
    let got = run(&["analyze", DEMO, "-f", "json", "--baseline", &report]).status(0);
    assert_eq!(got.ids().len(), all - 1);
    assert_eq!(got.json()["suppressed"]["baseline"], 1);
    let text = run(&["analyze", DEMO, "-q", "--baseline", &report]).status(0).stdout;
    assert!(text.contains("1 known from the baseline left out"), "{text}");
    let shown = run(&["analyze", DEMO, "--baseline", &report, "--show-known"]).status(0).stdout;
    assert!(shown.contains("· known from the baseline"), "{shown}");

    let ignore = folder
        .file("ignore", format!("[[ignore]]\nid = \"{HIGH}\"\nreason = \"r\"\nuntil = \"9999-12-31\"\n"));
    for form in ["text", "json", "jsonl", "html", "sarif", "junit", "markdown", "csv"] {
        let got = run(&["analyze", DEMO, "-f", form, "--ignore", &ignore]).status(0).stdout;
        assert!(got.contains("ignore"), "{form} says that something is ignored");
    }
    let old =
        folder.file("old", format!("[[ignore]]\nid = \"{HIGH}\"\nreason = \"r\"\nuntil = \"2020-01-01\"\n"));
    let expired = run(&["analyze", DEMO, "-f", "json", "--ignore", &old]);
    assert_eq!(expired.ids().len(), all);
    let told = format!("old: what it says of `{HIGH}` ended on 2020-01-01 and counts no longer\n");
    assert!(expired.stderr.ends_with(&told), "{}", expired.stderr);
    let quiet = run(&["analyze", DEMO, "-f", "json", "--ignore", &ignore]).stderr;
    assert!(!quiet.contains("no longer"), "{quiet}");
    // The file of the directory is taken by itself.
    let local = Folder::new("local");
    local.file(".loggrep-abm-ignore", std::fs::read_to_string(&ignore).unwrap());
    let demo = root().join(DEMO).canonicalize().unwrap();
    let here = |more: &[&str]| {
        let mut command = program(&[&["analyze", demo.to_str().unwrap(), "-f", "json"], more].concat());
        Ran::from(command.current_dir(&local.0).output().unwrap()).status(0).ids().len()
    };
    assert_eq!((here(&[]), here(&["--no-ignore"])), (all - 1, all));
}

#[test]
fn the_timeline_is_in_the_order_of_time() {
    assert_golden("timeline.txt", &run(&["timeline", DEMO]).status(0).stdout);
    let timeline = run(&["timeline", DEMO, "-f", "json"]).status(0).json();
    let events = timeline["events"].as_array().unwrap();
    let firsts: Vec<Option<&str>> = events.iter().map(|event| event["first"].as_str()).collect();
    let mut sorted = firsts.clone();
    sorted.sort_by_key(|first| (first.is_none(), *first));
    assert_eq!(firsts, sorted);
    for event in events {
        let buckets = event["buckets"].as_array().unwrap().iter();
        let sum: u64 = buckets.map(|bucket| bucket["count"].as_u64().unwrap()).sum();
        assert!(sum <= event["count"].as_u64().unwrap(), "{event}");
    }
    let redacted = run(&["timeline", DEMO, "--redact"]).status(0).stdout;
    assert!(!redacted.contains("usr-cp-01") && redacted.contains("NODE-"), "{redacted}");
    let same = |threads: &str| run(&["timeline", DEMO, "-f", "json", "-j", threads]).stdout;
    assert_eq!(same("1"), same("4"));
}

#[test]
fn each_input_has_its_report_and_a_column() {
    let folder = Folder::new("each");
    let log = folder.file("x.log", NDP);
    let got = run(&["analyze", "--each", &log, DEMO, "-f", "json"]).status(0).json();
    assert_eq!(got["reports"].as_array().unwrap().len(), 2);
    let issues = got["rollup"]["issues"].as_array().unwrap();
    let row = issues.iter().find(|row| row["id"] == "network-gateway-group-missing-interface-ip").unwrap();
    assert_eq!(row["cells"][0]["count"], 1);
    assert!(row["cells"][1].is_object());
    let partly = run(&["analyze", "--each", "/nonexistent", &log, "-f", "json"]).status(2);
    assert!(partly.stderr.contains("/nonexistent"), "{}", partly.stderr);
    assert_eq!(partly.json()["reports"].as_array().unwrap().len(), 1);
    let many = run(&["analyze", "-j", "99999", &log]).status(2).stderr;
    assert!(many.contains("at most 1024"), "{many}");
    let text = run(&["analyze", "--each", "-q", &log, DEMO]).status(0).stdout;
    assert_golden("each.txt", &text.replace(&log, "x.log"));
    let refused = run(&["analyze", "--each", &log, "-f", "html"]).status(2).stderr;
    assert!(refused.contains("jsonl, markdown or csv"), "{refused}");
    run(&["analyze", "--each", "--strict", &log, DEMO]).status(3);
}

#[test]
fn each_writes_its_other_forms_and_fits_its_schema() {
    let folder = Folder::new("each-forms");
    let log = folder.file("x.log", NDP);
    let bad = folder.file("=bad|name.log", NDP);
    let (csv, markdown) = (folder.path("o.csv"), folder.path("o.md"));
    let forms = ["-f", "jsonl", "-f", &format!("csv={csv}"), "-f", &format!("markdown={markdown}")];
    let lines = run(&[&["analyze", "--each", &log, &bad][..], &forms].concat()).status(0).stdout;
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], last["inputs"].as_array().map(Vec::len)), (&"rollup".into(), Some(2)));
    let csv = std::fs::read_to_string(csv).unwrap();
    assert_eq!(
        csv.lines().filter(|row| row.contains("network-gateway-group-missing-interface-ip")).count(),
        2,
        "{csv}"
    );
    let markdown = std::fs::read_to_string(markdown).unwrap();
    assert!(
        markdown.contains("| --- | --- | ---: | ---: |") && markdown.contains("bad\\|name"),
        "{markdown}"
    );
    let schema = run(&["schema", "--each"]).status(0).json();
    assert_eq!(schema["properties"]["rollup"]["$ref"], "#/$defs/Rollup");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = run(&["analyze", "--each", &log, DEMO, "--redact", "-f", "json"]).status(0).json();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn an_entry_of_the_ignore_file_that_names_no_issue_is_told() {
    let folder = Folder::new("ignore-unknown");
    let entry = |id: &str| format!("[[ignore]]\nid = \"{id}\"\nreason = \"r\"\n");
    let both = entry("webhook-x509") + &entry("webhook-x509-unknown-authority") + &entry("\\u001b[2Jx");
    let file = folder.file("ignore", &both);
    let told = run(&["analyze", DEMO, "-q", "--ignore", &file]).status(0).stderr;
    assert!(told.contains("did you mean `webhook-x509-unknown-authority`?"), "{told}");
    assert!(told.contains("no issue") && told.lines().count() == 2 && !told.contains('\u{1b}'), "{told}");
    let told = run(&["analyze", DEMO, "-q", "--lang", "ko", "--ignore", &file]).status(0).stderr;
    assert!(told.contains("혹시 `webhook-x509-unknown-authority`인가요?"), "{told}");
}

#[test]
fn a_redacted_report_says_so_and_a_diff_with_it_too() {
    let folder = Folder::new("redacted-diff");
    let (plain, hidden) = (folder.path("plain.json"), folder.path("hidden.json"));
    run(&["analyze", DEMO, "-f", "json", "-o", &plain]).status(0);
    run(&["analyze", DEMO, "--redact", "-f", "json", "-o", &hidden]).status(0);
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&hidden).unwrap()).unwrap();
    assert_eq!(report["redacted"], true);
    let told = run(&["diff", &plain, &hidden]).status(0).stdout;
    assert!(told.contains("A report is redacted") && !told.contains("now on NODE"), "{told}");
    let diff = run(&["diff", &hidden, &plain, "-f", "json"]).status(0).json();
    assert_eq!((&diff["old_redacted"], &diff["new_redacted"]), (&true.into(), &serde_json::Value::Null));
    assert!(diff["changed"].as_array().unwrap().is_empty(), "{diff}");
    assert!(!run(&["diff", &plain, &plain]).status(0).stdout.contains("redacted"));
}

// Comfort.

#[test]
fn a_variable_of_an_option_that_may_be_repeated_has_a_value_a_line() {
    let folder = Folder::new("lines");
    folder.file("in/a.log", NDP);
    folder.file("in/b.log", NDP);
    folder.file("in/c.log", NDP);
    let input = folder.path("in");
    let with = |arguments: &[&str], name: &str, value: &str| {
        let output = program(arguments).current_dir(&folder.0).env(name, value).output().unwrap();
        Ran::from(output)
    };
    let paths = |exclude: &str, arguments: &[&str]| {
        let arguments = [&["analyze", &input, "-f", "json"], arguments].concat();
        let got = with(&arguments, "LOGGREP_ABM_EXCLUDE", exclude).status(0).json();
        got["findings"][0]["count"].as_u64().unwrap()
    };
    assert_eq!(paths("*a.log\n*b.log", &[]), 1);
    assert_eq!(paths("\n *a.log \n\n*b.log\n", &[]), 1);
    assert_eq!(paths("*{a,b}.log", &[]), 1, "a comma is part of a value");
    assert_eq!(paths("\n", &[]), 3);
    assert_eq!(paths("*a.log\n*b.log", &["--exclude", "*c.log"]), 2, "the command line counts more");
    folder.file(".loggrep-abm.toml", "exclude = [\"*\"]");
    assert_eq!(paths("*a.log", &[]), 2, "the environment counts more than a file");
    let shown = with(&["config", "show"], "LOGGREP_ABM_EXCLUDE", "*a.log\n*b.log").status(0).stdout;
    assert!(shown.contains("exclude = [\"*a.log\", \"*b.log\"]  # LOGGREP_ABM_EXCLUDE"), "{shown}");
    let json = folder.path("r.json");
    let written = with(&["analyze", &input], "LOGGREP_ABM_FORMAT", &format!("text\njson={json}")).status(0);
    assert!(!written.stdout.is_empty() && Path::new(&json).is_file());
    for page in [run(&["--help"]).stdout, run(&["analyze", "--help"]).stdout, run(&["man"]).stdout] {
        assert!(page.contains("LOGGREP") && page.contains("value a line"), "{page}");
    }
}

#[test]
fn completions_and_manual_pages_are_written() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let got = run(&["completions", shell]).status(0).stdout;
        assert!(got.contains("loggrep-abm") && got.contains("min-severity"), "{shell}");
    }
    assert!(run(&["man"]).status(0).stdout.contains(".TH"));
    let folder = Folder::new("man");
    run(&["man", &folder.path("pages")]).status(0);
    for page in ["loggrep-abm.1", "loggrep-abm-analyze.1", "loggrep-abm-signatures-check.1"] {
        assert!(Path::new(&folder.path("pages")).join(page).is_file(), "{page}");
    }
}

#[test]
fn an_option_counts_more_than_the_environment_and_that_more_than_a_file() {
    let folder = Folder::new("config");
    let demo = root().join(DEMO).canonicalize().unwrap();
    let demo = demo.to_str().unwrap();
    let with = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = program(arguments);
        let command = command.current_dir(&folder.0).envs(environment.iter().copied());
        Ran::from(command.output().unwrap())
    };
    let count = |arguments: &[&str], environment: &[(&str, &str)]| {
        with(&[&["analyze", demo, "-f", "json"], arguments].concat(), environment).status(0).ids().len()
    };
    let (all, high) = (count(&[], &[]), count(&["--min-severity", "high"], &[]));
    assert!(all > high);
    folder.file(".loggrep-abm.toml", "min-severity = \"critical\"\n[analyze]\nmin-severity = \"high\"\n");
    assert_eq!(count(&[], &[]), high);
    let environment = [("LOGGREP_ABM_MIN_SEVERITY", "info")];
    assert_eq!(count(&[], &environment), all);
    assert_eq!(count(&["--min-severity", "high"], &environment), high);
    let shown = with(&["config", "show"], &[("LOGGREP_ABM_THREADS", "3")]).status(0).stdout;
    for line in [
        "min-severity = \"high\"  # .loggrep-abm.toml",
        "threads = \"3\"  # LOGGREP_ABM_THREADS",
        "max-depth = \"8\"  # default",
        "# baseline is not set",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}:\n{shown}");
    }
    let own = folder.file("own.toml", "min-severity = \"info\"");
    assert_eq!(count(&["--config", &own], &[]), all);
    folder.file("xdg/loggrep-abm/config.toml", "quiet = true\nmin-severity = \"info\"");
    let user = [("XDG_CONFIG_HOME", &folder.path("xdg")[..])];
    assert_eq!(count(&[], &user), high);
    assert!(with(&["config", "show"], &user).stdout.contains("quiet = \"true\""));
    folder.file(".loggrep-abm.toml", "output = \"x\"");
    assert!(with(&["analyze", demo], &[]).status(2).stderr.contains("`output` is no option"));
}

#[test]
fn references_are_links_where_asked_for() {
    let with = |when: &str| run(&["analyze", DEMO, "--hyperlink", when]).status(0).stdout;
    assert!(with("always").contains("\x1b]8;;https://"));
    assert_eq!(with("never"), run(&["analyze", DEMO]).stdout);
}

#[test]
fn only_says_what_was_meant() {
    let got = run(&["analyze", DEMO, "--only", "webhook-x509"]).status(2).stderr;
    assert!(got.contains("did you mean `webhook-x509-unknown-authority`?"), "{got}");
}

#[test]
fn help_of_analyze_follows_the_locale() {
    let output = program(&["analyze", "--help"]).env("LANG", "ko_KR.UTF-8").output().unwrap();
    let got = Ran::from(output).status(0).stdout;
    assert!(got.contains("종료 상태") && got.contains("심각도가 이보다 낮은"), "{got}");
    let is_korean = |text: &str| text.contains("종료 상태");
    assert!(!is_korean(&run(&["analyze", "--help"]).stdout));
    // What is asked for counts more than the locale: the option, the environment, a file.
    let folder = Folder::new("help-lang");
    let with = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = program(arguments);
        let command = command.current_dir(&folder.0).envs(environment.iter().copied());
        Ran::from(command.output().unwrap()).status(0).stdout
    };
    let (korean, english) = (("LOGGREP_ABM_LANG", "ko"), ("LOGGREP_ABM_LANG", "en"));
    assert!(is_korean(&with(&["analyze", "--lang", "ko", "--help"], &[])));
    assert!(is_korean(&with(&["analyze", "--help", "--lang=ko"], &[english])));
    assert!(is_korean(&with(&["analyze", "-h"], &[korean])));
    assert!(!is_korean(&with(&["analyze", "--lang", "en", "--help"], &[korean, ("LANG", "ko_KR.UTF-8")])));
    let refused = program(&["analyze", "--lang", "ko", "--nothing", "x"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("오류"), "{refused:?}");
    folder.file(".loggrep-abm.toml", "lang = \"ko\"");
    assert!(is_korean(&with(&["analyze", "--help"], &[])));
    assert!(!is_korean(&with(&["analyze", "--help"], &[english])));
}
