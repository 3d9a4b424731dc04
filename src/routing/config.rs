//! Reads the routing part of Alertmanager's configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::interval::{TimeInterval, Written};
use super::tree::Node;
use super::{
    DEFAULT_GROUP_INTERVAL, DEFAULT_GROUP_WAIT, Inhibition, Integration, LabelMatcher, Receiver, Routing,
    matchers,
};

/// Why a configuration cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no YAML, or has another form.
    #[error("it is no configuration of an Alertmanager: {reason}")]
    Form {
        /// What is wrong, and where.
        reason: String,
    },
    /// One part of it cannot be used.
    #[error("{place}: {reason}")]
    Part {
        /// The route, receiver, interval or rule.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
struct WrittenConfig {
    route: Option<WrittenRoute>,
    #[serde(default)]
    receivers: Vec<WrittenReceiver>,
    #[serde(default)]
    inhibit_rules: Vec<WrittenInhibition>,
    #[serde(default)]
    time_intervals: Vec<WrittenIntervals>,
    #[serde(default)]
    mute_time_intervals: Vec<WrittenIntervals>,
}

#[derive(Deserialize)]
struct WrittenRoute {
    receiver: Option<String>,
    group_by: Option<Vec<String>>,
    #[serde(default, rename = "match")]
    equal: BTreeMap<String, String>,
    #[serde(default)]
    match_re: BTreeMap<String, String>,
    #[serde(default)]
    matchers: Vec<String>,
    #[serde(default, rename = "continue")]
    continues: bool,
    #[serde(default)]
    routes: Vec<WrittenRoute>,
    group_wait: Option<String>,
    group_interval: Option<String>,
    #[serde(default)]
    mute_time_intervals: Vec<String>,
    #[serde(default)]
    active_time_intervals: Vec<String>,
}

#[derive(Deserialize)]
struct WrittenInhibition {
    #[serde(default)]
    source_match: BTreeMap<String, String>,
    #[serde(default)]
    source_match_re: BTreeMap<String, String>,
    #[serde(default)]
    source_matchers: Vec<String>,
    #[serde(default)]
    target_match: BTreeMap<String, String>,
    #[serde(default)]
    target_match_re: BTreeMap<String, String>,
    #[serde(default)]
    target_matchers: Vec<String>,
    #[serde(default)]
    equal: Vec<String>,
}

#[derive(Deserialize)]
struct WrittenIntervals {
    name: String,
    #[serde(default)]
    time_intervals: Vec<Written>,
}

struct WrittenReceiver {
    name: String,
    integrations: Vec<Integration>,
}

#[derive(Deserialize)]
struct WrittenIntegration {
    send_resolved: Option<bool>,
    url: Option<String>,
}

impl<'de> Deserialize<'de> for WrittenReceiver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = WrittenReceiver;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a receiver")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WrittenReceiver, A::Error> {
                let mut receiver = WrittenReceiver { name: String::new(), integrations: Vec::new() };
                while let Some(key) = map.next_key::<String>()? {
                    if key == "name" {
                        receiver.name = map.next_value()?;
                    } else if let Some(kind) = key.strip_suffix("_configs") {
                        let written: Option<Vec<WrittenIntegration>> = map.next_value()?;
                        let of_kind = |one: WrittenIntegration| Integration {
                            kind: kind.to_owned(),
                            send_resolved: one.send_resolved.unwrap_or_else(|| sends_resolved(kind)),
                            url: one.url.filter(|url| kind == "webhook" && url.contains("://")),
                        };
                        receiver.integrations.extend(written.into_iter().flatten().map(of_kind));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(receiver)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

/// Whether an integration tells the end of an alert by default.
///
/// Source: Alertmanager's manual, `send_resolved` of each.
fn sends_resolved(kind: &str) -> bool {
    !matches!(kind, "email" | "slack" | "wechat")
}

pub(super) fn read(text: &str) -> Result<Routing, ConfigError> {
    let written: WrittenConfig = serde_yaml::from_str(text)
        .map_err(|error| ConfigError::Form { reason: first_line(&error.to_string()) })?;
    let part = |place: &str, reason: String| ConfigError::Part { place: place.to_owned(), reason };
    let root = written.route.as_ref().ok_or_else(|| part("route", "it is missing".to_owned()))?;
    let mut intervals = BTreeMap::new();
    for named in written.time_intervals.iter().chain(&written.mute_time_intervals) {
        let read: Result<Vec<_>, _> = named.time_intervals.iter().map(TimeInterval::new).collect();
        let read = read.map_err(|reason| part(&format!("time interval `{}`", named.name), reason))?;
        intervals.insert(named.name.clone(), read);
    }
    let receivers: Vec<_> = written
        .receivers
        .into_iter()
        .map(|receiver| Receiver { name: receiver.name, integrations: receiver.integrations })
        .collect();
    let known = Known {
        receivers: receivers.iter().map(|receiver| receiver.name.as_str()).collect(),
        intervals: intervals.keys().map(String::as_str).collect(),
    };
    let root = node(root, "route", None, &known)?;
    let inhibitions = written.inhibit_rules.iter().enumerate().map(|(number, rule)| {
        inhibition(rule).map_err(|reason| part(&format!("inhibit_rules[{number}]"), reason))
    });
    let inhibitions = inhibitions.collect::<Result<_, _>>()?;
    Ok(Routing { root, receivers, intervals, inhibitions })
}

/// The names that a route may speak of.
struct Known<'a> {
    receivers: BTreeSet<&'a str>,
    intervals: BTreeSet<&'a str>,
}

fn node(
    written: &WrittenRoute,
    place: &str,
    above: Option<&Node>,
    known: &Known,
) -> Result<Node, ConfigError> {
    let part = |reason: String| ConfigError::Part { place: place.to_owned(), reason };
    let receiver = written.receiver.clone().filter(|name| !name.is_empty());
    let receiver = receiver.or_else(|| above.map(|above| above.receiver.clone()));
    let receiver = receiver.ok_or_else(|| part("it has no receiver".to_owned()))?;
    if !known.receivers.contains(receiver.as_str()) {
        return Err(part(format!("there is no receiver `{receiver}`")));
    }
    let mentioned = written.mute_time_intervals.iter().chain(&written.active_time_intervals);
    if let Some(name) = mentioned.into_iter().find(|name| !known.intervals.contains(name.as_str())) {
        return Err(part(format!("there is no time interval `{name}`")));
    }
    let length = |written: &Option<String>, above: Option<TimeDelta>, default: TimeDelta| match written {
        Some(text) => duration(text).ok_or_else(|| part(format!("`{text}` is no duration"))),
        None => Ok(above.unwrap_or(default)),
    };
    let mut node = Node {
        matchers: conditions(&written.equal, &written.match_re, &written.matchers).map_err(part)?,
        continues: written.continues,
        receiver,
        group_by: written
            .group_by
            .clone()
            .or_else(|| above.map(|above| above.group_by.clone()))
            .unwrap_or_default(),
        group_wait: length(&written.group_wait, above.map(|above| above.group_wait), DEFAULT_GROUP_WAIT)?,
        group_interval: length(
            &written.group_interval,
            above.map(|above| above.group_interval),
            DEFAULT_GROUP_INTERVAL,
        )?,
        mute_time_intervals: written.mute_time_intervals.clone(),
        active_time_intervals: written.active_time_intervals.clone(),
        children: Vec::new(),
    };
    if above.is_none() && !node.matchers.is_empty() {
        return Err(part("the root must not have matchers".to_owned()));
    }
    let children =
        written.routes.iter().enumerate().map(|(number, child)| {
            self::node(child, &format!("{place}.routes[{number}]"), Some(&node), known)
        });
    node.children = children.collect::<Result<_, _>>()?;
    Ok(node)
}

fn conditions(
    equal: &BTreeMap<String, String>,
    regexes: &BTreeMap<String, String>,
    texts: &[String],
) -> Result<Vec<LabelMatcher>, String> {
    let mut found = Vec::new();
    for (written, is_regex) in [(equal, false), (regexes, true)] {
        for (name, value) in written {
            found.push(LabelMatcher::new(name, value, is_regex, true)?);
        }
    }
    for text in texts {
        found.extend(matchers(text)?);
    }
    Ok(found)
}

fn inhibition(rule: &WrittenInhibition) -> Result<Inhibition, String> {
    Ok(Inhibition {
        source: conditions(&rule.source_match, &rule.source_match_re, &rule.source_matchers)?,
        target: conditions(&rule.target_match, &rule.target_match_re, &rule.target_matchers)?,
        equal: rule.equal.clone(),
    })
}

/// The units of durations in milliseconds, the longest first.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// A duration as Prometheus and Alertmanager write it: `1h30m`, `15s`, `0`.
pub(crate) fn duration(text: &str) -> Option<TimeDelta> {
    if text == "0" {
        return Some(TimeDelta::zero());
    }
    let (mut rest, mut next, mut total) = (text, 0, 0_i64);
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        // From large to small, each at most once.
        let place = next + UNITS[next..].iter().position(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(UNITS[place].1)?)?;
        (rest, next) = (after, place + 1);
    }
    (!text.is_empty()).then_some(())?;
    TimeDelta::try_milliseconds(total)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_writes_them() {
        let check = |text: &str, seconds: Option<i64>| {
            assert_eq!(duration(text).map(|found| found.num_milliseconds()), seconds, "{text}");
        };
        check("15s", Some(15_000));
        check("1h30m", Some(5_400_000));
        check("1d", Some(86_400_000));
        check("2ms", Some(2));
        check("0", Some(0));
        for text in ["", "5", "m", "1m1h", "1m1m", "-1m", "1.5m", "99999999999999999999y", "9999999999999y"] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let check = |yaml: &str, expected: &str| assert_eq!(read(yaml).unwrap_err().to_string(), expected);
        check("{}", "route: it is missing");
        check("route: {}", "route: it has no receiver");
        check("route: {receiver: a}", "route: there is no receiver `a`");
        let with =
            |route: &str| format!("receivers: [{{name: a}}]\nroute: {{receiver: a, routes: [{route}]}}");
        check(&with("{receiver: b}"), "route.routes[0]: there is no receiver `b`");
        check(
            &with("{routes: [{mute_time_intervals: [x]}]}"),
            "route.routes[0].routes[0]: there is no time interval `x`",
        );
        check(
            &with("{match_re: {a: '('}}"),
            "route.routes[0]: `(` is no regular expression (RE2): a parenthesis is not closed",
        );
        check(&with("{group_wait: 5}"), "route.routes[0]: `5` is no duration");
    }
}
