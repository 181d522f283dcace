//! Regexes that compile when they are first needed: most of a catalog never is.

use std::fmt;
use std::sync::OnceLock;

use regex_automata::meta::Regex;

/// A regex and how it is compiled.
pub(crate) struct LazyRegex {
    text: String,
    compile: fn(&str) -> Option<Regex>,
    regex: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    pub(crate) fn new(text: &str, compile: fn(&str) -> Option<Regex>) -> LazyRegex {
        LazyRegex { text: text.to_owned(), compile, regex: OnceLock::new() }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches; not where it cannot be compiled.
    pub(crate) fn is_match(&self, text: impl AsRef<[u8]>) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text.as_ref()))
    }

    /// The regex; `None` where it cannot be compiled.
    pub(crate) fn get(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| (self.compile)(&self.text)).as_ref()
    }
}

impl fmt::Debug for LazyRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyRegex").field(&self.text).finish()
    }
}
