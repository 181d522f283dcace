//! Both stages behind [`BufRead`].

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};
use std::thread::{self, Scope};

use crate::batch::Batch;
use crate::error::{Error, ErrorKind};
use crate::replayer::{Replay, Replayer};
use crate::tokenizer::{Format, Tokenizer};

/// Sequences of a batch when both stages take turns in one thread: the batch should stay in the
/// second-level cache beside the output.
const SMALL_BATCH: usize = 8 << 10;
/// Sequences of a batch that goes from thread to thread.
///
/// Large, and all batches take their turn, so that a batch has left the cache of the core that read it
/// before the other core writes it again. Measured where the two cores share no cache (AMD Zen 4, bad
/// placement): the first stage took 0.30 s with two or three batches of 32 Ki sequences going round, 0.23
/// with eight of 64 Ki; 0.37 with 4 Ki. Where they share one it takes 0.18 s either way.
const LARGE_BATCH: usize = 64 << 10;
/// Batches on their way between two threads, about 800 KiB each.
const BATCHES: usize = 8;

/// Decodes a stream in the calling thread.
///
/// The slices it hands out as [`BufRead`] are parts of the buffer that was decoded into. Errors of the
/// stream come after everything before them was read; [`Error::of`] tells what they are, and they repeat.
///
/// ```
/// use std::io::Read;
/// use loggrep_abm_inflate::{Error, ErrorKind, Format, InflateReader};
///
/// // "kubelet\n", stored, in a gzip file that lost its last byte.
/// let gz = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x08\0\xf7\xffkubelet\n\xf8\xde\x77\xd6\x08\0\0";
/// let mut text = Vec::new();
/// let error = InflateReader::new(Format::Gzip, &gz[..]).read_to_end(&mut text).unwrap_err();
/// assert_eq!(text, b"kubelet\n");
/// let fault = Error::of(&error).unwrap();
/// assert_eq!((fault.kind(), fault.compressed_offset()), (ErrorKind::Truncated, 30));
/// ```
pub struct InflateReader<R> {
    tokenizer: Tokenizer<R>,
    batch: Batch,
    replayer: Replayer,
}

impl<R: Read> InflateReader<R> {
    /// A reader of the decoded bytes of `reader`.
    pub fn new(format: Format, reader: R) -> InflateReader<R> {
        let batch = Batch::with_capacity(SMALL_BATCH);
        InflateReader { tokenizer: Tokenizer::new(format, reader), batch, replayer: Replayer::new() }
    }

    /// The reader below. Input that was read ahead of the end of the stream is lost.
    pub fn into_inner(self) -> R {
        self.tokenizer.into_reader()
    }

    fn advance(&mut self) -> io::Result<()> {
        advance(&mut self.replayer, &mut self.batch, |batch| {
            self.tokenizer.fill(batch);
            Ok(())
        })
    }
}

/// Decodes a stream with a second thread, which finds the codes while the caller's puts the bytes
/// together.
///
/// Bytes, errors and their order are those of an [`InflateReader`].
/// When it is dropped early the second thread ends by itself, after the read it is in.
pub struct ParallelInflateReader {
    batches: Receiver<Batch>,
    recycled: SyncSender<Batch>,
    batch: Batch,
    replayer: Replayer,
}

impl ParallelInflateReader {
    /// Starts the thread that decodes what comes from `reader`.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub fn spawn<R: Read + Send + 'static>(format: Format, reader: R) -> io::Result<ParallelInflateReader> {
        let (producer, consumer) = connect(format, reader);
        thread::Builder::new().name("inflate".into()).spawn(move || producer.run())?;
        Ok(consumer)
    }

    /// Starts the thread within `scope`, so that `reader` may borrow from outside of it.
    ///
    /// # Errors
    ///
    /// If the thread cannot be started.
    pub fn spawn_scoped<'scope, R: Read + Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        format: Format,
        reader: R,
    ) -> io::Result<ParallelInflateReader> {
        let (producer, consumer) = connect(format, reader);
        thread::Builder::new().name("inflate".into()).spawn_scoped(scope, move || producer.run())?;
        Ok(consumer)
    }

    fn advance(&mut self) -> io::Result<()> {
        advance(&mut self.replayer, &mut self.batch, |batch| {
            let used = std::mem::replace(batch, self.batches.recv()?);
            if used.is_real() {
                // Fails only when the other thread is done and needs no more batches.
                let _ = self.recycled.try_send(used);
            }
            Ok(())
        })
    }
}

