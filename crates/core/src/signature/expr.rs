//! Conditions of rules: `count(a) >= 5 and not near(a, b, 15)`.
//!
//! An expression is parsed once and evaluated for each scope key against an [`Env`]. Values are three-valued: what the
//! bundle does not tell is `Unknown`, and `and`, `or`, `not` treat it as Kleene's logic does.

use std::collections::BTreeSet;

/// A parsed condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    Number(f64),
    Not(Box<Expr>),
    /// True unless known to be false.
    Maybe(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Text(TextFunction),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is asked about the hits of patterns; patterns are indices into the signature.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum TextFunction {
    /// Hits of a pattern.
    Count(usize),
    /// Hits of the first with the second at most so many lines away; `ordered`: after it.
    Near { of: usize, to: usize, lines: u32, ordered: bool },
    /// Seconds between first and last hit.
    Span(usize),
    /// Whether hits occur at the end of the log.
    Ongoing(usize),
}

/// The value of an expression; truth is a number other than zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Known(f64),
    Unknown,
}

impl Value {
    pub(crate) fn truth(self) -> Option<bool> {
        match self {
            Value::Known(number) => Some(number != 0.0),
            Value::Unknown => None,
        }
    }

    fn from_truth(truth: Option<bool>) -> Value {
        truth.map_or(Value::Unknown, |truth| Value::Known(f64::from(u8::from(truth))))
    }
}

/// What an expression is evaluated against.
pub(crate) trait Env {
    fn text(&self, function: TextFunction) -> Value;
}

impl Expr {
    pub(crate) fn evaluate(&self, env: &dyn Env) -> Value {
        match self {
            Expr::Number(number) => Value::Known(*number),
            Expr::Text(function) => env.text(*function),
            Expr::Not(inner) => Value::from_truth(inner.evaluate(env).truth().map(|truth| !truth)),
            Expr::Maybe(inner) => Value::from_truth(Some(inner.evaluate(env).truth() != Some(false))),
            Expr::And(a, b) => Value::from_truth(and(a.evaluate(env).truth(), b.evaluate(env).truth())),
            Expr::Or(a, b) => {
                let neither = and(a.evaluate(env).truth().map(|t| !t), b.evaluate(env).truth().map(|t| !t));
                Value::from_truth(neither.map(|neither| !neither))
            }
            Expr::Compare(comparison, a, b) => match (a.evaluate(env), b.evaluate(env)) {
                (Value::Known(a), Value::Known(b)) => Value::from_truth(Some(comparison.holds(a, b))),
                _ => Value::Unknown,
            },
        }
    }

    /// What the expression asks about text, but for what stands under `not`.
    pub(crate) fn positive_text_functions(&self, into: &mut BTreeSet<TextFunction>) {
        match self {
            Expr::Number(_) | Expr::Not(_) => {}
            Expr::Maybe(inner) => inner.positive_text_functions(into),
            Expr::Text(function) => {
                into.insert(*function);
            }
            Expr::And(a, b) | Expr::Or(a, b) | Expr::Compare(_, a, b) => {
                a.positive_text_functions(into);
                b.positive_text_functions(into);
            }
        }
    }

    /// All that the expression asks about text.
    pub(crate) fn text_functions(&self, into: &mut BTreeSet<TextFunction>) {
        match self {
            Expr::Number(_) => {}
            Expr::Text(function) => {
                into.insert(*function);
            }
            Expr::Not(inner) | Expr::Maybe(inner) => inner.text_functions(into),
            Expr::And(a, b) | Expr::Or(a, b) | Expr::Compare(_, a, b) => {
                a.text_functions(into);
                b.text_functions(into);
            }
        }
    }
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

impl Comparison {
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Comparison::Equal => a == b,
            Comparison::NotEqual => a != b,
            Comparison::Less => a < b,
            Comparison::LessOrEqual => a <= b,
            Comparison::Greater => a > b,
            Comparison::GreaterOrEqual => a >= b,
        }
    }
}

/// A mistake in an expression, at a byte of its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExprError {
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// Parses `text`; `patterns` are the names it may use.
pub(crate) fn parse(text: &str, patterns: &[&str]) -> Result<Expr, ExprError> {
    let mut parser = Parser { text, at: 0, patterns, depth: 0 };
    let expr = parser.or()?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.error("expected `and`, `or` or the end"));
    }
    Ok(expr)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    patterns: &'a [&'a str],
    depth: u32,
}

