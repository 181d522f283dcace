//! YAML and JSON as trees whose nodes know their line.
//!
//! Start from [`objects`], which hands over one Kubernetes object after the other, so that a list of thousands never
//! stands in memory as a whole. Aliases are not followed, nesting and the size of one object are bounded.

use saphyr_parser::{Event, Parser, StrInput};

/// A value and the line, from 1, on which it begins.
#[derive(Clone, Debug, Hash)]
pub(super) struct Node {
    pub(super) line: u64,
    pub(super) content: Content,
}

#[derive(Clone, Debug, Hash)]
pub(super) enum Content {
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Levels of nesting that are read; what lies deeper is left out.
const DEPTH: usize = 48;
/// Values of one object that are read.
const VALUES: usize = 100_000;
/// Bytes kept of one scalar: a configuration in a ConfigMap is one.
const SCALAR: usize = 64 << 10;
/// Documents with mistakes that are passed over.
const MISTAKES: usize = 1000;
/// Lines before a document, such as the command that printed it and its warnings.
const BEFORE: usize = 8;

impl Node {
    /// The value of a key, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Whether it says no: `false`, nothing, an empty list.
    pub(super) fn is_nothing(&self) -> bool {
        match &self.content {
            Content::Scalar(text) => {
                ["false", "no", "off", "null", "~", ""].iter().any(|no| text.eq_ignore_ascii_case(no))
            }
            Content::List(list) => list.is_empty(),
            Content::Map(entries) => entries.is_empty(),
        }
    }

    /// The text, where this is a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the scalar under these keys.
    pub(super) fn text_at(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().try_fold(self, |node, key| node.get(key))?.text()
    }
}

/// Calls `each` for every object of the text: documents, and the items of lists. Of a list, the rest of it comes last,
/// without its items. What stands before a mistake is read, and what follows the next `---`.
///
/// `lines` are those before the text.
pub(super) fn objects(text: &str, lines: u64, each: &mut dyn FnMut(&Node)) {
    let mut at = begin(text);
    for _ in 0..MISTAKES {
        let before = lines + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() as u64;
        let Some(line) = documents(&text[at..], before, each) else { return };
        let rest = at + text[at..].split_inclusive('\n').take(line).map(str::len).sum::<usize>();
        let Some(next) = memchr::memmem::find(&text.as_bytes()[rest..], b"\n---") else { return };
        at = rest + next + 1;
    }
}

/// Where the first document begins: keys of objects are small, prompts and warnings before them are not.
fn begin(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive('\n').take(BEFORE) {
        if line.starts_with(|c: char| c.is_ascii_lowercase() || matches!(c, '"' | '{' | '[' | '-')) {
            return at;
        }
        at += line.len();
    }
    0
}

/// Reads documents up to the end, or to a mistake: then it gives the lines before the document with the mistake, and
/// the first of its own.
fn documents(text: &str, before: u64, each: &mut dyn FnMut(&Node)) -> Option<usize> {
    let parser = Parser::new_from_str(text);
    let mut reader = Reader { parser, left: VALUES, before, list: Vec::new(), broken: false };
    let mut begin = 1;
    while let Some((event, line)) = reader.next() {
        begin = (line - before) as usize;
        let done = match event {
            Event::MappingStart(..) => reader.document(line, each),
            Event::SequenceStart(..) => reader.items(each),
            _ => Some(()),
        };
        if done.is_none() {
            break;
        }
    }
    reader.broken.then_some(begin)
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Values of the object that may still be read.
    left: usize,
    /// Lines before the text.
    before: u64,
    /// What the list says of its items, which may not say it again: version and kind.
    list: Vec<(String, Node)>,
    /// Whether a mistake ended the reading.
    broken: bool,
}

impl<'a> Reader<'a> {
    /// The next event and its line; `None` at the end, or where the text is no YAML.
    fn next(&mut self) -> Option<(Event<'a>, u64)> {
        match self.parser.next_event()? {
            Ok((event, span)) => Some((event, self.before + span.start.line() as u64)),
            Err(_) => {
                self.broken = true;
                None
            }
        }
    }

    /// A document that is a map.
    fn document(&mut self, line: u64, each: &mut dyn FnMut(&Node)) -> Option<()> {
        self.left = VALUES;
        self.list.clear();
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            let Event::Scalar(key, ..) = event else {
                if matches!(event, Event::MappingEnd) {
                    break;
                }
                self.value(event, at, 1)?;
                self.skip_value()?;
                continue;
            };
            let (event, at) = self.next()?;
            if key == "items" && matches!(event, Event::SequenceStart(..)) {
                self.items(each)?;
            } else if let Some(value) = self.value(event, at, 1)? {
                self.of_items(&key, &value);
                entries.push((key.into_owned(), value));
            }
        }
        each(&Node { line, content: Content::Map(entries) });
        Some(())
    }

