//! What runs keep from each other, asked inside the transaction that starts one: task, targets, claims, resources,
//! groups.
//!
//! 1. All or nothing: a run has everything that it needs, or it has not begun. So runs never wait for each other in a
//!    circle.
//! 2. What a run holds, it holds until its end is on record, also when its process has died.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::codec::{self, stamp};
use super::error::{Fault, HeldBy};
use super::runs::{self, unfinished};
use super::start::NewRun;
use super::{StartError, State, StateError};
use crate::model::{ClaimMode, Holds, IMPLICIT_TARGET, Run};

/// How much there is of what a run shares with others, by the plan file.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// How much there is of each resource that it takes.
    pub resources: BTreeMap<String, u32>,
    /// What is allowed in each group that it works in.
    pub groups: BTreeMap<String, GroupLimit>,
    /// How many of its targets it begins with.
    pub first_batch: usize,
}

/// What is allowed in a group.
#[derive(Debug, Clone, Default)]
pub struct GroupLimit {
    /// How many may be in work at once.
    pub max_down: u32,
    /// For how long after work on one of them the others are left alone.
    pub cover: TimeDelta,
    /// The targets in it; asked for only when `cover` is above 0.
    pub members: HashSet<String>,
    /// The rule that `cover` is of, when it is not the plan file's.
    pub rule: Option<String>,
}

