//! What `--list` and `--show` look at: runs that are on record, also when the plan file is broken by now.

use crate::calendar::Zone;
use crate::cli::Terminal;
use crate::manager::Manager;
use crate::scheduler::zone_of;
use crate::state::{Access, State, StateError};

/// The state file, to look at.
///
/// # Errors
/// [`StateError`], also when there is none: then nothing is known.
pub fn existing(manager: &Manager, terminal: &mut Terminal) -> Result<State, StateError> {
    let state = manager.state(Access::ReadOnly)?;
    if let Some(exposed) = state.exposed() {
        terminal.warning(&exposed.to_string());
    }
    Ok(state)
}

/// The zone that times are told in: the plan file's, or UTC when it cannot be read.
pub fn zone(manager: &Manager) -> Zone {
    let plan = manager.plan_file().ok().and_then(|checked| checked.plan);
    plan.and_then(|plan| zone_of(&plan).ok()).unwrap_or_else(Zone::utc)
}
