//! The report as text for a terminal, a file or a mail.
//!
//! Start from [`write_text`]. It reads without colour; evidence, paths and commands are never wrapped, so that they
//! can be copied; everything from the bundle is shown through [`Escaped`].

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::words::{Judged, Words};
use super::workaround::{Step, open_in, steps};
use super::{Advisory, Evidence, Finding, Report};
use crate::lang::{Grouped, Lang};
use crate::signature::Severity;
use crate::text::Escaped;

/// How to write a report as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct TextOptions {
    /// Whether to colour with ANSI sequences.
    pub color: bool,
    /// Columns to wrap prose to; `None` does not wrap.
    pub width: Option<usize>,
    /// Everything the report holds, nothing shortened.
    pub verbose: bool,
    /// The summary and one line for each finding.
    pub quiet: bool,
    /// Whether references are links that a terminal opens (OSC 8).
    pub hyperlinks: bool,
}

/// Characters shown of a line of evidence, and of one beside it.
const LONG_LINE: usize = 600;
const LONG_CONTEXT: usize = 200;
/// Names listed, and items of a list, before the rest is a number.
const NAMES: usize = 6;
const ITEMS: usize = 12;
/// Findings that need no list of their own in front.
const AT_A_GLANCE: usize = 3;

/// Writes the report as text in its own language.
///
/// # Errors
///
/// Those of `out`.
pub fn write_text(report: &Report, options: &TextOptions, out: impl Write) -> io::Result<()> {
    let words = Words::new(report);
    let lang = words.lang;
    let labels = [
        "cluster",
        "nodes",
        "logs",
        "input",
        "verdict",
        "where",
        "when",
        "cause",
        "values",
        "evidence",
        "todo",
        "references",
    ];
    let label_width = labels.iter().map(|label| lang.text(label).width()).max().unwrap_or(0) + 2;
    let mut page = Page { out, options, words, lang, label_width, gap: false };
    page.head()?;
    if options.quiet {
        return page.findings_in_short();
    }
    if report.findings.len() > AT_A_GLANCE {
        page.overview()?;
    }
    for (n, finding) in report.findings.iter().enumerate() {
        page.finding(n + 1, finding)?;
    }
    page.advisories()?;
    page.unknown()?;
    page.undecided()?;
    page.problems()?;
    page.commands_to_ask_for()
}

/// Roles of text, with the colours they get.
#[derive(Clone, Copy)]
enum Style {
    Plain,
    Strong,
    Faint,
    Path,
    Command,
    Warning,
    Critical,
    High,
    Medium,
    Low,
}

impl Style {
    fn of_severity(severity: &str) -> Style {
        match severity {
            "critical" => Style::Critical,
            "high" => Style::High,
            "medium" => Style::Medium,
            "low" => Style::Low,
            _ => Style::Faint,
        }
    }

    fn of_verdict(verdict: &str) -> Style {
        if verdict == "affected" { Style::High } else { Style::Strong }
    }

    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Strong | Style::Command => "1",
            Style::Faint => "2",
            Style::Path => "36",
            Style::Warning => "1;33",
            Style::Critical => "1;97;41",
            Style::High => "1;31",
            Style::Medium => "1;33",
            Style::Low => "1;36",
        }
    }
}

struct Page<'a, W> {
    out: W,
    options: &'a TextOptions,
    words: Words<'a>,
    lang: &'static Lang,
    label_width: usize,
    /// Whether a blank line is due before the next one.
    gap: bool,
}

