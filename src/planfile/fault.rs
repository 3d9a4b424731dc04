//! A finding while it is made: with spans, before it has places.

use super::codes;
use super::source::Source;
use crate::model::{Finding, Span};
use crate::text::nearest;

/// What is wrong, and where.
#[derive(Debug, Clone)]
pub struct Fault {
    /// A code of [`codes::CODES`].
    pub code: &'static str,
    /// Where.
    pub span: Span,
    message: String,
    expected: Option<String>,
    /// Where the names that were expected are defined.
    defined_at: Option<Span>,
    related: Option<(Span, String)>,
    help: Option<String>,
}

impl Fault {
    /// `message` is a lower-case phrase without a full stop.
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            expected: None,
            defined_at: None,
            related: None,
            help: None,
        }
    }

    /// Says what was expected at its place.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says that a name of a section was expected; its line is added when places are known.
    pub fn expected_from(mut self, section: &str, key: Span) -> Self {
        self.expected = Some(format!("expected a name from `{section}:`"));
        self.defined_at = Some(key);
        self
    }

    /// Points at another place that explains it.
    pub fn related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related = Some((span, what.into()));
        self
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the name of `known` that is nearest to `found`, if one is near.
    pub fn near<'a>(self, found: &str, known: impl Iterator<Item = &'a str>) -> Self {
        match nearest(found, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether it already says what to do.
    pub fn has_help(&self) -> bool {
        self.help.is_some()
    }

    /// The finding, with its severity from the table of codes.
    pub fn finding(self, source: &Source) -> Finding {
        let expected = match (self.expected, self.defined_at) {
            (Some(expected), Some(key)) => Some(format!("{expected} (line {})", source.line(key.start))),
            (expected, _) => expected,
        };
        Finding {
            code: self.code,
            severity: codes::severity(self.code),
            message: self.message,
            place: Some(source.place(self.span)),
            expected,
            related: self.related.map(|(span, what)| (source.place(span), what)),
            help: self.help,
        }
    }
}
