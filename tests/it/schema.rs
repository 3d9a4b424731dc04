//! The committed JSON Schema says what the types say.

use std::path::Path;

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/maintenance.schema.json");
    let current = serde_json::to_string_pretty(&mainstay::planfile::schema()).unwrap() + "\n";
    if std::env::var_os("MAINSTAY_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "run this test with MAINSTAY_UPDATE=1 and commit {}", path.display());
}
