//! Laws of the scheduler on random plan files.
//!
//! The checker here reads the plan file's meaning anew and shares no code with the optimizer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use mainstay::model::{OccurrenceId, Placed, PlanFile, Schedule};
use mainstay::scheduler::solver::Effort;
use mainstay::scheduler::{self, Computed, History, Search, TaskHistory};
use mainstay::validator::checker;
use mainstay::validator::rules::Use;
use proptest::prelude::*;

/// A plan file as the test knows it; its zone is UTC.
#[derive(Debug, Clone)]
struct Estate {
    /// Opening hour, length in minutes, cutoff in minutes; open daily.
    windows: Vec<(u32, i64, i64)>,
    /// First hour after the start, length in hours, whether preventive work is allowed.
    blackouts: Vec<(i64, i64, bool)>,
    crew: u32,
    max_down: u32,
    /// For how many minutes the others of the group are left alone after work on one.
    cover: i64,
    tasks: Vec<Work>,
}

#[derive(Debug, Clone)]
struct Work {
    schedule: Recurs,
    tolerance: Option<u32>,
    windows: BTreeSet<usize>,
    targets: BTreeSet<usize>,
    minutes: i64,
    crew: u32,
    priority: u8,
    is_routine: bool,
    after: BTreeSet<usize>,
    /// Whether it holds the one claim alone, or shared.
    claim: Option<bool>,
    /// Targets per batch, and minutes between batches.
    rollout: (usize, i64),
}

#[derive(Debug, Clone)]
enum Recurs {
    Daily(u32, u32),
    Every(i64),
    At(i64),
}

const N_TARGETS: usize = 4;

fn start() -> DateTime<Utc> {
    "2026-03-01T05:40:00Z".parse().expect("an instant")
}

fn work(n_windows: usize, most_crew: u32, place: usize) -> impl Strategy<Value = Work> {
    let schedule = prop_oneof![
        (0..24u32, 0..60u32).prop_map(|(hour, minute)| Recurs::Daily(hour, minute)),
        (12..100i64).prop_map(Recurs::Every),
        (-10..150i64).prop_map(Recurs::At),
    ];
    let before = prop::collection::btree_set(0..place.max(1), 0..2.min(place + 1));
    (
        schedule,
        prop::option::of(1..8u32),
        prop::collection::btree_set(0..n_windows, 0..n_windows),
        prop::collection::btree_set(0..N_TARGETS, 0..3),
        5..150i64,
        0..=most_crew,
        0..100u8,
        any::<bool>(),
        before,
        (prop::option::weighted(0.4, any::<bool>()), (1..3usize, 0..10i64)),
    )
        .prop_map(
            move |(
                schedule,
                tolerance,
                windows,
                targets,
                minutes,
                crew,
                priority,
                is_routine,
                after,
                new,
            )| {
                let after = if place == 0 { BTreeSet::new() } else { after };
                let (claim, rollout) = new;
                Work {
                    schedule,
                    tolerance,
                    windows,
                    targets,
                    minutes,
                    crew,
                    priority,
                    is_routine,
                    after,
                    claim,
                    rollout,
                }
            },
        )
}

fn estate() -> impl Strategy<Value = Estate> {
    let windows = prop::collection::vec((0..24u32, 30..600i64, 0..29i64), 1..4);
    let blackouts = prop::collection::vec((0..150i64, 1..40i64, any::<bool>()), 0..3);
    let cover = prop_oneof![Just(0), 1..90i64];
    (windows, blackouts, 1..4u32, 1..3u32, cover, 1..9usize).prop_flat_map(
        |(windows, blackouts, crew, max_down, cover, n_tasks)| {
            let n_windows = windows.len();
            let tasks: Vec<_> = (0..n_tasks).map(|place| work(n_windows, crew, place)).collect();
            tasks.prop_map(move |tasks| Estate {
                windows: windows.clone(),
                blackouts: blackouts.clone(),
                crew,
                max_down,
                cover,
                tasks,
            })
        },
    )
}

