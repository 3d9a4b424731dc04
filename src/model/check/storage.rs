//! Checks of file systems.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Size;
use crate::model::{Matcher, Spanned, form};

/// A file system is mounted.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = super::of_one_that_is(&["source", "filesystem", "options"], "exists")))]
pub struct MountCheck {
    /// Where.
    #[schemars(with = "form::NonBlank")]
    pub path: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// What is mounted there: a device, `HOST:/PATH`.
    pub source: Option<Matcher>,
    /// The kind of file system: `ext4`, `nfs4`.
    pub filesystem: Option<Matcher>,
    /// The options of the mount and of the file system.
    pub options: Option<Matcher>,
}

/// A file system has room. One that hangs is unknown after the check's timeout.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = form::alternatives(DiskCheck::ATTRIBUTES)))]
pub struct DiskCheck {
    /// A file or folder on it, relative to the plan file's folder.
    #[schemars(with = "form::NonBlank")]
    pub path: Spanned<String>,
    /// The share in use, in percent, as `df` counts it: what only root may use counts as used.
    pub used: Option<Matcher>,
    /// The bytes that everybody may still use.
    pub free: Option<Matcher>,
    /// At least so much is free for everybody: `10GiB`.
    pub min_free: Option<Size>,
    /// The share of inodes in use, in percent.
    pub inodes_used: Option<Matcher>,
}

impl DiskCheck {
    /// What it can speak of: at least one of them.
    pub const ATTRIBUTES: &[&str] = &["used", "free", "min_free", "inodes_used"];

    /// Whether it speaks of nothing.
    pub fn is_vacuous(&self) -> bool {
        let numbers = [&self.used, &self.free, &self.inodes_used];
        self.min_free.is_none() && numbers.iter().all(|number| number.is_none())
    }
}
