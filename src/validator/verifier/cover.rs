//! How long one of several that stand in for each other has to see everything before the next one may be touched.
//!
//! Work on a Prometheus leaves a gap in its data. As long as the longest time that a rule looks back reaches into that
//! gap, its alerts may be wrong, and its partner has to be there. So the partner waits until the gap is covered.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::promql::{self, Expr, ExprKind};
use crate::world::prometheus::{PeerError, Prometheus, RuleGroup};

/// An instant selector looks this far back unless the server is told otherwise.
///
/// Source: Prometheus, flag `query.lookback-delta`.
const LOOKBACK: TimeDelta = TimeDelta::minutes(5);
/// What one question may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How far the loaded rules look back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The longest time that a rule looks back, with the time that its condition has to hold.
    pub longest: TimeDelta,
    /// The rule that looks back so far, as `group/name`; `None` without rules.
    pub rule: Option<String>,
    /// Rules whose query is not understood here: they may look back further.
    pub unread: Vec<String>,
}

/// How far the rules that `prometheus` has loaded look back.
///
/// # Errors
/// [`PeerError`].
pub fn cover_of(prometheus: &Prometheus) -> Result<Cover, PeerError> {
    Ok(of_rules(&prometheus.rules(TIMEOUT)?))
}

fn of_rules(groups: &[RuleGroup]) -> Cover {
    let mut cover = Cover { longest: TimeDelta::zero(), rule: None, unread: Vec::new() };
    for group in groups {
        for rule in &group.rules {
            let name = format!("{}/{}", group.name, rule.name);
            let Ok(expr) = promql::parse(&rule.query) else {
                cover.unread.push(name);
                continue;
            };
            let held = Duration::try_from_secs_f64(rule.duration).unwrap_or_default();
            let reach = reach_of(&expr) + TimeDelta::from_std(held).unwrap_or_default();
            if cover.longest < reach {
                (cover.longest, cover.rule) = (reach, Some(name));
            }
        }
    }
    cover
}

/// How far an expression looks back from the moment of its evaluation: a subquery looks back from each of its own
/// moments. A time of its own (`@`) is no look back from now.
fn reach_of(expr: &Expr) -> TimeDelta {
    let offset = |offset: Option<TimeDelta>| offset.unwrap_or_default().max(TimeDelta::zero());
    match &expr.kind {
        ExprKind::Selector(selector) if selector.modifiers.at.is_some() => TimeDelta::zero(),
        ExprKind::Selector(selector) => LOOKBACK + offset(selector.modifiers.offset),
        ExprKind::Range(range) if range.selector.modifiers.at.is_some() => TimeDelta::zero(),
        ExprKind::Range(range) => range.range + offset(range.selector.modifiers.offset),
        ExprKind::Subquery(subquery) if subquery.modifiers.at.is_some() => TimeDelta::zero(),
        ExprKind::Subquery(subquery) => {
            subquery.range + offset(subquery.modifiers.offset) + reach_of(&subquery.expr)
        }
        _ => promql::children(expr).into_iter().map(reach_of).max().unwrap_or_default(),
    }
}

/// A time without samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last sample before it, or the beginning of what was looked at.
    pub from: DateTime<Utc>,
    /// The first sample after it, or the end of what was looked at: then it may go on.
    pub until: DateTime<Utc>,
}

impl Gap {
    /// How long it is.
    pub fn length(&self) -> TimeDelta {
        self.until - self.from
    }

    /// When no rule looks back into it any more.
    pub fn is_covered_from(&self, cover: &Cover) -> DateTime<Utc> {
        self.until + cover.longest
    }
}