impl Estate {
    fn yaml(&self) -> String {
        let mut text = String::from("mainstay: 1\ntargets:\n");
        for target in 0..N_TARGETS {
            let group = if target < 3 { ", group: pair" } else { "" };
            writeln!(text, "  t{target}: {{local: true{group}}}").unwrap();
        }
        writeln!(text, "groups: {{pair: {{max_down: {}, cover: {}m}}}}", self.max_down, self.cover).unwrap();
        writeln!(text, "resources: {{crew: {}}}\nwindows:", self.crew).unwrap();
        for (place, (hour, length, cutoff)) in self.windows.iter().enumerate() {
            writeln!(
                text,
                "  w{place}: {{cron: \"0 {hour} * * *\", duration: {length}m, cutoff: {cutoff}m}}"
            )
            .unwrap();
        }
        if !self.blackouts.is_empty() {
            text.push_str("blackouts:\n");
        }
        for (place, (from, length, allow)) in self.blackouts.iter().enumerate() {
            let from = start() + TimeDelta::hours(*from);
            let to = from + TimeDelta::hours(*length);
            let allow = if *allow { "[preventive]" } else { "[]" };
            writeln!(
                text,
                "  b{place}: {{from: {}, to: {}, allow: {allow}}}",
                from.format("%FT%TZ"),
                to.format("%FT%TZ")
            )
            .unwrap();
        }
        text.push_str("tasks:\n");
        for (place, work) in self.tasks.iter().enumerate() {
            let kind = if work.is_routine { "routine" } else { "preventive" };
            let schedule = match work.schedule {
                Recurs::Daily(hour, minute) => format!("cron: \"{minute} {hour} * * *\""),
                Recurs::Every(hours) => format!("every: {hours}h"),
                Recurs::At(hours) => format!("at: {}", (start() + TimeDelta::hours(hours)).format("%FT%TZ")),
            };
            let tolerance = work.tolerance.map_or(String::new(), |hours| format!(", tolerance: {hours}h"));
            let names = |set: &BTreeSet<usize>, letter: &str| {
                set.iter().map(|place| format!("{letter}{place}")).collect::<Vec<_>>().join(", ")
            };
            writeln!(
                text,
                "  k{place}:\n    type: {kind}\n    domain: component\n    schedule: {{{schedule}{tolerance}}}\n    \
                 duration: {}m\n    priority: {}\n    window: [{}]\n    targets: [{}]\n    after: [{}]\n    \
                 steps: [{{run: [\"true\"]}}]",
                work.minutes,
                work.priority,
                names(&work.windows, "w"),
                names(&work.targets, "t"),
                names(&work.after, "k"),
            )
            .unwrap();
            if work.crew > 0 {
                writeln!(text, "    resources: {{crew: {}}}", work.crew).unwrap();
            }
            if let Some(is_exclusive) = work.claim {
                let claim = if is_exclusive { "tsdb" } else { "{tsdb: shared}" };
                writeln!(text, "    claims: [{claim}]").unwrap();
            }
            let (serial, pause) = work.rollout;
            writeln!(text, "    rollout: {{serial: {serial}, pause: {pause}m}}").unwrap();
        }
        text
    }

    /// How many minutes the batches of a task take, one after the other: minute by minute, the next one begins after the
    /// pause as soon as no more than `max_down` of the group are in work or not covered yet.
    fn minutes_of(&self, work: &Work) -> i64 {
        let ((serial, pause), targets) = (work.rollout, work.targets.iter().collect::<Vec<_>>());
        let of_group = |batch: &[&usize]| batch.iter().filter(|target| ***target < 3).count();
        let mut uncovered_until: Vec<i64> = Vec::new();
        let mut now = 0;
        for (n, batch) in targets.chunks(serial).enumerate() {
            let n_next = of_group(batch);
            let has_room = |minute: i64| {
                let n_down = uncovered_until.iter().filter(|until| minute < **until).count();
                n_next == 0 || n_down + n_next <= usize::try_from(self.max_down).unwrap() || n_down == 0
            };
            if n > 0 {
                now += pause;
                while !has_room(now) {
                    now += 1;
                }
            }
            now += work.minutes;
            uncovered_until.extend(std::iter::repeat_n(now + self.cover, n_next));
        }
        if targets.is_empty() { work.minutes } else { now }
    }

