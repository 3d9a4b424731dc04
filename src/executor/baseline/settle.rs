//! Waits until monitoring is back, by facts that are younger than the work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::facts::{TIMEOUT, facts, name_of};
use super::{Facts, compare};
use crate::model::Tolerance;
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::prometheus::{PeerError, Prometheus, RuleGroup, ScrapeTarget};

/// How the waiting ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// What is still worse than before, or keeps it from being seen; empty when monitoring is back.
    pub differences: Vec<String>,
    /// How long it took to come back; `None` when it did not.
    pub took: Option<Duration>,
}

/// How often monitoring is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long Prometheus takes until targets that were discovered, or lost, are scraped, or not: until then it
/// looks as it did before.
const DISCOVERY: Duration = Duration::from_secs(5);
/// Scrapes younger than the work that are seen before anything counts.
const SCRAPES: f64 = 2.0;
/// WAL replay that goes on extends the patience, up to this many times.
const MOST_EXTENSIONS: u32 = 20;

/// Waits, for `patience` at most, until monitoring is as it was `before`, judged only by scrapes and rule
/// evaluations after `end_of_work` (by the real clock).
///
/// A WAL replay that makes progress extends the patience: a server is never given up in the middle of it.
pub fn settle(
    before: &Facts,
    world: &World,
    end_of_work: DateTime<Utc>,
    (patience, within): (Duration, Tolerance),
    cancel: &Cancel,
) -> Settled {
    let Some(prometheus) = &world.prometheus else {
        return Settled { differences: vec!["there is no Prometheus to ask".to_owned()], took: None };
    };
    let began = Instant::now();
    let mut patience = Patience::new(patience.max(least_patience(before)));
    loop {
        let differences = match look(prometheus, world, before, end_of_work, within) {
            Ok(Look::Compared(differences)) if differences.is_empty() => {
                return Settled { differences, took: Some(began.elapsed()) };
            }
            Ok(Look::Compared(differences)) => differences,
            Ok(Look::NotYet(reason)) => vec![reason],
            Ok(Look::Replaying { current, max }) => {
                patience.saw_replay(current);
                vec![format!("Prometheus replays its WAL, segment {current} of {max}")]
            }
            Err(error) => vec![crate::in_words(&error)],
        };
        if patience.is_over() || cancel.wait(LOOK_EVERY) {
            return Settled { differences, took: None };
        }
    }
}

/// Less than this cannot succeed: discovery and scrapes have to come first.
fn least_patience(before: &Facts) -> Duration {
    2 * DISCOVERY + Duration::from_secs_f64((SCRAPES + 1.0) * before.scrape_interval)
}

/// A deadline that a WAL replay's progress moves.
struct Patience {
    each: Duration,
    until: Instant,
    segment: Option<i64>,
    extensions: u32,
}

impl Patience {
    fn new(each: Duration) -> Self {
        Self { each, until: Instant::now() + each, segment: None, extensions: 0 }
    }

    fn saw_replay(&mut self, segment: i64) {
        if self.segment.is_none_or(|last| last < segment) && self.extensions < MOST_EXTENSIONS {
            self.segment = Some(segment);
            self.extensions += 1;
            self.until = Instant::now() + self.each;
        }
    }

    fn is_over(&self) -> bool {
        self.until <= Instant::now()
    }
}

/// What one look at monitoring found.
enum Look {
    /// It can be compared, and this is worse.
    Compared(Vec<String>),
    /// It cannot be compared yet.
    NotYet(String),
    /// Prometheus replays its WAL.
    Replaying { current: i64, max: i64 },
}

fn look(
    prometheus: &Prometheus,
    world: &World,
    before: &Facts,
    end_of_work: DateTime<Utc>,
    within: Tolerance,
) -> Result<Look, PeerError> {
    if !prometheus.is_ready(TIMEOUT)? {
        let replay = prometheus.wal_replay(TIMEOUT)?;
        return Ok(Look::Replaying { current: replay.current, max: replay.max });
    }
    if let Some(reason) = is_too_early(prometheus, before, end_of_work)? {
        return Ok(Look::NotYet(reason));
    }
    let targets = prometheus.targets(TIMEOUT)?;
    let rules = prometheus.rules(TIMEOUT)?;
    let stale = is_stale(before, &targets, &rules, end_of_work);
    if let Some(reason) = stale.or(too_few_scrapes(prometheus, &targets, end_of_work)?) {
        return Ok(Look::NotYet(reason));
    }
    let after = facts(prometheus, world, &targets, &rules)?;
    Ok(Look::Compared(compare(before, &after, within)))
}

/// Waits for the discovery and two scrapes since the work ended, or since Prometheus started if that was later.
fn is_too_early(
    prometheus: &Prometheus,
    before: &Facts,
    end_of_work: DateTime<Utc>,
) -> Result<Option<String>, PeerError> {
    let since = prometheus.runtime_info(TIMEOUT)?.start_time.max(end_of_work);
    let needed = DISCOVERY + Duration::from_secs_f64(SCRAPES * before.scrape_interval);
    let age = (Utc::now() - since).to_std().unwrap_or_default();
    Ok((age < needed)
        .then(|| format!("Prometheus may not have noticed yet what was changed {}s ago", age.as_secs())))
}

/// Names the first thing that has not been looked at since the work ended.
fn is_stale(
    before: &Facts,
    targets: &[ScrapeTarget],
    groups: &[RuleGroup],
    end_of_work: DateTime<Utc>,
) -> Option<String> {
    if targets.is_empty() && !before.targets.is_empty() {
        return Some("Prometheus knows no target yet".to_owned());
    }
    let unscraped =
        targets.iter().find(|target| target.health == "unknown" || target.last_scrape <= end_of_work);
    if let Some(target) = unscraped {
        return Some(format!("target {} has not been scraped since the work ended", name_of(target)));
    }
    let rules = groups.iter().flat_map(|group| &group.rules);
    let mut unevaluated =
        rules.filter(|rule| rule.health == "unknown" || rule.last_evaluation <= end_of_work);
    unevaluated.next().map(|rule| format!("rule `{}` has not been evaluated since the work ended", rule.name))
}

/// Counts stored samples, not scrapes: a full disk scrapes well and stores nothing.
fn too_few_scrapes(
    prometheus: &Prometheus,
    targets: &[ScrapeTarget],
    end_of_work: DateTime<Utc>,
) -> Result<Option<String>, PeerError> {
    let age = (Utc::now() - end_of_work).num_seconds();
    if age < 1 {
        return Ok(Some("the work has only just ended".to_owned()));
    }
    let answered = prometheus.query(&format!("count_over_time(up[{age}s])"), TIMEOUT)?;
    let instance = |labels: &BTreeMap<String, String>| {
        ["job", "instance"].map(|name| labels.get(name).cloned().unwrap_or_default())
    };
    let stored: BTreeMap<_, _> =
        answered.samples.iter().map(|sample| (instance(&sample.labels), sample.number())).collect();
    let lacking =
        targets.iter().find(|target| stored.get(&instance(&target.labels)).is_none_or(|n| *n < SCRAPES));
    Ok(lacking.map(|target| {
        format!("fewer than {SCRAPES} scrapes of {} are stored since the work ended", name_of(target))
    }))
}
