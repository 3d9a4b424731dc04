//! What a job used, by the kernel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wait4::ResourceUsage;

use super::super::kernel_file;
use crate::model::Usage;

/// What was read from and written to storage by a process that has ended but was not waited for yet, and by those of its
/// children that it waited for itself.
///
/// Source: proc_pid_io(5). Processes of other users do not tell everybody, and a kernel may count nothing.
pub(super) fn io_of(pid: i32) -> (Option<u64>, Option<u64>) {
    let text = text_of(&format!("/proc/{pid}/io"));
    (value_of(&text, "read_bytes:"), value_of(&text, "write_bytes:"))
}

/// Puts the figures together; the peak is that of the biggest process, and 0 when it cannot be told.
///
/// A process that was spawned counts as having had the memory of the one that spawned it, because it began in that: the
/// kernel keeps the peak when a program is loaded. So what is not above mainstay's own peak may be mainstay's.
///
/// Source: Linux, `exec_mmap` in fs/exec.c, which carries the old program's peak over.
pub(super) fn usage_of(
    spent: &ResourceUsage,
    (read_bytes, written_bytes): (Option<u64>, Option<u64>),
) -> Usage {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Usage {
        user_ms: ms(spent.utime),
        system_ms: ms(spent.stime),
        peak_bytes: if is_above_own_peak(spent.maxrss) { spent.maxrss } else { 0 },
        read_bytes,
        written_bytes,
    }
}

/// Whether this is more memory than mainstay itself has had, which only grows: so that is looked up only for what is
/// above the last answer.
fn is_above_own_peak(bytes: u64) -> bool {
    static KNOWN: AtomicU64 = AtomicU64::new(0);
    if bytes <= KNOWN.load(Ordering::Relaxed) {
        return false;
    }
    let peak = own_peak();
    KNOWN.fetch_max(peak, Ordering::Relaxed);
    peak < bytes
}

fn text_of(path: &str) -> String {
    kernel_file::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

/// The most memory that mainstay itself has had, in bytes.
fn own_peak() -> u64 {
    let status = text_of("/proc/self/status");
    let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    kib.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn value_of(text: &str, key: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_read_from_the_kernels_own_form() {
        let text = "rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n";
        assert_eq!((value_of(text, "read_bytes:"), value_of(text, "write_bytes:")), (Some(4096), Some(8192)));
        assert_eq!(io_of(-1), (None, None));
        assert!(own_peak() > 100_000);
    }
}
