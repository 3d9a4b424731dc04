//! What changes the server: the admin API and reloads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::query::selection;
use super::{PeerError, Prometheus};

impl Prometheus {
    /// Takes a TSDB snapshot and returns its name, a folder below `DATA/snapshots`.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off, the disk may be full.
    pub fn snapshot(&self, timeout: Duration) -> Result<String, PeerError> {
        #[derive(Deserialize)]
        struct Snapshot {
            name: String,
        }
        let path = "/api/v1/admin/tsdb/snapshot";
        let answer = self.send("POST", path, timeout)?;
        let frame = self.frame(path, &answer, path)?;
        self.data(path, frame).map(|snapshot: Snapshot| snapshot.name)
    }

    /// Deletes what the series that `selectors` select hold between two moments; the space stays taken until the
    /// tombstones are cleaned.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off.
    pub fn delete_series(
        &self,
        selectors: &[&str],
        (start, end): (Option<DateTime<Utc>>, DateTime<Utc>),
        timeout: Duration,
    ) -> Result<(), PeerError> {
        let path = "/api/v1/admin/tsdb/delete_series";
        let asked = format!("{path}?{}", selection(selectors, start, end));
        let answer = self.send("POST", &asked, timeout)?;
        self.done(path, &answer)
    }

    /// Writes the blocks anew that have deleted series, without them.
    ///
    /// # Errors
    /// [`PeerError`]; the admin API may be switched off, the disk may be full.
    pub fn clean_tombstones(&self, timeout: Duration) -> Result<(), PeerError> {
        let path = "/api/v1/admin/tsdb/clean_tombstones";
        let answer = self.send("POST", path, timeout)?;
        self.done(path, &answer)
    }

    /// Asks it to load its configuration and rules again.
    ///
    /// # Errors
    /// [`PeerError`]; after one the new configuration may be in force in part.
    pub fn reload(&self, timeout: Duration) -> Result<(), PeerError> {
        let answer = self.send("POST", "/-/reload", timeout)?;
        if answer.status == 200 { Ok(()) } else { Err(self.refused("/-/reload", &answer, &answer.body)) }
    }
}
