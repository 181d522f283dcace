//! Text from a bundle made safe to show.

use std::fmt::{self, Write};

/// Shows bytes of a bundle so that no terminal is steered by them.
///
/// Control characters (C0 but tab, DEL, C1), bidirectional marks, line separators and zero-width characters are
/// written as `\x1b` or `\u{202e}`; bytes that are no UTF-8 as `\xff`.
///
/// ```
/// use loggrep_abm_core::text::Escaped;
/// assert_eq!(Escaped(b"ok\x1b[31m\xff").to_string(), "ok\\x1b[31m\\xff");
/// ```
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if !is_unsafe(c) {
                    f.write_char(c)?;
                } else if (c as u32) < 0x80 {
                    write!(f, "\\x{:02x}", c as u32)?;
                } else {
                    write!(f, "\\u{{{:x}}}", c as u32)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Whether a terminal or a reader could be misled by this character.
pub fn is_unsafe(c: char) -> bool {
    match c {
        '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn control_and_bidi_are_escaped_and_text_is_not() {
        assert_eq!(Escaped("노드 a\tb".as_bytes()).to_string(), "노드 a\tb");
        assert_eq!(
            Escaped("a\u{202e}b\u{9b}\r\n\0".as_bytes()).to_string(),
            "a\\u{202e}b\\u{9b}\\x0d\\x0a\\x00"
        );
    }
}
