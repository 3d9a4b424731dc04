//! Going on with a run that was interrupted: what is told, what is done, and what is asked.

use std::process::Stdio;

use mainstay::model::RunId;
use mainstay::state::{Access, State};
use mainstay::world::clock::Clock;
use rustix::process::Signal;

use super::{PATIENCE, nap, plan, processes_with, signal, task};
use crate::support::{Case, wait_until};

/// Three steps, of which the second can be killed in its middle: without `go` it has begun and goes on, and `keys` are its
/// own.
fn three(keys: &str) -> String {
    plan(&task(
        "work",
        &format!(
            "    steps:\n      - {{name: one, shell: echo one >> done}}\n      - {{name: two, shell: 'test -e go || {{ touch \
             began; {}; }} && echo two >> done'{keys}}}\n      - {{name: three, shell: echo three >> done}}\n",
            nap(27)
        ),
    ))
}

/// Kills `mainstay run work` once the file `began` is there.
fn kill_in_the_middle(case: &Case) {
    let mut child =
        case.command("run work").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    // It may have begun a moment before its process is on record.
    wait_until("its process is on record", PATIENCE, || {
        let state = State::open(&case.path().join(".mainstay/state.db"), Access::ReadOnly, Clock::new(None));
        let steps = state.expect("a state").steps(RunId(1)).expect("steps");
        steps.last().is_some_and(|step| step.process.is_some())
    });
    child.kill().expect("kill -9");
    child.wait().expect("an end");
}

fn interrupted(keys: &str) -> Case {
    let case = Case::new().plan_file(three(keys));
    kill_in_the_middle(&case);
    case.file("go", "")
}

#[test]
fn a_step_that_may_not_be_repeated_is_asked_about_and_the_answers_are_to_be_typed() {
    let case = interrupted("");

    let ran = case.run("run --resume").exit(1).stderr_has(
        "error: step `two` on local was interrupted, and nobody knows whether it is done; it is not `idempotent`\n\
         hint: `mainstay audit log --run 1` shows everything that happened\n\
         hint: `mainstay run --resume 1 --assume done` goes on after it\n\
         hint: `mainstay run --resume 1 --assume not-done` does it again\n",
    );
    ran.stdout_has("steps  local   1. one    done")
        .stdout_has("steps  local   2. two    interrupted  somebody has to say whether it is done\n")
        .stdout_has("steps  local   3. three  not started")
        .stdout_has("3 steps: 1 done, 1 interrupted, 1 not started\n");
    assert_eq!(case.read("done"), "one\n", "nothing was done");

    case.run("run --resume --assume done").exit(0).any_output();
    assert_eq!(case.read("done"), "one\nthree\n");
    case.run("run --resume").exit(0).stderr("no run was interrupted\n");
    case.run("run --resume 1").exit(1).stderr_has("was not interrupted: it ended succeeded");
    case.run("run --resume 9").exit(2).stderr("error: there is no run 9\n");
    let log = case.run("audit log --run 1").take_text();
    assert!(log.contains("step 2 counts as done: --assume done"), "{log}");
    assert!(log.contains("step 2 runs as process "), "{log}");
}

#[test]
fn a_run_that_has_lost_its_mainstay_is_not_told_as_one_that_goes_on() {
    let case = interrupted("");

    let listed =
        case.run("run --list").exit(0).stderr_has("run 1 of `work` has lost its mainstay").take_text();
    assert!(listed.contains("no end") && !listed.contains("going"), "{listed}");
    let shown = case.run("run --show 1").exit(0).any_output().take_text();
    assert!(shown.contains("its mainstay has gone") && !shown.contains("going"), "{shown}");
}

