//! Secrets: whether they are there. Their values are not kept and not shown.

use std::fs::File;
use std::path::Path;

use super::{Certainty, Ending, Found, cannot_know, program, verified, wrong};
use crate::model::{PlanFile, Secret};

/// Whether the secret called `name` can be had.
pub(super) fn look(plan: &PlanFile, name: &str, folder: &Path) -> Found {
    let Some(secret) = plan.secrets.get(name) else {
        return wrong(Ending::Failed, format!("there is no secret `{name}`"));
    };
    source(name, secret, folder)
}

fn source(name: &str, secret: &Secret, folder: &Path) -> Found {
    if let Some(variable) = &secret.env {
        return match std::env::var_os(variable) {
            Some(value) if !value.is_empty() => verified(format!("secret `{name}` is in ${variable}")),
            _ => wrong(Ending::Failed, format!("secret `{name}`: ${variable} is not set")),
        };
    }
    if let Some(file) = &secret.file {
        let path = folder.join(file);
        return match File::open(&path).and_then(|file| file.metadata()) {
            Ok(meta) if meta.is_file() && meta.len() > 0 => {
                verified(format!("secret `{name}` is in {}", path.display()))
            }
            Ok(_) => {
                wrong(Ending::Failed, format!("secret `{name}`: {} is empty, or no file", path.display()))
            }
            Err(error) => wrong(Ending::Failed, format!("secret `{name}`: {}: {error}", path.display())),
        };
    }
    if let Some(argv) = &secret.command {
        return match program::find(argv, folder, &[]) {
            (Certainty::Wrong(ending), why) => wrong(ending, format!("secret `{name}`: {why}")),
            (_, found) => cannot_know(format!("secret `{name}`: {found}; a dry run does not ask it")),
        };
    }
    wrong(Ending::Failed, format!("secret `{name}` comes from nowhere"))
}
