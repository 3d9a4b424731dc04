//! Checks of the monitoring system.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::named::at_least_one;
use crate::model::{List, Matcher, Spanned, Tolerance, form};

/// A query's samples are as expected. No sample at all is unknown, never a yes, unless `count` speaks of it or
/// `allow_empty` says so.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(&["every", "any", "count"])))]
pub struct PromqlCheck {
    /// An instant query.
    #[schemars(with = "form::NonBlank")]
    pub query: Spanned<String>,
    /// Every sample's value matches.
    pub every: Option<Matcher>,
    /// At least one sample's value matches.
    pub any: Option<Matcher>,
    /// The number of samples matches.
    pub count: Option<Matcher>,
    /// Whether no sample is a yes, as it is for a query of what is wrong; default false.
    #[schemars(extend("default" = false))]
    pub allow_empty: Option<bool>,
}

/// Prometheus scrapes a job's targets with success, all of them, and there is at least one.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetUpCheck {
    /// The value of the label `job`.
    pub job: String,
    /// Only the target with this value of the label `instance`.
    pub instance: Option<String>,
}

/// Prometheus evaluates its rules without error, and there is at least one.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesHealthyCheck {
    /// Only this rule group.
    pub group: Option<String>,
}

/// A snapshot opened in a scratch Prometheus of its own answers the same range queries as the server does.
///
/// The scratch server needs the program `prometheus` on this machine, scrapes nothing and is gone afterwards.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreCheck {
    /// A snapshot below the server's own data, by name, or the path of a copy, which has a `/`; default `latest`.
    #[schemars(extend("default" = RestoreCheck::LATEST))]
    pub snapshot: Option<Spanned<String>>,
    /// What both are asked, over an hour inside the snapshot; default how many targets of each job are up, and how
    /// many samples their scrapes have.
    #[serde(default, deserialize_with = "at_least_one")]
    #[schemars(length(min = 1))]
    pub queries: List<Spanned<String>>,
    /// By how much a value may differ; default 0.
    pub within: Option<Spanned<Tolerance>>,
}

impl RestoreCheck {
    /// The newest snapshot below the server's data.
    pub const LATEST: &str = "latest";
    /// What is asked when the plan file says nothing.
    pub const DEFAULT_QUERIES: [&str; 2] = ["sum by (job) (up)", "sum by (job) (scrape_samples_scraped)"];

    /// The snapshot.
    pub fn snapshot(&self) -> &str {
        self.snapshot.as_ref().map_or(Self::LATEST, |snapshot| &snapshot.value)
    }

    /// The queries.
    pub fn queries(&self) -> Vec<&str> {
        if self.queries.is_empty() {
            return Self::DEFAULT_QUERIES.to_vec();
        }
        self.queries.iter().map(|query| query.value.as_str()).collect()
    }
}
