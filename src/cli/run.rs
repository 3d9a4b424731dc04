//! `mainstay run`.

mod follow;
mod progress;
mod summary;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use anyhow::Context;
use clap::Args;

use self::follow::Follower;
use self::progress::Screen;
use super::output::Format;
use super::{Exit, Global, Terminal, open_plan, output};
use crate::calendar::Zone;
use crate::executor::coordinator::{Account, Crew, Fate};
use crate::executor::journal::Journal;
use crate::executor::report::{self, NotStartedReport};
use crate::executor::{self, RunError, preflight, recovery};
use crate::manager::Manager;
use crate::model::{Event, OccurrenceId, Outcome, PlanFile, Run, RunId, StepRecord};
use crate::scheduler::zone_of;
use crate::security::approval::{Approvals, Work};
use crate::security::secrets::Secrets;
use crate::state::{Access, State};
use crate::validator::rules::Use;
use crate::world::World;
use crate::world::process_identity;
use crate::world::signals::Interrupts;

/// Do maintenance: what is due, or the tasks that are named
///
/// Each run goes through its phases: gate, preconditions, baseline, silence, steps, verify, rollback, finally.
/// Everything is on record before it happens. Ctrl-C stops the work and cleans up; a second one stops the
/// cleaning up; a third ends mainstay on the spot.
#[derive(Debug, Args)]
#[command(override_usage = USAGE, after_help = AFTER_HELP)]
pub struct RunArgs {
    /// Tasks to run now, in the order of their `after`; windows and blackouts still hold
    #[arg(value_name = "TASK", required_unless_present_any = ["due", "abandon"])]
    tasks: Vec<String>,

    /// Run what is due by the schedule; for cron: silent when there is nothing to do
    #[arg(long, conflicts_with = "tasks")]
    due: bool,

    /// Look at everything that a run would need, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Show what steps print as it comes, on stderr, each line behind its task and target
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,

    /// How many runs may go at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,

    /// Settle a run that stopped in its middle or did not clean up, so that nothing asks about it any more
    #[arg(long, value_name = "RUN", requires = "reason", conflicts_with_all = ["tasks", "due", "dry_run"])]
    abandon: Option<i64>,

