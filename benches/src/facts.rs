//! Measures what reading facts costs: `facts BUNDLE [PAIRS]`.
//!
//! Each pair analyses the bundle once with facts and once without, in turns, so that a machine that is busy slows both. It
//! prints the ratio of each pair and the median, and fails when that is above [`MOST`], or when the bundle tells no fact.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::Report;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

/// Facts may cost three in a hundred.
const MOST: f64 = 1.03;
const PAIRS: usize = 9;

/// Without facts no member is kept to be read as a document.
fn run(set: &SignatureSet, bundle: &str, facts: bool) -> io::Result<(Duration, Report)> {
    let mut options = AnalyzeOptions::default();
    if !facts {
        options.limits.document_bytes = 0;
    }
    let begin = Instant::now();
    let sources = vec![Source::Path(PathBuf::from(bundle))];
    let report = analyze(set, sources, &options).map_err(io::Error::other)?;
    Ok((begin.elapsed(), report))
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let (bundle, pairs) = match &arguments[..] {
        [_, bundle] => (bundle, PAIRS),
        [_, bundle, pairs] => (bundle, pairs.parse().map_err(io::Error::other)?),
        _ => return Err(io::Error::other("usage: facts BUNDLE [PAIRS]")),
    };
    let set = SignatureSet::builtin().map_err(io::Error::other)?;
    run(&set, bundle, true)?;
    let mut ratios = Vec::new();
    for pair in 0..pairs {
        // Which of both comes first alternates too.
        let order = if pair % 2 == 0 { [true, false] } else { [false, true] };
        let mut times = [Duration::ZERO; 2];
        for facts in order {
            let (time, report) = run(&set, bundle, facts)?;
            times[usize::from(!facts)] = time;
            if facts == report.bundle.facts.is_empty() {
                return Err(io::Error::other(format!(
                    "{} facts with facts {facts}",
                    report.bundle.facts.len()
                )));
            }
        }
        let ratio = times[0].as_secs_f64() / times[1].as_secs_f64();
        writeln(&format!(
            "{:.3} s with, {:.3} s without: {ratio:.4}",
            times[0].as_secs_f64(),
            times[1].as_secs_f64()
        ))?;
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    writeln(&format!("median of {pairs} pairs: {median:.4}"))?;
    if median > MOST {
        return Err(io::Error::other(format!("facts cost more than {MOST}")));
    }
    Ok(())
}

fn writeln(text: &str) -> io::Result<()> {
    use io::Write as _;
    std::io::stdout().write_all(format!("{text}\n").as_bytes())
}
