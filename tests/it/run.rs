//! `mainstay run`, on this machine alone.

mod approval;
mod asked_again;
mod coordination;
mod crash;
mod dry_run;
mod emergency;
mod output;
mod overlap;
mod pause;
mod people;
mod processes;
mod resume;
mod rollout;
mod secrets;
mod state_faults;

use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Case, wait_until};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A plan file of tasks, each indented by two blanks.
fn plan(tasks: &str) -> String {
    format!("mainstay: 1\ntasks:\n{tasks}")
}

/// A task that runs every day and whose body is `rest`.
fn task(name: &str, rest: &str) -> String {
    format!(
        "  {name}:\n    type: routine\n    domain: component\n    schedule: {{every: 1d}}\n    duration: 1m\n{rest}"
    )
}

/// A task with one step of shell text.
fn shell(name: &str, text: &str) -> String {
    task(name, &format!("    steps:\n      - shell: {text:?}\n"))
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, signal).expect("it can be signalled");
}

/// A command that goes on for ten minutes and that no other test, nor another run of this one, starts.
fn nap(n: u32) -> String {
    format!("sleep 60{n}.{}", std::process::id())
}

/// Living processes whose command line holds `words`.
fn processes_with(words: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let command_of = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).ok();
    let commands = entries.filter_map(|entry| command_of(entry.ok()?));
    let lines = commands.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
    lines.filter(|line| line.contains(words)).collect()
}

#[test]
fn the_quickstart_works_takes_back_what_failed_and_says_what_to_do() {
    let example = include_str!("../../examples/quickstart/maintenance.yaml");
    let case = Case::new().plan_file(example);

    let runs = case.run("run --due --format json").exit(1).json();

    let outcomes: Vec<_> = runs["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .map(|run| (run["task"].as_str().unwrap_or_default(), run["outcome"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(runs["schema"], "mainstay/run/v1");
    assert_eq!(
        outcomes,
        [
            ("prepare", "succeeded"),
            ("back-up", "succeeded"),
            ("publish-metric", "succeeded"),
            ("raise-log-level", "rolled_back")
        ]
    );
    assert_eq!(case.read("work/exporter.conf"), "scrape_interval 15s\nlog_level info\n", "as it was before");
    let failed = &runs["runs"][3]["steps"][1];
    assert_eq!((&failed["name"], &failed["exit_code"]), (&"check it".into(), &3.into()));
    case.run("run --due").exit(0);
}

#[test]
fn the_summary_tells_what_failed_its_last_words_and_the_next_command() {
    let rest = "    steps:\n      - {name: break it, shell: 'echo almost; echo no such knob >&2; exit 4'}\n";
    let case = Case::new().plan_file(plan(&task("turn", rest)));

    let mut ran = case.run("run turn").exit(1).stderr(
        "hint: `mainstay run --show 1` shows what happened, step by step\n\
         hint: `mainstay run turn` tries again when the cause is mended\n",
    );

    let text = ran.take_stdout();
    let (line, rest) = text.split_once('\n').expect("lines");
    assert!(line.starts_with("run 1    turn  failed") && line.ends_with("0 of 1 step"), "{line}");
    assert_eq!(
        rest,
        "\nturn failed: step 1 of 1, `break it`: exit code 4\n  the last that `break it` printed:\n  | almost\n  | no such knob\n\n1 run: 1 failed\n"
    );
}

#[test]
fn any_number_of_processes_start_an_occurrence_once() {
    let case = Case::new().plan_file(plan(&shell("count", "echo x >> done")));
    let children: Vec<_> = (0..8).map(|_| case.command("run --due").spawn().expect("a process")).collect();

    let codes: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().expect("an end").status.code()).collect();

    assert_eq!(case.read("done"), "x\n");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 4))), "{codes:?}");
    assert!(codes.contains(&Some(0)), "{codes:?}");
}

#[test]
fn nothing_due_is_silent_and_leaves_no_entry() {
    let case = Case::new().plan_file(plan(&shell("once", "true")));
    case.run("run --due").any_output().exit(0);
    let before = case.run("audit verify --format json").json();

    case.run("run --due").exit(0);

    assert_eq!(case.run("audit verify --format json").json(), before);
}

#[test]
fn a_held_task_is_answered_with_4_and_the_holder() {
    let case = Case::new().plan_file(plan(&shell("slow", "touch began; exec sleep 600")));
    let child = case.command("run slow").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));

    let mut ran = case.run("run slow").exit(4).stderr_has("hint: ");

    let text = ran.take_stdout();
    assert!(text.contains(&format!("process {}", child.id())), "{text}");
    signal(&child, Signal::INT);
    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(130));
}

