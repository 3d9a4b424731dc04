//! Live checks: one assertion each about the running system, one kind per file.
//!
//! A check that evaluated nothing is unknown, never a yes: no sample, no target, no rule, no answer.

mod account;
mod alert_path;
mod alert_route;
pub mod all_at_once;
mod attributes;
mod certificate;
mod command;
mod config_live;
mod disk;
mod dns;
mod file;
mod http;
mod interface;
mod kernel_param;
pub mod manual;
mod mount;
mod package;
mod port;
mod process;
mod promql;
mod reading;
mod restore;
mod rules_healthy;
pub mod scaffold;
mod service;
mod target_up;
mod tcp;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::model::{Check, CheckKind, Found, Matcher, Span, Why};
use crate::text::shortened;
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::host::Host;
use crate::world::output::redactor::Redactor;
use crate::world::prometheus::{PeerError, Prometheus};

/// No part of an answer is longer, in characters.
const MOST_SAID: usize = 400;

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
        /// The place in the plan file of the test that fails; `None` of what a check expects by default.
        at: Option<Span>,
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
            && matches!(self, Self::No { expected, found, .. } if expected.starts_with("exit code") && found == code)
    }

    /// In one sentence, for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::Yes { found } => found.clone(),
            Self::No { expected, found, .. } => format!("expected {expected}, found {found}"),
            Self::Unknown { why } => format!("could not be found out: {why}"),
        }
    }

    /// Takes out secrets, and then what is too long: a secret that is cut in two would not be found.
    fn without_secrets(mut self, redactor: &Redactor) -> Self {
        let clean = |text: &mut String| {
            redactor.hide_in(text);
            *text = shortened(text, MOST_SAID);
        };
        match &mut self {
            Self::Yes { found } => clean(found),
            Self::No { expected, found, .. } => {
                clean(expected);
                clean(found);
            }
            Self::Unknown { why } => clean(why),
        }
        self
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// A no to what a check asks by itself, without a matcher.
    fn no(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::No { expected: expected.into(), found: found.into(), at: None }
    }

    /// Holds `found` against `matcher`; `what` says what was asked: `exit code`.
    fn of(matcher: &Matcher, what: &str, found: impl Into<Found>) -> Self {
        let found = found.into();
        match matcher.judge(&found) {
            Ok(()) => Self::Yes { found: format!("{what} {found}") },
            Err(mismatch) if mismatch.why == Why::NotANumber => {
                Self::unknown(format!("{what} is NaN, of which no comparison holds"))
            }
            Err(mismatch) => Self::No {
                expected: format!("{what} {}", mismatch.expected_there()),
                found: mismatch.found_there(),
                at: (mismatch.span != Span::default()).then_some(mismatch.span),
            },
        }
    }

    /// The same, and how often it was asked for it.
    fn asked(mut self, n: usize, took: Duration) -> Self {
        let text = match &mut self {
            Self::Yes { found } | Self::No { found, .. } => found,
            Self::Unknown { why } => why,
        };
        let _ = write!(text, " (asked {n} times in {:.1}s)", took.as_secs_f64());
        self
    }

    /// Holds when both hold: the first that does not is the answer.
    fn and(self, next: impl FnOnce() -> Self) -> Self {
        if self.is_yes() { next() } else { self }
    }
}

/// Asks `check` of `world`, and again as long as its `retry` says until it holds. Nothing that it says holds a secret.
pub fn ask(check: &Check, world: &World, cancel: &Cancel) -> Answer {
    let host = Host::for_round(std::iter::once(check));
    ask_until_it_holds(check, world, host, Watched::ByNobody, cancel)
}

/// The same as one of several that look at the same `host`. Whoever asks sees to it that one that hangs in the kernel, on
/// a file system that is gone, is left alone.
fn ask_in_round(check: &Check, world: &World, host: Host, cancel: &Cancel) -> Answer {
    ask_until_it_holds(check, world, host, Watched::ByCaller, cancel)
}

/// Who leaves alone a question that hangs in the kernel, which no timeout ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    ByCaller,
    ByNobody,
}

fn ask_until_it_holds(
    check: &Check,
    world: &World,
    mut host: Host,
    watched: Watched,
    cancel: &Cancel,
) -> Answer {
    let Some(again) = &check.retry else {
        return ask_within(check, world, &host, check.timeout().to_std(), watched, cancel);
    };
    let began = Instant::now();
    let patience = again.patience.to_std();
    let mut n_asked = 0;
    loop {
        let left = patience.saturating_sub(began.elapsed());
        // One question may not take more than what is left for all of them.
        let timeout = check.timeout().to_std().min(left).max(LEAST);
        let answer = ask_within(check, world, &host, timeout, watched, cancel);
        n_asked += 1;
        let left = patience.saturating_sub(began.elapsed());
        let every = again.every().to_std();
        // Another question that would have no time for its answer is not asked.
        if answer.is_yes() || left <= every || cancel.wait(every) {
            return if n_asked == 1 { answer } else { answer.asked(n_asked, began.elapsed()) };
        }
        // What was read of the machine before does not tell whether it holds by now.
        host = Host::for_round(std::iter::once(check));
    }
}

