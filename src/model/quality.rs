//! How well the work has to be made.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Percent, Spanned};

/// What `validate --run` holds the quality of recorded runs against.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// The least share of runs that succeed; default 90%.
    #[schemars(extend("default" = Quality::DEFAULT_SUCCESS.to_string()))]
    pub success: Option<Spanned<Percent>>,
    /// The most runs with work that was done twice, or undone; default 25%.
    #[schemars(extend("default" = Quality::DEFAULT_REWORK.to_string()))]
    pub rework: Option<Spanned<Percent>>,
    /// How far from their `duration` runs may be, in the median; default 50%. Less than a minute is nothing.
    #[schemars(extend("default" = Quality::DEFAULT_ESTIMATE_ERROR.to_string()))]
    pub estimate_error: Option<Spanned<Percent>>,
    /// The least share of runs that are approved, in their window and verified, where that is asked; default 100%.
    #[schemars(extend("default" = Quality::DEFAULT_COMPLIANCE.to_string()))]
    pub compliance: Option<Spanned<Percent>>,
}

impl Quality {
    /// The least success rate of a plan file without one.
    pub const DEFAULT_SUCCESS: Percent = Percent(90);
    /// The most rework of a plan file without one.
    pub const DEFAULT_REWORK: Percent = Percent(25);
    /// The most estimate error of a plan file without one.
    pub const DEFAULT_ESTIMATE_ERROR: Percent = Percent(50);
    /// The least compliance of a plan file without one.
    pub const DEFAULT_COMPLIANCE: Percent = Percent(100);
}
