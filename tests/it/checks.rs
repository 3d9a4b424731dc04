//! What checks of hosts and networks answer, on real files, processes, sockets, servers and certificates.
//!
//! They are asked as preconditions: a dry run asks what only reads.

mod certificate;
mod host;
mod hostile;
pub mod http;
mod hung;

use crate::support::Case;

/// The answer to one check as a dry run tells it, with its verdict before it: `verified`, `wrong`, `cannot know`.
fn answer(case: &Case, now: &str, check: &str) -> String {
    let plan = format!(
        "mainstay: 1\ntasks:\n  t:\n    type: routine\n    domain: component\n    duration: 5m\n    \
         preconditions: [{{{check}}}]\n    steps: [{{run: [\"true\"]}}]\n"
    );
    std::fs::write(case.path().join("maintenance.yaml"), plan).expect("a plan file");
    let now = if now.is_empty() { String::new() } else { format!("--now {now} ") };
    let told = case.run(&format!("{now}run t --dry-run")).any_output().take_stdout();
    let line = told.lines().find_map(|line| line.trim_start().strip_prefix("preconditions"));
    let line = line.unwrap_or_else(|| panic!("{check}: {told}"));
    let (verdict, rest) = line.trim_start().split_once("  ").unwrap_or_else(|| panic!("{line}"));
    let (_, said) = rest.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    format!("{}: {said}", verdict.trim())
}
