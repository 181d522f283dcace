//! Names seen before in one archive, in bounded memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use super::walker::Place;

/// Names remembered of an input's own archive; beyond them a repetition goes unnoticed.
const NAMES: usize = 1 << 20;

/// The same for a nested one, since many may be open at once.
const NESTED_NAMES: usize = 1 << 17;

/// Hashes of the names of one archive.
#[derive(Debug)]
pub(crate) struct Names {
    seen: HashSet<u64>,
    room: usize,
}

impl Names {
    /// For the archive at `place`.
    pub(crate) fn of(place: &Place) -> Names {
        Names { seen: HashSet::new(), room: if place.outermost { NAMES } else { NESTED_NAMES } }
    }

    /// Remembers a name: whether it is new, as far as is known.
    pub(crate) fn insert(&mut self, name: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write(name);
        let hash = hasher.finish();
        if self.seen.len() >= self.room {
            return !self.seen.contains(&hash);
        }
        self.seen.insert(hash)
    }
}
