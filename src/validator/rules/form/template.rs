//! MS104: template text.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS104",
    title: "template text",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A Jinja or Helm template means something only after it was rendered. What is checked here \
          has to be what runs.",
    before: "\
mainstay: 1
title: {{ site.title }}
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
