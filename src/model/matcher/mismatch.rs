//! Why a found value does not match.

use std::fmt;

use crate::model::Span;

/// Why a found value does not match, in the innermost test that it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The way to what was looked at, from the outside in: `` at `$.status` ``.
    pub inside: Vec<String>,
    /// What was expected there: `at least 1`.
    pub expected: String,
    /// What was found there: `` `95%` is no number ``.
    pub found: String,
    /// What the found value was read as: `read as 12 lines`.
    pub read_as: Vec<String>,
    /// The place in the plan file of the test that fails; nowhere for what a check expects by default.
    pub span: Span,
    /// What kind of answer it is.
    pub why: Why,
}

/// What kind of answer a mismatch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It was compared, and differs.
    Differs,
    /// It cannot be compared with what is expected: neither this nor its contrary holds.
    Incomparable,
    /// It is NaN, of which no comparison says anything: the answer is not known.
    NotANumber,
}

impl Mismatch {
    /// The same, found on the way to `place`.
    pub(super) fn inside(mut self, place: impl Into<String>) -> Self {
        self.inside.insert(0, place.into());
        self
    }

    /// What was expected, and where in what was looked at: `` at `$.status` ok ``.
    pub fn expected_there(&self) -> String {
        let mut words = self.inside.clone();
        words.push(self.expected.clone());
        words.join(" ")
    }

    /// What was found, and what it was read as.
    pub fn found_there(&self) -> String {
        match self.read_as.as_slice() {
            [] => self.found.clone(),
            read_as => format!("{} ({})", self.found, read_as.join(", ")),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected_there(), self.found_there())
    }
}
