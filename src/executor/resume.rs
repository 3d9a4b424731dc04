//! Going on with a run that was interrupted: what is done, what is not, and what nobody knows.
//!
//! 1. What is done is not done again; what was interrupted is repeated only when that is harmless, when a check says
//!    that it is not done, or when a person does.
//! 2. A run whose way back was begun goes on with the way back, never with the work.
//! 3. A plan file that has changed in what is done, or in the order of the steps, is another one: the run goes on by it
//!    only when that is asked for.

pub mod change;
pub mod outlook;
pub mod report;

use self::change::Change;
use super::controller::{self, GateAnswer};
use super::coordinator::{Account, Crew, Fate};
use super::engine::past::{Past, Standing, standing_of};
use super::engine::{Work, rolls_on};
use super::{actions, needs};
use crate::model::script::{self, Script, Unit};
use crate::model::{
    Event, Holder, Origin, Outcome, Phase, PlanFile, Run, RunId, Step, StepRecord, Task, WindowSpan,
};
use crate::planfile::{Definition, Source, definition};
use crate::scheduler::words::why_not;
use crate::security::secrets::Secrets;
use crate::state::{StartError, State, StateError};
use crate::validator::checks::{self, Answer};
use crate::validator::verifier::Facts;
use crate::world::process_identity;

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NoSuchRun(RunId),
    /// Its process lives.
    #[error("run {run} of `{task}` is being worked on by process {} of {} on {}", holder.pid, holder.user, holder.host)]
    Alive {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
        /// Who works on it.
        holder: Box<Holder>,
    },
    /// Nothing is left to do.
    #[error(
        "run {run} of `{task}` was not interrupted: it ended {outcome}; `mainstay run {task}` starts another one"
    )]
    Over {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// A person gave it up.
    #[error("run {run} of `{task}` is settled: it was given up")]
    GivenUp {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
    },
    /// The task was begun again since, so that what is on record of this run says nothing about today.
    #[error(
        "run {later} of `{task}` began after run {run}, which cannot go on since; \
         `mainstay run --abandon {run} --reason TEXT` settles it"
    )]
    Later {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
        /// The run after it.
        later: RunId,
    },
    /// The plan file does not know its task any more.
    #[error(
        "the plan file has no task `{task}` any more; `mainstay run --abandon {run} --reason TEXT` settles its run {run}"
    )]
    NoTask {
        /// The run.
        run: RunId,
        /// Its task.
        task: String,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The runs that can be resumed, the oldest first: of each task the newest run, when it was interrupted.
///
/// # Errors
/// [`StateError`].
pub fn candidates(state: &State) -> Result<Vec<Run>, StateError> {
    let dead = state.unfinished_runs()?.into_iter().filter(|run| !process_identity::is_alive(&run.holder));
    let mut runs: Vec<_> = state.interrupted_runs()?.into_iter().chain(dead).collect();
    runs.sort_by_key(|run| run.id);
    let mut newest = Vec::new();
    for run in runs {
        if state.last_run(&run.task)?.is_some_and(|last| last.id == run.id) {
            newest.push(run);
        }
    }
    Ok(newest)
}

/// The run with this number, when it can be resumed.
///
/// # Errors
/// [`ResumeError`].
pub fn candidate(state: &State, id: RunId) -> Result<Run, ResumeError> {
    let run = state.run(id)?.ok_or(ResumeError::NoSuchRun(id))?;
    let task = run.task.clone();
    match run.outcome {
        None if process_identity::is_alive(&run.holder) => {
            return Err(ResumeError::Alive { run: id, task, holder: Box::new(run.holder) });
        }
        None | Some(Outcome::Interrupted) => {}
        Some(outcome) => return Err(ResumeError::Over { run: id, task, outcome }),
    }
    if let Some(later) = state.last_run(&task)?.filter(|later| later.id != id) {
        return Err(ResumeError::Later { run: id, task, later: later.id });
    }
    let is_open = run.outcome.is_none() || state.interrupted_runs()?.iter().any(|open| open.id == id);
    if is_open { Ok(run) } else { Err(ResumeError::GivenUp { run: id, task }) }
}

/// A run that was interrupted, and what the plan file says of its task today.
#[derive(Debug)]
pub struct Interrupted<'a> {
    /// The run.
    pub run: Run,
    /// Its task.
    pub task: &'a Task,
    plan: &'a PlanFile,
    /// What became of the text of its task since it began.
    pub change: Change,
    definition: Definition,
    records: Vec<StepRecord>,
    facts: Option<Facts>,
}

