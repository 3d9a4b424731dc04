//! What an Alertmanager counts of the notifications that it sends.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Alertmanager;
use crate::world::prometheus::{PeerError, exposed_series};

/// Requests to the receivers' integrations since its start.
///
/// `alertmanager_notifications_total` counts a notification before it is sent, also one that hangs or is refused: so
/// the requests are counted, which are counted when they have ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notifications {
    /// By integration, such as `webhook`: how many requests ended, and how many of them failed.
    requests: BTreeMap<String, (f64, f64)>,
}

impl Notifications {
    /// Reads them off a metrics page.
    fn on(page: &str) -> Self {
        let mut requests = BTreeMap::new();
        let (all, failed) =
            ("alertmanager_notification_requests_total", "alertmanager_notification_requests_failed_total");
        for (name, is_failed) in [(all, false), (failed, true)] {
            for (labels, value) in exposed_series(page, name) {
                let Some(integration) = label_in(labels, "integration") else { continue };
                let counts: &mut (f64, f64) = requests.entry(integration.to_owned()).or_default();
                *(if is_failed { &mut counts.1 } else { &mut counts.0 }) += value;
            }
        }
        Self { requests }
    }

    /// How many requests of an integration succeeded and failed since `before`; a restart begins anew.
    pub fn since(&self, before: &Self, integration: &str) -> (f64, f64) {
        let of = |counts: &Self| counts.requests.get(integration).copied().unwrap_or_default();
        let ((all, failed), (all_before, failed_before)) = (of(self), of(before));
        if all < all_before {
            return (all - failed, failed);
        }
        (all - all_before - (failed - failed_before), failed - failed_before)
    }
}

fn label_in<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    // The names of integrations hold neither quotes nor commas.
    labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

impl Alertmanager {
    /// What it counts of the notifications that it sends.
    ///
    /// # Errors
    /// [`PeerError`].
    pub fn notifications(&self, timeout: Duration) -> Result<Notifications, PeerError> {
        let answer = self.send("GET", "/metrics", Vec::new(), timeout)?;
        if answer.status != 200 {
            return Err(self.refused("/metrics", &answer));
        }
        Ok(Notifications::on(&answer.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_succeeded_is_what_ended_without_what_failed() {
        let page = |all: u32, failed: u32| {
            Notifications::on(&format!(
                "alertmanager_notification_requests_total{{integration=\"webhook\"}} {all}\n\
                 alertmanager_notification_requests_failed_total{{integration=\"webhook\"}} {failed}\n\
                 alertmanager_notification_requests_total{{integration=\"email\"}} 9\n"
            ))
        };
        for (before, after, expected) in
            [((5, 1), (7, 2), (1.0, 1.0)), ((5, 1), (5, 1), (0.0, 0.0)), ((5, 1), (2, 1), (1.0, 1.0))]
        {
            let (before, after) = (page(before.0, before.1), page(after.0, after.1));
            assert_eq!(after.since(&before, "webhook"), expected);
        }
        assert_eq!(page(1, 0).since(&page(1, 0), "slack"), (0.0, 0.0));
    }
}
