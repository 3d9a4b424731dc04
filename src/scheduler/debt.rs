//! Maintenance debt: everything that should have been done by now, as one list and one number.
//!
//! Pure: what is known comes in as [`Facts`]; nothing is asked of the network. The list is empty when nothing is owed.
//!
//! The number is in points: an item counts one point for each day begun since it is owed, times the criticality of what
//! it is about (low 1, medium 2, high 3, critical 4). So it grows as long as nobody does anything, falls to zero when
//! everything is done, and what is owed for long on what matters weighs most.
//!
//! Source: maintenance management orders its backlog by age and criticality, because a count of overdue work hides
//! both. Restores are rehearsed every quarter: CIS Controls 8.1, safeguard 11.5.

mod facts;
mod rehearsal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::facts::{Facts, LeftSilence, LeftWaiver, OpenReview, OpenRun, owed_steps};
use super::ground::Ground;
use super::planner::{self, Planned};
use super::{History, ScheduleError};
use crate::counted;
use crate::model::{Criticality, Outcome, PlanFile, Run, RunId, Schedule};
use crate::text::roughly;

/// What is owed, and how much that is. In JSON as it stands here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Debt {
    /// The sum of the points.
    pub total: u64,
    /// What is owed, the heaviest first.
    pub items: Vec<Item>,
}

/// One thing that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What kind of thing.
    pub kind: Kind,
    /// The task that it is about.
    pub task: Option<String>,
    /// The run that it is about.
    pub run: Option<RunId>,
    /// What the matter is; names stand in backticks.
    pub what: String,
    /// Since when it is owed; null: nobody knows.
    pub since: Option<DateTime<Utc>>,
    /// What it adds to the total.
    pub points: u64,
    /// What to do; commands stand in backticks.
    pub help: String,
}

/// A kind of debt, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A run stopped in its middle, and nobody has settled it.
    Interrupted,
    /// Steps of the way back, or of `finally`, were not done, and the task has not succeeded since.
    OwedSteps,
    /// A silence outlived its run.
    Silence,
    /// A run passed windows, blackouts and approval, and nobody has reviewed it.
    Review,
    /// Work is past its due time.
    Overdue,
    /// Work that was never done is past its due time.
    NeverDone,
    /// Starts were missed since the last success.
    Missed,
    /// What is saved is not restored often enough to know that it can be.
    Restore,
    /// A waiver has ended and still stands in the plan file.
    Waiver,
    /// No schedule is published, or the published one has ended.
    Schedule,
}

impl Kind {
    /// For people: `owed steps`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted run",
            Self::OwedSteps => "owed steps",
            Self::Silence => "silence left over",
            Self::Review => "review open",
            Self::Overdue => "overdue",
            Self::NeverDone => "never done",
            Self::Missed => "missed",
            Self::Restore => "restore not rehearsed",
            Self::Waiver => "waiver expired",
            Self::Schedule => "schedule",
        }
    }
}

/// A schedule that is not published within this time after the first task was met is owed.
const TIME_TO_PUBLISH: TimeDelta = TimeDelta::days(1);

/// How far ahead the next occurrence of a task is looked for, the longest first: what happens every minute has more in
/// a month than one schedule can hold.
const HORIZONS: [TimeDelta; 3] = [TimeDelta::weeks(4), TimeDelta::days(2), TimeDelta::hours(2)];

/// Finds everything that is owed at `facts.now`.
///
/// # Errors
/// [`ScheduleError`] for a plan file that `validate` refuses too.
pub fn debt(facts: &Facts) -> Result<Debt, ScheduleError> {
    let planned = planned(facts.plan, facts.history, facts.published, facts.now)?;
    let mut list = List { facts, items: Vec::new() };
    list.runs();
    list.silences();
    list.reviews();
    list.overdue(&planned);
    list.missed(&planned);
    list.restores();
    list.waivers();
    list.schedule();
    let mut items = list.items;
    items.sort_by(|a, b| {
        (std::cmp::Reverse(a.points), a.kind, &a.task, a.run).cmp(&(
            std::cmp::Reverse(b.points),
            b.kind,
            &b.task,
            b.run,
        ))
    });
    let total = items.iter().fold(0_u64, |total, item| total.saturating_add(item.points));
    Ok(Debt { total, items })
}

