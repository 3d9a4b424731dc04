//! Whether what lies on another machine, or behind a program, answers at all.
//!
//! Whoever asks a file system that hangs waits in the kernel, and no timeout and no signal ends that: not even the
//! process ends that has such a thread. So a process of its own asks first. When it does not come back in time it is left
//! alone, and nobody else asks there in this round. What lies on a disk of this machine is asked at once.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::mounts::Mount;

/// The kinds of file systems that wait for another machine or for a program, beside those of FUSE.
const FAR: [&str; 16] = [
    "9p",
    "afs",
    "autofs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "glusterfs",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "orangefs",
    "smb3",
    "vboxsf",
    "virtiofs",
];

/// More links one after the other are a loop.
const MAX_LINKS: usize = 40;

/// Does what a check does: looks at the file or folder, at its file system, and at the first byte.
const LOOK: &str = "stat -L -- \"$1\"; stat -f -- \"$1\"; if [ -f \"$1\" ]; then head -c 1 -- \"$1\"; fi";

/// The answers of one round, by mount.
#[derive(Debug, Default)]
pub(super) struct Reached(Mutex<BTreeMap<String, Arc<OnceLock<bool>>>>);

impl Reached {
    /// Whether the file system of `mount` answers about `path` within this time; asked once.
    pub(super) fn answers(&self, mount: &Mount, path: &Path, within: Duration) -> bool {
        let answer = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(mount.path.clone()).or_default().clone()
        };
        *answer.get_or_init(|| comes_back(path, within))
    }
}

/// The file system that waits for others and that `path` leads to, if any: no part of the path behind it is looked at.
pub(super) fn far<'m>(path: &Path, mounts: &'m [Mount]) -> Option<&'m Mount> {
    if !mounts.iter().any(is_far) {
        return None;
    }
    let mounted_at = |place: &Path| mounts.iter().rev().find(|mount| Path::new(&mount.path) == place);
    let mut left: VecDeque<OsString> = parts(&std::path::absolute(path).ok()?).collect();
    let (mut here, mut n_links) = (PathBuf::from("/"), 0);
    while let Some(part) = left.pop_front() {
        if part == ".." {
            here.pop();
            continue;
        }
        let next = here.join(&part);
        if let Some(mount) = mounted_at(&next).filter(|mount| is_far(mount)) {
            return Some(mount);
        }
        match std::fs::read_link(&next) {
            Ok(_) if n_links == MAX_LINKS => return None,
            Ok(to) => {
                n_links += 1;
                if to.is_absolute() {
                    here = PathBuf::from("/");
                }
                left = parts(&to).chain(left).collect();
            }
            Err(_) => here = next,
        }
    }
    None
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts.map(|part| part.as_os_str().to_owned())
}

fn is_far(mount: &Mount) -> bool {
    let kind = mount.filesystem.as_str();
    FAR.contains(&kind) || (kind.starts_with("fuse") && kind != "fusectl")
}

/// Whether a process that looks there comes back. Without a shell nobody can look, and it is taken to answer.
fn comes_back(path: &Path, within: Duration) -> bool {
    let mut look = Command::new("sh");
    look.args(["-c", LOOK, "sh"]).arg(path);
    look.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    let Ok(mut child) = look.spawn() else { return true };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let (ended, end) = mpsc::channel();
    // Takes it away whenever it ends; a thread that waits for a process keeps nobody from ending.
    thread::spawn(move || {
        let _ = child.wait();
        let _ = ended.send(());
    });
    let has_come_back = end.recv_timeout(within).is_ok();
    if let Some(handle) = handle.filter(|_| !has_come_back) {
        // It ends when the file system answers, or is unmounted.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
    has_come_back
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mount(path: &Path, filesystem: &str) -> Mount {
        let path = path.to_str().unwrap().to_owned();
        Mount { path, source: "server:/".to_owned(), filesystem: filesystem.to_owned(), options: Vec::new() }
    }

    #[test]
    fn a_path_leads_to_a_far_file_system_also_by_way_of_links() {
        let folder = tempfile::tempdir().unwrap();
        let (here, far_away) = (folder.path(), folder.path().join("far"));
        symlink("far/deep/er", here.join("relative")).unwrap();
        symlink(far_away.join("x"), here.join("absolute")).unwrap();
        symlink("round", here.join("round")).unwrap();
        std::fs::create_dir(here.join("near")).unwrap();
        let mounts = [mount(Path::new("/"), "ext4"), mount(&far_away, "fuse.sshfs")];
        for path in ["far", "far/a", "relative", "relative/b", "absolute", "near/../far/a", "far/../near"] {
            assert_eq!(far(&here.join(path), &mounts), Some(&mounts[1]), "{path}");
        }
        for path in ["", "near", "near/a", "round", "farther"] {
            assert_eq!(far(&here.join(path), &mounts), None, "{path}");
        }
        let hidden = [mounts[1].clone(), mount(&far_away, "tmpfs")];
        assert_eq!(far(&far_away, &hidden), None, "the later mount hides the earlier one");
    }

    #[test]
    fn whoever_does_not_come_back_in_time_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        assert!(comes_back(folder.path(), Duration::from_mins(1)));
        assert!(comes_back(&folder.path().join("nothing"), Duration::from_mins(1)));
        assert!(!comes_back(folder.path(), Duration::ZERO));
    }
}
