//! What says when something happens again, whichever way it is written.

use chrono::{DateTime, Utc};

use super::{Clash, CronError, CronSchedule, RruleError, RruleSchedule, Zone};
use crate::model::{DstMode, Recurrence, Spanned, Window};

/// A calendar: it says at which instants something happens.
#[derive(Debug, Clone)]
pub enum Calendar {
    /// Five fields.
    Cron(CronSchedule),
    /// A rule of RFC 5545.
    Rrule(RruleSchedule),
}

/// A calendar that cannot be read, or never happens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Of a cron expression.
    #[error(transparent)]
    Cron(#[from] CronError),
    /// Of a recurrence rule.
    #[error(transparent)]
    Rrule(#[from] RruleError),
}

impl Calendar {
    /// The calendar of a task, if it has one.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn of_task(schedule: &Recurrence) -> Result<Option<Self>, CalendarError> {
        Self::read(schedule.cron.as_ref(), schedule.rrule.as_ref())
    }

    /// When a window opens.
    ///
    /// # Errors
    /// [`CalendarError`].
    pub fn of_window(window: &Window) -> Result<Option<Self>, CalendarError> {
        Self::read(window.cron.as_ref(), window.rrule.as_ref())
    }

    fn read(
        cron: Option<&Spanned<String>>,
        rrule: Option<&Spanned<String>>,
    ) -> Result<Option<Self>, CalendarError> {
        Ok(match (cron, rrule) {
            (Some(text), _) => Some(Self::Cron(CronSchedule::parse(text)?)),
            (None, Some(text)) => Some(Self::Rrule(RruleSchedule::parse(text)?)),
            (None, None) => None,
        })
    }

    /// Whether it follows elapsed time and not the clock face.
    pub fn is_wildcard(&self) -> bool {
        match self {
            Self::Cron(cron) => cron.is_wildcard(),
            Self::Rrule(rule) => rule.is_wildcard(),
        }
    }

    /// The changes of the clock between `from` and `until` that a fixed time lies in.
    pub fn clashes(&self, zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Clash> {
        match self {
            Self::Cron(cron) => cron.clashes(zone, from, until),
            Self::Rrule(rule) => rule.clashes(zone, from, until),
        }
    }

    /// The instants at or after `from` and before `until`, strictly increasing; `dst` says what a fixed time does in
    /// a gap or an overlap.
    pub fn instants<'a>(
        &'a self,
        zone: &'a Zone,
        dst: DstMode,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Box<dyn Iterator<Item = DateTime<Utc>> + 'a> {
        match self {
            Self::Cron(cron) => Box::new(cron.instants(zone, dst, from, until)),
            Self::Rrule(rule) => Box::new(rule.instants(zone, dst, from, until)),
        }
    }
}
