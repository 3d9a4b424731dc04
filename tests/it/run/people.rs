//! What people see of runs: while they go, when they have ended, and long after.

use std::io::Read;
use std::process::Command;

use serde_json::Value;

use super::{plan, shell, task};
use crate::support::Case;

/// Two tasks, of which the second one fails and goes half of the way back.
fn one_good_one_bad() -> Case {
    let rest = "    steps:\n      - {name: break it, shell: 'echo no such knob; exit 4'}\n    rollback:\n      - {name: undo, shell: 'true'}\n    finally:\n      - {name: tidy, shell: 'exit 5'}\n";
    Case::new().plan_file(plan(&format!("{}{}", shell("good", "echo done"), task("turn", rest))))
}

/// The lines of a stream of events.
fn events(text: &str) -> Vec<Value> {
    let event = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let events: Vec<Value> = text.lines().map(event).collect();
    assert!(events.iter().all(|event| event["schema"] == "mainstay/run-event/v1"), "{text}");
    assert!(events.iter().all(|event| event["at"].is_string()), "{text}");
    events
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["kind"].as_str()).collect()
}

/// The same command on a terminal of `columns`, without the colours.
fn on_a_terminal(case: &Case, columns: u32, arguments: &str) -> (Option<i32>, String) {
    let command = format!("stty cols {columns}; {} {arguments}", env!("CARGO_BIN_EXE_mainstay"));
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(case.path())
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env_remove("MAINSTAY_PROGRESS")
        .output()
        .expect("script, of util-linux");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).replace('\r', ""))
}

#[test]
fn case_31_a_reader_that_goes_away_stops_nothing_and_changes_no_exit_code() {
    for (arguments, expected) in [
        ("run good", 0),
        ("run good --format json", 0),
        ("run good --format jsonl", 0),
        ("run good --progress plain", 0),
        ("run turn", 1),
        ("run turn --format jsonl", 1),
    ] {
        let case = one_good_one_bad();
        let mut child = case.command(arguments).env_remove("MAINSTAY_PROGRESS").spawn().expect("a process");
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(child.wait().expect("an end").code(), Some(expected), "{arguments}");
        let list = case.run("run --list --format json").json();
        assert!(list["runs"][0]["ended"].is_string(), "{arguments}: {list}");
    }
}

#[test]
fn case_31_a_reader_of_the_first_line_is_enough() {
    let case = Case::new()
        .plan_file(plan(&shell("work", "touch began; until test -e go; do sleep 0.05; done; touch done")));
    let mut child = case.command("run work --format jsonl").spawn().expect("a process");
    let mut out = child.stdout.take().expect("stdout");
    let (mut first, mut byte) = (Vec::new(), [0]);
    while out.read(&mut byte).expect("a byte") == 1 && byte != *b"\n" {
        first.push(byte[0]);
    }
    drop(out);
    assert_eq!(kinds(&events(&String::from_utf8(first).expect("text"))), ["run_started"]);
    std::fs::write(case.path().join("go"), "").expect("a file");
    assert_eq!(child.wait().expect("an end").code(), Some(0));
    assert!(case.has("done"));
}

#[test]
fn cron_hears_nothing_when_all_is_well_and_the_summary_when_it_is_not() {
    let case = one_good_one_bad();
    let text = case.read("maintenance.yaml");
    let (good, bad) = (Case::new().plan_file(plan(&shell("good", "echo done"))), case);

    good.run("run --due --output runs.json").exit(0);
    assert!(good.read("runs.json").contains("\"succeeded\""), "what was asked for is written all the same");
    good.run("run --due").exit(0);

    let mut ran = bad.run("run --due").exit(1).stderr_has(" shows what happened, step by step");
    let mail = ran.take_stdout();
    assert!(mail.contains("turn failed: ") || mail.contains("turn rolled back: "), "{mail}");
    assert!(mail.contains("  | no such knob\n"), "{mail}");
    assert!(!mail.contains('\u{1b}'), "{mail:?}");
    let other = Case::new().plan_file(text.replace("exit 4", "true").replace("exit 5", "true"));
    other.run("-v run --due").exit(0).stderr_has("runs in a ").stdout_has("2 runs: 2 succeeded\n");
}

#[test]
fn a_log_gets_a_line_at_start_and_end_of_a_run_and_no_control_characters() {
    let case = one_good_one_bad();
    let ran = |arguments: &str| {
        let output = case.command(arguments).env("MAINSTAY_PROGRESS", "auto").env("CI", "true").output();
        String::from_utf8(output.expect("an end").stderr).expect("text")
    };
    assert_eq!(ran("run good"), "run 1: good started on local, planned 1m\nrun 1: good succeeded after 0s\n");
    let said = ran("run turn");
    assert!(said.contains("\nrun 2: turn: step 1 of 1, break it failed after 0s: exit code 4\n"), "{said}");
    assert!(said.contains("\nrun 2: turn: finally, tidy failed after 0s: exit code 5\n"), "{said}");
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    let said = ran("-v run good");
    assert!(said.contains("run 3: good: step 1 of 1, echo done begins\n"), "{said}");
    assert_eq!(ran("-q run good"), "");
    assert_eq!(ran("run good --progress none"), "");
    assert_eq!(ran("run --due"), "", "cron");
}

