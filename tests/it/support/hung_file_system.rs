//! A file system that hangs in the kernel, as a network share does whose server is gone.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// The kernel waits for this program to answer, and it takes every question and answers none but the first.
///
/// Whoever asks it is in the state D: neither a signal nor the end of its process wakes it.
pub struct HungFileSystem {
    path: PathBuf,
    is_over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

/// Source: the header `linux/fuse.h`: the question that opens a connection.
const INIT: u32 = 26;
/// As much as the kernel asks room for, and more.
const ROOM: usize = 1 << 20;

impl HungFileSystem {
    /// Mounts it at a new folder; the reason when this machine, or this user, has no FUSE.
    pub fn mount(path: &Path) -> Result<Self, String> {
        fs::create_dir(path).expect("a folder");
        let nonblock = OFlags::NONBLOCK.bits().cast_signed();
        let device = File::options().read(true).write(true).custom_flags(nonblock).open("/dev/fuse");
        let device = device.map_err(|error| format!("/dev/fuse: {error}"))?;
        let mounted = Command::new("mount")
            .args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0", "hung-for-a-test"])
            .arg(path)
            .stdin(Stdio::from(device.try_clone().expect("a descriptor")))
            .output()
            .map_err(|error| format!("mount: {error}"))?;
        if !mounted.status.success() {
            return Err(String::from_utf8_lossy(&mounted.stderr).into_owned());
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let server = thread::spawn(move || serve(device, &seen));
        Ok(Self { path: path.to_owned(), is_over, server: Some(server) })
    }
}

impl Drop for HungFileSystem {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Its descriptor is closed then, and everybody who waits gets an error.
        self.server.take().map(JoinHandle::join);
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn serve(mut device: File, is_over: &AtomicBool) {
    let mut question = vec![0; ROOM];
    let tick = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    while !is_over.load(Ordering::Relaxed) {
        match device.read(&mut question) {
            Ok(n_bytes) if 16 <= n_bytes && number(&question[4..8]) == INIT => {
                answer_init(&mut device, &question[8..16]).expect("the kernel takes the answer");
            }
            // Taken, and never answered.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let _ = poll(&mut [PollFd::new(&device, PollFlags::IN)], Some(&tick));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // It is unmounted.
            Err(_) => return,
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_ne_bytes(bytes.try_into().expect("four bytes"))
}

/// Version 7.31, without anything that is optional.
fn answer_init(device: &mut File, unique: &[u8]) -> io::Result<()> {
    let mut answer = Vec::new();
    for number in [80_u32, 0] {
        answer.extend(number.to_ne_bytes());
    }
    answer.extend(unique);
    for number in [7_u32, 31, 0, 0, 0, 4096] {
        answer.extend(number.to_ne_bytes());
    }
    answer.resize(80, 0);
    device.write_all(&answer)
}
