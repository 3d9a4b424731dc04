//! The optimizer: occurrences to start times.
//!
//! Serial schedule generation: one occurrence after the other, in an order that respects precedence, each at
//! its earliest feasible start. What is placed is never moved again, so every step keeps all rules.
//!
//! Source: Kolisch, "Serial and parallel resource-constrained project scheduling methods revisited" (1996).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::ground::{Ground, TaskGround};
use super::timeline::Timeline;
use super::{History, planner};
use crate::calendar::{self, Freeze};
use crate::model::{Because, Length, Objective, Occurrence, OccurrenceId, Placed, Schedule, Unplaced};

/// Start times, and what got none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optimized {
    /// What happens, by start and then by name.
    pub placed: Vec<Placed>,
    /// What cannot happen, by release and then by name.
    pub unplaced: Vec<Unplaced>,
    /// How good it is.
    pub objective: Objective,
}

/// Gives each of `occurrences` its place in time.
///
/// The order is: release, priority (a task is as important as the most important one that comes after it), due
/// time, the length of the chain of tasks that begins with it, name. Intervals after the first are added as
/// their predecessors are placed. A published start is reserved before anything else is placed and is kept
/// where it is still feasible; work that is going holds what it needs until its estimated end.
///
/// An occurrence that finds no start within the horizon is left out without a word when it is due only after
/// the horizon; any other is in [`Optimized::unplaced`].
pub fn optimize(
    ground: &Ground,
    occurrences: Vec<Occurrence>,
    history: &History,
    published: Option<&Schedule>,
) -> Optimized {
    Work::begin(ground, history, published, &occurrences).finish(occurrences)
}

/// What an occurrence waits its turn by; the smallest is next.
type Turn = (DateTime<Utc>, Reverse<u8>, DateTime<Utc>, Reverse<TimeDelta>, OccurrenceId);

/// A renewable resource, a group, or a target.
struct Resource {
    name: String,
    capacity: u32,
    /// What occurrences that could be placed take of it, in unit seconds.
    work: i64,
    line: Timeline,
}

/// How the last occurrence of a task that was looked at came out.
#[derive(Clone)]
struct Last {
    id: OccurrenceId,
    end: Outcome,
}

#[derive(Clone, Copy)]
enum Outcome {
    Ends(DateTime<Utc>),
    Unplaced,
    Beyond,
}

/// Where an occurrence could start.
struct Found {
    start: DateTime<Utc>,
    span: Option<usize>,
}

struct Work<'g, 'p> {
    ground: &'g Ground<'p>,
    resources: Vec<Resource>,
    /// By task: which resources it takes, and how much of each.
    needs: Vec<Vec<(usize, u32)>>,
    /// By task: the blackouts that it has to respect, by start.
    freezes: Vec<Vec<&'g Freeze>>,
    published: HashMap<&'g OccurrenceId, DateTime<Utc>>,
    /// Published starts that are reserved, until their occurrence is looked at.
    pins: HashMap<OccurrenceId, DateTime<Utc>>,
    last: Vec<Option<Last>>,
    /// By task: its last run, which the next one has to wait for; what is missed in between changes nothing.
    runs: Vec<Option<(OccurrenceId, DateTime<Utc>)>>,
    /// By task: the longest chain of placed work that ends with its last occurrence.
    chains: Vec<TimeDelta>,
    placed: Vec<Placed>,
    unplaced: Vec<Unplaced>,
    bounds: Bounds,
}

/// What no schedule can beat.
#[derive(Default)]
struct Bounds {
    longest: i64,
    /// The latest of the earliest ends.
    last_end: Option<DateTime<Utc>>,
    /// The earliest of the latest starts.
    first_start: Option<DateTime<Utc>>,
}

impl<'g, 'p> Work<'g, 'p> {
    fn begin(
        ground: &'g Ground<'p>,
        history: &History,
        published: Option<&'g Schedule>,
        occurrences: &[Occurrence],
    ) -> Self {
        let mut work = Work {
            ground,
            resources: Vec::new(),
            needs: Vec::new(),
            freezes: Vec::new(),
            published: HashMap::new(),
            pins: HashMap::new(),
            last: vec![None; ground.tasks.len()],
            runs: vec![None; ground.tasks.len()],
            chains: vec![TimeDelta::zero(); ground.tasks.len()],
            placed: Vec::new(),
            unplaced: Vec::new(),
            bounds: Bounds::default(),
        };
        work.resources_of_tasks();
        for task in &ground.tasks {
            let kind = task.task.kind.value;
            work.freezes.push(ground.freezes.iter().filter(|freeze| freeze.stops(kind)).collect());
        }
        work.hold_what_is_going(history);
        work.pin(history, published, occurrences);
        work
    }

