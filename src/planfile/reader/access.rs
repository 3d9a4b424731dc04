//! What stands below a node: elements, entries, variants, and the same node tried again.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::STAND_INS;
use super::error::{Owner, ReadError, Why};
use super::node::At;
use super::stand_in::StandIn;
use crate::planfile::tree::NodeId;

/// Start, end and value of a node.
pub(super) struct Parts<'r, 't> {
    pub(super) at: At<'r, 't>,
    pub(super) next: u8,
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
pub(super) struct Tries<'r, 't> {
    pub(super) at: At<'r, 't>,
    pub(super) is_past_saving: bool,
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

pub(super) struct Elements<'e, 'r, 't> {
    pub(super) at: At<'r, 't>,
    pub(super) all: &'e [NodeId],
    pub(super) next: usize,
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

pub(super) struct Entries<'r, 't> {
    pub(super) at: At<'r, 't>,
    pub(super) all: &'t [(NodeId, NodeId)],
    pub(super) next: usize,
    /// Keys that are not there and get a stand-in, with the one that is next.
    pub(super) absent: Vec<(&'static str, usize)>,
    /// The key whose stand-in is next.
    pub(super) stand_in: Option<(&'static str, usize)>,
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
pub(super) struct Variant<'r, 't> {
    pub(super) at: At<'r, 't>,
    pub(super) name: NodeId,
    pub(super) value: Option<NodeId>,
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
