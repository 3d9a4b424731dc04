//! The text of a file, and where its bytes stand for people.

use crate::model::{Place, Position, Span};

/// A text with its name and an index of its lines.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file as the caller named it.
    pub path: String,
    /// Its text, without a byte order mark.
    pub text: String,
    /// Whether the file began with one.
    pub has_byte_order_mark: bool,
    /// Offset of the first byte of each line.
    line_starts: Vec<u32>,
}

impl Source {
    /// Indexes the lines of `text`, which is shorter than 4 GiB.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.map(|(at, _)| offset(at + 1))).collect();
        Self { path, text, has_byte_order_mark: false, line_starts }
    }

    /// The place of `span`, cut to the text.
    pub fn place(&self, span: Span) -> Place {
        let end = span.end.max(span.start);
        let span = Span { start: self.within(span.start), end: self.within(end) };
        let (start, end) = (self.position(span.start), self.position(span.end));
        Place { file: self.path.clone(), start, end, span }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, at: u32) -> u32 {
        offset(self.line_starts.partition_point(|start| *start <= at))
    }

    fn position(&self, at: u32) -> Position {
        let line = self.line(at);
        let start = self.line_starts[line as usize - 1] as usize;
        let column = self.text[start..at as usize].chars().count() + 1;
        Position { line, column: offset(column) }
    }

    fn within(&self, at: u32) -> u32 {
        offset(self.text.floor_char_boundary(at as usize))
    }
}

/// Offsets fit: files are at most 16 MiB.
pub(crate) fn offset(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let source = Source::new("p", "a\r\nüß: x\n");
        let place = source.place(Span { start: 9, end: 10 });
        assert_eq!((place.start.line, place.start.column), (2, 5));
        assert_eq!((place.end.line, place.end.column), (2, 6));
    }

    #[test]
    fn a_span_beyond_the_text_is_cut_to_it() {
        let place = Source::new("p", "é").place(Span { start: 1, end: 99 });
        assert_eq!((place.span.start, place.span.end), (0, 2));
    }
}
