//! Finds the time a log line was written at, in any of the formats a bundle mixes.
//!
//! Formats nest: a journal line holds one of containerd, a file of the container runtime one of fluent-bit, a line of
//! `bmctl` a torn one of its libraries. [`find_stamp`] says which of the stamps is the true one.

use memchr::memmem;

use super::civil::{DAY, civil_from_days, days_from_civil, is_date};
use super::cursor::Cursor;

/// How much of the front of a line is searched for stamps that may stand anywhere in it.
const HEAD: usize = 512;
/// How much of a line is read as JSON: its stamp is often the last of its fields.
const JSON: usize = 1 << 16;
/// How much of the end of a longer line is searched for the stamp.
const TAIL: usize = 4096;

/// The time of a line as it is written there, perhaps without year or zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stamp {
    pub(super) year: Option<i32>,
    pub(super) month: u8,
    pub(super) day: u8,
    /// Seconds since midnight; up to 86,400 for a leap second at its end.
    pub(super) second: u32,
    pub(super) nanos: u32,
    pub(super) zone: Option<i32>,
}

impl Stamp {
    /// The year, if the line tells it.
    pub fn year(&self) -> Option<i32> {
        self.year
    }

    /// Year, month, day, second and zone of the stamp at the begin of its stretch of `width` seconds.
    pub(crate) fn floored(&self, width: u32) -> (Option<i32>, u8, u8, u32, Option<i32>) {
        (self.year, self.month, self.day, self.second / width * width, self.zone)
    }

    /// The stamp of what [`Stamp::floored`] gave.
    pub(crate) fn of_bucket(
        (year, month, day, second, zone): (Option<i32>, u8, u8, u32, Option<i32>),
    ) -> Stamp {
        Stamp { year, month, day, second, nanos: 0, zone }
    }

    /// Seconds east of UTC, if the line tells them.
    pub fn zone(&self) -> Option<i32> {
        self.zone
    }

    /// Seconds since 1970 if the stamp were of this year and zone, or `None` where the year lacks the day.
    pub(super) fn seconds_in(&self, year: i32, zone: i32) -> Option<i64> {
        is_date(Some(year), self.month, self.day).then(|| {
            days_from_civil(year, self.month, self.day) * DAY + i64::from(self.second) - i64::from(zone)
        })
    }

    /// The stamp of that many nanoseconds after 1970.
    pub(super) fn from_unix(seconds: i64, nanos: u32) -> Stamp {
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY) as u32;
        Stamp { year: Some(year), month, day, second, nanos, zone: Some(0) }
    }

    fn on(year: Option<u32>, month: u32, day: u32, (second, nanos): (u32, u32)) -> Option<Stamp> {
        // Years beyond these are zero values and certificates that never end, not times of a log.
        let year = match year {
            Some(year @ 1970..=2199) => Some(year as i32),
            Some(_) => return None,
            None => None,
        };
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        is_date(year, month, day).then_some(Stamp { year, month, day, second, nanos, zone: None })
    }

    fn is_dated(&self) -> bool {
        self.year.is_some()
    }
}

/// The time a log line was written at.
///
/// Where stamps nest, a full one in front wins (that of the container runtime, or of a journal printed with year and
/// zone). Two kinds of front lose to what follows: the bracket of `bmctl`, which is the start of a step and lends only
/// its year and zone, and the short stamp of a journal, if the message tells the year. `None` for lines that carry
/// none, a relative age, or seconds since boot. A date that does not exist is no stamp.
///
/// ```
/// use loggrep_abm_core::bundle::time::{TimeContext, find_stamp};
/// let line = br#"Feb 11 19:06:30 node-1 containerd[32062]: time="2022-02-11T19:06:30.286813592Z" level=info"#;
/// let time = find_stamp(line).and_then(|stamp| TimeContext::default().resolve(&stamp));
/// assert_eq!(time.map(|time| time.to_string()).as_deref(), Some("2022-02-11T19:06:30.286813592Z"));
/// ```
pub fn find_stamp(line: &[u8]) -> Option<Stamp> {
    let text = undecorated(line);
    if text.starts_with(b"-- ") {
        return None;
    }
    leading(text, 0).or_else(|| field(text)).or_else(|| inner_klog(text))
}

