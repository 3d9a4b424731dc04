//! The process table, as `/proc` shows it.

use std::fs;
use std::io;

use super::kernel_file;

/// One process, or what is left of it until its parent has asked how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its process id.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// When it started, in clock ticks since boot: with the pid it names one process of this boot for ever.
    pub started_ticks: u64,
    /// Whether it has ended and only waits for its parent.
    pub is_zombie: bool,
}

/// One process: a number, or `self`.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] when there is none.
pub fn read(pid: &str) -> io::Result<Process> {
    let bytes = match kernel_file::read(&format!("/proc/{pid}/stat")) {
        // A process that is gone by the time that its file is read.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {
            return Err(io::ErrorKind::NotFound.into());
        }
        other => other?,
    };
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// All processes that can be seen, also those that have ended.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|pid| read(&pid).ok())
        .collect()
}

/// The children of a process, those that have ended included.
///
/// Source: proc_tid_children(5): complete only while nothing ends meanwhile, so whoever has to be sure asks again.
/// A kernel without these files is asked the long way.
pub fn children_of(pid: i32) -> Vec<i32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut children = Vec::new();
    for thread in threads.flatten() {
        match fs::read_to_string(thread.path().join("children")) {
            Ok(list) => {
                children.extend(list.split_ascii_whitespace().filter_map(|one| one.parse::<i32>().ok()));
            }
            // The thread has ended.
            Err(_) if !thread.path().exists() => {}
            Err(_) => {
                return all().iter().filter(|one| one.parent == pid).map(|one| one.pid).collect();
            }
        }
    }
    children
}

/// Fields of `/proc/PID/stat`, counted from the first one after the program's name.
///
/// Source: proc_pid_stat(5): state is field 3, start time field 22; the name is field 2 and may hold blanks and
/// parentheses.
fn parse(stat: &str) -> Option<Process> {
    let (pid, _) = stat.split_once(' ')?;
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().collect();
    let number = |n: usize| fields.get(n)?.parse::<i32>().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        started_ticks: fields.get(19)?.parse().ok()?,
        is_zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_hides_no_field() {
        let line = "17 (a b) Z) 5) S 3 16 15 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 2246182 16961536 3340";
        let process = parse(line).unwrap();
        assert_eq!((process.pid, process.parent, process.group, process.session), (17, 3, 16, 15));
        assert_eq!((process.started_ticks, process.is_zombie), (2_246_182, false));
        assert_eq!(parse("17 (cut sho"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_child_is_listed_until_it_has_been_waited_for_and_then_no_more() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let me = i32::try_from(std::process::id()).unwrap();
        assert!(children_of(me).contains(&pid));
        assert!(all().iter().any(|process| process.pid == pid && process.parent == me));
        child.wait().unwrap();
        assert!(!children_of(me).contains(&pid));
        assert_eq!(read(&pid.to_string()).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
