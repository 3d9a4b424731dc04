//! Alerter: what Alertmanager has to be told, and telling it.
//!
//! Firing alerts are sent at every call, each time with an end so far ahead that it passes only when mainstay
//! is not called any more. Resolved ones are sent until Alertmanager has taken them. Pending ones never are.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::metrics::legacy_name;
use super::{Analysis, Rule};
use crate::model::{AlertInstance, AlertState, Event};
use crate::world::alertmanager::{Alertmanager, PostedAlert};

/// How the delivery of alerts went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Nobody had to be told anything.
    Nothing,
    /// So many alerts were taken.
    Taken(usize),
    /// So many alerts are owed still.
    Owed {
        /// How many.
        alerts: usize,
        /// Why they were not taken.
        error: String,
    },
}

/// The most that Alertmanager may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// The time between two calls that is assumed: monitor does not know how often it is called.
const ASSUMED_INTERVAL: TimeDelta = TimeDelta::minutes(5);

/// For how many such times an alert that nobody renews stays firing.
///
/// Source: Prometheus, which gives its alerts four times the interval at which it repeats them.
const LIVES: i32 = 4;

/// Tells Alertmanager what it has to be told at `now`.
pub fn deliver(alertmanager: &Alertmanager, posts: &[PostedAlert]) -> Delivery {
    if posts.is_empty() {
        return Delivery::Nothing;
    }
    match alertmanager.post_alerts(posts, DEADLINE) {
        Ok(()) => Delivery::Taken(posts.len()),
        Err(error) => Delivery::Owed { alerts: posts.len(), error: crate::in_words(&error) },
    }
}

/// What Alertmanager has to be told at `now`.
pub fn posts(rules: &[Rule], analysis: &Analysis, now: DateTime<Utc>) -> Vec<PostedAlert> {
    let rules: BTreeMap<_, _> = rules.iter().map(|rule| (rule.name.as_str(), rule)).collect();
    let due = |alert: &&AlertInstance| {
        let sent = rules.get(alert.name.as_str()).is_none_or(|rule| rule.send);
        sent && match alert.state {
            AlertState::Pending => false,
            AlertState::Firing => true,
            AlertState::Resolved => alert.delivered.is_none(),
        }
    };
    let post = |alert: &AlertInstance| post(rules.get(alert.name.as_str()).copied(), alert, now);
    analysis.alerts.iter().filter(due).map(post).collect()
}

fn post(rule: Option<&Rule>, alert: &AlertInstance, now: DateTime<Utc>) -> PostedAlert {
    let mut labels: BTreeMap<_, _> =
        alert.labels.iter().map(|(name, value)| (legacy_name(name), value.clone())).collect();
    labels.insert("alertname".to_owned(), alert.name.clone());
    let mut annotations = BTreeMap::from([("value".to_owned(), alert.value.to_string())]);
    if let Some(rule) = rule {
        annotations.insert("summary".to_owned(), rule.summary.clone());
    }
    // Alertmanager keeps the earliest start that it knows, so that a resolved alert may start at its end.
    let ends_at = match alert.state {
        AlertState::Resolved => alert.since,
        _ => now + ASSUMED_INTERVAL * LIVES,
    };
    PostedAlert { labels, annotations, starts_at: alert.since, ends_at }
}

/// What the ledger hears of a delivery: the first time that alerts are taken, and the first time that they are
/// not. Sending the same again and again is silent.
pub fn record(alertmanager: &str, analysis: &Analysis, delivery: &Delivery) -> Option<Event> {
    let sent = |alert: &&AlertInstance| alert.state != AlertState::Pending;
    let event =
        |alerts, error| Some(Event::AlertsDelivered { alertmanager: alertmanager.to_owned(), alerts, error });
    match delivery {
        Delivery::Nothing => None,
        Delivery::Taken(alerts) => {
            let owed = analysis.alerts.iter().filter(sent).any(|alert| alert.delivered.is_none());
            if owed { event(*alerts, None) } else { None }
        }
        Delivery::Owed { alerts, error } => {
            let first = analysis.alerts.iter().filter(sent).any(|alert| alert.delivered.is_some());
            if first || !analysis.changes.is_empty() { event(*alerts, Some(error.clone())) } else { None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::rule;

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-03-07T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    fn analysis(state: AlertState, delivered: Option<DateTime<Utc>>) -> Analysis {
        let labels = [("task".to_owned(), "upgrade".to_owned())].into();
        let name = "MainstayTaskOverdue".to_owned();
        let alert = AlertInstance { name, labels, state, since: at(0), value: 60.0, delivered };
        Analysis { alerts: vec![alert], ..Analysis::default() }
    }

    fn rules(send: bool) -> Vec<Rule> {
        let mut rules = rule::built_in(true);
        rules.iter_mut().for_each(|rule| rule.send = send);
        rules
    }

    #[test]
    fn firing_alerts_are_renewed_and_resolved_ones_end_when_they_did() {
        let firing = posts(&rules(true), &analysis(AlertState::Firing, Some(at(1))), at(2));
        assert_eq!((firing[0].starts_at, firing[0].ends_at), (at(0), at(22)));
        assert_eq!(firing[0].labels["alertname"], "MainstayTaskOverdue");
        assert!(firing[0].annotations.contains_key("summary"));
        let resolved = posts(&rules(true), &analysis(AlertState::Resolved, None), at(2));
        assert_eq!((resolved[0].starts_at, resolved[0].ends_at), (at(0), at(0)));
    }

    #[test]
    fn what_is_pending_delivered_or_not_to_be_sent_is_not_sent() {
        let n_posts = |send, state, delivered| posts(&rules(send), &analysis(state, delivered), at(2)).len();
        assert_eq!(n_posts(true, AlertState::Pending, None), 0);
        assert_eq!(n_posts(true, AlertState::Resolved, Some(at(1))), 0);
        assert_eq!(n_posts(false, AlertState::Firing, None), 0);
    }

    #[test]
    fn the_ledger_hears_of_a_delivery_once() {
        let taken =
            |delivered| record("am", &analysis(AlertState::Firing, delivered), &Delivery::Taken(1)).is_some();
        assert_eq!((taken(None), taken(Some(at(1)))), (true, false));
        let owed = Delivery::Owed { alerts: 1, error: "away".into() };
        let first = record("am", &analysis(AlertState::Firing, Some(at(1))), &owed);
        assert!(matches!(first, Some(Event::AlertsDelivered { error: Some(_), .. })));
        assert_eq!(record("am", &analysis(AlertState::Firing, None), &owed), None);
        assert_eq!(record("am", &analysis(AlertState::Firing, None), &Delivery::Nothing), None);
    }
}
