//! What the times of a plan file come to in the year ahead: looked up once, for all rules about time.
//!
//! 1. What is not certain is not known: a value that could not be read, a window that is not defined, an
//!    expression with more instants than are worth looking at.
//! 2. The questions are those that the scheduler asks, by the same functions of the calendar, of one task alone:
//!    what fails here fails there, where other work comes on top of it.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::{Budget, MAX_INSTANTS};
use super::facts::{Facts, stands};
use super::rehearsal::{self, Frozen, MAX_INTERVALS, Rehearsal, Stage};
use super::windows_ahead::{CYCLE_YEARS, Windows, WindowsAhead};
use crate::calendar::{self, Freeze};
use crate::model::{DstMode, Length, Missed, Task, TaskType};

/// The time ahead that is looked at: a leap year, so that every date comes.
pub(super) const YEAR: TimeDelta = TimeDelta::days(366);
/// What is looked at of an expression that comes too often for a year.
const FEW_WEEKS: TimeDelta = TimeDelta::days(28);
/// The most targets that selectors are compared with.
const MAX_COMPARISONS: usize = 2_000_000;

/// What the times of a plan file come to.
pub(super) struct Outlook<'a> {
    /// The tasks that were read whole, in the order of the plan file.
    pub(super) tasks: Vec<TaskOutlook<'a>>,
    /// The first instant that is not looked at.
    pub(super) until: DateTime<Utc>,
    /// The blackouts, by start.
    pub(super) freezes: Vec<Freeze>,
    /// When no work of a type may run, by start and disjoint.
    frozen: HashMap<TaskType, Vec<Frozen>>,
    /// The windows.
    pub(super) windows: WindowsAhead<'a>,
    instants: Budget,
    comparisons: Budget,
}

/// What the times of one task come to.
pub(super) struct TaskOutlook<'a> {
    pub(super) name: &'a str,
    pub(super) task: &'a Task,
    /// How many targets it works on, one after the other.
    pub(super) n_targets: Option<i32>,
    /// How long a run takes, as long as history does not know better.
    pub(super) estimate: Option<TimeDelta>,
    pub(super) windows: Windows,
    /// How its occurrences go if there is no other work; of a task that runs on demand nothing.
    pub(super) rehearsal: Option<Rc<Rehearsal>>,
}

impl TaskOutlook<'_> {
    /// How long it takes: `6h`, or `6h, 3h on each of 2 targets`.
    pub(super) fn takes(&self) -> String {
        let one = self.task.duration.value;
        match self.n_targets {
            Some(n_targets) if 1 < n_targets => {
                let whole = self.estimate.map_or(one, Length);
                format!("{whole}, {one} on each of {n_targets} targets")
            }
            _ => one.to_string(),
        }
    }

    /// Its windows: ``window `night` ``, or `its windows`.
    pub(super) fn windows_in_words(&self) -> String {
        match &*self.task.window {
            [one] => format!("window `{}`", one.value),
            _ => "the longest of its windows".to_owned(),
        }
    }
}

/// What makes two tasks go alike.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    recurrence: Recurs<'a>,
    tolerance: Option<TimeDelta>,
    windows: Vec<&'a str>,
    estimate: TimeDelta,
    kind: TaskType,
}

