//! What facts there are and where each is read: the files of `facts/`, checked and compiled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use serde::Deserialize;

use super::get::Path;
use super::value::FactType;
use crate::lazy::LazyRegex;

/// The fact at this place of [`Definitions::facts`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct FactId(u16);

impl FactId {
    pub(crate) fn definition(self) -> &'static Definition {
        &definitions().facts[usize::from(self.0)]
    }
}

/// One kind of fact.
#[derive(Debug)]
pub(crate) struct Definition {
    /// `node.rp_filter`.
    pub(crate) name: String,
    /// What it is said of: the part before the dot.
    pub(crate) subject: String,
    pub(crate) value: FactType,
    pub(super) merge: Merge,
    /// The command that tells it.
    pub(crate) command: Option<String>,
}

/// Which of two values of one fact stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Merge {
    /// The one of the smaller source.
    First,
    /// The greater.
    Max,
    /// Both, for lists.
    Union,
}

/// All facts and sources.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    pub(super) facts: Vec<Definition>,
    by_name: BTreeMap<String, FactId>,
    pub(super) sources: Vec<Source>,
    /// Tokens of paths, and for each the sources that ask for it.
    needles: Needles,
    /// The same with dashes as blanks, for files named `ip-route.txt`.
    dashed: Needles,
    pub(super) tables: Vec<usize>,
    pub(super) objects: BTreeMap<String, Vec<usize>>,
}

/// Texts to look for in the tokens of a path, and who asks for each.
#[derive(Debug, Default)]
struct Needles {
    automaton: Option<AhoCorasick>,
    asked_by: Vec<Vec<usize>>,
}

impl Needles {
    fn new(needles: BTreeMap<String, Vec<usize>>) -> Result<Needles, String> {
        let (texts, asked_by): (Vec<String>, Vec<Vec<usize>>) = needles.into_iter().unzip();
        let automaton = AhoCorasick::new(&texts).map_err(|error| error.to_string())?;
        Ok(Needles { automaton: Some(automaton), asked_by })
    }

    fn find(&self, tokens: &str, into: &mut Vec<usize>) {
        let found = self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(tokens));
        into.extend(found.flat_map(|found| &self.asked_by[found.pattern().as_usize()]));
    }
}

/// One place where a fact is read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) fact: FactId,
    pub(super) needs_path: bool,
    /// Text that must stand near the beginning.
    pub(super) head: Option<String>,
    /// What shows that the member is the output it is taken for: without it, nothing found is not nothing there.
    pub(super) proof: Option<LineRegex>,
    /// Tokens of a path that is something else although it has those asked for: `ip route show table 100`.
    except: Option<LineRegex>,
    /// Whether an empty member says that there is none.
    pub(super) empty: bool,
    /// Whether numbers are hexadecimal.
    pub(super) hex: bool,
    pub(super) form: Form,
    pub(super) take: Take,
    pub(super) subject: SubjectFrom,
    /// Said instead of what was read.
    pub(super) value: Option<String>,
    pub(super) format: Option<String>,
    /// What stands between the elements of a list.
    pub(super) split: Option<String>,
    /// Said of an object that does not have what is asked for.
    pub(super) default: Option<String>,
    /// The value stands in the path of the member, where the lines say that it holds.
    pub(super) from_path: Option<LineRegex>,
    /// Kibibytes of the beginning in which lines are looked for; all when left out.
    pub(super) within: Option<u32>,
}

#[derive(Debug)]
pub(super) enum Form {
    Line {
        line: LineRegex,
        reject: Option<LineRegex>,
        block: Option<LineRegex>,
    },
    Table {
        columns: Vec<String>,
        column: String,
        rows: Vec<(String, LineRegex)>,
        matches: Option<LineRegex>,
    },
    Object {
        name: Option<String>,
        get: Path,
        matches: Option<LineRegex>,
    },
    /// A part of the path of the member.
    Path(LineRegex),
}

