//! Any bytes as a plan file: whatever they are, the laws of reading one hold.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../it/support/plan_file_laws.rs"]
mod plan_file_laws;

fuzz_target!(|bytes: &[u8]| plan_file_laws::check(bytes));
