//! Types of captured values: what may fill a command that a person pastes into a shell.

/// The form a captured value must have; CONTRIBUTING lists them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CaptureType {
    Ip,
    Cidr,
    DnsName,
    Name,
    Interface,
    TokenId,
    Version,
    Number,
    Uid,
    Path,
    Url,
    Word,
    Text,
}

/// Names of the types as signature files write them.
pub(crate) const CAPTURE_TYPES: [(&str, CaptureType); 13] = [
    ("ip", CaptureType::Ip),
    ("cidr", CaptureType::Cidr),
    ("dns-name", CaptureType::DnsName),
    ("name", CaptureType::Name),
    ("interface", CaptureType::Interface),
    ("token-id", CaptureType::TokenId),
    ("version", CaptureType::Version),
    ("number", CaptureType::Number),
    ("uid", CaptureType::Uid),
    ("path", CaptureType::Path),
    ("url", CaptureType::Url),
    ("word", CaptureType::Word),
    ("text", CaptureType::Text),
];

impl CaptureType {
    pub(crate) fn parse(text: &str) -> Option<CaptureType> {
        CAPTURE_TYPES.iter().find(|(name, _)| *name == text).map(|&(_, capture_type)| capture_type)
    }

    /// The name that files write.
    pub(crate) fn name(self) -> &'static str {
        CAPTURE_TYPES.iter().find(|(_, it)| *it == self).map_or("text", |(name, _)| name)
    }

    /// Whether a value of this type may stand in a command.
    pub(crate) fn fills_commands(self) -> bool {
        !matches!(self, CaptureType::Url | CaptureType::Word | CaptureType::Text)
    }

    /// Whether `value` has the form of this type. No form lets through a blank, a quote or a shell character.
    pub(crate) fn accepts(self, value: &str) -> bool {
        match self {
            CaptureType::Ip => value.parse::<std::net::IpAddr>().is_ok(),
            CaptureType::Cidr => value.split_once('/').is_some_and(|(ip, length)| {
                ip.parse::<std::net::IpAddr>().is_ok() && length.len() <= 3 && is_digits(length)
            }),
            CaptureType::DnsName => value.len() <= 253 && value.split('.').all(is_label),
            CaptureType::Name => value.len() <= 253 && value.split('.').all(is_label) && !has_upper(value),
            CaptureType::Interface => {
                (1..=15).contains(&value.len())
                    && value.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-@:".contains(&b))
            }
            CaptureType::TokenId => {
                value.len() == 6 && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            }
            CaptureType::Version => {
                value.len() <= 40
                    && !value.contains(char::is_whitespace)
                    && value.parse::<crate::version::Version>().is_ok()
            }
            CaptureType::Number => value.len() <= 20 && is_digits(value),
            CaptureType::Uid => {
                let groups: Vec<usize> = value.split('-').map(str::len).collect();
                groups == [8, 4, 4, 4, 12] && value.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
            }
            CaptureType::Path => {
                value.len() <= 1024
                    && value.starts_with('/')
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~/-".contains(&b))
            }
            CaptureType::Url => {
                value.len() <= 1024
                    && (value.starts_with("https://") || value.starts_with("http://"))
                    && value.bytes().all(|b| b.is_ascii_graphic() && !b"\"'`$\\<>|;(){}".contains(&b))
            }
            CaptureType::Word => {
                (1..=253).contains(&value.len())
                    && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:/@-".contains(&b))
            }
            CaptureType::Text => true,
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn has_upper(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_uppercase())
}

fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::CaptureType;

    #[test]
    fn forms_hold_and_hostile_values_do_not() {
        let table = [
            ("ip", "10.200.0.3", true),
            ("ip", "fe80::1", true),
            ("ip", "1.3.4.0.5", false),
            ("cidr", "192.168.0.0/16", true),
            ("dns-name", "webhook-service.kube-system.svc", true),
            ("dns-name", "a..b", false),
            ("name", "anetd-7xk2p", true),
            ("name", "USER_CLUSTER", false),
            ("interface", "ens192", true),
            ("interface", "bond0.100", true),
            ("interface", "a-name-longer-than-15", false),
            ("interface", "-rf", false),
            ("token-id", "yjcik0", true),
            ("token-id", "yjcik0.1", false),
            ("version", "1.28.300-gke.131", true),
            ("number", "42", true),
            ("uid", "6d9466f7-d818-4658-b27c-3474bfd48c79", true),
            ("path", "/var/lib/kubelet/pods/x~y", true),
            ("path", "/tmp/$(id)", false),
            ("url", "https://a.svc:443/x?timeout=10s", true),
            ("url", "https://a/`id`", false),
            ("word", "linklocal", true),
            ("word", "a b", false),
        ];
        for (name, value, expected) in table {
            let capture_type = CaptureType::parse(name).expect(name);
            assert_eq!(capture_type.accepts(value), expected, "{name} {value}");
            if capture_type.fills_commands() {
                for hostile in
                    [format!("{value};id"), format!("{value} x"), format!("$({value})"), format!("{value}\n")]
                {
                    assert!(!capture_type.accepts(&hostile), "{name} {hostile:?}");
                }
            }
        }
    }
}
