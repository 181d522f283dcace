//! What files of signatures become.

use loggrep_abm_core::check::check_files;
use loggrep_abm_core::input::Source;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

/// A file is refused with a place inside of it, or loads and is matched against its own text.
pub(crate) fn signature(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let files = [("fuzzed.toml", text)];
    let mistakes = check_files(files);
    let lines = text.split('\n').count();
    for mistake in &mistakes {
        assert_eq!(mistake.file, "fuzzed.toml");
        assert!((1..=lines).contains(&mistake.line), "line {} of {lines}: {mistake}", mistake.line);
        assert!(!mistake.message.is_empty());
    }
    match SignatureSet::from_files(files) {
        Ok(set) => {
            assert!(set.signatures().len() <= 1);
            let mut options = AnalyzeOptions::default();
            options.threads = 1;
            let source = Source::Bytes { name: "in".into(), bytes: data.to_vec() };
            let report = analyze(&set, vec![source], &options).unwrap();
            assert!(report.findings.len() <= 1);
        }
        Err(error) => {
            assert!(!mistakes.is_empty(), "{error}, but no mistake is told");
            assert!(!error.to_string().is_empty());
        }
    }
}
