//! What Alertmanager's configuration lets expect of the way.

use std::time::Duration;

use super::{NO_ALERTMANAGER, Path, REQUEST, refusals};
use crate::model::AlertPathCheck;
use crate::routing::{DEFAULT_GROUP_INTERVAL, DEFAULT_GROUP_WAIT, Labels, Receiver, Routing};
use crate::validator::checks::Answer;
use crate::world::alertmanager::Alertmanager;

/// What the configuration lets expect.
pub(super) struct Expected {
    /// Whom the alert is for; `None` when the configuration could not be read.
    pub(super) receiver: Option<Receiver>,
    /// How long a new alert waits for others of its group: what comes before that is probably not of this one.
    pub(super) group_wait: Duration,
    /// How long the end of an alert may wait.
    pub(super) group_interval: Duration,
    /// Whether the end has to be told.
    pub(super) is_end_told: bool,
    /// The time interval that keeps everything back.
    pub(super) muted: Option<String>,
}

impl Expected {
    fn unread(check: &AlertPathCheck) -> Self {
        Self {
            receiver: None,
            group_wait: Duration::ZERO,
            group_interval: DEFAULT_GROUP_INTERVAL.to_std().unwrap_or_default(),
            is_end_told: check.resolved.unwrap_or(check.webhook.is_some()),
            muted: None,
        }
    }
}

impl Path<'_> {
    /// What the configuration says of the way, asked of the first member that answers.
    pub(super) fn expectations(&self, labels: &Labels) -> Result<(Expected, Vec<String>), Answer> {
        let mut why = Answer::unknown(NO_ALERTMANAGER);
        for member in &self.members {
            match member.status(self.left(REQUEST)) {
                Ok(status) => return self.expected(&status.config.original, labels, member),
                Err(error) => why = refusals::of(&error),
            }
        }
        Err(why)
    }

    fn expected(
        &self,
        config: &str,
        labels: &Labels,
        member: &Alertmanager,
    ) -> Result<(Expected, Vec<String>), Answer> {
        let name = &self.check.receiver.value;
        let routing = match Routing::read(config) {
            Ok(routing) => routing,
            // A later Alertmanager may say what is not known here: then only what is seen counts.
            Err(error) => {
                let warning = format!("the configuration of {}: {error}", member.url());
                return Ok((Expected::unread(self.check), vec![warning]));
            }
        };
        let Some(receiver) = routing.receiver(name) else {
            return Err(Answer::no(
                format!("a receiver `{name}`"),
                format!(
                    "mis-routed: {} knows only `{}`",
                    member.url(),
                    routing.receiver_names().collect::<Vec<_>>().join("`, `")
                ),
            ));
        };
        if receiver.integrations.is_empty() {
            return Err(Answer::no(
                format!("a receiver `{name}` that tells somebody"),
                "not delivered: it has no integration",
            ));
        }
        let ways = routing.ways(labels);
        let way = ways.iter().find(|way| way.receiver == name);
        let muted = way.and_then(|way| routing.muted_by(way, chrono::Utc::now()));
        let interval = way.map_or(DEFAULT_GROUP_INTERVAL, |way| way.group_interval);
        let wait = way.map_or(DEFAULT_GROUP_WAIT, |way| way.group_wait);
        let expected = Expected {
            receiver: Some(receiver.clone()),
            group_wait: wait.to_std().unwrap_or_default(),
            group_interval: interval.to_std().unwrap_or_default(),
            is_end_told: self.check.resolved.unwrap_or_else(|| self.tells_the_end(receiver)),
            muted,
        };
        Ok((expected, Vec::new()))
    }

    /// Whether what is watched is told of the end: the webhook, or any integration.
    fn tells_the_end(&self, receiver: &Receiver) -> bool {
        let is_watched = |kind: &str| self.check.webhook.is_none() || kind == "webhook";
        receiver.integrations.iter().any(|one| is_watched(&one.kind) && one.send_resolved)
    }
}
