//! What rules look at: the plan, the text that it was read from, the time, and what lies beside the file.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};

use super::outlook::Outlook;
use super::secrets::Secret;
use super::standards::Standards;
use super::surroundings::Surroundings;
use super::work::Work;
use crate::calendar::{Calendar, CronError, CronSchedule, RruleError, RruleSchedule, Zone};
use crate::model::{
    AlertmanagerAction, Check, Matcher, PlanFile, PrometheusAction, Span, Spanned, Step, Task,
};
use crate::planfile::{Fault, NodeId, Tree, offset};
use crate::promql::{self, Expr, SyntaxError};

/// What rules look at.
pub(super) struct Facts<'a> {
    pub(super) plan: &'a PlanFile,
    pub(super) tree: &'a Tree<'a>,
    /// The text that it was read from.
    pub(super) text: &'a str,
    /// The secrets that are written into it.
    pub(super) secrets: &'a [Secret],
    /// The moment that it is judged at.
    pub(super) now: DateTime<Utc>,
    /// The plan file's zone; UTC when it is unknown.
    pub(super) zone: Zone,
    /// What lies beside the plan file.
    pub(super) around: &'a Surroundings,
    /// The standards that apply.
    pub(super) standards: Standards<'a>,
    sections: HashMap<&'a str, Section<'a>>,
    /// Every cron expression of the file: the same few stand at thousands of tasks, and reading one that never
    /// comes takes long.
    crons: HashMap<&'a str, Result<Calendar, CronError>>,
    /// Every recurrence rule of the file.
    rrules: HashMap<&'a str, Result<Calendar, RruleError>>,
    /// Every PromQL query of the file, read when the first rule asks.
    queries: OnceCell<HashMap<&'a str, Result<Expr, SyntaxError>>>,
    /// Where something begins that something was left out of, sorted.
    spoiled: &'a [u32],
    /// How many more pairs of names may be compared to find out what was meant.
    comparisons: Cell<usize>,
    outlook: OnceCell<Outlook<'a>>,
    work: OnceCell<Work<'a>>,
}

/// Enough for every finding of a file with a thousand names; after that, a wrong name gets no suggestion.
const MAX_COMPARISONS: usize = 200_000;

