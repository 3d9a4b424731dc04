//! Silence hygiene: which silences are in force that should not be.
//!
//! Pure: what the members of the cluster know, and what the ledger knows of our own silences, come in as values. A
//! silence that several members have is told once. What the ledger does not know is not guessed: how much a silence of
//! somebody else matched when it was made, nobody has written down.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;

use super::codes::Code;
use super::codes::silences as codes;
use crate::counted;
use crate::model::{Finding, RunId, SilencePolicy};
use crate::text::roughly;
use crate::world::alertmanager::{ManagedAlert, Silence, SilenceMatcher};

/// What one member of the cluster knows.
#[derive(Debug, Clone)]
pub struct Member {
    /// Where it answers, as it may be shown.
    pub url: String,
    /// Its silences, expired ones too.
    pub silences: Vec<Silence>,
    /// Its alerts, suppressed ones too.
    pub alerts: Vec<ManagedAlert>,
}

/// What the ledger knows of a silence that mainstay made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Stands at the end of its comment.
    pub tag: String,
    /// The run that it belongs to.
    pub run: RunId,
    /// Its task.
    pub task: Option<String>,
    /// Whether a step made it for a time of its own: then it may outlive its run.
    pub is_named: bool,
    /// The alerts that it held back when it was made; `None` when that is not on record.
    pub silenced: Option<Vec<String>>,
    /// The ledger's entry about its creation.
    pub seq: Option<u64>,
    /// When its run ended; `None` while it goes on.
    pub run_ended: Option<DateTime<Utc>>,
    /// Whether its run stopped in its middle.
    pub is_interrupted: bool,
    /// When its run will have ended, by its estimate.
    pub run_expected: Option<DateTime<Utc>>,
    /// When the ledger says that it ended.
    pub expired: Option<DateTime<Utc>>,
    /// When it was meant to end.
    pub until: Option<DateTime<Utc>>,
}

/// Everything that is known.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The members that answered.
    pub members: &'a [Member],
    /// Our own silences, by their tags.
    pub made: &'a BTreeMap<String, Made>,
    /// What is too long, and what a comment has to hold.
    pub policy: &'a SilencePolicy,
    /// The time on the wall, which Alertmanager lives by.
    pub now: DateTime<Utc>,
}

/// One thing that is wrong with one silence.
#[derive(Debug, Clone, PartialEq)]
pub struct Stain {
    /// What it is.
    pub code: &'static Code,
    /// The silence.
    pub silence: String,
    /// Where it is.
    pub alertmanager: String,
    /// What is wrong: a lower-case phrase.
    pub message: String,
    /// The ledger's entry about its creation.
    pub seq: Option<u64>,
}

impl Stain {
    /// The finding, with the command that ends the silence.
    pub fn finding(&self) -> Finding {
        let message = format!("silence {} at {}: {}", self.silence, self.alertmanager, self.message);
        let end = format!(
            "`amtool silence expire {} --alertmanager.url={}` ends it",
            self.silence, self.alertmanager
        );
        let help = if self.code.code == codes::ENDS_EARLY.code {
            format!("make another one, or let the work end before; {end}")
        } else if self.code.code == codes::NOT_EVERYWHERE.code {
            "see to the cluster: `amtool cluster show`, and the flags `--cluster.peer` of its members"
                .to_owned()
        } else {
            end
        };
        Finding {
            help: Some(help),
            evidence: self.seq.into_iter().collect(),
            ..self.code.finding(&format!("silences.{}", self.silence), message, None)
        }
    }
}

/// More alerts than so many times as many, and so many more, are far more.
const GROWTH: usize = 3;
const GROWTH_AT_LEAST: usize = 5;
/// A lease that ends sooner than this while its run goes on is not renewed any more: half of its slice is left before
/// each renewal.
const LEASE_LEFT: TimeDelta = TimeDelta::minutes(2);
/// A silence that begins so soon after one like it ended comes again.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// So often before somebody keeps it alive.
const TIMES: usize = 3;
/// A member hears of a silence of another within this.
const GOSSIP: TimeDelta = TimeDelta::minutes(1);
/// Who is nobody.
const NOBODY: [&str; 6] = ["", "unknown", "anonymous", "nobody", "none", "-"];