impl<'a> Parser<'a> {
    fn error(&self, message: impl Into<String>) -> ExprError {
        ExprError { at: self.at, message: message.into() }
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn word(&mut self) -> &'a str {
        self.blanks();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.at += word.len();
        }
        found
    }

    fn or(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.and()?;
        while self.eat_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.not()?;
        while self.eat_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, ExprError> {
        self.depth += 1;
        if self.depth > 64 {
            return Err(self.error("nested too deeply"));
        }
        let expr = if self.eat_word("not") { Expr::Not(Box::new(self.not()?)) } else { self.comparison()? };
        self.depth -= 1;
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr, ExprError> {
        const OPERATORS: [(&str, Comparison); 6] = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let left = self.term()?;
        for (token, comparison) in OPERATORS {
            if self.eat(token) {
                return Ok(Expr::Compare(comparison, Box::new(left), Box::new(self.term()?)));
            }
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Expr, ExprError> {
        if self.eat("(") {
            let inner = self.or()?;
            return self.close().map(|()| inner);
        }
        let word = self.word();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.number().map(Expr::Number);
        }
        match word {
            "maybe" => {
                self.at += word.len();
                if !self.eat("(") {
                    return Err(self.error("expected `(` after `maybe`"));
                }
                let inner = self.or()?;
                self.close().map(|()| Expr::Maybe(Box::new(inner)))
            }
            "" => Err(self.error("expected a pattern, a function or a number")),
            "count" | "near" | "followed" | "span" | "ongoing" => self.call(word).map(Expr::Text),
            _ => self.pattern().map(|pattern| Expr::Text(TextFunction::Count(pattern))),
        }
    }

    fn call(&mut self, name: &str) -> Result<TextFunction, ExprError> {
        self.at += name.len();
        if !self.eat("(") {
            return Err(self.error(format!("expected `(` after `{name}`")));
        }
        let of = self.pattern()?;
        let function = match name {
            "count" => TextFunction::Count(of),
            "span" => TextFunction::Span(of),
            "ongoing" => TextFunction::Ongoing(of),
            _ => {
                self.comma()?;
                let to = self.pattern()?;
                self.comma()?;
                let lines = self.number()? as u32;
                TextFunction::Near { of, to, lines: lines.min(1000), ordered: name == "followed" }
            }
        };
        self.close().map(|()| function)
    }

    fn comma(&mut self) -> Result<(), ExprError> {
        if self.eat(",") { Ok(()) } else { Err(self.error("expected `,`")) }
    }

    fn close(&mut self) -> Result<(), ExprError> {
        if self.eat(")") { Ok(()) } else { Err(self.error("expected `)`")) }
    }

    fn pattern(&mut self) -> Result<usize, ExprError> {
        let word = self.word();
        match self.patterns.iter().position(|pattern| *pattern == word) {
            Some(pattern) => {
                self.at += word.len();
                Ok(pattern)
            }
            None => Err(self.error(format!("`{word}` is no pattern of this file"))),
        }
    }

    fn number(&mut self) -> Result<f64, ExprError> {
        let word = self.word();
        match word.parse::<u32>() {
            Ok(number) => {
                self.at += word.len();
                Ok(f64::from(number))
            }
            Err(_) => Err(self.error(format!("`{word}` is no number"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Env, TextFunction, Value, parse};

    struct Counts(&'static [f64]);

    impl Env for Counts {
        fn text(&self, function: TextFunction) -> Value {
            match function {
                TextFunction::Count(pattern) => Value::Known(self.0[pattern]),
                TextFunction::Near { of, lines, .. } => Value::Known(self.0[of].min(f64::from(lines))),
                _ => Value::Unknown,
            }
        }
    }

    #[test]
    fn expressions_evaluate() {
        let env = Counts(&[3.0, 0.0]);
        let table = [
            ("a", Some(true)),
            ("b", Some(false)),
            ("a and b", Some(false)),
            ("a or b", Some(true)),
            ("not b and count(a) >= 3", Some(true)),
            ("count(a) > 3", Some(false)),
            ("(a or b) and not (b)", Some(true)),
            ("near(a, b, 15)", Some(true)),
            ("followed(b, a, 15)", Some(false)),
            ("ongoing(a)", None),
            ("a and maybe(ongoing(a))", Some(true)),
            ("maybe(b)", Some(false)),
            ("b and ongoing(a)", Some(false)),
            ("a or ongoing(a)", Some(true)),
            ("span(a) >= 120", None),
        ];
        for (text, expected) in table {
            let expr = parse(text, &["a", "b"]).expect(text);
            assert_eq!(expr.evaluate(&env).truth(), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_say_where() {
        for (text, at) in
            [("a and", 5), ("c", 0), ("a b", 2), ("count(a", 7), ("near(a, 3, 4)", 8), ("(a", 2)]
        {
            assert_eq!(parse(text, &["a", "b"]).expect_err(text).at, at, "{text}");
        }
        assert!(parse(&"(".repeat(500), &[]).is_err());
    }
}
