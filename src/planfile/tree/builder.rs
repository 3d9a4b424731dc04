//! The tree from the events of the YAML parser, and everything that is wrong with the form of the text.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_yaml::granit_parser::{
    ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span as Range, StructureStyle,
};

use super::words::{in_words, template};
use super::{Kind, MAX_DEPTH, MAX_NODES, Node, NodeId, PLAN_FILE, Style, Tree, Whole};
use crate::model::Span;
use crate::planfile::fault::Fault;
use crate::planfile::source::offset;

/// What a text is made of.
pub struct Parsed<'t> {
    /// The tree; withheld when a fault makes its meaning doubtful, so that one mistake is not told as many.
    pub tree: Option<Tree<'t>>,
    /// Everything that is wrong with its form, in the order in which it was found.
    pub faults: Vec<Fault>,
    /// Whether all of it was looked at; else there may be more faults.
    pub is_complete: bool,
    /// The comments that are meant for mainstay, `# mainstay: ...`: their places, with the `#`.
    pub comments: Vec<Span>,
}

/// Reads `text` into a tree, and says everything that is wrong with its form.
///
/// Of a key that is written twice the first one counts.
pub fn parse(text: &str) -> Parsed<'_> {
    parse_as(text, &PLAN_FILE)
}

/// The same for a file of any form; `whole` says what people call it.
pub fn parse_as<'t>(text: &'t str, whole: &'static Whole) -> Parsed<'t> {
    let mut builder = Builder::new(text, whole);
    let outcome = builder.read();
    if let Err(fault) = outcome {
        builder.faults.push(*fault);
    }
    let is_complete = builder.faults.len() < MAX_FAULTS;
    let is_clear = |fault: &Fault| matches!(fault.code, "MS102" | "MS107");
    if is_complete && builder.faults.iter().all(is_clear) {
        let faults = if builder.root.is_some() { builder.faults } else { vec![builder.nothing()] };
        let tree = builder.root.map(|root| Tree { nodes: builder.nodes, aliases: builder.aliases, root });
        return Parsed { tree, faults, is_complete, comments: builder.comments };
    }
    // A template breaks YAML in many places at once; one message says it better than all of them.
    let spoils = |fault: &Fault| matches!(fault.code, "MS101" | "MS103");
    let template = template(text).filter(|_| builder.faults.iter().any(spoils));
    let faults = template.map_or(builder.faults, |span| {
        vec![
            Fault::new("MS104", span, "this is template text, not YAML yet")
                .expected("expected YAML after the template was rendered")
                .help("render the template first and give mainstay the result, or put the text in quotes"),
        ]
    });
    Parsed { tree: None, faults, is_complete, comments: Vec::new() }
}

/// A collection whose end has not come.
struct Open<'t> {
    id: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
    /// What the keys so far are, once there are many.
    seen: HashMap<Cow<'t, str>, NodeId>,
    anchor: usize,
}

/// The rest is not worth reading when this is an error.
type Read = Result<(), Box<Fault>>;

struct Builder<'t> {
    text: &'t str,
    whole: &'static Whole,
    nodes: Vec<Node<'t>>,
    aliases: Vec<Span>,
    /// What a node unfolds to, and how deep it is, when each alias is replaced by what it names.
    sizes: Vec<(u64, u32)>,
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, NodeId>,
    unfinished: HashSet<usize>,
    root: Option<NodeId>,
    faults: Vec<Fault>,
    comments: Vec<Span>,
}

/// The most faults of form that are collected.
const MAX_FAULTS: usize = 500;

