//! The case of one run: its account, and everything that it is judged by.

use chrono::{DateTime, Utc};

use super::account::{Account, Attempt};
use super::history::History;
use super::{Said, Words};
use crate::calendar::Zone;
use crate::model::script::{self, Script, Unit};
use crate::model::{Outcome, Phase, PlanFile, RunId, StepRecord, Task};
use crate::security::approval::Standing;

/// What all runs are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The ledger.
    pub history: &'a History,
    /// The plan file of today; `None` when it cannot be read.
    pub plan: Option<&'a PlanFile>,
    /// SHA-256 of its bytes.
    pub plan_digest: &'a str,
    /// Its zone.
    pub zone: &'a Zone,
    /// Now.
    pub now: DateTime<Utc>,
}

/// One run, and what it is judged by.
#[derive(Debug)]
pub struct Case<'a> {
    /// What is the same for all runs.
    pub around: Surroundings<'a>,
    /// What is on record.
    pub account: &'a Account,
    /// Its task as it was; `None` when nobody knows any more.
    pub task: Option<&'a Task>,
    /// How it stands to the approvals that it needed, signatures included; `None` when it needed none.
    pub standing: Option<Standing>,
    /// Whether its process still works on it.
    pub is_alive: bool,
    /// Runs that began before it and were not over by then.
    pub beside: Vec<RunId>,
    /// Secrets that were found in what is on record of it, and in its logs.
    pub leaks: Vec<Leak>,
    /// What was not looked at for secrets, and why.
    pub not_looked_at: Vec<String>,
}

/// A secret that stands where none should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What it is: `secret `smtp``, `a GitHub token`.
    pub what: String,
    /// Where it stands, for people.
    pub place: String,
    /// The entry.
    pub seq: u64,
    /// Whether its value is known, and not only its look.
    pub is_known: bool,
}

impl<'a> Case<'a> {
    /// Whether the plan file of today is the one that the run went by.
    pub fn is_same_plan(&self) -> bool {
        self.around.plan.is_some() && self.around.plan_digest == self.account.plan_digest
    }

    /// The task as it was.
    ///
    /// # Errors
    /// That nobody knows.
    pub(super) fn task(&self) -> Result<&'a Task, Said> {
        let mark = self.account.started.seq;
        self.task.ok_or_else(|| {
            Said::unknown(
                "what the task said then is not on record, and the plan file has changed since",
                [mark],
            )
        })
    }

    /// Everything that the run could do.
    ///
    /// # Errors
    /// That nobody knows.
    pub(super) fn script(&self) -> Result<Script<'a>, Said> {
        Ok(script::compile(self.task()?, &self.account.targets))
    }

    /// The same, of a run that touched something; of another one the question does not arise.
    pub(super) fn touched_script(&self) -> Result<Script<'a>, Said> {
        let script = self.script()?;
        if self.account.is_touched() { Ok(script) } else { Err(Said::does_not_arise("nothing was touched")) }
    }

    /// The last word on a step of the script: at its place when it was called so, else under its name.
    pub(super) fn of_unit(&self, unit: &Unit) -> Option<&'a Attempt> {
        let label = unit.step.label();
        let of = self.account.of_phase(unit.phase).filter(|it| it.target == unit.target && it.name == label);
        let mut named: Vec<_> = of.collect();
        let at_its_place = named.iter().rev().find(|it| it.place == Some(unit.place)).copied();
        at_its_place.or_else(|| named.pop())
    }

    /// Whether its end is on record.
    pub(super) fn is_over(&self) -> bool {
        self.account.outcome().is_some()
    }

    /// Whether it was stopped in its middle, and how it stands is for somebody to say.
    pub(super) fn is_interrupted(&self) -> bool {
        match self.account.outcome() {
            Some(outcome) => outcome == Outcome::Interrupted,
            None => !self.is_alive,
        }
    }

    /// The run of the same task that made good what this one did not do.
    pub(super) fn made_good_by(&self) -> Option<&'a Account> {
        let mut later = self.around.history.after(&self.account.task, self.account.run);
        later.find(|it| it.outcome() == Some(Outcome::Succeeded))
    }

    /// Whether a target was left alone, because its first step said that this was not the time.
    pub(super) fn is_left_out(&self, target: &str) -> bool {
        let of = self.account.of_phase(Phase::Steps).filter(|it| it.target == target);
        let records: Vec<_> = of.map(|it| it.as_record(self.account.run)).collect();
        !records.is_empty() && records.iter().all(StepRecord::says_not_now)
    }
}

/// `text`, unless there is nothing to say.
pub(super) fn words_of(attempt: &Attempt, text: impl Into<String>) -> Words {
    Words::new(text, attempt.evidence())
}