/// What somebody said of a step that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is done.
    pub done: bool,
    /// Who says so, for people.
    pub how: String,
}

/// A step that was interrupted, and that must not simply be repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Question<'a> {
    /// The number of its record.
    pub ordinal: u32,
    /// The part of the run.
    pub phase: Phase,
    /// The target.
    pub target: String,
    /// What is asked about.
    pub step: &'a Step,
}

/// Whether repeating a step of `task` after an interruption in its middle does no harm.
pub fn may_be_repeated(task: &Task, step: &Step) -> bool {
    // To wait is to look, and to look again is harmless.
    step.idempotent.or(task.idempotent).unwrap_or(step.wait.is_some() || step.pause.is_some())
}

impl<'a> Interrupted<'a> {
    /// Reads what is on record of `run`, and holds it against the plan file.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub fn look(state: &State, plan: &'a PlanFile, source: &Source, run: Run) -> Result<Self, ResumeError> {
        let gone = || ResumeError::NoTask { run: run.id, task: run.task.clone() };
        let task = plan.tasks.get(&run.task).ok_or_else(gone)?;
        let definition = definition(source, plan, &run.task).ok_or_else(gone)?;
        let began_with =
            run.definition.as_ref().map(|digest| state.definition(digest)).transpose()?.flatten();
        let records = state.steps(run.id)?;
        // Facts that this mainstay cannot read are of no use to it: the comparison is left out, as without any.
        let facts = state.baseline(run.id)?.and_then(|taken| serde_json::from_value(taken.facts).ok());
        let mut this = Self { run, task, plan, change: Change::None, definition, records, facts };
        this.change = this.compare(began_with.as_deref(), &source.path);
        Ok(this)
    }

    fn compare(&self, began_with: Option<&str>, file: &str) -> Change {
        let script = self.script();
        let past = self.past(&script);
        let texts = change::Texts { file, task: &self.run.task, old: began_with, new: &self.definition.text };
        change::compare(&texts, &script, &past)
    }

    fn script(&self) -> Script<'_> {
        script::compile(self.task, &self.run.targets)
    }

    fn past(&self, script: &Script) -> Past {
        Past::of(&self.records, script, self.facts.clone())
    }

    /// Whether the work is over and only the way back goes on; a rollout goes on beside targets that went back.
    fn goes_back(&self, script: &Script, past: &Past) -> bool {
        past.is_going_back() && !rolls_on(self.plan, self.task, &self.run.targets, (script, past))
    }

    /// The steps that were interrupted and that nobody has settled.
    fn open<'s>(&self, script: &Script<'s>, past: &Past) -> Vec<(u32, Unit<'s>)> {
        let goes_back = self.goes_back(script, past);
        let is_ahead = |unit: &Unit| unit.phase != Phase::Steps || !goes_back;
        let is_open = |unit: &Unit| past.standing(unit) == Standing::Interrupted && is_ahead(unit);
        let open = outlook::units(script, past).into_iter().filter(is_open);
        open.filter_map(|unit| Some((past.record(&unit)?.ordinal, unit))).collect()
    }

    /// The steps that may still be carried out, with what is said of those that were interrupted.
    fn ahead(&self, verdicts: &[(u32, Verdict)]) -> Vec<&'a Step> {
        let script = self.script();
        let past = self.past(&script);
        let is_said = |unit: &Unit| {
            let ordinal = past.record(unit).map(|record| record.ordinal);
            verdicts.iter().any(|(of, verdict)| verdict.done && Some(*of) == ordinal)
        };
        let units = outlook::units(&script, &past).into_iter();
        let ahead = units.filter(|unit| {
            unit.phase == Phase::Steps && past.standing(unit) != Standing::Done && !is_said(unit)
        });
        let ahead: Vec<_> = ahead
            .filter_map(|unit| self.task.steps.get(unit.place as usize))
            .chain(self.task.rollback.iter())
            .chain(self.task.finally.iter())
            .map(|step| &step.value)
            .collect();
        ahead
    }

    /// The steps of which somebody has to say whether they are done; `with_pauses` also those that asked a person, who would
    /// only be asked again.
    pub fn questions(&self, with_pauses: bool) -> Vec<Question<'a>> {
        let script = self.script();
        let open = self.open(&script, &self.past(&script));
        let asked = open.into_iter().filter(|(_, unit)| {
            !may_be_repeated(self.task, unit.step) || with_pauses && unit.step.pause.is_some()
        });
        let question = |(ordinal, unit): (u32, Unit)| {
            let step = self.list(unit.phase).get(unit.place as usize)?;
            Some(Question { ordinal, phase: unit.phase, target: unit.target.to_owned(), step })
        };
        asked.filter_map(question).collect()
    }

    fn list(&self, phase: Phase) -> &'a [crate::model::Spanned<Step>] {
        match phase {
            Phase::Rollback => &self.task.rollback,
            Phase::Finally => &self.task.finally,
            _ => &self.task.steps,
        }
    }

    /// What is recorded of every step that was interrupted, so that nobody asks about it again.
    fn settled(&self, verdicts: &[(u32, Verdict)]) -> Vec<Event> {
        let script = self.script();
        let open = self.open(&script, &self.past(&script));
        let is_open = |record: &&StepRecord| standing_of(record) == Standing::Interrupted;
        let settled = self.records.iter().filter(is_open).map(|record| {
            let said = verdicts.iter().find(|(ordinal, _)| *ordinal == record.ordinal);
            let (done, how) = match said {
                Some((_, verdict)) => (verdict.done, verdict.how.clone()),
                None if open.iter().any(|(ordinal, _)| *ordinal == record.ordinal) => {
                    (false, "it may be repeated".to_owned())
                }
                None if record.phase == Phase::Steps => (false, "the run goes the way back".to_owned()),
                None => (false, "it is no step that is gone on with".to_owned()),
            };
            Event::StepSettled { run: self.run.id, ordinal: record.ordinal, done, how }
        });
        settled.collect()
    }
}

