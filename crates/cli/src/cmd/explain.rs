//! `explain ID`.

use std::io::Write;

use loggrep_abm_core::SignatureSet;
use loggrep_abm_core::report::write_explanation;
use loggrep_abm_core::signature::Signature;

use crate::args::Explain;
use crate::{ExitStatus, Failure};

pub fn run(arguments: &Explain) -> Result<ExitStatus, Failure> {
    let set = super::signature_set(&arguments.signatures)?;
    let signature = find(&set, &arguments.id)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    write_explanation(&set, signature, super::language(arguments.lang, true), &mut out)?;
    out.flush()?;
    Ok(ExitStatus::Success)
}

/// The signature of an id, or a hint at ids that resemble it.
pub fn find<'a>(set: &'a SignatureSet, id: &str) -> Result<&'a Signature, Failure> {
    let found = set.signatures().iter().find(|signature| signature.id() == id);
    found.ok_or_else(|| {
        let hint = similar(set, id).map_or(String::new(), |id| format!("; did you mean `{id}`?"));
        Failure::Usage(format!(
            "there is no signature `{}`{hint}",
            loggrep_abm_core::text::Escaped(id.as_bytes())
        ))
    })
}

/// The id that shares most words with one there is not.
pub fn similar<'a>(set: &'a SignatureSet, id: &str) -> Option<&'a str> {
    let words: Vec<&str> = id.split('-').filter(|word| word.len() > 2).collect();
    let shared = |signature: &&Signature| words.iter().filter(|word| signature.id().contains(**word)).count();
    let best = set.signatures().iter().max_by_key(shared).filter(|best| shared(best) > 0);
    best.map(Signature::id)
}
