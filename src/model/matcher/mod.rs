//! What a found value is held against: the matcher language of checks.
//!
//! It is the language of Goss by names of our own. A value alone means equality, a list alone that all of its
//! elements are there, and a mapping names tests that all have to hold:
//!
//! | here | in Goss | holds when the found value |
//! | --- | --- | --- |
//! | `eq`, `ne` | a value alone, `not` | is this, or is not |
//! | `lt`, `le`, `gt`, `ge` | the same | is a number below, at most, above, at least this |
//! | `contains` | `contain-substring` | is a text with this in it |
//! | `has_prefix`, `has_suffix` | `have-prefix`, `have-suffix` | is a text that begins, ends with this |
//! | `matches` | `match-regexp` | is a text in which this regular expression is found |
//! | `patterns` | `have-patterns` | has a line for each of these, and none for the negated ones |
//! | `len` | `have-len` | has this many characters, elements or keys |
//! | `has_key` | `have-key` | is a mapping with such a key |
//! | `has` | `contain-element` | is a list with such an element |
//! | `has_all`, a list alone | `contain-elements` | is a list with an element for each of these |
//! | `exactly` | `consist-of` | is a list with an element for each of these and no other |
//! | `semver` | `semver-constraint` | is a version, or a list of versions, within this range |
//! | `json` | `gjson` | is JSON that holds this at each path (RFC 9535) |
//! | `not`, `all`, `any` | `not`, `and`, `or` | does not match; matches all; matches one |
//!
//! What is found is converted as Goss converts it, and the conversion is named when the value does not match: a text
//! is read as a number, as lines or as JSON; a list as the text of its lines.
//!
//! What differs from Goss, each time so that nothing holds by accident:
//! 1. A text equals a literal as a text: a version `1.1` is not `1.10`. Goss reads both as numbers. A found number
//!    is compared as a number by both.
//! 2. NaN is neither equal to a number, nor different from it, nor below or above it: whatever compares it cannot be
//!    found out.
//! 3. What cannot be compared at all, such as `12 apples` with a number, does not match, and neither does `not` of it;
//!    as one of `any`, it does not keep another from matching.
//! 4. Several tests in one mapping all have to hold; Goss reads one and refuses the others.
//! 5. `len` counts the characters of a text, not its bytes, and takes a matcher: `{ge: 3}`.
//! 6. What would hold whatever is found, such as no pattern at all, is refused when the plan file is read.

mod constraint;
mod found;
mod judge;
mod mismatch;
mod pairing;
mod path;
mod pattern;
mod schema;
#[cfg(test)]
mod tests;
mod words;

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::named::at_least_one;
use super::{List, Named, Span, Spanned, form};

pub use constraint::Constraint;
pub use found::Found;
pub use mismatch::{Mismatch, Why};
pub use path::JsonPath;
pub use pattern::LinePattern;

/// A literal to compare with: text stays text (`1.10` is not `1.1`) until it meets a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(pub String);

impl Literal {
    /// The literal as a number, when it is one.
    pub fn number(&self) -> Option<f64> {
        self.0.parse().ok()
    }
}

/// One expectation, with its place. Two are equal when they expect the same, wherever they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Matcher(pub Spanned<Expects>);

/// What a matcher expects.
#[derive(Debug, Clone, PartialEq)]
pub enum Expects {
    /// The value equals this.
    Equals(Literal),
    /// The value is a list with an element for each of these.
    HasAll(List<Matcher>),
    /// All of these hold.
    Tests(Box<Tests>),
}

