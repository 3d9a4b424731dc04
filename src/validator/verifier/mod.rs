//! The baseline: what monitoring looks like before the work, and whether it came back.
//!
//! "Ready" is not "back". After a restart the target list is empty for seconds, instant queries answer with
//! what was before for five minutes, and `up` stays 1. So only facts younger than the end of the work count.

mod compare;
mod cover;
mod facts;
mod settle;
pub mod statistics;

pub use compare::compare;
pub use cover::{Cover, Gap, cover_of, end_of_gap, gap_of};
pub use facts::{Facts, capture};
pub use settle::{Settled, allowance, settle};
