//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loggrep_abm_core::signature::{Confidence, Severity};
use loggrep_abm_core::version::Version;
use loggrep_abm_core::{AnalyzeOptions, Limits};

const EXIT_STATUS: &str = "Exit status, the first that applies:
  2  usage, signature or read error: no report is possible
  3  with --strict: an input was only partly readable
  1  a finding at or above --fail-on; for grep: nothing found
  0  otherwise";

const ENVIRONMENT: &str = "An option that is not given is taken from LOGGREP_ABM_ and its name, such as
LOGGREP_ABM_MIN_SEVERITY=medium, then from the file (see `config`). An option that may be
given several times has a value a line there:
  LOGGREP_ABM_EXCLUDE=$'*.tmp\\n*/audit/*'";

const DIFF_STATUS: &str = "Exit status, the first that applies:
  2  usage, signature or read error
  3  with --strict: the new input was only partly readable
  1  with --fail-on: a new finding, or one that changed, at or above that severity
  0  otherwise, whether or not there are differences";

/// Finds the known issues of Google Distributed Cloud for bare metal in a cluster snapshot.
///
/// Reads `bmctl check cluster --snapshot` archives, bmctl workspaces, sosreports and single logs, with all that is
/// nested in them, without unpacking anything, offline.
#[derive(Parser)]
#[command(name = "loggrep-abm", version, max_term_width = 110)]
#[command(after_help = EXIT_STATUS, after_long_help = format!("{EXIT_STATUS}\n\n{ENVIRONMENT}"))]
pub struct Arguments {
    /// Take the options of this file; the environment and the command line count more.
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Tell which known issues the inputs show, with evidence and what to do.
    Analyze(Analyze),
    /// Print what the inputs say of themselves: clusters, releases, nodes and every fact with its source.
    Facts(Facts),
    /// Search any text in the inputs, with the same paths, lines and times.
    Grep(Grep),
    /// Tell what is new, gone, changed and still there between two inputs, or reports in JSON.
    ///
    /// OLD and NEW are each an archive, a directory, a log, or what `analyze -f json` wrote.
    Diff(Diff),
    /// Show when the issues were seen: each member with hits in the order of time, node by node, in UTC.
    Timeline(Timeline),
    /// Explain one known issue: cause, affected releases, workaround.
    Explain(Explain),
    /// List, show, write, check, test and pack signatures.
    Signatures(Signatures),
    /// Print the JSON Schema of the JSON report.
    Schema {
        /// That of `analyze --each -f json`: a report for each input, and the table of issues and inputs.
        #[arg(long)]
        each: bool,
    },
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write the pages of all commands into a directory.
    Man {
        /// Where the pages go.
        directory: Option<PathBuf>,
    },
    /// Show the configuration: `./.loggrep-abm.toml`, `loggrep-abm/config.toml` of the user, `LOGGREP_ABM_…`.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Show the value of each option and where it comes from: an option counts more than the environment, that more
    /// than a file, and a file more than the default.
    Show {
        /// The command whose options are shown.
        #[arg(default_value = "analyze")]
        command: String,
    },
}

#[derive(Args)]
pub struct Reading {
    /// Archives, directories or logs; `-` is standard input.
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Read only members whose path matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Leave out members whose path matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Leave out hits before this: RFC 3339, a date, or a span such as `36h` or `7d` before the end of the logs. Undated
    /// hits stay.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Leave out hits after this; see --since.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// Worker threads, at most 1024; 0 takes as many as there are processors.
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, value_parser = thread_count)]
    pub threads: usize,
    /// Exit with status 3 when an input was only partly readable.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub limits: LimitArguments,
    /// Bytes decoded at once; for tests.
    #[arg(long, hide = true, value_name = "BYTES")]
    pub chunk_bytes: Option<usize>,
    /// Decoder of gzip; for tests and measurements.
    #[arg(long, hide = true, value_enum, default_value_t = Inflater::ZlibRs)]
    pub inflater: Inflater,
}

