//! The plan files that the reader stumbled over, or might: `tests/it/corpus`, where the fuzzer starts too.

use std::fs;
use std::panic;
use std::path::{Path, PathBuf};

use super::support::plan_file_laws;

#[test]
fn the_laws_of_reading_a_plan_file_hold_for_every_file_of_the_corpus() {
    let files = corpus();
    let broken: Vec<_> = files.iter().filter(|file| panic::catch_unwind(|| check(file)).is_err()).collect();
    assert!(broken.is_empty(), "{} of {} files break a law: {broken:#?}", broken.len(), files.len());
}

fn corpus() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/corpus");
    let entries = fs::read_dir(dir).expect("the corpus is committed");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 50, "only {} files", files.len());
    files
}

fn check(file: &Path) {
    plan_file_laws::check(&fs::read(file).expect("a file of the corpus"));
}
