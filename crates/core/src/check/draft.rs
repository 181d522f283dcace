//! The draft of a signature file, made from a line of a log.
//!
//! What a reader of the line can tell is filled in: the message without the prefix of its logger, a regex in which
//! numbers, addresses, names, versions and paths are captures, the line as the example. What only the author knows is
//! marked, and [`check_files`](super::check_files) names each mark that is left.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

use crate::error::{Error, ErrorKind};
use crate::fold::{Folded, margin, record_prefix};
use crate::literals::{self, Literals};
use crate::signature::CATEGORIES;
use crate::signature::capture::CaptureType;

/// A draft.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Draft {
    /// The id, made of the words of the message where none was given; also the name of the file.
    pub id: String,
    /// The text of the file.
    pub text: String,
}

/// Characters of a message that the regex is made of.
const MESSAGE: usize = 300;
/// Words that name nothing.
const STOP_WORDS: [&str; 30] = [
    "for", "the", "with", "from", "after", "and", "not", "was", "has", "are", "got", "than", "that", "this",
    "into", "but", "its", "been", "via", "per", "can", "could", "will", "while", "when", "err", "error",
    "msg", "failed", "unable",
];

/// Makes a draft from a line of a log, or from a piece of a log of which the first line that tells of an error counts.
///
/// # Errors
/// When the text holds no message, or `id` is no id.
pub fn draft(text: &str, id: Option<&str>) -> Result<Draft, Error> {
    let masked = crate::mask::mask_bytes(text.as_bytes());
    let text = String::from_utf8_lossy(&masked);
    let text = text.trim_matches(|c: char| c == '\n' || c == '\r');
    let fail = |message: &str| Error::new(ErrorKind::Signature, message);
    let line = line_of_error(text).ok_or_else(|| fail("there is no line to make a signature from"))?;
    let message = Message::of(line);
    let regex = Generalised::of(&message);
    let words = regex.words();
    let id = match id {
        Some(id) => id.to_owned(),
        None => words,
    };
    let kebab = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if id.is_empty() || id.len() > 64 || !kebab || id.starts_with('-') || id.ends_with('-') {
        return Err(fail("give the signature an id of lower-case letters, digits and `-`: --id ID"));
    }
    let text = crate::signature::format_file(&id, &file(&id, text, &regex))?;
    Ok(Draft { id, text })
}

/// The first line that tells of an error, else the first that tells anything.
fn line_of_error(text: &str) -> Option<&str> {
    const WORDS: [&str; 10] = [
        "error",
        "fail",
        "fatal",
        "panic",
        "cannot",
        "unable",
        "denied",
        "refused",
        "not found",
        "timed out",
    ];
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let tells = |line: &&str| {
        let line = line.to_lowercase();
        WORDS.iter().any(|word| line.contains(word))
    };
    lines().find(tells).or_else(|| lines().next())
}

/// What a log line says: the message, and the error its logger puts beside it.
#[derive(Debug, Default, Eq, PartialEq)]
struct Message {
    parts: Vec<String>,
}

impl Message {
    fn of(line: &str) -> Message {
        let line = without_prefix(line);
        let parts =
            from_json(line).or_else(|| from_fields(line)).unwrap_or_else(|| vec![line.trim().to_owned()]);
        Message { parts: parts.into_iter().filter(|part| !part.trim().is_empty()).collect() }
    }
}