    fn resources_of_tasks(&mut self) {
        let mut places: HashMap<String, usize> = HashMap::new();
        for task in &self.ground.tasks {
            let mut needs: Vec<(usize, u32)> = Vec::new();
            for (name, capacity, amount) in demands(self.ground, task) {
                let place = *places.entry(name).or_insert_with_key(|name| {
                    let (name, line) = (name.clone(), Timeline::default());
                    self.resources.push(Resource { name, capacity, work: 0, line });
                    self.resources.len() - 1
                });
                needs.push((place, amount));
            }
            self.needs.push(needs);
        }
    }

    fn hold_what_is_going(&mut self, history: &History) {
        for (place, task) in self.ground.tasks.iter().enumerate() {
            let Some(running) = &history.of(task.name).running else { continue };
            // A run that is late has at least this second to go.
            let until = running.until.max(self.ground.from + TimeDelta::seconds(1));
            self.take(place, self.ground.from, until);
            let id = running.occurrence.clone().unwrap_or_else(|| OccurrenceId(task.name.to_owned()));
            self.goes_on(place, id, until);
        }
    }

    /// Notes that the last run of a task ends at `end`.
    fn goes_on(&mut self, place: usize, id: OccurrenceId, end: DateTime<Utc>) {
        self.runs[place] = Some((id.clone(), end));
        self.last[place] = Some(Last { id, end: Outcome::Ends(end) });
    }

    /// Reserves the published starts that are still possible by themselves.
    fn pin(&mut self, history: &History, published: Option<&'g Schedule>, occurrences: &[Occurrence]) {
        let Some(published) = published else { return };
        let wanted: HashMap<_, _> =
            occurrences.iter().map(|occurrence| (&occurrence.id, occurrence)).collect();
        for old in &published.placed {
            self.published.insert(&old.occurrence.id, old.start);
            let Some(&place) = self.ground.places.get(old.occurrence.task.as_str()) else { continue };
            let task = &self.ground.tasks[place];
            let is_possible = if let Some(new) = wanted.get(&old.occurrence.id) {
                new.release <= old.start && new.latest.is_none_or(|latest| old.start < latest)
            } else {
                // A later interval of a task whose next one is wanted.
                let next = history.of(task.name).ended_runs + 1;
                task.task.schedule.as_ref().is_some_and(|schedule| schedule.every.is_some())
                    && planner::number_of(&old.occurrence.id).is_some_and(|number| next < number)
            };
            let is_ahead = self.ground.from <= old.start && old.start < self.ground.until;
            if is_possible && is_ahead && self.has_room(place, old.start, task.estimate) {
                self.take(place, old.start, old.start + task.estimate);
                self.pins.insert(old.occurrence.id.clone(), old.start);
            }
        }
    }

    fn finish(mut self, occurrences: Vec<Occurrence>) -> Optimized {
        let mut queue: BinaryHeap<Reverse<Turn>> = BinaryHeap::new();
        let mut waiting: HashMap<OccurrenceId, Occurrence> = HashMap::new();
        // How many occurrences of a task are still to be looked at that have the same release, and which
        // occurrences wait for them.
        let mut ahead: HashMap<(usize, DateTime<Utc>), usize> = HashMap::new();
        let mut parked: HashMap<(usize, DateTime<Utc>), Vec<Turn>> = HashMap::new();
        let mut fresh = occurrences;
        loop {
            for occurrence in fresh.drain(..) {
                let Some(&place) = self.ground.places.get(occurrence.task.as_str()) else { continue };
                *ahead.entry((place, occurrence.release)).or_default() += 1;
                queue.push(Reverse(turn(&self.ground.tasks[place], &occurrence)));
                waiting.insert(occurrence.id.clone(), occurrence);
            }
            let Some(Reverse(next)) = queue.pop() else { break };
            let Some(occurrence) = waiting.get(&next.4) else { continue };
            let (release, place) = (occurrence.release, self.ground.places[occurrence.task.as_str()]);
            let after = &self.ground.tasks[place].after;
            if let Some(before) = after.iter().find(|before| ahead.contains_key(&(**before, release))) {
                parked.entry((*before, release)).or_default().push(next);
                continue;
            }
            let Some(occurrence) = waiting.remove(&next.4) else { continue };
            fresh.extend(self.place(place, occurrence));
            let key = (place, release);
            if let Some(n) = ahead.get_mut(&key) {
                *n -= 1;
                if *n == 0 {
                    ahead.remove(&key);
                    queue.extend(parked.remove(&key).unwrap_or_default().into_iter().map(Reverse));
                }
            }
        }
        // Only a cycle leaves anything: `validate` refuses it, and here it must not vanish.
        for occurrence in waiting.into_values() {
            let because = Because::Predecessor { occurrence: occurrence.id.clone() };
            self.unplaced.push(Unplaced {
                occurrence,
                because,
                help: Some("break the cycle of `after`".into()),
            });
        }
        self.placed.sort_by(|a, b| (a.start, &a.occurrence.id).cmp(&(b.start, &b.occurrence.id)));
        self.unplaced.sort_by(|a, b| {
            (a.occurrence.release, &a.occurrence.id).cmp(&(b.occurrence.release, &b.occurrence.id))
        });
        let objective = self.objective();
        Optimized { placed: self.placed, unplaced: self.unplaced, objective }
    }

