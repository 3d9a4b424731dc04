//! Snapshots, deletions and cleanings: what needs room on the disk.
//!
//! 1. When the data directory is on this machine and there is no room for the worst case, nothing is begun. When it
//!    is not, that is said: Prometheus itself looks at no room beforehand.
//! 2. What a failure leaves behind is removed when it is certainly ours, and named otherwise.
//!
//! Grounds: prometheus/prometheus#4200, #3782, #7245.

use std::fs;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{TIMEOUT, unless_stopped};
use crate::calendar::Zone;
use crate::executor::actions::{Context, Done};
use crate::model::{PrometheusAction, SeriesToDelete};
use crate::text::in_bytes;
use crate::world::prometheus::{PeerError, Prometheus};
use crate::world::tsdb::{Room, Tsdb};

/// The room that an action takes at most, and what there is; `None` for one that takes none.
///
/// It asks and reads, and changes nothing: a dry run may call it.
///
/// # Errors
/// Why it is not known, as a phrase.
pub fn space_needed(
    action: &PrometheusAction,
    prometheus: &Prometheus,
    zone: &Zone,
    timeout: Duration,
) -> Result<Option<Room>, String> {
    if matches!(action, PrometheusAction::Reload) {
        return Ok(None);
    }
    let tsdb = Tsdb::of(prometheus, timeout)?;
    let room = match action {
        PrometheusAction::Reload => return Ok(None),
        PrometheusAction::Snapshot => tsdb.room_for_snapshot(),
        PrometheusAction::CleanTombstones => tsdb.room_for_cleaning(),
        PrometheusAction::DeleteSeries(series) => {
            let (selectors, time) = (selectors(series), time_of(series, zone));
            let n_series =
                prometheus.n_series(&selectors, time, timeout).map_err(|error| crate::in_words(&error))?;
            tsdb.room_for_deletion(n_series, in_milliseconds(time))
        }
    };
    room.map(Some).map_err(|error| format!("{} cannot be read here: {error}", tsdb.path().display()))
}

/// Whether there is room, in words; an error refuses the action.
fn room(action: &PrometheusAction, prometheus: &Prometheus, zone: &Zone) -> Result<String, String> {
    match space_needed(action, prometheus, zone, TIMEOUT) {
        Ok(Some(room)) if !room.is_enough() => Err(format!("not begun: it {}", room.in_words())),
        Ok(_) => Ok(String::new()),
        Err(why) => Ok(format!("; whether there was room for it was not known beforehand: {why}")),
    }
}

const STOPPED: &str = "stopped waiting; Prometheus cannot be stopped in it and goes on";

pub(super) fn snapshot(prometheus: &Prometheus, context: &Context) -> Done {
    let unknown = match room(&PrometheusAction::Snapshot, prometheus, context.work.zone) {
        Ok(unknown) => unknown,
        Err(refusal) => return Done::failed(refusal),
    };
    let tsdb = Tsdb::of(prometheus, TIMEOUT).ok();
    let before = tsdb.as_ref().and_then(|tsdb| tsdb.snapshots().ok());
    let (peer, timeout) = (prometheus.clone(), context.timeout);
    match unless_stopped(context, move || peer.snapshot(timeout)) {
        None => Done::interrupted(STOPPED),
        Some(Ok(name)) => {
            let is_empty = tsdb.as_ref().is_some_and(|tsdb| is_empty(&tsdb.snapshot(&name)));
            if is_empty {
                return Done::failed(format!("snapshot {name} is empty: Prometheus has no data"));
            }
            Done::well(format!("snapshot {name}, in the folder `snapshots` of its data{unknown}"))
        }
        Some(Err(error)) => {
            let left = match (&tsdb, before) {
                _ if !is_over(&error) => GOES_ON.to_owned(),
                (Some(tsdb), Some(before)) => left_by_snapshot(tsdb, &before),
                _ => "what it left in the folder `snapshots` is not known".to_owned(),
            };
            Done::failed(format!("{}; {left}{}{unknown}", crate::in_words(&error), standing(prometheus)))
        }
    }
}