    /// Why, for the ledger
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay run --due                 what the schedule asks for
  mainstay run upgrade               one task, now
  mainstay run upgrade --dry-run     what would it do, would it get through?
  mainstay run upgrade --follow      with what its steps print, as it comes
  mainstay run --due --format json   the runs as one object
  mainstay run --abandon 12 --reason 'done by hand'

In a crontab:
  */5 * * * *  mainstay -f /etc/mainstay/maintenance.yaml run --due

Exit codes:
  0      done, or nothing was due
  1      a run did not succeed, or a task that was named may not run now
  2      the command line or the plan file is wrong
  3      it could not be recorded or found out
  4      another mainstay holds the work
  128+N  ended by signal N";

const USAGE: &str = "\
mainstay run [OPTIONS] <TASK>...
       mainstay run [OPTIONS] --due
       mainstay run [OPTIONS] --abandon <RUN> --reason <TEXT>";

/// Runs `mainstay run`.
pub fn run(
    args: RunArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (plan, loaded) = open_plan(manager, Use::Work, terminal)?;
    let zone = zone_of(&plan)?;
    let mut world = World::new(&plan.connections, &manager.file, manager.clock());
    terminal.hide_with(&world.outputs.redactor);
    Secrets::new(&plan, &world).hide_what_is_at_hand();
    if args.dry_run {
        return dry_run(&args, global, (&plan, &loaded.digest, &zone), &world, manager, terminal);
    }
    let state = manager.state(Access::ReadWrite).context("opening the state")?;
    state.hide_with(&world.outputs.redactor);
    if let Some(run) = args.abandon {
        return abandon(RunId(run), &args.reason.unwrap_or_default(), &state, terminal);
    }
    let interrupts =
        Interrupts::new().and_then(|it| it.listen().map(|()| it)).context("listening for signals")?;
    let screen = Arc::new(Mutex::new(Screen::new(terminal)));
    let bars = screen.lock().ok().and_then(|screen| screen.bars());
    let follower = args.follow.then(|| Follower::start(bars)).transpose().context("starting to follow")?;
    world.outputs.logs = Some(state.logs());
    world.outputs.follow = follower.as_ref().map(Follower::sink);
    let heard = Arc::clone(&screen);
    let tell = move |event: &Event| {
        if let Ok(mut screen) = heard.lock() {
            screen.hear(event);
        }
    };
    let origin = state.origin()?.unwrap_or_default();
    let journal = Journal::new(state, &tell);
    let left = recovery::settle(&journal, &world, &origin).context("settling what a crash left behind")?;
    for note in left {
        terminal.warning(&crate::text::inert(&note));
    }
    let holder = process_identity::current().context("finding out who this process is")?;
    let approvals = Approvals::new(&plan, &loaded.digest, &manager.file);
    let crew = Crew {
        plan: &plan,
        plan_digest: &loaded.digest,
        zone: &zone,
        origin: &origin,
        holder: &holder,
        world: &world,
        approvals: &approvals,
        journal: &journal,
        interrupts: &interrupts,
    };
    if args.due
        && let Some(note) = executor::notice_outdated(&crew)?
    {
        terminal.warning(&crate::text::inert(&note));
    }
    let jobs = usize::from(args.jobs);
    let worked =
        if args.due { executor::run_due(&crew, jobs) } else { executor::run_tasks(&crew, &args.tasks, jobs) };
    if let Some(follower) = follower {
        follower.finish();
    }
    if let Ok(mut screen) = screen.lock() {
        screen.finish();
    }
    let accounts = worked.map_err(|error| hinted(error, terminal))?;
    show(&args, global, &crew, &accounts, terminal)?;
    Ok(exit_of(&accounts, &interrupts, args.due))
}

/// Adds what the error alone does not say.
fn hinted(error: RunError, terminal: &mut Terminal) -> RunError {
    if let RunError::NoSuchTask { known, .. } = &error {
        terminal.hint(&format!("the plan file has: {}", known.join(", ")));
    }
    error
}

fn show(
    args: &RunArgs,
    global: &Global,
    crew: &Crew,
    accounts: &[Account],
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let runs = recorded(crew, accounts)?;
    let is_quiet_tick = args.due && accounts.iter().all(|account| matches!(account.fate, Fate::NotNow(_)));
    if is_quiet_tick && global.format.is_none() && global.output.is_empty() {
        if terminal.is_interactive() || terminal.is_verbose() {
            say_why_nothing(crew, accounts, terminal)?;
        }
        return Ok(());
    }
    let width = terminal.width();
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        Ok(match format {
            Format::Json => {
                let not_started = accounts.iter().filter_map(not_started).collect();
                let mut json = serde_json::to_string_pretty(&report::report(runs.clone(), not_started))?;
                json.push('\n');
                json
            }
            _ => summary::text(&runs, accounts, is_shown.then_some(width)),
        })
    })?;
    if global.format.is_none() {
        for hint in summary::hints(&runs, accounts) {
            terminal.hint(&hint);
        }
    }
    Ok(())
}

fn recorded(crew: &Crew, accounts: &[Account]) -> anyhow::Result<Vec<(Run, Vec<StepRecord>)>> {
    let state = crew.journal.state();
    let mut runs = BTreeMap::new();
    for account in accounts {
        if let Fate::Ended(id, _) = account.fate
            && let Some(run) = state.run(id)?
        {
            runs.insert(id, (run, state.steps(id)?));
        }
    }
    Ok(runs.into_values().collect())
}

fn not_started(account: &Account) -> Option<NotStartedReport> {
    let (outcome, reason) = match &account.fate {
        Fate::Ended(..) => return None,
        Fate::NotNow(reason) => ("refused", reason.clone()),
        Fate::Unknown(reason) => ("unknown", reason.clone()),
        Fate::Held(held) => ("held", held.to_string()),
        Fate::NotBegun => ("interrupted", "stopped before it was started".to_owned()),
    };
    let occurrence = account.occurrence.as_ref().map(ToString::to_string);
    Some(NotStartedReport { task: account.task.clone(), occurrence, outcome, reason })
}

fn say_why_nothing(crew: &Crew, accounts: &[Account], terminal: &mut Terminal) -> anyhow::Result<()> {
    for account in accounts {
        if let Fate::NotNow(reason) = &account.fate {
            terminal.status(&crate::text::inert_line(&format!("`{}` waits: {reason}", account.task)));
        }
    }
    let next = executor::next_start(crew, crew.world.clock.now())?;
    terminal.status(&next.map_or_else(
        || "nothing is due, and nothing is scheduled".to_owned(),
        |(occurrence, start)| {
            format!("nothing is due; next: {occurrence} at {}", crew.zone.date_and_time(start))
        },
    ));
    Ok(())
}

