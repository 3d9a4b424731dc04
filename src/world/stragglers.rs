//! Finds and stops the processes of a step, wherever they went.
//!
//! A process group is left by `setsid`, a parent by a double fork, and a tag in the environment by cleaning it; a
//! cgroup is left by none of them. So each process is asked for several [marks](Mark), of which one is enough, and
//! whoever descends from a marked process belongs to it. Nobody is signalled by number alone: a signal goes through
//! a descriptor of the very process that was looked at, so a number that is used again hits no stranger.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open, pidfd_send_signal};

use super::cancel::timespec;
use super::process::cgroup;
use super::process_table::{self, Process};

/// The variable that carries the tag.
pub const TAG: &str = "MAINSTAY_STEP";

/// A process of a step that outlived it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straggler {
    /// Its process id.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    pub started_ticks: u64,
    /// The same by the clock, to a second or so.
    pub started: Option<DateTime<Utc>>,
    /// Its command line, shortened.
    pub command: String,
}

impl Straggler {
    fn of(process: &Process) -> Self {
        let Process { pid, started_ticks, .. } = *process;
        Self { pid, started_ticks, started: clock_time(started_ticks), command: command_of(pid) }
    }
}

impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "pid {} ({}", self.pid, self.command)?;
        if let Some(started) = self.started {
            write!(f, ", started {}", started.format("%Y-%m-%d %H:%M:%SZ"))?;
        }
        f.write_str(")")
    }
}

/// What tells the processes of one step from all others.
#[derive(Debug, Clone, Default)]
pub struct Mark<'a> {
    /// The value of [`TAG`] in their environment; their cgroup is named after it as well.
    pub tag: &'a str,
    /// The process that was started for the step, as long as nobody has asked how it ended: until then no other can
    /// get its number, nor that of its group or session.
    pub leader: Option<i32>,
    /// The process that was started for the step, by its number and its start in clock ticks since boot, for whoever
    /// did not start it: its group and its session are asked about only while it lives.
    pub root: Option<(i32, u64)>,
    /// The pipe that takes their output, by its inode.
    pub pipe: Option<u64>,
    /// Orphans without any mark that came to us since this tick belong to the step, as no other could have left them.
    pub orphans_since: Option<u64>,
}

impl Mark<'_> {
    /// Whether the process carries a mark itself; descent is not asked about.
    fn is_on(&self, process: &Process) -> bool {
        let is_led = self.leader.is_some_and(|leader| {
            process.pid == leader || process.group == leader || process.session == leader
        });
        let is_ours = process.parent == me();
        is_led
            || carries(process.pid, self.tag)
            || cgroup::is_in(process.pid, self.tag)
            || is_ours && self.pipe.is_some_and(|pipe| holds(process.pid, pipe))
            || is_ours && self.orphans_since.is_some_and(|tick| is_orphan(process, tick))
    }

    /// The step's processes that have lost their parent by now.
    pub fn orphans(&self) -> Vec<i32> {
        let processes =
            process_table::children_of(me()).into_iter().map(|pid| process_table::read(&pid.to_string()));
        let ours = processes
            .flatten()
            .filter(|one| !one.is_zombie && Some(one.pid) != self.leader && self.is_on(one));
        ours.map(|one| one.pid).collect()
    }

    /// The living processes that belong to the step.
    fn members(&self) -> Vec<Process> {
        let table = process_table::all();
        let is_root = |one: &&Process| Some((one.pid, one.started_ticks)) == self.root;
        let root = table.iter().find(is_root).map(|root| root.pid);
        let is_rooted = |one: &Process| root == Some(one.group) || root == Some(one.session);
        let marked = table
            .iter()
            .filter(|one| !one.is_zombie && one.pid != me() && (is_rooted(one) || self.is_on(one)));
        let mut pids: BTreeSet<i32> = marked.map(|one| one.pid).collect();
        // The leader may have ended already and still be what ties its children to the step.
        pids.extend(self.leader.into_iter().chain(root));
        let pids = with_descendants(&table, pids);
        table.into_iter().filter(|one| !one.is_zombie && one.pid != me() && pids.contains(&one.pid)).collect()
    }
}

/// Whether a child of ours is an orphan that came to us since a tick and that carries nobody's mark.
///
/// Source: prctl(2), `PR_SET_CHILD_SUBREAPER`: whoever loses its parent becomes a child of the nearest reaper. The
/// first process of a container gets everybody's orphans that way, so it claims none.
fn is_orphan(process: &Process, since: u64) -> bool {
    process.started_ticks >= since
        && me() != 1
        && process_table::read("self").is_ok_and(|mine| process.group != mine.group)
        && !carries_any_tag(process.pid)
        && !cgroup::is_in_any(process.pid)
}

