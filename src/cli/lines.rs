//! Lines that are written while the work goes on.

use std::io::{self, ErrorKind, Write};

/// Whole lines on one of the two streams, from any thread. A reader who has gone stops nothing.
#[derive(Debug)]
pub struct Lines {
    to: Standard,
    gone: Option<io::Error>,
}

#[derive(Debug, Clone, Copy)]
enum Standard {
    Out,
    Err,
}

impl Lines {
    /// Lines for who watches.
    pub(super) fn on_stderr() -> Self {
        Self { to: Standard::Err, gone: None }
    }

    /// Lines of the result; nothing is written when its reader `is_closed`.
    pub(super) fn on_stdout(is_closed: bool) -> Self {
        Self { to: Standard::Out, gone: is_closed.then(|| ErrorKind::BrokenPipe.into()) }
    }

    /// Writes a line, whole and at once. After one that could not be written none is.
    pub fn write(&mut self, line: &str) {
        if self.gone.is_some() {
            return;
        }
        // One write, so that lines of two processes do not mix.
        let bytes = format!("{line}\n");
        let written = match self.to {
            Standard::Out => {
                let mut out = io::stdout().lock();
                out.write_all(bytes.as_bytes()).and_then(|()| out.flush())
            }
            Standard::Err => io::stderr().lock().write_all(bytes.as_bytes()),
        };
        self.gone = written.err();
    }

    /// Whether all lines were written, or nobody is there to read them.
    ///
    /// # Errors
    /// Why a line could not be written.
    pub fn finish(self) -> io::Result<()> {
        match self.gone {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}
