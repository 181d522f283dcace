//! The report as Markdown, sized for a comment in a ticket.
//!
//! Start from [`write_markdown`]. Text of a bundle stands in code or is escaped: it makes no link, mention, table cell
//! or markup.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::words::Words;
use super::workaround::{Step, open_in, steps};
use super::{Evidence, Finding, Report};
use crate::lang::Lang;
use crate::text::Escaped;

/// Characters after which findings are counted instead of shown: trackers take comments of 32,767 or 65,536.
const LENGTH: usize = 28_000;
/// Characters of a line of evidence.
const LINE: usize = 400;
/// Rows of a list.
const ROWS: usize = 30;
/// Names in a sentence.
const NAMES: usize = 6;

/// Writes the report as GitHub-flavoured Markdown of at most about 32,000 characters, in its own language.
///
/// # Errors
///
/// Those of `out`.
pub fn write_markdown(report: &Report, mut out: impl Write) -> io::Result<()> {
    let words = Words::new(report);
    let mut page = Page { words, lang: words.lang, out: String::new() };
    page.head();
    page.table();
    page.findings();
    page.advisories();
    page.unknown();
    page.undecided();
    page.problems();
    out.write_all(page.out.as_bytes())
}

struct Page<'a> {
    words: Words<'a>,
    lang: &'static Lang,
    out: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end_matches(' '));
        self.out.push('\n');
    }

    fn head(&mut self) {
        let (words, lang) = (self.words, self.lang);
        let report = words.report;
        self.line(&format!("## {}: {}", prose(&report.tool.name), prose(&words.tally().join(" · "))));
        self.line("");
        if !report.bundle.recognised {
            self.line(&format!("**{}**\n", prose(lang.text("not_recognised"))));
        }
        for cluster in words.clusters() {
            self.item(lang.text("cluster"), &prose(&cluster));
        }
        self.item(lang.text("nodes"), &prose(&words.nodes(NAMES)));
        self.item(lang.text("logs"), &prose(&words.logs()));
        for input in &report.inputs {
            self.item(lang.text("input"), &format!("{}: {}", code(&input.path), prose(&words.input(input))));
        }
        if report.findings.is_empty() {
            let n = report.tool.signatures;
            self.line(&format!("\n{}", prose(&lang.fill("none_honest", &[("n", &n)]))));
        }
        if words.partial() {
            self.line(&format!("\n**{}**", prose(lang.text("partial_note"))));
        }
    }

    fn item(&mut self, label: &str, text: &str) {
        self.line(&format!("- **{}**: {text}", prose(label)));
    }

    fn table(&mut self) {
        let (words, lang) = (self.words, self.lang);
        let findings = &words.report.findings;
        if findings.is_empty() {
            return;
        }
        let heads =
            ["severity", "confidence", "issue", "verdict", "count", "nodes"].map(|key| prose(lang.text(key)));
        self.line(&format!("\n| # | {} |", heads.join(" | ")));
        self.line("|--:|---|---|---|---|--:|---|");
        for (i, finding) in findings.iter().take(ROWS).enumerate() {
            let nodes: Vec<&str> = finding.nodes.iter().map(String::as_str).collect();
            let cells = [
                prose(lang.word("severity", &finding.severity)),
                prose(lang.word("confidence", &finding.confidence)),
                prose(&finding.title),
                prose(lang.word("verdict", &finding.verdict)),
                finding.count.to_string(),
                prose(&words.some_of(&nodes, 3)),
            ];
            self.line(&format!("| {} | {} |", i + 1, cells.join(" | ")));
        }
        self.and_more(findings.len().saturating_sub(ROWS));
    }

    fn findings(&mut self) {
        let findings = &self.words.report.findings;
        for (i, finding) in findings.iter().enumerate() {
            let length = self.out.len();
            self.finding(i + 1, finding);
            // The first finding always stands; its parts are bounded.
            if i > 0 && self.out.chars().count() > LENGTH {
                self.out.truncate(length);
                let left = (findings.len() - i) as u64;
                let note = prose(&self.lang.count("left_out_findings", left));
                self.line(&format!("\n*{note}*"));
                return;
            }
        }
    }

    fn finding(&mut self, n: usize, finding: &Finding) {
        let (words, lang) = (self.words, self.lang);
        let severity = lang.word("severity", &finding.severity);
        let confidence = lang.word("confidence", &finding.confidence);
        self.line(&format!(
            "\n### {n}. {} ({}, {})",
            prose(&finding.title),
            prose(severity),
            prose(confidence)
        ));
        self.line("");
        self.item(lang.text("issue"), &code(&finding.id));
        for (verdict, reason) in words.verdicts(finding.into()).iter().take(NAMES) {
            self.item(lang.text("verdict"), &format!("**{}**: {}", prose(verdict), prose(reason)));
        }
        if let Some(places) = words.places(finding, NAMES) {
            self.item(lang.text("where"), &prose(&places));
        }
        self.item(lang.text("when"), &prose(&words.when(finding)));
        self.item(lang.text("cause"), &prose(&finding.summary));
        for relation in words.relations(finding) {
            self.item(lang.text("relations"), &prose(&relation));
        }
        if let Some(evidence) = finding.evidence.first() {
            self.evidence(evidence);
        }
        self.workaround(&finding.workaround);
        for reference in &finding.references {
            self.item(lang.text("references"), &link(reference));
        }
    }

    fn evidence(&mut self, evidence: &Evidence) {
        let place = self.words.place(evidence);
        let mut head = code(&format!("{}:{}", evidence.path, evidence.line));
        if !place.is_empty() {
            let _ = write!(head, " ({})", prose(&place.join(" · ")));
        }
        self.item(self.lang.text("evidence"), &head);
        let lines = evidence.text.lines().take(ROWS).map(|line| self.shortened(line)).collect::<Vec<_>>();
        self.block("text", &lines.join("\n"));
    }

    fn shortened(&self, line: &str) -> String {
        let total = line.chars().count();
        if total <= LINE {
            return line.to_owned();
        }
        let head: String = line.chars().take(LINE).collect();
        format!("{head} {}", self.lang.fill("left_out", &[("n", &(total - LINE))]))
    }

    fn workaround(&mut self, workaround: &str) {
        let steps = steps(workaround);
        if steps.is_empty() {
            return;
        }
        self.line(&format!("\n**{}**", prose(self.lang.text("todo"))));
        let mut commands = Vec::new();
        for step in &steps {
            match step {
                Step::Command(command) => commands.push(command.text.as_str()),
                Step::Text(text) => {
                    self.commands(&mut commands);
                    self.line(&format!("\n{}", prose(text)));
                }
            }
        }
        self.commands(&mut commands);
        let open = open_in(&steps);
        if !open.is_empty() {
            let open = self.lang.fill("fill_in", &[("slots", &open.join(", "))]);
            self.line(&format!("\n**{}**", prose(&open)));
        }
        self.line("");
    }

    /// Commands that follow one another stand in one block.
    fn commands(&mut self, commands: &mut Vec<&str>) {
        if !commands.is_empty() {
            self.block("sh", &commands.join("\n"));
            commands.clear();
        }
    }

    fn advisories(&mut self) {
        let advisories = &self.words.report.advisories;
        if advisories.is_empty() {
            return;
        }
        self.line(&format!("\n### {}\n", prose(self.lang.text("advisories"))));
        self.line(&format!("{}\n", prose(self.lang.text("advisories_note"))));
        for advisory in advisories.iter().take(ROWS) {
            let reason = self.words.verdicts(advisory.into()).into_iter().next().map(|(_, reason)| reason);
            let reason = prose(&reason.unwrap_or_default());
            self.line(&format!("- {} ({}): {reason}", prose(&advisory.title), code(&advisory.id)));
        }
        self.and_more(advisories.len().saturating_sub(ROWS));
    }

    fn unknown(&mut self) {
        let (words, lang) = (self.words, self.lang);
        let (Some(unknown), Some(note)) = (&words.report.unknown, words.unknown_note()) else { return };
        self.line(&format!("\n### {}\n", prose(lang.text("unknown"))));
        self.line(&format!("{}\n", prose(&note)));
        for it in unknown.templates.iter().take(ROWS) {
            let seen = prose(&words.unknown_seen(it, NAMES));
            let place = code(&format!("{}:{}", it.path, it.line));
            self.line(&format!("- {}: {seen} ({place})", code(&it.template)));
        }
        self.and_more(unknown.templates.len().saturating_sub(ROWS));
    }

    fn undecided(&mut self) {
        let words = self.words;
        self.line(&format!("\n### {}\n", prose(self.lang.text("undecided"))));
        self.line(&prose(&words.coverage()));
        let undecided = words.undecided();
        if !undecided.is_empty() {
            self.line("");
        }
        for (id, lacks) in undecided.iter().take(ROWS) {
            self.line(&format!("- {}: {}", code(id), prose(lacks)));
        }
        self.and_more(undecided.len().saturating_sub(ROWS));
        let commands = words.commands_to_ask_for();
        if !commands.is_empty() {
            self.line(&format!("\n{}", prose(self.lang.text("ask_for"))));
            self.block("sh", &commands[..commands.len().min(ROWS)].join("\n"));
        }
    }

    fn problems(&mut self) {
        let report = self.words.report;
        if report.problems.is_empty() && report.problems_omitted == 0 {
            return;
        }
        self.line(&format!("\n### {}\n", prose(self.lang.text("problems"))));
        for problem in report.problems.iter().take(ROWS) {
            let text = prose(&self.words.problem(problem));
            self.line(&format!("- {}: {text}", code(&problem.path)));
        }
        self.and_more(report.problems.len().saturating_sub(ROWS) + report.problems_omitted as usize);
    }

    fn and_more(&mut self, n: usize) {
        if n > 0 {
            let more = prose(&self.lang.fill("problems_more", &[("n", &n)]));
            self.line(&format!("\n*{more}*"));
        }
    }

    /// A fenced block; the fence is longer than any run of backticks inside.
    fn block(&mut self, language: &str, text: &str) {
        let lines: Vec<String> = text.lines().map(|line| Escaped(line.as_bytes()).to_string()).collect();
        let text = lines.join("\n");
        let fence = "`".repeat(longest_run(&text).max(2) + 1);
        self.line(&format!("\n{fence}{language}\n{text}\n{fence}"));
    }
}

