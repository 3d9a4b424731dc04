//! Steps that a person confirms.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use mainstay::model::RunId;
use mainstay::state::{Access, State};
use mainstay::world::clock::Clock;

use super::{plan, task};
use crate::support::Case;

/// A task that asks a person before it goes on, and that has a way back.
fn asking(timeout: &str) -> Case {
    let steps = format!(
        "    steps:\n      - shell: touch before\n      - {{pause: 'Is the rack closed?', timeout: {timeout}}}\n      \
         - shell: touch after\n    rollback:\n      - shell: touch back\n"
    );
    Case::new().plan_file(plan(&task("move", &steps)))
}

/// What mainstay prints at a terminal where `typed` is typed once it asks; and whether it succeeded.
fn at_a_terminal(case: &Case, arguments: &str, typed: Option<&str>) -> (bool, String) {
    let mainstay = case.command(arguments);
    let words = std::iter::once(mainstay.get_program()).chain(mainstay.get_args());
    let line: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &line.join(" "), "/dev/null"]).current_dir(case.path());
    script
        .env("MAINSTAY_PROGRESS", "none")
        .env("NO_COLOR", "1")
        .env("SHELL", "/bin/sh")
        .env_remove("SUDO_USER");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("`script` of util-linux");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut said = String::new();
    // A question is a whole line: then what is typed is the answer.
    while !said.contains("Confirm with `yes`") && stdout.read_line(&mut said).expect("a line") > 0 {}
    if let Some(typed) = typed {
        stdin.write_all(typed.as_bytes()).expect("a terminal");
    }
    stdout.read_to_string(&mut said).expect("an end");
    drop(stdin);
    (child.wait().expect("an end").success(), said.replace('\r', ""))
}

#[test]
fn a_person_at_the_terminal_confirms_and_who_did_is_on_record() {
    let case = asking("5m");
    // What is neither yes nor no is asked again.
    let (is_done, said) = at_a_terminal(&case, "run move", Some("perhaps\nyes\n"));
    assert!(is_done, "{said}");
    assert!(
        said.contains("`move`, run 1: Is the rack closed?\nConfirm with `yes`, decline with `no`, within "),
        "{said}"
    );
    assert!(case.has("after"));
    let log = case.run("audit log --run 1 --format json").json().to_string();
    let user = Command::new("id").arg("-un").output().expect("id").stdout;
    let confirmed = format!("\"message\":\"confirmed by {}\"", String::from_utf8_lossy(&user).trim());
    assert!(log.contains(&confirmed), "{confirmed} is not in {log}");
}

#[test]
fn who_declines_and_who_does_not_answer_in_time_ends_the_work() {
    let case = asking("5m");
    let (is_done, said) = at_a_terminal(&case, "run move", Some("no\n"));
    assert!(!is_done && said.contains("declined by "), "{said}");
    assert!(case.has("back") && !case.has("after"));

    let case = asking("1s");
    let (is_done, said) = at_a_terminal(&case, "run move", None);
    assert!(!is_done && said.contains("nobody confirmed it within 1s"), "{said}");
    assert!(case.has("back") && !case.has("after"));
}

#[test]
fn without_a_terminal_nothing_of_it_is_begun_and_why_is_on_record() {
    let case = asking("5m");
    let why = "a person has to confirm `pause: Is the rack closed?`, and there is no terminal to ask on; run it at a terminal";
    case.run("run move --dry-run")
        .exit(0)
        .stdout_has("cannot know  pause: Is the rack closed?: a person is asked");
    // As with everything that may not start now: cron is not mailed every five minutes.
    case.run("run --due").exit(0);
    let log = case.run("audit log --format json").take_text();
    assert!(log.contains("a person has to confirm `pause: Is the rack closed?`"), "{log}");
    case.run("run move").exit(1).any_output_with(why);
    assert!(!case.has("before"));
}

/// Kills mainstay at its terminal while it asks.
fn killed_while_it_asks(case: &Case) {
    let mut script = Command::new("script");
    let line = format!("{} run move", case.command("").get_program().to_string_lossy());
    script.args(["-q", "-c", &line, "/dev/null"]).current_dir(case.path());
    script.env("MAINSTAY_PROGRESS", "none").env("SHELL", "/bin/sh");
    script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = script.spawn().expect("`script` of util-linux");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("Confirm with `yes`") && stdout.read_line(&mut said).expect("a line") > 0 {}
    let state = State::open(&case.path().join(".mainstay/state.db"), Access::ReadOnly, Clock::new(None));
    let run = state.expect("a state").run(RunId(1)).expect("a run").expect("run 1");
    let mainstay = rustix::process::Pid::from_raw(run.holder.pid).expect("a process");
    rustix::process::kill_process(mainstay, rustix::process::Signal::KILL).expect("kill -9");
    child.wait().expect("an end");
}

#[test]
fn a_pause_that_was_interrupted_can_be_settled_without_a_terminal_by_who_says_that_it_is_confirmed() {
    let case = asking("5m");
    killed_while_it_asks(&case);
    let why = "there is no terminal to ask on; run it at a terminal; if somebody has confirmed it, `mainstay run --resume 1 --assume \
               done` says so";
    case.run("run --resume").exit(1).any_output_with(why);
    case.run("run --resume --assume not-done").exit(1).any_output_with("there is no terminal to ask on");
    assert!(!case.has("after"));

    case.run("run --resume --assume done").exit(0).any_output();
    assert!(case.has("after"));
    let log = case.run("audit log --run 1").take_text();
    assert!(log.contains("step 2 counts as done: --assume done"), "{log}");
}

#[test]
fn a_pause_that_was_confirmed_needs_no_terminal_any_more_when_the_run_goes_on() {
    let case = asking("5m");
    let plan = case
        .read("maintenance.yaml")
        .replace("shell: touch after", "shell: 'touch last; test -e go && touch after || kill -9 $PPID'");
    let case = case.plan_file(plan);
    let (is_done, said) = at_a_terminal(&case, "run move", Some("yes\n"));
    assert!(!is_done && case.has("last") && !case.has("after"), "{said}");

    let case = case.file("go", "");
    case.run("run --resume --assume not-done").exit(0).any_output();
    assert!(case.has("after"));
}
