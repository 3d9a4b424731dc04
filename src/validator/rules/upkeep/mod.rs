//! `MS7`: what was left behind, and waivers.

mod endless_waiver;
mod expired_waiver;
mod impossible_waiver;
mod missing_document;
mod unclear_waiver;
mod unknown_waiver;
mod unused_waiver;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &unclear_waiver::RULE,
    &unknown_waiver::RULE,
    &expired_waiver::RULE,
    &unused_waiver::RULE,
    &impossible_waiver::RULE,
    &endless_waiver::RULE,
    &missing_document::RULE,
];
