//! The calendar: cron, recurrence rules, maintenance windows, blackouts, and every time-zone rule.
//!
//! Pure: it knows no clock and reads no plan file; the only surroundings are the time-zone data.
//!
//! 1. Instants are UTC; local time exists only in here and where it is shown to people.
//! 2. The instants of a recurrence strictly increase, and a search for them always ends.
//! 3. A length is elapsed time: a window of 3 hours is open for 3 hours, whatever the wall clock does meanwhile.
//! 4. Gaps and overlaps come from the time-zone data, never from jumps of the host's clock.

mod cron;
mod face;
mod recurrence;
mod rrule;
mod windows;
mod zone;

pub use cron::{CronError, CronSchedule};
pub use face::Clash;
pub use recurrence::{Calendar, CalendarError};
pub use rrule::{RruleError, RruleSchedule};
pub use windows::{Freeze, first_with_room, freeze, gate, merge, openings, openings_by};
pub use zone::{UnknownZone, Zone};
