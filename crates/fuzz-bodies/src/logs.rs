//! What the text of logs becomes.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use loggrep_abm_core::bundle::place::{place_of_line, place_of_path};
use loggrep_abm_core::bundle::time::{
    Time, TimeContext, find_stamp, header_of, parse_when, year_from_mtime, year_from_path, zone_from_path,
};
use loggrep_abm_core::input::Source;
use loggrep_abm_core::mask::{MASK, mask, mask_bytes};
use loggrep_abm_core::redact::Redactor;
use loggrep_abm_core::report::{self, Diff, Report, TextOptions};
use loggrep_abm_core::suppress::{IgnoreFile, apply_baseline};
use loggrep_abm_core::text::is_unsafe;
use loggrep_abm_core::{AnalyzeOptions, Session, SignatureSet, analyze};

static SET: LazyLock<SignatureSet> = LazyLock::new(|| SignatureSet::builtin().unwrap());

fn options() -> AnalyzeOptions<'static> {
    let mut options = AnalyzeOptions::default();
    options.threads = 1;
    options.limits.total_bytes = 4 << 20;
    options.limits.members = 2000;
    options.limits.window_bytes = 16 << 20;
    options.limits.zip_buffer_bytes = 1 << 20;
    options
}

fn json(report: &Report) -> String {
    let mut out = Vec::new();
    report::write_json(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn written(write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).expect("a form of the report is UTF-8")
}

/// No form holds what steers a terminal or a reader.
fn safe_forms(report: &Report) {
    let mut width = TextOptions::default();
    (width.width, width.verbose) = (Some(40), true);
    let forms = [
        ("text", written(&|out| report::write_text(report, &TextOptions::default(), out))),
        ("narrow text", written(&|out| report::write_text(report, &width, out))),
        ("markdown", written(&|out| report::write_markdown(report, out))),
        ("html", written(&|out| report::write_html(report, &[], out))),
        ("csv", written(&|out| report::write_csv(report, out))),
        ("junit", written(&|out| report::write_junit(report, out))),
    ];
    for (form, text) in &forms {
        let text = text.trim_start_matches('\u{feff}');
        let bad = text.chars().find(|&c| is_unsafe(c) && !matches!(c, '\n' | '\r'));
        assert!(bad.is_none(), "{bad:?} in {form}");
    }
    let csv = &forms[4].1;
    assert!(!["\r\n=", "\r\n+", "\r\n@", ",=", ",+", ",@"].iter().any(|formula| {
        csv.match_indices(formula).any(|(at, _)| csv[..at].matches('"').count().is_multiple_of(2))
    }));
}

/// A report is what it says of itself, and no form of it holds what steers a terminal or a reader.
fn sound(report: &Report) {
    let text = json(report);
    let again: Report = serde_json::from_str(&text).expect("a report that can be read again");
    assert_eq!(json(&again), text, "read again it is another");
    for finding in &report.findings {
        assert!(finding.count >= 1 || finding.evidence.is_empty(), "{}", finding.id);
        assert!(!finding.title.is_empty() && !finding.confidence.is_empty());
        for evidence in &finding.evidence {
            assert!(evidence.path.starts_with("in"), "{}", evidence.path);
            assert!(evidence.line >= 1);
        }
    }
    safe_forms(report);
    let sarif = written(&|out| report::write_sarif(report, out));
    serde_json::from_str::<serde_json::Value>(&sarif).expect("SARIF is JSON");
    for line in written(&|out| report::write_jsonl(report, out)).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("each line is JSON");
    }
    let redacted = Redactor::new().redact(report);
    serde_json::from_str::<Report>(&json(&redacted)).unwrap();
    let diff = Diff::of(report, report);
    assert!(diff.new.is_empty() && diff.gone.is_empty() && diff.changed.is_empty(), "it differs from itself");
}

/// Any bytes as an input.
pub(crate) fn analyze_bytes(data: &[u8]) {
    let bytes = || Source::Bytes { name: "in".into(), bytes: data.to_vec() };
    let report = analyze(&SET, vec![bytes()], &options()).unwrap();
    sound(&report);
    let input = &report.inputs[0];
    if input.format != "plain" {
        return;
    }
    // A text gives the same however it arrives, in what pieces, and whoever reads it.
    let lines = data.iter().filter(|&&byte| byte == b'\n').count() as u64 + 1;
    for evidence in report.findings.iter().flat_map(|finding| &finding.evidence) {
        let is_utf16 = data.starts_with(b"\xff\xfe") || data.starts_with(b"\xfe\xff");
        assert!(evidence.line <= lines || is_utf16, "line {} of {lines}", evidence.line);
        assert!(evidence.offset < data.len() as u64 || is_utf16, "byte {}", evidence.offset);
    }
    let mut small = options();
    small.chunk_bytes = 64;
    small.threads = 2;
    let piped = Source::Reader { name: "in".into(), reader: Box::new(Cursor::new(data.to_vec())) };
    let expected = json(&report);
    assert_eq!(json(&analyze(&SET, vec![piped], &small).unwrap()), expected, "piped, in small pieces");
}

