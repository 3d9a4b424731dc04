//! What goes on by itself: rule groups, notifications, remote write, probes, pushes and textfiles.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Comparing;
use crate::model::{ChangeVerdict, Fact, Tolerances};
use crate::validator::verifier::facts::{More, Probe, Server};

pub(super) fn compare(
    to: &mut Comparing,
    (was, had): (&Server, &More),
    (is, has): (&Server, &More),
    now: DateTime<Utc>,
) {
    let is_same_process = was.started == is.started;
    groups(to, had, has);
    counters(to, had, has, is_same_process);
    remote_write(to, had, has);
    probes(to, had, has, now);
    present(to, Fact::Push, "group", &had.pushed, &has.pushed);
    present(to, Fact::Textfile, "textfile", &had.textfiles, &has.textfiles);
}

fn groups(to: &mut Comparing, had: &More, has: &More) {
    to.count(Fact::RuleGroup, had.groups.len());
    for (key, then) in &had.groups {
        let name = key.rsplit_once(';').map_or(key.as_str(), |(_, name)| name);
        match has.groups.get(key) {
            None => {
                let message = format!("rule group `{name}` is gone");
                let states = (Some(crate::counted(usize::try_from(then.rules).unwrap_or(0), "rule")), None);
                // Its rules are named themselves, unless others of the same names are there.
                to.note(ChangeVerdict::Changed, (Fact::RuleGroup, name), states, message);
            }
            Some(now) if 2.0 * now.interval.max(1.0) < now.lag && then.lag < now.lag => {
                let message = format!(
                    "rule group `{name}` lags {:.0}s behind its interval of {}s",
                    now.lag, now.interval
                );
                to.worse((Fact::RuleGroup, name), (seconds(then.lag), seconds(now.lag)), message);
            }
            Some(_) => {}
        }
    }
}

fn counters(to: &mut Comparing, had: &More, has: &More, is_same_process: bool) {
    let grown = |name: &str| {
        let (then, now) = (had.counters.get(name)?, has.counters.get(name)?);
        // A server that was started anew counts from 0.
        let from = if is_same_process { *then } else { 0.0 };
        Some((from, *now)).filter(|(from, now)| from < now)
    };
    for (name, what) in [
        ("prometheus_rule_evaluation_failures_total", "evaluations of rules that failed meanwhile"),
        (
            "prometheus_rule_group_iterations_missed_total",
            "evaluations of rule groups that were left out meanwhile",
        ),
    ] {
        if let Some((from, now)) = grown(name) {
            to.changed((Fact::RuleGroup, name), (from, now), format!("{what}: {}", now - from));
        }
    }
    if let Some((from, now)) = grown("prometheus_sd_file_read_errors_total") {
        let message =
            "a file of targets could not be read meanwhile: until it can, the targets of before are scraped";
        to.changed((Fact::Target, "prometheus_sd_file_read_errors_total"), (from, now), message);
    }
    if had.counters.contains_key("prometheus_notifications_dropped_total") {
        to.count(Fact::Notification, 1);
    }
    let tolerance = to.spec.tolerances.notifications.map(|tolerance| tolerance.value);
    for (name, what) in [
        ("prometheus_notifications_dropped_total", "alerts that were delivered to no Alertmanager meanwhile"),
        (
            "prometheus_notifications_errors_total",
            "deliveries of alerts to Alertmanager that failed meanwhile",
        ),
    ] {
        let Some((from, now)) = grown(name) else { continue };
        let message = format!("{what}: {}", now - from);
        if tolerance.is_some_and(|within| !within.admits(from, now)) {
            to.worse((Fact::Notification, name), (from, now), message);
        } else {
            to.changed((Fact::Notification, name), (from, now), message);
        }
    }
    let name = "prometheus_notifications_queue_length";
    let of = |more: &More| more.counters.get(name).copied().unwrap_or(0.0);
    if 0.0 < of(has) {
        let message = format!("alerts that wait for Alertmanager: {}", of(has));
        to.worse((Fact::Notification, name), (of(had), of(has)), message);
    }
}

