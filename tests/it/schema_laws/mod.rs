//! Two laws: what the schema refuses, the reader refuses (A); what the reader refuses for its form, the schema
//! refuses (B), but for [`EXCEPTIONS`].

mod grammar;
mod mutation;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use mainstay::model::{Finding, Severity};
use mainstay::planfile;
use mainstay::validator::checker;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestError, TestRunner};

use serde_json::{Map, Value};

use super::support::Yaml;
use mutation::{ENTRIES, KEYS, KINDS_OF_VALUES, Mutation, Places, SCALARS, places};

static SCHEMA: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&planfile::schema()).expect("a schema"));

/// What a schema cannot express.
struct Exception {
    reason: &'static str,
    is_meant: fn(&Finding) -> bool,
}

const EXCEPTIONS: &[Exception] = &[
    Exception { reason: "a JSON object has each key once", is_meant: |finding| finding.code == "MS102" },
    Exception {
        reason: "YAML itself: a schema sees values, and nothing of how they are written",
        is_meant: |finding| matches!(finding.code, "MS101" | "MS103" | "MS105" | "MS106" | "MS107" | "MS108"),
    },
    Exception {
        reason: "a number or truth value in another notation: JSON keeps what it is worth, not how it is written",
        is_meant: |finding| {
            let written = refused_value(finding);
            match finding.expected.as_deref().unwrap_or_default() {
                "expected `true` or `false`" => matches!(written, "True" | "TRUE" | "False" | "FALSE"),
                expected if expected.contains("a whole number from") => {
                    let worth = Yaml::Scalar(written.to_owned()).json();
                    worth
                        .as_f64()
                        .is_some_and(|number| number.fract() == 0.0 && format!("{number}") != written)
                }
                "expected a finite decimal number"
                | "expected a percentage or a number that is not negative, such as 2% or 5" => {
                    let is_decimal = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                    !is_decimal && Yaml::Scalar(written.to_owned()).json().is_number()
                }
                // The name of a silence: `+5` is 5 in JSON, whose text would be one.
                "expected up to 64 letters A-Z and a-z, digits, `_`, `.` and `-`" => {
                    Yaml::Scalar(written.to_owned()).json().is_number()
                }
                _ => false,
            }
        },
    },
    Exception {
        reason: "arithmetic: the bound of a length depends on its unit",
        is_meant: |finding| finding.expected.as_deref() == Some("expected a length below 100 years"),
    },
    Exception {
        reason: "the calendar: how many days a month has",
        is_meant: |finding| {
            let day = refused_value(finding).get(5..10).unwrap_or_default();
            let is_time = finding.expected.as_ref().is_some_and(|what| what.starts_with("expected a time"));
            is_time && matches!(day, "02-29" | "02-30" | "02-31" | "04-31" | "06-31" | "09-31" | "11-31")
        },
    },
];

/// The value in a message such as "`max_down` cannot be `x`".
fn refused_value(finding: &Finding) -> &str {
    let written = finding.message.split_once("cannot be `").map_or("", |(_, rest)| rest);
    written.strip_suffix('`').unwrap_or_default()
}

/// Whether a finding is about the form of one value, for which a schema is made: not about names that are
/// defined elsewhere, about two values that contradict each other, or about a language inside a text.
fn is_of_form(finding: &Finding) -> bool {
    let expected = finding.expected.as_deref().unwrap_or_default();
    match finding.code {
        "MS301" | "MS302" | "MS303" | "MS304" | "MS308" | "MS309" | "MS314" | "MS320" | "MS321" => true,
        "MS305" => finding.message == "`within` says nothing without `when`",
        "MS307" => expected.starts_with("expected five fields"),
        "MS310" => expected == "expected `http://` or `https://`",
        code => code.starts_with("MS1"),
    }
}

/// What schema and reader say of a text.
struct Verdicts {
    json: Value,
    is_right_by_schema: bool,
    by_reader: Vec<Finding>,
}

fn findings(text: &str) -> Vec<Finding> {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    checker::check_bytes("plan.yaml", text.as_bytes().to_vec(), now).findings
}

fn judge(text: &str) -> Verdicts {
    let json = Yaml::read(text).unwrap_or_else(|error| panic!("{error} in\n{text}")).json();
    let mut by_reader = findings(text);
    by_reader.retain(|finding| finding.severity == Severity::Error);
    Verdicts { is_right_by_schema: SCHEMA.is_valid(&json), json, by_reader }
}

/// The law that is broken by a text, if one is; a text that is no JSON value is outside of them.
fn broken_law(text: &str) -> Option<String> {
    let verdicts = judge(text);
    let has = |is_meant: &dyn Fn(&Finding) -> bool| verdicts.by_reader.iter().any(is_meant);
    let is_any_of =
        |rows: &[Exception], finding: &Finding| rows.iter().any(|exception| (exception.is_meant)(finding));
    let [duplicates, syntax, ..] = EXCEPTIONS else { return None };
    if has(&duplicates.is_meant) || has(&syntax.is_meant) {
        return None;
    }
    let is_about_values =
        |finding: &Finding| ["MS005", "MS1", "MS3"].iter().any(|codes| finding.code.starts_with(codes));
    let law = if !verdicts.is_right_by_schema && !has(&is_about_values) {
        "the schema refuses what the reader takes"
    } else if verdicts.is_right_by_schema
        && has(&|finding| is_of_form(finding) && !is_any_of(EXCEPTIONS, finding))
    {
        "the reader refuses what the schema takes"
    } else {
        return None;
    };
    Some(format!("{law}\n{}", account(text, &verdicts)))
}

