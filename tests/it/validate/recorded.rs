//! `validate --run` and `validate --since`: recorded runs, driven with the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use mainstay::model::{Event, Holds, Origin, Outcome, Phase};
use mainstay::state::{Access, NewRun, State};
use mainstay::world::clock::Clock;
use mainstay::world::process_identity;
use serde_json::Value;

use crate::support::approvals::{NOW, at_now, estate};
use crate::support::{Case, wait_until};

const PATIENCE: Duration = Duration::from_secs(20);

/// A task that runs these steps on two targets, checks its work and has a way back.
fn plan(steps: &str) -> String {
    format!(
        "mainstay: 1\ntargets: {{a: {{local: true}}, b: {{local: true}}}}\ntasks:\n  tidy:\n    type: routine\n    \
         domain: component\n    duration: 1m\n    targets: [all]\n    steps:\n{steps}    verify: [{{file: {{path: \
         work}}}}]\n    rollback: [{{name: back, run: [\"true\"]}}]\n    finally: [{{name: end, run: [\"true\"]}}]\n"
    )
}

const TWO_STEPS: &str = "      - {name: one, shell: echo >> work}\n      - {name: two, run: [\"true\"]}\n";

/// The outcome of one question, and what was said.
fn answer<'j>(report: &'j Value, name: &str) -> (&'j str, &'j str) {
    let items = report["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["name"].as_str().is_some_and(|found| found.ends_with(name)));
    let item = item.unwrap_or_else(|| panic!("no `{name}` in {report:#}"));
    (item["outcome"].as_str().expect("an outcome"), item["said"].as_str().expect("words"))
}

/// The codes of what was found, each once.
fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let mut codes: Vec<_> = findings.map(|finding| finding["code"].as_str().expect("a code")).collect();
    codes.dedup();
    codes
}

fn validated(case: &Case, arguments: &str, code: i32) -> Value {
    case.run(&format!("validate {arguments} --format json")).exit(code).json()
}

#[test]
fn an_ordinary_run_is_as_it_should_be_and_each_answer_names_its_entries() {
    let case = Case::new().plan_file(plan(TWO_STEPS));
    case.run("run tidy").exit(0).any_output();
    let report = validated(&case, "--run last", 0);
    assert_eq!((&report["verdict"], &report["evaluated"]), (&"pass".into(), &1.into()));
    assert!(codes(&report).is_empty(), "{report:#}");
    assert_eq!(answer(&report, "run 1: work done").0, "yes");
    assert_eq!(answer(&report, "in order"), ("yes", "6 steps (6 entries from 4 to 21)"));
    assert_eq!(answer(&report, "nothing skipped unrecorded").0, "yes");
    assert_eq!(answer(&report, "verified"), ("yes", "1 check held (entries 15, 16, 17, 24)"));
    assert_eq!(answer(&report, "way back gone").0, "skipped");
    assert_eq!(answer(&report, "ledger whole"), ("yes", "24 entries, unbroken"));
    assert_eq!(answer(&report, "state kept private").0, "yes");
    let text = case.run("validate --run 1").exit(0).take_text();
    let sum = text.lines().last().unwrap_or_default();
    assert!(sum.starts_with("maintenance.yaml: 1 run, ") && sum.contains(" ok, "), "{text}");
    assert!(text.contains("ok       run 1: work done"), "{text}");
}

#[test]
fn without_a_run_nothing_was_evaluated_which_is_no_yes() {
    let case = Case::new().plan_file(plan(TWO_STEPS));
    let check = |arguments: &str, why: &str| {
        let ran = case.run(&format!("validate {arguments}")).exit(3);
        ran.stderr_has(&format!("error: {why}")).stdout_has("a run on record");
    };
    check("--run last", "no run is on record");
    check("--run 7", "there is no run 7 on record");
    check("--since 7d", "no run that began since ");
    case.run("run tidy").exit(0).any_output();
    check("--run 7", "there is no run 7 on record");
    check("--since 7d --task other", "no run of `other` that began since ");
    check("--task other", "no run of `other` is on record");
    case.run("validate --task tidy").exit(0).stdout_has("run 1: work done");
    case.run("validate --run last --since 7d").exit(2).any_output();
    case.run("validate --run last plans/").exit(2).any_output();
    case.run("validate --run first").exit(2).any_output();
}

