//! The verdict on the monitoring system itself: what it was before the work held against what it is after it.
//!
//! "Ready" is not "back". After a restart the target list is empty for seconds, instant queries answer with
//! what was before for five minutes, and `up` stays 1. So only facts younger than the end of the work count.

mod capture;
mod compare;
mod cover;
mod dashboards;
mod expect;
mod facts;
mod gaps;
mod lost;
pub mod now;
mod patience;
mod read;
mod replacement;
pub mod series;
mod settle;
mod spec;
pub mod statistics;

pub use capture::capture;
pub use compare::{Compared, compare};
pub use cover::{Cover, Gap, cover_of, end_of_gap, gap_of};
pub use dashboards::DashboardError;
pub use facts::Facts;
pub use gaps::{in_words as gap_in_words, measure as measure_gaps, over_budget};
pub use patience::{Patience, allowance};
pub use settle::{Settled, settle};
pub use spec::Spec;
