//! Alerts that mainstay itself raised, and where they stand.

use chrono::{DateTime, Utc};

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

    /// Notes that Alertmanager took `alerts` at `now`, in the state that they are in.
    ///
    /// This keeps what is still owed. It is no fact for the ledger, which would grow with every call of `monitor`
    /// while an alert fires; what is recorded is that an alert changed, and that a delivery failed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn note_delivered(&self, alerts: &[AlertInstance], now: DateTime<Utc>) -> Result<(), StateError> {
        let sql = "UPDATE alert SET delivered = ?3 WHERE name = ?1 AND labels = ?2 AND state = ?4";
        self.write(|writing| {
            alerts.iter().try_for_each(|alert| {
                let labels = codec::json(&alert.labels)?;
                let parameters = (&alert.name, labels, codec::stamp(now), alert.state.to_string());
                writing.transaction.prepare_cached(sql)?.execute(parameters)?;
                Ok(())
            })
        })
    }
}