impl<W: Write> Page<'_, W> {
    fn head(&mut self) -> io::Result<()> {
        let (words, lang) = (self.words, self.lang);
        let report = words.report;
        if !report.bundle.recognised {
            self.paragraph(0, Style::Warning, lang.text("not_recognised"))?;
            self.blank();
        }
        for (i, line) in words.clusters().iter().enumerate() {
            self.field(0, if i == 0 { lang.text("cluster") } else { "" }, Style::Strong, line)?;
        }
        let missing = if words.uncaptured().is_empty() { Style::Plain } else { Style::Warning };
        self.field(0, lang.text("nodes"), missing, &words.nodes(self.names()))?;
        self.field(0, lang.text("logs"), Style::Plain, &words.logs())?;
        for (i, input) in report.inputs.iter().enumerate() {
            let style = if input.complete { Style::Plain } else { Style::Warning };
            let label = if i == 0 { lang.text("input") } else { "" };
            self.field(0, label, style, &format!("{}: {}", input.path, words.input(input)))?;
        }
        self.blank();
        let worst = report.findings.iter().max_by_key(|finding| Severity::parse(&finding.severity));
        let style = worst.map_or(Style::Strong, |worst| Style::of_severity(&worst.severity));
        self.paragraph(0, style, &words.tally().join(" · "))?;
        if report.findings.is_empty() {
            self.nothing_found()?;
        }
        if words.partial() {
            self.paragraph(0, Style::Warning, lang.text("partial_note"))?;
        }
        Ok(())
    }

    fn nothing_found(&mut self) -> io::Result<()> {
        let (words, lang) = (self.words, self.lang);
        let n = Grouped(words.report.tool.signatures as u64);
        self.paragraph(0, Style::Plain, &lang.fill("none_honest", &[("n", &n)]))?;
        let missing = words.uncaptured();
        if !missing.is_empty() {
            let missing = words.some_of(&missing, self.names());
            self.paragraph(0, Style::Warning, &lang.fill("none_uncaptured", &[("missing", &missing)]))?;
        }
        Ok(())
    }

    fn findings_in_short(&mut self) -> io::Result<()> {
        for finding in &self.words.report.findings {
            let line = format!(
                "{} · {} · {} · {} · {} · {}",
                self.lang.word("severity", &finding.severity),
                self.lang.word("confidence", &finding.confidence),
                self.lang.word("verdict", &finding.verdict),
                self.lang.count("times", finding.count),
                finding.id,
                finding.title,
            );
            self.line(0, Style::of_severity(&finding.severity), &line)?;
            for also in &finding.also_matched {
                let line = self.lang.fill("also_matched", &[("issues", &also.id)]);
                self.line(2, Style::Faint, &line)?;
            }
        }
        Ok(())
    }

    /// A line for each finding: its number, how bad it is, what it means for the cluster, where, and its title.
    fn overview(&mut self) -> io::Result<()> {
        let (words, lang) = (self.words, self.lang);
        self.blank();
        let findings = &words.report.findings;
        let cells = |finding: &Finding| {
            let place = match &finding.nodes[..] {
                [] => String::new(),
                [one] => one.clone(),
                nodes => lang.count("nodes", nodes.len() as u64),
            };
            [lang.word("severity", &finding.severity), lang.word("verdict", &finding.verdict), &place]
                .map(str::to_owned)
        };
        let rows: Vec<[String; 3]> = findings.iter().map(cells).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
        let widths = [width(0), width(1), width(2)];
        let digits = findings.len().to_string().len();
        for (n, (finding, row)) in (1..).zip(findings.iter().zip(&rows)) {
            let mut line = format!("{n:>digits$}. ");
            for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            line.push_str(&finding.title);
            self.line(0, Style::of_severity(&finding.severity), &line)?;
        }
        Ok(())
    }

    fn finding(&mut self, n: usize, finding: &Finding) -> io::Result<()> {
        let (words, lang) = (self.words, self.lang);
        self.blank();
        let head = format!(
            "{n}. {} · {} · {}",
            lang.word("severity", &finding.severity).to_uppercase(),
            lang.word("confidence", &finding.confidence),
            finding.title
        );
        self.paragraph(0, Style::of_severity(&finding.severity), &head)?;
        let mut line = format!("{} · {}", finding.id, lang.word("category", &finding.category));
        if finding.baseline.as_deref() == Some("known") {
            line.push_str(&format!(" · {}", lang.text("baseline_known")));
        }
        self.line(3, Style::Faint, &line)?;
        self.verdicts(finding.into())?;
        if let Some(places) = words.places(finding, self.names()) {
            self.field(3, lang.text("where"), Style::Plain, &places)?;
        }
        self.field(3, lang.text("when"), Style::Plain, &words.when(finding))?;
        if !finding.summary.is_empty() {
            self.field(3, lang.text("cause"), Style::Plain, &one_line(&finding.summary))?;
        }
        for (i, relation) in words.relations(finding).iter().enumerate() {
            self.field(3, if i == 0 { lang.text("relations") } else { "" }, Style::Plain, relation)?;
        }
        if let Some(captures) = words.captures(finding, self.names()) {
            self.field(3, lang.text("values"), Style::Plain, &captures)?;
        }
        if !finding.evidence.is_empty() {
            self.field(3, lang.text("evidence"), Style::Plain, "")?;
        }
        for (i, evidence) in finding.evidence.iter().enumerate() {
            self.evidence(evidence, i == 0 || self.options.verbose)?;
        }
        self.workaround(&finding.workaround, &finding.unfilled_slots)?;
        self.references(&finding.references)
    }

    fn verdicts(&mut self, judged: Judged<'_>) -> io::Result<()> {
        let lang = self.lang;
        for (i, (verdict, reason)) in self.words.verdicts(judged).into_iter().enumerate() {
            let label = if i == 0 { lang.text("verdict") } else { "" };
            let style = if i == 0 { Style::of_verdict(judged.verdict) } else { Style::Plain };
            let line = lang.fill("verdict_line", &[("verdict", &verdict), ("reason", &reason)]);
            self.field(3, label, style, &line)?;
        }
        Ok(())
    }

    /// Path and line; then when and who; then the lines, numbered, those of the message marked.
    fn evidence(&mut self, evidence: &Evidence, with_context: bool) -> io::Result<()> {
        self.line(5, Style::Path, &format!("{}:{}", evidence.path, evidence.line))?;
        let place = self.words.place(evidence);
        if !place.is_empty() {
            self.line(5, Style::Plain, &place.join(" · "))?;
        }
        let context = |lines| if with_context { lines } else { &[][..] };
        let (before, after) = (context(&evidence.before[..]), context(&evidence.after[..]));
        let first = evidence.line.saturating_sub(before.len() as u64);
        let count = before.len() + evidence.text.lines().count() + after.len();
        let before = before.iter().map(|line| (' ', line.as_str()));
        let message = evidence.text.lines().map(|line| ('>', line));
        let after = after.iter().map(|line| (' ', line.as_str()));
        let digits = (first + count as u64).to_string().len();
        let captures: Vec<&str> = evidence.captures.values().map(String::as_str).collect();
        for (number, (mark, line)) in (first..).zip(before.chain(message).chain(after)) {
            let line = line.trim_end_matches('\r');
            let line = match mark {
                '>' => self.shortened(line, LONG_LINE, &captures),
                _ => self.shortened(line, LONG_CONTEXT, &[]),
            };
            let style = if mark == '>' { Style::Strong } else { Style::Faint };
            self.line(7, style, &format!("{mark} {number:digits$}  {line}"))?;
        }
        self.blank();
        Ok(())
    }

    /// A very long line cut to about `length` characters around the first captured value, with a word on what is
    /// left out. What is little longer stays whole.
    fn shortened(&self, line: &str, length: usize, captures: &[&str]) -> String {
        let total = line.chars().count();
        if self.options.verbose || total <= length + length / 4 {
            return line.to_owned();
        }
        let captured =
            captures.iter().filter(|value| !value.is_empty()).filter_map(|value| line.find(value)).min();
        let at = captured.map_or(0, |at| line[..at].chars().count());
        let start = if at < length * 3 / 4 { 0 } else { (at - length / 4).min(total - length) };
        let kept: String = line.chars().skip(start).take(length).collect();
        let left_out = |n: usize| self.lang.fill("left_out", &[("n", &Grouped(n as u64))]);
        let mut out = String::new();
        if start > 0 {
            out = format!("{} ", left_out(start));
        }
        out.push_str(&kept);
        if start + length < total {
            out.push_str(&format!(" {}", left_out(total - start - length)));
        }
        out
    }

    fn workaround(&mut self, workaround: &str, unfilled: &[String]) -> io::Result<()> {
        let lang = self.lang;
        let steps = steps(workaround);
        if steps.is_empty() {
            return Ok(());
        }
        self.field(3, lang.text("todo"), Style::Plain, "")?;
        let mut after_command = false;
        for step in &steps {
            match step {
                Step::Text(text) => {
                    if after_command {
                        self.blank();
                    }
                    self.paragraph(5, Style::Plain, text)?;
                }
                Step::Command(command) => {
                    if !after_command {
                        self.blank();
                    }
                    for line in command.text.lines() {
                        self.line(9, Style::Command, line)?;
                    }
                }
            }
            after_command = matches!(step, Step::Command(_));
        }
        if after_command {
            self.blank();
        }
        let open = open_in(&steps);
        if !open.is_empty() {
            self.paragraph(5, Style::Warning, &lang.fill("fill_in", &[("slots", &open.join(", "))]))?;
        }
        let unfit: Vec<&str> =
            unfilled.iter().filter(|slot| !is_slot_name(slot)).map(String::as_str).collect();
        if !unfit.is_empty() {
            self.paragraph(5, Style::Warning, &lang.fill("unfit", &[("values", &unfit.join(", "))]))?;
        }
        Ok(())
    }

    fn references(&mut self, references: &[String]) -> io::Result<()> {
        for (i, reference) in references.iter().enumerate() {
            let label = if i == 0 { self.lang.text("references") } else { "" };
            if !self.options.hyperlinks || !is_link(reference) {
                self.field(3, label, Style::Plain, reference)?;
                continue;
            }
            self.indent(3)?;
            self.styled(Style::Faint, label)?;
            let gap = self.label_width.saturating_sub(label.width());
            writeln!(self.out, "{:gap$}\x1b]8;;{reference}\x1b\\{reference}\x1b]8;;\x1b\\", "")?;
        }
        Ok(())
    }

    fn advisories(&mut self) -> io::Result<()> {
        let advisories = &self.words.report.advisories;
        if advisories.is_empty() {
            return Ok(());
        }
        self.section(self.lang.text("advisories"))?;
        self.paragraph(0, Style::Plain, self.lang.text("advisories_note"))?;
        for advisory in advisories {
            self.advisory(advisory)?;
        }
        Ok(())
    }

    fn advisory(&mut self, advisory: &Advisory) -> io::Result<()> {
        let severity = self.lang.word("severity", &advisory.severity);
        self.paragraph(0, Style::Plain, &format!("- {severity} · {} ({})", advisory.title, advisory.id))?;
        if self.options.verbose {
            self.verdicts(advisory.into())?;
            self.field(3, self.lang.text("cause"), Style::Plain, &one_line(&advisory.summary))?;
            self.workaround(&advisory.workaround, &[])?;
            return self.references(&advisory.references);
        }
        match self.words.verdicts(advisory.into()).first() {
            Some((_, reason)) => self.paragraph(2, Style::Plain, reason),
            None => Ok(()),
        }
    }

    fn unknown(&mut self) -> io::Result<()> {
        let (words, lang) = (self.words, self.lang);
        let (Some(unknown), Some(note)) = (&words.report.unknown, words.unknown_note()) else {
            return Ok(());
        };
        self.section(lang.text("unknown"))?;
        self.paragraph(0, Style::Plain, &note)?;
        for it in &unknown.templates {
            self.line(0, Style::Strong, &format!("- {}", self.shortened(&it.template, LONG_LINE, &[])))?;
            self.paragraph(2, Style::Plain, &words.unknown_seen(it, self.names()))?;
            self.line(2, Style::Path, &format!("{}:{}", it.path, it.line))?;
            self.line(4, Style::Faint, &self.shortened(&it.text, LONG_CONTEXT, &[]))?;
        }
        Ok(())
    }

    fn undecided(&mut self) -> io::Result<()> {
        let words = self.words;
        self.section(self.lang.text("undecided"))?;
        self.paragraph(0, Style::Plain, &words.coverage())?;
        let undecided = words.undecided();
        let shown = self.items(undecided.len());
        for (id, lacks) in &undecided[..shown] {
            self.paragraph(0, Style::Plain, &format!("- {id}: {lacks}"))?;
        }
        self.more(undecided.len() - shown)
    }

    /// One block at the very end, to be sent as it is.
    fn commands_to_ask_for(&mut self) -> io::Result<()> {
        let commands = self.words.commands_to_ask_for();
        if commands.is_empty() {
            return Ok(());
        }
        self.blank();
        self.paragraph(0, Style::Plain, self.lang.text("ask_for"))?;
        self.blank();
        for line in commands.iter().flat_map(|command| command.lines()) {
            self.line(4, Style::Command, line)?;
        }
        Ok(())
    }

    fn problems(&mut self) -> io::Result<()> {
        let problems = &self.words.report.problems;
        let omitted = self.words.report.problems_omitted;
        if problems.is_empty() && omitted == 0 {
            return Ok(());
        }
        self.section(self.lang.text("problems"))?;
        let shown = self.items(problems.len());
        for problem in &problems[..shown] {
            self.line(0, Style::Path, &format!("- {}", problem.path))?;
            self.paragraph(2, Style::Plain, &self.words.problem(problem))?;
        }
        self.more(problems.len() - shown + omitted as usize)
    }

    fn more(&mut self, n: usize) -> io::Result<()> {
        if n == 0 {
            return Ok(());
        }
        self.paragraph(0, Style::Faint, &self.lang.fill("problems_more", &[("n", &Grouped(n as u64))]))
    }

    fn names(&self) -> usize {
        if self.options.verbose { usize::MAX - 1 } else { NAMES }
    }

    fn items(&self, n: usize) -> usize {
        if self.options.verbose { n } else { n.min(ITEMS) }
    }

    fn section(&mut self, title: &str) -> io::Result<()> {
        self.blank();
        self.line(0, Style::Strong, &format!("── {title} ──"))
    }

    /// Sets what follows apart: one blank line, however often it is asked for.
    fn blank(&mut self) {
        self.gap = true;
    }

    /// Begins a line.
    fn indent(&mut self, columns: usize) -> io::Result<()> {
        if std::mem::take(&mut self.gap) {
            writeln!(self.out)?;
        }
        write!(self.out, "{:columns$}", "")
    }

    /// One line as it is, however long.
    fn line(&mut self, indent: usize, style: Style, text: &str) -> io::Result<()> {
        let text = Escaped(text.as_bytes()).to_string();
        self.indent(indent)?;
        self.styled(style, text.trim_end())?;
        writeln!(self.out)
    }

    /// Prose, wrapped.
    fn paragraph(&mut self, indent: usize, style: Style, text: &str) -> io::Result<()> {
        for line in self.wrapped(indent, text) {
            self.indent(indent)?;
            self.styled(style, &line)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    /// A label and prose that hangs beside it.
    fn field(&mut self, indent: usize, label: &str, style: Style, text: &str) -> io::Result<()> {
        let column = indent + self.label_width;
        let mut lines = self.wrapped(column, text).into_iter();
        let first = lines.next().unwrap_or_default();
        self.indent(indent)?;
        self.styled(Style::Faint, label)?;
        if !first.is_empty() {
            write!(self.out, "{:gap$}", "", gap = self.label_width.saturating_sub(label.width()))?;
            self.styled(style, &first)?;
        }
        writeln!(self.out)?;
        for line in lines {
            self.indent(column)?;
            self.styled(style, &line)?;
            writeln!(self.out)?;
        }
        Ok(())
    }

    fn wrapped(&self, indent: usize, text: &str) -> Vec<String> {
        let text = Escaped(text.as_bytes()).to_string();
        // Narrower than this nothing can be read; better let the terminal break the lines.
        wrap(&text, self.options.width.map(|width| width.saturating_sub(indent).max(20)))
    }

    fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        match style.code() {
            code if self.options.color && !code.is_empty() && !text.is_empty() => {
                write!(self.out, "\x1b[{code}m{text}\x1b[0m")
            }
            _ => self.out.write_all(text.as_bytes()),
        }
    }
}

