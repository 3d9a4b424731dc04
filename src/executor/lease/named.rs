//! Silences that steps make by name: they last for a time of their own, also beyond the run, until a step ends them.
//!
//! 1. A silence is on record before it is made, and its tag (`mainstay:LEDGER:RUN:NAME`) finds it after a crash.
//! 2. The same step of the same run makes it once: on its next target, or when it is repeated, it is there already.
//! 3. Nothing else ends it before its time: not the end of its run, and not the next start after a crash.

use chrono::{DateTime, TimeDelta, Utc};

use super::{LeaseError, Purpose, TIMEOUT, by_tag, create, intended, reach};
use crate::executor::journal::Journal;
use crate::model::Event;
use crate::model::silence_tag::is_named;
use crate::state::OpenSilence;
use crate::world::alertmanager::{Alertmanager, Silence};

/// What became of a silence that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is made now.
    Now {
        /// When it ends.
        until: DateTime<Utc>,
        /// What it hits, in words.
        reach: String,
    },
    /// It was in force already.
    Before {
        /// When it ends.
        until: DateTime<Utc>,
    },
}

/// Silences for `length`, unless this run has done so already.
///
/// # Errors
/// [`LeaseError`]; no silence is in force then, or its intention is on record.
pub fn make(
    alertmanager: &Alertmanager,
    journal: &Journal,
    purpose: &Purpose,
    length: TimeDelta,
) -> Result<Made, LeaseError> {
    let known = by_tag(alertmanager, &purpose.tag)?;
    if let Some(known) = known.into_iter().next() {
        journal.record(&intended(alertmanager, purpose))?;
        journal.record(&adopted(purpose, &known))?;
        return Ok(Made::Before { until: known.ends_at });
    }
    let found = reach::look(alertmanager, &purpose.matchers, &purpose.scope)?;
    journal.record(&intended(alertmanager, purpose))?;
    let (id, until) = create(alertmanager, purpose, length)?;
    let (run, tag, silenced) = (purpose.run, purpose.tag.clone(), found.alerts.clone());
    journal.record(&Event::SilenceCreated { run, tag, id, until, silenced })?;
    Ok(Made::Now { until, reach: found.in_words() })
}

fn adopted(purpose: &Purpose, known: &Silence) -> Event {
    Event::SilenceCreated {
        run: purpose.run,
        tag: purpose.tag.clone(),
        id: known.id.clone(),
        until: known.ends_at,
        silenced: Vec::new(),
    }
}

/// What became of a silence that was to be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// So many are ended now.
    Now(usize),
    /// It was over before.
    Before,
    /// None was ever made.
    Never,
}

/// Ends the silences of this name that runs of this ledger made; `tag_of_run` is that of any of its runs.
///
/// # Errors
/// [`LeaseError`]; some may be ended then.
pub fn end(
    alertmanager: &Alertmanager,
    journal: &Journal,
    tag_of_run: &str,
    name: &str,
    reason: &str,
) -> Result<Ended, LeaseError> {
    let run = tag_of_run.rsplit(':').next().unwrap_or_default();
    let (beginning, end) = (tag_of_run.strip_suffix(run).unwrap_or(tag_of_run), format!(":{name}"));
    let is_meant = |tag: &str| is_named(tag) && tag.starts_with(beginning) && tag.ends_with(&end);
    let mut n_ended = 0;
    for silence in alertmanager.silences(TIMEOUT)? {
        if silence.status.state != "expired" && tag_in(&silence.comment).is_some_and(is_meant) {
            alertmanager.expire_silence(&silence.id, TIMEOUT)?;
            n_ended += 1;
        }
    }
    let was_made = journal.state().last_silence(beginning, &end)?.is_some();
    let open = journal.state().open_silences()?;
    for silence in open.into_iter().filter(|silence| is_meant(&silence.tag)) {
        journal.record(&Event::SilenceExpired { tag: silence.tag, reason: reason.to_owned() })?;
    }
    Ok(match n_ended {
        0 if was_made => Ended::Before,
        0 => Ended::Never,
        n => Ended::Now(n),
    })
}

/// The tag at the end of a comment.
fn tag_in(comment: &str) -> Option<&str> {
    Some(comment.strip_suffix(']')?.rsplit_once('[')?.1)
}

/// Settles a silence of a run that is over: one that a step made stays, but what became of it is recorded.
///
/// Returns whether it is one that a step made; of others the run's own end is the end.
///
/// # Errors
/// [`LeaseError`].
pub fn settle(
    alertmanager: Option<&Alertmanager>,
    journal: &Journal,
    silence: &OpenSilence,
) -> Result<bool, LeaseError> {
    if !is_named(&silence.tag) {
        return Ok(false);
    }
    if silence.until.is_some_and(|until| Utc::now() < until) {
        return Ok(true);
    }
    let tag = silence.tag.clone();
    if silence.until.is_some() {
        let reason = "its time was over".to_owned();
        journal.record(&Event::SilenceExpired { tag, reason })?;
        return Ok(true);
    }
    // Intended, and nobody knows whether it was made.
    let Some(alertmanager) = alertmanager.filter(|one| one.url() == silence.alertmanager) else {
        return Ok(true);
    };
    let event = match by_tag(alertmanager, &silence.tag)?.into_iter().next() {
        Some(known) => Event::SilenceCreated {
            run: silence.run,
            tag,
            id: known.id,
            until: known.ends_at,
            silenced: Vec::new(),
        },
        None => Event::SilenceExpired { tag, reason: "it was never made".to_owned() },
    };
    journal.record(&event)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_at_the_end_of_a_comment() {
        assert_eq!(tag_in("Upgrade [a], run 7 [mainstay:0:7:x]"), Some("mainstay:0:7:x"));
        assert_eq!(tag_in("Upgrade"), None);
    }
}
