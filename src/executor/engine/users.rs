//! Whether steps can run as the users that they name.

use super::{End, Work};
use crate::executor::actions::user_of;

impl Work<'_> {
    /// Looks every user up before anything is touched: a step in the middle is a bad place to find out.
    pub(super) fn users_are_there(&self) -> Result<(), End> {
        for step in self.task.every_step() {
            if let Err(error) = user_of(step) {
                let reason = format!("step `{}` cannot run: {}", step.label(), crate::in_words(&error));
                return Err(self.not_begun(reason));
            }
        }
        Ok(())
    }
}
