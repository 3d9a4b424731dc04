//! Recorded runs, held against what they should have been: process, result, quality, security.
//!
//! One [`Question`] is one code: what it asks, why it matters, and a function from the [`Case`] of one run to its
//! answer. Everything rests on the ledger, so that each answer names the entries that it rests on; nothing here reads
//! a file, asks the network or looks at a clock.
//!
//! 1. A question that does not arise is told as that, never as a yes; one that cannot be answered is unknown, and so is
//!    the run then.
//! 2. What a run had to do is judged by the text of its task that is on record, not by the plan file of today. What the
//!    record does not hold is taken from the plan file, and the answer says so when that has changed since.
//! 3. A code keeps its meaning for ever; the number of one that goes is not used again.

pub mod account;
mod case;
pub mod history;
mod leaks;
mod questions;
#[cfg(test)]
mod tests;
mod told;
mod whole;

use serde::Serialize;

pub use self::account::Account;
pub use self::case::{Case, Leak, Surroundings};
pub use self::history::{History, Wanted};
pub use self::leaks::look as look_for_secrets;
pub use self::told::told;
pub use self::whole::{Exposed, Whole, judge as judge_whole, sample};
use super::codes::Code;
use crate::model::RunId;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Was it done as it has to be done?
    Process,
    /// Is what was to be reached there?
    Result,
    /// Is the work made well?
    Quality,
    /// Did only those do it who may, and does the record keep secrets?
    Security,
}

impl Aspect {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Result => "result",
            Self::Quality => "quality",
            Self::Security => "security",
        }
    }
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// What a no is called, and how bad it is.
    pub code: &'static Code,
    /// What is asked, in one word or two: `approved`.
    pub name: &'static str,
    /// What it is about.
    pub aspect: Aspect,
    /// What is asked, in words.
    pub asks: &'static str,
}

/// A question about one run, with the function that answers it.
struct OfRun {
    question: Question,
    ask: fn(&Case) -> Said,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Yes.
    Yes(Words),
    /// No: everything that stands against it.
    No(Vec<Words>),
    /// It cannot be found out.
    Unknown(Words),
    /// It does not arise.
    DoesNotArise(String),
}

/// Something that is said, and the entries of the ledger that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// What is said.
    pub text: String,
    /// The places of the entries, in order.
    pub evidence: Vec<u64>,
    /// What to do, when that is more than the question knows.
    pub help: Option<String>,
}

impl Words {
    /// Says `text`, by these entries.
    pub fn new(text: impl Into<String>, evidence: impl IntoIterator<Item = u64>) -> Self {
        let mut evidence: Vec<_> = evidence.into_iter().collect();
        evidence.sort_unstable();
        evidence.dedup();
        Self { text: text.into(), evidence, help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl Said {
    fn yes(text: impl Into<String>, evidence: impl IntoIterator<Item = u64>) -> Self {
        Self::Yes(Words::new(text, evidence))
    }

    fn no(text: impl Into<String>, evidence: impl IntoIterator<Item = u64>) -> Self {
        Self::No(vec![Words::new(text, evidence)])
    }

    fn unknown(text: impl Into<String>, evidence: impl IntoIterator<Item = u64>) -> Self {
        Self::Unknown(Words::new(text, evidence))
    }

    fn does_not_arise(why: impl Into<String>) -> Self {
        Self::DoesNotArise(why.into())
    }

    /// No by what stands `against`; without any, yes.
    fn unless(against: Vec<Words>, yes: impl FnOnce() -> Words) -> Self {
        if against.is_empty() { Self::Yes(yes()) } else { Self::No(against) }
    }
}

/// A question with its answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The question.
    pub question: &'static Question,
    /// The run; `None` when it is about all of them.
    pub run: Option<RunId>,
    /// The answer.
    pub said: Said,
}

/// Asks everything about one run.
pub fn judge(case: &Case) -> Vec<Answered> {
    let of_run = |of: &'static OfRun| Answered {
        question: &of.question,
        run: Some(case.account.run),
        said: (of.ask)(case),
    };
    questions::OF_RUN.iter().flat_map(|group| group.iter()).map(of_run).collect()
}
