//! The account of one run: what the ledger says of it, each statement with its place there.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    Holder, Holds, OccurrenceId, Origin, Outcome, Output, Phase, RunId, SeriesResult, StepRecord, Usage,
};

/// Where and when something was recorded, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The place in the ledger.
    pub seq: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// The user.
    pub who: String,
}

/// One run, by the ledger alone.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number.
    pub run: RunId,
    /// Its task.
    pub task: String,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<OccurrenceId>,
    /// Why it was started.
    pub origin: Origin,
    /// SHA-256 of the plan file, in hexadecimal.
    pub plan_digest: String,
    /// The targets, in order.
    pub targets: Vec<String>,
    /// Who works on it, or did last.
    pub holder: Holder,
    /// The approvals that it rests on, by their places in the ledger.
    pub approvals: Vec<u64>,
    /// The text of its task, by its digest: the last one that it went by.
    pub definition: Option<String>,
    /// What it kept from others.
    pub holds: Holds,
    /// Why it passed windows, blackouts and approval.
    pub justification: Option<String>,
    /// Its start.
    pub started: Mark,
    /// Each time that another process took it over.
    pub resumed: Vec<Mark>,
    /// Everything that was tried, in the order of the intentions.
    pub attempts: Vec<Attempt>,
    /// When monitoring was captured before the work.
    pub baseline: Option<Mark>,
    /// What came out when monitoring was compared, each time.
    pub compared: Vec<Compared>,
    /// What came out when series were compared, the last time.
    pub series: Option<(Mark, Vec<SeriesResult>)>,
    /// Its silences.
    pub silences: Vec<Silence>,
    /// Its review, when it has one.
    pub review: Option<Review>,
    /// How it ended, each time.
    pub ends: Vec<(Mark, Outcome, Option<String>)>,
    /// Whether a person gave it up, and why.
    pub abandoned: Option<(Mark, String)>,
    /// What is on record of it that cannot be: an end without a beginning, a beginning before the end of what came
    /// before.
    pub impossible: Vec<(u64, String)>,
}

/// One attempt at something: a step, a check, a silence, a comparison.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its place in the run, from 1.
    pub ordinal: u32,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The part of the run.
    pub phase: Phase,
    /// The target; empty for what belongs to no single one.
    pub target: String,
    /// What people call it.
    pub name: String,
    /// What it does, in one line.
    pub action: String,
    /// Its place in the task's list of this phase; `None` for what the plan file does not list.
    pub place: Option<u32>,
    /// Its intention.
    pub intended: Mark,
    /// Its process.
    pub process: Option<Mark>,
    /// Its end; `None` when none is on record.
    pub ended: Option<Ended>,
    /// What was settled when it was interrupted: whether it is done.
    pub settled: Option<(Mark, bool)>,
}

/// The end of an attempt.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Where it stands.
    pub mark: Mark,
    /// How it went.
    pub outcome: Outcome,
    /// Whether another attempt was to follow.
    pub retried: bool,
    /// The exit code of its process.
    pub exit_code: Option<i32>,
    /// What people should know.
    pub message: Option<String>,
    /// What it printed; left out for runs that are not asked about.
    pub output: Option<Output>,
    /// What its processes used.
    pub usage: Option<Usage>,
}

/// A comparison with the baseline.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Where it stands.
    pub mark: Mark,
    /// Whether monitoring was as before.
    pub same: bool,
    /// What differed, a sentence each.
    pub differences: Vec<String>,
}

/// A silence of a run.
#[derive(Debug, Clone)]
pub struct Silence {
    /// Its tag.
    pub tag: String,
    /// When it was intended last.
    pub intended: Mark,
    /// When it came into force.
    pub created: Option<Mark>,
    /// Until when it was made to last, by its last renewal.
    pub until: Option<DateTime<Utc>>,
    /// When it could not be renewed.
    pub endangered: Vec<Mark>,
    /// When it ended, and why then.
    pub expired: Option<(Mark, String)>,
}

/// The review of a run that passed what others have to wait for.
#[derive(Debug, Clone)]
pub struct Review {
    /// When it was asked for.
    pub opened: Mark,
    /// When it has to be done.
    pub due: DateTime<Utc>,
    /// When it was.
    pub closed: Option<Mark>,
}

