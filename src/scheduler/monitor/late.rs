//! What is late: work that is overdue or missed, and runs that go on for too long.

use chrono::{DateTime, Utc};

use super::{Drift, Kind, Watch, drift_of};
use crate::calendar::Zone;
use crate::model::{Occurrence, PlanFile};
use crate::scheduler::ground::TaskGround;
use crate::scheduler::{History, planner};

/// The runs that should have ended by now, in the plan file's order.
pub(super) fn running(plan: &PlanFile, zone: &Zone, history: &History, now: DateTime<Utc>) -> Vec<Drift> {
    let late = plan.tasks.names().filter_map(|task| {
        let running = history.of(task).running.as_ref().filter(|running| running.until < now)?;
        Some(Drift {
            kind: Kind::RunningLate,
            occurrence: running.occurrence.clone(),
            task: Some(task.to_owned()),
            since: running.until,
            by: Some(now - running.until),
            detail: format!("is still running; it was to end {}", zone.local(running.until)),
            help: format!("`mainstay audit log --task {task}` shows where it is"),
        })
    });
    late.collect()
}

impl Watch<'_> {
    /// Whether an occurrence is missed or overdue.
    pub(super) fn late(&self, task: &TaskGround, occurrence: &Occurrence) -> Option<Drift> {
        let past = self.history.of(task.name);
        let is_started = past.started.contains(&occurrence.id);
        let latest = occurrence.latest.filter(|latest| *latest <= self.now);
        if !is_started && (past.missed.contains(&occurrence.id) || latest.is_some()) {
            return Some(self.missed(occurrence, latest.unwrap_or(occurrence.release)));
        }
        let due = self.due(task, occurrence, is_started).filter(|due| *due < self.now)?;
        let is_running =
            past.running.as_ref().is_some_and(|running| running.occurrence.as_ref() == Some(&occurrence.id));
        let (why, help) = if is_running {
            ("its run has not ended", format!("`mainstay audit log --task {}` shows where it is", task.name))
        } else if is_started {
            ("its run did not succeed", format!("`mainstay run {}` tries again", task.name))
        } else {
            (
                "no run was started",
                "`mainstay run --due` starts it as soon as it may: does cron call it?".to_owned(),
            )
        };
        let detail = format!("is overdue since {}: {why}", self.local(due));
        let drift = drift_of(Kind::Overdue, occurrence, due, detail);
        Some(Drift { by: Some(self.now - due), help, ..drift })
    }

    /// When an occurrence is due by now: an interval counts from the last success, which may have come later than it
    /// was published for, and those after the next one wait for that.
    fn due(&self, task: &TaskGround, occurrence: &Occurrence, is_started: bool) -> Option<DateTime<Utc>> {
        let past = self.history.of(task.name);
        match planner::number_of(&occurrence.id).filter(|_| !is_started) {
            Some(number) if past.ended_runs + 1 < number => None,
            Some(number) => match past.last_success {
                Some(success) => planner::following_nth(task, number, success)?.due,
                None => occurrence.due,
            },
            None => occurrence.due,
        }
    }

    fn missed(&self, occurrence: &Occurrence, latest: DateTime<Utc>) -> Drift {
        let detail = format!("was missed: nothing started it before {}", self.local(latest));
        let drift = drift_of(Kind::Missed, occurrence, latest, detail);
        let help = format!("`mainstay run {}` does it now; the next one is in the plan", occurrence.task);
        Drift { by: Some(self.now - latest), help, ..drift }
    }
}
