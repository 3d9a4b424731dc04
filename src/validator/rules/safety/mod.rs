//! `MS5`: safety: what steps do to machines and data, who approves them, what stands in for what, and secrets.

mod all_may_be_down;
mod approvals;
mod asking_installer;
mod background_job;
mod blind_retry;
mod blind_sleep;
mod commands;
pub(super) mod destruction;
mod group_of_one;
mod hidden_exit_code;
mod hidden_failure;
mod impossible_approval;
mod interactive_program;
mod killed_server;
mod lost_cd;
mod missing_secret;
mod no_second_pair_of_eyes;
mod one_key_for_several;
mod piped_into_shell;
mod readable_secret;
mod removed_root;
mod rollout_over_max_down;
mod self_approval;
mod ssh_asks;
mod sudo_asks;
#[cfg(test)]
mod tests;
mod unmarked_destruction;
mod unquoted_expansion;
mod unrendered_template;
mod unverified_change;
mod written_secret;

use std::collections::HashMap;

use super::Rule;
use crate::model::Span;
use crate::validator::facts::Facts;

pub(super) const RULES: &[&Rule] = &[
    &unmarked_destruction::RULE,
    &blind_retry::RULE,
    &no_second_pair_of_eyes::RULE,
    &impossible_approval::RULE,
    &self_approval::RULE,
    &one_key_for_several::RULE,
    &written_secret::RULE,
    &readable_secret::RULE,
    &unrendered_template::RULE,
    &unquoted_expansion::RULE,
    &piped_into_shell::RULE,
    &sudo_asks::RULE,
    &asking_installer::RULE,
    &hidden_exit_code::RULE,
    &hidden_failure::RULE,
    &killed_server::RULE,
    &background_job::RULE,
    &blind_sleep::RULE,
    &interactive_program::RULE,
    &unverified_change::RULE,
    &lost_cd::RULE,
    &removed_root::RULE,
    &missing_secret::RULE,
    &ssh_asks::RULE,
    &rollout_over_max_down::RULE,
    &all_may_be_down::RULE,
    &group_of_one::RULE,
];

/// The secrets that come from a file: the name of each, the path and its place.
fn files_of_secrets<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a str, &'a str, Span)> {
    facts.plan.secrets.iter().filter_map(|(name, secret)| {
        let node = facts.node_of("secrets", &name.value)?;
        let (_, file) = facts.tree.entry(node, "file")?;
        Some((name.value.as_str(), secret.file.as_deref()?, facts.tree.span(file)))
    })
}

/// How many targets each group has, those included that could not be read.
fn members<'a>(facts: &Facts<'a>) -> HashMap<&'a str, usize> {
    let mut members = HashMap::new();
    for (_, target) in facts.entries("targets") {
        if let Some((_, group)) = facts.tree.entry(*target, "group") {
            *members.entry(facts.tree.text(group)).or_default() += 1;
        }
    }
    members
}
