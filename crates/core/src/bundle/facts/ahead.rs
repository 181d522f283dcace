//! Reads documents on a thread of its own, so that the worker that gathered them goes on scanning.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Facts;
use crate::path::EntryPath;

/// Bytes of documents that may wait, unless there is but one.
const BYTES: usize = 4 << 20;
/// Documents that may wait.
const COUNT: usize = 256;

type Document = (EntryPath, Vec<u8>);

/// A thread that reads documents; dropping it waits for what it was given.
pub(crate) struct ReadAhead {
    sender: Option<SyncSender<Document>>,
    thread: Option<JoinHandle<Facts>>,
    /// Bytes that were sent and not read yet.
    waiting: Arc<AtomicUsize>,
}

impl ReadAhead {
    /// Starts the thread, for at most so many facts; `None` where the system starts none.
    pub(crate) fn spawn(limit: usize) -> Option<ReadAhead> {
        let (sender, documents) = sync_channel::<Document>(COUNT);
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        let read = move || {
            let mut facts = Facts::new(limit);
            for (path, text) in documents {
                facts.read(&path, &text);
                left.fetch_sub(text.len(), Ordering::Relaxed);
            }
            facts
        };
        let thread = std::thread::Builder::new().name("facts".to_owned()).spawn(read).ok()?;
        Some(ReadAhead { sender: Some(sender), thread: Some(thread), waiting })
    }

    /// Hands a document over, or back where too much waits already.
    pub(crate) fn take(&self, path: &EntryPath, text: Vec<u8>) -> Result<(), Vec<u8>> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let Some(sender) = self.sender.as_ref().filter(|_| waiting == 0 || waiting + text.len() <= BYTES)
        else {
            return Err(text);
        };
        self.waiting.fetch_add(text.len(), Ordering::Relaxed);
        sender.try_send((path.clone(), text)).map_err(|error| {
            let (std::sync::mpsc::TrySendError::Full((_, text))
            | std::sync::mpsc::TrySendError::Disconnected((_, text))) = error;
            self.waiting.fetch_sub(text.len(), Ordering::Relaxed);
            text
        })
    }

    /// What it read, when all is read.
    pub(crate) fn finish(mut self) -> Option<Facts> {
        drop(self.sender.take());
        match self.thread.take()?.join() {
            Ok(facts) => Some(facts),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // Who drops it does not want what was read.
            let _ = thread.join();
        }
    }
}
