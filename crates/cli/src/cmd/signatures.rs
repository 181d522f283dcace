//! `signatures …`: list, show, new, test, check, fmt, schema, try, pack, verify.

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use loggrep_abm_core::check::{
    check_clean, check_files, draft, test_files, try_signature, write_mistakes, write_mistakes_json,
    write_trial,
};
use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::pages;
use loggrep_abm_core::signature::{
    FILE_SCHEMA, builtin, format_file, read_pack, read_signatures, write_pack,
};
use loggrep_abm_core::{AnalyzeOptions, SignatureSet};

use crate::args::{Signatures, SignaturesCommand, TextOrJson};
use crate::{ExitStatus, Failure};

/// Files of signatures: their names and texts.
type Files = Vec<(String, String)>;

pub fn run(arguments: &Signatures) -> Result<ExitStatus, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let status = match &arguments.command {
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
            ExitStatus::Success
        }
        SignaturesCommand::Show { id, signatures } => {
            let set = super::signature_set(signatures)?;
            out.write_all(super::explain::find(&set, id)?.definition().as_bytes())?;
            ExitStatus::Success
        }
        SignaturesCommand::Docs { output, signatures } => {
            let set = super::signature_set(signatures)?;
            for (path, text) in pages(&set) {
                let path = output.join(path);
                let error = |error| Failure::Usage(format!("cannot write `{}`: {error}", path.display()));
                path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(error)?;
                std::fs::write(&path, text).map_err(error)?;
            }
            ExitStatus::Success
        }
        SignaturesCommand::New { from_line, id, directory } => {
            new(from_line.as_deref(), id.as_deref(), directory.as_deref(), &mut out)?
        }
        SignaturesCommand::Test { directory } => test(&files(directory.as_deref())?, &mut out)?,
        SignaturesCommand::Check { directory, format, clean } => {
            check(&files(directory.as_deref())?, *format, clean.as_deref(), &mut out)?
        }
        SignaturesCommand::Fmt { directory, check } => format(directory, *check, &mut out)?,
        SignaturesCommand::Schema => {
            out.write_all(FILE_SCHEMA.as_bytes())?;
            ExitStatus::Success
        }
        SignaturesCommand::Try { file, on, max_places } => {
            let files = read_signatures(file)?;
            let set = SignatureSet::from_files(pairs(&files))?;
            let trial = try_signature(&set, super::sources(on), &AnalyzeOptions::default(), *max_places)?;
            write_trial(&trial, &mut out)?;
            ExitStatus::Success
        }
        SignaturesCommand::Pack { directory, output, name, tool } => {
            pack(directory, output, name, tool, &mut out)?
        }
        SignaturesCommand::Verify { pack } => {
            let (manifest, files) = read_pack(pack)?;
            // What cannot be loaded is no catalog, however whole it is.
            SignatureSet::from_files(pairs(&files))?;
            crate::tell!("{}: {} signatures, for loggrep-abm {}", manifest.name, files.len(), manifest.tool);
            ExitStatus::Success
        }
    };
    out.flush()?;
    Ok(status)
}

fn pairs(files: &Files) -> impl Iterator<Item = (&str, &str)> {
    files.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

fn files(path: Option<&Path>) -> Result<Files, Failure> {
    match path {
        Some(path) => Ok(read_signatures(path)?),
        None => Ok(builtin().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()),
    }
}

fn new(
    line: Option<&str>,
    id: Option<&str>,
    directory: Option<&Path>,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    /// More of a log than that is no message.
    const MOST: u64 = 64 << 10;
    let text = match line {
        Some(line) => line.to_owned(),
        None => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().take(MOST).read_to_end(&mut bytes);
            read.map_err(|error| Failure::Usage(format!("cannot read standard input: {error}")))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    let draft = draft(&text, id)?;
    let Some(directory) = directory else {
        out.write_all(draft.text.as_bytes())?;
        return Ok(ExitStatus::Success);
    };
    let path = directory.join(format!("{}.toml", draft.id));
    let error = |error: std::io::Error| Failure::Usage(format!("cannot write `{}`: {error}", path.display()));
    std::fs::create_dir_all(directory).map_err(error)?;
    let mut file = std::fs::File::create_new(&path).map_err(error)?;
    file.write_all(draft.text.as_bytes()).map_err(error)?;
    writeln!(out, "{}", path.display())?;
    Ok(ExitStatus::Success)
}

fn test(files: &Files, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let tests = test_files(pairs(files));
    for failure in &tests.failures {
        write_mistakes(std::slice::from_ref(&failure.mistake), &Vec::new(), &mut *out)?;
        for note in &failure.notes {
            writeln!(out, "  {}", loggrep_abm_core::text::Escaped(note.as_bytes()))?;
        }
    }
    out.flush()?;
    crate::tell!(
        "{} signatures, {} examples, {} near misses, {} failures",
        tests.signatures,
        tests.examples,
        tests.near_misses,
        tests.failures.len()
    );
    Ok(if tests.failures.is_empty() { ExitStatus::Success } else { ExitStatus::Error })
}

fn check(
    files: &Files,
    format: TextOrJson,
    clean: Option<&Path>,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let mut mistakes = check_files(pairs(files));
    if let Some(clean) = clean {
        mistakes.extend(check_clean(pairs(files), || vec![Source::Path(clean.to_owned())])?);
        mistakes.sort();
    }
    match format {
        TextOrJson::Text => write_mistakes(&mistakes, files, &mut *out)?,
        TextOrJson::Json => write_mistakes_json(&mistakes, &mut *out)?,
    }
    out.flush()?;
    crate::tell!("{} signatures checked, {} mistakes", files.len(), mistakes.len());
    Ok(if mistakes.is_empty() { ExitStatus::Success } else { ExitStatus::Error })
}

fn format(directory: &Path, check: bool, out: &mut impl Write) -> Result<ExitStatus, Failure> {
    let mut changed = 0;
    for (name, text) in read_signatures(directory)? {
        let formatted = format_file(&name, &text)?;
        if formatted == text {
            continue;
        }
        changed += 1;
        writeln!(out, "{name}")?;
        if !check {
            std::fs::write(&name, formatted)
                .map_err(|error| Failure::Usage(format!("cannot write `{name}`: {error}")))?;
        }
    }
    Ok(if check && changed > 0 { ExitStatus::Failed } else { ExitStatus::Success })
}

fn pack(
    directory: &Path,
    output: &Path,
    name: &str,
    tool: &str,
    out: &mut impl Write,
) -> Result<ExitStatus, Failure> {
    let files = read_signatures(directory)?;
    let mistakes = check_files(pairs(&files));
    if !mistakes.is_empty() {
        write_mistakes(&mistakes, &files, &mut *out)?;
        out.flush()?;
        crate::tell!("{} mistakes: no pack was written", mistakes.len());
        return Ok(ExitStatus::Error);
    }
    let mut bytes = Vec::new();
    let manifest = write_pack(name, tool, &files, &mut bytes)?;
    std::fs::write(output, &bytes)
        .map_err(|error| Failure::Usage(format!("cannot write `{}`: {error}", output.display())))?;
    crate::tell!("{}: {} signatures, for loggrep-abm {}", manifest.name, manifest.files.len(), manifest.tool);
    Ok(ExitStatus::Success)
}
