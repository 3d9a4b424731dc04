//! `alert_path`: a synthetic alert takes the way that every alert takes, to its receiver and back.
//!
//! 1. It is posted to every member of the cluster: one that is down is told of, and does not keep the others from
//!    delivering.
//! 2. However the check ends, the alert is resolved on every member that may have it; where even that is impossible it
//!    ends by itself, because its end is never further away than [`probe::LEASE`].
//! 3. Each way to fail has a verdict of its own.

mod arrival;
mod expected;
mod hops;
mod probe;
mod refusals;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use self::arrival::{Arrival, Notice};
use self::expected::Expected;
use self::hops::Hops;
use self::probe::Probe;
use super::Answer;
use crate::model::AlertPathCheck;
use crate::world::World;
use crate::world::alertmanager::{Alertmanager, ManagedAlert};
use crate::world::cancel::Cancel;

/// The answer of every check that needs an Alertmanager where there is none.
pub(super) const NO_ALERTMANAGER: &str = "the plan file names no Alertmanager (`connections.alertmanager`)";
/// How often is looked whether the alert has come further.
const LOOK: Duration = Duration::from_millis(100);
/// A member takes this long at most for one answer.
const REQUEST: Duration = Duration::from_secs(5);
/// A notification that comes in twice the alert's budget, or so long after it, is late; one that does not is lost.
const GRACE: Duration = Duration::from_secs(5);
/// After the last notice that is waited for, others of the same kind are waited for this long.
const ECHO: Duration = Duration::from_secs(1);

pub fn ask(check: &AlertPathCheck, world: &World, timeout: Duration, cancel: &Cancel) -> Answer {
    let members: Vec<_> = world.each_alertmanager().cloned().collect();
    if members.is_empty() {
        return Answer::unknown(NO_ALERTMANAGER);
    }
    let path = Path { check, members, deadline: Instant::now() + timeout, cancel };
    match path.walk() {
        Ok(found) => Answer::Yes { found },
        Err(answer) => answer,
    }
}

/// What is known while the alert is on its way.
struct Path<'a> {
    check: &'a AlertPathCheck,
    members: Vec<Alertmanager>,
    deadline: Instant,
    cancel: &'a Cancel,
}

