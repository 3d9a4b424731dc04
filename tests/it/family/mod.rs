//! Plan files in the shape of real maintenance, of any size, and whether a schedule keeps what they ask for.
//!
//! Hosts in groups of three of which one may be down, tasks that recur weekly on each, by the calendar or by an
//! interval, in nightly or daily windows with a cutoff, outside of two blackouts, by a crew that grows with the
//! estate. The checker knows the family by its numbers alone: it shares no code with the scheduler and reads no plan file.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use mainstay::model::{Placed, Schedule};

/// How many weeks are planned.
const N_WEEKS: usize = 12;
/// How many hosts are in a group.
const GROUP: usize = 3;
const MINUTES_PER_DAY: i64 = 24 * 60;
/// For how many minutes the others of a group are left alone after work on one.
const COVER: i64 = 15;
/// Opening minute of the day, length and cutoff in minutes.
const WINDOWS: [(i64, i64, i64); 3] = [(120, 240, 30), (1320, 420, 30), (540, 480, 30)];
/// First day after the beginning, and the first day after it.
const BLACKOUTS: [(i64, i64); 2] = [(19, 23), (33, 37)];
const DURATIONS: [i64; 5] = [10, 20, 30, 45, 90];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// By how much the use of something changes, and when.
type Changes = Vec<(DateTime<Utc>, i64)>;

/// A plan file of this family.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    n_tasks: usize,
    n_hosts: usize,
    crew: usize,
}

impl Family {
    /// The one with about so many occurrences.
    pub fn of_occurrences(n: usize) -> Self {
        let n_tasks = n.div_ceil(N_WEEKS);
        Self { n_tasks, n_hosts: (n_tasks / 4).max(1).next_multiple_of(GROUP), crew: n / 400 + 2 }
    }

    /// The beginning of the horizon, a Sunday.
    pub fn from() -> DateTime<Utc> {
        "2026-03-01T00:00:00Z".parse().expect("an instant")
    }

    /// Its end.
    pub fn until() -> DateTime<Utc> {
        Self::from() + TimeDelta::weeks(i64::try_from(N_WEEKS).expect("a small number"))
    }

    fn host(self, task: usize) -> usize {
        task % self.n_hosts
    }

    /// Every fourth task of a host comes after the one before it.
    fn after(self, task: usize) -> Option<usize> {
        task.checked_sub(self.n_hosts).filter(|_| task / self.n_hosts % 4 == 3)
    }

    fn is_interval(task: usize) -> bool {
        task.is_multiple_of(5)
    }

    fn crew_of(task: usize) -> usize {
        1 + usize::from(Self::is_interval(task))
    }

    fn minutes(task: usize) -> i64 {
        DURATIONS[task * 7 % 5]
    }

    /// The minute of the week, from Sunday, at which it recurs.
    fn minute_of_week(task: usize) -> i64 {
        let minute = task % 7 * 24 * 60 + task % 24 * 60 + task % 60;
        i64::try_from(minute).expect("a small number")
    }

    /// The plan file.
    pub fn yaml(self) -> String {
        let mut text = String::from("mainstay: 1\ntargets:\n");
        let line = |text: &mut String, line: std::fmt::Arguments| writeln!(text, "{line}").expect("memory");
        for host in 0..self.n_hosts {
            line(&mut text, format_args!("  h{host}: {{local: true, group: g{}}}", host / GROUP));
        }
        text.push_str("groups:\n");
        for group in 0..self.n_hosts / GROUP {
            line(&mut text, format_args!("  g{group}: {{max_down: 1, cover: {COVER}m}}"));
        }
        line(&mut text, format_args!("resources: {{crew: {}}}\nwindows:", self.crew));
        for (n, (opens, length, cutoff)) in WINDOWS.iter().enumerate() {
            let (hour, minute) = (opens / 60, opens % 60);
            line(
                &mut text,
                format_args!(
                    "  w{n}: {{cron: \"{minute} {hour} * * *\", duration: {length}m, cutoff: {cutoff}m}}"
                ),
            );
        }
        text.push_str("blackouts:\n");
        for (n, (from, to)) in BLACKOUTS.iter().enumerate() {
            let day = |n: i64| (Self::from() + TimeDelta::days(n)).format("%F").to_string();
            let (from, to) = (day(*from), day(*to));
            line(&mut text, format_args!("  b{n}: {{from: {from}, to: {to}, allow: [emergency]}}"));
        }
        text.push_str("tasks:\n");
        for task in 0..self.n_tasks {
            self.write_task(task, &mut text);
        }
        text
    }

    fn write_task(self, task: usize, text: &mut String) {
        let schedule = if Self::is_interval(task) {
            "every: 7d, tolerance: 1d".to_owned()
        } else {
            let minute = Self::minute_of_week(task);
            let weekday = WEEKDAYS[task % 7];
            format!("cron: \"{} {} * * {weekday}\", tolerance: 5d", minute % 60, minute / 60 % 24)
        };
        let after = self.after(task).map_or(String::new(), |before| format!(", after: [t{before}]"));
        writeln!(
            text,
            "  t{task}: {{type: routine, domain: component, priority: {}, schedule: {{{schedule}}}, window: w{}, \
             targets: [h{}], duration: {}m, resources: {{crew: {}}}{after}, steps: [{{run: [\"true\"]}}]}}",
            10 + task % 4 * 25,
            task % WINDOWS.len(),
            self.host(task),
            Self::minutes(task),
            Self::crew_of(task),
        )
        .expect("memory");
    }

