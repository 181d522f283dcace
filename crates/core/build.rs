//! Lists the signature files, so that they are compiled in.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../signatures");
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut names: Vec<String> = std::fs::read_dir(&directory)
        .expect("the repository holds signatures/")
        .map(|entry| entry.expect("signatures/ can be listed").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let mut code = String::from("static BUILTIN: &[(&str, &str)] = &[\n");
    for name in names {
        let path = directory.join(&name);
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.display().to_string())
            .expect("a String takes text");
    }
    code.push_str("];\n");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    std::fs::write(Path::new(&out).join("builtin.rs"), code).expect("OUT_DIR can be written");
}
