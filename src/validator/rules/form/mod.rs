//! `MS1`: the form of the file. Whoever reads it finds them.

mod duplicate_key;
mod empty_value;
mod merge_key;
mod missing_key;
mod not_a_mapping;
mod not_yaml;
mod several_documents;
mod tag;
mod template;
mod too_deep;
mod too_many;
mod unknown_key;
mod unknown_value;
mod wrong_alias;
mod wrong_form;
mod wrong_key;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &not_yaml::RULE,
    &duplicate_key::RULE,
    &wrong_key::RULE,
    &template::RULE,
    &merge_key::RULE,
    &wrong_alias::RULE,
    &tag::RULE,
    &several_documents::RULE,
    &too_deep::RULE,
    &too_many::RULE,
    &not_a_mapping::RULE,
    &unknown_key::RULE,
    &missing_key::RULE,
    &unknown_value::RULE,
    &wrong_form::RULE,
    &empty_value::RULE,
];
