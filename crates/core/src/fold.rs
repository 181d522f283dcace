//! Brings a message into one form, whatever its wrapping.
//!
//! [`Folded::fold`] takes a line, or the lines of a wrapped message, as they stand in a log and gives the text a
//! signature is written for: plain quotes, single blanks, no prefixes of joined parts. [`Folded::source_offset`] leads
//! back to the original byte. What a line break stands for (a blank, or nothing in mid-word) cannot be known, so it
//! stays a `\n` and the regexes of [`confirm`](crate::confirm) tolerate it.

/// Folded text and the way back to its source.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// The folded text; `\n` is a line break of the source.
    pub(crate) text: Vec<u8>,
    /// `(offset in text, offset in source)` wherever the distance between the two changes.
    map: Vec<(u32, u32)>,
}

/// What stands between the last emitted byte and the next.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Gap {
    None,
    Blank,
    Break,
}

impl Folded {
    /// Replaces the content by the folded form of `source`. Linear in its length.
    pub(crate) fn fold(&mut self, source: &[u8]) {
        self.text.clear();
        self.map.clear();
        let mut folder = Folder { source, at: 0, gap: Gap::None, out: self };
        folder.skip_margin();
        folder.skip_record_prefix();
        while folder.at < source.len() {
            folder.step();
        }
    }

    /// The offset in the source of the byte at `offset` of the text.
    pub(crate) fn source_offset(&self, offset: usize) -> usize {
        let run = self.map.partition_point(|&(text, _)| text as usize <= offset);
        match run.checked_sub(1).map(|run| self.map[run]) {
            Some((text, source)) => source as usize + (offset - text as usize),
            None => offset,
        }
    }

    /// The offset in the text of the byte at `offset` of the source, or of the next one that was kept.
    pub(crate) fn text_offset(&self, offset: usize) -> usize {
        let run = self.map.partition_point(|&(_, source)| source as usize <= offset);
        let Some(run) = run.checked_sub(1) else { return 0 };
        let (text, source) = self.map[run];
        let end = self.map.get(run + 1).map_or(self.text.len(), |&(text, _)| text as usize);
        (text as usize + (offset - source as usize)).min(end)
    }
}

/// Bytes that are copied as they are.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x21;
    while byte < 256 {
        plain[byte] = true;
        byte += 1;
    }
    let special = b"\"'\\&<=\x7f\xc2\xe2";
    let mut i = 0;
    while i < special.len() {
        plain[special[i] as usize] = false;
        i += 1;
    }
    plain
};

struct Folder<'a> {
    source: &'a [u8],
    at: usize,
    gap: Gap,
    out: &'a mut Folded,
}

