//! Known issues as data: a file becomes a [`Signature`], every mistake a [`Mistake`].
//!
//! [`builtin`] and [`read_directory`] give files; [`SignatureSet`](crate::SignatureSet) compiles them.

pub(crate) mod capture;
pub(crate) mod expr;
mod format;
mod pack;
pub(crate) mod relations;
mod schema;
mod shape;
mod syntax;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use regex_syntax::hir::Hir;

use crate::bundle::facts::definitions;
use crate::error::{Error, ErrorKind};
use crate::literals::Literals;
use crate::version::{Affects, Version};
use capture::CaptureType;
use expr::{Expr, FactName, TextFunction};
pub use format::format_file;
pub use pack::{Manifest, ManifestFile, is_pack, pack_ids, read_pack, read_signatures, write_pack};
pub use relations::Status;
use relations::{Named, Relations};
pub use schema::FILE_SCHEMA;
pub(crate) use syntax::ExampleFile;
use syntax::{
    ExampleSyntax, FillSyntax, NearMissSyntax, PatternSyntax, RuleSyntax, SignatureSyntax, Spanned,
    TextSyntax,
};

/// Languages every signature is written in; the first is the default.
pub const LANGUAGES: [&str; 2] = ["en", "ko"];

/// Categories a signature may name.
pub const CATEGORIES: [&str; 10] = [
    "installation",
    "upgrade-update",
    "networking",
    "security",
    "logging-monitoring",
    "operation",
    "vm-runtime",
    "operating-system",
    "configuration",
    "reset-deletion",
];

/// How bad an issue is where it strikes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Known to be harmless.
    Info,
    /// A nuisance.
    Low,
    /// Degraded.
    Medium,
    /// An operation or a workload is blocked.
    High,
    /// Data or the cluster is at risk.
    Critical,
}

/// How surely the text names the issue.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// The text has other causes too.
    Possible,
    /// Other causes are rare.
    Likely,
    /// The text alone, or with its context, names the issue.
    Confirmed,
}

/// The names of an enumeration, as files and reports write them.
macro_rules! names {
    ($type:ident: $($name:literal => $variant:ident),+) => {
        impl $type {
            /// All values, lowest first.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The name used in files and reports.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The value of a name.
            pub fn parse(text: &str) -> Option<$type> {
                match text { $($name => Some($type::$variant),)+ _ => None }
            }
        }
    };
}
names!(Severity: "info" => Info, "low" => Low, "medium" => Medium, "high" => High, "critical" => Critical);
names!(Confidence: "possible" => Possible, "likely" => Likely, "confirmed" => Confirmed);

impl Confidence {
    /// One step less sure.
    pub(crate) fn lowered(self) -> Confidence {
        match self {
            Confidence::Confirmed => Confidence::Likely,
            Confidence::Likely | Confidence::Possible => Confidence::Possible,
        }
    }

    /// One step surer.
    pub(crate) fn raised(self) -> Confidence {
        match self {
            Confidence::Possible => Confidence::Likely,
            Confidence::Likely | Confidence::Confirmed => Confidence::Confirmed,
        }
    }
}

/// What hits are looked at together by a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    Member,
    Pod,
    Node,
    Bundle,
}

impl Scope {
    fn parse(text: &str) -> Option<Scope> {
        match text {
            "member" => Some(Scope::Member),
            "pod" => Some(Scope::Pod),
            "node" => Some(Scope::Node),
            "bundle" => Some(Scope::Bundle),
            _ => None,
        }
    }
}

