//! Releases of the product, ranges of them, and the verdict for one cluster.
//!
//! `1.28.300-gke.131` is a release like any other, later than `1.28.300`: semantic versioning would take it for a
//! pre-release, so it is not used here.

use std::fmt;
use std::str::FromStr;

/// A release such as `1.14.2`, `1.33.0-gke.793`, or only the minor `1.12` when nothing tells the patch.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Version {
    major: u32,
    minor: u32,
    /// `None`: only the minor is known.
    patch: Option<u32>,
    /// The number after `-gke.`; `None` when the text has none.
    build: Option<u32>,
}

/// A place on the line of all releases: major, minor, patch, build.
type Point = (u32, u32, u32, u32);

impl Version {
    /// Whether only major and minor are known.
    pub fn is_minor_only(self) -> bool {
        self.patch.is_none()
    }

    /// Whether both are of the same minor, also called branch: `1.13.2` and `1.13.4` are.
    pub fn same_branch(self, other: Version) -> bool {
        (self.major, self.minor) == (other.major, other.minor)
    }

    /// Major and minor.
    pub fn branch(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// Where this release stands to another; `None` where one is only a minor that the other lies in.
    ///
    /// A release without a build number stands for all its builds: `1.28.300-gke.131` is equal to `1.28.300`. So does
    /// a minor for all its patches when it is `other`: `1.13.2` is equal to `1.13`.
    pub fn position(self, other: Version) -> Option<std::cmp::Ordering> {
        use std::cmp::Ordering;
        let (own, of) = (self.span(), other.span());
        if of.contains(own) {
            return Some(Ordering::Equal);
        }
        if own.end <= of.start {
            return Some(Ordering::Less);
        }
        (own.start >= of.end).then_some(Ordering::Greater)
    }

    /// The releases this text can stand for, as a half-open interval.
    fn span(self) -> Span {
        let (major, minor) = (self.major, self.minor);
        match (self.patch, self.build) {
            (None, _) => Span { start: (major, minor, 0, 0), end: (major, minor + 1, 0, 0) },
            (Some(patch), None) => {
                Span { start: (major, minor, patch, 0), end: (major, minor, patch + 1, 0) }
            }
            (Some(patch), Some(build)) => {
                Span { start: (major, minor, patch, build), end: (major, minor, patch, build + 1) }
            }
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if let Some(patch) = self.patch {
            write!(f, ".{patch}")?;
        }
        if let Some(build) = self.build {
            write!(f, "-gke.{build}")?;
        }
        Ok(())
    }
}

/// The text is no release of the product.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionError(String);

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for VersionError {}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 7 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Version, VersionError> {
        let error = || {
            VersionError(format!(
                "`{}` is not a release such as 1.14.2 or 1.28.300-gke.131",
                text.escape_debug()
            ))
        };
        let text = text.trim();
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (numbers, build) = match bare.split_once("-gke.") {
            Some((numbers, build)) => (numbers, Some(number(build).ok_or_else(error)?)),
            None => (bare, None),
        };
        let mut parts = numbers.split('.');
        let mut next = || parts.next().map(|part| number(part).ok_or_else(error)).transpose();
        let (major, minor, patch) = (next()?, next()?, next()?);
        if parts.next().is_some() || (patch.is_none() && build.is_some()) {
            return Err(error());
        }
        match (major, minor) {
            (Some(major), Some(minor)) => Ok(Version { major, minor, patch, build }),
            _ => Err(error()),
        }
    }
}

/// A half-open interval of releases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Span {
    start: Point,
    end: Point,
}

impl Span {
    fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A range of releases: `1.10.x`, `1.14.0`, `< 1.13.4`, or bounds joined by commas, `>= 1.13.0, <= 1.13.2`.
///
/// A bound without a build number stands for all builds of that patch: `<= 1.28.300` holds for `1.28.300-gke.131`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VersionRange {
    text: String,
    span: Span,
    has_lower_bound: bool,
}

impl VersionRange {
    /// Whether every release that `version` can stand for lies inside.
    pub fn contains(&self, version: Version) -> bool {
        self.span.contains(version.span())
    }

    /// Whether some release that `version` can stand for lies inside.
    pub fn may_contain(&self, version: Version) -> bool {
        self.span.overlaps(version.span())
    }

