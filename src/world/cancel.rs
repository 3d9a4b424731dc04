//! A request to stop that every waiting thread hears at once.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// A request to stop: once made it stays made. Clones share it.
///
/// It is a pipe whose write end closes when the request is made, so that a thread can wait for it together
/// with a child's output and end.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    reader: PipeReader,
    writer: Mutex<Option<PipeWriter>>,
}

impl Cancel {
    /// No request has been made.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self(Arc::new(Ends { reader, writer: Mutex::new(Some(writer)) })))
    }

    /// Makes the request.
    pub fn fire(&self) {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether the request has been made.
    pub fn is_fired(&self) -> bool {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Waits for the request, but no longer than `timeout`; returns whether it has been made.
    pub fn wait(&self, timeout: Duration) -> bool {
        let mut fds = [PollFd::new(&self.0.reader, PollFlags::IN)];
        // An interrupted wait is a shorter wait: every caller asks again what time it is.
        let _ = poll(&mut fds, Some(&timespec(timeout)));
        self.is_fired()
    }
}

impl AsFd for Cancel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.reader.as_fd()
    }
}

/// A duration as the kernel takes it; a longer one than it can hold is for ever.
pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX / 2),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clone_hears_the_request() {
        let cancel = Cancel::new().unwrap();
        let other = cancel.clone();
        assert!(!other.wait(Duration::ZERO));
        cancel.fire();
        assert!(other.wait(Duration::from_mins(1)), "an immediate answer, not a minute's wait");
    }
}
