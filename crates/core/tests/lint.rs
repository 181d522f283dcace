//! What `signatures check` tells of mistakes that are planted: all of a file at once, each where it stands.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use loggrep_abm_core::check::check_files;
use loggrep_abm_core::signature::builtin;

/// A signature without a mistake.
const GOOD: &str = r#"id = "good"
category = "operation"
severity = "low"
affected = ["1.13.x"]
fixed_in = ["1.14.0"]
references = ["https://example.org/issue"]
source = "a test"
source_confidence = "high"

[[pattern]]
name = "own"
regex = '''the very own message of (?P<what>[a-z]+) test'''
confidence = "confirmed"
captures = { what = "word" }

[[rule]]
when = 'count(own) >= 2'
confidence = "likely"

[[example]]
text = "E0119 the very own message of this test"
captures = { what = ["this"] }

[[near_miss]]
text = "the very own message of nobody"
why = "it is of nobody"

[text.en]
title = "A title"
summary = "A summary."
workaround = '''
Do it with {{what}}.
'''

[text.ko]
title = "제목"
summary = "요약."
workaround = '''
{{what}}로 하십시오.
'''
"#;

/// `line:column: message` of every mistake of a file.
fn told(text: &str) -> Vec<String> {
    let mistakes = check_files([("good.toml", text)]);
    mistakes
        .iter()
        .map(|mistake| format!("{}:{}: {}", mistake.line, mistake.column, mistake.message))
        .collect()
}

/// The file with `from` replaced, which stands in it.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

/// A mistake at this place that says so.
fn tells(told: &[String], place: &str, what: &str) -> bool {
    told.iter().any(|one| one.starts_with(&format!("{place}: ")) && one.contains(what))
}

#[test]
fn the_good_one_is_good() {
    assert_eq!(told(GOOD), [""; 0]);
}

#[test]
fn all_mistakes_of_the_form_are_told_at_once() {
    let text = GOOD
        .replace("severity = \"low\"", "severity = 3\nserverity = \"low\"")
        .replace("fixed_in = [\"1.14.0\"]", "fixed_in = \"1.14.0\"")
        .replace("affected = [\"1.13.x\"]", "affected = [1.13, \">= 1.13.0, < 1.13.0\"]")
        .replace("source = \"a test\"\n", "")
        .replace("confidence = \"confirmed\"", "confidense = \"confirmed\"")
        .replace("captures = { what = \"word\" }", "captures = { what = true }")
        .replace("when = 'count(own) >= 2'", "when = 'count(own) >= 2'\nadvisory = \"yes\"")
        .replace("why = \"it is of nobody\"\n", "")
        .replace("title = \"제목\"", "title = [\"제목\"]")
        .replace("category = \"operation\"", "category = \"nothing\"");
    let told = told(&text);
    for (place, what) in [
        ("1:1", "`source` is missing"),
        ("2:12", "category is none of"),
        ("3:12", "`severity` is a number, not a text"),
        ("4:1", "unknown key `serverity`"),
        ("5:13", "`affected` holds a number, not a text"),
        ("5:19", "holds for no release"),
        ("6:12", "`fixed_in` is a text, not a list"),
        ("13:1", "unknown key `pattern.confidense`"),
        ("14:21", "`pattern.captures.what` is `true` or `false`, not a text"),
        ("18:12", "`rule.advisory` is a text, not `true` or `false`"),
        ("25:1", "`near_miss.why` is missing"),
        ("36:9", "`text.ko.title` is a list, not a text"),
    ] {
        assert!(tells(&told, place, what), "{place}: {what}\n{}", told.join("\n"));
    }
    assert_eq!(told.len(), 12, "\n{}", told.join("\n"));
}

#[test]
fn all_that_is_no_toml_is_told_at_once() {
    let text = GOOD.replace("\"low\"", "low").replace("confidence = \"likely\"", "confidence = = \"likely\"");
    let told = told(&text);
    assert!(told.iter().any(|one| one.starts_with("3:")), "{told:#?}");
    assert!(told.iter().any(|one| one.starts_with("18:")), "{told:#?}");
}

#[test]
fn a_stock_phrase_alone_is_too_common() {
    for phrase in [
        "connection refused",
        "connection reset by peer",
        "connection timed out",
        "context deadline exceeded",
        "context canceled",
        "no such file or directory",
        "no such host",
        "no such container",
        "permission denied",
        "operation not permitted",
        "i/o timeout",
        "input/output error",
        "not found",
        "no route to host",
        "network is unreachable",
        "broken pipe",
        "unexpected EOF",
        "too many open files",
        "no space left on device",
        "out of memory",
        "cannot allocate memory",
        "address already in use",
        "use of closed network connection",
        "TLS handshake timeout",
        "certificate signed by unknown authority",
        "remote error: tls: bad certificate",
        "the object has been modified",
        "Operation cannot be fulfilled",
        "timed out waiting for the condition",
        "internal server error",
        "service unavailable",
        "server misbehaving",
        "invalid argument",
        "exit status 1",
        "device or resource busy",
        "read-only file system",
        "file exists",
        "Back-off restarting failed container",
        "Readiness probe failed",
        "Liveness probe failed",
        "Error syncing pod, skipping",
        "transport is closing",
        "client rate limiter Wait returned an error",
        "failed to connect to",
        "rpc error: code = Unavailable desc =",
        "runtime error: invalid memory address or nil pointer dereference",
        "error occurred",
        "dial tcp: connection refused",
    ] {
        let regex = format!("{}: (?P<what>[a-z]+)", phrase.replace('.', "[.]"));
        let text = GOOD
            .replace("the very own message of (?P<what>[a-z]+) test", &regex)
            .replace("the very own message of this test", &format!("{phrase}: this"))
            .replace("the very own message of nobody", "nobody");
        let told = told(&text);
        let is_told = told.iter().any(|one| {
            one.starts_with("12:9: ")
                && (one.contains("too common")
                    || one.contains("longest literal")
                    || one.contains("no literal"))
        });
        assert!(is_told, "{phrase}: {told:#?}");
    }
    // In each branch of an alternation something has to be telling.
    let regex = "(?:connection refused by it|an own message here): (?P<what>[a-z]+)";
    let text = GOOD
        .replace("the very own message of (?P<what>[a-z]+) test", regex)
        .replace("the very own message of this test", "an own message here: this")
        .replace("the very own message of nobody", "nobody");
    assert!(tells(&told(&text), "12:9", "too common"), "{:#?}", told(&text));
}