    /// What is wrong with a schedule of it; nothing, it should be.
    pub fn faults(self, schedule: &Schedule) -> Vec<String> {
        let mut faults = Vec::new();
        let mut of_task: BTreeMap<usize, Vec<&Placed>> = BTreeMap::new();
        for placed in &schedule.placed {
            let task: usize = placed.occurrence.task[1..].parse().expect("a number");
            of_task.entry(task).or_default().push(placed);
            faults.extend(Self::alone(task, placed).map(|fault| format!("{} {fault}", placed.occurrence.id)));
        }
        for placed in of_task.values_mut() {
            placed.sort_by_key(|placed| placed.occurrence.release);
        }
        faults.extend(self.together(&of_task));
        faults.extend(self.in_order(&of_task));
        faults.extend(self.complete(schedule));
        faults
    }

    /// What is wrong with one occurrence by itself.
    fn alone(task: usize, placed: &Placed) -> Option<&'static str> {
        let minute = |instant: DateTime<Utc>| (instant - Self::from()).num_minutes();
        let (start, end) = (minute(placed.start), minute(placed.end));
        let (opens, length, cutoff) = WINDOWS[task % WINDOWS.len()];
        let since = (start - opens).rem_euclid(MINUTES_PER_DAY);
        let frozen = |(from, to): &(i64, i64)| start < to * MINUTES_PER_DAY && from * MINUTES_PER_DAY < end;
        if end - start != Self::minutes(task) {
            return Some("has another length");
        }
        if placed.start < placed.occurrence.release || placed.start < Self::from() {
            return Some("starts before its release");
        }
        if placed.occurrence.latest.is_some_and(|latest| latest <= placed.start) {
            return Some("starts after its latest start");
        }
        if length - cutoff <= since || length < since + end - start {
            return Some("is not within its window");
        }
        if BLACKOUTS.iter().any(frozen) {
            return Some("is in a blackout");
        }
        (Self::until() <= placed.start).then_some("starts after the horizon")
    }

    /// What is wrong with occurrences at the same time: at every start, what is taken is not more than there is.
    fn together(self, of_task: &BTreeMap<usize, Vec<&Placed>>) -> Vec<String> {
        let mut changes: HashMap<(char, usize), Changes> = HashMap::new();
        for (task, placed) in of_task.iter().flat_map(|(task, all)| all.iter().map(move |one| (*task, *one)))
        {
            let host = self.host(task);
            let crew = i64::try_from(Self::crew_of(task)).expect("a small number");
            let cover = TimeDelta::minutes(COVER);
            let zero = TimeDelta::zero();
            let takes = [
                ('c', 0, crew, zero),
                ('h', host, 1, zero),
                ('g', host / GROUP, 1, cover),
                ('t', task, 1, zero),
            ];
            for (kind, n, amount, hold) in takes {
                let line = changes.entry((kind, n)).or_default();
                line.extend([(placed.start, amount), (placed.end + hold, -amount)]);
            }
        }
        let mut faults = Vec::new();
        for ((kind, n), mut line) in changes {
            let capacity = if kind == 'c' { i64::try_from(self.crew).expect("a crew") } else { 1 };
            line.sort_unstable();
            let mut used = 0;
            for (instant, change) in line {
                used += change;
                if capacity < used {
                    faults.push(format!("{used} of {kind}{n} at {instant}"));
                }
            }
        }
        faults
    }

    /// What starts before what it comes after has ended, and intervals that do not follow each other.
    fn in_order(self, of_task: &BTreeMap<usize, Vec<&Placed>>) -> Vec<String> {
        let mut faults = Vec::new();
        for (task, all) in of_task {
            if let Some(before) = self.after(*task).and_then(|before| of_task.get(&before)) {
                for placed in all {
                    let n = before.partition_point(|one| one.occurrence.release <= placed.occurrence.release);
                    if before[..n].last().is_some_and(|last| placed.start < last.end) {
                        faults.push(format!("{} does not wait", placed.occurrence.id));
                    }
                }
            }
            for pair in all.windows(2).filter(|_| Self::is_interval(*task)) {
                if pair[1].occurrence.release != pair[0].end + TimeDelta::days(6) {
                    faults.push(format!("{} does not follow", pair[1].occurrence.id));
                }
            }
        }
        faults
    }

    /// Instants of calendars that are neither placed nor said to be impossible.
    fn complete(self, schedule: &Schedule) -> Vec<String> {
        let placed = schedule.placed.iter().map(|placed| &placed.occurrence);
        let unplaced = schedule.unplaced.iter().map(|unplaced| &unplaced.occurrence);
        let mut seen: HashMap<(&str, DateTime<Utc>), u32> = HashMap::new();
        for occurrence in placed.chain(unplaced) {
            *seen.entry((occurrence.task.as_str(), occurrence.release)).or_default() += 1;
        }
        let mut faults = Vec::new();
        for task in (0..self.n_tasks).filter(|task| !Self::is_interval(*task)) {
            let name = format!("t{task}");
            for week in 0..N_WEEKS {
                let week = TimeDelta::weeks(i64::try_from(week).expect("a small number"));
                let instant = Self::from() + week + TimeDelta::minutes(Self::minute_of_week(task));
                // What is due after the horizon may be left to it.
                let is_due =
                    instant + TimeDelta::days(5) + TimeDelta::minutes(Self::minutes(task)) <= Self::until();
                match seen.get(&(name.as_str(), instant)) {
                    Some(1) => {}
                    None if !is_due => {}
                    n => faults.push(format!("{name} at {instant}: {n:?} times")),
                }
            }
        }
        faults
    }
}
