//! Approvals: who has to agree before work starts, and whether they did.
//!
//! An approval speaks of one plan file (by its SHA-256), one ledger, and occurrences with their targets; it is worth
//! nothing for any other. It does not depend on the start: an occurrence that moves within the windows of the same
//! plan file is still the one that was approved. For a run on demand it counts once, within [`ON_DEMAND_FOR`].
//!
//! 1. An approval counts when its signature verifies now, by a key that the signers file allowed its signer when the
//!    approval was recorded; a key whose line has gone from that file has approved nothing.
//! 2. N approvals are those of N people with N keys.
//! 3. Security work is approved by somebody other than its author, the plan file's `owner`.

pub mod propose;
pub mod signing;
mod standing;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

pub use standing::{Given, Standing, Void};

use super::signers::signers;
use super::{is_called, names_of};
use crate::model::{
    APPROVAL_NAMESPACE, APPROVAL_SCHEMA, Approval, ApprovalStatement, Domain, OccurrenceId, PlanFile, Task,
};
use crate::planfile::{self, LoadError};
use crate::state::{RecordedApproval, State, StateError};
use crate::world::ssh::{self, Signature, fingerprint};

/// How long an approval of a run on demand holds.
pub const ON_DEMAND_FOR: TimeDelta = TimeDelta::hours(24);

/// Why an approval by the author of the plan does not count, or is not signed.
pub const NOT_BY_ITS_AUTHOR: &str =
    "security work is approved by somebody other than its author, the `owner`";

/// Work that needs approval.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// Its task.
    pub task: &'a str,
    /// The occurrence; `None` on demand.
    pub occurrence: Option<&'a OccurrenceId>,
    /// The targets, in order.
    pub targets: &'a [String],
}

/// The approvals of one plan file. May be shared between threads; each signature is verified once.
#[derive(Debug)]
pub struct Approvals<'a> {
    plan: &'a PlanFile,
    plan_digest: &'a str,
    folder: PathBuf,
    signers: OnceLock<Result<String, SignersError>>,
    known: Mutex<HashMap<u64, Arc<Known>>>,
}

/// The signers file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignersError {
    /// The plan file names none.
    #[error("`access` names no signers file, so that no approval can be checked")]
    None,
    /// It cannot be read.
    #[error("cannot read the signers file `{}`: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Others could give themselves the right to approve.
    #[error(
        "the signers file `{p}` can be written by {who}, who could approve anything; run `chmod go-w {p}`",
        p = path.display()
    )]
    WritableByOthers {
        /// Which.
        path: PathBuf,
        /// Who can write it.
        who: &'static str,
    },
}

/// An approval, and what was found out about it.
#[derive(Debug)]
struct Known {
    recorded: RecordedApproval,
    statement: Option<Statement>,
    signature: OnceLock<Result<Signature, String>>,
}

/// A statement whose occurrences are found fast: there may be thousands.
#[derive(Debug)]
struct Statement {
    said: ApprovalStatement,
    occurrences: HashMap<OccurrenceId, usize>,
}

impl<'a> Approvals<'a> {
    /// The approvals of `plan`, which lies at `file`; nothing is read yet.
    pub fn new(plan: &'a PlanFile, plan_digest: &'a str, file: &Path) -> Self {
        Self {
            plan,
            plan_digest,
            folder: planfile::folder_of(file).to_owned(),
            signers: OnceLock::new(),
            known: Mutex::default(),
        }
    }

    /// Whether any task needs an approval.
    pub fn are_needed(&self) -> bool {
        self.plan.tasks.iter().any(|(_, task)| task.approval.is_some())
    }

    /// The content of the signers file.
    ///
    /// # Errors
    /// [`SignersError`].
    pub fn signers(&self) -> Result<&str, SignersError> {
        let read = || read_signers(self.plan, &self.folder);
        self.signers.get_or_init(read).as_deref().map_err(Clone::clone)
    }

