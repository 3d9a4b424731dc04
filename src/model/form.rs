//! Forms of values that a Rust type alone does not tell the JSON Schema: texts of a pattern, numbers within
//! bounds, one of several keys.
//!
//! Nothing is ever made of the types here; a field names its form with `#[schemars(with = "...")]`. The
//! constants are what the reader and its rules go by as well.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// The longest name of a thing.
pub const MAX_NAME_LENGTH: usize = 64;
/// What a name of a thing is made of, as a class of a regular expression.
const NAME_CHARACTERS: &str = "[A-Za-z0-9_.-]";
/// The name of a metric of the plan file, which is none of [our own](super::own_metric::PREFIX).
///
/// Source: Prometheus data model, metric names (the classic character set).
pub const METRIC_NAME: &str = "^(?!mainstay_)[A-Za-z_:][A-Za-z0-9_:]*$";
/// The highest priority of a task.
pub const MAX_PRIORITY: u32 = 100;

/// The most redirections that are followed.
pub const MAX_REDIRECTS: u32 = 10;

/// A [`Length`](super::Length).
pub(super) const LENGTH: &str = "^[0-9]+[smhdw]$";
/// A [`Tolerance`](super::Tolerance).
pub(super) const TOLERANCE: &str = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)%?$";
/// A [`Portion`](super::Portion).
pub(super) const PORTION: &str = "^([0-9]{1,9}|(100|[0-9]{1,2}|0[0-9]{2})%)$";
/// A [`Percent`](super::Percent).
pub(super) const PERCENT: &str = "^[0-9]{1,3}%$";
/// A [`Moment`](super::Moment); whether its month has that day is not for a pattern to say.
pub(super) const MOMENT: &str = concat!(
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60))?",
    r"|[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?",
    "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
);

/// What the name of a thing has to match.
pub fn name_pattern() -> String {
    format!("^{NAME_CHARACTERS}{{1,{MAX_NAME_LENGTH}}}$")
}

/// An alternative for each key: that it is there.
///
/// They have no properties of their own, so that an editor offers all keys of the mapping, whatever it holds
/// already.
pub(super) fn alternatives(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({"required": [key]})).collect()
}

/// Writes types that are nothing but a name for a schema.
macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident: $schema:tt;)*) => {$(
        $(#[$doc])*
        pub(super) enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

forms! {
    /// A text that does not consist of blank space; a number is a text, too.
    NonBlank: {
        "type": ["string", "number", "boolean"],
        "pattern": r"\S",
        "patternErrorMessage": "expected more than blank space"
    };
    /// A text that is not empty; a number is a text, too.
    NonEmpty: {
        "type": ["string", "number", "boolean"],
        "pattern": r"[\s\S]",
        "patternErrorMessage": "expected more than an empty text"
    };
    /// A length of time above 0.
    PositiveLength: {
        "type": "string",
        "pattern": "^0*[1-9][0-9]*[smhdw]$",
        "patternErrorMessage": "expected a length above 0, such as 90s, 10m, 4h, 3d or 2w",
        "examples": ["90s", "10m", "4h", "3d", "2w"]
    };
    /// A whole number.
    Count: {"type": "integer", "minimum": 0, "maximum": u32::MAX};
    /// How many redirections may be followed.
    Redirects: {"type": "integer", "minimum": 0, "maximum": MAX_REDIRECTS};
    /// A whole number above 0.
    AtLeastOne: {"type": "integer", "minimum": 1, "maximum": u32::MAX};
    /// The weight of a task.
    Priority: {"type": "integer", "minimum": 0, "maximum": MAX_PRIORITY};
    /// Five cron fields; whether such a time comes is not for a pattern to say.
    Cron: {
        "type": "string",
        "pattern": r"^\s*\S+(\s+\S+){4}\s*$",
        "patternErrorMessage": "expected five fields, minute hour day month weekday",
        "examples": ["0 2 * * SAT,SUN", "*/15 * * * *"]
    };
    /// A URL, as far as a pattern can tell.
    Url: {
        "type": "string",
        "pattern": r"^https?://[^\s/?#]\S*$",
        "patternErrorMessage": "expected `http://` or `https://` and a host",
        "examples": ["http://127.0.0.1:9090"]
    };
    /// Host and port, as far as a pattern can tell.
    Address: {
        "type": "string",
        "pattern": r"^\S+:\+?[0-9]+$",
        "patternErrorMessage": "expected `HOST:PORT`",
        "examples": ["127.0.0.1:9090"]
    };
    /// An alert expression, as far as a pattern can tell.
    AlertExpr: {
        "type": "string",
        "pattern": concat!(
            r"^\s*[A-Za-z_:][A-Za-z0-9_:]*\s*(\{[\s\S]*\}\s*)?(==|!=|<=?|>=?)",
            r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
        ),
        "patternErrorMessage": "expected `METRIC OP NUMBER` or `METRIC{label=\"value\"} OP NUMBER`",
        "examples": ["mainstay_debt > 0"]
    };
}

/// A program and its arguments.
pub(super) enum Argv {}

impl JsonSchema for Argv {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Argv".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (program, argument) =
            (generator.subschema_for::<NonBlank>(), generator.subschema_for::<String>());
        json_schema!({"type": "array", "prefixItems": [program], "items": argument, "minItems": 1})
    }
}
