//! What is held to be as before, and what may differ: a task's `baseline:` with its dashboards read.

use std::path::Path;
use std::time::Duration;

use super::dashboards::{self, DashboardError};
use super::read::Reading;
use crate::model::{Baseline, Expectation, Tolerance, Tolerances};

/// What is held to be as before.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// By how much a job may have fewer series.
    pub within: Tolerance,
    /// By how much other facts may be worse.
    pub tolerances: Tolerances,
    /// The longest time without a scrape.
    pub gap: Option<Duration>,
    /// What the dashboards read.
    pub dashboards: Reading,
    /// What is expected to change; `None` where nobody has said.
    pub expect: Option<Vec<Expectation>>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            within: Baseline::DEFAULT_WITHIN,
            tolerances: Tolerances::default(),
            gap: None,
            dashboards: Reading::default(),
            expect: None,
        }
    }
}

impl Spec {
    /// What `baseline` says, with its dashboards read from `folder` on.
    ///
    /// # Errors
    /// [`DashboardError`].
    pub fn of(baseline: &Baseline, folder: &Path) -> Result<Self, DashboardError> {
        let patterns = baseline.dashboards.iter().map(|pattern| pattern.value.as_str());
        Ok(Self {
            within: baseline.within.map_or(Baseline::DEFAULT_WITHIN, |within| within.value),
            tolerances: baseline.tolerances,
            gap: baseline.gap.map(|gap| gap.value.to_std()),
            dashboards: dashboards::read(patterns, folder)?,
            expect: baseline
                .expect
                .as_ref()
                .map(|expect| expect.iter().map(|one| one.value.clone()).collect()),
        })
    }
}
