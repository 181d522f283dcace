//! Values of facts and their types.

/// What a fact says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FactValue {
    /// A number; a truth is 0 or 1, a share of processors thousandths, a size bytes, a span seconds.
    Number(f64),
    Text(String),
    List(Vec<String>),
}

/// The type of a fact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FactType {
    Number,
    Text,
    List,
    Bool,
    /// Thousandths of a processor: `40m`, `0.5`.
    Cpu,
    /// Bytes: `4608Mi`.
    Bytes,
    /// Seconds: `45m`, `3d4h`.
    Duration,
}

/// Bytes kept of one text.
const TEXT: usize = 512;

impl FactType {
    pub(crate) fn parse(name: &str) -> Option<FactType> {
        Some(match name {
            "number" => FactType::Number,
            "text" => FactType::Text,
            "list" => FactType::List,
            "bool" => FactType::Bool,
            "cpu" => FactType::Cpu,
            "bytes" => FactType::Bytes,
            "duration" => FactType::Duration,
            _ => return None,
        })
    }

    /// The value a text stands for.
    pub(crate) fn value(self, text: &str) -> Option<FactValue> {
        let text = text.trim();
        let number = |number: Option<f64>| number.filter(|n| n.is_finite()).map(FactValue::Number);
        match self {
            FactType::Number => number(text.parse().ok()),
            FactType::Text => Some(FactValue::Text(cut(text).to_owned())),
            FactType::List => Some(FactValue::List(vec![cut(text).to_owned()])),
            FactType::Bool => number(truth(text).map(|truth| f64::from(u8::from(truth)))),
            FactType::Cpu => number(cpu(text)),
            FactType::Bytes => number(bytes(text)),
            FactType::Duration => number(duration(text)),
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" | "enabled" | "active" => Some(true),
        "false" | "off" | "no" | "0" | "disabled" | "inactive" | "" => Some(false),
        _ => None,
    }
}

fn cpu(text: &str) -> Option<f64> {
    match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => text.parse::<f64>().ok().map(|processors| processors * 1000.0),
    }
}

fn bytes(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 9] = [
        ("Ki", 1024.0),
        ("Mi", 1048576.0),
        ("Gi", 1073741824.0),
        ("Ti", 1099511627776.0),
        ("k", 1e3),
        ("K", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    match unit {
        Some((number, factor)) => number.parse::<f64>().ok().map(|number| number * factor),
        None => text.parse().ok(),
    }
}

/// `3d4h`, `45m`, `12s` as `kubectl get` writes ages.
fn duration(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes()[end] {
            b'y' => 31_536_000.0,
            b'd' => 86_400.0,
            b'h' => 3600.0,
            b'm' => 60.0,
            b's' => 1.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[end + 1..];
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::{FactType, FactValue};

    #[test]
    fn texts_become_values() {
        let table = [
            ("number", "12", Some(12.0)),
            ("number", "x", None),
            ("number", "inf", None),
            ("cpu", "39m", Some(39.0)),
            ("cpu", "0.03", Some(30.0)),
            ("cpu", "2", Some(2000.0)),
            ("bytes", "4608Mi", Some(4_831_838_208.0)),
            ("bytes", "1G", Some(1e9)),
            ("duration", "3d4h", Some(273_600.0)),
            ("duration", "45m", Some(2700.0)),
            ("duration", "<invalid>", None),
            ("duration", "5é", None),
            ("bool", "on", Some(1.0)),
            ("bool", "False", Some(0.0)),
            ("bool", "perhaps", None),
        ];
        for (kind, text, expected) in table {
            let value = FactType::parse(kind).expect(kind).value(text);
            assert_eq!(value, expected.map(FactValue::Number), "{kind} {text}");
        }
    }
}
