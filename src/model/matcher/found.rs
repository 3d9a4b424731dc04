//! What was found, and what it can be read as.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A value that was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// There is none.
    Absent,
    /// Yes or no.
    Bool(bool),
    /// A number; NaN is one.
    Number(f64),
    /// A text, of one line or several.
    Text(String),
    /// Several values in an order.
    List(Vec<Found>),
    /// Values by name.
    Map(BTreeMap<String, Found>),
}

impl Found {
    /// A text that is a number when it can be read as one, as the values of samples are.
    pub fn number_or_text(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Number)
    }

    /// Whether it is a number that is not one.
    pub fn is_nan(&self) -> bool {
        matches!(self, Self::Number(number) if number.is_nan())
    }
}

impl From<&str> for Found {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Found {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Found {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Found {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// Numbers up to 2^53 stay what they are; larger ones are rounded, as JSON numbers are.
macro_rules! from_integers {
    ($($type:ty),*) => {$(
        impl From<$type> for Found {
            #[allow(clippy::cast_precision_loss, clippy::cast_lossless, reason = "said above")]
            fn from(number: $type) -> Self {
                Self::Number(number as f64)
            }
        }
    )*};
}

from_integers!(u16, u32, i32, u64, i64, usize);

impl<T: Into<Found>> From<Option<T>> for Found {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

impl<T: Into<Found>> From<Vec<T>> for Found {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl From<&Value> for Found {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => number.as_f64().map_or(Self::Text(number.to_string()), Self::Number),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(elements) => Self::List(elements.iter().map(Into::into).collect()),
            Value::Object(entries) => {
                Self::Map(entries.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

/// The most elements and keys that are shown.
const MOST_SHOWN: usize = 8;

impl fmt::Display for Found {
    /// In one line, for people; a text of several lines by its first one.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let more =
            |n: usize| if n > MOST_SHOWN { format!(", and {} more", n - MOST_SHOWN) } else { String::new() };
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(&quoted_lines(text)),
            Self::List(elements) => {
                let words: Vec<_> = elements.iter().take(MOST_SHOWN).map(ToString::to_string).collect();
                write!(f, "[{}{}]", words.join(", "), more(elements.len()))
            }
            Self::Map(entries) => {
                let words: Vec<_> =
                    entries.iter().take(MOST_SHOWN).map(|(key, value)| format!("{key}: {value}")).collect();
                write!(f, "{{{}{}}}", words.join(", "), more(entries.len()))
            }
        }
    }
}

/// A text in one line: a word as it is, anything else in backticks, several lines by the first.
pub(super) fn quoted_lines(text: &str) -> String {
    let n_lines = text.lines().count();
    if n_lines < 2 {
        return quoted(text.strip_suffix('\n').unwrap_or(text));
    }
    let first = text.lines().next().unwrap_or_default();
    format!("{n_lines} lines, the first {}", quoted(first))
}

/// A text of one line: a word as it is, anything else in backticks.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._:/+-=%".contains(c);
    match text {
        "" => "an empty text".to_owned(),
        _ if text.chars().all(is_plain) => text.to_owned(),
        _ => format!("`{text}`"),
    }
}

/// A value that was read as something else, and the words for that when it matters: `read as 12 lines`.
pub(super) struct Read<'f, T: ?Sized + ToOwned> {
    pub(super) value: Cow<'f, T>,
    pub(super) how: Option<String>,
}

impl<'f, T: ?Sized + ToOwned> Read<'f, T> {
    fn as_it_is(value: &'f T) -> Self {
        Self { value: Cow::Borrowed(value), how: None }
    }

    fn converted(value: T::Owned, how: String) -> Self {
        Self { value: Cow::Owned(value), how: Some(how) }
    }
}

impl Found {
    /// Reads it as a number: a text without the blank space around it.
    pub(super) fn as_number(&self) -> Result<(f64, Option<String>), String> {
        match self {
            Self::Number(number) => Ok((*number, None)),
            Self::Text(_) | Self::List(_) => {
                let text = self.as_text()?.value;
                let number = text.trim().parse::<f64>().map_err(|_| format!("{self} is no number"))?;
                Ok((number, Some("text read as a number".to_owned())))
            }
            Self::Absent | Self::Bool(_) | Self::Map(_) => Err(format!("{self} is no number")),
        }
    }

    /// Reads it as a text: a list as the text of its lines.
    pub(super) fn as_text(&self) -> Result<Read<'_, str>, String> {
        match self {
            Self::Text(text) => Ok(Read::as_it_is(text)),
            Self::Number(_) | Self::Bool(_) => {
                Ok(Read::converted(self.to_string(), "read as a text".to_owned()))
            }
            Self::List(elements) => {
                let lines: Result<Vec<_>, _> =
                    elements.iter().map(|element| Ok::<_, String>(element.as_text()?.value)).collect();
                let how = format!("{} read as lines", crate::counted(elements.len(), "element"));
                Ok(Read::converted(lines?.join("\n"), how))
            }
            Self::Absent => Err("there is nothing".to_owned()),
            Self::Map(_) => Err("a mapping is no text".to_owned()),
        }
    }

    /// Reads it as a list: a text as the list of its lines.
    pub(super) fn as_list(&self) -> Result<Read<'_, [Found]>, String> {
        match self {
            Self::List(elements) => Ok(Read::as_it_is(elements)),
            Self::Text(text) => {
                let lines: Vec<Self> = text.lines().map(Into::into).collect();
                let how = format!("read as {}", crate::counted(lines.len(), "line"));
                Ok(Read::converted(lines, how))
            }
            Self::Absent => Err("there is nothing".to_owned()),
            Self::Bool(_) | Self::Number(_) => Err(format!("{self} is no list")),
            Self::Map(_) => Err("a mapping is no list; `has_key` asks for its keys".to_owned()),
        }
    }

    /// Reads it as JSON: a text by its content, anything else by what it is.
    pub(super) fn as_json(&self) -> Result<(Value, Option<String>), String> {
        match self {
            Self::Text(text) => serde_json::from_str(text)
                .map(|value| (value, Some("text read as JSON".to_owned())))
                .map_err(|error| format!("the text is no JSON: {error}")),
            Self::Absent => Err("there is nothing".to_owned()),
            _ => Ok((self.to_json(), None)),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Absent => Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(number) => (*number).into(),
            Self::Text(text) => text.as_str().into(),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
        }
    }
}
