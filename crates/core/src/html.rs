//! Takes the tags out of a page that was saved or pasted as HTML.
//!
//! A page that colours words puts tags between any two of them, so that no piece of a message stands whole in the bytes.
//! Lines stay lines; [`Stripper::source_offset`] leads back to the original bytes.

use crate::fold::{TAG_BYTES, Tag, tag_at};

/// Bytes at the beginning of an entry that tell whether it is HTML.
pub(crate) const SNIFFED: usize = 1 << 10;
/// Tags whose places are remembered; behind them tags stay.
const TAGS: usize = 1 << 20;

/// Whether an entry that begins like this is HTML.
pub(crate) fn is_html(head: &[u8]) -> bool {
    let head = &head[..head.len().min(SNIFFED)];
    let begins = head.trim_ascii_start().first() == Some(&b'<');
    let tags = memchr::memchr_iter(b'<', head).filter(|&at| tag_at(&head[at..]).is_some()).count();
    (begins && tags > 0) || tags >= 4
}

/// Strips the tags of one entry, given in pieces.
#[derive(Default)]
pub(crate) struct Stripper {
    /// The beginning of what may be a tag.
    carry: Vec<u8>,
    /// Bytes given out.
    written: u64,
    /// Bytes left out so far.
    removed: u64,
    /// `(written, removed)` behind each tag.
    map: Vec<(u64, u64)>,
}

impl Stripper {
    /// Adds `bytes` without tags to `out`; what may be the beginning of a tag waits for the next piece.
    pub(crate) fn strip(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.carry.extend_from_slice(bytes);
        let text = std::mem::take(&mut self.carry);
        let rest = self.run(&text, out, false);
        self.carry = text[rest..].to_vec();
    }

    /// Adds what still waits.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let text = std::mem::take(&mut self.carry);
        self.run(&text, out, true);
    }

    fn run(&mut self, text: &[u8], out: &mut Vec<u8>, at_end: bool) -> usize {
        let mut at = 0;
        while at < text.len() {
            let tag = memchr::memchr(b'<', &text[at..]).map_or(text.len(), |tag| at + tag);
            self.write(&text[at..tag], out);
            at = tag;
            if at == text.len() || (!at_end && text.len() - at < TAG_BYTES) {
                break;
            }
            match tag_at(&text[at..]).filter(|_| self.map.len() < TAGS) {
                Some(Tag { length, is_block }) => {
                    let blank: &[u8] = if is_block { b" " } else { b"" };
                    self.write(blank, out);
                    self.removed += (length - blank.len()) as u64;
                    self.map.push((self.written, self.removed));
                    at += length;
                }
                None => {
                    self.write(b"<", out);
                    at += 1;
                }
            }
        }
        at
    }

    fn write(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
        self.written += bytes.len() as u64;
    }

    /// The offset in the entry of what is at `offset` without the tags.
    pub(crate) fn source_offset(&self, offset: u64) -> u64 {
        let behind = self.map.partition_point(|&(written, _)| written <= offset);
        offset + behind.checked_sub(1).map_or(0, |index| self.map[index].1)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stripper, is_html};

    #[test]
    fn tags_go_and_offsets_lead_back_however_the_text_is_cut() {
        let page = "<pre class=\"x\">a <span class=\"pln\">not</span> supported<br>b < c <pod> </pre>";
        for piece in [1, 3, 7, 1000] {
            let mut stripper = Stripper::default();
            let mut out = Vec::new();
            page.as_bytes().chunks(piece).for_each(|bytes| stripper.strip(bytes, &mut out));
            stripper.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), " a not supported b < c <pod>  ", "{piece}");
            let at = out.windows(9).position(|text| text == b"supported").expect("text") as u64;
            assert_eq!(stripper.source_offset(at), page.find("supported").expect("text") as u64);
        }
    }

    #[test]
    fn logs_are_not_html() {
        assert!(is_html(b"<!DOCTYPE html><html><body><p>x"));
        assert!(is_html(b"see <b>a</b> and <b>b</b>"));
        assert!(!is_html(b"I0119 22:11:49.7 1 x.go:1] <nil> <none> a <b"));
    }
}
