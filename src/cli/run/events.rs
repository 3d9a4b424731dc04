//! `--format jsonl`: every event as a line, as soon as it is on record.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::cli::Terminal;
use crate::cli::lines::Lines;
use crate::cli::output::OutputError;
use crate::executor::report::events::{self, RunEvent};
use crate::model::Event;
use crate::text::inert_json;
use crate::world::clock::Clock;
use crate::world::files::{Pending, WriteError};

/// Where lines go: stdout, files, both, or nowhere.
#[derive(Debug)]
pub struct Events {
    clock: Clock,
    to: Mutex<Option<To>>,
}

#[derive(Debug)]
struct To {
    shown: Option<Lines>,
    files: Vec<(PathBuf, Pending)>,
    failed: Option<WriteError>,
}

impl Events {
    /// Begins the `files`; with `is_shown` the lines go to stdout, too.
    ///
    /// # Errors
    /// When a file cannot be made, or stdout cannot be written to.
    pub fn new(
        terminal: &mut Terminal,
        is_shown: bool,
        files: Vec<PathBuf>,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let shown = is_shown.then(|| terminal.lines_on_stdout()).transpose()?;
        let begin = |path: PathBuf| Ok((path.clone(), Pending::create(&path)?));
        let files: Result<_, WriteError> = files.into_iter().map(begin).collect();
        let files = files.map_err(OutputError::Write)?;
        Ok(Self { clock, to: Mutex::new(Some(To { shown, files, failed: None })) })
    }

    /// Writes the line of `event`, if it has one. What cannot be written stops nothing, and is told at the end.
    pub fn hear(&self, event: &Event) {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(to) = to.as_mut().filter(|to| to.shown.is_some() || !to.files.is_empty()) else { return };
        if let Some(line) = events::line_of(event, self.clock.now()) {
            to.write(&line);
        }
    }

    /// Writes what is only known when all is over, and puts the files at their places.
    ///
    /// # Errors
    /// What could not be written.
    pub fn finish(&self, last: &[RunEvent]) -> anyhow::Result<()> {
        let Some(mut to) = self.to.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        for line in last {
            to.write(line);
        }
        if let Some(error) = to.failed {
            return Err(OutputError::Write(error).into());
        }
        for (_, file) in to.files {
            file.finish().map_err(OutputError::Write)?;
        }
        to.shown.map_or(Ok(()), Lines::finish)?;
        Ok(())
    }
}

impl To {
    fn write(&mut self, line: &RunEvent) {
        // Our own types have nothing in them that JSON cannot say.
        let line = inert_json(&serde_json::to_string(line).unwrap_or_default());
        if let Some(shown) = &mut self.shown {
            shown.write(&line);
        }
        for (path, file) in &mut self.files {
            if self.failed.is_some() {
                break;
            }
            let written = file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n"));
            self.failed = written.err().map(|source| WriteError { path: path.clone(), source });
        }
    }
}
