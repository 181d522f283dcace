//! What a text must hold for a regex to match, cut into the *pieces* that the automaton looks for.
//!
//! Depends on nothing of this crate, since the build script runs it over the signatures that are compiled in.

use regex_syntax::hir::{Hir, HirKind};
use serde::{Deserialize, Serialize};

/// The shortest piece: below it, a piece would be a candidate on every other line.
pub(crate) const SHORTEST_PIECE: usize = 8;

/// Pieces a pattern gets at most; each costs false candidates.
const PIECES: usize = 5;

/// The literals of one pattern.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Literals {
    /// What the automaton looks for: any of them makes a candidate.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Required literals without blanks: what a wrapped message must hold.
    pub(crate) squeezed: Vec<Vec<u8>>,
}

impl Literals {
    /// Those of a regex; `given` replaces what would be found in it.
    pub(crate) fn of(hir: &Hir, given: &[String]) -> Result<Literals, String> {
        let needs = Needs::of(hir);
        let squeeze =
            |stretch: &[u8]| stretch.iter().copied().filter(|&byte| byte != b' ').collect::<Vec<u8>>();
        let squeezed = stretches(&needs).into_iter().map(squeeze).filter(|text| text.len() >= 4).collect();
        let given: Vec<Need> = given.iter().map(|text| Need::Literal(text.clone().into_bytes())).collect();
        let pieces = pieces(if given.is_empty() { &needs } else { &given }).ok_or(
            "no literal of 8 characters or more that every match holds (quotes, backslashes, `<`, `>`, `&` do not count)",
        )?;
        Ok(Literals { pieces, squeezed })
    }
}

/// The whole literals that pieces are cut from: those of the regex, of each branch where none is in all of them.
pub(crate) fn whole(hir: &Hir) -> Vec<Vec<u8>> {
    let needs = Needs::of(hir);
    let own: Vec<Vec<u8>> = stretches(&needs).into_iter().map(<[u8]>::to_vec).collect();
    if own.iter().any(|literal| literal.len() >= 12) {
        return own;
    }
    let branches = needs.iter().filter_map(|need| match need {
        Need::Any(branches) => Some(branches),
        Need::Literal(_) => None,
    });
    let of_branches = branches.flatten().flat_map(|branch| stretches(branch)).map(<[u8]>::to_vec);
    own.into_iter().chain(of_branches).collect()
}

/// Whether every match of a regex holds a literal that is telling: one of its own, or one in each branch of an
/// alternation.
pub(crate) fn holds_telling(hir: &Hir, is_telling: &dyn Fn(&[u8]) -> bool) -> bool {
    fn holds(needs: &[Need], is_telling: &dyn Fn(&[u8]) -> bool) -> bool {
        needs.iter().any(|need| match need {
            Need::Literal(literal) => is_telling(literal),
            Need::Any(branches) => branches.iter().all(|branch| holds(branch, is_telling)),
        })
    }
    holds(&Needs::of(hir), is_telling)
}

/// Parses a regex of a signature: bytes, ASCII classes.
pub(crate) fn parse(text: &str) -> Result<Hir, String> {
    let last_line = |error: regex_syntax::Error| {
        let message = error.to_string();
        message.lines().last().unwrap_or(&message).trim_start_matches("error: ").to_owned()
    };
    regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .nest_limit(50)
        .build()
        .parse(text)
        .map_err(last_line)
}

/// What a text must hold for a regex to match.
enum Need {
    Literal(Vec<u8>),
    /// One of several conjunctions.
    Any(Vec<Vec<Need>>),
}

/// Collects the literals that every match of a regex holds.
#[derive(Default)]
struct Needs {
    found: Vec<Need>,
    run: Vec<u8>,
}

impl Needs {
    fn of(hir: &Hir) -> Vec<Need> {
        let mut needs = Needs::default();
        needs.visit(hir);
        needs.end_run();
        needs.found
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.found.push(Need::Literal(std::mem::take(&mut self.run)));
        }
    }

    fn visit(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.run.extend_from_slice(&literal.0),
            HirKind::Capture(capture) => self.visit(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            HirKind::Class(_) => self.end_run(),
            HirKind::Repetition(repetition) => {
                self.end_run();
                if repetition.min > 0 {
                    self.visit(&repetition.sub);
                    self.end_run();
                }
            }
            HirKind::Alternation(parts) => {
                self.end_run();
                let branches: Vec<Vec<Need>> = parts.iter().map(Needs::of).collect();
                if branches.iter().all(|branch| !branch.is_empty()) {
                    self.found.push(Need::Any(branches));
                }
            }
        }
    }
}

/// Bytes that some encoder escapes or doubles; a piece holds none of them.
fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'\\' | b'<' | b'>' | b'&' | b'`') || !(0x20..0x7f).contains(&byte)
}

