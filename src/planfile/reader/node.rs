//! One node of the tree as `serde` asks for it: scalars are typed by what is asked for.

use serde::de::{Deserializer, Expected, Visitor};

use super::access::{Elements, Entries, Parts, Tries, Variant};
use super::error::{Owner, ReadError, Why, in_words};
use super::{Reader, one_of};
use crate::model::named::{ATTEMPT, ONE_OR_MANY};
use crate::model::span::SPANNED;
use crate::planfile::tree::{Kind, NodeId};

/// One node, on behalf of the key that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct At<'r, 't> {
    pub(super) reader: &'r Reader<'t>,
    pub(super) node: NodeId,
    pub(super) owner: Option<Owner>,
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
