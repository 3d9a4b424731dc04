//! Names of findings that stay the same while the file around them changes.
//!
//! Code hosts tell a new finding from a known one by its fingerprint, and show equal ones once.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{location, path};
use crate::validator::report::Report;

/// A fingerprint for every finding, in the order of [`Report::findings`].
///
/// Made of the rule, the file, and what the finding is about; never of its line, which moves with every edit
/// above it. Findings that are equal in all this are told apart by their order.
pub(super) fn fingerprints(report: &Report) -> Vec<String> {
    let mut n_before: HashMap<[String; 4], usize> = HashMap::new();
    let mut fingerprint = |(file, finding)| {
        let (place, ..) = location(file, finding);
        let key = [
            finding.code.to_owned(),
            path::plain(&file.source.path),
            path::plain(place),
            finding.subject.clone(),
        ];
        let ordinal = n_before.entry(key.clone()).or_default();
        *ordinal += 1;
        digest(key.iter().map(String::as_str).chain([ordinal.to_string().as_str()]))
    };
    report.findings().map(|(file, finding)| fingerprint((file, finding))).collect()
}

/// The SHA-256 of parts; each is led by its length, so that no two lists of parts look alike.
pub(super) fn digest<'p>(parts: impl Iterator<Item = &'p str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    format!("{:x}", hasher.finalize())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::validator::reporter::sample;

    #[test]
    fn a_fingerprint_stays_when_lines_are_inserted_above() {
        let before = fingerprints(&sample::report(sample::WRONG));
        let lower = format!("# one\n\n# two\n{}", sample::WRONG.replace("\ntasks:", "\n\n\ntasks:"));
        assert_eq!(fingerprints(&sample::report(&lower)), before);
        assert_eq!(before.len(), 4);
    }

    #[test]
    fn no_two_findings_have_the_same_fingerprint() {
        let mut report = sample::files(&[("a.yaml", sample::WRONG), ("b.yaml", sample::WRONG)]);
        let twice = report.files[0].findings[0].clone();
        report.files[0].findings.push(twice);
        let all = fingerprints(&report);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    #[test]
    fn a_part_cannot_pretend_to_be_two() {
        assert_ne!(digest(["ab", "c"].into_iter()), digest(["a", "bc"].into_iter()));
    }
}
