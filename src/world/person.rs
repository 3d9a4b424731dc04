//! The person who watches the work, and can be asked.

use std::fmt;
use std::time::Duration;

use super::cancel::Cancel;

/// Somebody who can be asked. Only one question is asked at a time; who comes meanwhile waits.
pub trait Person: fmt::Debug + Send + Sync {
    /// Asks whether something is as it should be, and waits for the answer.
    fn ask(&self, question: &Question, timeout: Duration, cancel: &Cancel) -> Reply;
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it comes from: task, run, target.
    pub whence: String,
    /// What has to be confirmed.
    pub text: String,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Nobody answered in time.
    TimedOut,
    /// Mainstay was asked to stop meanwhile.
    Stopped,
    /// The terminal is gone.
    Gone,
}