/// One known issue, checked.
#[derive(Debug)]
pub struct Signature {
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) severity: Severity,
    pub(crate) component: Option<String>,
    pub(crate) affects: Affects,
    /// The file says that no source names the first affected release.
    pub(crate) no_lower_bound: bool,
    /// Says which clusters are affected, where ranges of one release cannot.
    pub(crate) affected_when: Option<Expr>,
    /// That condition as written.
    pub(crate) affected_text: Option<String>,
    pub(crate) references: Vec<String>,
    pub(crate) source: String,
    pub(crate) source_confidence: String,
    /// Whether no source confirms the steps of the workaround.
    pub(crate) unverified_steps: bool,
    pub(crate) status: Status,
    pub(crate) relations: Relations,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) near: Vec<TextFunction>,
    pub(crate) texts: BTreeMap<String, Text>,
    pub(crate) examples: Vec<Example>,
    pub(crate) near_misses: Vec<NearMiss>,
    /// The file it stands in, for messages.
    pub(crate) file: String,
    /// The file's text; `signatures show` prints it.
    pub(crate) definition: Cow<'static, str>,
}

impl Signature {
    /// Stable id, also the name of its file.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One of [`CATEGORIES`].
    pub fn category(&self) -> &str {
        &self.category
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The component that emits the message.
    pub fn component(&self) -> Option<&str> {
        self.component.as_deref()
    }

    /// Affected ranges, fixed releases and what the source covers.
    pub fn affects(&self) -> &Affects {
        &self.affects
    }

    /// Title, summary and workaround in `language`, or in English.
    pub fn text(&self, language: &str) -> &Text {
        self.texts.get(language).unwrap_or_else(|| &self.texts[LANGUAGES[0]])
    }

    /// Where to read more.
    pub fn references(&self) -> &[String] {
        &self.references
    }

    /// Where the facts come from, and how sure it is: `confirmed`, `high`, `medium` or `low`.
    pub fn source(&self) -> (&str, &str) {
        (&self.source, &self.source_confidence)
    }

    /// The file as it was loaded.
    pub fn definition(&self) -> &str {
        &self.definition
    }
}

/// What a signature says to a person, in one language.
#[derive(Clone, Debug)]
pub struct Text {
    /// One line.
    pub title: String,
    /// Cause and effect.
    pub summary: String,
    /// What to do; lines that begin with `$ ` are commands, `{{name}}` is a slot.
    pub workaround: String,
}

/// A message that shows the issue, or a part of it.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) name: String,
    pub(crate) regex: String,
    pub(crate) confidence: Option<Confidence>,
    pub(crate) hints: Vec<String>,
    pub(crate) also: Vec<String>,
    pub(crate) reject: Vec<String>,
    /// What a text that matches holds.
    pub(crate) required: Literals,
    pub(crate) captures: BTreeMap<String, CaptureType>,
}

/// What several hits and facts say together.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) when: Expr,
    /// The condition as written.
    pub(crate) text: String,
    pub(crate) scope: Scope,
    /// The kind of subject it is evaluated for, one after the other.
    pub(crate) over: Option<String>,
    pub(crate) confidence: Confidence,
    /// Only version, profile or topology: an advisory, no finding.
    pub(crate) advisory: bool,
    /// Only raises the confidence: what it lacks is not asked for.
    pub(crate) optional: bool,
    pub(crate) fill: Vec<Fill>,
}

/// A slot that a fact fills.
#[derive(Debug)]
pub(crate) struct Fill {
    pub(crate) slot: String,
    pub(crate) fact: FactName,
    pub(crate) kind: CaptureType,
    /// Of the subjects of the fact, those for which this holds.
    pub(crate) of: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) line: usize,
    pub(crate) files: Vec<ExampleFile>,
    pub(crate) cluster_version: Option<Version>,
    /// Whether it gives an advisory instead of a finding.
    pub(crate) advisory: bool,
    /// Nodes of the finding; not looked at when empty.
    pub(crate) nodes: Vec<String>,
    pub(crate) captures: BTreeMap<String, Vec<String>>,
    pub(crate) confidence: Option<Confidence>,
}

#[derive(Debug)]
pub(crate) struct NearMiss {
    pub(crate) line: usize,
    pub(crate) files: Vec<ExampleFile>,
    pub(crate) cluster_version: Option<Version>,
    pub(crate) at_most: Option<Confidence>,
}

/// A mistake in a signature file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Line and column, from 1.
    pub line: usize,
    /// See `line`.
    pub column: usize,
    /// The signature, or the name of its file.
    pub id: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}: {}", self.file, self.line, self.column, self.id, self.message)
    }
}

