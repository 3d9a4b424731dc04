//! Whether the alert, and its end, came to the receiver: seen at a webhook of our own, or by Alertmanager's counters.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Expected;
use crate::model::AlertPathCheck;
use crate::validator::checks::Answer;
use crate::world::alertmanager::{Alertmanager, Notifications};
use crate::world::mailbox::{Mailbox, Message};

/// A member takes this long at most to show its counters.
const REQUEST: Duration = Duration::from_secs(3);

/// A notification that is due has been sent, and counted, after this.
const SENDING: Duration = Duration::from_secs(1);

/// A notification, and when it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notice {
    /// When.
    pub(super) at: Instant,
}

/// Where arrivals are looked for.
pub(super) enum Arrival {
    /// A webhook of the receiver ends here.
    Mailbox { mailbox: Mailbox, receiver: String, probe: String },
    /// What each member counted before, by its URL, of these integrations.
    Counters {
        before: BTreeMap<String, Notifications>,
        integrations: Vec<String>,
        /// No notification of this alert is sent so soon after it was posted.
        group_wait: Duration,
        /// How many requests had succeeded when the alert was seen to arrive, and when that was.
        at_arrival: Mutex<(f64, Option<Instant>)>,
    },
}

impl Arrival {
    /// Begins to watch, before the alert is posted.
    pub(super) fn watch(
        check: &AlertPathCheck,
        members: &[Alertmanager],
        expected: &Expected,
        probe: &str,
    ) -> Result<Self, Answer> {
        if let Some(address) = &check.webhook {
            let mailbox = Mailbox::open(address, probe).map_err(|error| {
                Answer::unknown(format!("nobody can listen on {}: {error}", address.value))
            })?;
            let (receiver, probe) = (check.receiver.value.clone(), probe.to_owned());
            return Ok(Self::Mailbox { mailbox, receiver, probe });
        }
        let Some(receiver) = &expected.receiver else {
            return Err(Answer::unknown(
                "Alertmanager's configuration cannot be read, so its counters say nothing: name a `webhook`",
            ));
        };
        let mut integrations: Vec<_> = receiver.integrations.iter().map(|one| one.kind.clone()).collect();
        integrations.sort_unstable();
        integrations.dedup();
        let counted = |member: &Alertmanager| Some((member.url(), member.notifications(REQUEST).ok()?));
        let before = members.iter().filter_map(counted).collect();
        let group_wait = expected.group_wait;
        Ok(Self::Counters { before, integrations, group_wait, at_arrival: Mutex::new((0.0, None)) })
    }

    /// The first notification that it fires, of an alert that was posted at this moment.
    ///
    /// Counters do not say whose a notification is. One of another alert that comes while this one still waits for its
    /// group is not its own; and an alert that ends before its group's wait is over is told to nobody at all. So it fires on
    /// until then, and for as long as a notification may take.
    pub(super) fn firing(&self, members: &[Alertmanager], posted: Instant) -> Result<Option<Notice>, Answer> {
        match self {
            Self::Mailbox { .. } => self.message("firing"),
            Self::Counters { at_arrival, group_wait, .. } => {
                let sent = self.sent(members);
                let mut at_arrival = at_arrival.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                if at_arrival.0 < sent {
                    *at_arrival = (sent, Some(now));
                }
                let is_its_time = posted + *group_wait + SENDING <= now;
                Ok(at_arrival.1.filter(|_| is_its_time).map(|at| Notice { at }))
            }
        }
    }

    /// The first notification that it is over.
    pub(super) fn resolved(&self, members: &[Alertmanager]) -> Result<Option<Notice>, Answer> {
        match self {
            Self::Mailbox { .. } => self.message("resolved"),
            Self::Counters { at_arrival, .. } => {
                let (before, _) = *at_arrival.lock().unwrap_or_else(PoisonError::into_inner);
                Ok((before < self.sent(members)).then(|| Notice { at: Instant::now() }))
            }
        }
    }

    /// How many requests of the receiver's integrations succeeded since the beginning, on all members.
    fn sent(&self, members: &[Alertmanager]) -> f64 {
        self.grown(members).into_iter().map(|(_, sent, _)| sent).sum()
    }

