//! The integration tests: one program, so that it is linked once.
// A failed expectation is how a helper fails a test; clippy only knows this of functions marked `#[test]`.
#![allow(clippy::expect_used, clippy::print_stderr, clippy::unwrap_used)]

mod alerts;
mod audit;
mod calendar_laws;
mod cases;
mod checks;
mod conditions;
mod corpus;
mod family;
mod family_laws;
mod formats;
mod generated;
mod monitor;
mod plan;
mod prometheus;
mod promql;
mod readme;
mod recheck;
mod recording_laws;
mod report;
mod run;
mod schedule_laws;
mod schema;
mod schema_laws;
mod solver_laws;
mod stack_selftest;
mod support;
mod validate;
