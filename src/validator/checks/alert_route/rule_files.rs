//! Rules as files write them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::validator::checks::reading::text_of;

/// A rule group as it is written.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::validator::checks) struct GroupInFile {
    /// Its name.
    pub(in crate::validator::checks) name: String,
    /// How often it is evaluated, when it says so.
    pub(in crate::validator::checks) interval: Option<String>,
    /// Its rules.
    #[serde(default)]
    pub(in crate::validator::checks) rules: Vec<WrittenRule>,
}

/// A rule as it is written.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::validator::checks) struct WrittenRule {
    /// The name of a recording rule.
    pub(in crate::validator::checks) record: Option<String>,
    /// The name of an alerting rule.
    pub(in crate::validator::checks) alert: Option<String>,
    /// What it evaluates.
    pub(in crate::validator::checks) expr: String,
    /// How long the condition has to hold.
    #[serde(rename = "for")]
    pub(in crate::validator::checks) hold: Option<String>,
    /// How long it fires on after its condition has ended.
    pub(in crate::validator::checks) keep_firing_for: Option<String>,
    /// The labels that it gives.
    #[serde(default)]
    pub(in crate::validator::checks) labels: BTreeMap<String, String>,
    /// What it says about its alerts.
    #[serde(default)]
    pub(in crate::validator::checks) annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct WrittenFile {
    #[serde(default)]
    groups: Vec<GroupInFile>,
}

/// The rule groups of a file, in its order; why there are none, as a phrase.
pub(in crate::validator::checks) fn groups_in(path: &Path) -> Result<Vec<GroupInFile>, String> {
    let text = text_of(path)?;
    let file: WrittenFile = serde_yaml::from_str(&text).map_err(|error| {
        let error = error.to_string();
        format!("{}: {}", path.display(), error.lines().next().unwrap_or_default())
    })?;
    Ok(file.groups)
}
