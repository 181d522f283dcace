//! What can be the name of a node, a namespace, a pod or a container.

use std::net::IpAddr;

/// Folders and words that stand where a name could, and are none.
const NO_NAMES: [&[u8]; 43] = [
    b"all",
    b"apps",
    b"baremetal",
    b"batch",
    b"bin",
    b"boot",
    b"cluster",
    b"cmd",
    b"command",
    b"commands",
    b"containerd",
    b"containers",
    b"core",
    b"default-route",
    b"dev",
    b"docker",
    b"etc",
    b"false",
    b"files",
    b"global",
    b"home",
    b"journal",
    b"kubelet",
    b"lib",
    b"localhost",
    b"log",
    b"logs",
    b"namespaces",
    b"nil",
    b"nodes",
    b"none",
    b"null",
    b"pods",
    b"proc",
    b"root",
    b"run",
    b"sys",
    b"tmp",
    b"true",
    b"unknown",
    b"usr",
    b"var",
    b"opt",
];

/// Endings that say how a file is packed or written, none of them part of a name.
const ENDINGS: [&[u8]; 16] = [
    b".gz", b".tgz", b".tar", b".zip", b".xz", b".txz", b".bz2", b".zst", b".log", b".txt", b".out",
    b".stdout", b".stderr", b".yaml", b".json", b".md",
];

/// The name without its endings: `worker-1.tar.gz` is `worker-1`.
pub(super) fn without_endings(name: &[u8]) -> &[u8] {
    let mut name = name;
    while let Some(rest) = ENDINGS.iter().find_map(|ending| name.strip_suffix(*ending)) {
        name = rest;
    }
    name
}

/// The name of a node, in lower case: an address or a host name with a letter in it.
pub(super) fn node(name: &[u8]) -> Option<String> {
    address(name).or_else(|| {
        let name = object(&name.to_ascii_lowercase())?;
        name.bytes().any(|b| b.is_ascii_alphabetic()).then_some(name)
    })
}

/// An address, if the text is one.
pub(super) fn address(name: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(name).ok().filter(|text| text.len() <= 45)?;
    text.parse::<IpAddr>().ok().map(|_| text.to_owned())
}

/// The name of an object of Kubernetes, such as a pod: a DNS name in lower case.
pub(super) fn object(name: &[u8]) -> Option<String> {
    let ends = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let named = name.len() <= 253 && ends(name.first()) && ends(name.last()) && name.iter().all(allowed);
    if !named || NO_NAMES.contains(&name) || name.windows(2).any(|two| two == b"..") {
        return None;
    }
    std::str::from_utf8(name).ok().map(str::to_owned)
}

/// The name of a namespace, a container or a cluster: one label of a DNS name.
pub(super) fn label(name: &[u8]) -> Option<String> {
    if name.len() > 63 || name.contains(&b'.') || is_uid(name) {
        return None;
    }
    object(name)
}

/// `NAMESPACE/POD`.
pub(super) fn namespaced(text: &[u8]) -> Option<(String, String)> {
    let slash = memchr::memchr(b'/', text)?;
    Some((label(&text[..slash])?, object(&text[slash + 1..])?))
}

/// The identity of a pod: a UUID, or the hash of a static pod's file.
pub(super) fn is_uid(text: &[u8]) -> bool {
    let hex = |text: &[u8]| text.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b));
    match text.len() {
        32 => hex(text),
        36 => text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => hex(&[*b]),
        }),
        _ => false,
    }
}