#[derive(PartialEq, Eq, Hash)]
enum Recurs<'a> {
    Cron(&'a str, DstMode),
    Rrule(&'a str, DstMode),
    Every(TimeDelta),
    At(DateTime<Utc>),
}

impl<'a> Outlook<'a> {
    pub(super) fn new(facts: &Facts<'a>) -> Self {
        let blackouts = facts.plan.blackouts.iter().filter(|(_, it)| stands(&it.from) && stands(&it.to));
        let mut freezes: Vec<_> =
            blackouts.map(|(name, blackout)| calendar::freeze(name, blackout, &facts.zone)).collect();
        freezes.sort_by_key(|freeze| freeze.start);
        let mut outlook = Self {
            tasks: Vec::new(),
            until: facts.now + YEAR,
            frozen: HashMap::new(),
            freezes,
            windows: WindowsAhead::new(facts),
            instants: Budget::new(MAX_INSTANTS),
            comparisons: Budget::new(MAX_COMPARISONS),
        };
        for (_, task) in facts.plan.tasks.iter() {
            let kind = task.kind.value;
            outlook.frozen.entry(kind).or_insert_with(|| frozen(&outlook.freezes, kind));
        }
        let mut n_targets = HashMap::new();
        let mut rehearsals = HashMap::new();
        for (name, task) in facts.plan.tasks.iter() {
            if facts.is_spoiled(facts.value_of("tasks", &name.value)) {
                continue;
            }
            let selectors: Vec<_> = task.targets.iter().map(|selector| selector.value.as_str()).collect();
            let n_targets = *n_targets.entry(selectors).or_insert_with(|| outlook.count_targets(facts, task));
            let declared = Some(task.duration.value.0).filter(|_| stands(&task.duration));
            let mut task = TaskOutlook {
                name: &name.value,
                task,
                n_targets,
                estimate: declared.and_then(|one| one.checked_mul(n_targets?)).filter(is_positive),
                windows: outlook.windows.of(facts, task),
                rehearsal: None,
            };
            task.rehearsal = alike(facts, &task).filter(|_| facts.knows_zone()).and_then(|alike| {
                let rehearsal = rehearsals.entry(alike);
                rehearsal.or_insert_with(|| outlook.rehearse(facts, &task).map(Rc::new)).clone()
            });
            outlook.tasks.push(task);
        }
        outlook
    }

    /// The blackouts that keep work from running between `from` and `until`: `` `a`, `b` and 2 more``.
    pub(super) fn blackouts(&self, kind: TaskType, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
        const SHOWN: usize = 3;
        let stops = |freeze: &&Freeze| from < freeze.end && freeze.start < until && freeze.stops(kind);
        let names: Vec<_> =
            self.freezes.iter().filter(stops).map(|freeze| format!("`{}`", freeze.name)).collect();
        let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        match names.len().saturating_sub(SHOWN) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    }

    /// How many targets a task works on; `None` when something that it may mean could not be read.
    fn count_targets(&self, facts: &Facts, task: &Task) -> Option<i32> {
        if task.targets.is_empty() {
            return Some(1);
        }
        let names: HashSet<_> = task.targets.iter().map(|selector| selector.value.as_str()).collect();
        if names.iter().all(|name| facts.knows("targets", name)) {
            return i32::try_from(names.len()).ok();
        }
        let targets = &facts.plan.targets;
        let is_complete = facts.n_names("targets") == targets.len();
        if !is_complete || !self.comparisons.takes(names.len() * targets.len()) {
            return None;
        }
        i32::try_from(facts.plan.targets_of(task).len()).ok().filter(|n_targets| 0 < *n_targets)
    }

    fn rehearse(&self, facts: &Facts, task: &TaskOutlook) -> Option<Rehearsal> {
        let spans = match &task.windows {
            Windows::Any => None,
            Windows::Known(openings) => Some(openings.spans.as_slice()),
            Windows::Unknown => return None,
        };
        let kind = task.task.kind.value;
        let stage = Stage {
            spans,
            frozen: self.frozen.get(&kind).map_or(&[], Vec::as_slice),
            length: task.estimate?,
            from: facts.now,
            until: self.until,
        };
        let schedule = task.task.schedule.as_ref()?;
        let tolerance = schedule.tolerance.map(|tolerance| tolerance.value.0);
        if schedule.cron.is_some() || schedule.rrule.is_some() {
            let calendar = facts.calendar(schedule.cron.as_ref(), schedule.rrule.as_ref())?;
            let until = [self.until, facts.now + FEW_WEEKS];
            let is_affordable = |until: &DateTime<Utc>| {
                self.instants.spend(calendar, &facts.zone, facts.now, *until).is_some()
            };
            let until = until.into_iter().find(is_affordable)?;
            let stage = Stage { until, ..stage };
            let dst = task.task.dst.map(|dst| dst.value).unwrap_or_default();
            // One more than there are in the time ahead: it ends the last one of them.
            let mut is_over = false;
            let instants = calendar.instants(&facts.zone, dst, facts.now, self.until + YEAR * CYCLE_YEARS);
            let instants = instants.take_while(|instant| {
                let was_over = is_over;
                is_over = until <= *instant;
                !was_over
            });
            return Some(rehearsal::calendar(&stage, &instants.collect::<Vec<_>>(), tolerance));
        }
        if let Some(every) = schedule.every {
            if !self.instants.takes(MAX_INTERVALS) {
                return None;
            }
            return Some(rehearsal::interval(&stage, every.value.0, tolerance.unwrap_or_default()));
        }
        let at = facts.zone.resolve(&schedule.at.as_ref()?.value);
        (at < self.until).then(|| rehearsal::once(&stage, at))
    }
}

/// When blackouts keep work of a type from running: by start and disjoint.
fn frozen(freezes: &[Freeze], kind: TaskType) -> Vec<Frozen> {
    let mut frozen: Vec<Frozen> = Vec::new();
    for freeze in freezes.iter().filter(|freeze| freeze.stops(kind)) {
        match frozen.last_mut().filter(|(_, end)| freeze.start <= *end) {
            Some((_, end)) => *end = freeze.end.max(*end),
            None => frozen.push((freeze.start, freeze.end)),
        }
    }
    frozen
}

/// Whether arithmetic with a length is safe: that of the plan file ends below a hundred years.
pub(super) fn is_positive(length: &TimeDelta) -> bool {
    TimeDelta::zero() < *length && *length <= YEAR * 100
}

/// What has to be the same for two tasks to go alike; `None` for one whose occurrences are not known.
fn alike<'a>(facts: &Facts, outlook: &TaskOutlook<'a>) -> Option<Alike<'a>> {
    let task = outlook.task;
    let schedule = task.schedule.as_ref()?;
    let is_latest = task.missed.is_none_or(|missed| missed.value == Missed::Latest);
    if !is_latest || schedule.when.is_some() {
        return None;
    }
    let dst = task.dst.map(|dst| dst.value).unwrap_or_default();
    let recurrence = match (&schedule.cron, &schedule.rrule, &schedule.every, &schedule.at) {
        (Some(cron), None, None, None) => Recurs::Cron(&cron.value, dst),
        (None, Some(rule), None, None) => Recurs::Rrule(&rule.value, dst),
        (None, None, Some(every), None) => Recurs::Every(Some(every.value.0).filter(is_positive)?),
        (None, None, None, Some(at)) => Recurs::At(facts.zone.resolve(&at.value)),
        _ => return None,
    };
    Some(Alike {
        recurrence,
        tolerance: schedule.tolerance.map(|tolerance| tolerance.value.0),
        windows: task.window.iter().map(|window| window.value.as_str()).collect(),
        estimate: outlook.estimate?,
        kind: task.kind.value,
    })
}
