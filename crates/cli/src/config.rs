//! Options from files and from the environment: the command line counts more than `LOGGREP_ABM_…`, that more than a
//! file, and a file more than the default.
//!
//! Start from [`command`], the command line with all of that as its defaults. A file is TOML: keys are the long names of
//! options, at the top for every command that has them, in a table of its name for one command:
//!
//! ```toml
//! min-severity = "medium"
//! [grep]
//! threads = 2
//! ```
//!
//! A variable of an option that may be given several times has a value a line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::Failure;
use crate::args::Arguments;

/// The file of a directory, taken from the one the program is started in.
const LOCAL: &str = ".loggrep-abm.toml";
/// What a file cannot set: what is read and written, so that no file found in a directory makes the program write.
const NOT_IN_FILES: [&str; 5] = ["config", "output", "redact-map", "help", "version"];

/// A value of a file, and the file.
#[derive(Clone)]
struct Setting {
    values: Vec<String>,
    file: PathBuf,
}

/// By command (empty for all) and option.
type Settings = BTreeMap<(String, String), Setting>;

/// The command line with the environment and the files as defaults, in the language of the locale.
pub fn command() -> Result<Command, Failure> {
    let settings = read_files()?;
    let lang = setting(&settings, "analyze", "lang").and_then(|setting| setting.values.first());
    let command = with_defaults(Arguments::command(), &settings);
    Ok(crate::help::in_language(command, lang.map(String::as_str)))
}

/// Whether the value of an option is that of its variable, which [`with_default`] has made a default.
pub fn is_of_lines(arg: &Arg) -> bool {
    let long = arg.get_long().unwrap_or_default();
    matches!(arg.get_action(), ArgAction::Append) && lines_of(&variable(long)).is_some()
}

/// The lines of a variable that hold anything; `None` where it is not set or has none.
fn lines_of(variable: &str) -> Option<Vec<String>> {
    let text = std::env::var(variable).ok()?;
    let lines: Vec<String> =
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then_some(lines)
}

/// Which file a default of an option comes from.
pub fn file_of(command: &str, option: &str) -> Result<Option<PathBuf>, Failure> {
    Ok(setting(&read_files()?, command, option).map(|setting| setting.file.clone()))
}

fn setting<'a>(settings: &'a Settings, command: &str, option: &str) -> Option<&'a Setting> {
    let of = |command: &str| settings.get(&(command.to_owned(), option.to_owned()));
    of(command).or_else(|| of(""))
}

fn with_defaults(command: Command, settings: &Settings) -> Command {
    command.mut_subcommands(|sub| {
        let name = sub.get_name().to_owned();
        let mutated = sub.mut_args(|arg| with_default(arg, &name, settings));
        mutated.mut_subcommands(|sub| sub.mut_args(|arg| with_default(arg, &name, settings)))
    })
}

/// The variable of an option: `LOGGREP_ABM_MIN_SEVERITY`.
pub fn variable(long: &str) -> String {
    format!("LOGGREP_ABM_{}", long.replace('-', "_").to_uppercase())
}

fn with_default(arg: Arg, command: &str, settings: &Settings) -> Arg {
    let Some(long) = arg.get_long().map(str::to_owned) else { return arg };
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(clap::builder::BoolishValueParser::new()),
        _ => arg,
    };
    // Of an option that may be given several times the variable has a value a line, which clap cannot tell.
    if matches!(arg.get_action(), ArgAction::Append) {
        let of_file = || setting(settings, command, &long).map(|setting| setting.values.clone());
        return match lines_of(&variable(&long)).or_else(of_file) {
            Some(values) => arg.default_values(values),
            None => arg,
        };
    }
    let arg = arg.env(variable(&long)).hide_env(true);
    match setting(settings, command, &long) {
        Some(setting) => arg.default_values(setting.values.clone()),
        None => arg,
    }
}

/// The option of the command line, before it is parsed: files decide how it is.
fn named_file() -> Option<PathBuf> {
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            break;
        }
        if text == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(file) = text.strip_prefix("--config=") {
            return Some(PathBuf::from(file));
        }
    }
    std::env::var_os("LOGGREP_ABM_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// The settings of all files; those of a file named count more than those of the directory, and these more than
/// those of the user.
fn read_files() -> Result<Settings, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || Some(variable("HOME")?.join(".config"));
    let of_user = variable("XDG_CONFIG_HOME").or_else(home).map(|it| it.join("loggrep-abm/config.toml"));
    let found = of_user.into_iter().chain([PathBuf::from(LOCAL)]).filter(|file| file.is_file());
    let mut settings = Settings::new();
    for file in found.chain(named_file()) {
        let error = |error: String| Failure::Usage(format!("cannot use `{}`: {error}", file.display()));
        let text = std::fs::read_to_string(&file).map_err(|source| error(source.to_string()))?;
        let of_file = parse(&text, &file).map_err(error)?;
        // What a file says of all commands counts more than what a file before it says of one.
        settings.retain(|(_, option), _| !of_file.contains_key(&(String::new(), option.clone())));
        settings.extend(of_file);
    }
    Ok(settings)
}

fn parse(text: &str, file: &Path) -> Result<Settings, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let command = Arguments::command();
    let mut settings = Settings::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(of_command) => {
                let sub =
                    command.find_subcommand(&key).ok_or_else(|| format!("there is no command `{key}`"))?;
                for (key, value) in of_command {
                    let values = checked(&[sub], &key, value)?;
                    settings
                        .insert((sub.get_name().to_owned(), key), Setting { values, file: file.to_owned() });
                }
            }
            value => {
                let all: Vec<&Command> = command.get_subcommands().collect();
                let values = checked(&all, &key, value)?;
                settings.insert((String::new(), key), Setting { values, file: file.to_owned() });
            }
        }
    }
    Ok(settings)
}

/// The texts of a value, if one of the commands has the option.
fn checked(commands: &[&Command], key: &str, value: toml::Value) -> Result<Vec<String>, String> {
    let options = || commands.iter().flat_map(|command| command.get_arguments());
    if NOT_IN_FILES.contains(&key) || !options().any(|arg| arg.get_long() == Some(key)) {
        return Err(format!("`{key}` is no option that a file sets"));
    }
    let one = |value: toml::Value| match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(truth) => Ok(truth.to_string()),
        _ => Err(format!("`{key}` is a text, a number, a truth, or a list of these")),
    };
    let values: Vec<String> = match value {
        toml::Value::Array(values) => values.into_iter().map(one).collect::<Result<_, _>>()?,
        value => vec![one(value)?],
    };
    if key == "format" && values.iter().any(|value| value.contains('=')) {
        return Err("`format` in a file names no file".to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::parse;

    #[test]
    fn mistakes_of_a_file_are_told() {
        for (text, what) in [
            ("a = ", "TOML"),
            ("severity = 1", "`severity` is no option"),
            ("output = \"x\"", "`output` is no option"),
            ("format = [\"html=x\"]", "names no file"),
            ("[nothing]\na = 1", "no command `nothing`"),
            ("[grep]\nmin-severity = \"low\"", "`min-severity` is no option"),
            ("threads = 1.5", "a text, a number"),
        ] {
            let error = parse(text, Path::new("f")).err().expect(text);
            assert!(error.contains(what), "{text}: {error}");
        }
    }
}
