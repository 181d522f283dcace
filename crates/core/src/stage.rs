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
    let next = limited(&written(next), true);
    match count {
        0 => format!("the regex does not match: nothing fits its beginning `{next}`"),
        _ => {
            let before: String = parts[..count].iter().map(written).collect();
            format!("the regex matches as far as `{}`; `{next}` does not follow", limited(&before, false))
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

/// A part as an author would write it.
fn written(hir: &Hir) -> String {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).into_owned(),
        HirKind::Capture(capture) => written(&capture.sub),
        HirKind::Concat(all) => all.iter().map(written).collect(),
        HirKind::Alternation(all) => {
            format!("(?:{})", all.iter().map(written).collect::<Vec<_>>().join("|"))
        }
        HirKind::Repetition(repetition) => {
            let sub = written(&repetition.sub);
            let is_one = matches!(repetition.sub.kind(), HirKind::Class(_) | HirKind::Alternation(_));
            let sub = if is_one || sub.len() == 1 { sub } else { format!("(?:{sub})") };
            let times = match (repetition.min, repetition.max) {
                (0, None) => "*".to_owned(),
                (1, None) => "+".to_owned(),
                (0, Some(1)) => "?".to_owned(),
                (min, None) => format!("{{{min},}}"),
                (min, Some(max)) if min == max => format!("{{{min}}}"),
                (min, Some(max)) => format!("{{{min},{max}}}"),
            };
            format!("{sub}{times}{}", if repetition.greedy { "" } else { "?" })
        }
        // The parser marks a class of bytes, which says nothing to an author.
        HirKind::Class(_) | HirKind::Look(_) | HirKind::Empty => {
            let text = hir.to_string();
            let inner = text.strip_prefix("(?-u:").and_then(|text| text.strip_suffix(')'));
            inner.map_or(text.clone(), str::to_owned)
        }
    }
}

/// A few characters of a part, from its beginning or its end.
fn limited(text: &str, from_start: bool) -> String {
    let count = text.chars().count();
    match from_start {
        _ if count <= PART => text.to_owned(),
        true => format!("{}…", text.chars().take(PART).collect::<String>()),
        false => format!("…{}", text.chars().skip(count - PART).collect::<String>()),
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