#[test]
fn every_format_tells_what_stands_against_a_run() {
    let case = Case::new().plan_file(plan("      - {name: one, run: [\"false\"]}\n"));
    case.run("run tidy").exit(1).any_output();
    for format in ["text", "json", "jsonl", "sarif", "junit", "github", "gitlab", "tap", "checkstyle"] {
        let text = case.run(&format!("validate --run last --format {format}")).exit(1).take_text();
        assert!(format == "tap" || text.contains("MR201"), "{format}: {text}");
        assert!(text.contains("it ended rolled back"), "{format}: {text}");
    }
    let report = validated(&case, "--run last", 1);
    let finding = &report["findings"][0];
    assert_eq!((&finding["line"], &finding["subject"]), (&4.into(), &"run 1: work done".into()));
    assert!(finding["evidence"].as_array().is_some_and(|entries| !entries.is_empty()), "{finding}");
    case.run("validate --explain MR201").exit(0).stdout_has("work that is not done");
}

#[test]
fn a_run_that_went_back_went_all_the_way_and_is_made_good_by_a_later_one() {
    let steps = "      - {name: one, shell: echo >> work}\n      - {name: two, shell: \"test -e mended\"}\n";
    let case = Case::new().plan_file(plan(steps));
    case.run("run tidy").exit(1).any_output();
    let report = validated(&case, "--run last", 1);
    assert_eq!(codes(&report), ["MR201"]);
    assert_eq!(answer(&report, "way back gone").0, "yes");
    assert_eq!(answer(&report, "nothing owed").0, "yes");
    let (outcome, said) = answer(&report, "nothing skipped unrecorded");
    assert!(
        outcome == "yes" && said.contains("2 not reached: step 2 of 2, `two` on a: exit code 1"),
        "{said}"
    );

    fs::write(case.path().join("mended"), "").expect("a file");
    case.run("run tidy").exit(0).any_output();
    let report = validated(&case, "--run 1", 0);
    assert_eq!(
        answer(&report, "work done").1.split(" (").next(),
        Some("it ended rolled back, and run 2 made it good")
    );
}

#[test]
fn a_step_that_is_left_out_and_one_that_is_tried_again_are_on_record() {
    let steps = "      - {name: one, shell: echo >> work}\n      - {name: two, run: [\"true\"], only_if: {file: {path: \
                 never}}}\n      - {name: three, shell: \"echo >> tries; test $(wc -l < tries) -ge 2\", idempotent: true, \
                 retry: {attempts: 2, backoff: 0s}}\n";
    let case = Case::new().plan_file(plan(steps));
    for _ in 0..5 {
        case.run("run tidy").exit(0).any_output();
        fs::remove_file(case.path().join("tries")).expect("a file");
    }
    let report = validated(&case, "--run last", 0);
    let (outcome, said) = answer(&report, "nothing skipped unrecorded");
    assert!(outcome == "yes" && said.starts_with("4 steps; left out: two, two"), "{said}");
    assert_eq!(codes(&report), ["MR302"], "every run had a retry");
    let (outcome, said) = answer(&report, "rework");
    assert_eq!((outcome, said), ("no", "5 of 5 (100 %), of the 5 runs of `tidy` up to it; at most 25 %"));
    // The operator bears more.
    let borne = plan(steps) + "quality: {rework: 100%}\n";
    fs::write(case.path().join("maintenance.yaml"), borne).expect("a file");
    assert_eq!(answer(&validated(&case, "--run last", 0), "rework").0, "yes");
    assert_eq!(
        answer(&validated(&case, "--since 1d", 0), "success rate").1,
        "5 of 5 (100 %), of 5 runs asked about; at least 90 %"
    );
}

