//! What the workers of one walk share: counters against the limits, and the word to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use super::WalkOptions;
use crate::container::Stop;

/// The common state of one walk.
pub(crate) struct Shared<'a> {
    pub(crate) options: &'a WalkOptions<'a>,
    /// Held by the worker whose turn it is to use much memory.
    pub(crate) memory: Mutex<()>,
    workers: usize,
    bytes: AtomicU64,
    members: AtomicU64,
    raw: AtomicU64,
    stop: OnceLock<Stop>,
    repeat: AtomicBool,
    deadline: Option<Instant>,
}

impl<'a> Shared<'a> {
    pub(crate) fn new(options: &'a WalkOptions<'a>, workers: usize, deadline: Option<Instant>) -> Shared<'a> {
        Shared {
            options,
            memory: Mutex::new(()),
            workers,
            bytes: AtomicU64::new(0),
            members: AtomicU64::new(0),
            raw: AtomicU64::new(0),
            stop: OnceLock::new(),
            repeat: AtomicBool::new(false),
            deadline,
        }
    }

    /// Of `n` more bytes, how many the limit on all bytes leaves.
    pub(crate) fn grant(&self, n: usize) -> usize {
        let before = self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        let left = self.options.limits.total_bytes.saturating_sub(before);
        usize::try_from(left).map_or(n, |left| left.min(n))
    }

    /// Whether the limit on members leaves room for one more.
    pub(crate) fn grant_member(&self) -> bool {
        self.members.fetch_add(1, Ordering::Relaxed) < self.options.limits.members
    }

    /// Adds bytes read of the input itself; gives their sum.
    pub(crate) fn add_raw(&self, n: u64) -> u64 {
        self.raw.fetch_add(n, Ordering::Relaxed) + n
    }

    pub(crate) fn raw(&self) -> u64 {
        self.raw.load(Ordering::Relaxed)
    }

    /// Ends all workers; the first reason counts.
    pub(crate) fn stop(&self, stop: Stop) {
        let _ = self.stop.set(stop);
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.workers > 1 && self.stop.get().is_some()
    }

    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// A limit that counts in member order struck while several workers counted out of order.
    pub(crate) fn repeat_alone(&self) {
        self.repeat.store(self.workers > 1, Ordering::Relaxed);
    }

    pub(crate) fn must_repeat(&self) -> bool {
        self.repeat.load(Ordering::Relaxed)
    }
}
