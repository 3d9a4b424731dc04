//! MS323: not an expectation.

use crate::model::{Constraint, Expects, JsonPath, LinePattern, Spanned, Tests};
use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS323",
    title: "not an expectation",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "A regular expression, a range of versions or a JSON path that cannot be read lets no check tell yes from no.",
    before: "\
mainstay: 1
checks:
  version:
    command: {run: [prometheus, --version], stdout: {matches: 'version (2|3'}}
",
    after: "\
mainstay: 1
checks:
  version:
    command: {run: [prometheus, --version], stdout: {matches: 'version (2|3)'}}
",
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for matcher in facts.matchers() {
        if let Expects::Tests(tests) = &matcher.0.value {
            faults.extend(unreadable(tests));
        }
    }
}

/// The tests of which the words cannot be read.
fn unreadable(tests: &Tests) -> Vec<Fault> {
    let fault = |text: &Spanned<String>, what: &str, expected: String| {
        Fault::new(RULE.code, text.span, format!("`{}` is not {what}", text.value)).expected(expected)
    };
    let regex = |text: &Spanned<String>| {
        // Of a pattern between slashes the same reader says the same.
        let why = LinePattern::parse(&format!("/{}/", text.value)).err()?;
        Some(fault(text, "a regular expression", format!("expected a regular expression: {why}")))
    };
    let pattern = |text: &Spanned<String>| {
        let why = LinePattern::parse(text).err()?;
        Some(fault(
            text,
            "a pattern of a line",
            format!("expected a regular expression between slashes: {why}"),
        ))
    };
    let mut faults: Vec<_> = tests.matches.iter().filter_map(regex).collect();
    faults.extend(tests.patterns.iter().filter_map(pattern));
    faults.extend(tests.semver.iter().filter_map(|range| {
        Constraint::parse(range).err().map(|expected| fault(range, "a range of versions", expected))
    }));
    let paths = tests.json.iter().map(|(path, _)| path);
    faults.extend(
        paths.filter_map(|path| {
            JsonPath::parse(path).err().map(|expected| fault(path, "a JSON path", expected))
        }),
    );
    faults
}

#[cfg(test)]
mod tests {
    use crate::validator::rules::tests::check_code;

    #[track_caller]
    fn check(matcher: &str, expected: &[&str]) {
        let text = format!("mainstay: 1\nchecks:\n  a: {{command: {{run: [a], stdout: {matcher}}}}}\n");
        check_code("MS323", &text, expected);
    }

    #[test]
    fn each_is_found_where_it_stands_however_deep() {
        check("{matches: '('}", &["3:45 `(` is not a regular expression"]);
        check("{patterns: [a, '!/[/']}", &["3:50 `!/[/` is not a pattern of a line"]);
        check("{semver: '>= two'}", &["3:44 `>= two` is not a range of versions"]);
        check("{json: {$.a: 1, 'b.c': 2}}", &["3:51 `b.c` is not a JSON path"]);
        check(
            "{any: [{not: {matches: '*'}}, [{has: {semver: x.1}}]]}",
            &["3:58 `*` is not a regular expression", "3:81 `x.1` is not a range of versions"],
        );
    }

    #[test]
    fn what_can_be_read_is_left_alone() {
        check(
            "{matches: 'a|b', patterns: ['!/^x$/', '\\!y'], semver: '>=1.2 <2 || ^3', json: {'$.a[0]': 1}}",
            &[],
        );
        check("'('", &[]);
    }
}
