//! Version, flags, configuration and the last reload.

use std::collections::BTreeSet;

use super::Comparing;
use crate::model::{ChangeVerdict, Fact};
use crate::validator::verifier::capture::seconds;
use crate::validator::verifier::facts::Server;

/// Flags that say how long samples are kept: with less of it they are deleted at the start.
const RETENTION: [&str; 3] =
    ["storage.tsdb.retention", "storage.tsdb.retention.time", "storage.tsdb.retention.size"];

pub(super) fn compare(to: &mut Comparing, was: &Server, is: &Server) {
    to.count(Fact::Version, 1);
    to.count(Fact::Config, 1);
    // Nobody has said whether this may change, or it was said that it may not.
    let verdict = if to.is_strict() { ChangeVerdict::Worse } else { ChangeVerdict::Changed };
    if was.version != is.version {
        let message = format!("the version was {}, and is {}", was.version, is.version);
        let states = (Some(was.version.clone()), Some(is.version.clone()));
        to.note(verdict, (Fact::Version, "prometheus"), states, message);
    }
    if was.config_digest != is.config_digest {
        let message = "another configuration is loaded than before".to_owned();
        to.note(
            verdict,
            (Fact::Config, "prometheus"),
            digests(&was.config_digest, &is.config_digest),
            message,
        );
    }
    to.count(Fact::Reload, 1);
    if was.reload_ok && !is.reload_ok {
        let message = "the configuration was loaded before, and is not now";
        to.worse((Fact::Reload, "prometheus"), ("loaded", "not loaded"), message);
    }
    let (Some(had), Some(has)) = (&was.more, &is.more) else { return };
    warnings(to, &had.warnings, &has.warnings);
    to.count(Fact::Flag, had.flags.len());
    let names: BTreeSet<_> = had.flags.keys().chain(has.flags.keys()).collect();
    for name in names {
        let (old, new) = (had.flags.get(name), has.flags.get(name));
        // Another version has other flags.
        if old == new || (was.version != is.version && (old.is_none() || new.is_none())) {
            continue;
        }
        let is_retention = RETENTION.contains(&name.as_str());
        let verdict = if is_retention { ChangeVerdict::Changed } else { verdict };
        let shown =
            |value: Option<&String>| value.map_or_else(|| "not set".to_owned(), |it| format!("`{it}`"));
        let message = format!("flag --{name} was {}, and is {}", shown(old), shown(new));
        to.note(verdict, (Fact::Flag, name), (old.cloned(), new.cloned()), message);
    }
    retention(to, &had.retention, &has.retention);
}

/// What the server warned of while it answered: facts that rest on less than all are told as such, also when they rest on
/// as little as before.
fn warnings(to: &mut Comparing, had: &BTreeSet<String>, has: &BTreeSet<String>) {
    let said = |all: &BTreeSet<String>| match all.len() {
        0 => "none".to_owned(),
        n => crate::counted(n, "warning"),
    };
    let Some(first) = has.difference(had).next().or(has.first()).or(had.first()) else { return };
    let when = match (had.contains(first), has.contains(first)) {
        (true, true) => "before and after the work",
        (true, false) => "before the work",
        _ => "after the work",
    };
    let message =
        format!("its answers {when} came with a warning, so that something may be missing: {first}");
    to.changed((Fact::Peer, "warnings"), (said(had), said(has)), message);
}

/// By what the server says, in which flags and their defaults are settled.
fn retention(to: &mut Comparing, had: &str, has: &str) {
    if had == has || had.is_empty() {
        return;
    }
    let of = (Fact::Flag, "storage.tsdb.retention.time");
    let is_less = match (kept(had), kept(has)) {
        (Some(had), Some(has)) => has < had,
        (None, Some(_)) => true,
        _ => false,
    };
    if is_less {
        let message = format!("samples were kept for {had}, and are for {has}: what is older is deleted");
        to.worse(of, (had, has), message);
    } else {
        to.changed(of, (had, has), format!("samples were kept for {had}, and are for {has}"));
    }
}

/// The seconds of `15d`, `15d or 10GiB`.
pub(super) fn kept(retention: &str) -> Option<f64> {
    seconds(retention.split_whitespace().next()?)
}

pub(super) fn digests(had: &str, has: &str) -> (Option<String>, Option<String>) {
    let short = |digest: &str| digest.get(..12).unwrap_or(digest).to_owned();
    (Some(short(had)), Some(short(has)))
}
