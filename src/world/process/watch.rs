//! Watching a job: its end, its output, its time, and the request to stop.

use std::io::{self, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::fstat;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use wait4::{ResUse, Wait4};

use super::cgroup::Cgroup;
use super::children::{Leader, reap};
use super::spawn::Spawned;
use super::usage::{io_of, usage_of};
use super::{Finished, Job, OnStart, Started, Stopped};
use crate::world::cancel::{Cancel, timespec};
use crate::world::output::Capture;
use crate::world::stragglers::{self, Mark, Straggler};

/// After the leader's end, output is read until it has been silent for this long.
const IDLE: Duration = Duration::from_millis(300);
/// A job that lasts longer than this gets a cgroup, and its process is told while it goes on. Making one, moving a process there and removing it takes a third of
/// what a program that does nothing takes from start to end, in the kernel alone.
const SHORT: Duration = Duration::from_millis(20);
/// A leader that was killed and does not go is looked at again this often.
const STUBBORN: Duration = Duration::from_secs(5);

/// What is read of the output at once at first, as most jobs print little.
const SMALL: usize = 4 * 1024;
/// And from a job that prints more: as much as a pipe holds.
const LARGE: usize = 64 * 1024;

/// A running job.
struct Watch<'a> {
    job: &'a Job<'a>,
    leader: Leader,
    ended: OwnedFd,
    output: Option<PipeReader>,
    /// The inode of the pipe that takes the output.
    pipe: Option<u64>,
    capture: &'a mut Capture,
    buffer: Vec<u8>,
    cgroup: Option<Cgroup>,
    /// Whether its process has been told.
    is_told: bool,
}

/// What was heard while waiting.
#[derive(Default)]
struct Heard {
    leader_ended: bool,
    another_ended: bool,
    cancelled: bool,
}

/// Watches a job to its end.
pub(super) fn watch(
    job: &Job,
    spawned: Spawned,
    capture: &mut Capture,
    cancel: &Cancel,
) -> io::Result<Finished> {
    let Spawned { child, leader, output } = spawned;
    let ended = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    let pipe = fstat(&output).ok().map(|stat| stat.st_ino);
    let buffer = vec![0; SMALL];
    let (output, cgroup, is_told) = (Some(output), None, false);
    let watch = Watch { job, leader, ended, output, pipe, capture, buffer, cgroup, is_told };
    watch.until_the_end(child, cancel)
}

impl<'a> Watch<'a> {
    fn until_the_end(mut self, child: Child, cancel: &Cancel) -> io::Result<Finished> {
        let stopped = self.run(cancel)?;
        self.tell_process(false);
        let mut left = if stopped.is_some() { self.stop()? } else { Vec::new() };
        // Asked before it is waited for: until then its number, its group's and its session's are nobody else's.
        let io = io_of(self.leader.pid);
        let ResUse { status, rusage } = child.wait4()?;
        self.drain()?;
        if stopped.is_none() && self.output.is_some() {
            left = self.pipe.map(stragglers::holders_of).unwrap_or_default();
        }
        let usage = usage_of(&rusage, io);
        let usage = self.cgroup.as_ref().map_or(usage, |cgroup| cgroup.usage(usage));
        Ok(Finished { status, stopped, left, usage })
    }

    /// Waits for the leader's end, the timeout or the request to stop.
    fn run(&mut self, cancel: &Cancel) -> io::Result<Option<Stopped>> {
        let began = Instant::now();
        let mut is_short = true;
        loop {
            let left = self.job.timeout.saturating_sub(began.elapsed());
            let until_long = SHORT.saturating_sub(began.elapsed());
            if is_short && until_long.is_zero() {
                is_short = false;
                self.tell_process(true);
                self.cgroup = self.make_cgroup();
            }
            let patience = if is_short { left.min(until_long) } else { left };
            let heard = self.listen(Some(cancel), &[], patience)?;
            if heard.leader_ended {
                return Ok(None);
            }
            if heard.cancelled {
                return Ok(Some(Stopped::Cancelled));
            }
            if left.is_zero() {
                return Ok(Some(Stopped::TimedOut));
            }
        }
    }

