//! `MS2`: names and what they stand for.

mod cycle;
mod no_connection;
mod not_a_selector;
mod not_enough_resource;
mod nothing_selected;
mod unknown_name;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &unknown_name::RULE,
    &nothing_selected::RULE,
    &not_a_selector::RULE,
    &not_enough_resource::RULE,
    &cycle::RULE,
    &no_connection::RULE,
];
