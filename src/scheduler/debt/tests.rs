use super::*;
use crate::model::{Holder, OccurrenceId, Origin, Phase, RunId, StepRecord};
use crate::scheduler::TaskHistory;
use crate::validator::checker;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn plan(tasks: &str) -> PlanFile {
    let yaml = format!("mainstay: 1\ntasks:\n{tasks}");
    let checked = checker::check_bytes("maintenance.yaml", yaml.into_bytes(), at("2026-03-07T12:00:00Z"));
    checked.plan.unwrap_or_else(|| panic!("{:?}", checked.findings))
}

fn task(name: &str, domain: &str, keys: &str) -> String {
    format!("  {name}:\n    type: routine\n    domain: {domain}\n    duration: 1m\n    {keys}\n")
}

/// What is owed of restores at noon on 7 March by a plan file, with these pasts: task, known since, last success, last
/// end.
fn restores(tasks: &str, pasts: &[(&str, &str, Option<&str>, Option<&str>)]) -> Vec<(String, u64)> {
    let past = |(name, known, success, end): &(&str, &str, Option<&str>, Option<&str>)| {
        let past = TaskHistory {
            handled_until: Some(at(known)),
            last_success: success.map(at),
            last_end: end.or(*success).map(at),
            ..TaskHistory::default()
        };
        ((*name).to_owned(), past)
    };
    let history = History { tasks: pasts.iter().map(past).collect() };
    let facts = Facts {
        plan: &plan(tasks),
        now: at("2026-03-07T12:00:00Z"),
        history: &history,
        published: None,
        runs: &[],
        silences: &[],
        missed: &[],
        reviews: &[],
        waivers: &[],
    };
    let items = debt(&facts).expect("a debt").items;
    items.into_iter().filter(|item| item.kind == Kind::Restore).map(|item| (item.what, item.points)).collect()
}

#[test]
fn what_is_saved_is_restored_once_a_quarter_or_it_is_owed() {
    let saving = task("back-up", "data", "steps: [{prometheus: snapshot}]");
    let rehearsal = task("scratch", "data", "after: back-up\n    steps: [{run: [restore-into-scratch]}]");
    let both = saving.clone() + &rehearsal;
    let year = "2025-03-01T12:00:00Z";
    let success = |day: &str| format!("{day}T12:00:00Z");
    let none: Vec<(String, u64)> = Vec::new();
    // Nothing was saved yet, or not for long.
    assert_eq!(restores(&saving, &[("back-up", year, None, None)]), none);
    assert_eq!(
        restores(&saving, &[("back-up", "2026-01-01T12:00:00Z", Some(&success("2026-03-07")), None)]),
        none
    );
    // Saved for more than 90 days (from 30 May 2025 on), and nobody rehearses.
    let alone = restores(&saving, &[("back-up", year, Some(&success("2026-03-07")), None)]);
    assert_eq!(alone, [("no task rehearses the restore of what `back-up` saves".to_owned(), 281 * 2)]);
    let done = |day: &str| {
        let day = success(day);
        restores(
            &both,
            &[("back-up", year, Some(&success("2026-03-07")), None), ("scratch", year, Some(&day), None)],
        )
    };
    assert_eq!(done("2026-03-01"), none);
    assert_eq!(done("2025-12-08"), none);
    let late = "`scratch`, which rehearses a restore, has not succeeded for 90 days";
    assert_eq!(done("2025-12-07"), [(late.to_owned(), 2)]);
    assert_eq!(done("2025-12-05"), [(late.to_owned(), 4)]);
    // Tried, and never worked.
    let failed = restores(&both, &[("scratch", "2026-03-01T12:00:00Z", None, Some("2026-03-06T11:00:00Z"))]);
    assert_eq!(failed, [("`scratch`, which rehearses a restore, has never succeeded".to_owned(), 4)]);
    let never = restores(&both, &[("scratch", "2025-12-01T12:00:00Z", None, None)]);
    assert_eq!(never, [("`scratch`, which rehearses a restore, has not run for 90 days".to_owned(), 12)]);
}

