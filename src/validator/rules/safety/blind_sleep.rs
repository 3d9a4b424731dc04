//! MS518: sleep instead of a condition.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS518",
    title: "sleep instead of a condition",
    severity: Severity::Note,
    standing: Standing::Judgement,
    why: "A fixed time is too short on the day the disk is slow, and too long on every other. \
          `wait: {until: ..}` goes on when the thing is true, and fails when it never is.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [sleep, "30"]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - wait: {until: {http: {url: "http://127.0.0.1:9090/-/ready"}}}
"#,
    finder: Finder::Look(look),
};

/// Shorter pauses are politeness.
const SHORTEST: f64 = 5.0;

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            // In a loop, something is asked again and again.
            let seconds = seconds(call).filter(|_| call.depth() == 0)?;
            if seconds < SHORTEST {
                return None;
            }
            let message =
                format!("task `{}` sleeps for {seconds} s and hopes for the best", step.task_name.value);
            let span = facts.work().place_of(facts.tree, step, call);
            Some(Fault::new(RULE.code, span, message).help(
            "wait for what has to be true: `wait: {until: CHECK}`; or say that the time is meant: `wait: 30s`",
        ))
        },
        faults,
    );
}

/// How long a `sleep` takes.
fn seconds(call: &Call) -> Option<f64> {
    if call.program() != "sleep" {
        return None;
    }
    let lengths: Option<Vec<_>> = call.texts().map(length).collect();
    lengths.filter(|lengths| !lengths.is_empty()).map(|lengths| lengths.iter().sum())
}

fn length(text: &str) -> Option<f64> {
    let (number, unit) = match text.chars().next_back()? {
        's' => (text.strip_suffix('s')?, 1.0),
        'm' => (text.strip_suffix('m')?, 60.0),
        'h' => (text.strip_suffix('h')?, 3_600.0),
        'd' => (text.strip_suffix('d')?, 86_400.0),
        _ => (text, 1.0),
    };
    number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number * unit)
}
