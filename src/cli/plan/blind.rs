//! How long monitoring will be blind, in one line.

use chrono::TimeDelta;

use super::words::one_line;
use crate::counted;
use crate::model::Length;
use crate::scheduler::blind::Blind;

/// More targets than these are counted.
const MOST_TARGETS: usize = 3;

/// The targets that monitoring is blind on for longest; nothing when no work compares monitoring with before.
pub fn note(blind: &[Blind]) -> Option<String> {
    let mut longest: Vec<_> = blind.iter().collect();
    longest.sort_by_key(|one| std::cmp::Reverse(one.seconds));
    let more = longest.len().saturating_sub(MOST_TARGETS);
    let told: Vec<_> = longest.into_iter().take(MOST_TARGETS).map(on_target).collect();
    let more =
        if more > 0 { format!(", and less on {}", counted(more, "other target")) } else { String::new() };
    (!told.is_empty()).then(|| format!("monitoring is blind {}{more}", told.join(", ")))
}

fn on_target(one: &Blind) -> String {
    let length = Length(TimeDelta::seconds(i64::try_from(one.seconds).unwrap_or(i64::MAX / 1000)));
    let bound = if one.measured { "about" } else { "at most" };
    let n = counted(usize::try_from(one.occurrences).unwrap_or(usize::MAX), "occurrence");
    format!("{bound} {length} after {n} on {}", one_line(&one.target))
}
