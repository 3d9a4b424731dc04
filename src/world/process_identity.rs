//! Who this process is, and whether another one still lives.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::life_sign;
use super::process_table;
use crate::model::Holder;

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
        pid_namespace: pid_namespace(),
        sign_of_life: None,
    })
}

/// Whether the process that `holder` names still runs: same boot, same number, same start.
///
/// A process that cannot be looked at counts as alive: taking over work from the living is the greater harm. In another
/// container its number says nothing here, so its [sign of life](life_sign) is asked for.
pub fn is_alive(holder: &Holder) -> bool {
    if boot_id().is_ok_and(|boot| boot != holder.boot_id) {
        return false;
    }
    if !is_of_this_namespace(holder) {
        return holder.sign_of_life.as_deref().is_none_or(life_sign::is_given);
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
    if !is_of_this_namespace(holder) {
        return Err(io::Error::other("it runs in another container, and cannot be asked from here"));
    }
    let pid = Pid::from_raw(holder.pid).ok_or_else(gone)?;
    // What is opened stays the process that it was; so it is looked at after that.
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    if !is_alive(holder) {
        return Err(gone());
    }
    Ok(pidfd_send_signal(process, Signal::INT)?)
}

/// Whether the machine was not started again since `holder` was.
pub fn is_of_this_boot(holder: &Holder) -> bool {
    boot_id().is_ok_and(|boot| boot == holder.boot_id)
}

/// Whether process ids mean here what they meant to `holder`.
///
/// Source: pid_namespaces(7). The number of a namespace is used again only when that is gone, with all that was in it.
pub fn is_of_this_namespace(holder: &Holder) -> bool {
    match (holder.pid_namespace, pid_namespace()) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => true,
    }
}

fn pid_namespace() -> Option<u64> {
    fs::metadata("/proc/self/ns/pid").ok().map(|namespace| namespace.ino())
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

/// The person who speaks through mainstay: [`user`], and who became that by `sudo` or `doas`.
pub fn person() -> String {
    let user = user();
    let before = ["SUDO_USER", "DOAS_USER"].into_iter().find_map(|name| std::env::var(name).ok());
    match before.filter(|before| !before.is_empty() && *before != user) {
        Some(before) if rustix::process::geteuid().is_root() => format!("{before} (as {user})"),
        _ => user,
    }
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

fn started_ticks(pid: &str) -> io::Result<u64> {
    let process = process_table::read(pid)?;
    // A zombie waits for its parent and does no work any more.
    if process.is_zombie { Err(io::ErrorKind::NotFound.into()) } else { Ok(process.started_ticks) }
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

    #[test]
    fn case_35_a_number_that_another_program_has_by_now_is_not_the_holder() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let ticks = started_ticks(&pid.to_string()).unwrap();
        let holder = Holder { pid, started_ticks: ticks, ..current().unwrap() };
        assert!(is_alive(&holder), "respected");
        assert!(
            !is_alive(&Holder { started_ticks: ticks - 1, ..holder.clone() }),
            "its number was used again"
        );
        assert!(
            !is_alive(&Holder { boot_id: "before".to_owned(), ..holder }),
            "the machine was started again"
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn case_36_the_first_process_of_a_container_is_not_the_one_of_its_last_life() {
        // The machine was not started again, and the number is 1 as ever: the start tells them apart.
        let first = process_table::read("1").unwrap();
        let now = Holder { pid: 1, started_ticks: first.started_ticks, ..current().unwrap() };
        assert!(is_alive(&now));
        assert!(!is_alive(&Holder { started_ticks: first.started_ticks + 1, ..now }));
    }

    #[test]
    fn of_a_process_in_another_container_its_sign_of_life_tells_and_without_one_it_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let sign = folder.path().join("life/1");
        // The same number is a living process here, and says nothing.
        let mut holder = Holder { pid_namespace: Some(1), started_ticks: 7, ..current().unwrap() };
        assert!(is_alive(&holder), "nobody can know");
        holder.sign_of_life = Some(sign.clone());
        assert!(is_alive(&holder), "somebody removed its sign");
        let given = life_sign::give(&sign).unwrap();
        assert!(is_alive(&holder));
        assert!(interrupt(&holder).unwrap_err().to_string().contains("another container"));
        drop(given);
        assert!(!is_alive(&holder), "the kernel took the lock away with the process");
        assert!(!is_alive(&Holder { pid_namespace: None, ..holder }), "one of before counts as one of here");
    }

    #[test]
    fn case_39_one_that_does_nothing_for_long_is_alive_and_one_that_ended_is_not() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let ticks = started_ticks(&child.id().to_string()).unwrap();
        let holder = Holder { pid: pid.as_raw_nonzero().get(), started_ticks: ticks, ..current().unwrap() };
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        assert!(is_alive(&holder), "a stopped process comes back");
        child.kill().unwrap();
        while is_alive(&holder) {
            std::thread::yield_now();
        }
        // Nobody has waited for it yet: a zombie does no work.
        child.wait().unwrap();
    }
}
