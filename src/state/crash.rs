//! Dies like a process that is killed, just before or just after a write, for the tests of what a crash leaves behind.
//!
//! `MAINSTAY_TEST_CRASH=before:7` dies before the 7th transaction of this process is committed, `after:7` right after
//! it. Builds without debug assertions know nothing of it.

/// Which side of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// All is written but nothing of it counts.
    Before,
    /// All of it counts.
    After,
}

/// Dies here, if that was asked for.
#[cfg(debug_assertions)]
pub(super) fn point(side: Side) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COMMITS: AtomicU64 = AtomicU64::new(0);
    let n = match side {
        Side::Before => COMMITS.fetch_add(1, Ordering::SeqCst) + 1,
        Side::After => COMMITS.load(Ordering::SeqCst),
    };
    let Ok(wanted) = std::env::var("MAINSTAY_TEST_CRASH") else { return };
    let name = if side == Side::Before { "before" } else { "after" };
    if wanted == format!("{name}:{n}") {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Dies never.
#[cfg(not(debug_assertions))]
pub(super) fn point(_: Side) {}