impl<'t> Builder<'t> {
    fn new(text: &'t str, whole: &'static Whole) -> Self {
        Self {
            text,
            whole,
            nodes: Vec::new(),
            aliases: Vec::new(),
            sizes: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            unfinished: HashSet::new(),
            root: None,
            faults: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn read(&mut self) -> Read {
        let mut options = Options::default();
        options.emit_unresolved_aliases = true;
        options.set_emit_comments(self.text.split('#').skip(1).any(is_for_mainstay));
        options.flow_nesting_limit = MAX_DEPTH as usize;
        options.block_nesting_limit = MAX_DEPTH as usize;
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(self.text, options) {
            let (event, range) = event.map_err(|error| self.syntax(&error))?;
            let span = self.span(range);
            if let Some(tag) = event.tag() {
                let place = range.tag_span().map_or(span, |tag| self.span(tag));
                self.faults.push(
                    Fault::new("MS107", place, format!("tag `{}` is not supported", tag.original()))
                        .help("remove it: the key decides how its value is read"),
                );
            }
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Fault::new(
                            "MS108",
                            self.line_at(span.start),
                            "a second document begins",
                        )
                        .expected("expected one document in a file")
                        .help(self.whole.split)
                        .into());
                    }
                }
                Event::Scalar(text, style, anchor, _) => self.scalar(text, style, anchor, span)?,
                Event::SequenceStart(style, anchor, _) => {
                    self.begin(Kind::Seq(Vec::new()), style, anchor, span)?;
                }
                Event::MappingStart(style, anchor, _) => {
                    self.begin(Kind::Map(Vec::new()), style, anchor, span)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
                Event::Alias(anchor) => self.alias(anchor, span)?,
                Event::UnresolvedAlias(name) => {
                    self.faults.push(
                        Fault::new("MS106", span, format!("alias `*{name}` names no anchor"))
                            .expected(format!("expected `&{name}` before it"))
                            .help("put the text in quotes if it is not meant as an alias"),
                    );
                    let stand_in = self.add(Kind::Seq(Vec::new()), Style::Plain, span)?;
                    self.place(stand_in);
                }
                Event::Comment(text, _) if is_for_mainstay(&text) => self.comments.push(span),
                _ => {}
            }
            if self.faults.len() >= MAX_FAULTS {
                return Ok(());
            }
        }
        self.check_root();
        Ok(())
    }

    fn check_root(&mut self) {
        let Some(root) = self.root else { return };
        let node = &self.nodes[root.0 as usize];
        let (size, _) = self.sizes[root.0 as usize];
        match &node.kind {
            Kind::Map(_) if size > MAX_NODES => self.faults.push(too_large(node.span)),
            Kind::Map(_) => {}
            Kind::Scalar { plain: true, text } if text.is_empty() || text == "~" => self.root = None,
            Kind::Scalar { .. } | Kind::Seq(_) => {
                let found = if matches!(node.kind, Kind::Seq(_)) { "a list" } else { "a text" };
                let span = self.line_at(node.span.start);
                self.faults.push(
                    Fault::new("MS111", span, format!("{} is not a mapping", self.whole.name))
                        .expected(format!("expected keys such as {}, found {found}", self.whole.keys)),
                );
            }
        }
    }

    fn nothing(&self) -> Fault {
        let what = if self.text.trim().is_empty() { "is empty" } else { "holds no key" };
        Fault::new("MS005", Span::default(), format!("{} {what}", self.whole.name))
            .help(format!("begin it with `{}`", self.whole.first))
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: ScalarStyle, anchor: usize, span: Span) -> Read {
        if text.contains('\0') {
            self.faults.push(Fault::new("MS003", span, "the text holds a NUL character"));
        }
        let plain = style == ScalarStyle::Plain;
        // The parser writes a value that is not there as `~`.
        let text = if span.start == span.end && plain { Cow::Borrowed("") } else { text };
        let id = self.add(Kind::Scalar { text, plain }, style.into(), span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        self.place(id);
        Ok(())
    }

    fn begin(&mut self, kind: Kind<'t>, style: StructureStyle, anchor: usize, span: Span) -> Read {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(too_deep(span).into());
        }
        let id = self.add(kind, style.into(), span)?;
        if anchor != 0 {
            self.anchors.insert(anchor, id);
            self.unfinished.insert(anchor);
        }
        self.open.push(Open { id, key: None, seen: HashMap::new(), anchor });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Read {
        let Some(open) = self.open.pop() else { return Ok(()) };
        self.unfinished.remove(&open.anchor);
        let node = &self.nodes[open.id.0 as usize];
        let (children, last): (Vec<NodeId>, _) = match &node.kind {
            Kind::Scalar { .. } => (Vec::new(), None),
            Kind::Seq(elements) => (elements.clone(), elements.last().copied()),
            Kind::Map(entries) => (
                entries.iter().flat_map(|(key, value)| [*key, *value]).collect(),
                entries.last().map(|e| e.1),
            ),
        };
        let (mut size, mut depth) = (1_u64, 0);
        for child in children {
            let (below, levels) = self.sizes[child.0 as usize];
            size = size.saturating_add(below);
            depth = depth.max(levels);
        }
        self.sizes[open.id.0 as usize] = (size, depth + 1);
        // A flow collection ends with its bracket; the end of a block one is found out lines later.
        let start = node.span.start;
        let flow = span.end > span.start;
        let last_end = last.map(|last| self.nodes[last.0 as usize].span.end).filter(|end| *end > start);
        let end = if flow { span.end } else { last_end.unwrap_or(node.span.end) };
        self.nodes[open.id.0 as usize].span = Span { start, end: end.max(start) };
        if size > MAX_NODES {
            return Err(too_large(self.line_at(start)).into());
        }
        if depth + 1 > MAX_DEPTH {
            return Err(too_deep(self.line_at(start)).into());
        }
        self.place(open.id);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Read {
        if self.unfinished.contains(&anchor) {
            return Err(Fault::new("MS106", span, "an alias stands inside what it names").into());
        }
        match self.anchors.get(&anchor) {
            Some(id) => {
                self.aliases.push(span);
                self.place(*id);
                Ok(())
            }
            None => Err(Fault::new("MS106", span, "an alias names no anchor").into()),
        }
    }

    fn add(&mut self, kind: Kind<'t>, style: Style, span: Span) -> Result<NodeId, Box<Fault>> {
        if self.nodes.len() as u64 >= MAX_NODES {
            return Err(too_large(span).into());
        }
        let id = NodeId(offset(self.nodes.len()));
        self.nodes.push(Node { kind, style, span });
        self.sizes.push((1, 0));
        Ok(id)
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, id: NodeId) {
        let Some(mut open) = self.open.pop() else {
            self.root.get_or_insert(id);
            return;
        };
        if let Kind::Seq(elements) = &mut self.nodes[open.id.0 as usize].kind {
            elements.push(id);
        } else if let Some(key) = open.key.take() {
            let is_new = self.is_new_key(&mut open, key);
            if let Kind::Map(entries) = &mut self.nodes[open.id.0 as usize].kind
                && is_new
            {
                entries.push((key, id));
            }
        } else {
            open.key = Some(id);
        }
        self.open.push(open);
    }

    /// Whether the key can be one, and stands in its mapping for the first time.
    fn is_new_key(&mut self, open: &mut Open<'t>, key: NodeId) -> bool {
        let node = &self.nodes[key.0 as usize];
        let Kind::Scalar { text, plain } = &node.kind else {
            let span = self.line_at(node.span.start);
            self.faults.push(
                Fault::new("MS103", span, "a key is a list or a mapping")
                    .expected("expected a text as a key"),
            );
            return false;
        };
        if *plain && matches!(text.as_ref(), "" | "~") {
            self.faults.push(Fault::new("MS103", node.span, "a key is empty"));
            return false;
        }
        if *plain && text == "<<" {
            self.faults.push(
                Fault::new("MS105", node.span, "merge keys are not supported")
                    .help("write the keys out: what stands in the plan file is what people review"),
            );
            return false;
        }
        if let Some(first) = open.seen.get(text) {
            let first = self.nodes[first.0 as usize].span;
            self.faults.push(
                Fault::new("MS102", node.span, format!("duplicate key `{text}`"))
                    .related(first, "first written here")
                    .help("remove one of the two"),
            );
            return false;
        }
        open.seen.insert(text.clone(), key);
        true
    }

    fn span(&self, range: Range) -> Span {
        let clamp = |at: Option<usize>| self.text.floor_char_boundary(at.unwrap_or(0));
        let start = clamp(range.start.byte_offset());
        let end = clamp(range.end.byte_offset()).max(start);
        let trimmed = self.text[start..end].trim_end().len();
        Span { start: offset(start), end: offset(start + trimmed) }
    }

    /// The rest of a line from `start`, for what begins there and ends nobody knows where.
    fn line_at(&self, start: u32) -> Span {
        let rest = self.text[start as usize..].lines().next().unwrap_or("").trim_end();
        Span { start, end: start + offset(rest.len()) }
    }

    fn syntax(&self, error: &ScanError) -> Fault {
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return too_deep(self.here(error));
        }
        let here = self.here(error);
        let indents_with_tab = {
            let line_start = self.text[..here.start as usize].rfind('\n').map_or(0, |at| at + 1);
            let line = self.text[line_start..].lines().next().unwrap_or("");
            let indent = &line[..line.len() - line.trim_start().len()];
            indent.find('\t').map(|at| offset(line_start + at))
        };
        if let Some(at) = indents_with_tab {
            return Fault::new("MS101", Span { start: at, end: at + 1 }, "a tab is used as indentation")
                .expected("expected spaces");
        }
        let (message, help) = in_words(error.kind());
        let fault = Fault::new("MS101", here, message);
        match help {
            Some(help) => fault.help(help),
            None => fault,
        }
    }

    /// The character that the parser stopped at.
    fn here(&self, error: &ScanError) -> Span {
        let at = error.marker().byte_offset().unwrap_or(self.text.len());
        let at = self.text.floor_char_boundary(at);
        let width = self.text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        Span { start: offset(at), end: offset(at + width) }
    }
}

/// Whether a comment, without its `#`, is meant for mainstay.
fn is_for_mainstay(comment: &str) -> bool {
    comment.trim_start().starts_with("mainstay:")
}

fn too_deep(span: Span) -> Fault {
    Fault::new("MS109", span, format!("values are nested deeper than {MAX_DEPTH} levels"))
}

fn too_large(span: Span) -> Fault {
    Fault::new("MS110", span, format!("the file holds, or unfolds to, more than {MAX_NODES} values"))
        .help("aliases count as what they name; use fewer of them")
}
