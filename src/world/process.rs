//! Processes: started in a group of their own, watched with a deadline, stopped as a whole tree.
//!
//! 1. stdin is null, or a file: a prompt fails fast instead of hanging.
//! 2. The environment is clean and documented ([`clean_environment`]).
//! 3. Output is read all the time and kept in constant memory, so that a child never blocks on us.
//! 4. The exit status is the leader's; a grandchild that holds the output open delays the end by seconds at
//!    most and is named.
//! 5. Whoever is stopped is stopped with all descendants, and survivors are named, or there are none.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Access, access};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::cancel::{Cancel, timespec};
use super::output::{Capture, Recording};
use super::secret_env::SecretEnv;
use super::stragglers::{self, Straggler, TAG};
use crate::model::Output;

/// What is to be done by a process.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// The folder it runs in.
    pub folder: &'a Path,
    /// What it reads on stdin; nothing without it.
    pub input: Option<&'a File>,
    /// Variables beside the clean environment.
    pub env: BTreeMap<String, String>,
    /// And those whose values are secret.
    pub secrets: SecretEnv,
    /// What becomes of its output.
    pub recording: Recording,
    /// Finds every process of this job again.
    pub tag: String,
    /// The most that it may take.
    pub timeout: Duration,
    /// The time between TERM and KILL.
    pub grace: Duration,
}

/// How a job ended.
#[derive(Debug)]
pub struct Finished {
    /// The leader's exit status.
    pub status: ExitStatus,
    /// Why it was stopped, if it was.
    pub stopped: Option<Stopped>,
    /// What it printed on stdout and stderr, in the order of printing.
    pub output: Option<Output>,
    /// Processes that outlived the stop, or that hold the output of a job that was not stopped.
    pub left: Vec<Straggler>,
}

/// Why a job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Its time was over.
    TimedOut,
    /// Somebody asked for it.
    Cancelled,
}

/// Why a job was not started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program.
    #[error("program `{program}` is not in {searched}")]
    NotFound {
        /// Its name.
        program: String,
        /// Where it was looked for.
        searched: String,
    },
    /// It is there, but may not be run.
    #[error("program `{}` is not executable", .0.display())]
    NotExecutable(PathBuf),
    /// The folder that it should run in cannot be entered.
    #[error("cannot run in {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot start `{program}`")]
    Refused {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}

/// Where programs are looked for: the caller's `PATH`, or this.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Variables that are taken over from the caller when they are set.
const INHERITED: [&str; 6] = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "XDG_RUNTIME_DIR"];

/// The environment of every step: `PATH`, `HOME`, `USER`, `LOGNAME`, `SSH_AUTH_SOCK`, `TMPDIR` and
/// `XDG_RUNTIME_DIR` as they are, `SHELL=/bin/sh` and `LANG=C.UTF-8`; nothing else leaks in.
pub fn clean_environment() -> BTreeMap<String, String> {
    let mut variables: BTreeMap<_, _> =
        INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?))).collect();
    variables.insert("PATH".to_owned(), search_path());
    variables.insert("SHELL".to_owned(), "/bin/sh".to_owned());
    variables.insert("LANG".to_owned(), "C.UTF-8".to_owned());
    variables
}

fn search_path() -> String {
    env::var("PATH").ok().filter(|path| !path.is_empty()).unwrap_or_else(|| DEFAULT_PATH.to_owned())
}

/// Finds the program that `name` means in `folder`.
///
/// # Errors
/// [`SpawnError::NotFound`] and [`SpawnError::NotExecutable`].
pub fn program(name: &str, folder: &Path) -> Result<PathBuf, SpawnError> {
    if name.contains('/') {
        let path = folder.join(name);
        return match (path.is_file(), is_executable(&path)) {
            (true, true) => Ok(path),
            (true, false) => Err(SpawnError::NotExecutable(path)),
            (false, _) => {
                Err(SpawnError::NotFound { program: name.to_owned(), searched: folder.display().to_string() })
            }
        };
    }
    let searched = search_path();
    env::split_paths(&searched)
        .map(|entry| entry.join(name))
        .find(|path| path.is_file() && is_executable(path))
        .ok_or_else(|| SpawnError::NotFound {
            program: name.to_owned(),
            searched: format!("PATH ({searched})"),
        })
}

fn is_executable(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok()
}

/// Carries out `job` to its end, its timeout or `cancel`.
///
/// # Errors
/// [`SpawnError`]; nothing was started then.
pub fn carry_out(job: &Job, cancel: &Cancel) -> Result<Finished, SpawnError> {
    let (child, output) = spawn(job)?;
    let refused = |source| SpawnError::Refused { program: job.argv[0].clone(), source };
    Watch::new(job, child, output).map_err(refused)?.until_the_end(cancel).map_err(refused)
}