fn is_empty(folder: &std::path::Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

/// Whether Prometheus itself said that it failed: otherwise it may still be at it.
fn is_over(error: &PeerError) -> bool {
    matches!(error, PeerError::Refused { .. })
}

const GOES_ON: &str = "whether Prometheus goes on with it is not known";

/// Removes what a failed snapshot left behind: it looks like one, and is none. Its blocks are hard links, so that
/// the data itself is untouched. What may be somebody else's is only named: one of two that are new, or one with a
/// block that the server itself does not have, which is the head of a snapshot that succeeded.
fn left_by_snapshot(tsdb: &Tsdb, before: &std::collections::BTreeSet<String>) -> String {
    let after = match tsdb.snapshots() {
        Ok(after) => after,
        Err(error) => return format!("what it left behind cannot be read: {error}"),
    };
    let new: Vec<_> = after.difference(before).collect();
    match new.as_slice() {
        [] => "nothing is left of it".to_owned(),
        [name] if !is_ours(tsdb, name) => {
            format!("{} is new, and not certainly what is left of it", tsdb.snapshot(name).display())
        }
        [name] => {
            let path = tsdb.snapshot(name);
            match fs::remove_dir_all(&path) {
                Ok(()) => format!("what was left of it, {name}, is removed"),
                Err(error) => format!(
                    "{} is left of it and is no snapshot; it cannot be removed: {error}",
                    path.display()
                ),
            }
        }
        several => {
            let names: Vec<_> = several.iter().map(|name| name.as_str()).collect();
            format!("one of these is left of it and is no snapshot: {}", names.join(", "))
        }
    }
}

/// Whether a snapshot holds nothing but blocks that the server has as well, and what was half-written.
fn is_ours(tsdb: &Tsdb, name: &str) -> bool {
    let Ok(mut entries) = fs::read_dir(tsdb.snapshot(name)) else { return false };
    entries.all(|entry| {
        entry.is_ok_and(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().contains(".tmp") || tsdb.path().join(name).is_dir()
        })
    })
}

/// Whether the server is all right after a failure.
fn standing(prometheus: &Prometheus) -> String {
    match prometheus.is_ready(TIMEOUT) {
        Ok(true) => "; Prometheus itself still answers".to_owned(),
        Ok(false) => "; Prometheus is not ready any more".to_owned(),
        Err(error) => format!("; Prometheus does not answer any more: {}", crate::in_words(&error)),
    }
}

/// The metric that follows a cleaning.
const BYTES: &str = "prometheus_tsdb_storage_blocks_bytes";

