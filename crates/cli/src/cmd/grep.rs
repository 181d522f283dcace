//! `grep -e PATTERN INPUT…`.

use std::io::Write;
use std::ops::ControlFlow;

use loggrep_abm_core::mask::mask_bytes;
use loggrep_abm_core::search::{Found, search};
use loggrep_abm_core::text::Escaped;

use crate::args::Grep;
use crate::{ExitStatus, Failure, output};

pub fn run(arguments: &Grep) -> Result<ExitStatus, Failure> {
    let mut options = super::reading_options(&arguments.reading);
    super::set_range(&arguments.reading, &mut options, || super::analyze::newest_time(&arguments.reading))?;
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut count = 0u64;
    let mut written = Ok(());
    let mut print = |found: &Found<'_>| {
        count += 1;
        written = write_found(&mut out, found);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let reading = &arguments.reading;
    let (fixed, ignore_case) = (arguments.fixed_strings, arguments.ignore_case);
    // One worker keeps the order of the input.
    options.threads = if reading.threads == 0 { 1 } else { reading.threads };
    let sources = super::sources(&reading.inputs);
    let (summaries, problems) =
        search(sources, &arguments.patterns, fixed, ignore_case, &options, &mut print)?;
    written?;
    out.flush()?;
    output::print_problems(&problems);
    let partial = summaries.iter().any(|summary| !summary.complete);
    Ok(match (reading.strict && partial, count) {
        (true, _) => ExitStatus::Partial,
        (false, 0) => ExitStatus::Failed,
        _ => ExitStatus::Success,
    })
}

/// `path:line:[time]:[node] text`
fn write_found(out: &mut impl Write, found: &Found<'_>) -> std::io::Result<()> {
    write!(out, "{}:{}:", found.path, found.line)?;
    if let Some(time) = found.time {
        write!(out, "{time}{}:", if time.inferred { "?" } else { "" })?;
    }
    if let Some(node) = &found.place.node {
        write!(out, "{node}:")?;
    }
    writeln!(out, " {}", Escaped(&mask_bytes(found.text)))
}
