//! A plan file whose work is approved, and the people who approve it.

use std::fmt::Write;

use mainstay::model::Event;
use mainstay::state::{Access, State};
use mainstay::world::clock::Clock;

use super::keys::{make_key, sign};
use super::{Case, Ran};

/// When everything happens, unless a test says otherwise.
pub const NOW: &str = "2026-03-07T10:00:00Z";

/// The beginning of what two people of a role may approve; `rotate` recurs and `reissue` runs on demand.
const TASKS: &str = "\
mainstay: 1
owner: Ada <ada@example.org>
tasks:
  rotate:
    type: routine
    domain: security
    schedule: {cron: \"0 12 * * *\", tolerance: 6h}
    duration: 5m
    approval: {required: REQUIRED, from: approvers}
    steps:
      - shell: echo x >> rotated
  reissue:
    type: routine
    domain: security
    duration: 5m
    approval: {required: REQUIRED, from: approvers}
    steps:
      - shell: echo x >> reissued
access:
  signers: allowed_signers
  roles: {approvers: [ops@example.org, sec@example.org, ada@example.org]}
";

/// An estate in which work needs so many approvals; `ops`, `sec`, `ada` (the owner) and `eve` (of no role) have keys.
pub fn estate(required: u32) -> Case {
    let case = Case::new().plan_file(TASKS.replace("REQUIRED", &required.to_string()));
    let mut signers = String::new();
    for name in ["ops", "sec", "ada", "eve"] {
        let key = make_key(&case, name);
        writeln!(signers, "{name}@example.org namespaces=\"mainstay-*\" {key}").expect("a line");
    }
    case.file("allowed_signers", signers)
}

/// Runs mainstay at [`NOW`].
pub fn at_now(case: &Case, arguments: &str) -> Ran {
    case.run(&format!("--now {NOW} {arguments}"))
}

/// Publishes the schedule of a day, an hour before [`NOW`].
pub fn published(case: Case) -> Case {
    case.run("--now 2026-03-07T09:00:00Z plan --publish --horizon 1d").exit(0).any_output();
    case
}

/// What `plan --approve` says, without the number of its entry: two commands that begin at the same pretended time may
/// each find that the clock went back, and record that too.
pub fn without_entry(said: &str) -> String {
    let (before, after) = said.split_once(": entry ").expect("an approval");
    let (_, after) = after.split_once(" of the ledger").expect("an entry");
    format!("{before}{after}")
}

/// Puts a signature under a statement that was recorded before, with changes, and records that: what a person could do
/// by hand who has a key and can write the state file.
pub fn forge(case: &Case, key: &str, change: impl Fn(String) -> String) {
    let log = case.run("audit export").exit(0).take_text();
    let line = log.lines().rfind(|line| line.contains("approval_given")).expect("an approval");
    let entry: serde_json::Value = serde_json::from_str(line).expect("an entry");
    let statement = change(entry["event"]["statement"].as_str().expect("a statement").to_owned());
    record(case, &statement, &sign(case, key, &format!("{statement}\n")));
}

/// Records an approval as it is.
pub fn record(case: &Case, statement: &str, signature: &str) {
    let clock = Clock::new(Some(NOW.parse().expect("a time")));
    let path = case.path().join(".mainstay/state.db");
    let state = State::open(&path, Access::ReadWrite, clock).expect("a state file");
    let (statement, signature) = (statement.to_owned(), signature.to_owned());
    state.record(&Event::ApprovalGiven { statement, signature }).expect("it is recorded");
}
