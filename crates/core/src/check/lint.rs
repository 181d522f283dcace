//! What makes a signature bad though it is well-formed: each lint tells what and where.

use regex_automata::meta::Regex;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::common;
use super::document::Step::{At, Key};
use super::document::{Document, Step};
use crate::automaton::tolerant;
use crate::literals;
use crate::signature::{LANGUAGES, Mistake, Pattern, Signature};

/// The shortest literal that a candidate should rest on; CONTRIBUTING names it.
const SHORT_LITERAL: usize = 10;
/// Letters and digits beside stock phrases that a literal needs for its text to be more than those.
const TELLING: usize = 5;
/// Lines of ordinary logs, in a hundred thousand, that may hold a piece of a literal.
pub(crate) const COMMON: u32 = 2_000;
/// Bytes an automaton of a regex may take, breaks of lines at any place allowed for; the largest of ours takes a tenth.
const REGEX_BYTES: usize = 2 << 20;
/// Characters that the repetitions of a regex may stand for at once. A text made for it costs some milliseconds a 64 KiB
/// line at that; with ten times as much it costs seconds, as the states of the automaton no longer find room.
const REPEATED: u64 = 2_000;
/// Bytes of a class that lets nearly everything pass.
const WIDE: usize = 64;
/// What begins a value that the author still has to give.
pub(crate) const BLANK: &str = "TODO";

/// What the author of a draft left open; a file that does not load tells it too.
pub(crate) fn blanks(document: &Document<'_>) -> Vec<Mistake> {
    let is_blank = |text: &str| text.lines().any(|line| line.trim_start().starts_with(BLANK));
    let texts = document.texts().into_iter().filter(|(_, _, text)| is_blank(text));
    texts.map(|(key, at, _)| document.mistake(at, format!("`{key}` is still to be filled in"))).collect()
}

/// Everything that is bad about a signature by itself.
pub(crate) fn lint(signature: &Signature, document: &Document<'_>) -> Vec<Mistake> {
    let mut lint = Lint { signature, document, mistakes: Vec::new() };
    for (index, pattern) in signature.patterns.iter().enumerate() {
        lint.literals(index, pattern);
        if let Ok(hir) = literals::parse(&pattern.regex) {
            lint.regex(index, &hir);
        }
    }
    lint.examples_are_messages();
    lint.ranges();
    lint.translation();
    lint.steps();
    lint.mistakes
}

struct Lint<'a> {
    signature: &'a Signature,
    document: &'a Document<'a>,
    mistakes: Vec<Mistake>,
}

