//! The optimizer: occurrences to start times.
//!
//! Occurrences become pieces, the pieces a problem for the [`solver`], its solution places in time with their reasons.
//!
//! An interval is released and due so long after the one before it has ended; both move with it. What comes after
//! another task waits for its latest occurrence that is released no later: should the solution move a release past
//! another one, the problem is posed once more with what has to be waited for as well.

mod calendars;
mod help;
mod pieces;
mod pose;
mod reading;
mod site;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::ground::Ground;
use super::resources::Resources;
use super::solver::{self, JobId, Problem, ProblemError, Solution, Stretch};
use super::{History, ScheduleError, Search};
use crate::model::{Objective, Occurrence, Placed, Schedule, Unplaced};
use pieces::Pieces;
use reading::Reading;

/// Start times, and what got none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optimized {
    /// What happens, by start and then by name.
    pub placed: Vec<Placed>,
    /// What cannot happen, by release and then by name.
    pub unplaced: Vec<Unplaced>,
    /// How good it is.
    pub objective: Objective,
    /// What published starts were moved for, if more of them moved than had to.
    pub gain: Option<Gain>,
}

/// What is better than in the schedule that keeps every published start that can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain {
    /// How many more published starts moved.
    pub moved: u64,
    /// How many occurrences have a place that had none there.
    pub placed: usize,
    /// By how much less, in seconds weighted by priority, work ends late.
    pub weighted_tardiness_seconds: u64,
}

/// Gives each of `occurrences` its place in time.
///
/// Better is, in this order: less left out, less weighted lateness, fewer published starts moved, a shorter makespan,
/// a lower peak of what is in use. Work that is going holds what it needs until its estimated end.
///
/// An occurrence that finds no start within the horizon is left out without a word when it is due only after
/// the horizon; any other is in [`Optimized::unplaced`].
///
/// # Errors
/// [`ScheduleError`] for an interval that is too short for the horizon, and for tasks that wait for each other.
pub fn optimize(
    ground: &Ground,
    occurrences: Vec<Occurrence>,
    history: &History,
    published: Option<&Schedule>,
    search: Search,
) -> Result<Optimized, ScheduleError> {
    let resources = Resources::of(ground);
    let calendars = Calendars::of(ground);
    let pieces = Pieces::of(ground, occurrences, history, published, &resources, &calendars.of_tasks())?;
    let yard = Yard { ground, resources: &resources, calendars: &calendars };
    let is_searched = !search.is_none();
    let found = yard.solve(pieces.clone(), search)?;
    let answer = if is_searched && found.n_rounds > 1 {
        // What it had to wait for in the end may have spoilt what the search gained.
        let first = yard.solve(pieces, Search::none())?;
        if first.cost < found.cost { first } else { found }
    } else {
        found
    };
    Ok(answer.reading.tell(ground, &answer.pieces, &resources, &answer.solution))
}

/// What all problems of one schedule have in common.
struct Yard<'y, 'p> {
    ground: &'y Ground<'p>,
    resources: &'y Resources,
    calendars: &'y Calendars,
}

/// A solution that waits for all that it has to.
struct Answer {
    pieces: Pieces,
    reading: Reading,
    solution: Solution,
    cost: (u128, solver::Objective),
    n_rounds: usize,
}

impl Yard<'_, '_> {
    fn solve(&self, mut pieces: Pieces, mut search: Search) -> Result<Answer, ScheduleError> {
        let Self { ground, resources, calendars } = *self;
        let mut n_rounds = 0;
        loop {
            n_rounds += 1;
            let problem = pose::problem(ground, &pieces, resources, &calendars.all, &calendars.of_task)
                .map_err(|error| wrong(ground, &pieces, &error))?;
            let solution = solver::solve(&problem, search.seed, search.effort());
            search.spend(solution.steps);
            let reading = Reading::of(ground, &pieces, &solution);
            if !reconsider(ground, &mut pieces, &reading) {
                let cost = (left_out(&problem, &solution), solution.objective);
                return Ok(Answer { pieces, reading, solution, cost, n_rounds });
            }
        }
    }
}

/// The weight of what has no place and should have one.
fn left_out(problem: &Problem, solution: &Solution) -> u128 {
    let jobs = solution.unplaced.iter().map(|(job, _)| &problem.jobs()[job.0]);
    jobs.filter(|job| !job.optional).map(|job| u128::from(job.weight.max(1))).sum()
}

