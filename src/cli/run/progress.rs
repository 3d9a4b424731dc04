//! Progress: bars where a person watches, plain lines where a log is kept, and nothing where cron starts mainstay.
//!
//! 1. What is drawn is decided by [`frame`] and [`plain`], which are pure; here it is only put on stderr.
//! 2. A terminal that has gone stops nothing.

mod frame;
mod plain;

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::plain::Plain;
use crate::cli::Terminal;
use crate::cli::lines::Lines;
use crate::executor::monitor::{Progress, Resumed};
use crate::model::{Event, RunId};
use crate::world::cancel::Cancel;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Manner {
    /// Bars on a terminal, else lines; nothing with `--due` unless somebody watches
    #[default]
    Auto,
    /// A line when a run starts and ends, and for a step that takes long
    Plain,
    /// Nothing
    None,
}

/// How often bars are drawn again, and slow steps looked for.
const TICK: Duration = Duration::from_millis(125);

/// Shows what is going on until [`Screen::finish`].
#[derive(Debug)]
pub struct Screen {
    shown: Option<Arc<Mutex<Shown>>>,
    ticker: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
    notes: Option<Mutex<Lines>>,
}

#[derive(Debug)]
struct Shown {
    /// Somebody is asked a question, which nothing is to be drawn over.
    is_hushed: bool,
    progress: Progress,
    stopping: Cancel,
    how: How,
}

#[derive(Debug)]
enum How {
    Bars { all: MultiProgress, lines: Vec<ProgressBar>, n_ticks: usize },
    Plain { plain: Plain, lines: Lines },
}

impl Screen {
    /// Shows `progress` in the `manner` that was asked for; `is_due` is what cron starts.
    pub fn new(
        terminal: &Terminal,
        (manner, is_due): (Manner, bool),
        progress: Progress,
        stopping: Cancel,
    ) -> Self {
        let is_watched = terminal.is_watched() || terminal.is_verbose();
        let how = match manner {
            Manner::None => None,
            _ if terminal.is_quiet() => None,
            Manner::Auto if terminal.shows_progress() => {
                let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
                Some(How::Bars { all, lines: Vec::new(), n_ticks: 0 })
            }
            Manner::Auto if is_due && !is_watched => None,
            Manner::Auto | Manner::Plain => {
                let plain = Plain::new(terminal.is_verbose(), Instant::now());
                Some(How::Plain { plain, lines: terminal.lines_on_stderr() })
            }
        };
        let shown = how.map(|how| Arc::new(Mutex::new(Shown { is_hushed: false, progress, stopping, how })));
        let ticker = shown.as_ref().and_then(|shown| tick(Arc::clone(shown)));
        let notes = (!terminal.is_quiet()).then(|| Mutex::new(terminal.lines_on_stderr()));
        Self { shown, ticker: Mutex::new(ticker), notes }
    }

    /// What is drawn, for who writes above it.
    pub fn bars(&self) -> Option<MultiProgress> {
        match &self.shown.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner).how {
            How::Bars { all, .. } => Some(all.clone()),
            How::Plain { .. } => None,
        }
    }

    /// What keeps it quiet while a person is asked.
    pub fn quiet(&self) -> Quiet {
        Quiet(self.shown.clone())
    }

    /// Learns how far a run came before it is gone on with.
    pub fn resumes(&self, run: RunId, resumed: Resumed) {
        let Some(shown) = &self.shown else { return };
        shown.lock().unwrap_or_else(PoisonError::into_inner).progress.resumes(run, resumed);
    }

    /// Takes in what happened.
    pub fn hear(&self, event: &Event) {
        let Some(shown) = &self.shown else { return };
        shown.lock().unwrap_or_else(PoisonError::into_inner).hear(event, Instant::now());
    }

    /// Says how the work goes, above what is drawn; `--quiet` hides it.
    pub fn say(&self, text: &str) {
        let Some(notes) = &self.notes else { return };
        let write = || notes.lock().unwrap_or_else(PoisonError::into_inner).write(text);
        let Some(shown) = &self.shown else { return write() };
        match &shown.lock().unwrap_or_else(PoisonError::into_inner).how {
            How::Bars { all, .. } => all.suspend(write),
            How::Plain { .. } => write(),
        }
    }

    /// Clears the terminal of everything that was drawn.
    pub fn finish(&self) {
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((over, thread)) = ticker {
            drop(over);
            // It only draws; whatever stopped it has stopped nothing else.
            let _ = thread.join();
        }
        let Some(shown) = &self.shown else { return };
        shown.lock().unwrap_or_else(PoisonError::into_inner).finish(Instant::now());
    }
}

