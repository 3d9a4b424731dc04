//! What is on record of a run that goes on: how far each step of its script came.
//!
//! 1. A record belongs to the step at its place, as long as that is still called the same; else to the first step of
//!    its list that is called the same and has no record of its own. So a text that changed finds what was done.
//! 2. What a later attempt at the same step says counts; what is done again gets a record of its own.
//! 3. `finally` and verification look back on the work: what they found before more work was done is void.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};

use crate::executor::actions::Done;
use crate::model::script::{Part, Script, Unit};
use crate::model::{Outcome, Phase, StepRecord};
use crate::validator::verifier::Facts;

/// Says that a step was announced, and that mainstay was stopped before it began.
pub(super) const NOT_BEGUN: &str = "not begun";

/// How far one step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was not begun.
    NotStarted,
    /// It is done, or was left out.
    Done,
    /// It failed for good.
    Failed,
    /// It failed so many times and was to be tried again.
    Again(u32),
    /// It was begun, and nobody knows what became of it.
    Interrupted,
    /// It was begun, and was settled as not done.
    NotDone,
}

/// What is on record of a run; nothing of one that begins.
#[derive(Debug, Default)]
pub struct Past {
    /// The newest record of each step of the script.
    units: BTreeMap<(Phase, String, u32), StepRecord>,
    /// Records of what stands no longer in the script.
    lost: Vec<StepRecord>,
    /// The newest record of each check after the work, by its place; `None` is the comparison with the baseline.
    verdicts: BTreeMap<Option<u32>, StepRecord>,
    /// Why a step was not started although it was its turn.
    not_started: Option<String>,
    touched: BTreeSet<String>,
    last_ordinal: u32,
    last_work: u32,
    is_going_back: bool,
    /// What monitoring looked like before the work.
    pub facts: Option<Facts>,
}

impl Past {
    /// Reads the records of a run along its script.
    pub fn of(records: &[StepRecord], script: &Script, facts: Option<Facts>) -> Self {
        let is_work = |record: &&StepRecord| matches!(record.phase, Phase::Steps | Phase::Rollback);
        let work = || records.iter().filter(is_work);
        let mut past = Self {
            touched: work().filter(|it| !it.says_not_now()).map(|record| record.target.clone()).collect(),
            last_ordinal: records.iter().map(|record| record.ordinal).max().unwrap_or(0),
            last_work: work().map(|record| record.ordinal).max().unwrap_or(0),
            is_going_back: work().any(|record| record.phase == Phase::Rollback),
            facts,
            ..Self::default()
        };
        let ordinals =
            |phase| work().filter(move |record| record.phase == phase).map(|record| record.ordinal);
        let last_step = ordinals(Phase::Steps).max().unwrap_or(0);
        let way_back = ordinals(Phase::Rollback).min().unwrap_or(u32::MAX);
        // What was found after all of the work, and before the way back.
        for record in records.iter().filter(|record| last_step < record.ordinal && record.ordinal < way_back)
        {
            match record.phase {
                Phase::Verify => drop(past.verdicts.insert(record.place, record.clone())),
                Phase::Gate if record.outcome == Some(Outcome::Failed) => {
                    past.not_started.clone_from(&record.message);
                }
                _ => {}
            }
        }
        for part in script.parts() {
            for units in [&part.steps, &part.rollback, &part.finally] {
                past.claim(records, units, part.target);
            }
        }
        past
    }

    /// Gives each step of one list on one target its record.
    fn claim(&mut self, records: &[StepRecord], units: &[Unit], target: &str) {
        let Some(phase) = units.first().map(|unit| unit.phase) else { return };
        let labels: Vec<String> = units.iter().map(|unit| unit.step.label()).collect();
        // Of what was done again under the same name at the same place the newest record counts.
        let mut newest: BTreeMap<(u32, &str), &StepRecord> = BTreeMap::new();
        for record in records.iter().filter(|record| record.phase == phase && record.target == target) {
            // What came before the marks has no place; what belongs to no list has none either.
            let is_listed = record.place.is_some() || phase != Phase::Finally;
            if is_listed {
                newest.insert((record.place.unwrap_or(u32::MAX), &record.name), record);
            }
        }
        let mut left: Vec<_> = units.iter().zip(&labels).collect();
        left.retain(|(unit, label)| !self.give(unit, newest.remove(&(unit.place, label.as_str()))));
        // What is called the same, in order.
        let mut named: BTreeMap<&str, VecDeque<u32>> = BTreeMap::new();
        for (place, name) in newest.keys() {
            named.entry(name).or_default().push_back(*place);
        }
        left.retain(|(unit, label)| {
            let place = named.get_mut(label.as_str()).and_then(VecDeque::pop_front);
            !self.give(unit, place.and_then(|place| newest.remove(&(place, label.as_str()))))
        });
        // A step without a name that was mended before it was done.
        for (unit, _) in left.into_iter().filter(|(unit, _)| unit.step.name.is_none()) {
            let at_its_place = newest.range((unit.place, "")..(unit.place + 1, ""));
            let is_open =
                |record: &StepRecord| !matches!(standing_of(record), Standing::Done | Standing::Failed);
            let found = at_its_place.filter(|(_, record)| is_open(record)).map(|(key, _)| *key).next_back();
            self.give(unit, found.and_then(|key| newest.remove(&key)));
        }
        self.lost.extend(newest.into_values().cloned());
    }