    /// Places one occurrence, or finds out why not; returns the interval that follows it, if one does.
    fn place(&mut self, place: usize, occurrence: Occurrence) -> Option<Occurrence> {
        let task = &self.ground.tasks[place];
        let pinned = self.pins.remove(&occurrence.id);
        if let Some(start) = pinned {
            self.give_back(place, start, start + occurrence.estimate);
        }
        let mut because = Vec::new();
        let mut found = self.earliest_start(place, &occurrence, pinned, &mut because);
        let is_kept = found.as_ref().is_ok_and(|found| Some(found.start) == pinned);
        if !is_kept && self.unpin_later(place, &occurrence.id) {
            because.clear();
            found = self.earliest_start(place, &occurrence, None, &mut because);
        }
        let outcome = match found {
            Ok(Found { start, span }) => {
                let end = start + occurrence.estimate;
                self.take(place, start, end);
                self.bound(place, &occurrence);
                let before = self.published.get(&occurrence.id).copied();
                let window = span.and_then(|span| task.spans.as_ref()?.get(span).cloned());
                let following = planner::following(task, &occurrence, end)
                    .filter(|following| following.release < self.ground.until);
                let moved_from = before.filter(|before| *before != start);
                self.goes_on(place, occurrence.id.clone(), end);
                self.placed.push(Placed { occurrence, start, end, window, moved_from, because });
                return following;
            }
            Err(Because::BeyondHorizon { .. })
                if occurrence.due.is_some_and(|due| self.ground.until < due) =>
            {
                Outcome::Beyond
            }
            Err(reason) => {
                let help = self.help(place, &occurrence, &reason, &because);
                let unplaced = Unplaced { occurrence: occurrence.clone(), because: reason, help };
                self.unplaced.push(unplaced);
                Outcome::Unplaced
            }
        };
        self.last[place] = Some(Last { id: occurrence.id, end: outcome });
        None
    }

    /// Gives up the published starts of the intervals after one that moves: they move with it. Says whether there
    /// were any.
    fn unpin_later(&mut self, place: usize, id: &OccurrenceId) -> bool {
        let task = &self.ground.tasks[place];
        let Some(mut number) = planner::number_of(id) else { return false };
        let mut n_unpinned = 0;
        // Intervals are published without a gap.
        while let Some(start) = self.pins.remove(&OccurrenceId::nth(task.name, number + 1)) {
            self.give_back(place, start, start + task.estimate);
            number += 1;
            n_unpinned += 1;
        }
        n_unpinned > 0
    }

