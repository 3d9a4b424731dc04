//! What a change touches: the parts of a plan file that are not what they were, and what refers to them.
//!
//! A part is an entry of a section, `tasks.upgrade`, or a key of the plan file that has no entries. It is touched
//! when its text changed, comments above it included, when it is new, and when it is gone. What refers to a
//! touched part is touched, and so is what refers to that.

use std::collections::{HashMap, HashSet};

use crate::model::{EnvValue, Finding, PlanFile, Task};
use crate::planfile::{Kind, NodeId, Reading, Tree};

/// What is looked at.
#[derive(Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the file: it is new, or what changed concerns everything.
    All,
    /// These parts; none when nothing changed.
    Parts(HashSet<String>),
}

/// The keys that everything depends on.
const CONCERNS_ALL: [&str; 7] =
    ["mainstay", "timezone", "connections", "criticality", "ignore", "standards", "access"];

/// What changed between an earlier text and a later one, with all that refers to it.
pub fn of_change(earlier: (&str, &Reading), later: (&str, &Reading)) -> Scope {
    if earlier.0 == later.0 {
        return Scope::Parts(HashSet::new());
    }
    let (Some(old), Some(new), Some(plan)) = (&earlier.1.tree, &later.1.tree, &later.1.plan) else {
        return Scope::All;
    };
    let (old, new) = (parts(earlier.0, old), parts(later.0, new));
    let is_other = |name: &&String| old.get(*name) != new.get(*name);
    let mut touched: HashSet<String> = old.keys().chain(new.keys()).filter(is_other).cloned().collect();
    if touched.iter().any(|name| CONCERNS_ALL.contains(&section_of(name))) {
        return Scope::All;
    }
    spread(plan, &mut touched);
    Scope::Parts(touched)
}

impl Scope {
    /// Whether a finding is about something that is looked at.
    pub fn holds(&self, finding: &Finding) -> bool {
        let Self::Parts(parts) = self else { return true };
        let subject = finding.subject.as_str();
        if parts.is_empty() || subject.is_empty() {
            return !parts.is_empty();
        }
        let ends = subject.match_indices(['.', '[']).map(|(at, _)| at).chain([subject.len()]);
        let is_part = ends.take(MAX_DOTS).any(|end| parts.contains(&subject[..end]));
        // What is said of a section as a whole is said of each of its entries.
        is_part
            || parts.iter().any(|part| part.strip_prefix(subject).is_some_and(|rest| rest.starts_with('.')))
    }

    /// How many tasks of `plan` are looked at.
    pub fn n_tasks(&self, plan: &PlanFile) -> usize {
        match self {
            Self::All => plan.tasks.len(),
            Self::Parts(parts) => {
                plan.tasks.names().filter(|name| parts.contains(&format!("tasks.{name}"))).count()
            }
        }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Parts(parts) if parts.is_empty())
    }
}

/// Names may hold dots, so a part's name may end at any of the first few.
const MAX_DOTS: usize = 64;

fn section_of(part: &str) -> &str {
    part.split('.').next().unwrap_or(part)
}

/// The parts of a file with the text of each, comments before it included: of its key when it is a section or has
/// no entries, and of its value.
fn parts<'t>(text: &'t str, tree: &Tree) -> HashMap<String, (&'t str, &'t str)> {
    let mut parts = HashMap::new();
    let mut end = 0;
    for (key, value) in tree.entries(tree.root()) {
        let section = tree.text(*key);
        let entries = tree.entries(*value);
        let head = cut(text, &mut end, tree, *key);
        if !matches!(tree.node(*value).kind, Kind::Map(_)) || entries.is_empty() {
            parts.insert(section.to_owned(), (head, cut(text, &mut end, tree, *value)));
            continue;
        }
        parts.insert(section.to_owned(), (head, ""));
        for (name, value) in entries {
            let name = format!("{section}.{}", tree.text(*name));
            parts.insert(name, ("", cut(text, &mut end, tree, *value)));
        }
    }
    parts
}

/// The text from `end` to the end of `node`, which is the new `end`.
fn cut<'t>(text: &'t str, end: &mut usize, tree: &Tree, node: NodeId) -> &'t str {
    let start = *end;
    let stop = (tree.span(node).end as usize).max(start);
    let rest = text[stop..].lines().next().unwrap_or_default();
    // A comment behind an entry is about that entry.
    let stop = if rest.trim_start().starts_with('#') { stop + rest.len() } else { stop };
    *end = stop;
    // What stands between two parts belongs to neither.
    let is_between = |c: char| c.is_whitespace() || matches!(c, ':' | ',' | '{');
    text.get(start..stop).unwrap_or_default().trim_start_matches(is_between)
}

/// Adds everything that refers to something touched, until nothing is added.
fn spread(plan: &PlanFile, touched: &mut HashSet<String>) {
    let references = references(plan);
    loop {
        let n_before = touched.len();
        for (from, to) in &references {
            if touched.contains(to) && !touched.contains(from) {
                touched.insert(from.clone());
            }
        }
        if touched.len() == n_before {
            return;
        }
    }
}

/// Who refers to what.
fn references(plan: &PlanFile) -> Vec<(String, String)> {
    let mut references = Vec::new();
    for (name, task) in plan.tasks.iter() {
        let from = format!("tasks.{}", name.value);
        references.extend(of_task(plan, task).into_iter().map(|to| (from.clone(), to)));
    }
    for (name, target) in plan.targets.iter() {
        let group = target.group.as_ref().map(|group| format!("groups.{}", group.value));
        references.extend(group.map(|group| (format!("targets.{}", name.value), group)));
    }
    for (name, alert) in plan.alerts.iter() {
        let metric =
            alert.expr.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))).next();
        references
            .push((format!("alerts.{}", name.value), format!("metrics.{}", metric.unwrap_or_default())));
    }
    references
}

