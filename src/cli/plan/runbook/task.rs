//! The section of one task: everything that its work needs, from the first look to the last.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::markup::{BOX, fenced, heading, paragraph};
use super::shell;
use super::words::Words;
use crate::cli::plan::words::one_line;
use crate::counted;
use crate::model::{
    Baseline, Claim, ClaimMode, Direction, IMPLICIT_TARGET, Length, Placed, Portion, SeriesSpec, Step,
    Target, Task, Unknown,
};
use crate::scheduler::TaskHistory;
use crate::scheduler::words::why_then;
use crate::text::capitalized;

/// Which change of a series is meant, in a word.
fn change_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Increase => "grown",
        Direction::Decrease => "shrunk",
        Direction::Either => "changed",
    }
}

/// More times of one task stand in the table alone.
const MOST_TIMES: usize = 100;
/// More batches than these are counted.
const MOST_BATCHES: usize = 20;

/// One task and its work ahead.
pub struct Section<'a> {
    /// How things are said.
    pub words: &'a Words<'a>,
    /// The task's name.
    pub name: &'a str,
    /// The task.
    pub task: &'a Task,
    /// Its occurrences with what changed about each, by start; at least one.
    pub times: &'a [(&'a Placed, Option<String>)],
    /// Its past.
    pub past: &'a TaskHistory,
}

