//! Terminals: colour, width, progress.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use loggrep_abm_core::report::TextOptions;
use loggrep_abm_core::text::Escaped;
use loggrep_abm_core::{Problem, SignatureCost};

use crate::args::{Analyze, Color};

/// Tells something beside the output; what comes from the outside is harmless to a terminal.
pub fn warn(message: &str) {
    let safe: Vec<String> = message.lines().map(|line| Escaped(line.as_bytes()).to_string()).collect();
    crate::tell!("loggrep-abm: {}", safe.join("\n"));
}

/// How text is written: `NO_COLOR` and a pipe turn colour off unless it was asked for.
pub fn text_options(arguments: &Analyze, to_stdout: bool) -> TextOptions {
    let Analyze { color, hyperlink, verbose, quiet, .. } = *arguments;
    let terminal = to_stdout && std::io::stdout().is_terminal();
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_color && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = if terminal { terminal_width().or(columns) } else { columns };
    let mut options = TextOptions::default();
    (options.color, options.width, options.verbose, options.quiet) = (color, width, verbose, quiet);
    options.hyperlinks = match hyperlink {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && opens_links(|name| std::env::var(name).ok()),
    };
    options
}

/// Whether a terminal is known to open links (OSC 8), by the variables it sets.
fn opens_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_one_of = |name: &str, known: &[&str]| {
        variable(name).is_some_and(|value| known.iter().any(|known| value.contains(known)))
    };
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    is_one_of("TERM_PROGRAM", &["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "rio"])
        || is_one_of("TERM", &["kitty", "alacritty", "foot", "ghostty", "wezterm"])
        || vte.is_some_and(|version| version >= 5000)
        || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].into_iter().any(is_set)
}

fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// What could not be read, on standard error.
pub fn print_problems(problems: &[Problem]) {
    for problem in problems {
        let message = Escaped(problem.message.as_bytes()).to_string();
        crate::tell!("loggrep-abm: {}: {}: {message}", problem.path, problem.kind.as_str());
    }
}

/// What each signature cost, on standard error.
pub fn print_profile(costs: &[SignatureCost]) {
    let total: Duration = costs.iter().map(|cost| cost.time).sum();
    crate::tell!("{:>12} {:>6} {:>12} {:>10}  signature", "ms", "%", "candidates", "hits");
    for cost in costs {
        let share = cost.time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE) * 100.0;
        let ms = cost.time.as_secs_f64() * 1000.0;
        crate::tell!("{ms:>12.3} {share:>6.1} {:>12} {:>10}  {}", cost.candidates, cost.hits, cost.id);
    }
}

/// One line on standard error that says how far the reading is, while it is a terminal.
pub struct Progress {
    total: Option<u64>,
    start: Instant,
    shown: Option<Mutex<Shown>>,
}

struct Shown {
    last: Option<Instant>,
    issues: usize,
}

impl Progress {
    pub fn new(inputs: &[PathBuf], quiet: bool) -> Progress {
        let is_shown = !quiet && std::io::stderr().is_terminal();
        let size = |path: &PathBuf| {
            std::fs::metadata(path).ok().filter(|data| data.is_file()).map(|data| data.len())
        };
        let total = match inputs {
            [one] => size(one),
            _ => None,
        };
        let shown = is_shown.then(|| Mutex::new(Shown { last: None, issues: 0 }));
        Progress { total, start: Instant::now(), shown }
    }

    pub fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    pub fn show(&self, now: loggrep_abm_core::Progress) {
        let Some(shown) = &self.shown else { return };
        let Ok(mut shown) = shown.try_lock() else { return };
        shown.issues = shown.issues.max(now.issues);
        if shown.last.is_some_and(|last| last.elapsed() < Duration::from_millis(100)) {
            return;
        }
        shown.last = Some(Instant::now());
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let rate = mib(now.input_bytes) / self.start.elapsed().as_secs_f64().max(0.001);
        let of_total = match self.total {
            Some(total) if total > 0 => format!(" of {:.0} MiB", mib(total)),
            _ => " MiB".to_owned(),
        };
        let line = format!("{:.0}{of_total}, {rate:.0} MiB/s, {} issues", mib(now.input_bytes), shown.issues);
        let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
    }

    pub fn clear(&self) {
        let Some(shown) = &self.shown else { return };
        if shown.lock().is_ok_and(|shown| shown.last.is_some()) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
