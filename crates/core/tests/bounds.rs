//! What is kept of many hits, and that the report says where that is not all.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use loggrep_abm_core::input::{ReceivedFile, Source};
use loggrep_abm_core::report::Report;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

/// So many members, each with one message of a token of its own.
fn report(members: usize, options: &AnalyzeOptions<'_>) -> Report {
    let file = |number: usize| ReceivedFile {
        name: format!("join-{number:03}.log"),
        mtime: None,
        reader: Box::new(std::io::Cursor::new(format!(
            "error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID \"tok{number:03}\"\n"
        ))),
    };
    let files: Vec<ReceivedFile> = (0..members).map(file).collect();
    let source = Source::ReceivedFiles { name: "upload".to_owned(), files: Box::new(files.into_iter()) };
    analyze(&SignatureSet::builtin().unwrap(), [source], options).unwrap()
}

#[test]
fn captures_are_those_of_all_hits() {
    let options = AnalyzeOptions::default();
    let five = report(5, &options);
    let finding = &five.findings[0];
    assert_eq!(finding.evidence.len(), options.limits.evidence);
    assert_eq!(finding.captures["token_id"], ["tok000", "tok001", "tok002", "tok003", "tok004"]);
    assert!(!finding.captures_omitted);
    let many = report(30, &options);
    assert_eq!(many.findings[0].captures["token_id"].len(), 20);
    assert!(many.findings[0].captures_omitted);
}

#[test]
fn members_beyond_the_limit_are_a_problem() {
    let mut options = AnalyzeOptions::default();
    options.limits.scope_keys = 3;
    let report = report(5, &options);
    assert_eq!(report.findings[0].count, 5, "the count is whole");
    let told = |problem: &&loggrep_abm_core::report::Problem| {
        problem.kind == "limit" && problem.message.contains("kubeadm-join-jws-signature-large-cluster")
    };
    assert_eq!(report.problems.iter().filter(told).count(), 1, "{:?}", report.problems);
    options.limits.scope_keys = 5;
    assert!(self::report(5, &options).problems.is_empty());
}
