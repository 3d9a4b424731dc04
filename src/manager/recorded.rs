//! The validator over recorded runs: from the ledger, the state's files and the plan file of today; no network.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::ControlFlow;

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest, Sha256};

use super::Manager;
use crate::calendar::Zone;
use crate::ledger::{Verification, Verifier};
use crate::model::{Entry, Finding, Place, PlanFile, Quality, RunId, Severity, Task};
use crate::planfile::{self, Source};
use crate::quality::{Sample, Thresholds};
use crate::scheduler::zone_of;
use crate::security::approval::{Approvals, Standing, Work};
use crate::security::secrets::Secrets;
use crate::state::{RunFilter, State, StateError};
use crate::validator::checker::Checked;
use crate::validator::recorded::{
    self, Account, Answered, Case, Exposed, History, Surroundings, Wanted, Whole, judge_whole,
    look_for_secrets, told,
};
use crate::validator::report::{FileReport, Item, Outcome, Report};
use crate::world::World;
use crate::world::process_identity;

/// Which recorded runs are validated, and how strictly.
#[derive(Debug, Clone)]
pub struct AskedRuns {
    /// Which.
    pub which: Which,
    /// Only those of this task.
    pub task: Option<String>,
    /// The least severe finding that makes the answer no.
    pub fail_on: Severity,
}

/// Which runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one with this number.
    Number(RunId),
    /// The newest one.
    Last,
    /// Those that began at this time or later.
    Since(DateTime<Utc>),
}

/// Recorded runs could not be validated.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The state file cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// What lies beside it cannot be looked at.
    #[error("cannot look at what lies beside {file}")]
    Beside {
        /// The state file.
        file: String,
        /// Why not.
        source: io::Error,
    },
}

/// So many runs of a task are measured with the one that is asked about.
const MEASURED: usize = 20;

impl Manager {
    /// Validates recorded runs. Changes nothing, and asks no network. A report without a run evaluated nothing.
    ///
    /// # Errors
    /// [`RecordedError`]. That the plan file cannot be read is none: then what rests on it is unknown.
    pub fn validate_recorded(&self, asked: &AskedRuns) -> Result<Report, RecordedError> {
        let checked = self.plan_file().ok();
        let name = self.file.display().to_string();
        let source = checked.as_ref().map_or_else(|| Source::new(name, ""), |checked| checked.source.clone());
        let (items, findings, n_runs) = match self.existing_state()? {
            Some(state) => self.judge(&state, checked.as_ref(), asked)?,
            None => Default::default(),
        };
        let items = if n_runs == 0 { vec![nothing(asked)] } else { items };
        let file = FileReport::of_items(source, items, findings, (n_runs, "run"), asked.fail_on);
        Ok(Report::new(vec![file], asked.fail_on))
    }

    fn judge(
        &self,
        state: &State,
        checked: Option<&Checked>,
        asked: &AskedRuns,
    ) -> Result<Judged, RecordedError> {
        let wanted = wanted(state, asked)?;
        let (history, ledger) = read(state, &wanted)?;
        let accounts: Vec<_> = history.accounts.values().filter(|account| wanted.holds(account)).collect();
        if accounts.is_empty() || (asked.which == Which::Last && wanted.run.is_none()) {
            return Ok(Judged::default());
        }
        let plan = checked.and_then(|checked| checked.plan.as_ref());
        let zone = plan.and_then(|plan| zone_of(plan).ok()).unwrap_or_else(Zone::utc);
        let digest = checked.map_or("", |checked| checked.digest.as_str());
        let around = Surroundings {
            history: &history,
            plan,
            plan_digest: digest,
            zone: &zone,
            now: self.clock().now(),
        };
        let tasks = tasks(&history, plan, digest);
        let bench = Bench { manager: self, state, around, tasks: &tasks, beside: beside(&history) };
        let is_one = !matches!(asked.which, Which::Since(_));
        let (mut answers, mut samples) = bench.ask(&accounts);
        let by_task = by_task(&accounts, &samples);
        let mut of = format!("{} asked about", crate::counted(accounts.len(), "run"));
        if let (true, [account]) = (is_one, accounts.as_slice()) {
            let before: Vec<_> = history.before(&account.task, account.run).take(MEASURED - 1).collect();
            samples.extend(bench.measure(&before));
            of = format!("the {} of `{}` up to it", crate::counted(samples.len(), "run"), account.task);
        }
        let exposed = state.open_to_others().map_err(|source| {
            let file = self.state_file.display().to_string();
            RecordedError::Beside { file, source }
        })?;
        let exposed: Vec<_> =
            exposed.into_iter().map(|(path, mode, expected)| Exposed { path, mode, expected }).collect();
        let quality = plan.map_or_else(Quality::default, |plan| plan.quality.clone());
        answers.extend(judge_whole(&Whole {
            samples: &samples,
            by_task: &by_task,
            of,
            thresholds: Thresholds::of(&quality),
            exposed: &exposed,
            ledger: &ledger,
            unreadable: &history.unreadable,
        }));
        let place_of = |run: Option<RunId>| place(checked?, &history.accounts.get(&run?)?.task);
        let (items, findings) = told(&answers, is_one, &place_of);
        Ok((items, findings, accounts.len()))
    }
}

