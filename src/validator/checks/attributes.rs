//! What the attributes of one thing say together.

use super::Answer;
use crate::model::{Found, Matcher, Span};
use crate::world::host::Unreadable;

/// The answers about one thing, attribute by attribute.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    found: Vec<String>,
    expected: Vec<String>,
    instead: Vec<String>,
    unknown: Vec<String>,
    /// The place of the first test that fails.
    at: Option<Span>,
}

impl Attributes {
    /// Of a thing that was found.
    pub(super) fn of(found: impl Into<String>) -> Self {
        Self { found: vec![found.into()], ..Self::default() }
    }

    /// One more answer.
    pub(super) fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Yes { found } => self.found.push(found),
            Answer::No { expected, found, at } => {
                self.expected.push(expected);
                self.instead.push(found);
                self.at = self.at.or(at);
            }
            Answer::Unknown { why } => self.unknown.push(why),
        }
    }

    /// Holds `found` against an expectation, if there is one.
    pub(super) fn hold<F: Into<Found>>(
        &mut self,
        matcher: Option<&Matcher>,
        what: &str,
        found: impl FnOnce() -> F,
    ) {
        if let Some(matcher) = matcher {
            self.take(Answer::of(matcher, what, found()));
        }
    }

    /// The same of something that perhaps could not be found out.
    pub(super) fn hold_known<F: Into<Found>>(
        &mut self,
        matcher: Option<&Matcher>,
        what: &str,
        found: impl FnOnce() -> Result<F, Unreadable>,
    ) {
        let Some(matcher) = matcher else { return };
        self.take(match found() {
            Ok(found) => Answer::of(matcher, what, found),
            Err(error) => Answer::unknown(format!("{what}: {error}")),
        });
    }

    /// Of all of them: what is wrong before what is unknown, and that before what is right.
    pub(super) fn answer(self) -> Answer {
        if !self.expected.is_empty() {
            let (expected, found) = (self.expected.join(" and "), self.instead.join(" and "));
            return Answer::No { expected, found, at: self.at };
        }
        if !self.unknown.is_empty() {
            return Answer::unknown(self.unknown.join("; "));
        }
        Answer::Yes { found: self.found.join(", ") }
    }
}
