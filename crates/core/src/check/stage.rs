//! How far a pattern got at a place in a text: what an author asks when an example gives nothing.

use regex_automata::meta::Regex;
use regex_syntax::hir::{Hir, HirKind};

use crate::automaton::tolerant;
use crate::literals;

/// A look at one place where a literal of a pattern stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// Name of the pattern.
    pub pattern: String,
    /// The member.
    pub path: String,
    /// The line of the literal, from 1.
    pub line: u64,
    /// The literal.
    pub literal: String,
    /// The line, cut where it is long.
    pub text: String,
    /// What was captured where the pattern matched, else why it did not.
    pub outcome: Result<Vec<(String, String)>, String>,
}

/// Characters of a line and of a part of a regex that are shown.
const SHOWN: usize = 300;
const PART: usize = 60;

/// The beginning of a line, with secrets masked.
pub(crate) fn shown(line: &[u8]) -> String {
    let masked = crate::mask::mask_bytes(&line[..line.len().min(4 * SHOWN)]);
    let text = String::from_utf8_lossy(&masked);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// As far as which part a regex fits a text, and which part does not follow.
pub(crate) fn reached(regex: &str, text: &[u8]) -> String {
    let Ok(hir) = literals::parse(regex) else { return "the regex does not parse".to_owned() };
    let parts = parts(&hir);
    let fits = |count: usize| {
        let hir = tolerant(&Hir::concat(parts[..count].to_vec()));
        Regex::builder().build_from_hir(&hir).is_ok_and(|regex| regex.is_match(text))
    };
    // What fits a longer beginning fits a shorter one too.
    let counts: Vec<usize> = (1..=parts.len()).collect();
    let count = counts.partition_point(|&count| fits(count));
    let Some(next) = parts.get(count) else { return "the regex fits".to_owned() };
    let next = limited(&next.to_string(), true);
    match count {
        0 => format!("the regex does not match: nothing fits its beginning `{next}`"),
        _ => {
            let before = limited(&Hir::concat(parts[..count].to_vec()).to_string(), false);
            format!("the regex matches as far as `{before}`; `{next}` does not follow")
        }
    }
}

/// The parts of a regex in their order; texts word by word, groups opened.
fn parts(hir: &Hir) -> Vec<Hir> {
    match hir.kind() {
        HirKind::Concat(all) => all.iter().flat_map(parts).collect(),
        HirKind::Literal(literal) => {
            literal.0.split_inclusive(|&byte| byte == b' ').map(|word| Hir::literal(word.to_vec())).collect()
        }
        HirKind::Capture(capture) => parts(&capture.sub),
        _ => vec![hir.clone()],
    }
}

/// A few characters of a part, from its beginning or its end.
fn limited(regex: &str, from_start: bool) -> String {
    // The form in which the parser writes a class of bytes says nothing to an author.
    let regex = regex.replace("(?-u:", "(?:");
    let count = regex.chars().count();
    if count <= PART {
        return regex;
    }
    match from_start {
        true => format!("{}…", regex.chars().take(PART).collect::<String>()),
        false => format!("…{}", regex.chars().skip(count - PART).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn the_part_that_does_not_fit_is_named() {
        let regex = r#"address "(?P<address>[a-z]+)" not found on interface"#;
        for (text, expected) in [
            (&br#"address "linklocal" is gone"#[..], "`not ` does not follow"),
            (b"address 12", "as far as `address `; `\"` does not follow"),
            (b"something else", "nothing fits its beginning `address `"),
        ] {
            let got = reached(regex, text);
            assert!(got.contains(expected), "{got}");
        }
        assert_eq!(reached("one two", b"one two"), "the regex fits");
    }
}
