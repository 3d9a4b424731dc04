//! Silences that mainstay makes: the one on a lease, which a run holds while it lives, and those that steps make by
//! name ([`named`]).
//!
//! A lease's silence is in force before the first step, renewed in short slices while the run lives, ended with it,
//! and found again by its tag after a crash.
//!
//! 1. What it would hit is looked at first ([`reach`]), and alerts of others refuse it.
//! 2. It is on record before it is made, so that its tag finds it whatever happens.
//! 3. It is never updated in place: Alertmanager up to 0.27 expires the old one before it refuses a bad update. A
//!    renewal creates a new silence, sees that it is in force, and then ends the old one.
//! 4. It is looked up again every few seconds: an Alertmanager that was killed has forgotten what it had not written
//!    to disk yet. What is gone is made again, and that is said.
//! 5. When it cannot be renewed [`MOST_FAILURES`] times in a row, that is on record, and [`Watch::is_sound`] says so
//!    to whoever is about to do what cannot be undone.

pub mod named;
pub mod reach;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};

use self::reach::{Reach, Refusal};
use super::journal::Journal;
use crate::model::{Event, RunId, Spanned};
use crate::planfile::matchers;
use crate::state::StateError;
use crate::world::alertmanager::{Alertmanager, Silence, SilenceMatcher};
use crate::world::cancel::Cancel;
use crate::world::prometheus::PeerError;

/// How long a silence lasts without renewal, and how often it is renewed.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The end of a silence lies this far ahead: the most that it outlives a crash.
    pub slice: TimeDelta,
    /// Half of the slice at most, so that one failed renewal does no harm.
    pub renew_every: Duration,
    /// How soon a renewal that failed is tried again: several times before the slice is over.
    pub retry_every: Duration,
    /// How often it is looked up whether Alertmanager still knows it.
    pub look_every: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            slice: TimeDelta::minutes(5),
            renew_every: Duration::from_mins(2),
            retry_every: Duration::from_secs(20),
            look_every: Duration::from_secs(10),
        }
    }
}

/// After so many renewals that failed, one after the other, a silence counts as endangered.
pub const MOST_FAILURES: u32 = 3;

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
    /// What the work is about.
    pub scope: reach::Scope,
}

/// Why a silence is not in force.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// It would hit what it must not, or not hold where it has to.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Alertmanager would not.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// Alertmanager took it, and does not know it.
    #[error("{alertmanager} took the silence {id}, and {found}")]
    NotInForce {
        /// Which one.
        alertmanager: String,
        /// The id that it gave.
        id: String,
        /// What it says of it now.
        found: String,
    },
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
    /// Locked while the silence is replaced or ended, so that no renewal outlives the end.
    held: Arc<Mutex<Held>>,
    over: Cancel,
}

/// Says whether a silence holds, to whoever does not hold it.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Mutex<Held>>);

/// The silence in force, and how its renewals went.
#[derive(Debug)]
struct Held {
    id: String,
    until: DateTime<Utc>,
    /// Renewals that failed since the last one that did not.
    failures: u32,
    /// Why the last one failed.
    reason: String,
    /// All renewals that failed.
    n_failed: usize,
    /// How often it had to be made again before its time.
    n_remade: usize,
    is_ended: bool,
}

impl<'a> Lease<'a> {
    /// Silences, and says what that hits now.
    ///
    /// # Errors
    /// [`LeaseError`]; no silence is in force then, or its intention is on record.
    pub fn begin(
        alertmanager: &'a Alertmanager,
        journal: &'a Journal<'a>,
        purpose: Purpose,
        terms: Terms,
        over: Cancel,
    ) -> Result<(Self, Reach), LeaseError> {
        let reach = reach::look(alertmanager, &purpose.matchers, &purpose.scope)?;
        journal.record(&intended(alertmanager, &purpose))?;
        let (id, until) = create(alertmanager, &purpose, terms.slice).inspect_err(|_| {
            // An answer that did not come does not mean that nothing was created.
            let _ = expire_by_tag(alertmanager, &purpose.tag);
        })?;
        let held = Held {
            id: id.clone(),
            until,
            failures: 0,
            reason: String::new(),
            n_failed: 0,
            n_remade: 0,
            is_ended: false,
        };
        let lease = Self { alertmanager, journal, terms, held: Arc::new(Mutex::new(held)), over, purpose };
        // What an earlier process of the same run left in force has done its duty.
        for old in by_tag(alertmanager, &lease.purpose.tag)?.iter().filter(|old| old.id != id) {
            alertmanager.expire_silence(&old.id, TIMEOUT)?;
        }
        let (run, tag) = (lease.purpose.run, lease.purpose.tag.clone());
        journal.record(&Event::SilenceCreated { run, tag, id, until, silenced: reach.alerts.clone() })?;
        Ok((lease, reach))
    }