#[derive(Args)]
pub struct LimitArguments {
    /// Levels of archives inside archives that are opened.
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = Limits::default().depth)]
    pub max_depth: u32,
    /// Entries read from one input.
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = Limits::default().members)]
    pub max_members: u64,
    /// Decompressed bytes read of one member.
    #[arg(help_heading = "Limits", long, value_name = "BYTES", default_value_t = Limits::default().member_bytes)]
    pub max_member_bytes: u64,
    /// Decompressed bytes read of one input.
    #[arg(help_heading = "Limits", long, value_name = "BYTES", default_value_t = Limits::default().total_bytes)]
    pub max_total_bytes: u64,
    /// Decompressed bytes per compressed byte over nested layers, and for xz, bzip2, zstd.
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = Limits::default().ratio)]
    pub max_ratio: u64,
    /// Memory of decoder windows over all open layers.
    #[arg(help_heading = "Limits", long, value_name = "BYTES", default_value_t = Limits::default().window_bytes)]
    pub max_window_bytes: u64,
    /// Bytes of a line that are matched and kept around a hit; `grep` keeps so much of a line.
    #[arg(help_heading = "Limits", long, value_name = "BYTES", default_value_t = Limits::default().line_bytes)]
    pub max_line_bytes: usize,
    /// Facts kept of the bundle.
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = Limits::default().facts)]
    pub max_facts: usize,
    /// Problems listed in the report; the rest is counted.
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = Limits::default().problems)]
    pub max_problems: usize,
    /// Seconds after which reading ends; none by default.
    #[arg(help_heading = "Limits", long, value_name = "SECONDS")]
    pub timeout: Option<u64>,
}

#[derive(Args)]
pub struct SignatureSource {
    /// Add the signatures of a directory or of a pack; may be given several times. A pack is verified first, and its
    /// signatures take the place of built-in ones of the same id.
    #[arg(long, value_name = "DIR|FILE")]
    pub signatures: Vec<PathBuf>,
    /// Leave out the built-in signatures.
    #[arg(long)]
    pub no_builtin: bool,
}

#[derive(Args)]
pub struct Redaction {
    /// Replace addresses and the names of hosts, nodes, clusters and projects by aliases. Secrets are always masked.
    #[arg(help_heading = "Redaction", long)]
    pub redact: bool,
    /// Write which alias stands for what, as JSON.
    #[arg(help_heading = "Redaction", long, value_name = "FILE", requires = "redact")]
    pub redact_map: Option<PathBuf>,
}

#[derive(Args)]
pub struct Known {
    /// Show only what a report in JSON does not have; the rest is counted.
    #[arg(help_heading = "Known findings", long, value_name = "REPORT")]
    pub baseline: Option<PathBuf>,
    /// Show what the baseline knows too, marked.
    #[arg(help_heading = "Known findings", long, requires = "baseline")]
    pub show_known: bool,
    /// Leave out what this file names, by default `./.loggrep-abm-ignore` where it is; what is left out is counted.
    #[arg(help_heading = "Known findings", long, value_name = "FILE", conflicts_with = "no_ignore")]
    pub ignore: Option<PathBuf>,
    /// Take no ignore file.
    #[arg(help_heading = "Known findings", long)]
    pub no_ignore: bool,
}

#[derive(Args)]
#[command(after_help = DIFF_STATUS)]
pub struct Diff {
    /// The older input, or its report in JSON.
    pub old: PathBuf,
    /// The newer input, or its report in JSON.
    pub new: PathBuf,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    pub format: TextOrJson,
    /// Language of the text; by default that of the locale.
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Exit with status 1 when a new or changed finding is at or above this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
    /// Exit with status 3 when the new input was only partly readable.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub signatures: SignatureSource,
}

#[derive(Args)]
pub struct Timeline {
    #[command(flatten)]
    pub reading: Reading,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    pub format: TextOrJson,
    /// Language of the text; by default that of the locale.
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Leave out findings below this confidence: possible, likely, confirmed.
    #[arg(long, value_name = "CONFIDENCE", default_value = "confirmed", value_parser = confidence)]
    pub min_confidence: Confidence,
    /// Look for this issue only; may be given several times.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    #[command(flatten)]
    pub redaction: Redaction,
    #[command(flatten)]
    pub signatures: SignatureSource,
}

/// A form of the report.
#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
pub enum Form {
    Text,
    Json,
    Jsonl,
    Html,
    Sarif,
    Junit,
    Markdown,
    Csv,
}