/// A date with time, and perhaps zone, that fills the front of the text: `2020-03-27 10:35:25 GMT`.
pub(super) fn date_time(text: &[u8]) -> Option<Stamp> {
    iso(&mut Cursor(text))
}

/// A date with time, and perhaps zone, that is the whole text.
pub(super) fn whole_date_time(text: &[u8]) -> Option<Stamp> {
    let mut cursor = Cursor(text);
    iso(&mut cursor).filter(|_| cursor.0.is_empty())
}

/// The text behind blanks, colours, quote margins and syslog priorities.
fn undecorated(line: &[u8]) -> &[u8] {
    let mut text = line;
    loop {
        text = match text {
            [b' ' | b'\t' | b'\r' | b'>' | b'|' | 0, rest @ ..] => rest,
            [0xef, 0xbb, 0xbf, rest @ ..] | [0xe2, 0x94, 0x82, rest @ ..] => rest,
            [0x1b, b'[', rest @ ..] => {
                let end = rest.iter().take(16).position(u8::is_ascii_alphabetic);
                match end {
                    Some(end) => &rest[end + 1..],
                    None => return text,
                }
            }
            [b'<', rest @ ..] => match priority(rest) {
                Some(rest) => rest,
                None => return text,
            },
            _ => return text,
        };
    }
}

/// What follows `34>` or, with the version of the newer syslog protocol, `34>1 `.
fn priority(text: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor(text);
    cursor.number(1, 3)?;
    cursor.eat(b'>')?;
    Some(cursor.0.strip_prefix(b"1 ").unwrap_or(cursor.0))
}

/// The stamp at the front of a line.
fn leading(text: &[u8], depth: u8) -> Option<Stamp> {
    match text.first()? {
        b'[' => bracket(text, depth),
        b'{' => json(text),
        b'0'..=b'9' => iso(&mut Cursor(text)).or_else(|| unix_prefix(text)).or_else(|| journal(text, depth)),
        _ => klog(&mut Cursor(text)).or_else(|| weekday(&mut Cursor(text))).or_else(|| journal(text, depth)),
    }
}

/// `[2022-06-02 05:36:03-0500] …`, `[Fri Mar  4 20:16:43 2022] …`, or another bracket with a stamp behind it.
fn bracket(text: &[u8], depth: u8) -> Option<Stamp> {
    let mut cursor = Cursor(&text[1..]);
    if let Some(outer) = iso(&mut cursor).or_else(|| weekday(&mut cursor)) {
        let steps = outer.zone.is_some() && cursor.eat(b']').is_some();
        return Some(if steps { within_step(outer, cursor.0) } else { outer });
    }
    let end = memchr::memchr(b']', &text[..text.len().min(HEAD)])?;
    // Seconds since boot are no time of day, and what the kernel prints behind them is none of its own either.
    let since_boot = text[1..end].iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'.'));
    if since_boot || depth > 2 {
        return None;
    }
    leading(undecorated(&text[end + 1..]), depth + 1)
}

/// The true stamp of a line that stands in a step of `bmctl`, of which `outer` is the start.
fn within_step(outer: Stamp, message: &[u8]) -> Stamp {
    let inner = ansible_end(message).or_else(|| inner_klog(message)).or_else(|| runner_trailer(message));
    let Some(mut inner) = inner else { return outer };
    inner.zone = inner.zone.or(outer.zone);
    if let (None, Some(year)) = (inner.year, outer.year) {
        let zone = outer.zone.unwrap_or(0);
        inner.year = outer.seconds_in(year, zone).and_then(|at| year_nearest(&inner, zone, at));
    }
    inner
}

/// The year that brings the stamp closest to an instant.
pub(super) fn year_nearest(stamp: &Stamp, zone: i32, at: i64) -> Option<i32> {
    let (year, ..) = civil_from_days(at.div_euclid(DAY));
    // Up to eight years lie between two 29ths of February.
    (year - 8..=year + 8)
        .filter_map(|year| Some((stamp.seconds_in(year, zone)?.abs_diff(at), year)))
        .min()
        .map(|(_, year)| year)
}