#[test]
fn ctrl_c_stops_the_tree_cleans_up_and_is_on_record() {
    let rest = "    steps:\n      - shell: 'touch began; NAP & setsid NAP & wait'\n      - shell: touch never\n    rollback:\n      - shell: touch undone\n    finally:\n      - shell: touch tidied\n";
    let case = Case::new().plan_file(plan(&task("slow", &rest.replace("NAP", &nap(1)))));
    let child = case.command("run slow --format json").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));

    signal(&child, Signal::INT);
    let output = child.wait_with_output().expect("an end");

    assert_eq!(output.status.code(), Some(130));
    let runs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(runs["runs"][0]["outcome"], "interrupted");
    assert!(!case.has("never") && case.has("undone") && case.has("tidied"));
    assert_eq!(processes_with(&nap(1)), Vec::<String>::new());
}

#[test]
fn ctrl_c_before_the_first_step_leaves_nothing_to_take_back() {
    let rest = "    preconditions:\n      - {command: {run: [sh, -c, 'touch began; sleep 600']}, timeout: 900s}\n    steps:\n      - shell: touch done\n    rollback:\n      - shell: touch undone\n";
    let case = Case::new().plan_file(plan(&task("careful", rest)));
    let child = case.command("run careful").spawn().expect("a process");
    wait_until("the precondition is asked", PATIENCE, || case.has("began"));

    signal(&child, Signal::INT);

    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(130));
    assert!(!case.has("done") && !case.has("undone"));
}

#[test]
fn a_kill_leaves_a_state_that_says_where_it_was_and_no_process_after_the_next_start() {
    let case = Case::new().plan_file(plan(&shell("slow", &format!("touch began; {} & wait", nap(2)))));
    let mut child = case.command("run --due").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child.kill().expect("kill -9");
    child.wait().expect("an end");

    case.run("run --due").exit(0).stderr_has("warning: run 1 of `slow` was interrupted: mainstay (pid ");

    assert_eq!(processes_with(&nap(2)), Vec::<String>::new());
    let log = case.run("audit log --run 1 --format json").json();
    let text = log.to_string();
    assert!(text.contains("step_intended") && text.contains("in the middle of `touch began"), "{text}");
    case.run("run --abandon 1 --reason looked").exit(0).stderr("run 1 of `slow` is settled\n");
    case.run("run --abandon 1 --reason again").exit(1).stderr("error: run 1 of `slow` is settled already\n");
}

#[test]
fn a_step_that_takes_too_long_is_stopped_with_everything_that_it_started() {
    let rest = "    steps:\n      - {shell: 'NAP & setsid NAP & wait', timeout: 1s}\n";
    let case = Case::new().plan_file(plan(&task("slow", &rest.replace("NAP", &nap(3)))));

    case.run("run slow")
        .exit(1)
        .stderr_has("hint: ")
        .stdout_has("stopped after 1s, its timeout; no process is left");

    assert_eq!(processes_with(&nap(3)), Vec::<String>::new());
}

#[test]
fn a_step_that_fails_is_tried_again_as_often_as_it_may() {
    let rest =
        "    steps:\n      - {shell: 'echo x >> tries; test $(wc -l < tries) -ge 3', retry: {attempts: 3}}\n";
    let case = Case::new().plan_file(plan(&task("flaky", rest)));

    let runs = case.run("run flaky --format json").exit(0).json();

    assert_eq!(runs["runs"][0]["steps"][0]["attempts"], 3);
}

#[test]
fn a_precondition_that_does_not_hold_keeps_everything_untouched() {
    let rest = "    preconditions:\n      - file: {path: needed}\n    steps:\n      - shell: touch done\n    finally:\n      - shell: touch tidied\n";
    let case = Case::new().plan_file(plan(&task("careful", rest)));

    case.run("run careful").exit(1).stderr_has("hint: ").stdout_has("refused: precondition `file needed`");

    assert!(!case.has("done") && !case.has("tidied"));
}

#[test]
fn a_verification_that_fails_goes_the_way_back() {
    let rest = "    steps:\n      - shell: echo new > conf\n    verify:\n      - file: {path: conf, contains: good}\n    rollback:\n      - shell: echo old > conf\n";
    let case = Case::new().plan_file(plan(&task("change", rest)));

    case.run("run change").exit(1).stderr_has("hint: ").stdout_has("rolled back by `echo old > conf`");

    assert_eq!(case.read("conf"), "old\n");
}

#[test]
fn a_program_that_does_not_exist_is_named_before_and_while() {
    let rest = "    steps:\n      - run: [no-such-program-here, --now]\n";
    let case = Case::new().plan_file(plan(&task("typo", rest)));

    case.run("run typo --dry-run")
        .exit(1)
        .stdout_has("wrong     no-such-program-here --now: program `no-such-program-here` is not in PATH");
    let json = case.run("run typo --dry-run --format json").exit(1).json();
    assert_eq!(json["tasks"][0]["items"][1]["certainty"], "wrong");
    assert!(!case.has(".mainstay"), "a dry run writes nothing");
    case.run("run typo")
        .exit(1)
        .stderr_has("hint: ")
        .stdout_has("program `no-such-program-here` is not in PATH");
}

