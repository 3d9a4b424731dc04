//! Who our children are: the leaders that jobs wait for, and orphans that came to us.
//!
//! mainstay adopts what its steps leave behind ([`adopt`]), so that a process whose parent has gone can still be found,
//! and it takes away those of them that have ended. A leader is never taken away from the job that waits for it, nor a
//! child that other code of mainstay waits for.

use std::collections::BTreeSet;
use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, getpid, set_child_subreaper, waitid, waitpid,
};

use super::super::process_table::{self, children_of};

/// The leaders that are waited for.
static LEADERS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
/// How many leaders there have been.
static STARTED: AtomicU64 = AtomicU64::new(0);
/// Held while a leader is born, until it is known as one.
static BIRTH: RwLock<()> = RwLock::new(());
static ADOPTING: Once = Once::new();
/// How long an orphan that has ended may wait for the next look, while leaders come and go.
const REAP_EVERY: Duration = Duration::from_millis(100);

/// From now on orphans among our descendants become our children instead of those of the first process.
///
/// Source: prctl(2), `PR_SET_CHILD_SUBREAPER`.
fn adopt() {
    ADOPTING.call_once(|| {
        // A kernel that refuses it leaves the other ways to find a process.
        let _ = set_child_subreaper(Some(getpid()));
    });
}

/// A leader that is waited for, until this is dropped.
#[derive(Debug)]
pub struct Leader {
    /// Its process id.
    pub pid: i32,
    /// How many leaders there had been when this one was the only one; `None` when it was not.
    alone: Option<u64>,
}

impl Leader {
    /// Starts one.
    ///
    /// # Errors
    /// Those of `spawn`.
    pub fn start(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<(Child, Self)> {
        adopt();
        let _birth = BIRTH.read().unwrap_or_else(PoisonError::into_inner);
        let child = spawn()?;
        let pid = Pid::from_child(&child).as_raw_nonzero().get();
        let mut leaders = leaders();
        let n_started = STARTED.fetch_add(1, Ordering::SeqCst) + 1;
        let alone = leaders.is_empty().then_some(n_started);
        leaders.insert(pid);
        Ok((child, Self { pid, alone }))
    }

    /// When it started, in clock ticks since boot; it can be asked, ended or not, until somebody waits for it.
    pub fn started_ticks(&self) -> Option<u64> {
        process_table::read(&self.pid.to_string()).ok().map(|process| process.started_ticks)
    }

    /// Whether no other job has been under way since its start, so that an orphan without a mark is of this one.
    pub fn is_alone(&self) -> bool {
        self.alone == Some(STARTED.load(Ordering::SeqCst))
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let is_last = {
            let mut leaders = leaders();
            leaders.remove(&self.pid);
            leaders.is_empty()
        };
        // While others go on, one look now and then is enough; whoever is the last takes away what is left.
        if is_last || is_time_to_reap() {
            reap();
        }
    }
}

/// Whether nobody has looked for orphans for a while.
fn is_time_to_reap() -> bool {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let is_time = last.is_none_or(|last| REAP_EVERY < last.elapsed());
    if is_time {
        *last = Some(Instant::now());
    }
    is_time
}

fn leaders() -> MutexGuard<'static, BTreeSet<i32>> {
    LEADERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes away orphans that have ended, so that none stays as a zombie.
///
/// Children in mainstay's own process group are those that other code waits for: a step's processes never are in it.
pub fn reap() {
    let any = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if !matches!(waitid(WaitId::All, any), Ok(Some(_))) {
        return;
    }
    // Somebody is starting a leader that nobody knows yet: there will be another time.
    let Ok(_nobody_is_born) = BIRTH.try_write() else { return };
    // Not by getpgrp: a group from outside of the process namespace has no number here, which rustix does not expect.
    let Ok(me) = process_table::read("self") else { return };
    let leaders = leaders();
    for pid in children_of(me.pid) {
        let is_orphan = || {
            let process = process_table::read(&pid.to_string());
            process.is_ok_and(|process| process.is_zombie && process.group != me.group)
        };
        if !leaders.contains(&pid) && is_orphan() {
            let _ = waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
        }
    }
}
