//! SECURITY.md and README.md state the limits that the code has, and what is unsafe.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use loggrep_abm_core::Limits;

/// Bytes as a person writes them.
fn bytes(n: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(bits, _)| n.is_multiple_of(1 << bits));
    unit.map_or(format!("{n} bytes"), |(bits, name)| format!("{} {name}", n >> bits))
}

/// What each limit is called: in words, its default, its flag, its number in the C ABI without `LGABM_LIMIT_`.
fn rows() -> Vec<[String; 4]> {
    let limits = Limits::default();
    let wall_time = limits.wall_time.map_or("none".into(), |time| format!("{} s", time.as_secs()));
    let rows = [
        ("levels of archives inside archives", limits.depth.to_string(), "--max-depth", "DEPTH"),
        ("members of an input", limits.members.to_string(), "--max-members", "MEMBERS"),
        ("decompressed bytes of a member", bytes(limits.member_bytes), "--max-member-bytes", "MEMBER_BYTES"),
        ("decompressed bytes of an input", bytes(limits.total_bytes), "--max-total-bytes", "TOTAL_BYTES"),
        ("decompressed bytes for each compressed one", limits.ratio.to_string(), "--max-ratio", "RATIO"),
        ("memory of decoder windows", bytes(limits.window_bytes), "--max-window-bytes", "WINDOW_BYTES"),
        ("wall time", wall_time, "--timeout", "WALL_TIME_MS"),
        ("pieces of evidence of an issue", limits.evidence.to_string(), "--max-evidence", "EVIDENCE"),
        (
            "bytes of a line matched around a hit",
            bytes(limits.line_bytes as u64),
            "--max-line-bytes",
            "LINE_BYTES",
        ),
        ("facts kept", limits.facts.to_string(), "--max-facts", "FACTS"),
        ("problems listed", limits.problems.to_string(), "--max-problems", "PROBLEMS"),
        ("nodes, pods or members remembered for a pattern", limits.scope_keys.to_string(), "", "SCOPE_KEYS"),
        ("bytes of a document read as a whole", bytes(limits.document_bytes as u64), "", "DOCUMENT_BYTES"),
        (
            "bytes of a nested or piped zip held in memory",
            bytes(limits.zip_buffer_bytes),
            "",
            "ZIP_BUFFER_BYTES",
        ),
    ];
    rows.map(|(what, value, flag, number)| [what.to_owned(), value, flag.to_owned(), number.to_owned()])
        .to_vec()
}

/// A table with the first so many columns, of the rows that have a flag or of all.
fn table(columns: usize, with_flag: bool) -> String {
    let code = |text: &str| if text.is_empty() { String::new() } else { format!("`{text}`") };
    let head = ["limit", "default", "flag", "C: `LGABM_LIMIT_…`"].map(str::to_owned);
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!(" {cell} ").replace("  ", " ")).collect();
        format!("|{}|\n", cells.join("|"))
    };
    let rows = rows().into_iter().filter(|row| !with_flag || !row[2].is_empty());
    let rows =
        rows.map(|[what, value, flag, number]| line(&[what, value, code(&flag), code(&number)][..columns]));
    format!("{}|{}\n{}", line(&head[..columns]), " --- |".repeat(columns), rows.collect::<String>())
}

#[test]
fn the_tables_of_limits_are_those_of_the_code() {
    let security = include_str!("../../../SECURITY.md");
    let readme = include_str!("../../../README.md");
    for (name, page, table) in
        [("SECURITY.md", security, table(4, false)), ("README.md", readme, table(3, true))]
    {
        assert!(page.contains(&table), "{name} should have this table:\n\n{table}");
    }
}

#[test]
fn every_limit_is_in_the_table_and_has_a_number_in_the_c_abi() {
    let header = include_str!("../../capi/include/loggrep_abm.h");
    let fields = include_str!("../src/limits.rs").lines().filter_map(|line| line.strip_prefix("    pub "));
    let mut fields: Vec<String> =
        fields.filter_map(|field| field.split_once(':')).map(|(name, _)| name.to_uppercase()).collect();
    let mut numbers: Vec<String> = rows().into_iter().map(|[_, _, _, number]| number).collect();
    for number in &numbers {
        assert!(header.contains(&format!("    LGABM_LIMIT_{number} = ")), "{number}");
    }
    numbers.iter_mut().for_each(|number| *number = number.trim_end_matches("_MS").to_owned());
    fields.sort();
    numbers.sort();
    assert_eq!(fields, numbers);
}

/// The Rust files below a folder, with their paths from the root of the repository.
fn sources(folder: &str, into: &mut Vec<(String, String)>) {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    for entry in std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap()) {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            sources(&path, into);
        } else if path.ends_with(".rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            into.push((path, text));
        }
    }
}

/// Unsafe code stands where SECURITY.md says, and nowhere else.
#[test]
fn unsafe_code_stands_in_the_named_places() {
    const PLACES: [&str; 6] = [
        "crates/core/src/filter.rs",
        "crates/inflate/src/code.rs",
        "crates/inflate/src/fast.rs",
        "crates/inflate/src/replayer.rs",
        "crates/capi/src/",
        "crates/fuzz-bodies/src/capi.rs",
    ];
    let page = include_str!("../../../SECURITY.md");
    let mut files = Vec::new();
    for folder in ["crates", "benches", "fuzz/fuzz_targets", "examples"] {
        sources(folder, &mut files);
    }
    let forms = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait", "#[unsafe("];
    let holds = |text: &str| {
        let code =
            text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("let forms"));
        code.into_iter().any(|line| forms.iter().any(|form| line.contains(form)))
    };
    let mut used = [false; PLACES.len()];
    for (path, _) in files.iter().filter(|(_, text)| holds(text)) {
        let place = PLACES.iter().position(|place| path.starts_with(place));
        used[place.unwrap_or_else(|| panic!("unsafe code in {path}"))] = true;
    }
    for (place, used) in PLACES.iter().zip(used) {
        assert!(used, "{place} holds none any more");
        assert!(page.contains(&format!("`{place}`")), "SECURITY.md does not name {place}");
    }
}