#[test]
fn what_a_step_prints_is_bounded_and_never_acts() {
    let rest = "    steps:\n      - shell: \"printf '\\\\033[2Jevil\\\\n'; yes | head -c 3000000; exit 1\"\n";
    let case = Case::new().plan_file(plan(&task("noisy", rest)));

    let runs = case.run("run noisy --format json").exit(1).json();

    let output = &runs["runs"][0]["steps"][0]["output"];
    assert_eq!(output["bytes"], 3_000_009);
    let kept = output["head"].as_str().map_or(0, str::len) + output["tail"].as_str().map_or(0, str::len);
    assert!(kept <= 32 * 1024, "{kept}");
    let quiet = "    steps:\n      - shell: \"printf '\\\\033[2Jevil\\\\n'; exit 1\"\n";
    let case = Case::new().plan_file(plan(&task("noisy", quiet)));
    case.run("run noisy").exit(1).stderr_has("hint: ").stdout_has("  | \\u{1b}[2Jevil\n");
}

#[test]
fn tasks_run_after_those_they_come_after_and_not_after_one_that_failed() {
    let first = shell("first", "echo first >> order; exit 1");
    let second = format!("{}    after: [first]\n", shell("second", "echo second >> order"));
    let case = Case::new().plan_file(plan(&format!("{second}{first}")));

    case.run("run second first")
        .exit(1)
        .stderr_has("hint: ")
        .stdout_has("`second` was not started: it comes after `first`, which did not succeed");

    assert_eq!(case.read("order"), "first\n");
    case.run("run --due").any_output();
    assert_eq!(case.read("order"), "first\n", "by the schedule neither");
}

#[test]
fn a_task_outside_its_window_waits_and_says_for_what() {
    let text = format!(
        "mainstay: 1\nwindows:\n  night: {{cron: '0 2 * * *', duration: 2h, cutoff: 30m}}\ntasks:\n{}    window: night\n",
        shell("nightly", "touch done")
    );
    let case = Case::new().plan_file(text);

    case.run("--now 2026-03-07T12:00:00Z run nightly")
        .exit(1)
        .stdout("`nightly` was not started: its next window opens 2026-03-08 02:00\n");
    case.run("--now 2026-03-07T12:00:00Z run --due").exit(0);
    assert!(!case.has("done"));
    case.run("--now 2026-03-08T03:31:00Z run nightly").exit(1).stdout_has("cutoff");
    case.run("--now 2026-03-08T02:00:00Z run --due").any_output().exit(0);
    assert!(case.has("done"));
}

#[test]
fn case_22_what_was_slept_through_runs_by_its_policy_and_each_instant_is_on_record() {
    // Every hour from 03:30 to 11:30 is slept through, then `run --due` comes every minute.
    let record = |missed: &str| {
        let case = Case::new().plan_file(plan(&format!(
            "  hourly:\n    type: routine\n    domain: component\n    schedule: {{cron: \"30 * * * *\"}}\n    \
             missed: {missed}\n    duration: 1m\n    steps: [{{run: [\"true\"]}}]\n"
        )));
        case.run("--now 2026-03-07T03:00:00Z run --due").exit(0);
        for minute in 5..16 {
            case.run(&format!("--now 2026-03-07T12:{minute:02}:00Z run --due")).any_output().exit(0);
        }
        let log = case.run("audit log --format json").json();
        let events = log["entries"].as_array().expect("entries").iter().map(|entry| &entry["event"]);
        let told = events.filter_map(|event| {
            let hour = event["occurrence"].as_str()?.strip_prefix("hourly@2026-03-07T")?.get(..2)?;
            Some(format!("{} {hour}", event["kind"].as_str()?))
        });
        told.collect::<Vec<_>>()
    };
    let each = |what: &str, hours: std::ops::RangeInclusive<u32>| -> Vec<String> {
        hours.map(|hour| format!("{what} {hour:02}")).collect()
    };
    let newest = [each("occurrence_missed", 3..=10), each("run_started", 11..=11)].concat();
    assert_eq!(record("latest"), newest);
    assert_eq!(record("all"), each("run_started", 3..=11));
    assert_eq!(record("skip"), each("occurrence_missed", 3..=11));
}

#[test]
fn a_draft_is_not_worked_by() {
    let case = Case::new().plan_file(format!("status: draft\n{}", plan(&shell("any", "true"))));

    case.run("run --due").exit(1).stderr_has("error: the plan file's status is draft");
}