#[test]
fn on_a_terminal_a_line_is_drawn_and_never_wrapped() {
    let name = "a-task-with-a-name-that-is-longer-than-most";
    let text = "    steps:\n      - {name: 'a step whose name goes on and on and on, far beyond the end of the line, and on', shell: 'sleep 0.4'}\n";
    let case = Case::new().plan_file(plan(&task(name, text)));
    let (code, drawn) = on_a_terminal(&case, 80, &format!("run {name}"));
    assert_eq!(code, Some(0), "{drawn}");
    assert!(drawn.contains("1/1 a step whose name"), "{drawn}");
    assert!(drawn.contains("planned 1m"), "{drawn}");
    let orders = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").expect("a pattern");
    for line in orders.replace_all(&drawn, "\n").lines() {
        assert!(line.trim_end().chars().count() < 80, "{line:?}");
    }
}

#[test]
fn events_are_streamed_and_the_last_one_is_a_summary() {
    let case = one_good_one_bad();
    let text = case
        .run("run good turn --jobs 1 --format jsonl --output all.jsonl --output runs.json")
        .exit(1)
        .take_text();

    let told = events(&text);
    assert_eq!(
        kinds(&told)[..6],
        ["run_started", "step_started", "process_started", "step_ended", "run_ended", "run_started"],
        "{text}"
    );
    let last = told.last().expect("a summary");
    assert_eq!((&last["kind"], &last["runs"], &last["exit_code"]), (&"summary".into(), &2.into(), &1.into()));
    assert_eq!(last["outcomes"]["succeeded"], 1);
    assert_eq!(told[3]["output"]["head"], "done\n");
    assert_eq!(case.read("all.jsonl"), text, "the file holds what was shown");
    let runs: Value = serde_json::from_str(&case.read("runs.json")).expect("JSON");
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(2));
    // What was not started is told, too.
    let text =
        case.run("run good turn --format jsonl --output /none/x.jsonl").exit(3).stderr_has("cannot write");
    drop(text);
    let held = Case::new().plan_file(
        "mainstay: 1\nwindows:\n  night: {cron: '0 2 * * *', duration: 2h}\ntasks:\n  t:\n    type: routine\n    domain: component\n    window: night\n    duration: 1m\n    steps: [{shell: 'true'}]\n",
    );
    let told = events(&held.run("--now 2026-03-07T12:00:00Z run t --format jsonl").exit(1).take_text());
    assert_eq!(kinds(&told), ["not_started", "summary"]);
    assert_eq!(told[0]["outcome"], "refused");
    assert_eq!(told[0]["reason"], "its next window opens 2026-03-08 02:00");
}

#[test]
fn the_summary_tells_what_was_taken_back_and_what_is_left_to_do() {
    let case = one_good_one_bad();
    let mut ran = case.run("run turn").exit(1).stderr_has("hint: `mainstay run turn` tries again");
    let text = ran.take_stdout();
    assert!(
        text.contains("\n  rolled back by `undo`\n  left to do: `tidy` (finally): exit code 5\n"),
        "{text}"
    );
}

#[test]
fn of_very_many_runs_only_those_have_a_line_that_did_not_succeed() {
    let tasks: String = (0..60).map(|n| shell(&format!("t{n}"), "true")).collect();
    let case = Case::new().plan_file(plan(&format!("{tasks}{}", shell("bad", "exit 1"))));
    let mut ran = case.run("run --due --jobs 8").exit(1).stderr_has("hint: ");
    let text = ran.take_stdout();
    assert_eq!(text.lines().filter(|line| line.starts_with("run ")).count(), 1, "{text}");
    assert!(text.ends_with("\n61 runs: 60 succeeded, 1 failed\n"), "{text}");
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    let case = one_good_one_bad();
    case.run("run --list").exit(3).stderr_has("error: ");
    for (hour, name) in [(10, "good"), (11, "turn"), (12, "good")] {
        case.run(&format!("--now 2026-03-07T{hour}:00:00Z run {name}")).any_output();
    }
    let ids = |arguments: &str| {
        let list =
            case.run(&format!("--now 2026-03-07T13:00:00Z run --list {arguments} --format json")).json();
        assert_eq!(list["schema"], "mainstay/run-list/v1");
        let runs = list["runs"].as_array().expect("runs").iter();
        (runs.filter_map(|run| run["id"].as_i64()).collect::<Vec<_>>(), list["more"].as_bool())
    };
    assert_eq!(ids(""), (vec![3, 2, 1], Some(false)));
    assert_eq!(ids("--task good"), (vec![3, 1], Some(false)));
    assert_eq!(ids("--since 2h"), (vec![3, 2], Some(false)));
    assert_eq!(ids("--outcome succeeded --newest 1"), (vec![3], Some(true)));
    assert_eq!(ids("--outcome succeeded,rolled_back,failed,going"), (vec![3, 2, 1], Some(false)));
    assert_eq!(ids("--outcome going"), (vec![], Some(false)));
    let mut ran = case
        .run("run --list --newest 2")
        .exit(0)
        .stderr("hint: there are older ones; `--newest 0` shows all\n");
    let text = ran.take_stdout();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("RUN  TASK  OUTCOME      STARTED           TOOK  TARGETS  BY"));
    assert!(
        lines.next().is_some_and(|line| line.starts_with("  3  good  succeeded    2026-03-07 12:00  ")),
        "{text}"
    );
    assert_eq!(lines.next_back(), Some("times are in UTC"));
    case.run("run --list --task none").exit(0).stderr("no run is on record that fits\n");
    case.run("run --list --outcome nonsense").exit(2).any_output();
}