    /// The start that an occurrence gets: its pin if that is feasible, else the earliest that is.
    fn earliest_start(
        &self,
        place: usize,
        occurrence: &Occurrence,
        pinned: Option<DateTime<Utc>>,
        because: &mut Vec<Because>,
    ) -> Result<Found, Because> {
        let task = &self.ground.tasks[place];
        for &(resource, needed) in &self.needs[place] {
            let Resource { name, capacity, .. } = &self.resources[resource];
            if *capacity < needed {
                return Err(Because::Capacity { resource: name.clone(), needed, capacity: *capacity });
            }
        }
        if let Some(longest) = task.longest_span.filter(|longest| *longest < occurrence.estimate) {
            return Err(Because::NoWindow { longest, needed: occurrence.estimate });
        }
        let mut from = occurrence.release.max(self.ground.from);
        if let Some((id, end)) = self.runs[place].as_ref().filter(|(_, end)| from < *end) {
            because.push(Because::Overlap { occurrence: id.clone(), until: *end });
            from = *end;
        }
        for before in &task.after {
            match &self.last[*before] {
                Some(Last { id, end: Outcome::Ends(end) }) if from < *end => {
                    because.push(Because::After { occurrence: id.clone(), until: *end });
                    from = *end;
                }
                Some(Last { id, end: Outcome::Unplaced }) => {
                    return Err(Because::Predecessor { occurrence: id.clone() });
                }
                Some(Last { end: Outcome::Beyond, .. }) => {
                    return Err(Because::BeyondHorizon { until: self.ground.until });
                }
                _ => {}
            }
        }
        let length = occurrence.estimate;
        if let Some(pin) = pinned.filter(|pin| from <= *pin)
            && let Some(span) = self.fits_at(place, pin, length)
        {
            // What kept it from an earlier start still says why it is there.
            let mut reasons = Vec::new();
            let earliest = self.search(place, from, length, occurrence.latest, &mut reasons);
            if earliest.is_ok_and(|found| found.start == pin) {
                because.append(&mut reasons);
            }
            return Ok(Found { start: pin, span });
        }
        self.search(place, from, length, occurrence.latest, because)
    }

