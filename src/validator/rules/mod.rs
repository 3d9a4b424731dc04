//! The rules that plan files are held against.
//!
//! One rule is one file: its code, its reason, an example before and after, and the function that looks for
//! it. The manual (`validate --explain CODE`), the registry that machine formats carry, and the tests are made
//! of the same rows, so that none of them can fall behind.
//!
//! 1. A code keeps its meaning for ever; the number of a rule that goes is not used again.
//! 2. A rule finds all faults of its kind and stops at none. It sees values only: no clock, no file, no network.
//! 3. A value that stands nowhere stands in for one whose fault is known already: findings about it are dropped.
//! 4. A name is known when it stands in its section, even when what it names could not be read.
//! 5. What the other commands rely on cannot be waived.
//!
//! `MS0` is about the file, `MS1` about its form, `MS2` about names, `MS3` about values, `MS4` about time, `MS5`
//! about safety, `MS6` about monitoring, `MS7` about upkeep, `MS8` about standards, `MS9` about what is not
//! supported yet.

mod file;
mod form;
mod later;
mod monitoring;
mod names;
mod safety;
mod standards;
mod timing;
mod upkeep;
mod values;

use super::facts::Facts;
use crate::model::Severity;
use crate::planfile::Fault;

/// One rule. `code` names it in output, in waivers and in the manual.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// `MS`, and three digits that are never given to another rule.
    pub code: &'static str,
    /// What it is called: a short phrase.
    pub title: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// What a finding is to waivers and to the other commands.
    pub standing: Standing,
    /// Why it matters: one or more sentences, to somebody who runs the systems.
    pub why: &'static str,
    /// A plan file, or the part of one, in which it finds something.
    pub before: &'static str,
    /// The same as it should be.
    pub after: &'static str,
    /// Who looks for it.
    pub(super) finder: Finder,
}

/// What a finding of a rule is to waivers and to the other commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The plan file does not say what it is meant to: an error stops all work, and nothing can be waived.
    Fault,
    /// The work could be done, and should not: an error stops all work unless somebody waived it.
    Judgement,
    /// It is about one piece of work, or about a standard: an error fails the gate and stops no other work.
    Gate,
    /// The plan file is right, and mainstay cannot do all of it yet: an error stops the work itself, nothing that is
    /// only said about it, and cannot be waived.
    NotYet,
}

/// What a plan file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To do what it says.
    Work,
    /// To say when that would happen.
    Plan,
}

impl Rule {
    /// Whether a waiver can take a finding back.
    pub fn is_waivable(&self) -> bool {
        matches!(self.standing, Standing::Judgement | Standing::Gate)
    }

    /// Whether a finding keeps the plan file from being used. What a standard makes an error of does not.
    pub fn stops(&self, wanted: Use) -> bool {
        let is_in_the_way = match self.standing {
            Standing::Fault | Standing::Judgement => true,
            Standing::NotYet => wanted == Use::Work,
            Standing::Gate => false,
        };
        is_in_the_way && self.severity == Severity::Error
    }
}

/// Who looks for the faults of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) enum Finder {
    /// Whoever reads the file: the fault is one of its form.
    Reader,
    /// The function looks at what the file says.
    Look(Look),
    /// The checker, once it knows what all other rules found.
    Checker,
}

/// Finds all faults of one rule.
pub(super) type Look = fn(&Facts, &mut Vec<Fault>);

/// The groups of rules, in the order of their codes.
const GROUPS: &[&[&Rule]] = &[
    file::RULES,
    form::RULES,
    names::RULES,
    values::RULES,
    timing::RULES,
    safety::RULES,
    monitoring::RULES,
    upkeep::RULES,
    standards::RULES,
    later::RULES,
];

/// All rules, by code.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().flat_map(|group| group.iter().copied())
}

/// The rule with this code.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}

/// How bad findings of a code are. A code without a rule is an error in every sense.
pub fn severity(code: &str) -> Severity {
    by_code(code).map_or(Severity::Error, |rule| rule.severity)
}

/// Holds a plan against all rules that look at what it says.
pub(super) fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    for rule in all() {
        if let Finder::Look(look) = rule.finder {
            look(facts, faults);
        }
    }
}

/// What most rules are made of.
mod prelude {
    pub(super) use super::{Finder, Rule, Standing};
    pub(super) use crate::model::Severity;
    pub(super) use crate::planfile::Fault;
    pub(super) use crate::validator::facts::{Facts, beginning, stands};
}