fn remote_write(to: &mut Comparing, had: &More, has: &More) {
    let Some(then) = had.remote_write_lag else { return };
    to.count(Fact::RemoteWrite, 1);
    let of = (Fact::RemoteWrite, "lag");
    let Some(now) = has.remote_write_lag else {
        let message = "samples were sent to another storage, and are not now".to_owned();
        to.note(ChangeVerdict::Worse, of, (Some(seconds(then)), None), message);
        return;
    };
    if has.is_remote_write_unsent && !had.is_remote_write_unsent {
        let message = format!("remote write: nothing has been sent since Prometheus started, {now:.0}s ago");
        to.worse(of, (seconds(then), seconds(now)), message);
        return;
    }
    let within =
        to.spec.tolerances.remote_write.map_or(Tolerances::DEFAULT_REMOTE_WRITE, |tolerance| tolerance.value);
    if then < now && !within.admits(then, now) {
        let message =
            format!("remote write lagged {then:.0}s behind, and lags {now:.0}s (allowed: within {within})");
        to.worse(of, (seconds(then), seconds(now)), message);
    }
}

fn probes(to: &mut Comparing, had: &More, has: &More, now: DateTime<Utc>) {
    to.count(Fact::Probe, had.probes.values().filter(|probe| probe.success.is_some()).count());
    to.count(Fact::Certificate, had.probes.values().filter(|probe| probe.certificate.is_some()).count());
    let shown = |success: Option<bool>| match success {
        Some(true) => "succeeds",
        Some(false) => "fails",
        None => "no result",
    };
    let none = Probe::default();
    for (name, then) in &had.probes {
        let is = has.probes.get(name).unwrap_or(&none);
        if then.success.is_some() && is.success.is_none() {
            let message = format!("probe {name} has no result any more, so that no alert on it can fire");
            to.worse((Fact::Probe, name), (shown(then.success), shown(None)), message);
        } else if then.success == Some(true) && is.success == Some(false) {
            let message = format!("probe {name} succeeded, and fails");
            to.worse((Fact::Probe, name), (shown(then.success), shown(is.success)), message);
        }
        certificate(to, name, (then.certificate, is.certificate), now);
    }
}

fn certificate(to: &mut Comparing, name: &str, (then, is): (Option<f64>, Option<f64>), now: DateTime<Utc>) {
    let Some(then) = then else { return };
    let of = (Fact::Certificate, name);
    let Some(is) = is else {
        let expired = DateTime::from_timestamp(whole(then), 0).is_some_and(|at| at <= now);
        let why = if expired { ": it has expired" } else { "" };
        let message = format!(
            "probe {name} sees no certificate any more{why}; an alert on its expiry says that all is well"
        );
        to.note(ChangeVerdict::Worse, of, (Some(day(then)), None), message);
        return;
    };
    if is < then {
        let message =
            format!("the certificate of {name} was good until {}, and is until {}", day(then), day(is));
        to.worse(of, (day(then), day(is)), message);
    } else if then < is {
        let message =
            format!("the certificate of {name} was good until {}, and is until {}", day(then), day(is));
        to.changed(of, (day(then), day(is)), message);
    }
}

/// What was there has to be there; when it came is not asked.
fn present(
    to: &mut Comparing,
    fact: Fact,
    what: &str,
    had: &BTreeMap<String, f64>,
    has: &BTreeMap<String, f64>,
) {
    to.count(fact, had.len());
    for (name, then) in had.iter().filter(|(name, _)| !has.contains_key(*name)) {
        let verb = if fact == Fact::Push { "pushed" } else { "written" };
        let message = format!("{what} {name}, {verb} last on {}, is not there any more", day(*then));
        to.note(ChangeVerdict::Worse, (fact, name), (Some(day(*then)), None), message);
    }
}

fn seconds(number: f64) -> String {
    format!("{number:.0}s")
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

fn day(seconds: f64) -> String {
    let at = DateTime::from_timestamp(whole(seconds), 0).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
