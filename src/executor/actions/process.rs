//! `run` and `shell`: a process.

use super::{Context, Done};
use crate::model::{Length, NOT_NOW, Outcome, Step};
use crate::world::process::account::{self, Account, AccountError};
use crate::world::process::{Finished, Job, Stopped, carry_out as run, ending_in_words};
use crate::world::stragglers::Straggler;

pub fn carry_out(argv: &[String], step: &Step, context: &Context) -> Done {
    let user = match user_of(step) {
        Ok(user) => user,
        Err(error) => return Done::failed(crate::in_words(&error)),
    };
    let job = Job {
        env: context.env.clone(),
        secrets: context.secrets.clone(),
        user: user.as_ref(),
        on_start: context.on_start,
        ..Job::new(argv, &context.folder, context.tag.clone(), context.timeout)
    };
    let mut capture = context.recording.begin();
    match run(&job, &mut capture, context.cancel) {
        Ok(finished) => {
            let (output, problem) = capture.finish_with_problem();
            with_problem(Done { output, ..account_of(&finished, context) }, problem)
        }
        Err(error) => Done::failed(crate::in_words(&error)),
    }
}

/// The user that `step` runs as; `None` when that is mainstay's own.
///
/// # Errors
/// When there is no such user, or mainstay may not become it.
pub fn user_of(step: &Step) -> Result<Option<Account>, AccountError> {
    step.user.as_ref().map(|name| account::look_up(&name.value)).transpose()
}

fn account_of(finished: &Finished, context: &Context) -> Done {
    let ending = ending_in_words(finished.status);
    let left: Vec<_> = finished.left.iter().map(Straggler::to_string).collect();
    let named = left.join(", ");
    let (outcome, message) = match finished.stopped {
        Some(Stopped::TimedOut) => {
            let limit = Length::seconds(context.timeout.as_secs().try_into().unwrap_or(i64::MAX));
            (Outcome::Failed, Some(format!("stopped after {limit}, its timeout; {}", survivors(&named))))
        }
        Some(Stopped::Cancelled) => (Outcome::Interrupted, Some(format!("stopped; {}", survivors(&named)))),
        None if !finished.status.success() => (Outcome::Failed, Some(ending)),
        None if !left.is_empty() => {
            (Outcome::Succeeded, Some(format!("its output is still held by {named}")))
        }
        None => (Outcome::Succeeded, None),
    };
    let exit_code = finished.status.code();
    let not_now = finished.stopped.is_none() && exit_code == Some(NOT_NOW);
    Done { outcome, exit_code, message, output: None, usage: Some(finished.usage), not_now }
}

/// Adds what is wrong with the log of its output.
fn with_problem(mut done: Done, problem: Option<String>) -> Done {
    done.message = match (done.message, problem) {
        (Some(message), Some(problem)) => Some(format!("{message}; {problem}")),
        (message, problem) => message.or(problem),
    };
    done
}

fn survivors(named: &str) -> String {
    if named.is_empty() { "no process is left".to_owned() } else { format!("still running: {named}") }
}
