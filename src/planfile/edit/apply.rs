//! Edits to one text, applied together.

use std::ops::Range;

use crate::model::Span;
use crate::planfile::source::offset;

/// Replaces a range of bytes with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        let span = Span { start: offset(range.start), end: offset(range.end) };
        Self { span, text: text.into() }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }
}

/// Why edits cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// One ends beyond the text, or before it begins.
    #[error("an edit at byte {} is outside of the text", span.start)]
    Outside {
        /// What it would replace.
        span: Span,
    },
    /// One begins or ends inside a character.
    #[error("an edit at byte {} cuts a character", span.start)]
    CutsCharacter {
        /// What it would replace.
        span: Span,
    },
    /// Two would replace the same bytes.
    #[error("two edits overlap at byte {}", second.start)]
    Overlap {
        /// What the first would replace.
        first: Span,
        /// What the second would replace.
        second: Span,
    },
}

/// Applies edits, in any order; several insertions at one place keep the order in which they are given.
///
/// # Errors
/// [`EditError`] when an edit does not fit the text, or two do not fit each other.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut sorted: Vec<_> = edits.iter().collect();
    // An insertion at the start of a replaced range comes before it.
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut edited = String::with_capacity(text.len());
    let mut done = Span::default();
    for Edit { span, text: new } in sorted {
        let (start, end) = (span.start as usize, span.end as usize);
        if end < start || text.len() < end {
            return Err(EditError::Outside { span: *span });
        }
        if !text.is_char_boundary(start) || !text.is_char_boundary(end) {
            return Err(EditError::CutsCharacter { span: *span });
        }
        if span.start < done.end {
            return Err(EditError::Overlap { first: done, second: *span });
        }
        edited.push_str(&text[done.end as usize..start]);
        edited.push_str(new);
        done = *span;
    }
    edited.push_str(&text[done.end as usize..]);
    Ok(edited)
}