/// The least time that a question is given.
const LEAST: Duration = Duration::from_millis(100);

/// Asks `check` of `world` once, within its own timeout. Nothing that it says holds a secret.
pub fn ask_once(check: &Check, world: &World, cancel: &Cancel) -> Answer {
    let host = Host::for_round(std::iter::once(check));
    ask_within(check, world, &host, check.timeout().to_std(), Watched::ByNobody, cancel)
}

fn ask_within(
    check: &Check,
    world: &World,
    host: &Host,
    timeout: Duration,
    watched: Watched,
    cancel: &Cancel,
) -> Answer {
    let may_hang = check.file.is_some() || check.disk.is_some();
    let answer = if may_hang && watched == Watched::ByNobody {
        answer_of_one_that_may_hang(check, world, host, timeout, cancel)
    } else {
        answer_of(check, world, host, timeout, cancel)
    };
    answer.without_secrets(&world.outputs.redactor)
}

fn answer_of_one_that_may_hang(
    check: &Check,
    world: &World,
    host: &Host,
    timeout: Duration,
    cancel: &Cancel,
) -> Answer {
    let (answered, answer) = mpsc::channel();
    let (asked, there, host, stop) = (check.clone(), world.clone(), host.clone(), cancel.clone());
    let asking = move || {
        // Nobody listens any more to an answer that comes too late.
        let _ = answered.send(answer_of(&asked, &there, &host, timeout, &stop));
    };
    if let Err(error) = thread::Builder::new().spawn(asking) {
        return Answer::unknown(format!("no thread to ask it in: {error}"));
    }
    let hangs =
        |_| Answer::unknown(format!("no answer within {}s: its file system hangs", timeout.as_secs_f32()));
    answer.recv_timeout(timeout).unwrap_or_else(hangs)
}

fn answer_of(check: &Check, world: &World, host: &Host, timeout: Duration, cancel: &Cancel) -> Answer {
    let Some(kind) = check.kind() else { return Answer::unknown("it asserts nothing") };
    match kind {
        CheckKind::File(file) => file::ask(file, world, host, Instant::now() + timeout),
        CheckKind::Command(command) => command::ask(command, world, timeout, cancel),
        CheckKind::Http(http) => http::ask(http, world, timeout),
        CheckKind::Tcp(tcp) => tcp::ask(tcp, timeout),
        CheckKind::Promql(promql) => promql::ask(promql, world, timeout),
        CheckKind::TargetUp(target) => target_up::ask(target, world, timeout),
        CheckKind::RulesHealthy(rules) => rules_healthy::ask(rules, world, timeout),
        CheckKind::Restore(restore) => restore::ask(restore, world, timeout, cancel),
        CheckKind::Process(process) => process::ask(process, host),
        CheckKind::Port(port) => port::ask(port, host),
        CheckKind::Service(service) => service::ask(service, host),
        CheckKind::Package(package) => package::ask(package, host),
        CheckKind::Mount(mount) => mount::ask(mount, host),
        CheckKind::Disk(disk) => disk::ask(disk, world, host, timeout),
        CheckKind::User(user) => account::user(user, host),
        CheckKind::Group(group) => account::group(group, host),
        CheckKind::Interface(interface) => interface::ask(interface, host),
        CheckKind::KernelParam(parameter) => kernel_param::ask(parameter),
        CheckKind::Dns(dns) => dns::ask(dns, timeout),
        CheckKind::Certificate(certificate) => certificate::ask(certificate, world, host, timeout),
        CheckKind::AlertPath(path) => alert_path::ask(path, world, timeout, cancel),
        CheckKind::AlertRoute(route) => alert_route::ask(route, world, timeout),
        CheckKind::ConfigLive(live) => config_live::ask(live, world, timeout),
    }
}

/// How often a check that says nothing of it is asked again while it is waited for.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Asks `check` again and again until it holds, for `patience` at most, or until `cancel`; returns the last
/// answer.
pub fn wait_for(check: &Check, world: &World, patience: Duration, cancel: &Cancel) -> Answer {
    let deadline = Instant::now() + patience;
    let every = check.retry.as_ref().map_or(ASK_EVERY, |again| again.every().to_std());
    loop {
        let answer = ask_once(check, world, cancel);
        let left = deadline.saturating_duration_since(Instant::now());
        if answer.is_yes() || left.is_zero() || cancel.wait(left.min(every)) {
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
