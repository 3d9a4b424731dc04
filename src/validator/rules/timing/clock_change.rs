//! MS404: a time that a change of the clock touches.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::stated::{self, Owner};
use crate::calendar::{Calendar, Clash};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS404",
    title: "a time that a change of the clock touches",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "In spring an hour of the wall clock does not come, in autumn one comes twice. mainstay \
          has a rule for both, other schedulers have others: a backup at 02:30 has been skipped, \
          and has run twice at once, on exactly these nights.",
    before: r#"mainstay: 1
timezone: Europe/Berlin
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "30 2 * * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    after: r#"mainstay: 1
timezone: Europe/Berlin
tasks:
  tidy:
    type: routine
    domain: component
    schedule: {cron: "30 4 * * *"}
    duration: 5m
    steps: [{run: [rm, old]}]
"#,
    finder: Finder::Look(look),
};

/// Time zones are changed by law; what is further away nobody can know.
const OUTLOOK: TimeDelta = TimeDelta::days(5 * 366);
/// So many changes are shown at once.
const SHOWN: usize = 2;
/// So many are listed of each kind: five years of one that happens once a year, and an expression of a few times.
const LISTED: usize = 20;

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut known: HashMap<&str, Option<(String, String)>> = HashMap::new();
    for stated in stated::calendars(facts) {
        if stated.says_dst {
            continue;
        }
        let touched = known.entry(&stated.text.value).or_insert_with(|| touched(facts, stated.calendar));
        let Some((touched, all)) = touched else { continue };
        let (does, help) = match stated.owner {
            Owner::Task(_) => (
                "is due",
                "it runs once: at the end of what is skipped, or at the first of the two; say so with `dst: once`, \
                 or choose another hour",
            ),
            Owner::Window(_) => (
                "opens",
                "it opens once: at the end of what is skipped, or at the first of the two, and stays open for its \
                 duration; choose another hour if that matters",
            ),
        };
        let message = format!("{} {does} at a time that the clock skips or repeats: {touched}", stated.owner);
        faults.push(Fault::new(RULE.code, stated.text.span, message).expected(all.clone()).help(help));
    }
}

/// The first times of a calendar that are skipped or repeated, with how many more there are; and all of them.
fn touched(facts: &Facts, calendar: &Calendar) -> Option<(String, String)> {
    let clashes = calendar.clashes(&facts.zone, facts.now, facts.now + OUTLOOK);
    if clashes.is_empty() {
        return None;
    }
    let shown = clashes.iter().take(SHOWN).map(|clash| {
        let does = if clash.is_gap { "is skipped" } else { "comes twice" };
        format!("{} {does}", clash.local.format("%Y-%m-%d %H:%M"))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let first = match clashes.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more within five years"),
    };
    let kinds = [(true, "skipped"), (false, "twice")].map(|(is_gap, what)| listed(&clashes, is_gap, what));
    Some((first, kinds.into_iter().flatten().collect::<Vec<_>>().join("; ")))
}

/// The times that are skipped, or those that are repeated: `skipped: 2026-03-29 02:30, 2027-03-28 02:30`.
fn listed(clashes: &[Clash], is_gap: bool, what: &str) -> Option<String> {
    let times: Vec<_> = clashes.iter().filter(|clash| clash.is_gap == is_gap).collect();
    let first = times.iter().take(LISTED).map(|clash| clash.local.format("%Y-%m-%d %H:%M").to_string());
    let listed = first.collect::<Vec<_>>().join(", ");
    let more = times.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!times.is_empty()).then(|| format!("{what}: {listed}{more}"))
}
