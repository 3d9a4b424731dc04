//! How planned work stands to the approvals that it needs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::Manager;
use crate::model::{ApprovalStanding, OccurrenceId, PlanFile, Schedule};
use crate::security::approval::{Approvals, Standing, Work};
use crate::state::StateError;

impl Manager {
    /// How every occurrence of a schedule that needs approval stands to it.
    ///
    /// # Errors
    /// [`StateError`]. That signatures cannot be verified is no error but a part of the answer.
    pub fn approvals_of(
        &self,
        plan: &PlanFile,
        digest: &str,
        schedule: &Schedule,
        now: DateTime<Utc>,
    ) -> Result<HashMap<OccurrenceId, ApprovalStanding>, StateError> {
        let approvals = Approvals::new(plan, digest, &self.file);
        let mut found = HashMap::new();
        if !approvals.are_needed() {
            return Ok(found);
        }
        let state = self.existing_state()?;
        for occurrence in schedule.placed.iter().map(|placed| &placed.occurrence) {
            let (task, targets) = (occurrence.task.as_str(), occurrence.targets.as_slice());
            let work = Work { task, occurrence: Some(&occurrence.id), targets };
            if let Some(standing) = approvals.standing(state.as_ref(), &work, now)? {
                found.insert(occurrence.id.clone(), standing.report());
            }
        }
        Ok(found)
    }

    /// How one occurrence, or the next run on demand, stands to its approvals; `None` when it needs none.
    ///
    /// # Errors
    /// As [`Manager::approvals_of`].
    pub fn approval_of(
        &self,
        plan: &PlanFile,
        digest: &str,
        task: &str,
        occurrence: Option<&OccurrenceId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StateError> {
        let approvals = Approvals::new(plan, digest, &self.file);
        let Some(declared) = plan.tasks.get(task).filter(|task| task.approval.is_some()) else {
            return Ok(None);
        };
        let state = self.existing_state()?;
        let targets = plan.targets_of(declared);
        approvals.standing(state.as_ref(), &Work { task, occurrence, targets: &targets }, now)
    }
}
