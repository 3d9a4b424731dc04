//! What other work, and the task's own last run, have to say: runs that go on, predecessors, what is shared.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ahead::Taken;
use super::{Asked, Condition, ONLY_NOW, Source};
use crate::model::{ClaimMode, Overlap, Span, Spanned, Task};
use crate::scheduler::demands::{Demand, demands};
use crate::scheduler::ground::TaskGround;

/// The condition that a resource belongs to, by its name in a schedule: `group:NAME`, `target:NAME`, `claim:NAME` or `NAME`.
pub(super) fn what(name: &str) -> String {
    match name.split_once(':') {
        Some(("group", group)) => format!("group {group}"),
        Some(("target", target)) => format!("target {target}"),
        Some(("claim", claim)) => format!("claim {claim}"),
        _ => format!("resource {name}"),
    }
}

/// Other work at the time asked about: what it is called, its task, and when it ends.
struct Going<'a> {
    id: String,
    task: &'a TaskGround<'a>,
    until: DateTime<Utc>,
}

impl<'a> Asked<'a> {
    /// Whether the last run of the task has ended.
    pub(super) fn not_running(&self) -> Condition {
        let running = self.question.history.of(self.task.name).running.as_ref();
        let overlap = self.task.task.overlap.unwrap_or(Spanned::from(Overlap::default()));
        let rule = match overlap.value {
            Overlap::Skip => "skip",
            Overlap::Queue => "queue",
            Overlap::Replace => "replace",
        };
        let value = match running {
            Some(running) => {
                let id = running.occurrence.as_ref().map_or(self.task.name, |id| id.0.as_str());
                format!("{id} runs until about {}, `overlap: {rule}`", self.shown(running.until))
            }
            None => "no run is going".to_owned(),
        };
        let source = if overlap.span.start < overlap.span.end {
            self.plan("overlap", overlap.span)
        } else {
            Source::State
        };
        Condition {
            what: "not running".to_owned(),
            holds: self.is_now().then_some(running.is_none()),
            value: if self.is_now() { value } else { format!("now: {value}; {ONLY_NOW}") },
            source,
            changes: running.map(|running| running.until).filter(|until| self.question.at < *until),
        }
    }

    /// Whether what comes before has been done.
    pub(super) fn after(&self) -> Vec<Condition> {
        let own = self.occurrence().map_or(self.question.at, |own| own.release.max(self.question.at));
        self.task.task.after.iter().map(|before| self.after_one(before, own)).collect()
    }

    fn after_one(&self, before: &Spanned<String>, own: DateTime<Utc>) -> Condition {
        let name = &before.value;
        let mut earlier = self
            .question
            .schedule
            .placed
            .iter()
            .filter(|placed| placed.occurrence.task == *name && placed.occurrence.release <= own);
        let impossible = self.question.schedule.unplaced.iter().map(|unplaced| &unplaced.occurrence);
        let mut impossible =
            impossible.filter(|occurrence| occurrence.task == *name && occurrence.release <= own);
        let earlier = earlier.next_back();
        let impossible = impossible.next_back().filter(|impossible| {
            earlier.is_none_or(|earlier| earlier.occurrence.release < impossible.release)
        });
        let past = self.question.history.of(name);
        let running = past.running.as_ref().filter(|_| self.is_now());
        let has_failed = match (past.last_success, past.last_end) {
            (Some(success), Some(end)) => success < end,
            (success, end) => success.is_none() && end.is_some(),
        };
        let (holds, value, changes) = match (running, earlier) {
            (Some(running), _) => {
                let value = format!("{name} runs until about {}", self.shown(running.until));
                (false, value, Some(running.until))
            }
            (None, _) if impossible.is_some() => {
                let id = impossible.map_or(name.as_str(), |impossible| impossible.id.0.as_str());
                (false, format!("{id} cannot happen"), None)
            }
            (None, Some(earlier)) => {
                let (id, end) = (&earlier.occurrence.id, earlier.end);
                let holds = end <= self.question.at;
                let value = format!("{id} is to end {}", self.shown(end));
                (holds, value, Some(end).filter(|_| !holds))
            }
            (None, None) if has_failed && self.is_now() => {
                (false, format!("the last run of {name} did not succeed"), None)
            }
            (None, None) => (true, format!("nothing of {name} is to be done before"), None),
        };
        let source = self.plan("after", before.span);
        Condition { what: "after".to_owned(), holds: Some(holds), value, source, changes }
    }

    /// Whether resources, groups and targets are free, if other work goes as it is planned.
    pub(super) fn shared(&self) -> Vec<Condition> {
        let going = self.going();
        let demands = demands(self.ground, self.task);
        let condition = |demand: &Demand| self.shared_one(demand, &going);
        // A target that nobody works on is not worth a line: there may be hundreds.
        let is_telling = |it: &Condition| it.holds == Some(false) || !it.what.starts_with("target ");
        let claims = |demand: &&Demand| !demand.name.starts_with("claim:");
        demands.iter().filter(claims).map(condition).filter(is_telling).collect()
    }

