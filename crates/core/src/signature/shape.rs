//! The shape of a file by the schema that editors read: every unknown key, wrong type and missing key, not only the first.
//!
//! What is wrong is taken out or stands as something well-formed, so that the rest of the file is checked all the same.

use std::ops::Range;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use super::schema::FILE_SCHEMA;
use super::syntax::SignatureSyntax;

/// What the shape of a file comes to.
pub(super) struct Shape {
    /// Byte and text of each mistake.
    pub(super) mistakes: Vec<(usize, String)>,
    /// The file without them, as far as it is TOML.
    pub(super) rest: Option<SignatureSyntax>,
    /// Whether something that patterns or rules name was among them.
    pub(super) lacks_names: bool,
}

/// Looks at a file that cannot be read as it is.
pub(super) fn shape(text: &str, stem: &str) -> Shape {
    let (mut root, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { stem, mistakes: Vec::new(), is_whole: errors.is_empty(), lacks_names: false };
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        walk.mistakes.push((at, error.message().to_owned()));
    }
    let span = root.span();
    walk.table(schema(), "", &span, root.get_mut());
    let Walk { mut mistakes, is_whole, lacks_names, .. } = walk;
    mistakes.sort();
    mistakes.dedup();
    let rest = is_whole.then(|| SignatureSyntax::deserialize(Deserializer::from(root)).ok()).flatten();
    Shape { mistakes, rest, lacks_names }
}

fn schema() -> &'static Value {
    static PARSED: OnceLock<Value> = OnceLock::new();
    PARSED.get_or_init(|| serde_json::from_str(FILE_SCHEMA).expect("the tests parse the schema"))
}

struct Walk<'s> {
    stem: &'s str,
    mistakes: Vec<(usize, String)>,
    /// Whether the file is TOML from end to end: else what is missing may stand where it cannot be read.
    is_whole: bool,
    lacks_names: bool,
}

impl Walk<'_> {
    fn tell(&mut self, at: usize, message: String) {
        self.mistakes.push((at, message));
    }

    /// `name` is the dotted name of the table, empty for the file itself.
    fn table<'i>(&mut self, schema: &Value, name: &str, span: &Range<usize>, table: &mut DeTable<'i>) {
        let properties = schema["properties"].as_object();
        let dotted = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        let mut unknown = Vec::new();
        for (key, value) in table.iter_mut() {
            let key_text: &str = key.get_ref();
            let of_key = match properties.and_then(|properties| properties.get(key_text)) {
                Some(of_key) => of_key,
                None if schema["additionalProperties"].is_object() => &schema["additionalProperties"],
                None => {
                    let known: Vec<String> =
                        properties.into_iter().flatten().map(|(key, _)| format!("`{key}`")).collect();
                    let known = known.join(", ");
                    self.tell(
                        key.span().start,
                        format!("unknown key `{}`: there is {known}", dotted(key_text)),
                    );
                    unknown.push(key_text.to_owned());
                    continue;
                }
            };
            self.value(of_key, &dotted(key_text), value);
        }
        for key in unknown {
            table.remove(key.as_str());
        }
        let required = schema["required"].as_array();
        let missing = |key: &&str| {
            resolved(&schema["properties"][*key])["type"] == "string" && !table.contains_key(*key)
        };
        let missing: Vec<&str> =
            required.into_iter().flatten().filter_map(Value::as_str).filter(missing).collect();
        for key in missing {
            if self.is_whole {
                self.tell(span.start, format!("`{}` is missing", dotted(key)));
            }
            let placeholder = self.placeholder(&schema["properties"][key], key);
            table.insert(
                Spanned::new(span.clone(), key.to_owned().into()),
                Spanned::new(span.clone(), placeholder),
            );
        }
        // Groups of a regex that is not there would be missed.
        if name == "pattern" && self.lacks_names {
            table.remove("captures");
        }
    }

    fn value<'i>(&mut self, schema: &Value, name: &str, value: &mut Spanned<DeValue<'i>>) {
        let schema = resolved(schema);
        let span = value.span();
        let wanted = schema["type"].as_str().unwrap_or_default();
        match (wanted, value.get_mut()) {
            ("string", DeValue::String(_)) | ("boolean", DeValue::Boolean(_)) => {}
            ("object", DeValue::Table(table)) => self.table(schema, name, &span, table),
            ("array", DeValue::Array(list)) => {
                let items = resolved(&schema["items"]);
                let mut good = DeArray::new();
                for mut item in std::mem::replace(list, DeArray::new()) {
                    if is_of(items, item.get_ref()) {
                        self.value(items, name, &mut item);
                        good.push(item);
                    } else {
                        let message =
                            format!("`{name}` holds {}, not {}", kind(item.get_ref()), named(items));
                        self.tell(item.span().start, message);
                    }
                }
                *list = good;
            }
            (_, other) => {
                let message = format!("`{name}` is {}, not {}", kind(other), named(schema));
                let key = name.rsplit('.').next().unwrap_or(name);
                *other = self.placeholder(schema, key);
                self.tell(span.start, message);
            }
        }
    }

    /// Something well-formed in the place of what is not.
    fn placeholder(&mut self, schema: &Value, key: &str) -> DeValue<'static> {
        let schema = resolved(schema);
        self.lacks_names |= matches!(key, "regex" | "name" | "pattern" | "captures" | "fill");
        let first = schema["enum"][0].as_str();
        let text = first.map(str::to_owned).unwrap_or_else(|| match key {
            "id" => self.stem.to_owned(),
            "when" => "true".to_owned(),
            "regex" => "a literal in the place of a regex".to_owned(),
            "fact" => "cluster.version".to_owned(),
            _ => "x".to_owned(),
        });
        match schema["type"].as_str() {
            Some("boolean") => DeValue::Boolean(false),
            Some("array") => DeValue::Array(DeArray::new()),
            Some("object") => DeValue::Table(DeTable::new()),
            _ => DeValue::String(text.into()),
        }
    }
}

fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str().and_then(|name| name.strip_prefix("#")) {
        Some(pointer) => schema().pointer(pointer).unwrap_or(value),
        None => value,
    }
}

fn is_of(schema: &Value, value: &DeValue<'_>) -> bool {
    matches!(
        (schema["type"].as_str().unwrap_or_default(), value),
        ("string", DeValue::String(_))
            | ("boolean", DeValue::Boolean(_))
            | ("array", DeValue::Array(_))
            | ("object", DeValue::Table(_))
    )
}

fn named(schema: &Value) -> &'static str {
    match schema["type"].as_str().unwrap_or_default() {
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a table",
        _ => "a text",
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "`true` or `false`",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
