//! The schemas of the documents the report is written as, held against what is written.

use std::fs;

use serde_json::{Value, json};

use super::rollup::RollupDocument;
use super::sample::{hostile, sample};
use super::{JSON_SCHEMA, ROLLUP_SCHEMA, Report, SCHEMA_VERSION, write_json, write_rollup_json, write_sarif};

/// A schema as the types have it. Unknown keys are allowed: later writers add some.
fn schema_of_types(schema: schemars::Schema, name: &str, title: &str) -> String {
    let mut schema = schema.to_value();
    schema["$id"] = json!(format!("urn:loggrep-abm:{name}:{SCHEMA_VERSION}"));
    schema["title"] = json!(title);
    // Formats such as `uint64` are not those of JSON Schema; the bounds beside them say enough.
    plain(&mut schema);
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

/// Without formats of Rust, and with descriptions that do not link into its documentation.
fn plain(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !(key == "format" && value.is_string()));
            map.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::String(text) => *text = text.replace("[`", "`").replace("`]", "`"),
        _ => {}
    }
}

fn parsed(write: fn(&Report, &mut Vec<u8>) -> std::io::Result<()>, report: &Report) -> Value {
    let mut out = Vec::new();
    write(report, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[track_caller]
fn validate(schema: &Value, document: &Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn reports() -> Vec<Report> {
    let mut empty = sample("en");
    empty.findings.clear();
    empty.bundle = super::Bundle::default();
    vec![sample("en"), sample("ko"), hostile(), empty]
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let report = schema_of_types(schemars::schema_for!(Report), "report", "Report of loggrep-abm");
    let rollup = schemars::schema_for!(RollupDocument<'_>);
    let rollup =
        schema_of_types(rollup, "rollup", "Reports of several inputs, and the table of issues and inputs");
    for (name, expected) in [("report", report), ("rollup", rollup)] {
        let path = format!("{}/../../schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &expected).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap();
        assert!(committed == expected, "schema/{name}.schema.json is stale; UPDATE_GOLDEN=1");
    }
}

#[test]
fn rollups_fit_their_schema_and_others_do_not() {
    let schema: Value = serde_json::from_str(ROLLUP_SCHEMA).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for reports in [reports(), Vec::new()] {
        let mut out = Vec::new();
        write_rollup_json(&reports, &mut out).unwrap();
        validate(&schema, &serde_json::from_slice(&out).unwrap());
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut out = Vec::new();
    write_rollup_json(&reports(), &mut out).unwrap();
    let mut document: Value = serde_json::from_slice(&out).unwrap();
    document["rollup"]["issues"][0]["cells"][0]["count"] = json!("many");
    assert!(!validator.is_valid(&document));
}

#[test]
fn reports_fit_the_schema_and_others_do_not() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for report in reports() {
        validate(&schema, &parsed(|report, out| write_json(report, out), &report));
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut document = parsed(|report, out| write_json(report, out), &sample("en"));
    document["findings"][0]["severity"] = json!("terrible");
    assert!(!validator.is_valid(&document));
    document["findings"] = json!(null);
    assert!(!validator.is_valid(&document));
}

#[test]
fn sarif_fits_the_published_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/sarif-schema-2.1.0.json");
    // As published, the pattern of languages has a bracket too many, which makes it no regex.
    let text = fs::read_to_string(path).unwrap().replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    for report in reports() {
        validate(&schema, &parsed(|report, out| write_sarif(report, out), &report));
    }
}
