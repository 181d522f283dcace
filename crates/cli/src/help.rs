//! The help of `analyze` and the mistakes of the command line in Korean: by `--lang`, `LOGGREP_ABM_LANG` or a file, else
//! where the locale is.
//!
//! The texts stand in `lang/ko.toml`. What has none there stays as clap tells it, in English.

use std::process::ExitCode;
use std::sync::{LazyLock, OnceLock};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, ValueEnum};

use crate::args::Language;

const FILE: &str = include_str!("../lang/ko.toml");

static TEXTS: LazyLock<toml::Table> = LazyLock::new(|| FILE.parse().expect("the tests read the file"));

/// The text of an option.
fn text(key: &str) -> Option<&'static str> {
    TEXTS.get(key)?.as_str()
}

/// A text of one of the tables; without one, its key.
fn word(table: &str, key: &'static str) -> &'static str {
    TEXTS.get(table).and_then(|table| table.get(key)?.as_str()).unwrap_or(key)
}

/// The language, before the command line is parsed: `in_file` is what a file says.
static LANGUAGE: OnceLock<&str> = OnceLock::new();

fn is_korean() -> bool {
    *LANGUAGE.get_or_init(|| language(None)) == "ko"
}

fn language(in_file: Option<&str>) -> &'static str {
    let mut arguments = std::env::args().skip(1).take_while(|argument| argument != "--");
    let mut named = None;
    while let Some(argument) = arguments.next() {
        match argument.split_once('=') {
            Some(("--lang", language)) => named = Some(language.to_owned()),
            _ if argument == "--lang" => named = arguments.next(),
            _ => {}
        }
    }
    let variable = || std::env::var("LOGGREP_ABM_LANG").ok();
    let named = named.or_else(variable).or_else(|| in_file.map(str::to_owned));
    let asked = named.and_then(|named| Language::from_str(&named, false).ok());
    crate::cmd::language(asked, true)
}

/// The command line with the help of `analyze` in the language of the user; `in_file` is what a file says.
pub fn in_language(command: Command, in_file: Option<&str>) -> Command {
    if *LANGUAGE.get_or_init(|| language(in_file)) != "ko" {
        return command;
    }
    // One of its own, since the heading of the one for all commands shows in all of them.
    let config = command.get_arguments().find(|arg| arg.get_id() == "config").cloned();
    command.mut_subcommand("analyze", |analyze| {
        let about = text("about").unwrap_or_default();
        let heading = analyze.get_styles().get_usage();
        let usage = word("words", "usage");
        let template = format!(
            "{{before-help}}{{about-with-newline}}\n{heading}{usage}:{heading:#} {{usage}}\n\n{{all-args}}{{after-help}}"
        );
        let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
        let analyze = analyze.disable_help_flag(true).arg(help).args(config);
        let analyze = analyze.about(about).long_about(about);
        let (status, environment) =
            (text("exit-status").unwrap_or_default(), text("environment").unwrap_or_default());
        let analyze = analyze.after_help(status).after_long_help(format!("{status}\n\n{environment}"));
        let analyze = analyze.help_template(StyledStr::from(template));
        analyze.override_usage(word("words", "synopsis")).mut_args(in_korean)
    })
}

/// An option with its text, its heading, and what clap says of its values.
fn in_korean(arg: Arg) -> Arg {
    let heading = match arg.get_help_heading() {
        Some("Limits") => "limits",
        Some("Known findings") => "known-findings",
        Some("Redaction") => "redaction",
        _ if arg.is_positional() => "arguments",
        _ => "options",
    };
    let arg = arg.help_heading(word("words", heading));
    let Some(text) = text(key_of(&arg)) else { return arg };
    if !arg.get_action().takes_values() {
        return arg.long_help(text).help(text);
    }
    let mut help = text.to_owned();
    let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    let possible = arg.get_possible_values();
    let possible = possible.iter().map(|value| value.get_name().to_owned());
    for (key, values) in
        [("default", defaults.collect::<Vec<_>>()), ("possible-values", possible.collect::<Vec<_>>())]
    {
        if !values.is_empty() {
            help.push_str(&format!(" [{}: {}]", word("words", key), values.join(", ")));
        }
    }
    arg.hide_default_value(true).hide_possible_values(true).long_help(help.clone()).help(help)
}

