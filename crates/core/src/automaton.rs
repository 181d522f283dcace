//! All signatures compiled into one automaton: bytes to candidates.
//!
//! A regex's required literals are cut into *pieces* of one to three words. A piece in the text makes a candidate for
//! [`confirm`](crate::confirm); since a message is cut at any one place by a line break, a margin or the border of a
//! partial record, and its pieces do not overlap, some piece always survives, so that one pass over the raw bytes
//! finds the message in every form. Pieces hold no byte that an encoder would escape.
//!
//! The automaton reports overlapping matches, else one issue's phrase would hide another's that starts inside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_automata::meta::Regex;
use regex_syntax::hir::{Class, ClassBytesRange, Hir, HirKind, Repetition};

use crate::error::{Error, ErrorKind};
use crate::filter::{Filter, Found, Kernel};
use crate::lazy::LazyRegex;
use crate::literals;
use crate::signature::{Mistake, Pattern, Signature};

/// Every signature of a run, compiled and ready to be shared between threads.
///
/// Regexes compile when the first candidate asks for them.
pub struct SignatureSet {
    signatures: Vec<Signature>,
    patterns: Vec<CompiledPattern>,
    filter: Filter,
    pieces: Vec<Vec<u8>>,
    /// Defines what is found; built when candidates swarm, since that takes longer than all the rest.
    automaton: OnceLock<AhoCorasick>,
    /// Which patterns a piece is a candidate for.
    users: Vec<Vec<PatternId>>,
    longest_piece: usize,
    digest: String,
}

/// Index of a pattern in its [`SignatureSet`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct PatternId(u32);

/// Index of a signature in its [`SignatureSet`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct SignatureId(u32);

impl SignatureId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A piece found at an offset of the text.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Candidate {
    pub(crate) start: u64,
    pub(crate) piece: u32,
}

/// A pattern with its lazily compiled regexes.
pub(crate) struct CompiledPattern {
    pub(crate) signature: SignatureId,
    /// Index inside the signature.
    pub(crate) index: usize,
    regex: String,
    line: OnceLock<Regex>,
    wrapped: OnceLock<Regex>,
    also: Vec<LazyRegex>,
    reject: Vec<LazyRegex>,
    /// Required literals without blanks: what a wrapped message must hold.
    pub(crate) squeezed: Vec<Vec<u8>>,
}

impl CompiledPattern {
    /// The regex for a message that stands on one line.
    pub(crate) fn line_regex(&self) -> &Regex {
        self.line.get_or_init(|| compile(&parsed(&self.regex)))
    }

    /// The regex for a message with line breaks at any place.
    pub(crate) fn wrapped_regex(&self) -> &Regex {
        self.wrapped.get_or_init(|| compile(&tolerant(&parsed(&self.regex))))
    }

    /// Whether `also` and `reject` let a message pass.
    pub(crate) fn accepts(&self, message: &[u8]) -> bool {
        self.also.iter().all(|regex| regex.is_match(message)) && !self.rejects(message)
    }

    /// Which of `also` does not hold for a message, or which of `reject` does.
    pub(crate) fn refusal(&self, message: &[u8]) -> Option<String> {
        let lacks = self.also.iter().find(|regex| !regex.is_match(message));
        let rejects = || self.reject.iter().find(|regex| regex.is_match(message));
        match lacks {
            Some(regex) => Some(format!("`also` does not hold: {}", regex.text())),
            None => rejects().map(|regex| format!("`reject` holds: {}", regex.text())),
        }
    }

    /// Whether `reject` holds for a message.
    pub(crate) fn rejects(&self, message: &[u8]) -> bool {
        self.reject.iter().any(|regex| regex.is_match(message))
    }

    /// Whether there is anything to reject.
    pub(crate) fn has_rejects(&self) -> bool {
        !self.reject.is_empty()
    }
}

/// A regex that the loader found to parse, or the build script where it is built in.
fn parsed(regex: &str) -> Hir {
    literals::parse(regex).expect("the loader parsed this regex")
}

/// The form of a regex that tolerates line breaks.
fn tolerant_regex(text: &str) -> Option<Regex> {
    Some(compile(&tolerant(&parsed(text))))
}

