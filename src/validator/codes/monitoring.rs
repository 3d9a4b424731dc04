//! `MV`: what is wrong with the monitoring system itself.

use super::Code;

/// All of them.
pub const CODES: &[&Code] = &[];
