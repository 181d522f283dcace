//! SECURITY.md states the limits that the code has.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use loggrep_abm_core::Limits;

/// Bytes as a person writes them.
fn bytes(n: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(bits, _)| n.is_multiple_of(1 << bits));
    unit.map_or(format!("{n} bytes"), |(bits, name)| format!("{} {name}", n >> bits))
}

fn table() -> String {
    let limits = Limits::default();
    let wall_time = limits.wall_time.map_or("none".into(), |time| format!("{} s", time.as_secs()));
    let rows = [
        ("levels of archives inside archives", limits.depth.to_string(), "`--max-depth`"),
        ("members of an input", limits.members.to_string(), "`--max-members`"),
        ("decompressed bytes of a member", bytes(limits.member_bytes), "`--max-member-bytes`"),
        ("decompressed bytes of an input", bytes(limits.total_bytes), "`--max-total-bytes`"),
        ("decompressed bytes for each compressed one", limits.ratio.to_string(), "`--max-ratio`"),
        ("memory of decoder windows", bytes(limits.window_bytes), "`--max-window-bytes`"),
        ("wall time", wall_time, "`--timeout`"),
        ("pieces of evidence of an issue", limits.evidence.to_string(), "`--max-evidence`"),
        ("bytes of a line matched around a hit", bytes(limits.line_bytes as u64), ""),
        ("nodes, pods or members remembered for a pattern", limits.scope_keys.to_string(), ""),
        ("problems listed", limits.problems.to_string(), ""),
        ("facts kept", limits.facts.to_string(), ""),
        ("bytes of a document read as a whole", bytes(limits.document_bytes as u64), ""),
        ("bytes of a nested or piped zip held in memory", bytes(limits.zip_buffer_bytes), ""),
    ];
    let rows =
        rows.map(|(what, value, flag)| format!("| {what} | {value} | {flag} |\n").replace("|  |", "| |"));
    format!("| limit | default | flag |\n| --- | --- | --- |\n{}", rows.concat())
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let page = include_str!("../../../SECURITY.md");
    let table = table();
    assert!(page.contains(&table), "SECURITY.md should have this table:\n\n{table}");
}