/// Files that are pushed in pieces give what they give in one piece. Two bytes each say how long the next piece is.
pub(crate) fn pushed(data: &[u8]) {
    let [named, cuts, data @ ..] = data else { return };
    let (cuts, data) = data.split_at((usize::from(*cuts) % 32).min(data.len()));
    let name = (named % 2 == 1).then(|| "in".to_owned());
    let cut = data.len() / 2;
    let files = [("in-1.log", &data[..cut]), ("in-2.log", &data[cut..])];
    let run = |piece: &dyn Fn(usize) -> usize| {
        let run = |received| analyze(&SET, received, &options());
        let mut session = Session::start(name.clone(), run).unwrap();
        let mut pieces = 0;
        for (name, mut bytes) in files {
            assert_eq!(session.begin(name, None), ControlFlow::Continue(()));
            while !bytes.is_empty() {
                let (now, later) = bytes.split_at(piece(pieces).clamp(1, bytes.len()));
                pieces += 1;
                let _ = session.push(now);
                bytes = later;
            }
        }
        session.finish().unwrap()
    };
    let whole = run(&|_| usize::MAX);
    sound(&whole);
    let split = run(&|at| cuts.get(at % cuts.len().max(1)).map_or(17, |&cut| usize::from(cut)));
    assert_eq!(json(&split), json(&whole), "in pieces");
}

/// The time and the place of a line, and words for times.
pub(crate) fn time(data: &[u8]) {
    let mut context = TimeContext::for_entry(data, Some(1_646_424_963), None);
    for line in data.split(|&byte| byte == b'\n') {
        if let Some(header) = header_of(line) {
            context.learn_header(&header);
        }
        let Some(stamp) = find_stamp(line) else { continue };
        context.learn(&stamp);
        if let Some(time) = context.resolve(&stamp) {
            assert!(time.nanos < 1_000_000_000);
            assert!(time.inferred || (stamp.year().is_some()), "a year from nowhere");
            // What is shown of it is a time that is read again, as the same.
            let shown = time.to_string();
            let again = find_stamp(shown.as_bytes()).and_then(|stamp| TimeContext::default().resolve(&stamp));
            let read = again.map(|again| (again.seconds, again.nanos));
            assert_eq!(read, Some((time.seconds, time.nanos)), "{shown}");
        }
        let place = place_of_line(line);
        let path = place_of_path(line);
        let _ = place.or(path);
    }
    year_from_path(data);
    zone_from_path(data);
    if let Some((mtime, rest)) = data.split_first_chunk::<8>() {
        year_from_mtime(i64::from_le_bytes(*mtime));
        let now = Time::from_unix(1_700_000_000);
        if let Some(time) = std::str::from_utf8(rest).ok().and_then(|text| parse_when(text, now)) {
            assert!(time.nanos < 1_000_000_000);
        }
    }
}

/// A secret on a line of its own is masked whatever stands around it, and what is masked stays as it is.
pub(crate) fn mask_secrets(data: &[u8]) {
    let masked = mask_bytes(data).into_owned();
    let again = mask_bytes(&masked);
    assert!(again == masked, "masked twice: {:?}", String::from_utf8_lossy(&again));
    let text = String::from_utf8_lossy(data);
    assert_eq!(mask(&text).as_bytes(), &*mask_bytes(text.as_bytes()));
    let cut = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
    for (line, secret) in [
        (
            "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLWl0",
            "c2lnbmF0dXJlLW9mLWl0",
        ),
        ("    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkK", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkK"),
        ("proxy https://admin:hunter2hunter2@proxy.example.com:3128 is used", "hunter2hunter2"),
    ] {
        let all = format!("{}\n{line}\n{}", &text[..cut], &text[cut..]);
        if text.contains(secret) {
            continue;
        }
        let masked = mask(&all);
        assert!(!masked.contains(secret), "{secret} of {line} is shown");
        assert!(masked.contains(MASK));
    }
}

/// Bytes taken for a report and for a file of issues to ignore are refused or used.
pub(crate) fn read_report(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(ignore) = IgnoreFile::parse("ignore.toml", text)
    {
        let line = b"E0119 22:11:49.705596 1 x.go:1] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"\n";
        let source = Source::Bytes { name: "in".into(), bytes: line.to_vec() };
        let mut report = analyze(&SET, vec![source], &options()).unwrap();
        let findings = report.findings.len();
        ignore.apply(&mut report, "2023-03-01");
        assert_eq!(report.findings.len() + report.suppressed.ignored, findings);
        sound(&report);
    }
    let Ok(report) = serde_json::from_slice::<Report>(data) else { return };
    let text = json(&report);
    let again: Report = serde_json::from_str(&text).expect("a report that can be read again");
    assert_eq!(json(&again), text);
    safe_forms(&report);
    let _ = report::write_sarif(&report, &mut Vec::new());
    let _ = Redactor::new().redact(&report);
    let _ = Diff::of(&report, &again);
    let mut known = again;
    apply_baseline(&mut known, &report, true);
}
