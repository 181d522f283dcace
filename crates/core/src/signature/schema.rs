//! The JSON Schema of a signature file, with which editors complete and check it.

/// JSON Schema (2020-12) of a signature file; `schema/signature.schema.json`.
pub const FILE_SCHEMA: &str = include_str!("../../../../schema/signature.schema.json");
