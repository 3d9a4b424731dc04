//! What steps print: read all the time, without secrets, in constant memory; head and tail, the whole in a log, and
//! each line as it comes for those who watch.
//!
//! 1. Secrets are replaced before anything else sees a byte.
//! 2. Nothing here blocks a child for longer than seconds: whoever does not keep up loses something, and that is told.
//! 3. Little output makes no file and no thread.

mod ends;
pub mod lines;
pub mod log;
pub mod redactor;

use std::sync::Arc;

pub use ends::KEPT;

use self::ends::Ends;
use self::lines::{LineSink, Lines, Whose};
use self::log::{LogName, LogWriter, Logs};
use self::redactor::{Hider, Redactor};
use crate::model::Output;

/// Where what is printed goes to. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// Hides secrets.
    pub redactor: Redactor,
    /// Keeps what steps print; nothing is kept without it.
    pub logs: Option<Logs>,
    /// Hears every line as it comes.
    pub follow: Option<Arc<dyn LineSink>>,
}

impl Outputs {
    /// Keeps the output of a step in a log of this name, and shows its lines to those who watch.
    pub fn of_step(&self, name: LogName, whose: Whose) -> Recording {
        Recording {
            redactor: self.redactor.clone(),
            log: self.logs.clone().map(|logs| (logs, name)),
            follow: self.follow.clone().map(|sink| (sink, whose)),
        }
    }
}

/// What becomes of one output; by default its head and tail are kept, and nothing is hidden.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    redactor: Redactor,
    log: Option<(Logs, LogName)>,
    follow: Option<(Arc<dyn LineSink>, Whose)>,
}

impl Recording {
    /// Begins to take the output.
    pub fn begin(&self) -> Capture {
        let log = self.log.clone().map_or(Log::None, |(logs, name)| Log::NotNeeded(logs, name));
        Capture {
            hider: self.redactor.hider(),
            kept: Kept {
                ends: Ends::default(),
                log,
                lines: self.follow.clone().map(|(sink, whose)| Lines::new(sink, whose)),
            },
        }
    }
}

/// Takes any number of bytes.
#[derive(Debug)]
pub struct Capture {
    hider: Hider,
    kept: Kept,
}

impl Default for Capture {
    /// Keeps head and tail, and hides nothing.
    fn default() -> Self {
        Recording::default().begin()
    }
}

/// What comes after secrets are hidden.
#[derive(Debug)]
struct Kept {
    ends: Ends,
    log: Log,
    lines: Option<Lines>,
}

/// The log of an output.
#[derive(Debug)]
enum Log {
    /// There is none.
    None,
    /// Head and tail have all of it so far.
    NotNeeded(Logs, LogName),
    Open(LogWriter),
    /// It could not be begun.
    Failed(String),
}

impl Capture {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        let kept = &mut self.kept;
        self.hider.push(bytes, &mut |bytes| kept.take(bytes));
    }

    /// What was kept; `None` when there was nothing at all.
    pub fn finish(self) -> Option<Output> {
        self.finish_with_problem().0
    }

    /// The same, and why its log is missing or cut, if it is.
    pub fn finish_with_problem(mut self) -> (Option<Output>, Option<String>) {
        let kept = &mut self.kept;
        self.hider.finish(&mut |bytes| kept.take(bytes));
        let Kept { ends, log, lines } = self.kept;
        if let Some(mut lines) = lines {
            lines.finish();
        }
        let (log, problem) = match log {
            Log::None | Log::NotNeeded(..) => (None, None),
            Log::Failed(why) => (None, Some(format!("there is no log of it: {why}"))),
            Log::Open(writer) => {
                let closed = writer.finish();
                let what = if closed.log.is_some() { "its log is cut" } else { "there is no log of it" };
                (closed.log, closed.cut.map(|reason| format!("{what}: {}", crate::in_words(&reason))))
            }
        };
        (ends.finish().map(|output| Output { log, ..output }), problem)
    }
}

impl Kept {
    fn take(&mut self, bytes: &[u8]) {
        if let Log::NotNeeded(logs, name) = &self.log
            && self.ends.overflows_with(bytes.len())
        {
            self.log = match logs.begin(*name) {
                Ok(mut log) => {
                    self.ends.whole().into_iter().for_each(|part| log.take(part));
                    Log::Open(log)
                }
                Err(reason) => Log::Failed(crate::in_words(&reason)),
            };
        }
        if let Log::Open(log) = &mut self.log {
            log.take(bytes);
        }
        self.ends.take(bytes);
        if let Some(lines) = &mut self.lines {
            lines.take(bytes);
        }
    }
}