/// A text of a signature without the line ends it was written with.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an entry is the name of a slot that is left open, rather than a value.
fn is_slot_name(entry: &str) -> bool {
    entry.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Breaks prose at blanks so that no line is wider than `width` columns; a word that is wider stands alone, whole,
/// unless it is of wide characters, which may be parted anywhere.
fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.width();
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let wide = c.width() == Some(2);
            if wide && used + 2 > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += c.width().unwrap_or(0);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Whether a reference is an address and nothing that could end the sequence of a link.
fn is_link(reference: &str) -> bool {
    reference.starts_with("https://") && reference.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::{TextOptions, wrap, write_text};
    use crate::report::Report;
    use crate::report::sample::{check_golden, hostile, sample};
    use unicode_width::UnicodeWidthStr;

    fn text(report: &Report, options: TextOptions) -> String {
        let mut out = Vec::new();
        write_text(report, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn wide(width: usize) -> TextOptions {
        TextOptions { width: Some(width), ..TextOptions::default() }
    }

    #[test]
    fn the_text_is_as_agreed_in_each_language() {
        for lang in ["en", "ko"] {
            check_golden(&format!("report.{lang}.txt"), &text(&sample(lang), wide(100)));
        }
        check_golden("report-quiet.en.txt", &text(&sample("en"), TextOptions { quiet: true, ..wide(100) }));
    }

    #[test]
    fn a_report_without_findings_says_what_that_means() {
        let mut report = sample("en");
        report.findings.clear();
        report.advisories.clear();
        report.bundle.recognised = false;
        check_golden("report-nothing.en.txt", &text(&report, wide(80)));
    }

    #[test]
    fn colour_adds_only_sequences_of_its_own() {
        let plain = text(&sample("ko"), wide(80));
        let coloured = text(&sample("ko"), TextOptions { color: true, ..wide(80) });
        let mut stripped = String::new();
        for (i, part) in coloured.split('\x1b').enumerate() {
            stripped.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
        }
        assert_eq!(stripped, plain);
        assert_ne!(coloured, plain);
    }

    #[test]
    fn nothing_from_a_bundle_steers_the_terminal() {
        let out = text(&hostile(), TextOptions { verbose: true, ..wide(60) });
        assert!(!out.chars().any(|c| c != '\n' && crate::text::is_unsafe(c)), "{out:?}");
        assert!(out.contains("\\x1b[2J\\x00\\x7f\\u{9b}31m\\u{202e}txt"));
    }

    #[test]
    fn prose_is_wrapped_by_columns_and_words_stay_whole() {
        assert_eq!(wrap("aa bb cc", Some(5)), ["aa bb", "cc"]);
        assert_eq!(wrap("노드 상태", Some(8)), ["노드", "상태"]);
        assert_eq!(wrap("노드상태가", Some(4)), ["노드", "상태", "가"]);
        assert_eq!(wrap("a https://example.com/long b", Some(8)), ["a", "https://example.com/long", "b"]);
        assert_eq!(wrap("", Some(8)), [""]);
        assert_eq!(wrap("a  b", None), ["a  b"]);
        for line in
            text(&sample("ko"), wide(60)).lines().filter(|line| !line.contains("://") && !line.contains('!'))
        {
            let copied = ["main.go", "ang-node-x7k2p", "sync.go"].iter().any(|part| line.contains(part));
            assert!(copied || line.width() <= 60, "{line}");
        }
    }

    #[test]
    fn a_very_long_line_is_cut_around_what_was_captured() {
        let mut report = sample("en");
        report.findings[0].evidence[0].text =
            format!("{} \"linklocal\" {}", "a".repeat(5000), "b".repeat(5000));
        let out = text(&report, wide(80));
        assert!(out.contains("[4,852 characters left out] "), "{out}");
        assert!(out.contains("\"linklocal\"") && out.lines().all(|line| line.len() < 720));
        let whole = text(&report, TextOptions { verbose: true, ..wide(80) });
        assert!(whole.contains(&"a".repeat(5000)));
    }
}
