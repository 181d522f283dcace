//! UTF-16 text with a byte order mark, read as UTF-8.

use crate::problem::ProblemKind;
use crate::stream::{Damage, Decode, Pull, Stream};

/// The smallest buffer in which a step always gets on.
const STEP_BYTES: usize = 8;

/// Bytes of the source decoded at a time.
const PIECE_BYTES: usize = 1024;

/// Which byte of a unit comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Order {
    LittleEndian,
    BigEndian,
}

impl Order {
    /// The order that a byte order mark tells.
    pub(crate) fn of(head: &[u8]) -> Option<Order> {
        match head {
            [0xff, 0xfe, ..] => Some(Order::LittleEndian),
            [0xfe, 0xff, ..] => Some(Order::BigEndian),
            _ => None,
        }
    }
}

/// Decodes UTF-16 to UTF-8; a unit that is no text becomes U+FFFD. The mark is left out.
pub(crate) struct Text<'s> {
    source: Stream<'s>,
    order: Order,
    byte: Option<u8>,
    lead: Option<u16>,
    begun: bool,
    ended: bool,
}

impl<'s> Text<'s> {
    pub(crate) fn new(source: Stream<'s>, order: Order) -> Text<'s> {
        Text { source, order, byte: None, lead: None, begun: false, ended: false }
    }

    /// Takes one byte; writes to `out` what is complete with it and gives its length.
    fn push(&mut self, byte: u8, out: &mut [u8]) -> usize {
        let Some(first) = self.byte.take() else {
            self.byte = Some(byte);
            return 0;
        };
        let unit = match self.order {
            Order::LittleEndian => u16::from_le_bytes([first, byte]),
            Order::BigEndian => u16::from_be_bytes([first, byte]),
        };
        if !std::mem::replace(&mut self.begun, true) && unit == 0xfeff {
            return 0;
        }
        self.unit(unit, out)
    }

    fn unit(&mut self, unit: u16, out: &mut [u8]) -> usize {
        let lead = self.lead.take();
        if lead.is_none() && (0xd800..0xdc00).contains(&unit) {
            self.lead = Some(unit);
            return 0;
        }
        let is_trail = (0xdc00..0xe000).contains(&unit);
        if lead.is_some() && (0xd800..0xdc00).contains(&unit) {
            self.lead = Some(unit);
            return put(char::REPLACEMENT_CHARACTER, out);
        }
        match lead {
            Some(lead) if is_trail => decode(&[lead, unit], out),
            Some(_) => {
                let len = put(char::REPLACEMENT_CHARACTER, out);
                len + decode(&[unit], &mut out[len..])
            }
            None => decode(&[unit], out),
        }
    }

    /// What stands half at the end.
    fn rest(&mut self, out: &mut [u8]) -> usize {
        let half = self.byte.take().is_some() | self.lead.take().is_some();
        if half { put(char::REPLACEMENT_CHARACTER, out) } else { 0 }
    }

    /// Decodes the next piece of the source: bytes written, or damage.
    fn advance(&mut self, out: &mut [u8]) -> Result<usize, Damage> {
        let bytes = self.source.fill()?;
        // A byte of the source gives 3 bytes at most: the second one of a unit after a lead without its trail, 6.
        let take = bytes.len().min(PIECE_BYTES).min(out.len() / 3 - 1);
        let mut piece = [0; PIECE_BYTES];
        piece[..take].copy_from_slice(&bytes[..take]);
        if take == 0 {
            self.ended = true;
            return Ok(self.rest(out));
        }
        self.source.consume(take);
        let mut len = 0;
        for byte in &piece[..take] {
            len += self.push(*byte, &mut out[len..]);
        }
        Ok(len)
    }
}

fn decode(units: &[u16], out: &mut [u8]) -> usize {
    char::decode_utf16(units.iter().copied())
        .fold(0, |len, c| len + put(c.unwrap_or(char::REPLACEMENT_CHARACTER), &mut out[len..]))
}

fn put(c: char, out: &mut [u8]) -> usize {
    c.encode_utf8(out).len()
}

impl Decode for Text<'_> {
    fn decode(&mut self, out: &mut [u8]) -> (usize, Option<Damage>) {
        if out.len() < STEP_BYTES {
            let message = "the buffer is too small to decode UTF-16";
            return (0, Some(Damage::fatal(ProblemKind::Unsupported, message)));
        }
        let mut len = 0;
        while out.len() - len >= STEP_BYTES && !self.ended {
            match self.advance(&mut out[len..]) {
                Ok(n) => len += n,
                Err(damage) => return (len, Some(damage)),
            }
        }
        (len, None)
    }

    fn raw_position(&self, _unread: usize) -> u64 {
        self.source.raw().end
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Text};
    use crate::stream::{Inline, Pull, Raw, Stream};

    fn decoded(bytes: &[u8], read: usize) -> String {
        let order = Order::of(bytes).unwrap();
        let source = Stream::new(Inline::new(Raw::new(bytes), read));
        let mut text = Inline::new(Text::new(source, order), 16);
        let mut all = Vec::new();
        loop {
            let piece = text.fill().unwrap();
            if piece.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            all.extend_from_slice(piece);
            let n = piece.len();
            text.consume(n);
        }
    }

    fn encoded(units: &[u16], order: Order) -> Vec<u8> {
        let all = [0xfeff].iter().chain(units);
        match order {
            Order::LittleEndian => all.flat_map(|unit| unit.to_le_bytes()).collect(),
            Order::BigEndian => all.flat_map(|unit| unit.to_be_bytes()).collect(),
        }
    }

    #[test]
    fn both_orders_and_any_cut_give_the_text() {
        let text = "노드 10.200.0.3 NotReady 😀\r\nend";
        let units: Vec<u16> = text.encode_utf16().collect();
        for order in [Order::LittleEndian, Order::BigEndian] {
            for read in [1, 2, 3, 5, 64] {
                assert_eq!(decoded(&encoded(&units, order), read), text);
            }
        }
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        let order = Order::LittleEndian;
        assert_eq!(decoded(&encoded(&[0xd83d, 0x41], order), 64), "\u{fffd}A");
        assert_eq!(decoded(&encoded(&[0xd83d, 0xd83d, 0xde00], order), 64), "\u{fffd}😀");
        assert_eq!(decoded(&encoded(&[0xde00, 0xd83d], order), 64), "\u{fffd}\u{fffd}");
        assert_eq!(decoded(&[0xff, 0xfe, 0x41], 64), "\u{fffd}");
    }
}