impl Lint<'_> {
    fn tell(&mut self, steps: &[Step<'_>], message: impl Into<String>) {
        self.mistakes.push(self.document.mistake(self.document.place(steps), message));
    }

    fn literals(&mut self, index: usize, pattern: &Pattern) {
        let given = [Key("pattern"), At(index), Key("literals")];
        let is_given = self.document.has(&given);
        let at = if is_given { given } else { [Key("pattern"), At(index), Key("regex")] };
        let Ok(hir) = literals::parse(&pattern.regex) else { return };
        let whole = if is_given { pattern.required.pieces.clone() } else { literals::whole(&hir) };
        let longest = whole.iter().map(Vec::len).max().unwrap_or(0);
        if longest < SHORT_LITERAL && longest > 0 {
            self.tell(
                &at,
                format!(
                    "its longest literal has {longest} characters: {SHORT_LITERAL} or more find less else"
                ),
            );
        }
        let is_telling = |literal: &[u8]| common::beside_stock(&String::from_utf8_lossy(literal)) >= TELLING;
        if longest >= SHORT_LITERAL && !literals::holds_telling(&hir, &is_telling) {
            let whole = whole.iter().max_by_key(|literal| literal.len());
            let whole = String::from_utf8_lossy(whole.map_or(&[][..], |literal| literal)).into_owned();
            self.tell(
                &at,
                format!(
                    "the literal `{whole}` is too common: logs say it of any fault, and nothing else is sure to \
                     stand in a match"
                ),
            );
        }
        for piece in &pattern.required.pieces {
            let piece = String::from_utf8_lossy(piece).into_owned();
            let lines = common::lines_with(&piece);
            if lines >= COMMON {
                self.tell(
                    &at,
                    format!(
                        "the literal `{piece}` is too common: up to {}.{} % of the lines of ordinary logs hold it",
                        lines / 1_000,
                        lines % 1_000 / 100
                    ),
                );
            }
        }
    }

    fn regex(&mut self, index: usize, hir: &Hir) {
        let at = [Key("pattern"), At(index), Key("regex")];
        if has_nested_repetition(hir, false) {
            self.tell(&at, "a repetition without an end inside another: say how often, as in `{1,20}`");
        } else if let Some(end) = open_end(hir) {
            self.tell(&at, format!("the regex {end} with anything at all: leave that out"));
        } else if has_open_wildcard(hir) {
            self.tell(
                &at,
                "`.*` reaches to the end of the line: say what may stand there, or bound it as in `.{0,200}`",
            );
        }
        let repeated = repeated(hir);
        if repeated > REPEATED {
            self.tell(
                &at,
                format!(
                    "its repetitions stand for up to {repeated} characters, {REPEATED} at most are searched fast: \
                     bound them lower, those inside others above all"
                ),
            );
        }
        let config = Regex::config().nfa_size_limit(Some(REGEX_BYTES)).utf8_empty(false);
        if Regex::builder().configure(config).build_from_hir(&tolerant(hir)).is_err() {
            self.tell(
                &at,
                format!(
                    "the regex makes an automaton of more than {} KiB: bound its repetitions lower",
                    REGEX_BYTES >> 10
                ),
            );
        }
    }

    /// An example that only repeats the regex proves that the regex equals itself.
    fn examples_are_messages(&mut self) {
        let plain: Vec<(usize, String)> = (0..)
            .zip(&self.signature.patterns)
            .filter_map(|(index, pattern)| Some((index, plain_text(&literals::parse(&pattern.regex).ok()?)?)))
            .collect();
        let examples = &self.signature.examples;
        let texts = || examples.iter().flat_map(|example| &example.files).map(|file| file.text.trim());
        for (index, plain) in plain {
            let has_it = texts().any(|text| text == plain);
            let has_message = texts().any(|text| text != plain && text.contains(&plain));
            if has_it && !has_message {
                let message =
                    "an example is the text of the regex and nothing else: give a line as a log holds it";
                self.tell(&[Key("pattern"), At(index), Key("regex")], message);
            }
        }
    }

    fn ranges(&mut self) {
        let affected = &self.signature.affects.affected;
        let open = affected.iter().position(|range| !range.has_lower_bound());
        match open {
            Some(index) if !self.signature.no_lower_bound => {
                let message = format!(
                    "the range `{}` has no lower bound: give the first release with the fault, or say \
                     `no_lower_bound = true` where no source names it",
                    affected[index]
                );
                self.tell(&[Key("affected"), At(index)], message);
            }
            None if self.signature.no_lower_bound => {
                self.tell(
                    &[Key("no_lower_bound")],
                    "every range has a lower bound: leave `no_lower_bound` out",
                );
            }
            _ => {}
        }
    }

    fn translation(&mut self) {
        let commands = |workaround: &str| -> Vec<String> {
            let lines = workaround.lines().map(str::trim);
            lines.filter(|line| line.starts_with("$ ")).map(str::to_owned).collect()
        };
        let Some(english) = self.signature.texts.get(LANGUAGES[0]) else { return };
        for language in &LANGUAGES[1..] {
            let Some(text) = self.signature.texts.get(*language) else { continue };
            let fields = [
                ("title", &english.title, &text.title),
                ("summary", &english.summary, &text.summary),
                ("workaround", &english.workaround, &text.workaround),
            ];
            for (field, original, translated) in fields {
                let is_translated = translated.chars().any(|c| ('가'..='힣').contains(&c));
                if !is_translated && original == translated {
                    self.tell(
                        &[Key("text"), Key(language), Key(field)],
                        format!("text.{language}.{field} is not translated"),
                    );
                }
            }
            if commands(&english.workaround) != commands(&text.workaround) {
                self.tell(
                    &[Key("text"), Key(language), Key("workaround")],
                    format!("the commands of text.{language} are not those of text.{}", LANGUAGES[0]),
                );
            }
        }
    }

    /// A command is an instruction: nothing that no source confirms is given as one.
    fn steps(&mut self) {
        for (language, text) in &self.signature.texts {
            // What the file says of its steps counts for all of them, a sentence for the commands below it.
            let is_unverified = self.signature.unverified_steps;
            let mut is_doubted = is_unverified;
            for line in text.workaround.lines().map(str::trim) {
                let command = line.strip_prefix("$ ");
                match command {
                    Some(_) if is_doubted => {
                        let steps = [Key("text"), Key(language), Key("workaround")];
                        let at = self.document.place_of(&steps, line);
                        let message = "a step that nobody verified is given as an instruction: say what is known instead";
                        self.mistakes.push(self.document.mistake(at, message));
                    }
                    Some(_) => {}
                    None => {
                        is_doubted =
                            is_unverified || UNVERIFIED.iter().any(|word| line.to_lowercase().contains(word))
                    }
                }
            }
        }
    }
}

