//! What damage costs: the entry it hits, and no more.
