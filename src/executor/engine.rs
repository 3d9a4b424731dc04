//! The execution engine: one run from its first phase to its last.
//!
//! Phases: gate -> preconditions -> baseline -> silence -> steps -> verify -> rollback -> finally.
//!
//! 1. Every step is recorded as intended before it starts, and its end before the next one is intended; where nothing
//!    happens between the two they are recorded together.
//! 2. Until the first step has started, nothing is touched: whatever fails before refuses the run.
//! 3. What lets a run start is asked again just before each destructive step.
//! 4. A run that touched something ends by verifying it, or by going the way back; `finally` and the end of the
//!    silence come in any case.

mod before;
mod compare;
pub mod past;
mod recheck;
mod record;
mod replay;
mod rollout;
mod series;
mod silence;
mod steps;
mod users;
mod walk;

use std::sync::Arc;
use std::thread;

use self::past::Past;
pub use self::rollout::rolls_on;
pub(super) use self::silence::silence_matchers;
use self::steps::Progress;
pub use self::steps::step_tag;
use super::journal::Journal;
use crate::calendar::Zone;
use crate::model::script::{self, Script};
use crate::model::{Event, OccurrenceId, Outcome, PlanFile, RunId, Task, WindowSpan};
use crate::security::secrets::Values;
use crate::state::StateError;
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::signals::Interrupts;

/// One run: everything that it needs to know.
#[derive(Debug)]
pub struct Work<'a> {
    /// Its number.
    pub run: RunId,
    /// The task's name.
    pub name: &'a str,
    /// The task.
    pub task: &'a Task,
    /// Its occurrence; `None` on demand.
    pub occurrence: Option<&'a OccurrenceId>,
    /// The targets, in order.
    pub targets: &'a [String],
    /// The window that it runs in: no attempt starts after its cutoff.
    pub window: Option<&'a WindowSpan>,
    /// The plan file, for what is asked again before a destructive step.
    pub plan: &'a PlanFile,
    /// Its zone.
    pub zone: &'a Zone,
    /// What the gate said when it was asked.
    pub gate: Option<String>,
    /// Why it passes windows, blackouts and approval; `None` when it does not.
    pub emergency: Option<&'a str>,
    /// Names the ledger in tags.
    pub origin: &'a str,
    /// `user@host`, for silences.
    pub who: String,
    /// The values of the secrets that its steps need, read just before it begins or goes on.
    pub secrets: Values,
    /// What it reaches out to.
    pub world: &'a World,
    /// Where it is recorded.
    pub journal: &'a Journal<'a>,
    /// Who may stop it.
    pub interrupts: &'a Interrupts,
    /// What is on record of it, when it goes on.
    pub past: Past,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How it went.
    pub outcome: Outcome,
    /// What people should know.
    pub reason: Option<String>,
}

impl End {
    fn new(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()) }
    }
}

/// The tag that finds the silence of a run again.
pub fn silence_tag(origin: &str, run: RunId) -> String {
    format!("mainstay:{}:{run}", short(origin))
}

/// Twelve of the origin's random digits tell ledgers apart as well as all of them.
fn short(origin: &str) -> &str {
    origin.get(..12).unwrap_or(origin)
}

impl Work<'_> {
    /// Carries out the run and records its end.
    ///
    /// # Errors
    /// [`StateError`] when something could not be recorded: the work has stopped there, and a silence is
    /// expired. The run then counts as interrupted at the next start.
    pub fn carry_out(&self) -> Result<End, StateError> {
        let script = script::compile(self.task, self.targets);
        let mut progress =
            Progress::new(self.task.timeout.map(|timeout| timeout.to_std()), self.past.last_ordinal());
        for part in script.parts().filter(|part| self.past.touches(part)) {
            progress.touch(part);
        }
        let end = self.all_phases(&mut progress, &script)?;
        progress.hold(Event::RunEnded { run: self.run, outcome: end.outcome, reason: end.reason.clone() });
        self.flush(&progress)?;
        Ok(end)
    }

    fn all_phases<'s>(
        &'s self,
        progress: &mut Progress<'s>,
        script: &'s Script<'s>,
    ) -> Result<End, StateError> {
        let before = match self.prepare(progress, script)? {
            Ok(before) => before,
            Err(end) => return Ok(end),
        };
        let Some(spec) = &self.task.silence else { return self.work(progress, script, before.as_ref()) };
        let over = match Cancel::new() {
            Ok(over) => over,
            Err(error) => return Ok(self.not_begun(format!("cannot watch a silence: {error}"))),
        };
        let lease = match self.silence(progress, spec, over.clone())? {
            Ok(lease) => lease,
            Err(end) => return Ok(end),
        };
        let lease = Arc::new(lease);
        progress.silence = Some(Arc::clone(&lease));
        let end = thread::scope(|scope| {
            lease.keep(scope);
            // Whatever happens, a panic included, the thread that renews must hear that it is over.
            let _over = FireOnDrop(&over);
            let end = self.work(progress, script, before.as_ref());
            let unsilenced = self.end_silence(progress, &lease, end.is_ok());
            let (mut end, unsilenced) = (end?, unsilenced?);
            if let Some(problem) = unsilenced {
                end.reason =
                    Some(end.reason.map_or(problem.clone(), |reason| format!("{reason}; {problem}")));
            }
            Ok(end)
        });
        progress.silence = None;
        end
    }
}

impl Work<'_> {
    /// How a run ends that cannot begin: refused, or still open when it had begun before.
    fn not_begun(&self, reason: String) -> End {
        let outcome = if self.past.is_touched() { Outcome::Interrupted } else { Outcome::Refused };
        End::new(outcome, reason)
    }
}

/// Fires when it goes out of scope.
struct FireOnDrop<'a>(&'a Cancel);

impl Drop for FireOnDrop<'_> {
    fn drop(&mut self) {
        self.0.fire();
    }
}