impl Question<'_> {
    /// ``step `restart` on prom-1``
    pub fn in_words(&self) -> String {
        let what = match self.phase {
            Phase::Rollback => "rollback step",
            Phase::Finally => "finally step",
            _ => "step",
        };
        format!("{what} `{}` on {}", self.step.label(), self.target)
    }

    /// What its own check says; `None` when it has none, or when that could not be found out.
    pub fn ask(&self, crew: &Crew) -> Option<Result<Verdict, String>> {
        let check = self.step.done_if.as_ref()?;
        let name = check.in_short();
        Some(match checks::ask(check, crew.world, &crew.interrupts.work) {
            Answer::Yes { found } => Ok(Verdict { done: true, how: format!("`{name}` holds: {found}") }),
            Answer::No { found, .. } => {
                Ok(Verdict { done: false, how: format!("`{name}` does not hold: {found}") })
            }
            Answer::Unknown { why } => Err(format!("its `done_if` could not be found out: {why}")),
        })
    }
}

/// Goes on with a run. `verdicts` says what became of the steps of [`Interrupted::questions`], by their numbers.
///
/// # Errors
/// [`StateError`] when something could not be recorded; the work has stopped there.
pub fn go_on(
    crew: &Crew,
    interrupted: &Interrupted,
    verdicts: &[(u32, Verdict)],
) -> Result<Account, StateError> {
    let fate = try_to_go_on(crew, interrupted, verdicts)?;
    let Run { task, occurrence, .. } = &interrupted.run;
    Ok(Account { task: task.clone(), occurrence: occurrence.clone(), fate })
}

