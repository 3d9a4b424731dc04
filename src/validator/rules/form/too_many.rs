//! MS110: too many values.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS110",
    title: "too many values",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "No plan needs them, and reading them could exhaust the machine. Aliases count as what they \
          name: nine levels of nine are a thousand million values.",
    before: "\
mainstay: 1
a: &a [x,x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]
",
    after: "\
mainstay: 1
tags: [x]
",
    finder: Finder::Reader,
};