fn spawn(job: &Job) -> Result<(Child, PipeReader), SpawnError> {
    let name = &job.argv[0];
    let in_folder = |source| SpawnError::Folder { folder: job.folder.to_owned(), source };
    if !job.folder.metadata().map_err(in_folder)?.is_dir() {
        return Err(in_folder(io::ErrorKind::NotADirectory.into()));
    }
    let path = program(name, job.folder)?;
    let refused = |source| SpawnError::Refused { program: name.clone(), source };
    let (reader, writer) = io::pipe().map_err(refused)?;
    let input = job.input.map(File::try_clone).transpose().map_err(refused)?;
    // A path of its own keeps posix_spawn, which a changed PATH would turn into a slow fork.
    let mut command = Command::new(path);
    command
        .arg0(name)
        .args(&job.argv[1..])
        .current_dir(job.folder)
        .env_clear()
        .envs(clean_environment())
        .envs(&job.env)
        .envs(job.secrets.exposed())
        .env(TAG, &job.tag)
        .stdin(input.map_or_else(Stdio::null, Stdio::from))
        .stdout(writer.try_clone().map_err(refused)?)
        .stderr(writer)
        .process_group(0);
    let child = command.spawn().map_err(refused)?;
    Ok((child, reader))
}

/// After the leader's end, output is read until it has been silent for this long,
const IDLE: Duration = Duration::from_millis(300);
/// and for this long at most.
const DRAIN: Duration = Duration::from_secs(5);

/// A running job.
struct Watch<'a> {
    job: &'a Job<'a>,
    child: Child,
    group: Pid,
    ended: rustix::fd::OwnedFd,
    output: Option<PipeReader>,
    capture: Capture,
    buffer: Vec<u8>,
}

/// What was heard while waiting.
struct Heard {
    leader_ended: bool,
    cancelled: bool,
    output: bool,
}

impl<'a> Watch<'a> {
    fn new(job: &'a Job<'a>, child: Child, output: PipeReader) -> io::Result<Self> {
        let group = Pid::from_child(&child);
        let ended = pidfd_open(group, PidfdFlags::empty())?;
        let (capture, buffer) = (job.recording.begin(), vec![0; 64 * 1024]);
        Ok(Self { job, child, group, ended, output: Some(output), capture, buffer })
    }

    fn until_the_end(mut self, cancel: &Cancel) -> io::Result<Finished> {
        let stopped = self.run(cancel)?;
        if stopped.is_some() {
            self.stop()?;
        }
        let status = self.child.wait()?;
        self.drain()?;
        let left = if stopped.is_some() || self.output.is_some() {
            stragglers::find(&self.job.tag)
        } else {
            Vec::new()
        };
        Ok(Finished { status, stopped, output: self.capture.finish(), left })
    }

    /// Waits for the leader's end, the timeout or the request to stop.
    fn run(&mut self, cancel: &Cancel) -> io::Result<Option<Stopped>> {
        let deadline = Instant::now() + self.job.timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let heard = self.listen(Some(cancel), left)?;
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

    /// TERM and CONT to the group, KILL after the grace; then whoever has left the group.
    ///
    /// Source: systemd.kill(5): a stopped process acts on TERM only when it is continued.
    fn stop(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + self.job.grace;
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.listen(None, left)?.leader_ended {
                break;
            }
            if left.is_zero() {
                self.signal(Signal::KILL);
                while !self.listen(None, DRAIN)?.leader_ended {}
                break;
            }
        }
        stragglers::stop(&self.job.tag, deadline.saturating_duration_since(Instant::now()));
        self.signal(Signal::KILL);
        Ok(())
    }

    /// The leader is not reaped before the end, so that its group's number is not used again meanwhile.
    fn signal(&self, signal: Signal) {
        // Nobody left in the group is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }

    fn drain(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + DRAIN;
        while self.output.is_some() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.listen_to_output(left.min(IDLE))? {
                break;
            }
        }
        Ok(())
    }

    /// Waits until something happens, at most for `timeout`, and takes output that is there.
    fn listen(&mut self, cancel: Option<&Cancel>, timeout: Duration) -> io::Result<Heard> {
        let mut fds = vec![PollFd::new(&self.ended, PollFlags::IN)];
        fds.extend(self.output.as_ref().map(|output| PollFd::new(output, PollFlags::IN)));
        fds.extend(cancel.map(|cancel| PollFd::new(cancel, PollFlags::IN)));
        poll_patiently(&mut fds, timeout)?;
        let is_ready = |n: usize| fds.get(n).is_some_and(|fd| !fd.revents().is_empty());
        let has_output = usize::from(self.output.is_some());
        let heard = Heard {
            leader_ended: is_ready(0),
            output: has_output == 1 && is_ready(1),
            cancelled: cancel.is_some() && is_ready(1 + has_output),
        };
        if heard.output {
            self.take_output()?;
        }
        Ok(heard)
    }

