//! MS421: a window that never closes.

use chrono::TimeDelta;

use crate::validator::outlook::YEAR;
use crate::validator::rules::prelude::*;
use crate::validator::windows_ahead::Openings;

pub(super) const RULE: Rule = Rule {
    code: "MS421",
    title: "a window that never closes",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "It opens again before it closes, around the clock: a slip in the recurrence or the \
          duration. The night that the users of the system were promised is all day long, and the \
          cutoff never comes.",
    before: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 40h}
"#,
    after: r#"mainstay: 1
windows:
  night: {cron: "0 2 * * *", duration: 4h}
"#,
    finder: Finder::Look(look),
};

/// What a change of the clock takes from an opening is no closing time.
const NEXT_TO_NOTHING: TimeDelta = TimeDelta::hours(2);

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, window) in facts.plan.windows.iter() {
        let Some(calendar) = window.cron.as_ref().or(window.rrule.as_ref()) else { continue };
        // A window that closes in the instant in which it opens again is meant to be open always.
        let is_always = is_open_every_day(facts, &calendar.value, window.duration.value.0)
            || is_open_all_year(facts, &name.value);
        if is_always && stands(&window.duration) {
            let message = format!("window `{}` opens again before it closes, around the clock", name.value);
            faults.push(
                Fault::new(RULE.code, window.duration.span, message)
                    .related(calendar.span, "it opens here")
                    .help("make the duration shorter than the time between two openings"),
            );
        }
    }
}

/// Whether an opening outlasts the longest pause between two times of a day, on all days.
fn is_open_every_day(facts: &Facts, cron: &str, duration: TimeDelta) -> bool {
    facts.cron(cron).is_ok_and(|cron| cron.longest_pause() < duration && cron.is_daily())
}

/// Whether openings that overlap cover the year ahead.
fn is_open_all_year<'a>(facts: &Facts<'a>, window: &'a str) -> bool {
    let openings = facts.outlook().windows.openings_of(facts, window);
    openings.is_some_and(|openings| openings.overlap_often() && is_always_open(facts, &openings))
}

/// Whether openings cover the year ahead.
pub(super) fn is_always_open(facts: &Facts, openings: &Openings) -> bool {
    let (from, until) = (facts.now, facts.now + YEAR);
    let open = openings.spans.iter().map(|span| span.end.min(until) - span.start.max(from));
    YEAR - open.sum::<TimeDelta>() <= NEXT_TO_NOTHING
}
