//! Snapshots that are opened and asked, by a Prometheus that nobody sees.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::PATIENCE;
use super::storage::with_a_block;
use crate::support::{Case, Stack, wait_until};

fn restoring(stack: &Stack, check: &str) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{prometheus: {{url: \"{}\"}}}}
tasks:
  back-up:
    type: routine
    domain: component
    duration: 1m
    steps: [{{prometheus: snapshot}}]
    verify: [{{restore: {{{check}}}, timeout: 50s}}]
  try:
    type: routine
    domain: component
    duration: 1m
    steps: [{{run: [\"true\"]}}]
    verify: [{{restore: {{{check}}}, timeout: 50s}}]
",
        stack.prometheus_url()
    ))
}

/// A server that has only just started has nothing to compare.
fn wait_for_data(stack: &Stack) {
    let enough = || stack.query("count_over_time(up[1m]) >= 5") != serde_json::json!([]);
    wait_until("there are some samples", PATIENCE, enough);
}

/// What the check said, and whether anything of the scratch server is left.
#[track_caller]
fn ask(case: &Case, task: &str, variables: &[(&str, &Path)], code: i32) -> String {
    let scratch = case.path().join("tmp");
    fs::create_dir_all(&scratch).expect("a folder");
    let variables: Vec<_> =
        [("TMPDIR", scratch.as_path())].into_iter().chain(variables.iter().copied()).collect();
    let runs = case.run_with(&variables, &format!("run {task} --format json")).exit(code).json();
    let left: Vec<_> = fs::read_dir(&scratch).expect("a folder").collect();
    assert!(left.is_empty(), "files are left: {left:?}");
    let still_there = processes_that_name(&scratch);
    assert!(still_there.is_empty(), "processes are left: {still_there:?}");
    let steps = runs["runs"][0]["steps"].as_array().expect("steps");
    let check =
        steps.iter().find(|step| step["phase"] == "verify").unwrap_or_else(|| panic!("no check: {runs}"));
    check["message"].as_str().unwrap_or_default().to_owned()
}

fn processes_that_name(path: &Path) -> Vec<String> {
    let path = path.display().to_string();
    let entries = fs::read_dir("/proc").expect("/proc");
    let commands = entries.filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
    commands
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| line.contains(&path))
        .collect()
}

fn snapshots(stack: &Stack) -> Vec<PathBuf> {
    let entries = fs::read_dir(stack.prometheus_data().join("snapshots")).expect("snapshots");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

/// The blocks of a snapshot, oldest first.
fn blocks(snapshot: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(snapshot).expect("a snapshot").map(|entry| entry.expect("an entry").path());
    let mut blocks: Vec<_> = entries.collect();
    blocks.sort_by_key(|block| {
        let meta = fs::read(block.join("meta.json")).expect("a block");
        serde_json::from_slice::<Value>(&meta).expect("JSON")["minTime"].as_i64()
    });
    blocks
}

#[test]
fn a_snapshot_is_proved_by_what_it_answers_and_stays_as_it_was() {
    let stack = Stack::prometheus_only();
    with_a_block(&stack);
    let old = "count_over_time(old_metric[3d])";
    let case = restoring(&stack, &format!("queries: ['{old}', 'sum(last_over_time(old_metric[3d]))']"));

    let said = ask(&case, "back-up", &[], 0);
    let snapshot = &snapshots(&stack)[0];
    let name = snapshot.file_name().expect("a name").to_string_lossy();
    assert!(
        said.starts_with(&format!("{name}, opened from 2 blocks, answers 2 queries alike from 2")),
        "{said}"
    );
    assert!(said.contains(": 21 series, "), "{said}");

    // A copy elsewhere is as good.
    let copied =
        std::process::Command::new("cp").arg("-r").arg(snapshot).arg(case.path().join("copy")).status();
    assert!(copied.expect("cp").success());
    let copy =
        restoring(&stack, &format!("snapshot: {}, queries: ['{old}']", case.path().join("copy").display()));
    assert!(ask(&copy, "try", &[], 0).starts_with("copy, opened from 2 blocks, answers 1 query alike"));

    // Deleted from the server since: the snapshot is not what the server is, and that is said.
    let url = format!(
        "{}/api/v1/admin/tsdb/delete_series?match[]=old_metric%7Bn=%227%22%7D",
        stack.prometheus_url()
    );
    ureq::post(&url).header("accept-encoding", "identity").send_empty().expect("a deletion");
    let said = ask(&case, "try", &[], 1);
    assert_eq!(said, format!("expected no series {{n=\"7\"}} of `{old}`, found one in the snapshot"));
}

#[test]
fn a_scratch_server_that_a_kill_left_is_stopped_by_the_next_run_of_anything() {
    let stack = Stack::prometheus_only();
    with_a_block(&stack);
    let case = restoring(&stack, "queries: ['count_over_time(old_metric[3d])']");
    ask(&case, "back-up", &[], 0);
    // One that never gets ready, so that the test is sure to be in its middle.
    let nap = format!("6099.{}", std::process::id());
    let case = case.file("bin/prometheus", format!("#!/bin/sh\nsleep {nap} & wait\n"));
    fs::set_permissions(
        case.path().join("bin/prometheus"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("a mode");
    let path = format!("{}:{}", case.path().join("bin").display(), std::env::var("PATH").unwrap_or_default());
    let scratch = case.path().join("tmp");
    let mut child =
        case.command("run try").env("PATH", path).env("TMPDIR", &scratch).spawn().expect("a process");
    let naps = || processes_that_name(Path::new(&nap));
    wait_until("the server is there", PATIENCE, || !naps().is_empty());
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    assert!(!naps().is_empty() && fs::read_dir(&scratch).expect("a folder").count() == 1);
    fs::create_dir(scratch.join("mainstay-restore-of-somebody")).expect("a folder");

    let cleaned = case.run_with(&[("TMPDIR", &scratch)], "run --due");
    cleaned.any_output_with("a restore test of mainstay (pid ");

    assert_eq!(naps(), Vec::<String>::new());
    let left: Vec<_> =
        fs::read_dir(&scratch).expect("a folder").map(|one| one.expect("one").file_name()).collect();
    assert_eq!(left, ["mainstay-restore-of-somebody"]);
}

#[test]
fn a_snapshot_that_lacks_something_is_no_way_back() {
    let stack = Stack::prometheus_only();
    with_a_block(&stack);
    let old = "count_over_time(old_metric[3d])";
    let case = restoring(&stack, &format!("queries: ['{old}']"));
    ask(&case, "back-up", &[], 0);
    let blocks = blocks(&snapshots(&stack)[0]);

    // Its index cannot be read.
    let index = blocks[0].join("index");
    let bytes = fs::read(&index).expect("an index");
    fs::remove_file(&index).expect("a link of its own");
    fs::write(&index, &bytes[..bytes.len() / 2]).expect("an index");
    let said = ask(&case, "try", &[], 1);
    assert!(said.starts_with("expected "), "{said}");
    // A block is gone.
    fs::remove_dir_all(&blocks[0]).expect("a block");
    let said = ask(&case, "try", &[], 1);
    assert_eq!(said, format!("expected series {{n=\"0\"}} of `{old}`, found none in the snapshot"));
    // There is nothing at all.
    fs::remove_dir_all(&blocks[1]).expect("a block");
    let said = ask(&case, "try", &[], 1);
    assert!(said.starts_with("expected a snapshot with data, found no block in "), "{said}");
}

#[test]
fn what_cannot_be_tried_is_unknown_with_its_reason() {
    let stack = Stack::prometheus_only();
    let case = restoring(&stack, "");
    wait_for_data(&stack);
    let said = ask(&case, "try", &[], 1);
    assert!(said.starts_with("could not be found out: there is no snapshot in "), "{said}");

    let empty = case.path().join("bin");
    fs::create_dir(&empty).expect("a folder");
    std::os::unix::fs::symlink("/bin/true", empty.join("true")).expect("a link");
    let said = ask(&case, "back-up", &[("PATH", empty.as_path())], 1);
    let expected =
        "could not be found out: a scratch Prometheus needs the program `prometheus` on this machine";
    assert!(said.starts_with(expected), "{said}");

    let nothing = restoring(&stack, "queries: [never_there]");
    let said = ask(&nothing, "try", &[], 1);
    assert!(said.starts_with("could not be found out: `never_there` returns nothing from "), "{said}");
}

#[test]
fn a_restore_that_is_stopped_leaves_nothing_running() {
    use mainstay::validator::checks;
    use mainstay::world::{World, cancel::Cancel, clock::Clock};

    let stack = Stack::prometheus_only();
    let case = restoring(&stack, "");
    wait_for_data(&stack);
    case.run("run back-up").exit(0).any_output();
    let text = mainstay::planfile::Text::new("maintenance.yaml", case.read("maintenance.yaml").into_bytes());
    let plan = text.read().into_plan().expect("a plan");
    let task = plan.tasks.get("try").expect("a task");
    let world = World::new(&plan.connections, &case.path().join("maintenance.yaml"), Clock::new(None));
    let cancel = Cancel::new().expect("a pipe");
    let answer = std::thread::scope(|scope| {
        let asking = scope.spawn(|| checks::ask(&task.verify[0], &world, &cancel));
        wait_until("the scratch server runs", PATIENCE, || n_scratch_servers() > 0);
        cancel.fire();
        asking.join().expect("an answer")
    });
    // It may have answered just before it was stopped.
    let words = answer.in_words();
    assert!(words == "could not be found out: interrupted" || answer.is_yes(), "{words}");
    assert_eq!(n_scratch_servers(), 0);
}

/// The scratch servers that this process itself has started.
fn n_scratch_servers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc").map(|task| task.expect("a thread").path());
    let children = tasks.filter_map(|task| fs::read_to_string(task.join("children")).ok());
    let is_scratch = |pid: &&str| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("mainstay-restore-")
    };
    children.map(|pids| pids.split_whitespace().filter(is_scratch).count()).sum()
}
