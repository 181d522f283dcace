//! The grammar of conditions.

use std::sync::Arc;

use regex_automata::meta::Regex;

use super::lookup::is_name;
use super::{Comparison, Expr, FactName, Quantifier, TextFunction, Value};
use crate::bundle::facts::{FactType, definitions};
use crate::lazy::LazyRegex;

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

/// What an expression gives where the bundle tells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Type {
    Number,
    Text,
    List,
}

impl Type {
    fn of(expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Literal(Value::Number(_)) => Some(Type::Number),
            Expr::Literal(Value::Text(_)) => Some(Type::Text),
            Expr::Literal(Value::List(_)) | Expr::Duplicates(_) | Expr::Conflicts(..) => Some(Type::List),
            Expr::Literal(Value::Unknown) => None,
            Expr::Fact(name) => match name.id.map(|id| id.definition().value) {
                Some(FactType::List) => Some(Type::List),
                Some(FactType::Text) | None => Some(Type::Text),
                Some(
                    FactType::Number | FactType::Bool | FactType::Cpu | FactType::Bytes | FactType::Duration,
                ) => Some(Type::Number),
            },
            _ => Some(Type::Number),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Text => "a text",
            Type::List => "a list",
        }
    }
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

    /// What an expression gives has to be of one of these types.
    fn expect(&self, at: usize, expr: &Expr, wanted: &[Type]) -> Result<(), ExprError> {
        let found = Type::of(expr);
        if found.is_none_or(|found| wanted.contains(&found)) {
            return Ok(());
        }
        let wanted: Vec<&str> = wanted.iter().map(|it| it.name()).collect();
        let found = found.map_or("", Type::name);
        let at = at + self.text[at..].len() - self.text[at..].trim_start().len();
        let message = match expr {
            Expr::Fact(name) => format!("`{}` is {found}, not {}", name.full, wanted.join(" or ")),
            _ => format!("this is {found}, not {}", wanted.join(" or ")),
        };
        Err(ExprError { at, message })
    }

    /// Both sides have to be of one type: else the comparison is never true or false.
    fn alike(&self, left: &Expr, at: usize, right: &Expr) -> Result<(), ExprError> {
        match Type::of(left) {
            Some(left) => self.expect(at, right, &[left]).map_err(|error| {
                let message = format!("{}: it is compared with {}", error.message, left.name());
                ExprError { message, ..error }
            }),
            None => Ok(()),
        }
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
        let start = self.at;
        let left = self.product()?;
        for (token, comparison) in OPERATORS {
            if self.eat(token) {
                if !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
                    self.expect(start, &left, &[Type::Number, Type::Text])?;
                }
                let at = self.at;
                let right = self.product()?;
                self.alike(&left, at, &right)?;
                return Ok(Expr::Compare(comparison, Box::new(left), Box::new(right)));
            }
        }
        if self.eat_word("in_cidr") {
            self.expect(start, &left, &[Type::Text, Type::List])?;
            let at = self.at;
            let list = self.strings()?;
            if let Some(bad) = list.iter().find(|cidr| super::compare::parse_cidr(cidr).is_none()) {
                return Err(ExprError { at, message: format!("`{bad}` is no range of addresses") });
            }
            return Ok(Expr::InCidr(Box::new(left), list));
        }
        if self.eat_word("in") {
            self.expect(start, &left, &[Type::Number, Type::Text])?;
            let at = self.at;
            let list = self.list()?;
            for element in &list {
                self.alike(&left, at, element)?;
            }
            return Ok(Expr::In(Box::new(left), list));
        }
        if self.eat_word("contains") {
            self.expect(start, &left, &[Type::Text, Type::List])?;
            let at = self.at;
            let part = self.term()?;
            self.expect(at, &part, &[Type::Text, Type::List])?;
            return Ok(Expr::Contains(Box::new(left), Box::new(part)));
        }
        if self.eat_word("subset") {
            self.expect(start, &left, &[Type::Text, Type::List])?;
            let at = self.at;
            let whole = self.term()?;
            self.expect(at, &whole, &[Type::List])?;
            return Ok(Expr::Subset(Box::new(left), Box::new(whole)));
        }
        if self.eat_word("matches") {
            self.expect(start, &left, &[Type::Text, Type::List])?;
            let at = self.at;
            let text = self.string()?;
            regex_syntax::parse(&text).map_err(|error| ExprError { at, message: error.to_string() })?;
            let regex = LazyRegex::new(&text, |text| Regex::new(text).ok());
            return Ok(Expr::Matches(Box::new(left), Arc::new(regex)));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, ExprError> {
        let start = self.at;
        let left = self.term()?;
        if !self.eat("*") {
            return Ok(left);
        }
        self.expect(start, &left, &[Type::Number])?;
        let at = self.at;
        let right = self.term()?;
        self.expect(at, &right, &[Type::Number])?;
        Ok(Expr::Times(Box::new(left), Box::new(right)))
    }

    /// `[a, b]`.
    fn list(&mut self) -> Result<Vec<Expr>, ExprError> {
        if !self.eat("[") {
            return Err(self.error("expected `[`"));
        }
        let mut list = Vec::new();
        while !self.eat("]") {
            if !list.is_empty() {
                self.comma()?;
            }
            list.push(self.term()?);
        }
        Ok(list)
    }

    fn strings(&mut self) -> Result<Vec<String>, ExprError> {
        let at = self.at;
        let text = |expr: Expr| match expr {
            Expr::Literal(Value::Text(text)) => Ok(text),
            _ => Err(ExprError { at, message: "expected texts".to_owned() }),
        };
        self.list()?.into_iter().map(text).collect()
    }

    /// A text between double quotes; there is no escape but a doubled backslash of a regex stands as it is.
    fn string(&mut self) -> Result<String, ExprError> {
        if !self.eat("\"") {
            return Err(self.error("expected a text in double quotes"));
        }
        let rest = &self.text[self.at..];
        let Some(end) = rest.find('"') else { return Err(self.error("the text does not end")) };
        self.at += end + 1;
        Ok(rest[..end].to_owned())
    }

    fn term(&mut self) -> Result<Expr, ExprError> {
        if self.eat("(") {
            let inner = self.or()?;
            return self.close().map(|()| inner);
        }
        self.blanks();
        if self.text[self.at..].starts_with('"') {
            return self.string().map(|text| Expr::Literal(Value::Text(text)));
        }
        let word = self.word();
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            return self.number_or_release();
        }
        if self.text[self.at + word.len()..].starts_with('.') {
            return self.fact().map(Expr::Fact);
        }
        match word {
            "" => Err(self.error("expected a pattern, a fact, a function or a value")),
            "true" | "false" => {
                self.at += word.len();
                Ok(Expr::Literal(Value::Number(f64::from(u8::from(word == "true")))))
            }
            "maybe" | "size" | "known" => self.unary(word),
            "affected" => {
                self.open(word)?;
                self.close().map(|()| Expr::Affected)
            }
            "any" | "all" | "sum" => self.each(word),
            "count" if self.counts_subjects() => self.each(word),
            "duplicates" | "conflicts" => self.comparing(word),
            "count" | "near" | "followed" | "span" | "ongoing" => self.call(word).map(Expr::Text),
            _ => self.pattern().map(|pattern| Expr::Text(TextFunction::Count(pattern))),
        }
    }

    fn open(&mut self, name: &str) -> Result<(), ExprError> {
        self.at += name.len();
        if self.eat("(") { Ok(()) } else { Err(self.error(format!("expected `(` after `{name}`"))) }
    }

    fn unary(&mut self, name: &str) -> Result<Expr, ExprError> {
        self.open(name)?;
        let at = self.at;
        let inner = Box::new(self.or()?);
        if name == "size" {
            self.expect(at, &inner, &[Type::Text, Type::List])?;
        }
        self.close()?;
        Ok(match name {
            "maybe" => Expr::Maybe(inner),
            "size" => Expr::Size(inner),
            _ => Expr::Known(inner),
        })
    }

    /// Whether `count(` goes on with a kind of subject and a comma.
    fn counts_subjects(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches("count").trim_start();
        let inner = rest.strip_prefix('(').map(str::trim_start).unwrap_or_default();
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        inner[end..].trim_start().starts_with(',')
    }

    /// `any(pod, CONDITION)`.
    fn each(&mut self, name: &str) -> Result<Expr, ExprError> {
        self.open(name)?;
        let kind = self.word();
        if !definitions().has_subject(kind) {
            return Err(self.error(format!("`{kind}` has no facts")));
        }
        self.at += kind.len();
        self.comma()?;
        let at = self.at;
        let inner = if name == "sum" { self.product()? } else { self.or()? };
        if name == "sum" {
            self.expect(at, &inner, &[Type::Number])?;
        }
        self.close()?;
        let quantifier = match name {
            "any" => Quantifier::Any,
            "all" => Quantifier::All,
            "count" => Quantifier::Count,
            _ => Quantifier::Sum,
        };
        Ok(Expr::Each(quantifier, kind.to_owned(), Box::new(inner)))
    }

    fn comparing(&mut self, name: &str) -> Result<Expr, ExprError> {
        self.open(name)?;
        let first = self.fact()?;
        let expr = match name {
            "duplicates" => Expr::Duplicates(first),
            _ => {
                self.comma()?;
                Expr::Conflicts(first, self.fact()?)
            }
        };
        self.close().map(|()| expr)
    }

    /// `node.rp_filter`.
    fn fact(&mut self) -> Result<FactName, ExprError> {
        let subject = self.word();
        let start = self.at;
        self.at += subject.len();
        if !self.eat(".") {
            return Err(self.error("expected a fact such as `node.ip`"));
        }
        let attribute = self.word();
        self.at += attribute.len();
        let kind = if subject == "admin" { "cluster" } else { subject };
        let full = format!("{kind}.{attribute}");
        let id = definitions().fact(&full);
        let known = id.is_some() || is_name(&full) && definitions().has_subject(kind);
        if !known {
            return Err(ExprError { at: start, message: format!("`{full}` is no fact") });
        }
        Ok(FactName { subject: subject.to_owned(), full, id })
    }

    /// `12`, or a release such as `1.13.4`, which is compared as such.
    fn number_or_release(&mut self) -> Result<Expr, ExprError> {
        let rest = &self.text[self.at..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-').unwrap_or(rest.len());
        let text = &rest[..end];
        if !text.contains('.') {
            return self.number().map(|number| Expr::Literal(Value::Number(number)));
        }
        self.at += end;
        Ok(Expr::Literal(Value::Text(text.to_owned())))
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
