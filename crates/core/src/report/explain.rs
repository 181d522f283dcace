//! One known issue explained, without a bundle.

use std::io::{self, Write};

use super::workaround::{Step, steps};
use crate::lang::Lang;
use crate::signature::Signature;

/// Writes title, cause, affected and fixed releases, workaround and source of an issue, in `language`.
///
/// # Errors
///
/// Those of `out`.
pub fn write_explanation(signature: &Signature, language: &str, mut out: impl Write) -> io::Result<()> {
    let lang = Lang::of(language);
    let text = signature.text(language);
    writeln!(out, "{}\n{}\n", text.title, signature.id())?;
    let severity = lang.word("severity", signature.severity().as_str());
    writeln!(out, "{severity} · {}", lang.word("category", signature.category()))?;
    let affects = signature.affects();
    let list = |items: Vec<String>| match items.is_empty() {
        true => lang.text("explain_nothing_known").to_owned(),
        false => items.join(" · "),
    };
    let affected = list(affects.affected.iter().map(ToString::to_string).collect());
    let fixed = list(affects.fixed_in.iter().map(ToString::to_string).collect());
    writeln!(
        out,
        "{}: {affected}\n{}: {fixed}\n",
        lang.text("explain_affected"),
        lang.text("explain_fixed")
    )?;
    writeln!(out, "{}\n  {}\n", lang.text("cause"), text.summary.replace('\n', "\n  "))?;
    writeln!(out, "{}", lang.text("todo"))?;
    for step in steps(&text.workaround) {
        match step {
            Step::Text(text) => writeln!(out, "  {text}")?,
            Step::Command(command) => writeln!(out, "      {}", command.text.replace('\n', "\n      "))?,
        }
    }
    writeln!(out, "\n{}", lang.text("references"))?;
    for reference in signature.references() {
        writeln!(out, "  {reference}")?;
    }
    let (source, confidence) = signature.source();
    writeln!(out, "{}: {source} ({confidence})", lang.text("explain_source"))
}
