//! `mainstay run --dry-run`: looks ahead and touches nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::work::Site;
use super::{RunArgs, hinted, summary};
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor::{RunError, preflight, report};
use crate::manager::Manager;
use crate::model::{OccurrenceId, PlanFile};
use crate::security::approval::{Approvals, Work};

/// Looks at everything that the work would need, and says what it found.
pub fn dry_run(
    args: &RunArgs,
    global: &Global,
    site: Site,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Site { plan, digest, zone, world, .. } = site;
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
        let targets = args.orders.targets(plan, &name, task).map_err(|error| hinted(error, terminal))?;
        let length = task.estimate(targets.len());
        let mut items = preflight::look_ahead(plan, zone, task, length, world, now);
        let work = Work { task: &name, occurrence: occurrence.as_ref(), targets: &targets };
        if let Some(standing) = approvals.standing(state.as_ref(), &work, now)? {
            preflight::add_approval(&mut items, plan, &work, &standing);
        }
        if args.orders.emergency {
            preflight::pass_as_emergency(&mut items);
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
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(String, Option<OccurrenceId>)>> {
    let past = manager.past(plan)?;
    let until = now + TimeDelta::days(32);
    let computed =
        crate::scheduler::compute(plan, digest, &past.history, past.published.as_ref(), now, until)?;
    let due = computed.schedule.placed.into_iter().filter(|placed| placed.start <= now);
    Ok(due.map(|placed| (placed.occurrence.task, Some(placed.occurrence.id))).collect())
}
