//! The questions about one run, in families.

mod admission;
mod approval;
mod end;
mod order;
mod record;
mod result;
mod secrets;
mod silence;

use super::OfRun;

/// All questions about one run, in the order in which they are asked.
pub(super) const OF_RUN: &[&[OfRun]] = &[
    approval::QUESTIONS,
    admission::QUESTIONS,
    order::QUESTIONS,
    record::QUESTIONS,
    silence::QUESTIONS,
    end::QUESTIONS,
    result::QUESTIONS,
    secrets::QUESTIONS,
];

/// What every family is made of.
mod prelude {
    pub(super) use crate::model::{Outcome, Phase};
    pub(super) use crate::validator::codes::recorded as codes;
    pub(super) use crate::validator::recorded::account::{Account, Attempt};
    pub(super) use crate::validator::recorded::case::{Case, words_of};
    pub(super) use crate::validator::recorded::{Aspect, OfRun, Question, Said, Words};
}
