//! Analyzer: samples and rules to alerts, at one tick.
//!
//! 1. An alert is pending until its condition has held for the rule's `for`, then firing, then resolved.
//! 2. Time passes at ticks only. What is missing while pending is forgotten; what is missing while firing is
//!    resolved.
//! 3. A rule whose metric is unknown keeps every alert as it was.
//! 4. NaN satisfies nothing.
//!
//! Source: Prometheus, alerting rules, without `keep_firing_for`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Collected, Rule};
use crate::model::own_metric::{OWN, PREFIX};
use crate::model::{AlertInstance, AlertState, Event, Sample};

/// What one tick found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analysis {
    /// Every alert that is pending, firing, or resolved and not yet delivered as such; by name and labels.
    pub alerts: Vec<AlertInstance>,
    /// What went from one state to another, as the ledger hears it.
    pub changes: Vec<Event>,
    /// Rules that could not be evaluated.
    pub unknown: Vec<UnknownRule>,
}

/// A rule that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRule {
    /// Its name.
    pub rule: String,
    /// Its metric.
    pub metric: String,
    /// Why not.
    pub reason: String,
}

impl Analysis {
    /// The alerts that fire.
    pub fn firing(&self) -> impl Iterator<Item = &AlertInstance> {
        self.alerts.iter().filter(|alert| alert.state == AlertState::Firing)
    }
}

/// Evaluates `rules` at `now`; `before` is what the last tick left.
///
/// A resolved alert whose rule tells nobody is over at once; one whose rule is gone is delivered still.
pub fn analyze(
    rules: &[Rule],
    collected: &Collected,
    before: &[AlertInstance],
    now: DateTime<Utc>,
) -> Analysis {
    let mut analysis = Analysis::default();
    for rule in rules {
        let former = before.iter().filter(|alert| alert.name == rule.name);
        match holding(rule, collected) {
            Ok(holding) => tick(rule, &holding, former, now, &mut analysis),
            Err(reason) => {
                analysis.alerts.extend(former.filter(|alert| is_open(alert, rule.send)).cloned());
                let metric = rule.expr.metric.clone();
                analysis.unknown.push(UnknownRule { rule: rule.name.clone(), metric, reason });
            }
        }
    }
    let known: BTreeSet<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
    let anyone_listens = rules.iter().any(|rule| rule.send);
    for alert in before.iter().filter(|alert| !known.contains(alert.name.as_str())) {
        end(alert, anyone_listens, now, &mut analysis);
    }
    analysis.alerts.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    analysis
}

type Labels = BTreeMap<String, String>;

/// The final labels and values of the samples that satisfy a rule.
fn holding(rule: &Rule, collected: &Collected) -> Result<BTreeMap<Labels, f64>, String> {
    if let Some(reason) = collected.unknown.get(&rule.expr.metric) {
        return Err(reason.clone());
    }
    let metric = &rule.expr.metric;
    if metric.starts_with(PREFIX) && !OWN.iter().any(|own| own.name == metric) {
        return Err(format!("mainstay has no metric `{metric}`"));
    }
    let mut holding = BTreeMap::new();
    for sample in collected.samples.iter().filter(|sample| sample.name == rule.expr.metric) {
        if !satisfies(rule, sample) {
            continue;
        }
        let mut labels = sample.labels.clone();
        labels.insert("severity".to_owned(), rule.severity.clone());
        if holding.insert(labels, sample.value).is_some() {
            return Err("two of its samples make the same alert".to_owned());
        }
    }
    Ok(holding)
}

fn satisfies(rule: &Rule, sample: &Sample) -> bool {
    !sample.value.is_nan() && rule.expr.selects(&sample.labels) && rule.expr.holds(sample.value)
}

