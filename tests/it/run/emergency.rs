//! Work that cannot wait: it passes windows, blackouts and approval, nothing else, and is looked at afterwards.

use super::{PATIENCE, shell, signal};
use crate::support::approvals::estate;
use crate::support::{Case, Gatekeeper, wait_until};
use rustix::process::Signal;

const FRIDAY: &str = "2026-03-06T12:00:00Z";

/// A task that may run at night only, and not at all these days.
fn frozen(rest: &str) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1\nwindows:\n  night: {{cron: '0 2 * * *', duration: 2h}}\nblackouts:\n  fair: {{from: 2026-03-01, to: \
         2026-03-15}}\ntasks:\n{}    window: night\n{rest}",
        shell("mend", "touch mended")
    ))
}

fn at(case: &Case, now: &str, arguments: &str) -> crate::support::Ran {
    case.run(&format!("--now {now} {arguments}"))
}

#[test]
fn an_emergency_passes_windows_and_blackouts_is_marked_and_opens_a_review_until_somebody_closes_it() {
    let case = frozen("");
    at(&case, FRIDAY, "run mend")
        .exit(1)
        .stdout("`mend` was not started: blackout `fair` until 2026-03-15 00:00\n");
    at(&case, FRIDAY, "run mend --emergency --reason disk-full --dry-run").exit(0).stdout_has(
        "gate   verified  window: passed, because this is an emergency: blackout `fair` until 2026-03-15 00:00\n",
    );
    assert!(!case.has("mended"));

    at(&case, FRIDAY, "run mend --emergency --reason disk-full").exit(0).any_output().stderr_has(
        "hint: run 1 was an emergency and has to be reviewed within 3d: `mainstay audit review 1 --note TEXT`\n",
    );

    assert!(case.has("mended"));
    let log = case.run("audit log").take_text();
    assert!(log.contains("run 1 of mend started on local as an emergency: disk-full\n"), "{log}");
    assert!(log.contains("run 1 has to be reviewed until 2026-03-09T12:00:00Z: disk-full\n"), "{log}");
    let entry = case.run("audit export").take_text();
    let entry = entry.lines().find(|line| line.contains("\"run_started\"")).expect("a run");
    assert!(
        entry.contains("\"origin\":\"emergency\"") && entry.contains("\"justification\":\"disk-full\""),
        "{entry}"
    );
    let report = at(&case, "2026-03-06T13:00:00Z", "report status --format json").json();
    assert_eq!(report["runs"][0]["emergency"], "disk-full");
    let kinds: Vec<_> =
        report["debt"]["items"].as_array().expect("items").iter().map(|item| &item["kind"]).collect();
    assert!(kinds.contains(&&"review".into()), "{kinds:?}");
    let shown = at(&case, FRIDAY, "plan").take_text();
    let owed =
        "run 1 of `mend` was an emergency (disk-full); it has to be reviewed until 2026-03-09 12:00 UTC";
    assert!(shown.contains(owed), "{shown}");

    at(&case, FRIDAY, "audit review")
        .exit(0)
        .stdout("run 1 of `mend`, until 2026-03-09T12:00:00Z: disk-full\n");
    let late = "2026-03-09T12:00:01Z";
    at(&case, late, "audit review")
        .exit(1)
        .stdout("run 1 of `mend`, overdue since 2026-03-09T12:00:00Z: disk-full\n");
    let open = at(&case, late, "audit review --format json").exit(1).json();
    assert_eq!((&open["open"][0]["run"], &open["open"][0]["overdue"]), (&1.into(), &true.into()));
    case.run("audit review 1").exit(2).any_output();
    case.run("audit review 2 --note seen")
        .exit(1)
        .stderr("error: run 2 has no review; only emergencies have\n");
    at(&case, late, "audit review 1 --note seen").exit(0).stderr("the review of run 1 of `mend` is closed\n");
    at(&case, late, "audit review 1 --note again")
        .exit(1)
        .stderr_has("error: the review of run 1 was closed at 2026-03-09T12:00:0");
    at(&case, late, "audit review").exit(0).stdout("no review is open\n");
    let report = at(&case, late, "report status --format json").json();
    assert!(!report["debt"].to_string().contains("\"review\""), "{}", report["debt"]);
    let log = case.run("audit log --run 1").take_text();
    assert!(log.ends_with("run 1 was reviewed: seen\n"), "{log}");
}

#[test]
fn without_a_reason_in_words_or_without_a_task_there_is_no_emergency() {
    let case = frozen("");
    case.run("run mend --emergency").exit(2).any_output();
    case.run("run --due --emergency --reason x").exit(2).any_output();
    let blank = case.command("run mend --emergency").args(["--reason", " "]).output().expect("an end");
    assert_eq!(blank.status.code(), Some(2));
    assert!(!case.has(".mainstay") && !case.has("mended"));
}

#[test]
fn an_emergency_needs_no_approval() {
    let case = estate(1);
    case.run("run reissue").exit(1).any_output();
    case.run("run reissue --emergency --reason leaked").exit(0).any_output();
    assert_eq!(case.read("reissued"), "x\n");
}

#[test]
fn an_emergency_waits_for_what_is_held_and_does_nothing_where_a_precondition_does_not_hold() {
    let case = Case::new().plan_file(format!(
        "mainstay: 1\ntasks:\n{}{}    preconditions:\n      - file: {{path: needed}}\n",
        shell("slow", "touch began; exec sleep 600") + "    claims: [tsdb]\n",
        shell("mend", "touch mended") + "    claims: [tsdb]\n",
    ));
    let holder = case.command("run slow").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    case.run("run mend --emergency --reason x")
        .exit(4)
        .stderr_has("hint: ")
        .stdout_has("the claim `tsdb` is held");
    signal(&holder, Signal::INT);
    holder.wait_with_output().expect("an end");
    case.run("run mend --emergency --reason x")
        .exit(1)
        .stderr_has("hint: ")
        .stdout_has("refused: precondition `file needed`");
    assert!(!case.has("mended"));
}

#[test]
fn case_42_a_gate_that_is_closed_holds_in_an_emergency_and_one_that_cannot_be_asked_does_not() {
    let gated = |url: &str, unknown: &str| {
        Case::new().plan_file(format!(
            "mainstay: 1\nconnections: {{prometheus: {{url: '{url}'}}}}\ntasks:\n{}    gate: {{promql: up, unknown: \
             {unknown}}}\n",
            shell("mend", "touch mended")
        ))
    };
    let files = Case::new();
    let gatekeeper = Gatekeeper::start(&files.path().join("open"));
    let case = gated(&gatekeeper.url(), "wait");
    case.run("run mend --emergency --reason x")
        .exit(1)
        .stdout_has("its gate is closed: `up` returns nothing");
    // Nobody listens there any more.
    let url = gatekeeper.url();
    drop(gatekeeper);
    let case = gated(&url, "wait");
    case.run("run mend").exit(3).stdout_has("its gate cannot be asked: ");
    case.run("run mend --emergency --reason x").exit(0).any_output();
    assert!(case.has("mended"));
    let log = case.run("audit log").take_text();
    assert!(log.contains("taken as open, because this is an emergency: "), "{log}");
    let case = gated(&url, "closed");
    case.run("run mend --emergency --reason x").exit(1).stdout_has("its gate is closed: taken as closed: ");
}
