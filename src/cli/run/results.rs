//! What became of the work, shown.

use std::collections::BTreeMap;

use super::{RunArgs, summary};
use crate::cli::output::{self, Format};
use crate::cli::{Global, Terminal};
use crate::executor;
use crate::executor::coordinator::{Account, Crew, Fate};
use crate::executor::report::{self, NotStartedReport};
use crate::model::{Run, StepRecord};

/// Shows every run, and what was not started and why.
pub fn show(
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
