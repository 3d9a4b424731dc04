//! The validator: checker -> verifier -> engine -> reporter.

pub mod checks;