/// Words by which a text says that nobody tried what it tells.
const UNVERIFIED: [&str; 6] =
    ["unverified", "not verified", "unconfirmed", "not confirmed", "확인되지 않은", "검증되지 않은"];

/// The text of a regex that is nothing but text.
fn plain_text(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => String::from_utf8(literal.0.to_vec()).ok(),
        _ => None,
    }
}

fn is_open(repetition: &Repetition) -> bool {
    repetition.max.is_none()
}

/// Whether a class lets nearly every character pass.
fn is_wide(hir: &Hir) -> bool {
    let HirKind::Class(Class::Bytes(class)) = hir.kind() else { return false };
    let ascii = class.ranges().iter().map(|range| {
        let (start, end) = (usize::from(range.start().max(b' ')), usize::from(range.end().min(b'~')));
        (end + 1).saturating_sub(start)
    });
    ascii.sum::<usize>() > WIDE
        && class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b' '))
}

fn parts(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts,
        HirKind::Capture(capture) => std::slice::from_ref(&*capture.sub),
        HirKind::Repetition(repetition) => std::slice::from_ref(&*repetition.sub),
        _ => &[],
    }
}

fn has_nested_repetition(hir: &Hir, inside: bool) -> bool {
    let here = matches!(hir.kind(), HirKind::Repetition(repetition) if is_open(repetition));
    (here && inside) || parts(hir).iter().any(|part| has_nested_repetition(part, inside || here))
}

/// How many characters the repetitions of a regex stand for: each of them is a state that a text can keep alive.
fn repeated(hir: &Hir) -> u64 {
    /// Characters of a part that is repeated.
    fn unrolled(hir: &Hir) -> u64 {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => 0,
            HirKind::Literal(literal) => literal.0.len() as u64,
            HirKind::Class(_) => 1,
            HirKind::Repetition(it) => {
                let times = it.max.unwrap_or(it.min).max(1);
                unrolled(&it.sub).saturating_mul(times.into())
            }
            _ => parts(hir).iter().fold(0, |sum: u64, part| sum.saturating_add(unrolled(part))),
        }
    }
    match hir.kind() {
        HirKind::Repetition(_) => unrolled(hir),
        _ => parts(hir).iter().fold(0, |sum: u64, part| sum.saturating_add(repeated(part))),
    }
}

/// `begins` or `ends`, where a regex does so with a repetition of anything that may be empty.
fn open_end(hir: &Hir) -> Option<&'static str> {
    let is_anything = |hir: &Hir| matches!(hir.kind(), HirKind::Repetition(it) if it.min == 0 && is_open(it) && is_wide(&it.sub));
    let HirKind::Concat(all) = hir.kind() else { return is_anything(hir).then_some("begins") };
    match (all.first(), all.last()) {
        (Some(first), _) if is_anything(first) => Some("begins"),
        (_, Some(last)) if is_anything(last) => Some("ends"),
        _ => None,
    }
}

fn has_open_wildcard(hir: &Hir) -> bool {
    let here = matches!(hir.kind(), HirKind::Repetition(it) if is_open(it) && is_wide(&it.sub));
    here || parts(hir).iter().any(has_open_wildcard)
}
