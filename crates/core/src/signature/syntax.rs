//! A signature as its file says it, before anything is checked but the shape.
//!
//! Depends on nothing of this crate: the build script reads the files that are compiled in and writes them in a binary
//! form, so that a start costs no parsing of TOML.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value and the bytes of the file where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    value: T,
    span: Range<usize>,
}

impl<T> Spanned<T> {
    pub(crate) fn get_ref(&self) -> &T {
        &self.value
    }

    pub(crate) fn into_inner(self) -> T {
        self.value
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<T>, D::Error> {
        if deserializer.is_human_readable() {
            let spanned = toml::Spanned::deserialize(deserializer)?;
            return Ok(Spanned { span: spanned.span(), value: spanned.into_inner() });
        }
        let (value, span) = Deserialize::deserialize(deserializer)?;
        Ok(Spanned { value, span })
    }
}

impl<T: Serialize> Serialize for Spanned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.value, &self.span).serialize(serializer)
    }
}

/// One file of `signatures/`. CONTRIBUTING tells what each field means.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignatureSyntax {
    pub(crate) id: Spanned<String>,
    pub(crate) category: Spanned<String>,
    pub(crate) severity: Spanned<String>,
    pub(crate) component: Option<String>,
    #[serde(default)]
    pub(crate) affected: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) no_lower_bound: bool,
    #[serde(default)]
    pub(crate) fixed_in: Vec<Spanned<String>>,
    pub(crate) covered: Option<Spanned<String>>,
    pub(crate) affected_when: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) references: Vec<Spanned<String>>,
    pub(crate) source: String,
    pub(crate) source_confidence: Spanned<String>,
    pub(crate) workaround_confidence: Option<Spanned<String>>,
    pub(crate) status: Option<Spanned<String>>,
    pub(crate) successor: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) related: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) supersedes: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) caused_by: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) pattern: Vec<Spanned<PatternSyntax>>,
    #[serde(default)]
    pub(crate) rule: Vec<Spanned<RuleSyntax>>,
    #[serde(default)]
    pub(crate) example: Vec<Spanned<ExampleSyntax>>,
    #[serde(default)]
    pub(crate) near_miss: Vec<Spanned<NearMissSyntax>>,
    #[serde(default)]
    pub(crate) text: BTreeMap<String, Spanned<TextSyntax>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternSyntax {
    pub(crate) name: Spanned<String>,
    pub(crate) regex: Spanned<String>,
    pub(crate) confidence: Option<Spanned<String>>,
    #[serde(default, rename = "where")]
    pub(crate) hints: Vec<String>,
    #[serde(default)]
    pub(crate) reject: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) also: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) literals: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) captures: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSyntax {
    pub(crate) when: Spanned<String>,
    pub(crate) scope: Option<Spanned<String>>,
    #[serde(rename = "for")]
    pub(crate) over: Option<Spanned<String>>,
    pub(crate) confidence: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) advisory: bool,
    #[serde(default)]
    pub(crate) optional: bool,
    #[serde(default)]
    pub(crate) fill: BTreeMap<String, Spanned<FillSyntax>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillSyntax {
    pub(crate) fact: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) of: Option<String>,
}

/// One file of a bundle in an example.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleFile {
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleSyntax {
    pub(crate) text: Option<String>,
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<ExampleFile>,
    pub(crate) cluster_version: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) advisory: bool,
    #[serde(default)]
    pub(crate) nodes: Vec<String>,
    #[serde(default)]
    pub(crate) captures: BTreeMap<String, Vec<String>>,
    pub(crate) confidence: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NearMissSyntax {
    pub(crate) text: Option<String>,
    pub(crate) path: Option<String>,
    #[serde(default)]
    pub(crate) files: Vec<ExampleFile>,
    pub(crate) cluster_version: Option<Spanned<String>>,
    #[serde(rename = "why")]
    pub(crate) _why: String,
    pub(crate) at_most: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextSyntax {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) workaround: String,
}
