//! The tree to the model: a `serde` deserializer that knows places, types scalars by what is asked for, and
//! reads on after a fault.
//!
//! 1. Each fault is recorded once, with the place where it stands.
//! 2. What was wrong is left out and its surroundings are read again; a required key that is left out, or is
//!    not there, is replaced by a stand-in that stands nowhere ([`Span::default`]), so that the rest of the
//!    same mapping is judged too. A model with stand-ins always comes with an error.
//! 3. Reading again is bounded, by the number of faults and by the number of values.

mod error;
mod stand_in;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use error::{Owner, ReadError, Why, in_words};
use stand_in::StandIn;

use super::fault::Fault;
use super::tree::{Kind, NodeId, Tree, Whole};
use crate::model::Span;
use crate::model::named::{ATTEMPT, ONE_OR_MANY};
use crate::model::span::SPANNED;

/// The most faults after which anything is read again.
pub const MAX_FAULTS: usize = 500;

/// What was read.
pub struct Read<T> {
    /// The value; `None` when not even stand-ins help.
    pub value: Option<T>,
    /// Everything that is wrong with it.
    pub faults: Vec<Fault>,
    /// Where the mappings and lists begin that something was left out of, sorted.
    pub spoiled: Vec<u32>,
    /// Whether all of it was read; else there may be more faults.
    pub is_complete: bool,
}

/// How often all of the file may be read again, in all.
const MAX_PASSES: usize = 10;
/// The values that may be read again even in a small file.
const FREE_VISITS: usize = 1_000_000;

/// Reads the whole tree as `T`, and says everything that is wrong with it.
pub fn read<'t, T: Deserialize<'t>>(tree: &'t Tree<'t>, whole: &'static Whole) -> Read<T> {
    let reader = Reader {
        tree,
        whole,
        faults: RefCell::default(),
        poisoned: RefCell::default(),
        visits: Cell::new(MAX_PASSES * tree.len() + FREE_VISITS),
        lost: RefCell::default(),
        absent: RefCell::default(),
    };
    let root = At { reader: &reader, node: tree.root(), owner: None };
    let value = loop {
        match T::deserialize(root) {
            Ok(value) => break Some(value),
            Err(error) => {
                if !reader.can_go_on(error) {
                    break None;
                }
            }
        }
    };
    let is_complete = !reader.is_exhausted();
    let poisoned = reader.poisoned.into_inner().into_iter().map(|(of, _)| of);
    let absent = reader.absent.into_inner().into_keys();
    let mut spoiled: Vec<_> = poisoned.chain(absent).map(|of| tree.span(of).start).collect();
    spoiled.sort_unstable();
    Read { value, faults: reader.faults.into_inner(), spoiled, is_complete }
}

struct Reader<'t> {
    tree: &'t Tree<'t>,
    whole: &'static Whole,
    faults: RefCell<Vec<Fault>>,
    /// The entries and elements, by collection and index, that are left out from now on.
    poisoned: RefCell<HashSet<(NodeId, usize)>>,
    /// How many more values may be read.
    visits: Cell<usize>,
    /// The nodes of which nothing can be read, whatever is left out.
    lost: RefCell<HashSet<NodeId>>,
    /// The required keys that a mapping does not have, with the stand-in that is tried for each.
    absent: RefCell<HashMap<NodeId, Vec<(&'static str, usize)>>>,
}

/// Texts that stand in for a missing one: a length of time, which any text may be, and a time.
const STAND_INS: [&str; 2] = ["1s", "2000-01-01"];

