//! Where the lines, columns, comments and values of a text are.

use std::ops::Range;

use super::{Editor, Place};
use crate::planfile::tree::{Kind, NodeId, Style};

/// A text, asked about its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'t>(pub &'t str);

impl Text<'_> {
    /// The first byte of the line that holds `at`.
    pub(super) fn line_start(self, at: usize) -> usize {
        self.0[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// Where the line that holds `at` ends, before its line break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let end = self.0[at..].find('\n').map_or(self.0.len(), |length| at + length);
        if self.0[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The first byte of the line after the one that holds `at`, or the end of the text.
    pub(super) fn next_line(self, at: usize) -> usize {
        self.0[at..].find('\n').map_or(self.0.len(), |length| at + length + 1)
    }

    /// How many characters stand before `at` in its line.
    pub(super) fn column(self, at: usize) -> usize {
        self.0[self.line_start(at)..at].chars().count()
    }

    /// Whether only blanks stand before `at` in its line.
    pub(super) fn begins_line(self, at: usize) -> bool {
        self.is_blank(self.line_start(at), at)
    }

    /// Whether nothing but blanks and a comment stands after `at` in its line.
    pub(super) fn ends_line(self, at: usize) -> bool {
        matches!(self.0[self.blanks(at)..].chars().next(), None | Some('#' | '\r' | '\n'))
    }

    /// Whether nothing but blanks and line breaks stands between.
    pub(super) fn is_blank(self, from: usize, to: usize) -> bool {
        self.0[from..to].chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
    }

    /// The end of the blanks that begin at `at`.
    pub(super) fn blanks(self, at: usize) -> usize {
        self.0.len() - self.0[at..].trim_start_matches([' ', '\t']).len()
    }

    /// The end of the blanks and line breaks that begin at `at`.
    pub(super) fn space(self, at: usize) -> usize {
        self.0.len() - self.0[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
    }

    /// The end of the blanks, line breaks and comments that begin at `at`.
    pub(super) fn trivia(self, at: usize) -> usize {
        let mut at = self.space(at);
        while self.0[at..].starts_with('#') {
            at = self.space(self.next_line(at));
        }
        at
    }

    /// Like [`Text::trivia`], and past the anchor of the value that follows.
    pub(super) fn lead(self, at: usize) -> usize {
        let at = self.trivia(at);
        if self.0[at..].starts_with('&') { self.trivia(self.word(at)) } else { at }
    }

    /// The end of the word that begins at `at`.
    pub(super) fn word(self, at: usize) -> usize {
        self.0[at..].find([' ', '\t', '\r', '\n', ',', ']', '}']).map_or(self.0.len(), |length| at + length)
    }

    /// The line break that is used around `at`.
    pub(super) fn line_break(self, at: usize) -> &'static str {
        let before = self.0[..at].rfind('\n');
        let end = before.or_else(|| self.0[at..].find('\n').map(|length| at + length));
        if end.is_some_and(|end| self.0[..end].ends_with('\r')) { "\r\n" } else { "\n" }
    }

    /// The last line that begins before `at` and holds more than blanks and a comment, without its comment.
    ///
    /// It must not hold a text in which a comment seems to begin.
    pub(super) fn code_above(self, at: usize) -> Range<usize> {
        let mut line = self.line_start(at);
        let mut is_code = !self.is_blank(line, at);
        while !is_code && line > 0 {
            line = self.line_start(line - 1);
            is_code = !self.ends_line(line);
        }
        let whole = &self.0[line..self.line_end(line)];
        let code = whole.find(" #").map_or(whole, |hash| &whole[..hash]).trim_end();
        line..line + code.len()
    }

    /// The byte at `at`.
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.0.as_bytes().get(at).copied()
    }

    /// Where the comments begin that belong to what begins its line at `start`; they do not begin before
    /// `floor`.
    pub(super) fn comments_above(self, start: usize, floor: usize) -> usize {
        let column = self.column(start);
        let mut first = self.line_start(start);
        while first > floor {
            let above = self.line_start(first - 1);
            let hash = self.blanks(above);
            if above < floor || self.byte(hash) != Some(b'#') || self.column(hash) != column {
                break;
            }
            first = above;
        }
        first
    }
}

/// The nesting that a file uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nesting {
    /// The columns between a mapping and the mapping in it.
    pub mapping: usize,
    /// The columns between a mapping and the dashes of the list in it.
    pub list: usize,
}

