//! `MS9`: what is not there yet.

mod unsupported;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&unsupported::RULE];