/// The names of a section, also of what could not be read.
struct Section<'a> {
    key: NodeId,
    /// The key and the value of each.
    names: HashMap<&'a str, (NodeId, NodeId)>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        plan: &'a PlanFile,
        text: &'a str,
        tree: &'a Tree<'a>,
        secrets: &'a [Secret],
        spoiled: &'a [u32],
        around: &'a Surroundings,
        now: DateTime<Utc>,
    ) -> Self {
        let sections = tree.entries(tree.root()).iter().map(|(key, value)| {
            let names = tree.entries(*value).iter().map(|entry| (tree.text(entry.0), *entry)).collect();
            (tree.text(*key), Section { key: *key, names })
        });
        let zone = plan.timezone.as_ref().and_then(|zone| Zone::named(&zone.value).ok());
        Self {
            plan,
            tree,
            text,
            secrets,
            now,
            zone: zone.unwrap_or_else(Zone::utc),
            around,
            standards: Standards::of(plan, around),
            sections: sections.collect(),
            crons: crons(plan),
            rrules: rrules(plan),
            queries: OnceCell::new(),
            spoiled,
            comparisons: Cell::new(MAX_COMPARISONS),
            outlook: OnceCell::new(),
            work: OnceCell::new(),
        }
    }

    /// What steps do.
    pub(super) fn work(&self) -> &Work<'a> {
        self.work.get_or_init(|| Work::new(self.plan, self.tree, self.text))
    }

    /// The key of a section.
    pub(super) fn section(&self, section: &str) -> Option<NodeId> {
        self.sections.get(section).map(|section| section.key)
    }

    /// The place of a section's key.
    pub(super) fn section_key(&self, section: &str) -> Option<Span> {
        self.section(section).map(|key| self.tree.span(key))
    }

    /// The entries of a section: key and value of each, also of what could not be read.
    pub(super) fn entries(&self, section: &str) -> &'a [(NodeId, NodeId)] {
        let entry = self.sections.contains_key(section).then(|| self.tree.entry(self.tree.root(), section));
        entry.flatten().map_or(&[], |(_, map)| self.tree.entries(map))
    }

    /// Whether a section holds a name.
    pub(super) fn knows(&self, section: &str, name: &str) -> bool {
        self.sections.get(section).is_some_and(|section| section.names.contains_key(name))
    }

    /// Whether anything of the file could not be read.
    pub(super) fn is_anything_spoiled(&self) -> bool {
        !self.spoiled.is_empty()
    }

    /// The names of a section.
    pub(super) fn names(&self, section: &str) -> impl Iterator<Item = &'a str> {
        self.sections.get(section).into_iter().flat_map(|section| section.names.keys().copied())
    }

    /// How many names a section has.
    pub(super) fn n_names(&self, section: &str) -> usize {
        self.sections.get(section).map_or(0, |section| section.names.len())
    }

    /// The node of what a name of a section stands for.
    pub(super) fn node_of(&self, section: &str, name: &str) -> Option<NodeId> {
        self.sections.get(section)?.names.get(name).map(|(_, value)| *value)
    }

    /// The place of what a name of a section stands for.
    pub(super) fn value_of(&self, section: &str, name: &str) -> Span {
        self.node_of(section, name).map_or(Span::default(), |value| self.tree.span(value))
    }

    /// Whether something within a place could not be read, so that what seems to be missing may be there.
    pub(super) fn is_spoiled(&self, span: Span) -> bool {
        let first = self.spoiled.partition_point(|start| *start < span.start);
        self.spoiled.get(first).is_some_and(|start| *start < span.end)
    }

    /// Whether something was left out of just this mapping or list.
    pub(super) fn is_incomplete(&self, span: Span) -> bool {
        self.spoiled.binary_search(&span.start).is_ok()
    }

    /// The fault of naming something that a section does not define.
    pub(super) fn unknown(
        &self,
        section: &str,
        what: &str,
        owner: &str,
        found: &str,
        span: Span,
    ) -> Option<Fault> {
        if self.knows(section, found) {
            return None;
        }
        let fault = Fault::new("MS201", span, format!("{owner} names an unknown {what} `{found}`"));
        Some(match self.section_key(section) {
            Some(key) => self.suggest(fault.expected_from(section, key), found, self.names(section)),
            None => fault
                .expected(format!("expected a name from `{section}:`, which the plan file does not have")),
        })
    }

    /// Suggests the nearest of the names that are known.
    pub(super) fn suggest<'n>(
        &self,
        fault: Fault,
        found: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> Fault {
        let known: Vec<_> = known.collect();
        match self.comparisons.get().checked_sub(known.len()) {
            Some(left) => {
                self.comparisons.set(left);
                fault.near(found, known.into_iter())
            }
            None => fault,
        }
    }

    /// A cron expression of the plan file, as it was read.
    pub(super) fn cron(&self, text: &str) -> Result<&CronSchedule, &CronError> {
        match self.crons.get(text) {
            Some(Ok(Calendar::Cron(cron))) => Ok(cron),
            Some(Err(error)) => Err(error),
            _ => Err(&CronError::Never),
        }
    }

    /// A recurrence rule of the plan file, as it was read.
    pub(super) fn rrule(&self, text: &str) -> Result<&RruleSchedule, &RruleError> {
        match self.rrules.get(text) {
            Some(Ok(Calendar::Rrule(rule))) => Ok(rule),
            Some(Err(error)) => Err(error),
            _ => Err(&RruleError::Never),
        }
    }

    /// The calendar of a task or a window that has one of the two; `None` when it has both, or a wrong one.
    pub(super) fn calendar(
        &self,
        cron: Option<&Spanned<String>>,
        rrule: Option<&Spanned<String>>,
    ) -> Option<&Calendar> {
        match (cron, rrule) {
            (Some(cron), None) => self.crons.get(cron.value.as_str())?.as_ref().ok(),
            (None, Some(rrule)) => self.rrules.get(rrule.value.as_str())?.as_ref().ok(),
            _ => None,
        }
    }

    /// A PromQL query of the plan file, as it was read.
    pub(super) fn query(&self, text: &'a str) -> Result<&Expr, &SyntaxError> {
        let queries = self.queries.get_or_init(|| queries(self));
        queries[text].as_ref()
    }

    /// The place of a part of a text; of a text that is written with escapes or in several lines, all of it.
    pub(super) fn part_of(&self, text: &Spanned<String>, part: &Range<usize>) -> Span {
        let whole = text.span;
        let written = self.text.get(whole.start as usize..whole.end as usize).unwrap_or_default();
        let quoted = written.strip_prefix(['"', '\'']).unwrap_or(written);
        if !quoted.starts_with(text.value.as_str()) {
            return whole;
        }
        let start = whole.end - offset(quoted.len());
        // What is missing at the end of a text is shown as its last character.
        let end = part.end.max(part.start + 1).min(text.value.len());
        let begin =
            self.text.floor_char_boundary((start + offset(part.start.min(end.saturating_sub(1)))) as usize);
        Span { start: offset(begin), end: start + offset(end) }
    }

    /// Whether the plan file's zone is known, so that its local times and days are.
    pub(super) fn knows_zone(&self) -> bool {
        let named = self.plan.timezone.as_ref();
        self.section("timezone").is_none() || named.is_some_and(|name| Zone::named(name).is_ok())
    }

    /// What the times of the plan file come to.
    pub(super) fn outlook(&self) -> &Outlook<'a> {
        self.outlook.get_or_init(|| Outlook::new(self))
    }

    /// All steps of all tasks.
    pub(super) fn steps(&self) -> impl Iterator<Item = &'a Spanned<Step>> {
        self.plan.tasks.iter().flat_map(|(_, task)| steps_of(task))
    }

    /// All silences that tasks hold or steps make, with what each is called.
    pub(super) fn silences(&self) -> impl Iterator<Item = SilenceFacts<'a>> {
        self.plan.tasks.iter().flat_map(|(name, task)| {
            let held = task.silence.as_ref().map(|silence| SilenceFacts {
                what: format!("the silence of task `{}`", name.value),
                span: silence.span,
                matchers: &silence.matchers,
            });
            let made = steps_of(task).filter_map(|step| {
                let action = step.alertmanager.as_ref()?;
                let AlertmanagerAction::Silence(silence) = &action.value else { return None };
                let what = format!("the silence `{}` of task `{}`", silence.name.value, name.value);
                Some(SilenceFacts { what, span: silence.name.span, matchers: &silence.matchers })
            });
            held.into_iter().chain(made)
        })
    }

    /// All checks, with the place of each.
    pub(super) fn checks(&self) -> impl Iterator<Item = (Span, &'a Check)> {
        let spanned = |check: &'a Spanned<Check>| (check.span, &check.value);
        let tasks = self.plan.tasks.iter();
        let of_tasks = tasks.flat_map(|(_, task)| task.preconditions.iter().chain(task.verify.iter()));
        let of_steps = self.steps().flat_map(move |step| {
            let wait = step.wait.as_ref();
            let until = wait.and_then(|wait| Some((wait.span, wait.until.as_deref()?)));
            step.only_if.iter().chain(&step.done_if).map(spanned).chain(until)
        });
        let named = self.plan.checks.iter().map(|(_, check)| check);
        of_tasks.chain(named).map(spanned).chain(of_steps)
    }
}

