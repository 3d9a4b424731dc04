//! The ground that a schedule stands on: what the plan file allows, when, looked up once.

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{History, ScheduleError};
use crate::calendar::{self, Calendar, Freeze, Zone};
use crate::model::{ClaimMode, Occurrence, OccurrenceId, PlanFile, Task, WindowSpan};

/// How far beyond the horizon windows are looked up, so that work released near its end has a due time.
const OUTLOOK: TimeDelta = TimeDelta::days(35);

/// What the plan file allows between `from` and `until`.
#[derive(Debug)]
pub struct Ground<'p> {
    /// The plan file.
    pub plan: &'p PlanFile,
    /// Its zone.
    pub zone: Zone,
    /// The horizon's start, which is now.
    pub from: DateTime<Utc>,
    /// The first instant after the horizon.
    pub until: DateTime<Utc>,
    /// What is known about each task with a schedule, in the order of the plan file.
    pub tasks: Vec<TaskGround<'p>>,
    /// Places in `tasks` by name.
    pub places: HashMap<&'p str, usize>,
    /// The blackouts, by start.
    pub freezes: Vec<Freeze>,
    /// Places in `tasks`, each behind those that its task comes after.
    pub order: Vec<usize>,
    /// How many tasks share each claim.
    pub(super) n_sharing: HashMap<&'p str, u32>,
}

/// What is known about one task.
#[derive(Debug)]
pub struct TaskGround<'p> {
    /// Its name.
    pub name: &'p str,
    /// As it stands in the plan file.
    pub task: &'p Task,
    /// What it works on, in order, each once.
    pub targets: Vec<String>,
    /// How long an occurrence takes.
    pub estimate: TimeDelta,
    /// When it may run, by start and disjoint, until some time after the horizon; `None`: any time.
    pub spans: Option<Rc<Vec<WindowSpan>>>,
    /// The longest time that one of its windows is open; `None`: any time.
    pub longest_span: Option<TimeDelta>,
    /// Its calendar.
    pub calendar: Option<Calendar>,
    /// Places of the tasks that it comes after.
    pub after: Vec<usize>,
}

impl<'p> Ground<'p> {
    /// Looks everything up.
    ///
    /// # Errors
    /// [`ScheduleError`] when the zone or a recurrence cannot be used.
    pub fn survey(
        plan: &'p PlanFile,
        history: &History,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Self, ScheduleError> {
        let zone = zone_of(plan)?;
        let mut by_windows: HashMap<Vec<&str>, Rc<Vec<WindowSpan>>> = HashMap::new();
        let mut tasks = Vec::new();
        for (name, task) in plan.tasks.iter() {
            let Some(schedule) = &task.schedule else { continue };
            let name = name.value.as_str();
            let calendar = Calendar::of_task(schedule).map_err(|source| ScheduleError::Calendar {
                whose: format!("tasks.{name}.schedule"),
                source,
            })?;
            let windows: Vec<_> = task.window.iter().map(|window| window.value.as_str()).collect();
            let spans = match by_windows.get(&windows) {
                _ if windows.is_empty() => None,
                Some(spans) => Some(Rc::clone(spans)),
                None => {
                    let spans = Rc::new(spans_of(plan, &zone, &windows, from, until + OUTLOOK)?);
                    by_windows.insert(windows.clone(), Rc::clone(&spans));
                    Some(spans)
                }
            };
            let declared = windows.iter().filter_map(|window| plan.windows.get(window));
            let declared = declared.map(|window| window.duration.value.0);
            let found = spans.iter().flat_map(|spans| spans.iter()).map(|span| span.end - span.start);
            let longest_span = spans.as_ref().map(|_| declared.chain(found).max().unwrap_or_default());
            let targets = plan.targets_of(task);
            let declared = plan.estimate(task, &targets);
            tasks.push(TaskGround {
                name,
                task,
                estimate: history.of(name).estimate(declared),
                targets,
                spans,
                longest_span,
                calendar,
                after: Vec::new(),
            });
        }
        let places: HashMap<_, _> =
            tasks.iter().enumerate().map(|(place, task)| (task.name, place)).collect();
        for task in &mut tasks {
            task.after =
                task.task.after.iter().filter_map(|name| places.get(name.value.as_str()).copied()).collect();
        }
        let order = in_order(&tasks);
        let mut freezes: Vec<_> =
            plan.blackouts.iter().map(|(name, blackout)| calendar::freeze(name, blackout, &zone)).collect();
        freezes.sort_by_key(|freeze| freeze.start);
        let n_sharing = n_sharing(plan);
        Ok(Self { plan, zone, from, until, tasks, places, freezes, order, n_sharing })
    }

    /// The blackouts that a task has to respect, by start.
    pub fn freezes_of(&self, task: &TaskGround) -> impl Iterator<Item = &Freeze> {
        let kind = task.task.kind.value;
        self.freezes.iter().filter(move |freeze| freeze.stops(kind))
    }

    /// The spans of a task from `from` on, which may lie before the horizon.
    ///
    /// # Errors
    /// As [`Ground::survey`].
    pub fn spans_since(
        &self,
        task: &TaskGround,
        from: DateTime<Utc>,
    ) -> Result<Option<Rc<Vec<WindowSpan>>>, ScheduleError> {
        if self.from <= from || task.spans.is_none() {
            return Ok(task.spans.clone());
        }
        let windows: Vec<_> = task.task.window.iter().map(|window| window.value.as_str()).collect();
        spans_of(self.plan, &self.zone, &windows, from, self.until + OUTLOOK)
            .map(|spans| Some(Rc::new(spans)))
    }
}

impl TaskGround<'_> {
    /// An occurrence of this task, in whole seconds: everything starts on one.
    pub fn occurrence(
        &self,
        id: OccurrenceId,
        release: DateTime<Utc>,
        due: Option<DateTime<Utc>>,
        latest: Option<DateTime<Utc>>,
    ) -> Occurrence {
        Occurrence {
            id,
            task: self.name.to_owned(),
            targets: self.targets.clone(),
            release: whole(release),
            due: due.map(whole),
            latest: latest.map(whole),
            estimate: self.estimate,
        }
    }
}

