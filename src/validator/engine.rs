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
        };
        let found = [warning];
        assert_eq!(judge(&found, 1, Severity::Error), Verdict::Pass);
        assert_eq!(judge(&found, 1, Severity::Warning), Verdict::Fail);
        assert_eq!(judge(&found, 0, Severity::Error), Verdict::Unknown);
        assert_eq!(judge(&[], 1, Severity::Note), Verdict::Pass);
    }
}