impl Folder<'_> {
    fn step(&mut self) {
        let rest = &self.source[self.at..];
        let plain = rest.iter().position(|&byte| !PLAIN[byte as usize]).unwrap_or(rest.len());
        if plain > 0 {
            self.emit(self.at, &rest[..plain]);
            self.at += plain;
            return;
        }
        match rest[0] {
            b'\n' => self.line_break(),
            // Of CRLF the line end counts: between the parts of a record stands no blank.
            b'\r' if rest.get(1) == Some(&b'\n') => self.at += 1,
            b'"' => self.quote(b'"', 1),
            b'\'' => self.quote(b'\'', 1),
            b'\\' => self.backslashes(),
            b'&' => self.entity(),
            b'<' => self.tag(),
            b'=' => self.equals(),
            0x1b => self.terminal_sequence(),
            0xc2 if rest.get(1) == Some(&0xa0) => self.blank(2),
            0xe2 => self.punctuation(),
            byte if byte > b' ' && byte != 0x7f => self.emit_here(1),
            _ => self.blank(1),
        }
    }

    /// Appends bytes whose source begins at `at`, after what the gap before them asks for.
    fn emit(&mut self, at: usize, bytes: &[u8]) {
        let out = &mut *self.out;
        if self.gap != Gap::None && !out.text.is_empty() {
            // The blank belongs to the byte before it, so that a match that ends in one ends in the right line.
            let here = out.text.len() as u32;
            out.map.push((here, (at as u32).saturating_sub(1)));
            out.text.push(if self.gap == Gap::Break { b'\n' } else { b' ' });
        }
        self.gap = Gap::None;
        let here = out.text.len() as u32;
        let follows = out.map.last().is_some_and(|&(text, source)| source + (here - text) == at as u32);
        if !follows {
            out.map.push((here, at as u32));
        }
        out.text.extend_from_slice(bytes);
    }

    fn emit_here(&mut self, length: usize) {
        let bytes = &self.source[self.at..self.at + length];
        self.emit(self.at, bytes);
        self.at += length;
    }

    fn replace(&mut self, length: usize, by: &[u8]) {
        self.emit(self.at, by);
        self.at += length;
    }

    fn blank(&mut self, length: usize) {
        if self.gap == Gap::None {
            self.gap = Gap::Blank;
        }
        self.at += length;
    }

    /// A quote that repeats the one before it is the escape of YAML (`''`) and CSV (`""`).
    fn quote(&mut self, quote: u8, length: usize) {
        let doubled = self.gap == Gap::None && self.out.text.last() == Some(&quote);
        if doubled {
            self.at += length;
        } else {
            self.replace(length, &[quote]);
        }
    }

    fn backslashes(&mut self) {
        let rest = &self.source[self.at..];
        let run = rest.iter().take_while(|&&byte| byte == b'\\').count();
        match rest.get(run) {
            Some(&quote @ (b'"' | b'\'')) => self.quote(quote, run + 1),
            // `\ ` is the blank after a folded line of a double-quoted YAML scalar.
            Some(b'n' | b't' | b'r' | b' ') => self.blank(run + 1),
            Some(b'&') if quote_entity(&rest[run..]).is_some() => self.at += run,
            Some(b'/') => self.replace(run + 1, b"/"),
            Some(b'\n') => self.at += run,
            Some(b'\r') if rest.get(run + 1) == Some(&b'\n') => self.at += run,
            Some(b'u') => self.code_point(run + 1, 4),
            Some(b'x') => self.code_point(run + 1, 2),
            _ => self.replace(run, b"\\"),
        }
    }

    /// `\u0022` or `\x22`: `skip` bytes, then `digits` hexadecimal ones.
    fn code_point(&mut self, skip: usize, digits: usize) {
        let hex = self.source.get(self.at + skip..self.at + skip + digits);
        let value = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let length = skip + digits;
        match value.and_then(char::from_u32) {
            None => self.replace(skip - 1, b"\\"),
            Some('\x1b') => {
                // An escaped terminal colour: what follows reads like the sequence itself.
                self.at += length;
                self.skip_control_sequence();
            }
            Some(c) if c.is_whitespace() || c.is_control() => self.blank(length),
            Some(quote @ ('"' | '\'')) => self.quote(quote as u8, length),
            Some('\u{201c}' | '\u{201d}') => self.quote(b'"', length),
            Some('\u{2018}' | '\u{2019}') => self.quote(b'\'', length),
            Some(c) => {
                let mut utf8 = [0; 4];
                self.replace(length, c.encode_utf8(&mut utf8).as_bytes());
            }
        }
    }

    fn entity(&mut self) {
        const OTHERS: [(&[u8], u8); 6] = [
            (b"&amp;", b'&'),
            (b"&lt;", b'<'),
            (b"&gt;", b'>'),
            (b"&#60;", b'<'),
            (b"&#62;", b'>'),
            (b"&nbsp;", b' '),
        ];
        let rest = &self.source[self.at..];
        if let Some((quote, length)) = quote_entity(rest) {
            return self.quote(quote, length);
        }
        match OTHERS.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, b' ')) => self.blank(name.len()),
            Some((name, byte)) => self.replace(name.len(), &[*byte]),
            None => self.emit_here(1),
        }
    }

    /// Tags of a page that was saved or pasted as HTML; anything else in angle brackets is text.
    fn tag(&mut self) {
        match tag_at(&self.source[self.at..]) {
            Some(Tag { length, is_block: true }) => self.blank(length),
            Some(Tag { length, is_block: false }) => self.at += length,
            None => self.emit_here(1),
        }
    }

    /// A `=` at the end of a line of quoted-printable mail joins it with the next.
    fn equals(&mut self) {
        let rest = &self.source[self.at + 1..];
        let line_break =
            if rest.starts_with(b"\r\n") { 2 } else { usize::from(rest.first() == Some(&b'\n')) };
        let column = || self.at - memchr::memrchr(b'\n', &self.source[..self.at]).map_or(0, |at| at + 1);
        if line_break > 0 && (70..=77).contains(&column()) {
            self.at += 1 + line_break;
        } else {
            self.emit_here(1);
        }
    }

    fn terminal_sequence(&mut self) {
        self.at += 1;
        self.skip_control_sequence();
    }

    /// Skips `[…m` and the like after an escape character.
    fn skip_control_sequence(&mut self) {
        let rest = &self.source[self.at..];
        if rest.first() != Some(&b'[') {
            return;
        }
        let parameters = rest[1..].iter().take(32).take_while(|byte| (0x20..0x40).contains(*byte)).count();
        if rest.get(1 + parameters).is_some_and(|byte| (0x40..0x7f).contains(byte)) {
            self.at += parameters + 2;
        }
    }

    /// Typographic quotes become plain, box lines and spinner dots blanks, zero-width characters nothing.
    fn punctuation(&mut self) {
        match self.source[self.at..].get(..3) {
            Some([_, 0x80, 0x9c | 0x9d]) => self.quote(b'"', 3),
            Some([_, 0x80, 0x98 | 0x99]) => self.quote(b'\'', 3),
            Some([_, 0x80, 0x8b..=0x8f]) => self.at += 3,
            Some([_, 0x94, 0x82 | 0x83] | [_, 0x95, 0x91] | [_, 0xa0..=0xa3, _]) => self.blank(3),
            Some(_) => self.emit_here(3),
            None => self.emit_here(1),
        }
    }

    fn line_break(&mut self) {
        let line_start = memchr::memrchr(b'\n', &self.source[..self.at]).map_or(0, |at| at + 1);
        let joins = is_partial(&self.source[line_start..self.at]);
        self.at += 1;
        self.skip_margin();
        self.skip_record_prefix();
        if !joins {
            self.gap = Gap::Break;
        } else if self.source[..self.at].ends_with(b"{\"log\":\"") {
            self.drop_docker_tail();
        }
    }

    /// A part of a docker record ended in `","stream":"stderr","time":"…"}`, which belongs to no message.
    fn drop_docker_tail(&mut self) {
        if let Some(at) = memchr::memmem::rfind(&self.out.text, b"\",\"stream\":\"") {
            self.out.text.truncate(at);
            self.out.map.retain(|&(text, _)| (text as usize) < at);
        }
    }

    /// Blanks and quote margins at the start of a line.
    fn skip_margin(&mut self) {
        self.at += margin(&self.source[self.at..]);
    }

    /// A CRI, docker or journald prefix in front of a further line of the same message.
    fn skip_record_prefix(&mut self) {
        if self.at > 0 {
            self.at += record_prefix(&self.source[self.at..]);
        }
    }
}

