//! What a solution says, in the words of a schedule: places with their reasons, and why there is none.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::help::{Blocked, help, pass_on};
use super::pieces::{Piece, Pieces, instant};
use super::site::Site;
use super::{Optimized, gain, objective};
use crate::model::{Because, Missed, Occurrence, OccurrenceId, Placed, Unplaced};
use crate::scheduler::ground::Ground;
use crate::scheduler::planner;
use crate::scheduler::resources::Resources;
use crate::scheduler::solver::{JobId, ResourceId, Solution, Why};

/// The pieces with the times that came out.
#[derive(Debug)]
pub struct Reading {
    /// The occurrences; releases and due times of intervals follow from the ends before them.
    pub occurrences: Vec<Occurrence>,
    starts: Vec<Option<DateTime<Utc>>>,
}

/// What becomes of a piece without a place.
#[derive(Debug, Clone)]
enum Fate {
    /// Nobody has to hear of it: it belongs to the time after the horizon.
    Beyond,
    /// It cannot happen.
    Unplaced {
        /// What to look at.
        blame: OccurrenceId,
        /// Why; `None` for an interval after one that cannot happen.
        told: Option<Blocked>,
    },
}

impl Reading {
    /// Reads the starts.
    pub fn of(ground: &Ground, pieces: &Pieces, solution: &Solution) -> Self {
        let starts: Vec<_> = solution.starts.iter().map(|start| start.and_then(instant)).collect();
        let mut occurrences: Vec<Occurrence> = Vec::with_capacity(pieces.all.len());
        for piece in &pieces.all {
            let previous = piece.previous.and_then(|previous| {
                let before = &occurrences[previous];
                let end = starts[previous]? + before.estimate;
                planner::following(&ground.tasks[piece.place], before, end)
            });
            occurrences.push(previous.unwrap_or_else(|| piece.occurrence.clone()));
        }
        Self { occurrences, starts }
    }

    /// When a piece starts.
    pub fn start(&self, piece: usize) -> Option<DateTime<Utc>> {
        self.starts[piece]
    }

    /// When it has ended.
    pub fn end(&self, piece: usize) -> Option<DateTime<Utc>> {
        Some(self.starts[piece]? + self.occurrences[piece].estimate)
    }

    /// The schedule, with the reason for everything in it.
    pub fn tell(
        self,
        ground: &Ground,
        pieces: &Pieces,
        resources: &Resources,
        solution: &Solution,
    ) -> Optimized {
        let mut told =
            Told { ground, pieces, resources, reading: &self, site: self.site(ground, pieces, resources) };
        let mut placed: Vec<_> = (0..pieces.all.len()).filter_map(|piece| told.placed(piece)).collect();
        let mut unplaced = told.unplaced(solution);
        placed.sort_by(|a, b| (a.start, &a.occurrence.id).cmp(&(b.start, &b.occurrence.id)));
        unplaced.sort_by(|a, b| {
            (a.occurrence.release, &a.occurrence.id).cmp(&(b.occurrence.release, &b.occurrence.id))
        });
        Optimized { placed, unplaced, objective: objective(solution), gain: gain(solution) }
    }

    fn site<'s, 'p>(
        &'s self,
        ground: &'s Ground<'p>,
        pieces: &Pieces,
        resources: &'s Resources,
    ) -> Site<'s, 'p> {
        let mut by_start: Vec<_> = (0..pieces.all.len())
            .filter_map(|piece| Some((self.start(piece)?, self.end(piece)?, piece)))
            .collect();
        by_start.sort_unstable();
        let mut site = Site::new(ground, resources);
        for (start, end, piece) in by_start {
            site.add(pieces.all[piece].place, (start, end, &self.occurrences[piece].id));
        }
        site
    }
}

struct Told<'s, 'p> {
    ground: &'s Ground<'p>,
    pieces: &'s Pieces,
    resources: &'s Resources,
    reading: &'s Reading,
    site: Site<'s, 'p>,
}

impl Told<'_, '_> {
    fn placed(&mut self, piece: usize) -> Option<Placed> {
        let (start, end) = (self.reading.start(piece)?, self.reading.end(piece)?);
        let Piece { place, published, .. } = self.pieces.all[piece];
        if self.pieces.all[piece].began.is_some() {
            return None;
        }
        let occurrence = self.reading.occurrences[piece].clone();
        let because = if start == occurrence.release.max(self.ground.from) {
            Vec::new()
        } else {
            // Its own work is in nobody's way.
            self.site.give_back(place, start, end);
            let because = self.because(piece, start);
            self.site.take(place, start, end);
            because
        };
        let spans = self.ground.tasks[place].spans.as_ref();
        let window =
            spans.and_then(|spans| spans.get(spans.partition_point(|span| span.end <= start)).cloned());
        let moved_from = published.filter(|before| *before != start);
        Some(Placed { occurrence, start, end, window, moved_from, because })
    }

    /// Why a piece does not start before `start`.
    fn because(&self, piece: usize, start: DateTime<Utc>) -> Vec<Because> {
        let Piece { place, published, .. } = self.pieces.all[piece];
        let occurrence = &self.reading.occurrences[piece];
        let (from, mut because) = self.after(piece);
        let asked = (from, occurrence.estimate);
        let found = self.site.search(place, &occurrence.id, asked, None, &mut because);
        match found {
            Ok(found) if found.start == start => because,
            // It could start earlier, and the schedule as a whole would be no better for it.
            _ if published == Some(start) => Vec::new(),
            _ => {
                because.push(Because::Levelled { until: start });
                because
            }
        }
    }

