//! The facts of before held against those of after.
//!
//! 1. What was added is no loss: work may add rules, targets and series. What is lost, down, erring or newly firing is.
//! 2. A fact that is not known on one side is not held against the other, and does not count as compared.
//! 3. What is expected is told as expected, and what was expected and did not happen is told as well.

mod alertmanager;
mod alerts;
mod flow;
mod setup;
mod signals;
mod storage;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Spec;
use super::expect;
use super::facts::{Facts, Peer, Server};
use crate::model::{ChangeVerdict, Fact, FactChange};

pub(super) use signals::lost as lost_signals;
pub(super) use storage::DAMAGE;

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// What is not as it was, the worst first.
    pub changes: Vec<FactChange>,
    /// How many facts of each kind were held against each other.
    pub counts: BTreeMap<Fact, u64>,
}

impl Compared {
    /// Whether monitoring is as it was: nothing that matters differs, and targets were compared at all.
    pub fn is_same(&self) -> bool {
        self.bad().next().is_none() && self.counts.contains_key(&Fact::Target)
    }

    /// What keeps monitoring from being as it was.
    pub fn bad(&self) -> impl Iterator<Item = &FactChange> {
        self.changes.iter().filter(|change| change.verdict.is_bad())
    }

    /// A sentence for each of them.
    pub fn sentences(&self) -> Vec<String> {
        let mut all: Vec<_> = self.bad().map(FactChange::sentence).collect();
        if !self.counts.contains_key(&Fact::Target) {
            all.push("no target was held against what it was before: nothing is proved".to_owned());
        }
        all
    }
}

/// Holds `after` against `before`.
pub fn compare(before: &Facts, after: &Facts, spec: &Spec) -> Compared {
    let mut comparing = Comparing { spec, at: None, found: Compared::default() };
    comparing.server(&before.first, &after.first, (before, after));
    for (url, was) in &before.replicas {
        comparing.at = Some(url.clone());
        match (was, after.replicas.get(url)) {
            (_, None) => comparing.unknown("it is no replica any more in the plan file"),
            (Peer::Known(was), Some(Peer::Known(is))) => comparing.server(was, is, (before, after)),
            (Peer::Unknown(_), Some(Peer::Unknown(why))) => comparing.is_unknown_still(why),
            (Peer::Known(_), Some(Peer::Unknown(why))) => comparing.unknown(why),
            (Peer::Unknown(_), Some(Peer::Known(_))) => comparing.answers_again(),
        }
    }
    comparing.at = None;
    alertmanager::compare(&mut comparing, before, after);
    comparing.unmet();
    comparing.found.changes.sort_by_key(|change| (change.verdict, change.fact));
    comparing.found
}

struct Comparing<'a> {
    spec: &'a Spec,
    /// The server that is compared; `None` for the one that is asked first.
    at: Option<String>,
    found: Compared,
}

impl Comparing<'_> {
    fn server(&mut self, was: &Server, is: &Server, (before, after): (&Facts, &Facts)) {
        targets::compare(self, was, is);
        alerts::compare(self, was, is);
        setup::compare(self, was, is);
        let (Some(had), Some(has)) = (&was.more, &is.more) else { return };
        signals::compare(self, had, has, was.started != is.started);
        storage::compare(self, (was, had), (is, has), before.at);
        flow::compare(self, (was, had), (is, has), after.at);
    }

    /// Notes that `n` facts of a kind were held against each other.
    fn count(&mut self, fact: Fact, n: usize) {
        if n > 0 {
            *self.found.counts.entry(fact).or_default() += u64::try_from(n).unwrap_or(u64::MAX);
        }
    }

    fn is_expected(&self, fact: Fact, subject: &str) -> bool {
        self.spec.expect.iter().flatten().any(|expectation| expect::speaks_of(expectation, fact, subject))
    }

    /// Whether changes that nobody expects are worse by themselves.
    fn is_strict(&self) -> bool {
        self.spec.expect.is_some()
    }

    fn note(
        &mut self,
        verdict: ChangeVerdict,
        (fact, subject): (Fact, &str),
        (before, after): (Option<String>, Option<String>),
        message: String,
    ) {
        let verdict = if self.is_expected(fact, subject) { ChangeVerdict::Expected } else { verdict };
        let (subject, server) = (subject.to_owned(), self.at.clone());
        self.found.changes.push(FactChange { verdict, fact, subject, server, before, after, message });
    }

    fn worse(
        &mut self,
        of: (Fact, &str),
        (before, after): (impl Display, impl Display),
        message: impl Into<String>,
    ) {
        let states = (Some(before.to_string()), Some(after.to_string()));
        self.note(ChangeVerdict::Worse, of, states, message.into());
    }

    fn changed(
        &mut self,
        of: (Fact, &str),
        (before, after): (impl Display, impl Display),
        message: impl Into<String>,
    ) {
        let states = (Some(before.to_string()), Some(after.to_string()));
        self.note(ChangeVerdict::Changed, of, states, message.into());
    }

    fn unknown(&mut self, why: &str) {
        let subject = self.at.clone().unwrap_or_default();
        let states = (None, None);
        self.note(
            ChangeVerdict::Unknown,
            (Fact::Peer, &subject),
            states,
            format!("could not be held against what it was: {why}"),
        );
    }

    /// The work is not to blame for a server that could not be asked before it either.
    fn is_unknown_still(&mut self, why: &str) {
        let subject = self.at.clone().unwrap_or_default();
        let message = format!("it could not be asked before, and cannot be now: {why}");
        self.changed((Fact::Peer, &subject), ("no answer", "no answer"), message);
    }

    fn answers_again(&mut self) {
        let subject = self.at.clone().unwrap_or_default();
        let message = "it could not be asked before, so that nothing is known of what it was";
        self.changed((Fact::Peer, &subject), ("no answer", "answers"), message);
    }

    /// What was expected and did not happen: it is told, and is no fault.
    fn unmet(&mut self) {
        for expectation in self.spec.expect.iter().flatten() {
            let is_met = |change: &FactChange| expect::speaks_of(expectation, change.fact, &change.subject);
            if !self.found.changes.iter().any(is_met) {
                let words = expect::in_words(expectation);
                let change = FactChange {
                    verdict: ChangeVerdict::Changed,
                    fact: fact_of(expectation),
                    subject: words.clone(),
                    server: None,
                    before: None,
                    after: None,
                    message: format!("`{words}` was expected to change, and did not"),
                };
                self.found.changes.push(change);
            }
        }
    }
}

fn fact_of(expectation: &crate::model::Expectation) -> Fact {
    use crate::model::Expectation as E;
    match expectation {
        E::Version => Fact::Version,
        E::Flags | E::Flag(_) => Fact::Flag,
        E::Config => Fact::Config,
        E::History => Fact::History,
        E::Target(_) => Fact::Target,
        E::Series(_) => Fact::Series,
        E::Metric(_) => Fact::Metric,
        E::Rule(_) => Fact::Rule,
        E::Alert(_) => Fact::Alert,
        E::Probe(_) => Fact::Probe,
    }
}