/// Keeps the screen quiet.
#[derive(Debug, Clone)]
pub struct Quiet(Option<Arc<Mutex<Shown>>>);

impl Quiet {
    /// Nothing is drawn until what this returns is dropped; what happens meanwhile is not lost.
    pub fn hush(&self) -> Hushed<'_> {
        self.set(true);
        Hushed(self)
    }

    fn set(&self, is_hushed: bool) {
        let Some(shown) = &self.0 else { return };
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_hushed = is_hushed;
        if let How::Bars { all, lines, .. } = &mut shown.how {
            lines.drain(..).for_each(|line| line.finish_and_clear());
            // What cannot be cleared is nobody's terminal any more.
            let _ = all.clear();
        }
    }
}

/// While it lives, nothing is drawn.
#[derive(Debug)]
pub struct Hushed<'a>(&'a Quiet);

impl Drop for Hushed<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Draws again and again until the sender is dropped; a machine without another thread shows events only.
fn tick(shown: Arc<Mutex<Shown>>) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (over, heard) = mpsc::channel();
    let draw = move || {
        while heard.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            shown.lock().unwrap_or_else(PoisonError::into_inner).draw(Instant::now());
        }
    };
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(draw).ok()?;
    Some((over, thread))
}

impl Shown {
    fn hear(&mut self, event: &Event, now: Instant) {
        // Before what ended is forgotten.
        if let How::Plain { plain, lines } = &mut self.how {
            plain.hear(event, &self.progress, now).iter().for_each(|line| lines.write(line));
        }
        self.progress.hear(event, now);
        if let How::Plain { plain, lines } = &mut self.how {
            plain.heard(event, &self.progress, now).iter().for_each(|line| lines.write(line));
        }
    }

    fn draw(&mut self, now: Instant) {
        if self.is_hushed {
            return;
        }
        match &mut self.how {
            How::Plain { plain, lines } => {
                plain.tick(&self.progress, now).iter().for_each(|line| lines.write(line));
            }
            How::Bars { all, lines, n_ticks } => {
                *n_ticks += 1;
                let width = console::Term::stderr().size_checked().map_or(80, |(_, columns)| columns.into());
                let moment = frame::Moment { now, n_ticks: *n_ticks, is_stopping: self.stopping.is_fired() };
                let frame = frame::frame(&self.progress, moment, width);
                while lines.len() < frame.len() {
                    lines.push(new_line(all));
                }
                for line in lines.drain(frame.len()..) {
                    line.finish_and_clear();
                    all.remove(&line);
                }
                for (line, text) in lines.iter().zip(frame) {
                    line.set_message(text);
                    line.tick();
                }
            }
        }
    }

    fn finish(&mut self, now: Instant) {
        match &mut self.how {
            How::Plain { plain, lines } => plain.finish(now).iter().for_each(|line| lines.write(line)),
            How::Bars { all, lines, .. } => {
                lines.drain(..).for_each(|line| line.finish_and_clear());
                // What cannot be cleared is nobody's terminal any more.
                let _ = all.clear();
            }
        }
    }
}

fn new_line(bars: &MultiProgress) -> ProgressBar {
    let line = bars.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{msg}") {
        line.set_style(style);
    }
    line
}