/// Adds what has to be waited for by the releases that came out, and forgets what is waited for in vain and need not be;
/// what was published and has no place any more is looked for one. Says whether there was any of that.
///
/// What is waited for once more after it was forgotten is not forgotten again, so that this ends.
fn reconsider(ground: &Ground, pieces: &mut Pieces, reading: &Reading) -> bool {
    let mut is_new = false;
    for piece in 0..pieces.all.len() {
        // An interval after one without a place is never released.
        let release = |piece: usize| {
            let has_release =
                pieces.all[piece].previous.is_none_or(|previous| reading.start(previous).is_some());
            if has_release { reading.occurrences[piece].release } else { DateTime::<Utc>::MAX_UTC }
        };
        if release(piece) == DateTime::<Utc>::MAX_UTC {
            continue;
        }
        let waits_for = pieces.waits_for(ground, piece, release);
        is_new |= if let Some(start) = reading.start(piece) {
            let is_in_the_way = |before: &usize| reading.end(*before).is_none_or(|end| start < end);
            let known = &mut pieces.all[piece].after;
            let is_missing = |before: &usize| is_in_the_way(before) && !known.contains(before);
            let missing: Vec<_> = waits_for.into_iter().filter(is_missing).collect();
            known.extend(&missing);
            !missing.is_empty()
        } else {
            let in_vain = |before: usize| reading.start(before).is_none() && !waits_for.contains(&before);
            let is_forgotten = pieces.forget(piece, in_vain);
            // It may have waited in vain because the one before it waited for its sake.
            if let Some(previous) = pieces.all[piece].previous.filter(|_| is_forgotten) {
                pieces.all[previous].no_later = reading.start(previous);
            }
            // A start that people were told of and that is possible no more moves, rather than vanish.
            let piece = &mut pieces.all[piece];
            let may_wait = piece.occurrence.due.is_some_and(|due| ground.until < due);
            let is_told = piece.published.is_some_and(|start| start < ground.until);
            let is_missed = may_wait && is_told && !piece.has_to_come;
            piece.has_to_come |= is_missed;
            is_forgotten || is_missed
        };
    }
    is_new
}

/// What is wrong with the plan file when there is no problem to solve.
fn wrong(ground: &Ground, pieces: &Pieces, error: &ProblemError) -> ScheduleError {
    let task = |job: JobId| ground.tasks[pieces.all[job.0].place].name.to_owned();
    match *error {
        ProblemError::Cycle(job) => ScheduleError::Cycle { task: task(job) },
        ProblemError::JobTime { job, what } => ScheduleError::OutOfRange { task: task(job), what },
        ProblemError::Weight(job) => ScheduleError::OutOfRange { task: task(job), what: "`priority`" },
        _ => ScheduleError::OutOfRange { task: String::new(), what: "the number of occurrences" },
    }
}

/// The stretches of time that tasks may use; those with the same windows and blackouts share them.
struct Calendars {
    all: Vec<Vec<Stretch>>,
    of_task: Vec<usize>,
}

impl Calendars {
    fn of(ground: &Ground) -> Self {
        let mut calendars = Self { all: Vec::new(), of_task: Vec::with_capacity(ground.tasks.len()) };
        let mut known = HashMap::new();
        for task in &ground.tasks {
            let key = (task.spans.as_ref().map(std::rc::Rc::as_ptr), task.task.kind.value);
            let place = *known.entry(key).or_insert_with(|| {
                let freezes: Vec<_> = ground.freezes_of(task).collect();
                let spans = task.spans.as_deref().map(Vec::as_slice);
                calendars.all.push(calendars::stretches(spans, &freezes));
                calendars.all.len() - 1
            });
            calendars.of_task.push(place);
        }
        calendars
    }

    fn of_tasks(&self) -> Vec<&[Stretch]> {
        self.of_task.iter().map(|calendar| self.all[*calendar].as_slice()).collect()
    }
}

/// How good a solution is, in the words of a schedule.
fn objective(solution: &Solution) -> Objective {
    let (found, bound) = (&solution.objective, &solution.lower_bound);
    let seconds = |time: i64| u64::try_from(time).unwrap_or(0);
    Objective {
        weighted_tardiness_seconds: u64::try_from(found.weighted_tardiness).unwrap_or(u64::MAX),
        moved: found.moved,
        makespan_seconds: seconds(found.makespan),
        lower_bound_seconds: seconds(bound.makespan.min(found.makespan)),
        optimal: solution.optimal,
        peak: found.peak,
    }
}

fn gain(solution: &Solution) -> Option<Gain> {
    let (first, found) = (&solution.first, &solution.objective);
    let moved = found.moved.checked_sub(first.objective.moved).filter(|moved| 0 < *moved)?;
    let n_left_out = usize::try_from(found.left_out).unwrap_or(0);
    let n_unplaced = solution.unplaced.len().saturating_sub(n_left_out);
    let tardiness = first.objective.weighted_tardiness.saturating_sub(found.weighted_tardiness);
    Some(Gain {
        moved,
        placed: first.n_unplaced.saturating_sub(n_unplaced),
        weighted_tardiness_seconds: u64::try_from(tardiness).unwrap_or(u64::MAX),
    })
}
