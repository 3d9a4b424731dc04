//! What there is to approve: the published occurrences that are still as they were published. Pure.

use chrono::{DateTime, Utc};

use super::ON_DEMAND_FOR;
use crate::model::{ApprovedOccurrence, ApprovedRun, OccurrenceId, Placed, PlanFile, Schedule};
use crate::scheduler::History;

/// What could be approved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Offer {
    /// Occurrences of the schedule in force.
    pub occurrences: Vec<ApprovedOccurrence>,
    /// The next runs of tasks on demand.
    pub on_demand: Vec<ApprovedRun>,
    /// Occurrences that are not as they were published, and why.
    pub changed: Vec<Changed>,
}

/// An occurrence that is not as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub occurrence: OccurrenceId,
    /// In which way.
    pub how: Change,
}

/// How an occurrence differs from the published one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not published.
    New,
    /// It would start at another time now.
    Moved,
    /// It would not happen now.
    Gone,
    /// It would work on other targets now.
    Targets,
}

/// What of `published` concerns these tasks and is computed now as it was published.
///
/// What should have started already has moved because it waits, perhaps for this very approval: that is no change.
pub fn of_schedule(
    published: &Schedule,
    computed: &Schedule,
    history: &History,
    is_asked: impl Fn(&str) -> bool,
    now: DateTime<Utc>,
) -> Offer {
    let mut offer = Offer::default();
    let is_open = |placed: &&Placed| {
        let occurrence = &placed.occurrence;
        is_asked(&occurrence.task) && !history.of(&occurrence.task).is_settled(&occurrence.id)
    };
    let of_now = by_id(&computed.placed);
    for placed in published.placed.iter().filter(is_open) {
        let id = &placed.occurrence.id;
        let is_late = placed.start <= now;
        let how = match of_now.get(id) {
            // It was slept through, or a later one does for it.
            None if is_late => continue,
            None => Some(Change::Gone),
            Some(current) if current.occurrence.targets != placed.occurrence.targets => Some(Change::Targets),
            Some(current) if current.start != placed.start && !is_late => Some(Change::Moved),
            Some(_) => None,
        };
        match how {
            Some(how) => offer.changed.push(Changed { occurrence: id.clone(), how }),
            None => offer.occurrences.push(approved(placed)),
        }
    }
    let before = by_id(&published.placed);
    let is_new =
        |placed: &&Placed| !before.contains_key(&placed.occurrence.id) && placed.start < published.until;
    let new = computed.placed.iter().filter(is_open).filter(is_new);
    offer
        .changed
        .extend(new.map(|placed| Changed { occurrence: placed.occurrence.id.clone(), how: Change::New }));
    offer
}

/// The next run of a task on demand.
pub fn on_demand(plan: &PlanFile, name: &str, now: DateTime<Utc>) -> Option<ApprovedRun> {
    let task = plan.tasks.get(name)?;
    Some(ApprovedRun { task: name.to_owned(), targets: plan.targets_of(task), until: now + ON_DEMAND_FOR })
}

fn by_id(placed: &[Placed]) -> std::collections::HashMap<&OccurrenceId, &Placed> {
    placed.iter().map(|placed| (&placed.occurrence.id, placed)).collect()
}

fn approved(placed: &Placed) -> ApprovedOccurrence {
    ApprovedOccurrence {
        id: placed.occurrence.id.clone(),
        task: placed.occurrence.task.clone(),
        targets: placed.occurrence.targets.clone(),
        start: placed.start,
    }
}

impl Change {
    /// In words: the occurrence comes before them.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::New => "was not published",
            Self::Moved => "has moved since it was published",
            Self::Gone => "would not happen any more",
            Self::Targets => "would work on other targets now",
        }
    }
}
