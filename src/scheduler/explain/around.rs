//! What surrounds an occurrence: the plan file's status, its release, its latest start, its published start.

use chrono::{DateTime, Utc};

use super::{Asked, Condition, ONLY_NOW, STATUS, Source};
use crate::model::{Missed, Spanned, Stands, Status};
use crate::scheduler::words::recurrence;
use crate::scheduler::{TaskHistory, condition};

impl Asked<'_> {
    /// Whether the plan file is in force.
    pub(super) fn status(&self) -> Condition {
        let Spanned { value: status, span } = self.ground.plan.status;
        let holds = !matches!(status, Status::Draft | Status::Retired);
        let value = if holds {
            format!("the plan file is {}", if status == Status::Review { "in review" } else { "approved" })
        } else {
            format!("the plan file's status is {status}: `run --due` refuses it")
        };
        let source = Source::Plan { path: "status".to_owned(), span };
        Condition { what: STATUS.to_owned(), holds: Some(holds), value, source, changes: None }
    }

    /// Whether its time has come, or its check has failed.
    pub(super) fn released(&self) -> Option<Condition> {
        let schedule = self.task.task.schedule.as_ref()?;
        if let Some(check) = &schedule.when {
            return Some(self.condition(check));
        }
        let text = schedule.cron.as_ref().or(schedule.rrule.as_ref()).map(|text| text.span);
        let every = || schedule.every.as_ref().map(|every| every.span);
        let span = text.or_else(every).or_else(|| schedule.at.as_ref().map(|at| at.span))?;
        let rule = recurrence(schedule, &self.ground.zone);
        let release = self.occurrence().map(|occurrence| occurrence.release);
        let released = match release {
            Some(release) => format!("released {}", self.shown(release)),
            None => "nothing within the horizon".to_owned(),
        };
        let done = self.done(self.question.history.of(self.task.name));
        Some(Condition {
            what: "released".to_owned(),
            holds: Some(release.is_some_and(|release| release <= self.question.at)),
            value: format!("{released}; {rule}, {done}"),
            source: self.plan("schedule", span),
            changes: release.filter(|release| self.question.at < *release),
        })
    }

    fn done(&self, past: &TaskHistory) -> String {
        match (past.last_success, past.last_end) {
            (Some(success), Some(end)) if success < end => {
                format!("last success {}, failed since", self.shown(success))
            }
            (Some(success), _) => format!("last success {}", self.shown(success)),
            (None, Some(end)) => format!("never succeeded, failed {}", self.shown(end)),
            (None, None) => "never done".to_owned(),
        }
    }

    /// Whether the check that it waits for has failed: work that a check asks for is released by that.
    fn condition(&self, check: &Spanned<String>) -> Condition {
        let past = self.question.history.of(self.task.name);
        let known = past.condition.as_ref().filter(|known| known.check == check.value);
        let again = "asked again by the next `run --due`";
        let mut changes = None;
        let (holds, value) = match known {
            None => (Some(false), format!("was never seen to fail; {again}")),
            Some(known) => {
                let (since, found) = (self.shown(known.since), &known.found);
                match known.stands {
                    Stands::Holds => (Some(false), format!("holds since {since}: {found}; {again}")),
                    Stands::Worked => (Some(false), format!("its work was done {since}; {again}")),
                    Stands::Fails => {
                        let pending = condition::pending(self.task.name, check, past);
                        let later = pending.map(|(_, release)| release).filter(|it| self.question.at < *it);
                        changes = later;
                        let tried = later.filter(|_| known.failures > 0).map(|release| {
                            let runs = crate::counted(known.failures as usize, "run");
                            format!(", {runs} without success, tried again {}", self.shown(release))
                        });
                        let tried = tried.unwrap_or_default();
                        (Some(later.is_none()), format!("fails since {since}: {found}{tried}; {again}"))
                    }
                }
            }
        };
        // A check that failed in the past has failed ever since; of other times nothing is known.
        let is_known = known.is_some_and(|known| {
            let stretch = known.since..=self.question.now;
            known.stands != Stands::Worked && stretch.contains(&self.question.at)
        });
        let is_known = is_known || self.is_now();
        Condition {
            what: format!("check {} fails", check.value),
            holds: holds.filter(|_| is_known),
            value: if is_known { value } else { format!("now: {value}; {ONLY_NOW}") },
            source: self.plan("schedule.when", check.span),
            changes: changes.filter(|_| is_known),
        }
    }

    /// Whether it is not too late to start it.
    pub(super) fn latest_start(&self) -> Option<Condition> {
        let occurrence = self.occurrence()?;
        let latest = occurrence.latest?;
        let policy = self.task.task.missed.map_or(Missed::default(), |missed| missed.value);
        let policy = match policy {
            Missed::Latest => "latest",
            Missed::All => "all",
            Missed::Skip => "skip",
        };
        let holds = self.question.at < latest;
        let source = match &self.task.task.missed {
            Some(missed) => self.plan("missed", missed.span),
            None => self.plan("schedule", self.task.task.schedule.as_ref()?.span),
        };
        Some(Condition {
            what: "latest start".to_owned(),
            holds: Some(holds),
            value: format!(
                "missed {} {}; `missed: {policy}`",
                if holds { "from" } else { "since" },
                self.shown(latest)
            ),
            source,
            changes: Some(latest).filter(|_| holds),
        })
    }

    /// Whether people were told this start, or an earlier one.
    pub(super) fn published_start(&self) -> Option<Condition> {
        let published = self.question.published?;
        let next = self.next?;
        let revision = published.revision;
        let told = published.placed.iter().find(|told| told.occurrence.id == next.occurrence.id);
        let told: Option<DateTime<Utc>> = told.map(|told| told.start);
        let is_kept = told == Some(next.start);
        let value = match told {
            Some(start) if is_kept => format!("as published, revision {revision}: {}", self.shown(start)),
            Some(start) => format!("published for {}, revision {revision}; it moves", self.shown(start)),
            None => format!("not in revision {revision}: it starts when it may"),
        };
        let waits = told.filter(|start| is_kept && self.question.at < *start);
        Some(Condition {
            what: "published start".to_owned(),
            holds: Some(waits.is_none()),
            value,
            source: Source::Schedule,
            changes: waits,
        })
    }
}
