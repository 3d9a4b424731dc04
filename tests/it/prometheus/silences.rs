//! Silences: the lease that a run holds, and those that steps make and end.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::executor::journal::Journal;
use mainstay::executor::lease::reach::Scope;
use mainstay::executor::lease::{Lease, Purpose, Terms, named};
use mainstay::model::{Event, Holds, Origin, RunId};
use mainstay::state::{Access, NewRun, State};
use mainstay::world::alertmanager::{Alertmanager, SilenceMatcher};
use mainstay::world::{cancel::Cancel, clock::Clock, http::Client, process_identity};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATIENCE, ledger, of_kind, our_silences};
use crate::support::{Case, Stack, wait_until};

/// A state with run 1, and the folder that it is in.
fn state() -> (TempDir, State) {
    let folder = tempfile::tempdir().expect("a folder");
    let state =
        State::open(&folder.path().join("state.db"), Access::ReadWrite, Clock::new(None)).expect("a state");
    let new = NewRun {
        task: "t".to_owned(),
        occurrence: None,
        origin: Origin::OnDemand,
        due: None,
        plan_digest: String::new(),
        targets: vec!["t".to_owned()],
        holder: process_identity::current().expect("this process"),
        approvals: Vec::new(),
        definition: None,
        holds: Holds::default(),
        justification: None,
        partial: false,
    };
    state.start_run(&new).expect("a run");
    (folder, state)
}

fn purpose(tag: &str) -> Purpose {
    let matcher =
        SilenceMatcher { name: "job".into(), value: "node".into(), is_regex: false, is_equal: true };
    Purpose {
        run: RunId(1),
        tag: tag.to_owned(),
        created_by: "a test".to_owned(),
        comment: "a lease".to_owned(),
        matchers: vec![matcher],
        scope: Scope::default(),
    }
}

/// Everything often, but for what a test leaves out.
fn impatient() -> Terms {
    let often = Duration::from_millis(300);
    Terms { slice: TimeDelta::seconds(4), renew_every: often, retry_every: often, look_every: often }
}

fn count(stack: &Stack, state: &str) -> usize {
    our_silences(stack).iter().filter(|one| one["status"]["state"] == state).count()
}

/// Ends Alertmanager without a chance to write anything to disk.
fn kill(stack: &Stack) {
    let pid = Pid::from_raw(i32::try_from(stack.pid("alertmanager")).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::KILL).expect("a signal");
    let url = format!("{}/-/ready", stack.alertmanager_url());
    wait_until("it is gone", PATIENCE, || ureq::get(&url).call().is_err());
}

fn post_alert(stack: &Stack, labels: &Value) {
    let url = format!("{}/api/v2/alerts", stack.alertmanager_url());
    let sent = ureq::post(&url).send_json(json!([{"labels": labels}]));
    sent.unwrap_or_else(|error| panic!("{labels}: {error}"));
    let is_active = |alert: &Value| alert["labels"] == *labels && alert["status"]["state"] == "active";
    wait_until("the alert is active", PATIENCE, || stack.alerts().iter().any(is_active));
}

#[test]
fn a_silence_on_a_lease_is_renewed_while_it_is_held() {
    let stack = Stack::alertmanager_only();
    let (_folder, state) = state();
    let quiet = |_: &Event| {};
    let journal = Journal::new(state, &quiet);
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    let (purpose, over) = (purpose("mainstay:test:1"), Cancel::new().expect("a pipe"));

    let (lease, _) = Lease::begin(&alertmanager, &journal, purpose, impatient(), over).expect("a silence");
    std::thread::scope(|scope| {
        lease.keep(scope);
        wait_until("it was renewed three times", PATIENCE, || count(&stack, "expired") >= 3);
        wait_until("one is in force", PATIENCE, || count(&stack, "active") == 1);
        assert_eq!(lease.watch().is_sound(), Ok(()));
        assert_eq!(lease.end("the test is over").expect("an end"), None);
    });

    assert_eq!(count(&stack, "active"), 0);
    assert!(journal.state().open_silences().expect("silences").is_empty());
}

