//! mainstay keeps monitoring systems maintained.
//!
//! One binary reads one plan file that declares all maintenance of an estate, works out when each piece of
//! work happens, does it safely, proves that monitoring came back as it was, watches that nothing falls
//! overdue, reports to people, and keeps evidence that an auditor can verify.
//!
//! | module | duty |
//! | --- | --- |
//! | [`model`] | the words as plain types |
//! | [`planfile`] | text to model, with every fault at its place |
//! | [`calendar`] | cron, intervals, windows, time zones |
//! | [`promql`] | queries: syntax, types, and what holds whatever the data |
//! | [`routing`] | whom Alertmanager tells of an alert, and when not |
//! | [`scheduler`] | planner -> optimizer -> engine -> monitor |
//! | [`executor`] | controller -> coordinator -> engine -> monitor |
//! | [`security`] | who may agree to work, the proof that they did, and the secrets that work needs |
//! | [`quality`] | how well the work is made, in numbers |
//! | [`standards`] | catalogues of controls, and the pages that they ask for |
//! | [`validator`] | checker -> verifier -> engine -> reporter |
//! | [`monitor`] | collector -> analyzer -> alerter -> reporter |
//! | [`reporter`] | generator -> formatter -> distributor |
//! | [`ledger`] | the append-only, hash-chained record |
//! | [`state`] | the SQLite file |
//! | [`world`] | clock, processes and what they print, HTTP |
//! | [`manager`] | opens plan file and state, offers the pipelines |
//! | [`cli`] | the command line |
//!
//! Invariants, cited by the tests:
//!
//! 1. A step's start is in the ledger before the step starts, and its end before the next one starts.
//! 2. An occurrence is started at most once, however many processes try.
//! 3. Whatever changes the state file appends to the ledger in the same transaction.
//! 4. A check, file or run that evaluated nothing is never a yes.
//! 5. Text from outside never acts: it is escaped once, where it is formatted.

pub mod calendar;
pub mod cli;
pub mod executor;
pub mod ledger;
pub mod manager;
pub mod model;
pub mod monitor;
pub mod planfile;
pub mod promql;
pub mod quality;
pub mod reporter;
pub mod routing;
pub mod scheduler;
pub mod security;
pub mod standards;
pub mod state;
mod table;
mod text;
pub mod validator;
pub mod world;

/// An error with its causes in one line: `cannot start `x`: permission denied`.
pub(crate) fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// A number with its noun: 1 task, 2 tasks.
pub(crate) fn counted(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}
