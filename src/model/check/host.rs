//! Checks of one host: its files and programs.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Matcher, Spanned, form};

/// A file is there, or not, and holds what it should.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependencies" = {"contains": {"properties": {"exists": {"const": true}}}}))]
pub struct FileCheck {
    /// Relative to the plan file's folder.
    #[schemars(with = "form::NonBlank")]
    pub path: Spanned<String>,
    /// Default true.
    #[schemars(extend("default" = true))]
    pub exists: Option<bool>,
    /// Text that it holds; read up to 16 MiB.
    pub contains: Option<String>,
}

/// A program ends as expected.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandCheck {
    /// The program and its arguments.
    #[schemars(with = "form::Argv")]
    pub run: Spanned<Vec<String>>,
    /// The exit code; default 0.
    #[schemars(extend("default" = 0))]
    pub exit: Option<Matcher>,
    /// What it prints, without trailing blank space.
    pub stdout: Option<Matcher>,
}