/// What the runs of each task measure, in the order of the tasks' names.
fn by_task(accounts: &[&Account], samples: &[Sample]) -> Vec<(String, Vec<Sample>)> {
    let mut found: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
    for (account, sample) in accounts.iter().zip(samples) {
        found.entry(&account.task).or_default().push(sample.clone());
    }
    found.into_iter().map(|(task, samples)| (task.to_owned(), samples)).collect()
}

/// What is said when there is no run: a question without an answer.
fn nothing(asked: &AskedRuns) -> Item {
    let of = asked.task.as_ref().map(|task| format!(" of `{task}`")).unwrap_or_default();
    let said = match asked.which {
        Which::Number(run) => format!("there is no run {run}{of} on record"),
        Which::Last => format!("no run{of} is on record"),
        Which::Since(since) => {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("no run{of} that began since {since} is on record")
        }
    };
    Item {
        name: "a run on record".to_owned(),
        asks: "is there a run to look at?".to_owned(),
        outcome: Outcome::Unknown,
        said,
        took: None,
    }
}

type Judged = (Vec<Item>, Vec<Finding>, usize);

/// Where a task is declared.
fn place(checked: &Checked, task: &str) -> Option<Place> {
    let (key, _) = checked.plan.as_ref()?.tasks.entry(task)?;
    Some(checked.source.place(key.span))
}

fn wanted(state: &State, asked: &AskedRuns) -> Result<Wanted, StateError> {
    let task = asked.task.clone();
    Ok(match asked.which {
        Which::Number(run) => Wanted { run: Some(run), task, since: None },
        Which::Since(since) => Wanted { run: None, task, since: Some(since) },
        Which::Last => {
            let newest = RunFilter { task: task.clone(), limit: Some(1), ..RunFilter::default() };
            let run = state.runs(&newest)?.first().map(|run| run.id);
            Wanted { run, task, since: None }
        }
    })
}

/// Reads the ledger once, and verifies its chain on the way.
fn read(state: &State, wanted: &Wanted) -> Result<(History, Verification), StateError> {
    let (mut history, mut verifier) = (History::default(), Verifier::new(Vec::new()));
    state.for_each_line(&mut |row| {
        verifier.line(row);
        match serde_json::from_slice::<Entry>(row.line) {
            Ok(entry) => history.note(entry, wanted),
            Err(_) => history.note_unreadable(u64::try_from(row.seq).unwrap_or_default()),
        }
        ControlFlow::Continue(())
    })?;
    Ok((history, verifier.finish()))
}

/// The tasks as they were, by the digests of their texts, and those of the plan file of today.
struct Tasks<'a> {
    on_record: HashMap<String, Task>,
    today: Option<(&'a PlanFile, &'a str)>,
}

fn tasks<'a>(history: &'a History, plan: Option<&'a PlanFile>, digest: &'a str) -> Tasks<'a> {
    let mut on_record = HashMap::new();
    for account in history.accounts.values() {
        let Some(of) = account.definition.as_deref() else { continue };
        let Some((_, text)) = history.definitions.get(of) else { continue };
        let key = key(&account.task, of);
        // A text that is not the one of its digest was put there by somebody.
        if on_record.contains_key(&key) || format!("{:x}", Sha256::digest(text.as_bytes())) != of {
            continue;
        }
        if let Some(task) = planfile::task_of(text, &account.task) {
            on_record.insert(key, task);
        }
    }
    Tasks { on_record, today: plan.map(|plan| (plan, digest)) }
}

/// Two tasks may say the same.
fn key(task: &str, digest: &str) -> String {
    format!("{digest} {task}")
}

