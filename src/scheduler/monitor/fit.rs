//! What cannot happen any more as it was published.

use chrono::TimeDelta;

use super::{Drift, Kind, Watch, drift_of};
use crate::calendar;
use crate::model::{Because, Length, Placed, WindowSpan};
use crate::scheduler::ground::TaskGround;

impl Watch<'_> {
    /// Whether a window or a blackout has made a published start impossible.
    pub(super) fn cannot_fit(&self, task: &TaskGround, placed: &Placed) -> Option<Drift> {
        if self.history.of(task.name).started.contains(&placed.occurrence.id) {
            return None;
        }
        let start = placed.start.max(self.now);
        if let Some(window) = &placed.window {
            let found = if placed.start < self.now {
                self.too_late(task, placed, window)
            } else {
                self.too_long(task, placed, window)
            };
            if found.is_some() {
                return found;
            }
        }
        let end = start + task.estimate;
        let kind = task.task.kind.value;
        let freeze = self.ground.freezes.iter().find(|freeze| {
            freeze.stops(kind) && start < freeze.end && freeze.start < end && self.now < freeze.end
        })?;
        let detail = format!(
            "cannot start {} as published: blackout `{}` lasts until {}",
            self.local(placed.start),
            freeze.name,
            self.local(freeze.end)
        );
        let since =
            if freeze.start <= self.now { freeze.start.max(placed.start.min(self.now)) } else { self.now };
        let help = format!("let `{}` allow {kind} work, or `mainstay plan --publish` moves it", freeze.name);
        let drift = drift_of(Kind::CannotFit, &placed.occurrence, since, detail);
        Some(Drift { by: Some(freeze.end - start), help, ..drift })
    }

    /// A published start that has passed, in a window that has no room left.
    fn too_late(&self, task: &TaskGround, placed: &Placed, window: &WindowSpan) -> Option<Drift> {
        let last = window.cutoff.min(window.end - task.estimate + TimeDelta::seconds(1)).max(window.start);
        let short_by = if window.end <= self.now {
            task.estimate
        } else {
            match calendar::gate(window, self.now, task.estimate)?.0 {
                Because::DoesNotFit { short_by, .. } => short_by,
                Because::PastCutoff { .. } => self.now - window.cutoff,
                _ => return None,
            }
        };
        let left = (window.cutoff - self.now).max(TimeDelta::zero()).min(window.end - self.now);
        let left = if left <= TimeDelta::zero() {
            "is closed".to_owned()
        } else {
            format!("has {} left", Length(left))
        };
        let detail = format!(
            "did not start {} as published, and its window `{}` {left} for work of {}",
            self.local(placed.start),
            window.name,
            Length(task.estimate)
        );
        let drift = drift_of(Kind::CannotFit, &placed.occurrence, last, detail);
        let help = "`mainstay plan --publish` makes its next window the schedule";
        Some(Drift { by: Some(short_by), help: help.to_owned(), ..drift })
    }

    /// Work that has come to take longer than what is left of its window after its published start.
    fn too_long(&self, task: &TaskGround, placed: &Placed, window: &WindowSpan) -> Option<Drift> {
        let now = opening_now(task, placed).filter(|now| now.name == window.name)?;
        let Because::DoesNotFit { short_by, .. } = calendar::gate(now, placed.start, task.estimate)?.0 else {
            return None;
        };
        let detail = format!(
            "takes {} by now, too long by {} for its window `{}` after {}",
            Length(task.estimate),
            Length(short_by),
            window.name,
            self.local(placed.start)
        );
        let drift = drift_of(Kind::CannotFit, &placed.occurrence, self.now, detail);
        let help = format!("make window `{}` longer, or let `mainstay plan --publish` move it", window.name);
        Some(Drift { by: Some(short_by), help, ..drift })
    }
}

/// The opening of one of the task's windows, as they are now, that a published start lies in.
pub(super) fn opening_now<'t>(task: &'t TaskGround, placed: &Placed) -> Option<&'t WindowSpan> {
    let spans = task.spans.as_ref()?;
    let next = spans.partition_point(|span| span.end <= placed.start);
    spans.get(next).filter(|span| span.start <= placed.start)
}