#[test]
fn a_task_that_does_not_exist_is_answered_with_those_that_do() {
    let case = Case::new().plan_file(plan(&shell("known", "true")));

    case.run("run unknown")
        .exit(2)
        .stderr("hint: the plan file has: known\nerror: there is no task `unknown`\n");
    case.run("run").any_output().exit(2);
}

#[test]
fn a_state_that_cannot_be_made_stops_the_work_before_it_starts() {
    let case = Case::new().plan_file(plan(&shell("work", "touch done"))).file("blocked", "a file, no folder");

    case.run("--state blocked/state.db run work").exit(3).stderr_has("error: opening the state");
    case.run("--state /proc/none/state.db run work").exit(3).stderr_has("error: opening the state");
    assert!(!case.has("done"));
}

#[test]
fn the_environment_of_a_step_is_clean_and_says_what_it_works_on() {
    let case = Case::new().plan_file(plan(&shell("look", "env | sort > seen")));
    let status = case.command("run look").env("TMOUT", "900").env("SECRET", "x").status();

    assert!(status.expect("an end").success());
    let names: Vec<_> =
        case.read("seen").lines().map(|line| line.split('=').next().unwrap_or("").to_owned()).collect();
    let expected =
        ["LANG", "MAINSTAY_RUN", "MAINSTAY_STEP", "MAINSTAY_TARGET", "MAINSTAY_TASK", "PATH", "PWD", "SHELL"];
    assert_eq!(names, expected);
}

#[test]
fn without_a_task_nothing_was_evaluated() {
    let case = Case::new().plan_file("mainstay: 1\n");

    case.run("run --due").exit(3).stderr("error: the plan file has no task, so nothing can be due\n");
}

#[test]
fn a_disk_that_fills_up_stops_the_work_and_loses_nothing_that_was_recorded() {
    let rest = "    steps:\n      - {name: fill, shell: 'dd if=/dev/zero of=disk/ballast bs=1k count=2000; true'}\n      - shell: touch never\n";
    let case = Case::new().plan_file(plan(&task("fill", rest)));
    let script = "set -e
        mkdir disk; mount -t tmpfs -o size=400k tmpfs disk
        set +e
        $MAINSTAY --state disk/state.db run fill; echo $?
        rm disk/ballast
        $MAINSTAY --state disk/state.db run --due; echo $?
        $MAINSTAY --state disk/state.db audit export";
    let output = in_a_mount_namespace(case.path(), script);
    let Some(output) = output else { return eprintln!("not tried: no mount namespace may be made here") };

    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let mut lines = stdout.lines();
    assert_eq!((lines.next(), lines.next()), (Some("3"), Some("0")), "{stdout}{stderr}");
    assert!(stderr.contains("no room is left on the disk of the state file"), "{stderr}");
    assert!(stderr.contains("hint: `mainstay run --resume 1` says how far it came"), "{stderr}");
    assert!(stderr.contains("run 1 of `fill` was interrupted"), "{stderr}");
    let kinds: Vec<_> =
        lines.map(|line| line.split("\"kind\":\"").nth(1).unwrap_or("").split('"').next()).collect();
    // Its process may still have found room on the disk that it fills.
    let kinds: Vec<_> = kinds.into_iter().filter(|kind| *kind != Some("step_started")).collect();
    let expected =
        ["state_created", "definition_seen", "run_started", "step_intended", "run_ended"].map(Some);
    assert_eq!(kinds, expected);
    assert!(!case.has("never"));
}

/// Runs a script that may mount, unseen by others; `None` where the machine does not allow that.
fn in_a_mount_namespace(folder: &std::path::Path, script: &str) -> Option<std::process::Output> {
    let run = |script: &str| {
        let mut command = std::process::Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["--mount", "sh", "-c", script]).current_dir(folder);
        command.env("MAINSTAY", env!("CARGO_BIN_EXE_mainstay")).output().ok()
    };
    let may = run("mkdir -p probe && mount -t tmpfs tmpfs probe")?;
    may.status.success().then(|| run(script))?
}

#[test]
fn on_a_terminal_the_step_that_is_going_is_shown() {
    let case = Case::new().plan_file(plan(&shell("slow", "sleep 0.5")));
    let mainstay = env!("CARGO_BIN_EXE_mainstay");
    // `script` gives it a terminal; what it draws there comes back on stdout.
    let output = std::process::Command::new("script")
        .args(["-qec", &format!("{mainstay} run slow"), "/dev/null"])
        .current_dir(case.path())
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .output()
        .expect("script, of util-linux");

    let drawn = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{drawn}");
    assert!(drawn.contains("1/1 sleep 0.5"), "{drawn}");
    assert!(drawn.contains("1 run: 1 succeeded"), "{drawn}");
}