    /// By integration: how many requests succeeded and failed since the beginning.
    fn grown(&self, members: &[Alertmanager]) -> Vec<(String, f64, f64)> {
        let Self::Counters { before, integrations, .. } = self else { return Vec::new() };
        let mut grown: Vec<_> = integrations.iter().map(|kind| (kind.clone(), 0.0, 0.0)).collect();
        for member in members {
            let Some(before) = before.get(&member.url()) else { continue };
            let Ok(now) = member.notifications(REQUEST) else { continue };
            for (kind, sent, failed) in &mut grown {
                let (more_sent, more_failed) = now.since(before, kind);
                *sent += more_sent;
                *failed += more_failed;
            }
        }
        grown
    }

    /// The first message that says this of the alert; the verdict when it came as another receiver's.
    fn message(&self, state: &str) -> Result<Option<Notice>, Answer> {
        let Self::Mailbox { mailbox, receiver, probe } = self else { return Ok(None) };
        let messages = mailbox.messages();
        let Some(message) = messages.iter().find(|message| says(&message.body, probe, state)) else {
            return Ok(None);
        };
        match message.body["receiver"].as_str() {
            Some(other) if other != receiver => Err(Answer::no(
                format!("a notification of the receiver `{receiver}`"),
                format!("mis-routed: it came as the receiver `{other}`'s"),
            )),
            _ => Ok(Some(Notice { at: message.at })),
        }
    }

    /// How often the notification came that came most often, when that is more than once.
    pub(super) fn most_alike(&self) -> Option<usize> {
        let Self::Mailbox { mailbox, probe, .. } = self else { return None };
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for message in mailbox.messages() {
            if let Some(alike) = identity(&message, probe) {
                *times.entry(alike).or_default() += 1;
            }
        }
        times.into_values().max().filter(|n| 1 < *n)
    }

    /// What proves that it arrived.
    pub(super) fn evidence(&self, receiver: &str) -> String {
        match self {
            Self::Mailbox { .. } => format!("the alert came to `{receiver}` and was caught at its webhook"),
            Self::Counters { integrations, .. } => format!(
                "Alertmanager sent a notification by {}, as it does to `{receiver}` (whose it was, its counters do not say)",
                integrations.join(" or ")
            ),
        }
    }

    /// Why nothing may have come.
    pub(super) fn hint(&self, members: &[Alertmanager], expected: &Expected) -> String {
        match self {
            Self::Mailbox { .. } => {
                let webhooks = expected.receiver.iter().flat_map(|receiver| &receiver.integrations);
                let urls: Vec<_> = webhooks.filter_map(|one| one.url.as_deref()).collect();
                match urls.as_slice() {
                    [] => String::new(),
                    urls => format!("; the receiver's webhook is {}", hidden(urls)),
                }
            }
            Self::Counters { .. } => {
                let failed: Vec<_> =
                    self.grown(members).into_iter().filter(|(_, _, failed)| 0.0 < *failed).collect();
                let words = |(kind, _, failed): &(String, f64, f64)| format!("{failed} failed by {kind}");
                match failed.as_slice() {
                    [] => "; no request to the receiver has ended".to_owned(),
                    failed => {
                        format!(
                            "; of the requests to it {}",
                            failed.iter().map(words).collect::<Vec<_>>().join(", ")
                        )
                    }
                }
            }
        }
    }
}

/// The hosts of webhooks: paths and queries may hold tokens.
fn hidden(urls: &[&str]) -> String {
    let host = |url: &&str| {
        let url = crate::world::http::without_password(url);
        let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
        url[..end].to_owned()
    };
    urls.iter().map(host).collect::<Vec<_>>().join(", ")
}

/// The alert of this probe in a message of Alertmanager's webhook, version 4.
fn alert_in<'m>(body: &'m Value, probe: &str) -> Option<&'m Value> {
    let alerts = body["alerts"].as_array()?;
    alerts.iter().find(|alert| alert["labels"][AlertPathCheck::PROBE] == probe)
}

fn says(body: &Value, probe: &str, state: &str) -> bool {
    alert_in(body, probe).is_some_and(|alert| alert["status"] == state)
}

/// What two messages share that tell the same of the same alerts: one that tells of more alerts is no copy.
fn identity(message: &Message, probe: &str) -> Option<String> {
    alert_in(&message.body, probe)?;
    let alerts = message.body["alerts"].as_array()?;
    let of = |alert: &Value| format!("{} {}", alert["status"], alert["fingerprint"]);
    let mut alerts: Vec<_> = alerts.iter().map(of).collect();
    alerts.sort_unstable();
    Some(alerts.join(","))
}