    /// Renews the silence, and looks it up, in a thread of `scope` until the lease ends.
    pub fn keep<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        scope.spawn(|| {
            let mut renewal = Instant::now() + self.terms.renew_every;
            loop {
                let left = renewal.saturating_duration_since(Instant::now());
                if self.over.wait(left.min(self.terms.look_every)) {
                    return;
                }
                if Instant::now() < renewal {
                    // What cannot be looked up now is looked up again, and renewed in time.
                    let Ok(Some(because)) = self.is_lost() else { continue };
                    renewal = Instant::now() + self.renewed(Some(because));
                } else {
                    renewal = Instant::now() + self.renewed(None);
                }
            }
        });
    }

    /// Sees that the silence is in force right now: one that is gone is made again.
    ///
    /// To be asked just before a step that cannot be undone: an alert in its middle would page people, or make
    /// something else act. An Alertmanager that does not answer may keep it all the same, as long as its slice lasts.
    ///
    /// # Errors
    /// Why it is not, in one sentence.
    pub fn ensure(&self) -> Result<(), String> {
        if let Ok(Some(because)) = self.is_lost()
            && let Err(error) = self.renew(Some(because.clone()))
        {
            let why = crate::in_words(&error);
            return Err(format!("its silence is gone ({because}) and could not be made again: {why}"));
        }
        self.watch().is_sound()
    }

    /// Says whether the silence holds, also where the lease is not at hand.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.held))
    }

    /// Ends the silence, and sees that it is ended. Returns what people should know.
    ///
    /// # Errors
    /// [`LeaseError`]; the silence then ends by itself within the slice, and is looked for at the next start.
    pub fn end(&self, reason: &str) -> Result<Option<String>, LeaseError> {
        let mut held = self.held();
        self.over.fire();
        held.is_ended = true;
        expire_by_tag(self.alertmanager, &self.purpose.tag)?;
        let (tag, reason) = (self.purpose.tag.clone(), reason.to_owned());
        self.journal.record(&Event::SilenceExpired { tag, reason })?;
        let failed = format!("{} failed", crate::counted(held.n_failed, "renewal"));
        let remade = format!("it was gone and made again {}", crate::counted(held.n_remade, "time"));
        let notes = [(held.n_failed, failed), (held.n_remade, remade)];
        let notes: Vec<_> = notes.into_iter().filter(|(n, _)| *n > 0).map(|(_, note)| note).collect();
        Ok((!notes.is_empty()).then(|| notes.join("; ")))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why the silence is not in force any more, if it is not.
    fn is_lost(&self) -> Result<Option<String>, PeerError> {
        let id = self.held().id.clone();
        Ok(match self.alertmanager.silence(&id, TIMEOUT)? {
            None => Some("Alertmanager had forgotten it".to_owned()),
            Some(silence) if silence.status.state == "expired" => Some("somebody had ended it".to_owned()),
            Some(_) => None,
        })
    }

    /// Renews it, or notes that it could not be; returns the time until the next attempt.
    fn renewed(&self, because: Option<String>) -> Duration {
        let Err(error) = self.renew(because) else { return self.terms.renew_every };
        let mut held = self.held();
        held.failures += 1;
        held.n_failed += 1;
        held.reason = crate::in_words(&error);
        if held.failures == MOST_FAILURES {
            // Whoever watches should know at once; if even that cannot be recorded, the run ends by it anyway.
            let _ = self.journal.record(&Event::SilenceEndangered {
                tag: self.purpose.tag.clone(),
                failures: held.failures,
                until: held.until,
                reason: held.reason.clone(),
            });
        }
        self.terms.retry_every
    }

    fn renew(&self, because: Option<String>) -> Result<(), LeaseError> {
        let mut held = self.held();
        if self.over.is_fired() {
            return Ok(());
        }
        let (id, until) = create(self.alertmanager, &self.purpose, self.terms.slice)?;
        let old = std::mem::replace(&mut held.id, id.clone());
        held.until = until;
        held.failures = 0;
        held.n_remade += usize::from(because.is_some());
        self.journal.record(&Event::SilenceRenewed { tag: self.purpose.tag.clone(), id, until, because })?;
        self.alertmanager.expire_silence(&old, TIMEOUT)?;
        Ok(())
    }
}

