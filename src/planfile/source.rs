//! The text of a file, and where its bytes stand for people.

use std::borrow::Cow;
use std::ops::Range;

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
    /// What must not be shown, sorted and apart from each other.
    hidden: Vec<Span>,
}

impl Source {
    /// Indexes the lines of `text`, which is shorter than 4 GiB.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.map(|(at, _)| offset(at + 1))).collect();
        Self { path, text, has_byte_order_mark: false, line_starts, hidden: Vec::new() }
    }

    /// Hides these places, sorted and apart from each other, in everything that [`Source::shown`] gives.
    pub fn hide(&mut self, places: Vec<Span>) {
        self.hidden = places;
    }

    /// A part of the text as it may be shown: what is hidden is masked, one character for one, so that columns
    /// stay what they are.
    ///
    /// # Panics
    /// When `part` does not lie on the bounds of characters.
    pub fn shown(&self, part: Range<usize>) -> Cow<'_, str> {
        let text = &self.text[part.clone()];
        let first = self.hidden.partition_point(|hidden| hidden.end as usize <= part.start);
        let hidden = self.hidden[first..].iter().take_while(|hidden| (hidden.start as usize) < part.end);
        let mut shown = Cow::Borrowed(text);
        let mut at = part.start;
        for place in hidden {
            if let Cow::Borrowed(_) = shown {
                shown = Cow::Owned(String::with_capacity(text.len()));
            }
            let (start, end) = ((place.start as usize).max(at), (place.end as usize).min(part.end));
            let mask = |c: char| if c.is_control() { c } else { '*' };
            let shown = shown.to_mut();
            shown.push_str(&self.text[at..start]);
            shown.extend(self.text[start..end].chars().map(mask));
            at = end;
        }
        if let Cow::Owned(shown) = &mut shown {
            shown.push_str(&self.text[at..part.end]);
        }
        shown
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
    fn what_is_hidden_is_masked_one_character_for_one() {
        let mut source = Source::new("p", "key: süß\nother: s3cret x\n");
        source.hide(vec![Span { start: 5, end: 10 }, Span { start: 18, end: 24 }]);
        let length = source.text.len();
        assert_eq!(source.shown(0..length), "key: ***\nother: ****** x\n");
        assert_eq!(source.shown(8..20), "*\nother: **");
        assert_eq!(source.shown(0..4), "key:");
    }

    #[test]
    fn a_span_beyond_the_text_is_cut_to_it() {
        let place = Source::new("p", "é").place(Span { start: 1, end: 99 });
        assert_eq!((place.span.start, place.span.end), (0, 2));
    }
}
