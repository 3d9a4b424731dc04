//! Where the condition of a task stands: the check that its `schedule.when` names.

use std::fmt;

use chrono::{DateTime, Utc};

/// The condition of a task, by the last answer that changed anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The check that was asked, by its name under `checks:`.
    pub check: String,
    /// Where it stands.
    pub stands: Stands,
    /// Since when, in whole seconds.
    pub since: DateTime<Utc>,
    /// What was found then, for people.
    pub found: String,
    /// How many runs of the task have ended without success since it failed.
    pub failures: u32,
}

/// Where a condition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// The check failed: there is work to do.
    Fails,
    /// The check holds.
    Holds,
    /// The work was done with success; the check has not been asked since.
    Worked,
}

impl Stands {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fails, Self::Holds, Self::Worked];

    /// Its name in the state file and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Holds => "holds",
            Self::Worked => "worked",
        }
    }
}

impl fmt::Display for Stands {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