#[test]
fn who_goes_on_counts_from_where_the_run_was_and_what_was_settled_takes_no_more_time() {
    let case = interrupted("");
    let plan = case
        .read("maintenance.yaml")
        .replace("echo three", "touch third; until test -e on; do sleep 0.1; done; echo three");
    let case = case.plan_file(plan);

    let resumed = case
        .command("run --resume --assume done -v --progress plain")
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    wait_until("the third step has begun", PATIENCE, || case.has("third"));
    let shown = case.run("run --show 1").exit(0).any_output().take_text();
    let line =
        |text: &str, name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(line(&shown, " two ").ends_with('-') && line(&shown, " two ").contains("no end"), "{shown}");
    assert!(line(&shown, " three ").contains("going"), "{shown}");

    std::fs::write(case.path().join("on"), "").expect("a file");
    let ended = resumed.wait_with_output().expect("an end");
    let (told, result) = (String::from_utf8_lossy(&ended.stderr), String::from_utf8_lossy(&ended.stdout));
    assert!(told.contains("run 1: work: step 3 of 3, three begins\n"), "{told}");
    assert!(result.contains("  3 of 3 steps\n"), "{result}");
}

#[test]
fn a_step_that_was_not_done_is_done_again_and_what_is_done_is_not() {
    let case = interrupted("");
    let runs = case.run("run --resume 1 --assume not-done --format json").exit(0).json();
    assert_eq!(case.read("done"), "one\ntwo\nthree\n");
    let steps = runs["runs"][0]["steps"].as_array().expect("steps");
    let told: Vec<_> =
        steps.iter().map(|step| (step["name"].as_str().unwrap_or(""), step["outcome"].as_str())).collect();
    let well = Some("succeeded");
    assert_eq!(told, [("one", well), ("two", None), ("two", well), ("three", well)]);
}

#[test]
fn an_idempotent_step_is_repeated_and_a_check_decides_where_there_is_one() {
    let case = interrupted(", idempotent: true");
    case.run("run --resume").exit(0).stdout_has("interrupted  may be repeated").stderr_has("was interrupted");
    assert_eq!(case.read("done"), "one\ntwo\nthree\n");

    let by_check = ", done_if: {file: {path: done, contains: two}}";
    let case = interrupted(by_check);
    case.run("run --resume").exit(0).stdout_has("done if `file done`").stderr_has("was interrupted");
    assert_eq!(case.read("done"), "one\ntwo\nthree\n");

    let case = interrupted(by_check).file("done", "one\ntwo\n");
    case.run("run --resume").exit(0).any_output();
    assert_eq!(case.read("done"), "one\ntwo\nthree\n", "it was done, and is not done again");
}

#[test]
fn a_dry_run_says_how_far_it_came_and_changes_nothing() {
    let case = interrupted("");
    let before = case.run("audit export").take_text();

    let told = case.run("run --resume --dry-run --format json").exit(1).json();
    assert_eq!(told["schema"], "mainstay/run-resume/v1");
    let run = &told["runs"][0];
    let states: Vec<_> = run["steps"].as_array().expect("steps").iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["done", "interrupted", "not_started"]);
    assert_eq!((&run["change"], &run["questions"][0]["name"]), (&"none".into(), &"two".into()));
    case.run("run --resume 1 --dry-run")
        .exit(1)
        .stdout_has("2. two    interrupted")
        .stderr_has("--assume done");
    assert_eq!(case.run("audit export").take_text(), before);
    let idempotent = interrupted(", idempotent: true");
    idempotent.run("run --resume --dry-run").exit(0).stdout_has("may be repeated");
    Case::new().plan_file(three("")).run("run --resume --dry-run").exit(0).stderr("no run was interrupted\n");
}

#[test]
fn at_a_terminal_it_is_asked() {
    let case = interrupted("");
    let mainstay = env!("CARGO_BIN_EXE_mainstay");
    // `script` gives it a terminal, and types what it reads.
    let mut child = std::process::Command::new("script")
        .args(["-qec", &format!("{mainstay} run --resume"), "/dev/null"])
        .current_dir(case.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), b"perhaps\nn\n").expect("a reader");
    let output = child.wait_with_output().expect("an end");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches("Did it do all that it should?").count(), 2, "{told}");
    assert_eq!(case.read("done"), "one\ntwo\nthree\n");
}

