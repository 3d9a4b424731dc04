//! MS530: rollout over max_down.

use crate::model::{Portion, Span, Spanned};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS530",
    title: "rollout over max_down",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "`max_down` says how many of the group may be in work at once; the rollout asks for more. \
          When the others carry the alerting alone, one too many is an outage of the alerting.",
    before: "\
mainstay: 1
targets:
  prom-1: {local: true, group: prometheus}
  prom-2: {local: true, group: prometheus}
  prom-3: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 1}
tasks:
  upgrade:
    type: routine
    domain: component
    targets: [group:prometheus]
    rollout: {serial: 2}
    duration: 5m
    steps: [{run: [upgrade]}]
",
    after: "\
mainstay: 1
targets:
  prom-1: {local: true, group: prometheus}
  prom-2: {local: true, group: prometheus}
  prom-3: {local: true, group: prometheus}
groups:
  prometheus: {max_down: 1}
tasks:
  upgrade:
    type: routine
    domain: component
    targets: [group:prometheus]
    rollout: {serial: 1}
    duration: 5m
    steps: [{run: [upgrade]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(rollout) = &task.rollout else { continue };
        let groups = task.targets.iter().filter_map(|target| target.strip_prefix("group:"));
        for group in groups {
            let Some(max_down) = facts.plan.groups.get(group).map(|group| group.max_down) else { continue };
            let n_targets = facts.plan.targets_of(task).len();
            let of = |portion: Portion| u32::try_from(portion.of(n_targets)).unwrap_or(u32::MAX);
            let serial = rollout.serial.iter().map(|size| ("serial", of(size.value), size.span));
            let canary = rollout.canary.map(|size| ("canary", size.value, size.span));
            for (key, n, span) in serial.chain(canary).filter(|(_, n, _)| over_limit(*n, max_down)) {
                let message = format!(
                    "task `{}` takes {n} of group `{group}` at once (`{key}`), and only {} may be down",
                    name.value, max_down.value
                );
                faults.push(limit(Fault::new(RULE.code, span, message), max_down.span));
            }
        }
    }
}

fn over_limit(batch: u32, max_down: Spanned<u32>) -> bool {
    stands(&max_down) && batch > max_down.value
}

fn limit(fault: Fault, max_down: Span) -> Fault {
    fault.related(max_down, "the most that may be down")
}