    /// The items of a list, each on its own.
    fn items(&mut self, each: &mut dyn FnMut(&Node)) -> Option<()> {
        loop {
            self.left = VALUES;
            let (event, line) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Some(());
            }
            if let Some(mut item) = self.value(event, line, 1)? {
                if let Content::Map(entries) = &mut item.content
                    && !entries.iter().any(|(key, _)| key == "kind")
                {
                    entries.extend(self.list.iter().cloned());
                }
                each(&item);
            }
        }
    }

    /// Keeps what the head of a `NodeList` says of its items: the API server leaves it out of them.
    fn of_items(&mut self, key: &str, value: &Node) {
        let text = match (key, value.text()) {
            ("kind", Some(kind)) => kind.strip_suffix("List").filter(|kind| !kind.is_empty()),
            ("apiVersion", version) => version,
            _ => None,
        };
        if let Some(text) = text {
            let content = Content::Scalar(text.to_owned());
            self.list.push((key.to_owned(), Node { line: value.line, content }));
        }
    }

    fn skip_value(&mut self) -> Option<()> {
        let (event, line) = self.next()?;
        self.left = 0;
        self.value(event, line, DEPTH).map(|_| ())
    }

    /// The value that begins with `event`. The outer `None` ends the reading, the inner is a value that is left out.
    fn value(&mut self, event: Event<'a>, line: u64, depth: usize) -> Option<Option<Node>> {
        if depth >= DEPTH || self.left == 0 {
            return self.skip(event).map(|()| None);
        }
        self.left -= 1;
        let content = match event {
            Event::Scalar(text, ..) => Content::Scalar(cut(&text).to_owned()),
            Event::SequenceStart(..) => Content::List(self.list(depth)?),
            Event::MappingStart(..) => Content::Map(self.map(depth)?),
            _ => Content::Scalar(String::new()),
        };
        Some(Some(Node { line, content }))
    }

    fn list(&mut self, depth: usize) -> Option<Vec<Node>> {
        let mut values = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Some(values);
            }
            values.extend(self.value(event, line, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Option<Vec<(String, Node)>> {
        let mut entries = Vec::new();
        loop {
            let (event, line) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Some(entries);
            }
            let key = self.value(event, line, depth + 1)?;
            let (event, _) = self.next()?;
            let value = self.value(event, line, depth + 1)?;
            if let (Some(Node { content: Content::Scalar(key), .. }), Some(value)) = (key, value) {
                entries.push((key, value));
            }
        }
    }

    /// Passes over the value that begins with `event`, however deep.
    fn skip(&mut self, event: Event<'a>) -> Option<()> {
        let mut open = 0usize;
        let mut event = event;
        loop {
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return Some(());
            }
            event = self.next()?.0;
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(SCALAR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::{Node, objects};

    fn names(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        objects(text, 0, &mut |object: &Node| {
            let kind = object.text_at(&["kind"]).unwrap_or("-").to_owned();
            let name = object.text_at(&["metadata", "name"]).unwrap_or("-").to_owned();
            found.push(format!("{kind} {name} {}", object.line));
        });
        found
    }

    #[test]
    fn objects_of_documents_and_lists() {
        let table: [(&str, &[&str]); 11] = [
            ("kind: A\nmetadata:\n  name: x\n---\nkind: B\nmetadata: {name: y}\n", &["A x 1", "B y 5"]),
            (
                "apiVersion: v1\nitems:\n- kind: A\n  metadata:\n    name: x\n- kind: A\n  metadata:\n    name: y\nkind: List\n",
                &["A x 3", "A y 6", "List - 1"],
            ),
            (
                "{\"kind\": \"List\",\n \"items\": [\n  {\"kind\": \"A\", \"metadata\": {\"name\": \"x\"}}\n ]\n}",
                &["A x 3", "List - 1"],
            ),
            ("items:\n- kind: A\n- kind: B\n  x: [\n", &["A - 2"]),
            ("items: []\nkind: PodList\n", &["PodList - 1"]),
            ("a: &x [1]\nkind: A\nb: *x\n", &["A - 1"]),
            (
                "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[\n{\"metadata\":{\"name\":\"x\"}}\n]}",
                &["Node x 2", "NodeList - 1"],
            ),
            ("$ kubectl get a -o yaml\nWarning: x: y: z\nkind: A\n", &["A - 3"]),
            ("kind: A\n---\nkind: B\nx: [\n---\nkind: C\r\nmetadata:\r\n  name: x\r\n", &["A - 1", "C x 6"]),
            ("kind: A\n\tbroken", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn hostile_text_ends() {
        for text in [
            "[".repeat(100_000),
            "{a: ".repeat(100_000),
            "- ".repeat(100_000),
            "? ".repeat(10_000),
            "&a ".repeat(1000),
        ] {
            objects(&text, 0, &mut |_| {});
        }
        let list = "kind: A\nmetadata:\n  name: x\n  labels: {a: b}\nspec: |\n  text\n";
        for end in 0..list.len() {
            objects(&list[..end], 0, &mut |_| {});
        }
    }
}