fn key_of(arg: &Arg) -> &str {
    arg.get_long().unwrap_or_else(|| arg.get_id().as_str())
}

/// Prints the help that was asked for, or what is wrong with the command line.
pub fn tell(error: &clap::Error) -> ExitCode {
    match korean(error).filter(|_| is_korean()) {
        Some(message) => eprint!("{message}"),
        // Who reads the help has seen enough.
        None => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// What is wrong with the command line; `None` for what has no text.
fn korean(error: &clap::Error) -> Option<String> {
    let arg = || {
        let kinds = [ContextKind::InvalidArg, ContextKind::InvalidSubcommand];
        kinds.into_iter().find_map(|kind| value(error, kind))
    };
    let (key, arg) = match error.kind() {
        ErrorKind::UnknownArgument => ("unknown-argument", arg()?),
        ErrorKind::InvalidSubcommand => ("unknown-command", arg()?),
        ErrorKind::InvalidValue if value(error, ContextKind::InvalidValue)?.is_empty() => {
            ("missing-value", arg()?)
        }
        ErrorKind::InvalidValue => ("invalid-value", arg()?),
        ErrorKind::ValueValidation => ("bad-value", arg()?),
        ErrorKind::MissingRequiredArgument => ("missing-argument", arg()?),
        ErrorKind::ArgumentConflict => ("conflict", arg()?),
        _ => return None,
    };
    let of = |kind| value(error, kind).unwrap_or_default();
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let values = [
        ("{arg}", arg),
        ("{value}", of(ContextKind::InvalidValue)),
        ("{prior}", of(ContextKind::PriorArg)),
        ("{cause}", cause),
    ];
    let message = filled(word("errors", key), &values);
    let mut out = format!("{}: {message}\n", word("words", "error"));
    let possible = of(ContextKind::ValidValue);
    if !possible.is_empty() {
        out.push_str(&format!("  [{}: {possible}]\n", word("words", "possible-values")));
    }
    let similar = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(similar) = similar.into_iter().find_map(|kind| value(error, kind)) {
        let tip = filled(word("errors", "similar"), &[("{arg}", similar)]);
        out.push_str(&format!("\n  {}: {tip}\n", word("words", "tip")));
    }
    let usage = of(ContextKind::Usage);
    if let Some((_, usage)) = usage.split_once(": ") {
        out.push_str(&format!("\n{}: {}\n", word("words", "usage"), usage.trim_end()));
    }
    out.push_str(&format!("\n{}\n", word("words", "more")));
    Some(out)
}

/// What clap knows of an error, as plain text.
fn value(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

/// A text with its placeholders filled; what is filled in is not looked at again.
fn filled(text: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = values.iter().find(|(name, _)| rest.starts_with(name));
        let (name, value) = taken.map_or(("{", "{"), |(name, value)| (name, value));
        out.push_str(value);
        rest = &rest[name.len()..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::{TEXTS, filled, key_of};
    use crate::args::Arguments;

    #[test]
    fn the_korean_help_has_every_option() {
        let command = Arguments::command();
        let analyze = command.find_subcommand("analyze").expect("a command");
        let options = analyze.get_arguments().filter(|arg| !arg.is_hide_set());
        let mut expected: BTreeSet<&str> = options.map(key_of).collect();
        expected.extend(["about", "exit-status", "environment", "config", "help"]);
        let texts = |table: &'static toml::Table| {
            table.iter().filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)))
        };
        let got: BTreeSet<&str> = texts(&TEXTS).map(|(key, _)| key).collect();
        assert_eq!(got, expected);
        let words = TEXTS.values().filter_map(toml::Value::as_table).flat_map(texts);
        for (key, text) in texts(&TEXTS).chain(words) {
            assert!(text.chars().any(|c| ('가'..='힣').contains(&c)), "{key}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled() {
        let values = [("{a}", "{b} {".to_owned()), ("{b}", "x".to_owned())];
        assert_eq!(filled("{a}, {b}, {c", &values), "{b} {, x, {c");
    }
}
