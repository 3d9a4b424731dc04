//! Live checks: one assertion each about the running system, one kind per file.
//!
//! A check that evaluated nothing is unknown, never a yes: no sample, no target, no rule, no answer.

mod alert_path;
mod alert_route;
pub mod all_at_once;
mod command;
mod config_live;
mod file;
mod http;
mod promql;
mod restore;
mod rules_healthy;
mod target_up;
mod tcp;

use std::time::Duration;

use crate::model::{Check, CheckKind, Matcher};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::output::redactor::Redactor;
use crate::world::prometheus::{PeerError, Prometheus};

/// What a check found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds.
    Yes {
        /// What was found.
        found: String,
    },
    /// It does not hold.
    No {
        /// What should have been found.
        expected: String,
        /// What was found.
        found: String,
    },
    /// It could not be found out.
    Unknown {
        /// Why not.
        why: String,
    },
}

impl Answer {
    /// Whether the check holds.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Yes { .. })
    }

    /// Whether it is the answer of a command that says that this is not the time.
    pub fn is_not_now(&self, check: &Check) -> bool {
        let code = command::NOT_NOW_IN_WORDS;
        check.command.is_some()
            && matches!(self, Self::No { expected, found } if expected.starts_with("exit code") && found == code)
    }

    /// In one sentence, for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::Yes { found } => found.clone(),
            Self::No { expected, found } => format!("expected {expected}, found {found}"),
            Self::Unknown { why } => format!("could not be found out: {why}"),
        }
    }

    fn without_secrets(mut self, redactor: &Redactor) -> Self {
        match &mut self {
            Self::Yes { found } => redactor.hide_in(found),
            Self::No { expected, found } => {
                redactor.hide_in(expected);
                redactor.hide_in(found);
            }
            Self::Unknown { why } => redactor.hide_in(why),
        }
        self
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    fn no(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::No { expected: expected.into(), found: found.into() }
    }

    /// Holds `found` against `matcher`, and says what `found` is.
    fn of(matcher: &Matcher, what: &str, found: &str) -> Self {
        if matcher.matches(found) {
            Self::Yes { found: format!("{what} {found}") }
        } else {
            Self::No { expected: format!("{what} {matcher}"), found: found.to_owned() }
        }
    }

    /// Holds when both hold: the first that does not is the answer.
    fn and(self, next: impl FnOnce() -> Self) -> Self {
        if self.is_yes() { next() } else { self }
    }
}

/// Asks `check` of `world`, within the check's own timeout. Nothing that it says holds a secret.
pub fn ask(check: &Check, world: &World, cancel: &Cancel) -> Answer {
    answer_of(check, world, cancel).without_secrets(&world.outputs.redactor)
}

fn answer_of(check: &Check, world: &World, cancel: &Cancel) -> Answer {
    let timeout = check.timeout().to_std();
    let Some(kind) = check.kind() else { return Answer::unknown("it asserts nothing") };
    match kind {
        CheckKind::File(file) => file::ask(file, world),
        CheckKind::Command(command) => command::ask(command, world, timeout, cancel),
        CheckKind::Http(http) => http::ask(http, world, timeout),
        CheckKind::Tcp(tcp) => tcp::ask(tcp, timeout),
        CheckKind::Promql(promql) => promql::ask(promql, world, timeout),
        CheckKind::TargetUp(target) => target_up::ask(target, world, timeout),
        CheckKind::RulesHealthy(rules) => rules_healthy::ask(rules, world, timeout),
        CheckKind::Restore(restore) => restore::ask(restore, world, timeout, cancel),
        CheckKind::AlertPath(path) => alert_path::ask(path, world, timeout, cancel),
        CheckKind::AlertRoute(route) => alert_route::ask(route, world, timeout),
        CheckKind::ConfigLive(live) => config_live::ask(live, world, timeout),
        CheckKind::Dns(_)
        | CheckKind::Process(_)
        | CheckKind::Port(_)
        | CheckKind::Service(_)
        | CheckKind::Package(_)
        | CheckKind::Mount(_)
        | CheckKind::Disk(_)
        | CheckKind::User(_)
        | CheckKind::Group(_)
        | CheckKind::Interface(_)
        | CheckKind::KernelParam(_)
        | CheckKind::Certificate(_) => Answer::unknown("this kind of check is not supported yet"),
    }
}

/// How often a check is asked again while it is waited for.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Asks `check` again and again until it holds, for `patience` at most, or until `cancel`; returns the last
/// answer.
pub fn wait_for(check: &Check, world: &World, patience: Duration, cancel: &Cancel) -> Answer {
    let deadline = std::time::Instant::now() + patience;
    loop {
        let answer = ask(check, world, cancel);
        let left = deadline.saturating_duration_since(std::time::Instant::now());
        if answer.is_yes() || left.is_zero() || cancel.wait(left.min(ASK_EVERY)) {
            return answer;
        }
    }
}

/// Why Prometheus has no answer: of one that is not ready, how far it is.
fn no_answer(prometheus: &Prometheus, error: &PeerError, timeout: Duration) -> Answer {
    if let PeerError::Refused { status: 503, .. } = error
        && let Ok(replay) = prometheus.wal_replay(timeout)
    {
        let (current, max) = (replay.current, replay.max);
        return Answer::unknown(format!("Prometheus replays its WAL, segment {current} of {max}"));
    }
    Answer::unknown(crate::in_words(error))
}

/// The answer of every check that needs a Prometheus where there is none.
const NO_PROMETHEUS: &str = "the plan file names no Prometheus (`connections.prometheus`)";
