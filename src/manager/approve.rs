//! Approving: what there is to approve, who may, the signature, and its record.

mod error;

use std::collections::HashSet;
use std::path::Path;

use chrono::{DateTime, SubsecRound, Utc};

pub use error::ApproveError;
use error::{LeftOut, as_left_out, grouped};

use super::Manager;
use crate::executor::history_of;
use crate::ledger::chain;
use crate::model::{
    APPROVAL_NAMESPACE, APPROVAL_SCHEMA, Approval, ApprovalStatement, Domain, Event, InForce, OccurrenceId,
    PlanFile, Task,
};
use crate::scheduler;
use crate::security::approval::propose::{self, Offer};
use crate::security::approval::signing::{self, Signatory, Wanted};
use crate::security::approval::{Approvals, NOT_BY_ITS_AUTHOR, Standing, Work};
use crate::state::{Access, State};
use crate::world::ssh::{self, Signature};

/// What a person asks to approve.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// These tasks; none: every task with a schedule that needs an approval.
    pub tasks: &'a [String],
    /// The next run on demand, also of tasks with a schedule.
    pub on_demand: bool,
    /// The key file to sign with.
    pub key: Option<&'a Path>,
    /// The principal to sign as.
    pub identity: Option<&'a str>,
}

/// An approval that is not signed yet.
#[derive(Debug)]
pub struct Draft {
    /// What will be signed.
    pub statement: ApprovalStatement,
    /// Who signs it.
    pub signatory: Signatory,
    /// What was asked for and cannot be part of it, a sentence each.
    pub left_out: Vec<String>,
}

/// An approval that is on record.
#[derive(Debug)]
pub struct Recorded {
    /// Its place in the ledger.
    pub entry: u64,
    /// The text that was signed, without its line feed.
    pub statement: String,
    /// The armored signature.
    pub signature: String,
    /// How all that it speaks of stands now.
    pub standings: Vec<(Subject, Standing)>,
}

/// What an approval is about: an occurrence, or a task's next run on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The task.
    pub task: String,
    /// The occurrence; `None`: on demand.
    pub occurrence: Option<OccurrenceId>,
}

impl Manager {
    /// Finds out what `asked` comes to, and who signs it. Signs nothing and records nothing.
    ///
    /// # Errors
    /// [`ApproveError`].
    pub fn draft_approval(
        &self,
        plan: &PlanFile,
        digest: &str,
        asked: &Asked,
    ) -> Result<Draft, ApproveError> {
        // With milliseconds, so that no two approvals of one person are the same words.
        let when = self.clock().now().trunc_subsecs(3);
        let now = when.trunc_subsecs(0);
        let (scheduled, on_demand) = tasks_of(plan, asked)?;
        let approvals = Approvals::new(plan, digest, &self.file);
        let state = match self.existing_state()? {
            // An approval of what nothing was published for needs a ledger all the same.
            None if scheduled.is_empty() => Some(self.state(Access::ReadWrite)?),
            existing => existing,
        };
        let schedule = state.as_ref().map(State::in_force).transpose()?.flatten();
        let mut offer = Offer::default();
        if !scheduled.is_empty() {
            let (state, in_force) =
                state.as_ref().zip(schedule.as_ref()).ok_or(ApproveError::NothingPublished)?;
            offer = of_schedule(plan, digest, state, in_force, &scheduled, now)?;
        }
        offer.on_demand = on_demand.iter().filter_map(|name| propose::on_demand(plan, name, now)).collect();
        let Some(state) = state else { return Err(ApproveError::NothingPublished) };
        let signatory = Self::signatory(plan, &approvals, scheduled.iter().chain(&on_demand), asked, now)?;
        let mut left_out: Vec<_> = offer.changed.iter().map(as_left_out).collect();
        let left = Left { plan, approvals: &approvals, state: &state, signatory: &signatory, now };
        let is_refused = left.take_what_needs_it(&mut offer, &mut left_out)?;
        if offer.occurrences.is_empty() && offer.on_demand.is_empty() {
            let revision = schedule.map_or(0, |schedule| schedule.revision);
            return Err(match () {
                () if is_refused => ApproveError::NotByThem { who: signatory.who, why: grouped(&left_out) },
                () if offer.changed.is_empty() => ApproveError::NothingLeft(grouped(&left_out)),
                () => ApproveError::Changed { revision, changed: offer.changed },
            });
        }
        let statement = ApprovalStatement {
            schema: APPROVAL_SCHEMA.to_owned(),
            ledger: state.origin()?.unwrap_or_default(),
            plan: digest.to_owned(),
            schedule,
            occurrences: offer.occurrences,
            on_demand: offer.on_demand,
            who: signatory.who.clone(),
            when,
        };
        Ok(Draft { statement, signatory, left_out: grouped(&left_out) })
    }

