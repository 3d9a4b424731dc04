//! The committed JSON Schema says what the types say, and helps whoever writes a plan file in an editor.

use mainstay::validator::rules;
use std::collections::BTreeSet;

use serde_json::Value;

use super::support::{Yaml, assert_committed};

#[test]
fn the_committed_schema_is_current() {
    let current = serde_json::to_string_pretty(&mainstay::planfile::schema()).unwrap() + "\n";
    assert_committed("completions/maintenance.schema.json", &current);
}

#[test]
fn the_schema_is_one_by_its_own_draft_and_says_what_it_is() {
    let schema = mainstay::planfile::schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["$id"], "urn:mainstay:plan-file:1");
    assert_eq!(schema["title"], "mainstay plan file");
    assert!(is_description(&schema["description"]));
}

/// The definitions by their names, and the plan file itself.
fn definitions(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = schema["definitions"].as_object().unwrap();
    all.iter().map(|(name, definition)| (name.as_str(), definition)).chain([("plan file", schema)])
}

/// A schema and all below it, but for definitions.
fn within<'s>(schema: &'s Value, found: &mut Vec<&'s Value>) {
    match schema {
        Value::Object(entries) => {
            found.push(schema);
            let below = entries.iter().filter(|(key, _)| *key != "definitions");
            below.for_each(|(_, below)| within(below, found));
        }
        Value::Array(elements) => elements.iter().for_each(|below| within(below, found)),
        _ => {}
    }
}

fn everything(schema: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    definitions(schema).for_each(|(_, definition)| within(definition, &mut found));
    found
}

fn is_description(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() > 3 && !text.contains("[`"))
}

#[test]
fn an_editor_has_a_description_of_every_key_that_it_offers() {
    let schema = mainstay::planfile::schema();
    let mut n_keys = 0;
    for (name, definition) in definitions(&schema) {
        assert!(is_description(&definition["description"]), "{name}: {definition}");
        let keys = definition["properties"].as_object().into_iter().flatten();
        for (key, of) in keys {
            assert!(is_description(&of["description"]), "{name}: {key}: {of}");
            n_keys += 1;
        }
        let alternatives = definition["oneOf"].as_array().into_iter().flatten();
        for choice in alternatives.filter(|alternative| alternative.get("type").is_some()) {
            assert!(is_description(&choice["description"]), "{name}: {choice}");
            // Or else the language server for YAML writes the key without a colon.
            assert!(definition.get("type").is_some(), "{name} has no type of its own");
        }
    }
    assert!(n_keys > 150, "only {n_keys}");
}

#[test]
fn an_editor_offers_all_keys_of_the_file_of_a_task_and_of_a_step() {
    let schema = mainstay::planfile::schema();
    let keys = |of: &Value| of["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    for (of, some) in [
        (&schema, ["mainstay", "targets", "tasks", "alerts"]),
        (&schema["definitions"]["Task"], ["type", "schedule", "steps", "verify"]),
        (&schema["definitions"]["Step"], ["run", "shell", "retry", "only_if"]),
    ] {
        // An alternative with keys of its own would be all that is offered, once it is the best match.
        let alternatives = ["oneOf", "anyOf"].into_iter().filter_map(|key| of[key].as_array()).flatten();
        alternatives.for_each(|alternative| assert_eq!(alternative["properties"], Value::Null));
        assert!(some.iter().all(|key| keys(of).contains(*key)), "{some:?}");
    }
}

#[test]
fn no_mapping_of_known_keys_takes_another_one() {
    let schema = mainstay::planfile::schema();
    let mut n_mappings = 0;
    for of in everything(&schema).into_iter().filter(|of| of["type"] == "object") {
        if of.get("properties").is_some() {
            assert_eq!(of["additionalProperties"], false, "{of}");
            n_mappings += 1;
        }
    }
    assert!(n_mappings > 30, "only {n_mappings}");
}

#[test]
fn beside_a_reference_stands_only_what_a_validator_may_pass_over() {
    let schema = mainstay::planfile::schema();
    for of in everything(&schema).into_iter().filter(|of| of.get("$ref").is_some()) {
        let beside = of.as_object().unwrap().keys();
        assert!(
            beside.into_iter().all(|key| ["$ref", "description", "default"].contains(&key.as_str())),
            "{of}"
        );
    }
}

#[test]
fn nothing_takes_null() {
    let schema = mainstay::planfile::schema();
    for of in everything(&schema) {
        let types = &of["type"];
        assert!(
            types != "null" && types.as_array().is_none_or(|types| !types.contains(&"null".into())),
            "{of}"
        );
    }
}

#[test]
fn defaults_and_examples_are_values_that_the_key_takes() {
    let schema = mainstay::planfile::schema();
    let mut n_values = 0;
    for of in everything(&schema) {
        let examples = of["examples"].as_array().into_iter().flatten();
        let values: Vec<_> = of.get("default").into_iter().chain(examples).collect();
        if values.is_empty() {
            continue;
        }
        let mut alone = of.clone();
        alone["definitions"] = schema["definitions"].clone();
        alone["$schema"] = schema["$schema"].clone();
        let validator = jsonschema::validator_for(&alone).unwrap();
        for value in values {
            assert!(validator.is_valid(value), "{value} in {of}");
            n_values += 1;
        }
    }
    assert!(n_values > 50, "only {n_values}");
}

/// Rules, manual and schema stay in step: what the manual shows as right is right to an editor, too.
#[test]
fn the_mended_example_of_every_rule_is_right_by_the_schema() {
    let schema = jsonschema::validator_for(&mainstay::planfile::schema()).unwrap();
    for rule in rules::all().filter(|rule| rule.after.starts_with("mainstay:")) {
        let json = Yaml::read(rule.after).unwrap_or_else(|error| panic!("{}: {error}", rule.code)).json();
        let errors: Vec<_> = schema.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", rule.code);
    }
}

#[test]
fn what_is_wrong_with_the_form_of_an_example_is_wrong_by_the_schema() {
    let schema = jsonschema::validator_for(&mainstay::planfile::schema()).unwrap();
    // About one value; the others are about the text, about names, or about two values together.
    let of_one_value = [
        "MS112", "MS113", "MS114", "MS115", "MS116", "MS301", "MS302", "MS303", "MS304", "MS308", "MS309",
        "MS310", "MS314", "MS320", "MS321",
    ];
    for code in of_one_value {
        let rule = rules::by_code(code).unwrap();
        let json = Yaml::read(rule.before).unwrap_or_else(|error| panic!("{code}: {error}")).json();
        assert!(!schema.is_valid(&json), "{code} is right by the schema:\n{}", rule.before);
    }
}
