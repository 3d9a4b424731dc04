//! MS803: control not met.

use crate::model::{Remedy, Value};
use crate::standards::{Catalogue, Computed, Control, Fix, Page, Unmet, unmet};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS803",
    title: "control not met",
    severity: Severity::Warning,
    standing: Standing::Gate,
    why: "The plan file applies a standard, and does not do what it asks for. How bad that is, and why, \
          the control says: `validate --explain PRC-01`. A waiver may name the control instead of MS803.",
    before: "\
mainstay: 1
standards: [process]
tasks:
  tidy:
    title: Tidy up
    type: routine
    domain: component
    criticality: high
    duration: 5m
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
standards: [process]
owner: Operations
reviewers: [Monitoring]
status: approved
version: '1'
criticality: medium
timezone: UTC
windows:
  night: {cron: '0 2 * * *', duration: 4h, cutoff: 30m}
tasks:
  tidy:
    title: Tidy up
    type: routine
    domain: component
    criticality: high
    window: night
    duration: 5m
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for (catalogue, control) in facts.standards.controls() {
        let Computed::Requires(requires) = &control.computed else { continue };
        for unmet in unmet(requires, facts.tree) {
            // What was left out may be what is asked for.
            if !unmet.lacking.is_some_and(|map| facts.is_incomplete(map)) {
                faults.push(fault(catalogue, control, &unmet, requires.test.expected()));
            }
        }
    }
}

fn fault(catalogue: &Catalogue, control: &Control, unmet: &Unmet, expected: Option<String>) -> Fault {
    let owner = match joined(&unmet.subject) {
        path if path.is_empty() => "the plan file".to_owned(),
        path => format!("`{path}`"),
    };
    let message = format!("{owner} does not meet {}: {}", control.id.value, control.statement);
    let fault = match unmet.span {
        Some(span) => Fault::new(RULE.code, span, message),
        None => Fault::of_file(RULE.code, message),
    };
    let fault = fault
        .of_severity(control.severity)
        .asked_for_by(catalogue.name_of(control))
        .help(control.reason.trim());
    let fault = match (expected, unmet.lacking) {
        (Some(expected), None) => fault.expected(format!("expected {expected}")),
        (expected, Some(_)) if unmet.span.is_some() && unmet.subject.len() < unmet.path.len() => {
            let missing = joined(&unmet.path[unmet.subject.len()..]);
            let like = expected.map(|expected| format!(", {expected}")).unwrap_or_default();
            fault.expected(format!("expected the key `{missing}`{like}"))
        }
        _ => fault,
    };
    match control.fix.as_ref().and_then(|fix| remedy(fix, unmet)) {
        Some(remedy) => fault.mended_by(remedy),
        None => fault,
    }
}

/// What mends it; a value that is there and wrong is for people to decide on.
fn remedy(fix: &Fix, unmet: &Unmet) -> Option<Remedy> {
    let is_missing = unmet.lacking.is_some() && unmet.subject.len() < unmet.path.len();
    let set = |value| Remedy::Set { path: unmet.path.clone(), value };
    is_missing.then(|| match fix {
        Fix::Set(value) => set(value.clone()),
        Fix::Document(page) => Remedy::All(vec![set(Value::Text(page.default_path())), document(*page)]),
    })
}

fn document(page: Page) -> Remedy {
    Remedy::Document { kind: page.key().to_owned(), path: page.default_path() }
}

/// A path of keys as people write it: `tasks.tidy.steps[0]`.
fn joined(keys: &[String]) -> String {
    let mut path = String::new();
    for key in keys {
        if !path.is_empty() && !key.starts_with('[') {
            path.push('.');
        }
        path.push_str(key);
    }
    path
}