/// Finds what is wrong with the silences that are in force or to come, in the order of codes and ids.
pub fn stains(known: &Known) -> Vec<Stain> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for member in known.members {
        for silence in member.silences.iter().filter(|silence| silence.status.state != "expired") {
            if seen.insert(&silence.id) {
                Look { known, member, silence, made: made_of(silence, known) }.all(&mut found);
            }
        }
    }
    found.sort_by(|a, b| (a.code.code, &a.silence).cmp(&(b.code.code, &b.silence)));
    found
}

/// What the ledger knows of a silence, by the tag at the end of its comment.
fn made_of<'a>(silence: &Silence, known: &Known<'a>) -> Option<&'a Made> {
    known.made.get(tag_in(&silence.comment)?)
}

/// The tag at the end of a comment.
pub fn tag_in(comment: &str) -> Option<&str> {
    Some(comment.strip_suffix(']')?.rsplit_once('[')?.1).filter(|tag| tag.starts_with("mainstay:"))
}

/// One silence, and what it is looked at with.
struct Look<'a> {
    known: &'a Known<'a>,
    member: &'a Member,
    silence: &'a Silence,
    made: Option<&'a Made>,
}

impl Look<'_> {
    fn all(&self, found: &mut Vec<Stain>) {
        let looks = [
            (&codes::IDLE, self.idle()),
            (&codes::GROWN, self.grown()),
            (&codes::OUTLIVES, self.outlives()),
            (&codes::ENDS_EARLY, self.ends_early()),
            (&codes::ETERNAL, self.eternal()),
            (&codes::OWNERLESS, self.ownerless()),
            (&codes::GHOST, self.ghost()),
            (&codes::NOT_EVERYWHERE, self.not_everywhere()),
        ];
        found.extend(looks.into_iter().filter_map(|(code, message)| {
            Some(Stain {
                code,
                silence: self.silence.id.clone(),
                alertmanager: self.member.url.clone(),
                message: message?,
                seq: self.made.and_then(|made| made.seq),
            })
        }));
    }

    /// The alerts that it holds back on any member.
    fn held(&self) -> BTreeSet<String> {
        let alerts = self.known.members.iter().flat_map(|member| &member.alerts);
        let held = alerts.filter(|alert| alert.status.silenced_by.contains(&self.silence.id));
        held.map(|alert| {
            let label = |name: &str| alert.labels.get(name).map_or("", String::as_str);
            format!("{} {} {}", label("alertname"), label("instance"), alert.fingerprint)
        })
        .collect()
    }

    fn is_active(&self) -> bool {
        self.silence.status.state == "active"
    }

    fn is_run_going(&self) -> bool {
        self.made.is_some_and(|made| made.run_ended.is_none() && !made.is_interrupted)
    }

    fn idle(&self) -> Option<String> {
        let since = self.known.now - self.silence.starts_at;
        let is_long = self.known.policy.idle().0 <= since;
        (self.is_active() && is_long && !self.is_run_going() && self.held().is_empty()).then(|| {
            format!("it is in force for {}, and holds back nothing now: {}", roughly(since), self.matchers())
        })
    }

    fn grown(&self) -> Option<String> {
        let made = self.made.filter(|_| self.is_active())?;
        let (then, now) = (made.silenced.as_ref()?.len(), self.held().len());
        (then * GROWTH < now && then + GROWTH_AT_LEAST <= now).then(|| {
            format!("it holds back {} now, and held back {then} when it was made", counted(now, "alert"))
        })
    }

    fn outlives(&self) -> Option<String> {
        let made = self.made?;
        let is_meant = made.is_named && made.until.is_some_and(|until| self.known.now < until);
        let (run, task) = (made.run, made.task.as_deref().unwrap_or("an unknown task"));
        let what = match made.run_ended {
            _ if is_meant => return None,
            Some(ended) => format!("ended {} ago", roughly(self.known.now - ended)),
            None if made.is_interrupted => "stopped in its middle".to_owned(),
            None => return None,
        };
        let over = if made.expired.is_some() { ", and the ledger has it as ended" } else { "" };
        Some(format!("run {run} of `{task}` {what}{over}"))
    }

    fn ends_early(&self) -> Option<String> {
        let made = self.made.filter(|_| self.is_active() && self.is_run_going())?;
        let left = self.silence.ends_at - self.known.now;
        let (run, task) = (made.run, made.task.as_deref().unwrap_or("an unknown task"));
        if !made.is_named {
            return (left < LEASE_LEFT).then(|| {
                format!("run {run} of `{task}` goes on, and does not renew it: it ends in {}", roughly(left))
            });
        }
        let beyond = made.run_expected? - self.silence.ends_at;
        (TimeDelta::zero() < beyond).then(|| {
            format!(
                "it ends in {}, {} before the end of run {run} of `{task}`",
                roughly(left),
                roughly(beyond)
            )
        })
    }

    fn eternal(&self) -> Option<String> {
        let left = self.silence.ends_at - self.known.now;
        let longest = self.known.policy.longest();
        (longest.0 < left)
            .then(|| format!("it ends in {}, and {longest} is the longest that is allowed", roughly(left)))
    }

    fn ownerless(&self) -> Option<String> {
        if self.made.is_some() {
            return None;
        }
        let (who, comment) = (self.silence.created_by.trim(), self.silence.comment.trim());
        if NOBODY.iter().any(|nobody| who.eq_ignore_ascii_case(nobody)) {
            return Some(format!("it was made by `{who}`: `{comment}`"));
        }
        if comment.is_empty() {
            return Some(format!("`{who}` made it without a comment"));
        }
        let ticket = self.known.policy.ticket.as_ref()?;
        let names_one = Regex::new(ticket).is_ok_and(|ticket| ticket.is_match(comment));
        (!names_one).then(|| format!("`{who}` made it without a ticket (`{}`): `{comment}`", ticket.value))
    }

    fn ghost(&self) -> Option<String> {
        let others = || {
            let silences = self.member.silences.iter();
            silences.filter(|other| other.id != self.silence.id && alike(other, self.silence))
        };
        if self.is_active()
            && let Some(other) = others().find(|other| other.status.state == "active")
        {
            return Some(format!("{} has the same matchers: {}", other.id, self.matchers()));
        }
        // Back from one to the one before it, as long as each began when the former ended.
        let (mut first, mut n_before) = (self.silence, 0);
        while let Some(before) = others().find(|other| {
            let gap = first.starts_at - other.ends_at;
            other.id != first.id && other.starts_at < first.starts_at && gap.abs() <= AGAIN
        }) {
            (first, n_before) = (before, n_before + 1);
        }
        (TIMES <= n_before && self.made.is_none()).then(|| {
            let since = roughly(self.known.now - first.starts_at);
            format!("it was made again {n_before} times in {since} whenever it ended: {}", self.matchers())
        })
    }

    fn not_everywhere(&self) -> Option<String> {
        if !self.is_active() || self.known.now - self.silence.starts_at < GOSSIP {
            return None;
        }
        let has = |member: &&Member| {
            member.silences.iter().any(|one| one.id == self.silence.id && one.status.state == "active")
        };
        let without: Vec<_> = self
            .known
            .members
            .iter()
            .filter(|member| !has(member))
            .map(|member| member.url.as_str())
            .collect();
        (!without.is_empty()).then(|| format!("{} does not have it", without.join(", ")))
    }

    fn matchers(&self) -> String {
        let matchers: Vec<_> = self.silence.matchers.iter().map(ToString::to_string).collect();
        format!("`{{{}}}`", matchers.join(","))
    }
}

/// Whether two silences have the same matchers, in whatever order.
fn alike(a: &Silence, b: &Silence) -> bool {
    let sorted = |silence: &Silence| -> Vec<String> {
        let mut matchers: Vec<_> = silence.matchers.iter().map(SilenceMatcher::to_string).collect();
        matchers.sort_unstable();
        matchers
    };
    !a.matchers.is_empty() && sorted(a) == sorted(b)
}
