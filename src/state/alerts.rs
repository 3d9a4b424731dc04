//! The alerts that are not forgotten yet.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::apply::json;
use super::{State, StateError, times};
use crate::model::AlertInstance;

impl State {
    /// All alerts, by name and labels.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn alerts(&self) -> Result<Vec<AlertInstance>, StateError> {
        let sql = "SELECT name, labels, state, since, value, delivered FROM alert ORDER BY name, labels";
        let mut statement = self.conn.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            Ok(AlertInstance {
                name: row.get(0)?,
                labels: times::json(1, &row.get::<_, String>(1)?)?,
                state: times::json(2, &format!("{:?}", row.get::<_, String>(2)?))?,
                since: times::instant(3, &row.get::<_, String>(3)?)?,
                value: row.get::<_, String>(4)?.parse().unwrap_or(f64::NAN),
                delivered: times::maybe_instant(5, row.get::<_, Option<String>>(5)?.as_deref())?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that Alertmanager took `alerts` at `now`, in the state that they are in.
    ///
    /// This is bookkeeping of what is still owed, not a fact for the ledger: it happens at every call of
    /// `monitor` while an alert fires. What is recorded is that an alert changed, and whether a delivery failed.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn note_delivered(&mut self, alerts: &[AlertInstance], now: DateTime<Utc>) -> Result<(), StateError> {
        let tx = self.conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for alert in alerts {
            tx.prepare_cached(
                "UPDATE alert SET delivered = ?3 WHERE name = ?1 AND labels = ?2 AND state = ?4",
            )?
            .execute(params![
                alert.name,
                json(&alert.labels),
                times::text(now),
                super::apply::alert_state(alert.state)
            ])?;
        }
        tx.commit()?;
        Ok(())
    }
}