/// What has to happen by now, and what was slept through.
fn planned(
    plan: &PlanFile,
    history: &History,
    published: Option<&Schedule>,
    now: DateTime<Utc>,
) -> Result<Planned, ScheduleError> {
    let look = |horizon: TimeDelta| {
        let ground = Ground::survey(plan, history, now, now + horizon)?;
        planner::plan(&ground, history, published)
    };
    let [longest, shorter @ ..] = HORIZONS;
    shorter.into_iter().fold(look(longest), |planned, horizon| match planned {
        Err(ScheduleError::TooMany { .. }) => look(horizon),
        other => other,
    })
}

/// How much depends on something, as a factor.
fn weight(criticality: Criticality) -> u64 {
    match criticality {
        Criticality::Low => 1,
        Criticality::Medium => 2,
        Criticality::High => 3,
        Criticality::Critical => 4,
    }
}

/// The days begun between two instants, at least one.
fn days_begun(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> u64 {
    const DAY: i64 = 86_400;
    let seconds = since.map_or(0, |since| (now - since).num_seconds().max(0));
    u64::try_from(seconds / DAY + i64::from(seconds % DAY > 0)).unwrap_or_default().max(1)
}

/// What is found, item by item.
struct List<'a> {
    facts: &'a Facts<'a>,
    items: Vec<Item>,
}

