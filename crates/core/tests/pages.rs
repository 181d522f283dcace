//! The pages of the signatures in `docs/signatures/` are those that the files give.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use loggrep_abm_core::SignatureSet;
use loggrep_abm_core::report::{pages, write_explanation};

#[test]
fn the_pages_are_not_stale() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/signatures"));
    let expected: BTreeMap<String, String> = pages(&SignatureSet::builtin().unwrap()).into_iter().collect();
    if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder.join("ko")).unwrap();
        expected.iter().for_each(|(path, text)| std::fs::write(folder.join(path), text).unwrap());
    }
    let mut found = BTreeMap::new();
    for prefix in ["", "ko/"] {
        for entry in std::fs::read_dir(folder.join(prefix)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let hint = "`cargo run -p loggrep-abm -- signatures docs -o docs/signatures` writes the pages";
    let names = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{hint}; pages of files that are gone have to go too");
    for (name, text) in &expected {
        assert!(found[name] == *text, "{name} is stale: {hint}");
    }
}

#[test]
fn explain_gives_the_text_of_the_page() {
    let set = SignatureSet::builtin().unwrap();
    let all: BTreeMap<String, String> = pages(&set).into_iter().collect();
    for signature in set.signatures() {
        for (language, folder) in [("en", ""), ("ko", "ko/")] {
            let mut text = Vec::new();
            write_explanation(&set, signature, language, &mut text).unwrap();
            let page = &all[&format!("{folder}{}.md", signature.id())];
            assert_eq!(*page, String::from_utf8(text).unwrap());
            let (source, _) = signature.source();
            assert!(page.contains(source.split(['<', '*']).next().unwrap()), "{}", signature.id());
        }
    }
}
