//! The small words of `plan`: names in one line, and lengths of time at a glance.

use chrono::TimeDelta;

use crate::counted;
use crate::text::inert;

/// Text from outside, made safe to show, in one line.
pub fn one_line(text: &str) -> String {
    inert(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// `in 3 days`, for a glance.
pub fn ahead(length: TimeDelta) -> String {
    if length <= TimeDelta::zero() { "now".to_owned() } else { roughly(length) }
}

/// Days and hours from two of them on, and minutes: `3 days`, `26 hours`, `5 minutes`.
pub fn roughly(length: TimeDelta) -> String {
    let count = |n: i64, unit: &str| counted(usize::try_from(n).unwrap_or(0), unit);
    match length {
        length if TimeDelta::days(2) <= length => count(length.num_days(), "day"),
        length if TimeDelta::hours(2) <= length => count(length.num_hours(), "hour"),
        length if TimeDelta::minutes(1) <= length => count(length.num_minutes(), "minute"),
        length => count(length.num_seconds(), "second"),
    }
}