    /// The people who hold a role.
    pub fn members(&self, role: &str) -> &'a [String] {
        let access = self.plan.access.as_ref();
        access.and_then(|access| access.roles.get(role)).map_or(&[], Vec::as_slice)
    }

    /// How work stands to its approvals at `now`; `None` when it needs none.
    ///
    /// Without a state file nothing was ever approved.
    ///
    /// # Errors
    /// [`StateError`]. That signatures cannot be verified is no error but a part of the answer.
    pub fn standing(
        &self,
        state: Option<&State>,
        work: &Work,
        now: DateTime<Utc>,
    ) -> Result<Option<Standing>, StateError> {
        let Some(task) = self.plan.tasks.get(work.task) else { return Ok(None) };
        let Some(Approval { required, from }) = task.approval.as_deref() else { return Ok(None) };
        let (mut good, mut void, mut unknown) = (Vec::new(), Vec::new(), None);
        if let Some(state) = state {
            let origin = state.origin()?.unwrap_or_default();
            for entry in state.approvals_of(work.task, work.occurrence)? {
                let Some(known) = self.known(state, entry)? else { continue };
                let who =
                    || known.statement.as_ref().map_or("somebody", |it| it.said.who.as_str()).to_owned();
                // One that has served its purpose, or did so days ago, is history.
                if work.occurrence.is_none()
                    && (known.is_long_over(work.task, now)
                        || state.approval_used_by(work.task, entry)?.is_some())
                {
                    continue;
                }
                let why = self.other_work(&known, &origin, work, now);
                match why.map_or_else(|| self.key_of(&known, task, &from.value), |why| Ok(Err(why))) {
                    Ok(Ok(key)) => good.push(Given { who: who(), key, entry }),
                    Ok(Err(why)) => void.push(Void { who: who(), why }),
                    Err(why) => unknown = Some(format!("approvals cannot be verified: {why}")),
                }
            }
        }
        Ok(Some(Standing::of(required.value, &from.value, &good, void, unknown)))
    }

    /// How work that began at `started` stood to the approvals that it rested on, which are on record in the ledger
    /// `origin`; `None` when its task, as it was by then, needed none.
    pub fn on_record(
        &self,
        (origin, recorded): (&str, &[RecordedApproval]),
        (work, task): (&Work, &Task),
        started: DateTime<Utc>,
    ) -> Option<Standing> {
        let Approval { required, from } = task.approval.as_deref()?;
        let (mut good, mut void, mut unknown) = (Vec::new(), Vec::new(), None);
        for recorded in recorded {
            let known = self.remember(recorded.entry, || recorded.clone());
            let who = known.statement.as_ref().map_or("somebody", |it| it.said.who.as_str()).to_owned();
            let why = self.other_work(&known, origin, work, started);
            match why.map_or_else(|| self.key_of(&known, task, &from.value), |why| Ok(Err(why))) {
                Ok(Ok(key)) => good.push(Given { who, key, entry: recorded.entry }),
                Ok(Err(why)) => void.push(Void { who, why }),
                Err(why) => unknown = Some(format!("approvals cannot be verified: {why}")),
            }
        }
        Some(Standing::of(required.value, &from.value, &good, void, unknown))
    }

    fn remember(&self, entry: u64, recorded: impl FnOnce() -> RecordedApproval) -> Arc<Known> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(entry).or_insert_with(|| {
            let recorded = recorded();
            let statement = Statement::parse(&recorded.statement);
            Arc::new(Known { statement, recorded, signature: OnceLock::new() })
        });
        Arc::clone(known)
    }

    fn known(&self, state: &State, entry: u64) -> Result<Option<Arc<Known>>, StateError> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&entry) {
            return Ok(Some(Arc::clone(known)));
        }
        let recorded = state.approval(entry)?;
        Ok(recorded.map(|recorded| self.remember(entry, || recorded)))
    }

    /// Why an approval is not about this work, by what it says.
    fn other_work(&self, known: &Known, origin: &str, work: &Work, now: DateTime<Utc>) -> Option<String> {
        let Some(Statement { said, occurrences }) = &known.statement else {
            return Some(
                "it cannot be understood: a newer mainstay wrote it, or somebody changed it".to_owned(),
            );
        };
        if said.ledger != origin {
            return Some("it was given for another ledger".to_owned());
        }
        if said.plan != self.plan_digest {
            let (then, now) = (short(&said.plan), short(self.plan_digest));
            return Some(format!("the plan file has changed since, from sha256 {then} to {now}"));
        }
        let targets = if let Some(occurrence) = work.occurrence {
            occurrences.get(occurrence).map(|place| &said.occurrences[*place].targets)
        } else {
            let run = said.on_demand.iter().find(|run| run.task == work.task);
            if let Some(run) = run.filter(|run| run.until <= now) {
                let until = run.until.to_rfc3339_opts(SecondsFormat::Secs, true);
                return Some(format!("it ended at {until}"));
            }
            run.map(|run| &run.targets)
        };
        match targets {
            Some(targets) if targets == work.targets => None,
            Some(_) => Some("its targets are others now".to_owned()),
            None => Some("it is about other work".to_owned()),
        }
    }

    /// The fingerprint of the key that signed, or why the signature does not count.
    ///
    /// # Errors
    /// Why it could not be verified.
    fn key_of(&self, known: &Known, task: &Task, role: &str) -> Result<Result<String, String>, String> {
        let Some(Statement { said, .. }) = &known.statement else { return Ok(Err(String::new())) };
        if !self.members(role).contains(&said.who) {
            return Ok(Err(format!("it needs the role `{role}`")));
        }
        let signers = self.signers().map_err(|error| error.to_string())?;
        let recorded = &known.recorded;
        let verify = || {
            let text = format!("{}\n", recorded.statement);
            let when = recorded.recorded;
            ssh::verify(signers, &said.who, APPROVAL_NAMESPACE, &recorded.signature, &text, when)
                .map_err(|error| crate::in_words(&error))
        };
        let key = match known.signature.get_or_init(verify).clone()? {
            Signature::Good(key) => key,
            Signature::Bad(why) => return Ok(Err(format!("its signature is not good: {why}"))),
        };
        let is_own = task.domain.value == Domain::Security && self.is_author(&said.who, &key);
        Ok(if is_own { Err(NOT_BY_ITS_AUTHOR.to_owned()) } else { Ok(key) })
    }

    /// Whether somebody, or who holds this key, is the author of the plan.
    pub fn is_author(&self, who: &str, key: &str) -> bool {
        let Some(author) = &self.plan.owner else { return false };
        let signers = self.signers().map(signers).unwrap_or_default();
        let is_of_author = |name: &str| {
            let own = signers.iter().filter(|signer| !signer.is_authority && signer.speaks_of(name));
            own.filter_map(|signer| fingerprint(signer.key)).any(|own| own == key)
        };
        is_called(author, who) || names_of(author).any(is_of_author)
    }
}