/// The regex in both its forms, or why it cannot be used: larger than `NFA_BYTES` when compiled.
pub(crate) fn check_regex(text: &str) -> Result<Hir, String> {
    /// Bounds what a signature file from elsewhere may ask for.
    const NFA_BYTES: usize = 4 << 20;
    /// Compiles to far less than that: a character takes some 50 bytes.
    const SURELY_SMALL: u64 = 10_000;
    let hir = literals::parse(text)?;
    if weight(&hir) > SURELY_SMALL {
        let config = Regex::config().nfa_size_limit(Some(NFA_BYTES));
        let built = Regex::builder().configure(config).build_from_hir(&tolerant(&hir));
        built.map_err(|error| error.to_string())?;
    }
    Ok(hir)
}

/// How many characters a regex unrolls to.
fn weight(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(class) => match class {
            Class::Bytes(bytes) => bytes.ranges().len() as u64,
            Class::Unicode(class) => class.ranges().len() as u64,
        },
        HirKind::Capture(capture) => weight(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            weight(&repetition.sub).saturating_add(1).saturating_mul(times.into())
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum: u64, part| sum.saturating_add(weight(part)))
        }
    }
}

fn compile(hir: &Hir) -> Regex {
    Regex::builder().build_from_hir(hir).expect("the loader compiled this regex")
}

/// The same regex for text in which a line break may stand for any blank, and after any character.
pub(crate) fn tolerant(hir: &Hir) -> Hir {
    let repetition = |repetition: &Repetition| {
        Hir::repetition(Repetition { sub: Box::new(tolerant(&repetition.sub)), ..repetition.clone() })
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => hir.clone(),
        HirKind::Literal(literal) => Hir::concat(literal.0.iter().map(|&byte| tolerant_byte(byte)).collect()),
        HirKind::Class(class) => Hir::concat(vec![class_with_break(class), optional_break()]),
        HirKind::Repetition(inner) => repetition(inner),
        HirKind::Capture(capture) => {
            let mut capture = capture.clone();
            capture.sub = Box::new(tolerant(&capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(tolerant).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(tolerant).collect()),
    }
}

fn tolerant_byte(byte: u8) -> Hir {
    match byte {
        b' ' => Hir::class(Class::Bytes(regex_syntax::hir::ClassBytes::new([
            ClassBytesRange::new(b'\n', b'\n'),
            ClassBytesRange::new(b' ', b' '),
        ]))),
        _ => Hir::concat(vec![Hir::literal([byte]), optional_break()]),
    }
}

fn optional_break() -> Hir {
    let sub = Box::new(Hir::literal([b'\n']));
    Hir::repetition(Repetition { min: 0, max: Some(1), greedy: false, sub })
}

fn class_with_break(class: &Class) -> Hir {
    let mut class = class.clone();
    if let Class::Bytes(bytes) = &mut class
        && bytes.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b' '))
    {
        bytes.push(ClassBytesRange::new(b'\n', b'\n'));
    }
    Hir::class(class)
}

/// What a record holds that is a part of a longer message: CRI's tag, and any record of docker.
const PARTS: [&[u8]; 3] = [b" stderr P ", b" stdout P ", b"\",\"stream\":\"std"];

impl SignatureSet {
    /// Compiles the built-in signatures.
    ///
    /// # Errors
    /// Never for a released build: its tests load the same files.
    pub fn builtin() -> Result<SignatureSet, Error> {
        SignatureSet::with_builtin([])
    }

    /// Compiles the built-in signatures and those of the files `(file name, text)`.
    ///
    /// # Errors
    /// When a file has a mistake, or the id of a built-in signature.
    pub fn with_builtin<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<SignatureSet, Error> {
        SignatureSet::with_builtin_except(&BTreeSet::new(), files)
    }

    /// The same without the built-in signatures of these ids: a newer catalog has its own.
    ///
    /// # Errors
    /// Those of [`SignatureSet::with_builtin`].
    pub fn with_builtin_except<'a>(
        except: &BTreeSet<String>,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<SignatureSet, Error> {
        let mut loading = Loading::default();
        loading.builtin(except);
        files.into_iter().for_each(|(file, text)| loading.file(file, text));
        loading.finish_without_mistakes()
    }

    /// Compiles signatures from `(file name, text)`.
    ///
    /// # Errors
    /// When a file has a mistake; [`check_files`](crate::check::check_files) gives all of them.
    pub fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<SignatureSet, Error> {
        let mut loading = Loading::default();
        files.into_iter().for_each(|(file, text)| loading.file(file, text));
        loading.finish_without_mistakes()
    }

