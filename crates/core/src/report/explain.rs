//! One known issue explained, without a bundle; and the pages of all issues.
//!
//! [`write_explanation`] is what `explain` prints and what a page holds: Markdown that also reads as plain text.
//! [`pages`] gives all pages and their indexes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::workaround::{Step, steps};
use crate::automaton::SignatureSet;
use crate::lang::Lang;
use crate::signature::{CATEGORIES, LANGUAGES, Severity, Signature, Status};
use crate::text::Escaped;
use crate::version::VersionRange;

/// Branches that the index lists, by their minor number: those of the product in its own numbering.
const BRANCHES: [std::ops::RangeInclusive<u32>; 2] = [6..=16, 28..=36];

/// Writes everything a signature says of its issue, in `language`: what it is, which releases have it, what to do, how it
/// stands to others, and where that comes from. Markdown; links point to the pages beside it.
///
/// # Errors
///
/// Those of `out`.
pub fn write_explanation(
    set: &SignatureSet,
    signature: &Signature,
    language: &str,
    mut out: impl Write,
) -> io::Result<()> {
    out.write_all(page(set, signature, Lang::of(language)).as_bytes())
}

/// The pages of all signatures as `(path, text)`: `ID.md` and `README.md`, the index, in English; `ko/ID.md` and
/// `ko/README.md` in Korean.
pub fn pages(set: &SignatureSet) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for language in LANGUAGES {
        let lang = Lang::of(language);
        let folder = if language == LANGUAGES[0] { String::new() } else { format!("{language}/") };
        pages.push((format!("{folder}README.md"), index(set, lang)));
        for signature in set.signatures() {
            pages.push((format!("{folder}{}.md", signature.id()), page(set, signature, lang)));
        }
    }
    pages
}

fn page(set: &SignatureSet, signature: &Signature, lang: &'static Lang) -> String {
    let text = signature.text(lang.code());
    let mut out = format!("# {}\n\n", plain(&text.title));
    let mut item = |label: &str, text: &str| {
        let _ = writeln!(out, "- {label}: {text}");
    };
    item(lang.text("issue"), &code(signature.id()));
    item(lang.text("severity"), lang.word("severity", signature.severity().as_str()));
    item(lang.text("explain_category"), lang.word("category", signature.category()));
    if let Some(component) = signature.component() {
        item(lang.text("explain_component"), &code(component));
    }
    let status = lang.word("status", signature.status().as_str());
    match signature.successor() {
        Some(successor) => item(
            lang.text("explain_status"),
            &lang.fill("explain_status_successor", &[("status", &status), ("successor", &link(successor))]),
        ),
        None => item(lang.text("explain_status"), status),
    }
    let affects = signature.affects();
    let list = |items: Vec<String>| match items.is_empty() {
        true => lang.text("explain_nothing_known").to_owned(),
        false => items.join(" · "),
    };
    let condition = signature.affected_text.as_deref().map(code);
    item(
        lang.text("explain_affected"),
        &list(affects.affected.iter().map(|range| code(&range.to_string())).chain(condition).collect()),
    );
    item(
        lang.text("explain_fixed"),
        &list(affects.fixed_in.iter().map(|fix| code(&fix.to_string())).collect()),
    );
    if let Some(covered) = &affects.covered {
        item(lang.text("explain_covered"), &code(&covered.to_string()));
    }
    let (source, confidence) = signature.source();
    let confidence = lang.word("source_confidence", confidence);
    item(
        lang.text("explain_source"),
        &lang.fill("explain_source_line", &[("source", &plain(source)), ("confidence", &confidence)]),
    );
    let _ = write!(out, "\n## {}\n\n{}\n", lang.text("cause"), plain(&text.summary));
    let _ = writeln!(out, "\n## {}", lang.text("todo"));
    workaround(&text.workaround, &mut out);
    relations(set, signature, lang, &mut out);
    if !signature.references().is_empty() {
        let _ = writeln!(out, "\n## {}\n", lang.text("references"));
    }
    for reference in signature.references() {
        let _ = writeln!(out, "- <{}>", plain(reference));
    }
    out
}

/// Commands that follow one another stand in one block.
fn workaround(text: &str, out: &mut String) {
    let mut in_block = false;
    for step in steps(text) {
        match step {
            Step::Text(text) => {
                let end = if in_block { "```\n" } else { "" };
                in_block = false;
                let _ = write!(out, "{end}\n{}\n", plain(&text));
            }
            Step::Command(command) => {
                let begin = if in_block { "" } else { "\n```sh\n" };
                in_block = true;
                let lines: Vec<String> =
                    command.text.lines().map(|line| Escaped(line.as_bytes()).to_string()).collect();
                let _ = writeln!(out, "{begin}{}", lines.join("\n"));
            }
        }
    }
    if in_block {
        out.push_str("```\n");
    }
}

