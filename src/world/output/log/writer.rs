//! Writing a log: a thread of its own compresses and writes, so that the child is read all the time.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use sha2::{Digest, Sha256};

use super::member::Members;
use super::reader::hexadecimal;
use super::{CutReason, LogName, Logs, folder};
use crate::model::OutputLog;

/// So much is compressed at a time, in bytes, unless nothing more comes for [`LINGER`].
const BLOCK: usize = 128 << 10;
/// When so much waits, in bytes, it is stored as it is: compressing it would hold up the child.
const HURRY: usize = 512 << 10;
/// The most that waits, in bytes.
const MAX_PENDING: usize = 1 << 20;
/// After this, what came is in the log, so that a log can be read while it grows.
const LINGER: Duration = Duration::from_secs(1);
/// A child waits for a disk that does not keep up this long, once; then the log is cut.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is asked of the store at once, in bytes.
const SHARE: u64 = 1 << 20;
/// What is brought to the disk at once, in bytes: at the end little is left to wait for.
const SYNC_EVERY: u64 = 8 << 20;

/// Takes what a log is to hold.
#[derive(Debug)]
pub struct LogWriter {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<Closed>>,
}

/// What became of a log.
#[derive(Debug)]
pub struct Closed {
    /// What it is; `None` when nothing could be written.
    pub log: Option<OutputLog>,
    /// Why it stops before the end.
    pub cut: Option<CutReason>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    went: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Nothing comes any more.
    is_over: bool,
    /// Nothing is taken any more.
    is_closed: bool,
    /// The child had to wait for too long.
    is_late: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn begin(logs: &Logs, name: LogName) -> Result<LogWriter, CutReason> {
    let folder = folder::open(logs.folder())?;
    logs.reserve(SHARE)?;
    let release = |error| {
        logs.release(SHARE);
        error
    };
    let (file, name) = folder::create(&folder, name)
        .map_err(|error| release(logs.system("cannot create a log in", error)))?;
    let queue = Arc::new(Queue::default());
    let reserved = SHARE;
    let log = OpenLog {
        file,
        folder,
        name,
        logs: logs.clone(),
        members: Members::default(),
        packed: Vec::new(),
        digest: Sha256::new(),
        written: 0,
        synced: 0,
        reserved,
        bytes: 0,
    };
    let theirs = Arc::clone(&queue);
    let thread = thread::Builder::new().name("log".to_owned()).spawn(move || work(log, &theirs));
    let thread = thread.map_err(|error| release(logs.system("cannot start a thread for a log in", error)))?;
    Ok(LogWriter { queue, thread: Some(thread) })
}

impl LogWriter {
    /// Takes the next bytes; when the disk does not keep up, the log is cut.
    pub fn take(&mut self, mut bytes: &[u8]) {
        let mut waiting = self.queue.lock();
        let mut deadline = None;
        while !bytes.is_empty() && !waiting.is_closed && !waiting.is_late {
            let room = MAX_PENDING - waiting.bytes.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            let before = waiting.bytes.len();
            waiting.bytes.extend_from_slice(now);
            bytes = later;
            if before == 0 || (before < BLOCK && BLOCK <= waiting.bytes.len()) {
                self.queue.came.notify_one();
            }
            if bytes.is_empty() {
                break;
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
            let left = deadline.saturating_duration_since(Instant::now());
            waiting.is_late = left.is_zero();
            (waiting, _) =
                self.queue.went.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until all of it is on disk, and says what it is.
    pub fn finish(mut self) -> Closed {
        self.end();
        let lost = || Closed { log: None, cut: Some(CutReason::TooSlow) };
        self.thread.take().map_or_else(lost, |thread| match thread.join() {
            Ok(closed) => closed,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    fn end(&self) {
        self.queue.lock().is_over = true;
        self.queue.came.notify_one();
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(mut log: OpenLog, queue: &Queue) -> Closed {
    let mut batch = Vec::new();
    let cut = loop {
        let is_over = match next(queue, &mut batch) {
            Ok(is_over) => is_over,
            Err(reason) => break Some(reason),
        };
        if let Err(reason) = log.write(&batch) {
            break Some(reason);
        }
        if is_over {
            break None;
        }
    };
    let mut waiting = queue.lock();
    waiting.is_closed = true;
    waiting.bytes = Vec::new();
    drop(waiting);
    queue.went.notify_all();
    log.close(cut)
}

/// Waits for enough to compress, swaps it into `batch` and says whether it is the last.
fn next(queue: &Queue, batch: &mut Vec<u8>) -> Result<bool, CutReason> {
    batch.clear();
    let is_idle = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.is_over && !waiting.is_late;
    let is_little =
        |waiting: &mut Waiting| waiting.bytes.len() < BLOCK && !waiting.is_over && !waiting.is_late;
    let waiting = queue.came.wait_while(queue.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
    let waited = queue.came.wait_timeout_while(waiting, LINGER, is_little);
    let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
    if waiting.is_late {
        return Err(CutReason::TooSlow);
    }
    std::mem::swap(&mut waiting.bytes, batch);
    queue.went.notify_all();
    Ok(waiting.is_over)
}

/// A log that is being written.
struct OpenLog {
    file: File,
    folder: OwnedFd,
    name: LogName,
    logs: Logs,
    members: Members,
    packed: Vec<u8>,
    digest: Sha256,
    /// How much of the file is whole members, in bytes.
    written: u64,
    /// How much of it is on disk.
    synced: u64,
    /// What the store has promised, in bytes.
    reserved: u64,
    /// What it holds, uncompressed.
    bytes: u64,
}

impl OpenLog {
    /// Appends a member.
    fn write(&mut self, text: &[u8]) -> Result<(), CutReason> {
        if text.is_empty() {
            return Ok(());
        }
        self.packed.clear();
        if HURRY <= text.len() {
            Members::store(text, &mut self.packed);
        } else {
            self.members.compress(text, &mut self.packed);
        }
        let written = self.written + self.packed.len() as u64;
        let limit = self.logs.0.limits.one;
        if limit < written {
            return Err(CutReason::TooLarge(limit));
        }
        while self.reserved < written {
            self.logs.reserve(SHARE)?;
            self.reserved += SHARE;
        }
        self.file.write_all(&self.packed).map_err(|error| self.failed("cannot write to", error))?;
        self.digest.update(&self.packed);
        self.written = written;
        self.bytes += text.len() as u64;
        if self.synced + SYNC_EVERY <= self.written {
            self.file.sync_data().map_err(|error| self.failed("cannot sync", error))?;
            self.synced = self.written;
        }
        Ok(())
    }

    /// Brings what is whole to the disk.
    fn close(self, cut: Option<CutReason>) -> Closed {
        let brought = self.bring_to_disk();
        let counted = if self.written == 0 || brought.is_err() { 0 } else { self.written };
        self.logs.release(self.reserved.saturating_sub(counted));
        let is_cut = cut.is_some();
        match brought {
            Ok(()) if self.written > 0 => {
                let (name, bytes) = (self.name.to_string(), self.bytes);
                let log = OutputLog { name, digest: hexadecimal(self.digest), bytes, is_cut };
                Closed { log: Some(log), cut }
            }
            Ok(()) => Closed { log: None, cut },
            Err(error) => {
                let reason = self.failed("cannot sync", error);
                Closed { log: None, cut: Some(cut.unwrap_or(reason)) }
            }
        }
    }

    fn bring_to_disk(&self) -> io::Result<()> {
        if self.written == 0 {
            return folder::remove(self.logs.folder(), &self.name);
        }
        // The last write may have been taken in part.
        self.file.set_len(self.written)?;
        self.file.sync_all()?;
        rustix::fs::fsync(&self.folder).map_err(io::Error::from)
    }

    fn failed(&self, what: &'static str, source: io::Error) -> CutReason {
        CutReason::System { what, path: self.logs.folder().join(self.name.to_string()), source }
    }
}
