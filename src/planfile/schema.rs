//! The JSON Schema of the plan file, made of the types that parse it.
//!
//! What a type or a field takes is said beside it, in `model`. Here is what holds of every value, whatever its
//! key is: [`nothing_is_null`], [`text_is_any_scalar`] and [`no_default_is_empty`].

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, ReplacePrefixItems};
use serde_json::Value;

use crate::model::PlanFile;

/// The schema, for editors and for other programs. It knows the form of a plan file, not what it means.
///
/// It is of draft 7, which every editor's language server reads.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft07();
    // Without what schemars does for this draft to a description beside a `$ref`: a validator passes over it
    // there, while an editor shows it and does not find the type of what is wrapped in `allOf`.
    settings.transforms = vec![
        Box::new(RecursiveTransform(nothing_is_null)),
        Box::new(RecursiveTransform(text_is_any_scalar)),
        Box::new(RecursiveTransform(no_default_is_empty)),
        Box::new(ReplacePrefixItems::default()),
    ];
    settings.into_generator().into_root_schema_for::<PlanFile>().to_value()
}

/// The reader types a scalar by what is asked for: where a text is, `1.10` and `yes` are texts.
///
/// A text that has to match a pattern says itself what else it takes.
fn text_is_any_scalar(schema: &mut Schema) {
    let is_free = ["const", "enum", "oneOf", "pattern"].iter().all(|key| schema.get(*key).is_none());
    if is_free && schema.get("type").is_some_and(|of| of == "string") {
        schema.insert("type".to_owned(), vec!["string", "number", "boolean"].into());
    }
}

/// The reader takes null for a value that was forgotten, also where the key may be left out; schemars takes
/// an [`Option`] for a value that may be null.
fn nothing_is_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|of| of != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        alternatives.retain(|of| of.get("type").is_none_or(|of| of != "null"));
        if let [Value::Object(only)] = alternatives.as_mut_slice() {
            let only = std::mem::take(only);
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// An editor writes the default behind a key; behind one that takes a list it had better begin an element.
fn no_default_is_empty(schema: &mut Schema) {
    let is_empty = |value: &Value| match value {
        Value::Array(elements) => elements.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    };
    if schema.get("default").is_some_and(is_empty) {
        schema.remove("default");
    }
}
