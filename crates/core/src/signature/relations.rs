//! How issues stand to one another, and how settled a signature is.
//!
//! [`check`] looks at all files together: what a relation names must exist, and no issue may come before itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::syntax::Spanned;
use super::{Mistake, Signature, line_and_column};

/// How settled a signature is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// Evaluated always.
    #[default]
    Stable,
    /// Evaluated only where this is asked for.
    Experimental,
    /// Still evaluated; another signature takes its place.
    Deprecated,
}

impl Status {
    /// The name used in files and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Stable => "stable",
            Status::Experimental => "experimental",
            Status::Deprecated => "deprecated",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Status> {
        [Status::Stable, Status::Experimental, Status::Deprecated]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// Other issues a file names, as it writes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Relations {
    pub(crate) related: Vec<Named>,
    pub(crate) supersedes: Vec<Named>,
    pub(crate) caused_by: Vec<Named>,
    pub(crate) successor: Option<Named>,
}

/// An id and the byte of the file at which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) id: String,
    at: usize,
}

impl Named {
    pub(super) fn of(id: &Spanned<String>) -> Named {
        Named { id: id.get_ref().clone(), at: id.span().start }
    }

    pub(super) fn all(ids: &[Spanned<String>]) -> Vec<Named> {
        ids.iter().map(Named::of).collect()
    }
}

impl Relations {
    fn all(&self) -> impl Iterator<Item = &Named> {
        self.related.iter().chain(&self.supersedes).chain(&self.caused_by).chain(&self.successor)
    }
}

impl Signature {
    /// Issues that are easily confused with this one, or come together with it.
    pub fn related(&self) -> impl Iterator<Item = &str> {
        ids(&self.relations.related)
    }

    /// Issues that this one explains where both show: it is the more specific cause.
    pub fn supersedes(&self) -> impl Iterator<Item = &str> {
        ids(&self.relations.supersedes)
    }

    /// Issues that bring this one about.
    pub fn caused_by(&self) -> impl Iterator<Item = &str> {
        ids(&self.relations.caused_by)
    }

    /// How settled it is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The signature that takes the place of a deprecated one.
    pub fn successor(&self) -> Option<&str> {
        self.relations.successor.as_ref().map(|named| named.id.as_str())
    }
}

fn ids(named: &[Named]) -> impl Iterator<Item = &str> {
    named.iter().map(|named| named.id.as_str())
}

/// Mistakes in the relations of files that are loaded together.
///
/// A file may name any built-in signature too, so that a directory of one's own can be checked alone.
pub(crate) fn check(by_id: &BTreeMap<String, Signature>, files: &[&str], into: &mut Vec<Mistake>) {
    let id_of = |file: &&str| Path::new(file).file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let names = super::builtin().map(|(file, _)| file).chain(files.iter().copied());
    let known: BTreeSet<String> = names.filter_map(|file| id_of(&file)).collect();
    let exists = |id: &str| known.contains(id);
    for signature in by_id.values() {
        let mut mistake =
            |named: &Named, message: String| into.push(mistake_at(signature, named.at, message));
        for named in signature.relations.all() {
            if named.id == signature.id {
                mistake(named, "the signature names itself".to_owned());
            } else if !exists(&named.id) {
                mistake(named, format!("there is no signature `{}`", named.id));
            }
        }
        for list in
            [&signature.relations.related, &signature.relations.supersedes, &signature.relations.caused_by]
        {
            for (index, named) in list.iter().enumerate() {
                if list[..index].iter().any(|other| other.id == named.id) {
                    mistake(named, format!("`{}` stands twice", named.id));
                }
            }
        }
    }
    cycles(by_id, into);
}

/// What stands above what in a report must not go in a circle: a cause above its effect, a specific issue above the
/// general one. A successor is followed the same way.
fn cycles(by_id: &BTreeMap<String, Signature>, into: &mut Vec<Mistake>) {
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, signature) in by_id {
        for other in signature.supersedes() {
            below.entry(id).or_default().push(other);
        }
        for other in signature.caused_by().chain(signature.successor()) {
            below.entry(other).or_default().push(id);
        }
    }
    let first_of = |signature: &'_ Signature| {
        let relations = &signature.relations;
        relations.supersedes.iter().chain(&relations.caused_by).chain(&relations.successor).next().cloned()
    };
    let names_any = |id: &str| by_id.get(id).is_some_and(|signature| first_of(signature).is_some());
    for (id, signature) in by_id {
        let Some(own) = first_of(signature) else { continue };
        if let Some(path) = way_back(id, &below)
            // Told once, for the first by name of those in the circle that say something of it.
            && path.iter().all(|other| *other >= id.as_str() || !names_any(other))
        {
            let message = format!("the relations go in a circle: {} > {id}", path.join(" > "));
            into.push(mistake_at(signature, own.at, message));
        }
    }
}