    /// What is wrong with a schedule: nothing, it should be.
    fn faults(&self, schedule: &Schedule) -> Vec<String> {
        let mut faults = Vec::new();
        let minute = TimeDelta::minutes(1);
        let task_of = |name: &str| &self.tasks[name[1..].parse::<usize>().expect("a place")];
        // Who uses how much of what, at the starts: use rises nowhere else.
        for placed in &schedule.placed {
            let (work, id) = (task_of(&placed.occurrence.task), &placed.occurrence.id);
            let length = TimeDelta::minutes(self.minutes_of(work));
            if placed.end - placed.start != length {
                faults.push(format!("{id} takes {}", placed.end - placed.start));
            }
            if placed.start < placed.occurrence.release || placed.start < schedule.from {
                faults.push(format!("{id} starts before its release"));
            }
            if placed.occurrence.latest.is_some_and(|latest| latest <= placed.start) {
                faults.push(format!("{id} starts after its latest start"));
            }
            if schedule.until <= placed.start {
                faults.push(format!("{id} starts after the horizon"));
            }
            if !work.windows.is_empty() {
                // Minute by minute: each is in some window, and the first is before a cutoff that is not
                // followed by a later one.
                let mut at = placed.start;
                let mut is_open = true;
                while at < placed.end {
                    is_open &= work.windows.iter().any(|window| self.is_open(*window, at));
                    at += minute;
                }
                if !is_open {
                    faults.push(format!("{id} works outside its windows"));
                }
                if self.is_past_cutoff(&work.windows, placed.start) {
                    faults.push(format!("{id} starts at or after the cutoff"));
                }
            }
            for (from, hours, allow) in &self.blackouts {
                let from = start() + TimeDelta::hours(*from);
                let to = from + TimeDelta::hours(*hours);
                let is_allowed = *allow && !work.is_routine;
                if !is_allowed && placed.start < to && from < placed.end {
                    faults.push(format!("{id} works in a blackout"));
                }
            }
            let mut crew = 0;
            for other in &schedule.placed {
                let of = task_of(&other.occurrence.task);
                let is_same = other.occurrence.id == *id;
                if other.start <= placed.start && placed.start < other.end {
                    crew += of.crew;
                    if !is_same && other.occurrence.task == placed.occurrence.task {
                        faults.push(format!("{id} overlaps {}", other.occurrence.id));
                    }
                    if !is_same && of.targets.intersection(&work.targets).next().is_some() {
                        faults.push(format!("{id} shares a target with {}", other.occurrence.id));
                    }
                }
            }
            let cover = TimeDelta::minutes(self.cover);
            let is_down = |other: &&Placed| other.start <= placed.start && placed.start < other.end + cover;
            let down = schedule.placed.iter().filter(is_down);
            let down: usize = down.map(|other| most_down_at_once(task_of(&other.occurrence.task))).sum();
            let is_at_the_same_time =
                |other: &&Placed| other.start <= placed.start && placed.start < other.end;
            let claims = schedule.placed.iter().filter(is_at_the_same_time);
            let claims: Vec<bool> =
                claims.filter_map(|other| task_of(&other.occurrence.task).claim).collect();
            if 1 < claims.len() && claims.contains(&true) && work.claim.is_some() {
                faults.push(format!("a claim is not held alone at the start of {id}"));
            }
            if self.crew < crew {
                faults.push(format!("crew of {crew} at the start of {id}"));
            }
            let goes_down = 0 < most_down_at_once(work);
            if goes_down && usize::try_from(self.max_down).unwrap() < down {
                faults.push(format!("{down} of the group down at the start of {id}"));
            }
            for before in &work.after {
                let name = format!("k{before}");
                let released = placed.occurrence.release;
                let last = (schedule.placed.iter())
                    .filter(|other| other.occurrence.task == name && other.occurrence.release <= released)
                    .max_by_key(|other| other.occurrence.release);
                let unplaced = (schedule.unplaced.iter())
                    .filter(|other| other.occurrence.task == name && other.occurrence.release <= released)
                    .max_by_key(|other| other.occurrence.release);
                let lost_at = unplaced.map(|lost| lost.occurrence.release);
                if last.map(|last| last.occurrence.release) < lost_at {
                    faults.push(format!("{id} is placed, but what it comes after is not"));
                } else if last.is_some_and(|last| placed.start < last.end) {
                    faults.push(format!("{id} starts before {name} has ended"));
                }
            }
        }
        let objective = schedule.objective;
        if objective.makespan_seconds < objective.lower_bound_seconds {
            faults.push(format!("the lower bound lies above: {objective:?}"));
        }
        faults
    }

    fn is_open(&self, window: usize, at: DateTime<Utc>) -> bool {
        let (hour, length, _) = self.windows[window];
        // Daily: it opened today or yesterday.
        let minutes = i64::from(at.hour() * 60 + at.minute()) - i64::from(hour * 60);
        [minutes, minutes + 24 * 60].iter().any(|since| 0 <= *since && *since < length)
    }

