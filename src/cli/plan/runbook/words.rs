//! What the parts of a runbook have in common: text of the plan file made safe to show, and times.

use chrono::{DateTime, TimeDelta, Utc};

use super::markup::{code, plain};
use crate::calendar::Zone;
use crate::cli::plan::words::ahead;
use crate::model::PlanFile;

/// How a runbook says things.
pub struct Words<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// Its zone.
    pub zone: &'a Zone,
    /// The time that relative words count from.
    pub now: DateTime<Utc>,
    /// Hides secrets that are written into the plan file; before anything is escaped, or they would not be found.
    pub hide: &'a dyn Fn(String) -> String,
}

impl Words<'_> {
    /// Text from the plan file without its secrets, not escaped yet.
    pub fn hidden(&self, text: &str) -> String {
        (self.hide)(text.to_owned())
    }

    /// One line of text from the plan file.
    pub fn text(&self, text: &str) -> String {
        plain(&self.hidden(text))
    }

    /// A name or a value from the plan file.
    pub fn code(&self, text: &str) -> String {
        code(&self.hidden(text))
    }

    /// Several names.
    pub fn codes<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> String {
        texts.into_iter().map(|text| self.code(text)).collect::<Vec<_>>().join(", ")
    }

    /// An instant for people at both ends of a telephone: `Sun 2026-03-08 02:00 CET (01:00 UTC)`.
    pub fn time(&self, instant: DateTime<Utc>) -> String {
        let local = format!("{} {}", self.zone.local(instant), plain(&self.zone.abbreviation(instant)));
        if self.zone.name() == "UTC" {
            return local;
        }
        let is_same_day = self.zone.wall(instant).date() == instant.date_naive();
        let format = if is_same_day { "%H:%M" } else { "%a %Y-%m-%d %H:%M" };
        format!("{local} ({} UTC)", instant.format(format))
    }

    /// `in 3 days`, `now`.
    pub fn relative(&self, instant: DateTime<Utc>) -> String {
        let length = instant - self.now;
        if length <= TimeDelta::zero() { ahead(length) } else { format!("in {}", ahead(length)) }
    }

    /// An address of the plan file's Prometheus.
    pub fn prometheus(&self, path: &str) -> Option<String> {
        let connection = self.plan.connections.prometheus.as_ref()?;
        Some(self.hidden(&(connection.url.trim_end_matches('/').to_owned() + path)))
    }

    /// An address of the plan file's Alertmanager.
    pub fn alertmanager(&self, path: &str) -> Option<String> {
        let connection = self.plan.connections.alertmanager.as_ref()?;
        Some(self.hidden(&(connection.url.trim_end_matches('/').to_owned() + path)))
    }
}
