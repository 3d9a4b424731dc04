//! The finished schedule as a site to look around in: what is in the way of a start, and until when.

use chrono::{DateTime, TimeDelta, Utc};

use super::calendars::seconds;
use super::pieces::instant;
use crate::calendar::{self, Freeze};
use crate::model::{Because, OccurrenceId};
use crate::scheduler::ground::Ground;
use crate::scheduler::resources::Resources;
use crate::scheduler::timeline::Timeline;

/// Where an occurrence could start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// When.
    pub start: DateTime<Utc>,
    /// In which of its task's window spans, if the task has windows.
    pub span: Option<usize>,
}

/// A run of a task: which, from when, until when.
pub type Run<'o> = (DateTime<Utc>, DateTime<Utc>, &'o OccurrenceId);

/// What everything that has a place holds, and when.
#[derive(Debug)]
pub struct Site<'s, 'p> {
    ground: &'s Ground<'p>,
    resources: &'s Resources,
    lines: Vec<Timeline>,
    /// By task: its runs, by start; they do not overlap.
    runs: Vec<Vec<Run<'s>>>,
    /// By task: the blackouts that it has to respect, by start.
    freezes: Vec<Vec<&'s Freeze>>,
}

/// Of so many reasons, those in the middle say nothing new.
const MOST_REASONS: usize = 12;

impl<'s, 'p> Site<'s, 'p> {
    /// A site on which nothing is going on.
    pub fn new(ground: &'s Ground<'p>, resources: &'s Resources) -> Self {
        let freezes = |task: &crate::scheduler::ground::TaskGround| ground.freezes_of(task).collect();
        Self {
            ground,
            resources,
            lines: vec![Timeline::default(); resources.names.len()],
            runs: vec![Vec::new(); ground.tasks.len()],
            freezes: ground.tasks.iter().map(freezes).collect(),
        }
    }

    /// Adds a run of the task at `place`. Those of one task come in the order of their starts.
    pub fn add(&mut self, place: usize, run: Run<'s>) {
        self.take(place, run.0, run.1);
        self.runs[place].push(run);
    }

    /// Takes what the task at `place` needs.
    pub fn take(&mut self, place: usize, start: DateTime<Utc>, end: DateTime<Utc>) {
        for demand in &self.resources.needs[place] {
            let line = &mut self.lines[demand.resource.0];
            line.take(seconds(start), seconds(end) + demand.hold, demand.amount);
        }
    }

    /// Gives it back.
    pub fn give_back(&mut self, place: usize, start: DateTime<Utc>, end: DateTime<Utc>) {
        for demand in &self.resources.needs[place] {
            let line = &mut self.lines[demand.resource.0];
            line.give_back(seconds(start), seconds(end) + demand.hold, demand.amount);
        }
    }

    /// The earliest start at or after `from` that the site allows an occurrence of the task at `place`, with what is in
    /// the way before it. `own` is in nobody's way.
    ///
    /// # Errors
    /// The reason why there is none before `latest` and the end of the horizon.
    pub fn search(
        &self,
        place: usize,
        own: &OccurrenceId,
        (from, length): (DateTime<Utc>, TimeDelta),
        latest: Option<DateTime<Utc>>,
        because: &mut Vec<Because>,
    ) -> Result<Found, Because> {
        let mut start = from;
        loop {
            if let Some(latest) = latest.filter(|latest| *latest <= start) {
                return Err(Because::Missed { latest });
            }
            if self.ground.until <= start {
                return Err(Because::BeyondHorizon { until: self.ground.until });
            }
            let (obstacle, until) = match self.obstacle(place, own, start, length) {
                Ok(span) => return Ok(Found { start, span }),
                Err(None) => return Err(Because::BeyondHorizon { until: self.ground.until }),
                Err(Some(obstacle)) => obstacle,
            };
            start = until;
            remember(because, obstacle);
        }
    }

    /// What is in the way of a start, and until when; nothing when it is so for ever. Where nothing is: the place of
    /// the window.
    fn obstacle(
        &self,
        place: usize,
        own: &OccurrenceId,
        start: DateTime<Utc>,
        length: TimeDelta,
    ) -> Result<Option<usize>, Option<(Because, DateTime<Utc>)>> {
        if let Some(overlap) = self.overlap(place, own, start, length) {
            return Err(Some(overlap));
        }
        let mut window = None;
        if let Some(spans) = &self.ground.tasks[place].spans {
            let next = spans.partition_point(|span| span.end <= start);
            let span = spans.get(next).ok_or(None)?;
            if let Some(closed) = calendar::gate(span, start, length) {
                return Err(Some(closed));
            }
            window = Some(next);
        }
        let end = start + length;
        let freeze = self.freezes[place].iter().find(|freeze| start < freeze.end && freeze.start < end);
        if let Some(freeze) = freeze {
            let name = freeze.name.clone();
            return Err(Some((Because::Blackout { name, until: freeze.end }, freeze.end)));
        }
        self.busy(place, start, length).map_or(Ok(window), |busy| Err(Some(busy)))
    }

    fn overlap(
        &self,
        place: usize,
        own: &OccurrenceId,
        start: DateTime<Utc>,
        length: TimeDelta,
    ) -> Option<(Because, DateTime<Utc>)> {
        let runs = &self.runs[place];
        let n_begun = runs.partition_point(|run| run.0 < start + length);
        let mut others = runs[..n_begun].iter().rev().filter(|run| run.2 != own);
        let (_, until, id) = others.next().filter(|run| start < run.1)?;
        Some((Because::Overlap { occurrence: (*id).clone(), until: *until }, *until))
    }

    fn busy(
        &self,
        place: usize,
        start: DateTime<Utc>,
        length: TimeDelta,
    ) -> Option<(Because, DateTime<Utc>)> {
        let from = seconds(start);
        self.resources.needs[place].iter().find_map(|demand| {
            let resource = demand.resource.0;
            let most = self.resources.capacities[resource].saturating_sub(demand.amount);
            let free = self.lines[resource].earliest(from, length.num_seconds() + demand.hold, most);
            let until = instant(free).filter(|_| from < free)?;
            let name = self.resources.names[resource].clone();
            Some((Because::Resource { name, until }, until))
        })
    }
}

fn remember(because: &mut Vec<Because>, reason: Because) {
    if because.len() == MOST_REASONS {
        because.remove(MOST_REASONS / 2);
    }
    because.push(reason);
}