/// A tag of HTML.
pub(crate) struct Tag {
    pub(crate) length: usize,
    /// Whether it separates words.
    pub(crate) is_block: bool,
}

/// The longest tag that is recognised.
pub(crate) const TAG_BYTES: usize = 300;

/// The tag that `text` begins with, if it is one of those that stand in text.
pub(crate) fn tag_at(text: &[u8]) -> Option<Tag> {
    const BLOCK: [&str; 10] = ["br", "p", "div", "li", "td", "tr", "pre", "ul", "ol", "table"];
    const INLINE: [&str; 13] =
        ["span", "b", "i", "em", "strong", "code", "a", "font", "mark", "wbr", "var", "devsite-code", "samp"];
    let rest = text.get(1..text.len().min(TAG_BYTES))?;
    let name_at = usize::from(rest.first() == Some(&b'/'));
    let length =
        rest[name_at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let name = std::str::from_utf8(&rest[name_at..name_at + length]).ok()?.to_ascii_lowercase();
    let is_block = BLOCK.contains(&name.as_str());
    if !is_block && !INLINE.contains(&name.as_str()) {
        return None;
    }
    let end = memchr::memchr2(b'>', b'\n', rest).filter(|&end| rest[end] == b'>')?;
    let closes = matches!(rest[name_at + length], b'>' | b' ' | b'/');
    closes.then_some(Tag { length: end + 2, is_block })
}

/// The quote that an entity at the start of `text` stands for, and the entity's length.
fn quote_entity(text: &[u8]) -> Option<(u8, usize)> {
    const QUOTES: [(&[u8], u8); 6] = [
        (b"&quot;", b'"'),
        (b"&#34;", b'"'),
        (b"&#x22;", b'"'),
        (b"&#39;", b'\''),
        (b"&#x27;", b'\''),
        (b"&apos;", b'\''),
    ];
    QUOTES.iter().find(|(name, _)| text.starts_with(name)).map(|(name, quote)| (*quote, name.len()))
}

/// Length of blanks and quote margins (`> `, `| `, `│`) at the start of a line.
pub(crate) fn margin(line: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match &line[at..] {
            [b' ' | b'\t', ..] => 1,
            [b'>' | b'|', b' ' | b'\t' | b'>', ..] => 1,
            [0xe2, 0x94, 0x82 | 0x83, ..] | [0xe2, 0x95, 0x91, ..] => 3,
            _ => return at,
        }
    }
}