#[test]
fn the_list_fits_a_terminal_and_is_there_when_the_plan_file_is_broken() {
    let name = "a-task-with-a-name-that-is-very-much-longer-than-most-others-are";
    let case = Case::new().plan_file(plan(&shell(name, "true")));
    case.run(&format!("run {name}")).exit(0).any_output();
    let case = case.plan_file("mainstay: 1\ntasks: [\n");
    let (code, text) = on_a_terminal(&case, 80, "run --list");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("a-task-with-a-name-that-…"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_run_is_shown_step_by_step_and_what_a_step_printed() {
    let case = one_good_one_bad();
    case.run("--now 2026-03-07T10:00:00Z run good").exit(0).any_output();
    case.run("--now 2026-03-07T11:00:00Z run turn").exit(1).any_output();

    let mut ran = case
        .run("run --show last")
        .exit(0)
        .stderr("hint: `mainstay run --show 2 --step 1` shows what step 1 printed\n");
    let text = ran.take_stdout();
    let holder = text.lines().find(|line| line.starts_with("  by")).expect("who").to_owned();
    let times = regex::Regex::new(r" +\d+\.\ds").expect("a pattern");
    let text = times.replace_all(&text, " *").replace(&holder, "  by *");
    let text =
        regex::Regex::new(r"11:00:0\d").expect("a pattern").replace_all(&text, "11:00:**").into_owned();
    let used = regex::Regex::new("\n +processor [^\n]*").expect("a pattern");
    let text = used.replace_all(&text, "").into_owned();
    assert_eq!(
        text,
        "run 2 of turn: rolled back\n  \
           why        step 1 of 1, `break it`: exit code 4\n  \
           when       2026-03-07 11:00:** to 11:00:** UTC, *\n  \
           started    on demand\n  \
           by *\n  \
           targets    local\n\
         \n\
         N  PHASE     STEP      OUTCOME    TOOK\n\
         1  steps     break it  failed *\n             \
                      exit code 4\n\
         2  rollback  undo      succeeded *\n\
         3  finally   tidy      failed *\n             \
                      exit code 5\n"
    );
    case.run("run --show 2 --step 1").exit(0).stdout("no such knob\n");
    case.run("run --show 2 --step 2").exit(0).stderr("step 2, `undo`, printed nothing\n");
    case.run("run --show 2 --step 9").exit(2).stderr("error: run 2 has no step 9; it has 3 steps\n");
    case.run("run --show 7")
        .exit(2)
        .stderr("error: there is no run 7\nhint: `mainstay run --list` shows which runs there are\n");
    case.run("run --show newest").exit(2).any_output();
    let json = case.run("run --show 1 --format json").exit(0).json();
    assert_eq!(json["schema"], "mainstay/run/v1");
    assert_eq!((&json["runs"][0]["id"], &json["runs"][0]["origin"]), (&1.into(), &"on_demand".into()));
    let step = case.run("run --show 2 --step 3 --format json").exit(0).json();
    assert_eq!(step["runs"][0]["steps"].as_array().map(Vec::len), Some(1));
    assert_eq!(step["runs"][0]["steps"][0]["exit_code"], 5);
    let (_, text) = on_a_terminal(&case, 80, "run --show 2");
    assert!(text.contains('█'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_long_output_is_shown_whole() {
    let case = Case::new().plan_file(plan(&shell("noisy", "seq 1 20000")));
    case.run("run noisy").exit(0).any_output();
    let numbers: Vec<_> = (1..=20000).map(|n| n.to_string()).collect();
    let expected = numbers.join("\n") + "\n";
    case.run("run --show last --step 1").exit(0).stdout(&expected);
}
