//! Alertmanager's routing: whom an alert of some labels goes to, when it is kept back, and by which other alerts.
//!
//! The configuration is read from its text, of 0.15 (`match`, `match_re`) as of 0.22 and later (`matchers`), and answers
//! without a server. Sources: the manual (Configuration), and the behaviour of Alertmanager 0.25, with which the tests
//! agree by `amtool config routes test` and by the server itself.
//!
//! 1. Text in, values out: nothing here reads a file, asks a server or knows the time.
//! 2. What cannot be read as Alertmanager reads it is an error, never a guess.

mod config;
mod go_regex;
mod interval;
mod matcher;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

pub use config::ConfigError;
pub use matcher::{LabelMatcher, matchers};
pub use tree::{Lookup, Way};

use interval::TimeInterval;
use tree::Node;

/// The labels of an alert.
pub type Labels = BTreeMap<String, String>;

/// The routing part of an Alertmanager's configuration.
#[derive(Debug, Clone)]
pub struct Routing {
    root: Node,
    receivers: Vec<Receiver>,
    intervals: BTreeMap<String, Vec<TimeInterval>>,
    inhibitions: Vec<Inhibition>,
}

/// Somebody whom alerts are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// How it is told; nobody hears of a receiver without.
    pub integrations: Vec<Integration>,
}

/// One way to tell a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// `webhook`, `email`, ...
    pub kind: String,
    /// Whether the end of an alert is told as well.
    pub send_resolved: bool,
    /// Of a webhook: where to, unless it is hidden.
    pub url: Option<String>,
}

/// Alerts that keep others back.
#[derive(Debug, Clone)]
struct Inhibition {
    source: Vec<LabelMatcher>,
    target: Vec<LabelMatcher>,
    /// Labels that both have to have alike; one that is missing is empty.
    equal: Vec<String>,
}

/// How long Alertmanager waits before it speaks of a new group.
pub const DEFAULT_GROUP_WAIT: TimeDelta = TimeDelta::seconds(30);
/// How long it waits before it speaks of a change in a group.
pub const DEFAULT_GROUP_INTERVAL: TimeDelta = TimeDelta::minutes(5);

impl Routing {
    /// Reads a configuration.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        config::read(text)
    }

    /// The ways of an alert of these labels, in the order in which they are tried; at least one.
    pub fn ways(&self, labels: &Labels) -> Vec<Way<'_>> {
        self.possible_ways(&|name| Some(labels.get(name).map_or("", String::as_str)))
    }

    /// The ways that an alert can take of whose labels not all are known; some of them may be taken only together with
    /// others, or instead of others.
    pub fn possible_ways(&self, labels: Lookup) -> Vec<Way<'_>> {
        self.root.ways(labels)
    }

    /// Whether there are routes below the root.
    pub fn has_branches(&self) -> bool {
        !self.root.children.is_empty()
    }

    /// The receiver of this name.
    pub fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.name == name)
    }

    /// Every receiver's name.
    pub fn receiver_names(&self) -> impl Iterator<Item = &str> {
        self.receivers.iter().map(|receiver| receiver.name.as_str())
    }

    /// The labels that routes ask for.
    pub fn label_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.root.label_names(&mut names);
        names
    }

    /// The time interval because of which nothing is sent on a way at `instant`; that of an active interval when it is
    /// none of those.
    pub fn muted_by<'a>(&'a self, way: &Way<'a>, instant: DateTime<Utc>) -> Option<String> {
        let holds = |name: &&String| {
            self.intervals.get(*name).is_some_and(|any| any.iter().any(|one| one.contains(instant)))
        };
        if let Some(name) = way.mute_time_intervals.iter().find(holds) {
            return Some(format!("in `{name}`"));
        }
        let active = way.active_time_intervals;
        if active.is_empty() || active.iter().any(|name| holds(&name)) {
            return None;
        }
        Some(format!("outside of `{}`", active.join("`, `")))
    }

    /// The alert among `firing` that keeps an alert of these labels back.
    pub fn inhibited_by<'f>(&self, labels: &Labels, firing: &'f [Labels]) -> Option<&'f Labels> {
        let all = |matchers: &[LabelMatcher], labels: &Labels| matchers.iter().all(|one| one.takes(labels));
        let value = |labels: &Labels, name: &String| labels.get(name).cloned().unwrap_or_default();
        self.inhibitions.iter().filter(|rule| all(&rule.target, labels)).find_map(|rule| {
            // An alert that is on both sides is not kept back by one that is on both sides as well.
            let is_two_sided = all(&rule.source, labels);
            firing.iter().find(|other| {
                all(&rule.source, other)
                    && rule.equal.iter().all(|name| value(labels, name) == value(other, name))
                    && !(is_two_sided && all(&rule.target, other))
            })
        })
    }
}
