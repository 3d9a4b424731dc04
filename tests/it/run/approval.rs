//! `run` waits for the approvals that work needs.

use std::fs;

use crate::support::approvals::{NOW, at_now, estate, forge, published, record};
use crate::support::{Case, make_key};

const NOON: &str = "2026-03-07T12:00:00Z";

fn approve(case: &Case, arguments: &str) {
    at_now(case, &format!("plan --approve {arguments}")).exit(0).any_output();
}

/// How a run on demand is refused at [`NOW`].
#[track_caller]
fn waits(case: &Case, expected: &str) {
    at_now(case, "run reissue").exit(1).stdout(&format!(
        "`reissue` was not started: waits for approval: {expected}; mainstay plan --approve reissue\n"
    ));
    assert!(!case.has("reissued"));
}

#[test]
fn due_work_waits_in_silence_until_it_is_approved_and_says_so_once() {
    let case = published(estate(1));
    for _ in 0..3 {
        case.run(&format!("--now {NOON} run --due")).exit(0);
    }
    assert!(!case.has("rotated"));
    case.run(&format!("--now {NOON} -v run --due"))
        .exit(0)
        .stderr_has("`rotate` waits: waits for approval: 0 of 1 from approvers; mainstay plan --approve\n");
    let log = case.run("audit log").take_text();
    assert_eq!(log.matches("run of rotate refused").count(), 1, "{log}");

    // Late, and about the start that was published.
    case.run(&format!("--now {NOON} plan --approve --key ops")).exit(0).any_output();
    let runs = case.run(&format!("--now {NOON} run --due --format json")).exit(0).json();

    assert_eq!(runs["runs"][0]["occurrence"], format!("rotate@{NOON}"));
    assert_eq!(case.read("rotated"), "x\n");
    let ledger = case.run("audit export").take_text();
    let started = ledger.lines().find(|line| line.contains("run_started")).expect("a run");
    let approval = ledger.lines().position(|line| line.contains("approval_given")).expect("an approval") + 1;
    assert!(started.contains(&format!("\"approvals\":[{approval}]")), "it names what it rests on: {started}");
}

#[test]
fn what_waited_in_vain_is_missed_for_this_reason() {
    let case = published(estate(1));
    case.run(&format!("--now {NOON} run --due")).exit(0);
    case.run("--now 2026-03-08T12:00:00Z run --due").exit(0);
    case.run("audit log").exit(0).stdout_has(
        "missed rotate@2026-03-07T12:00:00Z: it was refused until it was too late: waits for approval: 0 of 1 from \
         approvers; mainstay plan --approve\n",
    );
}

#[test]
fn a_run_on_demand_is_approved_once_and_for_a_day() {
    let case = estate(1);
    waits(&case, "0 of 1 from approvers");
    approve(&case, "reissue --key ops");
    case.run("--now 2026-03-08T10:00:00Z run reissue").exit(1).stdout(
        "`reissue` was not started: waits for approval: 0 of 1 from approvers (the approval by ops@example.org does \
         not count: it ended at 2026-03-08T10:00:00Z); mainstay plan --approve reissue\n",
    );
    case.run("--now 2026-03-08T09:59:59Z run reissue").exit(0).any_output();
    assert_eq!(case.read("reissued"), "x\n");
    at_now(&case, "run reissue").exit(1).stdout_has("waits for approval: 0 of 1 from approvers;");
    // The same words once more are not another approval.
    let ledger = case.run("audit export").take_text();
    let entry = ledger.lines().find(|line| line.contains("approval_given")).expect("an approval");
    let entry: serde_json::Value = serde_json::from_str(entry).expect("JSON");
    let text = |key: &str| entry["event"][key].as_str().expect("text").to_owned();
    record(&case, &text("statement"), &text("signature"));
    at_now(&case, "run reissue").exit(1).stdout_has("waits for approval: 0 of 1 from approvers;");
    case.run("--now 2026-03-07T10:00:01Z plan --approve reissue --key ops").exit(0).any_output();
    case.run("--now 2026-03-07T10:00:01Z run reissue").exit(0).any_output();
}

