//! `mainstay plan --approve`: a person agrees to work with their SSH key.

use std::io::IsTerminal;
use std::path::PathBuf;

use serde::Serialize;

use super::Question;
use super::text::{columns, one_line};
use crate::calendar::Zone;
use crate::cli::output::{Format, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::counted;
use crate::manager::{ApproveError, Asked, Draft, Manager, Recorded};
use crate::scheduler::explain::{Condition, Explanation, Source};
use crate::security::approval::ApprovalReport;

/// What was asked for on the command line.
pub struct Options {
    pub tasks: Vec<String>,
    pub on_demand: bool,
    pub key: Option<PathBuf>,
    pub identity: Option<String>,
}

/// Shows what is approved, has it signed, and records it.
pub fn run(
    options: &Options,
    question: &Question,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, .. } = question;
    let key = options.key.clone().or_else(key_of_environment);
    let asked = Asked {
        tasks: &options.tasks,
        on_demand: options.on_demand,
        key: key.as_deref(),
        identity: options.identity.as_deref(),
    };
    let draft = match manager.draft_approval(plan, &loaded.digest, &asked) {
        // Whoever asks twice has what they want.
        Err(ApproveError::NothingLeft(reasons)) if !reasons.is_empty() => {
            terminal.status(&one_line(&ApproveError::NothingLeft(reasons).to_string()));
            return Ok(Exit::Done);
        }
        drafted => drafted?,
    };
    terminal.status(&preview(&draft, zone));
    for left_out in &draft.left_out {
        terminal.warning(&one_line(left_out));
    }
    let may_ask = std::io::stdin().is_terminal();
    let recorded = manager.approve(plan, &loaded.digest, &draft, may_ask)?;
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, _| {
        Ok(match format {
            Format::Json => serde_json::to_string_pretty(&report(&draft, &recorded))? + "\n",
            _ => summary(&draft, &recorded),
        })
    })?;
    Ok(Exit::Done)
}

fn key_of_environment() -> Option<PathBuf> {
    std::env::var_os("MAINSTAY_KEY").filter(|key| !key.is_empty()).map(PathBuf::from)
}

/// What is about to be signed, by whom, with which key.
fn preview(draft: &Draft, zone: &Zone) -> String {
    let said = &draft.statement;
    let row = |start: String, task: &str, targets: &[String]| [start, one_line(task), one_line(&targets.join(", "))];
    let occurrences = said.occurrences.iter().map(|it| row(zone.local(it.start), &it.task, &it.targets));
    let runs = said.on_demand.iter().map(|it| {
        row(format!("on demand until {}", zone.local(it.until)), &it.task, &it.targets)
    });
    let table = columns(&["START", "TASK", "TARGETS"], occurrences.chain(runs), None);
    let by = format!("as {} with {}", said.who, draft.signatory.public.fingerprint());
    format!("{}approving this {}", table, one_line(&by))
}

/// More occurrences that still wait are counted.
const MOST_WAITING: usize = 5;

fn summary(draft: &Draft, recorded: &Recorded) -> String {
    let said = &draft.statement;
    let mut what = Vec::new();
    if !said.occurrences.is_empty() {
        what.push(counted(said.occurrences.len(), "occurrence"));
    }
    if !said.on_demand.is_empty() {
        what.push(format!("{} on demand", counted(said.on_demand.len(), "run")));
    }
    let mut text = format!(
        "approved {} as {}: entry {} of the ledger\n",
        what.join(" and "),
        one_line(&said.who),
        recorded.entry
    );
    let waiting: Vec<_> = recorded.standings.iter().filter(|(_, standing)| !standing.is_given()).collect();
    for (subject, standing) in waiting.iter().take(MOST_WAITING) {
        let name = subject.occurrence.as_ref().map_or(&subject.task, |occurrence| &occurrence.0);
        text.push_str(&format!("{} {}\n", one_line(name), one_line(&standing.report().in_words())));
    }
    if MOST_WAITING < waiting.len() {
        text.push_str(&format!("and {} more\n", waiting.len() - MOST_WAITING));
    }
    text
}

/// An approval as `plan --approve --format json` tells it: `mainstay/approve/v1`.
#[derive(Serialize)]
struct ApproveReport<'a> {
    schema: &'static str,
    /// Its place in the ledger.
    entry: u64,
    who: &'a str,
    /// The fingerprint of the key.
    key: String,
    /// What was signed, without its line feed.
    statement: &'a str,
    signature: &'a str,
    approved: Vec<ApprovedReport<'a>>,
}

#[derive(Serialize)]
struct ApprovedReport<'a> {
    /// The occurrence; null on demand.
    id: Option<&'a str>,
    task: &'a str,
    approval: ApprovalReport,
}

fn report<'a>(draft: &'a Draft, recorded: &'a Recorded) -> ApproveReport<'a> {
    let approved = recorded.standings.iter().map(|(subject, standing)| ApprovedReport {
        id: subject.occurrence.as_ref().map(|occurrence| occurrence.0.as_str()),
        task: &subject.task,
        approval: standing.report(),
    });
    ApproveReport {
        schema: "mainstay/approve/v1",
        entry: recorded.entry,
        who: &draft.statement.who,
        key: draft.signatory.public.fingerprint(),
        statement: &recorded.statement,
        signature: &recorded.signature,
        approved: approved.collect(),
    }
}

/// Adds to an explanation which approvals the task waits for, before what only the run itself finds out.
pub fn explain(
    explained: &mut Explanation,
    question: &Question,
    manager: &Manager,
) -> anyhow::Result<()> {
    let Question { plan, loaded, now, .. } = question;
    let Some(approval) = plan.tasks.get(&explained.task).and_then(|task| task.approval.as_ref()) else {
        return Ok(());
    };
    let placed = explained.next.as_ref().map(|next| &next.occurrence);
    let occurrence = placed.or_else(|| explained.unplaced.first().map(|unplaced| &unplaced.occurrence));
    let id = occurrence.map(|occurrence| &occurrence.id);
    let Some(standing) = manager.approval_of(plan, &loaded.digest, &explained.task, id, *now)? else {
        return Ok(());
    };
    let note = standing.note().filter(|_| !standing.is_given()).map(|note| format!(" ({note})"));
    let condition = Condition {
        what: "approval".to_owned(),
        holds: Some(standing.is_given()),
        value: standing.in_words() + &note.unwrap_or_default(),
        source: Source::Plan { path: format!("tasks.{}.approval", explained.task), span: approval.span },
        changes: None,
    };
    let at = explained.conditions.iter().position(|condition| condition.holds.is_none());
    explained.conditions.insert(at.unwrap_or(explained.conditions.len()), condition);
    Ok(())
}