    /// The windows that are open now end, with those that touch them, at some instant: the cutoff is that of
    /// the window that ends last.
    fn is_past_cutoff(&self, windows: &BTreeSet<usize>, at: DateTime<Utc>) -> bool {
        let mut end = at;
        while windows.iter().any(|window| self.is_open(*window, end)) {
            end += TimeDelta::minutes(1);
            if TimeDelta::days(3) < end - at {
                return false;
            }
        }
        let minute_of_day = i64::from(end.hour() * 60 + end.minute());
        let cutoff = windows
            .iter()
            .map(|window| self.windows[*window])
            .filter(|(hour, length, _)| (i64::from(hour * 60) + length) % (24 * 60) == minute_of_day)
            .map(|(_, _, cutoff)| cutoff)
            .min()
            .expect("some window ends here");
        end - TimeDelta::minutes(cutoff) <= at
    }
}

/// The most of the group that one batch has.
fn most_down_at_once(work: &Work) -> usize {
    let targets: Vec<_> = work.targets.iter().collect();
    let batches = targets.chunks(work.rollout.0);
    batches.map(|batch| batch.iter().filter(|target| ***target < 3).count()).max().unwrap_or(0)
}

fn read(yaml: &str) -> PlanFile {
    let loaded = checker::check_bytes(
        "maintenance.yaml",
        yaml.as_bytes().to_vec(),
        "2026-01-01T00:00:00Z".parse().expect("a time"),
    );
    let messages: Vec<_> = loaded.findings.iter().map(|finding| &finding.message).collect();
    assert!(!loaded.is_useless(Use::Plan), "{messages:?}\n{yaml}");
    loaded.plan.expect("a plan")
}

fn computed(
    plan: &PlanFile,
    history: &History,
    published: Option<&Schedule>,
    from: DateTime<Utc>,
) -> Computed {
    scheduler::compute(plan, "", history, published, from, from + TimeDelta::days(7)).expect("a schedule")
}

/// The same after a search.
fn searched(
    plan: &PlanFile,
    history: &History,
    published: Option<&Schedule>,
    from: DateTime<Utc>,
) -> Computed {
    let (until, search) = (from + TimeDelta::days(7), Search::new(1, Effort::Steps(150)));
    scheduler::compute_with(plan, "", history, published, from, until, search).expect("a schedule")
}

