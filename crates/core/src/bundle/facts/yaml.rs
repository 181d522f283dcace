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
/// Bytes kept of one scalar.
const SCALAR: usize = 4 << 10;

impl Node {
    /// The value of a key, where this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
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
/// without its items. What stands before a mistake is read.
pub(super) fn objects(text: &str, each: &mut dyn FnMut(&Node)) {
    let mut reader = Reader { parser: Parser::new_from_str(text), left: VALUES };
    while let Some((event, line)) = reader.next() {
        let done = match event {
            Event::MappingStart(..) => reader.document(line, each),
            Event::SequenceStart(..) => reader.items(each),
            _ => Some(()),
        };
        if done.is_none() {
            return;
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Values of the object that may still be read.
    left: usize,
}

impl<'a> Reader<'a> {
    /// The next event and its line; `None` at the end, or where the text is no YAML.
    fn next(&mut self) -> Option<(Event<'a>, u64)> {
        let (event, span) = self.parser.next_event()?.ok()?;
        Some((event, span.start.line() as u64))
    }

    /// A document that is a map.
    fn document(&mut self, line: u64, each: &mut dyn FnMut(&Node)) -> Option<()> {
        self.left = VALUES;
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
            if let Some(item) = self.value(event, line, 1)? {
                each(&item);
            }
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
        objects(text, &mut |object: &Node| {
            let kind = object.text_at(&["kind"]).unwrap_or("-").to_owned();
            let name = object.text_at(&["metadata", "name"]).unwrap_or("-").to_owned();
            found.push(format!("{kind} {name} {}", object.line));
        });
        found
    }

    #[test]
    fn objects_of_documents_and_lists() {
        let table: [(&str, &[&str]); 8] = [
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
            objects(&text, &mut |_| {});
        }
        let list = "kind: A\nmetadata:\n  name: x\n  labels: {a: b}\nspec: |\n  text\n";
        for end in 0..list.len() {
            objects(&list[..end], &mut |_| {});
        }
    }
}