/// What this file and the others say of how the issue stands to others.
fn relations(set: &SignatureSet, signature: &Signature, lang: &'static Lang, out: &mut String) {
    let id = signature.id();
    let that = |says: &dyn Fn(&Signature) -> bool| -> Vec<&str> {
        set.signatures().iter().filter(|other| other.id() != id && says(other)).map(Signature::id).collect()
    };
    let own = |named: &dyn Fn(&Signature, &str) -> bool| that(&|other| named(signature, other.id()));
    let supersedes = |of: &Signature, id: &str| of.supersedes().any(|other| other == id);
    let caused_by = |of: &Signature, id: &str| of.caused_by().any(|other| other == id);
    let related = |of: &Signature, id: &str| of.related().any(|other| other == id);
    let lists = [
        ("explain_caused_by", own(&caused_by)),
        ("explain_effects", that(&|other| caused_by(other, id))),
        ("explain_supersedes", own(&supersedes)),
        ("explain_superseded_by", that(&|other| supersedes(other, id))),
        ("relation_related", that(&|other| related(signature, other.id()) || related(other, id))),
    ];
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return;
    }
    let _ = writeln!(out, "\n## {}\n", lang.text("relations"));
    for (key, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        let links: Vec<String> = list.iter().map(|id| link(id)).collect();
        let _ = writeln!(out, "- {}", lang.fill(key, &[("findings", &links.join(", "))]));
    }
}

fn index(set: &SignatureSet, lang: &'static Lang) -> String {
    let all = set.signatures();
    let mut out = format!("# {}\n\n", lang.text("page_title"));
    let _ = writeln!(out, "{}", lang.count("index_note", all.len() as u64));
    let _ = writeln!(out, "\n## {}", lang.text("index_by_category"));
    for category in CATEGORIES {
        let mut of: Vec<&Signature> = all.iter().filter(|it| it.category() == category).collect();
        if of.is_empty() {
            continue;
        }
        of.sort_by_key(|it| (std::cmp::Reverse(it.severity()), it.id()));
        let _ = writeln!(out, "\n### {}\n", lang.word("category", category));
        for signature in of {
            let severity = lang.word("severity", signature.severity().as_str());
            let title = plain(&signature.text(lang.code()).title);
            let status = match signature.status() {
                Status::Stable => String::new(),
                status => format!(" ({})", lang.word("status", status.as_str())),
            };
            let _ = writeln!(out, "- {}: {severity}, {title}{status}", link(signature.id()));
        }
    }
    let _ =
        writeln!(out, "\n## {}\n\n{}\n", lang.text("index_by_version"), lang.text("index_by_version_note"));
    for minor in BRANCHES.into_iter().flatten() {
        let branch: VersionRange = format!("1.{minor}.x").parse().expect("a branch is a range");
        let touches = |it: &&Signature| it.affects().affected.iter().any(|range| range.overlaps(&branch));
        list(&format!("1.{minor}"), all.iter().filter(touches), &mut out);
    }
    let stated = |it: &&Signature| it.affects().affected.is_empty() && it.affected_text.is_some();
    list(lang.text("index_condition"), all.iter().filter(stated), &mut out);
    let unstated = |it: &&Signature| it.affects().affected.is_empty() && it.affected_text.is_none();
    list(lang.text("index_unstated"), all.iter().filter(unstated), &mut out);
    let _ = writeln!(out, "\n## {}\n", lang.text("index_by_component"));
    let mut components: BTreeMap<&str, Vec<&Signature>> = BTreeMap::new();
    for signature in all {
        components.entry(signature.component().unwrap_or_default()).or_default().push(signature);
    }
    let unnamed = components.remove("");
    for (component, of) in components {
        list(&code(component), of.into_iter(), &mut out);
    }
    list(lang.text("index_no_component"), unnamed.into_iter().flatten(), &mut out);
    let harmless = |it: &&Signature| it.severity() == Severity::Info;
    let _ = writeln!(out, "\n## {}\n", lang.text("index_harmless"));
    list(lang.word("severity", Severity::Info.as_str()), all.iter().filter(harmless), &mut out);
    out
}

fn list<'a>(name: &str, of: impl Iterator<Item = &'a Signature>, out: &mut String) {
    let links: Vec<String> = of.map(|signature| link(signature.id())).collect();
    if !links.is_empty() {
        let _ = writeln!(out, "- {name}: {}", links.join(", "));
    }
}

fn link(id: &str) -> String {
    format!("[{id}]({id}.md)")
}

fn code(text: &str) -> String {
    format!("`{}`", Escaped(text.as_bytes()))
}

/// Text of a signature: shown as it is, but no markup of HTML.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    Escaped(words.join(" ").as_bytes()).to_string().replace('<', "\\<").replace('*', "\\*")
}
