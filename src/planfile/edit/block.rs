//! Edits in collections by indentation, in whole lines.

use super::value::Item;
use super::{CannotEdit, Edit, Editor, NodeId};
use crate::planfile::tree::Kind;

impl Editor<'_> {
    /// Inserts an item so that it has this index: after the one before it, or before the one that has the
    /// index now.
    pub(super) fn insert_in_block(
        &self,
        collection: NodeId,
        index: usize,
        is_before: bool,
        item: Item<'_>,
    ) -> Result<Edit, CannotEdit> {
        let neighbour = if is_before { index } else { index.checked_sub(1).ok_or(CannotEdit::Unsure)? };
        let start = self.item_start(collection, neighbour);
        let column = self.text.column(start);
        let lines = item.lines(column, self.nesting());
        if !is_before {
            return Ok(self.insert_lines(self.item_end(collection, neighbour), &lines));
        }
        let line_break = self.text.line_break(start);
        if self.text.begins_line(start) {
            let at = self.with_comments(collection, neighbour, start);
            return Ok(Edit::insert(at, joined(&lines, line_break)));
        }
        // The first of a mapping in a list begins after the dash.
        let lines = joined(&lines, line_break);
        Ok(Edit::insert(start, format!("{}{}", lines.trim_start(), " ".repeat(column))))
    }

    /// Inserts lines after the one in which `end` is.
    pub(super) fn insert_lines(&self, end: usize, lines: &[String]) -> Edit {
        let at = self.text.next_line(end);
        let line_break = self.text.line_break(self.text.line_end(end));
        if self.text.0[end..at].ends_with('\n') {
            Edit::insert(at, joined(lines, line_break))
        } else {
            Edit::insert(at, format!("{line_break}{}", lines.join(line_break)))
        }
    }

    /// Removes an item with the comments above it and in its lines.
    pub(super) fn remove_from_block(&self, collection: NodeId, index: usize) -> Result<Edit, CannotEdit> {
        let start = self.item_start(collection, index);
        let end = self.item_end(collection, index);
        if self.n_items(collection) == 1 {
            return self.empty_block(collection, start, end);
        }
        if !self.text.begins_line(start) {
            // What follows takes its place after the dash.
            let next = self.text.space(self.text.next_line(end));
            return Ok(Edit::replace(start..next, ""));
        }
        let first = self.with_comments(collection, index, start);
        if index == 0 || !self.keeps_blank_lines(collection, index - 1) {
            return Ok(Edit::replace(self.whole_lines(first, end), ""));
        }
        // Blank lines that follow would become part of the text before.
        let mut after = self.text.next_line(end);
        while after < self.text.0.len() && self.text.is_blank(after, self.text.next_line(after)) {
            after = self.text.next_line(after);
        }
        Ok(Edit::replace(first..after, ""))
    }

    /// The lines from the one that begins at `first` to the one in which `end` is, with one line break.
    fn whole_lines(&self, first: usize, end: usize) -> std::ops::Range<usize> {
        let after = self.text.next_line(end);
        if self.text.0[end..after].ends_with('\n') || first == 0 {
            return first..after;
        }
        // The file does not end with a line break, and does not get one.
        self.text.line_end(self.text.line_start(first - 1))..after
    }

    /// Replaces the only item of a collection by the brackets of an empty one.
    fn empty_block(&self, collection: NodeId, start: usize, end: usize) -> Result<Edit, CannotEdit> {
        let brackets = if matches!(self.tree.node(collection).kind, Kind::Map(_)) { "{}" } else { "[]" };
        let place = self.places.get(&collection).filter(|_| self.text.begins_line(start));
        let Some(place) = place else { return Ok(Edit::replace(start..end, brackets)) };
        let is_in_list = matches!(self.tree.node(place.parent).kind, Kind::Seq(_));
        if is_in_list {
            return Ok(Edit::replace(start..end, brackets));
        }
        // The brackets go up to the key, and what stands between stays.
        let slot = self.slot(*place);
        let at = self.text.blanks(slot);
        let at = if self.text.byte(at) == Some(b'&') { self.text.word(at) } else { slot };
        let lines = self.whole_lines(self.with_comments(collection, 0, start), end);
        let between = self.text.0.get(at..lines.start).ok_or(CannotEdit::Unsure)?;
        Ok(Edit::replace(at..lines.end, format!(" {brackets}{between}")))
    }
}

/// Lines with a line break after each.
fn joined(lines: &[String], line_break: &str) -> String {
    lines.iter().flat_map(|line| [line, line_break]).collect()
}
