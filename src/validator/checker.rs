//! The checker: reads a plan file, holds it against all rules, and says everything that was found.
//!
//! 1. All faults of a file are found in one pass, and reported in the order in which they stand.
//! 2. The same text, time and surroundings give the same findings, byte for byte.
//! 3. No finding shows a secret that is written into the file, and its source hides them.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::facts::Facts;
use super::rules::{self, Use};
use super::secrets::{self, Mask};
use super::surroundings::Surroundings;
use super::waivers;
use crate::model::{Finding, PlanFile};
use crate::planfile::{Fault, Source, Text, folder_of};

/// A plan file, and everything that is wrong with it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The text.
    pub source: Source,
    /// What it says, as far as it could be read.
    pub plan: Option<PlanFile>,
    /// Everything that is wrong with it, in the order in which it stands.
    pub findings: Vec<Finding>,
    /// How many findings a waiver took back.
    pub n_waived: usize,
    /// The waivers that have ended.
    pub ended_waivers: Vec<waivers::Ended>,
    /// Other files that findings point into.
    pub others: Vec<Source>,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
    /// Hides the secrets that are written into the file.
    mask: Mask,
}

impl Checked {
    /// Whether the plan must not be used like this.
    pub fn is_useless(&self, wanted: Use) -> bool {
        self.plan.is_none() || self.stopping(wanted).next().is_some()
    }

    /// The findings that keep the plan from being used like this.
    pub fn stopping(&self, wanted: Use) -> impl Iterator<Item = &Finding> {
        let stops =
            move |finding: &&Finding| rules::by_code(finding.code).is_none_or(|rule| rule.stops(wanted));
        self.findings.iter().filter(stops)
    }

    /// A text that may quote the plan file, without the secrets that are written into it.
    pub fn hide(&self, mut text: String) -> String {
        self.mask.text(&mut text);
        text
    }

    /// The text of the file that a finding points into.
    pub fn source_of(&self, file: &str) -> &Source {
        self.others.iter().find(|source| source.path == file).unwrap_or(&self.source)
    }

    /// How many tasks were looked at.
    pub fn n_tasks(&self) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.tasks.len())
    }
}

/// The most findings that are reported of a file: as many as GitHub takes of one SARIF file.
pub const MAX_FINDINGS: usize = 25_000;

/// Checks the text of a plan file that lies in `folder`, as of `now`.
pub fn check(text: Text, folder: &Path, now: DateTime<Utc>) -> Checked {
    let writers = text.writers;
    check_within(text, now, |plan| Surroundings::look(plan, folder, writers))
}

/// Checks a text with nothing around it: the bytes of a plan file called `name`, as of `now`.
pub fn check_bytes(name: &str, bytes: Vec<u8>, now: DateTime<Utc>) -> Checked {
    check_within(Text::new(name, bytes), now, |_| Surroundings::default())
}

/// Checks a text; `look` finds what lies beside it once it is known what it names.
fn check_within(mut text: Text, now: DateTime<Utc>, look: impl FnOnce(&PlanFile) -> Surroundings) -> Checked {
    let reading = text.read();
    let secrets = secrets::find(&text.source.text, reading.tree.as_ref());
    let mut faults = reading.faults;
    let (mut waived, mut others) = (waivers::Applied::default(), Others::default());
    if let (Some(plan), Some(tree)) = (&reading.plan, &reading.tree) {
        let around = look(plan);
        let facts = Facts::new(plan, &text.source.text, tree, &secrets, &reading.spoiled, &around, now);
        rules::look(&facts, &mut faults);
        faults.retain(Fault::stands);
        facts.standards.raise(&mut faults);
        waived = waivers::apply(&facts, &text.source, &reading.comments, &mut faults);
        facts.standards.raise(&mut faults);
        others = facts.standards.sources(folder_of(Path::new(&text.source.path)));
    }
    let subjects = |fault: &Fault| match &reading.tree {
        Some(tree) if !fault.is_of_file() && fault.file().is_none() => tree.path_to(fault.span.start),
        _ => String::new(),
    };
    let mut findings = report(faults, reading.is_complete, subjects, &text.source, &others);
    let mask = Mask::new(&secrets);
    for finding in &mut findings {
        mask.finding(finding);
    }
    let plan = reading.plan;
    drop(reading.tree);
    text.source.hide(mask.places(&text.source.text, &secrets));
    Checked {
        plan,
        findings,
        n_waived: waived.n_waived,
        ended_waivers: waived.ended,
        others: others.into_values().collect(),
        digest: text.digest,
        source: text.source,
        mask,
    }
}

/// The texts of other files, by their names in the plan file.
pub(super) type Others = BTreeMap<String, Source>;

/// Puts the faults in order and bounds their number.
fn report(
    mut faults: Vec<Fault>,
    is_complete: bool,
    subject: impl Fn(&Fault) -> String,
    source: &Source,
    others: &Others,
) -> Vec<Finding> {
    let source_of = |file: Option<&str>| file.and_then(|file| others.get(file)).unwrap_or(source);
    faults.sort_by(|a, b| (a.file(), a.span, a.code).cmp(&(b.file(), b.span, b.code)));
    let left_out = faults.len().saturating_sub(MAX_FINDINGS);
    faults.truncate(MAX_FINDINGS);
    let finding = |fault: Fault| {
        let (severity, subject) = (rules::severity(fault.code), subject(&fault));
        fault.finding_in(severity, subject, source_of)
    };
    let mut findings: Vec<_> = faults.into_iter().map(finding).collect();
    let message = match (left_out, is_complete) {
        (0, true) => return findings,
        (0, false) => "there may be more findings".to_owned(),
        (_, true) => format!("there are {left_out} more findings"),
        (_, false) => format!("there are at least {left_out} more findings"),
    };
    let more = Fault::of_file("MS006", message).help("mend the first ones and validate again");
    findings.push(more.finding(rules::severity("MS006"), String::new(), source));
    findings
}
