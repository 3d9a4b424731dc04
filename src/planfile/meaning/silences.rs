//! Silences: matchers that Alertmanager takes, and that do not silence everything.

use super::{Facts, beginning};
use crate::planfile::fault::Fault;
use crate::planfile::matchers;

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(silence) = &task.silence else { continue };
        let mut is_bounded = false;
        let mut is_clean = true;
        for matcher in silence.matchers.iter() {
            match matchers::parse(&matcher.value) {
                Ok(parsed) => is_bounded |= !parsed.matches(""),
                Err(expected) => {
                    is_clean = false;
                    faults.push(
                        Fault::new("MS311", matcher.span, format!("`{}` is not a matcher", matcher.value))
                            .expected(expected),
                    );
                }
            }
        }
        if is_clean && !is_bounded {
            let message =
                format!("the silence of task `{}` would cover alerts without any of its labels", name.value);
            faults.push(
                Fault::new("MS312", beginning(silence.span), message)
                    .expected("expected a matcher that the empty text does not match"),
            );
        }
    }
}
