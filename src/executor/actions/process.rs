//! `run` and `shell`: a process.

use std::time::Duration;

use super::{Context, Done};
use crate::model::{Length, Outcome};
use crate::world::process::{Finished, Job, Stopped, carry_out as run, ending_in_words};
use crate::world::stragglers::Straggler;

/// The time between TERM and KILL.
const GRACE: Duration = Duration::from_secs(10);

pub fn carry_out(argv: &[String], context: &Context) -> Done {
    let job = Job {
        argv,
        folder: &context.folder,
        input: None,
        env: context.env.clone(),
        secrets: context.secrets.clone(),
        recording: context.recording.clone(),
        tag: context.tag.clone(),
        timeout: context.timeout,
        grace: GRACE,
    };
    match run(&job, context.cancel) {
        Ok(finished) => with_problem(account_of(finished, context.timeout), context.recording.problem()),
        Err(error) => Done::failed(crate::in_words(&error)),
    }
}

fn account_of(finished: Finished, timeout: Duration) -> Done {
    let ending = ending_in_words(finished.status);
    let left: Vec<_> = finished.left.iter().map(Straggler::to_string).collect();
    let named = left.join(", ");
    let (outcome, message) = match finished.stopped {
        Some(Stopped::TimedOut) => {
            let limit = Length::seconds(timeout.as_secs().try_into().unwrap_or(i64::MAX));
            (Outcome::Failed, Some(format!("stopped after {limit}, its timeout; {}", survivors(&named))))
        }
        Some(Stopped::Cancelled) => (Outcome::Interrupted, Some(format!("stopped; {}", survivors(&named)))),
        None if !finished.status.success() => (Outcome::Failed, Some(ending)),
        None if !left.is_empty() => {
            (Outcome::Succeeded, Some(format!("its output is still held by {named}")))
        }
        None => (Outcome::Succeeded, None),
    };
    Done { outcome, exit_code: finished.status.code(), message, output: finished.output }
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