/// `2022-03-04T20:16:43.680484387Z`, `2022/03/04 20:16:43`, and what lies between.
fn iso(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let year = cursor.number(4, 4)?;
    let by = cursor.eat_any(b"-/")?;
    let month = cursor.number(2, 2)?;
    cursor.eat(by)?;
    let day = cursor.number(2, 2)?;
    cursor.eat_any(b"Tt ")?;
    let clock = clock(cursor)?;
    let stamp = Stamp::on(Some(year), month, day, clock)?;
    Some(Stamp { zone: zone(cursor), ..stamp })
}

/// Seconds since midnight and nanoseconds of `20:16:43`, `20:16:43.680`, `20:16:43,680`.
fn clock(cursor: &mut Cursor<'_>) -> Option<(u32, u32)> {
    let hour = cursor.number(1, 2)?;
    cursor.eat(b':')?;
    let minute = cursor.number(2, 2)?;
    cursor.eat(b':')?;
    let second = cursor.number(2, 2)?;
    let leap = second == 60 && minute == 59;
    if hour > 23 || minute > 59 || (second > 59 && !leap) {
        return None;
    }
    Some((hour * 3600 + minute * 60 + second, cursor.fraction().unwrap_or(0)))
}

/// `Z`, `+09:00`, `-0500`, `+09`, also behind a blank; there, names of zones too.
fn zone(cursor: &mut Cursor<'_>) -> Option<i32> {
    let mut at = *cursor;
    let apart = at.eat(b' ').is_some();
    let offset = match at.peek()? {
        sign @ (b'+' | b'-') => {
            at.skip(1);
            let hours = at.fixed(2)?;
            let minutes = match at.eat(b':') {
                Some(()) => at.fixed(2)?,
                None => at.fixed(2).or((!apart).then_some(0))?,
            };
            if hours > 15 || minutes > 59 {
                return None;
            }
            let offset = (hours * 3600 + minutes * 60) as i32;
            if sign == b'-' { -offset } else { offset }
        }
        b'Z' | b'z' if !apart => {
            at.skip(1);
            0
        }
        letter if apart && letter.is_ascii_uppercase() => zone_named(at.word())?,
        _ => return None,
    };
    // `20:16:43-10.200.0.3` tells no zone.
    let goes_on = match at.0 {
        [b'.', next, ..] => next.is_ascii_digit(),
        _ => at.peek().is_some_and(|b| b.is_ascii_alphanumeric()),
    };
    if goes_on {
        return None;
    }
    *cursor = at;
    Some(offset)
}

