//! MS805: the same standard twice.

use crate::validator::rules::prelude::*;
use crate::validator::standards::Is;

pub(super) const RULE: Rule = Rule {
    code: "MS805",
    title: "the same standard twice",
    severity: Severity::Warning,
    standing: Standing::Gate,
    why: "A standard is applied once, however often it is named. The second name was probably meant to \
          be another one.",
    before: "\
mainstay: 1
standards: [security, security]
",
    after: "\
mainstay: 1
standards: [security]
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for standard in facts.standards.iter() {
        if let Is::Again { first } = standard.is {
            let message = format!("the standard `{}` is named twice", standard.named.value);
            let fault = Fault::new(RULE.code, standard.named.span, message);
            faults.push(fault.related(first, "the first time").help("remove one of the two"));
        }
    }
}