    /// When what has to end before a piece has ended, and what of it that was.
    fn after(&self, piece: usize) -> (DateTime<Utc>, Vec<Because>) {
        let mut from = self.reading.occurrences[piece].release.max(self.ground.from);
        let mut because = Vec::new();
        for before in &self.pieces.all[piece].after {
            if let Some(end) = self.reading.end(*before).filter(|end| from < *end) {
                let occurrence = self.reading.occurrences[*before].id.clone();
                because.push(Because::After { occurrence, until: end });
                from = end;
            }
        }
        (from, because)
    }

    fn unplaced(&self, solution: &Solution) -> Vec<Unplaced> {
        let why: HashMap<usize, Why> = solution.unplaced.iter().map(|(job, why)| (job.0, *why)).collect();
        let mut fates: HashMap<usize, Fate> = HashMap::with_capacity(why.len());
        for (JobId(piece), _) in &solution.unplaced {
            self.find_fate(*piece, &why, &mut fates);
        }
        let unplaced = solution.unplaced.iter().filter_map(|(JobId(piece), _)| {
            let Fate::Unplaced { told: Some(blocked), .. } = fates.remove(piece)? else {
                return None;
            };
            let occurrence = self.reading.occurrences[*piece].clone();
            let task = &self.ground.tasks[self.pieces.all[*piece].place];
            let help = help(self.ground, task, &occurrence, &blocked);
            Some(Unplaced { occurrence, because: blocked.because, help })
        });
        let mut unplaced: Vec<_> = unplaced.collect();
        pass_on(&mut unplaced);
        unplaced
    }

    /// Finds out what becomes of a piece, and of all that it waits for in vain.
    fn find_fate(&self, piece: usize, why: &HashMap<usize, Why>, fates: &mut HashMap<usize, Fate>) {
        let mut waiting = vec![piece];
        while let Some(&piece) = waiting.last() {
            if !fates.contains_key(&piece) {
                let reason = why.get(&piece).copied().unwrap_or(Why::NoRoom);
                let before = match reason {
                    Why::After(JobId(before)) => Some(before),
                    _ => None,
                };
                if let Some(before) = before.filter(|before| !fates.contains_key(before)) {
                    waiting.push(before);
                    continue;
                }
                let before = before.and_then(|before| fates.get(&before).map(|fate| (before, fate.clone())));
                let fate = self.fate(piece, reason, before);
                fates.insert(piece, fate);
            }
            waiting.pop();
        }
    }

    /// What becomes of a piece, given what becomes of the one that it waits for.
    fn fate(&self, piece: usize, why: Why, before: Option<(usize, Fate)>) -> Fate {
        let occurrence = &self.reading.occurrences[piece];
        let (blame, until) = (occurrence.id.clone(), self.ground.until);
        let is_due_later = occurrence.due.is_some_and(|due| until < due);
        let blocked: Blocked = match (why, before) {
            (_, Some((before, fate))) if self.pieces.all[piece].previous == Some(before) => {
                return match fate {
                    Fate::Beyond => Fate::Beyond,
                    Fate::Unplaced { blame, .. } => Fate::Unplaced { blame, told: None },
                };
            }
            (_, Some((_, Fate::Unplaced { blame: occurrence, .. }))) => {
                Because::Predecessor { occurrence }.into()
            }
            (_, Some((_, Fate::Beyond))) => Because::BeyondHorizon { until }.into(),
            (Why::TooMuch(resource), _) => self.too_much(piece, resource).into(),
            _ => self.no_room(piece),
        };
        let is_published_later = self.pieces.all[piece].published.is_some_and(|start| until <= start);
        if matches!(blocked.because, Because::BeyondHorizon { .. }) && (is_due_later || is_published_later) {
            return Fate::Beyond;
        }
        Fate::Unplaced { blame, told: Some(blocked) }
    }

    fn too_much(&self, piece: usize, resource: ResourceId) -> Because {
        let needs = &self.resources.needs[self.pieces.all[piece].place];
        let needed =
            needs.iter().find(|demand| demand.resource == resource).map_or(0, |demand| demand.amount);
        let (name, capacity) = (&self.resources.names[resource.0], self.resources.capacities[resource.0]);
        Because::Capacity { resource: name.clone(), needed, capacity }
    }

    /// Why no start is possible, and what is in the way of each.
    fn no_room(&self, piece: usize) -> Blocked {
        let (place, occurrence) = (self.pieces.all[piece].place, &self.reading.occurrences[piece]);
        let needed = occurrence.estimate;
        if let Some(longest) = self.ground.tasks[place].longest_span.filter(|longest| *longest < needed) {
            return Because::NoWindow { longest, needed }.into();
        }
        let (from, mut obstacles) = self.after(piece);
        let search = |latest, obstacles: &mut Vec<Because>| {
            self.site.search(place, &occurrence.id, (from, needed), latest, obstacles)
        };
        let Err(because) = search(occurrence.latest, &mut obstacles) else {
            // There would be room if nothing had to keep to its published start.
            let because = match occurrence.latest {
                Some(latest) => Because::Missed { latest },
                None => Because::BeyondHorizon { until: self.ground.until },
            };
            return Blocked { is_room: true, ..because.into() };
        };
        // Only with `missed: skip` is what is late missed.
        let policy = self.ground.tasks[place].task.missed.as_ref().map(|missed| missed.value);
        let is_skipped = policy == Some(Missed::Skip) && matches!(because, Because::Missed { .. });
        let later = is_skipped.then(|| search(None, &mut Vec::new()).ok()).flatten();
        Blocked { because, obstacles, later: later.map(|found| found.start), is_room: false }
    }
}