#[test]
fn of_several_tasks_those_are_named_that_do_not_do_by_themselves() {
    let task = |name: &str, program: &str| {
        format!(
            "  {name}:\n    type: routine\n    domain: component\n    duration: 1m\n    steps: [{{run: [\"{program}\"]}}]\n"
        )
    };
    let (good, bad) = (task("good", "true"), task("bad", "false"));
    let case = Case::new().plan_file(format!("mainstay: 1\ntasks:\n{good}{bad}"));
    for _ in 0..5 {
        case.run("run good").exit(0).any_output();
        case.run("run bad").exit(1).any_output();
    }
    let report = validated(&case, "--since 1d", 1);
    let number = "5 of 10 (50 %), of 10 runs asked about; at least 90 %";
    let named = "; tasks that do not by themselves: `bad` 0 of 5 (0 %)";
    assert_eq!(answer(&report, "success rate"), ("no", &*format!("{number}{named}")));

    // With a lower threshold the good one makes up for the other, which is named all the same.
    let lower = format!("mainstay: 1\nquality: {{success: 50%, rework: 100%}}\ntasks:\n{good}{bad}");
    let case = case.plan_file(lower);
    let report = validated(&case, "--since 1d", 1);
    let number = "5 of 10 (50 %), of 10 runs asked about; at least 50 %";
    assert_eq!(answer(&report, "success rate"), ("yes", &*format!("{number}{named}")));
    let (_, said) = answer(&report, "rework");
    assert!(said.contains("at most 100 %") && !said.contains("by themselves"), "{said}");
    let of_one = validated(&case, "--since 1d --task bad", 1);
    assert!(!answer(&of_one, "success rate").1.contains("by themselves"), "{of_one:#}");
}

#[test]
fn a_run_that_was_killed_is_open_until_it_is_given_up() {
    let case = Case::new().plan_file(plan("      - {name: one, shell: echo >> work; exec sleep 600}\n"));
    let mut child = case.command("run tidy").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("work"));
    let going = validated(&case, "--run last", 3);
    assert_eq!(answer(&going, "work done").1.split(" (").next(), Some("it is still going"));
    child.kill().expect("a process");
    child.wait().expect("an end");

    let killed = validated(&case, "--run last", 1);
    assert_eq!(codes(&killed), ["MR204"], "{killed:#}");
    assert!(
        answer(&killed, "nothing left open").1.contains("step 1, `one` on `a` was interrupted"),
        "{killed:#}"
    );

    let abandon = ["--reason", "by hand"];
    let output = case.command("run --abandon 1").args(abandon).output().expect("the binary");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let given_up = validated(&case, "--run last", 1);
    assert_eq!(codes(&given_up), ["MR201"], "{given_up:#}");
    let (outcome, said) = answer(&given_up, "nothing left open");
    assert!(outcome == "yes" && said.contains("settled it: by hand"), "{said}");
}

#[test]
fn an_emergency_outside_its_window_is_right_when_it_says_why_and_is_reviewed_in_time() {
    let case = Case::new().plan_file(
        "mainstay: 1\nwindows: {night: {cron: '0 2 * * *', duration: 2h}}\ntasks:\n  mend:\n    type: routine\n    \
         domain: component\n    duration: 1m\n    window: night\n    steps: [{shell: touch mended}]\n",
    );
    case.run("--now 2026-03-06T12:00:00Z run mend --emergency --reason disk-full").exit(0).any_output();
    let at = |now: &str, code: i32| validated(&case, &format!("--run last --now {now}"), code);
    let open = at("2026-03-07T12:00:00Z", 0);
    assert!(
        answer(&open, "emergency reviewed").1.starts_with("not yet; it has to be until 2026-03-09T12:00:00Z")
    );
    assert_eq!(answer(&open, "in its window"), ("skipped", "an emergency passes windows"));
    let late = at("2026-03-10T12:00:00Z", 1);
    assert_eq!(codes(&late), ["MR104"]);
    assert_eq!(late["findings"][0]["help"], "review it: `mainstay audit review 1 --note TEXT`");
    case.run("--now 2026-03-09T11:00:00Z audit review 1 --note seen").exit(0).any_output();
    assert_eq!(answer(&at("2026-03-10T12:00:00Z", 0), "emergency reviewed").0, "yes");

    // The same work in its window, and once by a plan file that has no such window any more.
    case.run("--now 2026-03-08T02:30:00Z run mend").exit(0).any_output();
    let report = at("2026-03-10T12:00:00Z", 0);
    assert!(answer(&report, "in its window").1.starts_with("in `night` ("), "{report:#}");
    let moved = case.read("maintenance.yaml").replace("0 2 * * *", "0 5 * * *");
    fs::write(case.path().join("maintenance.yaml"), moved).expect("a file");
    let report = at("2026-03-10T12:00:00Z", 3);
    assert_eq!((answer(&report, "in its window").0, codes(&report).len()), ("unknown", 0));
}