    /// The earliest feasible start at or after `from`, with what was in the way before it.
    fn search(
        &self,
        place: usize,
        from: DateTime<Utc>,
        length: TimeDelta,
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
            let (obstacle, until, span) = match self.gate(place, start, length) {
                Gate::Open(span) => (None, start, span),
                Gate::Closed(because, until) => (Some(because), until, None),
                Gate::Never => return Err(Because::BeyondHorizon { until: self.ground.until }),
            };
            let obstacle = obstacle.or_else(|| self.blackout(place, start, length));
            let obstacle = obstacle.or_else(|| self.busy(place, start, length));
            let Some(obstacle) = obstacle else { return Ok(Found { start, span }) };
            start = match &obstacle {
                Because::Blackout { until, .. } | Because::Resource { until, .. } => *until,
                _ => until,
            };
            remember(because, obstacle);
        }
    }

    /// Whether everything allows work at exactly `start`; then the place of its window, if the task has any.
    #[allow(clippy::option_option)]
    fn fits_at(&self, place: usize, start: DateTime<Utc>, length: TimeDelta) -> Option<Option<usize>> {
        let Gate::Open(span) = self.gate(place, start, length) else { return None };
        let is_free =
            self.blackout(place, start, length).is_none() && self.busy(place, start, length).is_none();
        is_free.then_some(span)
    }

    fn has_room(&self, place: usize, start: DateTime<Utc>, length: TimeDelta) -> bool {
        self.fits_at(place, start, length).is_some()
    }

    /// Decides whether work of `length` may start in a window of the task at `start`.
    fn gate(&self, place: usize, start: DateTime<Utc>, length: TimeDelta) -> Gate {
        let Some(spans) = &self.ground.tasks[place].spans else { return Gate::Open(None) };
        let next = spans.partition_point(|span| span.end <= start);
        let Some(span) = spans.get(next) else { return Gate::Never };
        calendar::gate(span, start, length)
            .map_or(Gate::Open(Some(next)), |(because, until)| Gate::Closed(because, until))
    }

    fn blackout(&self, place: usize, start: DateTime<Utc>, length: TimeDelta) -> Option<Because> {
        let end = start + length;
        let freeze = self.freezes[place].iter().find(|freeze| start < freeze.end && freeze.start < end)?;
        Some(Because::Blackout { name: freeze.name.clone(), until: freeze.end })
    }

    fn busy(&self, place: usize, start: DateTime<Utc>, length: TimeDelta) -> Option<Because> {
        let from = start.timestamp();
        self.needs[place].iter().find_map(|&(resource, needed)| {
            let Resource { name, capacity, line, .. } = &self.resources[resource];
            let free = line.earliest(from, length.num_seconds(), capacity.saturating_sub(needed));
            let until = DateTime::from_timestamp(free, 0).filter(|_| from < free)?;
            Some(Because::Resource { name: name.clone(), until })
        })
    }

    fn take(&mut self, place: usize, start: DateTime<Utc>, end: DateTime<Utc>) {
        for &(resource, amount) in &self.needs[place] {
            self.resources[resource].line.take(start.timestamp(), end.timestamp(), amount);
        }
    }

    fn give_back(&mut self, place: usize, start: DateTime<Utc>, end: DateTime<Utc>) {
        for &(resource, amount) in &self.needs[place] {
            self.resources[resource].line.give_back(start.timestamp(), end.timestamp(), amount);
        }
    }

    /// The nearest thing that would help, for people.
    fn help(
        &self,
        place: usize,
        occurrence: &Occurrence,
        reason: &Because,
        obstacles: &[Because],
    ) -> Option<String> {
        let task = &self.ground.tasks[place];
        let shown = |instant: DateTime<Utc>| self.ground.zone.date_and_time(instant);
        // That the next window is closed until it opens helps nobody who was kept from the one before.
        let is_telling = |because: &&Because| !matches!(because, Because::WindowClosed { .. });
        let obstacle = obstacles.iter().rev().find(is_telling);
        Some(match reason {
            Because::NoWindow { longest, needed } => {
                let windows = task.task.window.iter().map(|name| name.value.as_str());
                let window = windows
                    .max_by_key(|name| self.ground.plan.windows.get(name).map(|window| window.duration.value))
                    .unwrap_or_default();
                format!("window `{window}` would have to be {} longer", Length(*needed - *longest))
            }
            Because::Capacity { resource, needed, capacity } => match resource.strip_prefix("group:") {
                Some(group) => format!("raise `max_down` of group `{group}` from {capacity} to {needed}"),
                None => format!("raise resource `{resource}` from {capacity} to {needed}"),
            },
            Because::Predecessor { occurrence } => format!("see {occurrence}"),
            Because::Missed { latest } => match obstacle {
                Some(Because::Resource { name, until }) => {
                    format!("`{name}` would have to be free before {}", shown((*until).min(*latest)))
                }
                Some(Because::After { occurrence, .. } | Because::Overlap { occurrence, .. }) => {
                    format!("{occurrence} would have to end before {}", shown(*latest))
                }
                Some(because) => self.help_with(task, because)?,
                None => format!(
                    "a window would have to open between {} and {}",
                    shown(occurrence.release.max(self.ground.from)),
                    shown(*latest)
                ),
            },
            Because::BeyondHorizon { .. } => obstacle
                .and_then(|because| self.help_with(task, because))
                .unwrap_or_else(|| "look further ahead with `--horizon`".to_owned()),
            _ => return None,
        })
    }

    /// What would have to be different in the calendar.
    fn help_with(&self, task: &TaskGround, because: &Because) -> Option<String> {
        Some(match because {
            Because::Blackout { name, .. } => {
                format!("blackout `{name}` would have to allow {} work", task.task.kind.value)
            }
            Because::DoesNotFit { window, short_by, .. } => {
                format!("window `{window}` would have to be {} longer", Length(*short_by))
            }
            Because::PastCutoff { window, since } => {
                let since = self.ground.zone.date_and_time(*since);
                format!("window `{window}` would have to let work start after {since}")
            }
            _ => return None,
        })
    }

    /// Notes what no schedule of the placed work can beat.
    fn bound(&mut self, place: usize, occurrence: &Occurrence) {
        let length = occurrence.estimate;
        for &(resource, amount) in &self.needs[place] {
            let work = i64::from(amount).saturating_mul(length.num_seconds());
            self.resources[resource].work = self.resources[resource].work.saturating_add(work);
        }
        let chain = |before: &usize| match self.last[*before] {
            Some(Last { end: Outcome::Ends(_), .. }) => self.chains[*before],
            _ => TimeDelta::zero(),
        };
        let before = self.ground.tasks[place].after.iter().map(chain).max().unwrap_or_default();
        self.chains[place] = before + length;
        self.bounds.longest = self.bounds.longest.max(self.chains[place].num_seconds());
        let from = occurrence.release.max(self.ground.from);
        let latest = occurrence.latest.unwrap_or(self.ground.until).min(self.ground.until);
        let end = self.earliest_alone(place, from, length) + length;
        self.bounds.last_end = self.bounds.last_end.max(Some(end));
        self.bounds.first_start = Some(self.bounds.first_start.map_or(latest, |first| first.min(latest)));
    }

    /// The earliest start if there were no other work.
    fn earliest_alone(&self, place: usize, from: DateTime<Utc>, length: TimeDelta) -> DateTime<Utc> {
        let mut start = from;
        loop {
            if let Gate::Closed(_, until) = self.gate(place, start, length) {
                start = until;
            } else if let Some(Because::Blackout { until, .. }) = self.blackout(place, start, length) {
                start = until;
            } else {
                return start;
            }
        }
    }

    fn objective(&self) -> Objective {
        let mut objective = Objective::default();
        for placed in &self.placed {
            let place = self.ground.places[placed.occurrence.task.as_str()];
            let priority = u64::from(self.ground.tasks[place].task.priority());
            let late = placed.occurrence.due.map_or(0, |due| seconds(placed.end - due));
            objective.weighted_tardiness_seconds =
                objective.weighted_tardiness_seconds.saturating_add(priority.saturating_mul(late));
            objective.moved += u64::from(placed.moved_from.is_some());
        }
        let first = self.placed.iter().map(|placed| placed.start).min();
        let last = self.placed.iter().map(|placed| placed.end).max();
        objective.makespan_seconds = first.zip(last).map_or(0, |(first, last)| seconds(last - first));
        let by_resource = self.resources.iter().filter(|resource| resource.capacity > 0);
        let by_resource = by_resource
            .map(|resource| u64::try_from(resource.work).unwrap_or(0).div_ceil(u64::from(resource.capacity)))
            .max();
        let by_time = self.bounds.last_end.zip(self.bounds.first_start);
        let by_time = by_time.map_or(0, |(last, first)| seconds(last - first));
        objective.lower_bound_seconds =
            u64::try_from(self.bounds.longest).unwrap_or(0).max(by_resource.unwrap_or(0)).max(by_time);
        objective.optimal = objective.weighted_tardiness_seconds == 0
            && objective.moved == 0
            && self.unplaced.is_empty()
            && objective.makespan_seconds == objective.lower_bound_seconds;
        objective
    }
}

