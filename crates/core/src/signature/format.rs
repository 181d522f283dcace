//! The canonical form of a signature file: order of keys and tables, blank lines; comments stay where they belong.

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, RawString, Table, Value};

use super::LANGUAGES;
use crate::error::{Error, ErrorKind};

/// Keys before the first table.
const TOP: [&str; 18] = [
    "id",
    "category",
    "severity",
    "component",
    "affected",
    "no_lower_bound",
    "fixed_in",
    "affected_when",
    "covered",
    "references",
    "source",
    "source_confidence",
    "workaround_confidence",
    "status",
    "successor",
    "related",
    "supersedes",
    "caused_by",
];
/// Tables of a file, and their keys.
const TABLES: [(&str, &[&str]); 4] = [
    ("pattern", &["name", "regex", "also", "reject", "literals", "confidence", "where", "captures"]),
    ("rule", &["for", "when", "scope", "confidence", "advisory", "optional", "fill"]),
    ("example", &["path", "text", "files", "cluster_version", "advisory", "captures", "confidence", "nodes"]),
    ("near_miss", &["path", "text", "files", "cluster_version", "why", "at_most"]),
];
const TEXT: [&str; 3] = ["title", "summary", "workaround"];
/// A longer list has a line for each of its values.
const WIDTH: usize = 110;

/// The text of a file in its canonical form; the form of that is the same again.
///
/// # Errors
/// When the text is no TOML.
pub fn format_file(name: &str, text: &str) -> Result<String, Error> {
    // Ends of lines are of one kind, that of the first: an editor elsewhere may have written the file.
    if text.lines().next().is_some_and(|line| text[line.len()..].starts_with("\r\n")) {
        let formatted = format_file(name, &text.replace("\r\n", "\n"))?;
        return Ok(formatted.replace('\n', "\r\n"));
    }
    let mixed = text.contains("\r\n").then(|| text.replace("\r\n", "\n"));
    let text = mixed.as_deref().unwrap_or(text);
    let mut document: DocumentMut = text.parse().map_err(|source: toml_edit::TomlError| {
        let message = source.message().to_owned();
        Error::new(ErrorKind::Signature, format!("cannot format `{name}`: {message}"))
    })?;
    let root = document.as_table_mut();
    values(root, &TOP);
    let mut position = 0;
    let mut next = || {
        position += 1;
        Some(position)
    };
    for (key, keys) in TABLES {
        for table in root
            .get_mut(key)
            .and_then(Item::as_array_of_tables_mut)
            .into_iter()
            .flat_map(ArrayOfTables::iter_mut)
        {
            table.set_position(next());
            header(table);
            values(table, keys);
        }
    }
    if let Some(texts) = root.get_mut("text").and_then(Item::as_table_mut) {
        let mut languages: Vec<String> = texts.iter().map(|(language, _)| language.to_owned()).collect();
        languages.sort_by_key(|language| LANGUAGES.iter().position(|known| known == language));
        // A language that is none of ours stands behind them.
        languages.sort_by_key(|language| !LANGUAGES.contains(&language.as_str()));
        for language in languages {
            if let Some(table) = texts.get_mut(&language).and_then(Item::as_table_mut) {
                table.set_position(next());
                header(table);
                values(table, &TEXT);
            }
        }
    }
    let mut formatted = document.to_string();
    let end = formatted.trim_end().len();
    formatted.truncate(end);
    formatted.push('\n');
    Ok(formatted.trim_start_matches('\n').to_owned())
}

/// One blank line before a table, and its comments below that.
fn header(table: &mut Table) {
    let comments = comments(table.decor().prefix());
    table.decor_mut().set_prefix(format!("\n{comments}"));
}

/// Puts the values of a table in order and each on lines of its own.
fn values(table: &mut Table, order: &[&str]) {
    let rank = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    table.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
    for (mut key, item) in table.iter_mut() {
        let Item::Value(value) = item else { continue };
        let comments = comments(key.leaf_decor().prefix());
        key.leaf_decor_mut().set_prefix(comments);
        key.leaf_decor_mut().set_suffix(" ");
        if let Value::Array(array) = value {
            list(array, key.get().len() + 3);
        }
        let decor = value.decor_mut();
        decor.set_prefix(" ");
        if decor.suffix().and_then(RawString::as_str).is_none_or(|suffix| suffix.trim().is_empty()) {
            decor.set_suffix("");
        }
    }
}