fn compiled(cell: &'static OnceLock<Regex>, patterns: &[&str]) -> &'static Regex {
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    cell.get_or_init(|| {
        Regex::builder().syntax(syntax).build_many(patterns).expect("the tests compile these")
    })
}

/// The line without what its loggers put in front: CRI, journald, klog, zap, times, levels.
fn without_prefix(mut line: &str) -> &str {
    static PREFIXES: OnceLock<Regex> = OnceLock::new();
    let prefixes = compiled(
        &PREFIXES,
        &[
            r"^[IWEF][0-9]{4} [0-9:.]{8,20} +[0-9]+ [^\] ]+:[0-9]+\] ",
            r"^\[?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}[^ \t\]]*\]?[ \t]+",
            r"^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [^ ]+ [^ :]+: ",
            r"^\[?(?:ERROR|ERR|WARNING|WARN|INFO|FATAL|DEBUG|error|warning|warn|info|fatal|debug)\]?(?::[ \t]*|[ \t]+)",
            r"^[A-Za-z0-9_./-]+\.(?:go|py|cc|c):[0-9]+\]?:?[ \t]+",
        ],
    );
    loop {
        let start = line.len();
        line = &line[margin(line.as_bytes())..];
        // The record of docker is JSON, and read as that.
        if !line.starts_with('{') {
            line = &line[record_prefix(line.as_bytes())..];
        }
        if let Some(found) = prefixes.find(line) {
            line = &line[found.end()..];
        }
        if line.len() == start {
            return line;
        }
    }
}

/// Message and error of a JSON line, in their order; docker's `log` is a line of its own.
fn from_json(line: &str) -> Option<Vec<String>> {
    let start = line.find('{')?;
    let value: serde_json::Map<String, serde_json::Value> = match serde_json::from_str(&line[start..]) {
        Ok(value) => value,
        Err(_) => return None,
    };
    let text = |names: &[&str]| names.iter().find_map(|name| Some(value.get(*name)?.as_str()?.to_owned()));
    if let Some(log) = text(&["log"]) {
        return Some(Message::of(log.trim_end()).parts);
    }
    let place = |text: &String| {
        let quoted = serde_json::Value::String(text.clone()).to_string();
        line.find(&quoted).unwrap_or(line.len())
    };
    let before = line[..start].trim();
    let own = text(&["msg", "message", "MESSAGE"]);
    let mut parts: Vec<String> = own.into_iter().chain(text(&["error", "err", "reason"])).collect();
    parts.sort_by_key(place);
    if !before.is_empty() {
        parts.insert(0, before.to_owned());
    }
    (!parts.is_empty()).then_some(parts)
}

/// Message and error of `msg="…" err="…"`, and of klog's `"…" err="…"`.
fn from_fields(line: &str) -> Option<Vec<String>> {
    static FIELDS: OnceLock<Regex> = OnceLock::new();
    let fields = compiled(
        &FIELDS,
        &[r#"(?:^|[ "])(?:msg|message|error|err)"?[=:] ?"((?:[^"\\]|\\.)*)""#, r#"^"((?:[^"\\]|\\.)*)""#],
    );
    let mut parts = Vec::new();
    for captures in fields.captures_iter(line) {
        let group = captures.get_group(1)?;
        parts.push(line[group.range()].replace("\\\"", "\"").replace("\\\\", "\\"));
    }
    (!parts.is_empty()).then_some(parts)
}

/// A regex made of a message, and its captures.
#[derive(Debug, Default)]
struct Generalised {
    regex: String,
    /// Name, type, value.
    captures: Vec<(String, CaptureType, String)>,
    literal: String,
}

impl Generalised {
    fn of(message: &Message) -> Generalised {
        let mut all = Generalised::default();
        for (index, part) in message.parts.iter().enumerate() {
            if index > 0 {
                all.regex.push_str("[ -~]{1,200}?");
                all.literal.push(' ');
            }
            let mut folded = Folded::default();
            folded.fold(part.as_bytes());
            let text = String::from_utf8_lossy(&folded.text).into_owned();
            all.add(limited(text.trim()));
        }
        all
    }

    fn add(&mut self, text: &str) {
        let mut at = 0;
        while let Some((range, kind)) = next_value(text, at) {
            self.literal(&text[at..range.start]);
            self.capture(&text[range.clone()], kind);
            at = range.end;
        }
        self.literal(&text[at..]);
    }

    fn literal(&mut self, text: &str) {
        self.literal.push_str(text);
        // Only printable ASCII is certain to be written the same everywhere.
        for c in text.chars() {
            match c {
                ' '..='~' => self.regex.push_str(&regex_syntax::escape(&c.to_string()).replace("\\\"", "\"")),
                _ => self.regex.push_str("[^ -~]{1,4}"),
            }
        }
    }

    fn capture(&mut self, value: &str, kind: CaptureType) {
        let kind = if kind.accepts(value) { kind } else { CaptureType::Text };
        let name = self.name(kind);
        write!(self.regex, "(?P<{name}>{})", form(kind)).expect("a String takes text");
        self.literal.push(' ');
        self.captures.push((name, kind, value.to_owned()));
    }

    /// The word before the value, where it names it, else its type; each once.
    fn name(&self, kind: CaptureType) -> String {
        let before = self.literal.trim_end_matches(|c: char| " \"'=:([{`".contains(c));
        let word =
            before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_lowercase();
        let names = (3..=16).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_lowercase())
            && before.len() + 3 > self.literal.len()
            && !STOP_WORDS.contains(&word.as_str());
        let name = if names { word } else { kind.name().replace('-', "_") };
        let is_taken = |name: &str| self.captures.iter().any(|(taken, ..)| taken == name);
        let mut numbered = (2..).map(|number| format!("{name}_{number}"));
        match is_taken(&name) {
            true => numbered.find(|name| !is_taken(name)).unwrap_or(name),
            false => name,
        }
    }

    /// An id of the first words that say something.
    fn words(&self) -> String {
        let words = self.literal.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase);
        let mut seen = BTreeSet::new();
        let telling = words.filter(|word| {
            word.len() > 2
                && word.bytes().any(|b| b.is_ascii_lowercase())
                && !STOP_WORDS.contains(&word.as_str())
                && seen.insert(word.clone())
        });
        let mut id = String::new();
        for word in telling.take(6) {
            if id.len() + word.len() < 60 {
                id = if id.is_empty() { word } else { format!("{id}-{word}") };
            }
        }
        id
    }
}

