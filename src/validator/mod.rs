//! The validator: checker -> verifier -> engine -> reporter.
//!
//! Of a plan file, [`crate::planfile`] is checker and verifier: it holds the text against every rule.

pub mod checks;
pub mod engine;
pub mod reporter;
