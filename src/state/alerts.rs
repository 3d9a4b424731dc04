//! Alerts that mainstay itself raised, and where they stand.

use super::codec;
use super::error::Fault;
use super::{State, StateError};
use crate::model::AlertInstance;

impl State {
    /// Every alert that is known, by name and labels.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn alerts(&self) -> Result<Vec<AlertInstance>, StateError> {
        let sql = "SELECT * FROM alert ORDER BY name, labels";
        self.read(|connection| {
            codec::rows(connection, sql, [], |row| {
                let value: String = row.get("value")?;
                Ok(AlertInstance {
                    name: row.get("name")?,
                    labels: codec::from_json(row, "labels")?,
                    state: codec::name(row, "state")?,
                    since: codec::time(row, "since")?,
                    value: value
                        .parse()
                        .map_err(|error| Fault::Unreadable("an alert's value", Box::new(error)))?,
                    delivered: codec::opt_time(row, "delivered")?,
                })
            })
        })
    }
}
