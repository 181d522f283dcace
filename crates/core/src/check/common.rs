//! How common words are in ordinary logs: what a literal made of them costs.
//!
//! `data/common-words.txt` lists the words, alone, with the punctuation beside them, and with their neighbour, that
//! stand on at least one in 200 lines of `testdata/clean/`, behind the lines in a hundred thousand that hold them.
//! `LOGGREP_ABM_BLESS=1 cargo test -p loggrep-abm-core --lib common` writes it anew.

use std::sync::OnceLock;

static TABLE: &str = include_str!("../../data/common-words.txt");

/// Lines of ordinary logs, in a hundred thousand, that hold `text` at most: no text is more common than the rarest of
/// its words and pairs of words.
pub(crate) fn lines_with(text: &str) -> u32 {
    let tokens = tokens(text);
    // A token at either end of the text may be a part of a longer one.
    let rate = |range: std::ops::Range<usize>| {
        let (opens, closes) = (range.start == 0, range.end == tokens.len());
        let gram = text_of(&tokens[range.clone()]);
        let fits = |known: &str| match (opens, closes) {
            (true, true) => known.contains(&gram),
            (true, false) => known.ends_with(&gram),
            (false, true) => known.starts_with(&gram),
            (false, false) => known == gram,
        };
        let known = table().iter().filter(|(count, known, _)| *count == range.len() && fits(known));
        known.map(|(_, _, rate)| *rate).sum::<u32>()
    };
    grams(&tokens).map(rate).min().unwrap_or(100_000)
}

static STOCK: &str = include_str!("../../data/stock-phrases.txt");

/// Bytes that a text says beside the stock phrases of `data/stock-phrases.txt` and the words between them, at most.
///
/// Clean logs hold few errors, so that the table of their words does not know what every faulty log repeats.
pub(crate) fn beside_stock(text: &str) -> usize {
    let text = text.to_ascii_lowercase();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric();
    let mut known = vec![false; text.len()];
    for phrase in STOCK.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        for (at, _) in text.match_indices(phrase) {
            let end = at + phrase.len();
            let before = text[..at].bytes().next_back().is_some_and(is_word);
            let after = text[end..].bytes().next().is_some_and(is_word);
            if !before && !after {
                known[at..end].fill(true);
            }
        }
        // A literal that a phrase goes beyond is a part of it.
        if at_words(phrase, text.trim_matches(|c: char| !c.is_ascii_alphanumeric())) {
            return 0;
        }
    }
    let said = |at: usize| if known[at] { b' ' } else { text.as_bytes()[at] };
    let rest: Vec<u8> = (0..text.len()).map(said).collect();
    rest.split(|byte| !is_word(*byte)).map(<[u8]>::len).filter(|length| *length > 2).sum()
}

/// Whether whole words of `phrase` are `part`.
fn at_words(phrase: &str, part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    part.len() >= 8
        && phrase.match_indices(part).any(|(at, _)| {
            !phrase[..at].ends_with(is_word) && !phrase[at + part.len()..].starts_with(is_word)
        })
}

/// How many tokens, their text, their rate.
type Row = (usize, &'static str, u32);

fn table() -> &'static [Row] {
    static PARSED: OnceLock<Vec<Row>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let row = |line: &'static str| {
            let (rate, text) = line.split_once('\t')?;
            Some((tokens(text).len(), text, rate.parse().ok()?))
        };
        TABLE.lines().filter_map(row).collect()
    })
}

/// Words and what stands between them: runs of letters, digits, `-` and `_`, and runs of anything else.
fn tokens(text: &str) -> Vec<&str> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_inner(c) != is_inner(first)).unwrap_or(rest.len());
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

/// The text of a few tokens without blanks around it.
fn text_of(tokens: &[&str]) -> String {
    tokens.concat().trim().to_owned()
}

/// Runs of one to three tokens with a letter in them; three are two words and what parts them.
fn grams<'a>(tokens: &'a [&'a str]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
    let is_word = |token: &str| token.bytes().any(|b| b.is_ascii_alphabetic());
    let ranges = (0..tokens.len())
        .flat_map(move |start| (start + 1..=(start + 3).min(tokens.len())).map(move |end| start..end));
    ranges.filter(move |range| {
        let all = &tokens[range.clone()];
        match all.len() {
            3 => is_word(all[0]) && is_word(all[2]),
            _ => all.iter().any(|token| is_word(token)) && all.iter().all(|token| !token.trim().is_empty()),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;
    use std::path::{Path, PathBuf};

    use super::{TABLE, beside_stock, grams, lines_with, text_of, tokens};

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
        let mut lines = 0_u64;
        for path in paths {
            let text = String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
            for line in text.lines() {
                lines += 1;
                let all = tokens(line);
                let here: BTreeSet<String> = grams(&all)
                    .map(|range| text_of(&all[range]))
                    .filter(|gram| !gram.contains('\t'))
                    .collect();
                here.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
            }
        }
        let mut rates: Vec<(u32, String)> = counts
            .into_iter()
            .map(|(word, count)| ((u64::from(count) * 100_000 / lines) as u32, word))
            .collect();
        rates.retain(|(rate, _)| *rate >= 500);
        rates.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let mut table = String::new();
        for (rate, word) in rates {
            writeln!(table, "{rate}\t{word}").expect("a String takes text");
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
            ("in namespace", false),
            ("creating NDP client failed", false),
            ("could not find a JWS signature", false),
        ] {
            assert_eq!(lines_with(text) >= 1_000, common, "{text}: {}", lines_with(text));
        }
    }

    #[test]
    fn stock_phrases_say_nothing() {
        for text in [
            "connection refused",
            "dial tcp: connection refused",
            "Context Deadline Exceeded",
            "no such file or directory",
            ": permission denied",
            "such file or directory",
            "rpc error: code = Unknown desc = not found",
            "failed to get: i/o timeout",
        ] {
            assert_eq!(beside_stock(text), 0, "{text}");
        }
        for text in [
            "failed to set file label on",
            "creating NDP client failed",
            "could not find a JWS signature",
            "token not found in the pool",
        ] {
            assert!(beside_stock(text) >= 8, "{text}: {}", beside_stock(text));
        }
    }
}
