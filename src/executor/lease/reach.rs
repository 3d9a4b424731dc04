//! What a silence would hit, looked at before it is made.
//!
//! 1. Nothing is changed here: it is asked, and refused or not.
//! 2. **Alerts of others refuse a silence.** When every target of the run has `labels`, it is known what the work is
//!    about. An alert is of others when it carries, for each target of the run, one of that target's labels with
//!    another value. An alert that carries none of them (one of a whole job, say) is about no instance in particular
//!    and refuses nothing, and neither does one that is silenced or inhibited already. Where a target of the run has
//!    no labels (this machine has none), it is not known what is its own, so nothing is refused: of a silence that
//!    names no system at all `validate` speaks.
//! 3. **A silence has to hold wherever alerts go.** When Prometheus sends to more Alertmanagers than are members of
//!    the cluster of the one that the plan file names, the others would not know of the silence: it is refused.
//!    Members of one cluster tell each other, so one of them is enough.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::PlanFile;
use crate::planfile::matchers;
use crate::world::World;
use crate::world::alertmanager::{Alertmanager, ManagedAlert, SilenceMatcher};
use crate::world::prometheus::{PeerError, Prometheus, ScrapeTarget};

/// What the work is about.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The labels of each target of the run; empty when one of them has none.
    pub own: Vec<BTreeMap<String, String>>,
    /// Where it is asked what is scraped, and where alerts are sent.
    pub prometheus: Option<Prometheus>,
}

impl Scope {
    /// What work on `targets` is about.
    pub fn of(plan: &PlanFile, targets: &[String], world: &World) -> Self {
        let labels = |name: &String| plan.targets.get(name).map(|target| target.labels.clone());
        let own: Vec<_> = targets.iter().map(|name| labels(name).unwrap_or_default()).collect();
        let is_known = own.iter().all(|labels| !labels.is_empty());
        Self { own: if is_known { own } else { Vec::new() }, prometheus: world.prometheus.clone() }
    }

    /// Whether something with these labels is known not to be of the work.
    fn excludes(&self, labels: &BTreeMap<String, String>) -> bool {
        let differs = |(name, value): (&String, &String)| labels.get(name).is_some_and(|has| has != value);
        !self.own.is_empty() && self.own.iter().all(|own| own.iter().any(differs))
    }

    /// Whether something with these labels is known to be of the work: all of a target's labels that it carries
    /// have the target's values, and it carries one.
    fn includes(&self, labels: &BTreeMap<String, String>) -> bool {
        self.own.iter().any(|own| {
            let mut carried =
                own.iter().filter_map(|(name, value)| Some((value, labels.get(name)?))).peekable();
            carried.peek().is_some() && carried.all(|(value, has)| value == has)
        })
    }
}

/// What a silence would hit now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// The alerts that it hits, by name and instance.
    pub alerts: Vec<String>,
    /// The scrape targets whose alerts it would hit, as far as their labels tell, by job and instance.
    pub covered: Vec<String>,
    /// Scrape targets of the work whose alerts it would not hit.
    pub uncovered: Vec<String>,
}

/// Why a silence is not made.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Alertmanager would not say.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// It would hide what the work has nothing to do with.
    #[error("{} would also hit {}, which the work has nothing to do with", matchers.join(", "), alerts.join(", "))]
    HitsOthers {
        /// The matchers.
        matchers: Vec<String>,
        /// The alerts of others.
        alerts: Vec<String>,
    },
    /// It would not hold everywhere.
    #[error("Prometheus sends alerts to {known} Alertmanagers ({}), and the one at {at} is in a cluster of {members}: \
             a silence there does not hold at the others", urls.join(", "))]
    NotEverywhere {
        /// How many Alertmanagers Prometheus sends to.
        known: usize,
        /// They.
        urls: Vec<String>,
        /// The one that the plan file names.
        at: String,
        /// How many members its cluster has; 1 when it is alone.
        members: usize,
    },
}

/// What one question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// So many things are named in a sentence.
const MOST_NAMED: usize = 5;

/// Looks at what a silence of these matchers would hit now.
///
/// A Prometheus that does not answer is no reason against a silence: it may be what is maintained.
///
/// # Errors
/// [`Refusal`].
pub fn look(alertmanager: &Alertmanager, wanted: &[SilenceMatcher], scope: &Scope) -> Result<Reach, Refusal> {
    let alerts = alertmanager.alerts(wanted, TIMEOUT)?;
    let is_heard = |alert: &&ManagedAlert| alert.status.state != "suppressed";
    let foreign: BTreeSet<_> =
        alerts.iter().filter(is_heard).filter(|alert| scope.excludes(&alert.labels)).map(name_of).collect();
    if !foreign.is_empty() {
        let words = wanted.iter().map(ToString::to_string).collect();
        return Err(Refusal::HitsOthers { matchers: words, alerts: foreign.into_iter().collect() });
    }
    let mut reach = Reach { alerts: alerts.iter().map(name_of).collect(), ..Reach::default() };
    if let Some(prometheus) = &scope.prometheus {
        holds_everywhere(alertmanager, prometheus)?;
        if let Ok(targets) = prometheus.targets(TIMEOUT) {
            (reach.covered, reach.uncovered) = of_targets(&targets, wanted, scope);
        }
    }
    Ok(reach)
}

