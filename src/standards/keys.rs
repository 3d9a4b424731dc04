//! The keys that a plan file can have, as its JSON Schema knows them.

use std::sync::OnceLock;

use serde_json::Value;

use super::Each;
use crate::planfile::schema;

/// A key that a plan file cannot have, and those that stand in its place.
pub struct Unknown {
    /// The key.
    pub key: String,
    /// What is known there.
    pub known: Vec<String>,
}

/// Whether what is meant by `each` can have a value at this path of keys; without `each`, the plan file itself.
pub fn look(each: Option<Each>, path: &[String]) -> Result<(), Unknown> {
    let mut here = of(each);
    for key in path {
        here = here.below(key).ok_or_else(|| Unknown { key: key.clone(), known: here.keys() })?;
    }
    Ok(())
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

fn root() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(schema)
}

/// The forms that a value can have.
#[derive(Default)]
struct Shapes(Vec<&'static Value>);

impl Shapes {
    /// All forms, with references followed and alternatives side by side.
    fn all(&self) -> Vec<&'static Value> {
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

    fn keys(&self) -> Vec<String> {
        let all = self.all();
        let properties = all.iter().filter_map(|shape| shape["properties"].as_object());
        properties.flat_map(|properties| properties.keys().cloned()).collect()
    }
}

/// What stands under any name of a mapping of names.
fn any_name(shape: &'static Value) -> Option<&'static Value> {
    shape.get("additionalProperties").filter(|names| names.as_bool() != Some(false))
}
