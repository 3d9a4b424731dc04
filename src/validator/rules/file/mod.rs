//! `MS0`: the file as a whole, before anything in it means something.

mod empty_file;
mod more_findings;
mod not_utf8;
mod nul;
mod unreadable;
mod utf16;
mod writable_by_others;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &unreadable::RULE,
    &not_utf8::RULE,
    &utf16::RULE,
    &nul::RULE,
    &writable_by_others::RULE,
    &empty_file::RULE,
    &more_findings::RULE,
];