#[test]
fn a_silence_that_alertmanager_lost_or_somebody_ended_is_made_again_and_that_is_said() {
    let stack = Stack::alertmanager_only();
    let (_folder, state) = state();
    let told = std::sync::Mutex::new(Vec::new());
    let hear = |event: &Event| {
        if let Event::SilenceRenewed { because: Some(because), .. } = event {
            told.lock().expect("a lock").push(because.clone());
        }
    };
    let journal = Journal::new(state, &hear);
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    // No renewal comes before the test is over: only looking for it finds out.
    let minute = Duration::from_mins(1);
    let terms =
        Terms { renew_every: minute, retry_every: minute, slice: TimeDelta::minutes(5), ..impatient() };
    let (purpose, over) = (purpose("mainstay:test:1"), Cancel::new().expect("a pipe"));
    let (lease, _) = Lease::begin(&alertmanager, &journal, purpose, terms, over).expect("a silence");
    std::thread::scope(|scope| {
        kill(&stack);
        stack.start_component("alertmanager");
        assert_eq!(our_silences(&stack), Vec::<Value>::new());
        lease.keep(scope);
        wait_until("it is made again", PATIENCE, || count(&stack, "active") == 1);
        let id = our_silences(&stack)[0]["id"].as_str().expect("an id").to_owned();
        let url = format!("{}/api/v2/silence/{id}", stack.alertmanager_url());
        ureq::delete(&url).call().expect("an end");
        wait_until("it is made again, and recorded", PATIENCE, || {
            let silences = journal.state().open_silences().expect("silences");
            count(&stack, "active") == 1 && silences[0].id.as_ref().is_some_and(|now| *now != id)
        });
        let note = lease.end("the test is over").expect("an end");
        assert_eq!(note.as_deref(), Some("it was gone and made again 2 times"));
    });
    let because = told.lock().expect("a lock").clone();
    assert_eq!(because, ["Alertmanager had forgotten it", "somebody had ended it"]);
    assert_eq!(count(&stack, "active"), 0);
}

#[test]
fn case_43_renewals_that_fail_three_times_are_told_and_nothing_that_cannot_be_undone_should_start() {
    let stack = Stack::alertmanager_only();
    let (_folder, state) = state();
    let told = std::sync::Mutex::new(Vec::new());
    let hear = |event: &Event| {
        if let Event::SilenceEndangered { failures, .. } = event {
            told.lock().expect("a lock").push(*failures);
        }
    };
    let journal = Journal::new(state, &hear);
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    let terms = Terms { slice: TimeDelta::minutes(5), ..impatient() };
    let (purpose, over) = (purpose("mainstay:test:1"), Cancel::new().expect("a pipe"));
    let (lease, _) = Lease::begin(&alertmanager, &journal, purpose, terms, over).expect("a silence");
    std::thread::scope(|scope| {
        stack.stop("alertmanager");
        lease.keep(scope);
        wait_until("it counts as endangered", PATIENCE, || lease.watch().is_sound().is_err());
        let why = lease.watch().is_sound().expect_err("endangered");
        assert!(why.contains("could not be renewed") && why.contains("connection refused"), "{why}");
        stack.start_component("alertmanager");
        wait_until("it is renewed again", PATIENCE, || lease.watch().is_sound().is_ok());
        let note = lease.end("the test is over").expect("an end").expect("a note");
        assert!(note.contains("renewals failed"), "{note}");
    });
    assert_eq!(*told.lock().expect("a lock"), [3], "once, when it has failed three times");
    assert_eq!(count(&stack, "active"), 0);
}

#[test]
fn a_slice_that_is_over_is_no_silence_any_more() {
    let stack = Stack::alertmanager_only();
    let (_folder, state) = state();
    let quiet = |_: &Event| {};
    let journal = Journal::new(state, &quiet);
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    let terms = Terms { slice: TimeDelta::seconds(2), ..Terms::default() };
    let (purpose, over) = (purpose("mainstay:test:1"), Cancel::new().expect("a pipe"));
    // Nobody renews it.
    let (lease, _) = Lease::begin(&alertmanager, &journal, purpose, terms, over).expect("a silence");
    wait_until("its slice is over", PATIENCE, || lease.watch().is_sound().is_err());
    assert!(lease.watch().is_sound().expect_err("over").starts_with("its silence ended at "));
}

