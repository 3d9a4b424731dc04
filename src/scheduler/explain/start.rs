//! What only the run itself finds out, when it starts.

use super::{Asked, Condition, Source};

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
        let gate = task
            .gate
            .iter()
            .map(|gate| asked("gate", gate.promql.value.clone(), self.plan("gate", gate.span)));
        let preconditions = task.preconditions.iter().map(|check| {
            asked("precondition", check.value.in_short(), self.plan("preconditions", check.span))
        });
        let silence = task.silence.iter().map(|silence| {
            let matchers: Vec<_> = silence.matchers.iter().map(|matcher| matcher.value.as_str()).collect();
            let value = format!("whether Alertmanager silences {}", matchers.join(", "));
            asked("silence", value, self.plan("silence", silence.span))
        });
        gate.chain(preconditions).chain(silence).collect()
    }
}
