//! Whether the alerts of a rule reach somebody, whatever labels they have.
//!
//! A label is known when the rule gives it, when the server adds it, or when every sample of the expression has it. Of
//! the others nothing is known, and a route that asks for one may be taken or not: then the answer is open, unless all
//! ways lead to somebody, or none does.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Findings, groups_in};
use crate::model::AlertRouteCheck;
use crate::promql::{self, Expr};
use crate::routing::{Routing, Way};
use crate::validator::checks::Answer;
use crate::world::prometheus::RuleGroup;
use crate::world::{World, glob};

/// An alerting rule, with what is known of its alerts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AlertingRule {
    name: String,
    /// The file and group.
    place: String,
    expr: String,
    /// The labels that it gives, those with a template among them.
    labels: BTreeMap<String, String>,
    /// What the server adds; an alert's own label comes first.
    external: BTreeMap<String, String>,
    /// Whether the server rewrites labels on their way to Alertmanager.
    is_relabelled: bool,
}

/// The alerting rules that a Prometheus has loaded, with its configuration.
pub(super) fn of_groups(groups: &[RuleGroup], config: &str) -> Vec<AlertingRule> {
    let server = Server::read(config);
    let of_group = |group: &RuleGroup| {
        let place = format!("{} group `{}`", group.file, group.name);
        let alerting = group.rules.iter().filter(|rule| rule.kind == "alerting");
        let rule = |rule: &crate::world::prometheus::Rule| AlertingRule {
            name: rule.name.clone(),
            place: place.clone(),
            expr: rule.query.clone(),
            labels: rule.labels.clone(),
            external: server.global.external_labels.clone(),
            is_relabelled: !server.alerting.alert_relabel_configs.is_empty(),
        };
        alerting.map(rule).collect::<Vec<_>>()
    };
    groups.iter().flat_map(of_group).collect()
}

/// The alerting rules in the files that a pattern names.
pub(super) fn of_files(pattern: &str, world: &World) -> Result<Vec<AlertingRule>, Answer> {
    let files = glob::files(&world.folder.join(pattern));
    if files.is_empty() {
        return Err(Answer::unknown(format!("there is no file `{pattern}`")));
    }
    let mut found = Vec::new();
    for file in files {
        let shown = file.strip_prefix(&world.folder).unwrap_or(&file);
        for group in groups_in(&file).map_err(Answer::unknown)? {
            let place = format!("{} group `{}`", shown.display(), group.name);
            let alerting = group.rules.into_iter().filter_map(|rule| Some((rule.alert.clone()?, rule)));
            found.extend(alerting.map(|(name, rule)| AlertingRule {
                name,
                place: place.clone(),
                expr: rule.expr,
                labels: rule.labels,
                external: BTreeMap::new(),
                is_relabelled: false,
            }));
        }
    }
    Ok(found)
}

/// What a Prometheus adds to every alert.
#[derive(Default, Deserialize)]
struct Server {
    #[serde(default)]
    global: Global,
    #[serde(default)]
    alerting: Alerting,
}

#[derive(Default, Deserialize)]
struct Global {
    #[serde(default)]
    external_labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Alerting {
    #[serde(default)]
    alert_relabel_configs: Vec<serde_json::Value>,
}

impl Server {
    /// What it serves it has read itself: there is nothing to refuse.
    fn read(config: &str) -> Self {
        serde_yaml::from_str(config).unwrap_or_default()
    }
}

/// Says whether the alerts of a rule reach somebody.
pub(super) fn judge(rule: &AlertingRule, check: &AlertRouteCheck, routing: &Routing, found: &mut Findings) {
    let expr = promql::parse(&rule.expr).ok();
    let known = rule.known(routing, expr.as_ref());
    let lookup = |name: &str| known.get(name).map_or(Some(""), |value| value.as_deref());
    let ways = routing.possible_ways(&lookup);
    let name = format!("`{}` ({})", rule.name, rule.place);
    let bad: Vec<_> = ways.iter().filter_map(|way| Some((way, why_nobody(way, check, routing)?))).collect();
    let is_good = |way: &&Way| why_nobody(way, check, routing).is_none();
    let good: Vec<_> = ways.iter().filter(is_good).collect();
    if good.iter().any(|way| way.is_certain) || bad.is_empty() {
        return;
    }
    let because = |bad: &[(&Way, String)]| {
        let reasons: BTreeSet<_> = bad.iter().map(|(_, why)| why.clone()).collect();
        reasons.into_iter().collect::<Vec<_>>().join(", or ")
    };
    if good.is_empty() {
        found.wrong.push(format!("{name} reaches nobody: it {}", because(&bad)));
        return;
    }
    let labels: BTreeSet<_> = ways.iter().flat_map(|way| way.depends_on.iter()).map(String::as_str).collect();
    let labels: Vec<_> = labels.into_iter().collect();
    found.open.push(format!(
        "{name} may reach nobody: by its label `{}`, which is known only when it fires, it {}",
        labels.join("`, `"),
        because(&bad)
    ));
}

/// Why a way leads to nobody.
fn why_nobody(way: &Way, check: &AlertRouteCheck, routing: &Routing) -> Option<String> {
    let name = way.receiver;
    let is_one_of = |names: &[crate::model::Spanned<String>]| names.iter().any(|one| one.value == name);
    if routing.receiver(name).is_none_or(|receiver| receiver.integrations.is_empty()) {
        return Some(format!("goes to `{name}`, which has no integration"));
    }
    if is_one_of(&check.not_receivers) {
        return Some(format!("goes to `{name}`, which is one of `not_receivers`"));
    }
    if !check.receivers.is_empty() {
        return (!is_one_of(&check.receivers))
            .then(|| format!("goes to `{name}`, which is none of `receivers`"));
    }
    (way.is_root && routing.has_branches())
        .then(|| format!("goes to the root's `{name}` alone, for want of a route of its own"))
}

impl AlertingRule {
    /// The labels that routes ask for, of which each is known (empty: not there) or not known.
    fn known(&self, routing: &Routing, expr: Option<&Expr>) -> BTreeMap<String, Option<String>> {
        let of = |name: &String| (name.clone(), self.label(name, expr));
        routing.label_names().iter().map(of).collect()
    }

    fn label(&self, name: &str, expr: Option<&Expr>) -> Option<String> {
        if self.is_relabelled {
            return None;
        }
        let own = match self.labels.get(name) {
            _ if name == "alertname" => Some(self.name.clone()),
            // A template makes of it what the samples say.
            Some(value) if value.contains("{{") => None,
            Some(value) => Some(value.clone()),
            None => expr.and_then(|expr| promql::known_label(expr, name)),
        };
        match (own, self.external.get(name)) {
            (Some(own), Some(external)) if own.is_empty() => Some(external.clone()),
            (own, _) => own,
        }
    }
}
