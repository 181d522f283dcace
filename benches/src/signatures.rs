//! Whether the scan gets slower with the number of signatures: `many-signatures [MEGABYTES] [ROUNDS]`.
//!
//! Scans the same logs on one thread with 30, 120 and 1,000 signatures in turn: the built-in ones, and stand-ins for those
//! there are not yet. Prints the median and the spread of each, and fails when one takes more than a tenth longer than 30
//! signatures do, or does not find what is planted.

mod text;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::signature::builtin;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

const COUNTS: [usize; 3] = [30, 120, 1000];
const PLANTED: &str = "webhook-x509-unknown-authority";

/// The words of the titles, causes and examples of the built-in signatures, those of ordinary logs among them.
///
/// Words of the logs alone would be no measure: there are so few that each two of them stand beside one another
/// somewhere, and every line would be a candidate of some signature.
fn vocabulary() -> Vec<&'static str> {
    let letters = |text: &'static str| text.split(|c: char| !c.is_ascii_lowercase());
    let words: BTreeSet<&str> =
        builtin().flat_map(|(_, text)| letters(text)).filter(|word| word.len() >= 4).collect();
    words.into_iter().chain(text::WORDS.split_whitespace()).collect()
}

/// A signature of words such as signatures have, put together as no log does.
fn stand_in(number: usize, all: &[&str], numbers: &mut text::Numbers) -> (String, String) {
    let mut words = |count: usize| {
        let word = |_| all[numbers.below(all.len() as u64) as usize];
        (0..count).map(word).collect::<Vec<_>>().join(" ")
    };
    let (before, after, end) = (words(3), words(4), words(2));
    let id = format!("stand-in-{number}");
    let texts = "title = \"t\"\nsummary = \"s\"\nworkaround = \"w\"\n";
    let message = format!("cannot {before} the {after}: no {end} {number}");
    let regex = format!("cannot {before} the {after}: no {end} (?P<number>{number})");
    let text = format!(
        "id = \"{id}\"\ncategory = \"operation\"\nseverity = \"low\"\nsource = \"a stand-in\"\nsource_confidence = \"low\"\n\
         [[pattern]]\nname = \"text\"\nregex = '{regex}'\nconfidence = \"likely\"\ncaptures = {{ number = \"number\" }}\n\
         [[example]]\ntext = '{message}'\n[[near_miss]]\ntext = 'no'\nwhy = \"w\"\n\
         [text.en]\n{texts}[text.ko]\n{texts}"
    );
    (format!("{id}.toml"), text)
}

/// That many signatures, the planted one among them.
fn set(count: usize) -> SignatureSet {
    let mut numbers = text::Numbers(0x2545_f491_4f6c_dd1d);
    let mut files: Vec<(String, String)> =
        builtin().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    files.sort_by_key(|(name, _)| *name != format!("{PLANTED}.toml"));
    let words = vocabulary();
    files.extend((files.len()..COUNTS[2]).map(|number| stand_in(number, &words, &mut numbers)));
    files.truncate(count);
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    SignatureSet::from_files(files).expect("the signatures are sound")
}

fn scan(set: &SignatureSet, folder: &Path) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut options = AnalyzeOptions::default();
    options.threads = 1;
    let start = Instant::now();
    let report = analyze(set, [Source::Path(folder.to_path_buf())], &options)?;
    let time = start.elapsed();
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    if found != [PLANTED] {
        return Err(format!("found {found:?} instead of {PLANTED}").into());
    }
    Ok(time)
}

#[allow(clippy::print_stdout, reason = "a measurement is told on standard output")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = |n: usize, default: u64| {
        std::env::args().nth(n).map_or(Ok(default), |text| text.parse().map_err(io::Error::other))
    };
    let (megabytes, rounds) = (argument(1, 200)?, argument(2, 7)?);
    let folder = std::env::temp_dir().join(format!("loggrep-abm-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let mut numbers = text::Numbers(0x9e37_79b9_7f4a_7c15);
    let mut bytes = 0;
    for number in 0..megabytes.div_ceil(5) {
        let text = text::file(number, &mut numbers)?;
        bytes += text.len();
        std::fs::write(folder.join(format!("{number}.log")), text)?;
    }
    let sets = COUNTS.map(set);
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut measure = || -> Result<(), Box<dyn std::error::Error>> {
        sets.iter().try_for_each(|set| scan(set, &folder).map(drop))?;
        for _ in 0..rounds.max(1) {
            for (set, times) in sets.iter().zip(&mut times) {
                times.push(scan(set, &folder)?);
            }
        }
        Ok(())
    };
    let measured = measure();
    std::fs::remove_dir_all(&folder)?;
    measured?;
    times.iter_mut().for_each(|times| times.sort_unstable());
    let median = |times: &[Duration]| times[times.len() / 2].as_secs_f64();
    let base = median(&times[0]);
    for (count, times) in COUNTS.iter().zip(&times) {
        println!(
            "{count:>5} signatures: {:7.1} ms ({:.1} to {:.1}), {:5.0} MB/s, {:.3} of {} signatures",
            median(times) * 1000.0,
            times[0].as_secs_f64() * 1000.0,
            times[times.len() - 1].as_secs_f64() * 1000.0,
            bytes as f64 / 1e6 / median(times),
            median(times) / base,
            COUNTS[0],
        );
    }
    let slow = times.iter().any(|times| median(times) > base * 1.1);
    if slow { Err("more signatures take more than a tenth longer".into()) } else { Ok(()) }
}
