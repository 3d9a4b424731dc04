//! The processes by name.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use super::Unreadable;

/// The longest name that the kernel keeps of a program.
///
/// Source: proc_pid_comm(5): `TASK_COMM_LEN` is 16, with the final NUL.
const LONGEST_NAME: usize = 15;

/// All processes that can be seen, by the name of their program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processes {
    by_name: HashMap<Box<[u8]>, Vec<u32>>,
    /// Whether those of other users can be seen.
    sees_all: bool,
}

impl Processes {
    /// The ids of those that run a program of this name.
    ///
    /// The kernel keeps the first 15 bytes of a name; of a longer one the first word of the command line decides.
    ///
    /// # Errors
    /// [`Unreadable`] when there is none among those that this user may see, who may not see all.
    pub fn named(&self, name: &str) -> Result<Vec<u32>, Unreadable> {
        let kept = &name.as_bytes()[..name.len().min(LONGEST_NAME)];
        let candidates = self.by_name.get(kept).map_or(&[][..], Vec::as_slice);
        let is_it = |pid: &&u32| name.len() <= LONGEST_NAME || has_first_word(**pid, name);
        let found: Vec<u32> = candidates.iter().filter(is_it).copied().collect();
        if found.is_empty() && !self.sees_all {
            return Err(Unreadable("this user may not see the processes of others (hidepid)".to_owned()));
        }
        Ok(found)
    }
}

fn has_first_word(pid: u32, name: &str) -> bool {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return false };
    let first = line.split(|byte| *byte == 0).next().unwrap_or_default();
    // A program that words its own title, as nginx does, ends its name by a blank or a colon.
    let first = first.split(|byte| matches!(byte, b' ' | b':')).next().unwrap_or_default();
    first.rsplit(|byte| *byte == b'/').next() == Some(name.as_bytes())
}

/// The user whose rights a process has, by number; `None` when it is gone.
///
/// # Errors
/// [`Unreadable`].
///
/// Source: proc_pid_status(5): `Uid:` has the real, effective, saved and file-system ids.
pub fn user_of(pid: u32) -> Result<Option<u32>, Unreadable> {
    let path = format!("/proc/{pid}/status");
    let status = match std::fs::read_to_string(&path) {
        Ok(status) => status,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Unreadable::file(&path, &error)),
    };
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    Ok(ids.and_then(|ids| ids.split_ascii_whitespace().nth(1)?.parse().ok()))
}

/// Reads the process table.
pub(super) fn read() -> Result<Processes, Unreadable> {
    let entries = std::fs::read_dir("/proc").map_err(|error| Unreadable::file("/proc", &error))?;
    let mut found = Processes::default();
    let mut buffer = [0; 512];
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        found.sees_all |= pid == 1;
        // A process may be gone by the time that its file is read.
        let Ok(mut file) = File::open(format!("/proc/{pid}/stat")) else { continue };
        let Ok(n_bytes) = file.read(&mut buffer) else { continue };
        if let Some(name) = name_of_running(&buffer[..n_bytes]) {
            found.by_name.entry(name.into()).or_default().push(pid);
        }
    }
    if found.by_name.is_empty() {
        return Err(Unreadable("/proc shows no process".to_owned()));
    }
    Ok(found)
}

/// The name in a line of `/proc/PID/stat`; none of a process that has ended and waits for its parent.
///
/// Source: proc_pid_stat(5): the name stands in parentheses and may hold some itself.
fn name_of_running(line: &[u8]) -> Option<&[u8]> {
    let start = line.iter().position(|byte| *byte == b'(')? + 1;
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let state = line.get(end + 2)?;
    (!matches!(state, b'Z' | b'X' | b'x')).then(|| line.get(start..end)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses_and_what_has_ended_does_not_run() {
        assert_eq!(name_of_running(b"17 (a b) Z) S 3 16"), Some(&b"a b) Z"[..]));
        assert_eq!(name_of_running(b"17 (a) Z 3 16"), None);
        assert_eq!(name_of_running(b"17 (cut"), None);
    }

    #[test]
    fn a_child_is_found_by_its_name_as_long_as_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("a-name-that-is-longer-than-the-kernel-keeps");
        std::fs::copy("/bin/sleep", &long).unwrap();
        let mut child = std::process::Command::new(&long).arg("600").spawn().unwrap();
        let processes = read().unwrap();
        let named = |name: &str| processes.named(name).unwrap();
        assert_eq!(named("a-name-that-is-longer-than-the-kernel-keeps"), [child.id()]);
        assert_eq!(named("a-name-that-is-l-and-otherwise-differs"), Vec::<u32>::new());
        assert_eq!(user_of(child.id()).unwrap(), Some(rustix::process::geteuid().as_raw()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(user_of(child.id()).unwrap(), None);
    }

    #[test]
    fn where_not_all_can_be_seen_none_is_unknown() {
        let hidden = Processes { sees_all: false, ..Processes::default() };
        assert!(hidden.named("a").unwrap_err().0.contains("hidepid"));
        assert_eq!(Processes { sees_all: true, ..hidden }.named("a").unwrap(), Vec::<u32>::new());
    }
}
