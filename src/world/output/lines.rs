//! The live view: an output as lines, handed on as they come.

use std::fmt::{self, Write};
use std::sync::Arc;

use crate::text::inert_line;

/// Who hears the lines of all steps as they come. It may be called by several threads, and must not block them.
pub trait LineSink: Send + Sync + fmt::Debug {
    /// Takes a line without its end: no secret stands in it, and nothing in it acts on a terminal.
    fn line(&self, whose: &Whose, line: &str);
}

/// Whose line it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// The task.
    pub task: String,
    /// The target; empty for what belongs to no single one.
    pub target: String,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let slash = if self.target.is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", self.task, self.target)
    }
}

/// More of a line is not shown, in bytes.
const LONGEST: usize = 4 * 1024;

/// Cuts bytes into lines.
#[derive(Debug)]
pub struct Lines {
    sink: Arc<dyn LineSink>,
    whose: Whose,
    line: Vec<u8>,
    /// How long the line is, with what is not kept of it.
    n_bytes: u64,
}

impl Lines {
    /// Hands the lines of `whose` to `sink`.
    pub fn new(sink: Arc<dyn LineSink>, whose: Whose) -> Self {
        Self { sink, whose, line: Vec::new(), n_bytes: 0 }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            let room = LONGEST - self.line.len();
            self.line.extend_from_slice(&text[..room.min(text.len())]);
            self.n_bytes += text.len() as u64;
            if is_whole {
                self.end_line();
            }
        }
    }

    /// Hands on a last line that has no end.
    pub fn finish(&mut self) {
        if self.n_bytes > 0 {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let left_out = self.n_bytes - self.line.len() as u64;
        let line = self.line.strip_suffix(b"\r").filter(|_| left_out == 0).unwrap_or(&self.line);
        // What a program drew over on its line is not shown: a progress bar shows how it ended.
        let line = line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line);
        let mut shown = inert_line(&String::from_utf8_lossy(line));
        if left_out > 0 {
            let _ = write!(shown, " ... and {left_out} bytes more");
        }
        self.sink.line(&self.whose, &shown);
        self.line.clear();
        self.n_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<String>>);

    impl LineSink for Heard {
        fn line(&self, whose: &Whose, line: &str) {
            self.0.lock().unwrap().push(format!("{whose}: {line}"));
        }
    }

    fn lines_of(pieces: &[&[u8]]) -> Vec<String> {
        let heard = Arc::new(Heard::default());
        let sink: Arc<dyn LineSink> = heard.clone();
        let mut lines = Lines::new(sink, Whose { task: "t".to_owned(), target: String::new() });
        for piece in pieces {
            lines.take(piece);
        }
        lines.finish();
        heard.0.lock().unwrap().clone()
    }

    #[test]
    fn a_line_is_handed_on_when_it_has_ended_and_acts_no_more() {
        let lines = lines_of(&[b"a", b"b\n\ncd\r\n", b" 10%\r 99%\rdone\n", b"\x1b[2J\xff\0", b"end"]);
        assert_eq!(lines, ["t: ab", "t: ", "t: cd", "t: done", "t: \\u{1b}[2J\u{fffd}\\u{0}end"]);
    }

    #[test]
    fn a_line_that_does_not_end_is_held_in_constant_memory() {
        let piece = vec![b'x'; 100_000];
        let lines = lines_of(&[&piece[..], &piece[..], &b"\nafter"[..]]);
        assert_eq!(lines[0].len(), "t: ".len() + LONGEST + " ... and 195904 bytes more".len());
        assert_eq!(lines[1], "t: after");
    }
}
