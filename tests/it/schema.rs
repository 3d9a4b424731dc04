//! The committed JSON Schema says what the types say.

use super::support::assert_committed;

#[test]
fn the_committed_schema_is_current() {
    let current = serde_json::to_string_pretty(&mainstay::planfile::schema()).unwrap() + "\n";
    assert_committed("completions/maintenance.schema.json", &current);
}
