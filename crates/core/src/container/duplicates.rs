//! Names seen before in one archive, in bounded memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

/// Names remembered; beyond them a repetition goes unnoticed.
const NAMES: usize = 1 << 20;

/// Hashes of the names of one archive.
#[derive(Debug, Default)]
pub(crate) struct Names {
    seen: HashSet<u64>,
}

impl Names {
    /// Remembers a name: whether it is new, as far as is known.
    pub(crate) fn insert(&mut self, name: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write(name);
        let hash = hasher.finish();
        if self.seen.len() >= NAMES {
            return !self.seen.contains(&hash);
        }
        self.seen.insert(hash)
    }
}
