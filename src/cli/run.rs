//! `mainstay run`.

mod abandon;
mod changes;
mod dry_run;
mod events;
mod exit;
mod follow;
mod list;
mod orders;
mod past;
mod person;
mod progress;
mod results;
mod resume;
mod show;
mod summary;
mod work;

use anyhow::Context;
use clap::Args;

use self::abandon::abandon;
use self::dry_run::dry_run;
use self::follow::FollowArgs;
use self::list::ListArgs;
use self::orders::OrderArgs;
pub use self::orders::not_blank;
use self::person::AtTerminal;
use self::progress::{Manner, Quiet};
pub use self::show::Which;
use self::work::{Site, work};
use super::{Exit, Global, Terminal, open_plan};
use crate::executor::journal::Journal;
use crate::executor::{RunError, recovery};
use crate::manager::Manager;
use crate::model::RunId;
use crate::scheduler::zone_of;
use crate::security::secrets::Secrets;
use crate::state::Access;
use crate::validator::rules::Use;
use crate::world::World;

/// Do maintenance: what is due, or the tasks that are named
///
/// Each run goes through its phases: gate, preconditions, baseline, silence, steps, verify, rollback, finally.
/// Everything is on record before it happens. Ctrl-C stops the work and cleans up; a second one stops the
/// cleaning up; a third ends mainstay on the spot.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Args)]
#[command(override_usage = USAGE, after_help = AFTER_HELP)]
pub struct RunArgs {
    /// Tasks to run now, in the order of their `after`; windows and blackouts still hold
    #[arg(value_name = "TASK", required_unless_present_any = ["due", "abandon", "resume", "list", "show"])]
    tasks: Vec<String>,

    /// Run what is due by the schedule; for cron: silent when there is nothing to do
    #[arg(long, conflicts_with = "tasks")]
    due: bool,

    /// Look at everything that a run would need, and change nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    follow: FollowArgs,

    /// How many runs may go at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    #[arg(allow_negative_numbers = true)]
    jobs: u16,

    /// Go on with a run that stopped in its middle; without RUN with the one that there is
    #[expect(clippy::option_option, reason = "not asked for, asked for, asked for with a number")]
    #[arg(long, value_name = "RUN", num_args = 0..=1, conflicts_with_all = ["tasks", "due", "abandon"])]
    resume: Option<Option<i64>>,

    /// With --resume: whether a step that was interrupted, and may not be repeated, is done
    #[arg(long, value_name = "STATE", requires = "resume")]
    assume: Option<Assume>,

    /// With --resume: go on by the plan file as it is now, though it changed in more than what is not done yet
    #[arg(long, requires = "resume")]
    replan: bool,
    /// How progress is shown on stderr
    #[arg(long, value_name = "HOW", env = "MAINSTAY_PROGRESS", hide_env_values = true)]
    #[arg(default_value = "auto", hide_default_value = true)]
    progress: Manner,

    /// Settle a run that stopped in its middle or did not clean up, so that nothing asks about it any more
    #[arg(long, value_name = "RUN", requires = "reason", conflicts_with_all = ["tasks", "due", "dry_run"])]
    abandon: Option<i64>,

    /// Why, for the ledger
    #[arg(long, value_name = "TEXT", value_parser = orders::not_blank)]
    reason: Option<String>,

    /// Show the newest runs, one a line
    #[arg(long, conflicts_with_all = ["tasks", "due", "dry_run", "abandon"])]
    list: bool,

    /// Show one run from start to end: its number, or `last`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["tasks", "due", "dry_run", "abandon", "list"])]
    show: Option<Which>,

    /// With --show: show what this step of the run printed
    #[arg(long, value_name = "N", requires = "show")]
    step: Option<u32>,

    #[command(flatten)]
    listed: ListArgs,
    #[command(flatten)]
    orders: OrderArgs,
}

