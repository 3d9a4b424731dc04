//! Values that are left out, null, `{}` or `[]`, and what is written in their place.

use super::value::Item;
use super::{CannotEdit, Edit, Editor, NodeId, Place};
use crate::planfile::tree::{Kind, Style};

impl Editor<'_> {
    /// Makes an empty value a collection with one item.
    pub(super) fn fill(&self, node: NodeId, item: Item<'_>) -> Result<Edit, CannotEdit> {
        let span = self.tree.span(node);
        let (start, end) = (span.start as usize, span.end as usize);
        let is_written = self.tree.node(node).style == Style::Flow;
        // What stands between the brackets stays there.
        let has_content = is_written && self.text.blanks(start + 1) + 1 != end;
        let Some(place) = self.places.get(&node).copied().filter(|_| !has_content) else {
            return self.insert_in_flow(node, 0, false, item);
        };
        let is_short = is_written && item.is_short_element(self.text.column(start));
        let is_in_list = matches!(self.tree.node(place.parent).kind, Kind::Seq(_));
        // After an anchor, a collection by indentation cannot begin in the same line.
        let at = if start < end { start } else { self.item_end(place.parent, place.index) };
        let is_anchored = is_in_list && !self.is_in_flow(place) && !self.text.is_blank(self.slot(place), at);
        if self.is_in_flow(place) || is_short || is_anchored {
            let collection = match item {
                Item::Entry(..) => format!("{{{}}}", item.in_flow()),
                Item::Element(_) => format!("[{}]", item.in_flow()),
            };
            return Ok(self.write_value(node, place, &collection));
        }
        let outer = self.text.column(self.item_start(place.parent, place.index));
        if is_in_list {
            /// The columns of a dash and a blank.
            const DASH: usize = 2;
            let lines = item.lines(outer + DASH, self.nesting()).join(self.text.line_break(at));
            return Ok(self.write_value(node, place, lines.trim_start()));
        }
        let nesting = self.nesting();
        let inner = if matches!(item, Item::Entry(..)) { nesting.mapping } else { nesting.list };
        let lines = item.lines(outer + inner, nesting);
        if start == end {
            return Ok(self.insert_lines(self.item_end(place.parent, place.index), &lines));
        }
        let from = self.text.0[..start].trim_end_matches([' ', '\t']).len();
        let line_end = self.text.line_end(end);
        let line_break = self.text.line_break(line_end);
        let tail = self.text.0[end..line_end].trim_end();
        Ok(Edit::replace(from..line_end, format!("{tail}{line_break}{}", lines.join(line_break))))
    }

    /// Writes `value` in place of a node, or where it is left out.
    pub(super) fn write_value(&self, node: NodeId, place: Place, value: &str) -> Edit {
        let span = self.tree.span(node);
        let (start, end) = (span.start as usize, span.end as usize);
        if start < end {
            return Edit::replace(start..end, value);
        }
        let slot = self.slot(place);
        let at = self.item_end(place.parent, place.index);
        let is_map = matches!(self.tree.node(place.parent).kind, Kind::Map(_));
        // Between brackets, a key can stand without a colon.
        let has_colon = self.text.0[..slot].ends_with(':');
        let colon = if is_map && !has_colon { ":" } else { "" };
        Edit::insert(at, format!("{colon} {value}"))
    }
}