/// What is made of all that a source gives in one member, or in one object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Take {
    First,
    List,
    Count,
    Sum,
    Max,
    Min,
    /// Whether there is any.
    Present,
    /// A digest of all that lies below, to compare objects.
    Digest,
}

/// What tells the subject.
#[derive(Debug)]
pub(super) enum SubjectFrom {
    /// The place of the member.
    Place,
    /// The object, or the row.
    Own,
    /// The object, its kind before its name.
    Kind,
    /// The cluster of the namespace `cluster-NAME`.
    Namespace,
    Column(String),
    Get(Path),
    PathRegex(LineRegex),
}

/// A regex of lines.
#[derive(Debug)]
pub(super) struct LineRegex(LazyRegex);

impl LineRegex {
    fn new(text: &str) -> LineRegex {
        LineRegex(LazyRegex::new(text, |text| build(text).ok()))
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// All matches: the first group that took part, or the whole match; with a format, that with its `{1}` filled.
    pub(super) fn find_all<'t>(&self, text: &'t str, format: Option<&str>) -> Vec<Found<'t>> {
        let Some(regex) = self.0.get() else { return Vec::new() };
        let found = regex.captures_iter(text).take(MATCHES).filter_map(|captures| {
            let whole = captures.get_match()?;
            let groups = || (1..captures.group_len()).map(|group| captures.get_group(group));
            let first = groups().flatten().next().map_or(whole.range(), |group| group.range());
            let part = || Some(Cow::Borrowed(text.get(first.clone())?));
            let filled = |format: &str| {
                let mut filled = format.to_owned();
                for (number, group) in groups().enumerate() {
                    let value = group.and_then(|group| text.get(group.range())).unwrap_or_default();
                    filled = filled.replace(&format!("{{{}}}", number + 1), value);
                }
                Cow::Owned(filled)
            };
            Some(Found { start: first.start, text: format.map(filled).or_else(part)? })
        });
        found.collect()
    }
}

/// A match of a regex of lines.
pub(super) struct Found<'t> {
    pub(super) start: usize,
    pub(super) text: Cow<'t, str>,
}

/// Matches of one source looked at in one member.
const MATCHES: usize = 100_000;

