//! What published work was placed with, and the plan file says otherwise now; and what is taken by others.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::fit::opening_now;
use super::{Drift, Kind, Watch, drift_of};
use crate::calendar;
use crate::model::{Length, OccurrenceId, Placed, PlanFile, WindowSpan};
use crate::scheduler::demands::{Demand, demands};
use crate::scheduler::ground::TaskGround;
use crate::scheduler::resources::Resources;
use crate::scheduler::solver;
use crate::scheduler::words::resource;

/// What to do about everything here.
const HELP: &str = "`mainstay plan --publish` makes the new plan the schedule";

impl Watch<'_> {
    /// Whether the plan file says otherwise about what is still to come.
    pub(super) fn changed(&self, task: &TaskGround, placed: &Placed) -> Option<Drift> {
        let past = self.history.of(task.name);
        if !self.is_changed || past.is_settled(&placed.occurrence.id) {
            return None;
        }
        let mut differences = Vec::new();
        let (before, now) = (&placed.occurrence.targets, &task.targets);
        if before != now {
            differences.push(format!("targets {} instead of {}", now.join(", "), before.join(", ")));
        }
        let (before, now) = (placed.occurrence.estimate, task.estimate);
        // What history has refined is no change of the plan file.
        if before != now && !past.knows_duration() {
            differences.push(format!("duration {} instead of {}", Length(now), Length(before)));
        }
        differences.extend(self.window_changed(task, placed));
        differences.extend(self.capacities_changed(task));
        if differences.is_empty() {
            return None;
        }
        let start = self.local(placed.start);
        let detail =
            format!("was published for {start}, and the plan file has changed: {}", differences.join("; "));
        let drift = drift_of(Kind::ResourcesChanged, &placed.occurrence, self.now, detail);
        Some(Drift { help: HELP.to_owned(), ..drift })
    }

    fn window_changed(&self, task: &TaskGround, placed: &Placed) -> Option<String> {
        match (&placed.window, &task.spans) {
            (None, None) => None,
            (None, Some(_)) => {
                let windows: Vec<_> = task.task.window.iter().map(|window| window.value.as_str()).collect();
                Some(format!("window {} instead of any time", windows.join(", ")))
            }
            (Some(window), None) => Some(format!("any time instead of window {}", window.name)),
            (Some(window), Some(_))
                if is_same(self.ground.plan, task, placed, window) || window.end <= self.now =>
            {
                None
            }
            (Some(window), Some(spans)) => {
                let next = spans.iter().find(|span| placed.start < span.end);
                let next = next.map_or("nowhere".to_owned(), |next| self.opening(next));
                Some(format!("window {next} instead of {}", self.opening(window)))
            }
        }
    }

    fn opening(&self, window: &WindowSpan) -> String {
        format!("{} from {} for {}", window.name, self.local(window.start), Length(window.end - window.start))
    }

    /// Capacities of which the task takes something; schedules that were published before they were kept say nothing.
    fn capacities_changed(&self, task: &TaskGround) -> Vec<String> {
        let Some(basis) = &self.published.basis else { return Vec::new() };
        let changed = |Demand { name, capacity, .. }: &Demand| {
            let before = basis.capacities.get(name).filter(|before| *before != capacity)?;
            Some(format!("{} has {capacity} instead of {before}", resource(name)))
        };
        demands(self.ground, task).iter().filter_map(changed).collect()
    }
}

/// Whether the window that something was published in is there as it was. Where openings touch they are one, which begins
/// and ends where somebody stopped looking: there it only matters that the work still fits.
fn is_same(plan: &PlanFile, task: &TaskGround, placed: &Placed, window: &WindowSpan) -> bool {
    let declared = task.task.window.iter().filter_map(|name| plan.windows.get(name));
    let longest = declared.map(|window| window.duration.value.0).max().unwrap_or_default();
    opening_now(task, placed).is_some_and(|now| {
        let is_joined = longest < now.end - now.start;
        let fits = || calendar::gate(now, placed.start, task.estimate).is_none();
        now == window || (now.name == window.name && is_joined && fits())
    })
}

/// One stretch of work and how much it takes.
struct Stretch {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    amount: u32,
    by: OccurrenceId,
    /// What those before it take at its start.
    used: u32,
    /// The last of them, if there is one.
    last: Option<usize>,
}

/// What published work and work that is going takes.
pub(super) struct Taken {
    resources: Resources,
    /// By resource, in order of their starts.
    stretches: Vec<Vec<Stretch>>,
}

