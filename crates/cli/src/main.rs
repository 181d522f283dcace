//! `loggrep-abm`: arguments in, report out, exit status. What is found is the business of `loggrep-abm-core`.

/// Writes a line to standard error. Who does not read it does not end the program.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod args;
mod cmd;
mod config;
mod help;
mod output;

use std::error::Error as _;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::{Arguments, Command};

/// How the program ends; `--help` documents the numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ExitStatus {
    /// It ran, and nothing asked for another status.
    Success,
    /// A finding at or above `--fail-on`, or `grep` found nothing.
    Failed,
    /// Usage, signature or read error: there is no report.
    Error,
    /// With `--strict`: an input was only partly readable.
    Partial,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Error => 2,
            ExitStatus::Partial => 3,
        })
    }
}

/// Why a command could not do its work.
enum Failure {
    Core(loggrep_abm_core::Error),
    Output(std::io::Error),
    Usage(String),
}

impl From<loggrep_abm_core::Error> for Failure {
    fn from(error: loggrep_abm_core::Error) -> Failure {
        Failure::Core(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Output(error)
    }
}

fn main() -> ExitCode {
    let command = match config::command() {
        Ok(command) => command,
        Err(failure) => {
            report(&failure);
            return ExitStatus::Error.into();
        }
    };
    let matches = match command.try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return help::tell(&error),
    };
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match &arguments.command {
        Command::Analyze(analyze) => cmd::analyze::run(analyze),
        Command::Facts(facts) => cmd::facts::run(facts),
        Command::Grep(grep) => cmd::grep::run(grep),
        Command::Diff(diff) => cmd::diff::run(diff),
        Command::Timeline(timeline) => cmd::timeline::run(timeline),
        Command::Completions { shell } => cmd::completions::shell(*shell),
        Command::Man { directory } => cmd::completions::man(directory.as_deref()),
        Command::Config { command: args::ConfigCommand::Show { command } } => cmd::config::show(command),
        Command::Explain(explain) => cmd::explain::run(explain),
        Command::Signatures(signatures) => cmd::signatures::run(signatures),
        Command::Schema { each } => cmd::schema::run(*each),
    };
    match result {
        Ok(status) => status.into(),
        // Who reads the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitStatus::Success.into()
        }
        Err(failure) => {
            report(&failure);
            ExitStatus::Error.into()
        }
    }
}

/// Prints a failure and its causes on one line.
fn report(failure: &Failure) {
    let mut message = match failure {
        Failure::Core(error) => error.to_string(),
        Failure::Output(_) => "cannot write the output".to_owned(),
        Failure::Usage(message) => message.clone(),
    };
    let mut source = match failure {
        Failure::Core(error) => error.source(),
        Failure::Output(error) => Some(error as &dyn std::error::Error),
        Failure::Usage(_) => None,
    };
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    output::warn(&message);
}
