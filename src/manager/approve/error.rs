//! Why nothing was approved, and what to do about it.

use crate::ledger::chain::LineError;
use crate::scheduler::ScheduleError;
use crate::security::approval::SignersError;
use crate::security::approval::propose::Changed;
use crate::security::approval::signing::SigningError;
use crate::state::StateError;
use crate::world::ssh::SshError;

/// Nothing was approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    /// There is no such task.
    #[error("there is no task `{name}`")]
    NoSuchTask {
        /// What was asked for.
        name: String,
        /// The tasks that there are.
        known: Vec<String>,
    },
    /// It needs no approval.
    #[error("task `{0}` needs no approval: it has no `approval`")]
    NotNeeded(String),
    /// Which runs on demand was not said.
    #[error(
        "a run on demand is approved for the tasks that are named: `mainstay plan --approve TASK --on-demand`"
    )]
    NoTaskNamed,
    /// No task needs one.
    #[error("no task with a schedule needs an approval")]
    NoneNeeded,
    /// Nothing is in force.
    #[error("nothing is published yet, so that there is nothing to approve")]
    NothingPublished,
    /// What is in force was made from another plan file.
    #[error("the plan file has changed since revision {0} was published")]
    OtherPlanFile(u64),
    /// The schedule is not what was published any more.
    #[error("the schedule is not as revision {revision} has it: {}", sentence(changed))]
    Changed {
        /// The revision in force.
        revision: u64,
        /// What differs.
        changed: Vec<Changed>,
    },
    /// All is approved already, or nothing comes.
    #[error("nothing is left to approve{}", because(.0))]
    NothingLeft(Vec<String>),
    /// The one who signs may approve nothing of it.
    #[error("`{who}` can approve nothing of this{}", because(why))]
    NotByThem {
        /// Who.
        who: String,
        /// Why not, a sentence each.
        why: Vec<String>,
    },
    /// The signers file cannot be used.
    #[error(transparent)]
    Signers(#[from] SignersError),
    /// Nobody can sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The signature could not be made.
    #[error("the approval was not signed")]
    NotSigned(#[source] SshError),
    /// The signature could not be verified.
    #[error("the signature cannot be verified, and nothing was recorded")]
    NotVerified(#[source] SshError),
    /// The signature is not good.
    #[error("the signature is not one of `{who}`, and nothing was recorded: {why}")]
    NotGood {
        /// Who signed.
        who: String,
        /// What is wrong.
        why: String,
    },
    /// The plan file asks for what cannot be scheduled.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The statement has no text.
    #[error(transparent)]
    Line(#[from] LineError),
}

impl ApproveError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NothingPublished | Self::OtherPlanFile(_) | Self::Changed { .. } => {
                Some("`mainstay plan --publish` puts the schedule in force; then approve it".to_owned())
            }
            Self::NoSuchTask { known, .. } => Some(format!("the tasks are {}", known.join(", "))),
            Self::NoneNeeded => {
                Some("name a task that runs on demand: `mainstay plan --approve TASK`".to_owned())
            }
            Self::NotSigned(SshError::Refused { said, .. }) if said.contains("passphrase") => {
                Some("run it on a terminal, or give the key to an agent first: `ssh-add KEY`".to_owned())
            }
            Self::NotSigned(SshError::Refused { said, .. }) if said.starts_with("No private key") => {
                Some("give the key to the agent: `ssh-add KEY`".to_owned())
            }
            Self::Signing(error) => error.help(),
            _ => None,
        }
    }
}

fn sentence(changed: &[Changed]) -> String {
    grouped(&changed.iter().map(as_left_out).collect::<Vec<_>>()).join("; ")
}

fn because(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

/// What is no part of an approval, and why.
pub(super) type LeftOut = (String, String);

pub(super) fn as_left_out(changed: &Changed) -> LeftOut {
    (changed.occurrence.0.clone(), changed.how.in_words().to_owned())
}

/// A sentence for each reason, with the names of all that it is the reason for.
pub(super) fn grouped(left_out: &[LeftOut]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in left_out {
        match groups.iter_mut().find(|(of, _)| of == why) {
            Some((_, names)) => names.push(name),
            None => groups.push((why, vec![name])),
        }
    }
    groups.into_iter().map(|(why, names)| format!("{}: {why}", some_of(&names))).collect()
}

/// More names than these are counted.
const MOST_NAMES: usize = 3;

fn some_of(names: &[&str]) -> String {
    let shown = names[..names.len().min(MOST_NAMES)].join(", ");
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
