//! Series that are compared before and after work, and what came out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Length, Spanned, Tolerance, form};

/// A query whose series are compared over a while before the work and after it, by a test that admits when there is too
/// little to say.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesSpec {
    /// What people call it; default the query.
    pub name: Option<String>,
    /// The query; each series of its result is compared with the one of the same labels. Of a counter it is the counter
    /// itself, not its rate.
    #[schemars(with = "form::NonBlank")]
    pub promql: Spanned<String>,
    /// What it is; default `gauge`.
    #[serde(default)]
    #[schemars(extend("default" = SeriesKind::default()))]
    pub kind: SeriesKind,
    /// Which change is bad; default `either`.
    #[serde(default)]
    #[schemars(extend("default" = Direction::default()))]
    pub direction: Direction,
    /// The most change that is borne, of what was before or in its own unit; default 5%.
    #[schemars(extend("default" = SeriesSpec::DEFAULT_WITHIN.to_string()))]
    pub within: Option<Spanned<Tolerance>>,
    /// How long it is looked at before the work, and again after monitoring came back: so long the run waits; default 5m.
    #[schemars(with = "Option<form::PositiveLength>", extend("default" = SeriesSpec::DEFAULT_WINDOW.to_string()))]
    pub window: Option<Spanned<Length>>,
    /// What it means that there is no such series; default `unknown`.
    #[serde(default)]
    #[schemars(extend("default" = Absent::default()))]
    pub absent: Absent,
    /// Whether a change for the worse fails the run; default true.
    #[schemars(extend("default" = true))]
    pub critical: Option<bool>,
    /// Whether too little data fails the run; default false: it is told.
    #[schemars(extend("default" = false))]
    pub required: Option<bool>,
}

impl SeriesSpec {
    /// The most change that is borne without `within`.
    pub const DEFAULT_WITHIN: Tolerance = Tolerance::Percent(5.0);
    /// How long is looked without `window`.
    pub const DEFAULT_WINDOW: Length = Length(chrono::TimeDelta::minutes(5));

    /// What people call it.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.promql.value)
    }

    /// How long it is looked at.
    pub fn window(&self) -> Length {
        self.window.map_or(Self::DEFAULT_WINDOW, |window| window.value)
    }
}

/// What a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum SeriesKind {
    /// Its value is what it is.
    #[default]
    Gauge,
    /// It only grows, until it begins anew.
    Counter,
}

/// Which change is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Direction {
    /// More of it.
    Increase,
    /// Less of it.
    Decrease,
    /// Any.
    #[default]
    Either,
}

/// What it means that there is no such series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend("type" = "string"))]
pub enum Absent {
    /// One that vanished is worse; one that was not there before cannot be compared.
    #[default]
    Unknown,
    /// It stands for zero, as with a counter of errors that begins with the first error.
    Zero,
}

/// How a series stands after the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeriesVerdict {
    /// As before, as far as anybody can tell.
    Same,
    /// Changed for the worse.
    Worse,
    /// Changed for the better.
    Better,
    /// Nobody can tell: there is too little.
    InsufficientData,
}

impl SeriesVerdict {
    /// Its name in JSON and for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Worse => "worse",
            Self::Better => "better",
            Self::InsufficientData => "insufficient-data",
        }
    }
}

/// What was asked of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeriesTest {
    /// Nothing had to be.
    None,
    /// Every way of dealing the numbers to both sides.
    ExactRanks,
    /// The same, approximated by a normal distribution.
    NormalRanks,
    /// Events in a time, exactly.
    ExactRate,
    /// The same, approximated by a normal distribution.
    NormalRate,
}

/// What came out for one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesJudgement {
    /// How it stands.
    pub verdict: SeriesVerdict,
    /// How that was found out.
    pub test: SeriesTest,
    /// How many points, or events of a rate, there are on each side.
    pub n: (u64, u64),
    /// The medians, or the rates by the second.
    pub middles: (Option<f64>, Option<f64>),
    /// By how much it lies higher than before, in its own unit; of a counter by the second.
    pub shift: Option<f64>,
    /// How often a point after lies above one before; a half says nothing.
    pub above: Option<f64>,
    /// How likely such a difference is by chance.
    pub p: Option<f64>,
    /// The same over all series that were compared together.
    pub p_of_all: Option<f64>,
    /// How many points on each side, or events in all, it would take.
    pub needed: Option<u64>,
    /// What people should know, a sentence each.
    pub notes: Vec<String>,
}

/// One series that was compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesResult {
    /// What people call it.
    pub name: String,
    /// Its labels, where its query returns several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Whether what came out fails the run.
    pub fails: bool,
    /// What came out.
    #[serde(flatten)]
    pub judgement: SeriesJudgement,
}

/// What a query returned over a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenSeries {
    /// What people call it.
    pub name: String,
    /// The first moment that was asked for, in milliseconds since 1970.
    pub start: i64,
    /// The time between two moments, in milliseconds.
    pub step: i64,
    /// How many moments.
    pub n: u32,
    /// Each series: its labels, and its samples (when, and what, as Prometheus writes it).
    pub series: Vec<(BTreeMap<String, String>, Vec<TakenSample>)>,
}

/// When, in milliseconds since 1970, and what, as Prometheus writes it.
pub type TakenSample = (i64, String);