fn try_to_go_on(
    crew: &Crew,
    interrupted: &Interrupted,
    verdicts: &[(u32, Verdict)],
) -> Result<Fate, StateError> {
    let Interrupted { run, task, definition, .. } = interrupted;
    let script = interrupted.script();
    let (window, gate) = match may_go_on(crew, interrupted, &script)? {
        Ok(open) => open,
        Err(fate) => return Ok(fate),
    };
    if let Some(why) = actions::needs_a_person(interrupted.ahead(verdicts).into_iter(), crew.world) {
        let id = run.id;
        let why = if interrupted.questions(true).iter().any(|question| question.step.pause.is_some()) {
            format!("{why}; if somebody has confirmed it, `mainstay run --resume {id} --assume done` says so")
        } else {
            why
        };
        return Ok(Fate::NotNow(why));
    }
    let secrets = match Secrets::new(crew.plan, crew.world).read_for(task, &crew.interrupts.work) {
        Ok(secrets) => secrets,
        Err(error) => return Ok(Fate::Unknown(crate::in_words(&error))),
    };
    let state = crew.journal.state();
    let other = (run.definition.as_ref() != Some(&definition.digest)).then_some(definition);
    if let Some(other) = other {
        state.see_definition(&other.digest, &other.text)?;
    }
    let digest = other.map(|other| other.digest.clone());
    let (_, limits) = needs::of(crew.plan, task, &run.targets);
    match state.resume_run(run.id, crew.holder, digest.as_deref(), &limits) {
        Ok(_) => {}
        Err(StartError::State(error)) => return Err(error),
        Err(held) => return Ok(Fate::Held(held)),
    }
    crew.journal.tell(&Event::RunResumed {
        run: run.id,
        task: run.task.clone(),
        holder: crew.holder.clone(),
        definition: digest,
    });
    crew.journal.record_all(&interrupted.settled(verdicts))?;
    let records = state.steps(run.id)?;
    let past = Past::of(&records, &script, interrupted.facts.clone());
    let work = Work {
        run: run.id,
        name: &run.task,
        task,
        occurrence: run.occurrence.as_ref(),
        targets: &run.targets,
        window: window.as_ref(),
        plan: crew.plan,
        zone: crew.zone,
        gate,
        origin: crew.origin,
        secrets,
        who: format!("{}@{}", crew.holder.user, crew.holder.host),
        world: crew.world,
        journal: crew.journal,
        interrupts: crew.interrupts,
        emergency: run.justification.as_deref(),
        past,
    };
    Ok(Fate::Ended(run.id, work.carry_out()?))
}

/// What lets a run go on: its window, and what its gate says. To clean up needs neither.
type Open = (Option<WindowSpan>, Option<String>);

/// Asks again what let the run start, when there is work left to start.
fn may_go_on(
    crew: &Crew,
    interrupted: &Interrupted,
    script: &Script,
) -> Result<Result<Open, Fate>, StateError> {
    let Interrupted { run, task, .. } = interrupted;
    let past = interrupted.past(script);
    let is_left = |part: &&script::Part| part.steps.iter().any(|unit| past.standing(unit) != Standing::Done);
    let n_left = script.parts().filter(is_left).count();
    let goes_back = interrupted.goes_back(script, &past);
    if n_left == 0 || goes_back {
        return Ok(Ok((None, None)));
    }
    let is_emergency = run.origin == Origin::Emergency;
    let now = crew.world.clock.now();
    let window = match controller::admit(crew.plan, crew.zone, task, task.estimate(n_left), now) {
        _ if is_emergency => None,
        Ok(Ok(window)) => window,
        Ok(Err(because)) => return Ok(Err(Fate::NotNow(why_not(&because, crew.zone)))),
        Err(error) => return Ok(Err(Fate::Unknown(crate::in_words(&error)))),
    };
    if interrupted.change != Change::None
        && !is_emergency
        && let Some(fate) = lacks_approval(crew, interrupted)?
    {
        return Ok(Err(fate));
    }
    let Some(gate) = &task.gate else { return Ok(Ok((window, None))) };
    Ok(match controller::ask_gate(gate, crew.world) {
        GateAnswer::Open(found) => Ok((window, Some(found))),
        GateAnswer::Closed(why) => Err(Fate::NotNow(format!("its gate is closed: {why}"))),
        GateAnswer::Unknown(why) if is_emergency => Ok((window, Some(controller::open_in_emergency(&why)))),
        GateAnswer::Unknown(why) => Err(Fate::Unknown(format!("its gate cannot be asked: {why}"))),
    })
}

/// What was approved is the text that the run began with: another one needs an approval of its own.
fn lacks_approval(crew: &Crew, interrupted: &Interrupted) -> Result<Option<Fate>, StateError> {
    let Run { task, occurrence, targets, .. } = &interrupted.run;
    let work = crate::security::approval::Work { task, occurrence: occurrence.as_ref(), targets };
    let now = crew.world.clock.now();
    let Some(standing) = crew.approvals.standing(Some(crew.journal.state()), &work, now)? else {
        return Ok(None);
    };
    if standing.is_given() {
        return Ok(None);
    }
    let fate = if standing.unknown.is_some() { Fate::Unknown } else { Fate::NotNow };
    Ok(Some(fate(controller::waits_for(crew.plan, &work, &standing))))
}
