//! Who works on a run, and whether they still live.

use std::fs;

use crate::model::Holder;

/// This process.
pub fn current() -> Holder {
    let pid = i32::try_from(std::process::id()).unwrap_or(i32::MAX);
    Holder {
        pid,
        started_ticks: started_ticks(pid).unwrap_or(0),
        boot_id: boot_id(),
        user: user(),
        host: host(),
    }
}

/// Whether the process that `holder` names lives: same boot, same pid, same start.
///
/// A process id alone is used again; after a reboot so is a start time. A zombie does no work any more.
pub fn is_alive(holder: &Holder) -> bool {
    holder.boot_id == boot_id() && started_ticks(holder.pid) == Some(holder.started_ticks)
}

/// Field 22 of `/proc/PID/stat`; `None` when there is no such process, or only what is left of it.
///
/// Source: proc(5). The second field is the program's name in parentheses and may hold anything.
fn started_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let is_dead = matches!(*fields.first()?, "Z" | "X");
    fields.get(19).filter(|_| !is_dead)?.parse().ok()
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The name of the user that this process runs as, as far as the machine has one for it.
pub fn user() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {uid}"))
}

/// The machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_pid_start_and_boot() {
        let me = current();
        assert!(is_alive(&me));
        assert!(
            !is_alive(&Holder { started_ticks: me.started_ticks + 1, ..me.clone() }),
            "the pid is used again"
        );
        assert!(!is_alive(&Holder { boot_id: "another".to_owned(), ..me }), "the machine was started again");
    }

    #[test]
    fn a_zombie_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while started_ticks(pid).is_some() {
            assert!(std::time::Instant::now() < deadline, "`true` does not end");
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }
}
