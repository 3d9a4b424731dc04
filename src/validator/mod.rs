//! The validator: checker -> verifier -> engine -> reporter.
//!
//! The checker holds a plan file against the [`rules`]; live checks of the system are in
//! [`checks`]. Which silences should not be
//! is in [`silences`]. What findings that are not about the plan file are called is in [`codes`].

mod budget;
pub mod checker;
pub mod checks;
pub mod codes;
pub mod engine;
mod facts;
pub mod fixer;
pub mod inputs;
mod outlook;
pub mod recorded;
mod rehearsal;
pub mod report;
pub mod reporter;
pub mod rules;
pub mod scope;
mod secrets;
mod shell;
pub mod silences;
mod standards;
pub mod surroundings;
#[cfg(test)]
mod tests;
pub mod verifier;
mod waivers;
mod windows_ahead;
mod work;