impl Known {
    /// Whether it spoke of a run on demand that nobody waits for any more.
    fn is_long_over(&self, task: &str, now: DateTime<Utc>) -> bool {
        let said = self.statement.as_ref().map(|statement| &statement.said);
        let run = said.and_then(|said| said.on_demand.iter().find(|run| run.task == task));
        run.is_some_and(|run| run.until + ON_DEMAND_FOR < now)
    }
}

impl Statement {
    fn parse(text: &str) -> Option<Self> {
        let said: ApprovalStatement = serde_json::from_str(text).ok()?;
        if said.schema != APPROVAL_SCHEMA {
            return None;
        }
        let ids = said.occurrences.iter().enumerate();
        let occurrences = ids.map(|(place, approved)| (approved.id.clone(), place)).collect();
        Some(Self { said, occurrences })
    }
}

fn read_signers(plan: &PlanFile, folder: &Path) -> Result<String, SignersError> {
    let named = plan.access.as_ref().and_then(|access| access.signers.as_ref()).ok_or(SignersError::None)?;
    let path = folder.join(&named.value);
    let unreadable = |why: String| SignersError::Unreadable { path: path.clone(), why };
    let text = planfile::load(&path).map_err(|error| match error {
        LoadError::NotFound { .. } => unreadable("it is not there".to_owned()),
        LoadError::NotAFile { what, .. } => unreadable(format!("it is {what}")),
        LoadError::Io { source, .. } => unreadable(source.to_string()),
        other => unreadable(other.to_string()),
    })?;
    // Root trusts nobody else; whoever else runs the work may share the file with a group, not with everybody.
    let is_root = rustix::process::geteuid().is_root();
    match text.writers {
        Some(who) if is_root || who == planfile::EVERYBODY => {
            Err(SignersError::WritableByOthers { path, who })
        }
        _ => Ok(text.source.text),
    }
}

/// The beginning of a digest, enough to tell two apart.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
