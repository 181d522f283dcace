//! Mistakes for a person, with the line and a mark under it, and for a machine.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use crate::signature::Mistake;
use crate::text::Escaped;

/// Columns of a line that are shown.
const WIDTH: usize = 160;

/// Writes each mistake as `file:line:col: id: what`, and under it the line with a mark where it is wrong.
///
/// `files` are the `(name, text)` that were checked.
///
/// # Errors
/// Those of `out`.
pub fn write_mistakes(
    mistakes: &[Mistake],
    files: &[(String, String)],
    mut out: impl Write,
) -> io::Result<()> {
    for mistake in mistakes {
        writeln!(out, "{}", Escaped(mistake.to_string().as_bytes()))?;
        let text = files.iter().find(|(name, _)| *name == mistake.file).map(|(_, text)| text);
        let line = text.and_then(|text| text.lines().nth(mistake.line - 1));
        if let Some(line) = line.filter(|line| !line.is_empty()) {
            snippet(line, mistake, &mut out)?;
        }
    }
    Ok(())
}

fn snippet(line: &str, mistake: &Mistake, out: &mut impl Write) -> io::Result<()> {
    let mut at = (mistake.column - 1).min(line.len());
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    let length = marked(&line[at..]);
    // Of a long line the surroundings of the mark.
    let from = line
        .char_indices()
        .map(|(index, _)| index)
        .rfind(|&index| at >= WIDTH / 2 && index + WIDTH / 3 <= at);
    let from = from.unwrap_or(0);
    let shown: String = line[from..].chars().take(WIDTH).collect();
    let before = Escaped(&line.as_bytes()[from..at]).to_string().replace('\t', " ");
    let mark = Escaped(&line.as_bytes()[at..at + length]).to_string();
    let room = WIDTH.saturating_sub(before.width()).max(1);
    let number = mistake.line.to_string();
    let shown = Escaped(shown.as_bytes()).to_string().replace('\t', " ");
    writeln!(out, "  {number} | {shown}")?;
    writeln!(
        out,
        "  {:1$} | {2}{3}",
        "",
        number.len(),
        " ".repeat(before.width()),
        "^".repeat(mark.width().clamp(1, room))
    )
}

/// Bytes of the value or the key that a rest of a line begins with.
fn marked(rest: &str) -> usize {
    let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| rest.starts_with(quote));
    if let Some(quote) = quote {
        let inner = &rest[quote.len()..];
        return inner.find(quote).map_or(rest.len(), |end| end + 2 * quote.len());
    }
    if rest.starts_with("[[") || rest.starts_with("{{") {
        let close = if rest.starts_with('[') { "]]" } else { "}}" };
        return rest.find(close).map_or(rest.len(), |end| end + 2);
    }
    let is_word = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    word.max(rest.chars().next().map_or(0, char::len_utf8))
}

/// Writes the mistakes as a JSON list of objects with `file`, `line`, `column`, `id` and `message`.
///
/// # Errors
/// Those of `out`.
pub fn write_mistakes_json(mistakes: &[Mistake], mut out: impl Write) -> io::Result<()> {
    let objects: Vec<serde_json::Value> = mistakes
        .iter()
        .map(|mistake| {
            serde_json::json!({
                "file": mistake.file, "line": mistake.line, "column": mistake.column,
                "id": mistake.id, "message": mistake.message,
            })
        })
        .collect();
    serde_json::to_writer_pretty(&mut out, &objects)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::{Mistake, write_mistakes};

    #[test]
    fn a_mark_stands_under_what_is_wrong() {
        let text = "id = \"a\"\ntitle = \"한국어\" x\nregex = '''ab\n\n";
        let files = [("a.toml".to_owned(), text.to_owned())];
        for (line, column, mark) in [
            (1, 6, "  1 | id = \"a\"\n    |      ^^^\n"),
            (1, 1, "  1 | id = \"a\"\n    | ^^\n"),
            (2, 21, "  2 | title = \"한국어\" x\n    |                  ^\n"),
            (3, 9, "  3 | regex = '''ab\n    |         ^^^^^\n"),
            (4, 1, ""),
            (9, 1, ""),
        ] {
            let mistake = Mistake {
                file: "a.toml".to_owned(),
                line,
                column,
                id: "a".to_owned(),
                message: "m".to_owned(),
            };
            let mut out = Vec::new();
            write_mistakes(std::slice::from_ref(&mistake), &files, &mut out).expect("memory");
            let got = String::from_utf8(out).expect("UTF-8");
            assert_eq!(got, format!("a.toml:{line}:{column}: a: m\n{mark}"));
        }
    }
}
