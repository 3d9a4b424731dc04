//! MS406: a day of the month or a weekday.

use std::collections::HashMap;

use super::stated::{self, Owner};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS406",
    title: "a day of the month or a weekday",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Cron runs when either the day of the month or the weekday matches, not when both do. `0 \
          4 1-7 * SUN` is meant as the first Sunday of a month and runs on ten days of it.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 1-7 * SUN"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * SUN#1"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut known: HashMap<&str, Option<usize>> = HashMap::new();
    for cron in stated::crons(facts) {
        let n_days = known.entry(&cron.text.value).or_insert_with(|| n_days(facts, &cron.text.value));
        let Some(n_days) = *n_days else { continue };
        let does = match cron.owner {
            Owner::Task(_) => "is due",
            Owner::Window(_) => "opens",
        };
        let message = format!(
            "{} {does} when the day of the month or the weekday matches: on {} of the year ahead",
            cron.owner,
            crate::counted(n_days, "day")
        );
        faults.push(
            Fault::new(RULE.code, cron.text.span, message)
                .help("write `*` for one of the two, `SUN#1` for a first Sunday, or `+SUN` for days on which both match"),
        );
    }
}

/// How many days of the year ahead match an expression that gives alternatives.
fn n_days(facts: &Facts, text: &str) -> Option<usize> {
    let cron = facts.cron(text).ok().filter(|cron| cron.has_both_days())?;
    Some(cron.days(facts.zone.wall(facts.now).date(), 365).count())
}
