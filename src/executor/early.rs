//! What starts sooner than the schedule says, because what it waits for is over sooner than was estimated.
//!
//! The schedule has estimates; work that ends before its estimate leaves a gap that its successors need not wait for.
//! Moving them up must not cross the schedule: nothing that others were placed before is taken from them.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use super::needs;
use crate::model::{Because, OccurrenceId, Placed, PlanFile};
use crate::scheduler::History;

/// What decides whether an occurrence may move up.
pub(super) struct Later<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// Occurrences whose later start was published: people count on that.
    pub promised: &'a BTreeSet<&'a OccurrenceId>,
    /// Occurrences that were tried before.
    pub attempted: &'a BTreeSet<OccurrenceId>,
    /// What was done, and what goes on.
    pub past: &'a History,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Chooses of `placed` what starts now, and what only waits for that (`true`), in the order of their starts.
///
/// 1. What waits for more than the end of what is chosen is not: a window, a blackout, its release.
/// 2. Nothing moves up that shares anything with what is placed before it and not chosen.
pub(super) fn choose(placed: Vec<Placed>, later: &Later) -> Vec<(Placed, bool)> {
    let mut chosen: Vec<(Placed, bool)> = Vec::new();
    let mut ids: HashSet<OccurrenceId> = HashSet::new();
    let mut others = Others { tasks: running(later), shared: HashSet::new() };
    for one in placed {
        let is_due = one.start <= later.now;
        if !is_due && chosen.is_empty() {
            break;
        }
        let was_tried = later.attempted.contains(&one.occurrence.id);
        if !was_tried && (is_due || later.may_move(&one, &ids, &others)) {
            ids.insert(one.occurrence.id.clone());
            chosen.push((one, !is_due));
        } else {
            others.shared.extend(names(later.plan, &one));
            others.tasks.insert(one.occurrence.task);
        }
    }
    chosen
}

/// What is placed and not chosen, or goes on already.
struct Others {
    tasks: HashSet<String>,
    shared: HashSet<String>,
}

fn running(later: &Later) -> HashSet<String> {
    let tasks = later.past.tasks.iter().filter(|(_, past)| past.running.is_some());
    tasks.map(|(task, _)| task.clone()).collect()
}

impl Later<'_> {
    fn may_move(&self, one: &Placed, chosen: &HashSet<OccurrenceId>, others: &Others) -> bool {
        let is_released = one.occurrence.release <= self.now && !self.promised.contains(&one.occurrence.id);
        let only_waits = one.because.iter().all(|because| match because {
            Because::After { occurrence, .. } => chosen.contains(occurrence),
            Because::Resource { .. } => true,
            _ => false,
        });
        let Some(task) = self.plan.tasks.get(&one.occurrence.task) else { return false };
        is_released
            && !one.because.is_empty()
            && only_waits
            && task.after.iter().all(|before| !others.tasks.contains(&before.value))
            && names(self.plan, one).iter().all(|name| !others.shared.contains(name))
    }
}

/// Everything that an occurrence takes turns at with others.
fn names(plan: &PlanFile, one: &Placed) -> Vec<String> {
    let occurrence = &one.occurrence;
    let Some(task) = plan.tasks.get(&occurrence.task) else { return Vec::new() };
    let (holds, _) = needs::of(plan, task, &occurrence.targets);
    needs::names(&occurrence.task, &occurrence.targets, &holds).collect()
}
