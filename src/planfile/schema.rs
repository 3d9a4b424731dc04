//! The JSON Schema of the plan file, made of the types that parse it.

use serde_json::{Value, json};

use crate::model::PlanFile;

/// The schema, for editors and for other programs. It knows the form of a plan file, not what it means.
pub fn schema() -> Value {
    let mut schema = Value::from(schemars::schema_for!(PlanFile));
    schema["title"] = json!("mainstay plan file");
    schema
}
