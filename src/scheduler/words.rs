//! Reasons as people read them.

use chrono::{DateTime, Utc};

use crate::calendar::Zone;
use crate::model::{Because, Length, Placed, Recurrence};

/// Why something starts when it does: what decided, then what else was in the way before.
///
/// Names from the plan file are as they are: whoever shows the text escapes it.
///
/// `now` is the start of the schedule's horizon.
pub fn why_then(placed: &Placed, zone: &Zone, now: DateTime<Utc>) -> Option<String> {
    let Some((decisive, earlier)) = placed.because.split_last() else {
        if let Some(from) = placed.moved_from {
            return Some(moved(placed, from, now));
        }
        return (placed.start != placed.occurrence.release)
            .then(|| if placed.start == now { "as soon as possible" } else { "as published" }.to_owned());
    };
    let mut parts = vec![decided(decisive, zone)];
    for because in earlier.iter().rev() {
        let part = in_the_way(because, zone);
        if !part.is_empty() && !parts.contains(&part) && parts.len() < MOST_PARTS {
            parts.push(part);
        }
    }
    Some(parts.join("; "))
}

/// Why something does not start at `from`, for which it was published, when nothing is in the way of its new start.
fn moved(placed: &Placed, from: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let release = placed.occurrence.release;
    match () {
        () if from < release => "released later than when it was published".to_owned(),
        () if from < now => "its published start has passed".to_owned(),
        () if placed.start == release => "nothing is in the way of an earlier start any more".to_owned(),
        () => "as soon as possible".to_owned(),
    }
}

/// More reasons than these help nobody.
const MOST_PARTS: usize = 3;

/// The reason that decided a start, which is the moment at which the obstacle is gone.
fn decided(because: &Because, zone: &Zone) -> String {
    match because {
        Because::WindowClosed { .. } => "next window".to_owned(),
        Because::Blackout { name, .. } => format!("blackout `{name}` ends"),
        Because::After { occurrence, .. } => format!("after {occurrence}"),
        Because::Overlap { occurrence, .. } => format!("{occurrence} ends"),
        Because::Resource { name, .. } => format!("{} is free", resource(name)),
        other => in_the_way(other, zone),
    }
}

/// What stood in the way, and until when; empty for what says nothing beside another reason.
fn in_the_way(because: &Because, zone: &Zone) -> String {
    match because {
        Because::WindowClosed { .. } => String::new(),
        Because::Levelled { .. } => "so that less goes on at once".to_owned(),
        Because::PastCutoff { since, .. } => {
            format!("{} closed at its cutoff, {}", zone.date(*since), zone.time(*since))
        }
        Because::DoesNotFit { end, short_by, .. } => {
            format!("{} too short by {}", until(*end, zone), Length(*short_by))
        }
        Because::Blackout { name, until } => {
            format!("blackout `{name}` until {}", zone.date_and_time(*until))
        }
        Because::After { occurrence, until } | Because::Overlap { occurrence, until } => {
            format!("{occurrence} until {}", zone.date_and_time(*until))
        }
        Because::Resource { name, until } => {
            format!("{} in use until {}", resource(name), zone.date_and_time(*until))
        }
        other => why_not(other, zone),
    }
}

fn until(end: DateTime<Utc>, zone: &Zone) -> String {
    format!("window until {}", zone.date_and_time(end))
}

/// Why something cannot happen.
pub fn why_not(because: &Because, zone: &Zone) -> String {
    match because {
        Because::WindowClosed { until } => {
            format!("its next window opens {}", zone.date_and_time(*until))
        }
        Because::NoWindow { longest, needed } => {
            format!("needs {}; its longest window has {}", Length(*needed), Length(*longest))
        }
        Because::Missed { latest } => {
            format!("no start is possible before its latest, {}", zone.date_and_time(*latest))
        }
        Because::Capacity { resource: name, needed, capacity } => {
            format!("needs {needed} of {}; there is {capacity}", resource(name))
        }
        Because::Predecessor { occurrence } => format!("comes after {occurrence}, which cannot happen"),
        Because::BeyondHorizon { until } => {
            format!("no start is possible before the horizon's end, {}", zone.date_and_time(*until))
        }
        other => in_the_way(other, zone),
    }
}

/// A resource, a group or a target, as the plan file calls it.
pub(super) fn resource(name: &str) -> String {
    match name.split_once(':') {
        Some(("group", group)) => format!("group `{group}`"),
        Some(("target", target)) => format!("target `{target}`"),
        Some(("claim", claim)) => format!("claim `{claim}`"),
        _ => format!("resource `{name}`"),
    }
}

/// When a task recurs, as the plan file says it.
pub(super) fn recurrence(schedule: &Recurrence, zone: &Zone) -> String {
    match schedule {
        Recurrence { cron: Some(cron), .. } => format!("cron {}", cron.value),
        Recurrence { rrule: Some(rule), .. } => format!("rrule {}", rule.value),
        Recurrence { every: Some(every), .. } => format!("every {}", every.value),
        Recurrence { at: Some(at), .. } => format!("at {}", zone.date_and_time(zone.resolve(at))),
        Recurrence { when: Some(check), .. } => format!("when `{}` fails", check.value),
        _ => "none".to_owned(),
    }
}
