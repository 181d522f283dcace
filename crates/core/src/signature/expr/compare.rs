//! Comparing values: numbers, texts without regard to case, releases by their numbers.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::{Comparison, Value};
use crate::lazy::LazyRegex;
use crate::version::Version;

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

pub(super) fn compare(comparison: Comparison, a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Some(comparison.holds(a.partial_cmp(b)?)),
        (Value::Text(a), Value::Text(b)) => match (is_release(a), is_release(b)) {
            (_, true) | (true, _) => compare_releases(comparison, a, b),
            _ => Some(comparison.holds(a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase()))),
        },
        (Value::List(a), Value::List(b)) => match comparison {
            Comparison::Equal => Some(a == b),
            Comparison::NotEqual => Some(a != b),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the text begins with two numbers joined by a dot, and is no address.
fn is_release(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts = text.split('.');
    let number = |part: Option<&str>| part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    number(parts.next()) && number(parts.next()) && text.parse::<IpAddr>().is_err() && !text.contains('/')
}

/// Releases of the product by what each text can stand for: `1.13` stands for all its patches, so that `1.13 < 1.13.4`
/// is unknown. Releases of other software by their numbers, as far as the literal goes.
fn compare_releases(comparison: Comparison, a: &str, b: &str) -> Option<bool> {
    if let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>()) {
        return a.position(b).map(|ordering| comparison.holds(ordering));
    }
    let (a, b) = (numbers(a), numbers(b));
    if a.is_empty() || b.is_empty() {
        return matches!(comparison, Comparison::Equal | Comparison::NotEqual)
            .then_some(comparison == Comparison::NotEqual);
    }
    let padded = |index: usize| a.get(index).copied().unwrap_or(0);
    let ordering = (0..b.len()).map(|index| padded(index).cmp(&b[index])).find(|ordering| ordering.is_ne());
    Some(comparison.holds(ordering.unwrap_or(Ordering::Equal)))
}

/// The numbers a release begins with: `4.15.0-144-generic` gives 4, 15, 0, 144.
fn numbers(text: &str) -> Vec<u64> {
    let text = text.strip_prefix('v').unwrap_or(text);
    text.split(['.', '-', '_', '+', '~'])
        .map_while(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part[..end].parse().ok()
        })
        .collect()
}

/// Whether a list has all elements, or a text the part.
pub(super) fn contains(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::List(list), Value::Text(text)) => Some(list.contains(text)),
        (Value::List(list), Value::List(parts)) => Some(parts.iter().all(|part| list.contains(part))),
        (Value::Text(text), Value::List(parts)) => {
            Some(parts.iter().all(|part| text.contains(part.as_str())))
        }
        (Value::Text(text), Value::Text(part)) => {
            Some(text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()))
        }
        _ => None,
    }
}

/// Whether the text, or any element of the list, matches; unknown where the regex is too large to be compiled.
pub(super) fn matches(value: &Value, regex: &LazyRegex) -> Option<bool> {
    match value {
        Value::Text(text) => Some(regex.get()?.is_match(text)),
        Value::List(list) => {
            let regex = regex.get()?;
            Some(list.iter().any(|text| regex.is_match(text)))
        }
        Value::Number(_) | Value::Unknown => None,
    }
}

/// Whether the address, or any of the list, lies in one of the ranges.
pub(super) fn in_cidr(value: &Value, cidrs: &[String]) -> Option<bool> {
    let inside = |text: &String| {
        let Ok(IpAddr::V4(address)) = text.trim().parse() else { return false };
        let holds = |cidr: &String| {
            parse_cidr(cidr).is_some_and(|(base, mask)| u32::from(address) & mask == base & mask)
        };
        cidrs.iter().any(holds)
    };
    match value {
        Value::Text(text) => Some(inside(text)),
        Value::List(list) => Some(list.iter().any(inside)),
        Value::Number(_) | Value::Unknown => None,
    }
}

/// Base and mask of an IPv4 range.
pub(super) fn parse_cidr(text: &str) -> Option<(u32, u32)> {
    let (base, length) = text.split_once('/')?;
    let base: std::net::Ipv4Addr = base.parse().ok()?;
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
    Some((u32::from(base), mask))
}