impl Attempt {
    /// How it went, as far as that is known.
    pub fn outcome(&self) -> Option<Outcome> {
        self.ended.as_ref().map(|ended| ended.outcome)
    }

    /// Whether what it was for is done, or was left out on purpose, or somebody settled that it is.
    pub fn is_done(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Succeeded | Outcome::Skipped))
            || self.settled.as_ref().is_some_and(|(_, done)| *done)
    }

    /// Whether it was interrupted and nobody has said what became of it.
    pub fn is_open(&self) -> bool {
        self.settled.is_none() && matches!(self.outcome(), None | Some(Outcome::Interrupted))
    }

    /// The places in the ledger that it rests on.
    pub fn evidence(&self) -> Vec<u64> {
        std::iter::once(self.intended.seq).chain(self.ended.as_ref().map(|ended| ended.mark.seq)).collect()
    }

    /// Where its last word stands.
    pub fn last_seq(&self) -> u64 {
        let ended = self.ended.as_ref().map(|ended| ended.mark.seq);
        let settled = self.settled.as_ref().map(|(mark, _)| mark.seq);
        ended.max(settled).unwrap_or(self.intended.seq)
    }

    /// `step 3, `install` on `a``.
    pub fn in_words(&self) -> String {
        let on = if self.target.is_empty() { String::new() } else { format!(" on `{}`", self.target) };
        format!("step {}, `{}`{on}", self.ordinal, self.name)
    }

    /// As the tables know it.
    pub fn as_record(&self, run: RunId) -> StepRecord {
        let ended = self.ended.as_ref();
        StepRecord {
            run,
            ordinal: self.ordinal,
            phase: self.phase,
            place: self.place,
            target: self.target.clone(),
            name: self.name.clone(),
            outcome: self.outcome(),
            exit_code: ended.and_then(|ended| ended.exit_code),
            attempts: self.attempt,
            started: self.intended.at,
            ended: ended.map(|ended| ended.mark.at),
            message: ended.and_then(|ended| ended.message.clone()),
            output: None,
            process: None,
            usage: ended.and_then(|ended| ended.usage),
            settled: self.settled.as_ref().map(|(_, done)| *done),
            retried: ended.is_some_and(|ended| ended.retried),
        }
    }
}

impl Account {
    /// How it ended; `None` while it goes on, or when it was taken over again.
    pub fn end(&self) -> Option<(&Mark, Outcome, Option<&str>)> {
        let (mark, outcome, reason) = self.ends.last()?;
        let again = self.resumed.last().is_some_and(|resumed| mark.seq < resumed.seq);
        (!again).then_some((mark, *outcome, reason.as_deref()))
    }

    /// How it ended.
    pub fn outcome(&self) -> Option<Outcome> {
        self.end().map(|(_, outcome, _)| outcome)
    }

    /// How long it took, while nobody was waited for to resume it.
    pub fn took(&self) -> Option<TimeDelta> {
        let (end, ..) = self.end()?;
        self.resumed.is_empty().then(|| end.at - self.started.at)
    }

    /// The last word on each thing that was tried, by its place in the run.
    pub fn newest(&self) -> Vec<&Attempt> {
        let mut newest: BTreeMap<u32, &Attempt> = BTreeMap::new();
        for attempt in &self.attempts {
            newest.insert(attempt.ordinal, attempt);
        }
        newest.into_values().collect()
    }

    /// The attempts of one phase, in order.
    pub fn of_phase(&self, phase: Phase) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.attempts.iter().filter(move |attempt| attempt.phase == phase)
    }

    /// The first step that worked on a target.
    pub fn first_step(&self) -> Option<&Attempt> {
        self.of_phase(Phase::Steps).next()
    }

    /// Where the last word on the work itself stands.
    pub fn end_of_work(&self) -> Option<u64> {
        self.of_phase(Phase::Steps).map(Attempt::last_seq).max()
    }

    /// Whether anything was touched.
    pub fn is_touched(&self) -> bool {
        self.first_step().is_some()
    }

    /// Whether a person passed windows, blackouts and approval.
    pub fn is_emergency(&self) -> bool {
        self.origin == Origin::Emergency
    }

    /// The last place in the ledger that says something of it.
    pub fn last_seq(&self) -> u64 {
        let work = self.attempts.iter().map(Attempt::last_seq).max();
        work.max(self.ends.last().map(|(mark, ..)| mark.seq)).unwrap_or(self.started.seq)
    }
}
