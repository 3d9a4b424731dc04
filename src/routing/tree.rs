//! The tree of routes.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::LabelMatcher;

/// Gives a label's value: empty when the alert does not have it, `None` when it is not known.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<&'l str>;

/// One route, with what it has from those above it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) matchers: Vec<LabelMatcher>,
    pub(super) continues: bool,
    pub(super) receiver: String,
    pub(super) group_by: Vec<String>,
    pub(super) group_wait: TimeDelta,
    pub(super) group_interval: TimeDelta,
    pub(super) mute_time_intervals: Vec<String>,
    pub(super) active_time_intervals: Vec<String>,
    pub(super) children: Vec<Node>,
}

/// A way that an alert takes, or may take.
#[derive(Debug, Clone, PartialEq)]
pub struct Way<'a> {
    /// Whom it leads to.
    pub receiver: &'a str,
    /// What alerts are grouped by; `...` is all labels.
    pub group_by: &'a [String],
    /// How long a new group waits.
    pub group_wait: TimeDelta,
    /// How long a group waits before its next notification.
    pub group_interval: TimeDelta,
    /// When nothing is sent.
    pub mute_time_intervals: &'a [String],
    /// When alone something is sent; none: always.
    pub active_time_intervals: &'a [String],
    /// Whether it is the root's: no route below took the alert.
    pub is_root: bool,
    /// Whether the alert takes it whatever the labels are that are not known.
    pub is_certain: bool,
    /// The labels, not known, that decide about it.
    pub depends_on: Vec<String>,
}

/// Whether something holds.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Yes,
    No,
    Perhaps,
}

impl Node {
    pub(super) fn ways(&self, labels: Lookup) -> Vec<Way<'_>> {
        let mut found = Vec::new();
        self.visit(labels, &[], true, &mut found);
        found
    }

    pub(super) fn label_names(&self, names: &mut BTreeSet<String>) {
        names.extend(self.matchers.iter().map(|matcher| matcher.name.clone()));
        self.children.iter().for_each(|child| child.label_names(names));
    }

    /// Adds the ways through here; `open` are the labels that decide whether the alert comes here at all.
    fn visit<'a>(
        &'a self,
        labels: Lookup,
        open: &[String],
        is_root: bool,
        found: &mut Vec<Way<'a>>,
    ) -> Holds {
        let (holds, unknown) = self.holds(labels);
        if holds == Holds::No {
            return holds;
        }
        let mut open: Vec<String> = open.iter().cloned().chain(unknown).collect();
        let mut is_taken_below = false;
        let mut instead = open.clone();
        for child in &self.children {
            match child.visit(labels, &open, false, found) {
                Holds::No => {}
                Holds::Yes => {
                    is_taken_below = true;
                    if !child.continues {
                        break;
                    }
                }
                Holds::Perhaps => {
                    let (_, unknown) = child.holds(labels);
                    instead.extend(unknown.clone());
                    if !child.continues {
                        open.extend(unknown);
                    }
                }
            }
        }
        if !is_taken_below {
            found.push(self.way(is_root, instead));
        }
        holds
    }

    /// Whether it takes an alert, and which labels that depends on.
    fn holds(&self, labels: Lookup) -> (Holds, Vec<String>) {
        let mut unknown = Vec::new();
        for matcher in &self.matchers {
            match labels(&matcher.name) {
                Some(value) if !matcher.matches(value) => return (Holds::No, Vec::new()),
                Some(_) => {}
                None => unknown.push(matcher.name.clone()),
            }
        }
        (if unknown.is_empty() { Holds::Yes } else { Holds::Perhaps }, unknown)
    }

    fn way(&self, is_root: bool, mut depends_on: Vec<String>) -> Way<'_> {
        depends_on.sort_unstable();
        depends_on.dedup();
        Way {
            receiver: &self.receiver,
            group_by: &self.group_by,
            group_wait: self.group_wait,
            group_interval: self.group_interval,
            mute_time_intervals: &self.mute_time_intervals,
            active_time_intervals: &self.active_time_intervals,
            is_root,
            is_certain: depends_on.is_empty(),
            depends_on,
        }
    }
}
