//! What an analysis may cost, whatever the input claims.

/// Bounds on what is read and kept.
///
/// Every limit that strikes is a [`Problem`](crate::Problem) of kind `limit` naming the member; the rest is still
/// analysed. All but the wall time count in member order, so that the report does not depend on threads.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Archives inside archives: how many levels are opened.
    pub depth: u32,
    /// Entries read from one input.
    pub members: u64,
    /// Decompressed bytes read of one member.
    pub member_bytes: u64,
    /// Decompressed bytes read of one input, over all its members.
    pub total_bytes: u64,
    /// Decompressed bytes per compressed byte, over nested layers and for xz, bzip2 and zstd.
    /// A single deflate layer is exempt: it reaches 1032 honestly.
    pub ratio: u64,
    /// Memory of decoder windows, over all open layers, in bytes.
    pub window_bytes: u64,
    /// Bytes of a line that are matched and kept, around a hit: 16 KiB at least, 1 MiB at most.
    pub line_bytes: usize,
    /// Pieces of evidence kept per issue.
    pub evidence: usize,
    /// Nodes, pods or members remembered per pattern of an issue.
    pub scope_keys: usize,
    /// Problems kept in the report; the rest is counted.
    pub problems: usize,
    /// Facts kept.
    pub facts: usize,
    /// Bytes of a member kept in memory so that its YAML, JSON or table can be read as a whole.
    pub document_bytes: usize,
    /// Bytes of a nested or piped zip kept in memory, since its directory stands at the end.
    pub zip_buffer_bytes: u64,
    /// Wall time; `None` is no limit.
    pub wall_time: Option<std::time::Duration>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            depth: 8,
            members: 2_000_000,
            member_bytes: 64 << 30,
            total_bytes: 256 << 30,
            ratio: 20_000,
            window_bytes: 128 << 20,
            line_bytes: 32 << 10,
            evidence: 3,
            scope_keys: 4096,
            problems: 1000,
            facts: 100_000,
            document_bytes: 16 << 20,
            zip_buffer_bytes: 64 << 20,
            wall_time: None,
        }
    }
}