/// Moves the alerts of one rule on by one tick.
fn tick<'a>(
    rule: &Rule,
    holding: &BTreeMap<Labels, f64>,
    former: impl Iterator<Item = &'a AlertInstance>,
    now: DateTime<Utc>,
    analysis: &mut Analysis,
) {
    let mut former: BTreeMap<&Labels, &AlertInstance> = former.map(|alert| (&alert.labels, alert)).collect();
    for (labels, &value) in holding {
        let was = former.remove(labels).filter(|alert| alert.state != AlertState::Resolved);
        // A clock that went back must not make an alert wait for the time that it went back by.
        let since = was.map_or(now, |alert| alert.since.min(now));
        let fires = was.is_some_and(|alert| alert.state == AlertState::Firing);
        let state = if fires || rule.hold <= now - since { AlertState::Firing } else { AlertState::Pending };
        let alert = AlertInstance {
            name: rule.name.clone(),
            labels: labels.clone(),
            state,
            since,
            value,
            delivered: was.filter(|alert| alert.state == state).and_then(|alert| alert.delivered),
        };
        if was.is_none_or(|was| was.state != state || was.since != since) {
            analysis.changes.push(change(&alert, Some(state)));
        }
        analysis.alerts.push(alert);
    }
    for alert in former.into_values() {
        end(alert, rule.send, now, analysis);
    }
}

/// What holds no longer: forgotten, resolved, or resolved before and kept until that is delivered.
fn end(alert: &AlertInstance, send: bool, now: DateTime<Utc>, analysis: &mut Analysis) {
    match alert.state {
        AlertState::Pending => {
            analysis.changes.push(change(&AlertInstance { since: now, ..alert.clone() }, None));
        }
        AlertState::Firing => {
            let resolved =
                AlertInstance { state: AlertState::Resolved, since: now, delivered: None, ..alert.clone() };
            analysis.changes.push(change(&resolved, Some(AlertState::Resolved)));
            analysis.alerts.push(resolved);
        }
        AlertState::Resolved if is_open(alert, send) => analysis.alerts.push(alert.clone()),
        AlertState::Resolved => {}
    }
}

/// Whether something about the alert is still going on.
fn is_open(alert: &AlertInstance, send: bool) -> bool {
    alert.state != AlertState::Resolved || (send && alert.delivered.is_none())
}

