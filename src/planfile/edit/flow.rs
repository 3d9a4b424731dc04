//! Edits in collections in brackets, in whole lines where each item has lines of its own.

use super::value::Item;
use super::{CannotEdit, Edit, Editor, NodeId};

/// An entry or element between brackets.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    /// Where the comma after it is.
    comma: Option<usize>,
}

impl Part {
    /// Its end, with its comma.
    fn after(self) -> usize {
        self.comma.map_or(self.end, |comma| comma + 1)
    }
}

impl Editor<'_> {
    /// What stands between the brackets of a collection that begins at `open`.
    fn parts(&self, collection: NodeId, open: usize) -> Vec<Part> {
        let mut at = open + 1;
        let part = |index| {
            let start = self.text.trivia(at);
            let end = self.item_end(collection, index);
            let comma = Some(self.text.trivia(end)).filter(|at| self.text.byte(*at) == Some(b','));
            let part = Part { start, end, comma };
            at = part.after();
            part
        };
        (0..self.n_items(collection)).map(part).collect()
    }

    /// The places of the brackets; a pair in a list that stands for a mapping has none.
    fn brackets(&self, collection: NodeId) -> Result<(usize, usize), CannotEdit> {
        let span = self.tree.span(collection);
        let (open, end) = (span.start as usize, span.end as usize);
        match (self.text.byte(open), end.checked_sub(1).and_then(|close| self.text.byte(close))) {
            (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => Ok((open, end - 1)),
            _ => Err(CannotEdit::Unsure),
        }
    }

    /// Inserts an item so that it has this index: after the one before it, or before the one that has the
    /// index now.
    pub(super) fn insert_in_flow(
        &self,
        collection: NodeId,
        index: usize,
        is_before: bool,
        item: Item<'_>,
    ) -> Result<Edit, CannotEdit> {
        let (open, close) = self.brackets(collection)?;
        let parts = self.parts(collection, open);
        let item = item.in_flow();
        if let Some(next) = parts.get(index) {
            let has_lines = self.text.begins_line(next.start);
            let previous = index.checked_sub(1).and_then(|index| parts.get(index)).filter(|_| !is_before);
            return Ok(match previous {
                Some(previous) if has_lines => self.insert_line_after(*previous, &item),
                _ if has_lines => {
                    let floor = index.checked_sub(1).map_or(open + 1, |index| parts[index].after());
                    let at = self.text.comments_above(next.start, floor);
                    let line_break = self.text.line_break(next.start);
                    Edit::insert(at, format!("{}{item},{line_break}", self.indentation(next.start)))
                }
                _ => Edit::insert(next.start, format!("{item}, ")),
            });
        }
        let Some(last) = parts.last().copied() else {
            let is_bare = self.text.blanks(open + 1) == close;
            return Ok(Edit::replace(open + 1..if is_bare { close } else { open + 1 }, item));
        };
        if self.has_lines(last) {
            return Ok(self.insert_line_after(last, &item));
        }
        Ok(match last.comma {
            Some(comma) => Edit::insert(comma + 1, format!(" {item},")),
            None => Edit::insert(last.end, format!(", {item}")),
        })
    }

    /// Inserts an item in a line of its own after the line of `part`.
    fn insert_line_after(&self, part: Part, item: &str) -> Edit {
        let line_end = self.text.line_end(part.after());
        let line_break = self.text.line_break(line_end);
        let line = format!("{line_break}{}{item}", self.indentation(part.start));
        if part.comma.is_some() {
            return Edit::insert(line_end, line + ",");
        }
        let tail = &self.text.0[part.end..line_end];
        Edit::replace(part.end..line_end, format!(",{tail}{line}"))
    }

    /// What stands before `at` in its line, as far as it is blank.
    fn indentation(&self, at: usize) -> &str {
        let line = self.text.line_start(at);
        &self.text.0[line..self.text.blanks(line).min(at)]
    }

    /// Whether nothing else than comments stands in the first and in the last line of a part.
    fn has_lines(&self, part: Part) -> bool {
        self.text.begins_line(part.start) && self.text.ends_line(part.after())
    }

    /// Removes an item with its comma.
    pub(super) fn remove_from_flow(&self, collection: NodeId, index: usize) -> Result<Edit, CannotEdit> {
        let (open, close) = self.brackets(collection)?;
        let parts = self.parts(collection, open);
        let part = parts[index];
        let previous = index.checked_sub(1).map(|index| parts[index]);
        let next = parts.get(index + 1);
        let is_only = parts.len() == 1;
        if is_only && self.text.is_blank(open + 1, part.start) && self.text.is_blank(part.after(), close) {
            return Ok(Edit::replace(open + 1..close, ""));
        }
        if self.has_lines(part) {
            let floor = previous.map_or(open + 1, Part::after);
            let first = self.text.comments_above(part.start, floor);
            let after = self.text.next_line(part.after());
            // Without a comma after the last one, none is to be left after the one before it.
            let comma = previous.and_then(|previous| previous.comma).filter(|_| part.comma.is_none());
            return Ok(match comma {
                Some(comma) => Edit::replace(comma..after, &self.text.0[comma + 1..first]),
                None => Edit::replace(first..after, ""),
            });
        }
        let range = match (previous, next, part.comma) {
            (_, Some(next), _) => part.start..next.start,
            (Some(Part { comma: Some(comma), .. }), None, None) => comma..part.end,
            (Some(previous), None, Some(_)) => previous.after()..part.after(),
            _ => part.start..part.after(),
        };
        let comma = part.comma.unwrap_or(part.end);
        let kept = [
            range.start..part.start,
            part.end..comma.max(part.end),
            part.after()..range.end.max(part.after()),
        ];
        let is_blank = |range: &std::ops::Range<usize>| {
            self.text.0[range.clone()].chars().all(|c| c.is_whitespace() || c == ',')
        };
        if kept.iter().all(is_blank) {
            Ok(Edit::replace(range, ""))
        } else {
            Err(CannotEdit::CommentInTheWay)
        }
    }
}
