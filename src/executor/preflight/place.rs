//! Where it is recorded: a run that cannot be recorded is not started.

use std::path::Path;

use rustix::fs::statvfs;

use super::{Ending, Found, assumed, verified, wrong};
use crate::executor::preflight::Certainty;
use crate::state::{State, StateError};
use crate::text::in_bytes;
use crate::world::process_identity;

/// What is known of the state file.
#[derive(Debug)]
pub struct Place {
    /// How much is known.
    pub certainty: Certainty,
    /// What is known.
    pub note: String,
    /// What is on record; nothing when there is no state file yet, and why when it cannot be read.
    pub past: Result<Option<State>, String>,
}

/// Less than this is no room for a run.
const LEAST_ROOM: u64 = 1 << 20;

/// Looks at the state file at `path`, which was `opened` to read it. Makes nothing.
///
/// Whether it may be written is a matter of who runs mainstay, and that may be somebody else than who looks ahead.
pub fn place(path: &Path, opened: Result<Option<State>, StateError>) -> Place {
    let (found, past) = match opened {
        Ok(state) => {
            let exists = state.is_some();
            (may_write(path, exists), Ok(state))
        }
        Err(StateError::Older { .. }) => {
            let note = "an older mainstay wrote it: the run brings it up to date first";
            (assumed(note), Err("its schema is an older one".to_owned()))
        }
        Err(error) if is_matter_of_permission(&error) => {
            (assumed(by_somebody_else(&error)), Err(crate::in_words(&error)))
        }
        Err(error) => (wrong(Ending::Unknown, crate::in_words(&error)), Err(crate::in_words(&error))),
    };
    let (certainty, note) = found;
    Place { certainty, note, past }
}

fn may_write(path: &Path, exists: bool) -> Found {
    match State::may_be_written(path) {
        Err(error) if is_matter_of_permission(&error) => assumed(by_somebody_else(&error)),
        Err(error) => wrong(Ending::Unknown, crate::in_words(&error)),
        Ok(()) => {
            let what = if exists { "can be written" } else { "is not there yet and can be made" };
            match room(path) {
                Some(bytes) if bytes < LEAST_ROOM => {
                    wrong(Ending::Unknown, format!("its disk has no room left: {} are free", in_bytes(bytes)))
                }
                Some(bytes) => verified(format!("{} {what}; {} are free", path.display(), in_bytes(bytes))),
                None => verified(format!("{} {what}", path.display())),
            }
        }
    }
}

fn is_matter_of_permission(error: &StateError) -> bool {
    match error {
        StateError::ReadOnly { .. } | StateError::Owner { .. } => true,
        StateError::Reach { source, .. } => source.kind() == std::io::ErrorKind::PermissionDenied,
        _ => false,
    }
}

fn by_somebody_else(error: &StateError) -> String {
    let user = process_identity::user();
    format!("not by `{user}`: {}; it is taken that who runs it may write it", crate::in_words(error))
}

/// The bytes that are free for us on the disk of `path`, or of the nearest folder above it that is there.
fn room(path: &Path) -> Option<u64> {
    let path = std::path::absolute(path).ok()?;
    let figures = path.ancestors().find_map(|folder| statvfs(folder).ok())?;
    Some(figures.f_bavail.saturating_mul(figures.f_frsize))
}
