//! The codes of findings that are not about the text of a plan file: what the live system answered, what a recorded
//! run shows, which silences are left.
//!
//! 1. A code keeps its meaning for ever; the number of a code that goes is not used again.
//! 2. Waivers are for rules of the plan file: what is so is not waived, it is mended or expected.
//!
//! `MC` is about checks, `MV` about the monitoring system, `MR` about recorded runs, `MH` about silences.

pub mod checks;
pub mod monitoring;
pub mod recorded;
pub mod silences;

use crate::model::{Finding, Place, Severity};

/// One code. It names the finding in output and in the manual.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// Two letters, and three digits that are never given to another code.
    pub code: &'static str,
    /// What it is called: a short phrase.
    pub title: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// Why it matters: one or more sentences, to somebody who runs the systems.
    pub why: &'static str,
    /// What to do about it, where it is the same for every finding.
    pub help: &'static str,
}

/// The families, in the order of their codes.
const FAMILIES: &[&[&Code]] = &[checks::CODES, monitoring::CODES, recorded::CODES, silences::CODES];

/// All codes, a family after the other.
pub fn all() -> impl Iterator<Item = &'static Code> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

/// What this code means.
pub fn by_code(code: &str) -> Option<&'static Code> {
    all().find(|one| one.code == code)
}

impl Code {
    /// A finding of this code about `subject`, which stands at `place` of the plan file if it stands anywhere.
    pub fn finding(&self, subject: &str, message: String, place: Option<Place>) -> Finding {
        Finding {
            code: self.code,
            severity: self.severity,
            message,
            place,
            expected: None,
            related: None,
            help: (!self.help.is_empty()).then(|| self.help.to_owned()),
            control: None,
            subject: subject.to_owned(),
            evidence: Vec::new(),
            remedy: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::validator::rules;

    #[test]
    fn every_code_is_given_once_and_says_why_it_matters() {
        let mut seen = BTreeSet::new();
        for code in all() {
            let (letters, digits) = code.code.split_at(2);
            assert!(["MC", "MV", "MR", "MH"].contains(&letters), "{}", code.code);
            assert!(digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{}", code.code);
            assert!(seen.insert(code.code) && rules::by_code(code.code).is_none(), "{} twice", code.code);
            assert!(!code.title.is_empty() && code.why.ends_with('.'), "{}", code.code);
        }
    }
}
