//! Compiles the signature files and the definitions of facts in.
//!
//! Signatures are parsed here, and the literals of their patterns found, so that no start pays for it. A file with a
//! mistake ends the build; `signatures check` tells more about it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[allow(dead_code, reason = "the library uses the rest")]
#[path = "src/literals.rs"]
mod literals;
#[allow(dead_code, reason = "the library uses the rest")]
#[path = "src/signature/syntax.rs"]
mod syntax;

use literals::Literals;
use syntax::SignatureSyntax;

fn main() {
    let signatures = embed("signatures", "BUILTIN", "builtin.rs");
    embed("facts", "BUILTIN_FACTS", "facts.rs");
    let prepared: Vec<(SignatureSyntax, Vec<Literals>)> =
        signatures.iter().map(|file| prepare(file)).collect();
    let bytes = postcard::to_stdvec(&prepared).expect("a signature is plain data");
    std::fs::write(out("signatures.bin"), bytes).expect("OUT_DIR can be written");
}

/// A signature without what only its check reads, and the literals of its patterns.
fn prepare(file: &Path) -> (SignatureSyntax, Vec<Literals>) {
    let text = std::fs::read_to_string(file).expect("the file was just listed");
    let mistake = |message: String| -> ! { panic!("{}: {message}", file.display()) };
    let mut syntax: SignatureSyntax =
        toml::from_str(&text).unwrap_or_else(|error| mistake(error.to_string()));
    if syntax.example.is_empty() || syntax.near_miss.is_empty() {
        mistake("no example, or no near miss".to_owned());
    }
    syntax.example.clear();
    syntax.near_miss.clear();
    let literals = syntax.pattern.iter().map(|pattern| {
        let pattern = pattern.get_ref();
        let hir = literals::parse(pattern.regex.get_ref()).unwrap_or_else(|error| mistake(error));
        let given: Vec<String> = pattern.literals.iter().map(|literal| literal.get_ref().clone()).collect();
        Literals::of(&hir, &given).unwrap_or_else(|error| mistake(error))
    });
    let literals = literals.collect();
    (syntax, literals)
}

fn out(file: &str) -> PathBuf {
    Path::new(&std::env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join(file)
}

/// Writes `static NAME: &[(&str, &str)]` with name and text of every file of a folder of the repository, and gives their
/// paths.
fn embed(folder: &str, name: &str, name_of_code: &str) -> Vec<PathBuf> {
    // Asked for now, not when this script was compiled: checkouts may share a target directory.
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let directory = Path::new(&manifest).join("../..").join(folder);
    for path in [
        &directory,
        Path::new("build.rs"),
        Path::new("src/literals.rs"),
        Path::new("src/signature/syntax.rs"),
    ] {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let mut files: Vec<String> = std::fs::read_dir(&directory)
        .expect("the repository holds the folder")
        .map(|entry| entry.expect("the folder can be listed").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    let mut code = format!("static {name}: &[(&str, &str)] = &[\n");
    for file in &files {
        let path = directory.join(file);
        writeln!(code, "    ({file:?}, include_str!({:?})),", path.display().to_string())
            .expect("a String takes text");
    }
    code.push_str("];\n");
    std::fs::write(out(name_of_code), code).expect("OUT_DIR can be written");
    files.iter().map(|file| directory.join(file)).collect()
}
