//! Times of log lines, brought to one form.
//!
//! [`find_stamp`] reads what the line itself tells; a [`TimeContext`] lends what it does not, year and zone, and makes
//! a [`Time`] of it. A journal names no year and a library of Kubernetes neither year nor zone, so most lines of a
//! bundle need one. Who builds the context, and which lines are looked at, is left to others.

mod civil;
mod cursor;
mod stamp;

use std::fmt;

use civil::{DAY, civil_from_days};
use cursor::Cursor;
use memchr::memmem;

pub use stamp::{Stamp, find_stamp};

/// An instant, to the nanosecond, and whether it had to be inferred in part.
///
/// Ordered by instant; of two alike, the one that was not inferred comes first. [`fmt::Display`] gives RFC 3339 in
/// UTC, such as `2022-03-04T20:16:43.68Z`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds of that second.
    pub nanos: u32,
    /// Whether year or zone come from elsewhere than the line.
    pub inferred: bool,
}

impl Time {
    /// The instant that many seconds after 1970, taken as certain.
    pub fn from_unix(seconds: i64) -> Time {
        Time { seconds, nanos: 0, inferred: false }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanos != 0 {
            let fraction = format!("{:09}", self.nanos);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// An instant that tells the year of stamps without one, by where they must lie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum YearSource {
    /// Close to it: the time of another line of the same log.
    Near(Time),
    /// Not after it, a day of slack aside: when the log was collected or written last. Thus a log over New Year, read
    /// in January, has its December in the year before.
    Until(Time),
    /// Not before it, a day of slack aside: when the log was opened.
    Since(Time),
}

/// Where the year and the zone of stamps come from that lack them, for one entry.
#[derive(Clone, Debug, Default)]
pub struct TimeContext {
    /// What tells the year; without it, stamps without year stay unresolved.
    pub year: Option<YearSource>,
    /// Seconds east of UTC; without it, stamps without zone are taken as UTC.
    pub zone: Option<i32>,
}

impl TimeContext {
    /// The context of an entry before any of its lines was read.
    ///
    /// The year comes from a stamp in the path, else from the time of modification (seconds since 1970), else from
    /// the newest dated line of the bundle; the zone from the path.
    pub fn for_entry(path: &[u8], mtime: Option<i64>, newest: Option<Time>) -> TimeContext {
        let year = year_from_path(path).or_else(|| mtime.and_then(year_from_mtime)).or(newest);
        // The folder of an operation is named after its begin, all else after an end.
        let source = if names_begin(path) { YearSource::Since } else { YearSource::Until };
        TimeContext { year: year.map(source), zone: zone_from_path(path) }
    }

    /// Takes over year and zone of a stamp of the same file, for those that lack them.
    pub fn learn(&mut self, stamp: &Stamp) {
        // Journals in local time quote programs that print UTC, so an offset of zero does not replace another.
        if let Some(zone) = stamp.zone.filter(|zone| *zone != 0 || self.zone.is_none()) {
            self.zone = Some(zone);
        }
        if stamp.year.is_some() {
            self.year = self.resolve(stamp).map(YearSource::Near).or(self.year);
        }
    }

    /// Takes over what the header of the file tells.
    pub fn learn_header(&mut self, header: &Header) {
        let certain = header.end.or(header.begin);
        self.zone = certain.and_then(|stamp| stamp.zone).or(self.zone);
        let end = header.end.and_then(|end| self.resolve(&end)).map(YearSource::Until);
        let begin = || header.begin.and_then(|begin| self.resolve(&begin)).map(YearSource::Since);
        self.year = end.or_else(begin).or(self.year);
    }

    /// The instant of a stamp, or `None` where nothing tells its year.
    pub fn resolve(&self, stamp: &Stamp) -> Option<Time> {
        let zone = stamp.zone.or(self.zone).unwrap_or(0);
        let seconds = match stamp.year {
            Some(year) => stamp.seconds_in(year, zone),
            None => self.year.and_then(|source| place_in_year(stamp, zone, source)),
        }?;
        let inferred = stamp.year.is_none() || stamp.zone.is_none();
        Some(Time { seconds, nanos: stamp.nanos, inferred })
    }
}

/// Seconds since 1970 of a stamp without year.
fn place_in_year(stamp: &Stamp, zone: i32, source: YearSource) -> Option<i64> {
    let year_of = |seconds: i64| civil_from_days(seconds.div_euclid(DAY)).0;
    // Up to eight years lie between two 29ths of February. The year may differ by one from zone to zone.
    match source {
        YearSource::Near(at) => {
            let year = stamp::year_nearest(stamp, zone, at.seconds)?;
            stamp.seconds_in(year, zone)
        }
        YearSource::Until(end) => {
            let latest = end.seconds.checked_add(DAY)?;
            let last = year_of(latest) + 1;
            let mut years = (last - 9..=last).rev().filter_map(|year| stamp.seconds_in(year, zone));
            years.find(|seconds| *seconds <= latest)
        }
        YearSource::Since(begin) => {
            let earliest = begin.seconds.checked_sub(DAY)?;
            let first = year_of(earliest) - 1;
            let mut years = (first..=first + 9).filter_map(|year| stamp.seconds_in(year, zone));
            years.find(|seconds| *seconds >= earliest)
        }
    }
}

/// What the first line of a log tells of the times in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// When the log begins.
    pub begin: Option<Stamp>,
    /// When the log ends.
    pub end: Option<Stamp>,
}

/// The header of a journal or of a log of klog, if the line is one.
///
/// `-- Logs begin at Fri 2020-03-27 10:35:25 GMT, end at Wed 2020-05-27 … --`, later `-- Journal begins at …`, and
/// `Log file created at: 2022/03/04 20:16:43`.
pub fn header_of(line: &[u8]) -> Option<Header> {
    let line = line.trim_ascii_start();
    if let Some(text) = line.strip_prefix(b"Log file created at: ") {
        return Some(Header { begin: Some(stamp::date_time(text)?), end: None });
    }
    let text = line.strip_prefix(b"-- ")?;
    let mut stamps = memmem::find_iter(text, b" at ").map(|at| after_weekday(&text[at + 4..]));
    let begin = stamps.next()?;
    let end = stamps.next().flatten();
    (begin.is_some() || end.is_some()).then_some(Header { begin, end })
}

/// A date behind the name of a weekday, in any language.
fn after_weekday(text: &[u8]) -> Option<Stamp> {
    let blank = memchr::memchr(b' ', &text[..text.len().min(16)])?;
    stamp::date_time(&text[blank + 1..]).or_else(|| stamp::date_time(text))
}

/// The instant that a stamp in the path names: `create-cluster-20221101-214815/`, `snapshot-1650000000/`,
/// `sosreport-node-1-2022-11-01-abcdefg`.
///
/// The last one with a time of day counts, else the last date, to its end. Such a stamp is local time of some machine,
/// so it tells the year but not the second.
pub fn year_from_path(path: &[u8]) -> Option<Time> {
    let mut time = None;
    let mut date = None;
    for at in 0..path.len() {
        if at > 0 && path[at - 1].is_ascii_digit() {
            continue;
        }
        let mut cursor = Cursor(&path[at..]);
        match stamp_of_name(&mut cursor) {
            Some((seconds, true)) => time = Some(seconds),
            Some((seconds, false)) => date = Some(seconds + DAY - 1),
            None if follows_snapshot(&path[..at]) => time = epoch_of_name(&path[at..]).or(time),
            None => {}
        }
    }
    time.or(date).map(|seconds| Time { seconds, nanos: 0, inferred: true })
}

/// Whether the stamp in the path is that of a log folder of bmctl, such as `log/upgrade-cluster-20221101-214815/`.
fn names_begin(path: &[u8]) -> bool {
    const WORKSPACE: &[u8] = b"bmctl-workspace/";
    const LOG: &[u8] = b"/log/";
    let Some(workspace) = memchr::memmem::rfind(path, WORKSPACE) else { return false };
    let Some(log) = memchr::memmem::rfind(&path[workspace..], LOG) else { return false };
    let folder = &path[workspace + log + LOG.len()..];
    let name = folder.split(|&byte| byte == b'/').next().unwrap_or_default();
    name.len() < folder.len() && year_from_path(name).is_some()
}

/// Seconds since 1970 of `20221101-214815`, `2022-11-01_21.48.15` or a date alone, and whether a time was there.
fn stamp_of_name(cursor: &mut Cursor<'_>) -> Option<(i64, bool)> {
    let year = cursor.fixed(4)?;
    let dash = cursor.eat(b'-').is_some();
    let month = cursor.fixed(2)?;
    if dash {
        cursor.eat(b'-')?;
    }
    let day = cursor.fixed(2)?;
    let (year, month, day) = (year as i32, month as u8, day as u8);
    if !(2000..2100).contains(&year) || !civil::is_date(Some(year), month, day) {
        return None;
    }
    let seconds = civil::days_from_civil(year, month, day) * DAY;
    let mut time = *cursor;
    match time.eat_any(b"-_Tt.").and_then(|_| time_of_name(&mut time)) {
        Some(clock) => Some((seconds + clock, true)),
        None => (!cursor.peek().is_some_and(|b| b.is_ascii_alphanumeric())).then_some((seconds, false)),
    }
}

/// Seconds since midnight of `214815`, `21-48-15`, `21:48:15`.
fn time_of_name(cursor: &mut Cursor<'_>) -> Option<i64> {
    let hour = cursor.fixed(2)?;
    let by = cursor.eat_any(b"-_:.");
    let minute = cursor.fixed(2)?;
    if let Some(by) = by {
        cursor.eat(by)?;
    }
    let second = cursor.fixed(2)?;
    let whole = !cursor.peek().is_some_and(|b| b.is_ascii_digit());
    (whole && hour < 24 && minute < 60 && second < 60).then(|| i64::from(hour * 3600 + minute * 60 + second))
}

fn follows_snapshot(front: &[u8]) -> bool {
    front.ends_with(b"snapshot-") || front.ends_with(b"snapshot_")
}

/// Seconds since 1970 as ten digits.
fn epoch_of_name(text: &[u8]) -> Option<i64> {
    let digits = Cursor(text).digits();
    if digits.len() != 10 {
        return None;
    }
    let seconds = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    year_from_mtime(seconds).map(|_| seconds)
}

/// The instant of a time of modification, in seconds since 1970, unless archives are known to put it there for want of
/// a true one.
pub fn year_from_mtime(mtime: i64) -> Option<Time> {
    // Packers that strip times write 0 (tar) or 1980 (zip). The bound is in September 2001.
    let plausible = (1_000_000_000..7_258_118_400).contains(&mtime);
    plausible.then_some(Time { seconds: mtime, nanos: 0, inferred: true })
}

/// Seconds east of UTC of an entry whose path tells them: `journalctl --utc`, and logs of containers, which run in UTC.
pub fn zone_from_path(path: &[u8]) -> Option<i32> {
    const UTC: [&[u8]; 6] =
        [b"--utc", b"/pods/", b"/containers/", b"kubectl_logs", b"crictl_logs", b"docker_logs"];
    UTC.iter().any(|token| memmem::find(path, token).is_some()).then_some(0)
}

/// The instant a user names: RFC 3339, a date with or without time (UTC unless it tells the zone), or a span before
/// `reference`: `30m`, `36h`, `7d`, `1h30m`.
///
/// A date is its first instant. `None` for anything else.
pub fn parse_when(text: &str, reference: Time) -> Option<Time> {
    let text = text.trim();
    absolute(text).or_else(|| {
        let seconds = reference.seconds.checked_sub(span(text.as_bytes())?)?;
        Some(Time { seconds, ..reference })
    })
}

fn absolute(text: &str) -> Option<Time> {
    let filled = match text.len() {
        10 => format!("{text}T00:00:00"),
        16 => format!("{text}:00"),
        _ => text.to_owned(),
    };
    let stamp = stamp::whole_date_time(filled.as_bytes())?;
    let time = TimeContext::default().resolve(&stamp)?;
    Some(Time { inferred: false, ..time })
}

/// Seconds of `1h30m`.
fn span(text: &[u8]) -> Option<i64> {
    let mut cursor = Cursor(text);
    let mut total = 0_i64;
    loop {
        let count = i64::from(cursor.number(1, 9)?);
        let unit = match cursor.eat_any(b"smhdw")? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => DAY,
            _ => 7 * DAY,
        };
        total = total.checked_add(count * unit)?;
        if cursor.0.is_empty() {
            return Some(total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stamp of a line, with `?` for what the line does not tell.
    fn stamp_of(line: &[u8]) -> String {
        let Some(stamp) = find_stamp(line) else { return "none".to_owned() };
        let utc = TimeContext { zone: Some(0), year: Some(YearSource::Since(Time::from_unix(951_868_800))) };
        let time = utc.resolve(&Stamp { zone: Some(0), ..stamp }).expect("a date that exists").to_string();
        let year = stamp.year().map_or("????".to_owned(), |year| year.to_string());
        let zone = match stamp.zone() {
            None => "?".to_owned(),
            Some(0) => "Z".to_owned(),
            Some(zone) => format!("{:+05}", zone / 3600 * 100 + zone / 60 % 60),
        };
        format!("{year}{}{zone}", &time[4..time.len() - 1])
    }

    fn time(text: &str) -> Time {
        parse_when(text, Time::from_unix(0)).expect("a time of the test")
    }

    #[test]
    fn formats() {
        let table: &[(&str, &str, &str)] = &[
            // Name, line, stamp.
            (
                "bmctl",
                "[2022-06-02 05:36:03-0500] error judging if the cluster is managing itself: …",
                "2022-06-02T05:36:03-0500",
            ),
            (
                "bmctl, spinner and klog",
                "[2024-07-26 15:45:33+0000] Installing dependency components... ⠙ W0726 15:46:14.443801    5208 \
                 schema.go:149] unexpected field",
                "2024-07-26T15:46:14.443801Z",
            ),
            (
                "bmctl, torn",
                "[2024-07-26 15:45:33+0900] Installing dependency W0726 15:46:14.443801    5208 schema.go:149] x",
                "2024-07-26T15:46:14.443801+0900",
            ),
            (
                "bmctl, a step over New Year",
                "[2022-12-31 23:59:10+0000] Waiting ⠹ E0101 00:03:04.100000    5208 poll.go:208]  \"msg\"=\"x\"",
                "2023-01-01T00:03:04.1Z",
            ),
            (
                "bmctl and runner",
                "[2024-07-26 15:45:33+0000] Pod:x Result:Running Reason: Time:Fri Jul 26 16:01:30 2024",
                "2024-07-26T16:01:30Z",
            ),
            (
                "torn without bracket",
                "Installing dependency W0726 15:46:14.443801    5208 x",
                "????-07-26T15:46:14.443801?",
            ),
            (
                "klog",
                "I0119 22:11:49.705596 107905 client.go:48] Operation failed, retrying with backoff.",
                "????-01-19T22:11:49.705596?",
            ),
            (
                "klogr",
                "E0726 16:10:44.375797    5208 poll.go:208]  \"msg\"=\"Log streamer failed\" \"error\"=\"EOF\"  ",
                "????-07-26T16:10:44.375797?",
            ),
            (
                "klog on the leap day",
                "I0229 22:11:49.705596 1 client.go:48] x",
                "????-02-29T22:11:49.705596?",
            ),
            (
                "glog with year",
                "I20220119 22:11:49.705596 107905 client.cc:48] x",
                "2022-01-19T22:11:49.705596?",
            ),
            (
                "ansible",
                r#"fatal: [10.200.0.138]: FAILED! => {"changed": true, "cmd": "kubeadm init", "delta": "0:05:00", "end": "2022-11-01 21:53:15.195648", "stderr": "W1101 21:48:15.082440 99570 initconfiguration.go:119] x\nerror"}"#,
                "2022-11-01T21:53:15.195648?",
            ),
            (
                "ansible, bracket in front",
                r#"[2022-11-01 21:40:00+0900] fatal: [10.200.0.138]: FAILED! => {"end": "2022-11-01 21:53:15.195648", "stderr": "W1101 21:48:15.082440 99570 x"}"#,
                "2022-11-01T21:53:15.195648+0900",
            ),
            (
                "ansible, loop",
                r#"failed: [n] (item=x) => {"results": [{"end": "2022-11-01 21:53:15.195648"}]}"#,
                "2022-11-01T21:53:15.195648?",
            ),
            (
                "ansible without end",
                r#"fatal: [10.200.0.138]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect"}"#,
                "none",
            ),
            (
                "ansible, wrapped",
                r#""start": "2022-11-01 21:48:15.054979", "stderr": "W1101 21:48:15.082440 99570 initconfiguration.go:119]"#,
                "2022-11-01T21:48:15.054979?",
            ),
            (
                "ansible timer",
                "Friday 26 July 2024  16:01:27 +0000 (0:00:00.381)       0:01:21.826 *****",
                "2024-07-26T16:01:27Z",
            ),
            (
                "runner trailer",
                "Pod:x Result:Running Reason: Time:Fri Jul 26 16:01:30 2024",
                "2024-07-26T16:01:30?",
            ),
            (
                "journald and klog",
                "Mar 27 10:55:29 SR-SVR-206.dev.os.net kubelet[6155]: W0327 10:55:29.018276    6155 \
                 container.go:409] Failed to create",
                "????-03-27T10:55:29?",
            ),
            ("journald, one digit", "Mar  7 10:55:29 n kubelet[6155]: x", "????-03-07T10:55:29?"),
            ("journald, precise", "Mar 27 10:55:29.123456 n kubelet[6155]: x", "????-03-27T10:55:29.123456?"),
            (
                "journald, short-iso",
                "2022-03-04T20:16:43+0900 n kubelet[1]: I0304 11:16:43.000001 1 x",
                "2022-03-04T20:16:43+0900",
            ),
            (
                "journald, short-full",
                "Fri 2022-03-04 20:16:43 KST n kubelet[1]: x",
                "2022-03-04T20:16:43+0900",
            ),
            ("journald, short-unix", "1646425003.680484 n kubelet[1]: x", "2022-03-04T20:16:43.680484Z"),
            ("syslog with year", "Mar 27 2020 10:55:29 n kernel: x", "2020-03-27T10:55:29?"),
            (
                "syslog with priority",
                "<34>1 2022-03-04T20:16:43.003Z n su - ID47 - x",
                "2022-03-04T20:16:43.003Z",
            ),
            (
                "journald, other locale",
                r#"okt. 29 15:05:55 linux microk8s.daemon-containerd[147026]: time="2020-10-29T15:05:55+01:00" level=error msg="x"#,
                "2020-10-29T15:05:55+0100",
            ),
            (
                "journald, other locale and klog",
                "okt. 29 15:05:55 linux kubelet[1]: E1029 15:05:55.000017 1 x.go:1] y",
                "????-10-29T15:05:55.000017?",
            ),
            ("journald, other locale, nothing within", "okt. 29 15:05:55 linux kubelet[1]: starting", "none"),
            ("journald, Korean", "10월 29 15:05:55 linux kubelet[1]: starting", "????-10-29T15:05:55?"),
            (
                "containerd logfmt",
                r#"Feb 11 19:06:30 host containerd[32062]: time="2022-02-11T19:06:30.286813592Z" level=info msg="Start""#,
                "2022-02-11T19:06:30.286813592Z",
            ),
            ("bare logfmt", r#"time="2022-02-11T19:06:30+09:00" level=info"#, "2022-02-11T19:06:30+0900"),
            ("logfmt, ts", "level=info ts=2022-02-11T19:06:30.1Z caller=main.go:1", "2022-02-11T19:06:30.1Z"),
            ("logfmt, no key of time", "mount=2022-02-11T19:06:30Z", "none"),
            (
                "cri",
                "2022-03-04T20:16:43.680484387Z stderr F W0304 20:16:43.680000 1 x.go:1] y",
                "2022-03-04T20:16:43.680484387Z",
            ),
            (
                "cri with offset",
                "2022-03-04T20:16:43.680484387+09:00 stderr P x",
                "2022-03-04T20:16:43.680484387+0900",
            ),
            (
                "fluent-bit",
                "[2022/03/04 20:16:43] [ warn] [parser:cri] invalid time format %Y-%m",
                "2022-03-04T20:16:43?",
            ),
            (
                "cri and fluent-bit",
                "2022-03-04T20:16:44.1Z stderr F [2022/03/04 20:16:43] [engine] caught signal (SIGSEGV)",
                "2022-03-04T20:16:44.1Z",
            ),
            ("stack line", "#0 0x5590aa24bdd5 in validate_insert_id() at plugins/x", "none"),
            (
                "zap console",
                "2025-06-05T22:37:51.983Z\tERROR\tANGd.Setup\tFailed {\"nodeName\": \"n\"}",
                "2025-06-05T22:37:51.983Z",
            ),
            (
                "zap console, bare",
                r#"ANGd.Setup Failed to create ANG daemon {"nodeName": "n", "error": "x"}"#,
                "none",
            ),
            (
                "zap JSON",
                r#"{"level":"error","ts":"2025-06-05T22:37:51.983Z","msg":"x","error":"y"}"#,
                "2025-06-05T22:37:51.983Z",
            ),
            (
                "zap JSON, offset",
                r#"{"ts":"2025-06-05T22:37:51.983+0900","msg":"x"}"#,
                "2025-06-05T22:37:51.983+0900",
            ),
            (
                "zap JSON, seconds",
                r#"{"level":"info","ts":1646425003.680484,"msg":"x"}"#,
                "2022-03-04T20:16:43.680484Z",
            ),
            (
                "JSON of Kubernetes, milliseconds",
                r#"{"ts":1646425003680.4844,"msg":"x"}"#,
                "2022-03-04T20:16:43.6804844Z",
            ),
            (
                "docker json-file",
                r#"{"log":"W0304 20:16:43.000000 1 x \"time\":\"y\"\n","stream":"stderr","time":"2022-03-04T20:16:43.680484387Z"}"#,
                "2022-03-04T20:16:43.680484387Z",
            ),
            (
                "Kubernetes audit",
                r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","requestObject":{"time":"2020-01-01T00:00:00Z"},"time":"2020-01-01T00:00:00Z","requestReceivedTimestamp":"2022-03-04T20:16:43.680484Z","stageTimestamp":"2022-03-04T20:16:44.680484Z"}"#,
                "2022-03-04T20:16:43.680484Z",
            ),
            (
                "JSON journal",
                r#"{"__REALTIME_TIMESTAMP" : "1646425003680484", "MESSAGE":"x"}"#,
                "2022-03-04T20:16:43.680484Z",
            ),
            ("JSON within a field only", r#"{"a":{"ts":"2025-06-05T22:37:51.983Z"}}"#, "none"),
            ("JSON, zero value", r#"{"ts":"0001-01-01T00:00:00Z"}"#, "none"),
            (
                "OS audit",
                "type=AVC msg=audit(1506487181.009:32794): avc:  denied  { create } for  pid=27960",
                "2017-09-27T04:39:41.009Z",
            ),
            (
                "OS audit in dmesg",
                "[   12.345678] audit: type=1400 audit(1506487181.009:32794): avc:  denied",
                "2017-09-27T04:39:41.009Z",
            ),
            (
                "OS audit in a journal",
                "Sep 27 04:39:41 n kernel: audit: type=1400 audit(1506487181.009:32794): avc:  denied",
                "2017-09-27T04:39:41.009Z",
            ),
            ("dmesg", "[    0.000000] Linux version 5.4.0-99-generic (buildd@lcy02)", "none"),
            ("dmesg -T", "[Fri Mar  4 20:16:43 2022] Linux version 5.4.0-99-generic", "2022-03-04T20:16:43?"),
            (
                "dmesg --time-format iso",
                "2022-03-04T20:16:43,000000+09:00 Linux version",
                "2022-03-04T20:16:43+0900",
            ),
            ("keepalived", "Fri Mar  4 20:16:43 2022: (VI_1) Entering MASTER STATE", "2022-03-04T20:16:43?"),
            ("date", "Fri Mar  4 20:16:43 KST 2022", "2022-03-04T20:16:43+0900"),
            ("date, twelve hours", "Fri Mar  4 08:16:43 PM UTC 2022", "2022-03-04T20:16:43Z"),
            ("RFC 1123", "Fri, 04 Mar 2022 20:16:43 +0900", "2022-03-04T20:16:43+0900"),
            ("envoy", "[2022-03-04 20:16:43.680][1][warning][config] x", "2022-03-04T20:16:43.68?"),
            (
                "haproxy",
                "10.0.0.1:5000 [04/Mar/2022:20:16:43.123] k8s k8s/n 0/0/0",
                "2022-03-04T20:16:43.123?",
            ),
            ("access log", "10.0.0.1 - - [04/Mar/2022:20:16:43 +0900] \"GET /\"", "2022-03-04T20:16:43+0900"),
            (
                "Go",
                "2022/03/04 20:16:43 http: TLS handshake error from 10.0.0.1:1: EOF",
                "2022-03-04T20:16:43?",
            ),
            ("etcd", "2022-03-04 20:16:43.680484 W | etcdserver: x", "2022-03-04T20:16:43.680484?"),
            ("Python", "2022-03-04 20:16:43,680 - root - ERROR", "2022-03-04T20:16:43.68?"),
            ("kubectl logs --prefix", "[pod/a-b/c] 2022-03-04T20:16:43.68Z x", "2022-03-04T20:16:43.68Z"),
            ("CoreDNS", "[INFO] 10.0.0.1:5000 - 1 \"A IN x\"", "none"),
            ("colours", "\x1b[32m2022-03-04T20:16:43Z\x1b[0m x", "2022-03-04T20:16:43Z"),
            ("quoted in a mail", "> │ 2022-03-04T20:16:43Z x", "2022-03-04T20:16:43Z"),
            ("event with ages", "5m12s       Warning   BackOff   pod/x   Back-off restarting", "none"),
            ("blob of a journal", "[1.2K blob data]", "none"),
            (
                "header of a journal",
                "-- Logs begin at Fri 2020-03-27 10:35:25 GMT, end at Fri 2020-03-27 11:00:00 GMT. --",
                "none",
            ),
            ("reboot", "-- Reboot --", "none"),
            ("no time", "error: the server doesn't have a resource type \"clusters\"", "none"),
            ("a date alone", "2022-03-04 released", "none"),
            ("February 30", "[2022-02-30 05:36:03-0500] x", "none"),
            ("February 29 of another year", "2022-02-29T05:36:03Z x", "none"),
            ("hour 25", "2022-02-20T25:36:03Z x", "none"),
            ("minute 60", "I0119 22:60:49.705596 1 x", "none"),
            ("month 13", "I1319 22:10:49.705596 1 x", "none"),
            ("leap second", "2016-06-30T23:59:60Z x", "2016-07-01T00:00:00Z"),
            ("an offset that is none", "2022-03-04 20:16:43-10.200.0.3 x", "2022-03-04T20:16:43?"),
            ("a dash behind the time", "2022-03-04 20:16:43 - x", "2022-03-04T20:16:43?"),
            ("a zone with two meanings", "2022-03-04 20:16:43 CST x", "2022-03-04T20:16:43?"),
        ];
        let wrong: Vec<String> = table
            .iter()
            .map(|(name, line, expected)| (name, line, expected, stamp_of(line.as_bytes())))
            .filter(|(.., expected, got)| *expected != got)
            .map(|(name, line, expected, got)| format!("{name}: expected {expected}, got {got} for {line}"))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_long_audit_event_is_read_at_its_end() {
        let filler = "x".repeat(200_000);
        let line = format!(
            r#"{{"kind":"Event","requestObject":{{"data":"{filler}"}},"requestReceivedTimestamp":"2022-03-04T20:16:43.680484Z","annotations":{{}}}}"#
        );
        assert_eq!(stamp_of(line.as_bytes()), "2022-03-04T20:16:43.680484Z");
    }

    fn resolved(context: &TimeContext, line: &str) -> String {
        let stamp = find_stamp(line.as_bytes()).expect("a stamp of the test");
        context
            .resolve(&stamp)
            .map_or("none".to_owned(), |time| format!("{time}{}", if time.inferred { "?" } else { "" }))
    }

    #[test]
    fn year_and_zone_are_inferred_and_said_so() {
        use YearSource::{Near, Since, Until};
        let table: &[(Option<YearSource>, Option<i32>, &str, &str)] = &[
            (None, None, "2022-03-04T20:16:43.680+0900 n x[1]: y", "2022-03-04T11:16:43.68Z"),
            (None, None, "[2022/03/04 20:16:43] [engine] x", "2022-03-04T20:16:43Z?"),
            (None, Some(9 * 3600), "[2022/03/04 20:16:43] [engine] x", "2022-03-04T11:16:43Z?"),
            (None, None, "I0119 22:11:49.705596 1 x", "none"),
            (
                Some(Until(time("2022-06-01"))),
                None,
                "I0119 22:11:49.705596 1 x",
                "2022-01-19T22:11:49.705596Z?",
            ),
            // A log over New Year, collected in January.
            (Some(Until(time("2023-01-03"))), None, "I1231 22:11:49.0 1 x", "2022-12-31T22:11:49Z?"),
            (Some(Until(time("2023-01-03"))), None, "I0102 22:11:49.0 1 x", "2023-01-02T22:11:49Z?"),
            (Some(Until(time("2023-01-03"))), None, "I0103 22:11:49.0 1 x", "2023-01-03T22:11:49Z?"),
            (Some(Until(time("2023-01-03"))), None, "I0105 22:11:49.0 1 x", "2022-01-05T22:11:49Z?"),
            // An operation that started at the end of the year.
            (Some(Until(time("2022-12-31 23:50"))), None, "I0101 00:11:49.0 1 x", "2023-01-01T00:11:49Z?"),
            (Some(Until(time("2023-06-01"))), None, "I0229 22:11:49.0 1 x", "2020-02-29T22:11:49Z?"),
            (Some(Since(time("2022-12-31 23:50"))), None, "I0301 00:11:49.0 1 x", "2023-03-01T00:11:49Z?"),
            (Some(Since(time("2022-12-31 23:50"))), None, "I1231 23:51:49.0 1 x", "2022-12-31T23:51:49Z?"),
            (Some(Near(time("2022-12-31 23:50"))), None, "I0201 00:11:49.0 1 x", "2023-02-01T00:11:49Z?"),
            (Some(Near(time("2022-12-31 23:50"))), None, "I1101 00:11:49.0 1 x", "2022-11-01T00:11:49Z?"),
            // Midnight of New Year in one zone is the year before in another.
            (
                Some(Until(time("2022-12-31 16:00"))),
                Some(9 * 3600),
                "I0101 00:30:00.0 1 x",
                "2022-12-31T15:30:00Z?",
            ),
        ];
        for &(year, zone, line, expected) in table {
            assert_eq!(
                resolved(&TimeContext { year, zone }, line),
                expected,
                "{line} with {year:?} {zone:?}"
            );
        }
    }

    #[test]
    fn a_file_teaches_year_and_zone() {
        let mut context = TimeContext::for_entry(b"nodes/n/journalctl_-u_kubelet", Some(1_700_000_000), None);
        assert_eq!(resolved(&context, "Mar 27 10:55:29 n kubelet[1]: x"), "2023-03-27T10:55:29Z?");
        let header = header_of(
            b"-- Logs begin at Fri 2020-03-27 10:35:25 KST, end at Wed 2020-05-27 11:00:00 KST. --",
        )
        .expect("a header");
        context.learn_header(&header);
        assert_eq!(resolved(&context, "Mar 27 10:55:29 n kubelet[1]: x"), "2020-03-27T01:55:29Z?");
        let dated = find_stamp(b"[2021-12-31 23:00:00-0500] x").expect("a stamp");
        context.learn(&dated);
        assert_eq!(resolved(&context, "Jan  1 10:55:29 n kubelet[1]: x"), "2022-01-01T15:55:29Z?");
        let quoted = find_stamp(br#"time="2021-12-31T23:00:00Z""#).expect("a stamp");
        context.learn(&quoted);
        assert_eq!(context.zone, Some(-5 * 3600));
    }

    #[test]
    fn headers() {
        let end = |line: &[u8]| {
            let header = header_of(line)?;
            let stamp = header.end.or(header.begin)?;
            TimeContext::default().resolve(&stamp).map(|time| time.to_string())
        };
        let table: &[(&str, Option<&str>)] = &[
            (
                "-- Logs begin at Fri 2020-03-27 10:35:25 GMT, end at Fri 2020-03-27 11:00:00 GMT. --",
                Some("2020-03-27T11:00:00Z"),
            ),
            (
                "-- Journal begins at ven. 2020-03-27 10:35:25 CET, ends at ven. 2020-03-27 11:00:00 CET. --",
                Some("2020-03-27T10:00:00Z"),
            ),
            ("Log file created at: 2022/03/04 20:16:43", Some("2022-03-04T20:16:43Z")),
            ("-- Reboot --", None),
            ("-- No entries --", None),
            ("-- looking at x, end at y --", None),
            ("Mar 27 10:55:29 n kubelet[1]: x", None),
        ];
        for (line, expected) in table {
            assert_eq!(end(line.as_bytes()).as_deref(), *expected, "{line}");
        }
    }

    #[test]
    fn the_folder_of_an_operation_is_named_after_its_begin() {
        let at = |path: &[u8], line: &[u8]| {
            let context = TimeContext::for_entry(path, None, None);
            find_stamp(line).and_then(|stamp| context.resolve(&stamp)).map(|time| time.to_string())
        };
        let log = b"s.tar.gz!bmctl-workspace/c1/log/upgrade-cluster-20220105-010000/upgrade-cluster.log";
        for (line, expected) in [
            ("E0105 03:50:49.000000 1 x.go:1] y", "2022-01-05T03:50:49Z"),
            ("E0119 03:50:49.000000 1 x.go:1] y", "2022-01-19T03:50:49Z"),
            ("E0104 23:50:49.000000 1 x.go:1] y", "2022-01-04T23:50:49Z"),
        ] {
            assert_eq!(at(log, line.as_bytes()).as_deref(), Some(expected), "{line}");
        }
        let snapshot = b"bmctl-workspace/c1/snapshot-2022-01-05-010000/nodes/n/files/var/log/messages";
        let line = b"E0119 03:50:49.000000 1 x.go:1] y";
        assert_eq!(at(snapshot, line).as_deref(), Some("2021-01-19T03:50:49Z"));
    }

    #[test]
    fn stamps_of_paths() {
        let table: &[(&str, Option<&str>)] = &[
            (
                "bmctl-workspace/c/log/create-cluster-20221101-214815/create-cluster.log",
                Some("2022-11-01T21:48:15Z"),
            ),
            ("snapshot-1650000000/global/kubectl_get_nodes", Some("2022-04-15T05:20:00Z")),
            ("snap-2022-03-04-201643.tar.gz!s/nodes/n/x", Some("2022-03-04T20:16:43Z")),
            (
                "snap-2023-03-04-201643.tar.gz!s/log/pods/a_b_c/0.log.20220304-201643.gz",
                Some("2022-03-04T20:16:43Z"),
            ),
            ("sosreport-node-1-2022-11-01-abcdefg.tar.xz!sosreport-x/y", Some("2022-11-01T23:59:59Z")),
            ("var/log/messages-20220304", Some("2022-03-04T23:59:59Z")),
            ("reset-cluster-20221301-214815/x", None),
            ("log/pods/kube-system_x_12345678-9012-3456-7890-123456789012/c/0.log", None),
            ("nodes/10.200.0.138/journalctl_-u_kubelet", None),
            ("x-202203041", None),
            ("", None),
        ];
        for (path, expected) in table {
            let got = year_from_path(path.as_bytes()).map(|time| time.to_string());
            assert_eq!(got.as_deref(), *expected, "{path}");
        }
        assert_eq!(year_from_mtime(0), None);
        assert_eq!(year_from_mtime(315_532_800), None);
        assert_eq!(year_from_mtime(1_650_000_000).map(|time| time.seconds), Some(1_650_000_000));
        assert_eq!(zone_from_path(b"nodes/n/commands/journalctl_--utc_-u_kubelet"), Some(0));
        assert_eq!(zone_from_path(b"nodes/n/files/var/log/pods/a_b_c/d/0.log"), Some(0));
        assert_eq!(zone_from_path(b"nodes/n/commands/journalctl_-u_kubelet"), None);
    }

    #[test]
    fn instants_a_user_names() {
        let reference = time("2022-03-04T20:16:43.680Z");
        let table: &[(&str, Option<&str>)] = &[
            ("2022-03-01", Some("2022-03-01T00:00:00Z")),
            ("2022-03-01T10:20", Some("2022-03-01T10:20:00Z")),
            ("2022-03-01 10:20:30", Some("2022-03-01T10:20:30Z")),
            (" 2022-03-01T10:20:30.5+09:00", Some("2022-03-01T01:20:30.5Z")),
            ("36h", Some("2022-03-03T08:16:43.68Z")),
            ("7d", Some("2022-02-25T20:16:43.68Z")),
            ("1h30m", Some("2022-03-04T18:46:43.68Z")),
            ("30m", Some("2022-03-04T19:46:43.68Z")),
            ("30", None),
            ("", None),
            ("m", None),
            ("-1h", None),
            ("9999999999h", None),
            ("2022-02-30", None),
            ("2022-03-01T10:20:30Z later", None),
            ("어제", None),
        ];
        for (text, expected) in table {
            let got = parse_when(text, reference).map(|time| time.to_string());
            assert_eq!(got.as_deref(), *expected, "{text}");
        }
    }

    #[test]
    fn times_are_ordered_and_shown_without_trailing_zeros() {
        let early = Time { seconds: -1, nanos: 500_000_000, inferred: false };
        assert_eq!(early.to_string(), "1969-12-31T23:59:59.5Z");
        assert!(early < Time::from_unix(0));
        for seconds in [i64::MIN, i64::MAX] {
            let context = TimeContext { year: Some(YearSource::Near(Time::from_unix(seconds))), zone: None };
            assert!(!Time::from_unix(seconds).to_string().is_empty());
            assert!(context.resolve(&find_stamp(b"I0119 22:11:49.705596 1 x").expect("a stamp")).is_some());
        }
        assert!(Time::from_unix(0) < Time { inferred: true, ..Time::from_unix(0) });
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let seeds: &[&str] = &[
            "[2024-07-26 15:45:33+0000] Installing ⠙ W0726 15:46:14.443801    5208 schema.go:149] x",
            r#"fatal: [10.200.0.138]: FAILED! => {"end": "2022-11-01 21:53:15.195648", "x": "\"y"}"#,
            "Friday 26 July 2024  16:01:27 +0000 (0:00:00.381)       0:01:21.826 *****",
            "okt. 29 15:05:55 linux m[1]: time=\"2020-10-29T15:05:55+01:00\" Time:Fri Jul 26 16:01:30 2024",
            "Fri Mar  4 08:16:43 PM UTC 2022 audit(1506487181.009:32794): [04/Mar/2022:20:16:43 +0900]",
            r#"{"log":"a","ts":1646425003680.4844,"time":"2022-03-04T20:16:43.680484387Z"}"#,
            "-- Logs begin at Fri 2020-03-27 10:35:25 GMT, end at Fri 2020-03-27 11:00:00 GMT. --",
            "\x1b[32m<34>1 10월 29 15:05:55 create-cluster-20221101-214815/snapshot-1650000000/9999w",
        ];
        // A generator of Marsaglia; the seed is fixed so that a failure repeats.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        for round in 0..40_000 {
            let mut line = seeds[round % seeds.len()].as_bytes().to_vec();
            for _ in 0..1 + random(6) {
                let at = random(line.len());
                match random(4) {
                    0 => line[at] = random(256) as u8,
                    1 => line[at] = b"0123456789:-[]{}\" "[random(18)],
                    2 => drop(line.drain(at..(at + 1 + random(3)).min(line.len()))),
                    _ => line.truncate(at.max(1)),
                }
                if line.is_empty() {
                    line.push(b'[');
                }
            }
            let mut context = TimeContext::for_entry(&line, Some(random(1 << 40) as i64), None);
            if let Some(header) = header_of(&line) {
                context.learn_header(&header);
            }
            if let Some(stamp) = find_stamp(&line) {
                let _ = context.resolve(&stamp).map(|time| time.to_string());
                context.learn(&stamp);
                let _ = context.resolve(&stamp);
            }
            let _ = parse_when(&String::from_utf8_lossy(&line), Time::from_unix(i64::MIN));
        }
    }
}
