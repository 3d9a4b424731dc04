//! `MS4`: time, and what times mean together.

mod always_frozen;
mod clock_change;
mod cut_wait;
mod either_day;
mod every_minute;
mod idle_dst;
mod idle_retry;
mod idle_settle;
mod idle_timeout;
mod idle_tolerance;
mod lost_attempts;
mod never_in_time;
mod nothing_to_wait_for;
mod open_always;
mod past_blackout;
mod past_instant;
mod put_off;
mod rare_window;
mod reopened_window;
mod short_month;
mod silence_beyond_window;
mod stated;
#[cfg(test)]
mod tests;
mod tight_fit;
mod timeout_before_end;
mod timeout_beyond_window;
mod too_long;
mod too_often;
mod waits_beyond_duration;

use super::Rule;
use crate::model::{Span, Task};
use crate::validator::facts::Facts;
use crate::validator::outlook::YEAR;
use crate::validator::rehearsal::{Rehearsal, Tally};

pub(super) const RULES: &[&Rule] = &[
    &too_long::RULE,
    &tight_fit::RULE,
    &always_frozen::RULE,
    &clock_change::RULE,
    &short_month::RULE,
    &either_day::RULE,
    &timeout_beyond_window::RULE,
    &timeout_before_end::RULE,
    &idle_timeout::RULE,
    &lost_attempts::RULE,
    &silence_beyond_window::RULE,
    &too_often::RULE,
    &rare_window::RULE,
    &past_instant::RULE,
    &past_blackout::RULE,
    &put_off::RULE,
    &nothing_to_wait_for::RULE,
    &reopened_window::RULE,
    &idle_tolerance::RULE,
    &every_minute::RULE,
    &open_always::RULE,
    &cut_wait::RULE,
    &never_in_time::RULE,
    &idle_settle::RULE,
    &waits_beyond_duration::RULE,
    &idle_dst::RULE,
    &idle_retry::RULE,
];

/// The place of what says when a task is due.
fn when(task: &Task) -> Span {
    let Some(schedule) = &task.schedule else { return Span::default() };
    let calendar = schedule.cron.as_ref().or(schedule.rrule.as_ref()).map(|calendar| calendar.span);
    let every = schedule.every.map(|every| every.span);
    let at = schedule.at.as_ref().map(|at| at.span);
    calendar.or(every).or(at).unwrap_or_default()
}

/// `12 of 366 times in the year ahead, first 2026-03-08 02:00,`.
fn of_times(facts: &Facts, went: &Rehearsal, tally: &Tally) -> String {
    let first = tally.first.map(|first| facts.zone.date_and_time(first)).unwrap_or_default();
    let time = if went.time == YEAR { "year" } else { "four weeks" };
    format!("{} of {} times in the {time} ahead, first {first},", tally.n, went.n)
}
