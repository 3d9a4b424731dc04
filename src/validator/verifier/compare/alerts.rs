//! Alerts: new ones, and those that a restart has reset, resolved or fired anew.
//!
//! Source: Prometheus, rule manager: `for` is restored from storage only when it is at least the grace period,
//! `keep_firing_for` is not restored, and an alert that is not sent again is over for Alertmanager after four times the
//! resend delay or the interval, whichever is longer.

use chrono::{DateTime, Utc};

use super::Comparing;
use crate::model::{ChangeVerdict, Fact};
use crate::validator::verifier::capture::seconds;
use crate::validator::verifier::expect::labels_in;
use crate::validator::verifier::facts::{Alert, More, Server, is_known};

pub(super) fn compare(to: &mut Comparing, was: &Server, is: &Server) {
    to.count(Fact::Alert, was.firing.len());
    let (new, unknown): (Vec<_>, Vec<_>) =
        is.firing.difference(&was.firing).partition(|alert| is_known(was.firing.iter(), alert));
    if !unknown.is_empty() {
        let n = crate::counted(unknown.len(), "alert");
        let message = format!(
            "{n} fire of which it is not known whether they did before: there were too many to keep them all"
        );
        to.changed((Fact::Alert, "not known"), ("not known", "firing"), message);
    }
    for alert in new {
        let message = format!("alert {alert} fires, and did not before");
        let before =
            was.more.as_ref().and_then(|more| more.alerts.get(alert)).map(|alert| alert.state.clone());
        to.note(ChangeVerdict::Worse, (Fact::Alert, alert), (before, Some("firing".to_owned())), message);
    }
    let (Some(had), Some(has)) = (&was.more, &is.more) else { return };
    let restart = (was.started != is.started).then_some(is.started);
    for (labels, then) in &had.alerts {
        match has.alerts.get(labels) {
            None if then.state == "firing" => over(to, labels, then, (had, has), restart),
            None => {}
            Some(now) => continued(to, labels, (then, now), has, restart),
        }
    }
}

/// An alert that fired, and does not any more.
fn over(
    to: &mut Comparing,
    labels: &str,
    then: &Alert,
    (had, has): (&More, &More),
    restart: Option<DateTime<Utc>>,
) {
    let of = (Fact::Alert, labels);
    let states = (Some("firing".to_owned()), None);
    if let Some(gone) = what_it_read(labels, then, (had, has)) {
        let message = format!("alert {labels} is resolved only because {gone}: nothing is well again");
        to.note(ChangeVerdict::Worse, of, states, message);
    } else if restart.is_some() && 0.0 < then.keep {
        let message = format!(
            "alert {labels} is resolved by the restart: that it goes on for {}s (`keep_firing_for`) is not kept over one",
            then.keep
        );
        to.note(ChangeVerdict::Changed, of, states, message);
    } else {
        let message = format!("alert {labels} fired, and does not any more");
        to.note(ChangeVerdict::Changed, of, states, message);
    }
}

/// What the alert read and that is not there any more, if that is so.
fn what_it_read(labels: &str, then: &Alert, (had, has): (&More, &More)) -> Option<String> {
    let reader = format!("alert {}", then.rule);
    let is_read = |readers: &[String]| readers.contains(&reader);
    let mut read = had.signals.iter().filter(|(_, signal)| is_read(&signal.readers) && 0 < signal.series);
    let lost = read.find(|(selector, _)| has.signals.get(*selector).is_some_and(|now| now.series == 0));
    if let Some((selector, _)) = lost {
        return Some(format!("`{selector}` is gone"));
    }
    // One series of several: those of a probe are known one by one.
    let of = labels_in(labels);
    let is_its = |probe: &str| {
        let probe = labels_in(probe);
        ["job", "instance"].iter().all(|name| probe.contains_key(*name) && probe.get(*name) == of.get(*name))
    };
    let (name, then) = had.probes.iter().find(|(name, _)| is_its(name))?;
    let now = has.probes.get(name);
    let reads = |metric: &str| {
        had.signals.iter().any(|(selector, signal)| selector.starts_with(metric) && is_read(&signal.readers))
    };
    if reads("probe_ssl_earliest_cert_expiry")
        && then.certificate.is_some()
        && now.is_none_or(|now| now.certificate.is_none())
    {
        return Some("the probe sees no certificate any more".to_owned());
    }
    if reads("probe_success") && then.success.is_some() && now.is_none_or(|now| now.success.is_none()) {
        return Some("the probe has no result any more".to_owned());
    }
    None
}

/// An alert that was there before and is there now.
fn continued(
    to: &mut Comparing,
    labels: &str,
    (then, now): (&Alert, &Alert),
    has: &More,
    restart: Option<DateTime<Utc>>,
) {
    let (Some(since), Some(anew)) = (then.active_at, now.active_at) else { return };
    if anew <= since {
        return;
    }
    let why = match restart {
        Some(_) if then.hold > 0.0 => {
            format!(
                "its `for` of {}s begins anew with a restart, unless it is at least {}s long",
                then.hold,
                grace(has)
            )
        }
        Some(_) => "its condition did not hold when Prometheus came back".to_owned(),
        None => "its condition did not hold for a while".to_owned(),
    };
    let told = if is_told(then, has) {
        "Alertmanager took it to be over in between, and says so to its receivers, and that it fires again"
    } else {
        "nobody was told"
    };
    let of = (Fact::Alert, labels);
    let state =
        |alert: &Alert, since: DateTime<Utc>| format!("{} since {}", alert.state, since.format("%H:%M:%S"));
    let states = (state(then, since), state(now, anew));
    match (then.state.as_str(), now.state.as_str()) {
        ("firing", "firing") => to.changed(of, states, format!("alert {labels} fires anew: {why}; {told}")),
        ("firing", _) => {
            let message = format!("alert {labels} fired, and is pending again: {why}; {told}");
            to.changed(of, states, message);
        }
        _ => to.changed(of, states, format!("alert {labels} is pending from its beginning again: {why}")),
    }
}

/// Whether an alert that is reset stays away for so long that Alertmanager takes it to be over.
fn is_told(alert: &Alert, more: &More) -> bool {
    let resend = flag(more, "rules.alert.resend-delay").unwrap_or(60.0);
    4.0 * resend.max(alert.interval) < alert.hold
}

fn grace(more: &More) -> f64 {
    flag(more, "rules.alert.for-grace-period").unwrap_or(600.0)
}

fn flag(more: &More, name: &str) -> Option<f64> {
    more.flags.get(name).and_then(|value| seconds(value))
}