/// Whether a task's windows let work start.
enum Gate {
    /// Yes, in the window at this place, if the task has windows.
    Open(Option<usize>),
    /// No, and not before then.
    Closed(Because, DateTime<Utc>),
    /// No window is in sight.
    Never,
}

/// What a task takes while it runs: the resource's name, how much there is of it, and how much it takes.
///
/// The machine that a task without targets works on is not a target that others have to wait for.
fn demands(ground: &Ground, task: &TaskGround) -> Vec<(String, u32, u32)> {
    let plan = ground.plan;
    let mut demands = Vec::new();
    for (name, amount) in task.task.resources.iter() {
        if let Some(capacity) = plan.resources.get(name).filter(|_| amount.value > 0) {
            demands.push((name.value.clone(), capacity.value, amount.value));
        }
    }
    let mut groups = HashSet::new();
    for target in &task.targets {
        let Some(declared) = plan.targets.get(target).filter(|_| !task.task.targets.is_empty()) else {
            continue;
        };
        if let Some(group) = &declared.group
            && let Some(of) = plan.groups.get(group)
            && groups.insert(group.value.as_str())
        {
            demands.push((format!("group:{}", group.value), of.max_down.value, 1));
        }
        demands.push((format!("target:{target}"), 1, 1));
    }
    demands
}

fn turn(task: &TaskGround, occurrence: &Occurrence) -> Turn {
    (
        occurrence.release,
        Reverse(task.weight),
        occurrence.due.unwrap_or(DateTime::<Utc>::MAX_UTC),
        Reverse(task.tail),
        occurrence.id.clone(),
    )
}

/// Of so many reasons, those in the middle say nothing new.
const MOST_REASONS: usize = 12;

fn remember(because: &mut Vec<Because>, reason: Because) {
    if because.len() == MOST_REASONS {
        because.remove(MOST_REASONS / 2);
    }
    because.push(reason);
}

