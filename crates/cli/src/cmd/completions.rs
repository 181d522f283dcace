//! `completions SHELL` and `man [DIR]`.

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use crate::args::Arguments;
use crate::{ExitStatus, Failure};

pub fn shell(shell: clap_complete::Shell) -> Result<ExitStatus, Failure> {
    // Into memory first: the generator panics when the pipe is closed.
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "loggrep-abm", &mut out);
    if shell == clap_complete::Shell::Bash {
        // clap_complete 4.6 takes the hyphen of the name for one between commands, but only in one of two places.
        let text = String::from_utf8_lossy(&out).replace("loggrep__subcmd__abm", "loggrep__abm");
        out = text.into_bytes();
    }
    std::io::stdout().lock().write_all(&out)?;
    Ok(ExitStatus::Success)
}

pub fn man(directory: Option<&Path>) -> Result<ExitStatus, Failure> {
    let command = Arguments::command();
    let Some(directory) = directory else {
        let mut out = Vec::new();
        clap_mangen::Man::new(command).render(&mut out)?;
        std::io::stdout().lock().write_all(&out)?;
        return Ok(ExitStatus::Success);
    };
    let written =
        std::fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(command, directory));
    written.map_err(|error| {
        Failure::Usage(format!("cannot write the manual into `{}`: {error}", directory.display()))
    })?;
    Ok(ExitStatus::Success)
}
