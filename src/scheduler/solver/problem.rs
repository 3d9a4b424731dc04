//! What is to be scheduled: plain data, checked once.

/// An instant or a length, in whole units of the caller's choice (seconds in mainstay).
pub type Time = i64;

/// No time in a problem is further from zero than this, so that sums of times never overflow.
pub const LIMIT: Time = 1 << 50;

/// The place of a job in [`Problem::jobs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub usize);

/// The place of a resource in [`Problem::capacities`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub usize);

/// The place of a calendar in [`Problem::calendars`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarId(pub usize);

/// One piece of work. It is not interrupted once it has begun.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Job {
    /// How long it takes.
    pub duration: Time,
    /// It does not start before.
    pub release: Time,
    /// It is late by as much as it ends after this.
    pub due: Option<Due>,
    /// What a unit of lateness costs; also what it costs, before anything else, to leave it out (at least 1).
    pub weight: u64,
    /// It may be left out: that costs less than any lateness or move, but more than any makespan.
    pub optional: bool,
    /// It does not start after this.
    pub latest_start: Option<Time>,
    /// The start that people were told.
    pub published: Option<Time>,
    /// It is going on, since then, whatever else holds: it stays there, and no release, latest start,
    /// calendar, predecessor or capacity is asked. What is more in use than there is, is full.
    pub started: Option<Time>,
    /// What it needs.
    pub demands: Vec<Demand>,
    /// What has to end before it starts.
    pub predecessors: Vec<Predecessor>,
    /// When it may happen; always without one.
    pub calendar: Option<CalendarId>,
}

/// What a job holds of a resource. A shared claim takes 1, an exclusive one all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Demand {
    /// Which resource.
    pub resource: ResourceId,
    /// How much of it.
    pub amount: u32,
    /// For how long after the job has ended it is still held.
    pub hold: Time,
}

/// What a job comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Predecessor {
    /// Which job.
    pub job: JobId,
    /// How long after the end of that job this one starts at the earliest.
    pub lag: Time,
}

/// By when a job is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// By this time.
    At(Time),
    /// By so long after the end of one of its predecessors. If that has no start, it is not due.
    After {
        /// Which predecessor.
        job: JobId,
        /// How long after its end.
        within: Time,
    },
}

/// A stretch of time in which work is allowed: a job that starts in it ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its first instant.
    pub start: Time,
    /// The first instant after it.
    pub end: Time,
    /// The last instant at which something may start.
    pub last_start: Time,
}

/// A problem that [`Problem::new`] has checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    jobs: Vec<Job>,
    capacities: Vec<u32>,
    calendars: Vec<Vec<Stretch>>,
}

/// What makes no problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// There are more jobs than can be counted.
    #[error("{0} jobs are too many")]
    TooMany(usize),
    /// A time is too far away, or a length is negative.
    #[error("job {}: {what} is out of range", job.0)]
    JobTime {
        /// Whose.
        job: JobId,
        /// Which time.
        what: &'static str,
    },
    /// A weight so large that sums could overflow.
    #[error("job {}: the weight is out of range", .0.0)]
    Weight(JobId),
    /// A demand on a resource that is not there.
    #[error("job {}: there is no resource {}", job.0, resource.0)]
    UnknownResource {
        /// Whose.
        job: JobId,
        /// Which.
        resource: ResourceId,
    },
    /// Two demands on one resource.
    #[error("job {}: two demands on resource {}", job.0, resource.0)]
    RepeatedResource {
        /// Whose.
        job: JobId,
        /// Which.
        resource: ResourceId,
    },
    /// A predecessor that is not there.
    #[error("job {}: there is no job {}", job.0, predecessor.0)]
    UnknownPredecessor {
        /// Whose.
        job: JobId,
        /// Which.
        predecessor: JobId,
    },
    /// A due time that is counted from a job which is no predecessor.
    #[error("job {}: its due time is counted from job {}, which is not one of its predecessors", job.0, after.0)]
    DueAfter {
        /// Whose.
        job: JobId,
        /// Counted from which.
        after: JobId,
    },
    /// A calendar that is not there.
    #[error("job {}: there is no calendar {}", job.0, calendar.0)]
    UnknownCalendar {
        /// Whose.
        job: JobId,
        /// Which.
        calendar: CalendarId,
    },
    /// Jobs that wait for each other.
    #[error("job {} waits for itself, directly or through others", .0.0)]
    Cycle(JobId),
    /// A stretch that ends before it starts, or overlaps the one before, or is too far away.
    #[error("calendar {}: stretch {stretch} is not a stretch after the one before", calendar.0)]
    Stretch {
        /// Which calendar.
        calendar: CalendarId,
        /// Which of its stretches.
        stretch: usize,
    },
}