impl List<'_> {
    fn add(
        &mut self,
        kind: Kind,
        (task, run): (Option<&str>, Option<RunId>),
        since: Option<DateTime<Utc>>,
        what: String,
        help: String,
    ) {
        let plan = self.facts.plan;
        let criticality = task.and_then(|task| plan.tasks.get(task)).and_then(|task| task.criticality);
        let weight = weight(criticality.unwrap_or(plan.criticality));
        let points = days_begun(since, self.facts.now).saturating_mul(weight);
        self.items.push(Item { kind, task: task.map(str::to_owned), run, what, since, points, help });
    }

    /// One item for each task and kind: the newest run speaks for those before it, and the oldest says since when.
    fn runs(&mut self) {
        let mut groups: BTreeMap<(&str, Kind), Vec<&OpenRun>> = BTreeMap::new();
        for open in self.facts.runs {
            let is_interrupted = matches!(open.run.outcome, None | Some(Outcome::Interrupted));
            let kind = if is_interrupted { Kind::Interrupted } else { Kind::OwedSteps };
            if is_interrupted || !open.owed.is_empty() {
                groups.entry((&open.run.task, kind)).or_default().push(open);
            }
        }
        for ((task, kind), mut group) in groups {
            group.sort_by_key(|open| open.run.id);
            let since = group.iter().map(|open| open.run.ended.unwrap_or(open.run.started)).min();
            let Some(OpenRun { run: Run { id, .. }, owed }) = group.pop() else { continue };
            let how = if kind == Kind::Interrupted { "stopped in its middle" } else { "did not clean up" };
            let mut what = format!("run {id} of `{task}` {how}");
            if !group.is_empty() {
                write!(what, ", and so did {} before it", counted(group.len(), "run")).unwrap_or_default();
            }
            if !owed.is_empty() {
                write!(what, "; owed: {}", owed.join(", ")).unwrap_or_default();
            }
            let first = if kind == Kind::Interrupted {
                format!("`mainstay run --resume {id}` goes on with it")
            } else {
                format!("see to what it left, then `mainstay run {task}`")
            };
            let help = format!("{first}, or `mainstay run --abandon {id} --reason TEXT` settles it");
            self.add(kind, (Some(task), Some(*id)), since, what, help);
        }
    }

    fn silences(&mut self) {
        for LeftSilence { run, task, alertmanager, since } in self.facts.silences {
            let what = format!("the silence of run {run} at {alertmanager} is not known to have ended");
            let help = "`mainstay run --due` looks for it and ends it".to_owned();
            self.add(Kind::Silence, (task.as_deref(), Some(*run)), Some(*since), what, help);
        }
    }

    fn reviews(&mut self) {
        for OpenReview { run, task, reason, opened, due } in self.facts.reviews {
            let day = due.format("%Y-%m-%d %H:%M");
            let when = if *due < self.facts.now {
                format!("its review is overdue since {day} UTC")
            } else {
                format!("it has to be reviewed until {day} UTC")
            };
            let what = format!("run {run} of `{task}` was an emergency ({reason}); {when}");
            let help = format!("look at it, then `mainstay audit review {run} --note TEXT`");
            self.add(Kind::Review, (Some(task), Some(*run)), Some(*opened), what, help);
        }
    }

    fn overdue(&mut self, planned: &Planned) {
        let mut first: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for occurrence in &planned.occurrences {
            let Some(due) = occurrence.due.filter(|due| *due < self.facts.now) else { continue };
            let first = first.entry(&occurrence.task).or_insert(due);
            *first = due.min(*first);
        }
        for (task, due) in first {
            let late = roughly(self.facts.now - due);
            let is_never_done = self.facts.history.of(task).last_success.is_none();
            let (kind, what) = if is_never_done {
                (Kind::NeverDone, format!("`{task}` was never done with success, and is {late} overdue"))
            } else {
                (Kind::Overdue, format!("`{task}` is {late} overdue"))
            };
            let help = format!("`mainstay plan --explain {task}` says when it can start");
            self.add(kind, (Some(task), None), Some(due), what, help);
        }
    }

    /// Starts that were missed since the last success, on record or not yet; one item for each task.
    fn missed(&mut self, planned: &Planned) {
        let mut releases: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
        let on_record = self.facts.missed.iter().map(|(task, release)| (task.as_str(), *release));
        let not_yet = planned.missed.iter().map(|missed| (missed.task.as_str(), missed.release));
        for (task, release) in on_record.chain(not_yet) {
            let success = self.facts.history.of(task).last_success;
            let is_planned = self.facts.plan.tasks.get(task).is_some_and(|task| task.schedule.is_some());
            if is_planned && release <= self.facts.now && success < Some(release) {
                releases.entry(task).or_default().push(release);
            }
        }
        for (task, mut releases) in releases {
            releases.sort_unstable();
            releases.dedup();
            let n = counted(releases.len(), "start");
            let since = if self.facts.history.of(task).last_success.is_some() {
                "since its last success"
            } else {
                "and it never succeeded"
            };
            let what = format!("`{task}` missed {n} {since}");
            let help = format!("`mainstay run {task}` makes it good");
            self.add(Kind::Missed, (Some(task), None), releases.first().copied(), what, help);
        }
    }

    fn restores(&mut self) {
        for found in rehearsal::look(self.facts.plan, self.facts.history, self.facts.now) {
            self.add(Kind::Restore, (Some(found.task), None), Some(found.since), found.what, found.help);
        }
    }

    fn waivers(&mut self) {
        for LeftWaiver { code, ended } in self.facts.waivers {
            let what = format!("the waiver of `{code}` has ended");
            let help =
                "`mainstay validate` shows its place: mend what it was for, or decide again".to_owned();
            self.add(Kind::Waiver, (None, None), Some(*ended), what, help);
        }
    }

    fn schedule(&mut self) {
        let Facts { plan, now, history, published, .. } = *self.facts;
        if !plan.tasks.iter().any(|(_, task)| task.schedule.is_some()) {
            return;
        }
        let (since, what) = match published {
            Some(published) if published.until <= now => (
                published.until,
                format!("revision {} of the schedule has come to its end", published.revision),
            ),
            Some(_) => return,
            None => {
                let known = plan.tasks.names().filter_map(|task| history.of(task).handled_until).min();
                let Some(since) = known.map(|known| known + TIME_TO_PUBLISH).filter(|since| *since <= now)
                else {
                    return;
                };
                (since, "no schedule is published".to_owned())
            }
        };
        let help = "`mainstay plan --publish` publishes one".to_owned();
        self.add(Kind::Schedule, (None, None), Some(since), what, help);
    }
}
