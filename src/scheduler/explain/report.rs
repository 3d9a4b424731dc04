//! An explanation in JSON: `mainstay/plan-explain/v1`.

use serde::Serialize;

use super::{Explanation, Source};
use crate::calendar::Zone;
use crate::model::Span;
use crate::scheduler::report::time;

/// The whole object.
#[derive(Debug, Serialize)]
pub struct ExplainReport {
    schema: &'static str,
    task: String,
    /// The time that it is explained for.
    at: String,
    /// The time of the question.
    now: String,
    headline: String,
    /// The condition that decides, by its `what`; null: nothing that is known stands in the way.
    decisive: Option<String>,
    occurrence: Option<String>,
    start: Option<String>,
    end: Option<String>,
    conditions: Vec<ConditionReport>,
}

#[derive(Debug, Serialize)]
struct ConditionReport {
    what: String,
    /// Null: it is unknown.
    holds: Option<bool>,
    value: String,
    source: String,
    line: Option<usize>,
    changes: Option<String>,
}

/// Tells an explanation; `line` finds the line of a place in the plan file.
pub fn report(explanation: &Explanation, zone: &Zone, line: impl Fn(Span) -> usize) -> ExplainReport {
    let next = explanation.next.as_ref();
    let conditions = explanation.conditions.iter().map(|condition| {
        let (source, line) = match &condition.source {
            Source::Plan { path, span } => (path.clone(), (span.start < span.end).then(|| line(*span))),
            Source::State => ("state".to_owned(), None),
            Source::Schedule => ("schedule".to_owned(), None),
        };
        ConditionReport {
            what: condition.what.clone(),
            holds: condition.holds,
            value: condition.value.clone(),
            source,
            line,
            changes: condition.changes.map(time),
        }
    });
    ExplainReport {
        schema: "mainstay/plan-explain/v1",
        task: explanation.task.clone(),
        at: time(explanation.at),
        now: time(explanation.now),
        headline: explanation.headline(zone),
        decisive: explanation.decisive().map(|condition| condition.what.clone()),
        occurrence: next.map(|next| next.occurrence.id.0.clone()),
        start: next.map(|next| time(next.start)),
        end: next.map(|next| time(next.end)),
        conditions: conditions.collect(),
    }
}
