//! The work itself: what is due, or the tasks that were named.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::events::Events;
use super::exit::exit_of;
use super::follow::Follower;
use super::orders;
use super::person::AtTerminal;
use super::progress::Screen;
use super::results::{self, FORMATS, Telling};
use super::{RunArgs, hinted, resume};
use crate::calendar::Zone;
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::coordinator::Crew;
use crate::executor::journal::Journal;
use crate::executor::monitor::{self, Progress};
use crate::executor::{self, recovery, report};
use crate::model::{Event, PlanFile, RunId};
use crate::planfile::Source;
use crate::security::approval::Approvals;
use crate::state::State;
use crate::world::World;
use crate::world::person::Person;
use crate::world::process_identity;
use crate::world::signals::Interrupts;

/// The plan file, and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The plan file.
    pub plan: &'a PlanFile,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: &'a str,
    /// Its text.
    pub source: &'a Source,
    /// Where it is.
    pub file: &'a Path,
    /// Its zone.
    pub zone: &'a Zone,
    /// What work reaches out to.
    pub world: &'a World,
}

/// Carries out what was asked for, and tells what became of it.
pub fn work(
    args: &RunArgs,
    global: &Global,
    site: Site,
    state: State,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Site { plan, digest, source, file, zone, world } = site;
    let (shown, files) = output::chosen(global, &FORMATS)?;
    let (streams, files) = files.into_iter().partition::<Vec<_>, _>(|(_, format)| *format == Format::Jsonl);
    let streams = streams.into_iter().map(|(path, _)| path).collect();
    let events = Events::new(terminal, shown == Format::Jsonl, streams, world.clock.clone())?;
    let interrupts =
        Interrupts::new().and_then(|it| it.listen().map(|()| it)).context("listening for signals")?;
    let expected = monitor::expected(plan, &state.history()?);
    let progress = Progress::new(expected);
    let manner = (args.progress, args.due);
    let screen = Screen::new(terminal, manner, progress, interrupts.work.clone());
    let follower =
        args.follow.start(screen.bars(), terminal.lines_on_stderr()).context("starting to follow")?;
    let mut world = world.clone();
    world.outputs.logs = Some(state.logs());
    world.outputs.follow = follower.as_ref().map(Follower::sink);
    let person = AtTerminal::find(screen.quiet(), terminal.lines_on_stderr());
    world.person = person.map(|person| Arc::new(person) as Arc<dyn Person>);
    let world = &world;
    let tell = |event: &Event| {
        events.hear(event);
        screen.hear(event);
    };
    let origin = state.origin()?.unwrap_or_default();
    let journal = Journal::new(state, &tell);
    let left = recovery::settle(&journal, world, &origin).context("settling what a crash left behind")?;
    for note in left {
        terminal.warning(&crate::text::inert(&note));
    }
    let holder = process_identity::current().context("finding out who this process is")?;
    let approvals = Approvals::new(plan, digest, file);
    let say = |text: &str| screen.say(&crate::text::inert_line(text));
    let orders = orders::orders(args, &say);
    let crew = Crew {
        plan,
        plan_digest: digest,
        source,
        zone,
        origin: &origin,
        holder: &holder,
        world,
        approvals: &approvals,
        journal: &journal,
        interrupts: &interrupts,
        orders: &orders,
    };
    if args.due
        && let Some(note) = executor::notice_outdated(&crew)?
    {
        terminal.warning(&crate::text::inert(&note));
    }
    if terminal.is_verbose() {
        terminal.status(&crate::world::process::containment());
    }
    let jobs = usize::from(args.jobs);
    let worked = match args.resume {
        Some(wanted) => match resume::resume(args, wanted.map(RunId), global, &crew, (terminal, &screen))? {
            Ok(account) => Ok(vec![account]),
            Err(exit) => return Ok(exit),
        },
        None if args.due => executor::run_due(&crew, jobs),
        None => executor::run_tasks(&crew, &args.tasks, jobs),
    };
    if let Some(follower) = follower {
        follower.finish();
    }
    screen.finish();
    let accounts = match worked {
        Ok(accounts) => accounts,
        Err(error) => {
            let why = crate::in_words(&error);
            // The error itself says more than that it could not be streamed.
            let _ = events.finish(&[report::events::stopped(&why, world.clock.now())]);
            remind_of_open(&crew, terminal);
            return Err(hinted(error, terminal).into());
        }
    };
    let exit = exit_of(&accounts, &interrupts, args.due);
    let telling = Telling { shown, files };
    results::show((args, global), telling, &crew, &accounts, (&events, exit), terminal)?;
    if global.format.is_none() {
        orders::remind(&orders, &accounts, terminal);
    }
    Ok(exit)
}

/// After work that could not be recorded, says how it is gone on with; reading may still be possible.
fn remind_of_open(crew: &Crew, terminal: &mut Terminal) {
    let Ok(unfinished) = crew.journal.state().unfinished_runs() else { return };
    for run in unfinished.iter().filter(|run| run.holder.is_same_process(crew.holder)) {
        terminal.hint(&format!(
            "`mainstay run --resume {}` says how far it came, and goes on with it, once that is mended",
            run.id
        ));
    }
}
