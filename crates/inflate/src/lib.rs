//! A gzip and deflate decoder in two stages, so that two cores can share one stream.
//!
//! A deflate stream is a chain: where a code starts depends on the length of the code before, and what
//! a match means depends on the bytes before. That is why one stream keeps one core busy. But the two
//! dependencies are different ones, so this decoder takes them apart:
//!
//! 1. The [`Tokenizer`] follows the first. It decodes the Huffman codes into literals and sequences, "so
//!    many literals, then so many bytes from so far back", without ever looking at decoded data, and
//!    puts them into a [`Batch`].
//! 2. The [`Replayer`] follows the second. It copies literals and matches into a window that stays in the
//!    cache of its core, checks the sums, and lends the decoded bytes to the caller.
//!
//! A [`ParallelInflateReader`] runs the first stage on a thread of its own, a few batches ahead, and the
//! second in the caller's, whose work on the decoded bytes (searching, say) then finds them in the cache.
//! The first stage is the slower one, so that work is free up to a point. An [`InflateReader`] lets both
//! stages take turns in one thread.
//!
//! ```no_run
//! use std::io::BufRead;
//! use loggrep_abm_inflate::{Format, ParallelInflateReader};
//!
//! let file = std::fs::File::open("snapshot.tar.gz")?;
//! let mut reader = ParallelInflateReader::spawn(Format::Gzip, file)?;
//! loop {
//!     let bytes = reader.fill_buf()?;
//!     if bytes.is_empty() {
//!         break;
//!     }
//!     let count = bytes.len(); // … and look at them
//!     reader.consume(count);
//! }
//! # std::io::Result::Ok(())
//! ```
//!
//! # What is accepted
//!
//! What zlib accepts, and nothing else: all block types, any number of gzip members with all header
//! fields, zeros between and behind them. CRC-32 and length of each member are always checked.
//! A fault ends the stream, but only after everything decoded before it was read; it comes as an [`Error`]
//! that names its kind and place.
//!
//! # Memory
//!
//! One thread takes about 2 MiB, two take about 8, whatever the stream holds.

mod batch;
mod code;
mod error;
mod fast;
mod input;
mod reader;
mod replayer;
mod tokenizer;

pub use crate::batch::Batch;
pub use crate::error::{Error, ErrorKind};
pub use crate::reader::{InflateReader, ParallelInflateReader};
pub use crate::replayer::{Replay, Replayer};
pub use crate::tokenizer::{Format, Tokenizer};
