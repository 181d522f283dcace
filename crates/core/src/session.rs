//! An analysis of what arrives: the caller pushes files by name, piece by piece, while they are scanned.
//!
//! Start from [`Session`]. The analysis runs in a thread of its own and reads what is pushed through a bounded
//! channel, so that memory is bounded and a fast caller waits.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::error::{Error, ErrorKind};
use crate::input::{ReceivedFile, Source};

/// Pushed bytes travel in blocks of this size, however small the pieces are.
const BLOCK: usize = 256 << 10;
/// Blocks on their way before the caller waits.
const BLOCKS: usize = 4;

enum Message {
    Begin { name: String, mtime: Option<i64> },
    Bytes(Vec<u8>),
    End,
}

/// Files that are analysed while they arrive.
///
/// Archives among them are opened as anywhere. Dropping a session ends it without its result.
///
/// ```
/// use loggrep_abm_core::{AnalyzeOptions, Session, SignatureSet, analyze};
///
/// let mut session = Session::start(None, |received| {
///     analyze(&SignatureSet::builtin()?, received, &AnalyzeOptions::default())
/// })?;
/// let _ = session.begin("ang-node.log", None);
/// let _ = session.push(br#"ANGd.Setup Failed to create ANG daemon {"error": "creating NDP client failed: "#);
/// let _ = session.push(br#"ndp: address \"linklocal\" not found on interface \"ens192\""}"#);
/// let _ = session.end();
/// let report = session.finish()?;
/// assert_eq!(report.findings[0].id, "network-gateway-group-missing-interface-ip");
/// # Ok::<(), loggrep_abm_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Session<T> {
    sender: Option<SyncSender<Message>>,
    thread: Option<JoinHandle<Result<T, Error>>>,
    block: Vec<u8>,
    in_file: bool,
}

impl<T: Send + 'static> Session<T> {
    /// Starts `run` in a thread of its own; what it gets is what [`analyze`](crate::analyze) takes.
    ///
    /// With a `name` the files are those of one input, as if they lay in a directory of that name. Without, each file
    /// is an input by itself, as if it had been named to the program.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(
        name: Option<String>,
        run: impl FnOnce(Received) -> Result<T, Error> + Send + 'static,
    ) -> Result<Session<T>, Error> {
        let (sender, receiver) = sync_channel(BLOCKS);
        let received = Received { name, receiver: Some(receiver), next: None };
        let thread = std::thread::Builder::new()
            .name("loggrep-session".to_owned())
            .spawn(move || run(received))
            .map_err(|source| {
                Error::new(ErrorKind::Input, "cannot start a thread for the session").with_source(source)
            })?;
        Ok(Session { sender: Some(sender), thread: Some(thread), block: Vec::new(), in_file: false })
    }

    /// Begins a file, ending the one before; `mtime` is when it was modified, in seconds since 1970.
    ///
    /// Like [`push`](Session::push) and [`end`](Session::end) it waits while the analysis is behind, and gives
    /// `Break` when it has ended and takes no more: a limit struck or it was cancelled, which
    /// [`finish`](Session::finish) tells.
    pub fn begin(&mut self, name: impl Into<String>, mtime: Option<i64>) -> ControlFlow<()> {
        self.end()?;
        self.in_file = true;
        self.send(Message::Begin { name: name.into(), mtime })
    }

    /// The next bytes of the file; nothing happens when none has begun.
    pub fn push(&mut self, mut bytes: &[u8]) -> ControlFlow<()> {
        while self.in_file && !bytes.is_empty() {
            self.block.reserve(BLOCK - self.block.len());
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == BLOCK {
                self.send_block()?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The file is complete; nothing happens when none has begun.
    pub fn end(&mut self) -> ControlFlow<()> {
        if !std::mem::take(&mut self.in_file) {
            return ControlFlow::Continue(());
        }
        if !self.block.is_empty() {
            self.send_block()?;
        }
        self.send(Message::End)
    }

    /// Whether a file has begun and not ended.
    pub fn is_in_file(&self) -> bool {
        self.in_file
    }

    /// Nothing follows: ends the file if one is open, and waits for the result.
    ///
    /// # Errors
    ///
    /// Those of the analysis.
    ///
    /// # Panics
    ///
    /// If the analysis did.
    pub fn finish(mut self) -> Result<T, Error> {
        let _ = self.end();
        self.sender = None;
        let thread =
            self.thread.take().expect("only `finish` and `drop` take the thread, and both are the last");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn send_block(&mut self) -> ControlFlow<()> {
        let block = std::mem::take(&mut self.block);
        self.send(Message::Bytes(block))
    }

    fn send(&mut self, message: Message) -> ControlFlow<()> {
        match self.sender.as_ref().map(|sender| sender.send(message)) {
            Some(Ok(())) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }
}

impl<T> Drop for Session<T> {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // Its result was not asked for, and a panic of its own it has told already.
            let _ = thread.join();
        }
    }
}

/// What a [`Session`] receives, as the inputs of an analysis.
#[derive(Debug)]
pub struct Received {
    name: Option<String>,
    /// `None` while a file has it, and once nothing follows.
    receiver: Option<Receiver<Message>>,
    /// Gives the receiver back once the file before was read.
    next: Option<Receiver<Receiver<Message>>>,
}

impl Received {
    /// The next file, after the rest of the one before.
    fn next_file(&mut self) -> Option<ReceivedFile> {
        if let Some(next) = self.next.take() {
            self.receiver = next.recv().ok();
        }
        let receiver = self.receiver.take()?;
        loop {
            match receiver.recv().ok()? {
                Message::Begin { name, mtime } => {
                    let (give_back, next) = sync_channel(1);
                    self.next = Some(next);
                    let reader = FileReader { receiver: Some(receiver), give_back, block: Vec::new(), at: 0 };
                    return Some(ReceivedFile { name, mtime, reader: Box::new(reader) });
                }
                Message::Bytes(_) | Message::End => {}
            }
        }
    }
}

impl Iterator for Received {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        match self.name.take() {
            Some(name) => {
                let rest = Received { name: None, receiver: self.receiver.take(), next: None };
                let files = Files(rest);
                Some(Source::ReceivedFiles { name, files: Box::new(files) })
            }
            None => self.next_file().map(Source::Received),
        }
    }
}

struct Files(Received);

impl Iterator for Files {
    type Item = ReceivedFile;

    fn next(&mut self) -> Option<ReceivedFile> {
        self.0.next_file()
    }
}

/// Reads one file; whatever of it is not read is skipped when this is dropped.
struct FileReader {
    receiver: Option<Receiver<Message>>,
    give_back: SyncSender<Receiver<Message>>,
    block: Vec<u8>,
    at: usize,
}

impl Read for FileReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            let Some(receiver) = &self.receiver else { return Ok(0) };
            match receiver.recv() {
                Ok(Message::Bytes(block)) => (self.block, self.at) = (block, 0),
                Ok(Message::Begin { .. } | Message::End) => self.over(),
                // The session ended within the file.
                Err(_) => self.receiver = None,
            }
        }
        let n = out.len().min(self.block.len() - self.at);
        out[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl FileReader {
    fn over(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            let _ = self.give_back.send(receiver);
        }
    }
}

impl Drop for FileReader {
    fn drop(&mut self) {
        self.over();
    }
}
