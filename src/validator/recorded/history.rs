//! The ledger read once from its beginning to its end, and sorted by runs.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::account::{Account, Attempt, Compared, Ended, Mark, Review, Silence};
use crate::model::{Entry, Event, OccurrenceId, Outcome, RunId, WindowSpan};
use crate::state::RecordedApproval;

/// Everything that the judgement rests on.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Names this ledger.
    pub origin: String,
    /// The runs, by their numbers.
    pub accounts: BTreeMap<RunId, Account>,
    /// The recorded texts of tasks, by their digests, with their places.
    pub definitions: HashMap<String, (u64, String)>,
    /// What was approved, by its place.
    pub approvals: BTreeMap<u64, RecordedApproval>,
    /// The window that the published schedule has for an occurrence, with its place.
    pub windows: HashMap<OccurrenceId, (u64, WindowSpan)>,
    /// Lines that could not be understood.
    pub unreadable: Vec<u64>,
    /// How many entries there are.
    pub n_entries: u64,
    /// The runs of each task, in order.
    by_task: HashMap<String, Vec<RunId>>,
    /// The run of each silence.
    tags: HashMap<String, RunId>,
}

/// Which runs are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this one.
    pub run: Option<RunId>,
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those that began at this time or later.
    pub since: Option<DateTime<Utc>>,
}

impl Wanted {
    /// Whether a run is asked about.
    pub fn holds(&self, account: &Account) -> bool {
        self.run.is_none_or(|run| run == account.run)
            && self.task.as_ref().is_none_or(|task| *task == account.task)
            && self.since.is_none_or(|since| since <= account.started.at)
    }
}

impl History {
    /// Notes an entry; what runs printed is kept for those that are `wanted`.
    pub fn note(&mut self, entry: Entry, wanted: &Wanted) {
        self.n_entries += 1;
        let Entry { seq, at, who, event, .. } = entry;
        let mark = Mark { seq, at, who };
        match event {
            Event::StateCreated { origin } => self.origin = origin,
            Event::DefinitionSeen { digest, text } => {
                self.definitions.entry(digest).or_insert((seq, text));
            }
            Event::ApprovalGiven { statement, signature } => {
                let approval = RecordedApproval { entry: seq, recorded: at, statement, signature };
                self.approvals.insert(seq, approval);
            }
            Event::SchedulePublished { schedule, .. } => {
                for placed in schedule.placed {
                    if let Some(window) = placed.window {
                        self.windows.insert(placed.occurrence.id, (seq, window));
                    }
                }
            }
            event @ Event::RunStarted { .. } => self.begin(mark, event),
            event => self.note_of_run(mark, event, wanted),
        }
    }

    /// Notes a line that is no entry, as far as this mainstay knows.
    pub fn note_unreadable(&mut self, seq: u64) {
        self.n_entries += 1;
        self.unreadable.push(seq);
    }

    fn begin(&mut self, mark: Mark, event: Event) {
        let Event::RunStarted {
            run,
            task,
            occurrence,
            origin,
            plan_digest,
            targets,
            holder,
            approvals,
            definition,
            holds,
            justification,
            ..
        } = event
        else {
            return;
        };
        let account = Account {
            run,
            task,
            occurrence,
            origin,
            plan_digest,
            targets,
            holder,
            approvals,
            definition,
            holds,
            justification,
            started: mark,
            resumed: Vec::new(),
            attempts: Vec::new(),
            baseline: None,
            compared: Vec::new(),
            series: None,
            silences: Vec::new(),
            review: None,
            ends: Vec::new(),
            abandoned: None,
            impossible: Vec::new(),
        };
        self.by_task.entry(account.task.clone()).or_default().push(run);
        self.accounts.entry(run).or_insert(account);
    }

    /// The runs of a task that began before one, the newest first.
    pub fn before(&self, task: &str, run: RunId) -> impl Iterator<Item = &Account> {
        let of_task = self.by_task.get(task).map_or(&[][..], Vec::as_slice);
        let n_before = of_task.partition_point(|other| *other < run);
        of_task[..n_before].iter().rev().filter_map(|run| self.accounts.get(run))
    }

