//! What has changed in monitoring, as a table: before, after, and what it means.

use std::fmt::Write as _;

use crate::model::{ChangeVerdict, Fact, ScrapeGap};
use crate::state::Comparison;
use crate::table::{Screen, Tone, table};
use crate::validator::verifier;

/// A subject or a state is cut after so many characters where there is no screen that says so.
const MOST_CHARACTERS: usize = 60;
/// So many targets with a gap are told.
const MOST_GAPS: usize = 5;

/// The table of at most `most` changes, the worst first, with how many others there are; empty without changes.
pub fn text(compared: &Comparison, most: usize, screen: Screen) -> String {
    if compared.changes.is_empty() {
        return String::new();
    }
    let rows = compared.changes.iter().take(most).map(|change| {
        let tone = match change.verdict {
            ChangeVerdict::Worse | ChangeVerdict::Unknown => Tone::Bad,
            ChangeVerdict::Changed => Tone::Warning,
            ChangeVerdict::Expected => Tone::Good,
        };
        let state = |state: &Option<String>| (short(state.as_deref().unwrap_or("-")), Tone::Plain);
        let on = change.server.as_deref().map_or_else(String::new, |server| format!(" on {server}"));
        vec![
            (change.verdict.to_string(), tone),
            (change.fact.in_words(), Tone::Plain),
            (short(&format!("{}{on}", change.subject)), Tone::Plain),
            state(&change.before),
            state(&change.after),
        ]
    });
    let mut text = table(["VERDICT", "FACT", "WHICH", "BEFORE", "AFTER"], rows, &[], screen);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let left = compared.changes.len().saturating_sub(most);
    if 0 < left {
        let _ = writeln!(text, "... and {left} more");
    }
    text
}

/// What was compared, in one line: `3 targets, 2 rules`.
pub fn counts(compared: &Comparison) -> Option<String> {
    let all: Vec<_> = compared
        .compared
        .iter()
        .map(|(fact, n)| match fact {
            Fact::Series => format!("the series of {}", counted(*n, "job")),
            Fact::Storage => counted(*n, "counter of damage"),
            Fact::History => counted(*n, "question about the past"),
            Fact::Notification | Fact::RemoteWrite | Fact::Version | Fact::Config | Fact::Reload => {
                fact.in_words()
            }
            Fact::Cluster => counted(*n, "member of Alertmanager"),
            Fact::Push => counted(*n, "pushed group"),
            fact => counted(*n, &fact.in_words()),
        })
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The gaps, the longest first, a sentence each.
pub fn gaps(gaps: &[ScrapeGap]) -> Vec<String> {
    let mut told: Vec<_> = gaps
        .iter()
        .take(MOST_GAPS)
        .map(|gap| match &gap.server {
            Some(server) => format!("{} by {server}", verifier::gap_in_words(gap)),
            None => verifier::gap_in_words(gap),
        })
        .collect();
    let more = gaps.len().saturating_sub(MOST_GAPS);
    if 0 < more {
        told.push(format!("{} had gaps that were no longer", crate::counted(more, "other target")));
    }
    told
}

fn counted(n: u64, noun: &str) -> String {
    let counted = crate::counted(usize::try_from(n).unwrap_or(usize::MAX), noun);
    // The noun that is counted comes first: `2 questions about the past`.
    match noun.split_once(' ') {
        Some((first, rest)) if n != 1 && !rest.is_empty() && !noun.ends_with("group") => {
            format!("{n} {first}s {rest}")
        }
        _ => counted,
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
