//! The verdict: what findings amount to.

use serde::Serialize;

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
            remedy: None,
        };
        let found = [warning];
        assert_eq!(judge(&found, 1, Severity::Error), Verdict::Pass);
        assert_eq!(judge(&found, 1, Severity::Warning), Verdict::Fail);
        assert_eq!(judge(&found, 0, Severity::Error), Verdict::Unknown);
        assert_eq!(judge(&[], 1, Severity::Note), Verdict::Pass);
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