/// One task that silences `matchers` on target `a`, of which more may be said.
fn silencing(stack: &Stack, more: &str, matchers: &str) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{alertmanager: {{url: \"{}\"}}}}
targets: {{a: {{local: true{more}}}}}
tasks:
  work:
    type: routine
    domain: component
    duration: 1m
    targets: [a]
    silence: {{matchers: [{matchers}]}}
    steps: [{{shell: touch done}}]
",
        stack.alertmanager_url()
    ))
}

#[test]
fn a_silence_that_somebody_ended_is_in_force_again_before_the_step_that_cannot_be_undone() {
    let stack = Stack::alertmanager_only();
    let case = silencing(&stack, "", "'job=\"node\"'");
    let steps = "steps:
      - {shell: 'touch begun; until [ -e go ]; do sleep 0.05; done'}
      - {name: drop, shell: touch done, destructive: true}";
    let plan = case.read("maintenance.yaml").replace("steps: [{shell: touch done}]", steps);
    let case = case.plan_file(plan);
    let child = case.command("run work").spawn().expect("a process");
    wait_until("the work has begun", PATIENCE, || case.has("begun"));
    let id = our_silences(&stack)[0]["id"].as_str().expect("an id").to_owned();
    ureq::delete(&format!("{}/api/v2/silence/{id}", stack.alertmanager_url())).call().expect("an end");
    std::fs::write(case.path().join("go"), "").expect("a file");

    assert!(child.wait_with_output().expect("an end").status.success());

    let ledger = serde_json::Value::from(ledger(&case)).to_string();
    let at = |what: &str| ledger.find(what).unwrap_or_else(|| panic!("{what} is not in {ledger}"));
    assert!(at("somebody had ended it") < at("\"name\":\"drop\""), "{ledger}");
    assert_eq!(count(&stack, "active"), 0);
    assert!(case.has("done"));
}

#[test]
fn a_silence_holds_at_both_of_two_alertmanagers_while_one_of_them_goes_down_and_comes_back() {
    let stack = Stack::alertmanager_pair();
    let (_folder, state) = state();
    let quiet = |_: &Event| {};
    let journal = Journal::new(state, &quiet);
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    let terms = Terms { slice: TimeDelta::minutes(5), ..impatient() };
    let (purpose, over) = (purpose("mainstay:test:1"), Cancel::new().expect("a pipe"));
    let (lease, _) = Lease::begin(&alertmanager, &journal, purpose, terms, over).expect("a silence");
    let active_at_partner = || {
        let url = format!("{}/api/v2/silences", stack.alertmanager_urls()[1]);
        let answer =
            ureq::get(&url).call().ok().and_then(|mut answer| answer.body_mut().read_json::<Value>().ok());
        let all = answer.and_then(|all| all.as_array().cloned()).unwrap_or_default();
        all.iter().filter(|one| one["status"]["state"] == "active").count()
    };
    std::thread::scope(|scope| {
        lease.keep(scope);
        wait_until("the partner has heard of it", PATIENCE, || active_at_partner() == 1);
        // The partner goes: nothing is wrong with the silence, and it learns of it again.
        stack.stop("alertmanager-2");
        assert_eq!(lease.ensure(), Ok(()));
        stack.start_component("alertmanager-2");
        wait_until("the partner has it again", PATIENCE, || active_at_partner() == 1);
        // The one that mainstay speaks to goes: the other keeps the alerts quiet meanwhile.
        stack.stop("alertmanager");
        wait_until("it counts as endangered", PATIENCE, || lease.watch().is_sound().is_err());
        assert_eq!(active_at_partner(), 1);
        stack.start_component("alertmanager");
        wait_until("it is renewed again", PATIENCE, || lease.ensure().is_ok());
        lease.end("the test is over").expect("an end");
    });
    wait_until("it is over at both", PATIENCE, || count(&stack, "active") + active_at_partner() == 0);
}