/// The files compiled into this library, sorted by name: `(file name, text)`.
pub fn builtin() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILTIN.iter().copied()
}

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The files of a directory, sorted by name: `(path, text)` for every `*.toml`.
///
/// # Errors
/// When the directory or one of its files cannot be read.
pub fn read_directory(directory: &Path) -> Result<Vec<(String, String)>, Error> {
    let error = |what: &Path, source: std::io::Error| {
        Error::new(ErrorKind::Signature, format!("cannot read signatures in `{}`", what.display()))
            .with_source(source)
    };
    let entries = std::fs::read_dir(directory).map_err(|source| error(directory, source))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|source| error(directory, source))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let read = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|source| error(path, source))?;
        Ok((path.display().to_string(), text_of(path, bytes)?))
    };
    paths.iter().map(read).collect()
}

/// The text of a file, or where it is none.
fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let (line, column) = line_and_column(error.as_bytes(), at);
        let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let message = format!("{}:{line}:{column}: {id}: this is no UTF-8", path.display());
        Error::new(ErrorKind::Signature, message)
    })
}

/// Loads one file. Mistakes are added to `mistakes`; `None` when they leave nothing to use.
pub(crate) fn load(file: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Option<Signature> {
    let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file).to_owned();
    let mut loader = Loader { file, text, id: stem.clone(), mistakes, prepared: None };
    let syntax: SignatureSyntax = match toml::from_str(text) {
        Ok(syntax) => syntax,
        Err(error) => {
            loader.misshapen(&stem, &error);
            return None;
        }
    };
    if *syntax.id.get_ref() != stem {
        loader.mistake(
            syntax.id.span().start,
            format!("id `{}` is not the name of the file", syntax.id.get_ref()),
        );
    }
    let mut signature = loader.signature(syntax)?;
    signature.definition = Cow::Owned(text.to_owned());
    Some(signature)
}

/// A built-in file as the build script left it: without examples, and with the literals of its patterns.
pub(crate) type Prepared = (SignatureSyntax, Vec<Literals>);

/// The built-in files in the order of [`builtin`].
pub(crate) fn prepared() -> Vec<Prepared> {
    postcard::from_bytes(include_bytes!(concat!(env!("OUT_DIR"), "/signatures.bin")))
        .expect("the build script wrote it with these types")
}

/// Loads a built-in file; what takes long and the tests prove once for all is not checked again.
pub(crate) fn load_prepared(
    file: &'static str,
    text: &'static str,
    (syntax, literals): Prepared,
    mistakes: &mut Vec<Mistake>,
) -> Option<Signature> {
    let id = syntax.id.get_ref().clone();
    let mut loader = Loader { file, text, id, mistakes, prepared: Some(literals.into_iter()) };
    let mut signature = loader.signature(syntax)?;
    signature.definition = Cow::Borrowed(text);
    Some(signature)
}

struct Loader<'a> {
    file: &'a str,
    text: &'a str,
    id: String,
    mistakes: &'a mut Vec<Mistake>,
    /// The literals of the patterns of a built-in file.
    prepared: Option<std::vec::IntoIter<Literals>>,
}

