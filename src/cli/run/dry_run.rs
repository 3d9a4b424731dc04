//! `mainstay run --dry-run`: looks ahead and touches nothing.

mod outlook;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};

use self::outlook::Outlook;
use super::work::Site;
use super::{RunArgs, hinted};
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::preflight::{self, Ahead, Certainty, Ending, Item, Place, Wanted};
use crate::executor::{self, RunError, report};
use crate::manager::Manager;
use crate::model::OccurrenceId;
use crate::security::approval::Approvals;
use crate::state::{Access, State, StateError};
use crate::world::process_identity;

/// Work that is looked at: its task, its occurrence, and why it is due when that is not on record yet.
type Due = (String, Option<OccurrenceId>, Option<Item>);

/// Looks at everything that the work would need, says what it found, and ends as the real run would.
pub fn dry_run(
    args: &RunArgs,
    global: &Global,
    site: Site,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Site { plan, digest, zone, world, .. } = site;
    let now = world.clock.now();
    let opened = match manager.state(Access::Untouched) {
        Err(StateError::Missing { .. }) => Ok(None),
        opened => opened.map(Some),
    };
    let place = preflight::place(&manager.state_file, opened);
    let wanted: Vec<Due> = if args.due {
        due_work(site, &place, now)?
    } else {
        args.tasks.iter().map(|name| (name.clone(), None, None)).collect()
    };
    if wanted.is_empty() && global.format.is_none() && global.output.is_empty() {
        return Ok(nothing_due(&place, terminal));
    }
    let approvals = Approvals::new(plan, digest, &manager.file);
    let holder = process_identity::current().context("finding out who this process is")?;
    let mut before: Vec<String> = Vec::new();
    let mut outlooks = Vec::new();
    for (name, occurrence, condition) in wanted {
        let Some(task) = plan.tasks.get(&name) else {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(hinted(RunError::NoSuchTask { name, known }, terminal).into());
        };
        let targets = args.orders.targets(plan, &name, task).map_err(|error| hinted(error, terminal))?;
        let ahead = Ahead {
            plan,
            plan_digest: digest,
            zone,
            world,
            approvals: &approvals,
            past: place.past.as_ref().map(Option::as_ref).map_err(String::as_str),
            holder: &holder,
            is_emergency: args.orders.emergency,
            waits: args.orders.waits(),
            before: &before,
            now,
        };
        let wanted = Wanted { name: &name, task, occurrence: occurrence.as_ref(), targets };
        // What cannot be found out is not due, and nothing else of it is looked at.
        let is_due = condition.as_ref().is_none_or(|item| item.certainty == Certainty::Verified);
        let mut items: Vec<_> = condition.into_iter().collect();
        if is_due {
            items.extend(preflight::look_ahead(&ahead, &wanted)?);
        }
        let title = task.title_or(&name).to_owned();
        let targets = wanted.targets;
        outlooks.push(Outlook { title, occurrence, targets, items, task: name.clone() });
        before.push(name);
    }
    let exit = exit_of(&place, outlooks.iter().map(|outlook| outlook.items.as_slice()), args.due);
    let screen = terminal.screen();
    output::deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        Ok(match format {
            Format::Json => {
                let tasks = outlooks.iter().map(Outlook::report);
                let report = report::dry_run((&place.certainty, &place.note), tasks, exit.code());
                crate::text::inert_json(&serde_json::to_string_pretty(&report)?) + "\n"
            }
            _ => outlook::text(&place, &outlooks, if is_shown { screen } else { crate::table::PLAIN }),
        })
    })?;
    Ok(exit)
}

/// What the real run would end with, by the first thing that is wrong in each piece of work.
fn exit_of<'a>(place: &Place, works: impl Iterator<Item = &'a [Item]>, is_due: bool) -> Exit {
    if let Certainty::Wrong(_) = place.certainty {
        return Exit::Unknown;
    }
    let endings: Vec<_> = works.filter_map(|items| items.iter().find_map(Item::ending)).collect();
    match () {
        () if endings.contains(&Ending::Failed) => Exit::No,
        () if endings.contains(&Ending::Held) => Exit::Busy,
        () if endings.contains(&Ending::Unknown) => Exit::Unknown,
        // What is due and has to wait is no fault.
        () if endings.contains(&Ending::NotNow) && !is_due => Exit::No,
        () => Exit::Done,
    }
}

fn nothing_due(place: &Place, terminal: &mut Terminal) -> Exit {
    terminal.status("nothing is due");
    if let Certainty::Wrong(_) = place.certainty {
        terminal.error(&crate::text::inert_line(&place.note));
        return Exit::Unknown;
    }
    Exit::Done
}

/// What `run --due` would start, by what is on record and by what conditions say now.
fn due_work(site: Site, place: &Place, now: DateTime<Utc>) -> anyhow::Result<Vec<Due>> {
    let Site { plan, digest, world, .. } = site;
    executor::may_be_due(plan)?;
    let state = match &place.past {
        Ok(state) => state.as_ref(),
        Err(why) => anyhow::bail!("what is due cannot be known without what is on record: {why}"),
    };
    let past = state.map(State::history).transpose()?.unwrap_or_default();
    let published = state.map(State::published).transpose()?.flatten();
    let (history, until) = (executor::history_of(&past, plan), now + TimeDelta::days(32));
    let computed = crate::scheduler::compute(plan, digest, &history, published.as_ref(), now, until)?;
    let due = computed.schedule.placed.into_iter().filter(|placed| placed.start <= now);
    let mut wanted: Vec<Due> =
        due.map(|placed| (placed.occurrence.task, Some(placed.occurrence.id), None)).collect();
    for (task, item) in preflight::conditions(plan, state, world)? {
        wanted.push((task, None, Some(item)));
    }
    Ok(wanted)
}
