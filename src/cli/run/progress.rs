//! Progress on a terminal: one line a run, and nothing at all where nobody watches.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Terminal;
use crate::executor::monitor::{Progress, Standing};
use crate::model::{Event, RunId};
use crate::text::inert;

/// Draws what is going on.
#[derive(Debug)]
pub struct Screen {
    progress: Progress,
    bars: Option<MultiProgress>,
    lines: HashMap<RunId, ProgressBar>,
}

/// How often a line shows that it is alive.
const TICK: Duration = Duration::from_millis(120);

impl Screen {
    /// Draws only where a person watches.
    pub fn new(terminal: &Terminal) -> Self {
        let target = ProgressDrawTarget::stderr;
        let bars = terminal.shows_progress().then(|| MultiProgress::with_draw_target(target()));
        Self { progress: Progress::default(), bars, lines: HashMap::new() }
    }

    /// What is drawn, for who writes above it.
    pub fn bars(&self) -> Option<MultiProgress> {
        self.bars.clone()
    }

    /// Takes in what happened, and draws it.
    pub fn hear(&mut self, event: &Event) {
        self.progress.hear(event);
        let Some(bars) = &self.bars else { return };
        for (run, standing) in &self.progress.runs {
            let line = self.lines.entry(*run).or_insert_with(|| new_line(bars));
            line.set_message(words_of(standing));
        }
        if let Event::RunEnded { run, .. } = event
            && let Some(line) = self.lines.remove(run)
        {
            line.finish_and_clear();
        }
    }

    /// Clears the screen of everything that was drawn.
    pub fn finish(&mut self) {
        for (_, line) in self.lines.drain() {
            line.finish_and_clear();
        }
    }
}

fn new_line(bars: &MultiProgress) -> ProgressBar {
    let line = bars.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        line.set_style(style);
    }
    line.enable_steady_tick(TICK);
    line
}

fn words_of(standing: &Standing) -> String {
    let attempt =
        if standing.attempt > 1 { format!(", attempt {}", standing.attempt) } else { String::new() };
    inert(&format!("{}: {} ({}{attempt})", standing.task, standing.step, standing.phase)).replace('\n', " ")
}
