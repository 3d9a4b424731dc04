//! The secrets of a plan file: read just before the run that needs them, and hidden from everything that is shown or
//! stored from then on.
//!
//! 1. A value goes to the environment of the processes that ask for it and nowhere else: not to arguments, state,
//!    ledger, logs or messages.
//! 2. Who cannot have a secret that it needs starts nothing.
//! 3. Each run reads them anew, so that one that is taken up again has those of that time.
//! 4. A command is run only for who needs its secret; variables and files are read for hiding, whoever needs them.

mod command;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::model::{EnvValue, PlanFile, Secret, Task};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::redactor::{Redactor, UnfitSecret};
use crate::world::process::{self, SpawnError};

/// The most bytes of a secret.
pub const MAX_BYTES: usize = 64 << 10;

/// The secrets of one plan file.
#[derive(Debug)]
pub struct Secrets<'a> {
    plan: &'a PlanFile,
    folder: &'a Path,
    redactor: &'a Redactor,
}

/// The values that one run needs, by the names of the secrets.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<String, SecretString>);

impl Values {
    /// The value of a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }
}

/// Why there is no value of a secret.
#[derive(Debug, thiserror::Error)]
#[error("secret `{name}`")]
pub struct SecretError {
    /// The secret.
    pub name: String,
    /// What is wrong with it.
    pub source: NoValue,
}

/// What is wrong with a secret. No text of it holds the value.
#[derive(Debug, thiserror::Error)]
pub enum NoValue {
    /// `secrets:` does not have it.
    #[error("`secrets:` says nothing about where it comes from")]
    NoSource,
    /// The variable is not there.
    #[error("the environment variable `{0}` is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is a folder, a pipe, a device.
    #[error("{} is no regular file", .0.display())]
    NotAFile(PathBuf),
    /// The file belongs to somebody else, who can change it.
    #[error("{} belongs to user {owner}, and mainstay runs as user {user}; chown it", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// Others can read the file.
    #[error("{} has the mode {mode:04o}, so that others can use it; chmod 0600 it", path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The program could not be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The program failed.
    #[error("`{program}` failed, {ending}{said}")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        ending: String,
        /// What it said on standard error, after a colon; empty when it said nothing.
        said: String,
    },
    /// The program took too long.
    #[error("`{program}` did not end within {} s", command::TIMEOUT.as_secs())]
    TimedOut {
        /// The program.
        program: String,
    },
    /// Somebody wants mainstay to stop.
    #[error("interrupted")]
    Interrupted,
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is too long.
    #[error("it has more than {MAX_BYTES} bytes")]
    TooLong,
    /// A variable of a process cannot hold it.
    #[error("it is no UTF-8 text, or holds a NUL byte")]
    NotText,
    /// It could not be hidden.
    #[error(transparent)]
    Unfit(#[from] UnfitSecret),
}

/// What is known of a secret without its value, for a dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outlook {
    /// It is there; where.
    There(String),
    /// It comes from a command, which was not run.
    NotAsked(String),
}

/// The names of the secrets that a task needs.
pub fn of_task(task: &Task) -> BTreeSet<&str> {
    let values = task.every_step().flat_map(|step| step.env.values());
    let names = values.filter_map(|value| match value {
        EnvValue::Secret(name) => Some(name.value.as_str()),
        EnvValue::Text(_) => None,
    });
    names.collect()
}

impl<'a> Secrets<'a> {
    /// The secrets of `plan`; nothing is read yet. Paths count from the folder of `world`, whose redactor hides what
    /// is read.
    pub fn new(plan: &'a PlanFile, world: &'a World) -> Self {
        Self { plan, folder: &world.folder, redactor: &world.outputs.redactor }
    }

    /// Hides what variables and files hold, as far as they can be read: a step may print them that does not use them.
    /// Commands are not run for that.
    pub fn hide_what_is_at_hand(&self) {
        for (name, secret) in self.plan.secrets.iter().filter(|(_, secret)| secret.command.is_none()) {
            if let Ok(value) = self.value_at_hand(secret) {
                // Who needs one that is not fit to be hidden is told then.
                let _ = self.redactor.add(&name.value, &value);
            }
        }
    }

    /// Reads what `task` needs.
    ///
    /// # Errors
    /// [`SecretError`] for the first that cannot be had.
    pub fn read_for(&self, task: &Task, cancel: &Cancel) -> Result<Values, SecretError> {
        let mut values = Values::default();
        for name in of_task(task) {
            let value = self.value(name, cancel).and_then(|value| {
                self.redactor.add(name, &value)?;
                Ok(value)
            });
            let value = value.map_err(|source| SecretError { name: name.to_owned(), source })?;
            values.0.insert(name.to_owned(), value);
        }
        Ok(values)
    }

    /// What is known of a secret before it is needed; its command is not run, and its value not kept.
    ///
    /// # Errors
    /// [`SecretError`] when it could not be had now.
    pub fn look_ahead(&self, name: &str) -> Result<Outlook, SecretError> {
        let look = || {
            let secret = self.source_of(name)?;
            if let Some(argv) = &secret.command {
                let program = argv.first().ok_or(NoValue::NoSource)?;
                let path = process::program(program, self.folder)?;
                return Ok(Outlook::NotAsked(format!(
                    "from {}, which a dry run does not run",
                    path.display()
                )));
            }
            let value = self.value_at_hand(secret)?;
            self.redactor.add(name, &value)?;
            Ok(Outlook::There(match (&secret.env, &secret.file) {
                (Some(variable), _) => format!("the variable `{variable}` is set"),
                (None, path) => format!("{} can be read", path.as_deref().unwrap_or_default()),
            }))
        };
        look().map_err(|source| SecretError { name: name.to_owned(), source })
    }

    fn source_of(&self, name: &str) -> Result<&'a Secret, NoValue> {
        self.plan.secrets.get(name).map(|secret| &secret.value).ok_or(NoValue::NoSource)
    }

    fn value(&self, name: &str, cancel: &Cancel) -> Result<SecretString, NoValue> {
        let secret = self.source_of(name)?;
        match &secret.command {
            Some(argv) => without_line_end(command::printed_by(argv, self.folder, self.redactor, cancel)?),
            None => self.value_at_hand(secret),
        }
    }

    fn value_at_hand(&self, secret: &Secret) -> Result<SecretString, NoValue> {
        if let Some(variable) = &secret.env {
            let value = std::env::var_os(variable).ok_or_else(|| NoValue::NotSet(variable.clone()))?;
            return text(&Zeroizing::new(value.into_encoded_bytes()));
        }
        let path = secret.file.as_ref().ok_or(NoValue::NoSource)?;
        without_line_end(file::read(&self.folder.join(path))?)
    }
}

/// Without the line ends at its end, as `$(cat FILE)` has it.
fn without_line_end(mut bytes: Zeroizing<Vec<u8>>) -> Result<SecretString, NoValue> {
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    text(&bytes)
}

fn text(bytes: &[u8]) -> Result<SecretString, NoValue> {
    match std::str::from_utf8(bytes) {
        Ok("") => Err(NoValue::Empty),
        Ok(text) if text.len() > MAX_BYTES => Err(NoValue::TooLong),
        Ok(text) if !text.contains('\0') => Ok(SecretString::from(text)),
        Ok(_) | Err(_) => Err(NoValue::NotText),
    }
}

#[cfg(test)]
mod tests;
