//! The jobs in the form that schedules are generated from, forwards in time and backwards.

use super::problem::{Job, LIMIT, Predecessor, Problem, Stretch, Time};

/// Later than any time of a problem, and earlier when negative. Sums with it do not overflow.
pub const FAR: Time = 1 << 60;

/// Lists of numbers, one per job, in one piece of memory.
#[derive(Debug, Clone, Default)]
pub struct Lists<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Lists<T> {
    /// Adds the list of the next job.
    pub fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.ends.push(id(self.items.len()));
    }

    /// The list of `job`.
    #[inline]
    pub fn of(&self, job: usize) -> &[T] {
        let start = if job == 0 { 0 } else { self.ends[job - 1] as usize };
        &self.items[start..self.ends[job] as usize]
    }
}

/// A number of a job, small.
pub fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A stretch with both kinds of limit, so that its mirror image is one too.
#[derive(Debug, Clone, Copy)]
struct Span {
    open: Time,
    close: Time,
    last_start: Time,
    first_end: Time,
}

impl Span {
    /// The first and the last start of something that lasts `duration`; there is none when they are reversed.
    #[inline]
    fn starts(&self, duration: Time) -> (Time, Time) {
        (self.open.max(self.first_end - duration), self.last_start.min(self.close - duration))
    }

    fn mirrored(&self) -> Self {
        Self {
            open: -self.close,
            close: -self.open,
            last_start: -self.first_end,
            first_end: -self.last_start,
        }
    }
}

impl From<&Stretch> for Span {
    fn from(stretch: &Stretch) -> Self {
        let &Stretch { start, end, last_start } = stretch;
        Self { open: start, close: end, last_start, first_end: -FAR }
    }
}

/// One job comes so long after the start of another: after its duration and a lag.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link {
    /// The other.
    pub job: u32,
    /// How long after its start.
    pub wait: Time,
}

/// What one job needs of time.
///
/// In the mirror image time runs backwards: what ended at `t` starts at `-t`, and successors come first.
#[derive(Debug, Clone)]
pub struct Network {
    /// How long each job lasts.
    pub duration: Vec<Time>,
    /// What ends before a job starts.
    pub predecessors: Lists<Link>,
    /// What starts after a job ends; the wait is that of the mirror image.
    pub successors: Lists<Link>,
    calendar: Vec<u32>,
    /// The last one is that of what may run at any time.
    calendars: Vec<Vec<Span>>,
}

impl Network {
    /// The network of `problem`, forwards.
    pub fn forwards(problem: &Problem) -> Self {
        let jobs = problem.jobs();
        let mut after = vec![Vec::new(); jobs.len()];
        let mut predecessors = Lists::default();
        for (n, job) in jobs.iter().enumerate() {
            // What has started waits for nothing.
            let before = if job.started.is_some() { &[] } else { &job.predecessors[..] };
            for before in before {
                after[before.job.0].push(Link { job: id(n), wait: before.lag + job.duration });
            }
            let link = |before: &Predecessor| Link {
                job: id(before.job.0),
                wait: before.lag + jobs[before.job.0].duration,
            };
            predecessors.push(before.iter().map(link));
        }
        let mut successors = Lists::default();
        for list in after {
            successors.push(list);
        }
        let always = Span { open: -FAR, close: FAR, last_start: FAR, first_end: -FAR };
        let mut calendars: Vec<Vec<Span>> =
            problem.calendars().iter().map(|stretches| stretches.iter().map(Span::from).collect()).collect();
        calendars.push(vec![always]);
        let calendar = |job: &Job| {
            let calendar = job.calendar.filter(|_| job.started.is_none());
            id(calendar.map_or(problem.calendars().len(), |calendar| calendar.0))
        };
        Self {
            duration: jobs.iter().map(|job| job.duration).collect(),
            predecessors,
            successors,
            calendar: jobs.iter().map(calendar).collect(),
            calendars,
        }
    }

    /// The same with time reversed.
    pub fn mirrored(&self) -> Self {
        let mirror = |spans: &Vec<Span>| spans.iter().rev().map(Span::mirrored).collect();
        Self {
            duration: self.duration.clone(),
            predecessors: self.successors.clone(),
            successors: self.predecessors.clone(),
            calendar: self.calendar.clone(),
            calendars: self.calendars.iter().map(mirror).collect(),
        }
    }

    /// The first start of `job` at or after `from` that its calendar allows, and the last one of that
    /// stretch.
    #[inline]
    pub fn allowed(&self, job: usize, from: Time) -> Option<(Time, Time)> {
        let spans = &self.calendars[self.calendar[job] as usize];
        let duration = self.duration[job];
        if self.calendar[job] as usize + 1 == self.calendars.len() {
            return Some((from, FAR - duration));
        }
        let first =
            if spans.len() == 1 { 0 } else { spans.partition_point(|span| span.starts(duration).1 < from) };
        spans[first..]
            .iter()
            .map(|span| span.starts(duration))
            .find(|(first, last)| first <= last && from <= *last)
            .map(|(first, last)| (first.max(from), last))
    }

    /// Whether `job` comes directly after `before`.
    pub fn is_after(&self, job: u32, before: u32) -> bool {
        self.predecessors.of(job as usize).iter().any(|link| link.job == before)
    }

    /// The number of the calendar of `job`.
    pub fn calendar_of(&self, job: usize) -> u32 {
        self.calendar[job]
    }
}

/// The first start of `job` by its own word.
pub fn first_start(job: &Job) -> Time {
    job.started.unwrap_or(job.release)
}

/// The last start of `job` by its own word.
pub fn latest_start(job: &Job) -> Time {
    job.started.or(job.latest_start).unwrap_or(LIMIT)
}