#[test]
fn a_silence_that_would_hide_alerts_of_others_is_refused_before_anything_is_touched() {
    let stack = Stack::alertmanager_only();
    post_alert(&stack, &json!({"alertname": "TargetDown", "job": "node", "instance": "b:1"}));
    post_alert(&stack, &json!({"alertname": "TargetDown", "job": "node", "instance": "a:1"}));
    post_alert(&stack, &json!({"alertname": "FewTargets", "job": "node"}));
    let own = ", labels: {instance: \"a:1\"}";

    let refused = silencing(&stack, own, "'job=\"node\"'");
    let why = "job=\"node\" would also hit TargetDown on b:1, which the work has nothing to do with";
    refused.run("run work").exit(1).stderr_has("hint: ").stdout_has(why);
    assert!(!refused.has("done") && our_silences(&stack).is_empty());
    assert!(of_kind(&ledger(&refused), "silence_intended").is_empty());

    // Its own alert, and what is about no instance, are what the silence is for; and where nobody said what is the
    // work's own, nobody can tell.
    for (labels, matchers, hit) in [
        (own, "'instance=\"a:1\"'", "matches now: TargetDown on a:1"),
        (own, "'alertname=\"FewTargets\"', 'job=\"node\"'", "matches now: FewTargets"),
        ("", "'job=\"node\"'", "matches now: "),
    ] {
        let case = silencing(&stack, labels, matchers);
        let runs = case.run("run work --format json").exit(0).json();
        let message = runs["runs"][0]["steps"][0]["message"].as_str().expect("a message");
        assert!(message.starts_with(hit), "{message}");
        assert!(case.has("done"));
    }

    // What somebody else has silenced already is nobody's alarm.
    let now = Utc::now();
    let body = json!({
        "matchers": [{"name": "instance", "value": "b:1", "isRegex": false, "isEqual": true}],
        "startsAt": now.to_rfc3339(), "endsAt": (now + TimeDelta::minutes(9)).to_rfc3339(),
        "createdBy": "a person", "comment": "b is known to be down",
    });
    stack.post_json(&format!("{}/api/v2/silences", stack.alertmanager_url()), &body);
    silencing(&stack, own, "'job=\"node\"'").run("run work").exit(0).any_output();
}

