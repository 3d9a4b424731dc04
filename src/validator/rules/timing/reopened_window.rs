//! MS418: a window that opens while it is open.

use super::open_always::is_always_open;
use crate::model::Length;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS418",
    title: "a window that opens while it is open",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "Openings that overlap are one: work may go on, and start, far beyond the duration that \
          is written beside the window, and the cutoffs in between do not count.",
    before: r#"mainstay: 1
windows:
  weekend: {cron: "0 4 * * SAT,SUN", duration: 30h, cutoff: 1h}
"#,
    after: r#"mainstay: 1
windows:
  weekend: {cron: "0 4 * * SAT", duration: 54h, cutoff: 1h}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, window) in facts.plan.windows.iter() {
        let Some(openings) = facts.outlook().windows.openings_of(facts, &name.value) else { continue };
        if !openings.overlap_often() || is_always_open(facts, &openings) {
            continue;
        }
        let message = format!(
            "window `{}` opens again before it closes: it is open for up to {} at a time",
            name.value,
            Length(openings.longest)
        );
        let fault = Fault::new(RULE.code, window.duration.span, message);
        let calendar = window.cron.as_ref().or(window.rrule.as_ref());
        let opens = calendar.map(|calendar| calendar.span).unwrap_or_default();
        faults.push(
            fault.related(opens, "it opens here").help("let it open once, for as long as it should be open"),
        );
    }
}
