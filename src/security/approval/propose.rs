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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::model::{Objective, Occurrence};

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    /// A schedule of occurrences of `t`, each with its hour and its target.
    fn schedule(occurrences: &[(&str, i64, &str)]) -> Schedule {
        let placed = |(id, hour, target): &(&str, i64, &str)| Placed {
            occurrence: Occurrence {
                id: OccurrenceId((*id).to_owned()),
                task: "t".to_owned(),
                targets: vec![(*target).to_owned()],
                release: at(0),
                due: None,
                latest: None,
                estimate: TimeDelta::hours(1),
            },
            start: at(*hour),
            end: at(*hour + 1),
            window: None,
            moved_from: None,
            because: Vec::new(),
        };
        Schedule {
            revision: 1,
            plan_digest: String::new(),
            from: at(0),
            until: at(100),
            placed: occurrences.iter().map(placed).collect(),
            unplaced: Vec::new(),
            objective: Objective::default(),
            basis: None,
        }
    }

    #[test]
    fn what_is_offered_is_as_it_was_published() {
        let now = at(10);
        let check = |published: (&str, i64, &str), computed: &[(&str, i64, &str)], expected: &str| {
            let (published, computed) = (schedule(&[published]), schedule(computed));
            let offer = of_schedule(&published, &computed, &History::default(), |task| task == "t", now);
            let offered =
                offer.occurrences.iter().map(|it| format!("{} at {}", it.id, it.start.format("%H")));
            let changed = offer.changed.iter().map(|it| format!("{} {}", it.occurrence, it.how.in_words()));
            assert_eq!(offered.chain(changed).collect::<Vec<_>>().join("; "), expected, "{published:?}");
        };
        check(("a", 12, "x"), &[("a", 12, "x")], "a at 12");
        check(("a", 12, "x"), &[("a", 13, "x")], "a has moved since it was published");
        check(("a", 12, "x"), &[("a", 12, "y")], "a would work on other targets now");
        check(("a", 12, "x"), &[], "a would not happen any more");
        check(("a", 12, "x"), &[("a", 12, "x"), ("b", 14, "x")], "a at 12; b was not published");
        check(("a", 12, "x"), &[("a", 12, "x"), ("b", 100, "x")], "a at 12");
        // What waits moves on with the clock; what was slept through is nobody's business any more.
        check(("a", 9, "x"), &[("a", 10, "x")], "a at 09");
        check(("a", 9, "x"), &[], "");
    }
}