/// At most [`MESSAGE`] characters, whole words.
fn limited(text: &str) -> &str {
    match text.char_indices().nth(MESSAGE) {
        None => text,
        Some((end, _)) => text[..end].rsplit_once(' ').map_or(&text[..end], |(whole, _)| whole),
    }
}

/// What a value of a type looks like in the regex.
fn form(kind: CaptureType) -> &'static str {
    match kind {
        CaptureType::Ip => "[0-9a-fA-F.:]{2,45}",
        CaptureType::Cidr => "[0-9a-fA-F.:]{2,45}/[0-9]{1,3}",
        CaptureType::DnsName => "[A-Za-z0-9.-]{1,253}",
        CaptureType::Name => "[a-z0-9.-]{1,253}",
        CaptureType::Interface => "[A-Za-z0-9._@:-]{1,15}",
        CaptureType::TokenId => "[a-z0-9]{6}",
        CaptureType::Version => "v?[0-9]{1,4}[0-9.]{2,20}(?:-gke[.][0-9]{1,6})?",
        CaptureType::Number => "[0-9]{1,20}",
        CaptureType::Uid => "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        CaptureType::Path => "/[A-Za-z0-9._~/-]{1,300}",
        CaptureType::Url => "https?://[^ \"]{1,300}",
        CaptureType::Word => "[A-Za-z0-9._:/@-]{1,253}",
        CaptureType::Text => "[^\"]{1,200}",
    }
}