    /// Whether the two ranges share a release.
    pub fn overlaps(&self, other: &VersionRange) -> bool {
        self.span.overlaps(other.span)
    }

    /// Whether the range begins somewhere, rather than holding for all earlier releases.
    pub fn has_lower_bound(&self) -> bool {
        self.has_lower_bound
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for VersionRange {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<VersionRange, VersionError> {
        let mut span = Span { start: (0, 0, 0, 0), end: (u32::MAX, 0, 0, 0) };
        let mut has_lower_bound = false;
        for part in text.split(',') {
            let part = part.trim();
            let (operator, rest) =
                part.split_at(part.find(|c: char| !"<>=".contains(c)).unwrap_or(part.len()));
            let rest = rest.trim();
            let version: Version = rest.strip_suffix(".x").unwrap_or(rest).parse()?;
            if rest.ends_with(".x") != version.is_minor_only() {
                return Err(VersionError(format!("`{part}`: write all patches of a minor as `1.10.x`")));
            }
            let of = version.span();
            let (start, end) = match operator {
                "" | "=" | "==" => (Some(of.start), Some(of.end)),
                ">=" => (Some(of.start), None),
                ">" => (Some(of.end), None),
                "<" => (None, Some(of.start)),
                "<=" => (None, Some(of.end)),
                _ => return Err(VersionError(format!("`{operator}` is not an operator: use < <= = >= >"))),
            };
            has_lower_bound |= start.is_some();
            span.start = span.start.max(start.unwrap_or(span.start));
            span.end = span.end.min(end.unwrap_or(span.end));
        }
        if span.start >= span.end {
            return Err(VersionError(format!("`{text}` holds for no release")));
        }
        Ok(VersionRange { text: text.trim().to_owned(), span, has_lower_bound })
    }
}

/// Whether an issue concerns a cluster, judged by its version.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The release lies in an affected range.
    Affected,
    /// Nothing known decides it.
    Unknown,
    /// The source covers the release and names it in no range.
    NotAffected,
    /// The release has a fix of its own or of a lower branch.
    Fixed,
}

impl Verdict {
    /// The name used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Affected => "affected",
            Verdict::Fixed => "fixed",
            Verdict::NotAffected => "not_affected",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What is known of the releases an issue concerns.
#[derive(Clone, Debug, Default)]
pub struct Affects {
    /// Ranges in which the fault is present.
    pub affected: Vec<VersionRange>,
    /// Releases that fixed it, any branch.
    pub fixed_in: Vec<Version>,
    /// Releases the source speaks about; outside, silence proves nothing.
    pub covered: Option<VersionRange>,
}

impl Affects {
    /// The verdict for a cluster that runs `version`; a minor alone is affected only if all its patches are.
    pub fn verdict(&self, version: Option<Version>) -> Verdict {
        let Some(version) = version else { return Verdict::Unknown };
        if self.affected.iter().any(|range| range.contains(version)) {
            return Verdict::Affected;
        }
        if self.affected.iter().any(|range| range.may_contain(version)) {
            return Verdict::Unknown;
        }
        let fixed = self.fixed_in.iter().any(|fix| fix.span().start <= version.span().start);
        if fixed {
            return Verdict::Fixed;
        }
        let covered = self.covered.as_ref().is_some_and(|range| range.contains(version));
        if covered && !self.affected.is_empty() { Verdict::NotAffected } else { Verdict::Unknown }
    }

    /// The release to go to: the nearest fix on the cluster's own branch, else the nearest on a later one.
    pub fn fix_for(&self, version: Version) -> Option<Version> {
        let later = || self.fixed_in.iter().copied().filter(|fix| fix.span().end > version.span().start);
        let own = later().filter(|fix| fix.same_branch(version)).min();
        own.or_else(|| later().min())
    }
}

#[cfg(test)]
mod tests {
    use super::{Affects, Verdict, Version, VersionRange};

    fn version(text: &str) -> Version {
        text.parse().expect("a version of the test")
    }

