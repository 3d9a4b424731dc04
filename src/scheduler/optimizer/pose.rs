//! Pieces of work as a problem for the solver.

use chrono::TimeDelta;

use super::calendars::seconds;
use super::pieces::{Piece, Pieces};
use crate::scheduler::ground::Ground;
use crate::scheduler::planner;
use crate::scheduler::resources::Resources;
use crate::scheduler::solver::{
    CalendarId, Demand, Due, Job, JobId, Predecessor, Problem, ProblemError, ResourceId, Stretch,
};

/// The problem whose jobs are the pieces, in their order.
///
/// # Errors
/// [`ProblemError`] for what `validate` refuses too, such as tasks that wait for each other.
pub fn problem(
    ground: &Ground,
    pieces: &Pieces,
    resources: &Resources,
    calendars: &[Vec<Stretch>],
    calendar_of: &[usize],
) -> Result<Problem, ProblemError> {
    let mut capacities = resources.capacities.clone();
    let turns = turns(ground, pieces, resources, &mut capacities);
    let job = |piece: &Piece| {
        let mut demands = resources.needs[piece.place].clone();
        demands.extend(turns[piece.place].map(|resource| Demand { resource, amount: 1, hold: 0 }));
        Job { demands, calendar: Some(CalendarId(calendar_of[piece.place])), ..job(ground, piece) }
    };
    let mut jobs: Vec<Job> = pieces.all.iter().map(job).collect();
    for (piece, job) in pieces.all.iter().zip(&mut jobs) {
        job.predecessors = predecessors(ground, piece);
    }
    keep_in_order(ground, pieces, &mut jobs);
    Problem::new(jobs, capacities, calendars.to_vec())
}

/// A job without what it waits for.
fn job(ground: &Ground, piece: &Piece) -> Job {
    let (task, occurrence) = (&ground.tasks[piece.place], &piece.occurrence);
    let (from, until) = (seconds(ground.from), seconds(ground.until));
    let release = seconds(occurrence.release).max(from);
    // Published for a time beyond the horizon, it is none of this schedule's business.
    let is_beyond = piece
        .published
        .is_some_and(|start| ground.until <= start && occurrence.latest.is_none_or(|latest| start < latest));
    let latest = occurrence.latest.map_or(until, |latest| seconds(latest).min(until)) - 1;
    let latest = piece.no_later.map_or(latest, |no_later| seconds(no_later).min(latest));
    Job {
        duration: occurrence.estimate.num_seconds(),
        release,
        due: due(ground, piece),
        weight: u64::from(task.task.priority()),
        latest_start: Some(if is_beyond { release - 1 } else { latest }),
        published: piece.published.filter(|_| !is_beyond).map(seconds),
        optional: is_beyond || !piece.has_to_come && occurrence.due.is_some_and(|due| ground.until < due),
        started: piece.began.map(seconds),
        ..Job::default()
    }
}

fn due(ground: &Ground, piece: &Piece) -> Option<Due> {
    match piece.previous.zip(planner::interval(&ground.tasks[piece.place])) {
        Some((previous, interval)) => {
            Some(Due::After { job: JobId(previous), within: interval.due.num_seconds() })
        }
        None => piece.occurrence.due.map(|due| Due::At(seconds(due))),
    }
}

fn predecessors(ground: &Ground, piece: &Piece) -> Vec<Predecessor> {
    let lag = |wait: TimeDelta| wait.num_seconds();
    let interval = planner::interval(&ground.tasks[piece.place]);
    let previous = piece.previous.zip(interval);
    let previous = previous.map(|(job, interval)| Predecessor { job: JobId(job), lag: lag(interval.wait) });
    let after = piece.after.iter().map(|job| Predecessor { job: JobId(*job), lag: 0 });
    previous.into_iter().chain(after).collect()
}

/// A run that is going is waited for by all that its task has to do; catching up on everything (`missed: all`) happens
/// in order, so that what has no latest start is waited for by the next.
fn keep_in_order(ground: &Ground, pieces: &Pieces, jobs: &mut [Job]) {
    for (place, of_task) in pieces.of_task.iter().enumerate() {
        if planner::interval(&ground.tasks[place]).is_some() {
            continue;
        }
        let wait = |jobs: &mut [Job], piece: usize, before: usize| {
            jobs[piece].predecessors.push(Predecessor { job: JobId(before), lag: 0 });
        };
        for pair in of_task.windows(2) {
            let before = &pieces.all[pair[0]];
            if before.began.is_none() && before.occurrence.latest.is_none() {
                wait(jobs, pair[1], pair[0]);
            }
        }
        let Some((first, others)) = of_task.split_first() else { continue };
        let is_going = pieces.all[*first].began.is_some();
        others.iter().filter(|_| is_going).for_each(|piece| wait(jobs, *piece, *first));
    }
}

/// A task runs once at a time. Where nothing else sees to that, it is a resource of its own.
fn turns(
    ground: &Ground,
    pieces: &Pieces,
    resources: &Resources,
    capacities: &mut Vec<u32>,
) -> Vec<Option<ResourceId>> {
    let mut turns = Vec::with_capacity(ground.tasks.len());
    for (place, of_task) in pieces.of_task.iter().enumerate() {
        let takes_most = |demand: &Demand| capacities[demand.resource.0] < demand.amount.saturating_mul(2);
        let is_alone = resources.needs[place].iter().any(takes_most);
        let is_ordered = of_task.len() < 2 || planner::interval(&ground.tasks[place]).is_some();
        turns.push((!is_alone && !is_ordered).then(|| {
            capacities.push(1);
            ResourceId(capacities.len() - 1)
        }));
    }
    turns
}
