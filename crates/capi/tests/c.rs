//! Builds the C and C++ programs against the installed library, as a user does, and runs them.
//!
//! With `LOGGREP_ABM_VALGRIND=1` they run under Valgrind, and what it calls an error, or definitely lost, fails.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use loggrep_abm_core::signature::write_pack;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

/// Where the test command put the libraries: beside this program, in whatever target directory.
fn libraries() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let beside = program.parent().unwrap();
    assert!(beside.join("libloggrep_abm.so").exists(), "no library in {}", beside.display());
    beside.to_owned()
}

/// Runs a command that must succeed; gives its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The prefix that the library is installed in, once for all tests of this program.
fn prefix() -> &'static Path {
    static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
        let _ = std::fs::remove_dir_all(&prefix);
        run(Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh"))
            .arg("--prefix")
            .arg(&prefix)
            .arg("--libs")
            .arg(libraries()));
        prefix
    });
    &PREFIX
}

/// What `pkg-config` says, or what it would say where there is none.
fn flags(private: bool) -> Vec<String> {
    let lib = prefix().join("lib");
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", lib.join("pkgconfig")).args(["--cflags", "--libs"]);
    if private {
        command.arg("--static");
    }
    match command.arg("loggrep_abm").output() {
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
        }
        Err(_) => {
            let include = format!("-I{}", prefix().join("include").display());
            let mut flags = vec![include, format!("-L{}", lib.display()), "-lloggrep_abm".to_owned()];
            flags.extend(
                private
                    .then(|| "-lgcc_s -lpthread -lm -ldl".split(' '))
                    .into_iter()
                    .flatten()
                    .map(str::to_owned),
            );
            flags
        }
    }
}

fn compile(compiler: &str, standard: &str, source: &str, name: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut command = Command::new(compiler);
    command.arg(standard).args(STRICT).arg(Path::new(ROOT).join(source)).arg("-o").arg(&program);
    run(command.args(flags(false)).arg("-pthread"));
    program
}

/// A command that runs a program against the shared library.
fn command(program: &Path) -> Command {
    let mut command = match std::env::var_os("LOGGREP_ABM_VALGRIND") {
        None => Command::new(program),
        Some(_) => {
            let mut valgrind = Command::new("valgrind");
            valgrind.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
            valgrind.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
            valgrind.args(["--fair-sched=yes"]).arg(program);
            valgrind
        }
    };
    command.env("LD_LIBRARY_PATH", prefix().join("lib"));
    command
}

fn bundle() -> PathBuf {
    Path::new(ROOT).join("testdata/demo/snapshot.tar.gz").canonicalize().unwrap()
}

#[test]
fn c_programs_get_what_the_header_says() {
    let program = compile("cc", "-std=c99", "crates/capi/tests/c/api.c", "api");
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let name = "network-gateway-group-missing-interface-ip.toml";
    let text = std::fs::read_to_string(Path::new(ROOT).join("signatures").join(name)).unwrap();
    let pack = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own.tar.gz");
    let mut file = std::fs::File::create(&pack).unwrap();
    write_pack("own", ">= 0.1.0", &[(name.to_owned(), text)], &mut file).unwrap();
    run(command(&program).arg(bundle()).arg(Path::new(ROOT).join("signatures")).arg(&empty).arg(&pack));
}

#[test]
fn cpp_threads_share_a_signature_set() {
    let program = compile("c++", "-std=c++17", "crates/capi/tests/c/threads.cpp", "threads");
    run(command(&program).arg(bundle()));
}

#[test]
fn examples_find_the_issues_of_the_demo() {
    let analyze = compile("cc", "-std=c99", "examples/c/analyze.c", "analyze");
    let receive = compile("cc", "-std=c99", "examples/c/receive.c", "receive");
    let found = run(command(&analyze).arg(bundle()));
    assert!(found.contains("containerd-1-5-13-needs-libseccomp-2-5 31\n"), "{found}");
    let from = std::fs::File::open(bundle()).unwrap();
    let received = run(command(&receive).arg("snapshot.tar.gz").stdin(from).stderr(Stdio::null()));
    let without_verdict = |line: &str| line.rsplit_once(' ').map(|(line, _)| line.to_owned()).unwrap();
    let received: Vec<String> = received.lines().map(without_verdict).collect();
    assert_eq!(received, found.lines().collect::<Vec<_>>());
    let failed = command(&analyze).arg("/nowhere").output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).starts_with("cannot open `/nowhere`: "), "{failed:?}");
}

