//! What a schedule rests on beside the plan file: capacities, and what the time-zone data says.

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};

use super::demands::demands;
use super::{Ground, TaskHistory};
use crate::calendar::Zone;
use crate::model::{Basis, ClockFace, OccurrenceId, Schedule};

/// How long before a schedule its clock face begins, so that late work is covered, and how long after its end it ends.
const MARGIN: TimeDelta = TimeDelta::days(35);

/// What a schedule rests on that is computed on `ground` when `published` is in force.
pub(super) fn of(ground: &Ground, published: Option<&Schedule>) -> Basis {
    let demands = ground.tasks.iter().flat_map(|task| demands(ground, task));
    // That a target is in work once at a time is no capacity that anybody sets.
    let demands = demands.filter(|demand| !demand.name.starts_with("target:"));
    let capacities = demands.map(|demand| (demand.name, demand.capacity)).collect();
    let before = published.and_then(|published| clock_before(published, &ground.zone, ground.from));
    Basis {
        capacities,
        clock: clock_face(&ground.zone, ground.from - MARGIN, ground.until + MARGIN),
        clock_before: before.cloned(),
        calendar: calendar_name(published).or_else(|| Some(ground.plan.title.clone().unwrap_or_default())),
    }
}

/// The name of the schedule in calendars: the one that it had when it was first published.
fn calendar_name(published: Option<&Schedule>) -> Option<String> {
    published?.basis.as_ref()?.calendar.clone()
}

/// What the time-zone data says about `zone` from `from` until `until`.
pub(super) fn clock_face(zone: &Zone, from: DateTime<Utc>, until: DateTime<Utc>) -> ClockFace {
    ClockFace { timezone: zone.name().to_owned(), offsets: zone.offsets(from, until) }
}

/// What the time-zone data said before it was updated, if work of that time is still within reach of `now`: what the
/// published schedule was computed with, or what that one remembers.
pub(super) fn clock_before<'s>(
    published: &'s Schedule,
    zone: &Zone,
    now: DateTime<Utc>,
) -> Option<&'s ClockFace> {
    let basis = published.basis.as_ref()?;
    let remembered = || basis.clock_before.as_ref().filter(|_| now < published.from + MARGIN);
    let since = basis.clock.begin()?;
    if first_difference(&basis.clock, zone, since, published.until).is_some() {
        return Some(&basis.clock);
    }
    remembered().filter(|clock| clock.timezone == zone.name())
}

/// The first instant between `from` and `until` at which a clock face shows another time than `zone` does by the data
/// of today; `None` when it never does, or is of another zone.
pub(super) fn first_difference(
    clock: &ClockFace,
    zone: &Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    if clock.timezone != zone.name() {
        return None;
    }
    // Clock faces are kept in whole seconds.
    let from = clock.begin()?.max(from.trunc_subsecs(0));
    let now = clock_face(zone, from, until);
    let changes = clock.offsets.iter().chain(&now.offsets).map(|(from, _)| *from);
    changes.filter(|at| (from..until).contains(at) && clock.offset(*at) != now.offset(*at)).min()
}

