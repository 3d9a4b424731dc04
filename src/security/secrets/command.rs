//! A secret that a program prints.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use zeroize::Zeroizing;

use super::{MAX_BYTES, NoValue};
use crate::world::cancel::Cancel;
use crate::world::output::redactor::Redactor;
use crate::world::process::{self, SpawnError, clean_environment, ending_in_words};
use crate::world::stragglers::{self, TAG};

/// The most that a program may take to print a secret.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// What a program says on standard error is kept up to this, in bytes.
const MAX_SAID: usize = 4 << 10;
/// After the program's end, its output is read until it has been silent for this long.
const IDLE: Duration = Duration::from_millis(300);

/// Tells the programs of one process apart.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// What `argv` prints on standard output, in a clean environment.
pub(super) fn printed_by(
    argv: &[String],
    folder: &Path,
    redactor: &Redactor,
    cancel: &Cancel,
) -> Result<Zeroizing<Vec<u8>>, NoValue> {
    let (name, arguments) = argv.split_first().ok_or(NoValue::NoSource)?;
    let path = process::program(name, folder)?;
    let tag = format!("secret:{}:{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
    let mut command = Command::new(path);
    command.arg0(name).args(arguments).current_dir(folder);
    command.env_clear().envs(clean_environment()).env(TAG, &tag).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let refused = |source| NoValue::Spawn(SpawnError::Refused { program: name.clone(), source });
    let mut child = command.spawn().map_err(refused)?;
    let heard = listen(&mut child, cancel);
    if !matches!(heard, Ok(Heard { end: End::ByItself, .. })) {
        // The leader is not reaped yet, so that its group's number is its own.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        stragglers::stop(&tag, None, Duration::ZERO);
    }
    let status = child.wait().map_err(refused)?;
    let heard = heard.map_err(refused)?;
    match heard.end {
        End::TimedOut => Err(NoValue::TimedOut { program: name.clone() }),
        End::Cancelled => Err(NoValue::Interrupted),
        End::TooLong => Err(NoValue::TooLong),
        End::ByItself if status.success() => Ok(heard.printed),
        End::ByItself => {
            let said = String::from_utf8_lossy(&heard.said);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).map(str::trim);
            let said = last.map_or_else(String::new, |last| format!(": {}", redactor.hide(last)));
            Err(NoValue::Failed { program: name.clone(), ending: ending_in_words(status), said })
        }
    }
}

/// What a program printed, and why it was listened to no longer.
struct Heard {
    printed: Zeroizing<Vec<u8>>,
    said: Vec<u8>,
    end: End,
}

enum End {
    ByItself,
    TimedOut,
    Cancelled,
    TooLong,
}

fn listen(child: &mut Child, cancel: &Cancel) -> io::Result<Heard> {
    let ended: OwnedFd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let mut heard = Heard {
        // Of its full size from the start: a vector that grows leaves copies behind.
        printed: Zeroizing::new(Vec::with_capacity(2 * MAX_BYTES)),
        said: Vec::new(),
        end: End::ByItself,
    };
    let mut buffer = Zeroizing::new(vec![0; 4096]);
    let mut deadline = Instant::now() + TIMEOUT;
    let mut has_ended = false;
    while stdout.is_some() || stderr.is_some() || !has_ended {
        let left = deadline.saturating_duration_since(Instant::now());
        let mut fds = vec![PollFd::new(cancel, PollFlags::IN)];
        if !has_ended {
            fds.push(PollFd::new(&ended, PollFlags::IN));
        }
        let n_first = fds.len();
        fds.extend(stdout.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(stderr.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let timeout = Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<_> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready[0] {
            heard.end = End::Cancelled;
            break;
        }
        if left.is_zero() && !ready.contains(&true) {
            // Somebody else holds the output of a program that has ended.
            heard.end = if has_ended { End::ByItself } else { End::TimedOut };
            break;
        }
        if !has_ended && ready[1] {
            has_ended = true;
            deadline = Instant::now() + IDLE;
        }
        let n_stdout = usize::from(stdout.is_some());
        if n_stdout == 1 && ready[n_first] {
            read_some(&mut stdout, &mut buffer, &mut heard.printed)?;
        }
        if stderr.is_some() && ready[n_first + n_stdout] {
            read_some(&mut stderr, &mut buffer, &mut heard.said)?;
            let surplus = heard.said.len().saturating_sub(MAX_SAID);
            heard.said.drain(..surplus);
        }
        if MAX_BYTES < heard.printed.len() {
            heard.end = End::TooLong;
            break;
        }
    }
    Ok(heard)
}

/// Reads once from a pipe that has something, and forgets it at its end.
fn read_some(pipe: &mut Option<impl Read>, buffer: &mut [u8], into: &mut Vec<u8>) -> io::Result<()> {
    let Some(open) = pipe else { return Ok(()) };
    match open.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(n) => into.extend_from_slice(&buffer[..n]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(error),
    }
    Ok(())
}
