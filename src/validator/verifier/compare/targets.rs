//! Targets, the series of their jobs, and rules.

use super::Comparing;
use crate::model::{ChangeVerdict, Fact};
use crate::validator::verifier::facts::{Server, is_known};

pub(super) fn compare(to: &mut Comparing, was: &Server, is: &Server) {
    targets(to, was, is);
    jobs(to, was, is);
    series(to, was, is);
    rules(to, was, is);
}

fn targets(to: &mut Comparing, was: &Server, is: &Server) {
    to.count(Fact::Target, was.targets.len());
    for (target, had) in &was.targets {
        let of = (Fact::Target, target.as_str());
        match is.targets.get(target) {
            None => {
                let message = format!("target {target} is gone");
                to.note(ChangeVerdict::Worse, of, (Some(had.clone()), None), message);
            }
            Some(has) if had == "up" && has != "up" => {
                to.worse(
                    of,
                    (had, has),
                    format!("target {target} was up, and is {has}{}", because(is, target)),
                );
            }
            Some(has) if had != has => {
                to.changed(
                    of,
                    (had, has),
                    format!("target {target} was {had}, and is {has}{}", because(is, target)),
                );
            }
            Some(_) => {}
        }
    }
    for (target, has) in is.targets.iter().filter(|(_, health)| *health == "down") {
        let is_new = !was.targets.contains_key(target);
        // Of very many not all names are kept: then the jobs tell.
        let are_all_known = was.more.as_ref().is_none_or(|more| {
            let n: u64 = more.jobs.values().flat_map(|by_health| by_health.values()).sum();
            usize::try_from(n).is_ok_and(|n| n == was.targets.len())
        });
        if is_new && are_all_known {
            let message = format!("target {target} is new, and is {has}{}", because(is, target));
            to.note(ChangeVerdict::Changed, (Fact::Target, target), (None, Some(has.clone())), message);
        }
    }
}

/// Counts by job tell what names do not, where there are too many to keep them all.
fn jobs(to: &mut Comparing, was: &Server, is: &Server) {
    let (Some(had), Some(has)) = (&was.more, &is.more) else { return };
    let n_known: u64 = had.jobs.values().flat_map(|by_health| by_health.values()).sum();
    if usize::try_from(n_known).is_ok_and(|n| n <= was.targets.len()) {
        return;
    }
    for (job, by_health) in &had.jobs {
        let up = |jobs: &std::collections::BTreeMap<String, u64>| jobs.get("up").copied().unwrap_or(0);
        let (had, has) = (up(by_health), has.jobs.get(job).map_or(0, up));
        if has < had {
            let message = format!("{had} targets of job `{job}` were up, and {has} are");
            to.worse((Fact::Target, &format!("{{job={job:?}}}")), (had, has), message);
        }
    }
}

fn series(to: &mut Comparing, was: &Server, is: &Server) {
    to.count(Fact::Series, was.series.len());
    let within = to.spec.within;
    for (job, had) in &was.series {
        let of = (Fact::Series, job.as_str());
        match is.series.get(job) {
            None => to.worse(of, (had, 0), format!("job `{job}` had {had} series, and has none")),
            Some(has) if has < had && !within.admits(*had, *has) => {
                let message =
                    format!("job `{job}` had {had} series, and has {has} (allowed: within {within})");
                to.worse(of, (had, has), message);
            }
            Some(has) if !within.admits(*had, *has) => {
                to.changed(of, (had, has), format!("job `{job}` had {had} series, and has {has}"));
            }
            Some(_) => {}
        }
    }
}

fn rules(to: &mut Comparing, was: &Server, is: &Server) {
    to.count(Fact::Rule, was.rules.len());
    for (rule, had) in &was.rules {
        let of = (Fact::Rule, rule.as_str());
        match is.rules.get(rule) {
            None => {
                let message = format!("rule `{rule}` is gone");
                to.note(ChangeVerdict::Worse, of, (Some(had.clone()), None), message);
            }
            Some(has) if had == "ok" && has != "ok" => {
                to.worse(of, (had, has), format!("rule `{rule}` was ok, and is {has}{}", because(is, rule)));
            }
            Some(_) => {}
        }
    }
    let is_new = |rule: &str| !was.rules.contains_key(rule) && is_known(was.rules.keys(), rule);
    for (rule, has) in is.rules.iter().filter(|(rule, _)| is_new(rule)) {
        if has == "err" {
            let message = format!("rule `{rule}` is new, and fails{}", because(is, rule));
            to.note(ChangeVerdict::Worse, (Fact::Rule, rule), (None, Some(has.clone())), message);
        }
    }
}

/// Why a target is not up or a rule fails, to stand behind that; empty when nobody says.
fn because(is: &Server, name: &str) -> String {
    let reason = is.more.as_ref().and_then(|more| more.reasons.get(name));
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}
