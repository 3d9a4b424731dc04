//! Routes that the plan file expects, held against a configuration.

use std::collections::BTreeSet;

use super::Findings;
use crate::model::RouteTest;
use crate::routing::{Labels, Routing};
use crate::validator::checks::Answer;
use crate::world::World;

/// The routes in a file of them, each with its place.
pub(super) fn in_file(path: &str, text: &str) -> Result<Vec<(String, RouteTest)>, Answer> {
    let tests: Vec<serde_yaml::Spanned<RouteTest>> = serde_yaml::from_str(text).map_err(|error| {
        let error = error.to_string();
        Answer::unknown(format!("{path}: {}", error.lines().next().unwrap_or_default()))
    })?;
    if tests.is_empty() {
        return Err(Answer::unknown(format!("{path} expects no route")));
    }
    let placed = |test: serde_yaml::Spanned<RouteTest>| {
        let place = format!("{path}:{}", test.referenced.line());
        if test.value.expects_something() {
            Ok((place, test.value))
        } else {
            let keys = RouteTest::EXPECTATIONS.join("`, `");
            Err(Answer::unknown(format!("{place} expects nothing: give it one of `{keys}`")))
        }
    };
    tests.into_iter().map(placed).collect()
}

/// Holds one expected route against the configuration.
pub(super) fn hold(test: &RouteTest, place: &str, routing: &Routing, world: &World, found: &mut Findings) {
    let ways = routing.ways(&test.labels);
    let mut wrong = |what: String| found.wrong.push(format!("{place} {}: {what}", shown(&test.labels)));
    if let Some(expected) = &test.receivers {
        let set: BTreeSet<_> = ways.iter().map(|way| way.receiver).collect();
        if set != expected.iter().map(String::as_str).collect() {
            let routed: Vec<_> = ways.iter().map(|way| way.receiver).collect();
            wrong(format!("expected to go to {}, goes to {}", list(expected), list(&routed)));
        }
    }
    if let Some(expected) = &test.group_by {
        let group_by: BTreeSet<_> = ways.iter().take(1).flat_map(|way| way.group_by).collect();
        if group_by != expected.iter().collect() {
            let group_by: Vec<_> = group_by.into_iter().collect();
            wrong(format!("expected to be grouped by {}, is grouped by {}", list(expected), list(&group_by)));
        }
    }
    if let Some(expected) = test.muted {
        let at = test.at.map_or_else(|| world.clock.now(), |at| world.zone.resolve(&at));
        for way in &ways {
            let muted = routing.muted_by(way, at);
            if muted.is_some() != expected {
                let (is, should) = match muted {
                    Some(by) => (format!("is muted, {by}"), "not to be muted"),
                    None => ("is not muted".to_owned(), "to be muted"),
                };
                wrong(format!("expected {should} on its way to `{}`, {is}", way.receiver));
            }
        }
    }
    if let Some(expected) = test.inhibited {
        match (routing.inhibited_by(&test.labels, &test.firing), expected) {
            (Some(by), false) => wrong(format!("expected not to be inhibited, is by {}", shown(by))),
            (None, true) => wrong("expected to be inhibited, is not".to_owned()),
            _ => {}
        }
    }
}

/// `{alertname="Down",job="node"}`.
pub(super) fn shown(labels: &Labels) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", labels.join(","))
}

fn list<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => "nothing".to_owned(),
        names => format!("`{}`", names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("`, `")),
    }
}
