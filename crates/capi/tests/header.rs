//! The committed header is what the sources say. `LOGGREP_ABM_BLESS=1 cargo test -p loggrep-abm-capi --test header`
//! writes it anew.

use std::path::Path;

#[test]
fn the_header_is_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in
        ["error", "ffi", "version", "signatures", "options", "redactor", "analyzer", "session", "report"]
    {
        builder = builder.with_src(root.join(format!("src/{source}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().unwrap().write(&mut header);
    // Rust's heading for what a caller of an unsafe function must hold.
    let header = String::from_utf8(header).unwrap().replace(" * # Safety\n", " * The caller holds:\n");
    let path = root.join("include/loggrep_abm.h");
    if std::env::var_os("LOGGREP_ABM_BLESS").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == header, "the header is stale: run this test with LOGGREP_ABM_BLESS=1");
}
