//! Metrics, and what rules and dashboards read of them.

use super::Comparing;
use crate::model::{ChangeVerdict, Fact};
use crate::validator::verifier::facts::{Metrics, More, Signal};
use crate::validator::verifier::read::metric_of;

/// So many names are told in one line.
const MOST_NAMES: usize = 8;

pub(super) fn compare(to: &mut Comparing, had: &More, has: &More, is_restarted: bool) {
    to.count(Fact::Signal, had.signals.values().filter(|signal| !signal.readers.is_empty()).count());
    for (selector, was) in &had.signals {
        let Some(is) = has.signals.get(selector) else {
            // Nobody reads it any more: its rules have changed, which is told of them.
            continue;
        };
        if !was.readers.is_empty() && !is_of_alerts(selector) {
            signal(to, selector, (was, is), has, is_restarted);
        }
    }
    if let (Some(had_metrics), Some(has_metrics)) = (&had.metrics, &has.metrics) {
        metrics(to, had_metrics, has_metrics, had);
    }
}

/// These come and go with the alerts, which are compared themselves.
fn is_of_alerts(selector: &str) -> bool {
    matches!(metric_of(selector), Some("ALERTS" | "ALERTS_FOR_STATE"))
}

fn signal(to: &mut Comparing, selector: &str, (was, is): (&Signal, &Signal), has: &More, is_restarted: bool) {
    let of = (Fact::Signal, selector);
    let (then, now) = (was.series, is.series);
    if then <= now {
        return;
    }
    let series = format!("{then} series");
    let tolerance = to.spec.tolerances.signals.map(|tolerance| tolerance.value);
    #[expect(clippy::cast_precision_loss, reason = "counts of series")]
    let is_too_few = tolerance.is_some_and(|within| !within.admits(then as f64, now as f64));
    if 0 < now {
        if is_too_few {
            let message = format!("`{selector}` had {series}, and has {now}; read by {}", readers(was));
            to.worse(of, (then, now), message);
        }
        return;
    }
    let left = metric_of(selector).and_then(|metric| has.signals.get(metric)).map_or(0, |all| all.series);
    let is_own = was.own == was.series && is_restarted;
    if left == 0 && !is_own {
        to.worse(of, (then, 0), format!("`{selector}` had {series}, and has none: {}", blind(was)));
    } else if is_too_few && !is_own {
        let message = format!("`{selector}` had {series}, and has none: {}", blind(was));
        to.worse(of, (then, 0), message);
    } else if is_own {
        let message = format!(
            "`{selector}` of Prometheus itself has no series yet: it makes them when they are needed"
        );
        to.changed(of, (then, 0), message);
    } else {
        let message = format!(
            "`{selector}` had {series}, and selects none of the {left} that there are of its metric; read by {}",
            readers(was)
        );
        to.changed(of, (then, 0), message);
    }
}

/// The metrics that rules or dashboards read, and that are gone.
pub(in crate::validator::verifier) fn lost<'m>(had: &'m More, has: &More) -> Vec<(&'m str, &'m Signal)> {
    let is_lost = |(selector, was): &(&'m String, &'m Signal)| {
        metric_of(selector) == Some(selector)
            && 0 < was.series
            && !is_of_alerts(selector)
            && has.signals.get(*selector).is_some_and(|is| is.series == 0)
    };
    had.signals.iter().filter(is_lost).map(|(selector, was)| (selector.as_str(), was)).collect()
}

/// Who is blind by the loss, the alerts first.
fn blind(was: &Signal) -> String {
    let (mut alerts, mut others) = (Vec::new(), Vec::new());
    for reader in &was.readers {
        match reader.strip_prefix("alert ") {
            Some(alert) => alerts.push(format!("`{alert}`")),
            None => others.push(reader.clone()),
        }
    }
    let mut parts = Vec::new();
    if !alerts.is_empty() {
        let word = if alerts.len() == 1 { "alert" } else { "alerts" };
        parts.push(format!("{word} {} can never fire again", alerts.join(", ")));
    }
    if !others.is_empty() {
        let verb = if others.len() == 1 { "sees" } else { "see" };
        parts.push(format!("{} {verb} nothing", others.join(", ")));
    }
    parts.join("; ")
}

fn readers(signal: &Signal) -> String {
    signal.readers.join(", ")
}

/// What nobody reads is told in one line, unless the plan file says how much of it may go.
fn metrics(to: &mut Comparing, had: &Metrics, has: &Metrics, before: &More) {
    to.count(Fact::Metric, had.series.len());
    let tolerance = to.spec.tolerances.metrics.map(|tolerance| tolerance.value);
    let mut gone = Vec::new();
    for (metric, then) in &had.series {
        let now = has.series.get(metric).copied().unwrap_or(0);
        if *then <= now || is_of_alerts(metric) {
            continue;
        }
        let of = (Fact::Metric, metric.as_str());
        #[expect(clippy::cast_precision_loss, reason = "counts of series")]
        let is_too_few = tolerance.is_some_and(|within| !within.admits(*then as f64, now as f64));
        let message = format!("metric `{metric}` had {then} series, and has {now}");
        if is_too_few {
            to.worse(of, (then, now), message);
        } else if now == 0 && to.is_expected(Fact::Metric, metric) {
            to.note(ChangeVerdict::Expected, of, (Some(then.to_string()), None), message);
        } else if now == 0 && !before.signals.contains_key(metric) {
            gone.push(metric.as_str());
        }
    }
    if gone.is_empty() {
        return;
    }
    let shown: Vec<_> = gone.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    let more = gone.len().saturating_sub(MOST_NAMES);
    let more = if 0 < more { format!(" and {more} more") } else { String::new() };
    let count = crate::counted(gone.len(), "metric");
    let verb = if gone.len() == 1 { "is" } else { "are" };
    let message = format!("{count} that nobody reads {verb} gone: {}{more}", shown.join(", "));
    to.changed((Fact::Metric, &count), (gone.len(), 0), message);
}
