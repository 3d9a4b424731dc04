//! The nearest thing that would help what cannot happen, for people.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Because, Length, Occurrence, OccurrenceId, Unplaced, WindowSpan};
use crate::scheduler::demands::demands;
use crate::scheduler::ground::{Ground, TaskGround};
use crate::scheduler::words;

/// Why an occurrence has no place, and what is known about the starts that it could have had.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// Why.
    pub because: Because,
    /// What kept it from earlier starts, in their order.
    pub obstacles: Vec<Because>,
    /// The first start that a greater tolerance could let it have.
    pub later: Option<DateTime<Utc>>,
    /// Whether there is room for it, which the search did not make use of.
    pub is_room: bool,
}

impl From<Because> for Blocked {
    fn from(because: Because) -> Self {
        Self { because, obstacles: Vec::new(), later: None, is_room: false }
    }
}

/// What would have to be different for `occurrence` to happen.
pub fn help(
    ground: &Ground,
    task: &TaskGround,
    occurrence: &Occurrence,
    blocked: &Blocked,
) -> Option<String> {
    let nearest = Nearest { ground, task, occurrence, obstacles: &blocked.obstacles };
    Some(match &blocked.because {
        _ if blocked.is_room => {
            "what is published or comes after it would have to move; a greater `--effort` may find how"
                .to_owned()
        }
        Because::NoWindow { longest, needed } => nearest.longer_window(*needed - *longest),
        Because::Capacity { resource, needed, capacity } => match resource.split_once(':') {
            Some(("group", group)) => {
                format!("raise `max_down` of group `{group}` from {capacity} to {needed}")
            }
            _ => format!("raise {} from {capacity} to {needed}", words::resource(resource)),
        },
        Because::Predecessor { occurrence } => format!("see {occurrence}"),
        Because::Missed { latest } => {
            let first = nearest.before(*latest);
            match blocked.later.and_then(|start| nearest.tolerance(start)) {
                Some(tolerance) => format!("{first}; or {tolerance}"),
                None => first,
            }
        }
        Because::BeyondHorizon { .. } => {
            let further = "look further ahead with `--horizon`";
            match nearest.obstacle().and_then(|because| nearest.calendar(because)) {
                Some(calendar) => format!("{calendar}; or {further}"),
                None => further.to_owned(),
            }
        }
        _ => return None,
    })
}

/// Says of what waits in vain for another what helps that one: it is what helps both.
pub fn pass_on(unplaced: &mut [Unplaced]) {
    let by_id: HashMap<_, _> =
        unplaced.iter().map(|it| (it.occurrence.id.clone(), (it.because.clone(), it.help.clone()))).collect();
    for it in unplaced {
        let Because::Predecessor { occurrence } = &it.because else { continue };
        let mut blame = occurrence;
        // Nothing comes after itself, so this ends.
        while let Some((Because::Predecessor { occurrence }, _)) = by_id.get(blame) {
            blame = occurrence;
        }
        if let Some((_, Some(help))) = by_id.get(blame) {
            it.help = Some(format!("what helps {blame}: {help}"));
        }
    }
}

struct Nearest<'n, 'p> {
    ground: &'n Ground<'p>,
    task: &'n TaskGround<'p>,
    occurrence: &'n Occurrence,
    obstacles: &'n [Because],
}

impl Nearest<'_, '_> {
    /// What was in the way at last. That the next window is closed until it opens helps nobody who was kept from the
    /// one before.
    fn obstacle(&self) -> Option<&Because> {
        self.obstacles.iter().rev().find(|because| !matches!(because, Because::WindowClosed { .. }))
    }

    /// What would let it start before `latest`.
    fn before(&self, latest: DateTime<Utc>) -> String {
        match self.obstacle() {
            Some(Because::Resource { name, until }) => self.free(name, (*until).min(latest)),
            Some(Because::After { occurrence, .. } | Because::Overlap { occurrence, .. }) => {
                self.ended(occurrence, latest)
            }
            Some(because) => self.calendar(because).unwrap_or_else(|| self.open(latest)),
            None => self.open(latest),
        }
    }

    fn ended(&self, occurrence: &OccurrenceId, before: DateTime<Utc>) -> String {
        format!("{occurrence} would have to end before {}", self.shown(before))
    }

    /// No window is open between the release and the latest start.
    fn open(&self, latest: DateTime<Utc>) -> String {
        let mut windows = self.task.task.window.iter();
        let window = match (windows.next(), windows.next()) {
            (Some(only), None) => format!("window `{}`", only.value),
            _ => "one of its windows".to_owned(),
        };
        let release = self.occurrence.release.max(self.ground.from);
        format!("{window} would have to open between {} and {}", self.shown(release), self.shown(latest))
    }

