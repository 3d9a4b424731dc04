//! What the person, or the timer, that started `mainstay run` asks for beside the work itself.

use std::fmt;
use std::time::Duration;

/// How work is to be started.
pub struct Orders<'a> {
    /// Why it cannot wait for windows, blackouts and approval; `None` when it can.
    pub emergency: Option<String>,
    /// Selectors of the only targets that are meant; empty: all of them.
    pub limit: Vec<String>,
    /// How long it may wait for what other processes hold.
    pub wait: Duration,
    /// Tells people what it waits for.
    pub say: &'a (dyn Fn(&str) + Sync),
}

impl fmt::Debug for Orders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { emergency, limit, wait, say: _ } = self;
        f.debug_struct("Orders")
            .field("emergency", emergency)
            .field("limit", limit)
            .field("wait", wait)
            .finish_non_exhaustive()
    }
}
