//! `MR`: what recorded runs show.

use super::Code;

/// All of them.
pub const CODES: &[&Code] = &[];