impl Path<'_> {
    /// From the posting to the end; what was found, or why it is no yes.
    fn walk(&self) -> Result<String, Answer> {
        let receiver = &self.check.receiver.value;
        let (probe_id, labels) = probe::labels(self.check);
        let (expected, mut warnings) = self.expectations(&labels)?;
        let arrival = Arrival::watch(self.check, &self.members, &expected, &probe_id)?;
        // Dropped on every way out of here, which resolves it.
        let mut probe = Probe::post(&self.members, labels, self.check.annotations.clone());
        warnings.extend(refusals::judge(&probe, &self.members)?);
        let posted = Instant::now();
        let mut hops = Hops::from(posted);
        let within = self.check.within().to_std();
        let lost = posted + within + within.max(GRACE);

        self.seen(&mut probe, &expected, lost)?;
        hops.reached("active");
        let notice = self.notified(&mut probe, &arrival, &expected, lost)?;
        hops.reached_at("notified", notice.at);
        if within < notice.at - posted {
            return Err(Answer::no(
                format!("a notification to `{receiver}` within {}", self.check.within()),
                format!("delayed: it came after {}", hops::seconds(notice.at - posted)),
            ));
        }
        probe.resolve();
        let resolved = Instant::now();
        if expected.is_end_told {
            let end = self.end_told(&arrival, &expected, resolved)?;
            hops.reached_at("resolved", end.at);
        }
        if let Some(why) = self.duplicates(&arrival) {
            return Err(why);
        }
        let evidence = arrival.evidence(receiver);
        let mut found = format!("{evidence}: {hops}");
        if self.members.len() > 1 {
            let _ = write!(found, "; posted to {}", crate::counted(probe.n_taken(), "member"));
        }
        for warning in warnings {
            let _ = write!(found, "; warning: {warning}");
        }
        Ok(found)
    }

    /// Waits until every member that took the alert shows it as active, on its way to its receiver.
    fn seen(&self, probe: &mut Probe, expected: &Expected, until: Instant) -> Result<(), Answer> {
        let mut missing = probe.taken();
        while let Some(member) = missing.first().cloned() {
            match member.alerts(&probe.matchers(), self.left(REQUEST)) {
                Ok(alerts) => {
                    if let Some(alert) = alerts.first().filter(|alert| alert.status.state != "unprocessed") {
                        self.judge(alert, &member)?;
                        missing.remove(0);
                        continue;
                    }
                }
                Err(error) => return Err(refusals::of(&error)),
            }
            if until.min(self.deadline) <= Instant::now() {
                return Err(Answer::no(
                    "the alert active on every member",
                    format!("not delivered: {} does not show it; is its clock another one?", member.url()),
                ));
            }
            self.pause(probe)?;
        }
        match &expected.muted {
            Some(interval) => Err(Answer::no(
                format!("a notification to `{}` now", self.check.receiver.value),
                format!("muted: its route sends nothing {interval}"),
            )),
            None => Ok(()),
        }
    }

    /// Whether a member holds it back, or sends it elsewhere.
    fn judge(&self, alert: &ManagedAlert, member: &Alertmanager) -> Result<(), Answer> {
        let expected = || format!("the alert active on {}", member.url());
        if let Some(id) = alert.status.silenced_by.first() {
            let silence = member.silence(id, self.left(REQUEST)).ok().flatten();
            let words = silence.map_or_else(String::new, |silence| {
                format!(" by {}: {}", silence.created_by, silence.comment)
            });
            let found = format!("silenced: by the silence {id}{words}");
            return Err(Answer::no(expected(), found));
        }
        if let Some(fingerprint) = alert.status.inhibited_by.first() {
            let alerts = member.alerts(&[], self.left(REQUEST)).unwrap_or_default();
            let source = alerts.iter().find(|other| &other.fingerprint == fingerprint);
            let name = source.and_then(|source| source.labels.get("alertname"));
            let found = format!("inhibited: by the alert {}", name.unwrap_or(fingerprint));
            return Err(Answer::no(expected(), found));
        }
        if let Some(interval) = alert.status.muted_by.first() {
            return Err(Answer::no(expected(), format!("muted: by `{interval}`")));
        }
        if alert.status.state == "suppressed" {
            return Err(Answer::no(expected(), "suppressed, nobody says by what"));
        }
        let receiver = &self.check.receiver.value;
        if !alert.receivers.iter().any(|one| &one.name == receiver) {
            let names: Vec<_> = alert.receivers.iter().map(|one| one.name.as_str()).collect();
            return Err(Answer::no(
                format!("a route to `{receiver}`"),
                format!("mis-routed: {} sends it to `{}`", member.url(), names.join("`, `")),
            ));
        }
        Ok(())
    }

    /// Waits for the notification that it fires.
    fn notified(
        &self,
        probe: &mut Probe,
        arrival: &Arrival,
        expected: &Expected,
        until: Instant,
    ) -> Result<Notice, Answer> {
        loop {
            if let Some(notice) = arrival.firing(&self.members, probe.posted)? {
                return Ok(notice);
            }
            if until.min(self.deadline) <= Instant::now() {
                let budget = hops::seconds(until.min(self.deadline) - probe.posted);
                let mut found = format!("not delivered: nothing came within {budget}");
                found += &arrival.hint(&self.members, expected);
                let receiver = &self.check.receiver.value;
                return Err(Answer::no(
                    format!("a notification to `{receiver}` within {}", self.check.within()),
                    found,
                ));
            }
            self.pause(probe)?;
        }
    }

    /// Waits for the notification that it is over.
    fn end_told(&self, arrival: &Arrival, expected: &Expected, since: Instant) -> Result<Notice, Answer> {
        let until = since + expected.group_interval + self.check.within().to_std().max(GRACE);
        loop {
            if let Some(notice) = arrival.resolved(&self.members)? {
                return Ok(notice);
            }
            let now = Instant::now();
            if until <= now {
                return Err(Answer::no(
                    format!("the news that it is over, to `{}`", self.check.receiver.value),
                    format!("resolved notice missing: none within {}", hops::seconds(now - since)),
                ));
            }
            if self.deadline <= now {
                let wait = hops::seconds(until - since);
                return Err(Answer::unknown(format!(
                    "the alert arrived, but whether its end is told as well is known only {wait} later (its route's \
                     `group_interval` and more): give the check a longer `timeout`, or write `resolved: false`"
                )));
            }
            if self.cancel.wait(LOOK) {
                return Err(Answer::unknown("interrupted"));
            }
        }
    }

    /// The verdict on notices that came twice.
    fn duplicates(&self, arrival: &Arrival) -> Option<Answer> {
        let until = (Instant::now() + ECHO).min(self.deadline);
        while Instant::now() < until {
            if let Some(n) = arrival.most_alike() {
                return Some(Answer::no(
                    format!("one notification to `{}`", self.check.receiver.value),
                    format!("duplicated: the same one came {n} times"),
                ));
            }
            if self.cancel.wait(LOOK) {
                break;
            }
        }
        None
    }

    /// Keeps the alert alive for a moment.
    fn pause(&self, probe: &mut Probe) -> Result<(), Answer> {
        if self.cancel.wait(LOOK) {
            return Err(Answer::unknown("interrupted"));
        }
        probe.renew();
        Ok(())
    }

    /// The time that is left, up to `most`.
    fn left(&self, most: Duration) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), most)
    }
}