    /// The `tolerance` with which it could start at `start`: no one lets it start when the next instant is there.
    fn tolerance(&self, start: DateTime<Utc>) -> Option<String> {
        let (calendar, schedule) = (self.task.calendar.as_ref()?, self.task.task.schedule.as_ref()?);
        let release = self.occurrence.release;
        let second = TimeDelta::seconds(1);
        let dst = self.task.task.dst.as_ref().map(|dst| dst.value).unwrap_or_default();
        let mut instants = calendar.instants(&self.ground.zone, dst, release + second, start + second);
        if instants.next().is_some() {
            return None;
        }
        let wanted = Length(in_minutes(start - release));
        Some(match &schedule.tolerance {
            Some(tolerance) => {
                format!("`tolerance` would have to be {wanted} instead of {}", tolerance.value)
            }
            None => format!("`tolerance` would have to be {wanted}"),
        })
    }

    /// What is taken would have to be free, or there would have to be more of it where the plan file says how much
    /// there is.
    fn free(&self, name: &str, before: DateTime<Utc>) -> String {
        let free = format!("{} would have to be free before {}", words::resource(name), self.shown(before));
        match self.more(name) {
            Some(more) => format!("{free}, or {more}"),
            None => free,
        }
    }

    fn more(&self, name: &str) -> Option<String> {
        let demand = demands(self.ground, self.task).into_iter().find(|demand| demand.name == name)?;
        let (capacity, enough) = (demand.capacity, demand.capacity.saturating_add(demand.amount));
        match name.split_once(':') {
            None => Some(format!("be {enough} instead of {capacity}")),
            // A group all of whose members may be down at once is no group.
            Some(("group", group)) => {
                let is_in =
                    |target: &crate::model::Target| target.group.as_ref().is_some_and(|of| of.value == group);
                let members = self.ground.plan.targets.iter().filter(|(_, target)| is_in(target)).count();
                let is_safe = usize::try_from(enough).is_ok_and(|enough| enough < members);
                is_safe.then(|| format!("its `max_down` be {enough} instead of {capacity}"))
            }
            Some(_) => None,
        }
    }

    /// What would have to be different in the calendar.
    fn calendar(&self, because: &Because) -> Option<String> {
        Some(match because {
            Because::Blackout { name, .. } => {
                format!("blackout `{name}` would have to allow {} work", self.task.task.kind.value)
            }
            Because::DoesNotFit { window, short_by, .. } => longer(window, *short_by),
            Because::PastCutoff { window, since } => self.past_cutoff(window, *since),
            _ => return None,
        })
    }

    /// What would let it start in the window that it came too late for.
    fn past_cutoff(&self, window: &str, since: DateTime<Utc>) -> String {
        let mut spans = self.task.spans.iter().flat_map(|spans| spans.iter());
        let Some(span) = spans.find(|span| span.cutoff == since && span.name == window) else {
            return format!("window `{window}` would have to let work start after {}", self.shown(since));
        };
        let start = self.start_in(span);
        let left = span.end - start;
        if self.occurrence.estimate <= left {
            let cutoff = Length(span.end - since);
            return format!(
                "the cutoff of window `{window}`, {cutoff}, would have to be below {}",
                Length(left)
            );
        }
        // It starts before the cutoff, not at it.
        let late_by = start - since + TimeDelta::seconds(1);
        longer(window, in_minutes(late_by.max(self.occurrence.estimate - left)))
    }

    /// When it could start in a span, were there no cutoff.
    fn start_in(&self, span: &WindowSpan) -> DateTime<Utc> {
        let ends = self.obstacles.iter().filter_map(|because| match because {
            Because::After { until, .. }
            | Because::Overlap { until, .. }
            | Because::Resource { until, .. }
            | Because::Blackout { until, .. } => Some(*until),
            _ => None,
        });
        let earliest = self.occurrence.release.max(self.ground.from);
        ends.filter(|until| *until < span.end).fold(earliest.max(span.cutoff), DateTime::max)
    }

    fn longer_window(&self, by: TimeDelta) -> String {
        let windows = self.task.task.window.iter().map(|name| name.value.as_str());
        let declared = |name: &&str| self.ground.plan.windows.get(name).map(|window| window.duration.value);
        longer(windows.max_by_key(declared).unwrap_or_default(), by)
    }

    fn shown(&self, instant: DateTime<Utc>) -> String {
        self.ground.zone.date_and_time(instant)
    }
}

fn longer(window: &str, by: TimeDelta) -> String {
    format!("window `{window}` would have to be {} longer", Length(by))
}

/// At least so long, in whole minutes.
fn in_minutes(length: TimeDelta) -> TimeDelta {
    let seconds = length.num_seconds();
    TimeDelta::minutes(seconds / 60 + i64::from(seconds % 60 > 0))
}
