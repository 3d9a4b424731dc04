//! Alternatives: of some keys exactly one has to be there.

use super::{Facts, beginning};
use crate::model::{Check, Metric, Recurrence, Secret, Span, Spanned, Step, Target, Window};
use crate::planfile::fault::Fault;
use crate::planfile::reader::one_of;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    let plan = facts.plan;
    let mut hold = |what: &str, whole: Span, place: Span, keys: &[(&str, bool)]| {
        faults.extend(fault(what, place, keys, facts.is_spoiled(whole)));
    };
    for step in facts.steps() {
        hold("a step", step.span, beginning(step.span), &actions(step));
    }
    for (span, check) in facts.checks() {
        hold("a check", span, beginning(span), &kinds(check));
    }
    for (name, task) in plan.tasks.iter() {
        if let Some(schedule) = &task.schedule {
            let what = format!("the schedule of `{}`", name.value);
            hold(&what, schedule.span, beginning(schedule.span), &recurrences(schedule));
        }
    }
    let mut hold_named = |what: &str, section: &str, name: &Spanned<String>, keys: &[(&str, bool)]| {
        let whole = facts.value_of(section, &name.value);
        hold(&format!("{what} `{}`", name.value), whole, name.span, keys);
    };
    for (name, window) in plan.windows.iter() {
        hold_named("window", "windows", name, &openings(window));
    }
    for (name, target) in plan.targets.iter() {
        hold_named("target", "targets", name, &transports(target));
    }
    for (name, metric) in plan.metrics.iter() {
        hold_named("metric", "metrics", name, &collectors(metric));
    }
    for (name, secret) in plan.secrets.iter() {
        hold_named("secret", "secrets", name, &sources(secret));
    }
}

fn fault(what: &str, span: Span, keys: &[(&str, bool)], is_spoiled: bool) -> Option<Fault> {
    if keys.iter().filter(|(_, given)| *given).count() == 1 {
        return None;
    }
    let given: Vec<_> = keys.iter().filter(|(_, given)| *given).map(|(key, _)| format!("`{key}`")).collect();
    let all: Vec<_> = keys.iter().map(|(key, _)| format!("`{key}`")).collect();
    match given.len() {
        1 => None,
        0 if is_spoiled => None,
        0 => Some(Fault::new("MS301", span, format!("{what} says nothing")).expected(choice(&all))),
        _ => Some(
            Fault::new("MS302", span, format!("{what} says too much: {}", given.join(", ")))
                .expected("expected exactly one of them"),
        ),
    }
}

/// What there is to choose from; of many, the first few.
fn choice(all: &[String]) -> String {
    const MOST: usize = 12;
    const FIRST: usize = 7;
    match all {
        [only] => format!("expected {only}"),
        all if all.len() <= MOST => format!("expected one of {}", one_of(all)),
        all => format!("expected {} or another kind", all[..FIRST].join(", ")),
    }
}

fn actions(step: &Step) -> [(&'static str, bool); 8] {
    [
        ("run", step.run.is_some()),
        ("shell", step.shell.is_some()),
        ("http", step.http.is_some()),
        ("wait", step.wait.is_some()),
        ("prometheus", step.prometheus.is_some()),
        ("alertmanager", step.alertmanager.is_some()),
        ("ansible", step.ansible.is_some()),
        ("pause", step.pause.is_some()),
    ]
}

fn kinds(check: &Check) -> [(&'static str, bool); 23] {
    [
        ("file", check.file.is_some()),
        ("command", check.command.is_some()),
        ("http", check.http.is_some()),
        ("tcp", check.tcp.is_some()),
        ("promql", check.promql.is_some()),
        ("target_up", check.target_up.is_some()),
        ("rules_healthy", check.rules_healthy.is_some()),
        ("dns", check.dns.is_some()),
        ("process", check.process.is_some()),
        ("port", check.port.is_some()),
        ("service", check.service.is_some()),
        ("package", check.package.is_some()),
        ("mount", check.mount.is_some()),
        ("disk", check.disk.is_some()),
        ("user", check.user.is_some()),
        ("group", check.group.is_some()),
        ("interface", check.interface.is_some()),
        ("kernel_param", check.kernel_param.is_some()),
        ("certificate", check.certificate.is_some()),
        ("alert_route", check.alert_route.is_some()),
        ("alert_path", check.alert_path.is_some()),
        ("config_live", check.config_live.is_some()),
        ("restore", check.restore.is_some()),
    ]
}

fn recurrences(schedule: &Recurrence) -> [(&'static str, bool); 5] {
    [
        ("every", schedule.every.is_some()),
        ("cron", schedule.cron.is_some()),
        ("rrule", schedule.rrule.is_some()),
        ("at", schedule.at.is_some()),
        ("when", schedule.when.is_some()),
    ]
}

fn openings(window: &Window) -> [(&'static str, bool); 2] {
    [("cron", window.cron.is_some()), ("rrule", window.rrule.is_some())]
}

fn transports(target: &Target) -> [(&'static str, bool); 3] {
    let is_local = target.local.is_some_and(|local| local.value);
    [("local: true", is_local), ("ssh", target.ssh.is_some()), ("ansible", target.ansible.is_some())]
}

fn collectors(metric: &Metric) -> [(&'static str, bool); 2] {
    [("promql", metric.promql.is_some()), ("http", metric.http.is_some())]
}

fn sources(secret: &Secret) -> [(&'static str, bool); 3] {
    [("env", secret.env.is_some()), ("file", secret.file.is_some()), ("command", secret.command.is_some())]
}