fn build(text: &str) -> Result<Regex, String> {
    let syntax = syntax::Config::new().multi_line(true).crlf(true);
    Regex::builder().syntax(syntax).build(text).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSyntax {
    #[serde(default)]
    fact: Vec<FactSyntax>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactSyntax {
    name: String,
    #[serde(rename = "type")]
    value: String,
    merge: Option<String>,
    command: Option<String>,
    #[serde(default)]
    source: Vec<SourceSyntax>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceSyntax {
    #[serde(default)]
    path: Vec<String>,
    head: Option<String>,
    proof: Option<String>,
    except: Option<String>,
    #[serde(default)]
    empty: bool,
    #[serde(default)]
    hex: bool,
    line: Option<String>,
    reject: Option<String>,
    block: Option<String>,
    #[serde(default)]
    table: Vec<String>,
    column: Option<String>,
    matches: Option<String>,
    #[serde(default)]
    rows: BTreeMap<String, String>,
    #[serde(default)]
    object: Vec<String>,
    object_name: Option<String>,
    get: Option<String>,
    format: Option<String>,
    in_path: Option<String>,
    take: Option<String>,
    subject: Option<String>,
    value: Option<String>,
    split: Option<String>,
    default: Option<String>,
    within: Option<u32>,
}

/// The definitions compiled in.
pub(crate) fn definitions() -> &'static Definitions {
    static DEFINITIONS: OnceLock<Definitions> = OnceLock::new();
    DEFINITIONS.get_or_init(|| load(BUILTIN_FACTS).unwrap_or_default())
}

include!(concat!(env!("OUT_DIR"), "/facts.rs"));

/// Every path that a source of content asks for.
#[cfg(test)]
pub(super) fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    for (file, text) in BUILTIN_FACTS {
        let syntax: FileSyntax = toml::from_str(text).expect(file);
        let sources = syntax.fact.into_iter().flat_map(|fact| fact.source);
        paths.extend(sources.filter(|source| source.in_path.is_none()).flat_map(|source| source.path));
    }
    paths
}

/// Reads the files `(name, text)`; the first mistake ends it.
fn load(files: &[(&str, &str)]) -> Result<Definitions, String> {
    let mut definitions = Definitions::default();
    let mut needles: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (file, text) in files {
        let syntax: FileSyntax = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        for fact in syntax.fact {
            let name = fact.name.clone();
            definitions.add(fact, &mut needles).map_err(|message| format!("{file}: {name}: {message}"))?;
        }
    }
    let mut dashed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (needle, asked_by) in &needles {
        dashed.entry(without_dashes(needle)).or_default().extend(asked_by);
    }
    definitions.dashed = Needles::new(dashed)?;
    definitions.needles = Needles::new(needles)?;
    Ok(definitions)
}

impl Definitions {
    /// The fact of a name such as `node.rp_filter`.
    pub(crate) fn fact(&self, name: &str) -> Option<FactId> {
        self.by_name.get(name).copied()
    }

    /// Whether any fact is said of this kind of subject.
    pub(crate) fn has_subject(&self, subject: &str) -> bool {
        self.facts.iter().any(|fact| fact.subject == subject)
    }

    /// The sources that ask for tokens this path has.
    pub(super) fn sources_for(&self, path: &[u8]) -> Vec<usize> {
        let tokens = tokens(path);
        let mut found = Vec::new();
        self.needles.find(&tokens, &mut found);
        let dashed = dashed_command(path);
        if let Some(command) = &dashed {
            self.dashed.find(command, &mut found);
        }
        found.sort_unstable();
        found.dedup();
        let excepted = |index: &usize| {
            let except = self.sources[*index].except.as_ref();
            let is_match = |tokens: &String| except.is_some_and(|except| except.is_match(tokens));
            is_match(&tokens) || dashed.as_ref().is_some_and(is_match)
        };
        found.retain(|index| !excepted(index));
        found
    }

    fn add(&mut self, fact: FactSyntax, needles: &mut BTreeMap<String, Vec<usize>>) -> Result<(), String> {
        let id = FactId(u16::try_from(self.facts.len()).map_err(|_| "too many facts")?);
        let (subject, _) = fact.name.split_once('.').ok_or("a name is `subject.fact`")?;
        let value = FactType::parse(&fact.value).ok_or("no such type")?;
        let merge = match fact.merge.as_deref() {
            None if value == FactType::List => Merge::Union,
            None | Some("first") => Merge::First,
            Some("max") => Merge::Max,
            Some(_) => return Err("merge is first or max".to_owned()),
        };
        let subject = subject.to_owned();
        if self.by_name.insert(fact.name.clone(), id).is_some() {
            return Err("the fact stands twice".to_owned());
        }
        for source in &fact.source {
            let index = self.sources.len();
            let compiled = compile(id, &subject, value, source)?;
            for path in &source.path {
                needles.entry(needle(path)).or_default().push(index);
            }
            match &compiled.form {
                Form::Table { .. } => self.tables.push(index),
                Form::Object { .. } => {
                    source
                        .object
                        .iter()
                        .for_each(|kind| self.objects.entry(kind.clone()).or_default().push(index));
                }
                Form::Line { .. } | Form::Path(_) if source.path.is_empty() => {
                    return Err("a source of lines needs a path".to_owned());
                }
                Form::Line { .. }
                    if matches!(compiled.take, Take::List | Take::Count | Take::Sum | Take::Present)
                        && compiled.head.is_none()
                        && compiled.proof.is_none() =>
                {
                    return Err("a list, count, sum or presence of lines needs a head or a proof".to_owned());
                }
                _ => {}
            }
            self.sources.push(compiled);
        }
        self.facts.push(Definition { name: fact.name, subject, value, merge, command: fact.command });
        Ok(())
    }
}

fn compile(fact: FactId, subject: &str, value: FactType, source: &SourceSyntax) -> Result<Source, String> {
    let optional = |text: &Option<String>| text.as_deref().map(LineRegex::new);
    let form = if let Some(line) = &source.line {
        Form::Line {
            line: LineRegex::new(line),
            reject: optional(&source.reject),
            block: optional(&source.block),
        }
    } else if let Some(get) = &source.get {
        Form::Object {
            name: source.object_name.clone(),
            get: Path::parse(get)?,
            matches: optional(&source.matches),
        }
    } else if let Some(column) = &source.column {
        let rows = source.rows.iter().map(|(column, text)| (column.clone(), LineRegex::new(text)));
        Form::Table {
            columns: source.table.clone(),
            column: column.clone(),
            rows: rows.collect(),
            matches: optional(&source.matches),
        }
    } else {
        Form::Path(LineRegex::new(
            source.in_path.as_ref().ok_or("a source has line, get, column or in_path")?,
        ))
    };
    let own = match &form {
        Form::Object { .. } => source.object.iter().any(|kind| kind.eq_ignore_ascii_case(subject)),
        Form::Table { .. } | Form::Line { block: Some(_), .. } => true,
        _ => false,
    };
    Ok(Source {
        fact,
        from_path: source.line.as_ref().and(source.in_path.as_deref()).map(LineRegex::new),
        needs_path: !source.path.is_empty(),
        head: source.head.clone(),
        proof: optional(&source.proof),
        except: optional(&source.except),
        empty: source.empty,
        hex: source.hex,
        take: take(source.take.as_deref(), value)?,
        subject: subject_from(source.subject.as_deref(), own)?,
        value: source.value.clone(),
        format: source.format.clone(),
        split: source.split.clone(),
        default: source.default.clone(),
        within: source.within,
        form,
    })
}

fn take(name: Option<&str>, value: FactType) -> Result<Take, String> {
    Ok(match name {
        None if value == FactType::List => Take::List,
        None => Take::First,
        Some("count") => Take::Count,
        Some("sum") => Take::Sum,
        Some("max") => Take::Max,
        Some("min") => Take::Min,
        Some("present") => Take::Present,
        Some("digest") => Take::Digest,
        Some(other) => return Err(format!("`{other}` is nothing to take")),
    })
}

fn subject_from(text: Option<&str>, own: bool) -> Result<SubjectFrom, String> {
    Ok(match text {
        None if own => SubjectFrom::Own,
        None | Some("place") => SubjectFrom::Place,
        Some("own") => SubjectFrom::Own,
        Some("kind") => SubjectFrom::Kind,
        Some("namespace") => SubjectFrom::Namespace,
        Some(text) => match text.split_once(':') {
            Some(("column", column)) => SubjectFrom::Column(column.to_owned()),
            Some(("get", path)) => SubjectFrom::Get(Path::parse(path)?),
            Some(("path", regex)) => SubjectFrom::PathRegex(LineRegex::new(regex)),
            _ => return Err(format!("`{text}` tells no subject")),
        },
    })
}

/// The tokens a source asks for; a `*` at the end lets the last one go on.
fn needle(path: &str) -> String {
    match path.strip_suffix('*') {
        Some(begin) => tokens(begin.as_bytes()).trim_end().to_owned(),
        None => tokens(path.as_bytes()),
    }
}

/// The tokens of the name of a file that is a command with dashes for blanks: `ip-route.txt`, `conntrack-S`. Only known
/// commands are taken apart, since names of pods, nodes and files are full of dashes too.
fn dashed_command(path: &[u8]) -> Option<String> {
    const COMMANDS: [&str; 26] = [
        "cat",
        "cilium",
        "conntrack",
        "containerd",
        "crictl",
        "dmesg",
        "docker",
        "dpkg",
        "ethtool",
        "findmnt",
        "getenforce",
        "ip",
        "iptables",
        "kubectl",
        "ls",
        "mount",
        "netstat",
        "ps",
        "route",
        "rpm",
        "stat",
        "sudo",
        "sysctl",
        "systemctl",
        "umask",
        "uname",
    ];
    let name = path.rsplit(|byte| matches!(byte, b'/' | b'!')).next()?;
    let tokens = tokens(name);
    let (command, _) = tokens.trim_start().split_once('-')?;
    COMMANDS.contains(&command).then(|| without_dashes(&tokens))
}

fn without_dashes(tokens: &str) -> String {
    let mut text = String::with_capacity(tokens.len());
    for c in tokens.chars().map(|c| if c == '-' { ' ' } else { c }) {
        if c != ' ' || !text.ends_with(' ') {
            text.push(c);
        }
    }
    text
}

/// The tokens of a path, each between blanks: command lines are spread over `_` and `/`, archives end in `!`.
pub(super) fn tokens(path: &[u8]) -> String {
    let mut tokens = String::with_capacity(path.len() + 2);
    tokens.push(' ');
    for &byte in path {
        match byte {
            b'_' | b'/' | b'!' | b' ' | b'=' | b'|' | b'"' | b'\'' => {
                if !tokens.ends_with(' ') {
                    tokens.push(' ');
                }
            }
            0x80.. => tokens.push('?'),
            _ => tokens.push(char::from(byte)),
        }
    }
    for suffix in [".gz", ".txt", ".log", ".out", ".yaml", ".yml", ".json"] {
        if tokens.ends_with(suffix) {
            tokens.truncate(tokens.len() - suffix.len());
        }
    }
    if !tokens.ends_with(' ') {
        tokens.push(' ');
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{BUILTIN_FACTS, Form, LineRegex, SubjectFrom, build, definitions, load, tokens};

    #[test]
    fn the_files_load() {
        let definitions = load(BUILTIN_FACTS).unwrap_or_else(|message| panic!("{message}"));
        for source in &definitions.sources {
            let mut regexes: Vec<&LineRegex> = Vec::new();
            match &source.form {
                Form::Line { line, reject, block } => {
                    regexes.push(line);
                    regexes.extend(reject.iter().chain(block));
                }
                Form::Table { rows, matches, .. } => {
                    regexes.extend(rows.iter().map(|(_, regex)| regex).chain(matches));
                }
                Form::Object { matches, .. } => regexes.extend(matches),
                Form::Path(regex) => regexes.push(regex),
            }
            if let SubjectFrom::PathRegex(regex) = &source.subject {
                regexes.push(regex);
            }
            for regex in regexes {
                build(regex.0.text()).unwrap_or_else(|message| panic!("{}: {message}", regex.0.text()));
            }
        }
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            ("[[fact]]\nname = \"x\"\ntype = \"text\"\n", "a.toml: x: a name is `subject.fact`"),
            ("[[fact]]\nname = \"a.x\"\ntype = \"odd\"\n", "a.toml: a.x: no such type"),
            (
                "[[fact]]\nname = \"a.x\"\ntype = \"text\"\n[[fact.source]]\nline = 'x'\n",
                "a.toml: a.x: a source of lines needs a path",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(load(&[("a.toml", text)]).err().as_deref(), Some(expected));
        }
    }

    #[test]
    fn paths_of_either_layout_have_the_same_tokens() {
        let wanted = definitions().fact("node.rp_filter").expect("a fact");
        for path in [
            "s.tar.gz!top/nodes/10.0.0.1/files/proc/sys/net/ipv4/conf/all/rp_filter",
            "nodes/a/sudo_cat_/proc/sys/net/ipv4/conf/all/rp_filter",
            "nodes/a/sysctl_-a",
            "nodes/a/commands/sudo_sysctl_-a.txt",
            "nodes/a/commands/sysctl -a",
            "nodes/a/sysctl-a.txt",
            "nodes/a/sysctl-net.ipv4.conf.all.rp_filter.out",
        ] {
            let sources = definitions().sources_for(path.as_bytes());
            assert!(sources.iter().any(|&source| definitions().sources[source].fact == wanted), "{path}");
        }
        assert!(definitions().sources_for(b"nodes/a/sysctl.conf.d").is_empty());
        assert_eq!(tokens(b"a_b//c!d.txt.gz"), " a b c d ");
    }
}