#[test]
fn approvals_are_verified_and_work_that_began_without_them_is_told() {
    let case = estate(1);
    at_now(&case, "plan --approve reissue --key ops").exit(0).any_output();
    at_now(&case, "run reissue").exit(0).any_output();
    let report = validated(&case, "--run last", 0);
    assert!(answer(&report, "approved").1.starts_with("by ops@example.org (entries "), "{report:#}");
    let (outcome, said) = answer(&report, "approved by keys");
    assert!(outcome == "yes" && said.starts_with("ops@example.org (SHA256:"), "{said}");

    // The key goes from the signers file: it has approved nothing.
    let signers = case.read("allowed_signers");
    let others: Vec<_> = signers.split_inclusive('\n').filter(|line| !line.starts_with("ops@")).collect();
    let others = others.concat();
    fs::write(case.path().join("allowed_signers"), others).expect("a file");
    let report = validated(&case, "--run last", 1);
    assert_eq!(codes(&report), ["MR401"]);
    fs::write(case.path().join("allowed_signers"), signers).expect("a file");

    // Somebody who can write the state file starts a run by hand, by an approval that was used up.
    let approval = report["findings"][0]["evidence"][0].as_u64().expect("an entry");
    let clock = Clock::new(Some(NOW.parse().expect("a time")));
    let state =
        State::open(&case.path().join(".mainstay/state.db"), Access::ReadWrite, clock).expect("a state");
    let earlier = state.run(mainstay::model::RunId(1)).expect("a state").expect("a run");
    let by_hand = |approvals: Vec<u64>| NewRun {
        task: earlier.task.clone(),
        occurrence: None,
        origin: Origin::OnDemand,
        due: None,
        plan_digest: earlier.plan_digest.clone(),
        targets: earlier.targets.clone(),
        holder: process_identity::current().expect("a process"),
        approvals,
        definition: earlier.definition.clone(),
        holds: Holds::default(),
        justification: None,
        partial: false,
    };
    for approvals in [vec![], vec![approval]] {
        let n_runs = state.runs(&mainstay::state::RunFilter::default()).expect("runs").len();
        let run = mainstay::model::RunId(i64::try_from(n_runs + 1).expect("few runs"));
        let end = Event::RunEnded { run, outcome: Outcome::Skipped, reason: Some("by hand".to_owned()) };
        state.record_all(&[by_hand(approvals).started_as(run), end]).expect("a record");
    }
    drop(state);
    let report = validated(&case, "--run 2", 1);
    assert_eq!(codes(&report), ["MR101"]);
    assert!(
        answer(&report, "approved").1.contains("it began with 0 of 1 approvals from approvers"),
        "{report:#}"
    );
    let report = validated(&case, "--run 3", 1);
    assert!(codes(&report).contains(&"MR101"), "{report:#}");
    assert!(answer(&report, "approved").1.contains("run 1 had used it"), "{report:#}");
}

#[test]
fn state_that_others_can_read_is_told_with_the_command_that_mends_it() {
    let case = Case::new().plan_file(plan(TWO_STEPS));
    case.run("run tidy").exit(0).any_output();
    let open = |name: &str, mode: u32| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(case.path().join(name), mode).expect("a mode");
    };
    open(".mainstay", 0o755);
    open(".mainstay/state.db", 0o644);
    let report = validated(&case, "--run last", 1);
    assert_eq!(codes(&report), ["MR404"]);
    let told: Vec<_> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|it| it["help"].as_str().expect("help"))
        .collect();
    assert!(
        told.len() == 2 && told[0].starts_with("chmod 0600 ") && told[1].starts_with("chmod 0700 "),
        "{told:?}"
    );
}