    fn shared_one(&self, demand: &Demand, going: &[Going]) -> Condition {
        let Demand { name, capacity, amount, .. } = demand;
        let takes = |going: &Going| {
            let same = demands(self.ground, going.task).into_iter().find(|other| other.name == *name)?;
            let until = going.until + same.hold;
            (self.question.at < until).then_some((same.amount, until))
        };
        let using: Vec<_> = going.iter().filter_map(|going| Some((going, takes(going)?))).collect();
        let used = using.iter().fold(0_u32, |used, (_, (amount, _))| used.saturating_add(*amount));
        let mut value = format!("needs {amount}; {used} of {capacity} in use");
        if let Some((first, (_, until))) = using.first() {
            let more = if using.len() > 1 { format!(" and {} more", using.len() - 1) } else { String::new() };
            let has_ended = first.until <= self.question.at;
            let cover =
                if has_ended { format!("; `cover` until {}", self.shown(*until)) } else { String::new() };
            value = format!("{value}, by {}{more}{cover}", first.id);
        }
        let holds = used.saturating_add(*amount) <= *capacity;
        let ends = using.iter().map(|(_, (_, until))| *until).min();
        let stretches: Vec<_> =
            using.iter().map(|(_, (amount, until))| Taken { amount: *amount, until: *until }).collect();
        Condition {
            what: what(name),
            holds: Some(holds),
            value,
            source: self.source_of(name),
            changes: if holds { self.next_lack(demand, &stretches) } else { ends },
        }
    }

    /// Where the plan file says how much a task takes of something.
    fn source_of(&self, name: &str) -> Source {
        let task = self.task.task;
        let targets = || task.targets.first().map(|target| target.span).unwrap_or_default();
        match name.split_once(':') {
            Some(("group", group)) => {
                let declared = self.ground.plan.groups.get(group);
                let span = declared.map_or_else(targets, |group| group.max_down.span);
                Source::Plan { path: format!("groups.{group}.max_down"), span }
            }
            Some(_) => self.plan("targets", targets()),
            None => {
                let span = task.resources.get(name).map(|amount| amount.span).unwrap_or_default();
                self.plan("resources", span)
            }
        }
    }

    /// Whether nobody else holds what the task claims.
    pub(super) fn claims(&self) -> Vec<Condition> {
        let own = claims_of(self.task.task);
        if own.is_empty() {
            return Vec::new();
        }
        let going = self.going();
        let condition = |(name, (mode, span)): (&str, (ClaimMode, Span))| {
            let clashes = |task: &TaskGround| {
                let other = claims_of(task.task).get(name).copied();
                let is_alone = |other| mode == ClaimMode::Exclusive || other == ClaimMode::Exclusive;
                other.is_some_and(|(other, _)| is_alone(other))
            };
            let is_going = |going: &&Going| self.question.at < going.until && clashes(going.task);
            let holders: Vec<_> = going.iter().filter(is_going).collect();
            let next = || self.ahead().find(|(task, _)| clashes(task)).map(|(_, placed)| placed.start);
            let how = if mode == ClaimMode::Shared { "shared" } else { "exclusive" };
            let value = match holders.first() {
                Some(holder) => format!("{how}; held by {}", holder.id),
                None => format!("{how}; nobody else holds it"),
            };
            Condition {
                what: format!("claim {name}"),
                holds: Some(holders.is_empty()),
                value,
                source: self.plan("claims", span),
                changes: holders.iter().map(|holder| holder.until).max().or_else(next),
            }
        };
        own.into_iter().map(condition).collect()
    }

    /// The work of other tasks at the time asked about: what is going, what is planned over it, and what has ended and
    /// still holds something.
    fn going(&self) -> Vec<Going<'a>> {
        let (at, schedule) = (self.question.at, self.question.schedule);
        let holds = |task: &TaskGround| {
            demands(self.ground, task).iter().map(|demand| demand.hold).max().unwrap_or_default()
        };
        let others = || self.ground.tasks.iter().filter(|task| task.name != self.task.name);
        let mut going: Vec<_> = others()
            .filter(|_| self.is_now())
            .filter_map(|task| {
                let past = self.question.history.of(task.name);
                let Some(running) = &past.running else {
                    let ended = past.last_end.filter(|end| at < *end + holds(task))?;
                    return Some(Going { id: task.name.to_owned(), task, until: ended });
                };
                let id = running.occurrence.as_ref().map_or(task.name, |id| id.0.as_str()).to_owned();
                Some(Going { id, task, until: running.until })
            })
            .collect();
        let planned = schedule.placed.iter().filter(|placed| placed.start <= at);
        going.extend(planned.filter_map(|placed| {
            let place = *self.ground.places.get(placed.occurrence.task.as_str())?;
            let task = &self.ground.tasks[place];
            let id = placed.occurrence.id.0.clone();
            let is_other = task.name != self.task.name && at < placed.end + holds(task);
            is_other.then_some(Going { id, task, until: placed.end })
        }));
        going
    }
}

/// What a task claims, by name.
fn claims_of(task: &Task) -> BTreeMap<&str, (ClaimMode, Span)> {
    let mut claims = BTreeMap::new();
    for claim in task.claims.iter() {
        claims.extend(claim.value.held().into_iter().map(|(name, mode)| (name, (mode, claim.span))));
    }
    claims
}
