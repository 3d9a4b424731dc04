//! What the calendar says: windows and blackouts. Both are known for any time.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Asked, Condition, Source};
use crate::calendar;
use crate::model::{Because, Length};

impl Asked<'_> {
    /// Whether a maintenance window is open that has room for the work.
    pub(super) fn window(&self) -> Option<Condition> {
        let (at, estimate) = (self.question.at, self.task.estimate);
        let spans = self.task.spans.as_ref()?;
        let span = self.task.task.window.first().map(|window| window.span).unwrap_or_default();
        let upcoming = spans.iter().find(|span| at < span.end);
        let later = |end: DateTime<Utc>| spans.iter().find(|span| end <= span.start).map(|span| span.start);
        let (holds, value, changes) = match upcoming {
            None => (false, "no window in sight".to_owned(), None),
            Some(open) => match calendar::gate(open, at, estimate) {
                None => {
                    let last = open.cutoff.min(open.end - estimate + TimeDelta::seconds(1));
                    let (name, end) = (&open.name, self.shown(open.end));
                    let value = format!("{name} is open until {end}, cutoff {}", self.shown(open.cutoff));
                    (true, value, Some(last))
                }
                Some((Because::WindowClosed { until }, _)) => {
                    (false, format!("{} opens {}", open.name, self.shown(until)), Some(until))
                }
                Some((Because::PastCutoff { window, since }, until)) => {
                    let value = format!("{window} is past its cutoff since {}", self.shown(since));
                    (false, value, later(until))
                }
                Some((Because::DoesNotFit { window, end, short_by }, until)) => {
                    let value = format!(
                        "{window} ends {}, too early by {} for work of {}",
                        self.shown(end),
                        Length(short_by),
                        Length(estimate)
                    );
                    (false, value, later(until))
                }
                Some(_) => (false, String::new(), None),
            },
        };
        let source = self.plan("window", span);
        Some(Condition { what: "window".to_owned(), holds: Some(holds), value, source, changes })
    }

    /// Whether a change freeze keeps the work from running; those that are over are no matter.
    pub(super) fn blackouts(&self) -> Vec<Condition> {
        let at = self.question.at;
        let is_near = |freeze: &&calendar::Freeze| {
            at < freeze.end && freeze.start < self.ground.until && freeze.start < freeze.end
        };
        self.ground.freezes.iter().filter(is_near).map(|freeze| self.blackout(freeze)).collect()
    }

    fn blackout(&self, freeze: &calendar::Freeze) -> Condition {
        let kind = self.task.task.kind.value;
        let is_allowed = !freeze.stops(kind);
        let is_ahead = self.question.at + self.task.estimate <= freeze.start;
        let mut value =
            format!("{} from {} to {}", freeze.name, self.shown(freeze.start), self.shown(freeze.end));
        if is_allowed {
            value = format!("{value} allows {kind} work");
        }
        let declared = self.ground.plan.blackouts.get(&freeze.name);
        let span = declared.map(|declared| declared.from.span).unwrap_or_default();
        // The last moment at which the work would end before it, when it is still to come.
        let changes =
            if is_ahead { freeze.start - self.task.estimate + TimeDelta::seconds(1) } else { freeze.end };
        Condition {
            what: "blackout".to_owned(),
            holds: Some(is_allowed || is_ahead),
            value,
            source: Source::Plan { path: format!("blackouts.{}", freeze.name), span },
            changes: Some(changes).filter(|_| !is_allowed),
        }
    }
}
