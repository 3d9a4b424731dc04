//! `rules_healthy`: Prometheus evaluates its rules without error.

use std::time::Duration;

use super::{Answer, NO_PROMETHEUS, no_answer};
use crate::model::RulesHealthyCheck;
use crate::world::World;

pub fn ask(check: &RulesHealthyCheck, world: &World, timeout: Duration) -> Answer {
    let Some(prometheus) = &world.prometheus else { return Answer::unknown(NO_PROMETHEUS) };
    let groups = match prometheus.rules(timeout) {
        Ok(groups) => groups,
        Err(error) => return no_answer(prometheus, &error, timeout),
    };
    let is_asked = |name: &String| check.group.as_ref().is_none_or(|group| group == name);
    let rules: Vec<_> =
        groups.iter().filter(|group| is_asked(&group.name)).flat_map(|group| &group.rules).collect();
    if rules.is_empty() {
        return Answer::unknown("Prometheus has no such rule");
    }
    match rules.iter().find(|rule| rule.health != "ok") {
        None => Answer::Yes { found: format!("{} healthy", crate::counted(rules.len(), "rule")) },
        Some(rule) if rule.health == "unknown" => {
            Answer::unknown(format!("rule `{}` has not been evaluated yet", rule.name))
        }
        Some(rule) => {
            Answer::no("every rule healthy", format!("`{}` {}: {}", rule.name, rule.health, rule.last_error))
        }
    }
}
