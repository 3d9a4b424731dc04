//! The controller: may this work start now?
//!
//! Asked again just before a run starts, however lately it was planned: a schedule is a plan, a gate is a fact.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{self, Zone};
use crate::model::{Because, Gate, Outcome, PlanFile, Task, Unknown, WindowSpan};
use crate::scheduler::ScheduleError;
use crate::security::approval::{Standing, Work};
use crate::world::World;

/// How far ahead the next window is looked for.
const OUTLOOK: TimeDelta = TimeDelta::days(366);
/// What the gate's query may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Decides whether work of `length` for `task` may start at `now`, by blackouts and maintenance windows; the
/// window that it may start in, or the reason why not.
///
/// # Errors
/// [`ScheduleError`] for a window that `validate` refuses too.
pub fn admit(
    plan: &PlanFile,
    zone: &Zone,
    task: &Task,
    length: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Result<Option<WindowSpan>, Because>, ScheduleError> {
    let frozen =
        plan.blackouts.iter().map(|(name, blackout)| calendar::freeze(name, blackout, zone)).find(|freeze| {
            !freeze.allow.contains(&task.kind) && freeze.start < now + length && now < freeze.end
        });
    if let Some(freeze) = frozen {
        return Ok(Err(Because::Blackout { name: freeze.name, until: freeze.end }));
    }
    if task.window.is_empty() {
        return Ok(Ok(None));
    }
    let mut spans = Vec::new();
    for name in task.window.iter() {
        let Some(window) = plan.windows.get(name) else { continue };
        let openings = calendar::openings(name, window, zone, now, now + OUTLOOK);
        spans.extend(openings.map_err(|source| ScheduleError::Calendar {
            whose: format!("windows.{}", name.value),
            source,
        })?);
    }
    let Some(span) = calendar::merge(spans).into_iter().next() else {
        return Ok(Err(Because::NoWindow { longest: TimeDelta::zero(), needed: length }));
    };
    Ok(match calendar::gate(&span, now, length) {
        None => Ok(Some(span)),
        Some((because, _)) => Err(because),
    })
}

/// Decides whether work of `task` that has begun may do what cannot be undone at `now`: something new starts only
/// before the cutoff of an open window, and in no blackout. If not, why.
///
/// # Errors
/// As [`admit`].
pub fn still_open(
    plan: &PlanFile,
    zone: &Zone,
    task: &Task,
    now: DateTime<Utc>,
) -> Result<Result<(), Because>, ScheduleError> {
    // How long the rest takes is not known; it begins in time or not.
    let instant = TimeDelta::seconds(1);
    Ok(admit(plan, zone, task, instant, now)?.map(|_| ()))
}

/// Says why nothing may be built on the task `before`, whose last run ended in this way: its work would be sand.
pub fn unsound_ground(before: &str, last: Option<Outcome>) -> Option<String> {
    let outcome = last.filter(|outcome| *outcome != Outcome::Succeeded)?;
    Some(format!("it comes after `{before}`, whose last run ended {outcome}"))
}

/// Says which approvals work waits for, and which command gives them.
pub fn waits_for(plan: &PlanFile, work: &Work, standing: &Standing) -> String {
    let is_scheduled = plan.tasks.get(work.task).is_some_and(|task| task.schedule.is_some());
    let command = match work.occurrence {
        Some(_) => "mainstay plan --approve".to_owned(),
        None if is_scheduled => format!("mainstay plan --approve {} --on-demand", work.task),
        None => format!("mainstay plan --approve {}", work.task),
    };
    format!("{}; {command}", standing.report().in_words())
}

/// What a gate said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateAnswer {
    /// Work may start.
    Open(String),
    /// It may not, now.
    Closed(String),
    /// It could not be found out, and the plan file says to wait then.
    Unknown(String),
}

/// What a gate says in an emergency when it cannot be asked: what is to be mended may be what would answer. A gate that
/// is closed, or that the plan file takes as closed then, stays closed.
pub fn open_in_emergency(why: &str) -> String {
    format!("taken as open, because this is an emergency: {why}")
}

/// Asks a task's gate.
pub fn ask_gate(gate: &Gate, world: &World) -> GateAnswer {
    let answer = match &world.prometheus {
        Some(prometheus) => prometheus.query(&gate.promql, TIMEOUT).map_err(|error| crate::in_words(&error)),
        None => Err("the plan file names no Prometheus".to_owned()),
    };
    match (answer, gate.unknown.unwrap_or_default()) {
        (Ok(answered), _) if answered.samples.is_empty() => GateAnswer::Closed(format!(
            "`{}` returns nothing{}",
            gate.promql.value,
            answered.warnings_in_words()
        )),
        (Ok(answered), _) => GateAnswer::Open(format!(
            "open: {}{}",
            crate::counted(answered.samples.len(), "sample"),
            answered.warnings_in_words()
        )),
        (Err(why), Unknown::Wait) => GateAnswer::Unknown(why),
        (Err(why), Unknown::Open) => GateAnswer::Open(format!("taken as open: {why}")),
        (Err(why), Unknown::Closed) => GateAnswer::Closed(format!("taken as closed: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nights from 02:00 to 06:00, nothing new after 05:30, and a blackout from noon on.
    const PLAN: &str = "\
mainstay: 1
windows: {night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}}
blackouts: {audit: {from: 2026-03-07T04:00:00Z, to: 2026-03-07T05:00:00Z, allow: [emergency]}}
tasks:
  drop:
    type: routine
    domain: component
    window: night
    duration: 1h
    steps: [{run: [\"true\"], destructive: true}]
";

    #[test]
    fn case_19_what_has_begun_does_nothing_irreversible_after_the_cutoff_or_in_a_blackout() {
        let text = crate::planfile::Text::new("maintenance.yaml", PLAN.as_bytes().to_vec());
        let plan = text.read().into_plan().unwrap();
        let task = plan.tasks.get("drop").unwrap();
        let check = |now: &str, expected: Option<&str>| {
            let now = now.parse().unwrap();
            let answer = still_open(&plan, &Zone::utc(), task, now).unwrap().err();
            let why = answer.map(|because| crate::scheduler::words::why_not(&because, &Zone::utc()));
            assert_eq!(why.as_deref(), expected, "{now}");
        };
        check("2026-03-07T02:00:00Z", None);
        check("2026-03-07T03:59:59Z", None);
        check("2026-03-07T04:00:00Z", Some("blackout `audit` until 2026-03-07 05:00"));
        check("2026-03-07T05:29:59Z", None);
        check("2026-03-07T05:30:00Z", Some("2026-03-07 closed at its cutoff, 05:30"));
        check("2026-03-07T06:00:00Z", Some("its next window opens 2026-03-08 02:00"));
        check("2026-03-08T02:00:00Z", None);
    }
}