/// Seconds east of UTC of the names that mean one zone only; `CST` and `IST`, for example, mean several.
fn zone_named(name: &[u8]) -> Option<i32> {
    let hours = match name {
        b"UTC" | b"GMT" | b"WET" => 0,
        b"CET" | b"WEST" => 1,
        b"CEST" | b"EET" => 2,
        b"EEST" | b"MSK" => 3,
        b"SGT" => 8,
        b"KST" | b"JST" => 9,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

/// `I0119 22:11:49.705596`, and the later form of glog with a year, `I20220119 22:11:49.705596`.
fn klog(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    cursor.eat_any(b"IWEF")?;
    let long = cursor.0.get(4).is_some_and(u8::is_ascii_digit);
    let year = if long { Some(cursor.fixed(4)?) } else { None };
    let month = cursor.fixed(2)?;
    let day = cursor.fixed(2)?;
    cursor.eat(b' ')?;
    let before = cursor.0;
    let clock = clock(cursor)?;
    // Always with microseconds; without them it is some other word and a time.
    let fraction = before.get(8) == Some(&b'.') && before.get(9).is_some_and(u8::is_ascii_digit);
    if fraction { Stamp::on(year, month, day, clock) } else { None }
}

/// The first stamp of klog in the front of a text, also where the text before it was torn.
fn inner_klog(text: &[u8]) -> Option<Stamp> {
    let head = &text[..text.len().min(HEAD)];
    (0..head.len()).find_map(|at| klog(&mut Cursor(&text[at..])))
}

/// What stands behind the name of a weekday: a date in one of several orders.
fn weekday(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let mut at = *cursor;
    if !is_weekday(at.word()) {
        return None;
    }
    at.eat(b',');
    at.blanks()?;
    let stamp = match at.0 {
        [a, b, c, d, ..] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) => iso(&mut at),
        [b'0'..=b'9', ..] => day_first(&mut at),
        _ => ctime(&mut at),
    }?;
    *cursor = at;
    Some(stamp)
}

/// `26 July 2024  16:01:27 +0000`, `04 Mar 2022 20:16:43 GMT`.
fn day_first(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let day = cursor.number(1, 2)?;
    cursor.blanks()?;
    let month = month(cursor.word())?;
    cursor.blanks()?;
    let year = cursor.number(4, 4)?;
    cursor.blanks()?;
    let clock = clock(cursor)?;
    let stamp = Stamp::on(Some(year), month, day, clock)?;
    Some(Stamp { zone: zone(cursor), ..stamp })
}

/// `Jul 26 16:01:30 2024`, and as `date` prints it, `Jul 26 16:01:30 UTC 2024`.
fn ctime(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let month = month(cursor.word())?;
    cursor.blanks()?;
    let day = cursor.number(1, 2)?;
    cursor.blanks()?;
    let mut clock = clock(cursor)?;
    if let Some(rest) = cursor.0.strip_prefix(b" PM").or(cursor.0.strip_prefix(b" AM")) {
        let afternoon = cursor.0[1] == b'P';
        clock.0 = clock.0 % (12 * 3600) + if afternoon { 12 * 3600 } else { 0 };
        cursor.0 = rest;
    }
    let zone = zone(cursor);
    if zone.is_none() && cursor.0.get(1).is_some_and(u8::is_ascii_uppercase) {
        cursor.blanks();
        cursor.word();
    }
    let mut at = *cursor;
    let year = at.blanks().and_then(|()| at.number(4, 4));
    if year.is_some() {
        *cursor = at;
    }
    Some(Stamp { zone, ..Stamp::on(year, month, day, clock)? })
}

fn is_weekday(word: &[u8]) -> bool {
    named(word, &[b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday"])
        .is_some()
}

/// The number of a month, from its English name, short or long.
fn month(word: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8]; 12] = [
        b"january",
        b"february",
        b"march",
        b"april",
        b"may",
        b"june",
        b"july",
        b"august",
        b"september",
        b"october",
        b"november",
        b"december",
    ];
    named(word, &MONTHS).map(|at| at as u32 + 1)
}

/// Which of the names the word is, or its first three letters.
fn named(word: &[u8], names: &[&[u8]]) -> Option<usize> {
    names.iter().position(|name| word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&name[..3]))
}

/// A line of a journal or syslog with a short stamp: `Mar 27 10:55:29 HOST kubelet[6155]: MESSAGE`.
///
/// The month may be named in another language; then only the message can tell the time.
fn journal(text: &[u8], depth: u8) -> Option<Stamp> {
    let (outer, rest) = short_stamp(text)?;
    let head = &rest[..rest.len().min(HEAD)];
    let message = memmem::find(head, b": ").map_or(rest, |at| undecorated(&rest[at + 2..]));
    if outer.is_some_and(|outer| outer.is_dated()) || depth > 2 {
        return outer;
    }
    let inner = leading(message, depth + 1).filter(Stamp::is_dated).or_else(|| field(message));
    inner.or(outer).or_else(|| inner_klog(message))
}

/// `Mar 27 10:55:29`, also with fraction, or with a year before the time; then what follows it.
///
/// The stamp is `None` if only its shape is right: `okt. 29 15:05:55`.
fn short_stamp(text: &[u8]) -> Option<(Option<Stamp>, &[u8])> {
    let end = text.iter().take(16).position(|&b| b == b' ')?;
    let name = &text[..end];
    let month = month(name).or_else(|| korean_month(name));
    let mut cursor = Cursor(&text[end..]);
    cursor.blanks()?;
    let day = cursor.number(1, 2)?;
    cursor.blanks()?;
    let mut with_year = cursor;
    let year = with_year.number(4, 4).filter(|_| with_year.blanks().is_some());
    if year.is_some() {
        cursor = with_year;
    }
    let clock = clock(&mut cursor)?;
    cursor.blanks()?;
    Some((month.and_then(|month| Stamp::on(year, month, day, clock)), cursor.0))
}

