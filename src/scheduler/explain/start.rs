//! What only the run itself finds out, when it starts.

use super::{Asked, Condition, Source};

/// What these conditions are called.
pub const AT_THE_START: [&str; 3] = [GATE, PRECONDITION, SILENCE];

const GATE: &str = "gate";
const PRECONDITION: &str = "precondition";
const SILENCE: &str = "silence";

impl Asked<'_> {
    /// Gate, preconditions and silence: unknown at any time before the start.
    pub(super) fn at_the_start(&self) -> Vec<Condition> {
        let task = self.task.task;
        let asked = |what: &str, value: String, source: Source| Condition {
            what: what.to_owned(),
            holds: None,
            value: format!("asked at the start: {value}"),
            source,
            changes: None,
        };
        let gate =
            task.gate.iter().map(|gate| asked(GATE, gate.promql.value.clone(), self.plan("gate", gate.span)));
        let preconditions = task
            .preconditions
            .iter()
            .map(|check| asked(PRECONDITION, check.value.in_short(), self.plan("preconditions", check.span)));
        let silence = task.silence.iter().map(|silence| {
            let matchers: Vec<_> = silence.matchers.iter().map(|matcher| matcher.value.as_str()).collect();
            let value = format!("whether Alertmanager silences {}", matchers.join(", "));
            asked(SILENCE, value, self.plan("silence", silence.span))
        });
        gate.chain(preconditions).chain(silence).collect()
    }
}
