//! What published work was placed with, and the plan file says otherwise now; and what is taken by others.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::fit::opening_now;
use super::{Drift, Kind, Watch, drift_of};
use crate::calendar;
use crate::model::{Length, OccurrenceId, Placed, PlanFile, WindowSpan};
use crate::scheduler::demands::{Demand, demands};
use crate::scheduler::ground::TaskGround;
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
}

/// What published work and work that is going takes, by resource.
pub(super) struct Taken(HashMap<String, Vec<Stretch>>);

impl Taken {
    pub(super) fn by_published(watch: &Watch) -> Self {
        let mut taken: HashMap<String, Vec<Stretch>> = HashMap::new();
        let mut take = |task: &TaskGround, start, end: DateTime<Utc>, by: &OccurrenceId| {
            for Demand { name, amount, hold, .. } in demands(watch.ground, task) {
                let stretch = Stretch { start, end: end + hold, amount, by: by.clone() };
                taken.entry(name).or_default().push(stretch);
            }
        };
        for task in &watch.ground.tasks {
            if let Some(running) = &watch.history.of(task.name).running {
                let by = running.occurrence.clone().unwrap_or_else(|| OccurrenceId(task.name.to_owned()));
                take(task, watch.now, running.until, &by);
            }
        }
        for placed in watch.published.placed.iter().filter(|placed| watch.now <= placed.start) {
            if let Some(task) = watch.ahead(placed) {
                take(task, placed.start, placed.end, &placed.occurrence.id);
            }
        }
        for stretches in taken.values_mut() {
            stretches.sort_by(|a, b| (a.start, &a.by).cmp(&(b.start, &b.by)));
        }
        Self(taken)
    }

    /// Whether what an occurrence takes is not there at its published start, because of what began before it.
    pub(super) fn beyond(&self, watch: &Watch, task: &TaskGround, placed: &Placed) -> Option<Drift> {
        if placed.start < watch.now || watch.ahead(placed).is_none() {
            return None;
        }
        let (lacking, used, by, until) =
            demands(watch.ground, task).into_iter().find_map(|demand| self.lacks(demand, placed))?;
        let Demand { name, capacity, amount, .. } = lacking;
        let detail = format!(
            "needs {amount} of {} {}, where {used} of {capacity} is taken by {by} until {}",
            resource(&name),
            watch.local(placed.start),
            watch.local(until)
        );
        let drift = drift_of(Kind::ResourcesChanged, &placed.occurrence, watch.now, detail);
        Some(Drift { by: Some(until - placed.start), help: HELP.to_owned(), ..drift })
    }

    /// What is lacking of a demand at a published start: how much is used then, by whom at last, and until when.
    fn lacks(&self, demand: Demand, placed: &Placed) -> Option<(Demand, u32, OccurrenceId, DateTime<Utc>)> {
        let stretches = self.0.get(&demand.name)?;
        let own = &placed.occurrence.id;
        let before = stretches.partition_point(|other| (other.start, &other.by) < (placed.start, own));
        let (mut used, mut last) = (0_u32, None);
        for other in stretches[..before].iter().filter(|other| placed.start < other.end) {
            used = used.saturating_add(other.amount);
            last = Some(other);
        }
        let last = last.filter(|_| demand.capacity < used.saturating_add(demand.amount))?;
        Some((demand, used, last.by.clone(), last.end))
    }
}

impl<'a> Watch<'a> {
    /// The task of published work that is still to come.
    fn ahead(&self, placed: &Placed) -> Option<&'a TaskGround<'a>> {
        let task = self.owed(&placed.occurrence)?;
        (!self.history.of(task.name).is_settled(&placed.occurrence.id)).then_some(task)
    }
}
