//! The JSON Schema of matchers.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Literal, Matcher, Tests};

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
        let element = generator.subschema_for::<Self>();
        let list = json_schema!({"type": "array", "items": element, "minItems": 1});
        json_schema!({
            "description": "A value, a list of what has to be there, or tests such as `{ge: 1}`.",
            "anyOf": [literal, list, tests]
        })
    }
}

/// Matchers by the path of what they are about.
pub(super) fn by_path(generator: &mut SchemaGenerator) -> Schema {
    let of = generator.subschema_for::<Matcher>();
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": r"^\$"},
        "additionalProperties": of
    })
}
