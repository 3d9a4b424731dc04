//! Findings: what validate and audit have to say, and where.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// The control that asks for what is missing: its standard and its id, `process PRC-03`.
    pub control: Option<String>,
    /// What it is about, as the path of its keys: `tasks.tidy.steps[0].timeout`; empty for the file as a whole.
    pub subject: String,
    /// The entries of the ledger that it rests on, by their places; none for what is not about the record.
    pub evidence: Vec<u64>,
    /// What can be done about it without a person.
    pub remedy: Option<Remedy>,
}

/// A change that mends a finding, and that nobody has to decide about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Write a value of the plan file that is not there.
    Set {
        /// The keys from the root on.
        path: Vec<String>,
        /// What is written.
        value: Value,
    },
    /// Write a page that is not there, as a stub for people to fill in.
    Document {
        /// Which of `documents:`.
        kind: String,
        /// Its name, relative to the plan file's folder.
        path: String,
    },
    /// All of these, in this order.
    All(Vec<Remedy>),
}

impl Remedy {
    /// What is done, one change at a time.
    pub fn changes(&self) -> Vec<&Self> {
        match self {
            Self::Set { .. } | Self::Document { .. } => vec![self],
            Self::All(remedies) => remedies.iter().flat_map(Self::changes).collect(),
        }
    }
}

/// A value of the plan file, to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// One text; quoted where YAML would read something else.
    Text(String),
    /// A number or a truth value: written as it is.
    Bare(String),
    /// A list.
    List(Vec<Value>),
    /// A mapping, in this order.
    Map(Vec<(String, Value)>),
}
