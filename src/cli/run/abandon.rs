//! `mainstay run --abandon`: a person settles what a run left open.

use crate::cli::{Exit, Terminal};
use crate::model::{Event, Outcome, RunId};
use crate::state::State;
use crate::world::process_identity;

/// Settles run `id`, unless it goes on or owes nothing.
pub fn abandon(id: RunId, reason: &str, state: &State, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(run) = state.run(id)? else {
        terminal.error(&format!("there is no run {id}"));
        return Ok(Exit::Wrong);
    };
    match run.outcome {
        None if process_identity::is_alive(&run.holder) => {
            terminal.error(&format!(
                "run {id} of `{}` is still being worked on by pid {}",
                run.task, run.holder.pid
            ));
            Ok(Exit::Busy)
        }
        Some(Outcome::Interrupted) if state.interrupted_runs()?.iter().all(|open| open.id != id) => {
            terminal.error(&format!("run {id} of `{}` is settled already", run.task));
            Ok(Exit::No)
        }
        Some(outcome)
            if outcome != Outcome::Interrupted && state.unclean_runs()?.iter().all(|open| open.id != id) =>
        {
            terminal.error(&format!(
                "run {id} of `{}` ended {outcome} and owes nothing; only a run that stopped in its middle or did not \
                 clean up can be abandoned",
                run.task
            ));
            Ok(Exit::No)
        }
        None | Some(_) => {
            state.record(&Event::RunAbandoned { run: id, reason: reason.to_owned() })?;
            terminal.status(&format!("run {id} of `{}` is settled", run.task));
            Ok(Exit::Done)
        }
    }
}