impl<'a> Facts<'a> {
    /// All matchers that anything found is held against, and those that they are made of.
    pub(super) fn matchers(&self) -> Vec<&'a Matcher> {
        let checks = self.checks().flat_map(|(_, check)| check.matchers());
        let steps = self.steps().filter_map(|step| step.http.as_ref()?.status.as_ref());
        let metrics =
            self.plan.metrics.iter().filter_map(|(_, metric)| metric.http.as_ref()?.status.as_ref());
        let mut all = Vec::new();
        for matcher in checks.chain(steps).chain(metrics) {
            matcher.visit(&mut |one| all.push(one));
        }
        all
    }
}

/// A silence that a task holds, or that a step makes.
pub(super) struct SilenceFacts<'a> {
    /// What it is called in a message: `the silence of task `upgrade``.
    pub(super) what: String,
    /// Where it stands.
    pub(super) span: Span,
    /// Its matchers.
    pub(super) matchers: &'a [Spanned<String>],
}

/// All steps of a task, in the order in which they stand in the model.
pub(super) fn steps_of(task: &Task) -> impl Iterator<Item = &Spanned<Step>> {
    task.steps.iter().chain(task.rollback.iter()).chain(task.finally.iter())
}

fn crons(plan: &PlanFile) -> HashMap<&str, Result<Calendar, CronError>> {
    let schedules = plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref()?.cron.as_ref());
    let windows = plan.windows.iter().filter_map(|(_, window)| window.cron.as_ref());
    let mut crons = HashMap::new();
    for cron in schedules.chain(windows) {
        crons
            .entry(cron.value.as_str())
            .or_insert_with(|| CronSchedule::parse(&cron.value).map(Calendar::Cron));
    }
    crons
}