/// A form, and the file it goes to where it is not standard output: `html=report.html`.
#[derive(Clone)]
pub struct Format {
    pub form: Form,
    pub file: Option<PathBuf>,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Format, String> {
        let (form, file) = match text.split_once('=') {
            Some((form, file)) => (form, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let names: Vec<String> = Form::value_variants()
            .iter()
            .filter_map(|form| Some(form.to_possible_value()?.get_name().to_owned()))
            .collect();
        let form = Form::from_str(form, true).map_err(|_| format!("one of {}", names.join(", ")))?;
        Ok(Format { form, file })
    }
}

fn thread_count(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|_| "a number from 0 to 1024".to_owned());
    count.and_then(|count| if count <= 1024 { Ok(count) } else { Err("at most 1024".to_owned()) })
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
pub enum Language {
    En,
    Ko,
}

/// A decoder of gzip.
#[derive(Clone, Copy, ValueEnum)]
pub enum Inflater {
    ZlibRs,
    TwoStage,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Args)]
#[command(after_help = EXIT_STATUS, after_long_help = format!("{EXIT_STATUS}\n\n{ENVIRONMENT}"))]
pub struct Analyze {
    #[command(flatten)]
    pub reading: Reading,
    /// Form of the report: text, json, jsonl, html, sarif, junit, markdown, csv; several at once with a file each, as in
    /// `-f html=report.html -f json=report.json`.
    #[arg(short, long, value_name = "FORM[=FILE]", default_value = "text")]
    pub format: Vec<Format>,
    /// Write to a file what goes to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A report for each input instead of one for all that belongs together, and a table of issues and inputs; as text,
    /// json, jsonl or markdown, and as csv the table alone.
    #[arg(long)]
    pub each: bool,
    /// Language of the report; text follows the locale, other forms are English.
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    /// Lines of context around a piece of evidence.
    #[arg(short = 'C', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=100))]
    pub context: u16,
    /// Pieces of evidence per issue.
    #[arg(long, value_name = "N", default_value_t = Limits::default().evidence as u16, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub max_evidence: u16,
    /// Leave out findings below this confidence: possible, likely, confirmed.
    #[arg(long, value_name = "CONFIDENCE", default_value = "possible", value_parser = confidence)]
    pub min_confidence: Confidence,
    /// Leave out findings below this severity: info, low, medium, high, critical.
    #[arg(long, value_name = "SEVERITY", default_value = "info", value_parser = severity)]
    pub min_severity: Severity,
    /// Look for this issue only; may be given several times.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    /// Show this many of the most frequent error-level messages that no signature matched; 0 looks for none.
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_value_t = AnalyzeOptions::default().unknown as u16, default_missing_value = "20", value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub unknown: u16,
    /// Show on standard error, after the report, how often each signature was tried and how long that took.
    #[arg(long, conflicts_with = "each")]
    pub profile_signatures: bool,
    /// Look for issues of experimental signatures too.
    #[arg(long)]
    pub experimental: bool,
    /// Judge by this release instead of the one the bundle tells.
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub cluster_version: Option<Version>,
    /// Tell for each signature why it was shown, not shown or cannot be told: after the text, or as `explanations`.
    #[arg(long)]
    pub explain: bool,
    /// Exit with status 1 when a finding is at or above this severity.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// When to make references links that a terminal opens.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub hyperlink: Color,
    /// Only the findings: no coverage, no problems, no progress.
    #[arg(short, long)]
    pub quiet: bool,
    /// More: every node, every reference, every problem.
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    #[command(flatten)]
    pub known: Known,
    #[command(flatten)]
    pub redaction: Redaction,
    #[command(flatten)]
    pub signatures: SignatureSource,
}

#[derive(Args)]
pub struct Facts {
    #[command(flatten)]
    pub reading: Reading,
    /// Form of the output.
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    pub format: TextOrJson,
    #[command(flatten)]
    pub redaction: Redaction,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum TextOrJson {
    Text,
    Json,
}

#[derive(Args)]
pub struct Grep {
    /// A regex to search for; may be given several times.
    #[arg(short = 'e', long = "regexp", value_name = "PATTERN", required = true)]
    pub patterns: Vec<String>,
    /// Take the patterns as plain text.
    #[arg(short = 'F', long)]
    pub fixed_strings: bool,
    /// Ignore case.
    #[arg(short, long)]
    pub ignore_case: bool,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Args)]
pub struct Explain {
    /// Id of the issue.
    pub id: String,
    /// Language.
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
    #[command(flatten)]
    pub signatures: SignatureSource,
}

#[derive(Args)]
pub struct Signatures {
    #[command(subcommand)]
    pub command: SignaturesCommand,
}

#[derive(Subcommand)]
pub enum SignaturesCommand {
    /// List all signatures.
    List {
        #[command(flatten)]
        signatures: SignatureSource,
        /// Language of the titles.
        #[arg(long, value_enum)]
        lang: Option<Language>,
    },
    /// Print the file of one signature.
    Show {
        /// Id of the issue.
        id: String,
        #[command(flatten)]
        signatures: SignatureSource,
    },
    /// Write a page for each signature, and an index, in English and Korean.
    Docs {
        /// The directory the pages go to.
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        #[command(flatten)]
        signatures: SignatureSource,
    },
    /// Make the file of a new signature from a line of a log: with a regex of which numbers, addresses, names, versions
    /// and paths are captures, and `TODO` where only its author can tell.
    New {
        /// The line; without it, a piece of a log is read from standard input.
        #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
        from_line: Option<String>,
        /// Id of the issue; by default made of the words of the message.
        #[arg(long)]
        id: Option<String>,
        /// Write `ID.toml` into this directory instead of to standard output; an existing file stays.
        #[arg(short = 'o', long, value_name = "DIR")]
        directory: Option<PathBuf>,
    },
    /// Run every example and near miss: which fail, and at which stage.
    Test {
        /// A directory of `*.toml` files, one file, or a pack; by default the built-in signatures.
        directory: Option<PathBuf>,
    },
    /// Check signatures: every mistake as `file:line:col: id: what`.
    ///
    /// Beside the form of the files and their examples this tells what makes a signature bad: literals that are short or
    /// common, regexes with a worst case, ranges without a lower bound, texts that are not translated, examples that show
    /// other issues too.
    Check {
        /// A directory of `*.toml` files, one file, or a pack; by default the built-in signatures.
        directory: Option<PathBuf>,
        /// Form of the output; in text, the line stands under each mistake.
        #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
        format: TextOrJson,
        /// Logs without a known issue: nothing may fire on them, and no literal may be common in them.
        #[arg(long, value_name = "PATH")]
        clean: Option<PathBuf>,
    },
    /// Bring the files into their canonical form: order of keys and tables, blank lines; comments stay.
    Fmt {
        /// A directory of `*.toml` files, or one file.
        directory: PathBuf,
        /// Change nothing; name the files that would be changed, and exit with status 1 when there are any.
        #[arg(long)]
        check: bool,
    },
    /// Print the JSON Schema of a signature file, with which editors complete and check it.
    Schema,
    /// Run one signature over a bundle: of each place with one of its literals, why it did or did not match.
    Try {
        /// The file of the signature.
        file: PathBuf,
        /// An archive, a directory or a log; `-` is standard input.
        #[arg(long, value_name = "INPUT", required = true)]
        on: Vec<PathBuf>,
        /// Places shown per pattern, of those that match and of those that do not.
        #[arg(long, value_name = "N", default_value_t = 5)]
        max_places: usize,
    },
    /// Write the signatures of a directory into one file with a manifest, for `--signatures`.
    Pack {
        /// A directory of `*.toml` files without mistakes.
        directory: PathBuf,
        /// The pack to write.
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Name of the catalog.
        #[arg(long, default_value = "signatures")]
        name: String,
        /// Releases of this program that can use it; by default from this one on.
        #[arg(long, value_name = "RANGE", default_value = concat!(">= ", env!("CARGO_PKG_VERSION")))]
        tool: String,
    },
    /// Tell whether a pack, or the directory of an unpacked one, is what its manifest says.
    Verify {
        /// The pack.
        pack: PathBuf,
    },
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| "one of info, low, medium, high, critical".to_owned())
}

fn confidence(text: &str) -> Result<Confidence, String> {
    Confidence::parse(text).ok_or_else(|| "one of possible, likely, confirmed".to_owned())
}

fn version(text: &str) -> Result<Version, String> {
    text.parse().map_err(|error: loggrep_abm_core::version::VersionError| error.to_string())
}

impl LimitArguments {
    /// The limits of core.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.depth = self.max_depth;
        limits.members = self.max_members;
        limits.member_bytes = self.max_member_bytes;
        limits.total_bytes = self.max_total_bytes;
        limits.ratio = self.max_ratio;
        limits.window_bytes = self.max_window_bytes;
        limits.line_bytes = self.max_line_bytes;
        limits.facts = self.max_facts;
        limits.problems = self.max_problems;
        limits.wall_time = self.timeout.map(std::time::Duration::from_secs);
        limits
    }
}
