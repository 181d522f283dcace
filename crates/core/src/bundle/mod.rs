//! What a bundle says of itself: the time of a line, the place it speaks of, the facts of its documents.

pub(crate) mod facts;
pub mod place;
pub mod time;

/// Whether an entry may be a document, a table or an output that tells facts, by its path and its first bytes.
pub(crate) fn is_document(path: &[u8], head: &[u8]) -> bool {
    const STARTS: [&[u8]; 3] = [b"apiVersion:", b"NAME", b"NAMESPACE"];
    let head = &head[..head.len().min(4 << 10)];
    // Executables and such stand under names of commands too; text of any kind has no NUL.
    if memchr::memchr(0, head).is_some() {
        return false;
    }
    let begin = head.trim_ascii_start();
    if begin.starts_with(b"{") {
        // Many logs are JSON too, and audit logs are objects of Kubernetes.
        let holds = |text: &[u8]| memchr::memmem::find(head, text).is_some();
        return holds(b"\"apiVersion\"") && !holds(b"audit.k8s.io/");
    }
    // A command, or warnings of it, may stand before its output.
    let lines = || begin.split(|&byte| byte == b'\n').take(8);
    let starts = |line: &[u8]| {
        let part = line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).next();
        part.is_some_and(|part| STARTS.contains(&part))
    };
    if begin.starts_with(b"---") || lines().any(starts) {
        return true;
    }
    if let Some(command) = lines().next().and_then(facts::prompted_by)
        && (facts::wants(command.as_bytes()) || command.contains("kubectl"))
    {
        return true;
    }
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    name.ends_with(b".yaml")
        || name.ends_with(b".yml")
        || memchr::memmem::find(path, b"kubectl_get").is_some()
        || facts::wants(path)
}