    /// The runs of a task that began after one, the oldest first.
    pub fn after(&self, task: &str, run: RunId) -> impl Iterator<Item = &Account> {
        let of_task = self.by_task.get(task).map_or(&[][..], Vec::as_slice);
        let n_before = of_task.partition_point(|other| *other <= run);
        of_task[n_before..].iter().filter_map(|run| self.accounts.get(run))
    }

    /// The run that an event is about; silences name their tag only.
    fn run_of(&self, event: &Event) -> Option<RunId> {
        match event {
            Event::RunResumed { run, .. }
            | Event::StepIntended { run, .. }
            | Event::StepStarted { run, .. }
            | Event::StepEnded { run, .. }
            | Event::StepSettled { run, .. }
            | Event::ReviewOpened { run, .. }
            | Event::ReviewClosed { run, .. }
            | Event::BaselineTaken { run, .. }
            | Event::BaselineCompared { run, .. }
            | Event::SeriesTaken { run, .. }
            | Event::SeriesCompared { run, .. }
            | Event::SilenceIntended { run, .. }
            | Event::SilenceCreated { run, .. }
            | Event::RunEnded { run, .. }
            | Event::RunAbandoned { run, .. } => Some(*run),
            Event::SilenceRenewed { tag, .. }
            | Event::SilenceEndangered { tag, .. }
            | Event::SilenceExpired { tag, .. } => self.tags.get(tag).copied(),
            _ => None,
        }
    }

    fn note_of_run(&mut self, mark: Mark, event: Event, wanted: &Wanted) {
        let Some(run) = self.run_of(&event) else { return };
        if let Event::SilenceIntended { tag, .. } = &event {
            self.tags.insert(tag.clone(), run);
        }
        // What is on record of a run without a start is found by the tables' own contradictions.
        let Some(account) = self.accounts.get_mut(&run) else { return };
        let is_wanted = wanted.holds(account);
        match event {
            Event::RunResumed { definition, holder, .. } => {
                account.holder = holder;
                account.definition = definition.or(account.definition.take());
                account.resumed.push(mark);
            }
            Event::ReviewOpened { due, .. } => {
                account.review = Some(Review { opened: mark, due, closed: None });
            }
            Event::ReviewClosed { .. } => {
                if let Some(review) = &mut account.review {
                    review.closed = Some(mark);
                }
            }
            Event::BaselineTaken { .. } => drop(account.baseline.get_or_insert(mark)),
            Event::SeriesCompared { series, .. } => account.series = Some((mark, series)),
            Event::BaselineCompared { same, differences, .. } => {
                account.compared.push(Compared { mark, same, differences });
            }
            Event::RunEnded { outcome, reason, .. } => {
                account.look_at_end(mark.seq, outcome);
                account.ends.push((mark, outcome, reason));
            }
            Event::RunAbandoned { reason, .. } => account.abandoned = Some((mark, reason)),
            event @ (Event::StepIntended { .. }
            | Event::StepStarted { .. }
            | Event::StepEnded { .. }
            | Event::StepSettled { .. }) => account.note_step(mark, event, is_wanted),
            event => account.note_silence(mark, event),
        }
    }
}

impl Account {
    fn note_step(&mut self, mark: Mark, event: Event, is_wanted: bool) {
        match event {
            Event::StepIntended { ordinal, phase, target, name, action, attempt, place, .. } => {
                let intended = mark;
                let new = Attempt {
                    ordinal,
                    attempt,
                    phase,
                    target,
                    name,
                    action,
                    place,
                    intended,
                    process: None,
                    ended: None,
                    settled: None,
                };
                self.look_at(&new);
                self.attempts.push(new);
            }
            Event::StepStarted { ordinal, attempt, .. } => match self.attempt(ordinal, attempt) {
                Some(found) => found.process = Some(mark),
                None => self.never_intended(mark.seq, ordinal, attempt, "process was started"),
            },
            Event::StepEnded {
                ordinal,
                attempt,
                outcome,
                retried,
                exit_code,
                message,
                output,
                usage,
                ..
            } => {
                let seq = mark.seq;
                let output = output.filter(|_| is_wanted);
                let message = message.filter(|_| is_wanted || outcome != Outcome::Succeeded);
                match self.attempt(ordinal, attempt) {
                    Some(found) => {
                        found.ended =
                            Some(Ended { mark, outcome, retried, exit_code, message, output, usage });
                    }
                    None => self.never_intended(seq, ordinal, attempt, "end is on record"),
                }
            }
            Event::StepSettled { ordinal, done, .. } => {
                let found = self.attempts.iter_mut().rev().find(|attempt| attempt.ordinal == ordinal);
                if let Some(found) = found {
                    found.settled = Some((mark, done));
                }
            }
            _ => {}
        }
    }

