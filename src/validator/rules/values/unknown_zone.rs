//! MS306: unknown time zone.

use crate::calendar::Zone;
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS306",
    title: "unknown time zone",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Every local time in the file depends on it.",
    before: "\
mainstay: 1
timezone: Berlin
",
    after: "\
mainstay: 1
timezone: Europe/Berlin
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let Some(name) = &facts.plan.timezone else { return };
    if Zone::named(&name.value).is_ok() {
        return;
    }
    let known = Zone::names();
    // People remember the city and forget the region.
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let fault = Fault::new(RULE.code, name.span, format!("unknown time zone `{}`", name.value))
        .expected("expected an IANA name such as `Europe/Berlin`");
    let city = known.iter().find(|zone| zone.contains('/') && last(zone) == last(&name.value));
    faults.push(match city {
        Some(zone) => fault.help(format!("did you mean `{zone}`?")),
        None => fault.near(&name.value, known.iter().map(String::as_str)),
    });
}
