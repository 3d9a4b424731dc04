//! The synthetic alert: posted, kept alive, and resolved when it is dropped.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::AlertPathCheck;
use crate::routing::Labels;
use crate::world::alertmanager::{Alertmanager, PostedAlert, SilenceMatcher};
use crate::world::prometheus::PeerError;

/// The alert ends by itself this long after it was last heard of.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// So often its end is put off.
const RENEW_EVERY: Duration = Duration::from_secs(8);
/// A member takes this long at most when the alert is put off or resolved.
const REQUEST: Duration = Duration::from_secs(3);
/// A member that has too much to do is asked again after these.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1200)];

/// A name that no other probe has, and the labels with it.
pub(super) fn labels(check: &AlertPathCheck) -> (String, Labels) {
    let nanos = Utc::now().timestamp_nanos_opt().unwrap_or_default();
    let id = format!("{:016x}", RandomState::new().hash_one((nanos, std::process::id())));
    let mut labels = check.labels.clone();
    labels.entry("alertname".to_owned()).or_insert_with(|| AlertPathCheck::ALERT_NAME.to_owned());
    labels.insert(AlertPathCheck::PROBE.to_owned(), id.clone());
    (id, labels)
}

/// An alert that fires on the members that took it, until it is dropped.
pub(super) struct Probe {
    labels: Labels,
    annotations: BTreeMap<String, String>,
    starts_at: DateTime<Utc>,
    /// When it was posted.
    pub(super) posted: Instant,
    members: Vec<Alertmanager>,
    /// What each member said to it.
    pub(super) answers: Vec<Result<(), PeerError>>,
    renewed: Instant,
    is_resolved: bool,
}

impl Probe {
    /// Posts it to every member.
    pub(super) fn post(
        members: &[Alertmanager],
        labels: Labels,
        mut annotations: BTreeMap<String, String>,
    ) -> Self {
        annotations.entry("summary".to_owned()).or_insert_with(|| {
            "mainstay tries whether alerts arrive; it ends by itself, and there is nothing to do".to_owned()
        });
        let mut probe = Self {
            labels,
            annotations,
            // The wall clock of this machine, whatever time mainstay pretends it is: Alertmanager pretends nothing.
            starts_at: Utc::now(),
            posted: Instant::now(),
            members: members.to_vec(),
            answers: Vec::new(),
            renewed: Instant::now(),
            is_resolved: false,
        };
        probe.answers = probe.send(Utc::now() + LEASE, true);
        probe
    }

    /// The members that took it.
    pub(super) fn taken(&self) -> Vec<Alertmanager> {
        let taken = self.members.iter().zip(&self.answers).filter(|(_, answer)| answer.is_ok());
        taken.map(|(member, _)| member.clone()).collect()
    }

    /// How many members took it.
    pub(super) fn n_taken(&self) -> usize {
        self.answers.iter().filter(|answer| answer.is_ok()).count()
    }

    /// What finds it among all alerts.
    pub(super) fn matchers(&self) -> [SilenceMatcher; 1] {
        let value = self.labels.get(AlertPathCheck::PROBE).cloned().unwrap_or_default();
        [SilenceMatcher { name: AlertPathCheck::PROBE.to_owned(), value, is_regex: false, is_equal: true }]
    }

    /// Puts its end off when that is due.
    pub(super) fn renew(&mut self) {
        if RENEW_EVERY <= self.renewed.elapsed() {
            self.renewed = Instant::now();
            // One that cannot be reached now has it until the lease ends.
            let _ = self.send(Utc::now() + LEASE, false);
        }
    }

    /// Resolves it on every member, also on one that refused it: it may have taken it all the same.
    pub(super) fn resolve(&mut self) {
        if !self.is_resolved {
            self.is_resolved = true;
            let _ = self.send(Utc::now(), true);
        }
    }

    fn send(&self, ends_at: DateTime<Utc>, is_insisting: bool) -> Vec<Result<(), PeerError>> {
        let alert = PostedAlert {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            starts_at: self.starts_at.min(ends_at),
            ends_at,
        };
        let pauses = if is_insisting { &PAUSES[..] } else { &[] };
        thread::scope(|scope| {
            let ask = |member| {
                let alert = std::slice::from_ref(&alert);
                scope.spawn(move || post(member, alert, pauses))
            };
            let asked: Vec<_> = self.members.iter().map(ask).collect();
            asked.into_iter().map(|asked| asked.join().unwrap_or(Ok(()))).collect()
        })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.resolve();
    }
}

/// Posts it to one member, again when it has too much to do.
fn post(member: &Alertmanager, alert: &[PostedAlert], pauses: &[Duration]) -> Result<(), PeerError> {
    let mut answer = member.post_alerts(alert, REQUEST);
    for pause in pauses {
        if !matches!(answer, Err(PeerError::Refused { status: 429 | 503, .. })) {
            break;
        }
        thread::sleep(*pause);
        answer = member.post_alerts(alert, REQUEST);
    }
    answer
}
