//! `MS3`: values, and what they mean together.

mod alternatives;
mod boundless_silence;
mod contradicting_times;
mod no_way_back;
mod not_a_matcher;
mod not_a_name;
mod not_a_ticket;
mod not_a_url;
mod not_an_alert;
mod not_an_expectation;
mod not_cron;
mod not_rrule;
mod nothing_said;
mod nothing_saved;
mod nothing_to_do;
mod out_of_range;
mod reserved_name;
mod too_much_said;
mod unknown_destination;
mod unknown_version;
mod unknown_zone;
mod vacuous_check;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &nothing_said::RULE,
    &too_much_said::RULE,
    &unknown_version::RULE,
    &out_of_range::RULE,
    &contradicting_times::RULE,
    &unknown_zone::RULE,
    &not_cron::RULE,
    &nothing_to_do::RULE,
    &vacuous_check::RULE,
    &not_a_url::RULE,
    &not_a_matcher::RULE,
    &boundless_silence::RULE,
    &not_an_alert::RULE,
    &unknown_destination::RULE,
    &nothing_saved::RULE,
    &no_way_back::RULE,
    &not_a_name::RULE,
    &reserved_name::RULE,
    &not_rrule::RULE,
    &not_an_expectation::RULE,
    &not_a_ticket::RULE,
];
