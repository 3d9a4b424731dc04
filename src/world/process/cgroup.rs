//! A cgroup for each job, where the kernel lets us have one: the one thing that no process leaves by itself.
//!
//! The group is made below the one that mainstay is in, named after the job's tag, and removed at the job's end. Only
//! version 2 will do. Nothing is asked for beyond that: no controller is switched on, and mainstay itself is not moved.
//! Where it cannot be done - no cgroup file system, a read-only one, no permission - it is not tried again, and
//! process group, tag and orphans have to do.
//!
//! A process is born into its parent's group, and only `clone3` can change that, which std does not offer. So a job is
//! moved once it runs: its leader, whatever descends from it, and what of it has lost its parent already. A job that is
//! over in no time gets no group, which would cost more than the job itself; it can be found by the other marks.
//!
//! Source: Linux, Documentation/admin-guide/cgroup-v2.rst.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::process_table::children_of;
use crate::model::Usage;

/// Where jobs get their groups: mainstay's own group.
static HOME: OnceLock<Option<PathBuf>> = OnceLock::new();
/// Set when the kernel refused once.
static IS_REFUSED: AtomicBool = AtomicBool::new(false);

/// The groups of all jobs begin like this.
const PREFIX: &str = "mainstay-";
/// An empty group that is older than this was left by a crash, or by a program that has outlived its job.
const LEFT_AFTER: Duration = Duration::from_mins(1);

/// The folder below which jobs get their groups, if they do.
pub fn home() -> Option<&'static Path> {
    if IS_REFUSED.load(Ordering::Relaxed) {
        return None;
    }
    let find = || {
        let own = own_path(&fs::read_to_string("/proc/self/cgroup").ok()?)?.to_owned();
        let home = folder_of(&own, &fs::read_to_string("/proc/self/mountinfo").ok()?)?;
        sweep(&home);
        Some(home)
    };
    HOME.get_or_init(find).as_deref()
}

/// A job's cgroup. It goes when it is dropped, unless somebody still lives in it.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    fn new(tag: &str) -> Option<Self> {
        let folder = home()?.join(name_of(tag));
        match fs::create_dir(&folder) {
            Ok(()) => Some(Self(folder)),
            // The tag was used before, by a process of another boot or of another container: it says too little.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            Err(_) => {
                IS_REFUSED.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// A new group for the job with this tag, with its leader and whoever descends from that.
    pub fn around(leader: i32, tag: &str) -> Option<Self> {
        let group = Self::new(tag)?;
        match group.take_in(leader) {
            Ok(()) => Some(group),
            // It has ended already.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => None,
            Err(_) => {
                IS_REFUSED.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Takes in a process and whoever descends from it.
    ///
    /// # Errors
    /// When it has ended, or belongs to somebody else.
    pub fn take_in(&self, pid: i32) -> io::Result<()> {
        fs::write(self.0.join("cgroup.procs"), pid.to_string())?;
        for child in children_of(pid) {
            // It may have ended; inside it is already if it was born after its parent was moved.
            let _ = self.take_in(child);
        }
        Ok(())
    }

    /// What the whole group used, as far as the kernel counts it here, where that is more than `known`.
    pub fn usage(&self, known: Usage) -> Usage {
        let read = |name: &str| fs::read_to_string(self.0.join(name)).ok();
        let cpu = read("cpu.stat").unwrap_or_default();
        let ms = |key: &str| value_of(&cpu, key).unwrap_or(0) / 1000;
        let peak = read("memory.peak").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let io = read("io.stat");
        let bytes = |key: &str| io.as_deref().map(|text| sum_of(text, key));
        Usage {
            user_ms: known.user_ms.max(ms("user_usec")),
            system_ms: known.system_ms.max(ms("system_usec")),
            peak_bytes: known.peak_bytes.max(peak),
            read_bytes: known.read_bytes.max(bytes("rbytes")),
            written_bytes: known.written_bytes.max(bytes("wbytes")),
        }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Refused while somebody lives in it; it is swept away later.
        let _ = fs::remove_dir(&self.0);
    }
}

/// Kills everybody in the job's group at once, so that nobody gets away by forking.
pub fn kill_all(tag: &str) {
    if let Some(home) = home() {
        // Older kernels than 5.14 have no such file; each process is killed by itself as well.
        let _ = fs::write(home.join(name_of(tag)).join("cgroup.kill"), "1");
    }
}

/// Whether the process is in the group of the job with this tag, or below it.
pub fn is_in(pid: i32, tag: &str) -> bool {
    is_in_where(pid, |name| name == name_of(tag))
}

/// Whether the process is in the group of any job.
pub fn is_in_any(pid: i32) -> bool {
    is_in_where(pid, |name| name.starts_with(PREFIX))
}

fn is_in_where(pid: i32, wanted: impl Fn(&str) -> bool) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    own_path(&text).is_some_and(|path| path.split('/').any(wanted))
}

fn name_of(tag: &str) -> String {
    format!("{PREFIX}{}", tag.replace(['/', '\n'], "_"))
}

/// The version 2 line of `/proc/PID/cgroup`.
fn own_path(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::"))
}

/// Where the cgroup `path` is mounted, by `/proc/self/mountinfo`.
///
/// Source: proc_pid_mountinfo(5): field 4 is the root of the mount in its file system, field 5 the mount point; the
/// type comes after a lone `-`.
fn folder_of(path: &str, mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        let below = Path::new(path).strip_prefix(root).ok()?;
        kind.starts_with("cgroup2 ").then(|| Path::new(point).join(below))
    })
}

