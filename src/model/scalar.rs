//! Durations, times and tolerances as they are written in the plan file.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::form;

/// A length of time, written as one number and one unit: `90s`, `10m`, `4h`, `3d`, `2w`.
///
/// A day is 24 hours: lengths are elapsed time, never calendar steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Length(pub TimeDelta);

/// The units of a [`Length`], largest first, in seconds.
const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Length {
    /// A length of whole seconds.
    pub fn seconds(seconds: i64) -> Self {
        Self(TimeDelta::seconds(seconds))
    }

    /// The length for the standard library; a negative one is nothing.
    pub fn to_std(self) -> std::time::Duration {
        self.0.to_std().unwrap_or_default()
    }
}

impl FromStr for Length {
    type Err = &'static str;

    /// Reads `90s`, `10m`, `4h`, `3d` or `2w`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a whole number and a unit, such as 90s, 10m, 4h, 3d or 2w";
        let unit = text.chars().next_back().ok_or(EXPECTED)?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or(EXPECTED)?;
        let digits = &text[..text.len() - unit.len_utf8()];
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(EXPECTED);
        }
        let number: i64 = digits.parse().map_err(|_| "expected a length below 100 years")?;
        let total = number.checked_mul(*seconds).filter(|s| *s <= 100 * 366 * 86_400);
        total.map(Self::seconds).ok_or("expected a length below 100 years")
    }
}

impl fmt::Display for Length {
    /// The shortest exact form: `90m`, not `5400s`; several units when one does not do, `1h30m`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut left = self.0.num_seconds();
        if left < 0 {
            f.write_str("-")?;
            left = -left;
        }
        if left == 0 {
            return f.write_str("0s");
        }
        for (name, seconds) in UNITS.iter().filter(|(name, _)| *name != 'w') {
            if left >= *seconds {
                write!(f, "{}{name}", left / seconds)?;
                left %= seconds;
            }
        }
        Ok(())
    }
}

/// An instant as it is written: RFC 3339, or local to the plan file's `timezone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// With an offset, so it needs no zone.
    Utc(DateTime<Utc>),
    /// On the wall clock of the plan file's zone.
    Local(NaiveDateTime),
    /// A date: its first moment in the plan file's zone.
    Date(NaiveDate),
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a time such as 2026-12-20, 2026-12-20 02:30 or 2026-12-20T02:30:00Z";
        // chrono also takes other minus signs, single digits, signs and blanks, which is guessing.
        if let Some(instant) = text.is_ascii().then(|| DateTime::parse_from_rfc3339(text).ok()).flatten() {
            return Ok(Self::Utc(instant.to_utc()));
        }
        for format in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
            if let Ok(local) = NaiveDateTime::parse_from_str(text, format)
                && local.format(format).to_string() == text
            {
                return Ok(Self::Local(local));
            }
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| EXPECTED)?;
        if date.to_string() == text { Ok(Self::Date(date)) } else { Err(EXPECTED) }
    }
}

/// By how much a number may differ: `2%` of the value before, or an absolute number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// A share of the value before, in percent.
    Percent(f64),
    /// A difference in the value's own unit.
    Absolute(f64),
}

impl Tolerance {
    /// Whether `after` is within this of `before`.
    pub fn admits(self, before: f64, after: f64) -> bool {
        let allowed = match self {
            Self::Percent(percent) => before.abs() * percent / 100.0,
            Self::Absolute(difference) => difference,
        };
        (after - before).abs() <= allowed
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Absolute(difference) => write!(f, "{difference}"),
        }
    }
}

impl FromStr for Tolerance {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, wrap): (_, fn(f64) -> Self) = match text.strip_suffix('%') {
            Some(percent) => (percent, Self::Percent),
            None => (text, Self::Absolute),
        };
        let is_decimal = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = number.parse::<f64>().ok().filter(|value| is_decimal && value.is_finite());
        value.map(wrap).ok_or("expected a percentage or a number that is not negative, such as 2% or 5")
    }
}

/// A number of things, or a percentage of all that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    /// So many.
    Count(u32),
    /// So many of a hundred, up to 100.
    Percent(u32),
}

impl Portion {
    /// So many of `n`; of a percentage the fraction is left out.
    pub fn of(self, n: usize) -> usize {
        let all = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        match self {
            Self::Count(count) => all(count),
            Self::Percent(percent) => n.saturating_mul(all(percent)) / 100,
        }
    }
}

impl fmt::Display for Portion {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Portion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected a whole number from 0 to 999999999, or a percentage of at most 100%";
        let (digits, most, wrap): (_, _, fn(u32) -> Self) = match text.strip_suffix('%') {
            Some(percent) => (percent, 3, Self::Percent),
            None => (text, 9, Self::Count),
        };
        let is_short = digits.len() <= most && digits.bytes().all(|byte| byte.is_ascii_digit());
        let portion = digits.parse().ok().filter(|_| is_short).map(wrap).ok_or(EXPECTED)?;
        if matches!(portion, Self::Percent(101..)) { Err(EXPECTED) } else { Ok(portion) }
    }
}

