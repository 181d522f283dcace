//! Paths into an object: `spec.containers[name=agent].resources.limits.cpu`.

use super::yaml::{Content, Node};

/// A parsed path.
///
/// Steps are joined by dots; a key that holds dots stands in double quotes. `[]` is every element of a list,
/// `[key=value]` those elements whose key has that value, `{}` at the end every entry of a map as `key=value`.
#[derive(Debug)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Each,
    Where(String, String),
    Pairs,
}

/// What a path leads to.
pub(super) struct Found<'n> {
    pub(super) line: u64,
    pub(super) node: &'n Node,
    /// The text of an entry, for `{}`.
    pair: Option<String>,
}

impl Found<'_> {
    /// Whether it is an entry, or says anything but `false` and its like.
    pub(super) fn is_something(&self) -> bool {
        self.pair.is_some() || !self.node.is_nothing()
    }

    /// The text of a scalar, of an entry, or of `format` with its `{key}` filled from a map.
    pub(super) fn text(&self, format: Option<&str>) -> Option<String> {
        if let Some(pair) = &self.pair {
            return Some(pair.clone());
        }
        let Some(format) = format else { return self.node.text().map(str::to_owned) };
        let mut text = String::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('{') {
            let (key, after) = after.split_once('}')?;
            text.push_str(before);
            text.push_str(self.node.text_at(&key.split('.').collect::<Vec<_>>()).unwrap_or_default());
            rest = after;
        }
        text.push_str(rest);
        Some(text)
    }
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Path, String> {
        let error = || format!("`{text}` is no path such as `spec.list[].name`");
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end;
            if let Some(quoted) = rest.strip_prefix('"') {
                end = quoted.find('"').ok_or_else(error)? + 2;
                steps.push(Step::Key(rest[1..end - 1].to_owned()));
            } else if let Some(inner) = rest.strip_prefix('[') {
                end = inner.find(']').ok_or_else(error)? + 2;
                steps.push(match rest[1..end - 1].split_once('=') {
                    Some((key, value)) => Step::Where(key.to_owned(), value.to_owned()),
                    None if end == 2 => Step::Each,
                    None => return Err(error()),
                });
            } else if rest == "{}" {
                end = 2;
                steps.push(Step::Pairs);
            } else {
                end = rest.find(['.', '[', '{']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(error());
                }
                steps.push(Step::Key(rest[..end].to_owned()));
            }
            rest = &rest[end..];
            rest = rest.strip_prefix('.').unwrap_or(rest);
        }
        Ok(Path(steps))
    }

    /// Everything the path leads to, in order.
    pub(super) fn find<'n>(&self, node: &'n Node) -> Vec<Found<'n>> {
        let mut found = vec![Found { line: node.line, node, pair: None }];
        for step in &self.0 {
            found = found.into_iter().flat_map(|at| step.from(at)).collect();
        }
        found
    }
}

impl Step {
    fn from<'n>(&self, at: Found<'n>) -> Vec<Found<'n>> {
        let found = |node: &'n Node| Found { line: node.line, node, pair: None };
        match (self, &at.node.content) {
            (Step::Key(key), Content::Map(_)) => at.node.get(key).map(found).into_iter().collect(),
            (Step::Each, Content::List(list)) => list.iter().map(found).collect(),
            (Step::Each, Content::Map(entries)) => entries.iter().map(|(_, value)| found(value)).collect(),
            (Step::Where(key, value), Content::List(list)) => {
                list.iter().filter(|item| item.text_at(&[key]) == Some(value)).map(found).collect()
            }
            (Step::Pairs, Content::Map(entries)) => {
                let pair = |(key, value): &'n (String, Node)| {
                    let text = format!("{key}={}", value.text().unwrap_or_default());
                    Found { line: value.line, node: value, pair: Some(text) }
                };
                entries.iter().map(pair).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Path;
    use crate::bundle::facts::yaml::objects;

    #[test]
    fn paths_lead_to_values() {
        let text = "metadata:\n  annotations:\n    a.b/c: \"yes\"\n  labels: {x: \"1\", y: \"\"}\nspec:\n  list:\n  - name: one\n    value: 1\n  - name: two\n    value: 2\n";
        let table: [(&str, Option<&str>, &[&str]); 7] = [
            ("metadata.annotations.\"a.b/c\"", None, &["yes:3"]),
            ("spec.list[].value", None, &["1:8", "2:10"]),
            ("spec.list[name=two].value", None, &["2:10"]),
            ("spec.list[]", Some("{name}:{value}"), &["one:1:7", "two:2:9"]),
            ("metadata.labels{}", None, &["x=1:4", "y=:4"]),
            ("spec.none.value", None, &[]),
            ("spec", None, &[]),
        ];
        let mut seen = false;
        objects(text, 0, &mut |object| {
            seen = true;
            for (path, format, expected) in table {
                let found: Vec<String> = Path::parse(path)
                    .expect(path)
                    .find(object)
                    .iter()
                    .filter_map(|found| Some(format!("{}:{}", found.text(format)?, found.line)))
                    .collect();
                assert_eq!(found, expected, "{path}");
            }
        });
        assert!(seen);
        for bad in [".a", "a[", "a[x]", "\"a"] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
