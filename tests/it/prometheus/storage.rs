//! Snapshots, deletions and cleanings on a real disk, with room and without.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use super::PATIENCE;
use crate::support::{Case, Stack, wait_until};

/// Tasks named after the one action that each carries out.
fn storage(stack: &Stack) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  snapshot: {{type: routine, domain: component, duration: 1m, steps: [{{prometheus: snapshot}}]}}
  clean: {{type: routine, domain: component, duration: 1m, steps: [{{prometheus: clean_tombstones, destructive: true}}]}}
  delete:
    type: routine
    domain: component
    duration: 1m
    steps:
      - prometheus: {{delete_series: {{match: ['old_metric{{n=~\"1.\"}}', never_there]}}}}
        destructive: true
  delete-nothing:
    type: routine
    domain: component
    duration: 1m
    steps: [{{prometheus: {{delete_series: {{match: [old_metric], end: 2020-01-01}}}}, destructive: true}}]
",
        stack.prometheus_url()
    ))
}

/// Gives Prometheus a block of 20 series, two days old.
pub(super) fn with_a_block(stack: &Stack) {
    use std::fmt::Write as _;
    let now = chrono::Utc::now().timestamp();
    let start = now - now % 7200 - 2 * 86_400;
    let mut text = "# TYPE old_metric gauge\n".to_owned();
    for n in 0..20 {
        for minute in 0..60 {
            writeln!(text, "old_metric{{n=\"{n}\"}} {minute} {}", start + minute * 60).expect("memory");
        }
    }
    text += "# EOF\n";
    stack.backfill(&text);
}

/// From its next start on Prometheus can make no file of more than 50 MB: as on a disk that is full, it finds out in
/// the middle.
fn limit_files(stack: &Stack) {
    let script = stack.dir().join("bin/prometheus");
    let text = fs::read_to_string(&script).expect("a script");
    fs::write(&script, text.replace("exec ", "ulimit -f 100000\nexec ")).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    stack.stop("prometheus");
    stack.start_component("prometheus");
}

fn blocks(stack: &Stack) -> Vec<Value> {
    let entries = fs::read_dir(stack.prometheus_data()).expect("a folder");
    let metas = entries.filter_map(|entry| fs::read(entry.ok()?.path().join("meta.json")).ok());
    metas.map(|meta| serde_json::from_slice(&meta).expect("JSON")).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// How many series there are that are two days old.
fn n_old(stack: &Stack) -> String {
    let found = stack.query("count(last_over_time(old_metric[3d]))");
    found[0]["value"][1].as_str().unwrap_or("none").to_owned()
}

#[track_caller]
fn message(runs: &Value) -> String {
    let step = &runs["runs"][0]["steps"][0];
    step["message"].as_str().unwrap_or_else(|| panic!("no message: {runs}")).to_owned()
}

/// A file that claims to be far larger than the disk.
fn huge(path: &Path) {
    fs::File::create(path).and_then(|file| file.set_len(1 << 43)).expect("a sparse file");
}

#[test]
fn series_are_deleted_and_their_space_is_freed_when_there_is_room() {
    let stack = Stack::prometheus_only();
    with_a_block(&stack);
    let case = storage(&stack);
    assert_eq!(n_old(&stack), "20");

    let said = message(&case.run("run delete-nothing --format json").exit(0).json());
    assert_eq!(said, "no series has samples there: nothing to delete");
    assert_eq!(n_old(&stack), "20");

    let said = message(&case.run("run delete --format json").exit(0).json());
    assert_eq!(said, "10 series deleted; `clean_tombstones` frees their space");
    assert_eq!(n_old(&stack), "10");
    assert_eq!(blocks(&stack)[0]["stats"]["numTombstones"], 10);

    // No room for the worst case: nothing is begun.
    let block = stack.prometheus_data().join(blocks(&stack)[0]["ulid"].as_str().expect("an id"));
    huge(&block.join("chunks/padding"));
    case.run("run clean").exit(1).stderr_has("hint: ").stdout_has("not begun: it takes up to 8");
    assert_eq!(blocks(&stack)[0]["stats"]["numTombstones"], 10);
    fs::remove_file(block.join("chunks/padding")).expect("a file");

    let said = message(&case.run("run clean --format json").exit(0).json());
    assert!(said.starts_with("1 block written anew; blocks "), "{said}");
    assert!(!block.exists(), "the block is another one");
    assert_eq!(blocks(&stack)[0]["stats"]["numTombstones"], Value::Null);
    assert_eq!(n_old(&stack), "10");
    let said = message(&case.run("run clean --format json").exit(0).json());
    assert!(said.starts_with("no block had tombstones"), "{said}");
}

#[test]
fn a_snapshot_without_room_is_not_begun() {
    let stack = Stack::prometheus_only();
    let case = storage(&stack);
    let padding = stack.prometheus_data().join("chunks_head/padding");
    huge(&padding);
    case.run("run snapshot").exit(1).stderr_has("hint: ").stdout_has("not begun: it takes up to 8");
    assert_eq!(names(&stack.prometheus_data().join("snapshots")), Vec::<String>::new());
    fs::remove_file(&padding).expect("a file");
    let said = message(&case.run("run snapshot --format json").exit(0).json());
    let name = said.split([' ', ',']).nth(1).expect("a name");
    assert_eq!(names(&stack.prometheus_data().join("snapshots")), [name]);
}

#[test]
fn case_48_a_disk_that_fills_in_the_middle_leaves_nothing_half_done_behind() {
    let stack = Stack::prometheus_only();
    with_a_block(&stack);
    let case = storage(&stack);
    case.run("run delete").exit(0).any_output();
    limit_files(&stack);

    let said = message(&case.run("run snapshot --format json").exit(1).json());
    assert!(said.contains("file too large; what was left of it, "), "{said}");
    assert!(said.ends_with(" is removed; Prometheus itself still answers"), "{said}");
    assert_eq!(names(&stack.prometheus_data().join("snapshots")), Vec::<String>::new());

    let before = blocks(&stack);
    let said = message(&case.run("run clean --format json").exit(1).json());
    assert!(said.contains("file too large") && said.ends_with("; Prometheus itself still answers"), "{said}");
    let is_half_written = |name: &String| name.contains(".tmp-for-");
    for left in names(&stack.prometheus_data()).into_iter().filter(is_half_written) {
        assert!(said.contains(&left), "{left} is not named: {said}");
    }
    assert_eq!(blocks(&stack), before, "the blocks are as they were");

    // The server starts, and has what it had.
    stack.stop("prometheus");
    stack.start_component("prometheus");
    wait_until("it answers", PATIENCE, || stack.try_query("up").is_some());
    assert_eq!(n_old(&stack), "10");
    assert!(!names(&stack.prometheus_data()).iter().any(is_half_written));
}