#[test]
fn case_42_a_silence_that_would_not_hold_at_every_alertmanager_is_refused() {
    let stack = Stack::start();
    let config = std::fs::read_to_string(stack.prometheus_config()).expect("a configuration");
    let address = stack.alertmanager_url().replace("http://", "");
    let two = config.replace(&format!("['{address}']"), &format!("['{address}', '127.0.0.1:9']"));
    assert_ne!(config, two);
    std::fs::write(stack.prometheus_config(), two).expect("a configuration");
    ureq::post(&format!("{}/-/reload", stack.prometheus_url())).send_empty().expect("a reload");
    let url = format!("{}/api/v1/alertmanagers", stack.prometheus_url());
    wait_until("Prometheus knows both", PATIENCE, || {
        stack.get_json(&url)["data"]["activeAlertmanagers"].as_array().is_some_and(|all| all.len() == 2)
    });
    let case = Case::new().plan_file(format!(
        "mainstay: 1
connections: {{alertmanager: {{url: \"{}\"}}, prometheus: {{url: \"{}\"}}}}
tasks:
  work:
    type: routine
    domain: component
    duration: 1m
    silence: {{matchers: ['job=\"node\"']}}
    steps: [{{shell: touch done}}]
",
        stack.alertmanager_url(),
        stack.prometheus_url()
    ));
    let why = "Prometheus sends alerts to 2 Alertmanagers";
    case.run("run work").exit(1).stderr_has("hint: ").stdout_has(why);
    assert!(!case.has("done") && our_silences(&stack).is_empty());

    // Without Prometheus, which may be what is maintained, nothing speaks against it.
    stack.stop("prometheus");
    case.run("run work").exit(0).any_output();
    assert!(case.has("done"));
}

/// A task that silences by a step, and one that ends it.
fn by_steps(stack: &Stack) -> Case {
    Case::new().plan_file(format!(
        "mainstay: 1
connections: {{alertmanager: {{url: \"{}\"}}}}
tasks:
  before:
    type: routine
    domain: component
    duration: 1m
    steps:
      - alertmanager: {{silence: {{name: move, matchers: ['job=\"node\"'], for: 2h, comment: The racks move}}}}
      - alertmanager: {{silence: {{name: move, matchers: ['job=\"node\"'], for: 2h}}}}
  after:
    type: routine
    domain: component
    duration: 1m
    steps: [{{alertmanager: {{expire: move}}}}]
    finally: [{{alertmanager: {{expire: move}}}}]
",
        stack.alertmanager_url()
    ))
}

fn messages(runs: &Value) -> Vec<String> {
    let steps = runs["runs"][0]["steps"].as_array().expect("steps").iter();
    steps.map(|step| step["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_silence_that_a_step_makes_outlives_its_run_until_a_step_ends_it() {
    let stack = Stack::alertmanager_only();
    let case = by_steps(&stack);
    let found = messages(&case.run("run after --format json").exit(1).json());
    assert_eq!(found[0], "there is no silence `move` to end, and none was ever made");

    let found = messages(&case.run("run before --format json").exit(0).json());
    assert!(found[0].ends_with("; matches no alert now"), "{found:?}");
    assert!(found[1].starts_with("is silenced already, until "), "{found:?}");
    let ours = our_silences(&stack);
    assert_eq!(ours.len(), 1, "the second step finds it there");
    let comment = ours[0]["comment"].as_str().expect("a comment");
    assert!(
        comment.starts_with("The racks move, run 2 [mainstay:") && comment.ends_with(":2:move]"),
        "{comment}"
    );
    let time = |key: &str| ours[0][key].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let lasts = time("endsAt").expect("an end") - time("startsAt").expect("a start");
    assert!(lasts <= TimeDelta::hours(2) && TimeDelta::minutes(119) < lasts, "{lasts}");

    // Neither the end of its run nor the next start ends it.
    case.run("run --due").exit(0);
    assert_eq!(count(&stack, "active"), 1);

    let found = messages(&case.run("run after --format json").exit(0).json());
    assert_eq!(found, ["1 silence ended", "the silence `move` was over already"]);
    assert_eq!(count(&stack, "active"), 0);
    assert_eq!(of_kind(&ledger(&case), "silence_expired").len(), 1);
}

#[test]
fn case_41_a_silence_whose_id_was_never_stored_is_found_by_its_tag() {
    let stack = Stack::alertmanager_only();
    let (_folder, state) = state();
    let quiet = |_: &Event| {};
    let alertmanager = Alertmanager::new(&stack.alertmanager_url(), &Client::new());
    let journal = Journal::new(state, &quiet);
    let intend = |tag: &str| {
        let event = Event::SilenceIntended {
            run: RunId(1),
            tag: tag.to_owned(),
            alertmanager: alertmanager.url(),
            matchers: vec!["job=\"node\"".to_owned()],
        };
        journal.record(&event).expect("an intention");
    };
    let lost = "mainstay:test:1:lost";
    intend(lost);
    let (now, length) = (Utc::now(), TimeDelta::minutes(5));
    let comment = format!("a [{lost}]");
    let timeout = Duration::from_secs(10);
    let id = alertmanager
        .create_silence(&purpose(lost).matchers, (now, now + length), ("a test", &comment), timeout)
        .expect("a silence");
    intend("mainstay:test:1:never");

    for silence in journal.state().open_silences().expect("silences") {
        assert!(named::settle(Some(&alertmanager), &journal, &silence).expect("an answer"));
    }
    let open = journal.state().open_silences().expect("silences");
    assert_eq!(open.len(), 1, "what was never made is closed");
    assert_eq!((open[0].tag.as_str(), open[0].id.as_deref()), (lost, Some(id.as_str())));
    // The step that is repeated finds it, too, and makes no second one.
    let made = named::make(&alertmanager, &journal, &purpose(lost), length).expect("a silence");
    assert!(matches!(made, named::Made::Before { .. }), "{made:?}");
    assert_eq!(count(&stack, "active"), 1);
}
