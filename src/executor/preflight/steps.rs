//! One step: its condition, folder and user, and its action as far as it can be looked at.

use std::path::Path;

use super::{Ahead, Ending, Found, Item, assumed, cannot_know, checks, peers, program, together};
use super::{verified, wrong};
use crate::executor::actions::user_of;
use crate::model::{Phase, Step};
use crate::validator::checks::Answer;

/// Looks at `step`, which comes after the `earlier` ones.
pub(super) fn look(ahead: &Ahead, phase: Phase, step: &Step, earlier: &[&Step]) -> Item {
    let mut looks = Vec::new();
    if let Some(only_if) = &step.only_if {
        match checks::asked(only_if, ahead.world) {
            Ok(Answer::Yes { .. }) => looks.push(verified("`only_if` holds now")),
            Ok(answer @ Answer::No { .. }) => {
                let found = assumed(format!("would be left out now: {}", answer.in_words()));
                return Item::new(phase, &step.label(), found);
            }
            Ok(Answer::Unknown { why }) => {
                looks.push(wrong(Ending::Failed, format!("`only_if` could not be found out: {why}")));
            }
            Err((_, note)) => looks.push(cannot_know(format!("`only_if` decides then: {note}"))),
        }
    }
    let folder = step
        .cwd
        .as_ref()
        .map_or_else(|| ahead.world.folder.clone(), |cwd| ahead.world.folder.join(&cwd.value));
    let is_process = step.run.is_some() || step.shell.is_some();
    let missing = (is_process && !folder.is_dir()).then(|| missing_folder(&folder, earlier));
    let folder = if missing.is_some() { ahead.world.folder.clone() } else { folder };
    looks.extend(missing);
    if step.user.is_some() {
        looks.push(match user_of(step) {
            Ok(_) => verified("its user is there"),
            Err(error) => wrong(Ending::Failed, crate::in_words(&error)),
        });
    }
    looks.push(action(ahead, step, &folder, earlier));
    Item::new(phase, &step.label(), together(looks))
}

fn missing_folder(folder: &Path, earlier: &[&Step]) -> Found {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match program::brought_by(earlier, &name) {
        Some(step) => cannot_know(format!(
            "there is no folder {} yet; `{}` before it may make it",
            folder.display(),
            step.label()
        )),
        None => wrong(Ending::Failed, format!("there is no folder {}", folder.display())),
    }
}

fn action(ahead: &Ahead, step: &Step, folder: &Path, earlier: &[&Step]) -> Found {
    let world = ahead.world;
    let ready = |found: Result<String, String>| match found {
        Ok(found) => verified(found),
        Err(why) => wrong(Ending::Failed, why),
    };
    if let Some(argv) = &step.run {
        return program::find(&argv.value, folder, earlier);
    }
    if let Some(text) = &step.shell {
        return program::shell(&text.value, folder);
    }
    if let Some(http) = &step.http {
        return match peers::listens(&http.url, world) {
            Ok(found) => assumed(format!("{found}; the request is not sent")),
            Err(_) if !earlier.is_empty() => peers::listens_by_then(&http.url, world),
            Err(why) => wrong(Ending::Failed, why),
        };
    }
    if let Some(wait) = &step.wait {
        return match &wait.until {
            Some(check) => checks::later(check, world),
            None => verified("nothing but time passes"),
        };
    }
    if let Some(action) = &step.prometheus {
        return together(peers::prometheus_action(action, ahead, earlier.is_empty()));
    }
    if step.alertmanager.is_some() {
        return ready(peers::alertmanager_ready(world));
    }
    if let Some(pause) = &step.pause {
        return cannot_know(format!("a person is asked: {}", pause.0));
    }
    cannot_know(step.action_in_short())
}