#[test]
fn a_condition_has_facts_that_are_and_values_of_their_type() {
    for (when, column, what) in [
        ("node.rp_filter == \"1\"", 27, "this is a text, not a number"),
        ("node.rp_filter in [1, \"2\"]", 27, "this is a text, not a number"),
        ("node.kernel >= 5", 24, "this is a number, not a text"),
        ("node.rp_filtre == 1", 9, "`node.rp_filtre` is no fact"),
        ("size(node.rp_filter) > 1", 14, "`node.rp_filter` is a number, not a text or a list"),
        ("node.rp_filter contains \"1\"", 9, "is a number, not a text or a list"),
        ("node.rp_filter matches \"1\"", 9, "is a number, not a text or a list"),
        ("node.rp_filter in_cidr [\"10.0.0.0/8\"]", 9, "is a number, not a text or a list"),
        ("count(own) >= 2 and node.os * 2 > 1", 29, "is a text, not a number"),
        ("count(own) >= 2 and any(pod, pod.name == 3)", 50, "this is a number, not a text"),
        ("sum(pod, pod.name) > 3", 18, "`pod.name` is a text, not a number"),
        ("count(own) == \"2\"", 23, "this is a text, not a number"),
    ] {
        let told = told(&with("'count(own) >= 2'", &format!("'{when}'")));
        assert!(tells(&told, &format!("17:{column}"), what), "{when}\n{}", told.join("\n"));
    }
    let long = with("'count(own) >= 2'", "'''count(own) >= 2 and node.no == 1'''");
    assert!(tells(&told(&long), "17:31", "`node.no` is no fact"), "{:#?}", told(&long));
}

#[test]
fn a_regex_has_a_bound_on_what_it_costs() {
    for (regex, is_slow) in [
        ("the very own message of (?P<what>[a-z]+)[a-z ]{0,1900} test", false),
        ("the very own message of (?P<what>[a-z]+)[a-z ]{0,2100} test", true),
        // One inside the other, and one beside the other.
        ("the very own message of (?P<what>[a-z]+) (?:[a-z]{1,60} ?){0,40}test", true),
        ("the very own message of (?P<what>[a-z]+)[a-z ]{0,1500}[a-z0-9 ]{0,1500}test", true),
        ("the very own message of (?P<what>[a-z]+) (?:[a-z]{1,20} ?){0,40}test", false),
        ("the very own message of (?P<what>[a-z]+) (?:(?:ab){1,40}|(?:cd){1,1000}){0,1}test", true),
    ] {
        let told = told(&with("the very own message of (?P<what>[a-z]+) test", regex));
        assert_eq!(tells(&told, "12:9", "its repetitions stand for up to"), is_slow, "{regex}: {told:#?}");
    }
}

/// What the table of the program's tests does not plant.
#[test]
fn what_is_left_out_and_what_overlaps_is_told() {
    let near_miss = "[[near_miss]]\ntext = \"the very own message of nobody\"\nwhy = \"it is of nobody\"\n\n";
    let korean = &GOOD[GOOD.find("[text.ko]").unwrap()..];
    for (from, to, place, what) in [
        (near_miss, "", "1:1", "no [[near_miss]]"),
        (korean, "", "1:1", "no [text.ko]"),
        ("[\"1.13.x\"]", "[\"1.13.x\", \">= 1.13.2, < 1.13.4\"]", "4:23", "overlap"),
        ("[\"1.13.x\"]", "[\">= 1.13.4, < 1.13.2\"]", "4:13", "holds for no release"),
        ("[\"1.13.x\"]", "[\"< 1.13.2\"]", "4:13", "has no lower bound"),
        ("[\"1.14.0\"]", "[\"1.13.2\"]", "4:13", "contains its own fix"),
    ] {
        let told = told(&with(from, to));
        assert!(tells(&told, place, what), "{what}: {told:#?}");
    }
}

#[test]
fn steps_that_no_source_confirms_are_no_commands() {
    let low =
        with("source_confidence = \"high\"", "source_confidence = \"high\"\nworkaround_confidence = \"low\"");
    assert_eq!(told(&low), [""; 0]);
    let text = low
        .replace("하십시오.\n", "하십시오.\n$ do it\n")
        .replace("{{what}}.\n", "{{what}}.\n\nNow:\n$ do it\n");
    let told_of = told(&text);
    assert!(
        tells(&told_of, "36:1", "nobody verified") && tells(&told_of, "44:1", "nobody verified"),
        "{told_of:#?}"
    );
    let high = text.replace("workaround_confidence = \"low\"", "workaround_confidence = \"medium\"");
    assert_eq!(told(&high), [""; 0]);
    let other = text.replace("workaround_confidence = \"low\"", "workaround_confidence = \"sure\"");
    assert!(tells(&told(&other), "9:25", "workaround_confidence is none of"), "{:#?}", told(&other));
}

#[test]
fn the_builtin_files_have_none() {
    let told: Vec<String> = check_files(builtin()).iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}