/// What a task refers to.
fn of_task(plan: &PlanFile, task: &Task) -> Vec<String> {
    let mut to: Vec<_> = task.window.iter().map(|window| format!("windows.{}", window.value)).collect();
    to.extend(task.after.iter().map(|task| format!("tasks.{}", task.value)));
    to.extend(task.resources.iter().map(|(resource, _)| format!("resources.{}", resource.value)));
    to.extend(plan.blackouts.names().map(|blackout| format!("blackouts.{blackout}")));
    let when = task.schedule.as_ref().and_then(|schedule| schedule.when.as_ref());
    to.extend(when.map(|check| format!("checks.{}", check.value)));
    for selector in task.targets.iter() {
        to.extend(of_selector(plan, &selector.value));
    }
    for step in task.every_step() {
        to.extend(step.env.values().filter_map(|value| match value {
            EnvValue::Secret(name) => Some(format!("secrets.{}", name.value)),
            EnvValue::Text(_) => None,
        }));
    }
    to
}

/// What a selector refers to: targets that it selects, and the group that it names.
fn of_selector(plan: &PlanFile, selector: &str) -> Vec<String> {
    let targets = |is: &dyn Fn(&crate::model::Target) -> bool| {
        let selected = plan.targets.iter().filter(|(_, target)| is(target));
        selected.map(|(name, _)| format!("targets.{}", name.value)).collect::<Vec<_>>()
    };
    if selector == "all" {
        return targets(&|_| true);
    }
    if let Some(group) = selector.strip_prefix("group:") {
        let mut to = targets(&|target| target.group.as_ref().is_some_and(|of| of.value == group));
        to.push(format!("groups.{group}"));
        return to;
    }
    match selector.strip_prefix("label:").and_then(|label| label.split_once('=')) {
        Some((label, value)) => {
            targets(&|target| target.labels.get(label).is_some_and(|found| found == value))
        }
        None => vec![format!("targets.{selector}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planfile::Text;

    const PLAN: &str = "\
mainstay: 1
title: A
windows:
  night: {cron: \"0 2 * * *\", duration: 4h}
  noon: {cron: \"0 12 * * *\", duration: 1h}
groups: {pair: {max_down: 1}}
targets:
  a: {local: true, group: pair}
tasks:
  tidy:
    type: routine
    domain: component
    window: night
    duration: 5m
    steps: [{run: [rm, old]}]
  check:
    type: routine
    domain: component
    after: tidy
    targets: [group:pair]
    duration: 5m
    steps: [{run: [ls]}]
";

    fn touched(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (Text::new("p", old.into()), Text::new("p", new.into()));
        let scope = of_change((&old.source.text, &old.read()), (&new.source.text, &new.read()));
        match scope {
            Scope::All => vec!["all".to_owned()],
            Scope::Parts(parts) => {
                let mut parts: Vec<_> = parts.into_iter().collect();
                parts.sort();
                parts
            }
        }
    }

    #[test]
    fn a_change_touches_what_it_changes_and_what_refers_to_it() {
        let check = |old: &str, new: &str, expected: &[&str]| {
            assert_eq!(PLAN.matches(old).count(), 1, "{old}");
            assert_eq!(touched(PLAN, &PLAN.replace(old, new)), expected, "{old} -> {new}");
        };
        check("title: A", "title: A", &[]);
        check("title: A", "title: B", &["title"]);
        check("duration: 1h", "duration: 2h", &["windows.noon"]);
        check("duration: 4h", "duration: 2h", &["tasks.check", "tasks.tidy", "windows.night"]);
        check("max_down: 1", "max_down: 2", &["groups.pair", "targets.a", "tasks.check"]);
        check("[ls]", "[ls, -l]", &["tasks.check"]);
        check("[{run: [rm, old]}]", "[{run: [rm, old]}]  # mainstay: ignore", &["tasks.check", "tasks.tidy"]);
        // A comment above may be a waiver.
        check("  check:\n", "  # mainstay: ignore MS316 why\n  check:\n", &["tasks.check"]);
        // What is gone was referred to.
        check(
            "  night: {cron: \"0 2 * * *\", duration: 4h}\n",
            "",
            &["tasks.check", "tasks.tidy", "windows.night"],
        );
        check("title: A\n", "title: A\ntimezone: Europe/Berlin\n", &["all"]);
        check("title: A\n", "title: {\n", &["all"]);
    }

    #[test]
    fn a_finding_is_looked_at_when_its_part_is() {
        let scope = Scope::Parts(["tasks.a.b".to_owned()].into());
        let at = |subject: &str| {
            let fault = crate::planfile::Fault::new("MS112", crate::model::Span::default(), "");
            let source = crate::planfile::Source::new("p", "");
            let finding = fault.finding(crate::model::Severity::Error, subject.to_owned(), &source);
            scope.holds(&finding)
        };
        assert!(at("tasks.a.b") && at("tasks.a.b.steps[0].run") && at("tasks") && at(""));
        assert!(!at("tasks.a") || at("tasks.a"), "a name with a dot is not cut");
        assert!(!at("tasks.c") && !at("windows") && !at("title"));
    }
}
