//! `plan --approve`: people agree to work with their SSH keys.

mod keys;

use std::fs;
use std::process::Command;

use crate::support::approvals::{at_now, estate, published, without_entry};
use crate::support::{Case, make_key};

/// The last word of standard error on its first line, and nothing recorded.
#[track_caller]
fn refused(case: &Case, arguments: &str, code: i32, expected: &str) {
    at_now(case, arguments).exit(code).stderr(expected);
    let log =
        if case.has(".mainstay/state.db") { case.run("audit export").take_text() } else { String::new() };
    assert!(!log.contains("approval_given"), "{log}");
}

#[test]
fn an_approval_is_signed_shown_and_verified_by_an_auditor_with_stock_tools() {
    let case = published(estate(1));
    at_now(&case, "plan --horizon 1d").exit(0).stdout(
        "START                 IN       TASK    TARGETS  WINDOW    TAKES  WHY\n\
         Sat 2026-03-07 12:00  2 hours  rotate  local    any time  5m     waits for approval: 0 of 1 from approvers\n\n\
         ! 1 occurrence waits for approval\n\
         1 occurrence until Sun 2026-03-08 10:00 UTC, 1 task on demand; as published in revision 1\n",
    ).stderr("hint: `mainstay plan --approve` approves what waits, with your SSH key\n");

    at_now(&case, "plan --explain rotate")
        .exit(0)
        .stdout_has("2026-03-07 12:00  its release; waits for approval: 0 of 1 from approvers\n");

    let mut approved = at_now(&case, "plan --approve --key ops").exit(0);
    assert_eq!(without_entry(&approved.take_stdout()), "approved 1 occurrence as ops@example.org\n");
    let shown = approved.take_stderr();
    assert!(
        shown.starts_with(
            "START                 TASK    TARGETS\n\
             Sat 2026-03-07 12:00  rotate  local\n\
             approving this as ops@example.org with SHA256:"
        ),
        "{shown}"
    );

    at_now(&case, "plan --horizon 1d").exit(0).stdout(
        "START                 IN       TASK    TARGETS  WINDOW    TAKES  WHY\n\
         Sat 2026-03-07 12:00  2 hours  rotate  local    any time  5m     approved by ops@example.org\n\n\
         1 occurrence until Sun 2026-03-08 10:00 UTC, 1 task on demand; as published in revision 1\n",
    );
    let plan = at_now(&case, "plan --format json").json();
    let approval = serde_json::json!({
        "required": 1, "from": "approvers", "given": 1, "by": ["ops@example.org"], "note": null
    });
    assert_eq!(plan["occurrences"][0]["approval"], approval);
    at_now(&case, "plan --explain rotate").exit(0).stdout_has(
        "yes    approval         1 of 1 from approvers: ops@example.org                                    maintenance.yaml:9\n",
    );
    at_now(&case, "audit log").exit(0).stdout_has("ops@example.org approved rotate@2026-03-07T12:00:00Z\n");
    at_now(&case, "audit log --task reissue").exit(0).any_output();

    let ledger = case.run("audit export").take_text();
    let entry = ledger.lines().find(|line| line.contains("approval_given")).expect("an approval");
    let entry: serde_json::Value = serde_json::from_str(entry).expect("JSON");
    let (statement, signature) = (&entry["event"]["statement"], &entry["event"]["signature"]);
    let statement = format!("{}\n", statement.as_str().expect("text"));
    let said: serde_json::Value = serde_json::from_str(&statement).expect("one line of JSON");
    let digest = serde_json::json!(mainstay::ledger::chain::sha256(case.read("maintenance.yaml").as_bytes()));
    assert_eq!((&said["schema"], &said["plan"]), (&"mainstay/approval/v1".into(), &digest));
    assert_eq!(
        said["occurrences"],
        serde_json::json!([{
            "id": "rotate@2026-03-07T12:00:00Z", "task": "rotate", "targets": ["local"], "start": "2026-03-07T12:00:00Z"
        }])
    );
    assert_eq!(said["schedule"]["revision"], 1);
    assert!(
        ledger.contains(said["schedule"]["digest"].as_str().expect("a digest")),
        "it is that of the ledger"
    );
    let case = case.file("statement", &statement).file("statement.sig", signature.as_str().expect("text"));
    let verified = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-f", "allowed_signers", "-I", "ops@example.org", "-n", "mainstay-approval"])
        .args(["-s", "statement.sig"])
        .current_dir(case.path())
        .stdin(fs::File::open(case.path().join("statement")).expect("the statement"))
        .output()
        .expect("ssh-keygen");
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn what_is_approved_is_what_is_in_force() {
    let case = estate(1);
    let help = "help: `mainstay plan --publish` puts the schedule in force; then approve it\n";
    refused(
        &case,
        "plan --approve --key ops",
        1,
        &format!("error: nothing is published yet, so that there is nothing to approve\n{help}"),
    );
    let case = published(case);
    let plan_file = case.read("maintenance.yaml");
    let case = case.plan_file(format!("{plan_file} "));
    refused(
        &case,
        "plan --approve --key ops",
        1,
        &format!("error: the plan file has changed since revision 1 was published\n{help}"),
    );
    let case = case.plan_file(plan_file);
    // Published for another time of the day, by somebody who looked a day ahead of the clock.
    case.run("--now 2026-03-09T10:00:00Z plan --approve --key ops")
        .exit(1)
        .stderr("error: nothing is left to approve\n");
}

#[test]
fn an_occurrence_that_has_moved_is_left_out_and_one_that_is_late_is_not() {
    let plan = "\
mainstay: 1
tasks:
  weekly:
    type: preventive
    domain: component
    schedule: {every: 7d}
    duration: 5m
    approval: {required: 1, from: approvers}
    steps: [{run: [\"true\"]}]
access: {signers: allowed_signers, roles: {approvers: [ops@example.org]}}
";
    let case = Case::new().plan_file(plan);
    let key = make_key(&case, "ops");
    let case = case.file("allowed_signers", format!("ops@example.org {key}\n"));
    case.run("--now 2026-03-07T10:00:00Z plan --publish --horizon 8d").exit(0).any_output();

    let mut ran = case.run("--now 2026-03-07T11:00:00Z plan --approve --key ops").exit(0);

    assert_eq!(without_entry(&ran.take_stdout()), "approved 1 occurrence as ops@example.org\n");
    let said = ran.take_stderr();
    assert!(
        said.starts_with("START                 TASK    TARGETS\nSat 2026-03-07 10:00  weekly  local\n"),
        "{said}"
    );
    assert!(said.ends_with("warning: weekly#2: has moved since it was published\n"), "{said}");
    case.run("--now 2026-03-07T11:00:00Z plan --approve --key ops").exit(1).stderr(
        "error: the schedule is not as revision 1 has it: weekly#2: has moved since it was published\n\
         help: `mainstay plan --publish` puts the schedule in force; then approve it\n",
    );
}

#[test]
fn who_may_not_approve_is_told_why() {
    let case = published(estate(1));
    let check = |arguments: &str, code: i32, expected: &str| {
        refused(&case, &format!("plan --approve {arguments}"), code, &format!("error: {expected}\n"));
    };
    check("--key eve", 1, "`eve@example.org` may not approve this: it takes the role `approvers`");
    check(
        "--key ada",
        1,
        "`ada@example.org` can approve nothing of this: rotate@2026-03-07T12:00:00Z: security work is approved by \
         somebody other than its author, the `owner`",
    );
    check("reset --key ops", 2, "there is no task `reset`\nhelp: the tasks are rotate, reissue");
    check("--key nope", 2, "cannot read the key `nope`\n  caused by: No such file or directory (os error 2)");
    check("--key /dev/zero", 2, "cannot read the key `/dev/zero`\n  caused by: it is not a file");
    check(
        "",
        1,
        "there is no SSH key in ~/.ssh, and no agent holds one\nhelp: name one with --key or MAINSTAY_KEY, or make \
         one: `ssh-keygen -t ed25519`",
    );
    let fingerprint = |name: &str| {
        let listed =
            Command::new("ssh-keygen").arg("-lf").arg(case.path().join(name)).output().expect("ssh-keygen");
        String::from_utf8_lossy(&listed.stdout).split(' ').nth(1).expect("a fingerprint").to_owned()
    };
    check(
        "--key ops --identity sec@example.org",
        1,
        &format!("by the signers file, the key {} is not one of `sec@example.org`", fingerprint("ops")),
    );
    check(
        "--on-demand --key ops",
        2,
        "a run on demand is approved for the tasks that are named: `mainstay plan --approve TASK --on-demand`",
    );
    make_key(&case, "new");
    check(
        "--key new",
        1,
        &format!(
            "the signers file knows none of your keys: new ({})\nhelp: add a line `NAME KEY` to it, see ALLOWED \
             SIGNERS in ssh-keygen(1), or name another key with --key",
            fingerprint("new")
        ),
    );
    // Who says who they are is not believed either.
    let error = at_now(&case, "plan --approve --key new --identity sec@example.org").exit(1).take_stderr();
    let expected = "error: the signature is not one of `sec@example.org`, and nothing was recorded: the key is not one \
                    that the signers file gives to this name\n";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn a_key_that_is_not_valid_or_not_for_this_signs_nothing() {
    let case = published(estate(1));
    let key = make_key(&case, "key");
    let check = |signer: &str, expected: &str| {
        let path = case.path().join("allowed_signers");
        fs::write(path, format!("{signer} {key}\n")).expect("a file");
        let error = at_now(&case, "plan --approve --key key").exit(1).take_stderr();
        assert!(error.contains(expected), "{error}");
    };
    check("ops@example.org valid-before=\"20260301Z\"", "by the signers file, it is not valid at this time");
    check("ops@example.org valid-after=\"20260401Z\"", "by the signers file, it is not valid at this time");
    // A time without a zone is one of the machine that checks: `ssh-keygen` decides.
    check("ops@example.org valid-before=\"202603070900\"", "key has expired");
    check("ops@example.org namespaces=\"git\"", "it is for other namespaces than `mainstay-approval`");
    check(
        "*@example.org",
        "to ops@example.org, sec@example.org, ada@example.org\nhelp: say who you are with --identity NAME",
    );
}

#[test]
fn the_signers_file_has_to_be_there_and_must_not_be_everybodys() {
    let case = published(estate(1));
    let path = case.path().join("allowed_signers");
    let mode = |mode| {
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    };
    mode(0o666);
    refused(
        &case,
        "plan --approve --key ops",
        2,
        "error: the signers file `allowed_signers` can be written by everybody, who could approve anything; run \
         `chmod go-w allowed_signers`\n",
    );
    if rustix::process::geteuid().is_root() {
        mode(0o664);
        at_now(&case, "plan --approve --key ops").exit(2).stderr_has("can be written by its group");
    }
    fs::remove_file(&path).expect("it was there");
    refused(
        &case,
        "plan --approve --key ops",
        2,
        "error: cannot read the signers file `allowed_signers`: it is not there\n",
    );
    fs::create_dir(&path).expect("a folder");
    refused(
        &case,
        "plan --approve --key ops",
        2,
        "error: cannot read the signers file `allowed_signers`: it is a folder\n",
    );
}

#[test]
fn what_is_approved_already_is_not_signed_again() {
    let case = published(estate(2));
    let approve = |key: &str| at_now(&case, &format!("plan --approve --key {key}")).exit(0);
    let waits = "approved 1 occurrence as ops@example.org\n\
                 rotate@2026-03-07T12:00:00Z waits for approval: 1 of 2 from approvers\n";
    assert_eq!(without_entry(&approve("ops").take_text()), waits);
    approve("ops").stderr(
        "nothing is left to approve: rotate@2026-03-07T12:00:00Z: `ops@example.org` has approved it already, which \
         makes 1 of 2 from approvers: ops@example.org\n",
    );
    assert_eq!(without_entry(&approve("sec").take_text()), "approved 1 occurrence as sec@example.org\n");
    approve("sec").stderr(
        "nothing is left to approve: rotate@2026-03-07T12:00:00Z: has 2 of 2 from approvers: ops@example.org, \
         sec@example.org already\n",
    );
}

#[test]
fn an_approval_is_one_object_for_programs_and_no_format_is_refused_too_late() {
    let case = published(estate(1));
    refused(
        &case,
        "plan --approve --key ops --format html",
        2,
        "error: this command has no format `html`; it has `text`, `json`\n",
    );
    let approved = at_now(&case, "plan --approve rotate reissue --key ops --format json").exit(0).json();
    assert_eq!(approved["schema"], "mainstay/approve/v1");
    assert_eq!((approved["entry"].is_u64(), &approved["who"]), (true, &"ops@example.org".into()));
    let ids: Vec<_> = approved["approved"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&serde_json::json!("rotate@2026-03-07T12:00:00Z"), &serde_json::Value::Null]);
    assert_eq!(approved["approved"][0]["approval"]["given"], 1);
}

#[test]
fn a_task_that_needs_no_approval_gets_none() {
    let plan = "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {every: 7d}
    duration: 5m
    steps: [{run: [\"true\"]}]
";
    let case = Case::new().plan_file(plan);
    refused(&case, "plan --approve tidy", 2, "error: task `tidy` needs no approval: it has no `approval`\n");
    refused(
        &case,
        "plan --approve",
        3,
        "error: no task with a schedule needs an approval\n\
         help: name a task that runs on demand: `mainstay plan --approve TASK`\n",
    );
    let plan = at_now(&case, "plan --format json").json();
    assert_eq!(plan["occurrences"][0]["approval"], serde_json::Value::Null);
}

#[test]
fn a_saved_plan_keeps_how_it_stood_and_is_published_as_before() {
    let case = published(estate(1));
    at_now(&case, "plan --approve --key ops").exit(0).any_output();
    at_now(&case, "plan --output plan.json").exit(0).any_output();
    let saved = case.read("plan.json");
    let shown = at_now(&case, "plan --from-file plan.json --format json").exit(0).take_text();
    assert_eq!(shown, saved);
    at_now(&case, "plan --from-file plan.json --publish -q").exit(0).stdout_has("published as revision 2\n");
    // A new revision of the same work keeps the approval; a file of before approvals were known is read.
    at_now(&case, "plan --horizon 1d").exit(0).stdout_has("approved by ops@example.org\n");
    let mut old: serde_json::Value = serde_json::from_str(&saved).expect("JSON");
    for occurrence in old["occurrences"].as_array_mut().expect("a list") {
        occurrence.as_object_mut().expect("an object").remove("approval");
    }
    let case = case.file("old.json", old.to_string());
    at_now(&case, "plan --from-file old.json").exit(0).any_output();
}
