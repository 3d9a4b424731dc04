//! Secrets: whether they could be had. Their values are not kept and not shown, and no command is run for them.

use super::{Ending, Found, cannot_know, verified, wrong};
use crate::model::PlanFile;
use crate::security::secrets::{Outlook, Secrets};
use crate::world::World;

/// Whether the secret called `name` can be had.
pub(super) fn look(plan: &PlanFile, name: &str, world: &World) -> Found {
    match Secrets::new(plan, world).look_ahead(name) {
        Ok(Outlook::There(note)) => verified(note),
        Ok(Outlook::NotAsked(note)) => cannot_know(note),
        Err(error) => wrong(Ending::Unknown, crate::in_words(&error)),
    }
}