/// Why `new` may not begin beside the runs that are not over.
pub(super) fn conflict(
    connection: &Connection,
    new: &NewRun,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Option<StartError>, Fault> {
    if let Some(refusal) = beyond(&new.holds, limits) {
        return Ok(Some(refusal));
    }
    let others = unfinished(connection)?;
    let refusal = conflict_with(&others, (&new.task, &new.targets, &new.holds), limits);
    match refusal {
        Some(refusal) => Ok(Some(refusal)),
        None => uncovered(connection, &others, (new, limits), now),
    }
}

/// Why work on a task, targets and what it holds cannot go on beside `others`.
pub(super) fn conflict_with(
    others: &[Run],
    (task, targets, holds): (&str, &[String], &Holds),
    limits: &Limits,
) -> Option<StartError> {
    let whole =
        others.iter().find_map(|other| clash(other, task, targets).or_else(|| claim_conflict(other, holds)));
    whole
        .or_else(|| resource_conflict(others, holds, limits))
        .or_else(|| group_conflict(others, holds, limits))
}

/// Why nothing can be done on `task` and `targets` while `other` is not finished.
fn clash(other: &Run, task: &str, targets: &[String]) -> Option<StartError> {
    if other.task == task {
        return Some(StartError::TaskRunning { task: task.to_owned(), by: held_by(other) });
    }
    let theirs: HashSet<&String> = other.targets.iter().collect();
    // The machine that tasks without targets work on is nothing that they take turns at.
    let mut shared = targets.iter().filter(|target| *target != IMPLICIT_TARGET);
    let target = shared.find(|target| theirs.contains(target))?;
    Some(StartError::TargetBusy { target: target.clone(), by: held_by(other) })
}

/// A claim of `holds` that `other` has, unless both share it.
fn claim_conflict(other: &Run, holds: &Holds) -> Option<StartError> {
    holds.claims.iter().find_map(|(claim, mode)| {
        let theirs = other.holds.claims.get(claim)?;
        let both_share = *mode == ClaimMode::Shared && *theirs == ClaimMode::Shared;
        let refusal = || StartError::ClaimHeld { claim: claim.clone(), mode: *theirs, by: held_by(other) };
        (!both_share).then(refusal)
    })
}

/// What is asked for and could never be given.
fn beyond(holds: &Holds, limits: &Limits) -> Option<StartError> {
    let refusal = |what: String, needed: u32, capacity: u32| StartError::Beyond { what, needed, capacity };
    let resource = holds.resources.iter().find_map(|(name, needed)| {
        let capacity = limits.resources.get(name).copied()?;
        (capacity < *needed).then(|| refusal(format!("resource `{name}`"), *needed, capacity))
    });
    resource.or_else(|| {
        holds.groups.iter().find_map(|(name, needed)| {
            let capacity = limits.groups.get(name)?.max_down;
            (capacity < *needed).then(|| refusal(format!("`max_down` of group `{name}`"), *needed, capacity))
        })
    })
}

fn resource_conflict(others: &[Run], holds: &Holds, limits: &Limits) -> Option<StartError> {
    holds.resources.iter().find_map(|(name, needed)| {
        let capacity = limits.resources.get(name).copied()?;
        let (taken, by) = sum(others, |other| other.holds.resources.get(name));
        (capacity < taken.saturating_add(*needed)).then_some(())?;
        let (resource, needed) = (name.clone(), *needed);
        Some(StartError::ResourceTaken { resource, needed, capacity, taken, by: by? })
    })
}

fn group_conflict(others: &[Run], holds: &Holds, limits: &Limits) -> Option<StartError> {
    holds.groups.iter().find_map(|(name, needed)| {
        let max_down = limits.groups.get(name)?.max_down;
        let (down, by) = sum(others, |other| other.holds.groups.get(name));
        (max_down < down.saturating_add(*needed)).then_some(())?;
        let (group, needed) = (name.clone(), *needed);
        Some(StartError::GroupBusy { group, needed, max_down, down, by: by? })
    })
}

/// How much others have of something, and the first of them.
fn sum<'a>(others: &'a [Run], of: impl Fn(&'a Run) -> Option<&'a u32>) -> (u32, Option<Box<HeldBy>>) {
    let mut with = others.iter().filter_map(|other| Some((other, *of(other)?))).filter(|(_, n)| 0 < *n);
    let Some((first, n)) = with.next() else { return (0, None) };
    (with.fold(n, |sum, (_, n)| sum.saturating_add(n)), Some(held_by(first)))
}

/// A group in which work has left a gap that its partners do not cover yet.
fn uncovered(
    connection: &Connection,
    others: &[Run],
    (new, limits): (&NewRun, &Limits),
    now: DateTime<Utc>,
) -> Result<Option<StartError>, Fault> {
    for (name, needed) in &new.holds.groups {
        let Some(limit) = limits.groups.get(name).filter(|limit| TimeDelta::zero() < limit.cover) else {
            continue;
        };
        let first = &new.targets[..limits.first_batch.min(new.targets.len())];
        let mut gaps = gaps_since(connection, now - limit.cover)?;
        gaps.retain(|gap| limit.members.contains(&gap.target) && !first.contains(&gap.target));
        let (down, _) = sum(others, |other| other.holds.groups.get(name));
        let n_gaps = u32::try_from(gaps.len()).unwrap_or(u32::MAX);
        if limit.max_down < down.saturating_add(n_gaps).saturating_add(*needed) {
            // As soon as so many of them are covered, there is room.
            gaps.sort_by_key(|gap| gap.since);
            let Some(gap) = gaps.into_iter().next() else { continue };
            let until = gap.since + limit.cover;
            let group = name.clone();
            let rule = limit.rule.clone().map(|rule| (rule, limit.cover));
            return Ok(Some(StartError::Uncovered { group, target: gap.target, run: gap.run, until, rule }));
        }
    }
    Ok(None)
}

impl State {
    /// When the last work on `target` by a run that is over ended.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_work_on(&self, target: &str) -> Result<Option<DateTime<Utc>>, StateError> {
        let sql = "SELECT step.ended AS ended FROM run JOIN step ON step.run = run.id
                   WHERE run.ended IS NOT NULL AND step.target = ?1 AND step.ended IS NOT NULL
                   AND step.phase IN ('steps', 'rollback') AND step.outcome IS NOT 'skipped'
                   ORDER BY run.ended DESC, step.ended DESC LIMIT 1";
        self.read(|connection| codec::first(connection, sql, [target], |row| codec::time(row, "ended")))
    }
}

/// A target that was worked on.
struct Gap {
    target: String,
    run: crate::model::RunId,
    since: DateTime<Utc>,
}

/// The targets that runs which are over have worked on after `since`, and when they did last.
fn gaps_since(connection: &Connection, since: DateTime<Utc>) -> Result<Vec<Gap>, Fault> {
    let sql = "SELECT step.target AS target, step.run AS run, max(step.ended) AS since
               FROM run JOIN step ON step.run = run.id
               WHERE run.ended > ?1 AND step.ended > ?1 AND step.phase IN ('steps', 'rollback')
               AND step.outcome IS NOT 'skipped'
               GROUP BY step.target";
    codec::rows(connection, sql, [stamp(since)], |row| {
        Ok(Gap {
            target: row.get("target")?,
            run: crate::model::RunId(row.get("run")?),
            since: codec::time(row, "since")?,
        })
    })
}