/// The half of a parallel reader that has a thread of its own.
struct Producer<R> {
    tokenizer: Tokenizer<R>,
    batches: SyncSender<Batch>,
    recycled: Receiver<Batch>,
}

fn connect<R: Read>(format: Format, reader: R) -> (Producer<R>, ParallelInflateReader) {
    let (to_consumer, batches) = sync_channel(BATCHES);
    let (recycled, to_producer) = sync_channel(BATCHES);
    let tokenizer = Tokenizer::new(format, reader);
    let producer = Producer { tokenizer, batches: to_consumer, recycled: to_producer };
    (producer, ParallelInflateReader { batches, recycled, batch: Batch::none(), replayer: Replayer::new() })
}

impl<R: Read> Producer<R> {
    fn run(mut self) {
        let mut made = 0;
        loop {
            let mut batch = if made < BATCHES {
                made += 1;
                Batch::with_capacity(LARGE_BATCH)
            } else {
                match self.recycled.recv() {
                    Ok(batch) => batch,
                    Err(RecvError) => return,
                }
            };
            let more = self.tokenizer.fill(&mut batch);
            if self.batches.send(batch).is_err() || !more {
                return;
            }
        }
    }
}

/// Replays until there is something to read or the stream has ended.
fn advance(
    replayer: &mut Replayer,
    batch: &mut Batch,
    mut next: impl FnMut(&mut Batch) -> Result<(), RecvError>,
) -> io::Result<()> {
    if replayer.unread().is_empty() {
        while replayer.replay(batch) == Replay::Drained {
            if next(batch).is_err() {
                replayer.abort(ErrorKind::ThreadDied);
            }
        }
    }
    match replayer.outcome() {
        Some(Err(error)) if replayer.unread().is_empty() => Err(error.clone().into()),
        _ => Ok(()),
    }
}

/// What both readers offer.
macro_rules! reader {
    ([$($generics:tt)*] $reader:ty) => {
        impl $($generics)* $reader {
            /// Decoded bytes that can be had without more decoding; empty before the first read.
            pub fn unread(&self) -> &[u8] {
                self.replayer.unread()
            }

            /// The bytes before the unread ones: 32 KiB at least, or all there were.
            pub fn history(&self) -> &[u8] {
                self.replayer.history()
            }

            /// The fault that ended the stream, once it was met; there may be unread bytes before it.
            pub fn error(&self) -> Option<&Error> {
                self.replayer.outcome()?.as_ref().err()
            }

            /// Bytes of input the whole stream took, once its end was met and is sound.
            ///
            /// For gzip that is all of the input, for deflate the place where its last block ended.
            pub fn consumed(&self) -> Option<u64> {
                self.replayer.outcome()?.as_ref().ok().copied()
            }

            /// Goes on behind a gzip member whose checksum or length is wrong.
            ///
            /// Reading stops there as at the end, with no bytes, until [`take_note`](Self::take_note) was called.
            #[must_use]
            pub fn lenient(mut self) -> Self {
                self.replayer = self.replayer.lenient();
                self
            }

            /// The wrong trailer that stands behind the unread bytes.
            pub fn take_note(&mut self) -> Option<Error> {
                self.replayer.take_note()
            }

            /// Bytes of input that were taken for what can be read now; it grows in steps of a batch.
            pub fn taken(&self) -> u64 {
                self.batch.consumed
            }

            /// Decoded bytes so far, read or not.
            pub fn decoded(&self) -> u64 {
                self.replayer.decoded()
            }
        }

        impl $($generics)* BufRead for $reader {
            fn fill_buf(&mut self) -> io::Result<&[u8]> {
                self.advance()?;
                Ok(self.replayer.unread())
            }

            fn consume(&mut self, count: usize) {
                self.replayer.consume(count);
            }
        }

        impl $($generics)* Read for $reader {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let mut ready = self.fill_buf()?;
                let count = ready.read(buffer)?;
                self.consume(count);
                Ok(count)
            }
        }
    };
}

reader!([<R: Read>] InflateReader<R>);
reader!([] ParallelInflateReader);
