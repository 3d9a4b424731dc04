//! The kinds of action that a step can be, one per file.

mod alertmanager;
mod http;
mod not_now;
mod pause;
mod process;
pub mod prometheus;
mod wait;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use self::not_now::NotNow;
pub use self::pause::needs_a_person;
pub use self::process::user_of;

use super::engine::Work;
use crate::model::{Outcome, Output, Step, Usage};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::Recording;
use crate::world::process::OnStart;
use crate::world::secret_env::SecretEnv;

/// What an action needs beside its own words.
#[derive(Debug)]
pub struct Context<'a> {
    /// The run that it is of.
    pub work: &'a Work<'a>,
    /// What it reaches out to.
    pub world: &'a World,
    /// Variables of the step, beside the clean environment.
    pub env: BTreeMap<String, String>,
    /// And those whose values are secret.
    pub secrets: SecretEnv,
    /// What becomes of what it prints.
    pub recording: Recording,
    /// The folder that processes run in.
    pub folder: PathBuf,
    /// Finds the step's processes again.
    pub tag: String,
    /// The most that it may take.
    pub timeout: Duration,
    /// Who asks it to stop.
    pub cancel: &'a Cancel,
    /// Who hears of its process as soon as that runs.
    pub on_start: Option<OnStart<'a>>,
}

/// How one attempt at something ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// How it went.
    pub outcome: Outcome,
    /// The exit code of its process, if it had one that exited.
    pub exit_code: Option<i32>,
    /// What people should know.
    pub message: Option<String>,
    /// What it printed.
    pub output: Option<Output>,
    /// What its processes used, if it had any.
    pub usage: Option<Usage>,
    /// Whether it said that this is not the time for it; what that means, [`NotNow`] says.
    pub not_now: bool,
}

impl Done {
    /// It went well.
    pub fn well(message: impl Into<Option<String>>) -> Self {
        Self {
            outcome: Outcome::Succeeded,
            exit_code: None,
            message: message.into(),
            output: None,
            usage: None,
            not_now: false,
        }
    }

    /// It went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, ..Self::well(message.into()) }
    }

    /// It was left out.
    pub fn skipped(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::failed(message) }
    }

    /// It was stopped from outside.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Interrupted, ..Self::failed(message) }
    }

    /// Whether the work can go on.
    pub fn is_well(&self) -> bool {
        matches!(self.outcome, Outcome::Succeeded | Outcome::Skipped)
    }
}

/// Carries out the action of `step` once. Nothing that it says holds a secret.
pub fn carry_out(step: &Step, context: &Context) -> Done {
    let mut done = act(step, context);
    if let Some(message) = &mut done.message {
        context.world.outputs.redactor.hide_in(message);
    }
    done
}

fn act(step: &Step, context: &Context) -> Done {
    if let Some(argv) = &step.run {
        return process::carry_out(&argv.value, step, context);
    }
    if let Some(text) = &step.shell {
        let argv = ["/bin/sh", "-c", &text.value].map(str::to_owned);
        return process::carry_out(&argv, step, context);
    }
    if let Some(action) = &step.http {
        return http::carry_out(action, context);
    }
    if let Some(wait) = &step.wait {
        return wait::carry_out(wait, context);
    }
    if let Some(action) = &step.prometheus {
        return prometheus::carry_out(action, context);
    }
    if let Some(action) = &step.alertmanager {
        return alertmanager::carry_out(action, context);
    }
    if let Some(pause) = &step.pause {
        return pause::carry_out(pause, step, context);
    }
    Done::failed("this kind of step is not supported yet")
}
