//! Facts of members in either layout.