/// Who holds what `run` holds.
pub(super) fn held_by(run: &Run) -> Box<HeldBy> {
    Box::new(HeldBy {
        run: run.id,
        task: run.task.clone(),
        holder: run.holder.clone(),
        since: run.started,
        is_over: run.ended.is_some(),
    })
}

/// The run that started an occurrence.
pub(super) fn starter_of(connection: &Connection, occurrence: &str) -> Result<Option<Box<HeldBy>>, Fault> {
    let sql = "SELECT * FROM run WHERE occurrence = ?1";
    Ok(runs::one(connection, sql, [occurrence])?.map(|run| held_by(&run)))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::model::{Event, OccurrenceId, Origin, Outcome, Phase, RunId};
    use crate::state::Access;
    use crate::world::clock::Clock;
    use crate::world::process_identity;

    const NOON: &str = "2026-03-07T12:00:00Z";

    fn open(folder: &TempDir, now: &str) -> State {
        let clock = Clock::new(Some(now.parse().unwrap()));
        State::open(&folder.path().join("state.db"), Access::ReadWrite, clock).unwrap()
    }

    /// A run of `task` on `targets` that holds what `holds` says in JSON.
    fn run(task: &str, targets: &[&str], holds: &str) -> NewRun {
        NewRun {
            task: task.to_owned(),
            occurrence: None,
            origin: Origin::OnDemand,
            due: None,
            plan_digest: String::new(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
            holder: process_identity::current().unwrap(),
            approvals: Vec::new(),
            definition: None,
            holds: serde_json::from_str(holds).unwrap(),
            justification: None,
            partial: false,
        }
    }

    fn limits() -> Limits {
        let members = ["a", "b", "c"].map(str::to_owned).into();
        let pair = GroupLimit { max_down: 1, cover: TimeDelta::hours(1), members, rule: None };
        Limits {
            resources: [("crew".to_owned(), 3)].into(),
            groups: [("pair".to_owned(), pair)].into(),
            first_batch: 1,
        }
    }

    #[track_caller]
    fn refused(state: &State, new: &NewRun, expected: &str) {
        let refusal = state.start_run_within(new, &limits()).expect_err("it is refused").to_string();
        let holder = &new.holder;
        let by = format!("held by process {} of {} on {} since {NOON}", holder.pid, holder.user, holder.host);
        assert_eq!(refusal, expected.replace("HELD", &by));
    }

    #[test]
    fn what_is_held_is_refused_with_the_run_its_task_its_holder_and_since_when() {
        let folder = TempDir::new().unwrap();
        let state = open(&folder, NOON);
        let holds = r#"{"claims": {"tsdb": "shared", "path": "exclusive"}, "resources": {"crew": 2}, "groups": {"pair": 1}}"#;
        state.start_run_within(&run("first", &["a"], holds), &limits()).unwrap();
        let check = |holds: &str, expected: &str| refused(&state, &run("second", &["x"], holds), expected);
        check(r#"{"claims": {"path": "shared"}}"#, "the claim `path` is held: run 1 of `first`, HELD");
        check(
            r#"{"claims": {"tsdb": "exclusive"}}"#,
            "the claim `tsdb` is held by one that shares it: run 1 of `first`, HELD",
        );
        check(
            r#"{"resources": {"crew": 2}}"#,
            "it takes 2 of the resource `crew`, and of 3 there are 2 taken: run 1 of `first`, HELD",
        );
        check(
            r#"{"resources": {"crew": 4}}"#,
            "it takes 4 of resource `crew`, which is 3; it cannot run like this",
        );
        check(
            r#"{"groups": {"pair": 1}}"#,
            "it works on 1 of the group `pair` at once, of which 1 may be in work, and 1 are: run 1 of `first`, HELD",
        );
        check(
            r#"{"groups": {"pair": 2}}"#,
            "it takes 2 of `max_down` of group `pair`, which is 1; it cannot run like this",
        );
        refused(&state, &run("second", &["a"], "{}"), "the target `a` is in work: run 1 of `first`, HELD");
        refused(
            &state,
            &run("first", &["x"], "{}"),
            "the last run of task `first` has not ended: run 1 of `first`, HELD",
        );
        let beside = run("third", &["y"], r#"{"claims": {"tsdb": "shared"}, "resources": {"crew": 1}}"#);
        assert_eq!(state.start_run_within(&beside, &limits()).unwrap(), RunId(2));
        check(
            r#"{"resources": {"crew": 1}}"#,
            "it takes 1 of the resource `crew`, and of 3 there are 3 taken: run 1 of `first`, HELD",
        );
    }

    #[test]
    fn case_35_what_a_dead_process_held_is_held_until_its_end_is_on_record() {
        let folder = TempDir::new().unwrap();
        let state = open(&folder, NOON);
        let mut new = run("first", &["a"], r#"{"claims": {"path": "exclusive"}}"#);
        new.holder.boot_id = "an earlier boot".to_owned();
        let first = state.start_run(&new).unwrap();
        let second = run("second", &["x"], r#"{"claims": {"path": "exclusive"}}"#);
        assert!(matches!(state.start_run(&second), Err(StartError::ClaimHeld { .. })));
        let end = Event::RunEnded { run: first, outcome: Outcome::Interrupted, reason: None };
        state.record(&end).unwrap();
        assert_eq!(state.start_run(&second).unwrap(), RunId(2));
    }

    #[test]
    fn case_50_the_partner_is_left_alone_until_it_covers_the_gap_and_the_same_target_is_not() {
        let folder = TempDir::new().unwrap();
        let groups = r#"{"groups": {"pair": 1}}"#;
        let state = open(&folder, NOON);
        let first = state.start_run_within(&run("first", &["a"], groups), &limits()).unwrap();
        let (target, name, action) = ("a".to_owned(), "restart".to_owned(), String::new());
        let (ordinal, attempt, phase) = (1, 1, Phase::Steps);
        let place = Some(0);
        let begin = Event::StepIntended { run: first, ordinal, phase, target, name, action, attempt, place };
        let end = Event::StepEnded {
            run: first,
            ordinal,
            attempt,
            outcome: Outcome::Succeeded,
            retried: false,
            exit_code: Some(0),
            took_ms: 1,
            message: None,
            output: None,
            usage: None,
        };
        let over = Event::RunEnded { run: first, outcome: Outcome::Succeeded, reason: None };
        state.record_all(&[begin, end, over]).unwrap();
        drop(state);

        let soon = open(&folder, "2026-03-07T12:59:00Z");
        let partner = run("second", &["b"], groups);
        let refusal = soon.start_run_within(&partner, &limits()).unwrap_err();
        assert!(matches!(&refusal, StartError::Uncovered { target, .. } if target == "a"), "{refusal}");
        let words = refusal.to_string();
        assert!(words.starts_with("the group `pair` is left alone until 2026-03-07T13:00:0"), "{words}");
        let again = soon.start_run_within(&run("first", &["a"], groups), &limits()).unwrap();
        soon.record(&Event::RunEnded { run: again, outcome: Outcome::Refused, reason: None }).unwrap();
        drop(soon);
        let covered = open(&folder, "2026-03-07T13:00:01Z");
        covered.start_run_within(&partner, &limits()).unwrap();
    }

    #[test]
    fn of_many_processes_as_many_begin_as_there_is_room_for() {
        let folder = TempDir::new().unwrap();
        drop(open(&folder, NOON));
        let start = |n: u32| {
            let mut new = run(&format!("task-{n}"), &[&format!("host-{n}")], r#"{"resources": {"crew": 1}}"#);
            new.occurrence = Some(OccurrenceId(format!("task-{n}#1")));
            open(&folder, NOON).start_run_within(&new, &limits())
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|n| {
                    scope.spawn({
                        let start = &start;
                        move || start(n)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
        let is_told = |result: &Result<RunId, StartError>| {
            matches!(result, Ok(_) | Err(StartError::ResourceTaken { taken: 3, .. }))
        };
        assert!(results.iter().all(is_told), "{results:?}");
    }
}