    /// Takes output that comes within `timeout`; `false` when none came.
    fn listen_to_output(&mut self, timeout: Duration) -> io::Result<bool> {
        let Some(output) = &self.output else { return Ok(false) };
        let mut fds = [PollFd::new(output, PollFlags::IN)];
        poll_patiently(&mut fds, timeout)?;
        let came = !fds[0].revents().is_empty();
        if came {
            self.take_output()?;
        }
        Ok(came)
    }

    fn take_output(&mut self) -> io::Result<()> {
        let Some(output) = &mut self.output else { return Ok(()) };
        match output.read(&mut self.buffer) {
            Ok(0) => self.output = None,
            Ok(n) => self.capture.take(&self.buffer[..n]),
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

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "timed out",
            Self::Cancelled => "interrupted",
        })
    }
}

/// The way a process ended, in words: `exit code 3`, `killed by signal 9 (KILL)`.
pub fn ending_in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}{}", signal_name(signal)),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

fn signal_name(number: i32) -> String {
    let named = signal_hook::low_level::signal_name(number);
    named.map(|name| format!(" ({name})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, timeout_ms: u64) -> (Finished, Duration) {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        let job = Job {
            argv: &argv,
            folder: Path::new("/"),
            input: None,
            env: BTreeMap::new(),
            secrets: SecretEnv::default(),
            recording: Recording::default(),
            tag: format!("test:{}:{}", std::process::id(), script.len()),
            timeout: Duration::from_millis(timeout_ms),
            grace: Duration::from_millis(300),
        };
        let began = Instant::now();
        let finished = carry_out(&job, &Cancel::new().unwrap()).unwrap();
        (finished, began.elapsed())
    }

    #[test]
    fn output_of_both_streams_keeps_its_order() {
        let (finished, _) = run("echo a; echo b >&2; echo c", 10_000);
        assert_eq!(finished.output.unwrap().head, "a\nb\nc\n");
        assert_eq!(finished.status.code(), Some(0));
    }

    #[test]
    fn a_child_that_ignores_term_is_killed_and_so_is_one_that_left_the_group() {
        let (finished, took) =
            run("trap '' TERM; setsid sh -c \"trap '' TERM; sleep 1000\" & sleep 1000", 200);
        assert_eq!(finished.stopped, Some(Stopped::TimedOut));
        assert_eq!(finished.left, [], "no survivor");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }

    #[test]
    fn a_stopped_child_acts_on_term() {
        let (finished, _) = run("trap 'exit 7' TERM; kill -STOP $$; exit 1", 200);
        assert_eq!((finished.stopped, finished.status.code()), (Some(Stopped::TimedOut), Some(7)));
    }

    #[test]
    fn a_grandchild_that_holds_the_output_does_not_hold_the_end() {
        let (finished, took) = run("sleep 60 & echo started", 50_000);
        assert_eq!(finished.status.code(), Some(0));
        assert_eq!(finished.output.unwrap().head, "started\n");
        assert_eq!(finished.left.len(), 1, "the one that holds it is named");
        assert!(took < Duration::from_secs(10), "{took:?}");
        stragglers::stop(
            &format!("test:{}:{}", std::process::id(), "sleep 60 & echo started".len()),
            Duration::ZERO,
        );
    }

    #[test]
    fn a_gigantic_line_costs_constant_memory() {
        let (finished, _) = run("head -c 50000000 /dev/zero", 60_000);
        let output = finished.output.unwrap();
        assert_eq!(
            (output.bytes, output.head.len() + output.tail.len()),
            (50_000_000, 2 * super::super::output::KEPT)
        );
    }

    #[test]
    fn stdin_is_empty_and_the_environment_clean() {
        let (finished, _) = run("read line || echo no input; echo ${TMOUT-clean}", 10_000);
        assert_eq!(finished.output.unwrap().head, "no input\nclean\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = program("no-such-program-at-all", Path::new("/")).unwrap_err();
        assert!(error.to_string().starts_with("program `no-such-program-at-all` is not in PATH"), "{error}");
        assert!(matches!(program("/etc/passwd", Path::new("/")), Err(SpawnError::NotExecutable(_))));
    }
}