    /// Compiles what can be compiled and tells every mistake.
    pub(crate) fn load<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (SignatureSet, Vec<Mistake>) {
        let mut loading = Loading::default();
        files.into_iter().for_each(|(file, text)| loading.file(file, text));
        loading.finish()
    }

    fn compile(signatures: Vec<Signature>, digest: String) -> SignatureSet {
        let mut patterns = Vec::new();
        let mut pieces: BTreeMap<Vec<u8>, Vec<PatternId>> = BTreeMap::new();
        for (signature_index, signature) in signatures.iter().enumerate() {
            for (index, pattern) in signature.patterns.iter().enumerate() {
                let id = PatternId(patterns.len() as u32);
                for piece in &pattern.required.pieces {
                    pieces.entry(piece.clone()).or_default().push(id);
                }
                patterns.push(CompiledPattern::new(SignatureId(signature_index as u32), index, pattern));
            }
        }
        for part in PARTS {
            pieces.entry(part.to_vec()).or_default();
        }
        let longest_piece = pieces.keys().map(Vec::len).max().unwrap_or(1);
        let (pieces, users): (Vec<Vec<u8>>, Vec<Vec<PatternId>>) = pieces.into_iter().unzip();
        let kernel = Kernel::available()[0];
        let filter = Filter::new(pieces.clone(), kernel);
        let automaton = OnceLock::new();
        SignatureSet { signatures, patterns, filter, pieces, automaton, users, longest_piece, digest }
    }

    /// All signatures, by id.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// SHA-256 over names and texts of the files, in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The text of the piece that was found.
    pub(crate) fn piece(&self, candidate: Candidate) -> &[u8] {
        &self.pieces[candidate.piece as usize]
    }

    pub(crate) fn piece_length(&self, candidate: Candidate) -> usize {
        self.pieces[candidate.piece as usize].len()
    }

    pub(crate) fn longest_piece(&self) -> usize {
        self.longest_piece
    }

    /// Adds the pieces in `haystack`, whose first byte is at offset `base`, ordered by where they start.
    pub(crate) fn candidates(
        &self,
        haystack: &[u8],
        base: u64,
        scratch: &mut Vec<Found>,
        into: &mut Vec<Candidate>,
    ) {
        scratch.clear();
        self.filter.find(haystack, scratch, &|part, found| self.automaton_matches(part, found));
        let from = into.len();
        into.extend(scratch.iter().map(|&(piece, start)| Candidate { start: base + start as u64, piece }));
        into[from..].sort_unstable();
    }

    /// All overlapping matches of the automaton.
    fn automaton_matches(&self, text: &[u8], found: &mut Vec<Found>) {
        let automaton = self.automaton.get_or_init(|| {
            AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::DFA))
                .build(&self.pieces)
                .expect("a few thousand short pieces fit an automaton")
        });
        let matches = automaton.find_overlapping_iter(text);
        found.extend(matches.map(|found| (found.pattern().as_u32(), found.start())));
    }

    /// Whether `candidate` marks a record that may be a part of a longer message.
    pub(crate) fn marks_part(&self, candidate: Candidate) -> bool {
        PARTS.contains(&&self.pieces[candidate.piece as usize][..])
    }

    /// The patterns that `candidate` may belong to.
    pub(crate) fn users(&self, candidate: Candidate) -> &[PatternId] {
        &self.users[candidate.piece as usize]
    }

    pub(crate) fn pattern(&self, id: PatternId) -> &CompiledPattern {
        &self.patterns[id.0 as usize]
    }

    pub(crate) fn pattern_count(&self) -> usize {
        self.patterns.len()
    }

    pub(crate) fn signature(&self, id: SignatureId) -> &Signature {
        &self.signatures[id.index()]
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = SignatureId> + use<> {
        (0..self.signatures.len() as u32).map(SignatureId)
    }

    /// The pattern as its file says it.
    pub(crate) fn source(&self, id: PatternId) -> &Pattern {
        let compiled = self.pattern(id);
        &self.signature(compiled.signature).patterns[compiled.index]
    }
}

