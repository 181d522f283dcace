//! `signatures list|show|check`.

use std::io::Write;

use loggrep_abm_core::check::check_files;
use loggrep_abm_core::report::pages;
use loggrep_abm_core::signature::{builtin, read_directory};

use crate::args::{Signatures, SignaturesCommand};
use crate::{ExitStatus, Failure};

pub fn run(arguments: &Signatures) -> Result<ExitStatus, Failure> {
    let mut out = std::io::stdout().lock();
    match &arguments.command {
        SignaturesCommand::List { signatures, lang } => {
            let set = super::signature_set(signatures)?;
            let language = super::language(*lang, true);
            for signature in set.signatures() {
                let text = signature.text(language);
                let severity = signature.severity().as_str();
                writeln!(
                    out,
                    "{:<52} {:<8} {:<18} {}",
                    signature.id(),
                    severity,
                    signature.category(),
                    text.title
                )?;
            }
        }
        SignaturesCommand::Show { id, signatures } => {
            let set = super::signature_set(signatures)?;
            out.write_all(super::explain::find(&set, id)?.definition().as_bytes())?;
        }
        SignaturesCommand::Docs { output, signatures } => {
            let set = super::signature_set(signatures)?;
            for (path, text) in pages(&set) {
                let path = output.join(path);
                let error = |error| Failure::Usage(format!("cannot write `{}`: {error}", path.display()));
                path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(error)?;
                std::fs::write(&path, text).map_err(error)?;
            }
        }
        SignaturesCommand::Check { directory } => {
            let files = match directory {
                Some(directory) => read_directory(directory)?,
                None => builtin().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
            };
            let mistakes = check_files(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            for mistake in &mistakes {
                writeln!(out, "{mistake}")?;
            }
            eprintln!("{} signatures checked, {} mistakes", files.len(), mistakes.len());
            if !mistakes.is_empty() {
                return Ok(ExitStatus::Error);
            }
        }
    }
    Ok(ExitStatus::Success)
}
