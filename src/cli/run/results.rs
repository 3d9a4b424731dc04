//! What became of the work, shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::events::Events;
use super::{RunArgs, summary};
use crate::cli::output::{self, Format};
use crate::cli::{Exit, Global, Terminal};
use crate::executor;
use crate::executor::coordinator::{Account, Crew, Fate};
use crate::executor::report::{self, NotStartedReport, events};
use crate::model::{Outcome, Run, RunId, StepRecord};
use crate::state::Comparison;
use crate::table::PLAIN;

/// What `mainstay run` can be told in.
pub const FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Jsonl];

/// How the result is told.
#[derive(Debug)]
pub struct Telling {
    /// How it is shown.
    pub shown: Format,
    /// What else is written at the end.
    pub files: Vec<(PathBuf, Format)>,
}

/// Shows every run, and what was not started and why; `exit` is what became of it all.
///
/// What cron starts is silent when all is well: it has no terminal, nobody asked for more, and every run that was
/// due succeeded.
pub fn show(
    (args, global): (&RunArgs, &Global),
    telling: Telling,
    crew: &Crew,
    accounts: &[Account],
    (streamed, exit): (&Events, Exit),
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let runs = recorded(crew, accounts)?;
    let compared = compared(crew, &runs)?;
    let not_started: Vec<_> = accounts.iter().filter_map(not_started).collect();
    let now = crew.world.clock.now();
    let mut last: Vec<_> = not_started.iter().map(|work| events::not_started(work, now)).collect();
    last.push(events::summary(runs.iter().map(|(run, _)| run), not_started.len(), exit.code(), now));
    streamed.finish(&last)?;
    let screen = terminal.screen();
    let mut render = |format, is_shown: bool| {
        Ok(match format {
            Format::Json => {
                let with_comparison = |(run, steps): &(Run, Vec<StepRecord>)| {
                    (run.clone(), steps.clone(), compared.get(&run.id).cloned())
                };
                let report = report::report(runs.iter().map(with_comparison).collect(), not_started.clone());
                crate::text::inert_json(&serde_json::to_string_pretty(&report)?) + "\n"
            }
            _ => summary::text(&runs, accounts, &compared, if is_shown { screen } else { PLAIN }),
        })
    };
    output::write_files(telling.files, &mut render)?;
    let is_well = |account: &Account| match &account.fate {
        Fate::Ended(_, end) => end.outcome == Outcome::Succeeded,
        Fate::NotNow(_) => true,
        _ => false,
    };
    let is_chatty = terminal.is_watched() || terminal.is_verbose();
    match telling.shown {
        Format::Jsonl => return Ok(()),
        Format::Text if args.due && runs.is_empty() && accounts.iter().all(is_well) => {
            if is_chatty {
                say_why_nothing(crew, accounts, terminal)?;
            }
        }
        Format::Text if args.due && !is_chatty && global.format.is_none() && accounts.iter().all(is_well) => {
        }
        shown => terminal.result(&render(shown, true)?)?,
    }
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

/// How monitoring compared with what it was before, by run.
fn compared(crew: &Crew, runs: &[(Run, Vec<StepRecord>)]) -> anyhow::Result<BTreeMap<RunId, Comparison>> {
    let mut found = BTreeMap::new();
    for (run, _) in runs {
        let baseline = crew.journal.state().baseline(run.id)?;
        found.extend(baseline.and_then(|baseline| baseline.compared).map(|compared| (run.id, compared)));
    }
    Ok(found)
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