/// The number of `10월`.
fn korean_month(name: &[u8]) -> Option<u32> {
    let number = name.strip_suffix("월".as_bytes())?;
    let mut cursor = Cursor(number);
    cursor.number(1, 2).filter(|_| cursor.0.is_empty())
}

/// `1646425003.680484 HOST …`, as `journalctl -o short-unix` prints it.
fn unix_prefix(text: &[u8]) -> Option<Stamp> {
    let mut cursor = Cursor(text);
    let stamp = epoch(&mut cursor)?;
    let fraction = text.get(10) == Some(&b'.');
    (fraction && cursor.peek() == Some(b' ')).then_some(stamp)
}

/// Seconds since 1970 with a fraction; numbers too large for that are milli-, micro- or nanoseconds.
fn epoch(cursor: &mut Cursor<'_>) -> Option<Stamp> {
    let digits = cursor.digits();
    if !(10..=19).contains(&digits.len()) {
        return None;
    }
    let whole = digits.iter().fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let unit: i128 = match digits.len() {
        10..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    let part = i128::from(cursor.fraction().unwrap_or(0));
    let nanos = whole * unit + part * unit / 1_000_000_000;
    let seconds = i64::try_from(nanos / 1_000_000_000).ok()?;
    let stamp = Stamp::from_unix(seconds, (nanos % 1_000_000_000) as u32);
    stamp.year.is_some_and(|year| year < 2200).then_some(stamp)
}

/// A stamp that stands in a field somewhere in the line.
fn field(text: &[u8]) -> Option<Stamp> {
    let head = &text[..text.len().min(HEAD)];
    ansible_end(text)
        .or_else(|| embedded_json(text, head))
        .or_else(|| logfmt(head))
        .or_else(|| audit(head))
        .or_else(|| access_log(head))
        .or_else(|| runner_trailer(text))
        .or_else(|| wrapped_json(head))
}

/// The fields of JSON that tell when the line was written, the best first.
const FIELDS: [&[u8]; 9] = [
    b"requestReceivedTimestamp",
    b"stageTimestamp",
    b"ts",
    b"time",
    b"timestamp",
    b"@timestamp",
    b"__REALTIME_TIMESTAMP",
    b"end",
    b"lastTimestamp",
];

/// The stamp among the outermost fields of a JSON object at the front of the text, cut off or not.
fn json(text: &[u8]) -> Option<Stamp> {
    let mut best: Option<(usize, Stamp)> = None;
    let whole = text;
    let text = &text[..text.len().min(JSON)];
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => break,
            b'}' | b']' => depth -= 1,
            b'"' => {
                let end = string_end(text, at + 1);
                if depth == 1 {
                    let rank = FIELDS.iter().position(|field| Some(*field) == text.get(at + 1..end));
                    let rank = rank.filter(|rank| best.is_none_or(|(best, _)| *rank < best));
                    if let Some(stamp) = rank.and_then(|_| value(text.get(end + 1..)?)) {
                        best = rank.map(|rank| (rank, stamp));
                    }
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    best.map(|(_, stamp)| stamp).or_else(|| (whole.len() > JSON).then(|| json_tail(whole)).flatten())
}

/// Where the string that starts at `from` ends: the place of its closing quote, or the end of the text.
fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(step) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += step;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}

/// The stamp of a JSON line too long to be walked: the audit log and docker have it near the end.
fn json_tail(text: &[u8]) -> Option<Stamp> {
    let tail = &text[text.len().saturating_sub(TAIL)..];
    [&b"\"requestReceivedTimestamp\""[..], b"\"time\""]
        .iter()
        .find_map(|field| memmem::rfind(tail, field).and_then(|at| value(&tail[at + field.len()..])))
}

/// The stamp that follows the name of a field: `: "2022-03-04T20:16:43Z"`, `:1646425003.68`.
fn value(text: &[u8]) -> Option<Stamp> {
    let mut cursor = Cursor(text);
    cursor.blanks();
    cursor.eat(b':')?;
    cursor.blanks();
    cursor.eat(b'"');
    let mut again = cursor;
    iso(&mut cursor).or_else(|| epoch(&mut again))
}

/// The stamp of a JSON object behind some other text.
fn embedded_json(text: &[u8], head: &[u8]) -> Option<Stamp> {
    memmem::find(head, b"{\"").and_then(|at| json(&text[at..]))
}

/// The stamp in a piece of a JSON object that was wrapped over several lines, its opening brace not among them.
fn wrapped_json(head: &[u8]) -> Option<Stamp> {
    let piece = &head[..memchr::memchr(b'{', head).unwrap_or(head.len())];
    FIELDS.iter().chain(&[&b"start"[..]]).find_map(|field| {
        let at = memmem::find(piece, field).filter(|at| *at > 0 && piece[at - 1] == b'"')?;
        value(piece[at + field.len()..].strip_prefix(b"\"")?)
    })
}

/// When a task of Ansible ended: `fatal: [10.200.0.138]: FAILED! => {…, "end": "2022-11-01 21:53:15.195648", …}`.
fn ansible_end(text: &[u8]) -> Option<Stamp> {
    let head = &text[..text.len().min(HEAD)];
    let result = &text[memmem::find(head, b" => {")? + 4..];
    json(result).or_else(|| {
        // The results of a loop are each an object of their own.
        let result = &result[..result.len().min(JSON)];
        memmem::find(result, b"\"end\"").and_then(|at| value(&result[at + 5..]))
    })
}

/// `time="2022-02-11T19:06:30.286813592Z" level=info …`, `level=info ts=2022-02-11T19:06:30Z caller=…`.
fn logfmt(head: &[u8]) -> Option<Stamp> {
    memchr::memchr_iter(b'=', head).find_map(|at| {
        let key =
            [&b"time"[..], b"ts", b"timestamp", b"t"].into_iter().find(|key| head[..at].ends_with(key))?;
        let before = head[..at - key.len()].last();
        if before.is_some_and(|b| !matches!(b, b' ' | b'\t' | b'"' | b'{' | b',')) {
            // `uptime` and `mount` end in a key and are others.
            return None;
        }
        let mut cursor = Cursor(&head[at + 1..]);
        cursor.eat(b'\\');
        cursor.eat(b'"');
        let mut again = cursor;
        iso(&mut cursor).or_else(|| epoch(&mut again))
    })
}

/// `audit(1506487181.009:32794)`: seconds since 1970 and a serial number.
fn audit(head: &[u8]) -> Option<Stamp> {
    let at = memmem::find(head, b"audit(")?;
    let mut cursor = Cursor(&head[at + 6..]);
    let stamp = epoch(&mut cursor)?;
    cursor.eat(b':').map(|()| stamp)
}

/// `[04/Mar/2022:20:16:43 +0000]` of an access log; of haproxy without zone.
fn access_log(head: &[u8]) -> Option<Stamp> {
    memchr::memchr_iter(b'[', head).find_map(|at| {
        let mut cursor = Cursor(&head[at + 1..]);
        let day = cursor.number(2, 2)?;
        cursor.eat(b'/')?;
        let month = month(cursor.word())?;
        cursor.eat(b'/')?;
        let year = cursor.number(4, 4)?;
        cursor.eat(b':')?;
        let stamp = Stamp::on(Some(year), month, day, clock(&mut cursor)?)?;
        Some(Stamp { zone: zone(&mut cursor), ..stamp })
    })
}

/// `Pod:… Result:Running Reason: Time:Fri Jul 26 16:01:30 2024`, at the end of a line.
fn runner_trailer(text: &[u8]) -> Option<Stamp> {
    let tail = &text[text.len().saturating_sub(HEAD)..];
    let at = memmem::rfind(tail, b" Time:")?;
    weekday(&mut Cursor(&tail[at + 6..]))
}