impl Loader<'_> {
    fn mistake(&mut self, at: usize, message: impl Into<String>) {
        let (line, column) = line_and_column(self.text, at);
        self.mistakes.push(Mistake {
            file: self.file.to_owned(),
            line,
            column,
            id: self.id.clone(),
            message: message.into(),
        });
    }

    fn line(&self, at: usize) -> usize {
        line_and_column(self.text, at).0
    }

    /// Tells everything about a file that the reader of files refuses; its `error` names the first mistake only.
    fn misshapen(&mut self, stem: &str, error: &toml::de::Error) {
        let shape::Shape { mistakes, rest, lacks_names } = shape::shape(self.text, stem);
        if mistakes.is_empty() {
            let at = error.span().map_or(0, |span| span.start);
            return self.mistake(at, error.message().to_owned());
        }
        let before = self.mistakes.len();
        mistakes.iter().for_each(|(at, message)| self.mistake(*at, message.clone()));
        let Some(rest) = rest else { return };
        let told = self.mistakes.len();
        // What is said of a value that stands for a wrong one, or misses a name that went with it, is no mistake.
        self.signature(rest);
        let further = self.mistakes.split_off(told);
        let is_own = |mistake: &Mistake| {
            let place = (mistake.line, mistake.column);
            let of_shape = self.mistakes[before..].iter().any(|other| (other.line, other.column) == place);
            let of_name = ["is no capture of", "is no pattern of", "stands in no rule", "nothing can show"]
                .iter()
                .any(|words| mistake.message.contains(words));
            (!of_shape || mistake.message.starts_with("no [[") || mistake.message.starts_with("no [text"))
                && !(lacks_names && of_name)
        };
        let further: Vec<Mistake> = further.into_iter().filter(is_own).collect();
        self.mistakes.extend(further);
    }

    fn signature(&mut self, syntax: SignatureSyntax) -> Option<Signature> {
        let before = self.mistakes.len();
        self.id_form(&syntax.id);
        if !CATEGORIES.contains(&syntax.category.get_ref().as_str()) {
            self.mistake(
                syntax.category.span().start,
                format!("category is none of {}", CATEGORIES.join(", ")),
            );
        }
        let severity = self.name(
            &syntax.severity,
            Severity::parse,
            "severity is none of critical, high, medium, low, info",
        );
        if !["confirmed", "high", "medium", "low"].contains(&syntax.source_confidence.get_ref().as_str()) {
            let at = syntax.source_confidence.span().start;
            self.mistake(at, "source_confidence is none of confirmed, high, medium, low");
        }
        if let Some(confidence) = &syntax.workaround_confidence
            && !["confirmed", "high", "medium", "low"].contains(&confidence.get_ref().as_str())
        {
            let at = confidence.span().start;
            self.mistake(at, "workaround_confidence is none of confirmed, high, medium, low");
        }
        let status = self.status(&syntax);
        for reference in &syntax.references {
            if !reference.get_ref().starts_with("https://") {
                self.mistake(reference.span().start, "a reference is not an https URL");
            }
        }
        let affects = self.affects(&syntax);
        let patterns = self.patterns(&syntax.pattern);
        let names: Vec<&str> = syntax.pattern.iter().map(|p| p.get_ref().name.get_ref().as_str()).collect();
        let rules: Vec<Rule> = syntax.rule.iter().filter_map(|rule| self.rule(rule, &names)).collect();
        if syntax.pattern.is_empty() && syntax.rule.is_empty() {
            self.mistake(0, "no [[pattern]] and no [[rule]]: nothing can show this issue");
        }
        let affected_when = syntax.affected_when.as_ref().and_then(|when| self.condition(when, &names));
        self.silent_patterns(&syntax, &patterns, &rules);
        let texts = self.texts(&syntax, &patterns, &rules);
        let examples = self.examples(&syntax.example);
        let near_misses = self.near_misses(&syntax.near_miss);
        let mut functions = BTreeSet::new();
        rules.iter().for_each(|rule| rule.when.text_functions(&mut functions));
        let near =
            functions.into_iter().filter(|function| matches!(function, TextFunction::Near { .. })).collect();
        if self.mistakes.len() > before {
            return None;
        }
        Some(Signature {
            id: syntax.id.into_inner(),
            category: syntax.category.into_inner(),
            severity: severity?,
            component: syntax.component,
            affects,
            no_lower_bound: syntax.no_lower_bound,
            affected_when,
            affected_text: syntax.affected_when.map(Spanned::into_inner),
            references: syntax.references.into_iter().map(Spanned::into_inner).collect(),
            source: syntax.source,
            source_confidence: syntax.source_confidence.into_inner(),
            unverified_steps: syntax.workaround_confidence.is_some_and(|it| it.get_ref() == "low"),
            status,
            relations: Relations {
                related: Named::all(&syntax.related),
                supersedes: Named::all(&syntax.supersedes),
                caused_by: Named::all(&syntax.caused_by),
                successor: syntax.successor.as_ref().map(Named::of),
            },
            patterns,
            rules,
            near,
            texts,
            examples,
            near_misses,
            file: self.file.to_owned(),
            definition: Cow::Borrowed(""),
        })
    }

    fn status(&mut self, syntax: &SignatureSyntax) -> Status {
        let Some(text) = &syntax.status else {
            if let Some(successor) = &syntax.successor {
                self.mistake(successor.span().start, "only a deprecated signature has a `successor`");
            }
            return Status::Stable;
        };
        let status = self.name(text, Status::parse, "status is none of stable, experimental, deprecated");
        let status = status.unwrap_or_default();
        match (status, &syntax.successor) {
            (Status::Deprecated, None) => {
                self.mistake(text.span().start, "a deprecated signature names its `successor`");
            }
            (Status::Stable | Status::Experimental, Some(successor)) => {
                self.mistake(successor.span().start, "only a deprecated signature has a `successor`");
            }
            _ => {}
        }
        status
    }

    fn id_form(&mut self, id: &Spanned<String>) {
        let text = id.get_ref();
        let kebab = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if text.is_empty() || text.len() > 64 || !kebab || text.starts_with('-') || text.ends_with('-') {
            self.mistake(id.span().start, "an id is lower-case letters, digits and `-`, at most 64");
        }
    }

    fn name<T>(&mut self, text: &Spanned<String>, parse: fn(&str) -> Option<T>, message: &str) -> Option<T> {
        let value = parse(text.get_ref());
        if value.is_none() {
            self.mistake(text.span().start, message);
        }
        value
    }

    fn confidence(&mut self, text: &Spanned<String>) -> Option<Confidence> {
        self.name(text, Confidence::parse, "confidence is none of confirmed, likely, possible")
    }

    fn parsed<T: std::str::FromStr<Err: fmt::Display>>(&mut self, text: &Spanned<String>) -> Option<T> {
        match text.get_ref().parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(text.span().start, error.to_string());
                None
            }
        }
    }

    fn affects(&mut self, syntax: &SignatureSyntax) -> Affects {
        let affects = Affects {
            affected: syntax.affected.iter().filter_map(|range| self.parsed(range)).collect(),
            fixed_in: syntax.fixed_in.iter().filter_map(|version| self.parsed(version)).collect(),
            covered: syntax.covered.as_ref().and_then(|range| self.parsed(range)),
        };
        for (at, range) in syntax.affected.iter().zip(&affects.affected) {
            if let Some(fix) = affects.fixed_in.iter().find(|fix| range.contains(**fix)) {
                self.mistake(at.span().start, format!("the range `{range}` contains its own fix {fix}"));
            }
        }
        for (index, range) in affects.affected.iter().enumerate() {
            if let Some(other) = affects.affected[..index].iter().find(|other| other.overlaps(range)) {
                let at = syntax.affected[index].span().start;
                self.mistake(at, format!("the ranges `{other}` and `{range}` overlap"));
            }
        }
        affects
    }

    fn patterns(&mut self, syntax: &[Spanned<PatternSyntax>]) -> Vec<Pattern> {
        let mut names = BTreeSet::new();
        for pattern in syntax {
            let name = &pattern.get_ref().name;
            let form =
                name.get_ref().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if name.get_ref().is_empty()
                || !form
                || !name.get_ref().starts_with(|c: char| c.is_ascii_lowercase())
            {
                self.mistake(name.span().start, "a pattern's name is lower-case letters, digits and `_`");
            }
            if !names.insert(name.get_ref().clone()) {
                self.mistake(name.span().start, format!("the pattern `{}` stands twice", name.get_ref()));
            }
        }
        syntax.iter().filter_map(|pattern| self.pattern(pattern.get_ref())).collect()
    }

    fn pattern(&mut self, syntax: &PatternSyntax) -> Option<Pattern> {
        let confidence = syntax.confidence.as_ref().and_then(|confidence| self.confidence(confidence));
        let mut captures = BTreeMap::new();
        for (name, type_name) in &syntax.captures {
            match CaptureType::parse(type_name.get_ref()) {
                Some(capture_type) => {
                    captures.insert(name.clone(), capture_type);
                }
                None => self.mistake(
                    type_name.span().start,
                    format!("`{}` is no type of a capture", type_name.get_ref()),
                ),
            }
        }
        let required = match self.prepared.as_mut().and_then(Iterator::next) {
            Some(literals) => literals,
            None => self.literals(syntax, &captures)?,
        };
        Some(Pattern {
            name: syntax.name.get_ref().clone(),
            regex: syntax.regex.get_ref().clone(),
            confidence,
            hints: syntax.hints.clone(),
            also: syntax.also.iter().map(|regex| regex.get_ref().clone()).collect(),
            reject: syntax.reject.iter().map(|regex| regex.get_ref().clone()).collect(),
            required,
            captures,
        })
    }

    /// Checks the regexes of a pattern, and finds what the first of them requires.
    fn literals(
        &mut self,
        syntax: &PatternSyntax,
        captures: &BTreeMap<String, CaptureType>,
    ) -> Option<Literals> {
        let hir = self.regex(&syntax.regex)?;
        for regex in syntax.also.iter().chain(&syntax.reject) {
            self.regex(regex)?;
        }
        self.groups(syntax, &hir, captures);
        let given: Vec<String> = syntax.literals.iter().map(|literal| literal.get_ref().clone()).collect();
        match Literals::of(&hir, &given) {
            Ok(literals) => Some(literals),
            Err(message) => {
                self.mistake(syntax.regex.span().start, message);
                None
            }
        }
    }

    fn regex(&mut self, regex: &Spanned<String>) -> Option<Hir> {
        match crate::automaton::check_regex(regex.get_ref()) {
            Ok(hir) => Some(hir),
            Err(error) => {
                self.mistake(regex.span().start, format!("the regex does not parse: {error}"));
                None
            }
        }
    }

    /// Every named group has a type, every type a group.
    fn groups(&mut self, syntax: &PatternSyntax, hir: &Hir, captures: &BTreeMap<String, CaptureType>) {
        let mut groups = BTreeSet::new();
        named_groups(hir, &mut groups);
        for group in &groups {
            if !syntax.captures.contains_key(group) {
                self.mistake(
                    syntax.regex.span().start,
                    format!("the group `{group}` has no type in `captures`"),
                );
            }
        }
        for name in captures.keys().filter(|name| !groups.contains(*name)) {
            let at = syntax.captures[name].span().start;
            self.mistake(at, format!("the regex has no group `{name}`"));
        }
    }

    fn rule(&mut self, syntax: &Spanned<RuleSyntax>, patterns: &[&str]) -> Option<Rule> {
        let rule = syntax.get_ref();
        let confidence = match &rule.confidence {
            Some(confidence) => self.confidence(confidence),
            None if rule.advisory => Some(Confidence::Possible),
            None => {
                self.mistake(syntax.span().start, "a rule has a confidence, or `advisory = true`");
                None
            }
        };
        let scope = match &rule.scope {
            Some(scope) => self.name(scope, Scope::parse, "scope is none of member, pod, node, bundle"),
            None => Some(Scope::Bundle),
        };
        if let Some(over) = rule.over.as_ref().filter(|over| !definitions().has_subject(over.get_ref())) {
            self.mistake(over.span().start, format!("`{}` has no facts", over.get_ref()));
        }
        if rule.over.is_some() && rule.scope.is_some() {
            self.mistake(syntax.span().start, "a rule has `for` or `scope`, not both");
        }
        let fill = rule.fill.iter().filter_map(|(slot, fill)| self.fill(slot, fill)).collect();
        Some(Rule {
            when: self.condition(&rule.when, patterns)?,
            text: rule.when.get_ref().clone(),
            scope: scope?,
            over: rule.over.as_ref().map(|over| over.get_ref().clone()),
            confidence: confidence?,
            advisory: rule.advisory,
            optional: rule.optional,
            fill,
        })
    }

    fn condition(&mut self, when: &Spanned<String>, patterns: &[&str]) -> Option<Expr> {
        match expr::parse(when.get_ref(), patterns) {
            Ok(when) => Some(when),
            Err(error) => {
                // The span begins at the opening quotes.
                let written = &self.text[when.span().start.min(self.text.len())..];
                let is_long = written.starts_with("'''") || written.starts_with("\"\"\"");
                let opening = match (is_long, written.get(3..).unwrap_or_default()) {
                    (true, rest) if rest.starts_with("\r\n") => 5,
                    (true, rest) if rest.starts_with('\n') => 4,
                    (true, _) => 3,
                    (false, _) => 1,
                };
                self.mistake(when.span().start + opening + error.at, error.message);
                None
            }
        }
    }

    fn fill(&mut self, slot: &str, fill: &Spanned<FillSyntax>) -> Option<Fill> {
        let at = fill.span().start;
        let FillSyntax { fact, kind, of } = fill.get_ref();
        let Ok(Expr::Fact(fact)) = expr::parse(fact, &[]) else {
            self.mistake(at, format!("`{fact}` is no fact"));
            return None;
        };
        let Some(kind) = CaptureType::parse(kind) else {
            self.mistake(at, format!("`{kind}` is no type of a capture"));
            return None;
        };
        let of = match of.as_ref().map(|of| expr::parse(of, &[])).transpose() {
            Ok(of) => of,
            Err(error) => {
                self.mistake(at, error.message);
                return None;
            }
        };
        Some(Fill { slot: slot.to_owned(), fact, kind, of })
    }

    /// A pattern that neither has a confidence nor stands in a rule can show nothing.
    fn silent_patterns(&mut self, syntax: &SignatureSyntax, patterns: &[Pattern], rules: &[Rule]) {
        let mut used = BTreeSet::new();
        for rule in rules {
            let mut functions = BTreeSet::new();
            rule.when.text_functions(&mut functions);
            for function in functions {
                match function {
                    TextFunction::Count(p) | TextFunction::Span(p) | TextFunction::Ongoing(p) => {
                        used.insert(p);
                    }
                    TextFunction::Near { of, to, .. } => used.extend([of, to]),
                }
            }
        }
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern.confidence.is_none()
                && !used.contains(&index)
                && patterns.len() == syntax.pattern.len()
            {
                let at = syntax.pattern[index].span().start;
                self.mistake(
                    at,
                    format!("the pattern `{}` has no confidence and stands in no rule", pattern.name),
                );
            }
        }
    }

    fn texts(
        &mut self,
        syntax: &SignatureSyntax,
        patterns: &[Pattern],
        rules: &[Rule],
    ) -> BTreeMap<String, Text> {
        for language in LANGUAGES {
            if !syntax.text.contains_key(language) {
                self.mistake(0, format!("no [text.{language}]"));
            }
        }
        for (language, text) in &syntax.text {
            if !LANGUAGES.contains(&language.as_str()) {
                self.mistake(text.span().start, format!("no such language: `{language}`"));
            }
            self.text(language, text, patterns, rules);
        }
        let text = |text: &TextSyntax| Text {
            title: text.title.trim().to_owned(),
            summary: text.summary.trim().to_owned(),
            workaround: text.workaround.trim().to_owned(),
        };
        syntax.text.iter().map(|(language, syntax)| (language.clone(), text(syntax.get_ref()))).collect()
    }

    fn text(&mut self, language: &str, text: &Spanned<TextSyntax>, patterns: &[Pattern], rules: &[Rule]) {
        let at = text.span().start;
        let TextSyntax { title, summary, workaround } = text.get_ref();
        for (name, value) in [("title", title), ("summary", summary), ("workaround", workaround)] {
            if value.trim().is_empty() {
                self.mistake(at, format!("text.{language}.{name} is empty"));
            }
        }
        if title.trim().contains('\n') || title.trim().ends_with('.') {
            self.mistake(at, format!("text.{language}.title is one line without a final stop"));
        }
        for slot in slots(workaround) {
            let known = PLACE_SLOTS.contains(&slot)
                || patterns.iter().any(|pattern| pattern.captures.contains_key(slot))
                || rules.iter().any(|rule| rule.fill.iter().any(|fill| fill.slot == slot));
            if !known {
                // The table begins at its first value; the slot stands somewhere behind.
                let written = format!("{{{{{slot}}}}}");
                let at = self.text[at..].find(&written).map_or(at, |found| at + found);
                self.mistake(
                    at,
                    format!("text.{language}: the slot `{{{{{slot}}}}}` is no capture of this file"),
                );
            }
        }
    }

    fn examples(&mut self, syntax: &[Spanned<ExampleSyntax>]) -> Vec<Example> {
        if syntax.is_empty() && self.prepared.is_none() {
            self.mistake(0, "no [[example]]");
        }
        syntax.iter().map(|example| self.example(example)).collect()
    }

    fn example(&mut self, example: &Spanned<ExampleSyntax>) -> Example {
        let at = example.span().start;
        let example = example.get_ref();
        Example {
            line: self.line(at),
            files: self.example_files(at, &example.text, &example.path, &example.files),
            cluster_version: example.cluster_version.as_ref().and_then(|version| self.parsed(version)),
            advisory: example.advisory,
            nodes: example.nodes.clone(),
            captures: example.captures.clone(),
            confidence: example.confidence.as_ref().and_then(|confidence| self.confidence(confidence)),
        }
    }

    /// `text` alone is a bundle of one file.
    fn example_files(
        &mut self,
        at: usize,
        text: &Option<String>,
        path: &Option<String>,
        files: &[ExampleFile],
    ) -> Vec<ExampleFile> {
        let own = text.as_ref().map(|text| ExampleFile {
            path: path.clone().unwrap_or_else(|| "example".to_owned()),
            text: text.clone(),
        });
        let files: Vec<ExampleFile> = own.into_iter().chain(files.iter().cloned()).collect();
        if files.is_empty() {
            self.mistake(at, "neither `text` nor `files`");
        }
        files
    }

    fn near_misses(&mut self, syntax: &[Spanned<NearMissSyntax>]) -> Vec<NearMiss> {
        if syntax.is_empty() && self.prepared.is_none() {
            self.mistake(0, "no [[near_miss]]");
        }
        syntax.iter().map(|near_miss| self.near_miss(near_miss)).collect()
    }

    fn near_miss(&mut self, near_miss: &Spanned<NearMissSyntax>) -> NearMiss {
        let at = near_miss.span().start;
        let near_miss = near_miss.get_ref();
        NearMiss {
            line: self.line(at),
            files: self.example_files(at, &near_miss.text, &near_miss.path, &near_miss.files),
            cluster_version: near_miss.cluster_version.as_ref().and_then(|version| self.parsed(version)),
            at_most: near_miss.at_most.as_ref().and_then(|confidence| self.confidence(confidence)),
        }
    }
}

/// Slots that the place of a hit fills.
pub(crate) const PLACE_SLOTS: [&str; 5] = ["node", "pod", "namespace", "container", "cluster"];

/// The names between `{{` and `}}`.
pub(crate) fn slots(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(name, _)| name)
}

fn named_groups(hir: &Hir, into: &mut BTreeSet<String>) {
    use regex_syntax::hir::HirKind;
    match hir.kind() {
        HirKind::Capture(capture) => {
            into.extend(capture.name.as_ref().map(|name| name.to_string()));
            named_groups(&capture.sub, into);
        }
        HirKind::Repetition(repetition) => named_groups(&repetition.sub, into),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| named_groups(part, into));
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

pub(crate) fn line_and_column(text: impl AsRef<[u8]>, at: usize) -> (usize, usize) {
    let text = text.as_ref();
    let before = &text[..at.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    (line, before.len() - start + 1)
}
