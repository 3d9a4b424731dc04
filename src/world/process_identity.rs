//! Who this process is, and whether another one still lives.

use std::fs;
use std::io;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::model::Holder;

/// The field of `/proc/PID/stat` with the start time, counted from the first one after the program's name.
///
/// Source: `proc_pid_stat(5)`, field 22; the name is field 2 and may hold blanks and parentheses.
const START_FIELD_AFTER_NAME: usize = 19;

/// This process, as the state file names it.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn current() -> io::Result<Holder> {
    Ok(Holder {
        pid: rustix::process::getpid().as_raw_nonzero().get(),
        started_ticks: started_ticks("self")?,
        boot_id: boot_id()?,
        user: user(),
        host: host(),
    })
}

/// Whether the process that `holder` names still runs: same boot, same number, same start.
///
/// A process that cannot be looked at counts as alive: taking over work from the living is the greater harm.
pub fn is_alive(holder: &Holder) -> bool {
    if boot_id().is_ok_and(|boot| boot != holder.boot_id) {
        return false;
    }
    match started_ticks(&holder.pid.to_string()) {
        Ok(ticks) => ticks == holder.started_ticks,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Asks the process that `holder` names to stop, as Ctrl-C would. Nobody else gets the signal, whoever has that number by
/// now.
///
/// # Errors
/// When it has gone, or may not be asked.
pub fn interrupt(holder: &Holder) -> io::Result<()> {
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let pid = Pid::from_raw(holder.pid).ok_or_else(gone)?;
    // What is opened stays the process that it was; so it is looked at after that.
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    if !is_alive(holder) {
        return Err(gone());
    }
    Ok(pidfd_send_signal(process, Signal::INT)?)
}

/// The name of the user that mainstay runs as; `uid:N` for one without a name in `/etc/passwd`.
pub fn user() -> String {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| format!("uid:{uid}"))
}

/// The machine's name.
pub fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn started_ticks(process: &str) -> io::Result<u64> {
    let bytes = match fs::read(format!("/proc/{process}/stat")) {
        // A process that ends while its file is read.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
            return Err(io::ErrorKind::NotFound.into());
        }
        other => other?,
    };
    let stat = String::from_utf8_lossy(&bytes);
    let after_name = stat.rfind(')').map_or("", |end| &stat[end + 1..]);
    // A zombie waits for its parent and does no work any more.
    if matches!(after_name.trim_start().as_bytes().first(), Some(b'Z' | b'X')) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let field = after_name.split_ascii_whitespace().nth(START_FIELD_AFTER_NAME);
    field.and_then(|ticks| ticks.parse().ok()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_others_with_its_number_are_not_it() {
        let me = current().unwrap();
        assert!(is_alive(&me));
        assert!(!is_alive(&Holder { started_ticks: me.started_ticks + 1, ..me.clone() }));
        assert!(!is_alive(&Holder { boot_id: "another boot".to_owned(), ..me.clone() }));
    }

    #[test]
    fn a_process_that_has_gone_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        child.wait().unwrap();
        assert!(!is_alive(&Holder { pid, ..current().unwrap() }));
    }
}
