//! The silence on a lease: in force before the first step, renewed in short slices while the run lives, ended
//! with it, and found again by its tag after a crash.
//!
//! A silence is never updated in place: Alertmanager up to 0.27 expires the old one before it refuses a bad
//! update. A renewal creates a new silence, and then ends the old one.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::journal::Journal;
use crate::model::{Event, RunId};
use crate::state::StateError;
use crate::world::alertmanager::{Alertmanager, ManagedAlert, SilenceMatcher};
use crate::world::cancel::Cancel;
use crate::world::prometheus::PeerError;

/// How long a silence lasts without renewal, and how often it is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The end of a silence lies this far ahead: the most that it outlives a crash.
    pub slice: TimeDelta,
    /// Half of the slice at most, so that one failed renewal does no harm.
    pub renew_every: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { slice: TimeDelta::minutes(5), renew_every: Duration::from_mins(2) }
    }
}

/// What a silence is for.
#[derive(Debug, Clone)]
pub struct Purpose {
    /// The run.
    pub run: RunId,
    /// Stands in the comment and finds the silence again.
    pub tag: String,
    /// Who it is created by.
    pub created_by: String,
    /// What people read in Alertmanager.
    pub comment: String,
    /// The alerts that it silences.
    pub matchers: Vec<SilenceMatcher>,
}

/// Why a silence is not in force.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Alertmanager would not.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The state file would not.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What one question of Alertmanager may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A silence in force. Dropped without [`Lease::end`], it is expired all the same, unrecorded.
#[derive(Debug)]
pub struct Lease<'a> {
    alertmanager: &'a Alertmanager,
    journal: &'a Journal<'a>,
    purpose: Purpose,
    terms: Terms,
    /// The silence in force. Locked while it is replaced or ended, so that no renewal outlives the end.
    id: Mutex<String>,
    failed_renewals: AtomicU32,
    is_ended: AtomicBool,
    over: Cancel,
}

impl<'a> Lease<'a> {
    /// Silences, and says which alerts that hits now.
    ///
    /// # Errors
    /// [`LeaseError`]; no silence is in force then, or its intention is on record.
    pub fn begin(
        alertmanager: &'a Alertmanager,
        journal: &'a Journal<'a>,
        purpose: Purpose,
        terms: Terms,
        over: Cancel,
    ) -> Result<(Self, Vec<String>), LeaseError> {
        let silenced =
            alertmanager.alerts(&purpose.matchers, TIMEOUT)?.iter().map(name_of).collect::<Vec<_>>();
        journal.record(&Event::SilenceIntended {
            run: purpose.run,
            tag: purpose.tag.clone(),
            alertmanager: alertmanager.url(),
            matchers: purpose.matchers.iter().map(ToString::to_string).collect(),
        })?;
        let (id, until) = create(alertmanager, &purpose, terms).inspect_err(|_| {
            // An answer that did not come does not mean that nothing was created.
            let _ = expire_by_tag(alertmanager, &purpose.tag);
        })?;
        let lease = Self {
            alertmanager,
            journal,
            terms,
            id: Mutex::new(id.clone()),
            failed_renewals: AtomicU32::new(0),
            is_ended: AtomicBool::new(false),
            over,
            purpose,
        };
        let (run, tag) = (lease.purpose.run, lease.purpose.tag.clone());
        journal.record(&Event::SilenceCreated { run, tag, id, until, silenced: silenced.clone() })?;
        Ok((lease, silenced))
    }

    /// Renews the silence in a thread of `scope` until the lease ends.
    pub fn keep<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        scope.spawn(|| {
            while !self.over.wait(self.terms.renew_every) {
                if self.renew().is_err() {
                    self.failed_renewals.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    }

    /// Ends the silence, and sees that it is ended. Returns what people should know.
    ///
    /// # Errors
    /// [`LeaseError`]; the silence then ends by itself within the slice, and is looked for at the next start.
    pub fn end(&self, reason: &str) -> Result<Option<String>, LeaseError> {
        let no_renewal = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        self.over.fire();
        self.is_ended.store(true, Ordering::SeqCst);
        expire_by_tag(self.alertmanager, &self.purpose.tag)?;
        drop(no_renewal);
        let (tag, reason) = (self.purpose.tag.clone(), reason.to_owned());
        self.journal.record(&Event::SilenceExpired { tag, reason })?;
        let failed = self.failed_renewals.load(Ordering::SeqCst);
        Ok((failed > 0).then(|| format!("{} failed", crate::counted(failed as usize, "renewal"))))
    }

    fn renew(&self) -> Result<(), LeaseError> {
        let mut in_force = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if self.over.is_fired() {
            return Ok(());
        }
        let (id, until) = create(self.alertmanager, &self.purpose, self.terms)?;
        let old = std::mem::replace(&mut *in_force, id.clone());
        self.journal.record(&Event::SilenceRenewed { tag: self.purpose.tag.clone(), id, until })?;
        self.alertmanager.expire_silence(&old, TIMEOUT)?;
        Ok(())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.over.fire();
        if !self.is_ended.load(Ordering::SeqCst) {
            // The way out of an error: the silence ends by itself soon, and its intention is on record.
            let _ = expire_by_tag(self.alertmanager, &self.purpose.tag);
        }
    }
}

fn create(
    alertmanager: &Alertmanager,
    purpose: &Purpose,
    terms: Terms,
) -> Result<(String, DateTime<Utc>), PeerError> {
    // Alertmanager lives by the real clock, whatever time the caller pretends it is.
    let now = Utc::now().trunc_subsecs(3);
    let until = now + terms.slice;
    let comment = format!("{} [{}]", purpose.comment, purpose.tag);
    let id = alertmanager.create_silence(
        &purpose.matchers,
        (now, until),
        (&purpose.created_by, &comment),
        TIMEOUT,
    )?;
    Ok((id, until))
}

/// Expires every silence that carries `tag` and is not over; returns how many there were.
///
/// # Errors
/// [`PeerError`].
pub fn expire_by_tag(alertmanager: &Alertmanager, tag: &str) -> Result<usize, PeerError> {
    let marked = format!("[{tag}]");
    let all = alertmanager.silences(TIMEOUT)?;
    let ours: Vec<_> =
        all.iter().filter(|one| one.comment.ends_with(&marked) && one.status.state != "expired").collect();
    for silence in &ours {
        alertmanager.expire_silence(&silence.id, TIMEOUT)?;
    }
    Ok(ours.len())
}

/// `TargetDown on host1:9100`.
fn name_of(alert: &ManagedAlert) -> String {
    let label = |name: &str| alert.labels.get(name).map(String::as_str);
    let name = label("alertname").unwrap_or("an alert without a name");
    label("instance").map_or_else(|| name.to_owned(), |instance| format!("{name} on {instance}"))
}
