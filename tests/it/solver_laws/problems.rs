//! Random problems.

use mainstay::scheduler::solver::{
    CalendarId, Demand, Due, Job, JobId, Predecessor, Problem, ResourceId, Stretch, Time,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// A job before the number of jobs is known.
#[derive(Debug, Clone)]
struct Draft {
    duration: Time,
    release: Time,
    due: Option<Time>,
    weight: u64,
    latest_start: Option<Time>,
    published: Option<Time>,
    demands: Vec<(u32, Time)>,
    before: Vec<(Index, Time)>,
    calendar: Option<Index>,
    extra: Extra,
}

/// What few jobs have.
#[derive(Debug, Clone)]
struct Extra {
    optional: bool,
    started: Option<Time>,
    /// Counted from a predecessor, if there is one.
    due_within: Option<(Index, Time)>,
}

/// Mostly nothing, otherwise up to `longest`.
fn some_time(longest: Time) -> impl Strategy<Value = Time> {
    prop_oneof![4 => Just(0), 1 => 0..=longest]
}

prop_compose! {
    fn extra(longest: Time, spread: Time)(
        optional in proptest::bool::weighted(0.3),
        started in proptest::option::weighted(0.1, -longest..=spread),
        due_within in proptest::option::weighted(0.4, (any::<Index>(), 0..=longest * 2)),
    ) -> Extra {
        Extra { optional, started, due_within }
    }
}

prop_compose! {
    fn draft(longest: Time, spread: Time)(
        duration in 0..=longest,
        release in 0..=spread / 2,
        due in proptest::option::weighted(0.4, 0..=spread * 2),
        weight in 0..4_u64,
        latest_start in proptest::option::weighted(0.2, 0..=spread * 2),
        published in proptest::option::weighted(0.4, 0..=spread * 2),
        demands in proptest::collection::vec((0..=3_u32, some_time(longest)), 2),
        before in proptest::collection::vec((any::<Index>(), some_time(longest)), 0..=2),
        calendar in proptest::option::weighted(0.5, any::<Index>()),
        extra in extra(longest, spread),
    ) -> Draft {
        Draft { duration, release, due, weight, latest_start, published, demands, before, calendar, extra }
    }
}

/// Gap before, length, and how long before the end nothing starts any more.
fn calendar(longest: Time) -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = (0..=longest, 0..=longest * 2, 0..=longest);
    proptest::collection::vec(stretch, 0..=4).prop_map(|stretches| {
        let mut now = 0;
        let place = |(gap, length, cutoff): (Time, Time, Time)| {
            let start = now + gap;
            now = start + length;
            Stretch { start, end: now, last_start: (now - cutoff).max(start) }
        };
        stretches.into_iter().map(place).collect()
    })
}

/// Problems of up to `n_jobs`. With `scale` the amounts are so large that they do not fit a word.
pub fn problem(n_jobs: usize, longest: Time, spread: Time) -> impl Strategy<Value = Problem> {
    let drafts = proptest::collection::vec(draft(longest, spread), 1..=n_jobs);
    let calendars = proptest::collection::vec(calendar(longest), 1..=2);
    let scale = prop_oneof![2 => Just(1_u32), 1 => Just(1 << 29)];
    // With all that a job can have, few problems have room for what is simple.
    let is_plain = proptest::bool::weighted(0.3);
    (drafts, calendars, scale, proptest::collection::vec(1..=4_u32, 2), is_plain).prop_map(
        |(drafts, calendars, scale, capacities, is_plain)| {
            let jobs = drafts.iter().enumerate().map(|(n, draft)| job(n, draft, calendars.len(), scale));
            let jobs = if is_plain { jobs.map(plain).collect() } else { jobs.collect() };
            let capacities = capacities.into_iter().map(|capacity| capacity * scale).collect();
            Problem::new(jobs, capacities, calendars).expect("jobs only come after earlier ones")
        },
    )
}

fn job(n: usize, draft: &Draft, n_calendars: usize, scale: u32) -> Job {
    let before = draft.before.iter().filter(|_| n != 0);
    let predecessors: Vec<Predecessor> =
        before.map(|(before, lag)| Predecessor { job: JobId(before.index(n)), lag: *lag }).collect();
    let demands = draft.demands.iter().enumerate().filter(|(_, (amount, _))| *amount != 0);
    let demand = |(resource, (amount, hold)): (usize, &(u32, Time))| Demand {
        resource: ResourceId(resource),
        amount: amount * scale,
        hold: *hold,
    };
    let due_within = draft.extra.due_within.filter(|_| !predecessors.is_empty());
    let due_after = due_within.map(|(before, within)| Due::After {
        job: predecessors[before.index(predecessors.len())].job,
        within,
    });
    Job {
        duration: draft.duration,
        release: draft.release,
        due: due_after.or(draft.due.map(Due::At)),
        weight: draft.weight,
        optional: draft.extra.optional,
        latest_start: draft.latest_start,
        published: draft.published,
        started: draft.extra.started,
        demands: demands.map(demand).collect(),
        predecessors,
        calendar: draft.calendar.map(|calendar| CalendarId(calendar.index(n_calendars))),
    }
}

/// The same job without what few jobs have.
fn plain(mut job: Job) -> Job {
    job.demands.iter_mut().for_each(|demand| demand.hold = 0);
    job.due = job.due.filter(|due| matches!(due, Due::At(_)));
    Job { optional: false, started: None, ..job }
}
