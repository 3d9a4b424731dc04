//! `MS7`: what was left behind, and waivers.

mod endless_waiver;
mod expired_waiver;
mod impossible_waiver;
mod missing_document;
mod not_in_force;
mod same_step_name;
#[cfg(test)]
mod tests;
mod unclear_waiver;
mod unknown_waiver;
mod unused;
mod unused_check;
mod unused_group;
mod unused_resource;
mod unused_secret;
mod unused_target;
mod unused_waiver;
mod unused_window;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &unclear_waiver::RULE,
    &unknown_waiver::RULE,
    &expired_waiver::RULE,
    &unused_waiver::RULE,
    &impossible_waiver::RULE,
    &endless_waiver::RULE,
    &missing_document::RULE,
    &unused_window::RULE,
    &unused_target::RULE,
    &unused_group::RULE,
    &unused_resource::RULE,
    &unused_check::RULE,
    &unused_secret::RULE,
    &not_in_force::RULE,
    &same_step_name::RULE,
];
