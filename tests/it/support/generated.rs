//! Files that are generated and committed all the same, because people take them from the repository.

use std::fs;
use std::path::Path;

/// Fails unless the committed file holds `current`; with `MAINSTAY_UPDATE` set, writes it first.
#[track_caller]
pub fn assert_committed(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("MAINSTAY_UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a name below the folder")).expect("a folder");
        fs::write(&path, current).expect("a file");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "run this test with MAINSTAY_UPDATE=1 and commit {name}");
}
