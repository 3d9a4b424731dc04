//! What became of the work, as an exit code.

use crate::cli::Exit;
use crate::executor::coordinator::{Account, Fate};
use crate::model::Outcome;
use crate::world::signals::Interrupts;

/// A task that was named and did not run is a no; one that is due and has to wait is not.
pub fn exit_of(accounts: &[Account], interrupts: &Interrupts, is_due: bool) -> Exit {
    if let Some(signal) = interrupts.signal() {
        return Exit::Signal(signal);
    }
    let any = |test: fn(&Fate) -> bool| accounts.iter().any(|account| test(&account.fate));
    // "Not now" is an answer and no failure.
    if any(
        |fate| matches!(fate, Fate::Ended(_, end) if !matches!(end.outcome, Outcome::Succeeded | Outcome::Skipped)),
    ) {
        return Exit::No;
    }
    if any(|fate| matches!(fate, Fate::Held(_))) {
        return Exit::Busy;
    }
    if any(|fate| matches!(fate, Fate::Unknown(_))) {
        return Exit::Unknown;
    }
    if !is_due && any(|fate| matches!(fate, Fate::NotNow(_))) {
        return Exit::No;
    }
    Exit::Done
}