fn account(text: &str, verdicts: &Verdicts) -> String {
    let mut account = format!("--- text\n{text}--- schema\n");
    for error in SCHEMA.iter_errors(&verdicts.json) {
        let _ = writeln!(account, "{}: {error}", error.instance_path());
    }
    account += "--- reader\n";
    for Finding { code, message, expected, .. } in &verdicts.by_reader {
        let _ = writeln!(account, "{code} {message}; {}", expected.as_deref().unwrap_or("-"));
    }
    account
}

fn hold(tree: &Yaml) -> Result<(), TestCaseError> {
    let broken = broken_law(&tree.write());
    broken.map_or(Ok(()), |account| Err(TestCaseError::fail(account)))
}

fn plan_files() -> Vec<(&'static str, Yaml)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    [
        "tests/it/plans/everything.yaml",
        "examples/quickstart/maintenance.yaml",
        "examples/prometheus/maintenance.yaml",
    ]
    .map(|name| {
        let text = std::fs::read_to_string(root.join(name)).expect(name);
        (name, Yaml::read(&text).expect(name))
    })
    .to_vec()
}

#[test]
fn right_plan_files_at_random_are_right_to_schema_and_reader() {
    holds_for(250, &grammar::plan_file(), |tree| {
        let text = tree.write();
        let mut verdicts = judge(&text);
        // What the values mean together is random, too.
        let is_of_values =
            |finding: &Finding| ["MS1", "MS3"].iter().any(|codes| finding.code.starts_with(codes));
        verdicts.by_reader.retain(|finding| is_of_values(finding) && finding.code != "MS315");
        let is_right = verdicts.is_right_by_schema && verdicts.by_reader.is_empty();
        prop_assert!(is_right, "{}", account(&text, &verdicts));
        Ok(())
    });
}

#[test]
fn plan_files_at_random_have_every_key_that_the_schema_knows() {
    let schema = planfile::schema();
    let mut missing = BTreeSet::new();
    keys_of(&schema, "plan file", &mut missing);
    for (name, definition) in schema["definitions"].as_object().expect("definitions") {
        keys_of(definition, name, &mut missing);
    }
    for tree in some_at_random() {
        meet(&schema, &schema, "plan file", &tree.json(), &mut missing);
    }
    assert_eq!(missing, BTreeSet::new(), "the grammar lacks them");
}

/// Always the same ones, and enough of them to have every key.
fn some_at_random() -> impl Iterator<Item = Yaml> {
    let (mut runner, rule) = (TestRunner::deterministic(), grammar::plan_file());
    (0..1000).map(move |_| rule.new_tree(&mut runner).expect("a plan file").current())
}

/// The alternatives and parts of a schema.
fn parts_of(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array());
    lists.flatten()
}

/// All keys of a schema and of its parts.
fn keys_of(schema: &Value, name: &str, keys: &mut BTreeSet<String>) {
    let own = schema["properties"].as_object().into_iter().flat_map(Map::keys);
    keys.extend(own.map(|key| format!("{name}: {key}")));
    parts_of(schema).for_each(|part| keys_of(part, name, keys));
}

/// Strikes out the keys that a value has.
fn meet(root: &Value, schema: &Value, name: &str, value: &Value, missing: &mut BTreeSet<String>) {
    if let Some(of) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/definitions/")) {
        return meet(root, &root["definitions"][of], of, value, missing);
    }
    parts_of(schema).for_each(|part| meet(root, part, name, value, missing));
    for (key, value) in value.as_object().into_iter().flatten() {
        let known = &schema["properties"][key];
        if !known.is_null() {
            missing.remove(&format!("{name}: {key}"));
        }
        let below = if known.is_null() { &schema["additionalProperties"] } else { known };
        meet(root, below, name, value, missing);
    }
    for element in value.as_array().into_iter().flatten() {
        meet(root, &schema["items"], name, element, missing);
    }
}

#[test]
fn schema_and_reader_agree_on_plan_files_at_random_with_slips_of_the_pen() {
    let mutation = prop_oneof![
        1 => (any::<Index>(), select(KINDS_OF_VALUES)).prop_map(|(at, value)| Slip::Value(at, value)),
        2 => (any::<Index>(), select(SCALARS)).prop_map(|(at, value)| Slip::Value(at, value)),
        1 => (any::<Index>(), select(KEYS)).prop_map(|(at, name)| Slip::Rename(at, name)),
        1 => any::<Index>().prop_map(Slip::Drop),
        1 => (any::<Index>(), select(ENTRIES)).prop_map(|(at, (key, value))| Slip::Add(at, key, value)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(at, into)| Slip::Copy(at, into)),
    ];
    holds_for(1000, &(grammar::plan_file(), mutation), |(tree, slip)| {
        hold(&slip.within(&tree).of(&tree).expect("a place"))
    });
}