/// So many of a hundred, up to 999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(pub u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_suffix('%').filter(|digits| (1..=3).contains(&digits.len()));
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let percent = digits.and_then(|digits| digits.parse().ok());
        percent.map(Self).ok_or("expected a whole percentage of at most 999%, such as 90%")
    }
}

/// The name of something that is no section of its own, such as a silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(pub String);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let is_name = (1..=form::MAX_NAME_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
        is_name
            .then(|| Self(text.to_owned()))
            .ok_or("expected up to 64 letters A-Z and a-z, digits, `_`, `.` and `-`")
    }
}

/// Implements `Deserialize` and `JsonSchema` for a type that is read from text with `FromStr`.
macro_rules! read_from_text {
    ($type:ty, $name:literal, $expected:literal, $schema:tt) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

pub(super) use read_from_text;

read_from_text!(Length, "Length", "a length of time such as 90s, 10m, 4h, 3d or 2w", {
    "type": "string",
    "pattern": form::LENGTH,
    "patternErrorMessage": "expected a length of time such as 90s, 10m, 4h, 3d or 2w",
    "examples": ["90s", "10m", "4h", "3d", "2w"]
});
read_from_text!(Moment, "Moment", "a time such as 2026-12-20 02:30 or 2026-12-20T02:30:00Z", {
    "type": "string",
    "pattern": form::MOMENT,
    "patternErrorMessage": "expected a time such as 2026-12-20, 2026-12-20 02:30 or 2026-12-20T02:30:00Z",
    "examples": ["2026-12-20", "2026-12-20 02:30", "2026-12-20T02:30:00Z"]
});
read_from_text!(Name, "Name", "a name", {
    "type": ["string", "number", "boolean"],
    "pattern": form::name_pattern(),
    "patternErrorMessage": "expected up to 64 letters A-Z and a-z, digits, `_`, `.` and `-`"
});
read_from_text!(Tolerance, "Tolerance", "a tolerance such as 2% or 5", {
    "type": ["string", "number"],
    "pattern": form::TOLERANCE,
    "patternErrorMessage": "expected a percentage or a number that is not negative, such as 2% or 5",
    "minimum": 0,
    "examples": ["2%", 5]
});

read_from_text!(Percent, "Percent", "a percentage such as 90%", {
    "type": "string",
    "pattern": form::PERCENT,
    "patternErrorMessage": "expected a whole percentage of at most 999%, such as 90%",
    "examples": ["90%"]
});

read_from_text!(Portion, "Portion", "a whole number, or a percentage such as 30%", {
    "type": ["string", "integer"],
    "pattern": form::PORTION,
    "patternErrorMessage": "expected a whole number, or a percentage of at most 100%",
    "minimum": 0,
    "maximum": 999_999_999,
    "examples": [1, "30%"]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_full() {
        for right in [
            "2026-12-20",
            "2026-12-20 02:30",
            "2026-12-20T02:30",
            "2026-12-20 02:30:00",
            "2026-12-20T02:30:00Z",
            "2026-12-20t02:30:00.25z",
            "2026-12-20 02:30:00+01:00",
        ] {
            assert!(right.parse::<Moment>().is_ok(), "{right}");
        }
        for wrong in [
            "2026",
            "2026-12",
            "2026-1-5",
            "+2026-12-20",
            " 2026-12-20",
            "2026-13-01",
            "2026-02-30",
            "2026-12-20 2:30",
            "2026-12-20 24:00",
            "2026-12-20 02:30Z",
            "2026-12-20T02:30:00\u{2212}01:00",
        ] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_portion_is_a_number_or_a_percentage_of_at_most_all() {
        assert_eq!(("7".parse(), "30%".parse()), (Ok(Portion::Count(7)), Ok(Portion::Percent(30))));
        assert_eq!(
            (Portion::Percent(30).of(10), Portion::Percent(33).of(2), Portion::Count(5).of(2)),
            (3, 0, 5)
        );
        for wrong in ["", "%", "-1", "+1", "1.5", "101%", "0100%", "1000000000", "1 %", "one"] {
            assert!(wrong.parse::<Portion>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_percentage_is_whole_and_has_its_sign() {
        assert_eq!(
            ("0%".parse(), "100%".parse(), "007%".parse()),
            (Ok(Percent(0)), Ok(Percent(100)), Ok(Percent(7)))
        );
        for wrong in ["", "%", "90", "0.5%", "-1%", "+1%", "1000%", "9 %"] {
            assert!(wrong.parse::<Percent>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tolerance_is_a_plain_decimal_number() {
        for (text, read) in [
            ("2%", Tolerance::Percent(2.0)),
            ("0.5%", Tolerance::Percent(0.5)),
            (".5", Tolerance::Absolute(0.5)),
            ("5.", Tolerance::Absolute(5.0)),
        ] {
            assert_eq!(text.parse(), Ok(read), "{text}");
        }
        for wrong in ["", "%", ".", "-0", "-1%", "+1", "1e3", "inf", "2 %", "2%%"] {
            assert!(wrong.parse::<Tolerance>().is_err(), "{wrong}");
        }
    }
}
