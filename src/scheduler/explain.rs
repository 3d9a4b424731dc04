//! Why a task does not run now, condition by condition, and when each of them could next change.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::ground::{Ground, TaskGround};
use super::report::time;
use super::words::{why_not, why_then};
use super::{History, Schedule, ScheduleError, TaskHistory};
use crate::calendar::Zone;
use crate::model::{Length, Placed, PlanFile, Span, Unplaced};

/// Everything that decides when a task runs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The task.
    pub task: String,
    /// The moment that it is explained for.
    pub at: DateTime<Utc>,
    /// Its next place in the schedule.
    pub next: Option<Placed>,
    /// What of it cannot be placed.
    pub unplaced: Vec<Unplaced>,
    /// What has to hold for a start, in the order in which it is asked.
    pub conditions: Vec<Condition>,
}

/// One thing that has to hold for a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What is asked.
    pub what: String,
    /// The answer now; `None` when only the run itself finds out.
    pub holds: Option<bool>,
    /// What the answer rests on, for people.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
    /// When the answer could next change.
    pub changes: Option<DateTime<Utc>>,
}

/// Where a condition comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The plan file: a path of keys, and the place of the value.
    Plan {
        /// The path, such as `tasks.upgrade.window`.
        path: String,
        /// The place.
        span: Span,
    },
    /// The state file.
    State,
    /// The schedule that was just computed.
    Schedule,
}

/// Explains when `task` runs next and what keeps it from running at `at`; `None` when there is no such task.
///
/// `schedule` was computed for `at`.
///
/// # Errors
/// As [`Ground::survey`].
pub fn explain(
    plan: &PlanFile,
    schedule: &Schedule,
    history: &History,
    task: &str,
    at: DateTime<Utc>,
) -> Result<Option<Explanation>, ScheduleError> {
    let Some(declared) = plan.tasks.get(task) else { return Ok(None) };
    let ground = Ground::survey(plan, history, at, schedule.until.max(at))?;
    let next = schedule.placed.iter().find(|placed| placed.occurrence.task == task).cloned();
    let mut unplaced: Vec<_> =
        schedule.unplaced.iter().filter(|unplaced| unplaced.occurrence.task == task).cloned().collect();
    unplaced.sort_by_key(|unplaced| unplaced.occurrence.release);
    let mut conditions = Vec::new();
    if let Some(&place) = ground.places.get(task) {
        let asked = Asked { ground: &ground, task: &ground.tasks[place], schedule, history, at };
        asked.all(next.as_ref(), unplaced.first(), &mut conditions);
    } else {
        conditions.push(Condition {
            what: "schedule".to_owned(),
            holds: Some(false),
            value: format!("none: it runs on demand, `mainstay run {task}`"),
            source: Source::Plan { path: format!("tasks.{task}"), span: declared.kind.span },
            changes: None,
        });
    }
    Ok(Some(Explanation { task: task.to_owned(), at, next, unplaced, conditions }))
}

struct Asked<'a> {
    ground: &'a Ground<'a>,
    task: &'a TaskGround<'a>,
    schedule: &'a Schedule,
    history: &'a History,
    at: DateTime<Utc>,
}