    /// Has a draft signed, and records it. With `may_ask`, a person can be asked for a passphrase.
    ///
    /// # Errors
    /// [`ApproveError`]; then nothing was recorded.
    pub fn approve(
        &self,
        plan: &PlanFile,
        digest: &str,
        draft: &Draft,
        may_ask: bool,
    ) -> Result<Recorded, ApproveError> {
        let approvals = Approvals::new(plan, digest, &self.file);
        let Draft { statement: said, signatory, .. } = draft;
        let statement = chain::canonical(said)?;
        let text = format!("{statement}\n");
        let signature =
            ssh::sign(&signatory.key, APPROVAL_NAMESPACE, &text, may_ask).map_err(ApproveError::NotSigned)?;
        let signers = approvals.signers()?;
        let verified = ssh::verify(signers, &said.who, APPROVAL_NAMESPACE, &signature, &text, said.when);
        match verified.map_err(ApproveError::NotVerified)? {
            Signature::Good(_) => {}
            Signature::Bad(why) => return Err(ApproveError::NotGood { who: said.who.clone(), why }),
        }
        let state = self.state(Access::ReadWrite)?;
        let event = Event::ApprovalGiven { statement: statement.clone(), signature: signature.clone() };
        let base = said.schedule.as_ref().map_or(0, |schedule| schedule.revision);
        let entry = state.approve(&event, base)?.seq;
        let mut standings = Vec::new();
        for (subject, targets) in subjects(said) {
            let work =
                Work { task: &subject.task, occurrence: subject.occurrence.as_ref(), targets: &targets };
            let standing = approvals.standing(Some(&state), &work, said.when)?;
            standings.extend(standing.map(|standing| (subject.clone(), standing)));
        }
        Ok(Recorded { entry, statement, signature, standings })
    }

    fn signatory<'a>(
        plan: &PlanFile,
        approvals: &Approvals,
        tasks: impl Iterator<Item = &'a String>,
        asked: &Asked,
        now: DateTime<Utc>,
    ) -> Result<Signatory, ApproveError> {
        let mut roles: Vec<&str> = Vec::new();
        for approval in tasks.filter_map(|name| plan.tasks.get(name)?.approval.as_deref()) {
            if !roles.contains(&approval.from.value.as_str()) {
                roles.push(&approval.from.value);
            }
        }
        let members: Vec<_> = roles.iter().flat_map(|role| approvals.members(role)).cloned().collect();
        let roles: Vec<_> = roles.iter().map(|role| format!("`{role}`")).collect();
        let wanted = Wanted {
            key: asked.key,
            identity: asked.identity,
            signers: approvals.signers()?,
            members: &members,
            roles: &roles.join(" or "),
        };
        Ok(signing::signatory(&wanted, now)?)
    }
}

/// The tasks whose occurrences, and those whose next run on demand is to be approved.
fn tasks_of(plan: &PlanFile, asked: &Asked) -> Result<(Vec<String>, Vec<String>), ApproveError> {
    if asked.tasks.is_empty() && asked.on_demand {
        return Err(ApproveError::NoTaskNamed);
    }
    if asked.tasks.is_empty() {
        let is_asked = |task: &Task| task.approval.is_some() && task.schedule.is_some();
        let scheduled: Vec<_> = plan
            .tasks
            .iter()
            .filter(|(_, task)| is_asked(task))
            .map(|(name, _)| name.value.clone())
            .collect();
        return if scheduled.is_empty() {
            Err(ApproveError::NoneNeeded)
        } else {
            Ok((scheduled, Vec::new()))
        };
    }
    let (mut scheduled, mut on_demand) = (Vec::new(), Vec::new());
    for name in asked.tasks {
        let Some(task) = plan.tasks.get(name) else {
            let known = plan.tasks.names().map(str::to_owned).collect();
            return Err(ApproveError::NoSuchTask { name: name.clone(), known });
        };
        if task.approval.is_none() {
            return Err(ApproveError::NotNeeded(name.clone()));
        }
        let of_kind =
            if asked.on_demand || task.schedule.is_none() { &mut on_demand } else { &mut scheduled };
        if !of_kind.contains(name) {
            of_kind.push(name.clone());
        }
    }
    Ok((scheduled, on_demand))
}

