//! `mainstay plan --from-file`: a plan that was written before, shown again or published.

use std::path::{Path, PathBuf};

use super::words::one_line;
use super::{Question, Wanted, show};
use crate::cli::output::{Format, OutputError};
use crate::cli::{Exit, Global, Terminal};
use crate::manager::Manager;
use crate::scheduler;
use crate::scheduler::report::Proposal;
use crate::scheduler::report::saved::{Outdated, Saved, SavedError};

/// The file holds no saved plan.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the plan in `{}`", path.display())]
pub struct NoSavedPlan {
    path: PathBuf,
    source: SavedError,
}

/// The world has moved on since a plan was saved.
#[derive(Debug, thiserror::Error)]
#[error("the plan in `{}` cannot be published: {}", path.display(), sentence(reasons))]
pub struct CannotPublish {
    path: PathBuf,
    reasons: Vec<Outdated>,
}

impl CannotPublish {
    /// What to do about it.
    pub fn help(&self) -> String {
        let path = self.path.display();
        format!("`mainstay plan --output json={path}` computes it anew, to be looked at once more")
    }
}

fn sentence(reasons: &[Outdated]) -> String {
    let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    one_line(&reasons.join("; "))
}

/// Shows a saved plan, or publishes it.
pub fn run(
    question: Question,
    path: &Path,
    wanted: Wanted,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let json = std::fs::read_to_string(path)
        .map_err(|source| OutputError::Read { path: path.to_owned(), source })?;
    let saved = Saved::parse(&json).map_err(|source| NoSavedPlan { path: path.to_owned(), source })?;
    let reasons = outdated(&question, &saved)?;
    if !wanted.publish {
        return show_saved((&question, &saved, &reasons), path, wanted, global, manager, terminal);
    }
    if !reasons.is_empty() {
        return Err(CannotPublish { path: path.to_owned(), reasons }.into());
    }
    // Each of its starts is possible, as the check has shown.
    let schedule = &saved.computed.schedule;
    let question = Question { from: schedule.from, until: schedule.until, ..question };
    super::conclude(&question, saved.computed, wanted, global, manager, terminal)
}

/// What keeps it from being published.
fn outdated(question: &Question, saved: &Saved) -> anyhow::Result<Vec<Outdated>> {
    let Question { plan, loaded, past, .. } = question;
    let published = past.published.as_ref();
    let proposed = &saved.computed.schedule;
    let is_same_plan = proposed.plan_digest == loaded.digest;
    let now = is_same_plan
        .then(|| scheduler::recompute(plan, &loaded.digest, &past.history, published, proposed))
        .transpose()?;
    Ok(saved.outdated(&loaded.digest, published.map(|published| published.revision), now.as_ref()))
}

fn show_saved(
    (question, saved, reasons): (&Question, &Saved, &[Outdated]),
    path: &Path,
    wanted: Wanted,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let proposal = Proposal {
        plan: &question.plan,
        zone: &question.zone,
        computed: &saved.computed,
        approvals: &saved.approvals,
        changes: &saved.changes,
        dropped: &saved.dropped,
        drift: &saved.drift,
        debt: &saved.debt,
        blind: &saved.blind,
        base: saved.base,
        is_published: saved.is_published,
        at: saved.at,
    };
    show::show(question, &proposal, wanted, global, manager, terminal)?;
    if saved.is_published {
        // It is the record of a publication; nobody means to repeat it.
    } else if !reasons.is_empty() {
        terminal.warning(&format!("this plan cannot be published any more: {}", sentence(reasons)));
    } else if global.format.unwrap_or(Format::Text) == Format::Text {
        let path = one_line(&path.to_string_lossy());
        terminal.hint(&format!("`mainstay plan --from-file {path} --publish` makes this the schedule"));
    }
    Ok(if wanted.detailed_exitcode && !saved.changes.is_empty() { Exit::No } else { Exit::Done })
}
