//! Makes a bundle to measure speed on: `corpus MEGABYTES FILE.tar.gz`.
//!
//! The same numbers give the same bytes. Five formats of logs in files of about 5 MB, gzip ratios of 4 to 8, and the line of a
//! known issue in every seventh file.

mod text;

use std::fs::File;
use std::io::{self, BufWriter};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, megabytes, path] = &arguments[..] else {
        return Err(io::Error::other("usage: corpus MEGABYTES FILE.tar.gz"));
    };
    let wanted: u64 = megabytes.parse().map_err(io::Error::other)?;
    let gzip = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::new(6));
    let mut archive = tar::Builder::new(gzip);
    let mut numbers = text::Numbers(0x9e37_79b9_7f4a_7c15);
    let mut written = 0;
    for number in 0.. {
        if written >= wanted * 1_000_000 {
            break;
        }
        let text = text::file(number, &mut numbers).map_err(io::Error::other)?;
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_674_166_000);
        let name = format!(
            "snapshot/nodes/10.200.0.{}/files/var/log/pods/kube-system_p{number}_u/c/0.log",
            number % 20
        );
        archive.append_data(&mut header, name, text.as_bytes())?;
        written += text.len() as u64;
    }
    archive.into_inner()?.finish()?;
    Ok(())
}