/// Whether an instant of a task's calendar is one that was settled under another name: the time-zone data was updated
/// since, and the same time of the same day is another instant by now.
///
/// `existed` says whether the calendar had an instant at this local time; what was an instant of its own before the
/// update is no other one's.
pub(super) fn is_settled_before(
    (task, past): (&str, &TaskHistory),
    zone: &Zone,
    before: &ClockFace,
    instant: DateTime<Utc>,
    existed: impl FnOnce(NaiveDateTime) -> bool,
) -> bool {
    let (Some(then), wall) = (before.offset(instant), zone.wall(instant)) else { return false };
    let wall_then = instant.naive_utc() + TimeDelta::seconds(then);
    if wall == wall_then {
        return false;
    }
    let is_settled = before.offsets.iter().any(|(_, offset)| {
        let other = wall.and_utc() - TimeDelta::seconds(*offset);
        before.offset(other) == Some(*offset) && past.is_settled(&OccurrenceId::at(task, other))
    });
    is_settled && !existed(wall_then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PlanFile;
    use crate::scheduler::{History, compute};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// What `k` has to do on 2026-06-10 from 01:00 to 05:00 UTC, where Berlin was an hour further ahead of UTC by the
    /// data of the schedule in force than it is now, and `done` was done.
    fn starts(schedule: &str, done: &[&str]) -> Vec<String> {
        let yaml = format!(
            "mainstay: 1\ntimezone: Europe/Berlin\ntasks:\n  k:\n    type: routine\n    domain: data\n    \
             schedule: {{{schedule}}}\n    duration: 1m\n    steps: [{{run: [\"true\"]}}]\n"
        );
        let text = crate::planfile::Text::new("maintenance.yaml", yaml.into_bytes());
        let plan: PlanFile = text.read().into_plan().expect("a plan");
        let (from, until) = (utc("2026-06-10T01:00:00Z"), utc("2026-06-10T05:00:00Z"));
        let published =
            compute(&plan, "", &History::default(), None, from, until).expect("a schedule").schedule;
        let clock =
            ClockFace { timezone: "Europe/Berlin".to_owned(), offsets: vec![(from - MARGIN, 3 * 3600)] };
        let published =
            Schedule { basis: Some(Basis { clock, ..Basis::default() }), placed: Vec::new(), ..published };
        let started = done.iter().map(|instant| OccurrenceId::at("k", utc(instant))).collect();
        let past = TaskHistory { started, ..TaskHistory::default() };
        let history = History { tasks: [("k".to_owned(), past)].into() };
        let computed = compute(&plan, "", &history, Some(&published), from, until).expect("a schedule");
        let placed = computed.schedule.placed.iter();
        placed.map(|placed| placed.occurrence.release.format("%H:%M").to_string()).collect()
    }

    #[test]
    fn a_time_of_day_that_was_settled_before_the_update_is_not_done_again() {
        // 05:00 was 02:00 UTC and is 03:00 UTC.
        assert_eq!(starts("cron: \"0 5 * * *\"", &[]), ["03:00"]);
        assert_eq!(starts("cron: \"0 5 * * *\"", &["2026-06-10T02:00:00Z"]), [] as [&str; 0]);
        assert_eq!(starts("cron: \"0 5 * * *\"", &["2026-06-09T02:00:00Z"]), ["03:00"], "another day");
        let rule = "rrule: \"FREQ=DAILY;BYHOUR=5;BYMINUTE=0;BYSECOND=0\"";
        assert_eq!(starts(rule, &["2026-06-10T02:00:00Z"]), [] as [&str; 0]);
    }

    #[test]
    fn what_comes_all_the_time_goes_on_coming() {
        let hourly = ["01:30", "02:30", "03:30", "04:30"];
        assert_eq!(starts("cron: \"30 * * * *\"", &["2026-06-10T00:30:00Z"]), hourly);
        // 05:00 and 06:00 were 02:00 and 03:00 UTC, and are 03:00 and 04:00.
        assert_eq!(starts("cron: \"0 5,6 * * *\"", &["2026-06-10T02:00:00Z"]), ["03:00", "04:00"]);
        let both = ["2026-06-10T02:00:00Z", "2026-06-10T03:00:00Z"];
        assert_eq!(starts("cron: \"0 5,6 * * *\"", &both), [] as [&str; 0]);
    }

    #[test]
    fn one_instant_that_is_local_is_not_done_again_and_one_in_utc_never_moved() {
        assert_eq!(starts("at: 2026-06-10T05:00", &["2026-06-10T02:00:00Z"]), [] as [&str; 0]);
        assert_eq!(starts("at: 2026-06-10T05:00", &[]), ["03:00"]);
        assert_eq!(starts("at: 2026-06-10T03:00:00Z", &["2026-06-10T02:00:00Z"]), ["03:00"]);
    }

    #[test]
    fn a_difference_counts_from_now_on_and_only_in_the_same_zone() {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        let (begin, until) = (utc("2026-03-01T00:00:00Z"), utc("2026-12-01T00:00:00Z"));
        let clock = clock_face(&zone, begin, until);
        assert_eq!(first_difference(&clock, &zone, begin, until), None);
        let mut moved = clock.clone();
        moved.offsets[1].0 += TimeDelta::days(7);
        let change = utc("2026-03-29T01:00:00Z");
        assert_eq!(first_difference(&moved, &zone, begin, until), Some(change));
        assert_eq!(first_difference(&moved, &zone, change + TimeDelta::days(7), until), None, "it is over");
        let other = Zone::named("Europe/Paris").expect("a zone");
        assert_eq!(first_difference(&moved, &other, begin, until), None);
    }
}