fn seconds(length: TimeDelta) -> u64 {
    u64::try_from(length.num_seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PlanFile;
    use crate::scheduler::{Computed, TaskHistory, compute};

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn read(yaml: &str) -> PlanFile {
        crate::planfile::Text::new("maintenance.yaml", yaml.as_bytes().to_vec())
            .read()
            .into_plan()
            .expect("a plan")
    }

    fn computed(plan: &PlanFile, past: &[&str], published: Option<&Schedule>, from: &str) -> Computed {
        let known = Some(utc("2026-03-02T00:00:00Z"));
        let known = TaskHistory { handled_until: known, ..TaskHistory::default() };
        let tasks = past.iter().map(|task| ((*task).to_owned(), known.clone())).collect();
        let from = utc(from);
        compute(plan, "", &History { tasks }, published, from, from + TimeDelta::days(9)).expect("a schedule")
    }

    fn starts(computed: &Computed) -> Vec<(&str, String)> {
        let start = |placed: &Placed| placed.start.format("%dT%H:%M").to_string();
        computed
            .schedule
            .placed
            .iter()
            .map(|placed| (placed.occurrence.id.0.as_str(), start(placed)))
            .collect()
    }

    const WEEKLY: &str = "\
mainstay: 1
resources: {crew: 1}
windows:
  night: {cron: \"0 2 * * *\", duration: 2h}
tasks:
  a:
    type: routine
    domain: data
    schedule: {every: 4d, tolerance: 1d}
    window: night
    duration: 1h
    resources: {crew: 1}
    steps: [{run: [\"true\"]}]
";

    #[test]
    fn an_interval_that_moves_takes_the_later_ones_with_it() {
        let plan = read(WEEKLY);
        let first = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
        let expected = [("a#1", "02T02:00".into()), ("a#2", "05T03:00".into()), ("a#3", "09T02:00".into())];
        assert_eq!(starts(&first), expected);
        let late = computed(&plan, &["a"], Some(&first.schedule), "2026-03-05T02:30:00Z");
        assert_eq!(starts(&late)[0], ("a#1", "05T02:30".into()), "not pushed away by its own successor");
    }

    #[test]
    fn a_published_start_stays_where_it_is_possible() {
        let plan = read(WEEKLY);
        let first = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
        // More important work comes, which would have had the place.
        let urgent = WEEKLY.replace("tasks:\n", "tasks:\n  b:\n    type: routine\n    domain: data\n    priority: 99\n    \
            schedule: {at: 2026-03-02T01:00:00Z}\n    window: night\n    duration: 1h\n    resources: {crew: 1}\n    \
            steps: [{run: [\"true\"]}]\n");
        let plan = read(&urgent);
        let alone = computed(&plan, &["a", "b"], None, "2026-03-02T02:00:00Z");
        assert_eq!(starts(&alone)[0].0, "a#1", "released first");
        let kept = computed(&plan, &["a", "b"], Some(&first.schedule), "2026-03-02T01:30:00Z");
        assert_eq!(
            starts(&kept)[..2],
            [("a#1", "02T02:00".into()), ("b@2026-03-02T01:00:00Z", "02T03:00".into())]
        );
        assert_eq!(kept.schedule.objective.moved, 0);
    }

    #[test]
    fn work_that_is_going_holds_what_it_needs() {
        let plan = read(&WEEKLY.replace("window: night", "window: []"));
        let from = utc("2026-03-02T00:00:00Z");
        let until = from + TimeDelta::minutes(20);
        let running = crate::scheduler::Running { occurrence: None, until };
        let past = TaskHistory { running: Some(running), ..TaskHistory::default() };
        let history = History { tasks: [("a".to_owned(), past)].into() };
        let next = compute(&plan, "", &history, None, from, from + TimeDelta::days(4)).expect("a schedule");
        assert_eq!(starts(&next), [("a#2", "05T00:20".into())]);
    }

    #[test]
    fn a_run_is_waited_for_also_after_an_occurrence_that_it_made_impossible() {
        let plan = read(
            "mainstay: 1\ntasks:\n  a:\n    type: routine\n    domain: data\n    \
             schedule: {cron: \"*/10 10 2 3 *\"}\n    duration: 25m\n    steps: [{run: [\"true\"]}]\n",
        );
        let computed = computed(&plan, &["a"], None, "2026-03-02T00:00:00Z");
        let placed: Vec<_> = starts(&computed).into_iter().map(|(_, start)| start).collect();
        assert_eq!(placed, ["02T10:00", "02T10:25", "02T10:50"]);
        let late = &computed.schedule.placed[1];
        let before = OccurrenceId("a@2026-03-02T10:00:00Z".into());
        let overlap = Because::Overlap { occurrence: before, until: utc("2026-03-02T10:25:00Z") };
        assert_eq!(
            (late.occurrence.release, &late.because[..]),
            (utc("2026-03-02T10:20:00Z"), &[overlap][..])
        );
    }
}
