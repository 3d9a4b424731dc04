//! `--effort`: how hard to look for a better schedule.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::model::Length;
use crate::scheduler::Search;
use crate::scheduler::solver;

/// How much to spend on a schedule that is better than the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// So long, by the clock.
    Time(Length),
    /// So many schedules: the same answer on every machine.
    Steps(u64),
}

impl Effort {
    /// What `--effort` is without saying.
    pub const DEFAULT: &str = "1s";

    /// Calls `compute` with a search that goes on until this is used up.
    pub fn spend<T>(self, seed: u64, compute: impl FnOnce(Search) -> T) -> T {
        match self {
            Self::Steps(n) => compute(Search::new(seed, solver::Effort::Steps(n))),
            Self::Time(Length(limit)) => {
                let (begin, limit) = (Instant::now(), limit.to_std().unwrap_or(Duration::ZERO));
                let mut is_over = || limit <= begin.elapsed();
                compute(Search::new(seed, solver::Effort::Until(&mut is_over)))
            }
        }
    }
}

impl FromStr for Effort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(n) = text.parse() {
            return Ok(Self::Steps(n));
        }
        let length: Result<Length, _> = text.parse();
        length
            .map(Self::Time)
            .map_err(|_| "expected a time such as 1s, or a number of schedules such as 5000".to_owned())
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Time(length) => length.fmt(f),
            Self::Steps(n) => n.fmt(f),
        }
    }
}
