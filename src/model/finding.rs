//! Findings: what validate and audit have to say, and where.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// Wrong.
    Error,
}

/// A position in a text: both count from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file as the caller named it.
    pub file: String,
    /// Its first character.
    pub start: Position,
    /// The position after its last character.
    pub end: Position,
    /// The same as byte offsets, for excerpts.
    #[serde(skip)]
    pub span: super::Span,
}

/// One result of validate or audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Names the rule, the same in every release: `MS101`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lower-case phrase without a full stop, names in backticks.
    pub message: String,
    /// Where; `None` when it is about the file as a whole, or about no file.
    pub place: Option<Place>,
    /// What was expected there: stands under the excerpt.
    pub expected: Option<String>,
    /// Another place that explains it, and what stands there.
    pub related: Option<(Place, String)>,
    /// What to do.
    pub help: Option<String>,
}
