//! `MS8`: the standards that a plan file applies, and whether it meets them.

mod control_twice;
mod standard_twice;
#[cfg(test)]
mod tests;
mod unknown_standard;
mod unmet_control;
mod wrong_catalogue;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &unknown_standard::RULE,
    &wrong_catalogue::RULE,
    &unmet_control::RULE,
    &control_twice::RULE,
    &standard_twice::RULE,
];