/// What is looked for in a message, the first that begins earliest.
const VALUES: [(&str, CaptureType); 19] = [
    (r#""[^"]{1,200}""#, CaptureType::Text),
    (r"'[A-Za-z0-9._:/@-]{2,200}'", CaptureType::Text),
    (r#"https?://[^ "'<>()\[\]{},;]+"#, CaptureType::Url),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", CaptureType::Uid),
    (r"\b[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\b", CaptureType::Word),
    // A pod in the name of a cgroup, with the class in front of it and the container behind.
    (
        r"\b[a-z]*-?[a-z]*-?pod[0-9a-f]{8}(?:[_-][0-9a-f]{4}){3}[_-][0-9a-f]{12}\b[A-Za-z0-9._-]*",
        CaptureType::Word,
    ),
    (
        r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
        CaptureType::Text,
    ),
    (r"\b[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?\b", CaptureType::Word),
    (r"\b(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|ms|s|m|h|d))+\b", CaptureType::Word),
    (r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}\b", CaptureType::Cidr),
    (r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b", CaptureType::Ip),
    (
        r"\b(?:[0-9a-f]{1,4}:){2,7}:?[0-9a-f:]*[0-9a-f]\b|\b[0-9a-f]{1,4}::[0-9a-f:]*[0-9a-f]\b",
        CaptureType::Ip,
    ),
    (r"\bv?[0-9]+\.[0-9]+\.[0-9]+(?:-gke\.[0-9]+)?\b", CaptureType::Version),
    (r"/[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)+", CaptureType::Path),
    (
        r"\b(?:eth|ens|eno|enp|bond|veth|lxc|cali|vlan|br|vxlan)[a-z0-9_]*[0-9][a-z0-9_.]*\b",
        CaptureType::Interface,
    ),
    (r"\b[0-9a-z][0-9a-z.-]*[0-9][0-9a-z.-]*\b", CaptureType::Name),
    (r"\b(?:0x[0-9a-fA-F]+|[0-9a-f]{12,64})\b", CaptureType::Word),
    (r"\b[0-9]{1,20}\b", CaptureType::Number),
    (r"\b[0-9]+(?:\.[0-9]+)?(?:ns|us|ms|s|m|h)\b", CaptureType::Word),
];

/// The next value at or behind `from`: where it stands, without its quotes, and its type.
fn next_value(text: &str, from: usize) -> Option<(std::ops::Range<usize>, CaptureType)> {
    static FORMS: OnceLock<Regex> = OnceLock::new();
    let forms = compiled(&FORMS, &VALUES.map(|(form, _)| form));
    let mut at = from;
    loop {
        let input = regex_automata::Input::new(text).range(at..);
        let found = forms.find(input)?;
        let kind = VALUES[found.pattern().as_usize()].1;
        let mut range = found.range();
        let value = &text[range.clone()];
        if value.starts_with(['"', '\'']) {
            range = range.start + 1..range.end - 1;
            return Some((range.clone(), kind_of(&text[range])));
        }
        // A path behind a word is a part of a name, as in `apps/v1/deployments`.
        let is_inside =
            text[..range.start].ends_with(|c: char| c.is_ascii_alphanumeric() || "._-".contains(c));
        let kind = match kind {
            CaptureType::Name => name_kind(value),
            CaptureType::Path if is_inside => None,
            kind => Some(kind),
        };
        if let Some(kind) = kind {
            let trimmed = value.trim_end_matches(['.', ',', ':', '-']);
            return Some((range.start..range.start + trimmed.len(), kind));
        }
        at = range.end;
    }
}

/// A word with digits: a number with its unit, a name, or a fixed word of the software such as `x509`.
fn name_kind(value: &str) -> Option<CaptureType> {
    let value = value.trim_end_matches(['.', ',', ':', '-']);
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(CaptureType::Number);
    }
    let digits = value.strip_prefix("0x").unwrap_or(value);
    let hex = digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if hex || is_duration(value) {
        return Some(CaptureType::Word);
    }
    let is_dotted = value.contains('.') && CaptureType::DnsName.accepts(value);
    let is_object = value.contains('-') && CaptureType::Name.accepts(value);
    match (is_dotted, is_object) {
        (true, _) => Some(CaptureType::DnsName),
        (_, true) => Some(CaptureType::Name),
        _ => None,
    }
}

/// Whether it is a span of time as Go or `kubectl` writes it: `30s`, `5m0s`, `1.234s`, `3d4h`.
fn is_duration(value: &str) -> bool {
    static FORM: OnceLock<Regex> = OnceLock::new();
    compiled(&FORM, &[r"^(?:[0-9]{1,10}(?:[.][0-9]{1,10})?(?:ns|us|ms|s|m|h|d))+$"]).is_match(value)
}

/// The type of a quoted value: the narrowest that a command may be filled with.
fn kind_of(value: &str) -> CaptureType {
    let is_interface = {
        static FORM: OnceLock<Regex> = OnceLock::new();
        compiled(
            &FORM,
            &[r"^(?:eth|ens|eno|enp|bond|veth|lxc|cali|vlan|br|vxlan)[a-z0-9_]*[0-9][a-z0-9_.]*$"],
        )
        .is_match(value)
    };
    let kinds = [
        CaptureType::Number,
        CaptureType::Ip,
        CaptureType::Cidr,
        CaptureType::Uid,
        CaptureType::Url,
        CaptureType::Path,
    ];
    let narrow = kinds.into_iter().find(|kind| kind.accepts(value));
    let is_version = value.contains('.') && CaptureType::Version.accepts(value);
    match narrow {
        Some(kind) => kind,
        None if is_version => CaptureType::Version,
        None if is_interface => CaptureType::Interface,
        None if CaptureType::Name.accepts(value) => CaptureType::Name,
        None if CaptureType::Word.accepts(value) => CaptureType::Word,
        None => CaptureType::Text,
    }
}

/// A text as TOML writes it best: as it is, where it can stand so.
fn quoted(text: &str) -> String {
    let is_plain = !text.contains("'''")
        && !text.ends_with('\'')
        && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    match is_plain {
        true if text.contains('\n') => format!("'''\n{text}\n'''"),
        true => format!("'''{text}'''"),
        false => toml::Value::String(text.to_owned()).to_string(),
    }
}

fn file(id: &str, text: &str, draft: &Generalised) -> String {
    let hir = literals::parse(&draft.regex);
    let searched = hir.ok().and_then(|hir| Literals::of(&hir, &[]).ok());
    let searched = match searched {
        Some(literals) => {
            let pieces: Vec<String> =
                literals.pieces.iter().map(|piece| format!("`{}`", piece.escape_ascii())).collect();
            format!("# These literals of the regex are searched for: {}.", pieces.join(", "))
        }
        None => "# The regex has no literal of 8 characters that every match holds: it needs one.".to_owned(),
    };
    let types: Vec<String> =
        draft.captures.iter().map(|(name, kind, _)| format!("{name} = \"{}\"", kind.name())).collect();
    let types =
        if types.is_empty() { String::new() } else { format!("captures = {{ {} }}\n", types.join(", ")) };
    let values: BTreeMap<&str, &str> =
        draft.captures.iter().map(|(name, _, value)| (name.as_str(), value.as_str())).collect();
    let values: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{name} = [{}]", toml::Value::String((*value).to_owned())))
        .collect();
    let values =
        if values.is_empty() { String::new() } else { format!("captures = {{ {} }}\n", values.join(", ")) };
    let categories = CATEGORIES.join(" | ");
    let (regex, example) = (quoted(&draft.regex), quoted(text));
    format!(
        r#"# Fill in what begins with TODO; `signatures check` names each that is left.
id = "{id}"
category = "TODO: {categories}"
severity = "TODO: critical | high | medium | low | info"
# Ranges such as ">= 1.28.0, < 1.28.400"; empty where no source says.
affected = []
# Every release with the fix, of any branch.
fixed_in = []
# https URLs of those who say so.
references = []
source = "TODO: where the facts come from"
source_confidence = "TODO: confirmed | high | medium | low"

{searched}
[[pattern]]
name = "message"
regex = {regex}
confidence = "TODO: confirmed | likely | possible"
{types}
[[example]]
text = {example}
{values}
# A line that shares words with the message and is another fault, or none.
[[near_miss]]
text = "TODO: a line that must stay silent"
why = "TODO: why it is something else"

[text.en]
title = "TODO: one line, no final stop"
summary = "TODO: cause and effect in two or three sentences"
workaround = '''
TODO: what to do; a line that begins with `$ ` is a command, and two braces around the name of a capture are a slot.
'''

[text.ko]
title = "TODO: the same in Korean"
summary = "TODO: the same in Korean"
workaround = '''
TODO: the same in Korean.
'''
"#
    )
}

#[cfg(test)]
mod tests {
    use super::{Generalised, Message, draft};
    use crate::check::{check_files, test_files};

    fn parts(line: &str) -> Vec<String> {
        Message::of(line).parts
    }

    #[test]
    fn the_prefix_of_each_logger_is_left_out() {
        let plain = "creating NDP client failed";
        for line in [
            "creating NDP client failed",
            "2023-02-01T00:00:00.0Z stderr F creating NDP client failed",
            "E0312 08:20:11.402177       1 main.go:97] creating NDP client failed",
            "2022-03-04T20:16:43.68Z stderr F E0312 08:20:11.402177       1 main.go:97] creating NDP client failed",
            "Mar 27 10:55:29 node-1 kubelet[6155]: E0312 08:20:11.402177    6155 main.go:97] creating NDP client failed",
            "Mar 27 10:55:29 node-1 systemd: creating NDP client failed",
            "2023-02-01T00:00:00.000Z\terror\tcontroller/controller.go:12\tcreating NDP client failed",
            r#"{"level":"error","ts":1.5,"msg":"creating NDP client failed"}"#,
            r#"2023-02-01T00:00:00.0Z stderr F {"level":"error","msg":"creating NDP client failed"}"#,
            r#"time="2023-02-01T00:00:00Z" level=error msg="creating NDP client failed" subsys=daemon"#,
            r#"E0312 08:20:11.402177       1 main.go:97] "creating NDP client failed" node="a""#,
            r#"{"log":"E0312 08:20:11.402177 1 main.go:97] creating NDP client failed\n","stream":"stderr","time":"x"}"#,
            "[2023-01-19 22:11:49+0000] ERROR: creating NDP client failed",
            "  > creating NDP client failed",
        ] {
            assert_eq!(parts(line), [plain], "{line}");
        }
        assert_eq!(
            parts(r#"level=error msg="Unable to restore" error="no \"x\" found" subsys=daemon"#),
            ["Unable to restore", "no \"x\" found"]
        );
        assert_eq!(parts(r#"{"error":"no x","level":"error","msg":"Unable"}"#), ["no x", "Unable"]);
    }

    #[test]
    fn values_become_captures_of_their_type() {
        for (message, expected) in [
            ("dial tcp 10.200.0.3:443: connect refused", "ip=10.200.0.3 number=443"),
            ("cannot reach fd00::12 now", "ip=fd00::12"),
            ("pool 10.0.0.0/8 is full", "cidr=10.0.0.0/8"),
            ("pod 6d9466f7-d818-4658-b27c-3474bfd48c79 is gone", "uid=6d9466f7-d818-4658-b27c-3474bfd48c79"),
            ("link ens192 has no carrier", "interface=ens192"),
            (r#"not found on interface "bond0.100""#, "interface=bond0.100"),
            ("needs release 1.28.300-gke.131 or later", "version=1.28.300-gke.131"),
            ("open /var/lib/kubelet/pki/a.pem: no such file", "path=/var/lib/kubelet/pki/a.pem"),
            ("Get https://a.svc:443/x?timeout=10s: EOF", "url=https://a.svc:443/x?timeout=10s"),
            (r#"node "worker-07" is not ready"#, "name=worker-07"),
            ("pod anetd-7xk2p was evicted", "name=anetd-7xk2p"),
            ("host worker-07.lab.example.com is down", "dns-name=worker-07.lab.example.com"),
            ("x509: certificate of v1 is bad", ""),
            ("gave up after 30s and 12 tries", "word=30s number=12"),
            ("waited 5m0s, then 1.234s and 1h2m3.5s", "word=5m0s word=1.234s word=1h2m3.5s"),
            ("took 500ms, (12.5s)", "word=500ms word=12.5s"),
            ("container 7f9c8d6b5 is gone", "word=7f9c8d6b5"),
            ("container 0123456789abcdef0123456789abcdef is gone", "word=0123456789abcdef0123456789abcdef"),
            ("fault at 0x5590aa24bdd5 here", "word=0x5590aa24bdd5"),
            ("pod 6D9466F7-D818-4658-B27C-3474BFD48C79 is gone", "word=6D9466F7-D818-4658-B27C-3474BFD48C79"),
            (
                "kubepods-besteffort-pod6d9466f7_d818_4658_b27c_3474bfd48c79.slice is gone",
                "word=kubepods-besteffort-pod6d9466f7_d818_4658_b27c_3474bfd48c79.slice",
            ),
            (
                "mount /var/lib/kubelet/pods/6d9466f7-d818-4658-b27c-3474bfd48c79/volumes/kubernetes.io~secret/a failed",
                "path=/var/lib/kubelet/pods/6d9466f7-d818-4658-b27c-3474bfd48c79/volumes/kubernetes.io~secret/a",
            ),
            ("Get https on localhost:10248 and 10.0.0.7:9000", "number=10248 ip=10.0.0.7 number=9000"),
            ("since 2023-02-01T00:00:00Z nothing", "text=2023-02-01T00:00:00Z"),
            (r#"reason "no space left on device" given"#, "text=no space left on device"),
            ("apps/v1/deployments is forbidden", ""),
        ] {
            let draft = Generalised::of(&Message { parts: vec![message.to_owned()] });
            let got: Vec<String> =
                draft.captures.iter().map(|(_, kind, value)| format!("{}={value}", kind.name())).collect();
            assert_eq!(got.join(" "), expected, "{message}: {}", draft.regex);
        }
    }

    /// Lines of several loggers; the draft of each is complete but for what the author knows.
    const LINES: [&str; 5] = [
        r#"2023-02-01T00:00:00.0Z stderr F {"level":"error","msg":"ANGd.Setup Failed to create ANG daemon","nodeName":"bm-node-1","error":"creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\""}"#,
        r#"E0312 08:20:11.402177       1 main.go:97] "Failed to mount volume" err="mount of /var/lib/a/b failed: exit status 32" pod="kube-system/x""#,
        r#"time="2023-02-01T00:00:00Z" level=error msg="Unable to restore endpoint" error="no allocator for 10.0.0.7" subsys=daemon"#,
        "Mar 27 10:55:29 n1 kubelet[6155]: E0327 10:55:29.000000    6155 pod.go:12] Failed to pull image 'gcr.io/a/b': it's gone",
        "컨테이너 runtime is not ready: cannot talk to the socket of it",
    ];

    #[test]
    fn a_draft_finds_its_own_line_and_tells_what_is_left() {
        for line in LINES {
            let draft = draft(line, Some("a-draft")).expect(line);
            let filled = draft.text.replacen("\"TODO: confirmed | likely", "\"likely\" # \"", 1);
            let filled: String = filled
                .lines()
                .map(|line| match line.split_once(" = \"TODO") {
                    Some(("category", _)) => "category = \"operation\"\n".to_owned(),
                    Some(("severity", _)) => "severity = \"low\"\n".to_owned(),
                    Some(("source_confidence", _)) => "source_confidence = \"low\"\n".to_owned(),
                    Some((key, _)) => format!("{key} = \"x\"\n"),
                    None => format!("{line}\n"),
                })
                .collect();
            let tests = test_files([("a-draft.toml", filled.as_str())]);
            assert!(tests.failures.is_empty(), "{line}\n{filled}\n{:?}", tests.failures);
            let mistakes = check_files([("a-draft.toml", draft.text.as_str())]);
            let blanks = draft.text.matches(" = \"TODO").count() + draft.text.matches("\nTODO").count();
            assert_eq!(mistakes.len(), blanks, "{mistakes:#?}");
            assert!(
                mistakes.iter().all(|it| it.message.ends_with("is still to be filled in")),
                "{mistakes:#?}"
            );
        }
    }

    #[test]
    fn an_id_is_made_of_the_words() {
        assert_eq!(draft(LINES[2], None).expect("a draft").id, "restore-endpoint-allocator");
        assert!(draft("", None).is_err());
        assert!(draft("12345", None).is_err());
        assert!(draft("some words here", Some("No Id")).is_err());
    }
}
