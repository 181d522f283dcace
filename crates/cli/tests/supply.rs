//! What the program is made of: no code for a network is linked, and none of its crates has any.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Functions of the C library without which nothing reaches a network, nor a local socket.
const SOCKETS: [&str; 20] = [
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "send",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recv",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "getaddrinfo",
    "gethostbyname",
    "getnameinfo",
    "res_query",
    "res_init",
];

/// The functions that the program takes from shared libraries.
#[cfg(target_os = "linux")]
#[test]
fn the_program_calls_no_function_of_sockets() {
    let output = Command::new("nm")
        .args(["-D", "--undefined-only", env!("CARGO_BIN_EXE_loggrep-abm")])
        .output()
        .expect("`nm` comes with the C compiler");
    let text = String::from_utf8_lossy(&output.stdout);
    let names: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .map(|name| name.split('@').next().unwrap_or(name))
        .collect();
    // That the list is one at all: everything opens files.
    assert!(names.contains("write") && (names.contains("open") || names.contains("open64")), "{text}");
    let found: Vec<_> = SOCKETS.iter().filter(|name| names.contains(*name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

/// `rustix` makes system calls of its own, which no list of symbols shows: its part for sockets must be off.
#[test]
fn no_crate_of_the_program_is_for_networks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tree = |more: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .current_dir(&root)
            .args(["tree", "--locked", "--offline", "-p", "loggrep-abm", "-e", "normal", "--prefix", "none"])
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let crates = tree(&["-f", "{p}|{f}"]);
    assert!(crates.contains("loggrep-abm-core v"), "{crates}");
    const NETWORK: [&str; 19] = [
        "socket2",
        "mio",
        "tokio",
        "async-std",
        "smol",
        "hyper",
        "h2",
        "reqwest",
        "ureq",
        "curl",
        "rustls",
        "openssl",
        "native-tls",
        "quinn",
        "trust-dns-resolver",
        "hickory-resolver",
        "tungstenite",
        "isahc",
        "nix",
    ];
    for line in crates.lines() {
        let (package, features) = line.split_once('|').unwrap_or((line, ""));
        let name = package.split(' ').next().unwrap_or(package);
        assert!(!NETWORK.contains(&name), "{line}");
        let for_sockets = features.split(',').any(|feature| feature == "net" || feature == "all-apis");
        assert!(name != "rustix" || !for_sockets, "{line}");
    }
}