/// The comments of a prefix, each on its line, without blank lines.
fn comments(prefix: Option<&RawString>) -> String {
    let text = prefix.and_then(RawString::as_str).unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// A list on one line, or one value a line where it is long. One with comments or tables stays as it is written.
fn list(array: &mut Array, indent: usize) {
    let is_written =
        |raw: Option<&RawString>| raw.and_then(RawString::as_str).is_some_and(|text| text.contains('#'));
    let is_plain = |value: &Value| {
        let decor = value.decor();
        value.is_str() && !is_written(decor.prefix()) && !is_written(decor.suffix())
    };
    if !array.iter().all(is_plain) || is_written(Some(array.trailing())) {
        return;
    }
    // Texts of several lines are no words of a list.
    if array.iter().any(|value| {
        value.to_string().contains('\n') && value.as_str().is_some_and(|text| text.contains('\n'))
    }) {
        return;
    }
    let width: usize = array.iter().map(|value| value.to_string().trim().chars().count() + 2).sum();
    let is_long = array.len() > 1 && indent + width > WIDTH;
    for (index, value) in array.iter_mut().enumerate() {
        let prefix = match (is_long, index) {
            (true, _) => "\n    ",
            (false, 0) => "",
            (false, _) => " ",
        };
        value.decor_mut().set_prefix(prefix);
        value.decor_mut().set_suffix("");
    }
    array.set_trailing(if is_long { "\n" } else { "" });
    array.set_trailing_comma(is_long);
}

#[cfg(test)]
mod tests {
    use super::format_file;

    #[test]
    fn the_files_of_the_repository_are_in_their_form() {
        for (file, text) in crate::signature::builtin() {
            assert_eq!(format_file(file, text).expect(file), text, "{file}: `signatures fmt signatures`");
        }
    }

    #[test]
    fn keys_and_tables_come_into_their_order_with_their_comments() {
        let text = r#"# The head.
id = "a"
severity   =  "low"   # why


# Of the category.
category="operation"
references = [ "https://example.org/one/long/enough", "https://example.org/two/long/enough", "https://example.org/three" ]
[text.ko]
summary = "s"
title = "t"

[text.en]
title = "t"
[[near_miss]]
why = "w"
text = "x"


# Of the pattern.
[[pattern]]
confidence = "likely"
regex = '''a'''
name = "p"
captures = { a = "word" }
[[example]]
text = '''
two
lines
'''
files = [
    { path = "a", text = "b" },
]
"#;
        let expected = r#"# The head.
id = "a"
# Of the category.
category = "operation"
severity = "low"   # why
references = [
    "https://example.org/one/long/enough",
    "https://example.org/two/long/enough",
    "https://example.org/three",
]

# Of the pattern.
[[pattern]]
name = "p"
regex = '''a'''
confidence = "likely"
captures = { a = "word" }

[[example]]
text = '''
two
lines
'''
files = [
    { path = "a", text = "b" },
]

[[near_miss]]
text = "x"
why = "w"

[text.en]
title = "t"

[text.ko]
title = "t"
summary = "s"
"#;
        let formatted = format_file("a.toml", text).expect("TOML");
        assert_eq!(formatted, expected);
        assert_eq!(format_file("a.toml", &formatted).expect("TOML"), formatted);
        let value = |text: &str| text.parse::<toml::Table>().expect("TOML");
        assert_eq!(value(&formatted), value(text));
        assert!(format_file("a.toml", "a = = b").is_err());
        let elsewhere = format_file("a.toml", &text.replace('\n', "\r\n")).expect("TOML");
        assert_eq!(elsewhere, expected.replace('\n', "\r\n"));
        let mixed = text.replacen("\nid", "\r\nid", 1).replacen("two\n", "two\r\n", 1);
        assert_eq!(format_file("a.toml", &mixed).expect("TOML"), expected.replace('\n', "\r\n"));
        let mixed = text.replacen("two\n", "two\r\n", 1);
        assert_eq!(format_file("a.toml", &mixed).expect("TOML"), expected);
    }
}
