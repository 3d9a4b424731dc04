//! Waits until monitoring is back, by facts that are younger than the work.

mod ready;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use self::ready::{DISCOVERY, SCRAPES, is_too_early, is_unevaluated, is_unscraped, too_few_scrapes};
use super::capture::{self, TIMEOUT, rules_of};
use super::facts::{Peer, Server};
use super::patience::Patience;
use super::{Compared, Facts, Spec, compare, lost};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::prometheus::{PeerError, Prometheus, RuleGroup, WalReplay};

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// What is still worse than before, or keeps it from being seen; empty when monitoring is back.
    pub differences: Vec<String>,
    /// How long it took to come back; `None` when it did not.
    pub took: Option<Duration>,
    /// All that is not as it was by the last comparison, and what it means; nothing when there was none.
    pub compared: Compared,
}

/// How often monitoring is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Waits, for `patience` at most, until monitoring is as it was `before`, judged only by scrapes and rule
/// evaluations after `end_of_work` (by the real clock).
///
/// In this order: the WAL is replayed; Prometheus has had time to discover its targets, and none of them is
/// unknown; two scrapes of each that are younger than the work are stored; every rule has been evaluated after
/// that; and nothing is worse than before. A WAL replay that makes progress extends the patience: a server is never
/// given up in the middle of it, but for a hard cap, which is told.
pub fn settle(
    before: &Facts,
    world: &World,
    end_of_work: DateTime<Utc>,
    (patience, spec): (Duration, &Spec),
    cancel: &Cancel,
) -> Settled {
    let Some(prometheus) = &world.prometheus else {
        let differences = vec!["there is no Prometheus to ask".to_owned()];
        return Settled { differences, took: None, compared: Compared::default() };
    };
    let began = Instant::now();
    let mut patience = Patience::new(patience.max(least_patience(&before.first, patience)), began);
    let mut looking =
        Looking { before, world, end_of_work, spec, each: patience.each, scraped: BTreeMap::new() };
    let mut last = None;
    loop {
        let asked = Instant::now();
        let differences = match looking.look(prometheus) {
            Ok(Look::Compared(found)) if found.0.is_same() => {
                return Settled { differences: Vec::new(), took: Some(began.elapsed()), compared: found.0 };
            }
            Ok(Look::Compared(found)) => {
                let differences = found.0.sentences();
                last = Some(found);
                differences
            }
            Ok(Look::NotYet(reason)) => vec![reason],
            Ok(Look::Replaying(replay)) => {
                patience.saw_replay(replay, Instant::now());
                vec![patience.of_replay(replay, Instant::now())]
            }
            Err(error) => vec![crate::in_words(&error)],
        };
        // A look at a large estate takes its time, and the estate needs some for itself.
        if patience.is_over(Instant::now()) || cancel.wait(LOOK_EVERY.max(asked.elapsed())) {
            return given_up(differences, last, before, prometheus);
        }
    }
}

/// What is told when monitoring did not come back, with what has probably taken the place of metrics that are gone.
fn given_up(
    differences: Vec<String>,
    last: Option<Box<(Compared, Server)>>,
    before: &Facts,
    prometheus: &Prometheus,
) -> Settled {
    let Some((mut compared, after)) = last.map(|last| *last) else {
        return Settled { differences, took: None, compared: Compared::default() };
    };
    // A comparison that came before something kept monitoring from being seen is not what is told.
    let is_of_last_look = compared.sentences() == differences;
    if let Some((had, has)) = before.first.more.as_ref().zip(after.more.as_ref())
        // Nobody waits any longer because that cannot be found out.
        && let Ok(replacements) = lost::replacements(prometheus, had, has)
    {
        lost::tell(&mut compared.changes, &replacements);
    }
    let differences = if is_of_last_look { compared.sentences() } else { differences };
    Settled { differences, took: None, compared }
}

/// Less than this cannot succeed: discovery, scrapes and an evaluation have to come first.
fn least_patience(before: &Server, patience: Duration) -> Duration {
    let scrapes = Duration::from_secs_f64((SCRAPES + 1.0) * before.scrape_interval);
    let evaluation = Duration::try_from_secs_f64(before.evaluation_interval).unwrap_or_default();
    let evaluation = if is_slow(evaluation, patience) { Duration::ZERO } else { evaluation };
    2 * DISCOVERY + scrapes + evaluation
}

/// Whether rules of this interval are not waited for: an hourly one would hold up every run for an hour.
fn is_slow(interval: Duration, patience: Duration) -> bool {
    patience < interval
}