/// Length of a CRI (`2022-03-04T20:16:43.68Z stderr F `), docker (`{"log":"`) or journald prefix.
pub(crate) fn record_prefix(line: &[u8]) -> usize {
    if let Some((length, _)) = cri_prefix(line) {
        return length;
    }
    if line.starts_with(b"{\"log\":\"") {
        return 8;
    }
    journald_prefix(line).unwrap_or(0)
}

/// Length of a CRI prefix, and whether the line is a part that the next one continues.
pub(crate) fn cri_prefix(line: &[u8]) -> Option<(usize, bool)> {
    let head = &line[..line.len().min(64)];
    if !head.first()?.is_ascii_digit() || head.get(4) != Some(&b'-') {
        return None;
    }
    let stamp = memchr::memchr(b' ', head)?;
    let stream = head[stamp + 1..].strip_prefix(b"std")?;
    let tag = stream.strip_prefix(b"out ").or_else(|| stream.strip_prefix(b"err "))?;
    match tag {
        [b'P', b' ', ..] => Some((stamp + 10, true)),
        [b'F', b' ', ..] => Some((stamp + 10, false)),
        // An empty message has no blank after the tag.
        [b'P' | b'F'] => Some((stamp + 9, tag == b"P")),
        _ => None,
    }
}

/// Length of `Mar 27 10:55:29 host unit[6155]: `.
fn journald_prefix(line: &[u8]) -> Option<usize> {
    let head = &line[..line.len().min(160)];
    if !starts_with_month(head) {
        return None;
    }
    let colon = memchr::memmem::find(head, b"]: ")?;
    let fields = head[..colon].iter().filter(|&&byte| byte == b' ').count();
    (4..=6).contains(&fields).then_some(colon + 3)
}

/// Whether a line begins like `Mar 27 10:55:29 `.
pub(crate) fn starts_with_month(line: &[u8]) -> bool {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let [a, b, c, b' ', d, e, b' ', h, _, b':', ..] = line else { return false };
    let month = MONTHS.chunks(3).any(|month| month == [*a, *b, *c]);
    month && (d.is_ascii_digit() || *d == b' ') && e.is_ascii_digit() && h.is_ascii_digit()
}

/// Whether the message of this line goes on in the next record: a CRI part, or a docker record without its line end.
pub(crate) fn is_partial(line: &[u8]) -> bool {
    if let Some((_, partial)) = cri_prefix(line) {
        return partial;
    }
    if !line.starts_with(b"{\"log\":\"") {
        return false;
    }
    let tail = &line[line.len().saturating_sub(160)..];
    memchr::memmem::rfind(tail, b"\",\"stream\":\"").is_some_and(|at| !tail[..at].ends_with(b"\\n"))
}

#[cfg(test)]
mod tests {
    use super::Folded;

