//! Programs of the system that answer a question about it.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Unreadable;
use crate::world::cancel::Cancel;
use crate::world::output::Capture;
use crate::world::process::{Job, SpawnError, carry_out};

/// What one question may take: a directory of users may be on the network.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More of an answer is not read.
const LIMIT: u64 = 64 << 20;

/// A program of the system, asked once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed on stdout.
    pub stdout: String,
}

impl Program {
    /// Asks; `None` when there is no such program.
    ///
    /// # Errors
    /// [`Unreadable`] when it cannot be started, or does not end in time.
    pub fn ask<S: AsRef<str>>(argv: &[S]) -> Result<Option<Self>, Unreadable> {
        static ASKED: AtomicU64 = AtomicU64::new(0);
        let argv: Vec<String> = argv.iter().map(|word| word.as_ref().to_owned()).collect();
        let name = argv.first().cloned().unwrap_or_default();
        let failed = |error: std::io::Error| Unreadable(format!("{name}: {error}"));
        let mut answer = tempfile::tempfile().map_err(failed)?;
        let tag = format!("host:{}:{}", std::process::id(), ASKED.fetch_add(1, Ordering::Relaxed));
        let job = Job { stdout: Some(&answer), ..Job::new(&argv, Path::new("/"), tag, TIMEOUT) };
        let finished = match carry_out(&job, &mut Capture::default(), &Cancel::new().map_err(failed)?) {
            Ok(finished) => finished,
            Err(SpawnError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Unreadable(crate::in_words(&error))),
        };
        if finished.stopped.is_some() {
            return Err(Unreadable(format!("{name} did not answer within {}s", TIMEOUT.as_secs())));
        }
        let stdout = read(&mut answer).map_err(failed)?;
        Ok(Some(Self { code: finished.status.code(), stdout }))
    }
}

fn read(answer: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    answer.rewind()?;
    answer.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_and_one_that_is_not_there_is_told_apart() {
        let answer = Program::ask(&["sh", "-c", "echo yes; echo no >&2; exit 2"]).unwrap();
        assert_eq!(answer, Some(Program { code: Some(2), stdout: "yes\n".to_owned() }));
        assert_eq!(Program::ask(&["no-such-program-at-all"]).unwrap(), None);
    }
}
