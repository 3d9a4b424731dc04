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

/// Tells Alertmanager.
pub fn deliver(alertmanager: &Alertmanager, posts: &[PostedAlert]) -> Delivery {
    if posts.is_empty() {
        return Delivery::Nothing;
    }
    match alertmanager.post_alerts(posts, DEADLINE) {
        Ok(()) => Delivery::Taken(posts.len()),
        Err(error) => Delivery::Owed { alerts: posts.len(), error: crate::in_words(&error) },
    }
}

/// The alerts that Alertmanager has to be told of.
pub fn due(rules: &[Rule], analysis: &Analysis) -> Vec<AlertInstance> {
    let rules = by_name(rules);
    let is_due = |alert: &&AlertInstance| {
        let is_sent = rules.get(alert.name.as_str()).is_none_or(|rule| rule.send);
        is_sent
            && match alert.state {
                AlertState::Pending => false,
                AlertState::Firing => true,
                AlertState::Resolved => alert.delivered.is_none(),
            }
    };
    analysis.alerts.iter().filter(is_due).cloned().collect()
}

/// What Alertmanager is told at `now` of alerts that are due.
pub fn posts(rules: &[Rule], due: &[AlertInstance], now: DateTime<Utc>) -> Vec<PostedAlert> {
    let rules = by_name(rules);
    due.iter().map(|alert| post(rules.get(alert.name.as_str()).copied(), alert, now)).collect()
}

fn by_name(rules: &[Rule]) -> BTreeMap<&str, &Rule> {
    rules.iter().map(|rule| (rule.name.as_str(), rule)).collect()
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
pub fn record(
    alertmanager: &str,
    due: &[AlertInstance],
    analysis: &Analysis,
    delivery: &Delivery,
) -> Option<Event> {
    let (alerts, error, is_news) = match delivery {
        Delivery::Nothing => return None,
        Delivery::Taken(alerts) => (*alerts, None, due.iter().any(|alert| alert.delivered.is_none())),
        Delivery::Owed { alerts, error } => {
            let were_taken = due.iter().any(|alert| alert.delivered.is_some());
            (*alerts, Some(error.clone()), were_taken || !analysis.changes.is_empty())
        }
    };
    is_news.then(|| Event::AlertsDelivered { alertmanager: alertmanager.to_owned(), alerts, error })
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
        for rule in &mut rules {
            rule.send = send;
        }
        rules
    }

    #[test]
    fn firing_alerts_are_renewed_and_resolved_ones_end_when_they_did() {
        let posts = |state, delivered| posts(&rules(true), &analysis(state, delivered).alerts, at(2));
        let firing = posts(AlertState::Firing, Some(at(1)));
        assert_eq!((firing[0].starts_at, firing[0].ends_at), (at(0), at(22)));
        assert_eq!(firing[0].labels["alertname"], "MainstayTaskOverdue");
        assert!(firing[0].annotations.contains_key("summary"));
        let resolved = posts(AlertState::Resolved, None);
        assert_eq!((resolved[0].starts_at, resolved[0].ends_at), (at(0), at(0)));
    }

    #[test]
    fn what_is_pending_delivered_or_not_to_be_sent_is_not_sent() {
        let n_due = |send, state, delivered| due(&rules(send), &analysis(state, delivered)).len();
        assert_eq!(n_due(true, AlertState::Pending, None), 0);
        assert_eq!(n_due(true, AlertState::Resolved, Some(at(1))), 0);
        assert_eq!(n_due(true, AlertState::Resolved, None), 1);
        assert_eq!(n_due(false, AlertState::Firing, None), 0);
    }

    #[test]
    fn the_ledger_hears_of_a_delivery_once() {
        let owed = Delivery::Owed { alerts: 1, error: "away".into() };
        let is_heard = |delivery: &Delivery, delivered| {
            let analysis = analysis(AlertState::Firing, delivered);
            record("am", &analysis.alerts, &analysis, delivery).is_some()
        };
        let before = Some(at(1));
        assert!(is_heard(&Delivery::Taken(1), None) && !is_heard(&Delivery::Taken(1), before));
        assert!(is_heard(&owed, before) && !is_heard(&owed, None));
        assert!(!is_heard(&Delivery::Nothing, None));
    }
}
