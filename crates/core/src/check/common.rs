//! How common words are in ordinary logs: what a literal made of them costs.
//!
//! `data/common-words.txt` lists the words, and the pairs of neighbours, that stand on at least one in 200 lines of
//! `testdata/clean/`, with the lines in a hundred thousand that hold them.
//! `LOGGREP_ABM_BLESS=1 cargo test -p loggrep-abm-core --lib common` writes it anew.

use std::collections::HashMap;
use std::sync::OnceLock;

static TABLE: &str = include_str!("../../data/common-words.txt");

/// Lines of ordinary logs, in a hundred thousand, that hold `text` at most: no text is more common than the rarest of
/// its words and pairs of words.
pub(crate) fn lines_with(text: &str) -> u32 {
    let table = table();
    let words: Vec<&str> = words(text).collect();
    let rate = |words: &[&str]| table.get(words.join(" ").as_str()).copied().unwrap_or(0);
    // A word at either end may be a part of a longer one.
    let ends = |word: &str| {
        let longer = table.iter().filter(|(known, _)| !known.contains(' ') && known.contains(word));
        longer.map(|(_, rate)| *rate).sum::<u32>()
    };
    let last = words.len().saturating_sub(1);
    let singles = words.iter().enumerate().map(|(index, word)| match index == 0 || index == last {
        true => ends(word),
        false => rate(&[word]),
    });
    // The same for a pair, of which only the inner ones are whole.
    let pairs = words.windows(2).enumerate().filter(|(index, _)| *index > 0 && index + 1 < last);
    let pairs = pairs.map(|(_, pair)| rate(pair));
    singles.chain(pairs).min().unwrap_or(100_000)
}

fn table() -> &'static HashMap<&'static str, u32> {
    static PARSED: OnceLock<HashMap<&'static str, u32>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let entry = |line: &'static str| {
            let (rate, words) = line.split_once(' ')?;
            Some((words, rate.parse().ok()?))
        };
        TABLE.lines().filter_map(entry).collect()
    })
}

/// Runs of letters, digits, `-`, `_`; what else stands between them says little.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split(move |c: char| !is_inner(c)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};

    use super::{TABLE, lines_with, words};

    fn files(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => files(&path, into),
                false if path.extension().is_none_or(|extension| extension != "py") => into.push(path),
                false => {}
            }
        }
    }

    /// The table as the logs give it.
    fn made() -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        files(&root.join("../../testdata/clean"), &mut paths);
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut lines = 0;
        for path in paths {
            let text = String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
            for line in text.lines() {
                lines += 1;
                let all: Vec<&str> = words(line).collect();
                let pairs = all.windows(2).map(|pair| pair.join(" "));
                let has_letter = |word: &String| word.chars().any(|c| c.is_ascii_alphabetic());
                let here: BTreeSet<String> =
                    all.iter().map(|word| (*word).to_owned()).chain(pairs).filter(has_letter).collect();
                here.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
            }
        }
        let mut rates: Vec<(u32, String)> = counts
            .into_iter()
            .map(|(word, count)| (count * 1000 / lines * 100 + count * 1000 % lines * 100 / lines, word))
            .collect();
        rates.retain(|(rate, _)| *rate >= 500);
        rates.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut table = String::new();
        for (rate, word) in rates {
            writeln!(table, "{rate} {word}").expect("a String takes text");
        }
        table
    }

    #[test]
    fn the_table_is_that_of_the_clean_logs() {
        let made = made();
        if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/common-words.txt");
            std::fs::write(path, made).expect("the repository can be written");
            return;
        }
        assert!(made == TABLE, "data/common-words.txt is stale: LOGGREP_ABM_BLESS=1 writes it anew");
    }

    #[test]
    fn common_is_what_logs_say_often() {
        for (text, common) in [
            (" level=info msg=", true),
            ("kubelet", true),
            ("containerd", true),
            ("creating NDP client failed", false),
            ("could not find a JWS signature", false),
        ] {
            assert_eq!(lines_with(text) >= 1_000, common, "{text}: {}", lines_with(text));
        }
    }
}
