//! What the attributes of one thing say together.

use super::Answer;
use crate::model::Matcher;
use crate::world::host::Unreadable;

/// The answers about one thing, attribute by attribute.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    found: Vec<String>,
    expected: Vec<String>,
    instead: Vec<String>,
    unknown: Vec<String>,
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
            Answer::No { expected, found } => {
                self.expected.push(expected);
                self.instead.push(found);
            }
            Answer::Unknown { why } => self.unknown.push(why),
        }
    }

    /// Holds `found` against an expectation, if there is one.
    pub(super) fn hold(&mut self, matcher: Option<&Matcher>, what: &str, found: impl FnOnce() -> String) {
        if let Some(matcher) = matcher {
            self.take(Answer::of(matcher, what, &found()));
        }
    }

    /// The same of something that could not be found out, perhaps.
    pub(super) fn hold_known(
        &mut self,
        matcher: Option<&Matcher>,
        what: &str,
        found: impl FnOnce() -> Result<String, Unreadable>,
    ) {
        let Some(matcher) = matcher else { return };
        self.take(match found() {
            Ok(found) => Answer::of(matcher, what, &found),
            Err(error) => Answer::unknown(format!("{what}: {error}")),
        });
    }

    /// The same of several values.
    pub(super) fn hold_list(
        &mut self,
        matcher: Option<&Matcher>,
        what: &str,
        found: impl FnOnce() -> Result<Vec<String>, Unreadable>,
    ) {
        let Some(matcher) = matcher else { return };
        self.take(match found() {
            Ok(found) => Answer::of_list(matcher, what, &found),
            Err(error) => Answer::unknown(format!("{what}: {error}")),
        });
    }

    /// Of all of them: what is wrong before what is unknown, and that before what is right.
    pub(super) fn answer(self) -> Answer {
        if !self.expected.is_empty() {
            return Answer::No { expected: self.expected.join(" and "), found: self.instead.join(" and ") };
        }
        if !self.unknown.is_empty() {
            return Answer::unknown(self.unknown.join("; "));
        }
        Answer::Yes { found: self.found.join(", ") }
    }
}