/// Named tests; all that are given have to hold, and at least one is given.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Tests {
    /// Equal.
    pub eq: Option<Spanned<Literal>>,
    /// Not equal.
    pub ne: Option<Spanned<Literal>>,
    /// Less than, as numbers.
    pub lt: Option<Spanned<f64>>,
    /// Less than or equal, as numbers.
    pub le: Option<Spanned<f64>>,
    /// Greater than, as numbers.
    pub gt: Option<Spanned<f64>>,
    /// Greater than or equal, as numbers.
    pub ge: Option<Spanned<f64>>,
    /// Contains this text.
    #[schemars(with = "Option<form::NonEmpty>")]
    pub contains: Option<Spanned<String>>,
    /// Begins with this text.
    #[schemars(with = "Option<form::NonEmpty>")]
    pub has_prefix: Option<Spanned<String>>,
    /// Ends with this text.
    #[schemars(with = "Option<form::NonEmpty>")]
    pub has_suffix: Option<Spanned<String>>,
    /// A regular expression that is found in the text.
    #[schemars(with = "Option<form::NonEmpty>")]
    pub matches: Option<Spanned<String>>,
    /// Patterns for single lines: `text`, `/regular expression/`, and `!` before one that no line may match.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(with = "List<form::NonEmpty>", length(min = 1))]
    pub patterns: List<Spanned<String>>,
    /// The number of characters of a text, elements of a list or keys of a mapping.
    pub len: Option<Matcher>,
    /// A mapping with a key like this.
    pub has_key: Option<Matcher>,
    /// A list with an element like this; a text is the list of its lines.
    pub has: Option<Matcher>,
    /// A list with an element for each of these; a text is the list of its lines.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub has_all: List<Matcher>,
    /// A list with an element for each of these and no other, in any order.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub exactly: List<Matcher>,
    /// A range of semantic versions: `>=2.40.0 <3.0.0`, `2.x || 3.x`, `^2.40`.
    pub semver: Option<Spanned<String>>,
    /// What JSON holds, by JSONPath (RFC 9535): `$.status: success`.
    #[serde(default, deserialize_with = "at_least_one_path")]
    #[schemars(schema_with = "schema::by_path")]
    pub json: Named<Matcher>,
    /// Does not match this.
    pub not: Option<Matcher>,
    /// All of these match.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub all: List<Matcher>,
    /// At least one of these matches.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub any: List<Matcher>,
}

impl Matcher {
    /// Equality with `literal`, which stands nowhere: what a check expects when the plan file says nothing.
    pub fn equals(literal: impl Into<String>) -> Self {
        Self(Expects::Equals(Literal(literal.into())).into())
    }

    /// Tests that stand nowhere.
    pub fn of(tests: Tests) -> Self {
        Self(Expects::Tests(Box::new(tests)).into())
    }

    /// Where it stands in the plan file; nowhere when it is what a check expects by default.
    pub fn span(&self) -> Option<Span> {
        (self.0.span != Span::default()).then_some(self.0.span)
    }

    /// The matchers that it is made of.
    pub fn parts(&self) -> Vec<&Matcher> {
        match &self.0.value {
            Expects::Equals(_) => Vec::new(),
            Expects::HasAll(elements) => elements.iter().collect(),
            Expects::Tests(tests) => {
                let single = [&tests.len, &tests.has_key, &tests.has, &tests.not];
                let several = [&tests.has_all, &tests.exactly, &tests.all, &tests.any];
                let by_path = tests.json.iter().map(|(_, matcher)| matcher);
                single
                    .into_iter()
                    .flatten()
                    .chain(several.into_iter().flat_map(|list| list.iter()))
                    .chain(by_path)
                    .collect()
            }
        }
    }

    /// Looks at it, and at all that it is made of.
    pub fn visit<'m>(&'m self, look: &mut impl FnMut(&'m Matcher)) {
        look(self);
        for part in self.parts() {
            part.visit(look);
        }
    }
}

/// Reads matchers by their paths, of which none would say nothing.
fn at_least_one_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Named<Matcher>, D::Error> {
    struct Paths;
    impl<'de> Visitor<'de> for Paths {
        type Value = Named<Matcher>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a mapping of paths")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            // By what is written: a path whose matcher is wrong is left out, and its fault is told already.
            let is_empty = map.size_hint() == Some(0);
            let paths = Named::deserialize(de::value::MapAccessDeserializer::new(map))?;
            if is_empty { Err(de::Error::custom("expected at least one path")) } else { Ok(paths) }
        }
    }
    deserializer.deserialize_map(Paths)
}

/// Reads a scalar of any kind as its own text.
struct ScalarText;

impl Visitor<'_> for ScalarText {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text, a number, true or false")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal(text.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ScalarText)
    }
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Expects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Expects;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value, or tests such as `{ge: 1}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Expects, E> {
                Ok(Expects::Equals(Literal(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Expects, A::Error> {
                at_least_one(de::value::SeqAccessDeserializer::new(seq)).map(Expects::HasAll)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Expects, A::Error> {
                let tests = Tests::deserialize(de::value::MapAccessDeserializer::new(map))?;
                if tests == Tests::default() {
                    return Err(de::Error::custom("a matcher without a test would always hold"));
                }
                Ok(Expects::Tests(Box::new(tests)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
