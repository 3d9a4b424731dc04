//! What has to be placed: occurrences, the intervals that follow them, and what each one waits for.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::calendars::{self, seconds};
use crate::model::{Occurrence, OccurrenceId, Schedule};
use crate::scheduler::ground::Ground;
use crate::scheduler::resources::Resources;
use crate::scheduler::solver::Stretch;
use crate::scheduler::{History, ScheduleError, planner};

/// One occurrence that wants a place in time, or a run that has one.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The place of its task in the ground.
    pub place: usize,
    /// What is known of it. The release and the due time of an interval after another one are those of the earliest
    /// case: they follow from the end of the one before.
    pub occurrence: Occurrence,
    /// The interval before it.
    pub previous: Option<usize>,
    /// Pieces of other tasks that have to end before it starts.
    pub after: Vec<usize>,
    /// When it began, if it is a run that is going or has just ended.
    pub began: Option<DateTime<Utc>>,
    /// The start that people were told.
    pub published: Option<DateTime<Utc>>,
    /// It starts no later, so that the interval after it does not come to wait for what has no place.
    pub no_later: Option<DateTime<Utc>>,
    /// It may not be put off until after the horizon, as people were told that it comes before.
    pub has_to_come: bool,
}

/// All pieces, and which of them belong to each task.
#[derive(Debug, Clone)]
pub struct Pieces {
    /// The pieces.
    pub all: Vec<Piece>,
    /// By task: places in `all`, by release.
    pub of_task: Vec<Vec<usize>>,
    /// What a piece waited for by the releases of the earliest case, and not by those that came out.
    forgotten: HashSet<(usize, usize)>,
}

/// The most intervals of one task in one schedule.
const MOST_INTERVALS: usize = 100_000;

impl Pieces {
    /// Finds out what has to be placed and what waits for what. `calendars` has the stretches of each task.
    ///
    /// # Errors
    /// [`ScheduleError::TooMany`] for an interval that is too short for the horizon.
    pub fn of(
        ground: &Ground,
        occurrences: Vec<Occurrence>,
        history: &History,
        published: Option<&Schedule>,
        resources: &Resources,
        calendars: &[&[Stretch]],
    ) -> Result<Self, ScheduleError> {
        let of_task = vec![Vec::new(); ground.tasks.len()];
        let mut pieces = Self { all: Vec::new(), of_task, forgotten: HashSet::new() };
        pieces.add_what_began(ground, history, resources);
        for occurrence in occurrences {
            let Some(&place) = ground.places.get(occurrence.task.as_str()) else { continue };
            pieces.add_with_intervals(ground, place, occurrence, calendars[place])?;
        }
        for places in &mut pieces.of_task {
            let all = &pieces.all;
            places.sort_by_key(|&piece| (all[piece].began.is_none(), all[piece].occurrence.release, piece));
        }
        pieces.find_published(published);
        for piece in 0..pieces.all.len() {
            pieces.all[piece].after =
                pieces.waits_for(ground, piece, |other| pieces.all[other].occurrence.release);
        }
        Ok(pieces)
    }

    /// Work that is going holds what it needs until its estimated end, and its successors wait for it. Work that has
    /// ended may still hold its group.
    fn add_what_began(&mut self, ground: &Ground, history: &History, resources: &Resources) {
        let holds = |place: usize, end: DateTime<Utc>| {
            let longest = resources.needs[place].iter().map(|demand| demand.hold).max().unwrap_or(0);
            seconds(ground.from) < seconds(end) + longest
        };
        for (place, task) in ground.tasks.iter().enumerate() {
            let past = history.of(task.name);
            if let Some(running) = &past.running {
                // A run that is late has at least this second to go.
                let until = running.until.max(ground.from + TimeDelta::seconds(1));
                let id = running.occurrence.clone().unwrap_or_else(|| OccurrenceId(task.name.to_owned()));
                self.add(began(ground, place, id, (ground.from, until)));
            } else if let Some(end) = past.last_end.filter(|end| *end <= ground.from && holds(place, *end)) {
                let id = OccurrenceId(task.name.to_owned());
                self.add(began(ground, place, id, (end, end)));
            }
        }
    }

