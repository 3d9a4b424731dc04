//! The keys that a plan file can have, as its JSON Schema knows them.

use std::sync::OnceLock;

use serde_json::Value as Json;

use super::Each;
use crate::model::Value;
use crate::planfile::schema;

/// A key that a plan file cannot have, and those that stand in its place.
pub struct Unknown {
    /// The key.
    pub key: String,
    /// What is known there.
    pub known: Vec<String>,
}

/// Whether what is meant by `each` can have a value at this path of keys; without `each`, the plan file
/// itself.
pub fn look(each: Option<Each>, path: &[String]) -> Result<(), Unknown> {
    let mut here = of(each);
    for key in path {
        here = here.below(key).ok_or_else(|| Unknown { key: key.clone(), known: here.keys() })?;
    }
    Ok(())
}

/// A value as it has to be written at this path of keys: numbers and truth values bare, where these are asked
/// for.
pub fn as_written(each: Option<Each>, path: &[String], value: Value) -> Value {
    let here = path.iter().try_fold(of(each), |here, key| here.below(key));
    here.unwrap_or_default().as_written(value)
}

fn of(each: Option<Each>) -> Shapes {
    let root = Shapes(vec![root()]);
    let task = || root.below("tasks").unwrap_or_default().entries();
    match each {
        None => root,
        Some(Each::Steps) => task().below("steps").unwrap_or_default().elements(),
        Some(Each::Checks) => task().below("verify").unwrap_or_default().elements(),
        Some(section) => root.below(section.word()).unwrap_or_default().entries(),
    }
}

fn root() -> &'static Json {
    static SCHEMA: OnceLock<Json> = OnceLock::new();
    SCHEMA.get_or_init(schema)
}

/// The forms that a value can have.
#[derive(Default)]
struct Shapes(Vec<&'static Json>);

impl Shapes {
    /// All forms, with references followed and alternatives side by side.
    fn all(&self) -> Vec<&'static Json> {
        let mut found = Vec::new();
        let mut left = self.0.clone();
        while let Some(shape) = left.pop() {
            if let Some(pointer) = shape["$ref"].as_str() {
                left.extend(root().pointer(pointer.trim_start_matches('#')));
                continue;
            }
            for alternatives in ["anyOf", "oneOf", "allOf"] {
                left.extend(shape[alternatives].as_array().into_iter().flatten());
            }
            found.push(shape);
        }
        found
    }

    /// What the value of a key can be; `None` when there is no such key.
    fn below(&self, key: &str) -> Option<Self> {
        let all = self.all();
        let of_key = all.iter().filter_map(|shape| {
            // `true` is anything at all.
            let anything = (shape.as_bool() == Some(true)).then_some(*shape);
            anything.or_else(|| shape["properties"].get(key)).or_else(|| any_name(shape))
        });
        let found: Vec<_> = of_key.collect();
        (!found.is_empty()).then_some(Self(found))
    }

    /// What stands under the names of a section.
    fn entries(&self) -> Self {
        Self(self.all().into_iter().filter_map(any_name).collect())
    }

    /// What the elements of a list can be.
    fn elements(&self) -> Self {
        Self(self.all().into_iter().filter_map(|shape| shape.get("items")).collect())
    }

    fn as_written(&self, value: Value) -> Value {
        match value {
            Value::Text(text) if self.is_bare() => Value::Bare(text),
            Value::Text(_) | Value::Bare(_) => value,
            Value::List(values) => {
                let elements = self.elements();
                Value::List(values.into_iter().map(|value| elements.as_written(value)).collect())
            }
            Value::Map(entries) => {
                let written = |(key, value): (String, Value)| {
                    let value = self.below(&key).unwrap_or_default().as_written(value);
                    (key, value)
                };
                Value::Map(entries.into_iter().map(written).collect())
            }
        }
    }

    /// Whether a number or a truth value is asked for, and no text.
    fn is_bare(&self) -> bool {
        let all = self.all();
        let is = |name: &str| {
            all.iter().any(|shape| match &shape["type"] {
                Json::String(only) => only == name,
                Json::Array(several) => several.iter().any(|one| one == name),
                _ => false,
            })
        };
        (is("integer") || is("number") || is("boolean")) && !is("string")
    }

    fn keys(&self) -> Vec<String> {
        let all = self.all();
        let properties = all.iter().filter_map(|shape| shape["properties"].as_object());
        properties.flat_map(|properties| properties.keys().cloned()).collect()
    }
}

/// What stands under any name of a mapping of names.
fn any_name(shape: &'static Json) -> Option<&'static Json> {
    shape.get("additionalProperties").filter(|names| names.as_bool() != Some(false))
}
