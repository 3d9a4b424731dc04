//! Ctrl-C and its kin.
//!
//! The first INT, TERM or HUP stops the work and lets it clean up; the second stops the cleaning up; the third
//! ends mainstay on the spot.

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
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
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
