//! Why what has no start has none.

use super::generate::{earliest, search};
use super::model::{Model, UNPLACED};
use super::network::{first_start, latest_start};
use super::problem::{JobId, Time};
use super::profile::{Blocks, Direction, Profile as _};
use super::solution::Why;

/// Why each job without a start has none, in the order of the jobs.
pub fn unplaced(model: &Model, starts: &[Time]) -> Vec<(JobId, Why)> {
    let mut profile = None;
    let mut unplaced = model.hopeless.clone();
    for job in model.jobs.iter().map(|job| *job as usize).filter(|job| starts[*job] == UNPLACED) {
        let before = model.forwards.predecessors.of(job).iter().map(|link| link.job as usize);
        let missing = before.into_iter().find(|before| starts[*before] == UNPLACED);
        let why = missing.map_or_else(
            || {
                let is_optional = model.problem.jobs()[job].optional;
                let has_room = is_optional
                    && finds_room(model, profile.get_or_insert_with(|| of(model, starts)), starts, job);
                if has_room { Why::Optional } else { Why::NoRoom }
            },
            |before| Why::After(JobId(before)),
        );
        unplaced.push((JobId(job), why));
    }
    unplaced.sort_unstable_by_key(|(job, _)| *job);
    unplaced
}

/// What is in use by all that is placed.
fn of(model: &Model, starts: &[Time]) -> Blocks {
    let mut profile = Blocks::of(model.problem);
    profile.clear(Direction::Forwards);
    for job in model.jobs.iter().map(|job| *job as usize) {
        if starts[job] != UNPLACED && !model.is_started(job) {
            profile.take(job, starts[job], model.forwards.duration[job]);
        }
    }
    profile
}

/// Whether `job` could start somewhere, however late.
fn finds_room(model: &Model, profile: &mut Blocks, starts: &[Time], job: usize) -> bool {
    let wanted = &model.problem.jobs()[job];
    let from = earliest(&model.forwards, starts, job, first_start(wanted));
    search(&model.forwards, profile, job, from, latest_start(wanted)).is_ok()
}