/// Whether a search made nothing worse: the same work is as late at most, and moves as little.
fn is_no_worse(found: &Computed, first: &Computed) -> Result<(), String> {
    let ids = |computed: &Computed| -> BTreeSet<OccurrenceId> {
        computed.schedule.placed.iter().map(|placed| placed.occurrence.id.clone()).collect()
    };
    let badness = |computed: &Computed| {
        let objective = computed.schedule.objective;
        (objective.weighted_tardiness_seconds, objective.moved)
    };
    let (is_same, is_less) = (ids(found) == ids(first), ids(found).is_subset(&ids(first)));
    // What is due after the horizon may be left to it for the sake of what is late.
    let is_worse = if is_same { badness(first) < badness(found) } else { badness(first) <= badness(found) };
    if is_less && is_worse {
        let objectives = (found.schedule.objective, first.schedule.objective);
        return Err(format!("the first of these is worse: {objectives:?}"));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_rule_holds_in_every_schedule(estate in estate(), hours in 0..60i64) {
        let yaml = estate.yaml();
        let plan = read(&yaml);
        let mut history = History::default();
        for place in 0..estate.tasks.len() {
            let known = TaskHistory { handled_until: Some(start()), ..TaskHistory::default() };
            history.tasks.insert(format!("k{place}"), known);
        }
        let first = computed(&plan, &history, None, start());
        prop_assert_eq!(estate.faults(&first.schedule), Vec::<String>::new(), "{}", yaml);

        // The same input gives the same schedule.
        prop_assert_eq!(&computed(&plan, &history, None, start()), &first);

        // What is looked for is no worse, and the same for the same seed and number of steps.
        let found = searched(&plan, &history, None, start());
        prop_assert_eq!(estate.faults(&found.schedule), Vec::<String>::new(), "searched\n{}", yaml);
        prop_assert_eq!(&searched(&plan, &history, None, start()), &found);
        is_no_worse(&found, &first).map_err(|why| TestCaseError::fail(format!("{why}\n{yaml}")))?;

        // Published and unchanged, nothing moves.
        let again = computed(&plan, &history, Some(&first.schedule), start());
        prop_assert_eq!(again.schedule.objective.moved, 0, "{}", yaml);
        prop_assert_eq!(scheduler::engine::diff(Some(&first.schedule), &again.schedule, &history), vec![]);

        // Later, with some of it slept through, all rules still hold.
        let later = start() + TimeDelta::hours(hours);
        for placed in first.schedule.placed.iter().filter(|placed| placed.start < later).step_by(2) {
            let past = history.tasks.get_mut(&placed.occurrence.task).expect("a task");
            past.ended_runs += 1;
            let (id, task) = (&placed.occurrence.id, &placed.occurrence.task);
            // Intervals are numbered by the runs that there were.
            let is_interval = id.0.contains('#');
            let id = if is_interval { OccurrenceId::nth(task, past.ended_runs) } else { id.clone() };
            past.started.insert(id);
            past.last_end = Some(placed.end.min(later));
            past.last_success = past.last_end;
        }
        let next = computed(&plan, &history, Some(&first.schedule), later);
        prop_assert_eq!(estate.faults(&next.schedule), Vec::<String>::new(), "later\n{}", yaml);
        let started: BTreeSet<&OccurrenceId> =
            history.tasks.values().flat_map(|past| past.started.iter()).collect();
        let better = searched(&plan, &history, Some(&first.schedule), later);
        prop_assert_eq!(estate.faults(&better.schedule), Vec::<String>::new(), "searched later\n{}", yaml);
        is_no_worse(&better, &next).map_err(|why| TestCaseError::fail(format!("later {why}\n{yaml}")))?;
        for placed in &next.schedule.placed {
            prop_assert!(!started.contains(&placed.occurrence.id), "{} again", placed.occurrence.id);
        }
    }
}

#[test]
fn case_45_ten_thousand_occurrences_take_seconds() {
    let mut yaml = String::from("mainstay: 1\nresources: {crew: 3}\nwindows:\n");
    yaml.push_str("  night: {cron: \"0 22 * * *\", duration: 8h, cutoff: 30m}\ntargets:\n");
    for target in 0..100 {
        writeln!(yaml, "  t{target}: {{local: true}}").unwrap();
    }
    yaml.push_str("tasks:\n");
    for task in 0..360 {
        writeln!(
            yaml,
            "  k{task}:\n    type: routine\n    domain: system\n    schedule: {{cron: \"{} 21 * * *\"}}\n    \
             window: night\n    targets: [t{}]\n    duration: 3m\n    resources: {{crew: 1}}\n    \
             steps: [{{run: [\"true\"]}}]",
            task % 60,
            task % 100
        )
        .unwrap();
    }
    let plan = read(&yaml);
    let begun = Instant::now();
    let from = start();
    let until = from + TimeDelta::weeks(4);
    let computed = scheduler::compute(&plan, "", &History::default(), None, from, until).expect("a schedule");
    let took = begun.elapsed();
    assert_eq!(computed.schedule.placed.len() + computed.schedule.unplaced.len(), 360 * 28);
    let by_day = computed.schedule.placed.iter().fold(BTreeMap::new(), |mut days, placed| {
        *days.entry(placed.start.date_naive().num_days_from_ce()).or_insert(0) += 1;
        days
    });
    assert!(by_day.len() > 27, "{by_day:?}");
    // A second in a release build; the bound is for slow machines and debug builds.
    assert!(took.as_secs() < 20, "took {took:?}");
}

#[test]
fn case_45_five_thousand_tasks_in_one_chain_are_placed_in_order() {
    const N: usize = 5000;
    let mut yaml = String::from("mainstay: 1\ntasks:\n");
    // The last one stands first: nothing is helped by the order of the file.
    for task in (0..N).rev() {
        let after = if task == 0 { String::new() } else { format!(", after: [k{}]", task - 1) };
        writeln!(
            yaml,
            "  k{task}: {{type: routine, domain: system, schedule: {{cron: \"0 2 * * *\"}}{after}, duration: 10s, \
             steps: [{{run: [\"true\"]}}]}}"
        )
        .unwrap();
    }
    let plan = read(&yaml);
    let until = start() + TimeDelta::hours(36);
    let computed =
        scheduler::compute(&plan, "", &History::default(), None, start(), until).expect("a schedule");
    assert_eq!((computed.schedule.placed.len(), computed.schedule.unplaced.len()), (N, 0));
    let in_order = computed.schedule.placed.windows(2).all(|pair| pair[0].end == pair[1].start);
    assert!(in_order, "each begins when the one before ends");
}
