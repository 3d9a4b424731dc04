//! `mainstay plan --approve`: a person agrees to work with their SSH key.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Question;
use super::layout::columns;
use super::words::one_line;
use crate::calendar::Zone;
use crate::cli::output::{Format, chosen, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::counted;
use crate::manager::{ApproveError, Asked, Draft, Manager, Recorded};
use crate::model::ApprovalStanding;
use crate::scheduler::explain::start::AT_THE_START;
use crate::scheduler::explain::{APPROVAL, Condition, Explanation, Source};

/// What `--approve` understands.
#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// Approve the published occurrences that need it, or those of these tasks, with your SSH key
    ///
    /// What is signed names the plan file by its digest and each occurrence with its targets; when one of them
    /// changes, the approval is void. A task without a schedule has to be named: its next run within 24 hours is
    /// approved.
    #[arg(long, value_name = "TASK", num_args = 0..,
        conflicts_with_all = ["publish", "explain", "from", "from_file", "calendar", "horizon", "gantt",
            "detailed_exitcode"])]
    approve: Option<Vec<String>>,

    /// Approve the next run on demand within 24 hours, also of a task with a schedule
    #[arg(long, requires = "approve")]
    on_demand: bool,

    /// The key that signs, or the public key of one that the agent holds [env: MAINSTAY_KEY] [default: the
    /// first of ~/.ssh, then of the agent, that the signers file knows]
    #[arg(long, value_name = "PATH", requires = "approve")]
    key: Option<PathBuf>,

    /// Who signs [default: whom the signers file gives the key to]
    #[arg(long, value_name = "NAME", requires = "approve")]
    identity: Option<String>,
}

impl ApproveArgs {
    /// Whether `--approve` was given.
    pub fn is_wanted(&self) -> bool {
        self.approve.is_some()
    }
}

const FORMATS: [Format; 2] = [Format::Text, Format::Json];

/// Shows what is approved, has it signed, and records it.
pub fn run(
    args: &ApproveArgs,
    question: &Question,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, .. } = question;
    // Afterwards it would be too late to refuse a format.
    chosen(global, &FORMATS)?;
    let key = args.key.clone().or_else(key_of_environment);
    let asked = Asked {
        tasks: args.approve.as_deref().unwrap_or_default(),
        on_demand: args.on_demand,
        key: key.as_deref(),
        identity: args.identity.as_deref(),
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
    deliver(global, terminal, &FORMATS, &mut |format, _| {
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
    let row = |start: String, task: &str, targets: &[String]| {
        [start, one_line(task), one_line(&targets.join(", "))]
    };
    let occurrences = said.occurrences.iter().map(|it| row(zone.local(it.start), &it.task, &it.targets));
    let runs = said
        .on_demand
        .iter()
        .map(|it| row(format!("on demand until {}", zone.local(it.until)), &it.task, &it.targets));
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
        let _ = writeln!(text, "{} {}", one_line(name), one_line(&standing.report().in_words()));
    }
    if MOST_WAITING < waiting.len() {
        let _ = writeln!(text, "and {} more", waiting.len() - MOST_WAITING);
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
    approval: ApprovalStanding,
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
pub fn explain(explained: &mut Explanation, question: &Question, manager: &Manager) -> anyhow::Result<()> {
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
        what: APPROVAL.to_owned(),
        holds: Some(standing.is_given()),
        value: standing.in_words() + &note.unwrap_or_default(),
        source: Source::Plan { path: format!("tasks.{}.approval", explained.task), span: approval.span },
        changes: None,
    };
    let is_last = |condition: &Condition| AT_THE_START.contains(&condition.what.as_str());
    let at = explained.conditions.iter().position(is_last);
    explained.conditions.insert(at.unwrap_or(explained.conditions.len()), condition);
    Ok(())
}
