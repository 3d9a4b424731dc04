//! `target_up`: Prometheus scrapes a job's targets with success.
//!
//! It asks for the targets, not for `up`: for five minutes an instant query answers with what was before.

use std::time::Duration;

use super::{Answer, NO_PROMETHEUS, no_answer};
use crate::model::TargetUpCheck;
use crate::world::World;
use crate::world::prometheus::ScrapeTarget;

pub fn ask(check: &TargetUpCheck, world: &World, timeout: Duration) -> Answer {
    let Some(prometheus) = &world.prometheus else { return Answer::unknown(NO_PROMETHEUS) };
    let targets = match prometheus.targets(timeout) {
        Ok(targets) => targets,
        Err(error) => return no_answer(prometheus, &error, timeout),
    };
    let asked: Vec<_> = targets.iter().filter(|target| is_asked(check, target)).collect();
    if asked.is_empty() {
        return Answer::unknown(format!("Prometheus has no target of job `{}`", check.job));
    }
    let name = |target: &ScrapeTarget| target.labels.get("instance").cloned().unwrap_or_default();
    match asked.iter().find(|target| target.health != "up") {
        None => Answer::Yes { found: format!("{} up", crate::counted(asked.len(), "target")) },
        Some(target) if target.health == "unknown" => {
            Answer::unknown(format!("{} has not been scraped yet", name(target)))
        }
        Some(target) => Answer::no(
            format!("every target of job `{}` up", check.job),
            format!("{} {}: {}", name(target), target.health, target.last_error),
        ),
    }
}

fn is_asked(check: &TargetUpCheck, target: &ScrapeTarget) -> bool {
    let has = |label: &str, value: &str| target.labels.get(label).is_some_and(|found| found == value);
    has("job", &check.job) && check.instance.as_ref().is_none_or(|instance| has("instance", instance))
}