/// Times up to [`LIMIT`] times this are summed without overflow.
const MAX_WEIGHT: u64 = 1 << 32;

impl Problem {
    /// Checks `jobs` and what they refer to.
    ///
    /// A job that can never be placed makes no error: the answer names it and says why.
    ///
    /// # Errors
    /// [`ProblemError`] for the first fault found.
    pub fn new(
        jobs: Vec<Job>,
        capacities: Vec<u32>,
        calendars: Vec<Vec<Stretch>>,
    ) -> Result<Self, ProblemError> {
        let problem = Self { jobs, capacities, calendars };
        if u32::try_from(problem.jobs.len()).is_err() {
            return Err(ProblemError::TooMany(problem.jobs.len()));
        }
        for calendar in 0..problem.calendars.len() {
            problem.check_calendar(CalendarId(calendar))?;
        }
        for job in 0..problem.jobs.len() {
            problem.check_job(JobId(job))?;
        }
        match problem.topological_order() {
            Ok(_) => Ok(problem),
            Err(job) => Err(ProblemError::Cycle(job)),
        }
    }

    /// The jobs; a [`JobId`] is a place in here.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// How much there is of each resource.
    pub fn capacities(&self) -> &[u32] {
        &self.capacities
    }

    /// The calendars: stretches in order of time that do not overlap.
    pub fn calendars(&self) -> &[Vec<Stretch>] {
        &self.calendars
    }

    /// Where the makespan is measured from: the earliest release, or start of what has started.
    pub fn origin(&self) -> Time {
        self.jobs.iter().map(|job| job.started.unwrap_or(job.release)).min().unwrap_or(0)
    }

    fn check_calendar(&self, calendar: CalendarId) -> Result<(), ProblemError> {
        let mut free_from = -LIMIT;
        for (n, stretch) in self.calendars[calendar.0].iter().enumerate() {
            let in_order = [free_from, stretch.start, stretch.last_start, stretch.end, LIMIT].is_sorted();
            if !in_order {
                return Err(ProblemError::Stretch { calendar, stretch: n });
            }
            free_from = stretch.end;
        }
        Ok(())
    }

    fn check_job(&self, id: JobId) -> Result<(), ProblemError> {
        let job = &self.jobs[id.0];
        let due_at = job.due.and_then(|due| if let Due::At(time) = due { Some(time) } else { None });
        let times = [
            ("the release", Some(job.release)),
            ("the due time", due_at),
            ("the latest start", job.latest_start),
            ("the published start", job.published),
            ("the time it has started", job.started),
        ];
        for (what, time) in times {
            if time.is_some_and(|time| !(-LIMIT..=LIMIT).contains(&time)) {
                return Err(ProblemError::JobTime { job: id, what });
            }
        }
        if matches!(job.due, Some(Due::After { within, .. }) if !(0..=LIMIT).contains(&within)) {
            return Err(ProblemError::JobTime { job: id, what: "the due time" });
        }
        let n_jobs = Time::try_from(self.jobs.len()).unwrap_or(LIMIT);
        let lengths = [("the duration", job.duration)].into_iter();
        let lags = job.predecessors.iter().map(|before| ("a lag", before.lag));
        let holds = job.demands.iter().map(|demand| ("a hold", demand.hold));
        let mut lengths = lengths.chain(lags).chain(holds);
        // All of them one after the other end before the limit.
        if let Some((what, _)) = lengths.find(|(_, length)| !(0..=LIMIT / n_jobs).contains(length)) {
            return Err(ProblemError::JobTime { job: id, what });
        }
        if MAX_WEIGHT < job.weight {
            return Err(ProblemError::Weight(id));
        }
        self.check_references(id, job)
    }

