//! Schedules of small plan files.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::PlanFile;
use crate::model::{Because, OccurrenceId, Placed, Schedule};
use crate::scheduler::{Computed, History, TaskHistory, compute};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn read(yaml: &str) -> PlanFile {
    crate::planfile::Text::new("maintenance.yaml", yaml.as_bytes().to_vec())
        .read()
        .into_plan()
        .expect("a plan")
}

fn computed(plan: &PlanFile, past: &[&str], published: Option<&Schedule>, from: &str) -> Computed {
    let known = Some(utc("2026-03-02T00:00:00Z"));
    let known = TaskHistory { handled_until: known, ..TaskHistory::default() };
    let tasks = past.iter().map(|task| ((*task).to_owned(), known.clone())).collect();
    let from = utc(from);
    compute(plan, "", &History { tasks }, published, from, from + TimeDelta::days(9)).expect("a schedule")
}

fn starts(computed: &Computed) -> Vec<(&str, String)> {
    let start = |placed: &Placed| placed.start.format("%dT%H:%M").to_string();
    computed.schedule.placed.iter().map(|placed| (placed.occurrence.id.0.as_str(), start(placed))).collect()
}

const WEEKLY: &str = "\
mainstay: 1
resources: {crew: 1}
windows:
  night: {cron: \"0 2 * * *\", duration: 2h}
tasks:
  a:
    type: routine
    domain: data
    schedule: {every: 4d, tolerance: 1d}
    window: night
    duration: 1h
    resources: {crew: 1}
    steps: [{run: [\"true\"]}]
";

#[test]
fn an_interval_that_moves_takes_the_later_ones_with_it() {
    let plan = read(WEEKLY);
    let first = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
    let expected = [("a#1", "02T02:00".into()), ("a#2", "05T03:00".into()), ("a#3", "09T02:00".into())];
    assert_eq!(starts(&first), expected);
    let late = computed(&plan, &["a"], Some(&first.schedule), "2026-03-05T02:30:00Z");
    assert_eq!(starts(&late)[0], ("a#1", "05T02:30".into()), "not pushed away by its own successor");
}

#[test]
fn a_published_start_stays_where_it_is_possible() {
    let plan = read(WEEKLY);
    let first = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
    // More important work comes, which would have had the place.
    let urgent = WEEKLY.replace("tasks:\n", "tasks:\n  b:\n    type: routine\n    domain: data\n    priority: 99\n    \
        schedule: {at: 2026-03-02T01:00:00Z}\n    window: night\n    duration: 1h\n    resources: {crew: 1}\n    \
        steps: [{run: [\"true\"]}]\n");
    let plan = read(&urgent);
    let alone = computed(&plan, &["a", "b"], None, "2026-03-02T02:00:00Z");
    assert_eq!(starts(&alone)[0].0, "a#1", "released first");
    let kept = computed(&plan, &["a", "b"], Some(&first.schedule), "2026-03-02T01:30:00Z");
    assert_eq!(
        starts(&kept)[..2],
        [("a#1", "02T02:00".into()), ("b@2026-03-02T01:00:00Z", "02T03:00".into())]
    );
    assert_eq!(kept.schedule.objective.moved, 0);
}

#[test]
fn work_that_is_going_holds_what_it_needs() {
    let plan = read(&WEEKLY.replace("window: night", "window: []"));
    let from = utc("2026-03-02T00:00:00Z");
    let until = from + TimeDelta::minutes(20);
    let running = crate::scheduler::Running { occurrence: None, until };
    let past = TaskHistory { running: Some(running), ..TaskHistory::default() };
    let history = History { tasks: [("a".to_owned(), past)].into() };
    let next = compute(&plan, "", &history, None, from, from + TimeDelta::days(4)).expect("a schedule");
    assert_eq!(starts(&next), [("a#2", "05T00:20".into())]);
}

#[test]
fn a_run_is_waited_for_also_after_an_occurrence_that_it_made_impossible() {
    let plan = read(
        "mainstay: 1\ntasks:\n  a:\n    type: routine\n    domain: data\n    \
         schedule: {cron: \"*/10 10 2 3 *\"}\n    duration: 25m\n    steps: [{run: [\"true\"]}]\n",
    );
    let computed = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
    let placed: Vec<_> = starts(&computed).into_iter().map(|(_, start)| start).collect();
    assert_eq!(placed, ["02T10:00", "02T10:25", "02T10:50"]);
    let late = &computed.schedule.placed[1];
    let before = OccurrenceId("a@2026-03-02T10:00:00Z".into());
    let overlap = Because::Overlap { occurrence: before, until: utc("2026-03-02T10:25:00Z") };
    assert_eq!((late.occurrence.release, &late.because[..]), (utc("2026-03-02T10:20:00Z"), &[overlap][..]));
}
