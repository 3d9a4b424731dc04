//! What a found value is held against.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::named::at_least_one;
use super::{List, Spanned};

/// A literal to compare with: text stays text (`1.10` is not `1.1`) until it meets a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal(pub String);

impl Literal {
    /// The literal as a number, when it is one.
    pub fn number(&self) -> Option<f64> {
        self.0.parse().ok()
    }
}

/// One expectation: a literal means equality, a mapping names tests that all have to hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// The value equals this.
    Equals(Literal),
    /// All of these hold.
    Tests(Box<Tests>),
}

/// Named tests; all that are given have to hold, and at least one is given.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub struct Tests {
    /// Equal.
    pub eq: Option<Literal>,
    /// Not equal.
    pub ne: Option<Literal>,
    /// Less than, as numbers.
    pub lt: Option<Spanned<f64>>,
    /// Less than or equal, as numbers.
    pub le: Option<Spanned<f64>>,
    /// Greater than, as numbers.
    pub gt: Option<Spanned<f64>>,
    /// Greater than or equal, as numbers.
    pub ge: Option<Spanned<f64>>,
    /// Contains this text.
    pub contains: Option<String>,
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
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Matcher;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value, or tests such as `{ge: 1}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Matcher, E> {
                Ok(Matcher::Equals(Literal(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Matcher, A::Error> {
                let tests = Tests::deserialize(de::value::MapAccessDeserializer::new(map))?;
                if tests == Tests::default() {
                    return Err(de::Error::custom("a matcher without a test would always hold"));
                }
                Ok(Matcher::Tests(Box::new(tests)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Literal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

impl JsonSchema for Matcher {
    fn schema_name() -> Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (literal, tests) = (generator.subschema_for::<Literal>(), generator.subschema_for::<Tests>());
        json_schema!({"description": "A value, or tests such as `{ge: 1}`.", "anyOf": [literal, tests]})
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Matcher {
    /// In words: `200`, `at least 1 and below 5`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let tests = match self {
            Self::Equals(literal) => return write!(f, "{literal}"),
            Self::Tests(tests) => tests,
        };
        let list = |all: &[Matcher], joint: &str| {
            let words: Vec<_> = all.iter().map(ToString::to_string).collect();
            format!("({})", words.join(joint))
        };
        let mut words = Vec::new();
        words.extend(tests.eq.iter().map(ToString::to_string));
        words.extend(tests.ne.iter().map(|value| format!("not {value}")));
        words.extend(tests.lt.iter().map(|value| format!("below {}", value.value)));
        words.extend(tests.le.iter().map(|value| format!("at most {}", value.value)));
        words.extend(tests.gt.iter().map(|value| format!("above {}", value.value)));
        words.extend(tests.ge.iter().map(|value| format!("at least {}", value.value)));
        words.extend(tests.contains.iter().map(|text| format!("containing `{text}`")));
        words.extend(tests.not.iter().map(|inner| format!("not ({inner})")));
        words.extend((!tests.all.is_empty()).then(|| list(&tests.all, " and ")));
        words.extend((!tests.any.is_empty()).then(|| list(&tests.any, " or ")));
        f.write_str(&words.join(" and "))
    }
}

impl Matcher {
    /// Whether `found` is as expected.
    ///
    /// Two numbers compare as numbers; NaN matches nothing but `ne` and `not`.
    pub fn matches(&self, found: &str) -> bool {
        match self {
            Self::Equals(literal) => equal(literal, found),
            Self::Tests(tests) => tests.all_hold(found),
        }
    }
}

impl Tests {
    fn all_hold(&self, found: &str) -> bool {
        let number: Option<f64> = found.parse().ok();
        let compare = |limit: &Option<Spanned<f64>>, holds: fn(f64, f64) -> bool| {
            limit.is_none_or(|limit| number.is_some_and(|number| holds(number, limit.value)))
        };
        self.eq.as_ref().is_none_or(|value| equal(value, found))
            && self.ne.as_ref().is_none_or(|value| !equal(value, found))
            && compare(&self.lt, |number, limit| number < limit)
            && compare(&self.le, |number, limit| number <= limit)
            && compare(&self.gt, |number, limit| number > limit)
            && compare(&self.ge, |number, limit| number >= limit)
            && self.contains.as_ref().is_none_or(|text| found.contains(text))
            && self.not.as_ref().is_none_or(|inner| !inner.matches(found))
            && self.all.iter().all(|inner| inner.matches(found))
            && (self.any.is_empty() || self.any.iter().any(|inner| inner.matches(found)))
    }
}

#[expect(clippy::float_cmp, reason = "an expectation of exactly this number is meant exactly")]
fn equal(literal: &Literal, found: &str) -> bool {
    match (literal.number(), found.parse::<f64>()) {
        (Some(expected), Ok(number)) => expected == number,
        _ => literal.0 == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_least(limit: f64) -> Matcher {
        Matcher::Tests(Box::new(Tests { ge: Some(limit.into()), ..Tests::default() }))
    }

    #[test]
    fn numbers_compare_as_numbers_and_text_as_text() {
        assert!(Matcher::Equals(Literal("200".into())).matches("200.0"));
        assert!(!Matcher::Equals(Literal("ok".into())).matches("OK"));
        assert!(at_least(1.0).matches("1"));
        assert!(!at_least(1.0).matches("one"));
    }

    #[test]
    fn nan_satisfies_no_comparison() {
        assert!(!at_least(0.0).matches("NaN"));
        assert!(!Matcher::Equals(Literal("NaN".into())).matches("NaN"));
    }
}
