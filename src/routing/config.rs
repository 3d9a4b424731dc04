//! Reads the routing part of Alertmanager's configuration.

mod written;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use self::written::{WrittenConfig, WrittenInhibition, WrittenRoute};
use super::interval::TimeInterval;
use super::tree::Node;
use super::{
    DEFAULT_GROUP_INTERVAL, DEFAULT_GROUP_WAIT, Inhibition, LabelMatcher, Receiver, Routing, matchers,
};
use crate::promql::length;

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
    let wait = |written: &Option<String>, above: Option<TimeDelta>, default: TimeDelta| match written {
        Some(text) => length(text).map_err(|error| part(format!("`{text}` is {error}"))),
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
        group_wait: wait(&written.group_wait, above.map(|above| above.group_wait), DEFAULT_GROUP_WAIT)?,
        group_interval: wait(
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

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check(&with("{group_wait: 5}"), "route.routes[0]: `5` is not a duration");
    }
}