/// Required stretches without escaped bytes, in the order of the regex.
fn stretches(needs: &[Need]) -> Vec<&[u8]> {
    let literals = needs.iter().filter_map(|need| match need {
        Need::Literal(literal) => Some(literal),
        Need::Any(_) => None,
    });
    literals
        .flat_map(|literal| literal.split(|&byte| is_escaped(byte)))
        .map(|part| part.trim_ascii())
        .collect()
}

fn pieces(needs: &[Need]) -> Option<Vec<Vec<u8>>> {
    let mut stretches = stretches(needs);
    stretches.retain(|stretch| stretch.len() >= SHORTEST_PIECE);
    // Longest first; equals stay in the order of the regex.
    stretches.sort_by_key(|stretch| std::cmp::Reverse(stretch.len()));
    if stretches.first().is_none_or(|stretch| stretch.len() < 12)
        && let Some(pieces) = any_pieces(needs)
    {
        return Some(pieces);
    }
    stretches.first()?;
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for stretch in stretches {
        if pieces.len() >= 2 && stretch.len() < 12 {
            break;
        }
        pieces.extend(tile(stretch));
        if pieces.len() >= PIECES - 1 {
            break;
        }
    }
    pieces.truncate(PIECES);
    pieces.dedup();
    Some(pieces)
}

/// Where nothing long enough is always there: the pieces of every branch of an alternation.
fn any_pieces(needs: &[Need]) -> Option<Vec<Vec<u8>>> {
    needs.iter().find_map(|need| {
        let Need::Any(branches) = need else { return None };
        let branches: Option<Vec<Vec<Vec<u8>>>> = branches.iter().map(|branch| pieces(branch)).collect();
        branches.map(|branches| branches.concat())
    })
}

/// Cuts a stretch at blanks into pieces of about 15 bytes, so that a cut inside one leaves the others whole.
///
/// A short stretch gives its first and its last words, which may overlap in one.
fn tile(stretch: &[u8]) -> Vec<Vec<u8>> {
    const SHORT: usize = 30;
    const WANTED: usize = 14;
    let words: Vec<&[u8]> = stretch.split(|&byte| byte == b' ').collect();
    if stretch.len() < SHORT {
        let wanted = (stretch.len() / 2).clamp(SHORTEST_PIECE, 10);
        let length = |words: &[&[u8]]| words.iter().map(|word| word.len() + 1).sum::<usize>() - 1;
        let first = (1..=words.len()).find(|&count| length(&words[..count]) >= wanted).unwrap_or(words.len());
        let last = (0..words.len()).rev().find(|&from| length(&words[from..]) >= wanted).unwrap_or(0);
        let mut pieces = vec![words[..first].join(&b' '), words[last..].join(&b' ')];
        pieces.dedup();
        return pieces;
    }
    let mut tiles: Vec<Vec<u8>> = Vec::new();
    let mut tile: Vec<u8> = Vec::new();
    for word in words {
        if !tile.is_empty() {
            tile.push(b' ');
        }
        tile.extend_from_slice(word);
        if tile.len() >= WANTED {
            tiles.push(std::mem::take(&mut tile));
        }
    }
    // A lone common word would be a candidate on many lines, and longer pieces break more often: a short rest is left.
    if tile.len() >= 12 || tiles.is_empty() {
        tiles.push(tile);
    }
    tiles
}

#[cfg(test)]
mod tests {
    use super::{Literals, tile};

    fn pieces_of(regex: &str) -> Vec<String> {
        let hir = super::parse(regex).expect(regex);
        let pieces = Literals::of(&hir, &[]).map(|literals| literals.pieces).unwrap_or_default();
        pieces.into_iter().map(|piece| String::from_utf8(piece).expect("ascii")).collect()
    }

    #[test]
    fn pieces_survive_any_one_cut() {
        let regex =
            r#"failed calling webhook "[^"]+": .{0,300}x509: certificate signed by unknown authority"#;
        assert_eq!(
            pieces_of(regex),
            ["x509: certificate", "signed by unknown", "failed calling", "calling webhook"]
        );
        assert_eq!(pieces_of("[Dd]ocker service is not active"), ["ocker service", "not active"]);
        assert_eq!(pieces_of("abc"), [""; 0]);
        assert_eq!(pieces_of("(?:one long literal here|another)"), [""; 0]);
        assert_eq!(
            pieces_of("(?:one long literal here|another one of them)"),
            ["one long literal", "literal here", "another one", "one of them"]
        );
        assert_eq!(pieces_of("BPF program is too (?:large|big)"), ["BPF program", "program is too"]);
    }

    #[test]
    fn tiles_are_long_enough() {
        for text in ["a", "could not find a JWS signature in the cluster-info ConfigMap for token ID", "one"]
        {
            for tile in tile(text.as_bytes()) {
                assert!((1..40).contains(&tile.len()), "{tile:?}");
            }
        }
    }
}
