//! `MC`: what live checks answered.

use super::Code;
use crate::model::Severity;

/// A check does not hold.
pub const DOES_NOT_HOLD: Code = Code {
    code: "MC001",
    title: "check that does not hold",
    severity: Severity::Error,
    why: "The live system is not what the plan file says it is.",
    help: "",
};

/// A check could not be asked.
pub const UNKNOWN: Code = Code {
    code: "MC002",
    title: "check without an answer",
    severity: Severity::Warning,
    why: "Nobody can say whether it holds: what is not known is never a yes, and the exit code is 3.",
    help: "",
};

/// All of them.
pub const CODES: &[&Code] = &[&DOES_NOT_HOLD, &UNKNOWN];