impl Reader<'_> {
    fn is_exhausted(&self) -> bool {
        self.visits.get() == 0 || self.faults.borrow().len() >= MAX_FAULTS
    }

    fn is_poisoned(&self, collection: NodeId, index: usize) -> bool {
        let poisoned = self.poisoned.borrow();
        !poisoned.is_empty() && poisoned.contains(&(collection, index))
    }

    fn is_spoiled(&self, collection: NodeId) -> bool {
        match &self.tree.node(collection).kind {
            Kind::Scalar { .. } => false,
            Kind::Seq(elements) => {
                let is_lost = |element: &NodeId| self.lost.borrow().contains(element);
                elements.iter().any(is_lost)
                    || (0..elements.len()).any(|index| self.is_poisoned(collection, index))
            }
            Kind::Map(entries) => (0..entries.len()).any(|index| self.is_poisoned(collection, index)),
        }
    }

    /// Records a fault and leaves out what was wrong; `false` when there is nothing to be left out, so that
    /// another try would end the same way.
    fn can_go_on(&self, error: ReadError) -> bool {
        let error = *error.0;
        if self.is_exhausted() {
            return false;
        }
        let (map, why) = (error.node, error.why);
        if let (Some(map), Why::Missing(name)) = (map, &why) {
            let name = *name;
            let is_left_out = self.tree.entry(map, name).is_some();
            if !is_left_out {
                self.faults.borrow_mut().push(self.fault(&why, map, error.owner));
            }
            let mut absent = self.absent.borrow_mut();
            let names = absent.entry(map).or_default();
            if !names.iter().any(|(known, _)| *known == name) {
                names.push((name, 0));
                return true;
            }
        } else if let (Some(map), Why::NoStandIn(name)) = (map, &why) {
            let mut absent = self.absent.borrow_mut();
            if let Some((_, tried)) =
                absent.entry(map).or_default().iter_mut().find(|(known, _)| known == name)
                && *tried + 1 < STAND_INS.len()
            {
                *tried += 1;
                return true;
            }
        } else {
            let node = map.unwrap_or(self.tree.root());
            // What is said about a collection as a whole is a consequence of what was left out of it.
            let is_consequence = matches!(why, Why::Custom(_)) && self.is_spoiled(node);
            if !is_consequence {
                self.faults.borrow_mut().push(self.fault(&why, node, error.owner));
            }
        }
        error.poison.is_some_and(|entry| self.poisoned.borrow_mut().insert(entry))
    }

    /// Words a fault; `owner` is what `node` belongs to.
    fn fault(&self, why: &Why, node: NodeId, owner: Option<Owner>) -> Fault {
        let tree = self.tree;
        let name = match owner {
            Some(Owner { key, is_element: false }) => format!("`{}`", tree.text(key)),
            Some(Owner { key, is_element: true }) => format!("an element of `{}`", tree.text(key)),
            None => self.whole.name.to_owned(),
        };
        match why {
            Why::UnknownKey(known) => {
                let found = tree.text(node);
                let fault = Fault::new("MS112", tree.span(node), format!("unknown key `{found}`"));
                expect_one_of(fault, found, known)
            }
            Why::UnknownValue(known) => {
                let found = tree.text(node);
                let fault =
                    Fault::new("MS114", tree.span(node), format!("`{found}` is not a value of {name}"));
                expect_one_of(fault, found, known)
            }
            Why::Missing(missing) => {
                let span = match owner {
                    Some(Owner { key, is_element: false }) => tree.span(key),
                    Some(Owner { is_element: true, .. }) | None => self.start_of(node),
                };
                let fault = Fault::new("MS113", span, format!("{name} has no `{missing}`"))
                    .expected(format!("expected the key `{missing}`"));
                if *missing == "mainstay" { fault.help("begin the file with `mainstay: 1`") } else { fault }
            }
            Why::Empty => {
                let span = match owner {
                    Some(Owner { key, .. }) if tree.span(node).start == tree.span(node).end => tree.span(key),
                    _ => tree.span(node),
                };
                Fault::new("MS116", span, format!("{name} is empty"))
                    .help("give it a value or remove the key")
            }
            Why::Shape { expected, help } => {
                let found = match &tree.node(node).kind {
                    Kind::Scalar { .. } => format!("`{}`", tree.text(node)),
                    Kind::Seq(_) => "a list".to_owned(),
                    Kind::Map(_) => "a mapping".to_owned(),
                };
                let span = self.start_of(node);
                let fault = Fault::new("MS115", span, format!("{name} cannot be {found}"))
                    .expected(format!("expected {expected}"));
                match help {
                    Some(help) => fault.help(help.clone()),
                    None => fault,
                }
            }
            Why::Custom(text) => {
                let text = text.as_str();
                let span = self.start_of(node);
                if text.starts_with("data did not match any variant") {
                    return Fault::new("MS115", span, format!("{name} has a form that is not known"));
                }
                match (text.starts_with("expected "), &tree.node(node).kind) {
                    (true, Kind::Scalar { text: found, .. }) => {
                        Fault::new("MS115", span, format!("{name} cannot be `{found}`")).expected(text)
                    }
                    (true, _) => {
                        Fault::new("MS115", span, format!("{name} has the wrong form")).expected(text)
                    }
                    (false, _) => Fault::new("MS115", span, text),
                }
            }
            Why::NoStandIn(_) => Fault::new("MS115", tree.span(node), format!("{name} cannot be read")),
        }
    }

    /// A scalar whole; of a collection its first line, because all of it would hide the message.
    fn start_of(&self, node: NodeId) -> Span {
        let span = self.tree.span(node);
        match &self.tree.node(node).kind {
            Kind::Scalar { .. } => span,
            Kind::Seq(_) => Span { start: span.start, end: (span.start + 1).min(span.end) },
            Kind::Map(entries) => entries.first().map_or(span, |(key, _)| self.tree.span(*key)),
        }
    }
}