fn change(alert: &AlertInstance, state: Option<AlertState>) -> Event {
    Event::AlertChanged {
        name: alert.name.clone(),
        labels: alert.labels.clone(),
        state,
        since: alert.since,
        value: alert.value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use AlertState::{Firing, Pending, Resolved};

    use chrono::TimeDelta;

    use super::*;
    use crate::planfile::alert_expr;

    /// Minute by minute: what the metric is (`None`: no sample), and where the alert stands.
    struct Life {
        rule: Rule,
        alerts: Vec<AlertInstance>,
        minute: i64,
        n_changes: usize,
    }

    fn rule(expr: &str, minutes: i64) -> Rule {
        Rule {
            name: "Full".into(),
            expr: alert_expr::parse(expr).unwrap(),
            hold: TimeDelta::minutes(minutes),
            severity: "page".into(),
            send: true,
            summary: String::new(),
        }
    }

    fn sample(labels: &[(&str, &str)], value: f64) -> Sample {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Sample { name: "disk".into(), labels, value }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        "2026-03-07T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
    }

    impl Life {
        fn of(rule: Rule) -> Self {
            Self { rule, alerts: Vec::new(), minute: 0, n_changes: 0 }
        }

        fn analysis(&mut self, collected: &Collected) -> Analysis {
            let analysis =
                analyze(std::slice::from_ref(&self.rule), collected, &self.alerts, at(self.minute));
            self.alerts.clone_from(&analysis.alerts);
            self.n_changes += analysis.changes.len();
            self.minute += 1;
            analysis
        }

        #[track_caller]
        fn tick(
            &mut self,
            value: impl Into<Option<f64>>,
            expected: impl Into<Option<AlertState>>,
        ) -> &mut Self {
            let samples = value.into().map(|value| sample(&[], value)).into_iter().collect();
            let minute = self.minute;
            let found = self.analysis(&Collected { samples, ..Collected::default() });
            let states: Vec<_> = found.alerts.iter().map(|alert| alert.state).collect();
            assert_eq!(states, Vec::from_iter(expected.into()), "minute {minute}");
            self
        }

        #[track_caller]
        fn unknown(&mut self, expected: impl Into<Option<AlertState>>) -> &mut Self {
            let collected = Collected {
                unknown: [("disk".to_owned(), "gone".to_owned())].into(),
                ..Collected::default()
            };
            let found = self.analysis(&collected);
            assert_eq!(found.alerts.first().map(|alert| alert.state), expected.into());
            assert_eq!(found.unknown.len(), 1);
            self
        }
    }

    #[test]
    fn an_alert_fires_when_it_has_held_for_as_long_as_the_rule_says() {
        let mut life = Life::of(rule("disk > 90", 2));
        life.tick(95.0, Pending)
            .tick(96.0, Pending)
            .tick(97.0, Firing)
            .tick(98.0, Firing)
            .tick(1.0, Resolved);
        assert_eq!(life.n_changes, 3);
        Life::of(rule("disk > 90", 0)).tick(95.0, Firing).tick(90.0, Resolved);
    }

    #[test]
    fn what_ends_while_pending_is_forgotten() {
        let mut life = Life::of(rule("disk > 90", 2));
        life.tick(95.0, Pending).tick(95.0, Pending).tick(None, None).tick(95.0, Pending).tick(95.0, Pending);
        life.tick(95.0, Firing).tick(None, Resolved);
    }

    #[test]
    fn ticks_at_which_nothing_changes_say_nothing() {
        let mut life = Life::of(rule("disk > 90", 1));
        life.tick(95.0, Pending).tick(95.0, Firing);
        let before = life.n_changes;
        life.tick(96.0, Firing).tick(97.0, Firing).unknown(Firing);
        assert_eq!(life.n_changes, before);
    }

    #[test]
    fn unknown_is_not_resolved() {
        let mut life = Life::of(rule("disk > 90", 1));
        life.unknown(None).tick(95.0, Pending).unknown(Pending).tick(95.0, Firing).unknown(Firing);
        life.tick(1.0, Resolved).unknown(Resolved);
    }

    #[test]
    fn nan_satisfies_nothing() {
        for expr in ["disk > 90", "disk < 90", "disk == 90", "disk != 90"] {
            Life::of(rule(expr, 0)).tick(f64::NAN, None);
        }
        Life::of(rule("disk > 90", 0)).tick(f64::INFINITY, Firing).tick(f64::NAN, Resolved);
    }

    #[test]
    fn a_resolved_alert_stays_until_it_is_delivered_and_may_fire_again() {
        let mut life = Life::of(rule("disk > 90", 0));
        life.tick(95.0, Firing).tick(1.0, Resolved).tick(1.0, Resolved);
        assert_eq!(life.alerts[0].since, at(1));
        life.alerts[0].delivered = Some(at(3));
        life.tick(1.0, None).tick(95.0, Firing);
        assert_eq!((life.alerts[0].since, life.alerts[0].delivered), (at(4), None));
    }

    #[test]
    fn a_clock_that_goes_back_neither_resolves_nor_delays() {
        let mut life = Life::of(rule("disk > 90", 2));
        life.minute = 60;
        life.tick(95.0, Pending);
        life.minute = 10;
        life.tick(95.0, Pending).tick(95.0, Pending).tick(95.0, Firing);
        life.minute = 0;
        life.tick(95.0, Firing);
    }

    #[test]
    fn each_label_set_lives_for_itself() {
        let mut life = Life::of(rule(r#"disk{zone="b"} > 90"#, 0));
        let samples = vec![
            sample(&[("zone", "a"), ("host", "1")], 99.0),
            sample(&[("zone", "b"), ("host", "1")], 99.0),
            sample(&[("zone", "b"), ("host", "2")], 1.0),
            sample(&[("zone", "b"), ("host", "3")], 98.0),
        ];
        let found = life.analysis(&Collected { samples, ..Collected::default() });
        let hosts: Vec<_> = found.alerts.iter().map(|alert| alert.labels["host"].as_str()).collect();
        assert_eq!(hosts, ["1", "3"]);
        assert_eq!(found.alerts[0].labels["severity"], "page");
    }

    #[test]
    fn two_samples_that_make_the_same_alert_make_the_rule_unknown() {
        let mut life = Life::of(rule("disk > 90", 0));
        let samples = vec![sample(&[("severity", "a")], 99.0), sample(&[("severity", "b")], 99.0)];
        let found = life.analysis(&Collected { samples, ..Collected::default() });
        assert_eq!((found.alerts.len(), found.unknown.len()), (0, 1));
    }

    #[test]
    fn alerts_of_a_rule_that_is_gone_end() {
        let mut life = Life::of(rule("disk > 90", 0));
        life.tick(95.0, Firing);
        let found = analyze(&[], &Collected::default(), &life.alerts, at(9));
        assert_eq!((found.alerts[0].state, found.changes.len()), (Resolved, 1));
    }
}
