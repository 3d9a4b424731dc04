//! Catalogues of controls as plain values.

use std::fmt;

use regex::Regex;
use serde::Deserialize;

use crate::model::{Length, Severity, Spanned, Value};

/// A standard: a named set of requirements.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Its name: `process`.
    pub standard: String,
    /// What people call it.
    pub title: String,
    /// The version of its content.
    pub version: String,
    /// What it asks for.
    pub controls: Vec<Control>,
}

/// One requirement.
#[derive(Debug, Clone)]
pub struct Control {
    /// Names it in output, in waivers and in the manual: `PRC-03`.
    pub id: Spanned<String>,
    /// What has to be so: a lower-case phrase without a full stop.
    pub statement: String,
    /// Why, to somebody who runs the systems.
    pub reason: String,
    /// The published texts that it answers to.
    pub references: Vec<String>,
    /// How bad it is when it is not met.
    pub severity: Severity,
    /// How it is found out whether it is met.
    pub computed: Computed,
    /// What can be done about it without a person.
    pub fix: Option<Fix>,
}

/// How it is found out whether a control is met.
#[derive(Debug, Clone)]
pub enum Computed {
    /// The plan file says something.
    Requires(Box<Requires>),
    /// These rules find nothing.
    Rules(Vec<String>),
    /// A person shows this.
    ByHand(String),
}

/// What the plan file has to say.
#[derive(Debug, Clone)]
pub struct Requires {
    /// The keys to what is required, from the entry on; without `each` from the root on.
    pub key: Vec<String>,
    /// Where it has to stand, once for each of these.
    pub each: Option<Each>,
    /// It is asked only of what all of these hold for.
    pub conditions: Vec<Condition>,
    /// What it has to be like.
    pub test: Test,
}

/// What tells the entries that something is asked of.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The keys to what is looked at.
    pub key: Vec<String>,
    /// What it has to be.
    pub holds: Holds,
}

/// What a [`Condition`] looks for.
#[derive(Debug, Clone)]
pub enum Holds {
    /// It is one of these; of a list, one element is. What an entry does not say is looked for in what it
    /// belongs to: in the task of a step, then in the plan file itself.
    OneOf(Vec<String>),
    /// The entry itself says it, or does not.
    Present(bool),
}

/// What a required value has to be like; of a list, each element.
#[derive(Debug, Clone)]
pub enum Test {
    /// It is there, and not empty.
    Present,
    /// It is this.
    Equals(String),
    /// It is one of these.
    OneOf(Vec<String>),
    /// The expression finds something in it.
    Matches(Regex),
    /// It is this or more; of a list, its length is.
    AtLeast(Least),
}

/// The least that something may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Least {
    /// A number, of things or as it is written.
    Number(f64),
    /// A length of time.
    Length(Length),
}

/// Whatever there may be many of in a plan file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Each {
    /// Of `tasks:`.
    Tasks,
    /// Of `targets:`.
    Targets,
    /// Of `groups:`.
    Groups,
    /// Of `windows:`.
    Windows,
    /// Of `blackouts:`.
    Blackouts,
    /// Of `secrets:`.
    Secrets,
    /// Of `metrics:`.
    Metrics,
    /// Of `alerts:`.
    Alerts,
    /// Of `reports:`.
    Reports,
    /// Of `reviews:`.
    Reviews,
    /// Of the steps of all tasks, those of `rollback:` and `finally:` included.
    Steps,
    /// Of `checks:`, and of the preconditions and verifications of all tasks.
    Checks,
}

impl Each {
    /// The word for it in a catalogue, which for most is a section of the plan file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Targets => "targets",
            Self::Groups => "groups",
            Self::Windows => "windows",
            Self::Blackouts => "blackouts",
            Self::Secrets => "secrets",
            Self::Metrics => "metrics",
            Self::Alerts => "alerts",
            Self::Reports => "reports",
            Self::Reviews => "reviews",
            Self::Steps => "steps",
            Self::Checks => "checks",
        }
    }
}

/// What can be done without a person about a control that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fix {
    /// Write this where the required value is missing.
    Set(Value),
    /// Name this page, and write a stub of it.
    Document(Page),
}

/// A page about the maintenance: a key of `documents:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// How the work is organised.
    Process,
    /// What is maintained.
    System,
    /// How it is kept safe.
    Security,
    /// How it is proved.
    Audit,
}

impl Page {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Process, Self::System, Self::Security, Self::Audit];

    /// Its key in `documents:`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::System => "system",
            Self::Security => "security",
            Self::Audit => "audit",
        }
    }

    /// The page with this key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.key() == key)
    }

    /// Where it is written when the plan file names no place for it.
    pub fn default_path(self) -> String {
        format!("docs/{}.md", self.key())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl fmt::Display for Least {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Length(length) => write!(f, "{length}"),
        }
    }
}

impl Catalogue {
    /// Names a control together with its standard: `process PRC-03`.
    pub fn name_of(&self, control: &Control) -> String {
        format!("{} {}", self.standard, control.id.value)
    }
}
