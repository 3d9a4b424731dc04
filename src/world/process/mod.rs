//! Processes: started in surroundings of their own, watched with a deadline, stopped as a whole tree.
//!
//! 1. stdin is null, or a file, and there is no terminal: a prompt fails fast instead of hanging.
//! 2. The environment is clean and documented ([`clean_environment`]).
//! 3. Output is read all the time and kept in constant memory, so that a child never blocks on us.
//! 4. The exit status is the leader's; a grandchild that holds the output open delays the end by seconds at
//!    most and is named.
//! 5. Whoever is stopped is stopped with all descendants, and survivors are named, or there are none.
//! 6. What has ended is taken away: no zombie stays.
//! 7. Starting a process never copies mainstay: std spawns by `posix_spawn`, and nothing here turns that into a fork.

pub mod account;
pub mod cgroup;
mod children;
mod ending;
mod spawn;
#[cfg(test)]
mod tests;
mod usage;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

pub use self::ending::ending_in_words;
pub use self::spawn::{SpawnError, clean_environment, program};

use self::account::Account;
use super::cancel::Cancel;
use super::output::Capture;
use super::secret_env::SecretEnv;
use super::stragglers::{self, Straggler};
use crate::model::Usage;

/// What is to be done by a process.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// The folder it runs in.
    pub folder: &'a Path,
    /// What it reads on stdin; nothing without it.
    pub input: Option<&'a File>,
    /// Where what it prints goes to; the capture without it.
    pub stdout: Option<&'a File>,
    /// Where what it prints on stderr goes to; the capture without it.
    pub stderr: Option<&'a File>,
    /// Variables beside the clean environment.
    pub env: BTreeMap<String, String>,
    /// And those whose values are secret.
    pub secrets: SecretEnv,
    /// The user it runs as; default mainstay's own.
    pub user: Option<&'a Account>,
    /// Finds every process of this job again.
    pub tag: String,
    /// The most that it may take.
    pub timeout: Duration,
    /// The time between TERM and KILL.
    pub grace: Duration,
    /// How long output is read after the leader's end when somebody else still holds it, at most.
    pub drain: Duration,
    /// Who hears which process it is: while it runs if that takes more than a moment, else at its end.
    pub on_start: Option<OnStart<'a>>,
}

impl<'a> Job<'a> {
    /// A job with nothing on stdin, in the clean environment, with 10 s between TERM and KILL.
    pub fn new(argv: &'a [String], folder: &'a Path, tag: String, timeout: Duration) -> Self {
        let (grace, drain) = (Duration::from_secs(10), Duration::from_secs(5));
        let (env, secrets) = (BTreeMap::new(), SecretEnv::default());
        Self {
            argv,
            folder,
            input: None,
            stdout: None,
            stderr: None,
            env,
            secrets,
            user: None,
            tag,
            timeout,
            grace,
            drain,
            on_start: None,
        }
    }
}

/// The process of a job: no other of this boot has both figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Its process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub started_ticks: u64,
    /// Whether it still goes on, as far as is known.
    pub is_going: bool,
}

/// Is called once, by the thread that watches a job, before its process is taken away.
#[derive(Clone, Copy)]
pub struct OnStart<'a>(pub &'a dyn Fn(Started));

impl fmt::Debug for OnStart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("OnStart")
    }
}

/// How a job ended.
#[derive(Debug)]
pub struct Finished {
    /// The leader's exit status.
    pub status: ExitStatus,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stopped>,
    /// Processes that outlived the stop, or that hold the output of a job that was not stopped.
    pub left: Vec<Straggler>,
    /// What it used.
    pub usage: Usage,
}

/// Why a job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Its time was over.
    TimedOut,
    /// Somebody asked for it.
    Cancelled,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "timed out",
            Self::Cancelled => "interrupted",
        })
    }
}

/// Carries out `job` to its end, its timeout or `cancel`; what it prints on stdout and stderr goes to `capture`, in the
/// order of printing.
///
/// # Errors
/// [`SpawnError`]; nothing was started then, or what was started is killed, as it could not be watched.
pub fn carry_out(job: &Job, capture: &mut Capture, cancel: &Cancel) -> Result<Finished, SpawnError> {
    let spawned = spawn::spawn(job)?;
    watch::watch(job, spawned, capture, cancel).map_err(|source| {
        stragglers::stop(&job.tag, None, Duration::ZERO);
        SpawnError::Refused { program: job.argv.first().cloned().unwrap_or_default(), source }
    })
}

/// How the processes of steps are kept together here, for people.
pub fn containment() -> String {
    match cgroup::home() {
        Some(home) => {
            format!("each step that takes a moment runs in a cgroup of its own below {}", home.display())
        }
        None => "each step runs in a process group of its own: mainstay may make no cgroups here".to_owned(),
    }
}
