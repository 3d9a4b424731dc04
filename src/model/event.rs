//! The one event type: ledger, progress bar, JSON and state tables are all fed from it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    AlertState, Fact, FactChange, Holder, Holds, OccurrenceId, Origin, Outcome, Phase, RunId, Schedule,
    ScrapeGap, SeriesResult, TakenSeries, Usage,
};

/// Something that happened. An event is a fact: it is recorded once and never changed.
///
/// New kinds and new optional fields may be added; a released kind keeps its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The state file was made.
    StateCreated {
        /// Names this ledger among all others: 32 random hexadecimal digits.
        origin: String,
    },
    /// Tasks were met for the first time: calendar instants before this are no business of ours.
    TasksSeen {
        /// Their names.
        tasks: Vec<String>,
    },
    /// A schedule was published.
    SchedulePublished {
        /// SHA-256 of the canonical JSON of the schedule, in hexadecimal.
        digest: String,
        /// How many occurrences are new, moved and gone since the last revision.
        added: usize,
        /// See `added`.
        moved: usize,
        /// See `added`.
        dropped: usize,
        /// The schedule itself; its revision is the one that it got.
        schedule: Box<Schedule>,
    },
    /// A person approved work with their SSH key.
    ///
    /// `ssh-keygen -Y verify -n mainstay-approval` verifies the signature under the statement and a line feed.
    ApprovalGiven {
        /// What is approved, as it was signed: an [`ApprovalStatement`](super::ApprovalStatement) in canonical JSON.
        statement: String,
        /// The armored signature.
        signature: String,
    },
    /// The published schedule rests on something that is not so any more; what is due is computed anew all the same.
    ScheduleOutdated {
        /// Its revision.
        revision: u64,
        /// What is not so any more, for people.
        reason: String,
    },
    /// The latest start of an occurrence passed without a run.
    OccurrenceMissed {
        /// Which.
        occurrence: OccurrenceId,
        /// Its task.
        task: String,
        /// Its release.
        release: DateTime<Utc>,
        /// Why it did not start, for people.
        reason: String,
    },
    /// The condition of a task failed, or still does after its work: there is work to do.
    ConditionFailed {
        /// The task.
        task: String,
        /// The check that its `when` names.
        check: String,
        /// What the check asks, in one short line.
        asks: String,
        /// What was found.
        found: String,
        /// When the work is released: this second, or the one after an occurrence that has this one already.
        since: DateTime<Utc>,
    },
    /// The condition of a task holds again.
    ConditionHeld {
        /// The task.
        task: String,
        /// The check that its `when` names.
        check: String,
        /// What was found.
        found: String,
        /// The occurrence that nobody has to start any more; `None` when its work was done, or under way.
        withdrawn: Option<OccurrenceId>,
    },
    /// The text of a task as it stood in the plan file when a run of it began; once for each text.
    DefinitionSeen {
        /// SHA-256 of the text, in hexadecimal.
        digest: String,
        /// The task's lines.
        text: String,
    },
    /// A run began. From here on nobody else can start the same occurrence.
    RunStarted {
        /// Its number.
        run: RunId,
        /// Its task.
        task: String,
        /// Its occurrence; `None` on demand.
        occurrence: Option<OccurrenceId>,
        /// Why it was started.
        origin: Origin,
        /// When it should have ended.
        due: Option<DateTime<Utc>>,
        /// SHA-256 of the plan file, in hexadecimal.
        plan_digest: String,
        /// The targets, in order.
        targets: Vec<String>,
        /// Who works on it.
        holder: Holder,
        /// The approvals that it rests on, by their places in the ledger.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvals: Vec<u64>,
        /// The text of its task: the digest of a [`DefinitionSeen`](Self::DefinitionSeen).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        definition: Option<String>,
        /// What it keeps from others while it goes on.
        #[serde(default, skip_serializing_if = "Holds::is_empty")]
        holds: Holds,
        /// Why it passes windows, blackouts and approval, in the words of the person who started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        justification: Option<String>,
        /// Whether some of the task's targets were left out on purpose: then its success is not that of the task.
        #[serde(default, skip_serializing_if = "is_false")]
        partial: bool,
    },
    /// Another process took over a run whose own has gone. From here on nobody else can.
    RunResumed {
        /// Its number.
        run: RunId,
        /// Its task.
        #[serde(default)]
        task: String,
        /// Who works on it now.
        holder: Holder,
        /// The text that its task has by now, when it goes on by that and not by the one that it began with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        definition: Option<String>,
    },
    /// It was settled what became of a step that was interrupted.
    StepSettled {
        /// The run.
        run: RunId,
        /// Its place in the run.
        ordinal: u32,
        /// Whether it is done.
        done: bool,
        /// Who says so, for people: a check, or the person who resumed the run.
        how: String,
    },
    /// A run passed what others have to wait for: somebody has to look at it afterwards.
    ReviewOpened {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
        /// What has to be looked at, for people.
        reason: String,
        /// When the review has to be done.
        due: DateTime<Utc>,
    },
    /// Somebody has looked at a run that passed what others have to wait for.
    ReviewClosed {
        /// The run.
        run: RunId,
        /// What came out, in the words of the person who looked.
        note: String,
    },
    /// A run that was asked for was not begun.
    RunRefused {
        /// Its task.
        task: String,
        /// Its occurrence; `None` on demand.
        occurrence: Option<OccurrenceId>,
        /// Why, for people.
        reason: String,
    },
    /// A step is about to start. Whether it did is known only from a later entry.
    StepIntended {
        /// The run.
        run: RunId,
        /// Its place in the run, from 1.
        ordinal: u32,
        /// The part of the run.
        phase: Phase,
        /// The target.
        target: String,
        /// What people call it.
        name: String,
        /// What it does, in one line.
        action: String,
        /// Which attempt this is, from 1.
        attempt: u32,
        /// Its place in the task's list of this phase, from 0; `None` for what the plan file does not list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<u32>,
    },
    /// The process of a step runs.
    StepStarted {
        /// The run.
        run: RunId,
        /// Its place in the run.
        ordinal: u32,
        /// Which attempt this is.
        attempt: u32,
        /// Its process id.
        pid: i32,
        /// When the process started, in clock ticks since boot.
        started_ticks: u64,
    },
    /// A step ended.
    StepEnded {
        /// The run.
        run: RunId,
        /// Its place in the run.
        ordinal: u32,
        /// Which attempt this was.
        attempt: u32,
        /// How it went.
        outcome: Outcome,
        /// Whether there will be another attempt.
        retried: bool,
        /// The exit code of its process, if it had one that exited.
        exit_code: Option<i32>,
        /// How long it took, in milliseconds of the monotonic clock.
        took_ms: u64,
        /// What people should know about the outcome.
        message: Option<String>,
        /// What it printed, head and tail.
        output: Option<Output>,
        /// What its processes used.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// Facts of the monitoring system were captured.
    BaselineTaken {
        /// The run.
        run: RunId,
        /// When, by the clock of the machine.
        at: DateTime<Utc>,
        /// The facts, as [`serde_json`] knows them: `validator::verifier` owns their form.
        facts: serde_json::Value,
    },
    /// The facts of before were compared with those of after.
    BaselineCompared {
        /// The run.
        run: RunId,
        /// Whether monitoring came back as it was.
        same: bool,
        /// What differs, a sentence each.
        differences: Vec<String>,
        /// How long monitoring took to come back, in milliseconds; `None` when it did not.
        settled_ms: Option<u64>,
        /// What has changed and what it means, the worst first; of very many the first ones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<FactChange>,
        /// How many facts of each kind were held against each other.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        compared: BTreeMap<Fact, u64>,
        /// The targets with the longest times without a scrape, the longest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gaps: Vec<ScrapeGap>,
    },
    /// Series were looked at for a while before the work.
    SeriesTaken {
        /// The run.
        run: RunId,
        /// What each query returned.
        series: Vec<TakenSeries>,
    },
    /// The series of before were compared with those of after.
    SeriesCompared {
        /// The run.
        run: RunId,
        /// What came out for each.
        series: Vec<SeriesResult>,
        /// How long was waited for the samples after the work, in milliseconds.
        waited_ms: u64,
    },
    /// A silence is about to be created; its tag finds it again if we die before its id is known.
    SilenceIntended {
        /// The run.
        run: RunId,
        /// Stands in the silence's comment.
        tag: String,
        /// Where.
        alertmanager: String,
        /// The matchers.
        matchers: Vec<String>,
    },
    /// A silence is in force.
    SilenceCreated {
        /// The run.
        run: RunId,
        /// Its tag.
        tag: String,
        /// The id that Alertmanager gave it.
        id: String,
        /// When it ends unless it is renewed.
        until: DateTime<Utc>,
        /// The alerts that it silenced at that moment, by name and instance.
        silenced: Vec<String>,
    },
    /// A silence was renewed.
    SilenceRenewed {
        /// Its tag.
        tag: String,
        /// Its id, which may be a new one.
        id: String,
        /// When it ends unless it is renewed.
        until: DateTime<Utc>,
        /// Why it was made again before its time: Alertmanager had forgotten it, or somebody had ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// A silence could not be renewed several times, and may end while its run is going.
    SilenceEndangered {
        /// Its tag.
        tag: String,
        /// How many renewals failed, one after the other.
        failures: u32,
        /// When it ends unless it is renewed.
        until: DateTime<Utc>,
        /// Why the last renewal failed.
        reason: String,
    },
    /// A silence is no longer in force.
    SilenceExpired {
        /// Its tag.
        tag: String,
        /// Why now, for people: the run ended, or it was found after a crash.
        reason: String,
    },
    /// A run ended.
    RunEnded {
        /// Its number.
        run: RunId,
        /// How it went.
        outcome: Outcome,
        /// What people should know about the outcome.
        reason: Option<String>,
    },
    /// A person settled what an interrupted run left open.
    RunAbandoned {
        /// Its number.
        run: RunId,
        /// What the person said.
        reason: String,
    },
    /// An alert went from one state to another.
    AlertChanged {
        /// The rule.
        name: String,
        /// Its labels.
        labels: BTreeMap<String, String>,
        /// Where it stands now; `None` when a pending alert is forgotten.
        state: Option<AlertState>,
        /// Since when.
        since: DateTime<Utc>,
        /// The sample's value.
        value: String,
    },
    /// Alertmanager took alerts, or refused to.
    AlertsDelivered {
        /// Where.
        alertmanager: String,
        /// How many.
        alerts: usize,
        /// Why not, when it did not.
        error: Option<String>,
    },
    /// A report was written.
    ReportWritten {
        /// Its kind.
        report: String,
        /// Its format.
        format: String,
        /// Where.
        path: String,
        /// SHA-256 of its bytes, in hexadecimal.
        digest: String,
    },
    /// The wall clock went back since the last entry.
    ClockStepped {
        /// The time of the last entry.
        last: DateTime<Utc>,
        /// The time of this one.
        now: DateTime<Utc>,
    },
}

/// What a step printed: its first and last bytes, and how many there were.
///
/// Text is UTF-8 with invalid bytes replaced; nothing in it is safe for a terminal or a page as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Output {
    /// The beginning.
    pub head: String,
    /// The end, when the beginning does not hold it all.
    pub tail: String,
    /// How many bytes there were in all.
    pub bytes: u64,
    /// How many bytes between head and tail were not kept here.
    pub dropped: u64,
    /// Where the whole of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<OutputLog>,
}

/// A compressed file with all that a step printed, beside the state file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputLog {
    /// Its name in the folder of logs.
    pub name: String,
    /// SHA-256 of the compressed bytes, in hexadecimal.
    pub digest: String,
    /// How many bytes it holds, uncompressed.
    pub bytes: u64,
    /// Whether it had to stop before the end, because it reached the most that one log may take.
    pub is_cut: bool,
}

/// One line of the ledger.
///
/// Exported as canonical JSON (RFC 8785) and a line feed; the digest of an entry is SHA-256 over exactly
/// these bytes, and `prev` is the digest of the entry before (64 zeros for the first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the ledger, from 1, without gaps.
    pub seq: u64,
    /// When it was written, by the clock of the machine.
    pub at: DateTime<Utc>,
    /// The user that mainstay ran as.
    pub who: String,
    /// The machine's name.
    pub host: String,
    /// The program that wrote it: `mainstay 0.1.0`.
    pub by: String,
    /// Digest of the entry before, in hexadecimal.
    pub prev: String,
    /// What happened.
    pub event: Event,
}

/// What is usual is not written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(it: &bool) -> bool {
    !it
}
