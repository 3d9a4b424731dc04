//! `MS6`: what the plan file says to and of monitoring systems.

mod bad_query;
mod bad_rate;
mod blind_baseline;
mod broad_silence;
mod empty_query;
mod filtered_check;
mod hasty_alert;
mod idle_expectation;
mod idle_matcher;
mod needless_regex;
mod odd_connection;
mod open_credentials;
mod open_gate;
mod open_query;
mod queries;
mod ready_is_not_back;
mod same_alert;
mod short_settle;
mod silent_alert;
mod swapped_connection;
#[cfg(test)]
mod tests;
mod unknown_own_metric;
mod unproved_silence;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &bad_query::RULE,
    &empty_query::RULE,
    &open_query::RULE,
    &filtered_check::RULE,
    &needless_regex::RULE,
    &bad_rate::RULE,
    &idle_matcher::RULE,
    &broad_silence::RULE,
    &unproved_silence::RULE,
    &short_settle::RULE,
    &blind_baseline::RULE,
    &open_gate::RULE,
    &ready_is_not_back::RULE,
    &odd_connection::RULE,
    &swapped_connection::RULE,
    &hasty_alert::RULE,
    &same_alert::RULE,
    &silent_alert::RULE,
    &unknown_own_metric::RULE,
    &open_credentials::RULE,
    &idle_expectation::RULE,
];
