//! The monitor pipeline: collector -> analyzer -> alerter -> reporter, one pass per call.
//!
//! It measures maintenance itself (what is overdue, failed, interrupted) and whatever `metrics:` names, and
//! holds `alerts:` against it. It never starts work.
//!
//! 1. What could not be found out changes no alert: unknown is not resolved.
//! 2. A peer that hangs delays nothing but its own metric, and that until its deadline.
//! 3. An alert that Alertmanager did not take is owed, and offered again at each call until it is taken.
//! 4. A call at which nothing changes adds nothing to the ledger.

pub mod alerter;
pub mod analyzer;
pub mod collector;
pub mod metrics;
pub mod reporter;
pub mod rule;
pub mod standing;

pub use analyzer::{Analysis, analyze};
pub use collector::Collected;
pub use metrics::Estate;
pub use rule::Rule;
pub use standing::{Standing, TaskState};