#[cfg(test)]
pub(in crate::validator) mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::Finding;
    use crate::validator::checker::check_bytes;

    /// Rules whose fault is not in the text of the file; they have tests of their own.
    const NOT_IN_THE_TEXT: [&str; 9] =
        ["MS000", "MS004", "MS006", "MS506", "MS508", "MS524", "MS710", "MS802", "MS804"];

    /// What is found in an example, in which `\xNN` may stand for a byte.
    fn found(example: &str, is_bytes: bool) -> Vec<Finding> {
        let mut bytes = Vec::new();
        let mut rest = example;
        while let Some(at) = rest.find("\\x").filter(|_| is_bytes) {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).expect("two hexadecimal digits"));
            rest = &rest[at + 4..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        check_bytes("maintenance.yaml", bytes, "2026-03-07T10:00:00Z".parse().expect("a time")).findings
    }

    /// Holds what one rule finds in a text, as `LINE:COLUMN MESSAGE`, against what is expected.
    #[track_caller]
    pub fn check_code(code: &str, text: &str, expected: &[&str]) {
        let found = found(text, false);
        let line = |finding: &Finding| {
            let place = finding.place.as_ref().map(|place| place.start);
            let place = place.map_or("-".to_owned(), |start| format!("{}:{}", start.line, start.column));
            format!("{place} {}", finding.message)
        };
        let lines: Vec<_> = found.iter().filter(|finding| finding.code == code).map(line).collect();
        assert_eq!(lines, expected, "{code} in\n{text}\n{:?}", codes(&found));
    }

    fn codes(findings: &[Finding]) -> Vec<(&str, &str)> {
        findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect()
    }

    #[test]
    fn every_rule_finds_its_fault_in_its_example_and_not_in_the_mended_one() {
        for rule in all().filter(|rule| !NOT_IN_THE_TEXT.contains(&rule.code)) {
            let is_bytes = rule.code < "MS003";
            let before = found(rule.before, is_bytes);
            assert!(
                before.iter().any(|finding| finding.code == rule.code),
                "{}: {:?}",
                rule.code,
                codes(&before)
            );
            let after = found(rule.after, false);
            let is_wrong =
                |finding: &&Finding| finding.code == rule.code || finding.severity == Severity::Error;
            let wrong: Vec<_> =
                after.iter().filter(is_wrong).filter(|finding| finding.code != "MS901").collect();
            assert!(wrong.is_empty(), "{}: {:?}", rule.code, codes(&after));
        }
    }

    #[test]
    fn the_codes_are_in_order_and_given_once() {
        let codes: Vec<_> = all().map(|rule| rule.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn every_rule_says_what_it_is_and_why() {
        for rule in all() {
            assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}", rule.code);
            assert!(rule.why.len() > 20 && rule.why.ends_with('.'), "{}: {}", rule.code, rule.why);
            assert!(rule.before != rule.after, "{}", rule.code);
        }
    }

    /// The sources of a folder, with their paths.
    fn sources(folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, files);
            } else {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a source")));
            }
        }
    }

    #[test]
    fn one_rule_is_one_file_and_every_file_is_in_the_registry() {
        let mut files = Vec::new();
        sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/validator/rules")), &mut files);
        let is_rule = |text: &str| text.lines().any(|line| line == "pub(super) const RULE: Rule = Rule {");
        let files = files.iter().filter(|(_, text)| is_rule(text));
        let mut of_files: Vec<_> = files
            .map(|(path, text)| {
                let mut codes = text.split("    code: \"").skip(1).map(|rest| rest[..5].to_owned());
                let code = codes.next().unwrap_or_default();
                assert!(codes.next().is_none(), "{path} holds more than one rule");
                assert!(text.starts_with(&format!("//! {code}: ")), "{path} begins with its rule");
                code
            })
            .collect();
        of_files.sort_unstable();
        assert_eq!(of_files, all().map(|rule| rule.code).collect::<Vec<_>>());
    }

    #[test]
    fn every_code_that_the_reader_uses_has_a_rule() {
        let mut files = Vec::new();
        sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/planfile")), &mut files);
        let quoted = files.iter().flat_map(|(_, text)| text.split("\"MS").skip(1));
        let codes = quoted.filter_map(|rest| Some(format!("MS{}", rest.get(..4)?.strip_suffix('"')?)));
        for code in codes {
            assert!(by_code(&code).is_some(), "{code}");
        }
    }
}