impl Taken {
    pub(super) fn by_published(watch: &Watch) -> Self {
        let resources = Resources::of(watch.ground);
        let mut stretches: Vec<Vec<Stretch>> = resources.names.iter().map(|_| Vec::new()).collect();
        let mut take = |place: usize, start, end: DateTime<Utc>, by: &OccurrenceId| {
            for demand in &resources.needs[place] {
                let end = end + TimeDelta::seconds(demand.hold);
                let (amount, by) = (demand.amount, by.clone());
                let stretch = Stretch { start, end, amount, by, used: 0, last: None };
                stretches[demand.resource.0].push(stretch);
            }
        };
        for (place, task) in watch.ground.tasks.iter().enumerate() {
            if let Some(running) = &watch.history.of(task.name).running {
                let by = running.occurrence.clone().unwrap_or_else(|| OccurrenceId(task.name.to_owned()));
                take(place, watch.now, running.until, &by);
            }
        }
        for placed in watch.published.placed.iter().filter(|placed| watch.now <= placed.start) {
            if let Some(place) = watch.ahead(placed) {
                take(place, placed.start, placed.end, &placed.occurrence.id);
            }
        }
        for stretches in &mut stretches {
            stretches.sort_by(|a, b| (a.start, &a.by).cmp(&(b.start, &b.by)));
            add_up(stretches);
        }
        Self { resources, stretches }
    }

    /// Whether what an occurrence takes is not there at its published start, because of what began before it.
    pub(super) fn beyond(&self, watch: &Watch, placed: &Placed) -> Option<Drift> {
        if placed.start < watch.now {
            return None;
        }
        let needs = &self.resources.needs[watch.ahead(placed)?];
        let (demand, used, last) = needs.iter().find_map(|demand| self.lacks(demand, placed))?;
        let (name, capacity) =
            (&self.resources.names[demand.resource.0], self.resources.capacities[demand.resource.0]);
        let detail = format!(
            "needs {} of {} {}, where {used} of {capacity} is taken by {} until {}",
            demand.amount,
            resource(name),
            watch.local(placed.start),
            last.by,
            watch.local(last.end)
        );
        let drift = drift_of(Kind::ResourcesChanged, &placed.occurrence, watch.now, detail);
        Some(Drift { by: Some(last.end - placed.start), help: HELP.to_owned(), ..drift })
    }

    /// What is lacking of a demand at a published start: how much is used then, and by whom at last.
    fn lacks<'d>(
        &self,
        demand: &'d solver::Demand,
        placed: &Placed,
    ) -> Option<(&'d solver::Demand, u32, &Stretch)> {
        let stretches = &self.stretches[demand.resource.0];
        let own = (placed.start, &placed.occurrence.id);
        let place = stretches.partition_point(|other| (other.start, &other.by) < own);
        let Stretch { used, last, .. } = *stretches.get(place)?;
        let is_beyond = self.resources.capacities[demand.resource.0] < used.saturating_add(demand.amount);
        is_beyond.then_some((demand, used, &stretches[last?]))
    }
}

/// Finds out of each of `stretches`, which are in order, what those before it take at its start.
fn add_up(stretches: &mut [Stretch]) {
    let mut used: u64 = 0;
    let mut by_end: BTreeSet<(DateTime<Utc>, usize)> = BTreeSet::new();
    let mut going: BTreeSet<usize> = BTreeSet::new();
    for place in 0..stretches.len() {
        let start = stretches[place].start;
        while let Some((_, ended)) = by_end.first().copied().filter(|(end, _)| *end <= start) {
            by_end.pop_first();
            going.remove(&ended);
            used -= u64::from(stretches[ended].amount);
        }
        let stretch = &mut stretches[place];
        (stretch.used, stretch.last) = (u32::try_from(used).unwrap_or(u32::MAX), going.last().copied());
        by_end.insert((stretch.end, place));
        going.insert(place);
        used += u64::from(stretch.amount);
    }
}

impl Watch<'_> {
    /// The place of the task of published work that is still to come.
    fn ahead(&self, placed: &Placed) -> Option<usize> {
        let task = self.owed(&placed.occurrence)?;
        let is_ahead = !self.history.of(task.name).is_settled(&placed.occurrence.id);
        self.ground.places.get(task.name).copied().filter(|_| is_ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts, lengths and amounts in seconds: what each finds in use, and who was the last to take it.
    #[test]
    fn each_stretch_knows_what_those_before_it_take() {
        let at = |second: i64| DateTime::from_timestamp(second, 0).expect("an instant");
        let stretch = |(start, length, amount): (i64, i64, u32)| Stretch {
            start: at(start),
            end: at(start + length),
            amount,
            by: OccurrenceId(start.to_string()),
            used: 0,
            last: None,
        };
        // One that goes on for long, one that is over before it begins, two at once, and one that begins as others end.
        let all =
            [(0, 100, 1), (10, -5, 7), (20, 10, 2), (20, 20, 4), (30, 1, 8), (40, 1, 1), (200, 1, u32::MAX)];
        let mut stretches: Vec<_> = all.into_iter().map(stretch).collect();
        add_up(&mut stretches);
        let found: Vec<_> = stretches.iter().map(|stretch| (stretch.used, stretch.last)).collect();
        let expected =
            [(0, None), (1, Some(0)), (1, Some(0)), (3, Some(2)), (5, Some(3)), (1, Some(0)), (0, None)];
        assert_eq!(found, expected);
    }
}
