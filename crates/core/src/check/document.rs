//! Where in a file each value stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::signature::{Mistake, line_and_column};

/// A step to a value: a key, or the place in a list.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    At(usize),
}

/// A file with the places of its values.
pub(crate) struct Document<'a> {
    file: &'a str,
    id: &'a str,
    text: &'a str,
    root: Option<Spanned<DeTable<'a>>>,
}

impl<'a> Document<'a> {
    pub(crate) fn new(file: &'a str, id: &'a str, text: &'a str) -> Document<'a> {
        Document { file, id, text, root: DeTable::parse(text).ok() }
    }

    /// Whether there is such a value.
    pub(crate) fn has(&self, steps: &[Step<'_>]) -> bool {
        self.find(steps).1 == steps.len()
    }

    /// The byte at which a value begins, or the nearest value around it that is there.
    pub(crate) fn place(&self, steps: &[Step<'_>]) -> usize {
        self.find(steps).0
    }

    /// That byte, and how many steps led to it.
    fn find(&self, steps: &[Step<'_>]) -> (usize, usize) {
        let Some(root) = &self.root else { return (0, 0) };
        let (mut at, mut taken) = (0, 0);
        let mut value: Option<&Spanned<DeValue<'_>>> = None;
        for step in steps {
            let next = match (step, value) {
                (Step::Key(key), None) => root.get_ref().get(*key),
                (Step::Key(key), Some(table)) => table.get_ref().as_table().and_then(|table| table.get(*key)),
                (Step::At(index), Some(list)) => list.get_ref().as_array().and_then(|list| list.get(*index)),
                (Step::At(_), None) => None,
            };
            let Some(next) = next else { break };
            at = next.span().start;
            taken += 1;
            value = Some(next);
        }
        (at, taken)
    }

    /// The byte at which `needle` stands in the value, or at which the value begins.
    pub(crate) fn place_of(&self, steps: &[Step<'_>], needle: &str) -> usize {
        let at = self.place(steps);
        self.text[at..].find(needle).map_or(at, |found| at + found)
    }

    pub(crate) fn mistake(&self, at: usize, message: impl Into<String>) -> Mistake {
        let (line, column) = line_and_column(self.text, at);
        let (file, id) = (self.file.to_owned(), self.id.to_owned());
        Mistake { file, line, column, id, message: message.into() }
    }

    /// Every text that stands in the file, with its key and the byte at which it begins.
    pub(crate) fn texts(&self) -> Vec<(String, usize, String)> {
        let mut texts = Vec::new();
        if let Some(root) = &self.root {
            root.get_ref().iter().for_each(|(key, value)| texts_of(key.get_ref(), value, &mut texts));
        }
        texts.sort_by_key(|&(_, at, _)| at);
        texts
    }
}

fn texts_of(key: &str, value: &Spanned<DeValue<'_>>, into: &mut Vec<(String, usize, String)>) {
    match value.get_ref() {
        DeValue::String(text) => into.push((key.to_owned(), value.span().start, text.to_string())),
        DeValue::Array(values) => values.iter().for_each(|value| texts_of(key, value, into)),
        DeValue::Table(table) => {
            table
                .iter()
                .for_each(|(inner, value)| texts_of(&format!("{key}.{}", inner.get_ref()), value, into));
        }
        _ => {}
    }
}