impl Section<'_> {
    /// Writes the section.
    pub fn write(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        let title = match task.title.as_deref().filter(|title| *title != self.name) {
            Some(title) => format!("{}: {}", words.text(self.name), words.text(title)),
            None => words.text(self.name),
        };
        heading(to, 2, &title);
        self.facts(to);
        self.when(to);
        self.before(to);
        self.work(to);
        self.verification(to);
        self.way_back(to);
        self.at_the_end(to);
        paragraph(to, "| Done by | At | Run | Result |\n| --- | --- | --- | --- |\n|  |  |  |  |");
    }

    fn facts(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        let criticality = task.criticality.unwrap_or(words.plan.criticality);
        let mut item = |label: &str, text: String| {
            writeln!(to, "- **{label}**: {text}").unwrap_or_default();
        };
        let (kind, domain, priority) = (task.kind.value, task.domain.value, task.priority());
        item("Kind", format!("{kind}, {domain}; criticality {criticality}, priority {priority} of 100"));
        item("Targets", self.targets());
        if 1 < self.placed().occurrence.targets.len() {
            item("Batches", self.batches());
        }
        item("Takes", self.duration());
        if let Some(timeout) = task.timeout {
            item("Stopped as a whole after", timeout.value.to_string());
        }
        let needs = self.needs();
        if !needs.is_empty() {
            item("Needs", needs.join("; "));
        }
        if !task.after.is_empty() {
            let before = words.codes(task.after.iter().map(|name| name.value.as_str()));
            item("Waits for", format!("{before}, whose work has to have ended with success"));
        }
        if let Some(approval) = &task.approval {
            let role = &approval.from.value;
            let people = words.plan.access.as_ref().and_then(|access| access.roles.get(role));
            let people = people.map(|people| words.codes(people.iter().map(String::as_str)));
            let people = people.map(|people| format!(" ({people})")).unwrap_or_default();
            let n = usize::try_from(approval.required.value).unwrap_or(usize::MAX);
            let required = if n == 1 { "1 person".to_owned() } else { format!("{n} people") };
            item("Approval", format!("{required} of {}{people}", words.code(role)));
        }
    }

    /// The first occurrence; they have targets and estimate in common.
    fn placed(&self) -> &Placed {
        self.times[0].0
    }

    fn targets(&self) -> String {
        let words = self.words;
        let name = |name: &String| {
            let shown = words.code(name);
            match words.plan.targets.get(name) {
                Some(Target { ssh: Some(ssh), .. }) => format!("{shown} (ssh {})", words.code(ssh)),
                Some(Target { ansible: Some(host), .. }) => format!("{shown} (Ansible {})", words.code(host)),
                Some(Target { local: Some(_), .. }) => format!("{shown} (this machine)"),
                _ if name == IMPLICIT_TARGET => "this machine".to_owned(),
                _ => shown,
            }
        };
        self.placed().occurrence.targets.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Which targets are in work together, in order.
    fn batches(&self) -> String {
        let (words, targets) = (self.words, &self.placed().occurrence.targets);
        let rollout = self.task.rollout.as_ref();
        let has_canary = rollout.and_then(|rollout| rollout.canary).is_some_and(|canary| 0 < canary.value);
        let all: Vec<_> = self.task.batches(targets).collect();
        let shown = all.iter().take(MOST_BATCHES).enumerate().map(|(n, batch)| {
            let canary = if n == 0 && has_canary { " canary:" } else { "" };
            format!("({}){canary} {}", n + 1, words.codes(batch.iter().map(String::as_str)))
        });
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if MOST_BATCHES < all.len() {
            write!(text, " and {} more", all.len() - MOST_BATCHES).unwrap_or_default();
        }
        if let Some(pause) = rollout.and_then(|rollout| rollout.pause) {
            write!(text, "; {} between two batches", pause.value).unwrap_or_default();
        }
        if let Some(failures) = rollout.and_then(|rollout| rollout.max_failures) {
            let borne = match failures.value {
                Portion::Count(n) => counted(usize::try_from(n).unwrap_or(usize::MAX), "failed target"),
                Portion::Percent(percent) => format!("{percent} % of the targets of a batch failing"),
            };
            write!(text, "; the rest is left out after more than {borne}").unwrap_or_default();
        }
        text
    }

    /// The estimate, and what it rests on.
    fn duration(&self) -> String {
        let occurrence = &self.placed().occurrence;
        let estimate = occurrence.estimate;
        let each = self.task.duration.value;
        let n_batches = self.task.batches(&occurrence.targets).count();
        let declared = self.words.plan.estimate(self.task, &occurrence.targets);
        let n_runs = self.past.durations.len();
        let is = |length: TimeDelta| self.past.estimate(length) == estimate;
        let source = match self.past.measured() {
            Some(measured) if measured == estimate => {
                format!(
                    "what 95 of 100 of the last {n_runs} successful runs did not exceed; declared {}",
                    Length(declared)
                )
            }
            None if is(declared) && 1 < n_batches => {
                let pauses = self.task.rollout.as_ref().and_then(|rollout| rollout.pause);
                let pauses =
                    pauses.map(|pause| format!(" and {} between two", pause.value)).unwrap_or_default();
                format!("declared, {each} for each of {n_batches} batches{pauses}; {}", past_runs(n_runs))
            }
            None if is(declared) => format!("declared; {}", past_runs(n_runs)),
            _ => "as it was estimated when this schedule was computed".to_owned(),
        };
        format!("{} ({source})", Length(estimate))
    }

    /// What it takes of what others use as well.
    fn needs(&self) -> Vec<String> {
        let (words, task) = (self.words, self.task);
        let mut needs = Vec::new();
        for (name, n) in task.resources.iter() {
            let of = words.plan.resources.get(name).map(|of| format!(" of {}", of.value)).unwrap_or_default();
            needs.push(format!("{}{of} {}", n.value, words.code(name)));
        }
        for claim in task.claims.iter() {
            match &claim.value {
                Claim::Exclusive(name) => needs.push(format!("{} for itself", words.code(name))),
                Claim::Named(all) => needs.extend(all.iter().map(|(name, mode)| match mode {
                    ClaimMode::Exclusive => format!("{} for itself", words.code(name)),
                    ClaimMode::Shared => format!("{}, shared", words.code(name)),
                })),
            }
        }
        let groups = words.plan.groups.iter().filter(|(group, _)| {
            let is_of = |target: &String| {
                let of = words.plan.targets.get(target).and_then(|target| target.group.as_ref());
                of.is_some_and(|of| of.value == group.value)
            };
            self.placed().occurrence.targets.iter().any(is_of)
        });
        for (name, group) in groups {
            let cover = group.cover.filter(|cover| TimeDelta::zero() < cover.value.0);
            let cover = cover.map(|cover| format!(", nor within {} after work on it", cover.value));
            needs.push(format!(
                "at most {} of group {} in work at once{}",
                group.max_down.value,
                words.code(name),
                cover.unwrap_or_default()
            ));
        }
        needs
    }

    fn when(&self, to: &mut String) {
        heading(to, 3, "When");
        for (placed, change) in self.times.iter().take(MOST_TIMES) {
            let (start, id) = (self.words.time(placed.start), self.words.code(&placed.occurrence.id.0));
            let relative = self.words.relative(placed.start);
            writeln!(
                to,
                "- {BOX}**{start}**, {relative}: {id}, {}",
                self.circumstances(placed, change.as_deref())
            )
            .unwrap_or_default();
        }
        if MOST_TIMES < self.times.len() {
            let left = counted(self.times.len() - MOST_TIMES, "more time");
            writeln!(to, "- and {left}, which stand in the table").unwrap_or_default();
        }
    }

    /// Where a piece of work lies, and why there.
    fn circumstances(&self, placed: &Placed, change: Option<&str>) -> String {
        let (words, zone) = (self.words, self.words.zone);
        let mut facts = vec![format!("until about {}", zone.local(placed.end))];
        facts.push(match &placed.window {
            None => "at any time".to_owned(),
            Some(window) => {
                let span = format!("window {} until {}", words.code(&window.name), zone.local(window.end));
                if window.cutoff < window.end {
                    format!("{span}, nothing starts from {} on", zone.local(window.cutoff))
                } else {
                    span
                }
            }
        });
        if let Some(due) = placed.occurrence.due {
            let late = if due < placed.end { ", **which it misses**" } else { "" };
            facts.push(format!("due {}{late}", zone.local(due)));
        }
        if let Some(latest) = placed.occurrence.latest {
            facts.push(format!("missed if it has not started by {}", zone.local(latest)));
        }
        facts.extend(change.map(|change| words.text(change)));
        facts.extend(why_then(placed, zone, words.now).map(|why| words.text(&one_line(&why))));
        facts.join("; ")
    }

    fn before(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        heading(to, 3, "Before the work");
        let mut tick = |text: String| writeln!(to, "- {BOX}{text}").unwrap_or_default();
        let name = words.code(&shell::command(["mainstay", "run", self.name, "--dry-run"]));
        tick(format!("{name} finds nothing wrong"));
        if task.approval.is_some() {
            tick("It is approved".to_owned());
        }
        if let Some(gate) = &task.gate {
            let unknown = match gate.unknown.unwrap_or_default() {
                Unknown::Wait => "wait when it cannot be found out",
                Unknown::Open => "go on when it cannot be found out",
                Unknown::Closed => "do not start when it cannot be found out",
            };
            tick(format!("Gate: {} returns at least one sample; {unknown}", words.code(&gate.promql)));
        }
        for check in task.preconditions.iter() {
            tick(format!("Precondition: {}", words.check(check)));
        }
        if let Some(baseline) = &task.baseline {
            let within = baseline.within.map_or(Baseline::DEFAULT_WITHIN, |within| within.value);
            tick(format!(
                "Baseline: targets, series, what rules read, rules, alerts, silences and storage are noted; \
                 afterwards none may be worse, and no job may have lost more than {within} of its series"
            ));
            for spec in baseline.series.iter() {
                let (query, window) = (words.code(&words.hidden(&spec.promql)), spec.window());
                tick(format!("Series: {query} is noted as it was over the last {window}"));
            }
        }
        let Some(silence) = &task.silence else { return };
        let matchers: Vec<_> = silence.matchers.iter().map(|matcher| words.hidden(matcher)).collect();
        let shown = words.codes(silence.matchers.iter().map(|matcher| matcher.value.as_str()));
        writeln!(to, "- {BOX}Silence: alerts with {shown} are muted from here to the end")
            .unwrap_or_default();
        if let Some(url) = words.alertmanager("") {
            // Twice the estimate: the silence of a run is held on a lease, that of a person has to last.
            let length = Length(self.placed().occurrence.estimate * 2);
            let (url, length) = (format!("--alertmanager.url={url}"), format!("--duration={length}"));
            let comment = format!("--comment={}", one_line(&words.hidden(task.title_or(self.name))));
            let argv = ["amtool", "silence", "add", &url, &length, &comment].into_iter();
            fenced(to, 2, "sh", &shell::command(argv.chain(matchers.iter().map(String::as_str))));
        }
    }

    fn work(&self, to: &mut String) {
        heading(to, 3, "Work");
        let command = self.words.code(&shell::command(["mainstay", "run", self.name]));
        paragraph(to, &format!("{command} does all of this, from the gate to the end. By hand:"));
        to.push('\n');
        if 1 < self.placed().occurrence.targets.len() {
            paragraph(to, "On each target, in the order of the batches:");
            to.push('\n');
        }
        let steps: Vec<&Step> = self.task.steps.iter().map(|step| &step.value).collect();
        self.words.steps(to, self.task, &steps);
    }

    fn verification(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        heading(to, 3, "Is it done, and is monitoring back?");
        if let Some(baseline) = &task.baseline {
            let settle = baseline.settle.map_or(Baseline::DEFAULT_SETTLE, |settle| settle.value);
            writeln!(to, "- {BOX}Monitoring is as it was before, at the latest after {settle}")
                .unwrap_or_default();
            for spec in baseline.series.iter() {
                let query = words.code(&words.hidden(&spec.promql));
                let within = spec.within.map_or(SeriesSpec::DEFAULT_WITHIN, |within| within.value);
                let (change, window) = (change_of(spec.direction), spec.window());
                writeln!(
                    to,
                    "- {BOX}{query} has not {change} by more than {within}, looked at for {window} after that"
                )
                .unwrap_or_default();
            }
        }
        for check in task.verify.iter() {
            writeln!(to, "- {BOX}{}", capitalized(&words.check(check))).unwrap_or_default();
        }
        if task.baseline.is_none() && task.verify.is_empty() {
            to.push_str(
                "Nothing is checked afterwards: the work counts as done when its last step has succeeded.\n",
            );
        }
    }

    fn way_back(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        heading(to, 3, "If it fails");
        if task.rollback.is_empty() {
            to.push_str("There is no way back: stop, leave things as they are, and find the cause.\n");
        } else {
            let where_ = if 1 < self.placed().occurrence.targets.len() {
                ", on every target that was touched, the last one first"
            } else {
                ""
            };
            writeln!(to, "Stop at the first step or check that fails, and go the way back{where_}:\n")
                .unwrap_or_default();
            let steps: Vec<&Step> = task.rollback.iter().map(|step| &step.value).collect();
            words.steps(to, task, &steps);
            if task.baseline.is_some() {
                paragraph(to, "Monitoring has to be as it was after the way back, too.");
            }
        }
    }

    fn at_the_end(&self, to: &mut String) {
        let (words, task) = (self.words, self.task);
        if task.finally.is_empty() && task.silence.is_none() {
            return;
        }
        heading(to, 3, "At the end, however it went");
        let steps: Vec<&Step> = task.finally.iter().map(|step| &step.value).collect();
        if !steps.is_empty() {
            paragraph(
                to,
                "On every target that was touched; a step that fails keeps none of the others from being done:",
            );
            to.push('\n');
            words.steps(to, task, &steps);
        }
        if task.silence.is_some() {
            paragraph(to, &format!("- {BOX}The silence is ended"));
            if let Some(url) = words.alertmanager("") {
                let url = format!("--alertmanager.url={url}");
                fenced(
                    to,
                    2,
                    "sh",
                    &format!("{} SILENCE-ID", shell::command(["amtool", "silence", "expire", &url])),
                );
            }
        }
    }
}

fn past_runs(n: usize) -> String {
    match n {
        0 => "no run has succeeded yet".to_owned(),
        n => format!("{} so far, too few to measure it", counted(n, "successful run")),
    }
}