    fn give(&mut self, unit: &Unit, record: Option<&StepRecord>) -> bool {
        let key = (unit.phase, unit.target.to_owned(), unit.place);
        record.is_some_and(|record| self.units.insert(key, record.clone()).is_none())
    }

    /// The record of one step.
    pub fn record(&self, unit: &Unit) -> Option<&StepRecord> {
        let record = self.units.get(&(unit.phase, unit.target.to_owned(), unit.place))?;
        let is_void = unit.phase == Phase::Finally && record.ordinal < self.last_work;
        (!is_void).then_some(record)
    }

    /// How far one step came.
    pub fn standing(&self, unit: &Unit) -> Standing {
        self.record(unit).map_or(Standing::NotStarted, standing_of)
    }

    /// What a check after the work, or the comparison with the baseline (`None`), found against it.
    pub(super) fn objection(&self, place: Option<u32>) -> Option<Done> {
        let record = self.verdicts.get(&place)?;
        (record.outcome == Some(Outcome::Failed)).then(|| done_of(record))
    }

    /// Records of what the script no longer holds.
    pub fn lost(&self) -> &[StepRecord] {
        &self.lost
    }

    /// Whether the way back was begun: the work does not go on then.
    pub fn is_going_back(&self) -> bool {
        self.is_going_back
    }

    /// Whether a step was begun on any target.
    pub fn is_touched(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Whether a step was begun on this target.
    pub fn touches(&self, part: &Part) -> bool {
        self.touched.contains(part.target)
    }

    /// When the last step of the work on this target ended that is on record.
    pub(super) fn last_work_on(&self, part: &Part) -> Option<DateTime<Utc>> {
        let units = part.steps.iter().chain(&part.rollback);
        units.filter_map(|unit| self.record(unit)?.ended).max()
    }

    /// Why a step was not started, if that ended the work.
    pub(super) fn not_started(&self) -> Option<&str> {
        self.not_started.as_deref()
    }

    /// The number of the last step on record.
    pub(super) fn last_ordinal(&self) -> u32 {
        self.last_ordinal
    }
}

/// How far the step of a record came.
pub fn standing_of(record: &StepRecord) -> Standing {
    match (record.outcome, record.settled) {
        (Some(Outcome::Succeeded | Outcome::Skipped), _)
        | (None | Some(Outcome::Interrupted), Some(true)) => Standing::Done,
        (Some(Outcome::Interrupted), _) if record.message.as_deref() == Some(NOT_BEGUN) => {
            Standing::NotStarted
        }
        (None | Some(Outcome::Interrupted), Some(false)) => Standing::NotDone,
        (None | Some(Outcome::Interrupted), None) => Standing::Interrupted,
        (Some(_), _) if record.retried => Standing::Again(record.attempts),
        (Some(_), _) => Standing::Failed,
    }
}

/// How a step ended, by its record.
pub(super) fn done_of(record: &StepRecord) -> Done {
    let outcome = match standing_of(record) {
        Standing::Done => record.outcome.filter(|outcome| *outcome != Outcome::Interrupted),
        Standing::Failed | Standing::Again(_) => record.outcome.or(Some(Outcome::Failed)),
        Standing::NotStarted | Standing::Interrupted | Standing::NotDone => Some(Outcome::Interrupted),
    };
    // Of a step that died with mainstay nobody has said anything.
    let is_unsaid = outcome == Some(Outcome::Interrupted) && record.message.is_none();
    Done {
        outcome: outcome.unwrap_or(Outcome::Succeeded),
        exit_code: record.exit_code,
        message: record
            .message
            .clone()
            .or_else(|| is_unsaid.then(|| "mainstay ended in its middle".to_owned())),
        output: record.output.clone(),
        usage: record.usage,
        not_now: record.says_not_now(),
    }
}