fn expect_one_of(fault: Fault, found: &str, known: &'static [&'static str]) -> Fault {
    /// More names than that hide the message.
    const MOST: usize = 12;
    let fault = fault.near(found, known.iter().copied());
    if known.is_empty() {
        return fault.expected("expected no key at all");
    }
    if fault.has_help() || known.len() > MOST {
        return fault;
    }
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    fault.expected(format!("expected {}", one_of(&names)))
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn one_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// One node, on behalf of the key that it belongs to.
#[derive(Clone, Copy)]
struct At<'r, 't> {
    reader: &'r Reader<'t>,
    node: NodeId,
    owner: Option<Owner>,
}

impl<'t> At<'_, 't> {
    fn kind(&self) -> &'t Kind<'t> {
        &self.reader.tree.node(self.node).kind
    }

    /// The text of a scalar that is not null.
    fn scalar(&self, expected: &dyn Expected) -> Result<(&'t str, bool), ReadError> {
        match self.kind() {
            Kind::Scalar { .. } if self.reader.tree.is_null(self.node) => Err(ReadError::new(Why::Empty)),
            Kind::Scalar { text, plain } => Ok((text, *plain)),
            Kind::Seq(_) | Kind::Map(_) => Err(ReadError::shape(in_words(&expected.to_string()))),
        }
    }

    fn boolean(&self, expected: &dyn Expected) -> Result<bool, ReadError> {
        let (text, plain) = self.scalar(expected)?;
        let help = match (text, plain) {
            ("true", true) => return Ok(true),
            ("false", true) => return Ok(false),
            ("true" | "false", false) => Some("remove the quotes".to_owned()),
            _ => match text.to_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => Some("write `true`".to_owned()),
                "no" | "off" | "n" | "false" => Some("write `false`".to_owned()),
                _ => None,
            },
        };
        Err(ReadError::new(Why::Shape { expected: "`true` or `false`".to_owned(), help }))
    }

    fn integer<N: std::str::FromStr>(&self, range: &str, visitor: &dyn Expected) -> Result<N, ReadError> {
        let (text, plain) = self.scalar(visitor)?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let has_zeros = digits.len() > 1 && digits.starts_with('0');
        if is_decimal
            && !has_zeros
            && plain
            && let Ok(number) = text.parse()
        {
            return Ok(number);
        }
        let help = match (is_decimal, plain, has_zeros) {
            (true, false, _) => Some("remove the quotes".to_owned()),
            (true, true, true) => Some("remove the leading zeros".to_owned()),
            _ => None,
        };
        Err(ReadError::new(Why::Shape { expected: format!("a whole number from {range}"), help }))
    }

    fn float(&self, visitor: &dyn Expected) -> Result<f64, ReadError> {
        let (text, plain) = self.scalar(visitor)?;
        let looks_so =
            text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let number = text.parse::<f64>().ok().filter(|number| looks_so && number.is_finite());
        match number {
            Some(number) if plain => Ok(number),
            Some(_) => Err(ReadError::new(Why::Shape {
                expected: "a number".to_owned(),
                help: Some("remove the quotes".to_owned()),
            })),
            None => Err(ReadError::shape("a finite decimal number")),
        }
    }

    fn map<'d, V: Visitor<'d>>(
        self,
        visitor: V,
        fields: Option<&'static [&'static str]>,
    ) -> Result<V::Value, ReadError>
    where
        't: 'd,
    {
        let Kind::Map(entries) = self.kind() else {
            let expected = in_words(&(&visitor as &dyn Expected).to_string());
            return Err(self.not_null().err().unwrap_or_else(|| ReadError::shape(expected)));
        };
        if let Some(fields) = fields {
            self.leave_out_unknown(entries, fields);
        }
        let absent = self.reader.absent.borrow().get(&self.node).cloned().unwrap_or_default();
        visitor.visit_map(Entries { at: self, all: entries, next: 0, absent, stand_in: None })
    }

    /// Records all unknown keys of a mapping at once: an error for each would read the mapping again for each.
    fn leave_out_unknown(&self, entries: &[(NodeId, NodeId)], fields: &'static [&'static str]) {
        for (index, (key, _)) in entries.iter().enumerate() {
            if fields.contains(&self.reader.tree.text(*key)) || self.reader.is_poisoned(self.node, index) {
                continue;
            }
            let fault = self.reader.fault(&Why::UnknownKey(fields), *key, Some(Owner::of(*key)));
            self.reader.faults.borrow_mut().push(fault);
            self.reader.poisoned.borrow_mut().insert((self.node, index));
        }
    }

    fn seq<'d, V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError>
    where
        't: 'd,
    {
        let Kind::Seq(elements) = self.kind() else {
            let expected = in_words(&(&visitor as &dyn Expected).to_string());
            return Err(self.not_null().err().unwrap_or_else(|| ReadError::shape(expected)));
        };
        visitor.visit_seq(Elements { at: self, all: elements, next: 0 })
    }

    fn not_null(&self) -> Result<(), ReadError> {
        if self.reader.tree.is_null(self.node) { Err(ReadError::new(Why::Empty)) } else { Ok(()) }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let range = format!("{} to {}", <$type>::MIN, <$type>::MAX);
            self.integer::<$type>(&range, &visitor)
                .and_then(|number| visitor.$visit(number))
                .map_err(|error| error.at(self.node, self.owner))
        }
    )*};
}