/// The longest time between `since` and `until` in which `prometheus` stored no scrape of what has these labels, such
/// as `instance`; the two ends count as samples, so that one who is never seen has a gap of the whole time.
///
/// An ordinary gap is as long as the scrape interval.
///
/// # Errors
/// [`PeerError`].
pub fn gap_of(
    prometheus: &Prometheus,
    labels: &BTreeMap<String, String>,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Gap, PeerError> {
    Ok(longest_gap(samples_of(prometheus, labels, (since, until))?, (since, until)))
}

/// What is looked at after work on a target for its first sample: who is away for longer is no partner any more.
const AWAY: TimeDelta = TimeDelta::hours(1);

/// When the gap ended that work left which was over at `ended`: the first sample after that of what has these labels, or
/// `now` as long as there is none, an hour after the work at the latest.
///
/// # Errors
/// [`PeerError`].
pub fn end_of_gap(
    prometheus: &Prometheus,
    labels: &BTreeMap<String, String>,
    ended: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, PeerError> {
    let until = now.min(ended + AWAY);
    if until <= ended {
        return Ok(ended);
    }
    let seen = samples_of(prometheus, labels, (ended, until))?;
    Ok(seen.into_iter().filter(|at| ended < *at).min().unwrap_or(until))
}

/// When `prometheus` scraped what has these labels.
fn samples_of(
    prometheus: &Prometheus,
    labels: &BTreeMap<String, String>,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<DateTime<Utc>>, PeerError> {
    let matchers: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
    let seconds = (until - since).num_seconds().max(1);
    let at = until.timestamp_millis();
    // Raw samples, with their own times; at a moment of its own, so that the answer does not depend on when it is asked.
    let query =
        format!("up{{{}}}[{seconds}s] @ {}.{:03}", matchers.join(","), at / 1000, at.rem_euclid(1000));
    let series = prometheus.raw_samples(&query, TIMEOUT)?;
    let seen = series.iter().flat_map(|one| &one.samples);
    Ok(seen.filter_map(|(at, _)| DateTime::from_timestamp_millis(*at)).collect())
}

fn longest_gap(mut seen: Vec<DateTime<Utc>>, (since, until): (DateTime<Utc>, DateTime<Utc>)) -> Gap {
    seen.retain(|at| since < *at && *at < until);
    seen.sort_unstable();
    let (before, after) =
        ([since].into_iter().chain(seen.iter().copied()), seen.iter().copied().chain([until]));
    let gaps = before.zip(after).map(|(from, until)| Gap { from, until });
    // Of several as long as each other the last one: it is the one that is covered last.
    gaps.max_by_key(Gap::length).unwrap_or(Gap { from: since, until })
}

/// A text of PromQL.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(query: &str) -> String {
        let minutes = reach_of(&promql::parse(query).unwrap()).num_minutes();
        format!("{minutes}m")
    }

    #[test]
    fn an_expression_looks_back_as_far_as_its_longest_part() {
        for (query, expected) in [
            ("1", "0m"),
            ("up", "5m"),
            ("up offset 1h", "65m"),
            ("up offset -1h", "5m"),
            ("rate(a[10m]) / rate(b[2h] offset 30m)", "150m"),
            ("max_over_time(rate(a[10m])[1h:1m] offset 5m)", "75m"),
            ("up and a @ 1600000000", "5m"),
            ("absent_over_time(a[1d])", "1440m"),
        ] {
            assert_eq!(reach(query), expected, "{query}");
        }
    }

    #[test]
    fn the_longest_gap_is_found_between_samples_and_at_both_ends() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let gap = |from, until| Gap { from: at(from), until: at(until) };
        let check = |seen: &[i64], expected| {
            assert_eq!(longest_gap(seen.iter().map(|one| at(*one)).collect(), (at(0), at(100))), expected);
        };
        check(&[], gap(0, 100));
        check(&[90, 10, 20, 30], gap(30, 90));
        check(&[10, 20], gap(20, 100));
        check(&[60, 95, 200, -5], gap(0, 60));
        check(&[25, 50, 75], gap(75, 100));
        let cover = Cover { longest: TimeDelta::seconds(60), rule: None, unread: Vec::new() };
        assert_eq!(gap(30, 90).is_covered_from(&cover), at(150));
    }
}