impl PatternId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl CompiledPattern {
    fn new(signature: SignatureId, index: usize, pattern: &Pattern) -> CompiledPattern {
        CompiledPattern {
            signature,
            index,
            regex: pattern.regex.clone(),
            line: OnceLock::new(),
            wrapped: OnceLock::new(),
            also: pattern.also.iter().map(|text| LazyRegex::new(text, tolerant_regex)).collect(),
            reject: pattern.reject.iter().map(|text| LazyRegex::new(text, tolerant_regex)).collect(),
            squeezed: pattern.required.squeezed.clone(),
        }
    }
}

/// Files on their way into a set.
#[derive(Default)]
struct Loading {
    by_id: BTreeMap<String, Signature>,
    mistakes: Vec<Mistake>,
    digest: Digest,
    /// The files that are not compiled in.
    names: Vec<String>,
}

impl Loading {
    fn builtin(&mut self, except: &BTreeSet<String>) {
        for ((file, text), prepared) in crate::signature::builtin().zip(crate::signature::prepared()) {
            if file.strip_suffix(".toml").is_some_and(|id| except.contains(id)) {
                continue;
            }
            self.digest.update(file, text);
            let signature = crate::signature::load_prepared(file, text, prepared, &mut self.mistakes);
            self.add(signature);
        }
    }

    fn file(&mut self, file: &str, text: &str) {
        self.digest.update(file, text);
        self.names.push(file.to_owned());
        let signature = crate::signature::load(file, text, &mut self.mistakes);
        self.add(signature);
    }

    fn add(&mut self, signature: Option<Signature>) {
        let Some(signature) = signature else { return };
        match self.by_id.get(&signature.id) {
            Some(other) => self.mistakes.push(Mistake {
                message: format!("the id stands in `{}` too", other.file),
                file: signature.file,
                line: 1,
                column: 1,
                id: signature.id,
            }),
            None => {
                self.by_id.insert(signature.id.clone(), signature);
            }
        }
    }

    fn finish(mut self) -> (SignatureSet, Vec<Mistake>) {
        // The tests prove what is compiled in.
        if !self.names.is_empty() {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            crate::signature::relations::check(&self.by_id, &names, &mut self.mistakes);
        }
        self.mistakes.sort();
        let signatures = self.by_id.into_values().collect();
        (SignatureSet::compile(signatures, self.digest.finish()), self.mistakes)
    }

    fn finish_without_mistakes(self) -> Result<SignatureSet, Error> {
        let (set, mistakes) = self.finish();
        if mistakes.is_empty() {
            return Ok(set);
        }
        let lines: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
        Err(Error::new(ErrorKind::Signature, lines.join("\n")))
    }
}

#[derive(Default)]
struct Digest(sha2::Sha256);