/// Fails with the smallest case that breaks a law, as text; a tree would take many times the lines.
fn holds_for<S: Strategy>(cases: u32, all: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    match runner.run(all, law) {
        Ok(()) => {}
        Err(TestError::Fail(account, _)) => panic!("{account}"),
        Err(error) => panic!("{error}"),
    }
}

/// A mutation of a tree that is not known yet.
#[derive(Debug, Clone)]
enum Slip {
    Value(Index, &'static str),
    Rename(Index, &'static str),
    Drop(Index),
    Add(Index, &'static str, &'static str),
    Copy(Index, Index),
}

impl Slip {
    fn within(&self, tree: &Yaml) -> Mutation {
        let Places { values, keys, mappings, .. } = places(tree);
        let (values, keys, mappings) = (values.len(), keys.len(), mappings.len());
        match self {
            Self::Value(at, written) => Mutation::Value(at.index(values), written),
            Self::Rename(at, name) => Mutation::Rename(at.index(keys), name),
            Self::Drop(at) => Mutation::Drop(at.index(keys)),
            Self::Add(at, key, written) => Mutation::Add(at.index(mappings), key, written),
            Self::Copy(at, into) => Mutation::Copy { at: at.index(keys), into: into.index(mappings) },
        }
    }
}

#[test]
fn schema_and_reader_agree_on_written_plan_files_with_a_slip_at_every_place() {
    let mut seen = HashSet::new();
    let mut n_slips = 0;
    // What is written by hand has not every key; a few dozen at random have.
    let at_random = some_at_random().map(|tree| ("at random", tree));
    for (name, tree) in plan_files().into_iter().chain(at_random) {
        assert_eq!(broken_law(&tree.write()), None, "{name}");
        for part in parts(&tree) {
            for mutation in all_mutations(&part, &mut seen) {
                let broken = broken_law(&mutation.of(&part).expect("a place").write());
                let account = broken.as_deref().unwrap_or_default();
                assert!(account.is_empty(), "{name}, {mutation:?}\n{account}");
                n_slips += 1;
            }
        }
    }
    assert!(n_slips > 10_000, "only {n_slips}");
}

/// The plan file cut into small ones of one thing each, so that all of them are judged quickly.
fn parts(tree: &Yaml) -> Vec<Yaml> {
    let Yaml::Map(sections) = tree else { return Vec::new() };
    let version = sections[0].clone();
    let alone = |key: &str, value: Yaml| Yaml::Map(vec![version.clone(), (key.to_owned(), value)]);
    let parts = sections[1..].iter().flat_map(|(key, value)| match value {
        Yaml::Map(things) => things.iter().map(|thing| alone(key, Yaml::Map(vec![thing.clone()]))).collect(),
        other => vec![alone(key, other.clone())],
    });
    parts.collect()
}

/// Every change at every place whose like was not seen before.
fn all_mutations(tree: &Yaml, seen: &mut HashSet<String>) -> Vec<Mutation> {
    let Places { values, scalars, keys, mappings } = places(tree);
    let mut all = Vec::new();
    for (at, _) in values.into_iter().enumerate().filter(|(_, place)| seen.insert(format!("{place}:"))) {
        all.extend(KINDS_OF_VALUES.iter().map(|written| Mutation::Value(at, written)));
        if scalars.contains(&at) {
            all.extend(SCALARS.iter().map(|written| Mutation::Value(at, written)));
        }
    }
    for (at, _) in mappings.into_iter().enumerate().filter(|(_, place)| seen.insert(format!("{place}+"))) {
        all.extend(ENTRIES.iter().map(|(key, written)| Mutation::Add(at, key, written)));
    }
    for (at, _) in keys.into_iter().enumerate().filter(|(_, place)| seen.insert(place.clone())) {
        all.push(Mutation::Drop(at));
        all.extend(KEYS.iter().map(|name| Mutation::Rename(at, name)));
    }
    all
}

#[test]
fn every_exception_is_met_and_has_a_reason() {
    for (text, exception) in [
        ("mainstay: 1\nmainstay: 1\n", 0),
        ("mainstay: 1\ntitle: !a b\n", 1),
        ("mainstay: 0x1\n", 2),
        (
            "mainstay: 1\ntasks: {a: {type: routine, domain: data, duration: 99999w, steps: [{shell: a}]}}\n",
            3,
        ),
        ("mainstay: 1\nblackouts: {a: {from: 2026-02-30, to: 2027-01-01}}\n", 4),
    ] {
        let findings = findings(text);
        let rows: Vec<_> =
            EXCEPTIONS.iter().enumerate().filter(|(_, row)| findings.iter().any(row.is_meant)).collect();
        assert_eq!(rows.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [exception], "{text}");
        assert!(!rows[0].1.reason.is_empty());
    }
}