impl Watch {
    /// Whether the alerts of the work are still silenced for certain; if not, why.
    ///
    /// # Errors
    /// Why not, in one sentence.
    pub fn is_sound(&self) -> Result<(), String> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = held.until.to_rfc3339_opts(SecondsFormat::Secs, true);
        if held.until <= Utc::now() {
            return Err(format!("its silence ended at {until} and could not be renewed: {}", held.reason));
        }
        if held.failures < MOST_FAILURES {
            return Ok(());
        }
        let times = crate::counted(held.failures as usize, "time");
        Err(format!("its silence ends at {until} and could not be renewed {times}: {}", held.reason))
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.over.fire();
        if !self.held().is_ended {
            // The way out of an error: the silence ends by itself soon, and its intention is on record.
            let _ = expire_by_tag(self.alertmanager, &self.purpose.tag);
        }
    }
}

/// Matchers as Alertmanager takes them; the plan file's reader has refused what is none.
pub fn silencing(texts: &[Spanned<String>]) -> Vec<SilenceMatcher> {
    let parsed = texts.iter().filter_map(|text| matchers::parse(text).ok());
    parsed
        .map(|one| SilenceMatcher {
            name: one.name,
            value: one.value,
            is_regex: one.is_regex,
            is_equal: one.is_equal,
        })
        .collect()
}

fn intended(alertmanager: &Alertmanager, purpose: &Purpose) -> Event {
    Event::SilenceIntended {
        run: purpose.run,
        tag: purpose.tag.clone(),
        alertmanager: alertmanager.url(),
        matchers: purpose.matchers.iter().map(ToString::to_string).collect(),
    }
}

/// Creates a silence of this length and sees that it is in force.
fn create(
    alertmanager: &Alertmanager,
    purpose: &Purpose,
    length: TimeDelta,
) -> Result<(String, DateTime<Utc>), LeaseError> {
    // Alertmanager lives by the real clock, whatever time the caller pretends it is.
    let now = Utc::now().trunc_subsecs(3);
    let until = now + length;
    let comment = format!("{} [{}]", purpose.comment, purpose.tag);
    let id = alertmanager.create_silence(
        &purpose.matchers,
        (now, until),
        (&purpose.created_by, &comment),
        TIMEOUT,
    )?;
    let found = match alertmanager.silence(&id, TIMEOUT)? {
        Some(silence) if silence.status.state == "expired" => "says that it is expired",
        Some(_) => return Ok((id, until)),
        None => "does not know it",
    };
    Err(LeaseError::NotInForce { alertmanager: alertmanager.url(), id, found: found.to_owned() })
}

/// The silences that carry `tag` and are not over.
fn by_tag(alertmanager: &Alertmanager, tag: &str) -> Result<Vec<Silence>, PeerError> {
    let marked = format!("[{tag}]");
    let is_ours = |one: &Silence| one.comment.ends_with(&marked) && one.status.state != "expired";
    Ok(alertmanager.silences(TIMEOUT)?.into_iter().filter(is_ours).collect())
}

/// Expires every silence that carries `tag` and is not over; returns how many there were.
///
/// # Errors
/// [`PeerError`].
pub fn expire_by_tag(alertmanager: &Alertmanager, tag: &str) -> Result<usize, PeerError> {
    let ours = by_tag(alertmanager, tag)?;
    for silence in &ours {
        alertmanager.expire_silence(&silence.id, TIMEOUT)?;
    }
    Ok(ours.len())
}