impl Digest {
    fn update(&mut self, file: &str, text: &str) {
        use sha2::Digest as _;
        let name = file.rsplit('/').next().unwrap_or(file);
        self.0.update((name.len() as u64).to_le_bytes());
        self.0.update(name);
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn finish(self) -> String {
        use sha2::Digest as _;
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Candidate, PARTS, PatternId, SignatureSet, check_regex};

    /// Numbers that are the same on each run (xorshift64).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }

        fn one_of<'t, T>(&mut self, items: &'t [T]) -> &'t T {
            &items[self.below(items.len())]
        }
    }

    /// Holds the automaton against a search for each piece at each place.
    fn finds_what_a_naive_search_finds(set: &SignatureSet, text: &[u8], pieces: &[Vec<u8>]) {
        const BASE: u64 = 1_000;
        let (mut scratch, mut got) = (Vec::new(), Vec::new());
        set.candidates(text, BASE, &mut scratch, &mut got);
        let mut expected = Vec::new();
        for start in 0..text.len() {
            let here = (0u32..).zip(pieces).filter(|(_, piece)| text[start..].starts_with(piece));
            expected.extend(here.map(|(piece, _)| Candidate { start: BASE + start as u64, piece }));
        }
        expected.sort_unstable();
        let text = text.escape_ascii();
        assert_eq!(got, expected, "text: {text}");
        assert!(
            got.iter().all(|found| set.piece_length(*found) == pieces[found.piece as usize].len()),
            "{text}"
        );
    }

    /// What the build script prepared is what the files say.
    #[test]
    fn the_builtin_set_is_that_of_its_files() {
        let prepared = SignatureSet::builtin().unwrap();
        let loaded = SignatureSet::from_files(crate::signature::builtin()).unwrap();
        assert_eq!(prepared.digest(), loaded.digest());
        assert_eq!(prepared.signatures().len(), loaded.signatures().len());
        for (prepared, mut loaded) in prepared.signatures.into_iter().zip(loaded.signatures) {
            assert_eq!(prepared.definition(), loaded.definition());
            loaded.examples.clear();
            loaded.near_misses.clear();
            assert_eq!(format!("{prepared:?}"), format!("{loaded:?}"));
        }
    }

    #[test]
    fn a_regex_that_unrolls_to_too_much_is_a_mistake() {
        assert!(check_regex("a long literal{1,500} and (?:more of [a-z]{3} it){20}").is_ok());
        assert!(check_regex("a long literal (?:(?:x{1000}){1000}){1000}").is_err());
        assert!(check_regex("a long literal (?:[ab][cd]){500000}").is_err());
    }

    /// The pieces of a set by their number, and the patterns that each belongs to.
    fn pieces_of_set(set: &SignatureSet) -> BTreeMap<Vec<u8>, Vec<PatternId>> {
        let mut pieces: BTreeMap<Vec<u8>, Vec<PatternId>> = BTreeMap::new();
        for id in (0..set.pattern_count() as u32).map(PatternId) {
            for piece in set.source(id).required.pieces.clone() {
                pieces.entry(piece).or_default().push(id);
            }
        }
        for part in PARTS {
            pieces.entry(part.to_vec()).or_default();
        }
        pieces
    }

    #[test]
    fn qc_automaton_of_the_builtin_signatures_matches_naive() {
        let set = SignatureSet::builtin().unwrap();
        let by_piece = pieces_of_set(&set);
        for (piece, users) in (0..).zip(by_piece.values()) {
            assert_eq!(set.users(Candidate { start: 0, piece }), &users[..]);
        }
        let pieces: Vec<Vec<u8>> = by_piece.into_keys().collect();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for round in 0..300 {
            // Now and then longer than what the filter looks at before it hands over to the automaton. Pieces, their beginnings and ends and single bytes of them, one behind the other.
            let mut text = Vec::new();
            while text.len() < if round % 30 == 0 { 40_000 } else { 300 } {
                let piece = numbers.one_of(&pieces);
                let at = numbers.below(piece.len());
                text.extend_from_slice(match numbers.below(5) {
                    0 | 1 => piece,
                    2 => &piece[..at],
                    3 => &piece[at..],
                    _ => &piece[at..=at],
                });
            }
            finds_what_a_naive_search_finds(&set, &text, &pieces);
        }
    }

    #[test]
    fn qc_automaton_of_pieces_of_two_letters_matches_naive() {
        let mut numbers = Numbers(0x1234_5678_9abc_def1);
        for _ in 0..20 {
            let random = |numbers: &mut Numbers, length: usize| -> String {
                (0..length).map(|_| *numbers.one_of(&['a', 'b'])).collect()
            };
            let files: Vec<(String, String)> = (0..12)
                .map(|number| {
                    let length = 8 + numbers.below(5);
                    let literal = random(&mut numbers, length);
                    let file = format!(
                        "id = \"s{number}\"\ncategory = \"operation\"\nseverity = \"low\"\nsource = \"none\"\n\
                         source_confidence = \"low\"\n[[pattern]]\nname = \"p\"\nregex = \"{literal}\"\n\
                         confidence = \"likely\"\n[[example]]\ntext = \"{literal}\"\n\
                         [[near_miss]]\ntext = \"-\"\nwhy = \"-\"\n\
                         [text.en]\ntitle = \"t\"\nsummary = \"s\"\nworkaround = \"w\"\n\
                         [text.ko]\ntitle = \"t\"\nsummary = \"s\"\nworkaround = \"w\"\n"
                    );
                    (format!("s{number}.toml"), file)
                })
                .collect();
            let set =
                SignatureSet::from_files(files.iter().map(|(name, text)| (&name[..], &text[..]))).unwrap();
            let pieces: Vec<Vec<u8>> = pieces_of_set(&set).into_keys().collect();
            let text = random(&mut numbers, 3_000);
            finds_what_a_naive_search_finds(&set, text.as_bytes(), &pieces);
        }
    }
}
