//! The one SQLite file: the ledger, and tables made from it that answer questions fast.
//!
//! Writing is recording an [`Event`](crate::model::Event): in one transaction it changes the tables and
//! becomes an entry of the ledger. Nothing is written in another way. Reads are one file per family.
//!
//! Invariants:
//!
//! 1. The tables change only together with the ledger.
//! 2. An occurrence is started at most once; a run is worked on by at most one process.
//! 3. What was acknowledged is on disk.
//! 4. The file and what SQLite keeps beside it belong to their owner alone.
//! 5. A file that cannot be trusted or understood is not touched.

mod alerts;
mod apply;
mod approvals;
mod baselines;
mod codec;
mod conditions;
mod crash;
mod definitions;
mod error;
mod group;
mod hidden;
mod history;
mod holds;
mod life;
mod lines;
mod logs;
mod missed;
mod modes;
mod open;
mod place;
mod reach;
mod record;
mod reviews;
mod runs;
mod schedules;
mod schema;
mod silences;
mod start;
mod steps;
#[cfg(test)]
mod tests;

pub use approvals::RecordedApproval;
pub use baselines::{Baseline, Comparison};
pub use conditions::Observed;
pub use error::{HeldBy, StartError, StateError};
pub use history::TaskHistory;
pub use holds::{GroupLimit, Limits};
pub use lines::{Head, Log, LogFilter, Logged};
pub use missed::{Miss, Missed};
pub use modes::OpenToOthers;
pub use open::{Access, State};
pub use reach::Reach;
pub use reviews::{REVIEW_WITHIN, Review};
pub use runs::{Refusal, RunFilter};
pub use schedules::{Published, WITHDRAWAL};
pub use silences::{OpenSilence, RecordedSilence};
pub use start::NewRun;
