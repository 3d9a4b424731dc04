//! The reporter pipeline: generator -> formatter -> distributor.
//!
//! The generator makes one result, [`StatusReport`]; every format is made of it, so that all of them say the
//! same. The distributor for files is `cli::output`.
//!
//! 1. The same facts at the same time give the same bytes.
//! 2. A share without a denominator is "n/a", never 0 % or 100 %.
//! 3. A period in which nothing ran says so first.
//! 4. Text from outside is escaped once, by the formatter, for its format.

pub mod formatter;
pub mod generator;
mod status;

pub use generator::{Facts, generate};
pub use status::{
    AlertStatus, Attention, LedgerStatus, MissedStatus, Period, PlanStatus, RunStatus, Share, SilenceStatus,
    StatusReport, TaskStatus, Totals,
};
