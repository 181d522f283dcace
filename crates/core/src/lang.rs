//! The words of the program in the languages it speaks.
//!
//! Start from [`Lang::of`]. A language is a file `lang/CODE.toml`, a flat table of texts, and its line in `FILES`;
//! the tests fail when a file lacks a text or fills it with other placeholders than the English one.
//! Texts of signatures are not here: they stand in the signature files.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::LazyLock;

/// Codes and files; the first is the one others fall back to.
const FILES: [(&str, &str); 2] =
    [("en", include_str!("../lang/en.toml")), ("ko", include_str!("../lang/ko.toml"))];

static LANGS: LazyLock<Vec<Lang>> = LazyLock::new(|| {
    let read = |&(code, text): &(&'static str, &'static str)| Lang {
        code,
        texts: toml::from_str(text).expect("the tests read every language file"),
    };
    FILES.iter().map(read).collect()
});

/// A language.
#[derive(Debug)]
pub struct Lang {
    code: &'static str,
    texts: BTreeMap<String, String>,
}

impl Lang {
    /// The language of a code or a locale name (`ko`, `ko-KR`, `ko_KR.UTF-8`); English when it is not spoken.
    pub fn of(locale: &str) -> &'static Lang {
        let code = locale.split(['-', '_', '.', '@']).next().unwrap_or_default();
        LANGS.iter().find(|lang| lang.code.eq_ignore_ascii_case(code)).unwrap_or(&LANGS[0])
    }

    /// All languages, English first.
    pub fn all() -> impl Iterator<Item = &'static Lang> {
        LANGS.iter()
    }

    /// Its code, such as `en`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The text of a key; where it has none, the English one, and at last the key itself.
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).or_else(|| LANGS[0].texts.get(key)).map_or(key, String::as_str)
    }

    /// The text of `GROUP_NAME`, or `name` itself when there is none: for words that come from data, such as a kind
    /// of problem that is newer than the language file.
    pub fn word<'a>(&'a self, group: &str, name: &'a str) -> &'a str {
        self.texts.get(&format!("{group}_{name}")).map_or(name, String::as_str)
    }

    /// The text of a key with its placeholders filled. What is filled in is not looked at again.
    pub fn fill(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let mut out = String::new();
        let mut rest = self.text(key);
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => write!(out, "{value}").expect("a string takes all text"),
                None => write!(out, "{{{name}}}").expect("a string takes all text"),
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }

    /// The text of `KEY_one` or `KEY_other` for a number, which fills `{n}`.
    pub fn count(&self, key: &str, n: u64) -> String {
        let form = if n == 1 { "one" } else { "other" };
        self.fill(&format!("{key}_{form}"), &[("n", &Grouped(n))])
    }
}

/// Shows a number with its digits in groups of three: `1,204`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped(pub u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Grouped, LANGS, Lang};

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_has_every_text_with_the_same_placeholders() {
        let english = &LANGS[0].texts;
        for lang in LANGS.iter() {
            let keys = |texts: &std::collections::BTreeMap<String, String>| {
                texts.keys().cloned().collect::<BTreeSet<_>>()
            };
            assert_eq!(keys(english), keys(&lang.texts), "keys of {}", lang.code);
            for (key, text) in &lang.texts {
                let known =
                    if key.ends_with("_one") { english[key].clone() + "{n}" } else { english[key].clone() };
                let extra: Vec<_> = placeholders(text).difference(&placeholders(&known)).copied().collect();
                assert!(extra.is_empty(), "{} {key}: {extra:?}", lang.code);
                let lost: Vec<_> =
                    placeholders(&english[key]).difference(&placeholders(text)).copied().collect();
                assert!(lost.is_empty(), "{} {key}: {lost:?}", lang.code);
                assert!(!text.is_empty(), "{} {key} is empty", lang.code);
            }
        }
    }

    /// The keys that stand in the code: the first string of each call that takes a key.
    fn keys_in_code(source: &str) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (call, endings) in [("text", &[""][..]), ("fill", &[""]), ("count", &["_one", "_other"])] {
            for part in source.split(&format!("lang.{call}(")).skip(1) {
                if let Some((key, _)) =
                    part.trim_start().strip_prefix('"').and_then(|part| part.split_once('"'))
                {
                    keys.extend(endings.iter().map(|ending| format!("{key}{ending}")));
                }
            }
        }
        keys
    }

    #[test]
    fn every_key_in_the_code_has_a_text() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report");
        let mut found = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for key in keys_in_code(&source) {
                found += 1;
                assert!(LANGS[0].texts.contains_key(&key), "no text for {key}");
            }
        }
        assert!(found > 20, "the search for keys finds {found}");
    }

    #[test]
    fn locales_choose_the_language() {
        for (locale, code) in
            [("ko", "ko"), ("ko_KR.UTF-8", "ko"), ("KO-kr", "ko"), ("fr", "en"), ("C", "en"), ("", "en")]
        {
            assert_eq!(Lang::of(locale).code(), code, "{locale}");
        }
    }

    #[test]
    fn filling_is_done_once_and_numbers_are_grouped() {
        let english = Lang::of("en");
        assert_eq!(english.fill("node", &[("name", &"{n}")]), "node {n}");
        assert_eq!(english.count("findings", 1), "1 finding");
        assert_eq!(english.count("findings", 1_234_567), "1,234,567 findings");
        assert_eq!(Grouped(999).to_string(), "999");
        assert_eq!(english.text("no_such_key"), "no_such_key");
        assert_eq!(english.word("severity", "newer"), "newer");
    }
}
