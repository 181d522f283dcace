//! The report as one HTML page that needs nothing else: it opens from disk, in a mail or a browser without scripts.
//!
//! Start from [`write_html`]. A content security policy allows only the style and the script of the page, by their
//! hashes, and no request; templates escape every text, and what comes from the bundle goes through [`Escaped`] first.

use std::fmt;
use std::io::{self, Write};
use std::sync::LazyLock;

use askama::Template;
use sha2::{Digest, Sha256};

use super::timeline::Timeline;
use super::words::Words;
use super::workaround::{Step, open_in, steps};
use super::{Advisory, Evidence, Finding, Report};
use crate::lang::Lang;
use crate::text::{Escaped, is_unsafe};

/// Findings that are unfolded from the start.
const UNFOLDED: usize = 10;
/// Names in a sentence.
const NAMES: usize = 12;

/// Writes the report as a page in its own language.
///
/// `others` are reports of the same analysis in other languages; with them the page can be switched. What they hold
/// beside texts is not looked at: their findings and advisories must stand in the same order.
///
/// # Errors
///
/// Those of `out`.
pub fn write_html(report: &Report, others: &[Report], out: impl Write) -> io::Result<()> {
    let others = others.iter().filter(|other| {
        other.findings.len() == report.findings.len() && other.advisories.len() == report.advisories.len()
    });
    let tellings = Tellings(std::iter::once(report).chain(others).map(Words::new).collect());
    Page::new(report, tellings).write_into(&mut { out }).map_err(io::Error::other)
}

/// The report as told in each language, the first being that of the page.
struct Tellings<'a>(Vec<Words<'a>>);