/// Escaped so that it is shown as it is: no markup, no link, no mention, no cell border.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut escaped = String::new();
    for part in text.split_whitespace() {
        if !escaped.is_empty() {
            escaped.push(' ');
        }
        let _ = write!(escaped, "{}", Escaped(part.as_bytes()));
    }
    let mut before = ' ';
    for c in escaped.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '#' => {
                out.push('\\');
                out.push(c);
            }
            '@' => out.push_str("&#64;"),
            // An address would become a link by itself.
            '/' if before == ':' => out.push_str("\\/"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("\\."),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// A code span, also inside a table cell.
fn code(text: &str) -> String {
    let text = Escaped(text.as_bytes()).to_string();
    let fence = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A reference of a signature; anything but a plain address is shown as code.
fn link(address: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '`' | '\\' | '"');
    if address.starts_with("https://") && address.chars().all(plain) {
        format!("<{address}>")
    } else {
        code(address)
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{code, link, prose, write_markdown};
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};

    fn markdown(report: &Report) -> String {
        let mut out = Vec::new();
        write_markdown(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_comment_is_as_agreed() {
        for lang in ["en", "ko"] {
            check_golden(&format!("report.{lang}.md"), &markdown(&sample(lang)));
        }
    }

    #[test]
    fn text_makes_no_markup() {
        assert_eq!(prose("a|b `c` *d* <e> @joe #1"), "a\\|b \\`c\\` \\*d\\* \\<e\\> &#64;joe \\#1");
        assert_eq!(
            prose("https://evil.example www.evil.example"),
            "https:\\//evil.example www\\.evil.example"
        );
        assert_eq!(prose("a\nb"), "a b");
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(link("https://example.com/a_b"), "<https://example.com/a_b>");
        assert_eq!(link("https://e.com/> <script>"), "`https://e.com/> <script>`");
    }

    #[test]
    fn hostile_text_stays_in_its_place() {
        let out = markdown(&hostile());
        assert!(!out.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)));
        let fences = out.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences % 2, 0);
        let table: Vec<&str> = out.lines().filter(|line| line.starts_with('|')).collect();
        for row in table {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 8, "{row}");
        }
    }

    #[test]
    fn many_findings_do_not_outgrow_a_comment() {
        let mut report = sample("en");
        let finding = report.findings[0].clone();
        report.findings = vec![finding; 200];
        let out = markdown(&report);
        assert!(out.chars().count() < 32_000, "{}", out.chars().count());
        assert!(out.contains("more findings are left out for length"));
    }
}