/// A task that was named and did not run is a no; one that is due and has to wait is not.
fn exit_of(accounts: &[Account], interrupts: &Interrupts, is_due: bool) -> Exit {
    if let Some(signal) = interrupts.signal() {
        return Exit::Signal(signal);
    }
    let any = |test: fn(&Fate) -> bool| accounts.iter().any(|account| test(&account.fate));
    if any(|fate| matches!(fate, Fate::Ended(_, end) if end.outcome != Outcome::Succeeded)) {
        return Exit::No;
    }
    if any(|fate| matches!(fate, Fate::Held(_))) {
        return Exit::Busy;
    }
    if any(|fate| matches!(fate, Fate::Unknown(_))) {
        return Exit::Unknown;
    }
    if !is_due && any(|fate| matches!(fate, Fate::NotNow(_))) {
        return Exit::No;
    }
    Exit::Done
}

fn abandon(id: RunId, reason: &str, state: &State, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(run) = state.run(id)? else {
        terminal.error(&format!("there is no run {id}"));
        return Ok(Exit::Wrong);
    };
    match run.outcome {
        None if process_identity::is_alive(&run.holder) => {
            terminal.error(&format!(
                "run {id} of `{}` is still being worked on by pid {}",
                run.task, run.holder.pid
            ));
            Ok(Exit::Busy)
        }
        Some(Outcome::Interrupted) if state.interrupted_runs()?.iter().all(|open| open.id != id) => {
            terminal.error(&format!("run {id} of `{}` is settled already", run.task));
            Ok(Exit::No)
        }
        Some(outcome)
            if outcome != Outcome::Interrupted && state.unclean_runs()?.iter().all(|open| open.id != id) =>
        {
            terminal.error(&format!(
                "run {id} of `{}` ended {outcome} and owes nothing; only a run that stopped in its middle or did not \
                 clean up can be abandoned",
                run.task
            ));
            Ok(Exit::No)
        }
        None | Some(_) => {
            state.record(&Event::RunAbandoned { run: id, reason: reason.to_owned() })?;
            terminal.status(&format!("run {id} of `{}` is settled", run.task));
            Ok(Exit::Done)
        }
    }
}

fn dry_run(
    args: &RunArgs,
    global: &Global,
    (plan, digest, zone): (&PlanFile, &str, &Zone),
    world: &World,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let now = world.clock.now();
    let wanted = if args.due {
        due_work(plan, digest, manager, now)?
    } else {
        args.tasks.iter().map(|name| (name.clone(), None)).collect()
    };
    let approvals = Approvals::new(plan, digest, &manager.file);
    let state = if approvals.are_needed() { manager.existing_state()? } else { None };
    if wanted.is_empty() && global.format.is_none() {
        terminal.status("nothing is due");
        return Ok(Exit::Done);
    }
    let mut outlooks = Vec::new();
    for (name, occurrence) in wanted {
        let Some(task) = plan.tasks.get(&name) else {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(hinted(RunError::NoSuchTask { name, known }, terminal).into());
        };
        let length = executor::whole_length(plan, task);
        let mut items = preflight::look_ahead(plan, zone, task, length, world, now);
        let targets = plan.targets_of(task);
        let work = Work { task: &name, occurrence: occurrence.as_ref(), targets: &targets };
        if let Some(standing) = approvals.standing(state.as_ref(), &work, now)? {
            preflight::add_approval(&mut items, plan, &work, &standing);
        }
        outlooks.push((name, task, items));
    }
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match format {
            Format::Json => {
                let tasks = outlooks.iter().map(|(name, _, items)| (name.as_str(), items.as_slice()));
                serde_json::to_string_pretty(&report::dry_run(tasks))? + "\n"
            }
            _ => outlooks.iter().map(|(name, task, items)| summary::dry_run(name, task, items)).collect(),
        })
    })?;
    let mut items = outlooks.iter().flat_map(|(_, _, items)| items);
    let is_wrong = items.any(|item| item.certainty == preflight::Certainty::Wrong);
    Ok(if is_wrong { Exit::No } else { Exit::Done })
}

fn due_work(
    plan: &PlanFile,
    digest: &str,
    manager: &Manager,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<Vec<(String, Option<OccurrenceId>)>> {
    let past = manager.past(plan)?;
    let until = now + chrono::TimeDelta::days(32);
    let computed =
        crate::scheduler::compute(plan, digest, &past.history, past.published.as_ref(), now, until)?;
    let due = computed.schedule.placed.into_iter().filter(|placed| placed.start <= now);
    Ok(due.map(|placed| (placed.occurrence.task, Some(placed.occurrence.id))).collect())
}