/// What is said of steps that were interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Assume {
    /// They did what they should: they are not repeated
    Done,
    /// They did not: they are done again
    NotDone,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay run --due                 what the schedule asks for
  mainstay run upgrade               one task, now
  mainstay run upgrade --dry-run     what would it do, would it get through?
  mainstay run upgrade --follow      with what its steps print, as it comes
  mainstay run --due --format json   the runs as one object
  mainstay run --resume --dry-run    how far did the interrupted run come?
  mainstay run --resume              go on with it
  mainstay run --due --format jsonl  events as they happen, a line each
  mainstay run --list --since 7d     what ran this week?
  mainstay run --show last           the newest run, step by step
  mainstay run --abandon 12 --reason 'done by hand'

Environment of steps, and of commands that checks run; nothing else gets in:
  as mainstay has it     PATH, HOME, USER, LOGNAME, SSH_AUTH_SOCK, TMPDIR,
                         XDG_RUNTIME_DIR
  always                 SHELL=/bin/sh, LANG=C.UTF-8
  about the work         MAINSTAY_RUN, MAINSTAY_TASK, MAINSTAY_TARGET,
                         MAINSTAY_OCCURRENCE, MAINSTAY_STEP
  of the step            what its `env` says
With `user`, HOME, USER and LOGNAME are the user's own, and SSH_AUTH_SOCK,
TMPDIR and XDG_RUNTIME_DIR are left out. There is no input and no terminal.

Exit codes of steps: 75 from the first step on a target means \"not now\": the
target is left out, and that is no failure.

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
       mainstay run [OPTIONS] --resume [<RUN>] [--assume <STATE>] [--replan]
       mainstay run [OPTIONS] --emergency --reason <TEXT> <TASK>...
       mainstay run [OPTIONS] --abandon <RUN> --reason <TEXT>
       mainstay run [OPTIONS] --list
       mainstay run [OPTIONS] --show <RUN>";

/// Runs `mainstay run`.
pub fn run(
    args: RunArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if args.list {
        return list::list(args.listed, global, manager, terminal);
    }
    if let Some(which) = args.show {
        return show::show((which, args.step), global, manager, terminal);
    }
    let (plan, loaded) = open_plan(manager, Use::Work, terminal)?;
    let zone = zone_of(&plan)?;
    let mut world = World::new(&plan.connections, &manager.file, manager.clock()).in_zone(zone.clone());
    if args.dry_run {
        // Nobody is asked, but whether somebody could be is looked at.
        world.person = AtTerminal::find(Quiet::default(), terminal.lines_on_stderr());
    }
    terminal.hide_with(&world.outputs.redactor);
    Secrets::new(&plan, &world).hide_what_is_at_hand();
    let (digest, source) = (&loaded.digest, &loaded.source);
    let site = Site { plan: &plan, digest, source, file: &manager.file, zone: &zone, world: &world };
    if args.dry_run
        && let Some(wanted) = args.resume
    {
        return resume::dry_run(&args, wanted.map(RunId), global, site, manager, terminal);
    }
    if args.dry_run {
        return dry_run(&args, global, site, manager, terminal);
    }
    let state = manager.state(Access::ReadWrite).context("opening the state")?;
    state.hide_with(&world.outputs.redactor);
    if let Some(run) = args.abandon {
        // What it left running is stopped, and its silence ended, before nobody asks about it any more.
        let journal = Journal::new(state, &|_| {});
        let origin = journal.state().origin()?.unwrap_or_default();
        let left =
            recovery::settle(&journal, &world, &origin).context("settling what a crash left behind")?;
        for note in left {
            terminal.warning(&crate::text::inert(&note));
        }
        return abandon(RunId(run), &args.reason.unwrap_or_default(), journal.state(), terminal);
    }
    work(&args, global, site, state, terminal)
}

/// Adds what the error alone does not say.
fn hinted(error: RunError, terminal: &mut Terminal) -> RunError {
    if let RunError::NoSuchTask { known, .. } | RunError::NoSuchTarget { known, .. } = &error {
        terminal.hint(&format!("the plan file has: {}", known.join(", ")));
    }
    error
}