/// What one look at monitoring found.
enum Look {
    /// It was compared; with the facts of the first server.
    Compared(Box<(Compared, Server)>),
    /// It cannot be compared yet.
    NotYet(String),
    /// Prometheus replays its WAL.
    Replaying(WalReplay),
}

/// What is looked for, and what was seen of it so far.
struct Looking<'a> {
    before: &'a Facts,
    world: &'a World,
    end_of_work: DateTime<Utc>,
    spec: &'a Spec,
    /// The patience: slower rules are not waited for.
    each: Duration,
    /// By server, the newest scrape at the moment when enough of all targets were stored: an evaluation after it saw them.
    scraped: BTreeMap<String, DateTime<Utc>>,
}

impl Looking<'_> {
    fn look(&mut self, prometheus: &Prometheus) -> Result<Look, PeerError> {
        let first = match self.server(prometheus, &self.before.first)? {
            Ok(first) => first,
            Err(look) => return Ok(look),
        };
        let mut replicas = BTreeMap::new();
        for replica in &self.world.replicas {
            let url = replica.url();
            let found = match self.before.replicas.get(&url) {
                Some(Peer::Known(before)) => match self.server(replica, before) {
                    Ok(Ok(server)) => Ok(server),
                    Ok(Err(Look::NotYet(reason))) => return Ok(Look::NotYet(format!("{url}: {reason}"))),
                    Ok(Err(look)) => return Ok(look),
                    Err(error) => Err(error),
                },
                // Nothing is known of what it was.
                _ => self.anew(replica, &self.before.first, &[]),
            };
            replicas.insert(url, Peer::of(found));
        }
        let after = capture::facts(first, replicas, self.world)?;
        let compared = compare(self.before, &after, self.spec);
        Ok(Look::Compared(Box::new((compared, after.first))))
    }

    /// The facts of one server, once they can be compared.
    fn server(
        &mut self,
        prometheus: &Prometheus,
        before: &Server,
    ) -> Result<Result<Server, Look>, PeerError> {
        if !prometheus.is_ready(TIMEOUT)? {
            return Ok(Err(Look::Replaying(prometheus.wal_replay(TIMEOUT)?)));
        }
        if let Some(reason) = is_too_early(prometheus, before, self.end_of_work)? {
            return Ok(Err(Look::NotYet(reason)));
        }
        let targets = prometheus.targets(TIMEOUT)?;
        let groups = prometheus.rules(TIMEOUT)?;
        if let Some(reason) = is_unscraped(before, &targets, self.end_of_work) {
            return Ok(Err(Look::NotYet(reason)));
        }
        if let Some(reason) = too_few_scrapes(prometheus, &targets, self.end_of_work)? {
            return Ok(Err(Look::NotYet(reason)));
        }
        let newest = targets.iter().map(|target| target.last_scrape).max();
        let scraped = *self.scraped.entry(prometheus.url()).or_insert(newest.unwrap_or(self.end_of_work));
        let (slow, others): (Vec<_>, Vec<_>) = groups.iter().partition(|group| {
            is_slow(Duration::try_from_secs_f64(group.interval).unwrap_or_default(), self.each)
        });
        if let Some(reason) = is_unevaluated(&others, scraped) {
            return Ok(Err(Look::NotYet(reason)));
        }
        self.anew(prometheus, before, &slow).map(Ok)
    }

    /// The facts of now. A rule that is not waited for is not held to be lost only because its turn has not come, and
    /// neither is what it records.
    fn anew(
        &self,
        prometheus: &Prometheus,
        before: &Server,
        slow: &[&RuleGroup],
    ) -> Result<Server, PeerError> {
        let (targets, groups) = (prometheus.targets(TIMEOUT)?, prometheus.rules(TIMEOUT)?);
        let work = Some((self.end_of_work, before));
        let mut after = capture::server(prometheus, self.spec, (&targets, &groups), work)?;
        for (name, health) in slow.iter().flat_map(|group| rules_of(group)) {
            if health == "unknown" {
                after.rules.insert(name.clone(), before.rules.get(&name).cloned().unwrap_or(health));
            }
        }
        if let (Some(has), Some(had)) = (&mut after.more, &before.more) {
            let recorded = slow.iter().flat_map(|group| &group.rules).map(|rule| rule.name.as_str());
            let recorded: std::collections::BTreeSet<_> = recorded.collect();
            for (selector, signal) in &mut has.signals {
                let metric = super::read::metric_of(selector).unwrap_or_default();
                if let Some(was) = had.signals.get(selector).filter(|_| recorded.contains(metric)) {
                    signal.series = signal.series.max(was.series);
                }
            }
        }
        Ok(after)
    }
}
