//! The members of the Alertmanager cluster, and their silences.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Comparing;
use super::setup::digests;
use crate::model::{ChangeVerdict, Fact};
use crate::validator::verifier::facts::{Facts, Member, Peer};

pub(super) fn compare(to: &mut Comparing, before: &Facts, after: &Facts) {
    // The first member's silences stand beside it: ledgers of the first version have these alone.
    silences(to, &before.silences, &after.silences, after.at);
    for (url, was) in &before.members {
        let only_one = before.members.len() == 1;
        to.at = (!only_one).then(|| url.clone());
        match (was, after.members.get(url)) {
            (_, None) => to.unknown("it is no member any more in the plan file"),
            (Peer::Unknown(_), Some(Peer::Unknown(why))) => to.is_unknown_still(why),
            (Peer::Known(_), Some(Peer::Unknown(why))) => to.unknown(why),
            (Peer::Unknown(_), Some(Peer::Known(_))) => to.answers_again(),
            (Peer::Known(was), Some(Peer::Known(is))) => {
                member(to, was, is);
                // The first one's are compared already.
                if was.silences != before.silences || is.silences != after.silences {
                    silences(to, &was.silences, &is.silences, after.at);
                }
            }
        }
    }
    to.at = None;
    together(to, before, after);
}

fn silences(
    to: &mut Comparing,
    had: &BTreeMap<String, DateTime<Utc>>,
    has: &BTreeMap<String, DateTime<Utc>>,
    now: DateTime<Utc>,
) {
    to.count(Fact::Silence, had.len());
    for (id, end) in had.iter().filter(|(id, end)| now < **end && !has.contains_key(*id)) {
        let message = format!("silence {id} was in force, and is not now");
        let until = format!("until {}", end.format("%Y-%m-%d %H:%M UTC"));
        to.note(ChangeVerdict::Worse, (Fact::Silence, id), (Some(until), None), message);
    }
}

fn member(to: &mut Comparing, was: &Member, is: &Member) {
    to.count(Fact::Cluster, 1);
    if was.reload_ok == Some(true) && is.reload_ok == Some(false) {
        let message = "Alertmanager had loaded its configuration, and could not the last time";
        to.worse((Fact::Reload, "alertmanager"), ("loaded", "not loaded"), message);
    }
    if was.config_digest != is.config_digest {
        let verdict = if to.is_strict() { ChangeVerdict::Worse } else { ChangeVerdict::Changed };
        let message = "another configuration of Alertmanager is loaded than before".to_owned();
        let states = digests(&was.config_digest, &is.config_digest);
        to.note(verdict, (Fact::Config, "alertmanager"), states, message);
    }
    if is.peers < was.peers {
        let message = format!("Alertmanager saw {} members of its cluster, and sees {}", was.peers, is.peers);
        to.worse((Fact::Cluster, "members"), (was.peers, is.peers), message);
    }
    if was.cluster != is.cluster {
        let message = format!("the cluster was {}, and is {}", was.cluster, is.cluster);
        if was.cluster == "ready" {
            to.worse((Fact::Cluster, "state"), (&was.cluster, &is.cluster), message);
        } else {
            to.changed((Fact::Cluster, "state"), (&was.cluster, &is.cluster), message);
        }
    }
}

/// All members have one configuration.
fn together(to: &mut Comparing, before: &Facts, after: &Facts) {
    let configs = |facts: &Facts| -> BTreeSet<String> {
        let known = facts.members.values().filter_map(|peer| match peer {
            Peer::Known(member) => Some(member.config_digest.clone()),
            Peer::Unknown(_) => None,
        });
        known.collect()
    };
    let (had, has) = (configs(before).len(), configs(after).len());
    if had == 1 && 1 < has {
        let message = format!("the members of Alertmanager had one configuration, and have {has}");
        to.worse((Fact::Cluster, "configurations"), (had, has), message);
    }
}
