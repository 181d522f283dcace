//! Takes text apart from its front.

/// The rest of a text. What fails to match takes nothing, but for [`Cursor::word`] and [`Cursor::digits`].
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    pub(super) fn skip(&mut self, count: usize) {
        self.0 = self.0.get(count..).unwrap_or_default();
    }

    pub(super) fn eat(&mut self, byte: u8) -> Option<()> {
        self.eat_any(&[byte]).map(|_| ())
    }

    pub(super) fn eat_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let first = self.peek().filter(|first| bytes.contains(first))?;
        self.skip(1);
        Some(first)
    }

    /// One blank or more.
    pub(super) fn blanks(&mut self) -> Option<()> {
        let count = self.0.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.skip(count);
        (count > 0).then_some(())
    }

    /// The letters in front, perhaps none.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.run(u8::is_ascii_alphabetic)
    }

    /// The digits in front, perhaps none.
    pub(super) fn digits(&mut self) -> &'a [u8] {
        self.run(u8::is_ascii_digit)
    }

    /// A number of `min` to `max` digits, and no further digit behind it. At most nine digits.
    pub(super) fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.0.iter().take(max + 1).take_while(|b| b.is_ascii_digit()).count();
        if (min..=max).contains(&count) { self.fixed(count) } else { None }
    }

    /// A number of exactly so many digits, whatever follows. At most nine digits.
    pub(super) fn fixed(&mut self, count: usize) -> Option<u32> {
        let digits = self.0.get(..count).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
        self.skip(count);
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    /// Billionths of `.680` or `,680`; digits beyond the ninth are dropped.
    pub(super) fn fraction(&mut self) -> Option<u32> {
        let mut at = *self;
        at.eat_any(b".,")?;
        let digits = at.digits();
        if digits.is_empty() {
            return None;
        }
        *self = at;
        let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
        Some(padded.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    fn run(&mut self, of: impl Fn(&u8) -> bool) -> &'a [u8] {
        let count = self.0.iter().take_while(|b| of(b)).count();
        let (run, rest) = self.0.split_at(count);
        self.0 = rest;
        run
    }
}