#[test]
fn of_many_who_use_one_approval_at_once_one_runs() {
    let case = estate(1);
    approve(&case, "reissue --key ops");
    let command = format!("--now {NOW} run reissue");
    let children: Vec<_> = (0..6).map(|_| case.command(&command).spawn().expect("a process")).collect();
    let codes: Vec<_> =
        children.into_iter().map(|child| child.wait_with_output().expect("an end").status.code()).collect();
    assert_eq!(case.read("reissued"), "x\n", "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
}

#[test]
fn an_approval_of_an_occurrence_is_none_of_a_run_on_demand() {
    let case = published(estate(1));
    approve(&case, "rotate --key ops");
    at_now(&case, "run rotate").exit(1).stdout(
        "`rotate` was not started: waits for approval: 0 of 1 from approvers; mainstay plan --approve rotate \
         --on-demand\n",
    );
    approve(&case, "rotate --on-demand --key sec");
    at_now(&case, "run rotate").exit(0).any_output();
    assert_eq!(case.read("rotated"), "x\n");
}

#[test]
fn a_dry_run_says_what_is_missing() {
    let case = estate(1);
    at_now(&case, "run reissue --dry-run").exit(1).stdout_has(
        "  gate   wrong     approval: waits for approval: 0 of 1 from approvers; mainstay plan --approve reissue\n",
    );
    approve(&case, "reissue --key ops");
    at_now(&case, "run reissue --dry-run")
        .exit(0)
        .stdout_has("  gate   verified  approval: 1 of 1 from approvers: ops@example.org\n");
    let case = published(case);
    // As the real one: what is due and has to wait is no fault.
    case.run(&format!("--now {NOON} run --due --dry-run")).exit(0).stdout_has(
        "  gate   wrong     approval: waits for approval: 0 of 1 from approvers; mainstay plan --approve\n",
    );
}

#[test]
fn a_plan_file_that_changed_by_a_blank_is_another_one() {
    let case = estate(1);
    approve(&case, "reissue --key ops");
    let text = case.read("maintenance.yaml");
    let digest = |text: &str| mainstay::ledger::chain::sha256(text.as_bytes())[..12].to_owned();
    let changed = format!("{text} ");
    let (then, now) = (digest(&text), digest(&changed));
    let case = case.plan_file(changed);
    waits(
        &case,
        &format!(
            "0 of 1 from approvers (the approval by ops@example.org does not count: the plan file has changed since, \
             from sha256 {then} to {now})"
        ),
    );
    let case = case.plan_file(text);
    at_now(&case, "run reissue").exit(0).any_output();
}

#[test]
fn two_approvals_are_those_of_two_people_with_two_keys() {
    let case = estate(2);
    approve(&case, "reissue --key ops");
    // One person with two keys.
    let second = make_key(&case, "second");
    let signers = case.read("allowed_signers");
    let case = case.file("allowed_signers", format!("{signers}ops@example.org {second}\n"));
    forge(&case, "second", |statement| statement);
    waits(&case, "1 of 2 from approvers");
    // Two people with one key.
    let case = case
        .file("allowed_signers", format!("{signers}sec@example.org {second}\nops@example.org {second}\n"));
    let ops_line = signers.lines().find(|line| line.starts_with("ops@")).expect("a line").to_owned();
    let without = case.read("allowed_signers").replace(&format!("{ops_line}\n"), "");
    let case = case.file("allowed_signers", without);
    forge(&case, "second", |statement| statement.replace("ops@example.org", "sec@example.org"));
    at_now(&case, "run reissue").exit(1).stdout_has("waits for approval: 1 of 2 from approvers");
    // Two people with a key each.
    let case = case.file("allowed_signers", signers);
    approve(&case, "reissue --key sec");
    at_now(&case, "run reissue").exit(0).any_output();
}

#[test]
fn a_statement_that_was_changed_or_signed_by_others_is_void() {
    let approved = || {
        let case = estate(1);
        approve(&case, "reissue --key ops");
        case
    };
    let void = |why: &str| format!("0 of 1 from approvers (the approval by {why})");

    // Changed in the state file.
    let case = approved();
    let path = case.path().join(".mainstay/state.db");
    let database = rusqlite::Connection::open(path).expect("the state file");
    let later = "UPDATE approval SET statement = replace(statement, '2026-03-08', '2036-03-08')";
    assert_eq!(database.execute(later, ()).expect("an update"), 1);
    drop(database);
    waits(
        &case,
        &void(
            "ops@example.org does not count: its signature is not good: Signature verification failed: incorrect \
             signature",
        ),
    );

    // Signed by somebody who may, for somebody else; and by somebody of no role; and by the author.
    let void_after = |key: &str, who: &str, why: &str| {
        let case = approved();
        case.run("audit export").any_output();
        let path = case.path().join(".mainstay/state.db");
        forge(&case, key, |statement| statement.replace("ops@example.org", who));
        let database = rusqlite::Connection::open(path).expect("the state file");
        database
            .execute("DELETE FROM approved WHERE entry = (SELECT min(entry) FROM approved)", ())
            .expect("a deletion");
        drop(database);
        waits(&case, &void(&format!("{who} does not count: {why}")));
    };
    void_after(
        "ops",
        "sec@example.org",
        "its signature is not good: the key is not one that the signers file gives to this name",
    );
    void_after("eve", "eve@example.org", "it needs the role `approvers`");
    void_after(
        "ada",
        "ada@example.org",
        "security work is approved by somebody other than its author, the `owner`",
    );

    // Given for other targets.
    let case = approved();
    forge(&case, "ops", |statement| statement.replace("[\"local\"]", "[\"prom-1\"]"));
    let database =
        rusqlite::Connection::open(case.path().join(".mainstay/state.db")).expect("the state file");
    let first = "DELETE FROM approved WHERE entry = (SELECT min(entry) FROM approved)";
    database.execute(first, ()).expect("a deletion");
    drop(database);
    waits(&case, &void("ops@example.org does not count: its targets are others now"));

    // Taken to another machine with the same plan file and the same people.
    let case = approved();
    let export = case.run("audit export").take_text();
    let entry = export.lines().find(|line| line.contains("approval_given")).expect("an approval");
    let entry: serde_json::Value = serde_json::from_str(entry).expect("JSON");
    fs::remove_dir_all(case.path().join(".mainstay")).expect("a folder");
    let text = |key: &str| entry["event"][key].as_str().expect("text").to_owned();
    record(&case, &text("statement"), &text("signature"));
    waits(&case, &void("ops@example.org does not count: it was given for another ledger"));
}

#[test]
fn a_key_counts_by_what_the_signers_file_says_of_the_time_of_the_approval() {
    let case = estate(1);
    approve(&case, "reissue --key ops");
    let signers = case.read("allowed_signers");
    let with = |options: &str| {
        let text =
            signers.replace("ops@example.org namespaces", &format!("ops@example.org {options}namespaces"));
        fs::write(case.path().join("allowed_signers"), text).expect("a file");
    };
    let void = |why: &str| {
        waits(
            &case,
            &format!(
                "0 of 1 from approvers (the approval by ops@example.org does not count: its signature is not good: {why})"
            ),
        );
    };
    with("valid-before=\"20260301Z\",");
    void(
        "the signers file, line 1: key has expired: verify time 2026-03-07T10:00:00 > valid-before 2026-03-01T00:00:00",
    );
    // Revoked: who compromised it could have signed at any time.
    fs::write(case.path().join("allowed_signers"), signers.split_once('\n').expect("lines").1)
        .expect("a file");
    void("the key is not one that the signers file gives to this name");
    // Retired since: what it signed before holds.
    with("valid-before=\"20260307T\",".replace('T', "110000Z").as_str());
    case.run("--now 2026-03-07T12:00:00Z run reissue").exit(0).any_output();
}

#[test]
fn what_cannot_be_verified_is_not_known_rather_than_refused() {
    let case = estate(1);
    approve(&case, "reissue --key ops");
    let unknown = |case: &Case, why: &str| {
        at_now(case, "run reissue").exit(3).stdout(&format!(
            "`reissue` was not started: could not be found out: waits for approval: 0 of 1 from approvers (approvals \
             cannot be verified: {why}); mainstay plan --approve reissue\n"
        ));
    };
    fs::rename(case.path().join("allowed_signers"), case.path().join("kept")).expect("a move");
    let path = case.path().display();
    let missing = format!("cannot read the signers file `{path}/allowed_signers`: it is not there");
    unknown(&case, &missing.replace(&format!("{path}/"), ""));
    fs::rename(case.path().join("kept"), case.path().join("allowed_signers")).expect("a move");
    let variables = [("PATH", case.path())];
    case.run_with(&variables, &format!("--now {NOW} run reissue"))
        .exit(3)
        .stdout_has("program `ssh-keygen` is not in PATH");
    at_now(&case, "run reissue").exit(0).any_output();
}

#[test]
fn a_hostile_name_of_a_role_stays_a_name() {
    let plan = "\
mainstay: 1
tasks:
  t:
    type: routine
    domain: component
    duration: 1m
    approval: {required: 1, from: \"r\\e[31m\\n::error::x\"}
    steps: [{run: [\"true\"]}]
access: {signers: allowed_signers, roles: {\"r\\e[31m\\n::error::x\": [\"ops\\n::error::y\"]}}
";
    let case = Case::new().plan_file(plan);
    let key = make_key(&case, "eve");
    let case = case.file("allowed_signers", format!("eve@x {key}\n"));
    let shown = "`t` was not started: waits for approval: 0 of 1 from r\\u{1b}[31m\\u{a}::error::x; mainstay plan \
                 --approve t\n";
    at_now(&case, "run t").exit(1).stdout(shown);
    at_now(&case, "plan --approve t --key eve")
        .exit(1)
        .stderr("error: `eve@x` may not approve this: it takes the role `r\\u{1b}[31m\\u{a}::error::x`\n");
}
