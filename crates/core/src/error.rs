//! The error that ends an analysis before there is a report.

use std::fmt;

/// An error that ends an analysis before there is a report.
///
/// Damage inside a single entry is not an `Error`: see [`Problem`](crate::Problem).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    context: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure an [`Error`] stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input could not be opened or read at all.
    Input,
    /// A signature set could not be loaded.
    Signature,
    /// An option has a value that cannot be used.
    Option,
    /// The report could not be written.
    Output,
    /// The caller cancelled the analysis.
    Cancelled,
}

impl Error {
    /// Makes an error whose `Display` is `context`: what this layer was doing, and to what.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Error {
        Error { kind, context: context.into(), source: None }
    }

    /// Adds the cause, which [`std::error::Error::source`] then gives.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
