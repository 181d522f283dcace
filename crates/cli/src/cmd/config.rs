//! `config show [COMMAND]`.

use std::io::Write;

use clap::parser::ValueSource;

use crate::{ExitStatus, Failure, config};

/// Prints each option of a command as a line of its file, with where its value comes from.
pub fn show(name: &str) -> Result<ExitStatus, Failure> {
    let command = config::command()?;
    let sub = command.find_subcommand(name);
    let mut sub = sub.cloned().ok_or_else(|| Failure::Usage(format!("there is no command `{name}`")))?;
    sub = sub.mut_args(|arg| arg.required(false));
    let matches =
        sub.clone().try_get_matches_from([name]).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    for arg in sub.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let Some(long) = arg.get_long().filter(|long| !["help", "version"].contains(long)) else { continue };
        let id = arg.get_id().as_str();
        let raw: Vec<String> = matches
            .get_raw(id)
            .map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        let quoted: Vec<String> =
            raw.iter().map(|value| toml::Value::from(value.as_str()).to_string()).collect();
        let value = match &quoted[..] {
            [] => {
                writeln!(out, "# {long} is not set")?;
                continue;
            }
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let source = match matches.value_source(id) {
            Some(ValueSource::EnvVariable) => config::variable(long),
            Some(ValueSource::DefaultValue) if config::is_of_lines(arg) => config::variable(long),
            _ => match config::file_of(name, long)? {
                Some(file) => file.display().to_string(),
                None => "default".to_owned(),
            },
        };
        writeln!(out, "{long} = {value}  # {source}")?;
    }
    Ok(ExitStatus::Success)
}
