//! How far a run came, as `mainstay run --resume --dry-run --format json` tells it: `mainstay/run-resume/v1`.

use chrono::SecondsFormat;
use serde::Serialize;

use super::change::Change;
use super::outlook::Item;
use super::{Interrupted, Question};

/// The name and version of the object.
const SCHEMA: &str = "mainstay/run-resume/v1";

/// The whole object.
#[derive(Debug, Serialize)]
pub struct ResumeReport {
    schema: &'static str,
    runs: Vec<RunReport>,
}

#[derive(Debug, Serialize)]
struct RunReport {
    id: i64,
    task: String,
    occurrence: Option<String>,
    targets: Vec<String>,
    started: String,
    reason: Option<String>,
    /// `none`, `edited`, `other` or `unfit`.
    change: &'static str,
    difference: Option<String>,
    why: Option<String>,
    steps: Vec<Item>,
    questions: Vec<QuestionReport>,
}

#[derive(Debug, Serialize)]
struct QuestionReport {
    name: String,
    target: String,
    phase: crate::model::Phase,
    done_if: Option<String>,
}

/// Tells how far each run came.
pub fn report<'a>(runs: impl Iterator<Item = &'a Interrupted<'a>>) -> ResumeReport {
    ResumeReport { schema: SCHEMA, runs: runs.map(run_report).collect() }
}

fn run_report(interrupted: &Interrupted) -> RunReport {
    let (change, difference, why) = match &interrupted.change {
        Change::None => ("none", None, None),
        Change::Edited { diff } => ("edited", Some(diff.clone()), None),
        Change::Other { diff, why } => ("other", Some(diff.clone()), Some(why.clone())),
        Change::Unfit { diff, why } => ("unfit", Some(diff.clone()), Some(why.clone())),
    };
    let question = |question: Question| QuestionReport {
        name: question.step.label(),
        target: question.target.clone(),
        phase: question.phase,
        done_if: question.step.done_if.as_ref().map(|check| check.in_short()),
    };
    let run = &interrupted.run;
    RunReport {
        id: run.id.0,
        task: run.task.clone(),
        occurrence: run.occurrence.as_ref().map(ToString::to_string),
        targets: run.targets.clone(),
        started: run.started.to_rfc3339_opts(SecondsFormat::Millis, true),
        reason: run.reason.clone(),
        change,
        difference,
        why,
        steps: interrupted.items(),
        questions: interrupted.questions(false).into_iter().map(question).collect(),
    }
}
