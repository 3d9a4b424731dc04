//! `run --due` when nothing is due, of many tasks with a long past.

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::model::{Event, Holds, OccurrenceId, Origin, Outcome, RunId};
use mainstay::state::{Access, NewRun, State};
use mainstay::world::clock::Clock;
use mainstay::world::process_identity;
use rusqlite::Connection;

use crate::row::{Quantity, Row};
use crate::{mainstay, plan_file, this_program, with_arguments};

const N_TASKS: u32 = 10_000;
const N_WEEKS: u32 = 52;
/// A Saturday, on which everything of the week has been done.
const NOW: &str = "2026-11-21T12:00:00Z";

pub fn row(dir: &Path) -> Row {
    let (plan_file, state) = (dir.join("weekly.yaml"), dir.join("weekly").join("state.db"));
    Row {
        name: format!("due: nothing, of {N_TASKS} tasks with {N_WEEKS} runs each"),
        floor_name: "`SELECT 1` of the state file, and parsing the plan file into a plain value",
        quantity: Quantity::WallTime,
        limit: Some(3.0),
        most: None,
        n_rounds: 15,
        subject: Box::new({
            let (plan_file, state) = (plan_file.clone(), state.clone());
            move |round| {
                if round == 0 {
                    fs::write(&plan_file, plan_file::of_weekly_tasks(N_TASKS as usize))
                        .expect("a writable directory");
                    make_past(&state);
                }
                let mut command = mainstay();
                command.env("MAINSTAY_NOW", NOW).arg("-f").arg(&plan_file).arg("--state").arg(&state);
                command.args(["run", "--due"]);
                command
            }
        }),
        exit_code: 0,
        floor: Box::new(move |_| with_arguments(this_program("floor-due"), &[&state, &plan_file])),
    }
}

/// Records the last run of each task, and copies it into the weeks before.
fn make_past(state: &Path) {
    let now: DateTime<Utc> = NOW.parse().expect("a time");
    let open = |at| State::open(state, Access::ReadWrite, Clock::new(Some(at))).expect("a state file");
    let tasks: Vec<String> = (0..N_TASKS).map(|n| format!("task-{n:05}")).collect();
    let seen = Event::TasksSeen { tasks: tasks.clone() };
    open(now - TimeDelta::weeks(52)).record(&seen).expect("the disk has room");
    let recorded = open(now - TimeDelta::hours(1));
    let events: Vec<_> = (0..).zip(&tasks).flat_map(|(n, task)| run_of(n, task, now)).collect();
    for events in events.chunks(1000) {
        recorded.record_all(events).expect("the disk has room");
    }
    drop(recorded);
    let copy = format!(
        "PRAGMA synchronous = off;
         BEGIN;
         CREATE TEMP TABLE week AS SELECT * FROM run;
         {}
         UPDATE task SET ended_runs = {N_WEEKS}, durations = '[{}0]';
         COMMIT;",
        "UPDATE week SET id = id - (SELECT count(*) FROM week),
             occurrence = task || '@' || strftime('%Y-%m-%dT%H:%M:%SZ', substr(occurrence, 12), '-7 days'),
             started = strftime('%Y-%m-%dT%H:%M:%fZ', started, '-7 days'),
             ended = strftime('%Y-%m-%dT%H:%M:%fZ', ended, '-7 days');
         INSERT INTO run SELECT * FROM week;"
            .repeat(N_WEEKS as usize - 1),
        "2, ".repeat(19),
    );
    Connection::open(state).and_then(|state| state.execute_batch(&copy)).expect("the disk has room");
}

/// The start and the end of the newest run of the task with number `n`.
fn run_of(n: u32, task: &str, now: DateTime<Utc>) -> [Event; 2] {
    let days_before = (6 + 7 - i64::from(n % 7)) % 7;
    let release = (now - TimeDelta::days(days_before)).date_naive().and_hms_opt(2, n % 60, 0);
    let release = release.expect("a time of day").and_utc();
    let run = RunId(i64::from((N_WEEKS - 1) * N_TASKS + n) + 1);
    let new = NewRun {
        task: task.to_owned(),
        occurrence: Some(OccurrenceId::at(task, release)),
        origin: Origin::Due,
        due: Some(release + TimeDelta::hours(4)),
        plan_digest: "ab".repeat(32),
        targets: vec!["here".to_owned()],
        holder: process_identity::current().expect("/proc"),
        approvals: Vec::new(),
        definition: None,
        holds: Holds::default(),
        justification: None,
        partial: false,
    };
    [new.started_as(run), Event::RunEnded { run, outcome: Outcome::Succeeded, reason: None }]
}
