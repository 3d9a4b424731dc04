//! What no schedule can be better than.
//!
//! Sources: critical path; energy between a head and a tail, as in Klein and Scholl, "Computing lower bounds
//! by destructive improvement" (1999).

use super::model::{Cost, Model, UNPLACED};
use super::problem::{Demand, Time};

/// Above this many jobs only the whole work of a resource is looked at, not that of every part of the
/// project.
const MAX_JOBS_BY_PARTS: usize = 2000;

/// A bound on the parts of a cost: each one holds where the parts before it are equal.
pub fn lower_bound(model: &Model) -> Cost {
    let jobs = model.problem.jobs();
    let hopeless = model.hopeless.iter().map(|(job, _)| &jobs[job.0]);
    let (optional, needed): (Vec<_>, Vec<_>) = hopeless.partition(|job| job.optional);
    let unplaced = needed.iter().map(|job| u128::from(job.weight.max(1))).sum();
    let tardiness = model.jobs.iter().map(|job| tardiness(model, *job as usize)).sum();
    let makespan = critical_path(model).max(energy(model));
    Cost { unplaced, tardiness, moved: model.n_must_move, left_out: optional.len() as u64, makespan }
}

/// What the least lateness of `job` costs.
fn tardiness(model: &Model, job: usize) -> u128 {
    let wanted = &model.problem.jobs()[job];
    // What may be skipped is not late.
    let due = model.fixed_due(job).filter(|_| !model.is_skippable[job]);
    let end = model.head[job] + wanted.duration;
    let late = due.map_or(0, |due| (end - due).max(0));
    u128::from(wanted.weight) * u128::from(late.unsigned_abs())
}

/// The longest chain, where all that can keep its published start does.
fn critical_path(model: &Model) -> Time {
    let mut start = vec![UNPLACED; model.head.len()];
    let mut published = vec![None; model.head.len()];
    for &(job, time) in &model.published {
        published[job as usize] = Some(time);
    }
    let mut end = model.problem.origin();
    for &job in &model.jobs {
        let job = job as usize;
        let before = model.forwards.predecessors.of(job).iter();
        let after = before.map(|link| start[link.job as usize] + link.wait).max();
        let from = after.map_or(model.head[job], |after| after.max(model.head[job]));
        let allowed = model.forwards.allowed(job, from).map_or(from, |(first, _)| first);
        start[job] = published[job].unwrap_or(allowed);
        end = end.max(start[job] + model.forwards.duration[job]);
    }
    end - model.problem.origin()
}

/// Where a job lies at best, and what it holds of a resource.
#[derive(Clone, Copy)]
struct Part {
    head: Time,
    tail: Time,
    energy: i128,
}

/// The most that a resource needs for the jobs that start late enough and have enough after them.
fn energy(model: &Model) -> Time {
    let tails = model.tails();
    let mut parts: Vec<Vec<Part>> = vec![Vec::new(); model.problem.capacities().len()];
    // What has started may hold more than there is.
    for &job in model.jobs.iter().filter(|job| !model.is_started(**job as usize)) {
        let wanted = &model.problem.jobs()[job as usize];
        for Demand { resource, amount, .. } in &wanted.demands {
            let energy = i128::from(wanted.duration) * i128::from(*amount);
            let (head, tail) = (model.head[job as usize], tails[job as usize]);
            parts[resource.0].push(Part { head, tail, energy });
        }
    }
    let capacities = model.problem.capacities().iter();
    let ends = parts.into_iter().zip(capacities).filter_map(|(parts, capacity)| {
        if MAX_JOBS_BY_PARTS < parts.len() {
            end_of_all(&parts, *capacity)
        } else {
            end_by_parts(parts, *capacity)
        }
    });
    ends.max().map_or(0, |end| end - model.problem.origin())
}

fn end_of_all(parts: &[Part], capacity: u32) -> Option<Time> {
    let head = parts.iter().map(|part| part.head).min()?;
    let tail = parts.iter().map(|part| part.tail).min()?;
    Some(head + time_for(parts.iter().map(|part| part.energy).sum(), capacity) + tail)
}

fn end_by_parts(mut parts: Vec<Part>, capacity: u32) -> Option<Time> {
    parts.sort_unstable_by_key(|part| -part.head);
    // What starts at `head` or later, by tail, the longest first.
    let mut later: Vec<Part> = Vec::with_capacity(parts.len());
    let mut end = None;
    for part in parts {
        later.insert(later.partition_point(|other| part.tail <= other.tail), part);
        let mut energy = 0;
        for other in &later {
            energy += other.energy;
            end = end.max(Some(part.head + time_for(energy, capacity) + other.tail));
        }
    }
    end
}

fn time_for(energy: i128, capacity: u32) -> Time {
    let capacity = i128::from(capacity.max(1));
    Time::try_from((energy + capacity - 1) / capacity).unwrap_or(0)
}