pub(super) fn clean_tombstones(prometheus: &Prometheus, context: &Context) -> Done {
    let unknown = match room(&PrometheusAction::CleanTombstones, prometheus, context.work.zone) {
        Ok(unknown) => unknown,
        Err(refusal) => return Done::failed(refusal),
    };
    let tsdb = Tsdb::of(prometheus, TIMEOUT).ok();
    let marked = |tsdb: &Tsdb| tsdb.blocks().map(|all| all.iter().filter(|one| one.n_tombstones > 0).count());
    let n_before = tsdb.as_ref().and_then(|tsdb| marked(tsdb).ok());
    let unfinished = tsdb.as_ref().and_then(|tsdb| tsdb.unfinished().ok()).unwrap_or_default();
    let bytes = || prometheus.own_metrics([BYTES], TIMEOUT).map(|[bytes]| bytes).unwrap_or_default();
    let bytes_before = bytes();
    let (peer, timeout) = (prometheus.clone(), context.timeout);
    match unless_stopped(context, move || peer.clean_tombstones(timeout)) {
        None => return Done::interrupted(STOPPED),
        Some(Ok(())) => {}
        Some(Err(error)) => {
            let now = tsdb.as_ref().and_then(|tsdb| tsdb.unfinished().ok()).unwrap_or_default();
            let left: Vec<_> = now.difference(&unfinished).map(|path| path.display().to_string()).collect();
            let left = match left.as_slice() {
                _ if !is_over(&error) => GOES_ON.to_owned(),
                [] => "nothing half-written is left".to_owned(),
                left => format!(
                    "half-written, and removed by Prometheus when it starts next: {}",
                    left.join(", ")
                ),
            };
            let why = crate::in_words(&error);
            return Done::failed(format!("{why}; {left}{}{unknown}", standing(prometheus)));
        }
    }
    let n_after = tsdb.as_ref().and_then(|tsdb| marked(tsdb).ok());
    if let (Some(before), Some(after)) = (n_before, n_after)
        && 0 < after
        && before <= after
    {
        let blocks = crate::counted(after, "block");
        return Done::failed(format!("Prometheus says that it is done, and {blocks} still have tombstones"));
    }
    let written = match n_before {
        Some(0) => "no block had tombstones".to_owned(),
        Some(n) => format!("{} written anew", crate::counted(n, "block")),
        None => "tombstones cleaned".to_owned(),
    };
    let sizes = match (bytes_before, bytes()) {
        (Some(before), Some(after)) => format!("; blocks {} before, {} now", size(before), size(after)),
        _ => String::new(),
    };
    Done::well(format!("{written}{sizes}{unknown}"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a metric of whole bytes")]
fn size(bytes: f64) -> String {
    in_bytes(bytes.max(0.0) as u64)
}

/// Deletes, and proves it: no series is left that has samples in that time.
pub(super) fn delete_series(
    prometheus: &Prometheus,
    series: &SeriesToDelete,
    context: &Context,
) -> Result<Done, PeerError> {
    let (selectors, time) = (selectors(series), time_of(series, context.work.zone));
    if time.0.is_some_and(|start| time.1 < start) {
        return Ok(Done::failed("`start` lies after `end`: Prometheus would delete nothing"));
    }
    let n_before = prometheus.n_series(&selectors, time, context.timeout)?;
    if n_before == 0 {
        return Ok(Done::well("no series has samples there: nothing to delete".to_owned()));
    }
    let action = PrometheusAction::DeleteSeries(series.clone());
    let unknown = match room(&action, prometheus, context.work.zone) {
        Ok(unknown) => unknown,
        Err(refusal) => return Ok(Done::failed(refusal)),
    };
    let peer = prometheus.clone();
    let (owned, timeout): (Vec<String>, _) =
        (selectors.iter().map(|one| (*one).to_owned()).collect(), context.timeout);
    let delete = move || {
        let selectors: Vec<_> = owned.iter().map(String::as_str).collect();
        peer.delete_series(&selectors, time, timeout)
    };
    match unless_stopped(context, delete) {
        None => return Ok(Done::interrupted(STOPPED)),
        Some(Ok(())) => {}
        Some(Err(error)) => {
            let why = crate::in_words(&error);
            let left = match prometheus.n_series(&selectors, time, TIMEOUT) {
                Ok(left) => format!("; {left} of {n_before} series are still there"),
                Err(_) => String::new(),
            };
            return Ok(Done::failed(format!("{why}{left}{}{unknown}", standing(prometheus))));
        }
    }
    let n_after = prometheus.n_series(&selectors, time, context.timeout)?;
    if n_after > 0 {
        return Ok(Done::failed(format!(
            "Prometheus says that it is done, and {n_after} of {n_before} series still have samples there"
        )));
    }
    let space = "`clean_tombstones` frees their space";
    Ok(Done::well(format!("{n_before} series deleted; {space}{unknown}")))
}

fn selectors(series: &SeriesToDelete) -> Vec<&str> {
    series.selectors.iter().map(|selector| selector.value.as_str()).collect()
}

/// Without an end of its own it ends now by the real clock, as samples do, whatever time the caller pretends it is.
fn time_of(series: &SeriesToDelete, zone: &Zone) -> (Option<DateTime<Utc>>, DateTime<Utc>) {
    let start = series.start.as_ref().map(|start| zone.resolve(start));
    (start, series.end.as_ref().map_or_else(Utc::now, |end| zone.resolve(end)))
}

fn in_milliseconds((start, end): (Option<DateTime<Utc>>, DateTime<Utc>)) -> (i64, i64) {
    (start.map_or(i64::MIN, |start| start.timestamp_millis()), end.timestamp_millis())
}