impl<'d, 't: 'd> Deserializer<'d> for At<'_, 't> {
    type Error = ReadError;

    integers!(
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    );

    fn deserialize_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.kind() {
            Kind::Scalar { .. } => self.scalar(&visitor).and_then(|(text, _)| visitor.visit_str(text)),
            Kind::Seq(_) => self.seq(visitor),
            Kind::Map(_) => self.map(visitor, None),
        }
        .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_bool<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.boolean(&visitor)
            .and_then(|value| visitor.visit_bool(value))
            .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_f32<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.float(&visitor)
            .and_then(|value| visitor.visit_f64(value))
            .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_str<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.scalar(&visitor)
            .and_then(|(text, _)| visitor.visit_str(text))
            .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_string<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.not_null()
            .and_then(|()| visitor.visit_some(self))
            .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_newtype_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.seq(visitor).map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_tuple<V: Visitor<'d>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'d>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match name {
            SPANNED => visitor.visit_seq(Parts { at: self, next: 0 }),
            ATTEMPT => {
                let is_past_saving = self.reader.lost.borrow().contains(&self.node);
                visitor.visit_seq(Tries { at: self, is_past_saving })
            }
            ONE_OR_MANY if !matches!(self.kind(), Kind::Seq(_)) => {
                let element = [self.node];
                // The single value is the value of the key, and is called so.
                self.not_null()
                    .and_then(|()| visitor.visit_seq(Elements { at: self, all: &element, next: 0 }))
            }
            _ => self.seq(visitor),
        }
        .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_map<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.map(visitor, None).map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.map(visitor, Some(fields)).map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_enum<V: Visitor<'d>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let (name, value) = match self.kind() {
            Kind::Scalar { .. } => (self.node, None),
            Kind::Map(entries) if entries.len() == 1 => (entries[0].0, Some(entries[0].1)),
            Kind::Map(_) | Kind::Seq(_) => {
                let names: Vec<_> = variants.iter().map(|name| format!("`{name}`")).collect();
                return Err(ReadError::shape(one_of(&names)).at(self.node, self.owner));
            }
        };
        self.not_null()
            .and_then(|()| visitor.visit_enum(Variant { at: self, name, value }))
            .map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_ignored_any<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.not_null().and_then(|()| visitor.visit_unit()).map_err(|error| error.at(self.node, self.owner))
    }

    fn deserialize_unit<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'d>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bytes<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'d>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }
}

/// Start, end and value of a node.
struct Parts<'r, 't> {
    at: At<'r, 't>,
    next: u8,
}

impl<'d, 't: 'd> SeqAccess<'d> for Parts<'_, 't> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'d>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let span = self.at.reader.tree.span(self.at.node);
        self.next += 1;
        match self.next {
            1 => seed.deserialize(de::value::U32Deserializer::new(span.start)),
            2 => seed.deserialize(de::value::U32Deserializer::new(span.end)),
            _ => seed.deserialize(self.at),
        }
        .map(Some)
    }
}

