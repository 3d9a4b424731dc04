//! Reports for the tests of the formats.

use crate::model::{Finding, Severity};
use crate::validator::checker::check_bytes;
use crate::validator::report::{FileReport, Report};

/// A plan file with a warning, two errors of one rule, and a note, in this order.
pub(super) const WRONG: &str = "\
mainstay: 1
windows:
  weekend-night: {cron: \"0 2 * * SAT,SUN\", duration: 4h}
tasks:
  tidy:
    type: routine
    domain: system
    window: weekend-nigth
    duration: 5m
    after: tidi
    steps:
      - run: [rm, old]
  kernel:
    type: routine
    # mainstay: ignore MS316 there is no way back from a new kernel
    domain: system
    duration: 20m
    steps:
      - run: [apt-get, install, -y, linux-image-amd64]
";

/// The report about `maintenance.yaml` with this text.
pub(super) fn report(text: &str) -> Report {
    files(&[("maintenance.yaml", text)])
}

/// The report about files with these names and texts.
pub(super) fn files(files: &[(&str, &str)]) -> Report {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    let check = |(name, text): &(&str, &str)| {
        FileReport::of(check_bytes(name, text.as_bytes().to_vec(), now), Severity::Error)
    };
    Report::new(files.iter().map(check).collect(), Severity::Error)
}

/// The report about a file that cannot be read.
pub(super) fn unreadable() -> Report {
    let finding = Finding {
        code: "MS000",
        severity: Severity::Error,
        message: "permission denied".to_owned(),
        place: None,
        expected: None,
        related: None,
        help: None,
        subject: String::new(),
        control: None,
        evidence: Vec::new(),
        remedy: None,
    };
    let file = FileReport::unreadable("maintenance.yaml".to_owned(), finding);
    Report::new(vec![file], Severity::Error)
}