#[test]
fn case_46_a_plan_file_that_changed_in_what_is_done_is_refused_with_the_difference() {
    let case = interrupted(", idempotent: true");
    let text = case.read("maintenance.yaml");
    let edited = text.replace("echo three >> done", "echo 3 >> done");
    let case = case.plan_file(edited);
    case.run("run --resume --dry-run")
        .exit(0)
        .stderr_has("in what is not done yet")
        .stdout_has("not started");

    let case = case.plan_file(text.replace("echo one", "echo 1"));
    case.run("run --resume").exit(1).stdout_has("not started").stderr_has(
        "-      - {name: one, shell: echo one >> done}\n+      - {name: one, shell: echo 1 >> done}\n",
    );
    case.run("run --resume").exit(1).stdout_has("not started").stderr_has(
        "error: `work` has changed since run 1 began: step 1, `one`, is done, and has changed since\n",
    );
    let longer = text.replace(
        "      - {name: three",
        "      - {name: more, shell: echo more >> done}\n      - {name: three",
    );
    let case = case.plan_file(&longer);
    case.run("run --resume").exit(1).stdout_has("not started").stderr_has("it had 3 steps, and has 4");
    let reordered =
        longer.replace("{name: one", "{name: first, shell: echo first >> done}\n      - {name: one");
    let case = case.plan_file(reordered);
    case.run("run --resume --replan")
        .exit(1)
        .stdout_has("not started")
        .stderr_has("`first` stands before `one`, which was begun already");
    assert_eq!(case.read("done"), "one\n");

    let case = case.plan_file(longer);
    case.run("run --resume --replan").exit(0).any_output();
    assert_eq!(case.read("done"), "one\ntwo\nmore\nthree\n", "what is not done goes by the new text");
}

#[test]
fn an_edit_inside_a_step_that_is_not_done_goes_on_by_the_new_text() {
    let rest = "    steps:\n      - {name: one, shell: echo one >> done}\n      - {name: two, shell: 'touch began; NAP', idempotent: true}\n";
    let text = plan(&task("work", &rest.replace("NAP", &nap(28))));
    let case = Case::new().plan_file(&text);
    kill_in_the_middle(&case);
    let case = case.plan_file(text.replace(&nap(28), "echo mended >> done"));
    case.run("run --resume").exit(0).stdout_has("succeeded").stderr_has("goes by the new text");
    assert_eq!(case.read("done"), "one\nmended\n");
    assert_eq!(processes_with(&nap(28)), Vec::<String>::new());
}

#[test]
fn a_way_back_that_was_interrupted_goes_on_as_a_way_back() {
    let rest = "    steps:\n      - {name: one, shell: echo one >> done}\n      - {name: fail, shell: exit 3}\n    rollback:\n      - {name: back, shell: 'echo back >> done'}\n      - {name: on, shell: 'touch began; test -e go || NAP && echo on >> done', idempotent: true}\n    finally:\n      - {name: tidy, shell: echo tidy >> done}\n";
    let case = Case::new().plan_file(plan(&task("work", &rest.replace("NAP", &nap(29)))));
    kill_in_the_middle(&case);
    let case = case.file("go", "");
    case.run("run --resume")
        .exit(1)
        .stdout_has("rollback  local   1. back  done")
        .stdout_has("rollback  local   2. on    interrupted  may be repeated")
        .stdout_has("work rolled back: step 2 of 2, `fail`: exit code 3")
        .stderr_has("hint: ");
    assert_eq!(case.read("done"), "one\nback\non\ntidy\n");
    assert_eq!(case.run("report status --format json").json()["interrupted"], serde_json::Value::Null);
    case.run("run --resume").exit(0).stderr("no run was interrupted\n");
}