fn rrules(plan: &PlanFile) -> HashMap<&str, Result<Calendar, RruleError>> {
    let schedules = plan.tasks.iter().filter_map(|(_, task)| task.schedule.as_ref()?.rrule.as_ref());
    let windows = plan.windows.iter().filter_map(|(_, window)| window.rrule.as_ref());
    let mut rrules = HashMap::new();
    for rule in schedules.chain(windows) {
        rrules
            .entry(rule.value.as_str())
            .or_insert_with(|| RruleSchedule::parse(&rule.value).map(Calendar::Rrule));
    }
    rrules
}

fn queries<'a>(facts: &Facts<'a>) -> HashMap<&'a str, Result<Expr, SyntaxError>> {
    let gates = facts.plan.tasks.iter().filter_map(|(_, task)| Some(&task.gate.as_ref()?.promql));
    let checks = facts.checks().filter_map(|(_, check)| Some(&check.promql.as_ref()?.query));
    let metrics = facts.plan.metrics.iter().filter_map(|(_, metric)| Some(&metric.promql.as_ref()?.query));
    let restores = facts.checks().filter_map(|(_, check)| check.restore.as_ref());
    let restores = restores.flat_map(|restore| restore.queries.iter());
    let deletions = facts.steps().filter_map(|step| match &step.prometheus.as_ref()?.value {
        PrometheusAction::DeleteSeries(series) => Some(series.selectors.iter()),
        _ => None,
    });
    let baselines = facts.plan.tasks.iter().filter_map(|(_, task)| task.baseline.as_ref());
    let series = baselines.flat_map(|baseline| baseline.series.iter()).map(|series| &series.promql);
    let mut queries = HashMap::new();
    for query in gates.chain(series).chain(checks).chain(metrics).chain(restores).chain(deletions.flatten()) {
        queries.entry(query.value.as_str()).or_insert_with(|| promql::parse(&query.value));
    }
    queries
}

/// Whether a value stands in the file; a stand-in does not.
pub(super) fn stands<T>(value: &Spanned<T>) -> bool {
    value.span != Span::default()
}

/// The first characters of something that may be many lines long.
pub(super) fn beginning(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start + 1) }
}
