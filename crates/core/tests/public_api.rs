//! What the crate shows to others is what `public-api.txt` lists, so that no change of it goes unseen.
//! `LOGGREP_ABM_BLESS=1 cargo test -p loggrep-abm-core --test public_api` writes the list anew.
//!
//! The list is made of the `pub` items in the sources: the lint `unreachable_pub` sees to it that they are reachable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The items of a file, each on one line, without what is only for its tests.
fn items(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut lines = code.lines();
    let mut items = Vec::new();
    while let Some(line) = lines.next() {
        let item = line.trim_start();
        if !item.starts_with("pub ") {
            continue;
        }
        let indent = &line[..line.len() - item.len()];
        let mut item = item.to_owned();
        let is_field = |item: &str| item.ends_with(',') && !item.contains('(');
        while !item.ends_with(['{', ';', '}']) && !is_field(&item) {
            let Some(more) = lines.next() else { break };
            item.push(' ');
            item.push_str(more.trim());
        }
        if item.starts_with("pub enum") || item.starts_with("pub trait") {
            let end = format!("{indent}}}");
            for part in lines.by_ref().take_while(|part| **part != end) {
                let part = part.trim();
                let is_code = !part.starts_with("//") && !part.starts_with("#[");
                if is_code && (part.ends_with([',', '{', ';', '}'])) {
                    item.push(' ');
                    item.push_str(part);
                }
            }
        }
        items.push(item.trim_end_matches([' ', '{', ',']).replace("( ", "(").replace(", )", ")"));
    }
    items
}

#[test]
fn the_public_api_is_what_was_agreed_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    files.sort();
    let mut list = String::new();
    for file in files {
        let items = items(&std::fs::read_to_string(&file).unwrap());
        if items.is_empty() {
            continue;
        }
        list.push_str(&format!("{}\n", file.strip_prefix(root.join("src")).unwrap().display()));
        items.iter().for_each(|item| list.push_str(&format!("    {item}\n")));
    }
    let path = root.join("public-api.txt");
    if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let news: Vec<&str> = list.lines().filter(|line| !agreed.lines().any(|other| other == *line)).collect();
    let gone: Vec<&str> = agreed.lines().filter(|line| !list.lines().any(|other| other == *line)).collect();
    assert!(
        list == agreed,
        "the public API changed: if that is meant, run this test with LOGGREP_ABM_BLESS=1\nnew: {news:#?}\ngone: {gone:#?}"
    );
}
