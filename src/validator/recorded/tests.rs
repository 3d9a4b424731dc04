//! Made-up histories: an ordinary run says yes to everything, and whatever is taken from it is missed.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::calendar::Zone;
use crate::model::{Entry, Event, Holder, Holds, Origin, Outcome, Output, Phase, PlanFile, Severity, Task};
use crate::planfile::{Text, definition};

const PLAN: &str = "\
mainstay: 1
targets: {a: {local: true}, b: {local: true}}
windows: {night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}}
blackouts: {audit: {from: 2026-04-01, to: 2026-04-03}}
tasks:
  roll:
    type: routine
    domain: component
    duration: 10m
    targets: [all]
    window: night
    gate: {promql: up}
    baseline: {within: 2%}
    silence: {matchers: ['job=\"x\"']}
    preconditions: [{file: {path: x}}]
    steps: [{run: [one]}, {run: [two]}]
    verify: [{file: {path: x}}]
    rollback: [{run: [back]}]
    finally: [{run: [tidy]}]
";

fn read(text: &str) -> (PlanFile, String, String) {
    let text = Text::new("maintenance.yaml", text.as_bytes().to_vec());
    let plan = text.read().into_plan().unwrap();
    let definition = definition(&text.source, &plan, "roll").unwrap();
    (plan, definition.digest, definition.text)
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn nobody() -> Holder {
    Holder {
        pid: 1,
        started_ticks: 1,
        boot_id: "an earlier boot".to_owned(),
        user: "ops".to_owned(),
        host: "nowhere".to_owned(),
        pid_namespace: None,
        sign_of_life: None,
    }
}

/// Events as a run writes them, one after the other.
#[derive(Clone)]
struct Story {
    plan: &'static str,
    run: RunId,
    ordinal: u32,
    start: DateTime<Utc>,
    events: Vec<Event>,
}

impl Story {
    fn begin(plan: &'static str, start: &str) -> Self {
        let (_, digest, text) = read(plan);
        let mut story = Self { plan, run: RunId(1), ordinal: 0, start: at(start), events: Vec::new() };
        story.events.push(Event::StateCreated { origin: "0123".to_owned() });
        story.events.push(Event::DefinitionSeen { digest, text });
        story.start_run(1);
        story
    }

    fn start_run(&mut self, run: i64) {
        self.run = RunId(run);
        self.ordinal = 0;
        self.events.push(Event::RunStarted {
            run: self.run,
            task: "roll".to_owned(),
            occurrence: None,
            origin: Origin::OnDemand,
            due: None,
            plan_digest: "plan".to_owned(),
            targets: vec!["a".to_owned(), "b".to_owned()],
            holder: nobody(),
            approvals: Vec::new(),
            definition: Some(read(self.plan).1),
            holds: Holds::default(),
            justification: None,
            partial: false,
        });
    }

    fn step(&mut self, phase: Phase, target: &str, name: &str, outcome: Outcome) {
        let place = match (phase, name) {
            (Phase::Steps, "two") => Some(1),
            (Phase::Gate | Phase::Silence | Phase::Baseline, _)
            | (_, "end the silence" | "compare with the baseline") => None,
            _ => Some(0),
        };
        self.intend(phase, target, name, place);
        self.end(outcome);
    }

    fn intend(&mut self, phase: Phase, target: &str, name: &str, place: Option<u32>) {
        self.ordinal += 1;
        self.events.push(Event::StepIntended {
            run: self.run,
            ordinal: self.ordinal,
            phase,
            target: target.to_owned(),
            name: name.to_owned(),
            action: name.to_owned(),
            attempt: 1,
            place,
        });
    }

    fn end(&mut self, outcome: Outcome) {
        self.events.push(Event::StepEnded {
            run: self.run,
            ordinal: self.ordinal,
            attempt: 1,
            outcome,
            retried: false,
            exit_code: Some(0),
            took_ms: 1,
            message: None,
            output: Some(Output::default()),
            usage: None,
        });
    }

    /// Everything up to the first step.
    fn prepare(&mut self) {
        let (run, tag) = (self.run, format!("mainstay:0123:{}", self.run));
        self.step(Phase::Gate, "", "gate", Outcome::Succeeded);
        self.step(Phase::Preconditions, "", "file x", Outcome::Succeeded);
        self.step(Phase::Baseline, "", "capture the baseline", Outcome::Succeeded);
        self.events.push(Event::BaselineTaken { run, at: self.start, facts: serde_json::Value::Null });
        self.intend(Phase::Silence, "", "silence alerts", None);
        let (alertmanager, matchers) = ("http://x".to_owned(), vec!["job=\"x\"".to_owned()]);
        self.events.push(Event::SilenceIntended { run, tag: tag.clone(), alertmanager, matchers });
        let (id, until) = ("1".to_owned(), self.start + TimeDelta::hours(1));
        self.events.push(Event::SilenceCreated { run, tag, id, until, silenced: Vec::new() });
        self.end(Outcome::Succeeded);
    }

    fn work(&mut self) {
        for (target, name) in [("a", "one"), ("a", "two"), ("b", "one"), ("b", "two")] {
            self.step(Phase::Steps, target, name, Outcome::Succeeded);
        }
    }

    fn compare(&mut self, same: bool) {
        let outcome = if same { Outcome::Succeeded } else { Outcome::Failed };
        self.step(Phase::Verify, "", "compare with the baseline", outcome);
        let differences = if same { Vec::new() } else { vec!["a target is gone".to_owned()] };
        self.events.push(Event::BaselineCompared {
            run: self.run,
            same,
            differences,
            settled_ms: Some(1),
            changes: Vec::new(),
            compared: std::collections::BTreeMap::new(),
            gaps: Vec::new(),
        });
    }

    fn finish(&mut self, outcome: Outcome, reason: Option<&str>) {
        for target in ["a", "b"] {
            self.step(Phase::Finally, target, "tidy", Outcome::Succeeded);
        }
        self.intend(Phase::Finally, "", "end the silence", None);
        let tag = format!("mainstay:0123:{}", self.run);
        self.events.push(Event::SilenceExpired { tag, reason: "the run ended".to_owned() });
        self.end(Outcome::Succeeded);
        self.over(outcome, reason);
    }

    fn over(&mut self, outcome: Outcome, reason: Option<&str>) {
        let reason = reason.map(str::to_owned);
        self.events.push(Event::RunEnded { run: self.run, outcome, reason });
    }

    fn ordinary() -> Self {
        let mut story = Self::begin(PLAN, "2026-03-07T02:10:00Z");
        story.prepare();
        story.work();
        story.compare(true);
        story.step(Phase::Verify, "", "file x", Outcome::Succeeded);
        story.finish(Outcome::Succeeded, None);
        story
    }

    /// A run whose second step on `a` failed, and that went back.
    fn rolled_back() -> Self {
        let mut story = Self::begin(PLAN, "2026-03-07T02:10:00Z");
        story.prepare();
        story.step(Phase::Steps, "a", "one", Outcome::Succeeded);
        story.step(Phase::Steps, "a", "two", Outcome::Failed);
        story.step(Phase::Rollback, "a", "back", Outcome::Succeeded);
        story.compare(true);
        story.step(Phase::Finally, "a", "tidy", Outcome::Succeeded);
        story.intend(Phase::Finally, "", "end the silence", None);
        let tag = "mainstay:0123:1".to_owned();
        story.events.push(Event::SilenceExpired { tag, reason: "the run ended".to_owned() });
        story.end(Outcome::Succeeded);
        story.over(Outcome::RolledBack, Some("step 2 of 2, `two` on a: exit code 1"));
        story
    }

    fn history(&self) -> History {
        let mut history = History::default();
        for (n, event) in (0_u32..).zip(&self.events) {
            let entry = Entry {
                seq: u64::from(n) + 1,
                at: self.start + TimeDelta::seconds(n.into()),
                who: "ops".to_owned(),
                host: String::new(),
                by: String::new(),
                prev: String::new(),
                event: event.clone(),
            };
            history.note(entry, &Wanted::default());
        }
        history
    }

    /// The codes of what is answered by no, and by unknown, about run 1, at a time long after it.
    fn told(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        self.told_with("plan", |_| {})
    }

    fn told_with(
        &self,
        plan_digest: &str,
        change: impl FnOnce(&mut Case),
    ) -> (Vec<&'static str>, Vec<&'static str>) {
        let (plan, digest, _) = read(self.plan);
        let history = self.history();
        let zone = Zone::utc();
        let around = Surroundings {
            history: &history,
            plan: Some(&plan),
            plan_digest,
            zone: &zone,
            now: at("2026-03-20T00:00:00Z"),
        };
        let account = &history.accounts[&RunId(1)];
        let is_on_record = history.definitions.contains_key(&digest) || plan_digest == account.plan_digest;
        let task: Option<&Task> = plan.tasks.get("roll").filter(|_| is_on_record);
        let (leaks, not_looked_at) = (Vec::new(), Vec::new());
        let mut case = Case {
            around,
            account,
            task,
            standing: None,
            is_alive: false,
            beside: Vec::new(),
            leaks,
            not_looked_at,
        };
        change(&mut case);
        let of = |is: fn(&Said) -> bool| {
            let answers = judge(&case).into_iter().filter(|it| is(&it.said));
            answers.map(|it| it.question.code.code).collect()
        };
        (of(|said| matches!(said, Said::No(_))), of(|said| matches!(said, Said::Unknown(_))))
    }

    fn without(&self, n: usize) -> Self {
        let mut story = self.clone();
        story.events.remove(n);
        story
    }

    fn position(&self, is: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().position(is).unwrap()
    }
}

/// The code of a question that is answered by no, and only that.
#[track_caller]
fn only(story: &Story, code: &str) {
    assert_eq!(story.told(), (vec![code], Vec::new()));
}

#[test]
fn nothing_stands_against_an_ordinary_run_nor_against_the_way_of_one_that_went_back() {
    assert_eq!(Story::ordinary().told(), (vec![], vec![]));
    // Only that the work is not done.
    only(&Story::rolled_back(), "MR201");
}

#[test]
fn whatever_is_taken_from_the_record_of_a_run_is_missed() {
    for story in [Story::ordinary(), Story::rolled_back()] {
        let before = story.told();
        for n in 3..story.events.len() {
            let (less, gone) = (story.without(n), &story.events[n]);
            assert_ne!(less.told(), before, "without entry {}: {gone:?}", n + 1);
        }
    }
}

#[test]
fn whatever_is_put_before_what_came_before_it_is_out_of_order() {
    let story = Story::ordinary();
    let first = story.position(|event| matches!(event, Event::StepIntended { phase: Phase::Steps, .. }));
    let is_whole = |n: usize| matches!(story.events[n], Event::StepIntended { phase: Phase::Steps, .. });
    // The two entries of each step of the work are put before those of the step before.
    for n in (first + 2..first + 8).step_by(2) {
        assert!(is_whole(n));
        let mut story = story.clone();
        let step: Vec<_> = story.events.drain(n..n + 2).collect();
        story.events.splice(n - 2..n - 2, step);
        let (no, _) = story.told();
        assert!(no.contains(&"MR108"), "{no:?}");
    }
}

#[test]
fn work_is_in_its_window_when_it_begins_before_the_cutoff_and_ends_before_the_end() {
    let check = |start: &str, expected: &[&str]| {
        let mut story = Story::ordinary();
        story.start = at(start);
        assert_eq!(story.told().0, expected, "{start}");
    };
    check("2026-03-07T01:59:00Z", &["MR102"]);
    check("2026-03-07T02:00:00Z", &[]);
    check("2026-03-07T05:29:00Z", &[]);
    check("2026-03-07T05:30:00Z", &["MR102"]);
    check("2026-03-07T05:59:50Z", &["MR102"]);
    check("2026-03-07T06:00:00Z", &["MR102"]);
    check("2026-04-01T02:30:00Z", &["MR103"]);
    check("2026-04-03T02:30:00Z", &[]);
}

#[test]
fn what_the_plan_file_of_today_says_of_windows_is_no_evidence_against_a_run_of_another_one() {
    let mut story = Story::ordinary();
    story.start = at("2026-03-07T12:00:00Z");
    let (no, unknown) = story.told_with("another", |_| {});
    assert_eq!((no, unknown), (vec![], vec!["MR102"]));
    // Nobody knows the task any more either.
    let definition = story.position(|event| matches!(event, Event::DefinitionSeen { .. }));
    let (no, unknown) = story.without(definition).told_with("another", |_| {});
    assert!(no.is_empty() && unknown.len() > 10, "{no:?} {unknown:?}");
}

#[test]
fn an_emergency_needs_its_reason_and_its_review_in_time() {
    let emergency = |closed: Option<i64>, justification: Option<&str>| {
        let mut story = Story::ordinary();
        story.start = at("2026-03-07T12:00:00Z");
        let Some(Event::RunStarted { origin, justification: why, .. }) = story.events.get_mut(2) else {
            panic!("no start")
        };
        *origin = Origin::Emergency;
        *why = justification.map(str::to_owned);
        let due = story.start + TimeDelta::seconds(closed.unwrap_or(40));
        let (run, task, reason) = (story.run, "roll".to_owned(), "x".to_owned());
        story.events.insert(3, Event::ReviewOpened { run, task, reason, due });
        if closed.is_some() {
            story.events.push(Event::ReviewClosed { run, note: "seen".to_owned() });
        }
        story
    };
    let n_entries = i64::try_from(Story::ordinary().events.len()).unwrap();
    assert_eq!(emergency(Some(n_entries + 1), Some("disk full")).told().0, [""; 0]);
    only(&emergency(Some(n_entries), Some("disk full")), "MR104");
    only(&emergency(None, Some("disk full")), "MR104");
    only(&emergency(Some(n_entries + 1), Some(" ")), "MR104");
}

#[test]
fn a_run_that_was_killed_is_open_until_somebody_settles_it_or_another_makes_it_good() {
    let mut story = Story::begin(PLAN, "2026-03-07T02:10:00Z");
    story.prepare();
    story.intend(Phase::Steps, "a", "one", Some(0));
    let (no, unknown) = story.told();
    assert_eq!(no, ["MR204"], "{unknown:?}");
    assert!(unknown.contains(&"MR201"));
    let (no, unknown) = story.told_with("plan", |case| case.is_alive = true);
    assert!(no.is_empty() && unknown.contains(&"MR204"), "{no:?} {unknown:?}");

    let tag = "mainstay:0123:1".to_owned();
    story.over(Outcome::Interrupted, Some("mainstay (pid 1) ended in the middle of `one`"));
    story.events.push(Event::SilenceExpired { tag, reason: "found after its run was over".to_owned() });
    let (no, _) = story.told();
    assert_eq!(no, ["MR115", "MR201", "MR204"]);

    let mut abandoned = story.clone();
    let (run, reason) = (RunId(1), "by hand".to_owned());
    abandoned.events.push(Event::RunResumed { run, task: String::new(), holder: nobody(), definition: None });
    abandoned.events.push(Event::RunAbandoned { run, reason });
    let (no, _) = abandoned.told();
    assert!(!no.contains(&"MR204") && !no.contains(&"MR115"), "{no:?}");

    story.start_run(2);
    story.prepare();
    story.work();
    story.compare(true);
    story.step(Phase::Verify, "", "file x", Outcome::Succeeded);
    story.finish(Outcome::Succeeded, None);
    assert_eq!(story.told().0, [""; 0], "run 2 made it good");
}

#[test]
fn a_way_back_that_stopped_half_way_and_a_silence_that_stayed_are_told() {
    let story = Story::rolled_back();
    let back = story.position(|event| matches!(event, Event::StepIntended { phase: Phase::Rollback, .. }));
    let mut broken = story.clone();
    let Event::StepEnded { outcome, .. } = &mut broken.events[back + 1] else { panic!("no end") };
    *outcome = Outcome::Failed;
    let Some(Event::RunEnded { outcome, .. }) = broken.events.last_mut() else { panic!("no end") };
    *outcome = Outcome::Failed;
    assert_eq!(broken.told().0, ["MR114", "MR201"]);

    let mut late = Story::ordinary();
    let expired = late.position(|event| matches!(event, Event::SilenceExpired { .. }));
    let event = late.events.remove(expired);
    late.events.extend(std::iter::repeat_n(Event::TasksSeen { tasks: Vec::new() }, 20));
    late.events.push(event);
    only(&late, "MR113");
}

#[test]
fn a_step_that_ran_with_privileges_is_the_one_that_the_task_declares() {
    let mut story = Story::ordinary();
    let step = story.position(|event| matches!(event, Event::StepIntended { phase: Phase::Steps, .. }));
    let Event::StepIntended { action, .. } = &mut story.events[step] else { panic!("no step") };
    "sudo one".clone_into(action);
    only(&story, "MR405");
}

#[test]
fn two_runs_of_what_excludes_each_other_are_told_apart_from_two_beside_each_other() {
    let mut story = Story::ordinary();
    let start = story.position(|event| matches!(event, Event::RunStarted { .. }));
    let other = |task: &str, target: &str| {
        let Event::RunStarted { .. } = &Story::ordinary().events[start] else { panic!("no start") };
        let mut event = Story::ordinary().events[start].clone();
        if let Event::RunStarted { run, task: of, targets, .. } = &mut event {
            *run = RunId(2);
            task.clone_into(of);
            *targets = vec![target.to_owned()];
        }
        event
    };
    story.events.push(other("other", "c"));
    let beside = |case: &mut Case| case.beside = vec![RunId(2)];
    assert_eq!(story.told_with("plan", beside).0, [""; 0]);
    story.events.pop();
    story.events.push(other("other", "a"));
    assert_eq!(story.told_with("plan", beside).0, ["MR111"]);
    story.events.pop();
    story.events.push(other("roll", "c"));
    assert_eq!(story.told_with("plan", beside).0, ["MR111"]);
}

#[test]
fn every_answer_that_is_a_no_names_the_entries_that_it_rests_on_and_what_to_do() {
    let story = Story::ordinary();
    for n in 3..story.events.len() {
        let story = story.without(n);
        let (plan, ..) = read(PLAN);
        let (history, zone) = (story.history(), Zone::utc());
        let (plan, digest, now) = (Some(&plan), "plan", at("2026-03-20T00:00:00Z"));
        let around = Surroundings { history: &history, plan, plan_digest: digest, zone: &zone, now };
        let case = Case {
            around,
            account: &history.accounts[&RunId(1)],
            task: plan.and_then(|plan| plan.tasks.get("roll")),
            standing: None,
            is_alive: false,
            beside: Vec::new(),
            leaks: Vec::new(),
            not_looked_at: Vec::new(),
        };
        let answers = judge(&case);
        let (items, findings) = told(&answers, true, &|_| None);
        assert_eq!(items.len(), answers.len());
        for finding in findings {
            assert!(!finding.evidence.is_empty() && finding.help.is_some(), "{finding:?}");
            assert!(finding.message.starts_with("run 1: "), "{finding:?}");
            assert!(items.iter().any(|item| item.name == finding.subject), "{finding:?}");
            assert!(finding.severity >= Severity::Warning);
        }
    }
}