    fn attempt(&mut self, ordinal: u32, attempt: u32) -> Option<&mut Attempt> {
        self.attempts.iter_mut().rev().find(|it| it.ordinal == ordinal && it.attempt == attempt)
    }

    fn never_intended(&mut self, seq: u64, ordinal: u32, attempt: u32, what: &str) {
        let words = format!("attempt {attempt} at step {ordinal} was never announced, and its {what}");
        self.impossible.push((seq, words));
    }

    /// Whether something may begin by what is on record before it.
    fn look_at(&mut self, new: &Attempt) {
        let seq = new.intended.seq;
        let again = self.resumed.last().map_or(0, |mark| mark.seq);
        let Some(last) = self.attempts.last().filter(|last| again < last.intended.seq) else { return };
        if last.ended.is_none() {
            let words = format!(
                "{} was announced before the end of {} was on record",
                new.in_words(),
                last.in_words()
            );
            self.impossible.push((seq, words));
        }
        let same = self.attempts.iter().rev().find(|it| it.ordinal == new.ordinal);
        if let Some(same) = same
            && again < same.intended.seq
            && !same.ended.as_ref().is_some_and(|ended| ended.retried)
        {
            let words = format!("{} was tried again though no other attempt was to follow", new.in_words());
            self.impossible.push((seq, words));
        }
        if let Some((end, ..)) = self.end()
            && end.seq < seq
        {
            let words = format!("{} was announced after the run had ended", new.in_words());
            self.impossible.push((seq, words));
        }
    }

    /// Whether the run may end by what is on record: only one that was interrupted leaves something open.
    fn look_at_end(&mut self, seq: u64, outcome: Outcome) {
        let Some(last) = self.attempts.last() else { return };
        if outcome != Outcome::Interrupted && last.ended.is_none() && last.settled.is_none() {
            let words =
                format!("the run ended {outcome} before the end of {} was on record", last.in_words());
            self.impossible.push((seq, words));
        }
    }

    fn note_silence(&mut self, mark: Mark, event: Event) {
        match event {
            Event::SilenceIntended { tag, .. } => {
                self.silences.retain(|silence| silence.tag != tag);
                let (created, until, endangered, expired) = (None, None, Vec::new(), None);
                self.silences.push(Silence { tag, intended: mark, created, until, endangered, expired });
            }
            Event::SilenceCreated { tag, .. } if self.silences.iter().all(|silence| silence.tag != tag) => {
                self.impossible.push((mark.seq, format!("the silence `{tag}` was never announced")));
            }
            Event::SilenceCreated { tag, until, .. } => self.with_silence(&tag, |silence| {
                silence.created = Some(mark);
                silence.until = Some(until);
            }),
            Event::SilenceRenewed { tag, until, .. } => {
                self.with_silence(&tag, |silence| silence.until = Some(until));
            }
            Event::SilenceEndangered { tag, .. } => {
                self.with_silence(&tag, |silence| silence.endangered.push(mark));
            }
            Event::SilenceExpired { tag, reason } => {
                self.with_silence(&tag, |silence| silence.expired = Some((mark, reason)));
            }
            _ => {}
        }
    }

    fn with_silence(&mut self, tag: &str, change: impl FnOnce(&mut Silence)) {
        if let Some(silence) = self.silences.iter_mut().find(|silence| silence.tag == tag) {
            change(silence);
        }
    }
}
