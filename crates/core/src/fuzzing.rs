//! What must hold of internals whatever bytes they get: the bodies of fuzz targets that need more than the interface.
//!
//! Each panics where a property does not hold.

use aho_corasick::AhoCorasick;

use crate::bundle::facts::{Facts, Resolved};
use crate::bundle::place::place_of_path;
use crate::filter::{Filter, Found, Kernel, SHORTEST};
use crate::fold::Folded;
use crate::html::{Stripper, is_html};
use crate::path::EntryPath;
use crate::signature::expr::{Env, TextFunction, Value, parse};

/// Splits off a line.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', data).unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// Every kernel of the filter finds what a naive search finds: lines are pieces, up to an empty one; the rest is text.
pub fn filter(data: &[u8]) {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut text = data;
    while !text.is_empty() && pieces.len() < 32 {
        let piece;
        (piece, text) = line(text);
        if piece.is_empty() {
            break;
        }
        if piece.len() >= SHORTEST && !pieces.iter().any(|other| other == piece) {
            pieces.push(piece.to_vec());
        }
    }
    // The first byte says how often the text comes, so that swarms and the borders of blocks are met.
    let repeats = text.first().map_or(1, |byte| 1 + usize::from(byte % 32));
    let text = text.repeat(repeats);
    let mut expected: Vec<Found> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let starts = (0..text.len()).filter(|&at| text[at] == piece[0] && text[at..].starts_with(piece));
        expected.extend(starts.map(|at| (index as u32, at)));
    }
    expected.sort_unstable();
    let automaton = AhoCorasick::new(&pieces).expect("a few short pieces");
    let overlapping = |text: &[u8], found: &mut Vec<Found>| {
        let hits = automaton.find_overlapping_iter(text);
        found.extend(hits.map(|hit| (hit.pattern().as_u32(), hit.start())));
    };
    let mut found = Vec::new();
    overlapping(&text, &mut found);
    found.sort_unstable();
    assert_eq!(found, expected, "the automaton");
    for kernel in Kernel::available() {
        let filter = Filter::new(pieces.clone(), kernel);
        let mut found = Vec::new();
        filter.find(&text, &mut found, &overlapping);
        found.sort_unstable();
        assert_eq!(found, expected, "{kernel:?}");
    }
}

/// Folding keeps to its source, and both ways between them stay inside; tags go whatever the pieces are.
pub fn text(data: &[u8]) {
    let mut folded = Folded::default();
    folded.fold(data);
    // A blank is put in front of what is kept at most, and an escape of six bytes gives three.
    assert!(folded.text.len() <= 2 * data.len(), "{} bytes of {}", folded.text.len(), data.len());
    for at in 0..folded.text.len() {
        assert!(folded.source_offset(at) < data.len(), "byte {at} of the text");
    }
    for at in 0..=data.len() {
        assert!(folded.text_offset(at) <= folded.text.len(), "byte {at} of the source");
    }
    let first = std::mem::take(&mut folded.text);
    // What was folded before leaves nothing behind.
    folded.fold(b"\"another\\\" <b>line</b>");
    folded.fold(data);
    assert!(folded.text == first, "folding depends on what was folded before");

    let stripped = |piece: usize| {
        let (mut stripper, mut out) = (Stripper::default(), Vec::new());
        data.chunks(piece).for_each(|bytes| stripper.strip(bytes, &mut out));
        stripper.finish(&mut out);
        (stripper, out)
    };
    let (stripper, whole) = stripped(data.len().max(1));
    assert!(whole.len() <= data.len());
    let mut before = 0;
    for at in 0..whole.len() {
        let offset = stripper.source_offset(at as u64);
        assert!(offset >= before && offset < data.len() as u64, "byte {at} is said to be at {offset}");
        before = offset;
    }
    for piece in [1, 7, 301] {
        assert!(stripped(piece).1 == whole, "pieces of {piece} give another text");
    }
    if is_html(data) {
        assert!(memchr::memchr(b'<', data).is_some());
    }
}

fn facts_of(files: &[(&[u8], &[u8])]) -> Facts {
    let mut facts = Facts::new(1000);
    for (path, text) in files {
        let path = EntryPath::input(*path);
        facts.saw_path(&path, &place_of_path(path.as_bytes()));
        facts.read(&path, text);
    }
    facts
}

/// Facts name lines that are there, and joining them does not depend on the order. The first two lines are paths of
/// members; a line of `%%%` parts their texts.
pub fn facts(data: &[u8]) {
    let (first, rest) = line(data);
    let (second, rest) = line(rest);
    let cut =
        memchr::memmem::find(rest, b"\n%%%\n").map_or((rest, &b""[..]), |at| (&rest[..at], &rest[at + 5..]));
    let (a, b) = ((first, cut.0), (second, cut.1));
    let one = facts_of(&[a]).resolve(None);
    let lines = String::from_utf8_lossy(a.1).split('\n').count() as u64;
    let length = String::from_utf8_lossy(a.1).len() as u64;
    for entity in one.all() {
        for fact in entity.facts.values() {
            for source in &fact.sources {
                assert!((1..=lines).contains(&source.line), "line {} of {lines}", source.line);
                assert!(source.offset <= length, "byte {} of {length}", source.offset);
                assert_eq!(source.path.as_bytes(), first);
            }
        }
    }
    let show = |resolved: &Resolved| format!("{resolved:?}");
    let in_turn = facts_of(&[a, b]);
    let mut joined = facts_of(&[a]);
    joined.merge(facts_of(&[b]));
    let mut other_way = facts_of(&[b]);
    other_way.merge(facts_of(&[a]));
    let expected = show(&in_turn.resolve(None));
    assert_eq!(show(&joined.resolve(None)), expected, "merged");
    assert_eq!(show(&other_way.resolve(None)), expected, "merged the other way round");
}

struct Known<'r>(Option<&'r Resolved>);

impl Env for Known<'_> {
    fn text(&self, function: TextFunction) -> Value {
        match function {
            TextFunction::Count(pattern) => Value::Number(pattern as f64),
            _ => Value::Unknown,
        }
    }

    fn facts(&self) -> Option<&Resolved> {
        self.0
    }
}

/// A condition is refused with a place inside of it, or evaluated: to unknown, or to what it is with facts known. The
/// first line is the condition, the second a path, the rest a member that gives facts.
pub fn expression(data: &[u8]) {
    let (condition, rest) = line(data);
    let Ok(condition) = std::str::from_utf8(condition) else { return };
    let expr = match parse(condition, &["a", "b", "c"]) {
        Ok(expr) => expr,
        Err(error) => {
            assert!(error.at <= condition.len(), "{} of {}", error.at, condition.len());
            assert!(!error.message.is_empty());
            return;
        }
    };
    let (path, text) = line(rest);
    let facts = facts_of(&[(path, text)]).resolve(None);
    let (with, without) = (Known(Some(&facts)), Known(None));
    let value = expr.evaluate(&with, None);
    assert_eq!(format!("{value:?}"), format!("{:?}", expr.evaluate(&with, None)));
    let mut missing = std::collections::BTreeSet::new();
    expr.missing(&without, None, &mut missing);
    if !expr.asks_facts() {
        assert_eq!(format!("{value:?}"), format!("{:?}", expr.evaluate(&without, None)), "facts matter");
        // What `near` and its like lack are times of log lines, which are no facts.
        assert!(missing.iter().all(|missing| !format!("{missing:?}").contains('.')), "{missing:?}");
    }
}