impl Asked<'_> {
    fn all(&self, next: Option<&Placed>, unplaced: Option<&Unplaced>, to: &mut Vec<Condition>) {
        let occurrence =
            next.map(|next| &next.occurrence).or_else(|| unplaced.map(|unplaced| &unplaced.occurrence));
        let past = self.history.of(self.task.name);
        self.release(occurrence.map(|occurrence| occurrence.release), past, to);
        if let Some(running) = &past.running {
            to.push(Condition {
                what: "not running".to_owned(),
                holds: Some(false),
                value: format!("running until about {}", self.shown(running.until)),
                source: Source::State,
                changes: Some(running.until),
            });
        }
        self.window(to);
        self.blackouts(to);
        self.after(to);
        self.shared(to);
        self.at_the_start(to);
    }

    fn release(&self, release: Option<DateTime<Utc>>, past: &TaskHistory, to: &mut Vec<Condition>) {
        let Some(schedule) = &self.task.task.schedule else { return };
        let done = match (past.last_success, past.last_end) {
            (Some(success), Some(end)) if success < end => {
                format!("last success {}, failed since", self.shown(success))
            }
            (Some(success), _) => format!("last success {}", self.shown(success)),
            (None, Some(end)) => format!("never succeeded, failed {}", self.shown(end)),
            (None, None) => "never done".to_owned(),
        };
        let (rule, span) = if let Some(cron) = &schedule.cron {
            (format!("cron {}", cron.value), cron.span)
        } else if let Some(rule) = &schedule.rrule {
            (format!("rrule {}", rule.value), rule.span)
        } else if let Some(every) = &schedule.every {
            (format!("every {}", every.value), every.span)
        } else if let Some(at) = &schedule.at {
            (format!("at {}", self.shown(self.ground.zone.resolve(at))), at.span)
        } else {
            return;
        };
        let released = match release {
            Some(release) => format!("released {}", self.shown(release)),
            None => "nothing within the horizon".to_owned(),
        };
        to.push(Condition {
            what: "released".to_owned(),
            holds: Some(release.is_some_and(|release| release <= self.at)),
            value: format!("{released}; {rule}, {done}"),
            source: self.plan("schedule", span),
            changes: release.filter(|release| self.at < *release),
        });
    }

    fn window(&self, to: &mut Vec<Condition>) {
        let Some(spans) = &self.task.spans else { return };
        let span = self.task.task.window.first().map(|window| window.span).unwrap_or_default();
        let upcoming = spans.iter().find(|span| self.at < span.end);
        let later = |end: DateTime<Utc>| spans.iter().find(|span| end <= span.start).map(|span| span.start);
        let (holds, value, changes) = match upcoming {
            None => (false, "no window in sight".to_owned(), None),
            Some(open) => match crate::calendar::gate(open, self.at, self.task.estimate) {
                None => {
                    let last = open.cutoff.min(open.end - self.task.estimate + TimeDelta::seconds(1));
                    let (name, end) = (&open.name, self.shown(open.end));
                    let value = format!("{name} is open until {end}, cutoff {}", self.shown(open.cutoff));
                    (true, value, Some(last))
                }
                Some((crate::model::Because::WindowClosed { until }, _)) => {
                    (false, format!("{} opens {}", open.name, self.shown(until)), Some(until))
                }
                Some((crate::model::Because::PastCutoff { window, since }, until)) => {
                    let value = format!("{window} is past its cutoff since {}", self.shown(since));
                    (false, value, later(until))
                }
                Some((crate::model::Because::DoesNotFit { window, end, short_by }, until)) => {
                    let value = format!(
                        "{window} ends {}, too early by {} for work of {}",
                        self.shown(end),
                        Length(short_by),
                        Length(self.task.estimate)
                    );
                    (false, value, later(until))
                }
                Some(_) => (false, String::new(), None),
            },
        };
        let source = self.plan("window", span);
        to.push(Condition { what: "window".to_owned(), holds: Some(holds), value, source, changes });
    }

    fn blackouts(&self, to: &mut Vec<Condition>) {
        let kind = self.task.task.kind.value;
        let end = self.at + self.task.estimate;
        for freeze in &self.ground.freezes {
            if freeze.end <= self.at || self.ground.until <= freeze.start || !freeze.stops(kind) {
                continue;
            }
            let holds = end <= freeze.start;
            let value =
                format!("{} from {} to {}", freeze.name, self.shown(freeze.start), self.shown(freeze.end));
            let declared = self.ground.plan.blackouts.get(&freeze.name);
            let span = declared.map(|declared| declared.from.span).unwrap_or_default();
            to.push(Condition {
                what: "blackout".to_owned(),
                holds: Some(holds),
                value,
                source: Source::Plan { path: format!("blackouts.{}", freeze.name), span },
                changes: Some(if holds { freeze.start } else { freeze.end }),
            });
        }
    }

    fn after(&self, to: &mut Vec<Condition>) {
        let own = self.schedule.placed.iter().find(|placed| placed.occurrence.task == self.task.name);
        let own = own.map_or(self.at, |own| own.occurrence.release.max(self.at));
        for name in self.task.task.after.iter() {
            let mut before =
                self.schedule.placed.iter().filter(|placed| {
                    placed.occurrence.task == name.value && placed.occurrence.release <= own
                });
            let running = self.history.of(name).running.as_ref();
            let (holds, value, changes) = match (before.next_back(), running) {
                (_, Some(running)) => {
                    let value = format!("{} runs until about {}", name.value, self.shown(running.until));
                    (false, value, Some(running.until))
                }
                (Some(before), None) => {
                    let (id, end) = (&before.occurrence.id, self.shown(before.end));
                    (false, format!("{id} is to end {end}"), Some(before.end))
                }
                (None, None) => (true, format!("nothing of {} is to be done before", name.value), None),
            };
            to.push(Condition {
                what: "after".to_owned(),
                holds: Some(holds),
                value,
                source: self.plan("after", name.span),
                changes,
            });
        }
    }

    /// Resources, groups and targets, as others use them now.
    fn shared(&self, to: &mut Vec<Condition>) {
        let running = |task: &str| self.history.of(task).running.as_ref();
        let others: Vec<_> = (self.ground.tasks.iter())
            .filter(|task| task.name != self.task.name)
            .filter_map(|task| Some((task, running(task.name)?.until)))
            .collect();
        for (name, needed) in self.task.task.resources.iter() {
            let Some(capacity) = self.ground.plan.resources.get(name) else { continue };
            let using = others
                .iter()
                .filter_map(|(task, until)| Some((task.task.resources.get(name)?.value, *until)));
            let (used, until) = using.fold((0, None), |(used, first), (n, until)| {
                (used + n, first.map_or(Some(until), |first: DateTime<Utc>| Some(first.min(until))))
            });
            to.push(Condition {
                what: format!("resource {}", name.value),
                holds: Some(used + needed.value <= capacity.value),
                value: format!("needs {}; {used} of {} in use", needed.value, capacity.value),
                source: self.plan("resources", needed.span),
                changes: until,
            });
        }
        let span = self.task.task.targets.first().map(|target| target.span);
        for (task, until) in others {
            let shared: Vec<_> = (task.targets.iter())
                .filter(|target| span.is_some() && self.task.targets.contains(target))
                .map(String::as_str)
                .collect();
            if !shared.is_empty() {
                to.push(Condition {
                    what: "targets".to_owned(),
                    holds: Some(false),
                    value: format!("{} works on {}", task.name, shared.join(", ")),
                    source: self.plan("targets", span.unwrap_or_default()),
                    changes: Some(until),
                });
            }
        }
    }

    /// What only the run itself finds out.
    fn at_the_start(&self, to: &mut Vec<Condition>) {
        let task = self.task.task;
        if let Some(gate) = &task.gate {
            to.push(Condition {
                what: "gate".to_owned(),
                holds: None,
                value: format!("asked at the start: {}", gate.promql.value),
                source: self.plan("gate", gate.span),
                changes: None,
            });
        }
        for check in task.preconditions.iter() {
            to.push(Condition {
                what: "precondition".to_owned(),
                holds: None,
                value: format!("asked at the start: {}", check.value.in_short()),
                source: self.plan("preconditions", check.span),
                changes: None,
            });
        }
    }

    fn plan(&self, key: &str, span: Span) -> Source {
        Source::Plan { path: format!("tasks.{}.{key}", self.task.name), span }
    }

    fn shown(&self, instant: DateTime<Utc>) -> String {
        self.ground.zone.date_and_time(instant)
    }
}

