//! What a bundle says of itself: the time of a line, the place it speaks of, the facts of its documents.

pub(crate) mod facts;
pub mod place;
pub mod time;

/// Whether an entry may be a document or a table that tells facts, by its path and its first bytes.
pub(crate) fn is_document(path: &[u8], head: &[u8]) -> bool {
    const STARTS: [&[u8]; 5] = [b"apiVersion:", b"---", b"NAME ", b"NAMESPACE ", b"{"];
    let head = head.trim_ascii_start();
    if STARTS.iter().any(|start| head.starts_with(start)) {
        return true;
    }
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name.ends_with(b".yaml")
        || name.ends_with(b".yml")
        || memchr::memmem::find(path, b"kubectl_get").is_some()
}