    #[test]
    fn versions_parse_print_and_order() {
        let ordered =
            ["1.9.8", "1.10.0", "1.13.3", "1.14.0", "1.28.0-gke.435", "1.28.300-gke.131", "1.32.1100-gke.84"];
        for pair in ordered.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        for text in ordered {
            assert_eq!(version(text).to_string(), text);
        }
        assert_eq!(version("v1.14.2").to_string(), "1.14.2");
        for bad in ["", "1", "1.x", "1.2.3.4", "1.2-gke.3", "1.2.3-rc1", "1.-2", "1.99999999999"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_hold_at_their_borders() {
        let table = [
            ("1.10.x", "1.10.0", true),
            ("1.10.x", "1.10.99", true),
            ("1.10.x", "1.11.0", false),
            ("1.10.x", "1.9.9", false),
            ("1.10.x", "1.10", true),
            (">= 1.13.0, <= 1.13.2", "1.13.2", true),
            (">= 1.13.0, <= 1.13.2", "1.13.3", false),
            (">= 1.13.0, <= 1.13.2", "1.13", false),
            ("< 1.13.4", "1.13.3", true),
            ("< 1.13.4", "1.13.4", false),
            ("<= 1.28.300", "1.28.300-gke.131", true),
            ("> 1.28.300", "1.28.300-gke.131", false),
            ("< 1.32.1100-gke.84", "1.32.1100-gke.83", true),
            ("< 1.32.1100-gke.84", "1.32.1100-gke.84", false),
            ("1.14.0", "1.14.0-gke.5", true),
        ];
        for (range, of, expected) in table {
            let range: VersionRange = range.parse().expect("a range of the test");
            assert_eq!(range.contains(version(of)), expected, "{range} contains {of}");
        }
        for bad in ["", "1.10", ">= 1.12.0, < 1.12.0", "~1.2.3", "1.10.x, 1.11.x"] {
            assert!(bad.parse::<VersionRange>().is_err(), "{bad}");
        }
    }

    fn affects(affected: &[&str], fixed_in: &[&str], covered: &str) -> Affects {
        Affects {
            affected: affected.iter().map(|range| range.parse().expect("range")).collect(),
            fixed_in: fixed_in.iter().map(|fix| version(fix)).collect(),
            covered: Some(covered.parse().expect("range")),
        }
    }

    #[test]
    fn verdicts_follow_ranges_then_fixes_then_coverage() {
        let control_plane = affects(
            &["1.10.x", "1.11.x", "1.12.x", ">= 1.13.0, <= 1.13.2"],
            &["1.13.3", "1.14.0"],
            ">= 1.10.0, < 1.15.0",
        );
        let table = [
            ("1.9.8", Verdict::Unknown),
            ("1.10.0", Verdict::Affected),
            ("1.13.2", Verdict::Affected),
            ("1.13.3", Verdict::Fixed),
            ("1.14.1", Verdict::Fixed),
            ("1.16.0", Verdict::Fixed),
            ("1.12", Verdict::Affected),
            ("1.13", Verdict::Unknown),
            ("1.14", Verdict::Fixed),
        ];
        for (of, expected) in table {
            assert_eq!(control_plane.verdict(Some(version(of))), expected, "{of}");
        }
        assert_eq!(control_plane.verdict(None), Verdict::Unknown);
        let only_later = affects(&["1.14.0"], &["1.14.1"], ">= 1.10.0, < 1.15.0");
        assert_eq!(only_later.verdict(Some(version("1.13.9"))), Verdict::NotAffected);
        assert_eq!(only_later.verdict(Some(version("1.30.0-gke.1930"))), Verdict::Fixed);
        let nothing_known = Affects { covered: only_later.covered.clone(), ..Affects::default() };
        assert_eq!(nothing_known.verdict(Some(version("1.12.0"))), Verdict::Unknown);
    }

    #[test]
    fn the_fix_of_the_own_branch_comes_first() {
        let issue = affects(&["1.12.x"], &["1.14.0", "1.12.4", "1.13.1"], "1.12.x");
        assert_eq!(issue.fix_for(version("1.12.3")), Some(version("1.12.4")));
        assert_eq!(issue.fix_for(version("1.11.0")), Some(version("1.12.4")));
        assert_eq!(issue.fix_for(version("1.13.0")), Some(version("1.13.1")));
        assert_eq!(issue.fix_for(version("1.15.0")), None);
    }
}
