//! Ctrl-C and its kin.
//!
//! The first INT, TERM or HUP stops the work and lets it clean up; the second stops the cleaning up; the third
//! ends mainstay on the spot. A HUP that was ignored when mainstay started stays ignored, as `nohup` means it.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::cancel::Cancel;

/// Who wants the work to stop, and how badly.
#[derive(Debug, Clone)]
pub struct Interrupts {
    /// Stop the work; clean up.
    pub work: Cancel,
    /// Stop cleaning up as well.
    pub cleanup: Cancel,
    first: Arc<AtomicI32>,
}

impl Interrupts {
    /// Hears nothing until [`Interrupts::listen`].
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub fn new() -> io::Result<Self> {
        Ok(Self { work: Cancel::new()?, cleanup: Cancel::new()?, first: Arc::default() })
    }

    /// Listens for signals from now on, in a thread of its own.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen(&self) -> io::Result<()> {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        if !is_ignored(SIGHUP, &status) {
            signals.add_signal(SIGHUP)?;
        }
        let this = self.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                this.hear(signal);
            }
        })?;
        Ok(())
    }

    /// The signal that stopped the work.
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.first.load(Ordering::SeqCst)).ok().filter(|signal| *signal != 0)
    }

    fn hear(&self, signal: i32) {
        if self.first.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.work.fire();
        } else if !self.cleanup.is_fired() {
            self.cleanup.fire();
        } else {
            // Ends the process; whatever it left is settled at the next start.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    }
}

/// Whether the process whose `/proc/PID/status` this is ignores `signal`.
fn is_ignored(signal: i32, status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).is_ok_and(|bit| mask & 1_u64.checked_shl(bit).unwrap_or(0) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nohup_ignores_is_seen() {
        let status = "SigBlk:\t0000000000000003\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(SIGHUP, status));
        assert!(!is_ignored(SIGINT, status));
        assert!(!is_ignored(SIGHUP, ""));
    }
}