fn holds_everywhere(alertmanager: &Alertmanager, prometheus: &Prometheus) -> Result<(), Refusal> {
    let Ok(urls) = prometheus.alertmanagers(TIMEOUT) else { return Ok(()) };
    if urls.len() < 2 {
        return Ok(());
    }
    let members = alertmanager.status(TIMEOUT)?.cluster.peers.len().max(1);
    if members < urls.len() {
        return Err(Refusal::NotEverywhere { known: urls.len(), urls, at: alertmanager.url(), members });
    }
    Ok(())
}

/// What matchers say of labels that no scrape target has, such as `alertname`, is left open: alerts add them.
fn of_targets(
    targets: &[ScrapeTarget],
    wanted: &[SilenceMatcher],
    scope: &Scope,
) -> (Vec<String>, Vec<String>) {
    let is_of_targets = |name: &str| targets.iter().any(|target| target.labels.contains_key(name));
    let read = wanted.iter().filter(|matcher| is_of_targets(&matcher.name));
    let read: Vec<_> = read.filter_map(|matcher| matchers::parse(&matcher.to_string()).ok()).collect();
    let is_covered = |target: &&ScrapeTarget| {
        let value = |name: &str| target.labels.get(name).map_or("", String::as_str);
        read.iter().all(|matcher| matcher.matches(value(&matcher.name)))
    };
    let name = |target: &ScrapeTarget| {
        let value = |name: &str| target.labels.get(name).map_or("", String::as_str);
        format!("{} {}", value("job"), value("instance"))
    };
    if read.is_empty() {
        // It could be any of them: to say "all" would be a guess.
        return (Vec::new(), Vec::new());
    }
    let (covered, others): (Vec<_>, Vec<_>) = targets.iter().partition(is_covered);
    let missed = others.into_iter().filter(|target| scope.includes(&target.labels));
    (covered.into_iter().map(name).collect(), missed.map(name).collect())
}

impl Reach {
    /// In words: what it matches now, whose alerts it would hold back, and which of the work's own it would not.
    pub fn in_words(&self) -> String {
        let mut words = vec![match self.alerts.as_slice() {
            [] => "matches no alert now".to_owned(),
            names => format!("matches now: {}", shortened(names)),
        }];
        if !self.covered.is_empty() {
            words.push(format!("covers what is scraped as {}", shortened(&self.covered)));
        }
        if !self.uncovered.is_empty() {
            words.push(format!("does not cover {}, which the work is about", shortened(&self.uncovered)));
        }
        words.join("; ")
    }
}

fn shortened(names: &[String]) -> String {
    let (some, more) = names.split_at(names.len().min(MOST_NAMED));
    match more {
        [] => some.join(", "),
        more => format!("{} and {} more", some.join(", "), more.len()),
    }
}

/// `TargetDown on host1:9100`.
fn name_of(alert: &ManagedAlert) -> String {
    let label = |name: &str| alert.labels.get(name).map(String::as_str);
    let name = label("alertname").unwrap_or("an alert without a name");
    label("instance").map_or_else(|| name.to_owned(), |instance| format!("{name} on {instance}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn scope(own: &[&[(&str, &str)]]) -> Scope {
        Scope { own: own.iter().map(|pairs| labels(pairs)).collect(), prometheus: None }
    }

    #[test]
    fn an_alert_is_of_others_when_it_differs_from_each_target_of_the_run() {
        let pair = scope(&[&[("instance", "a:1"), ("site", "x")], &[("instance", "b:1")]]);
        for (alert, is_foreign) in [
            (&[("alertname", "Down"), ("instance", "a:1")][..], false),
            (&[("alertname", "Down"), ("instance", "b:1"), ("site", "y")], false),
            (&[("alertname", "Down"), ("instance", "c:1")], true),
            (&[("alertname", "JobDown"), ("job", "a")], false),
            (&[("alertname", "SiteDown"), ("site", "y")], false),
        ] {
            assert_eq!(pair.excludes(&labels(alert)), is_foreign, "{alert:?}");
        }
        assert!(!scope(&[]).excludes(&labels(&[("instance", "c:1")])), "nobody said what is the work's own");
    }

    #[test]
    fn what_is_scraped_is_covered_or_not_by_the_labels_that_targets_have() {
        let target = |job: &str, instance: &str| ScrapeTarget {
            labels: labels(&[("job", job), ("instance", instance)]),
            ..ScrapeTarget::default()
        };
        let matcher = |name: &str, value: &str, is_regex| SilenceMatcher {
            name: name.to_owned(),
            value: value.to_owned(),
            is_regex,
            is_equal: true,
        };
        let targets = [target("node", "host1"), target("ssh", "127.0.0.1:22"), target("node", "host2")];
        let own = scope(&[&[("instance", "host1")]]);
        let check = |wanted: &[SilenceMatcher], covered: &[&str], uncovered: &[&str]| {
            let found = of_targets(&targets, wanted, &own);
            assert_eq!(
                (found.0, found.1),
                (
                    covered.iter().map(|s| (*s).to_owned()).collect(),
                    uncovered.iter().map(|s| (*s).to_owned()).collect()
                ),
                "{wanted:?}"
            );
        };
        check(&[matcher("instance", "host1", false)], &["node host1"], &[]);
        check(&[matcher("instance", "host", true)], &[], &["node host1"]);
        check(&[matcher("job", "node", false)], &["node host1", "node host2"], &[]);
        check(
            &[matcher("job", "ssh", false), matcher("alertname", "Down", false)],
            &["ssh 127.0.0.1:22"],
            &["node host1"],
        );
        check(&[matcher("alertname", "Down", false)], &[], &[]);
    }
}
