//! The JSON Schema of a signature file, with which editors complete and check it.

/// JSON Schema (2020-12) of a signature file; `schema/signature.schema.json`.
pub const FILE_SCHEMA: &str = include_str!("../../../../schema/signature.schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::{Value, json};

    use super::FILE_SCHEMA;
    use crate::signature::capture::CAPTURE_TYPES;
    use crate::signature::syntax::SignatureSyntax;
    use crate::signature::{CATEGORIES, Confidence, LANGUAGES, Severity};

    fn described(mut schema: Value, text: &str) -> Value {
        schema["description"] = text.into();
        schema
    }

    fn text(description: &str) -> Value {
        described(json!({ "type": "string", "minLength": 1 }), description)
    }

    fn truth(description: &str) -> Value {
        described(json!({ "type": "boolean" }), description)
    }

    fn one_of(values: &[&str], description: &str) -> Value {
        described(json!({ "type": "string", "enum": values }), description)
    }

    fn list(items: Value, description: &str) -> Value {
        described(json!({ "type": "array", "items": items }), description)
    }

    fn texts(description: &str) -> Value {
        list(json!({ "type": "string", "minLength": 1 }), description)
    }

    fn ids(description: &str) -> Value {
        list(json!({ "$ref": "#/$defs/id" }), description)
    }

    fn map(values: Value, description: &str) -> Value {
        described(
            json!({ "type": "object", "propertyNames": { "pattern": "^[a-z_][a-z0-9_]*$" }, "additionalProperties": values }),
            description,
        )
    }

    fn object(properties: Value, required: &[&str]) -> Value {
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    /// The schema; names of values come from where they are defined.
    fn made() -> Value {
        let severities: Vec<&str> = Severity::ALL.iter().map(|it| it.as_str()).collect();
        let confidences: Vec<&str> = Confidence::ALL.iter().map(|it| it.as_str()).collect();
        let types: Vec<&str> = CAPTURE_TYPES.iter().map(|(name, _)| *name).collect();
        let files = list(
            object(
                json!({ "path": text("Path of the member."), "text": { "type": "string" } }),
                &["path", "text"],
            ),
            "Several files of a bundle instead of `text`.",
        );
        let version = text("Release of the cluster.");
        let confidence = |description: &str| one_of(&confidences, description);
        let pattern = object(
            json!({
                "name": { "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "Unique in the file; rules name it." },
                "regex": text("The message alone, unwrapped: plain quotes, single blanks, no prefix of a logger."),
                "also": texts("Regexes that the same message must match too."),
                "reject": texts("Regexes: a message that matches one is no hit."),
                "literals": texts("What is searched for first, instead of the literals of the regex; each stands in every match."),
                "confidence": confidence("What this text alone says; left out when only a rule decides."),
                "where": texts("Text in the path of the member, or in front of the message, that raises the confidence by one step."),
                "captures": map(one_of(&types, "Form of the value."), "Every named group of the regex, and its type."),
            }),
            &["name", "regex"],
        );
        let fill = object(
            json!({
                "fact": text("The fact whose value fills the slot."),
                "type": one_of(&types, "Form of the value."),
                "of": text("Condition on the subjects of the fact."),
            }),
            &["fact", "type"],
        );
        let rule = object(
            json!({
                "for": text("Kind of subject it is evaluated for, one after the other: node, pod, cluster …"),
                "when": text("A condition over patterns and facts."),
                "scope": one_of(&["member", "pod", "node", "bundle"], "The hits that are looked at together."),
                "confidence": confidence("What it says when it holds."),
                "advisory": truth("Only release, profile or topology: an advisory, no finding."),
                "optional": truth("Only raises the confidence: what it lacks is not asked for."),
                "fill": map(fill, "Slots of the workaround that facts fill."),
            }),
            &["when"],
        );
        let example = object(
            json!({
                "path": text("Path of the member that holds `text`."),
                "text": text("Lines of a log, or a file, as a bundle holds them."),
                "files": files,
                "cluster_version": version,
                "advisory": truth("It gives an advisory instead of a finding."),
                "captures": map(json!({ "type": "array", "items": { "type": "string" } }), "Captures it must give."),
                "confidence": confidence("Confidence it must give."),
                "nodes": texts("Nodes of the finding."),
            }),
            &[],
        );
        let near_miss = object(
            json!({
                "path": text("Path of the member that holds `text`."),
                "text": text("Lines that share words with the message, and are another fault or none."),
                "files": files,
                "cluster_version": version,
                "why": text("Why it is something else."),
                "at_most": confidence("It may be shown with this confidence; left out: it must stay silent."),
            }),
            &["why"],
        );
        let language = object(
            json!({
                "title": text("One line, no final stop."),
                "summary": text("Cause and effect, two or three sentences."),
                "workaround": text("What to do; lines that begin with `$ ` are commands, `{{name}}` is a slot."),
            }),
            &["title", "summary", "workaround"],
        );
        let languages: serde_json::Map<String, Value> =
            LANGUAGES.iter().map(|name| ((*name).to_owned(), language.clone())).collect();
        let mut schema = object(
            json!({
                "id": { "$ref": "#/$defs/id", "description": "Also the name of the file; names the fault and never changes." },
                "status": one_of(&["stable", "experimental", "deprecated"], "How settled it is; stable when left out."),
                "successor": { "$ref": "#/$defs/id", "description": "What takes the place of a deprecated one." },
                "category": one_of(&CATEGORIES, "Where it belongs."),
                "severity": one_of(&severities, "How bad it is where it strikes; info: known to be harmless."),
                "component": text("The component that emits the message."),
                "affected": texts("Ranges of releases with the fault: `1.10.x`, `>= 1.13.0, <= 1.13.2`; empty where no source says."),
                "no_lower_bound": truth("No source names the first release with the fault."),
                "fixed_in": texts("Every release that carries the fix, of any branch."),
                "affected_when": text("A condition that says which clusters are affected, where ranges of one release cannot."),
                "covered": text("The releases the source speaks about."),
                "related": ids("Issues that are easily confused with this one, or come together with it."),
                "supersedes": ids("More general issues that this one explains where both show."),
                "caused_by": ids("Issues that bring this one about."),
                "references": list(json!({ "type": "string", "pattern": "^https://" }), "Where to read more."),
                "source": text("Where the facts come from."),
                "source_confidence": one_of(&["confirmed", "high", "medium", "low"], "How sure it is that the software emits this text."),
                "workaround_confidence": one_of(&["confirmed", "high", "medium", "low"], "How sure the steps of the workaround are, where that is not so sure as the text; low: no source confirms them, and they are not given as commands."),
                "pattern": list(pattern, "Messages that show the issue."),
                "rule": list(rule, "What several hits, or facts, say together."),
                "example": described(json!({ "type": "array", "items": example, "minItems": 1 }), "What must give a finding."),
                "near_miss": described(json!({ "type": "array", "items": near_miss, "minItems": 1 }), "What must stay silent."),
                "text": object(Value::Object(languages), &LANGUAGES),
            }),
            &["id", "category", "severity", "source", "source_confidence", "example", "near_miss", "text"],
        );
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = "A signature of loggrep-abm".into();
        schema["$defs"] = json!({ "id": { "type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 64 } });
        schema
    }

    #[test]
    fn the_schema_is_fresh() {
        let made = format!("{}\n", serde_json::to_string_pretty(&made()).expect("JSON"));
        if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/signature.schema.json");
            std::fs::write(path, made).expect("the repository can be written");
            return;
        }
        assert!(
            made == FILE_SCHEMA,
            "schema/signature.schema.json is stale: LOGGREP_ABM_BLESS=1 writes it anew"
        );
    }

    /// The keys that the reader of files knows of a table, as its complaint about another lists them.
    fn known(table: &str) -> BTreeSet<String> {
        let text = "id = 'a'\ncategory = 'a'\nseverity = 'a'\nsource = 'a'\nsource_confidence = 'a'\n";
        let error =
            toml::from_str::<SignatureSyntax>(&format!("{text}{table}")).expect_err(table).to_string();
        let message = error.lines().find(|line| line.contains("unknown field")).expect(&error).to_owned();
        message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_schema_has_every_key_that_is_read() {
        let schema: Value = serde_json::from_str(FILE_SCHEMA).expect("JSON");
        let keys = |pointer: &str| -> BTreeSet<String> {
            let properties = schema.pointer(pointer).and_then(Value::as_object).expect(pointer);
            properties.keys().cloned().collect()
        };
        for (table, pointer) in [
            ("zzz = 1", "/properties"),
            ("[[pattern]]\nzzz = 1", "/properties/pattern/items/properties"),
            ("[[rule]]\nzzz = 1", "/properties/rule/items/properties"),
            (
                "[[rule]]\nfill = { a = { zzz = 1 } }",
                "/properties/rule/items/properties/fill/additionalProperties/properties",
            ),
            ("[[example]]\nzzz = 1", "/properties/example/items/properties"),
            ("[[near_miss]]\nzzz = 1", "/properties/near_miss/items/properties"),
            ("[text.en]\nzzz = 1", "/properties/text/properties/en/properties"),
        ] {
            assert_eq!(keys(pointer), known(table), "{table}");
        }
    }

    #[test]
    fn every_file_is_valid_and_a_bad_one_is_not() {
        let schema: Value = serde_json::from_str(FILE_SCHEMA).expect("JSON");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let value = |text: &str| -> Value {
            serde_json::to_value(text.parse::<toml::Table>().expect("TOML")).expect("JSON")
        };
        let mut first = None;
        for (file, text) in crate::signature::builtin() {
            let value = value(text);
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{file}: {errors:?}");
            first.get_or_insert(value);
        }
        let good = first.expect("a file");
        for (key, bad) in
            [("severity", json!("bad")), ("id", json!("A")), ("zzz", json!(1)), ("example", json!([]))]
        {
            let mut value = good.clone();
            value[key] = bad;
            assert!(!validator.is_valid(&value), "{key}");
        }
    }
}