#[test]
fn what_ctrl_c_stopped_can_be_gone_on_with_and_finally_comes_again_after_more_work() {
    let rest = "    steps:\n      - {name: one, shell: echo one >> done}\n      - {name: two, shell: 'touch began; test -e go || NAP && echo two >> done', idempotent: true}\n    finally:\n      - {name: tidy, shell: echo tidy >> done}\n";
    let case = Case::new().plan_file(plan(&task("work", &rest.replace("NAP", &nap(26)))));
    let child = case.command("run work").stdout(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    signal(&child, Signal::INT);
    child.wait_with_output().expect("an end");
    let case = case.file("go", "");
    assert_eq!(case.read("done"), "one\ntidy\n");

    case.run("run --resume").exit(0).stdout_has("succeeded");
    assert_eq!(case.read("done"), "one\ntidy\ntwo\ntidy\n");
}

#[test]
fn case_40_a_second_ctrl_c_stops_the_cleaning_up_which_resume_goes_on_with() {
    let rest = "    steps:\n      - {name: one, shell: 'echo one >> done; touch began; NAP'}\n      - {name: never, shell: touch never}\n    rollback:\n      - {name: back, shell: 'touch backing; test -e go || NAP && echo back >> done', idempotent: true}\n    finally:\n      - {name: tidy, shell: echo tidy >> done}\n";
    let case = Case::new().plan_file(plan(&task("work", &rest.replace("NAP", &nap(25)))));
    let child = case.command("run work").stdout(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    signal(&child, Signal::INT);
    wait_until("the way back has begun", PATIENCE, || case.has("backing"));
    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(130));
    assert!(!case.has("never"));
    assert_eq!(processes_with(&nap(25)), Vec::<String>::new());
    assert_eq!(case.read("done"), "one\n");

    let case = case.file("go", "");
    case.run("run --resume").exit(1).stdout_has("rollback  local   1. back").stderr_has("hint: ");
    assert_eq!(case.read("done"), "one\nback\ntidy\n");
}

#[test]
fn case_40_a_third_ctrl_c_ends_mainstay_on_the_spot_and_nothing_is_left_after_the_next_start() {
    let rest = "    steps:\n      - {name: one, shell: 'touch began; NAP'}\n    rollback:\n      - {name: back, shell: \"trap '' TERM; touch backing; NAP\"}\n";
    let case = Case::new().plan_file(plan(&task("work", &rest.replace("NAP", &nap(24)))));
    let child = case.command("run work").stdout(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    signal(&child, Signal::INT);
    wait_until("the way back has begun", PATIENCE, || case.has("backing"));
    // It ignores TERM, so that the second one has to wait for the grace; the third does not.
    signal(&child, Signal::INT);
    signal(&child, Signal::TERM);
    let output = child.wait_with_output().expect("an end");
    assert!(!output.status.success());
    case.run("run --resume --assume done").any_output().exit(1);
    assert_eq!(processes_with(&nap(24)), Vec::<String>::new());
}

#[test]
fn of_several_runs_one_has_to_be_named_and_the_commands_are_listed() {
    let two = format!(
        "{}{}",
        task("work", "    steps: [{shell: touch began; kill -9 $PPID}]\n"),
        task("other", "    steps: [{shell: kill -9 $PPID}]\n")
    );
    let case = Case::new().plan_file(plan(&two));
    for name in ["work", "other"] {
        assert!(!case.command(&format!("run {name}")).status().expect("an end").success());
    }
    case.run("run --resume")
        .exit(2)
        .stderr_has("error: 2 runs were interrupted; say which one:\n  mainstay run --resume 1 ");
    case.run("run --abandon 2 --reason unwanted").any_output();
    case.run("run --resume --assume done").exit(0).any_output();
    case.run("run --resume 2").exit(1).stderr_has("error: run 2 of `other` is settled: it was given up");
}

#[test]
fn a_run_that_somebody_works_on_is_not_resumed() {
    let case = Case::new().plan_file(three(""));
    let child = case.command("run work").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    case.run("run --resume 1").exit(4).stderr_has(&format!("is being worked on by process {}", child.id()));
    case.run("run --resume").exit(0).stderr("no run was interrupted\n");
    signal(&child, Signal::INT);
    child.wait_with_output().expect("an end");
}

#[test]
fn a_window_that_has_closed_keeps_the_work_waiting_and_the_run_open() {
    let window = "windows:\n  night: {cron: '0 2 * * *', duration: 2h, cutoff: 30m}\n";
    let text = three(", idempotent: true").replace("tasks:\n", &format!("{window}tasks:\n"));
    let text = text.replace("    steps:\n", "    window: night\n    steps:\n");
    let case = Case::new().plan_file(text);
    let mut child =
        case.command("--now 2026-03-08T02:00:00Z run work").stdout(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    let case = case.file("go", "");

    case.run("--now 2026-03-08T12:00:00Z run --resume")
        .exit(1)
        .stdout_has("`work` was not started: its next window opens 2026-03-09 02:00")
        .stderr_has("was interrupted");
    assert_eq!(case.read("done"), "one\n");
    case.run("--now 2026-03-09T02:00:00Z run --resume").exit(0).stdout_has("succeeded");
    assert_eq!(case.read("done"), "one\ntwo\nthree\n");
}

#[test]
fn a_run_that_a_full_disk_stopped_goes_on_once_there_is_room() {
    let rest = "    steps:\n      - {name: fill, shell: 'dd if=/dev/zero of=disk/ballast bs=1k count=2000; echo fill >> done'}\n      - {name: next, shell: echo next >> done}\n";
    let case = Case::new().plan_file(plan(&task("fill", rest)));
    let script = "mkdir disk; mount -t tmpfs -o size=1m tmpfs disk
        $MAINSTAY --state disk/state.db run fill; echo $?
        rm disk/ballast
        $MAINSTAY --state disk/state.db run --resume --assume done >&2; echo $?";
    let output = super::in_a_mount_namespace(case.path(), script);
    let Some(output) = output else { return eprintln!("not tried: no mount namespace may be made here") };
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3\n0\n", "{stderr}");
    assert_eq!(case.read("done"), "fill\nnext\n");
}

#[test]
fn a_run_that_is_given_up_leaves_no_process_behind() {
    let text = plan(&task("work", &format!("    steps: [{{shell: 'touch began; {}'}}]\n", nap(31))));
    let case = Case::new().plan_file(text);
    kill_in_the_middle(&case);
    assert_ne!(processes_with(&nap(31)), Vec::<String>::new());

    case.run("run --abandon 1 --reason unwanted").exit(0).stderr_has("run 1 of `work` is settled\n");
    assert_eq!(processes_with(&nap(31)), Vec::<String>::new());
    case.run("run --resume").exit(0).stderr("no run was interrupted\n");
}

#[test]
fn a_run_that_was_stopped_and_taken_back_is_over_when_it_is_resumed() {
    let rest = "    steps:\n      - {name: one, shell: 'echo one >> done; touch began; NAP'}\n    rollback:\n      - {name: back, shell: echo back >> done}\n    finally:\n      - {name: tidy, shell: echo tidy >> done}\n";
    let case = Case::new().plan_file(plan(&task("work", &rest.replace("NAP", &nap(32)))));
    let child = case.command("run work").stdout(Stdio::null()).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    signal(&child, Signal::INT);
    child.wait_with_output().expect("an end");

    case.run("run --resume").exit(1).stdout_has("work rolled back: step 1 of 1, `one`").stderr_has("hint: ");
    assert_eq!(case.read("done"), "one\nback\ntidy\n", "nothing is done twice");
}

#[test]
fn a_rollout_that_bears_a_target_that_went_back_still_asks_about_the_step_that_was_interrupted() {
    let rest = "    targets: [a, b]\n    rollout: {serial: 1, max_failures: 1}\n    steps:\n      - {name: one, shell: 'test $MAINSTAY_TARGET = b && { echo one $MAINSTAY_TARGET >> done; touch began; NAP; }'}\n    rollback:\n      - {name: back, shell: echo back $MAINSTAY_TARGET >> done}\n";
    let text = plan(&task("work", &rest.replace("NAP", &nap(33))))
        .replace("tasks:\n", "targets: {a: {local: true}, b: {local: true}}\ntasks:\n");
    let case = Case::new().plan_file(text);
    kill_in_the_middle(&case);
    case.run("run --resume")
        .exit(1)
        .stdout_has("interrupted  somebody has to say whether it is done")
        .stderr_has("error: step `one` on b was interrupted, and nobody knows whether it is done");
    assert_eq!(case.read("done"), "back a\none b\n");
    case.run("run --resume --assume done").any_output();
    assert_eq!(case.read("done"), "back a\none b\n", "nothing is done twice");
}
