//! `pause`: a person confirms. Who did is in the ledger: the message names them, and the entry has the time.

use chrono::TimeDelta;

use super::{Context, Done};
use crate::model::{Pause, Step};
use crate::text::roughly;
use crate::world::World;
use crate::world::person::{Question, Reply};
use crate::world::process_identity;

pub fn carry_out(pause: &Pause, step: &Step, context: &Context) -> Done {
    let Some(person) = &context.world.person else { return Done::interrupted(nobody(step)) };
    let work = context.work;
    let target = context.env.get("MAINSTAY_TARGET").map_or("", String::as_str);
    let on = if work.targets.len() > 1 { format!(" on {target}") } else { String::new() };
    let question =
        Question { whence: format!("`{}`, run {}{on}", work.name, work.run), text: pause.0.clone() };
    match person.ask(&question, context.timeout, context.cancel) {
        Reply::Yes => Done::well(format!("confirmed by {}", process_identity::person())),
        Reply::No => Done::failed(format!("declined by {}", process_identity::person())),
        Reply::TimedOut => {
            let patience = roughly(TimeDelta::from_std(context.timeout).unwrap_or(TimeDelta::MAX));
            Done::failed(format!("nobody confirmed it within {patience}"))
        }
        Reply::Stopped => Done::interrupted("stopped before it was confirmed"),
        Reply::Gone => Done::interrupted("the terminal went away before it was confirmed"),
    }
}

/// Why `steps` cannot be carried out here: one of them asks a person, and nobody is there.
pub fn needs_a_person<'s>(mut steps: impl Iterator<Item = &'s Step>, world: &World) -> Option<String> {
    let step = steps.find(|step| step.pause.is_some()).filter(|_| world.person.is_none())?;
    Some(nobody(step))
}

fn nobody(step: &Step) -> String {
    format!(
        "a person has to confirm `{}`, and there is no terminal to ask on; run it at a terminal",
        step.label()
    )
}
