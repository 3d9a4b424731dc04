//! MS420: work in every minute.

use super::stated::{self, Owner};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS420",
    title: "work in every minute",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "Five stars are what is left when somebody meant once a night and filled in nothing. \
          Maintenance in every minute is a load of its own, and its record hides all other work.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "* * * * *"}
    duration: 10s
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "0 4 * * *"}
    duration: 10s
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

const MINUTES_OF_A_DAY: usize = 24 * 60;

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for cron in stated::crons(facts) {
        let times = facts.cron(&cron.text.value).map_or(0, crate::calendar::CronSchedule::times_a_day);
        if matches!(cron.owner, Owner::Task(_)) && times == MINUTES_OF_A_DAY {
            let message = format!("{} is due in every minute", cron.owner);
            faults.push(
                Fault::new(RULE.code, cron.text.span, message)
                    .help("write a minute and an hour, such as `0 4 * * *`"),
            );
        }
    }
}
