//! A scalar in place of another, written in the same way where that is possible.

use super::quote::{Context, can_be_single, double, needs_escape, quote, single};
use super::{CannotEdit, Edit, Editor, NodeId, Place, Value};
use crate::planfile::tree::Style;

impl Editor<'_> {
    /// Writes a text or a bare word in place of a scalar.
    pub(super) fn write_scalar(&self, node: NodeId, place: Place, value: &Value) -> Result<Edit, CannotEdit> {
        let context = if self.is_in_flow(place) { Context::Flow } else { Context::Block };
        let style = self.tree.node(node).style;
        let word = match value {
            Value::Bare(text) => text.clone(),
            Value::Text(text) => match style {
                Style::Single if can_be_single(text) => single(text),
                Style::Single | Style::Double => double(text),
                _ => quote(text, context),
            },
            Value::List(_) | Value::Map(_) => return Err(CannotEdit::NotA { expected: "a scalar" }),
        };
        if !matches!(style, Style::Literal | Style::Folded) {
            return Ok(self.write_value(node, place, &word));
        }
        let header = self.block_header(node);
        let end = self.item_end(place.parent, place.index);
        let after = self.text.next_line(end);
        let has_blank_line_after =
            after < self.text.0.len() && self.text.is_blank(after, self.text.next_line(after));
        let lines = match value {
            // Blank lines that follow would belong to the text.
            Value::Text(text) if text.ends_with("\n\n") && has_blank_line_after => None,
            Value::Text(text) => self.in_lines(node, place, text),
            _ => None,
        };
        let header_end = self.text.line_end(header.end);
        let comment = &self.text.0[header.end..header_end];
        let (word, lines) = lines.unwrap_or((word, String::new()));
        Ok(Edit::replace(header.start..end.max(header_end), format!("{word}{comment}{lines}")))
    }

    /// The header and the lines of a block scalar; `None` when it cannot say the text.
    fn in_lines(&self, node: NodeId, place: Place, text: &str) -> Option<(String, String)> {
        let start = self.tree.span(node).start as usize;
        let body = text.trim_end_matches('\n');
        // Blanks at the beginning would count as indentation.
        let can_be_lines = !body.is_empty()
            && !text.starts_with([' ', '\t', '\n'])
            && !text.chars().any(|c| c != '\n' && needs_escape(c));
        if !can_be_lines {
            return None;
        }
        // A line break in a folded text is a blank.
        let is_folded = self.tree.node(node).style == Style::Folded && !body.contains('\n');
        let chomping = match text.len() - body.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let is_empty = self.tree.text(node).is_empty();
        let outer = self.text.column(self.item_start(place.parent, place.index));
        let column = if is_empty { outer + self.nesting().mapping } else { self.text.column(start) };
        let line_break = self.text.line_break(start);
        let mut lines = String::new();
        for line in body.split('\n') {
            lines.push_str(line_break);
            if !line.is_empty() {
                lines.push_str(&" ".repeat(column));
                lines.push_str(line);
            }
        }
        for _ in 2..=text.len() - body.len() {
            lines.push_str(line_break);
        }
        Some((format!("{}{chomping}", if is_folded { '>' } else { '|' }), lines))
    }
}
