//! How much of a plan file is looked at, so that it is judged quickly whatever it says.

use std::cell::Cell;

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{Calendar, Zone};
use crate::model::DstMode;

/// The most instants that are looked at in one file for one purpose, so that it is judged quickly whatever it says.
pub(super) const MAX_INSTANTS: usize = 400_000;
/// The most of one calendar: one that comes every ten minutes still has fewer in a year.
const MAX_OF_ONE: usize = 60_000;

/// How many more things are looked at.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    pub(super) fn new(n: usize) -> Self {
        Self(Cell::new(n))
    }

    /// Whether `n` more may be looked at; if so, they are.
    pub(super) fn takes(&self, n: usize) -> bool {
        let left = self.0.get().checked_sub(n);
        self.0.set(left.unwrap_or(self.0.get()));
        left.is_some()
    }

    /// Takes note that the instants of a calendar between two others are looked at; `None` when those are too many.
    pub(super) fn spend(
        &self,
        calendar: &Calendar,
        zone: &Zone,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Option<()> {
        // Local days begin and end up to a day before and after those of UTC.
        let first = (from - TimeDelta::days(1)).date_naive();
        let n_days = u32::try_from((until - from).num_days() + 3).ok()?;
        if !self.takes(n_days as usize) {
            return None;
        }
        let n_instants = match calendar {
            Calendar::Cron(cron) => cron.days(first, n_days).count() * cron.times_a_day(),
            Calendar::Rrule(rule) => {
                rule.instants(zone, DstMode::Once, from, until).take(MAX_OF_ONE + 1).count()
            }
        };
        (n_instants <= MAX_OF_ONE && self.takes(n_instants)).then_some(())
    }
}