#[test]
fn a_rehearsal_is_told_by_its_check_or_by_its_words() {
    let is_rehearsal = |keys: &str, name: &str| {
        let tasks = task(name, "component", keys);
        !restores(&tasks, &[(name, "2025-01-01T00:00:00Z", None, None)]).is_empty()
    };
    assert!(is_rehearsal(
        "steps: [{run: [\"true\"]}]\n    verify: [{restore: {snapshot: latest}}]",
        "scratch"
    ));
    assert!(is_rehearsal("steps: [{name: restore it, run: [\"true\"]}]", "scratch"));
    assert!(is_rehearsal("steps: [{run: [\"true\"]}]", "restore-test"));
    assert!(is_rehearsal("title: Restore the backup\n    steps: [{run: [\"true\"]}]", "scratch"));
    // The way back of something else is no rehearsal, and neither is a longer word.
    assert!(!is_rehearsal(
        "steps: [{run: [\"true\"]}]\n    rollback: [{name: restore it, run: [\"true\"]}]",
        "x"
    ));
    assert!(!is_rehearsal("steps: [{run: [restorecon, /etc]}]", "labels"));
}

#[test]
fn a_day_that_has_begun_counts() {
    let since = Some(at("2026-03-07T12:00:00Z"));
    let days = |now: &str| days_begun(since, at(now));
    assert_eq!(days("2026-03-07T12:00:00Z"), 1);
    assert_eq!(days("2026-03-08T12:00:00Z"), 1);
    assert_eq!(days("2026-03-08T12:00:01Z"), 2);
    assert_eq!(days("2026-03-01T12:00:00Z"), 1, "a clock that was set back");
    assert_eq!(days_begun(None, at("2026-03-08T12:00:01Z")), 1);
}

fn record(phase: Phase, target: &str, name: &str, outcome: Option<Outcome>) -> StepRecord {
    StepRecord {
        run: RunId(1),
        ordinal: 1,
        phase,
        place: Some(0),
        target: target.to_owned(),
        name: name.to_owned(),
        outcome,
        exit_code: None,
        attempts: 1,
        started: at("2026-03-07T12:00:00Z"),
        ended: None,
        message: None,
        output: None,
        process: None,
        usage: None,
        settled: None,
        retried: false,
    }
}

#[test]
fn owed_is_what_failed_or_was_not_begun_on_what_was_touched() {
    let plan = plan(&task(
        "k",
        "component",
        "steps: [{run: [work]}]\n    rollback: [{run: [one]}, {run: [two]}]\n    finally: [{run: [end]}]",
    ));
    let run = |outcome| Run {
        id: RunId(1),
        occurrence: Some(OccurrenceId("k#1".to_owned())),
        task: "k".to_owned(),
        origin: Origin::Due,
        outcome,
        reason: None,
        due: None,
        started: at("2026-03-07T12:00:00Z"),
        ended: None,
        holder: Holder {
            pid: 1,
            started_ticks: 1,
            boot_id: String::new(),
            user: String::new(),
            host: String::new(),
            pid_namespace: None,
            sign_of_life: None,
        },
        plan_digest: String::new(),
        targets: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
        definition: None,
        holds: crate::model::Holds::default(),
        justification: None,
    };
    let (good, bad) = (Some(Outcome::Succeeded), Some(Outcome::Failed));
    let work = |target: &str| record(Phase::Steps, target, "work", good);
    let owed = |outcome, steps: &[StepRecord]| owed_steps(&run(outcome), steps, plan.tasks.get("k"));
    let steps = [
        work("a"),
        record(Phase::Steps, "b", "work", bad),
        record(Phase::Rollback, "b", "one", good),
        record(Phase::Rollback, "b", "two", bad),
        record(Phase::Finally, "a", "end", good),
        record(Phase::Finally, "b", "end", Some(Outcome::Skipped)),
        record(Phase::Finally, "a", "end the silence", bad),
    ];
    let back = ["rollback `two` on b", "rollback `one` on a", "rollback `two` on a"];
    assert_eq!(owed(bad, &steps), back);
    // A crash in the middle of the work: whether to go back is for a person to say, the end is owed.
    assert_eq!(owed(None, &[work("a")]), ["finally `end` on a"]);
    // A crash in the middle of the way back.
    let crash = [work("a"), record(Phase::Rollback, "a", "one", None)];
    let all = ["rollback `one` on a", "rollback `two` on a", "finally `end` on a"];
    assert_eq!(owed(Some(Outcome::Interrupted), &crash), all);
    assert_eq!(owed(bad, &[work("a"), record(Phase::Finally, "a", "end", good)]), [""; 0]);
}