/// `pids` and whoever descends from them.
fn with_descendants(table: &[Process], mut pids: BTreeSet<i32>) -> BTreeSet<i32> {
    loop {
        let before = pids.len();
        let born: Vec<_> = table.iter().filter(|one| pids.contains(&one.parent)).map(|one| one.pid).collect();
        pids.extend(born);
        if pids.len() == before {
            return pids;
        }
    }
}

/// All living processes that carry `mark`; of other users' processes only the cgroup can be seen.
pub fn find(mark: &Mark) -> Vec<Straggler> {
    mark.members().iter().map(Straggler::of).collect()
}

/// All living processes that hold a pipe, ourselves excepted.
pub fn holders_of(pipe: u64) -> Vec<Straggler> {
    let table = process_table::all();
    let holders = table.iter().filter(|one| !one.is_zombie && one.pid != me() && holds(one.pid, pipe));
    holders.map(Straggler::of).collect()
}

/// Stops all processes that carry `tag` or belong to `root`, the process that was started for the step, by its number
/// and its start in clock ticks since boot: TERM and CONT, then KILL once `grace` is over. Returns who is left.
pub fn stop(tag: &str, root: Option<(i32, u64)>, grace: Duration) -> Vec<Straggler> {
    let wait = |ends: &[OwnedFd], timeout: Duration| {
        let mut fds: Vec<_> = ends.iter().map(|end| PollFd::new(end, PollFlags::IN)).collect();
        match poll(&mut fds, Some(&timespec(timeout))) {
            Ok(n) => Ok(n > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    };
    let mark = Mark { tag, root, ..Mark::default() };
    // If waiting fails there is nothing to be done but to look who is left.
    stop_waiting(&mark, grace, wait).unwrap_or_else(|_| find(&mark))
}

/// The kernel needs a moment to take a killed process away.
const AFTER_KILL: Duration = Duration::from_secs(2);
/// How many ends are waited for at once; whoever is not among them is looked at when one of these has ended.
const MOST_ENDS: usize = 64;
/// How long a look is good for when nobody is known to end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The same for whoever has something else to do meanwhile: `wait` is given what becomes readable when a process
/// ends, and how long to wait at most; it says whether one has ended.
///
/// TERM is sent once, to those who are there: what they start to clean up after themselves is left alone until
/// `grace` is over.
///
/// # Errors
/// Those of `wait`.
///
/// Source: systemd.kill(5): a stopped process acts on TERM only when it is continued.
pub fn stop_waiting(
    mark: &Mark,
    grace: Duration,
    mut wait: impl FnMut(&[OwnedFd], Duration) -> io::Result<bool>,
) -> io::Result<Vec<Straggler>> {
    let patience = Instant::now() + grace;
    let mut ends = strike(mark, &[Signal::TERM, Signal::CONT]);
    while !ends.is_empty() {
        let left = patience.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        if wait(&ends, left)? {
            ends = strike(mark, &[]);
        }
    }
    let patience = Instant::now() + AFTER_KILL;
    loop {
        cgroup::kill_all(mark.tag);
        let ends = strike(mark, &[Signal::KILL]);
        let left = patience.saturating_duration_since(Instant::now());
        if ends.is_empty() || left.is_zero() {
            return Ok(find(mark));
        }
        // A process that can only be seen ending late would hold up those that are born meanwhile.
        wait(&ends, left.min(LOOK_AGAIN))?;
    }
}

/// Signals everybody with the mark; returns the ends of those who are still there to be waited for.
fn strike(mark: &Mark, signals: &[Signal]) -> Vec<OwnedFd> {
    let members = mark.members();
    for signal in signals {
        if let Some(group) = mark.leader.and_then(Pid::from_raw) {
            // At once, so that nobody in the group is missed by forking meanwhile. That nobody is left is welcome.
            let _ = kill_process_group(group, *signal);
        }
    }
    let mut ends = Vec::new();
    for member in &members {
        let Some(end) = open(member.pid, member.started_ticks) else { continue };
        let is_signalled = mark.leader == Some(member.group);
        for signal in signals.iter().filter(|_| !is_signalled) {
            // It may have ended on the signal before: that is what was wanted.
            let _ = pidfd_send_signal(&end, *signal);
        }
        if ends.len() < MOST_ENDS {
            ends.push(end);
        }
    }
    ends
}

/// A descriptor of the process that has this number and started then; `None` when there is none any more.
fn open(pid: i32, started_ticks: u64) -> Option<OwnedFd> {
    let end = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    // Asked after opening: from here on the descriptor means this process, whatever becomes of its number.
    let process = process_table::read(&pid.to_string()).ok()?;
    (process.started_ticks == started_ticks && !process.is_zombie).then_some(end)
}

fn me() -> i32 {
    getpid().as_raw_nonzero().get()
}

/// Whether the process carries `tag` in the environment that it was started with.
fn carries(pid: i32, tag: &str) -> bool {
    environment_has(pid, |value| value == tag.as_bytes())
}

fn carries_any_tag(pid: i32) -> bool {
    environment_has(pid, |_| true)
}

fn environment_has(pid: i32, wanted: impl Fn(&[u8]) -> bool) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mut variables = environment.split(|byte| *byte == 0);
    variables.any(|one| {
        one.strip_prefix(TAG.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")).is_some_and(&wanted)
    })
}

fn holds(pid: i32, pipe: u64) -> bool {
    let name = format!("pipe:[{pipe}]");
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    descriptors
        .flatten()
        .any(|one| fs::read_link(one.path()).is_ok_and(|target| target.as_os_str() == &*name))
}

fn command_of(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    words.join(" ").trim_end().chars().take(60).collect()
}

/// The time of day of a tick since boot; off by as much as the clock was set since.
fn clock_time(ticks: u64) -> Option<DateTime<Utc>> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let booted: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let after = i64::try_from(ticks / rustix::param::clock_ticks_per_second().max(1)).ok()?;
    DateTime::from_timestamp(booted + after, 0)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn nap() -> (Child, Process) {
        let child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = process_table::read(&child.id().to_string()).unwrap();
        (child, process)
    }

    #[test]
    fn case_29_a_number_that_was_used_again_hits_no_stranger() {
        let (mut child, process) = nap();
        // Whoever was looked at had this number, and started at another time.
        assert!(open(process.pid, process.started_ticks + 1).is_none());
        assert!(open(process.pid, process.started_ticks).is_some());
        child.kill().unwrap();
        assert!(
            wait_until(|| open(process.pid, process.started_ticks).is_none()),
            "one that has ended is not signalled, even before it was waited for"
        );
        child.wait().unwrap();
        assert!(open(process.pid, process.started_ticks).is_none());
    }

    #[test]
    fn whoever_has_no_mark_is_a_stranger() {
        let (mut child, process) = nap();
        let mark = Mark { tag: "nobody:0", pipe: Some(0), ..Mark::default() };
        assert!(!mark.members().iter().any(|one| one.pid == process.pid));
        assert_eq!(stop("nobody:0", None, Duration::ZERO), []);
        let led = Mark { leader: Some(process.pid), ..mark };
        assert!(led.members().iter().any(|one| one.pid == process.pid));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn whoever_cleaned_its_environment_is_found_by_its_number_and_start_alone() {
        let (mut child, process) = nap();
        let stop = |ticks| stop("nobody:1", Some((process.pid, ticks)), Duration::from_mins(1));
        assert_eq!(stop(process.started_ticks + 1), []);
        assert_eq!(child.try_wait().unwrap(), None, "its number was used again");
        assert_eq!(stop(process.started_ticks), []);
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn an_orphan_without_a_mark_belongs_to_a_step_only_if_it_came_during_that() {
        let (mut child, process) = nap();
        // Children of ours that share our group were started by other code of ours.
        assert!(!is_orphan(&process, process.started_ticks));
        let elsewhere = Process { group: process.pid, ..process };
        assert!(is_orphan(&elsewhere, process.started_ticks) || me() == 1);
        assert!(!is_orphan(&elsewhere, process.started_ticks + 1));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn descent_is_followed_to_the_end_and_no_further() {
        let process =
            |pid, parent| Process { pid, parent, group: 1, session: 1, started_ticks: 0, is_zombie: false };
        let table = [process(5, 4), process(4, 3), process(3, 2), process(7, 6), process(2, 1)];
        assert_eq!(with_descendants(&table, BTreeSet::from([3])), BTreeSet::from([3, 4, 5]));
        assert_eq!(with_descendants(&table, BTreeSet::new()), BTreeSet::new());
    }

    fn wait_until(mut holds: impl FnMut() -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_mins(1) {
            if holds() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }
}
