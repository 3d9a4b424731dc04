//! Checks of the way that alerts take, and of what the monitoring system was told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::named::at_least_one;
use crate::model::{Length, List, Moment, OneOrMany, Spanned, form};

/// A synthetic alert, posted to every member of the Alertmanager cluster, reaches its receiver in time, and so does the
/// news that it is over. It is always resolved again, and ends by itself within half a minute of mainstay's end.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertPathCheck {
    /// The receiver that it is meant for.
    #[schemars(with = "form::NonBlank")]
    pub receiver: Spanned<String>,
    /// Its labels, which its route goes by, beside `alertname` (default `MainstayAlertPath`) and `mainstay_probe`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What is said about it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// How long it may take from its posting to its receiver; default 1m.
    #[schemars(with = "Option<form::PositiveLength>")]
    pub within: Option<Spanned<Length>>,
    /// `HOST:PORT` where mainstay listens meanwhile, and where a webhook of the receiver points to; without, Alertmanager's
    /// own counters have to do.
    #[schemars(with = "Option<form::Address>")]
    pub webhook: Option<Spanned<String>>,
    /// Whether the receiver has to hear that it is over; default what its `send_resolved` says.
    pub resolved: Option<bool>,
}

impl AlertPathCheck {
    /// The name of the alert when `labels` has none.
    pub const ALERT_NAME: &str = "MainstayAlertPath";
    /// The label that tells one such alert from all others.
    pub const PROBE: &str = "mainstay_probe";

    /// How long it may take from its posting to its receiver.
    pub fn within(&self) -> Length {
        self.within.map_or(Length(chrono::TimeDelta::minutes(1)), |within| within.value)
    }
}

/// Alertmanager routes alerts as intended: found out from its configuration, nothing is posted.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&AlertRouteCheck::QUESTIONS)))]
pub struct AlertRouteCheck {
    /// Alertmanager's configuration file; default what each member of the connection serves.
    #[schemars(with = "Option<form::NonBlank>")]
    pub config: Option<Spanned<String>>,
    /// Where alerts of these labels go.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub routes: List<Spanned<RouteTest>>,
    /// Files with a list of such routes each.
    pub tests: Option<OneOrMany<Spanned<String>>>,
    /// Whose alerts have to reach somebody: `all` rules that Prometheus has loaded, or rule files.
    pub rules: Option<OneOrMany<Spanned<String>>>,
    /// Of `rules`: the receivers that alerts are meant for; default every one that has an integration and is named by a
    /// route below the root.
    #[serde(default)]
    pub receivers: List<Spanned<String>>,
    /// Of `rules`: the receivers that reach nobody, beside those without an integration.
    #[serde(default)]
    pub not_receivers: List<Spanned<String>>,
}

impl AlertRouteCheck {
    /// The keys of which at least one is there.
    pub const QUESTIONS: [&str; 3] = ["routes", "tests", "rules"];
    /// Stands for the rules that Prometheus has loaded.
    pub const ALL_RULES: &str = "all";

    /// What it asks, in a few words.
    pub(super) fn in_short(&self) -> String {
        let files = |files: &Option<OneOrMany<Spanned<String>>>| -> Vec<String> {
            files.iter().flat_map(|files| files.iter()).map(|file| file.value.clone()).collect()
        };
        let mut words = Vec::new();
        if !self.routes.is_empty() {
            words.push(crate::counted(self.routes.len(), "route"));
        }
        words.extend(files(&self.tests));
        words.extend(files(&self.rules).into_iter().map(|rules| match rules.as_str() {
            Self::ALL_RULES => "all rules".to_owned(),
            _ => rules,
        }));
        words.join(", ")
    }
}

/// Where an alert of these labels goes. What is not said is not asked.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&RouteTest::EXPECTATIONS)))]
pub struct RouteTest {
    /// The labels of the alert.
    pub labels: BTreeMap<String, String>,
    /// The receivers that it goes to, all of them, in any order.
    pub receivers: Option<Vec<String>>,
    /// The labels that it is grouped by on its first way, in any order; `...` are all.
    pub group_by: Option<Vec<String>>,
    /// Whether a time interval keeps it back, on all its ways or on none.
    pub muted: Option<bool>,
    /// When that is asked for; default now.
    pub at: Option<Moment>,
    /// Whether one of the alerts in `firing` keeps it back.
    pub inhibited: Option<bool>,
    /// The labels of the alerts that fire as well.
    #[serde(default)]
    pub firing: Vec<BTreeMap<String, String>>,
}

impl RouteTest {
    /// The keys of which at least one is there.
    pub const EXPECTATIONS: [&str; 4] = ["receivers", "group_by", "muted", "inhibited"];

    /// Whether it expects anything.
    pub fn expects_something(&self) -> bool {
        self.receivers.is_some()
            || self.group_by.is_some()
            || self.muted.is_some()
            || self.inhibited.is_some()
    }
}

/// What Prometheus and Alertmanager serve is what stands in their files, on every replica and member.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&ConfigLiveCheck::SYSTEMS)))]
pub struct ConfigLiveCheck {
    /// The configuration file of Prometheus; the rule files that it names are compared as well.
    #[schemars(with = "Option<form::NonBlank>")]
    pub prometheus: Option<Spanned<String>>,
    /// The configuration file of Alertmanager.
    #[schemars(with = "Option<form::NonBlank>")]
    pub alertmanager: Option<Spanned<String>>,
    /// What may differ, such as `global.external_labels.replica`: a place and all below it.
    #[serde(default)]
    pub ignore: List<Spanned<String>>,
}

impl ConfigLiveCheck {
    /// The keys of which at least one is there.
    pub const SYSTEMS: [&str; 2] = ["prometheus", "alertmanager"];

    /// What it asks, in a few words.
    pub(super) fn in_short(&self) -> String {
        let files = self.prometheus.iter().chain(&self.alertmanager);
        files.map(|file| file.value.as_str()).collect::<Vec<_>>().join(", ")
    }
}
