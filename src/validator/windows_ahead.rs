//! The openings of windows in the year ahead, looked up once for each set of windows that tasks name.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};

use super::budget::{Budget, MAX_INSTANTS};
use super::facts::{Facts, stands};
use super::outlook::{YEAR, is_positive};
use crate::calendar::{self, Calendar};
use crate::model::{Span, Task, Window, WindowSpan};

/// Weekdays and dates repeat after this time.
pub(super) const CYCLE_YEARS: i32 = 28;

/// The windows of a plan file.
pub(super) struct WindowsAhead<'a> {
    /// Those that were read whole and let work start.
    defined: HashMap<&'a str, &'a Window>,
    /// The openings by the windows of a task; `None` when they are not known.
    openings: HashMap<Vec<&'a str>, Option<Rc<Openings>>>,
    /// The longest openings that there ever are, by windows.
    ever: RefCell<HashMap<Vec<&'a str>, Option<TimeDelta>>>,
    /// Windows have one of their own: a file of thousands of recurrences must not leave nothing for them.
    instants: Budget,
}

/// When a task may run.
#[derive(Clone)]
pub(super) enum Windows {
    Any,
    Known(Rc<Openings>),
    Unknown,
}

/// The openings of the windows of a task.
pub(super) struct Openings {
    /// By start; touching ones are one.
    pub(super) spans: Vec<WindowSpan>,
    /// How many there were before touching ones became one.
    pub(super) n: usize,
    /// How many of those began before the one before had ended.
    pub(super) n_overlapping: usize,
    /// The longest time that one is open.
    pub(super) longest: TimeDelta,
    /// The longest time between the opening of one and its cutoff.
    pub(super) longest_to_cutoff: TimeDelta,
}

impl Windows {
    pub(super) fn known(&self) -> Option<&Openings> {
        match self {
            Self::Known(openings) => Some(openings),
            Self::Any | Self::Unknown => None,
        }
    }
}

impl Openings {
    /// Whether it is no exception that one begins before the one before has ended. A change of the clock brings
    /// them nearer to each other once a year, and that is not meant.
    pub(super) fn overlap_often(&self) -> bool {
        self.n < self.n_overlapping * 10
    }
}

impl<'a> WindowsAhead<'a> {
    pub(super) fn new(facts: &Facts<'a>) -> Self {
        let windows = facts.plan.windows.iter().map(|(name, window)| (name.value.as_str(), window));
        let is_known = |(name, window): &(&str, &Window)| facts.knows_zone() && is_sound(facts, name, window);
        Self {
            defined: windows.filter(is_known).collect(),
            openings: HashMap::new(),
            ever: RefCell::default(),
            instants: Budget::new(MAX_INSTANTS),
        }
    }

    /// The place of the longest duration of a task's windows.
    pub(super) fn longest(&self, task: &Task) -> Option<Span> {
        let windows = task.window.iter().filter_map(|name| self.defined.get(name.value.as_str()));
        windows
            .map(|window| window.duration)
            .max_by_key(|duration| duration.value)
            .map(|longest| longest.span)
    }

    /// The openings of one window by itself in the year ahead.
    pub(super) fn openings_of(&self, facts: &Facts<'a>, window: &'a str) -> Option<Rc<Openings>> {
        match self.openings.get([window].as_slice()) {
            Some(known) => known.clone(),
            None => self.find_openings(facts, &[window], facts.now, facts.now + YEAR).map(Rc::new),
        }
    }

    /// The longest time that the windows of a task are ever open without a break, if that can be known.
    pub(super) fn longest_ever(&self, facts: &Facts<'a>, task: &'a Task) -> Option<TimeDelta> {
        let windows: Vec<_> = task.window.iter().map(|window| window.value.as_str()).collect();
        if let Some(known) = self.ever.borrow().get(&windows) {
            return *known;
        }
        let is_daily = |window: &&str| match self.calendar_of(facts, window) {
            Some(Calendar::Cron(cron)) => cron.is_daily(),
            Some(Calendar::Rrule(_)) | None => false,
        };
        let longest = if windows.iter().all(is_daily) {
            // Every year is like the next, changes of the clock included.
            self.find_openings(facts, &windows, facts.now, facts.now + YEAR).map(|openings| openings.longest)
        } else {
            let until = facts.now + YEAR * CYCLE_YEARS;
            self.find_openings(facts, &windows, facts.now, until).map(|openings| openings.longest)
        };
        self.ever.borrow_mut().insert(windows, longest);
        longest
    }

    /// When a task may run.
    pub(super) fn of(&mut self, facts: &Facts<'a>, task: &'a Task) -> Windows {
        if task.window.is_empty() {
            return Windows::Any;
        }
        let names: Vec<_> = task.window.iter().map(|window| window.value.as_str()).collect();
        if !self.openings.contains_key(&names) {
            let openings = self.find_openings(facts, &names, facts.now, facts.now + YEAR).map(Rc::new);
            self.openings.insert(names.clone(), openings);
        }
        let openings = self.openings.get(&names).cloned().flatten();
        openings.map_or(Windows::Unknown, Windows::Known)
    }

    /// The openings of windows that begin before `until`, whole.
    fn find_openings(
        &self,
        facts: &Facts<'a>,
        names: &[&'a str],
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Option<Openings> {
        let mut spans = Vec::new();
        let windows: Vec<_> =
            names.iter().map(|name| Some((*name, *self.defined.get(name)?))).collect::<Option<_>>()?;
        let longest = windows.iter().map(|(_, window)| window.duration.value.0).max()?;
        for (name, window) in windows {
            let calendar = self.calendar_of(facts, name)?;
            self.instants.spend(calendar, &facts.zone, from - window.duration.value.0, until + longest)?;
            spans.extend(calendar::openings_by(calendar, name, window, &facts.zone, from, until + longest));
        }
        spans.sort_by_key(|span| span.start);
        let n_overlapping = spans.windows(2).filter(|pair| pair[1].start < pair[0].end).count();
        let n = spans.len();
        let mut spans = calendar::merge(spans);
        spans.retain(|span| span.start < until);
        let longest = spans.iter().map(|span| span.end - span.start).max().unwrap_or_default();
        let to_cutoff = spans.iter().map(|span| span.cutoff - span.start).max().unwrap_or_default();
        Some(Openings { spans, n, n_overlapping, longest, longest_to_cutoff: to_cutoff })
    }

    /// The calendar of a window.
    fn calendar_of<'f>(&self, facts: &'f Facts, window: &str) -> Option<&'f Calendar> {
        let window = self.defined.get(window)?;
        facts.calendar(window.cron.as_ref(), window.rrule.as_ref())
    }
}

/// Whether a window was read whole, and lets work start at all; of one that does not there are other rules.
fn is_sound(facts: &Facts, name: &str, window: &Window) -> bool {
    let (length, cutoff) = (window.duration.value, window.cutoff.map(|cutoff| cutoff.value));
    !facts.is_spoiled(facts.value_of("windows", name))
        && stands(&window.duration)
        && is_positive(&length.0)
        && cutoff.is_none_or(|cutoff| cutoff < length)
}