    /// Tells whoever wants to know which process it is, once.
    fn tell_process(&mut self, is_going: bool) {
        if let Some(OnStart(tell)) = self.job.on_start.filter(|_| !self.is_told)
            && let Some(started_ticks) = self.leader.started_ticks()
        {
            self.is_told = true;
            tell(Started { pid: self.leader.pid, started_ticks, is_going });
        }
    }

    /// Puts what is there of the job into a cgroup, if it may have one.
    fn make_cgroup(&self) -> Option<Cgroup> {
        let cgroup = Cgroup::around(self.leader.pid, &self.job.tag)?;
        for orphan in self.mark().orphans() {
            // It may have ended by now.
            let _ = cgroup.take_in(orphan);
        }
        Some(cgroup)
    }

    fn mark(&self) -> Mark<'a> {
        Mark {
            tag: &self.job.tag,
            leader: Some(self.leader.pid),
            root: None,
            pipe: self.pipe,
            orphans_since: self.leader.started_ticks().filter(|_| self.leader.is_alone()),
        }
    }

    /// Stops the whole tree; returns who is left of it.
    fn stop(&mut self) -> io::Result<Vec<Straggler>> {
        let mark = self.mark();
        let left = stragglers::stop_waiting(&mark, self.job.grace, |ends, timeout| {
            let heard = self.listen(None, ends, timeout)?;
            reap();
            Ok(heard.another_ended)
        })?;
        // A leader that cannot be killed, deep in the kernel, can only be waited for.
        while !self.listen(None, &[], STUBBORN)?.leader_ended {}
        Ok(left)
    }

    fn drain(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + self.job.drain;
        while let Some(output) = &self.output {
            let left = deadline.saturating_duration_since(Instant::now());
            let mut fds = [PollFd::new(output, PollFlags::IN)];
            poll_patiently(&mut fds, left.min(IDLE))?;
            if left.is_zero() || fds[0].revents().is_empty() {
                break;
            }
            self.take_output()?;
        }
        Ok(())
    }

    /// Waits until something happens, at most for `timeout`, and takes output that is there. `others` become readable
    /// when other processes end.
    fn listen(
        &mut self,
        cancel: Option<&Cancel>,
        others: &[OwnedFd],
        timeout: Duration,
    ) -> io::Result<Heard> {
        let mut fds = vec![PollFd::new(&self.ended, PollFlags::IN)];
        fds.extend(others.iter().map(|end| PollFd::new(end, PollFlags::IN)));
        let after_others = fds.len();
        fds.extend(self.output.as_ref().map(|output| PollFd::new(output, PollFlags::IN)));
        let after_output = fds.len();
        fds.extend(cancel.map(|cancel| PollFd::new(cancel, PollFlags::IN)));
        poll_patiently(&mut fds, timeout)?;
        let is_ready = |fd: &PollFd| !fd.revents().is_empty();
        let heard = Heard {
            leader_ended: is_ready(&fds[0]),
            another_ended: fds[1..after_others].iter().any(is_ready),
            cancelled: fds[after_output..].iter().any(is_ready),
        };
        if fds[after_others..after_output].iter().any(is_ready) {
            self.take_output()?;
        }
        Ok(heard)
    }

    fn take_output(&mut self) -> io::Result<()> {
        let Some(output) = &mut self.output else { return Ok(()) };
        match output.read(&mut self.buffer) {
            Ok(0) => self.output = None,
            Ok(n) => {
                self.capture.take(&self.buffer[..n]);
                if n == SMALL {
                    self.buffer.resize(LARGE, 0);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Polls; a signal that interrupts it counts as nothing having happened.
fn poll_patiently(fds: &mut [PollFd], timeout: Duration) -> io::Result<()> {
    match poll(fds, Some(&timespec(timeout))) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