impl Explanation {
    /// The answer in one line: when, and why not before; or why not at all.
    pub fn headline(&self, zone: &Zone) -> String {
        if let Some(next) = &self.next {
            let why = why_then(next, zone, self.at).unwrap_or_else(|| "its release".to_owned());
            return format!("{}  {why}", zone.date_and_time(next.start));
        }
        if let Some(unplaced) = self.unplaced.first() {
            let help = unplaced.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            return format!("not scheduled  {}{help}", why_not(&unplaced.because, zone));
        }
        let why = self.conditions.iter().find(|condition| condition.holds == Some(false));
        format!("not scheduled  {}", why.map_or("nothing is due within the horizon", |why| &why.value))
    }
}

/// An explanation in JSON: `mainstay/plan-explain/v1`.
#[derive(Debug, Serialize)]
pub struct ExplainReport {
    schema: &'static str,
    task: String,
    at: String,
    headline: String,
    occurrence: Option<String>,
    start: Option<String>,
    end: Option<String>,
    conditions: Vec<ConditionReport>,
}

#[derive(Debug, Serialize)]
struct ConditionReport {
    what: String,
    holds: Option<bool>,
    value: String,
    source: String,
    line: Option<usize>,
    changes: Option<String>,
}

/// Tells an explanation; `line` finds the line of a place in the plan file.
pub fn report(explanation: &Explanation, zone: &Zone, line: impl Fn(Span) -> usize) -> ExplainReport {
    let next = explanation.next.as_ref();
    let conditions = explanation.conditions.iter().map(|condition| {
        let (source, line) = match &condition.source {
            Source::Plan { path, span } => (path.clone(), (span.start < span.end).then(|| line(*span))),
            Source::State => ("state".to_owned(), None),
            Source::Schedule => ("schedule".to_owned(), None),
        };
        ConditionReport {
            what: condition.what.clone(),
            holds: condition.holds,
            value: condition.value.clone(),
            source,
            line,
            changes: condition.changes.map(time),
        }
    });
    ExplainReport {
        schema: "mainstay/plan-explain/v1",
        task: explanation.task.clone(),
        at: time(explanation.at),
        headline: explanation.headline(zone),
        occurrence: next.map(|next| next.occurrence.id.0.clone()),
        start: next.map(|next| time(next.start)),
        end: next.map(|next| time(next.end)),
        conditions: conditions.collect(),
    }
}