/// The ids from `start` back to itself, without the last.
fn way_back<'a>(start: &'a str, below: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Vec<&'a str>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        for other in below.get(id).into_iter().flatten().copied() {
            if other == start {
                let mut path = vec![id];
                while let Some(before) =
                    from.get(path[path.len() - 1]).filter(|_| path[path.len() - 1] != start)
                {
                    path.push(before);
                }
                path.reverse();
                return Some(path);
            }
            if !from.contains_key(other) {
                from.insert(other, id);
                open.push(other);
            }
        }
    }
    None
}

fn mistake_at(signature: &Signature, at: usize, message: String) -> Mistake {
    let (line, column) = line_and_column(&*signature.definition, at);
    Mistake { file: signature.file.clone(), line, column, id: signature.id.clone(), message }
}

#[cfg(test)]
mod tests {
    use crate::automaton::SignatureSet;

    /// A signature with these keys beside what each needs.
    fn file(id: &str, keys: &str) -> (String, String) {
        let text = format!(
            r#"id = "{id}"
category = "networking"
severity = "low"
source = "a test"
source_confidence = "low"
{keys}
[[pattern]]
name = "text"
regex = 'the message of {id} itself'
confidence = "likely"
[[example]]
text = 'the message of {id} itself'
[[near_miss]]
text = 'the message of another'
why = "another"
[text.en]
title = "t"
summary = "s"
workaround = "w"
[text.ko]
title = "t"
summary = "s"
workaround = "w"
"#
        );
        (format!("{id}.toml"), text)
    }

    fn mistakes(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<(String, String)> = files.iter().map(|(id, keys)| file(id, keys)).collect();
        let (_, mistakes) =
            SignatureSet::load(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        mistakes.iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.message)).collect()
    }

    #[test]
    fn what_a_relation_names_must_exist_and_come_before_nothing_of_its_own() {
        let none: [&str; 0] = [];
        assert_eq!(mistakes(&[("aa", "related = [\"bb\"]"), ("bb", "related = [\"aa\"]")]), none);
        assert_eq!(mistakes(&[("aa", "supersedes = [\"bb\"]"), ("bb", "caused_by = [\"aa\"]")]), none);
        // A directory of one's own may speak of what is built in.
        assert_eq!(mistakes(&[("aa", "related = [\"nf-conntrack-table-full\"]")]), none);
        for (files, expected) in [
            (&[("aa", "caused_by = [\"zz\"]")][..], "aa.toml:6: there is no signature `zz`"),
            (&[("aa", "supersedes = [\"aa\"]")], "aa.toml:6: the signature names itself"),
            (&[("aa", "related = [\"bb\", \"bb\"]"), ("bb", "")], "aa.toml:6: `bb` stands twice"),
            (
                &[("aa", "supersedes = [\"bb\"]"), ("bb", "supersedes = [\"aa\"]")],
                "aa.toml:6: the relations go in a circle: aa > bb > aa",
            ),
            (
                &[
                    ("aa", "supersedes = [\"bb\"]"),
                    ("bb", ""),
                    ("cc", "supersedes = [\"aa\"]\ncaused_by = [\"bb\"]"),
                ],
                "aa.toml:6: the relations go in a circle: aa > bb > cc > aa",
            ),
            (
                &[("aa", ""), ("bb", "supersedes = [\"aa\"]\ncaused_by = [\"aa\"]")],
                "bb.toml:6: the relations go in a circle: bb > aa > bb",
            ),
            (&[("aa", "status = \"old\"")], "aa.toml:6: status is none of stable, experimental, deprecated"),
            (&[("aa", "status = \"deprecated\"")], "aa.toml:6: a deprecated signature names its `successor`"),
            (
                &[("aa", "successor = \"bb\""), ("bb", "")],
                "aa.toml:6: only a deprecated signature has a `successor`",
            ),
        ] {
            let got = mistakes(files);
            assert!(got.iter().any(|line| line == expected), "{expected}\n{got:?}");
        }
    }
}
