//! The validator pipeline over the live system: checks that are asked now.

use std::time::Duration;

use super::Manager;
use super::standing::StandingError;
use crate::model::{Check, Finding, Place, PlanFile, Severity, Span, Spanned};
use crate::planfile::LoadError;
use crate::scheduler::zone_of;
use crate::security::secrets::Secrets;
use crate::text::nearest;
use crate::validator::checker::Checked;
use crate::validator::checks::Answer;
use crate::validator::checks::all_at_once::{self, Asked};
use crate::validator::codes;
use crate::validator::report::{FileReport, Item, Outcome, Report};
use crate::validator::rules::Use;
use crate::validator::verifier::now::{self, Now};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::prometheus::Warnings;

/// What is to be asked of the live system.
#[derive(Debug, Clone)]
pub struct LiveQuestion {
    /// The checks of `checks:` by name; none means all of them, unless tasks are named.
    pub checks: Vec<String>,
    /// The tasks of which the preconditions and what is verified are asked.
    pub tasks: Vec<String>,
    /// The most that all of it may take; without, a minute, or the longest time of a check if that is more.
    pub timeout: Option<Duration>,
    /// The least severe finding that makes the answer no.
    pub fail_on: Severity,
}

/// Why the live system cannot even be asked.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// There is nothing to judge.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The state file, which knows whose silences there are, cannot be used.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// The command line names something that there is not.
    #[error("the plan file has no {what} `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NoSuch {
        /// A check, or a task.
        what: &'static str,
        /// What was named.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
}

/// A check, what it is called in the report, and where that stands.
struct Asking<'p> {
    name: String,
    check: &'p Check,
    span: Span,
}

impl Manager {
    /// Asks checks of the live system, several at a time, and reports what each answered. The report of a plan file
    /// that is wrong tells that alone: nothing is asked.
    ///
    /// # Errors
    /// [`LiveError`] when there is no plan file, or it has no such check or task.
    pub fn validate_live(&self, question: &LiveQuestion, cancel: &Cancel) -> Result<Report, LiveError> {
        let mut checked = self.plan_file()?;
        let is_wrong = checked.is_useless(Use::Plan);
        let Some(plan) = checked.plan.take().filter(|_| !is_wrong) else {
            let file = FileReport::of(checked, question.fail_on);
            return Ok(Report::new(vec![file], question.fail_on));
        };
        let asking = chosen(&plan, question)?;
        let zone = zone_of(&plan).map_err(StandingError::Schedule)?;
        let warnings = Warnings::default();
        let world = World::new(&plan.connections, &self.file, self.clock()).in_zone(zone).heard_by(&warnings);
        Secrets::new(&plan, &world).hide_what_is_at_hand();
        let checks = asking.iter().map(|one| (one.name.clone(), one.check.clone())).collect();
        let mut answers = all_at_once::ask(checks, question.timeout, &world, cancel);
        let (mut items, mut findings) = (Vec::new(), Vec::new());
        for one in &asking {
            let Some(asked) = answers.remove(&one.name) else { continue };
            let (item, finding) = told(one, &asked, &checked, &world);
            items.push(item);
            findings.extend(finding);
        }
        let mut others = Now::default();
        // Who asks for all wants to know whether monitoring itself is well.
        if question.checks.is_empty() && question.tasks.is_empty() {
            others = now::look(&world);
            let (of_silences, stains) = self.silences(&plan, &world)?.told();
            others.items.extend(of_silences);
            others.findings.extend(stains);
        }
        others.warned(&warnings.heard());
        let hidden = |text: &str| checked.hide(world.outputs.redactor.hide(text).into_owned());
        items.extend(others.items.into_iter().map(|item| Item { said: hidden(&item.said), ..item }));
        let told = others.findings.into_iter();
        findings.extend(told.map(|finding| Finding { message: hidden(&finding.message), ..finding }));
        let n_checks = items.len();
        let file =
            FileReport::of_items(checked.source, items, findings, (n_checks, "check"), question.fail_on);
        Ok(Report::new(vec![file], question.fail_on))
    }
}

/// The checks that are asked for, each once, in the order of the plan file.
fn chosen<'p>(plan: &'p PlanFile, question: &LiveQuestion) -> Result<Vec<Asking<'p>>, LiveError> {
    let no_such = |what, name: &String, known: &mut dyn Iterator<Item = &str>| LiveError::NoSuch {
        what,
        name: name.clone(),
        near: nearest(name, known).map(ToOwned::to_owned),
    };
    if let Some(name) = question.checks.iter().find(|name| plan.checks.get(name).is_none()) {
        return Err(no_such("check", name, &mut plan.checks.names()));
    }
    if let Some(name) = question.tasks.iter().find(|name| plan.tasks.get(name).is_none()) {
        return Err(no_such("task", name, &mut plan.tasks.names()));
    }
    let is_all = question.checks.is_empty() && question.tasks.is_empty();
    let named = plan.checks.iter().filter(|(name, _)| is_all || question.checks.contains(&name.value));
    let named = named.map(|(name, check)| Asking {
        name: format!("checks.{}", name.value),
        check: &check.value,
        span: name.span,
    });
    let tasks = plan.tasks.iter().filter(|(name, _)| question.tasks.contains(&name.value));
    let of_tasks = tasks.flat_map(|(name, task)| {
        let asking = move |phase: &'static str| {
            move |(place, check): (usize, &'p Spanned<Check>)| Asking {
                name: format!("tasks.{}.{phase}[{place}]", name.value),
                check: &check.value,
                span: Span { start: check.span.start, end: (check.span.start + 1).min(check.span.end) },
            }
        };
        let before = task.preconditions.iter().enumerate().map(asking("preconditions"));
        before.chain(task.verify.iter().enumerate().map(asking("verify")))
    });
    Ok(named.chain(of_tasks).collect())
}

/// One check as the report has it, and the finding that tells why it is no success.
fn told(one: &Asking, asked: &Asked, checked: &Checked, world: &World) -> (Item, Option<Finding>) {
    let said = match &asked.answer {
        Answer::Unknown { why } => why.clone(),
        Answer::Yes { .. } | Answer::No { .. } => asked.answer.in_words(),
    };
    let outcome = match &asked.answer {
        Answer::Yes { .. } => Outcome::Yes,
        Answer::No { .. } => Outcome::No,
        Answer::Unknown { .. } => Outcome::Unknown,
    };
    let place = |span: Span| -> Option<Place> { Some(checked.source.place(span)) };
    let finding = match &asked.answer {
        Answer::Yes { .. } => None,
        Answer::No { at, .. } => {
            let message = format!("`{}` does not hold: {said}", one.name);
            Some(codes::checks::DOES_NOT_HOLD.finding(&one.name, message, place(at.unwrap_or(one.span))))
        }
        Answer::Unknown { .. } => {
            let message = format!("`{}` could not be found out: {said}", one.name);
            Some(codes::checks::UNKNOWN.finding(&one.name, message, place(one.span)))
        }
    };
    let hidden = |text: String| checked.hide(world.outputs.redactor.hide(&text).into_owned());
    let finding = finding.map(|finding| Finding { message: hidden(finding.message), ..finding });
    let item = Item {
        name: one.name.clone(),
        asks: hidden(one.check.in_short()),
        outcome,
        said: hidden(said),
        took: Some(asked.took),
    };
    (item, finding)
}
