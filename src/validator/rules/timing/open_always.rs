//! MS421: a window that never closes.

use chrono::TimeDelta;

use crate::validator::outlook::{Openings, YEAR};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS421",
    title: "a window that never closes",
    severity: Severity::Note,
    is_waivable: true,
    why: "A window around the clock keeps no work away from the day: it looks like an agreement \
          with the users of the system, and is none.",
    before: r#"mainstay: 1
windows:
  any-day: {cron: "0 0 * * *", duration: 24h}
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 0 * * *", duration: 6h}
"#,
    finder: Finder::Look(look),
};

/// What a change of the clock takes from a window of 24 hours is no closing time.
const NEXT_TO_NOTHING: TimeDelta = TimeDelta::hours(2);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, window) in facts.plan.windows.iter() {
        let Some(openings) = facts.outlook().openings_of(facts, &name.value) else { continue };
        if is_always_open(facts, &openings) {
            let message = format!("window `{}` is open around the clock", name.value);
            let fault = Fault::new(RULE.code, window.duration.span, message)
                .help("shorten it, or take `window` away from its tasks");
            let cron = window.cron.as_ref().map(|cron| cron.span).unwrap_or_default();
            faults.push(fault.related(cron, "it opens here, and has not closed when it opens again"));
        }
    }
}

/// Whether openings cover the year ahead.
pub(super) fn is_always_open(facts: &Facts, openings: &Openings) -> bool {
    let (from, until) = (facts.now, facts.now + YEAR);
    let open = openings.spans.iter().map(|span| span.end.min(until) - span.start.max(from));
    YEAR - open.sum::<TimeDelta>() <= NEXT_TO_NOTHING
}