impl Editor<'_> {
    /// Where an entry or element of a collection by indentation begins: its key or its dash.
    pub(super) fn item_start(&self, collection: NodeId, index: usize) -> usize {
        if index > 0 {
            return self.text.trivia(self.item_end(collection, index - 1));
        }
        match &self.tree.node(collection).kind {
            Kind::Map(entries) => self.tree.span(entries[0].0).start as usize,
            // The span of a list that stands at the column of its key begins after the first dash.
            Kind::Seq(_) => match self.places.get(&collection) {
                Some(place) => self.text.lead(self.slot(*place)),
                None => self.tree.span(collection).start as usize,
            },
            Kind::Scalar { .. } => self.tree.span(collection).start as usize,
        }
    }

    /// Where an entry or element ends, without the rest of its line.
    pub(super) fn item_end(&self, collection: NodeId, index: usize) -> usize {
        let place = Place { parent: collection, index, is_key: false };
        if let Some(alias) = self.aliases.get(&place) {
            return alias.end as usize;
        }
        let node = self.child(place).unwrap_or(collection);
        let end = self.tree.span(node).end as usize;
        match self.tree.node(node).style {
            Style::Block => match self.n_items(node) {
                0 => end,
                n => self.item_end(node, n - 1),
            },
            Style::Literal | Style::Folded => self.block_scalar_end(node),
            // The span of what is left out stands before the colon in a mapping, and after comments in a
            // list.
            Style::Plain if self.tree.text(node).is_empty() => match self.tree.node(collection).kind {
                Kind::Map(_) => end.max(self.slot(place)),
                _ if self.is_block(collection) => self.text.code_above(end).end,
                _ => end,
            },
            Style::Plain | Style::Single | Style::Double | Style::Flow => end,
        }
    }

    /// The end of what a block scalar says, which can be blank lines.
    fn block_scalar_end(&self, node: NodeId) -> usize {
        let header = self.block_header(node);
        let span = self.tree.span(node);
        let is_blank = self.tree.text(node).trim().is_empty();
        let mut end = if is_blank { header.end } else { span.end as usize };
        let column = if is_blank { usize::MAX } else { self.text.column(span.start as usize) };
        let is_kept = self.text.0[header].contains('+');
        let mut line = self.text.next_line(end);
        while line < self.text.0.len() && self.text.is_blank(line, self.text.next_line(line)) {
            let line_end = self.text.line_end(line);
            if is_kept || line_end - line > column {
                end = line_end;
            }
            line = self.text.next_line(line);
        }
        end
    }

    /// Whether the item ends with a block scalar to which blank lines that follow belong.
    pub(super) fn keeps_blank_lines(&self, collection: NodeId, index: usize) -> bool {
        let place = Place { parent: collection, index, is_key: false };
        let Some(node) = self.child(place).filter(|_| !self.aliases.contains_key(&place)) else {
            return false;
        };
        match self.tree.node(node).style {
            Style::Literal | Style::Folded => self.text.0[self.block_header(node)].contains('+'),
            Style::Block => {
                self.n_items(node).checked_sub(1).is_some_and(|last| self.keeps_blank_lines(node, last))
            }
            Style::Plain | Style::Single | Style::Double | Style::Flow => false,
        }
    }

    /// The node at a place.
    fn child(&self, place: Place) -> Option<NodeId> {
        match &self.tree.node(place.parent).kind {
            Kind::Map(entries) => {
                entries.get(place.index).map(|(key, value)| if place.is_key { *key } else { *value })
            }
            Kind::Seq(elements) => elements.get(place.index).copied(),
            Kind::Scalar { .. } => None,
        }
    }

    /// The `|` or `>` of a block scalar, with its indicators: the last word of the line above what it says.
    pub(super) fn block_header(&self, node: NodeId) -> Range<usize> {
        let span = self.tree.span(node);
        let code = if self.tree.text(node).trim().is_empty() {
            self.text.code_above(span.end as usize)
        } else {
            self.text.code_above(self.text.line_start(span.start as usize))
        };
        let start = self.text.0[code.clone()].rfind(['|', '>']).map_or(code.end, |at| code.start + at);
        start..code.end
    }

    /// Where the value of a place begins at the earliest: after the colon or the dash.
    pub(super) fn slot(&self, place: Place) -> usize {
        let Place { parent, index, .. } = place;
        match &self.tree.node(parent).kind {
            Kind::Map(entries) => {
                let key = Place { is_key: true, ..place };
                let key_span =
                    self.aliases.get(&key).copied().unwrap_or_else(|| self.tree.span(entries[index].0));
                let key_end = key_span.end as usize;
                let colon = self.text.trivia(key_end);
                if self.text.byte(colon) == Some(b':') { colon + 1 } else { key_end }
            }
            Kind::Seq(_) if self.is_block(parent) => {
                let start = self.item_start(parent, index);
                if self.text.byte(start) == Some(b'-') { start + 1 } else { start }
            }
            Kind::Seq(elements) => self.tree.span(elements[index]).start as usize,
            Kind::Scalar { .. } => self.tree.span(parent).start as usize,
        }
    }

    /// Where the comments of an entry or element begin; itself, if it has none or does not begin its line.
    pub(super) fn with_comments(&self, collection: NodeId, index: usize, start: usize) -> usize {
        if !self.text.begins_line(start) {
            return start;
        }
        let floor = if index > 0 {
            self.text.next_line(self.item_end(collection, index - 1))
        } else {
            self.places.get(&collection).map_or(0, |place| self.slot(*place))
        };
        let line = self.text.line_start(start);
        let first = self.text.comments_above(start, floor);
        let is_head_of_file = index == 0 && collection == self.root() && self.is_head(first);
        if is_head_of_file { line } else { first }
    }

    /// Whether the line is the first one, or the first after a directive or the mark of a document.
    fn is_head(&self, line: usize) -> bool {
        line == 0
            || ["---", "%"].iter().any(|mark| self.text.0[self.text.line_start(line - 1)..].starts_with(mark))
    }

    /// The nesting of the file, as its first nested mapping and list show it.
    pub(super) fn nesting(&self) -> Nesting {
        *self.nesting.get_or_init(|| self.find_nesting())
    }

    fn find_nesting(&self) -> Nesting {
        let mut mappings = Vec::new();
        let mut lists = Vec::new();
        for (node, place) in &self.places {
            let nests = self.is_block(*node) && self.n_items(*node) > 0 && !place.is_key;
            if nests && matches!(self.tree.node(place.parent).kind, Kind::Map(_)) {
                match self.tree.node(*node).kind {
                    Kind::Map(_) => mappings.push((*node, *place)),
                    _ => lists.push((*node, *place)),
                }
            }
        }
        let step = |found: Vec<(NodeId, Place)>| {
            let (node, place) = found.into_iter().min_by_key(|(node, _)| *node)?;
            let outer = self.text.column(self.item_start(place.parent, 0));
            Some(self.text.column(self.item_start(node, 0)).saturating_sub(outer))
        };
        let mapping = step(mappings).filter(|step| *step > 0).unwrap_or(2);
        Nesting { mapping, list: step(lists).unwrap_or(mapping) }
    }
}
