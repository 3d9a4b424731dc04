//! What a schedule was made from, as far as the plan file's digest does not say it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a published schedule rests on. Schedules that were published before this was kept have none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Basis {
    /// How much there was of each resource that its work takes; `group:NAME` is the `max_down` of a group.
    pub capacities: BTreeMap<String, u32>,
    /// What the time-zone data said.
    #[serde(default)]
    pub clock: ClockFace,
    /// What it had said before it was updated, as long as work of that time is within reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_before: Option<ClockFace>,
    /// What calendars tell its events from those of other plan files by: the title when it was first published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// What the time-zone data says about one zone for a while.
///
/// The name of a release of the data would not do: the host's data has none that every host keeps, and most releases
/// change nothing for a given zone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClockFace {
    /// The zone.
    pub timezone: String,
    /// From each instant on: local time minus UTC, in seconds. The first instant is where what is kept begins.
    pub offsets: Vec<(DateTime<Utc>, i64)>,
}

impl ClockFace {
    /// Local time minus UTC at `instant`, in seconds; `None` before what is kept.
    pub fn offset(&self, instant: DateTime<Utc>) -> Option<i64> {
        let later = self.offsets.partition_point(|(from, _)| *from <= instant);
        self.offsets.get(later.checked_sub(1)?).map(|(_, offset)| *offset)
    }

    /// Since when it is kept.
    pub fn begin(&self) -> Option<DateTime<Utc>> {
        self.offsets.first().map(|(from, _)| *from)
    }
}
