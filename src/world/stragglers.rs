//! Finds and stops processes by a tag in their environment.
//!
//! A process group is left by `setsid`, and a parent is left by a double fork, but the environment stays: every
//! process that a step starts carries the step's tag, as long as it does not clean its environment itself.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable that carries the tag.
pub const TAG: &str = "MAINSTAY_STEP";

/// A process that carries a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straggler {
    /// Its process id.
    pub pid: i32,
    /// Its command line, shortened.
    pub command: String,
}

impl fmt::Display for Straggler {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "pid {} ({})", self.pid, self.command)
    }
}

/// All living processes that carry `tag`; those of other users cannot be seen.
pub fn find(tag: &str) -> Vec<Straggler> {
    let wanted = format!("{TAG}={tag}");
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| carries(*pid, &wanted))
        .map(|pid| Straggler { pid, command: command_of(pid) })
        .collect()
}

/// Stops all processes that carry `tag`: TERM and CONT, then KILL once `grace` is over. Returns who is left.
///
/// Each is signalled through a descriptor of the very process whose tag was read, so that a process id that
/// is used again hits no stranger.
pub fn stop(tag: &str, grace: Duration) -> Vec<Straggler> {
    let deadline = Instant::now() + grace;
    signal_all(tag, &[Signal::TERM, Signal::CONT]);
    if wait_until_gone(tag, deadline) {
        return Vec::new();
    }
    signal_all(tag, &[Signal::KILL]);
    wait_until_gone(tag, Instant::now() + AFTER_KILL);
    find(tag)
}

/// The kernel needs a moment to take a killed process away.
const AFTER_KILL: Duration = Duration::from_secs(2);
/// How often the process table is looked at while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(10);

fn wait_until_gone(tag: &str, deadline: Instant) -> bool {
    loop {
        if find(tag).is_empty() {
            return true;
        }
        if deadline <= Instant::now() {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn signal_all(tag: &str, signals: &[Signal]) {
    let wanted = format!("{TAG}={tag}");
    for straggler in find(tag) {
        let Some(pid) = Pid::from_raw(straggler.pid) else { continue };
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        if carries(straggler.pid, &wanted) {
            for signal in signals {
                // It may have ended on the signal before: that is what was wanted.
                let _ = pidfd_send_signal(&process, *signal);
            }
        }
    }
}

/// Whether the process is alive (a zombie has no environment left) and carries `wanted`.
fn carries(pid: i32, wanted: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}

fn command_of(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    words.join(" ").trim_end().chars().take(60).collect()
}
