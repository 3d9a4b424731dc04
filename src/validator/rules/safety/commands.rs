//! What rules about commands are made of.

use crate::planfile::Fault;
use crate::validator::facts::Facts;
use crate::validator::work::{Call, StepWork};

/// Holds every command of every step against a rule, which finds at most one fault in each.
pub(super) fn each_call(
    facts: &Facts,
    look: impl Fn(&StepWork, &Call) -> Option<Fault>,
    faults: &mut Vec<Fault>,
) {
    faults.extend(facts.work().calls().filter_map(|(step, call)| look(step, call)));
}