/// The first whole second that is not before `instant`.
pub(super) fn whole(instant: DateTime<Utc>) -> DateTime<Utc> {
    let cut = instant.trunc_subsecs(0);
    if cut < instant { cut + TimeDelta::seconds(1) } else { cut }
}

/// The zone of a plan file.
///
/// # Errors
/// When its `timezone` is unknown.
pub fn zone_of(plan: &PlanFile) -> Result<Zone, ScheduleError> {
    Ok(plan.timezone.as_ref().map_or(Ok(Zone::utc()), |name| Zone::named(name))?)
}

fn spans_of(
    plan: &PlanFile,
    zone: &Zone,
    windows: &[&str],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<WindowSpan>, ScheduleError> {
    let mut spans = Vec::new();
    for name in windows {
        let Some(window) = plan.windows.get(name) else { continue };
        let openings = calendar::openings(name, window, zone, from, until);
        let whose = || format!("windows.{name}");
        spans.extend(openings.map_err(|source| ScheduleError::Calendar { whose: whose(), source })?);
    }
    Ok(calendar::merge(spans))
}

/// How many tasks share each claim: so many can hold it at once, or one that holds it alone.
fn n_sharing(plan: &PlanFile) -> HashMap<&str, u32> {
    let mut n_sharing: HashMap<&str, u32> = HashMap::new();
    for (_, task) in plan.tasks.iter() {
        for (name, mode) in task.claims.iter().flat_map(|claim| claim.value.held()) {
            *n_sharing.entry(name).or_default() += u32::from(mode == ClaimMode::Shared);
        }
    }
    n_sharing
}

/// The places of tasks, each behind those that it comes after.
///
/// A cycle, which `validate` refuses, and what comes after it are at the end.
fn in_order(tasks: &[TaskGround]) -> Vec<usize> {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    let mut n_before: Vec<usize> = tasks.iter().map(|task| task.after.len()).collect();
    for (place, task) in tasks.iter().enumerate() {
        task.after.iter().for_each(|before| followers[*before].push(place));
    }
    let mut order: Vec<usize> = (0..tasks.len()).filter(|place| n_before[*place] == 0).collect();
    let mut next = 0;
    while let Some(&place) = order.get(next) {
        next += 1;
        for &follower in &followers[place] {
            n_before[follower] -= 1;
            if n_before[follower] == 0 {
                order.push(follower);
            }
        }
    }
    order.extend((0..tasks.len()).filter(|place| n_before[*place] > 0));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_is_behind_those_that_it_comes_after_and_a_cycle_at_the_end() {
        let order = |after: &[(&str, &str)]| {
            let task = |(name, after): &(&str, &str)| {
                format!(
                    "  {name}: {{type: routine, domain: data, schedule: {{every: 1d}}, after: [{after}], \
                     duration: 1m, steps: [{{run: [\"true\"]}}]}}\n"
                )
            };
            let yaml = format!("mainstay: 1\ntasks:\n{}", after.iter().map(task).collect::<String>());
            let text = crate::planfile::Text::new("maintenance.yaml", yaml.into_bytes());
            let plan = text.read().into_plan().expect("a plan");
            let from = DateTime::UNIX_EPOCH;
            let ground = Ground::survey(&plan, &History::default(), from, from + TimeDelta::days(1));
            let ground = ground.expect("a ground");
            ground.order.iter().map(|place| ground.tasks[*place].name.to_owned()).collect::<String>()
        };
        assert_eq!(order(&[("a", "b"), ("b", "c"), ("c", "")]), "cba");
        assert_eq!(order(&[("a", ""), ("b", "a"), ("c", "a, b"), ("d", "")]), "adbc");
        assert_eq!(order(&[("a", "b"), ("b", "a"), ("c", "b"), ("d", "")]), "dabc");
    }
}