/// The same node again and again, each time without what was wrong with it the last time.
struct Tries<'r, 't> {
    at: At<'r, 't>,
    is_past_saving: bool,
}

impl<'d, 't: 'd> SeqAccess<'d> for Tries<'_, 't> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'d>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        if self.is_past_saving {
            return Ok(None);
        }
        seed.deserialize(self.at).map(Some).map_err(|error| {
            self.is_past_saving = !self.at.reader.can_go_on(error);
            if self.is_past_saving {
                self.at.reader.lost.borrow_mut().insert(self.at.node);
            }
            ReadError::new(Why::Empty)
        })
    }
}

struct Elements<'e, 'r, 't> {
    at: At<'r, 't>,
    all: &'e [NodeId],
    next: usize,
}

impl<'d, 't: 'd> SeqAccess<'d> for Elements<'_, '_, 't> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'d>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        while let Some(element) = self.all.get(self.next) {
            let index = self.next;
            self.next += 1;
            if !self.at.reader.is_poisoned(self.at.node, index) {
                let owner = self.at.owner.map(|owner| Owner { is_element: true, ..owner });
                let read = seed.deserialize(At { node: *element, owner, ..self.at });
                return read.map(Some).map_err(|error| error.leave_out(self.at.node, index));
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.all.len() - self.next)
    }
}

struct Entries<'r, 't> {
    at: At<'r, 't>,
    all: &'t [(NodeId, NodeId)],
    next: usize,
    /// Keys that are not there and get a stand-in, with the one that is next.
    absent: Vec<(&'static str, usize)>,
    /// The key whose stand-in is next.
    stand_in: Option<(&'static str, usize)>,
}

impl<'d, 't: 'd> MapAccess<'d> for Entries<'_, 't> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'d>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        while let Some((key, _)) = self.all.get(self.next) {
            let index = self.next;
            self.next += 1;
            if !self.at.reader.is_poisoned(self.at.node, index) {
                let read = seed.deserialize(At { node: *key, owner: Some(Owner::of(*key)), ..self.at });
                return read.map(Some).map_err(|error| error.leave_out(self.at.node, index));
            }
        }
        self.stand_in = self.absent.pop();
        let Some((name, _)) = self.stand_in else { return Ok(None) };
        seed.deserialize(de::value::StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'d>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        if let Some((name, candidate)) = self.stand_in {
            let refused = |_| ReadError::new(Why::NoStandIn(name)).at(self.at.node, self.at.owner);
            return seed.deserialize(StandIn(STAND_INS[candidate])).map_err(refused);
        }
        let index = self.next - 1;
        let (key, value) = self.all[index];
        let visits = &self.at.reader.visits;
        visits.set(visits.get().saturating_sub(1));
        let at = At { node: value, owner: Some(Owner::of(key)), ..self.at };
        seed.deserialize(at).map_err(|error| error.leave_out(self.at.node, index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.all.len() - self.next)
    }
}

/// A variant by its name, with the value that `{NAME: VALUE}` gives it.
struct Variant<'r, 't> {
    at: At<'r, 't>,
    name: NodeId,
    value: Option<NodeId>,
}

impl<'d, 't: 'd> EnumAccess<'d> for Variant<'_, 't> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'d>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        let name = seed.deserialize(At { node: self.name, ..self.at })?;
        Ok((name, self))
    }
}

impl<'d, 't: 'd> VariantAccess<'d> for Variant<'_, 't> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(ReadError::shape(format!("`{}` alone", self.at.reader.tree.text(self.name)))),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'d>>(self, seed: S) -> Result<S::Value, ReadError> {
        let name = self.at.reader.tree.text(self.name);
        let value =
            self.value.ok_or_else(|| ReadError::shape(format!("`{{{name}: ...}}`: it needs a value")))?;
        seed.deserialize(At { node: value, owner: Some(Owner::of(self.name)), ..self.at })
    }

    fn tuple_variant<V: Visitor<'d>>(self, _: usize, _: V) -> Result<V::Value, ReadError> {
        Err(ReadError::shape("a single value"))
    }

    fn struct_variant<V: Visitor<'d>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let value = self.value.unwrap_or(self.name);
        At { node: value, owner: Some(Owner::of(self.name)), ..self.at }
            .deserialize_struct("", fields, visitor)
    }
}
