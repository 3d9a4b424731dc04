//! MS107: tag.

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS107",
    title: "tag",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "The key decides how its value is read; a tag such as `!!str` or `!env` could only contradict \
          it, and no program is started to read a file.",
    before: "\
mainstay: 1
title: !env SITE
",
    after: "\
mainstay: 1
title: Berlin
",
    finder: Finder::Reader,
};