fn of_schedule(
    plan: &PlanFile,
    digest: &str,
    state: &State,
    in_force: &InForce,
    tasks: &[String],
    now: DateTime<Utc>,
) -> Result<Offer, ApproveError> {
    let Some(published) = state.published()? else { return Err(ApproveError::NothingPublished) };
    if published.plan_digest != digest {
        return Err(ApproveError::OtherPlanFile(in_force.revision));
    }
    let history = history_of(&state.history()?, plan);
    let until = published.until.max(now + chrono::TimeDelta::seconds(1));
    let computed = scheduler::compute(plan, digest, &history, Some(&published), now, until)?;
    let tasks: HashSet<_> = tasks.iter().map(String::as_str).collect();
    let is_asked = |task: &str| tasks.contains(task);
    Ok(propose::of_schedule(&published, &computed.schedule, &history, is_asked, now))
}

/// What of an offer its signatory still has to approve.
struct Left<'a> {
    plan: &'a PlanFile,
    approvals: &'a Approvals<'a>,
    state: &'a State,
    signatory: &'a Signatory,
    now: DateTime<Utc>,
}

/// Why something is no part of an approval.
enum Why {
    /// It has what it needs, or has it from this person.
    Given(String),
    /// This person must not.
    Refused(String),
}

impl Left<'_> {
    /// Keeps what needs this person's approval; returns whether anything is left out because they must not give it.
    fn take_what_needs_it(
        &self,
        offer: &mut Offer,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<bool, ApproveError> {
        let mut is_refused = false;
        let mut is_left_out = |name: &str, why: Option<Why>| {
            is_refused |= matches!(why, Some(Why::Refused(_)));
            let Some(Why::Refused(why) | Why::Given(why)) = why else { return false };
            left_out.push((name.to_owned(), why));
            true
        };
        for it in std::mem::take(&mut offer.occurrences) {
            let why =
                self.why_not(&Work { task: &it.task, occurrence: Some(&it.id), targets: &it.targets })?;
            if !is_left_out(&it.id.0, why) {
                offer.occurrences.push(it);
            }
        }
        for it in std::mem::take(&mut offer.on_demand) {
            let why = self.why_not(&Work { task: &it.task, occurrence: None, targets: &it.targets })?;
            if !is_left_out(&it.task, why) {
                offer.on_demand.push(it);
            }
        }
        Ok(is_refused)
    }

    /// Why this person need not, or must not, approve this work.
    fn why_not(&self, work: &Work) -> Result<Option<Why>, ApproveError> {
        let who = &self.signatory.who;
        let Some(task) = self.plan.tasks.get(work.task) else { return Ok(None) };
        let Some(Approval { from, .. }) = task.approval.as_deref() else { return Ok(None) };
        if !self.approvals.members(&from.value).contains(who) {
            return Ok(Some(Why::Refused(format!("it takes the role `{}`", from.value))));
        }
        let is_security = task.domain.value == Domain::Security;
        if is_security && self.approvals.is_author(who, &self.signatory.public.fingerprint()) {
            return Ok(Some(Why::Refused(NOT_BY_ITS_AUTHOR.to_owned())));
        }
        let standing = self.approvals.standing(Some(self.state), work, self.now)?;
        Ok(standing.and_then(|standing| match () {
            () if standing.is_given() => Some(Why::Given(format!("has {} already", standing.in_words()))),
            () if standing.by.iter().any(|given| given.who == *who) => Some(Why::Given(format!(
                "`{who}` has approved it already, which makes {}",
                standing.in_words()
            ))),
            () => None,
        }))
    }
}

/// All that a statement speaks of, with its targets.
fn subjects(said: &ApprovalStatement) -> impl Iterator<Item = (Subject, Vec<String>)> {
    let occurrences = said.occurrences.iter().map(|it| {
        let subject = Subject { task: it.task.clone(), occurrence: Some(it.id.clone()) };
        (subject, it.targets.clone())
    });
    let runs = said
        .on_demand
        .iter()
        .map(|it| (Subject { task: it.task.clone(), occurrence: None }, it.targets.clone()));
    occurrences.chain(runs)
}