#[test]
fn a_secret_that_is_declared_later_and_what_looks_like_one_are_found_in_what_was_printed() {
    let print = "      - {name: one, shell: \"echo >> work; cat printed\"}\n";
    let case = Case::new()
        .plan_file(plan(print) + "secrets: {db: {file: secret}}\n")
        .file("secret", "correct horse battery\n")
        .file("printed", "a correct horse battery\n");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(case.path().join("secret"), private).expect("a mode");
    case.run("run tidy").exit(0).any_output();
    let report = validated(&case, "--run last", 0);
    assert!(codes(&report).is_empty(), "what is known is hidden: {report:#}");

    // Another secret, which nobody had declared when it was printed.
    fs::write(case.path().join("printed"), "password: Tr0ub4dor\n").expect("a file");
    case.run("run tidy").exit(0).any_output();
    let report = validated(&case, "--run last", 0);
    assert_eq!(codes(&report), ["MR403"]);
    fs::write(case.path().join("secret"), "Tr0ub4dor\n").expect("a file");
    let report = validated(&case, "--run last", 1);
    assert!(codes(&report).contains(&"MR402"), "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "MR402");
    assert!(!report.to_string().contains("Tr0ub4dor"), "the report shows it no more than it has to");
}

#[test]
fn what_is_only_a_warning_is_told_as_one_unless_warnings_fail() {
    let case = Case::new()
        .plan_file(plan("      - {name: one, shell: \"echo >> work; cat printed\"}\n"))
        .file("printed", "password: Tr0ub4dor\n");
    case.run("run tidy").exit(0).any_output();
    let text = case.run("validate --run last").exit(0).take_text();
    let line =
        text.lines().find(|line| line.contains("nothing that looks like a secret")).expect("the question");
    assert!(line.starts_with("warning  run 1: ") && text.contains("MR403"), "{text}");
    assert!(text.ends_with(" did not arise\n") && text.contains(", 1 warning, "), "{text}");
    assert!(!text.contains("FAILED") && !text.contains("failed"), "{text}");
    let junit = case.run("validate --run last --format junit").exit(0).take_text();
    assert!(junit.contains("failures=\"0\""), "{junit}");

    let text = case.run("validate --run last --fail-on warning").exit(1).take_text();
    assert!(text.contains("FAILED   run 1: ") && text.contains(", 1 failed, "), "{text}");
}

#[test]
fn a_ledger_that_was_changed_says_nothing_worth_believing() {
    let case = Case::new().plan_file(plan(TWO_STEPS));
    case.run("run tidy").exit(0).any_output();
    let state = case.path().join(".mainstay/state.db");
    let sql = "DROP TRIGGER ledger_is_not_edited; UPDATE ledger SET line = replace(line, 'succeeded', 'skipped') WHERE seq = 9;";
    let connection = rusqlite::Connection::open(&state).expect("a database");
    connection.execute_batch(sql).expect("a change");
    drop(connection);
    let report = validated(&case, "--run last", 1);
    assert!(codes(&report).contains(&"MR406"), "{report:#}");
}

#[test]
fn a_thousand_runs_of_a_year_are_validated_in_seconds() {
    // To measure: as many as an estate has in a year.
    let n_runs = std::env::var("MAINSTAY_TEST_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(1000_i64);
    let case = Case::in_memory().plan_file(plan(TWO_STEPS));
    case.run("run tidy").exit(0).any_output();
    let path = case.path().join(".mainstay/state.db");
    let state = State::open(&path, Access::ReadWrite, Clock::new(None)).expect("a state");
    let template: Vec<Event> = case
        .run("audit export")
        .exit(0)
        .take_text()
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an entry"))
        .filter(|entry| entry["event"].get("run").is_some())
        .map(|entry| serde_json::from_value(entry["event"].clone()).expect("an event"))
        .collect();
    assert!(template.iter().any(|event| matches!(event, Event::StepIntended { phase: Phase::Steps, .. })));
    let text = serde_json::to_string(&template).expect("events");
    for chunk in 0..n_runs / 100 {
        let mut events: Vec<Event> = Vec::new();
        for n in 0..100 {
            let run = 2 + chunk * 100 + n;
            let text = text.replace("\"run\":1,", &format!("\"run\":{run},"));
            events.extend(serde_json::from_str::<Vec<Event>>(&text).expect("events"));
        }
        state.record_all(&events).expect("a record");
    }
    drop(state);
    let began = std::time::Instant::now();
    let report = validated(&case, "--since 366d", 0);
    let took = began.elapsed();
    assert_eq!(report["evaluated"], n_runs + 1);
    assert_eq!(answer(&report, "in order"), ("yes", &*format!("{} yes", n_runs + 1)));
    // How long is printed for people; a test that is timed would fail on a busy machine.
    eprintln!("{n_runs} runs are validated in {took:?}");
}
