//! The verdict: what findings amount to.

use std::collections::HashSet;

use serde::Serialize;

use super::report::{Item, Outcome};
use crate::model::{Finding, Severity};

/// The answer to "is it right?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Yes.
    Pass,
    /// No.
    Fail,
    /// Nothing was evaluated, so nobody can say.
    Unknown,
}

/// Judges findings: one at or over `fail_on` fails, and nothing evaluated is never a yes.
pub fn judge(findings: &[Finding], evaluated: usize, fail_on: Severity) -> Verdict {
    if findings.iter().any(|finding| finding.severity >= fail_on) {
        Verdict::Fail
    } else if evaluated == 0 {
        Verdict::Unknown
    } else {
        Verdict::Pass
    }
}

/// Judges questions by what was found: a finding at or over `fail_on` fails, unless it only says that a question has
/// no answer. One without an answer makes all of it unknown, and so does nothing evaluated.
pub fn judge_items(items: &[Item], findings: &[Finding], evaluated: usize, fail_on: Severity) -> Verdict {
    let is_unanswered = |item: &&Item| item.outcome == Outcome::Unknown;
    let unanswered: HashSet<_> = items.iter().filter(is_unanswered).map(|item| item.name.as_str()).collect();
    let mut told = findings.iter().filter(|finding| !unanswered.contains(finding.subject.as_str()));
    if told.any(|finding| finding.severity >= fail_on) {
        Verdict::Fail
    } else if evaluated == 0 || !unanswered.is_empty() {
        Verdict::Unknown
    } else {
        Verdict::Pass
    }
}

/// What several files amount to: one that is wrong makes the answer no, wherever it stands in the order; else
/// one of which nobody can say makes it unknown. Without a file, nothing was evaluated.
pub fn judge_all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let worse = |a: Verdict, b: Verdict| match (a, b) {
        (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
        (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
        (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
    };
    verdicts.reduce(worse).unwrap_or(Verdict::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validator::codes;

    #[test]
    fn findings_count_from_the_given_severity_on_and_nothing_evaluated_is_no_yes() {
        let warning = Finding {
            code: "MS316",
            severity: Severity::Warning,
            message: String::new(),
            place: None,
            expected: None,
            related: None,
            help: None,
            control: None,
            subject: String::new(),
            evidence: Vec::new(),
            remedy: None,
        };
        let found = [warning];
        assert_eq!(judge(&found, 1, Severity::Error), Verdict::Pass);
        assert_eq!(judge(&found, 1, Severity::Warning), Verdict::Fail);
        assert_eq!(judge(&found, 0, Severity::Error), Verdict::Unknown);
        assert_eq!(judge(&[], 1, Severity::Note), Verdict::Pass);
    }

    #[test]
    fn a_question_without_an_answer_makes_it_unknown_and_one_with_a_bad_answer_makes_it_no() {
        let item = |name: &str, outcome| Item {
            name: name.to_owned(),
            asks: String::new(),
            outcome,
            said: String::new(),
            took: None,
        };
        let (no, unknown) = (codes::checks::DOES_NOT_HOLD, codes::checks::UNKNOWN);
        let (no, unknown) = (no.finding("a", String::new(), None), unknown.finding("b", String::new(), None));
        let (bad, odd) = (item("a", Outcome::No), item("b", Outcome::Unknown));
        let judge = |items: &[&Item], findings: &[&Finding], fail_on| {
            let items: Vec<_> = items.iter().copied().cloned().collect();
            let findings: Vec<_> = findings.iter().copied().cloned().collect();
            judge_items(&items, &findings, items.len(), fail_on)
        };
        assert_eq!(judge(&[&item("a", Outcome::Yes)], &[], Severity::Note), Verdict::Pass);
        assert_eq!(judge(&[], &[], Severity::Note), Verdict::Unknown);
        assert_eq!(judge(&[&odd], &[&unknown], Severity::Warning), Verdict::Unknown);
        assert_eq!(judge(&[&bad, &odd], &[&no, &unknown], Severity::Error), Verdict::Fail);
    }

    #[test]
    fn the_order_of_files_does_not_decide() {
        use Verdict::{Fail, Pass, Unknown};
        let check = |verdicts: &[Verdict], expected| {
            assert_eq!(judge_all(verdicts.iter().copied()), expected);
            assert_eq!(judge_all(verdicts.iter().rev().copied()), expected);
        };
        check(&[], Unknown);
        check(&[Pass, Pass], Pass);
        check(&[Pass, Unknown], Unknown);
        check(&[Fail, Unknown, Pass], Fail);
        check(&[Pass, Fail], Fail);
    }
}