    fn check_references(&self, id: JobId, job: &Job) -> Result<(), ProblemError> {
        for (n, &Demand { resource, .. }) in job.demands.iter().enumerate() {
            if self.capacities.len() <= resource.0 {
                return Err(ProblemError::UnknownResource { job: id, resource });
            }
            if job.demands[..n].iter().any(|other| other.resource == resource) {
                return Err(ProblemError::RepeatedResource { job: id, resource });
            }
        }
        let mut before = job.predecessors.iter().map(|before| before.job);
        if let Some(predecessor) = before.find(|other| self.jobs.len() <= other.0) {
            return Err(ProblemError::UnknownPredecessor { job: id, predecessor });
        }
        if let Some(Due::After { job: after, .. }) = job.due
            && !job.predecessors.iter().any(|before| before.job == after)
        {
            return Err(ProblemError::DueAfter { job: id, after });
        }
        match job.calendar.filter(|calendar| self.calendars.len() <= calendar.0) {
            Some(calendar) => Err(ProblemError::UnknownCalendar { job: id, calendar }),
            None => Ok(()),
        }
    }

    /// Every job after its predecessors, or a job on a cycle.
    pub(super) fn topological_order(&self) -> Result<Vec<usize>, JobId> {
        let mut successors = vec![Vec::new(); self.jobs.len()];
        let mut n_open: Vec<usize> = self.jobs.iter().map(|job| job.predecessors.len()).collect();
        for (n, job) in self.jobs.iter().enumerate() {
            for predecessor in &job.predecessors {
                successors[predecessor.job.0].push(n);
            }
        }
        let mut order: Vec<usize> = (0..self.jobs.len()).filter(|job| n_open[*job] == 0).collect();
        let mut next = 0;
        while let Some(&job) = order.get(next) {
            next += 1;
            for &successor in &successors[job] {
                n_open[successor] -= 1;
                if n_open[successor] == 0 {
                    order.push(successor);
                }
            }
        }
        match n_open.iter().position(|n| *n != 0) {
            Some(job) => Err(JobId(job)),
            None => Ok(order),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job { duration: 1, ..Job::default() }
    }

    #[test]
    fn what_makes_no_problem_is_refused_by_name() {
        let stretch = |start, last_start, end| Stretch { start, end, last_start };
        let demand = |resource, hold| Demand { resource: ResourceId(resource), amount: 1, hold };
        let after = |job, lag| Predecessor { job: JobId(job), lag };
        let due_after = |job, within| Due::After { job: JobId(job), within };
        let cases: Vec<(Job, Vec<Stretch>, &str)> = vec![
            (Job { duration: -1, ..job() }, vec![], "job 1: the duration is out of range"),
            (Job { release: LIMIT + 1, ..job() }, vec![], "job 1: the release is out of range"),
            (Job { due: Some(Due::At(-LIMIT - 1)), ..job() }, vec![], "job 1: the due time is out of range"),
            (Job { weight: u64::MAX, ..job() }, vec![], "job 1: the weight is out of range"),
            (
                Job { started: Some(LIMIT + 1), ..job() },
                vec![],
                "job 1: the time it has started is out of range",
            ),
            (Job { demands: vec![demand(0, -1)], ..job() }, vec![], "job 1: a hold is out of range"),
            (Job { predecessors: vec![after(0, -1)], ..job() }, vec![], "job 1: a lag is out of range"),
            (
                Job { predecessors: vec![after(0, 0)], due: Some(due_after(0, -1)), ..job() },
                vec![],
                "job 1: the due time is out of range",
            ),
            (
                Job { due: Some(due_after(0, 1)), ..job() },
                vec![],
                "job 1: its due time is counted from job 0, which is not one of its predecessors",
            ),
            (Job { demands: vec![demand(1, 0)], ..job() }, vec![], "job 1: there is no resource 1"),
            (
                Job { demands: vec![demand(0, 0), demand(0, 0)], ..job() },
                vec![],
                "job 1: two demands on resource 0",
            ),
            (Job { predecessors: vec![after(2, 0)], ..job() }, vec![], "job 1: there is no job 2"),
            (Job { calendar: Some(CalendarId(1)), ..job() }, vec![], "job 1: there is no calendar 1"),
            (
                Job { predecessors: vec![after(1, 0)], ..job() },
                vec![],
                "job 1 waits for itself, directly or through others",
            ),
            (
                job(),
                vec![stretch(0, 5, 5), stretch(4, 6, 6)],
                "calendar 0: stretch 1 is not a stretch after the one before",
            ),
            (job(), vec![stretch(0, 6, 5)], "calendar 0: stretch 0 is not a stretch after the one before"),
        ];
        for (job_1, calendar, expected) in cases {
            let refused = Problem::new(vec![job(), job_1], vec![2], vec![calendar]);
            assert_eq!(refused.map_err(|error| error.to_string()), Err(expected.to_owned()));
        }
    }
}
