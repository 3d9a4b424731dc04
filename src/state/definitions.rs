//! The texts of tasks that runs were started by.

use super::codec;
use super::{State, StateError};
use crate::model::Event;

impl State {
    /// The text of a task by its digest, as it was recorded.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn definition(&self, digest: &str) -> Result<Option<String>, StateError> {
        let sql = "SELECT text FROM definition WHERE digest = ?1";
        self.read(|connection| codec::first(connection, sql, [digest], |row| Ok(row.get(0)?)))
    }

    /// Records the text of a task, unless it is on record; with what this thread records next.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn see_definition(&self, digest: &str, text: &str) -> Result<(), StateError> {
        if self.definition(digest)?.is_some() {
            return Ok(());
        }
        self.record_soon(&Event::DefinitionSeen { digest: digest.to_owned(), text: text.to_owned() });
        Ok(())
    }
}
