//! Lists the signature files and the definitions of facts, so that they are compiled in.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    embed("signatures", "BUILTIN", "builtin.rs");
    embed("facts", "BUILTIN_FACTS", "facts.rs");
}

/// Writes `static NAME: &[(&str, &str)]` with name and text of every file of a folder of the repository.
fn embed(folder: &str, name: &str, file: &str) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .expect("the repository holds the folder")
        .map(|entry| entry.expect("the folder can be listed").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    let mut code = format!("static {name}: &[(&str, &str)] = &[\n");
    for file in files {
        let path = directory.join(&file);
        writeln!(code, "    ({file:?}, include_str!({:?})),", path.display().to_string())
            .expect("a String takes text");
    }
    code.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join(file), code).expect("OUT_DIR can be written");
}