    fn fold(source: &str) -> String {
        let mut folded = Folded::default();
        folded.fold(source.as_bytes());
        String::from_utf8(folded.text).expect("text")
    }

    #[test]
    fn every_form_folds_to_the_message() {
        let table = [
            ("plain", "a  b\t c", "a b c"),
            ("quotes at depth", r#"on \"ens192\" and \\\"x\\\" and 'y'"#, r#"on "ens192" and "x" and 'y'"#),
            ("escapes", r"one\ntwo\tthree\\nfour", "one two three four"),
            ("unicode", r"a\u003cb\u003e \u0022q\u0022 \u2019", "a<b> \"q\" '"),
            ("entities", "a &quot;b&quot; &lt;c&gt;&nbsp;&amp;", "a \"b\" <c> &"),
            ("tags", "a <b>bold</b><br>c <span class=\"x\">d</span> <pod>", "a bold c d <pod>"),
            ("typographic", "\u{201c}a\u{201d} don\u{2019}t", "\"a\" don't"),
            ("colours", "\x1b[31mred\x1b[0m and \\u001b[1mbold", "red and bold"),
            ("doubled", "it''s \"\"q\"\"", "it's \"q\""),
            (
                "parts and CRLF",
                "2022-03-04T20:16:43.680484387Z stderr P fai\r\n2022-03-04T20:16:43.680484387Z stderr F led\r\n",
                "2022-03-04T20:16:43.680484387Z stderr P failed",
            ),
            ("wrap", "failed\ncalling\r\n  webhook", "failed\ncalling\nwebhook"),
            ("mail", "> failed\n> > calling\n>\u{a0}x", "failed\ncalling\n> x"),
            ("box", "│ failed │\n│ calling │", "failed\ncalling"),
            ("spinner", "Installing... \u{2819} W0726 x", "Installing... W0726 x"),
            ("yaml", "\"one\\\n      \\ two\"", "\"one\ntwo\""),
            ("escaped entity", r"a \&quot;b\&quot;", "a \"b\""),
            ("shell", "cmd \\\n  --flag", "cmd\n--flag"),
            ("backslash", r"C:\dir \d", r"C:\dir \d"),
        ];
        for (name, source, expected) in table {
            assert_eq!(fold(source), expected, "{name}");
        }
    }

    #[test]
    fn parts_are_joined() {
        let cri = "2022-03-04T20:16:43.680484387Z stderr P x509: certifi\n2022-03-04T20:16:43.680484388Z stderr F cate signed";
        assert!(fold(cri).ends_with("x509: certificate signed"), "{}", fold(cri));
        let docker = "{\"log\":\"x509: certifi\",\"stream\":\"stderr\",\"time\":\"2022-03-04T20:16:43Z\"}\n{\"log\":\"cate signed\\n\",\"stream\":\"stderr\"}";
        assert!(fold(docker).contains("x509: certificate signed"), "{}", fold(docker));
        let mail = format!("{}=\nnt", "x".repeat(72) + "poi");
        assert!(fold(&mail).ends_with("point"));
    }

    #[test]
    fn offsets_lead_back() {
        let source = "  a \\\"b\\\"\n> c";
        let mut folded = Folded::default();
        folded.fold(source.as_bytes());
        assert_eq!(folded.text, b"a \"b\"\nc");
        for needle in ["a", "b", "c"] {
            let text = memchr::memmem::find(&folded.text, needle.as_bytes()).expect("needle");
            let expected = source.find(needle).expect("needle");
            assert_eq!(folded.source_offset(text), expected, "{needle}");
            assert_eq!(folded.text_offset(expected), text, "{needle}");
        }
    }

    #[test]
    fn arbitrary_bytes_fold() {
        let mut state = 7u64;
        let mut folded = Folded::default();
        let alphabet = b"\\\"'n u0022x&lt;<b>=\n\r\x1b[m\xe2\x94\x82\xc2\xa0a{\"log\":\"P stderr";
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..40)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    alphabet[(state >> 33) as usize % alphabet.len()]
                })
                .collect();
            folded.fold(&bytes);
            for at in 0..folded.text.len() {
                assert!(folded.source_offset(at) <= bytes.len());
            }
        }
    }
}