    fn add(&mut self, piece: Piece) -> usize {
        let place = self.all.len();
        self.of_task[piece.place].push(place);
        self.all.push(piece);
        place
    }

    /// Adds an occurrence and, of a task with an interval, all that could follow it within the horizon.
    fn add_with_intervals(
        &mut self,
        ground: &Ground,
        place: usize,
        occurrence: Occurrence,
        calendar: &[Stretch],
    ) -> Result<(), ScheduleError> {
        let task = &ground.tasks[place];
        let mut next = Some(occurrence);
        let mut previous = None;
        let mut n_intervals = 0;
        while let Some(occurrence) = next.filter(|next| previous.is_none() || next.release < ground.until) {
            n_intervals += 1;
            if MOST_INTERVALS < n_intervals {
                let (task, until) = (task.name.to_owned(), ground.until);
                return Err(ScheduleError::TooMany { task, limit: MOST_INTERVALS, until });
            }
            let from = seconds(occurrence.release.max(ground.from));
            let length = occurrence.estimate.num_seconds();
            let end =
                calendars::first_start(calendar, from, length).and_then(|start| instant(start + length));
            next = end.and_then(|end| planner::following(task, &occurrence, end));
            let piece = Piece {
                place,
                occurrence,
                previous,
                after: Vec::new(),
                began: None,
                published: None,
                no_later: None,
                has_to_come: false,
            };
            previous = Some(self.add(piece));
        }
        Ok(())
    }

    fn find_published(&mut self, published: Option<&Schedule>) {
        let Some(published) = published else { return };
        let starts: std::collections::HashMap<_, _> =
            published.placed.iter().map(|placed| (&placed.occurrence.id, placed.start)).collect();
        for piece in self.all.iter_mut().filter(|piece| piece.began.is_none()) {
            piece.published = starts.get(&piece.occurrence.id).copied();
        }
    }

    /// Forgets what `piece` waits for and need not, once each; says whether there was any of it.
    pub fn forget(&mut self, piece: usize, is_needless: impl Fn(usize) -> bool) -> bool {
        let (after, forgotten) = (&mut self.all[piece].after, &mut self.forgotten);
        let n_before = after.len();
        after.retain(|before| !is_needless(*before) || !forgotten.insert((piece, *before)));
        after.len() < n_before
    }

    /// What `piece` has to wait for when the pieces are released at these times: of each task that it comes after,
    /// the latest piece that is not released later.
    pub fn waits_for(
        &self,
        ground: &Ground,
        piece: usize,
        release: impl Fn(usize) -> DateTime<Utc>,
    ) -> Vec<usize> {
        if self.all[piece].began.is_some() {
            return Vec::new();
        }
        let own = release(piece);
        let before = |task: &usize| {
            let pieces = &self.of_task[*task];
            let n_released =
                pieces.partition_point(|other| self.all[*other].began.is_some() || release(*other) <= own);
            n_released.checked_sub(1).map(|last| pieces[last])
        };
        ground.tasks[self.all[piece].place].after.iter().filter_map(before).collect()
    }
}

/// A run of the task at `place` that has this beginning and this end.
fn began(
    ground: &Ground,
    place: usize,
    id: OccurrenceId,
    (begin, end): (DateTime<Utc>, DateTime<Utc>),
) -> Piece {
    let task = &ground.tasks[place];
    let occurrence = Occurrence {
        id,
        task: task.name.to_owned(),
        targets: task.targets.clone(),
        release: begin,
        due: None,
        latest: None,
        estimate: end - begin,
    };
    Piece {
        place,
        occurrence,
        previous: None,
        after: Vec::new(),
        began: Some(begin),
        published: None,
        no_later: None,
        has_to_come: false,
    }
}

/// An instant from the solver's count of time.
pub fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}