impl Tasks<'_> {
    fn of(&self, account: &Account) -> Option<&Task> {
        let on_record = account.definition.as_deref();
        if let Some(task) = on_record.and_then(|of| self.on_record.get(&key(&account.task, of))) {
            return Some(task);
        }
        let (plan, _) = self.today.filter(|(_, digest)| *digest == account.plan_digest)?;
        plan.tasks.get(&account.task)
    }
}

/// For each run those that were not over when it began.
fn beside(history: &History) -> BTreeMap<RunId, Vec<RunId>> {
    let mut beside = BTreeMap::new();
    let mut open: Vec<&Account> = Vec::new();
    for account in history.accounts.values() {
        let start = account.started.seq;
        let last_end = |it: &&Account| it.end().map(|(mark, ..)| mark.seq);
        open.retain(|it| last_end(it).is_none_or(|end| start < end));
        let now: Vec<_> = open.iter().filter(|it| is_open_at(it, start)).map(|it| it.run).collect();
        if !now.is_empty() {
            beside.insert(account.run, now);
        }
        open.push(account);
    }
    beside
}

/// Whether a run was being worked on when this entry was written.
fn is_open_at(account: &Account, seq: u64) -> bool {
    let begins = std::iter::once(&account.started).chain(&account.resumed).map(|mark| mark.seq);
    let begin = begins.filter(|begin| *begin < seq).max().unwrap_or(0);
    let ends =
        account.ends.iter().map(|(mark, ..)| mark).chain(account.abandoned.iter().map(|(mark, _)| mark));
    !ends.map(|mark| mark.seq).any(|end| begin < end && end < seq)
}

/// Everything that runs are judged with.
struct Bench<'a> {
    manager: &'a Manager,
    state: &'a State,
    around: Surroundings<'a>,
    tasks: &'a Tasks<'a>,
    beside: BTreeMap<RunId, Vec<RunId>>,
}

impl Bench<'_> {
    /// The answers about runs, and what they measure.
    fn ask(&self, accounts: &[&Account]) -> (Vec<Answered>, Vec<Sample>) {
        let world = self.around.plan.map(|plan| {
            let world = World::new(&plan.connections, &self.manager.file, self.manager.clock());
            Secrets::new(plan, &world).hide_what_is_at_hand();
            world
        });
        let redactor = world.map(|world| world.outputs.redactor).unwrap_or_default();
        let mut approvals = HashMap::new();
        let logs = self.state.logs();
        let (mut answers, mut samples) = (Vec::new(), Vec::new());
        for account in accounts {
            let mut case = self.case(account);
            case.standing = self.standing(account, case.task, &mut approvals);
            let found = look_for_secrets(account, &logs, &redactor);
            (case.leaks, case.not_looked_at) = (found.leaks, found.not_looked_at);
            let of_run = recorded::judge(&case);
            samples.push(recorded::sample(&case, &of_run));
            answers.extend(of_run);
        }
        (answers, samples)
    }

    /// What other runs measure, which nobody asked about.
    fn measure(&self, accounts: &[&Account]) -> Vec<Sample> {
        let sample = |account: &&Account| {
            let case = self.case(account);
            recorded::sample(&case, &recorded::judge(&case))
        };
        accounts.iter().map(sample).collect()
    }

    fn case<'c>(&'c self, account: &'c Account) -> Case<'c> {
        Case {
            around: self.around,
            account,
            task: self.tasks.of(account),
            standing: None,
            is_alive: account.outcome().is_none() && process_identity::is_alive(&account.holder),
            beside: self.beside.get(&account.run).cloned().unwrap_or_default(),
            leaks: Vec::new(),
            not_looked_at: Vec::new(),
        }
    }

    fn standing<'s>(
        &'s self,
        account: &'s Account,
        task: Option<&Task>,
        approvals: &mut HashMap<&'s str, Approvals<'s>>,
    ) -> Option<Standing> {
        let plan = self.around.plan?;
        let given: Vec<_> = account
            .approvals
            .iter()
            .filter_map(|seq| self.around.history.approvals.get(seq))
            .cloned()
            .collect();
        let of_plan = approvals
            .entry(&account.plan_digest)
            .or_insert_with(|| Approvals::new(plan, &account.plan_digest, &self.manager.file));
        let work =
            Work { task: &account.task, occurrence: account.occurrence.as_ref(), targets: &account.targets };
        of_plan.on_record((&self.around.history.origin, &given), (&work, task?), account.started.at)
    }
}