#[test]
fn the_program_of_the_readme_runs() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let code = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme.c");
    std::fs::write(&source, code).unwrap();
    let as_cpp = source.with_extension("cpp");
    std::fs::copy(&source, &as_cpp).unwrap();
    for (compiler, standard, source) in [("cc", "-std=c99", &source), ("c++", "-std=c++17", &as_cpp)] {
        let program = compile(compiler, standard, source.to_str().unwrap(), &format!("readme-{compiler}"));
        let found = run(command(&program).arg(bundle()));
        let (count, rest) = found.split_once(' ').unwrap();
        assert!(count.parse::<u32>().is_ok_and(|count| count > 5), "{found}");
        assert_eq!(rest, "findings\n");
    }
}

/// Beside what the program has of its own, though the library is made of things of the same name.
#[test]
fn the_static_library_links_too() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("analyze-static");
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own.c");
    std::fs::write(&own, "int lzma_code(void);\nint lzma_code(void) { return 1; }\n").unwrap();
    let mut command = Command::new("cc");
    command.arg("-std=c99").args(STRICT).arg(Path::new(ROOT).join("examples/c/analyze.c")).arg(own);
    let archive = prefix().join("lib/libloggrep_abm.a").display().to_string();
    let with_archive = |flag: String| if flag == "-lloggrep_abm" { archive.clone() } else { flag };
    run(command.arg("-o").arg(&program).args(flags(true).into_iter().map(with_archive)));
    let found = run(Command::new(&program).arg(bundle()));
    assert!(found.contains("containerd-1-5-13-needs-libseccomp-2-5 31\n"), "{found}");
}

/// The functions that the header declares.
fn declared() -> BTreeSet<String> {
    let header = include_str!("../include/loggrep_abm.h");
    let code = header.lines().filter(|line| !line.trim_start().starts_with(['*', '/']));
    let names = code.filter_map(|line| {
        let before = line.split_once('(')?.0;
        let name = before.rsplit([' ', '*']).next()?;
        name.starts_with("lgabm_").then(|| name.to_owned())
    });
    names.collect()
}

#[test]
fn only_the_functions_of_the_header_are_exported() {
    for (kind, name) in [("-D", "libloggrep_abm.so"), ("-g", "libloggrep_abm.a")] {
        let library = prefix().join("lib").join(name);
        let symbols = run(Command::new("nm").args([kind, "--defined-only", "--format=posix"]).arg(library));
        // A line that ends so names the object of the archive.
        let lines = symbols.lines().filter(|line| !line.ends_with(':'));
        let exported: BTreeSet<String> =
            lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        assert_eq!(exported, declared(), "{name}");
    }
}

#[test]
fn the_c_tests_call_every_function() {
    let tests = include_str!("c/api.c");
    let missing: Vec<String> = declared().into_iter().filter(|name| !tests.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_limit_may_be_set() {
    let limits = include_str!("../../core/src/limits.rs");
    let fields = limits.lines().filter(|line| line.starts_with("    pub ")).count();
    let header = include_str!("../include/loggrep_abm.h");
    let values = header.lines().filter(|line| line.trim_start().starts_with("LGABM_LIMIT_")).count();
    assert_eq!(values, fields, "a limit of core that `lgabm_limit` does not have");
}

#[test]
fn the_soname_names_the_abi() {
    let library = prefix().join("lib/libloggrep_abm.so");
    let bytes = std::fs::read(library).unwrap();
    let soname = format!("\0libloggrep_abm.so.{}\0", loggrep_abm::version::LGABM_ABI_VERSION >> 16);
    assert!(bytes.windows(soname.len()).any(|window| window == soname.as_bytes()));
    let major = format!("\nversion = \"{}.", loggrep_abm::version::LGABM_ABI_VERSION >> 16);
    let manifest = include_str!("../Cargo.toml");
    let capi = manifest.split("[package.metadata.capi.library]").nth(1).unwrap();
    assert!(capi.contains(&major), "{capi}");
}
