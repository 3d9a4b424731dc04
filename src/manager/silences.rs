//! Which silences should not be: what the Alertmanagers and the ledger know of them, for `validator::silences`.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use chrono::Utc;

use super::Manager;
use super::standing::{StandingError, unsettled};
use crate::model::silence_tag;
use crate::model::{Finding, PlanFile};
use crate::state::{State, StateError};
use crate::validator::codes::checks::UNKNOWN;
use crate::validator::report::{Item, Outcome};
use crate::validator::silences::{Known, Made, Member, Stain, stains, tag_in};
use crate::world::World;
use crate::world::alertmanager::Alertmanager;
use crate::world::prometheus::PeerError;

/// The most that a member may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is wrong with silences, and how much was looked at.
#[derive(Debug, Clone, Default)]
pub struct Silences {
    /// What is wrong.
    pub stains: Vec<Stain>,
    /// How many silences are in force or to come.
    pub n_looked_at: usize,
    /// Why a member could not be asked, a sentence each.
    pub unanswered: Vec<String>,
    /// How many members there are.
    pub n_members: usize,
}

impl Silences {
    /// The questions of a report and the findings about them: one for each silence that should not be, or one for all
    /// of them when there is none. Without an Alertmanager nothing was asked.
    pub fn told(&self) -> (Vec<Item>, Vec<Finding>) {
        let item = |name: &str, outcome, said: String| {
            let asks = String::new();
            Item { name: name.to_owned(), asks, outcome, said, took: None }
        };
        let (mut items, mut findings): (Vec<Item>, Vec<Finding>) = (Vec::new(), Vec::new());
        for stain in &self.stains {
            let finding = stain.finding();
            // A silence may be wrong in several ways, and is one question.
            if items.iter().all(|item| item.name != finding.subject) {
                items.push(item(&finding.subject, Outcome::No, finding.message.clone()));
            }
            findings.push(finding);
        }
        if !self.unanswered.is_empty() {
            let why = self.unanswered.join("; ");
            findings.push(UNKNOWN.finding(ALL, format!("not every silence is known: {why}"), None));
            items.push(item(ALL, Outcome::Unknown, why));
        } else if items.is_empty() && 0 < self.n_members {
            let n = crate::counted(self.n_looked_at, "silence");
            items.push(item(ALL, Outcome::Yes, format!("{n}, none that should not be")));
        }
        (items, findings)
    }
}

/// The name of the question about all silences.
const ALL: &str = "silences";

impl Manager {
    /// Looks at the silences of every member of the cluster. Changes nothing.
    ///
    /// # Errors
    /// [`StandingError`] when the state file cannot be used.
    pub fn silences(&self, plan: &PlanFile, world: &World) -> Result<Silences, StandingError> {
        let asked: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> =
                world.each_alertmanager().map(|member| scope.spawn(move || ask(member))).collect();
            asking.into_iter().filter_map(|asking| asking.join().ok()).collect()
        });
        let mut found = Silences { n_members: asked.len(), ..Silences::default() };
        let mut members = Vec::new();
        for answer in asked {
            match answer {
                Ok(member) => members.push(member),
                Err(error) => found.unanswered.push(crate::in_words(&error)),
            }
        }
        let in_force = members.iter().flat_map(|member| &member.silences);
        let in_force = in_force.filter(|silence| silence.status.state != "expired");
        found.n_looked_at = in_force.clone().map(|silence| &silence.id).collect::<BTreeSet<_>>().len();
        let made = match self.existing_state()? {
            Some(state) => made(&state, plan, in_force.filter_map(|silence| tag_in(&silence.comment)))?,
            None => BTreeMap::new(),
        };
        let policy = plan.connections.alertmanager.as_ref().and_then(|to| to.silences.clone());
        let policy = policy.unwrap_or_default();
        // The wall clock, whatever time mainstay pretends it is: Alertmanager pretends nothing.
        found.stains = stains(&Known { members: &members, made: &made, policy: &policy, now: Utc::now() });
        Ok(found)
    }
}

fn ask(member: &Alertmanager) -> Result<Member, PeerError> {
    let (silences, alerts) = (member.silences(TIMEOUT)?, member.alerts(&[], TIMEOUT)?);
    Ok(Member { url: member.url(), silences, alerts })
}

/// What the ledger knows of the silences with these tags: those of other ledgers are not in it.
fn made<'a>(
    state: &State,
    plan: &PlanFile,
    tags: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Made>, StateError> {
    let (_, interrupted) = unsettled(state)?;
    let mut made = BTreeMap::new();
    for tag in tags.collect::<BTreeSet<_>>() {
        let Some(silence) = state.silence_of_tag(tag)? else { continue };
        let run = state.run(silence.run)?;
        let length = run.as_ref().and_then(|run| plan.tasks.get(&run.task)).map(|task| task.duration.value.0);
        let known = Made {
            tag: tag.to_owned(),
            run: silence.run,
            is_named: silence_tag::is_named(tag),
            silenced: silence.is_created.then_some(silence.silenced),
            seq: silence.seq,
            run_ended: run.as_ref().and_then(|run| run.ended),
            is_interrupted: interrupted.iter().any(|run| run.id == silence.run),
            run_expected: run.as_ref().zip(length).map(|(run, length)| run.started + length),
            task: run.map(|run| run.task),
            expired: silence.expired,
            until: silence.until,
        };
        made.insert(tag.to_owned(), known);
    }
    Ok(made)
}
