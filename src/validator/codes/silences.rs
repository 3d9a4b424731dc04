//! `MH`: silences that are in force and should not be.

use super::Code;

/// All of them.
pub const CODES: &[&Code] = &[];
