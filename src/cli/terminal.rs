//! The terminal: the only place that writes to it.
//!
//! Results go to stdout; status, hints and warnings to stderr. A closed stdout ends the output, not the work.

use std::io::{self, ErrorKind, IsTerminal, Write};

use clap::ColorChoice;
use console::Style;

use super::Global;
use super::lines::Lines;
use crate::table::Screen;
use crate::world::output::redactor::Redactor;

/// Both output streams, and what is known about them.
#[derive(Debug)]
pub struct Terminal {
    quiet: bool,
    verbose: bool,
    out: io::BufWriter<io::Stdout>,
    out_closed: bool,
    width: usize,
    redactor: Redactor,
}

/// The width of lines where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;

impl Terminal {
    /// Looks at both streams and decides on colours, once for every library that colours.
    pub fn new(global: &Global) -> Self {
        match global.color {
            ColorChoice::Always => set_colors(true, true),
            ColorChoice::Never => set_colors(false, false),
            ColorChoice::Auto => {
                set_colors(colors_by_default(&io::stdout()), colors_by_default(&io::stderr()));
            }
        }
        let width =
            console::Term::stdout().size_checked().map_or(DEFAULT_WIDTH, |(_, columns)| columns.into());
        Self {
            quiet: global.quiet,
            verbose: global.verbose,
            out: io::BufWriter::new(io::stdout()),
            out_closed: false,
            width: width.max(DEFAULT_WIDTH / 2),
            redactor: Redactor::default(),
        }
    }

    /// Hides the secrets that `redactor` knows, or comes to know, from everything that is said from now on.
    pub fn hide_with(&mut self, redactor: &Redactor) {
        self.redactor = redactor.clone();
    }

    /// Whether a person watches stdout.
    pub fn is_interactive(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether a person watches at all.
    pub fn is_watched(&self) -> bool {
        io::stdout().is_terminal() || io::stderr().is_terminal()
    }

    /// Whether a person watches stderr and wants to see progress.
    pub fn shows_progress(&self) -> bool {
        !self.quiet
            && io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Whether `--verbose` was given.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether `--quiet` was given.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What results are laid out for: a terminal has a width, a pipe has not.
    pub fn screen(&self) -> Screen {
        let width = self.is_interactive().then_some(self.width);
        Screen { width, colors: console::colors_enabled() }
    }

    /// Writes the result, or a part of it, to stdout, as it is.
    ///
    /// # Errors
    /// When it cannot be written for another reason than a reader who has gone.
    pub fn result(&mut self, text: &str) -> io::Result<()> {
        self.result_bytes(text.as_bytes())
    }

    /// As [`Terminal::result`], for what may not be text.
    ///
    /// # Errors
    /// As [`Terminal::result`].
    pub fn result_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.out_closed {
            return Ok(());
        }
        let written = self.out.write_all(&self.redactor.hide_bytes(bytes));
        self.settle(written)
    }

    /// Whether the reader of the result has gone.
    pub fn is_closed(&self) -> bool {
        self.out_closed
    }

    /// Flushes the result.
    ///
    /// # Errors
    /// As [`Terminal::result`].
    pub fn finish(&mut self) -> anyhow::Result<()> {
        let flushed = if self.out_closed { Ok(()) } else { self.out.flush() };
        self.settle(flushed)?;
        Ok(())
    }

    /// Whole lines on stderr, from any thread.
    pub fn lines_on_stderr(&self) -> Lines {
        Lines::on_stderr()
    }

    /// Whole lines on stdout, each at once, from any thread; what was written so far comes first.
    ///
    /// # Errors
    /// As [`Terminal::result`].
    pub fn lines_on_stdout(&mut self) -> anyhow::Result<Lines> {
        self.finish()?;
        Ok(Lines::on_stdout(self.out_closed))
    }

    /// Says on stderr how the work goes; `--quiet` hides it.
    pub fn status(&mut self, text: &str) {
        if !self.quiet {
            self.say(text);
        }
    }

    /// Says on stderr what to do next; `--quiet` hides it.
    pub fn hint(&mut self, text: &str) {
        if !self.quiet {
            self.say(&format!("{} {text}", Style::new().for_stderr().cyan().apply_to("hint:")));
        }
    }

    /// Says on stderr what is probably not meant.
    pub fn warning(&mut self, text: &str) {
        self.say(&format!("{} {text}", Style::new().for_stderr().yellow().bold().apply_to("warning:")));
    }

    /// Says on stderr what went wrong.
    pub fn error(&mut self, text: &str) {
        self.say(&format!("{} {text}", Style::new().for_stderr().red().bold().apply_to("error:")));
    }

    /// Asks the person who sits at the terminal; `None` when there is nobody, or when the input has ended.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        self.say(question);
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).ok()?;
        (read > 0).then(|| answer.trim().to_owned())
    }

    /// Writes finished text to stderr, as it is.
    pub fn raw_error(&mut self, text: &str) {
        self.say(text.trim_end_matches('\n'));
    }

    /// Puts the result so far before it, so that both stand on a terminal in the order in which they were said.
    ///
    /// A stderr that cannot be written to stops nothing: there is nobody left to tell. What is wrong with
    /// stdout stays in its buffer, and [`Terminal::finish`] meets it again.
    fn say(&mut self, text: &str) {
        if !self.out_closed {
            let _ = self.out.flush();
        }
        let mut err = io::stderr().lock();
        let _ = writeln!(err, "{}", self.redactor.hide(text));
    }

    fn settle(&mut self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.out_closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

fn set_colors(stdout: bool, stderr: bool) {
    console::set_colors_enabled(stdout);
    console::set_colors_enabled_stderr(stderr);
}

/// Source: no-color.org and bixense.com/clicolors.
fn colors_by_default(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    if set("NO_COLOR") {
        return false;
    }
    forced || (stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"))
}