impl Tellings<'_> {
    fn say(&self, text: impl Fn(&Words<'_>) -> String) -> Said {
        Said(self.0.iter().map(|words| (words.lang.code(), clean(&text(words)))).collect())
    }

    fn say_some(&self, text: impl Fn(&Words<'_>) -> Option<String>) -> Option<Said> {
        text(&self.0[0])?;
        Some(self.say(|words| text(words).unwrap_or_default()))
    }

    /// Several sentences, as many as in the first language.
    fn say_each(&self, texts: impl Fn(&Words<'_>) -> Vec<String>) -> Vec<Said> {
        let count = texts(&self.0[0]).len();
        (0..count).map(|i| self.say(|words| texts(words).get(i).cloned().unwrap_or_default())).collect()
    }

    fn finding(&self, i: usize, text: impl Fn(&Words<'_>, &Finding) -> String) -> Said {
        self.say(|words| text(words, &words.report.findings[i]))
    }
}

/// A text in each language; shown as one element for each where they differ.
#[derive(Clone)]
struct Said(Vec<(&'static str, String)>);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((_, first)) = self.0.first() else { return Ok(()) };
        if self.0.iter().all(|(_, text)| text == first) {
            return f.write_str(&markup(first));
        }
        for (lang, text) in &self.0 {
            write!(f, r#"<span lang="{lang}">{}</span>"#, markup(text))?;
        }
        Ok(())
    }
}

impl askama::filters::HtmlSafe for Said {}

fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&#38;"),
            '<' => out.push_str("&#60;"),
            '>' => out.push_str("&#62;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn clean(text: &str) -> String {
    Escaped(text.as_bytes()).to_string()
}

/// A style or script of the page, and what the policy names it by.
struct Inline {
    text: String,
    source: String,
}

impl Inline {
    fn new(text: String) -> Inline {
        let source = format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())));
        Inline { text, source }
    }
}

static SCRIPT: LazyLock<Inline> =
    LazyLock::new(|| Inline::new(include_str!("../../templates/report.js").to_owned()));

/// The style, with the rules that leave one language to be seen.
static STYLE: LazyLock<Inline> = LazyLock::new(|| {
    let mut text = include_str!("../../templates/report.css").to_owned();
    for code in Lang::all().map(Lang::code) {
        text.push_str(&format!(
            "#language-{code}:checked ~ * [lang]:not([lang={code}]) {{ display: none; }}\n\
             #language-{code}:checked ~ header label[for=language-{code}] {{ font-weight: 700; text-decoration: none; }}\n\
             #language-{code}:focus-visible ~ header label[for=language-{code}] {{ outline: 2px solid; }}\n"
        ));
    }
    Inline::new(text)
});

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0, |word, &byte| word << 8 | usize::from(byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = char::from(DIGITS[word >> (18 - 6 * i) & 63]);
            out.push(if i <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    tellings: Tellings<'a>,
    lang: &'static str,
    /// Code, name, and whether it is the one to begin with.
    languages: Vec<(&'static str, &'a str, bool)>,
    style: &'static Inline,
    script: &'static Inline,
    recognised: bool,
    partial: bool,
    tally: Vec<Said>,
    clusters: Vec<Said>,
    nodes: Said,
    nodes_missing: bool,
    logs: Said,
    inputs: Vec<InputView>,
    severities: Vec<(String, Said)>,
    node_names: Vec<String>,
    findings: Vec<FindingView>,
    timeline: Timeline,
    undated: Option<Said>,
    matrix: Vec<(String, Vec<Option<String>>)>,
    advisories: Vec<AdvisoryView>,
    unknown_note: Option<Said>,
    unknown: Vec<UnknownView>,
    coverage: Said,
    undecided: Vec<(String, Said)>,
    commands: Vec<String>,
    problems: Vec<(String, Said)>,
    problems_omitted: Option<Said>,
    made_by: Said,
}

struct InputView {
    path: String,
    told: Said,
    complete: bool,
}

struct FindingView {
    n: usize,
    id: String,
    unfolded: bool,
    severity: String,
    severity_word: Said,
    confidence: Said,
    category: Said,
    title: Said,
    verdict: String,
    verdict_word: Said,
    verdicts: Vec<(Said, Said)>,
    places: Option<Said>,
    nodes: String,
    when: Said,
    ongoing: bool,
    summary: Said,
    relations: Vec<Said>,
    captures: Option<Said>,
    evidence: Vec<EvidenceView>,
    todo: Vec<Todo>,
    unfit: Option<Said>,
    references: Vec<Reference>,
}

struct EvidenceView {
    place: String,
    told: Said,
    lines: Vec<LineView>,
}

struct LineView {
    number: String,
    of_message: bool,
    text: String,
}

/// A workaround in one language.
struct Todo {
    lang: &'static str,
    steps: Vec<StepView>,
    fill_in: Option<String>,
}

struct StepView {
    command: bool,
    ready: bool,
    text: String,
}

struct Reference {
    text: String,
    link: bool,
}

struct UnknownView {
    template: String,
    seen: Said,
    place: String,
    text: String,
}

struct AdvisoryView {
    id: String,
    severity: String,
    severity_word: Said,
    title: Said,
    verdicts: Vec<(Said, Said)>,
    summary: Said,
    todo: Vec<Todo>,
    references: Vec<Reference>,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report, tellings: Tellings<'a>) -> Page<'a> {
        let say = |text: &dyn Fn(&Words<'_>) -> String| tellings.say(text);
        let findings: Vec<FindingView> =
            (0..report.findings.len()).map(|i| finding_view(&tellings, i, &report.findings[i])).collect();
        let advisories = (0..report.advisories.len()).map(|i| advisory_view(&tellings, i)).collect();
        let timeline = Timeline::new(report);
        let undated = (timeline.undated > 0)
            .then(|| tellings.say(|words| words.lang.count("timeline_undated", timeline.undated as u64)));
        let words = tellings.0[0];
        let languages =
            tellings.0.iter().enumerate().map(|(i, it)| (it.lang.code(), it.lang.text("language"), i == 0));
        Page {
            lang: words.lang.code(),
            languages: languages.collect(),
            style: &STYLE,
            script: &SCRIPT,
            recognised: report.bundle.recognised,
            partial: words.partial(),
            tally: tellings.say_each(|words| words.tally()),
            clusters: tellings.say_each(|words| words.clusters()),
            nodes: say(&|words| words.nodes(NAMES)),
            nodes_missing: !words.uncaptured().is_empty(),
            logs: say(&|words| words.logs()),
            inputs: (0..report.inputs.len()).map(|i| input_view(&tellings, i)).collect(),
            severities: severities(&tellings),
            node_names: node_names(report).into_iter().map(clean).collect(),
            findings,
            timeline,
            undated,
            matrix: matrix(report),
            advisories,
            unknown_note: tellings.say_some(|words| words.unknown_note()),
            unknown: unknown(&tellings),
            coverage: say(&|words| words.coverage()),
            undecided: undecided(&tellings),
            commands: words.commands_to_ask_for().iter().map(|command| clean(command)).collect(),
            problems: problems(&tellings),
            problems_omitted: (report.problems_omitted > 0).then(|| {
                tellings.say(|words| words.lang.fill("problems_more", &[("n", &report.problems_omitted)]))
            }),
            made_by: tellings.say(|words| {
                words.lang.fill(
                    "made_by",
                    &[
                        ("name", &report.tool.name),
                        ("version", &report.tool.version),
                        ("n", &report.tool.signatures),
                    ],
                )
            }),
            tellings,
        }
    }

    /// A label in each language.
    fn label(&self, key: &str) -> Said {
        self.tellings.say(|words| words.lang.text(key).to_owned())
    }

    /// A label for an attribute, which can hold one language only.
    fn attribute(&self, key: &'static str) -> &str {
        self.tellings.0[0].lang.text(key)
    }

    fn none_honest(&self) -> Said {
        self.tellings.say(|words| words.lang.fill("none_honest", &[("n", &words.report.tool.signatures)]))
    }
}

fn input_view(tellings: &Tellings<'_>, i: usize) -> InputView {
    let input = &tellings.0[0].report.inputs[i];
    InputView {
        path: clean(&input.path),
        told: tellings.say(|words| words.input(input)),
        complete: input.complete,
    }
}

fn finding_view(tellings: &Tellings<'_>, i: usize, finding: &Finding) -> FindingView {
    let told = |text: &dyn Fn(&Words<'_>, &Finding) -> String| tellings.finding(i, text);
    let nodes: Vec<String> = finding.nodes.iter().map(|node| clean(node)).collect();
    let unfit: Vec<&str> =
        finding.unfilled_slots.iter().filter(|slot| slot.contains(':')).map(String::as_str).collect();
    FindingView {
        n: i + 1,
        id: clean(&finding.id),
        unfolded: i < UNFOLDED,
        severity: class(&finding.severity),
        severity_word: told(&|words, it| words.lang.word("severity", &it.severity).to_owned()),
        confidence: told(&|words, it| words.lang.word("confidence", &it.confidence).to_owned()),
        category: told(&|words, it| words.lang.word("category", &it.category).to_owned()),
        title: told(&|_, it| it.title.clone()),
        verdict: class(&finding.verdict),
        verdict_word: told(&|words, it| words.lang.word("verdict", &it.verdict).to_owned()),
        verdicts: verdicts(tellings, |words| words.verdicts((&words.report.findings[i]).into())),
        places: tellings.say_some(|words| words.places(finding, NAMES)),
        nodes: nodes.join("\n"),
        when: told(&|words, it| words.when(it)),
        ongoing: finding.ongoing == Some(true),
        summary: told(&|_, it| it.summary.clone()),
        relations: tellings.say_each(|words| words.relations(&words.report.findings[i])),
        captures: tellings.say_some(|words| words.captures(finding, NAMES)),
        evidence: finding.evidence.iter().map(|evidence| evidence_view(tellings, evidence)).collect(),
        todo: todo(tellings, |report| &report.findings[i].workaround),
        unfit: (!unfit.is_empty())
            .then(|| tellings.say(|words| words.lang.fill("unfit", &[("values", &unfit.join(", "))]))),
        references: references(&finding.references),
    }
}

fn verdicts(tellings: &Tellings<'_>, of: impl Fn(&Words<'_>) -> Vec<(String, String)>) -> Vec<(Said, Said)> {
    let verdicts = tellings.say_each(|words| of(words).into_iter().map(|(verdict, _)| verdict).collect());
    let reasons = tellings.say_each(|words| of(words).into_iter().map(|(_, reason)| reason).collect());
    verdicts.into_iter().zip(reasons).collect()
}

fn evidence_view(tellings: &Tellings<'_>, evidence: &Evidence) -> EvidenceView {
    let before = evidence.before.iter().map(|line| (false, line.as_str()));
    let message = evidence.text.lines().map(|line| (true, line));
    let after = evidence.after.iter().map(|line| (false, line.as_str()));
    let first = evidence.line.saturating_sub(evidence.before.len() as u64);
    let line = |(number, (of_message, text)): (u64, (bool, &str))| LineView {
        number: number.to_string(),
        of_message,
        text: clean(text.trim_end_matches('\r')),
    };
    EvidenceView {
        place: clean(&format!("{}:{}", evidence.path, evidence.line)),
        told: tellings.say(|words| words.place(evidence).join(" · ")),
        lines: (first..).zip(before.chain(message).chain(after)).map(line).collect(),
    }
}

fn todo(tellings: &Tellings<'_>, of: impl Fn(&Report) -> &str) -> Vec<Todo> {
    let todo = |words: &Words<'_>| {
        let steps = steps(of(words.report));
        let open = open_in(&steps).join(", ");
        let view = |step: &Step| match step {
            Step::Text(text) => StepView { command: false, ready: false, text: clean(text) },
            Step::Command(command) => StepView {
                command: true,
                ready: command.open.is_empty() && !command.text.chars().any(|c| c != '\n' && is_unsafe(c)),
                text: command.text.lines().map(clean).collect::<Vec<_>>().join("\n"),
            },
        };
        Todo {
            lang: words.lang.code(),
            fill_in: (!open.is_empty()).then(|| clean(&words.lang.fill("fill_in", &[("slots", &open)]))),
            steps: steps.iter().map(view).collect(),
        }
    };
    tellings.0.iter().map(todo).filter(|todo| !todo.steps.is_empty()).collect()
}

/// Only plain addresses become links.
fn references(references: &[String]) -> Vec<Reference> {
    let reference = |text: &String| Reference { text: clean(text), link: text.starts_with("https://") };
    references.iter().map(reference).collect()
}

fn advisory_view(tellings: &Tellings<'_>, i: usize) -> AdvisoryView {
    let told = |text: &dyn Fn(&Words<'_>, &Advisory) -> String| {
        tellings.say(|words| text(words, &words.report.advisories[i]))
    };
    let advisory = &tellings.0[0].report.advisories[i];
    AdvisoryView {
        id: clean(&advisory.id),
        severity: class(&advisory.severity),
        severity_word: told(&|words, it| words.lang.word("severity", &it.severity).to_owned()),
        title: told(&|_, it| it.title.clone()),
        verdicts: verdicts(tellings, |words| words.verdicts((&words.report.advisories[i]).into())),
        summary: told(&|_, it| it.summary.clone()),
        todo: todo(tellings, |report| &report.advisories[i].workaround),
        references: references(&advisory.references),
    }
}

/// A word of the report as the name of a class: letters, `_` and `-`.
fn class(word: &str) -> String {
    word.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
}

/// The severities that occur, in the order of the findings.
fn severities(tellings: &Tellings<'_>) -> Vec<(String, Said)> {
    let mut severities: Vec<(String, Said)> = Vec::new();
    for finding in &tellings.0[0].report.findings {
        let name = class(&finding.severity);
        if !severities.iter().any(|(known, _)| *known == name) {
            severities.push((
                name,
                tellings.say(|words| words.lang.word("severity", &finding.severity).to_owned()),
            ));
        }
    }
    severities
}

/// The nodes of all findings, by name.
fn node_names(report: &Report) -> Vec<&str> {
    let mut nodes: Vec<&str> =
        report.findings.iter().flat_map(|finding| &finding.nodes).map(String::as_str).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// For each node, how often each finding was seen there.
fn matrix(report: &Report) -> Vec<(String, Vec<Option<String>>)> {
    let cell = |node: &str, finding: &Finding| {
        let hits = finding.by_node.iter().find(|hits| hits.node == node);
        match hits {
            Some(hits) => Some(crate::lang::Grouped(hits.count).to_string()),
            None => finding.nodes.iter().any(|known| known == node).then(|| "●".to_owned()),
        }
    };
    let row = |node: &str| (clean(node), report.findings.iter().map(|finding| cell(node, finding)).collect());
    node_names(report).into_iter().map(row).collect()
}

fn unknown(tellings: &Tellings<'_>) -> Vec<UnknownView> {
    let Some(unknown) = &tellings.0[0].report.unknown else { return Vec::new() };
    let view = |it: &super::UnknownTemplate| UnknownView {
        template: clean(&it.template),
        seen: tellings.say(|words| words.unknown_seen(it, NAMES)),
        place: clean(&format!("{}:{}", it.path, it.line)),
        text: clean(&it.text),
    };
    unknown.templates.iter().map(view).collect()
}

fn undecided(tellings: &Tellings<'_>) -> Vec<(String, Said)> {
    let ids = tellings.0[0].undecided().into_iter().map(|(id, _)| clean(id));
    let lacks = tellings.say_each(|words| words.undecided().into_iter().map(|(_, lacks)| lacks).collect());
    ids.zip(lacks).collect()
}

fn problems(tellings: &Tellings<'_>) -> Vec<(String, Said)> {
    let problem =
        |problem: &super::Problem| (clean(&problem.path), tellings.say(|words| words.problem(problem)));
    tellings.0[0].report.problems.iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::{base64, write_html};
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};

    fn html(report: &Report, others: &[Report]) -> String {
        let mut out = Vec::new();
        write_html(report, others, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_page_is_as_agreed() {
        check_golden("report.html", &html(&sample("en"), &[sample("ko")]));
    }

    #[test]
    fn nothing_is_fetched_and_only_its_own_script_runs() {
        let page = html(&sample("en"), &[]);
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("script-src 'sha256-") && !page.contains("unsafe-inline"));
        for fetch in ["src=\"http", "@import", "url(", "style=\"", "onclick", "<img", "<iframe"] {
            assert!(!page.contains(fetch), "{fetch}");
        }
        assert_eq!(page.matches("<script").count(), 1);
    }

    #[test]
    fn log_text_is_no_markup() {
        let page = html(&hostile(), &[]);
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("alert(1)</script"));
        assert!(!page.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)));
        assert!(page.contains("&#60;script&#62;alert(1)"));
    }

    #[test]
    fn copying_is_offered_for_finished_commands_only() {
        let mut report = sample("en");
        report.findings[0].workaround =
            "$ systemctl restart kubelet\n$ ip address add dev ens192 scope link ADDRESS\n".into();
        report.coverage.cannot_tell.clear();
        let page = html(&report, &[]);
        assert_eq!(page.matches("class=\"copy\"").count(), 1);
    }

    #[test]
    fn many_findings_make_a_page_of_bearable_size() {
        let mut report = sample("en");
        let mut finding = report.findings[0].clone();
        finding.evidence = vec![finding.evidence[0].clone(); 10];
        report.findings = vec![finding; 200];
        let mut korean = sample("ko");
        korean.findings = report.findings.clone();
        let page = html(&report, &[korean]);
        assert!(page.len() < 4_000_000, "{}", page.len());
    }

    #[test]
    fn base64_is_as_in_rfc_4648() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
