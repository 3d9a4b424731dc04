//! Whether what is scraped is stored, and what was stored is still there.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Comparing;
use super::setup::kept;
use crate::model::Fact;
use crate::validator::verifier::facts::{More, Server, Stretch};

/// Its own counters of damage to what is stored, and what they count.
pub(in crate::validator::verifier) const DAMAGE: [(&str, &str); 5] = [
    (
        "prometheus_tsdb_wal_writes_failed_total",
        "writes to the WAL that failed, and what was scraped then is not stored",
    ),
    ("prometheus_tsdb_wal_corruptions_total", "corruptions of the WAL"),
    ("prometheus_tsdb_reloads_failures_total", "loads of blocks that failed"),
    ("prometheus_tsdb_compactions_failed_total", "compactions that failed"),
    ("prometheus_tsdb_head_truncations_failed_total", "truncations of the head that failed"),
];

pub(super) fn compare(
    to: &mut Comparing,
    (was, had): (&Server, &More),
    (is, has): (&Server, &More),
    before: DateTime<Utc>,
) {
    corruptions(to, was, is);
    let is_same_process = was.started == is.started;
    for (name, what) in DAMAGE {
        let (Some(then), Some(now)) = (had.counters.get(name), has.counters.get(name)) else { continue };
        to.count(Fact::Storage, 1);
        // A server that was started anew counts from 0.
        let grown = now - if is_same_process { *then } else { 0.0 };
        if grown > 0.0 && name != "prometheus_tsdb_wal_corruptions_total" {
            to.worse((Fact::Storage, name), (then, now), format!("{what}: {grown}"));
        }
    }
    lowest(to, had, has, before);
    for (then, now) in had.history.iter().zip(&has.history) {
        stretch(to, then, now, (kept(&had.retention), before));
    }
}

fn corruptions(to: &mut Comparing, was: &Server, is: &Server) {
    let known = if was.started == is.started { was.corruptions } else { 0 };
    if known < is.corruptions {
        let found = crate::counted(usize::try_from(is.corruptions).unwrap_or(usize::MAX), "corruption");
        let message = format!("{found} of the WAL found: what came after in it is lost");
        to.worse((Fact::Storage, "prometheus_tsdb_wal_corruptions_total"), (known, is.corruptions), message);
    }
}

/// The oldest sample may only go because it is older than what is kept.
fn lowest(to: &mut Comparing, had: &More, has: &More, before: DateTime<Utc>) {
    let name = "prometheus_tsdb_lowest_timestamp_seconds";
    let of = |counters: &BTreeMap<String, f64>| {
        let seconds = counters.get(name).copied()?;
        // Without any sample it is far in the future.
        DateTime::from_timestamp_millis(super::super::capture::whole(seconds * 1000.0).try_into().ok()?)
            .filter(|at| *at <= Utc::now() + TimeDelta::days(1))
    };
    let Some(then) = of(&had.counters) else { return };
    to.count(Fact::History, 1);
    let Some(now) = of(&has.counters) else {
        // A head that was started anew and holds nothing yet says so; the stretches tell more.
        return;
    };
    // Blocks go as a whole, and one covers up to a tenth of what is kept.
    let due = kept(&had.retention).map(|kept| before - TimeDelta::seconds(whole_seconds(kept * 0.9)));
    if then < now && due.is_none_or(|due| due < then) && TimeDelta::minutes(1) < now - then {
        let message = format!("the oldest sample was of {}, and is of {}", at(then), at(now));
        to.worse((Fact::History, name), (at(then), at(now)), message);
    }
}

fn stretch(to: &mut Comparing, then: &Stretch, now: &Stretch, (kept, before): (Option<f64>, DateTime<Utc>)) {
    let is_due = kept.is_some_and(|kept| then.from < before - TimeDelta::seconds(whole_seconds(kept * 0.9)));
    if then.points == 0 || is_due {
        return;
    }
    to.count(Fact::History, 1);
    let shown = |stretch: &Stretch| format!("{} points, sum {}", stretch.points, stretch.sum);
    let span = format!("{} to {}", at(then.from), at(then.until));
    let subject = format!("{} from {span}", then.query);
    if now.points < then.points || now.sum < then.sum {
        let message = format!(
            "`{}` over {span} had {}, and has {}: samples are lost",
            then.query,
            shown(then),
            shown(now)
        );
        to.worse((Fact::History, &subject), (shown(then), shown(now)), message);
    } else if now.points != then.points || (now.sum - then.sum).abs() > 1e-9 * then.sum.abs() {
        let message = format!("`{}` over {span} had {}, and has {}", then.query, shown(then), shown(now));
        to.changed((Fact::History, &subject), (shown(then), shown(now)), message);
    }
}

fn at(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[expect(clippy::cast_possible_truncation, reason = "a time that samples are kept for")]
fn whole_seconds(seconds: f64) -> i64 {
    seconds as i64
}