/// Removes groups that nobody lives in any more.
fn sweep(home: &Path) {
    let Ok(entries) = fs::read_dir(home) else { return };
    for entry in entries.flatten() {
        let is_left = |age: Duration| LEFT_AFTER < age;
        let age = entry.metadata().and_then(|data| data.modified()).map(|time| time.elapsed());
        if is_ours(&entry.file_name()) && age.is_ok_and(|age| age.is_ok_and(is_left)) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(PREFIX))
}

/// The number after `key` in lines of `key number`.
fn value_of(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok())
}

/// The sum of `key=number` over the lines, each of which is about one device.
fn sum_of(text: &str, key: &str) -> u64 {
    let words = text.split_ascii_whitespace();
    words.filter_map(|word| word.strip_prefix(key)?.strip_prefix('=')?.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn the_own_group_is_found_below_its_mount_in_every_layout() {
        let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
        let hybrid = "33 32 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
                      40 32 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
        let container = "99 88 0:26 /box/a /sys/fs/cgroup ro - cgroup2 cgroup rw";
        let check = |proc_cgroup: &str, mountinfo: &str, expected: Option<&str>| {
            let found = own_path(proc_cgroup).and_then(|path| folder_of(path, mountinfo));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{proc_cgroup} in {mountinfo}");
        };
        check("0::/system.slice/cron.service\n", unified, Some("/sys/fs/cgroup/system.slice/cron.service"));
        check("4:memory:/x\n0::/\n", hybrid, Some("/sys/fs/cgroup/unified/"));
        check("0::/box/a/b\n", container, Some("/sys/fs/cgroup/b"));
        check("0::/elsewhere\n", container, None);
        check("4:memory:/x\n", unified, None);
        check("0::/\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw", None);
    }

    #[test]
    fn figures_are_read_from_the_kernels_own_form() {
        let cpu = "usage_usec 3100\nuser_usec 2000\nsystem_usec 1100\nuser_usec_raw 7\n";
        assert_eq!((value_of(cpu, "user_usec"), value_of(cpu, "nice_usec")), (Some(2000), None));
        let io = "8:0 rbytes=100 wbytes=7 rios=1\n259:0 rbytes=11 wbytes=0\n";
        assert_eq!((sum_of(io, "rbytes"), sum_of(io, "wbytes"), sum_of("", "rbytes")), (111, 7, 0));
    }

    #[test]
    fn a_process_is_in_the_group_that_its_tag_names_and_a_group_goes_with_its_job() {
        let tag = format!("cgroup-test:{}", std::process::id());
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        assert!(!is_in(pid, &tag));

        let group = Cgroup::around(pid, &tag);

        assert_eq!((is_in(pid, &tag), is_in(pid, "cgroup-test:0")), (group.is_some(), false));
        assert_eq!(is_in_any(pid), group.is_some());
        // Where mainstay may not make groups there is nothing more to show.
        if group.is_none() {
            child.kill().unwrap();
        }
        kill_all(&tag);
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let folder = group.as_ref().map(|group| group.0.clone());
        drop(group);
        assert!(folder.is_none_or(|folder| !folder.exists()));
    }
}
