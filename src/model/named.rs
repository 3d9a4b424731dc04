//! Collections of the plan file that keep order and places, and that read on after a fault.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Spanned, name_pattern};

/// The name under which a collection asks `planfile::reader` for one more try at the same value.
pub(crate) const ATTEMPT: &str = "$mainstay::Attempt";
/// The name under which [`OneOrMany`] asks `planfile::reader` to see a single value as a list of one.
pub(crate) const ONE_OR_MANY: &str = "$mainstay::OneOrMany";

/// Things by name, in the order of the plan file.
///
/// A thing that could not be read is left out; the reader has recorded why.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    entries: Vec<(Spanned<String>, T)>,
    /// Places in `entries` by name: an estate has thousands of targets, and each is asked for many times.
    by_name: Vec<usize>,
}

impl<T> Named<T> {
    fn new(entries: Vec<(Spanned<String>, T)>) -> Self {
        let mut by_name: Vec<usize> = (0..entries.len()).collect();
        // Stable: of two with one name, which the reader has refused, the first one counts.
        by_name.sort_by(|a, b| entries[*a].0.value.cmp(&entries[*b].0.value));
        Self { entries, by_name }
    }

    /// The thing called `name`.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.entry(name).map(|(_, thing)| thing)
    }

    /// The thing called `name`, and where its name stands.
    pub fn entry(&self, name: &str) -> Option<(&Spanned<String>, &T)> {
        let key = |place: usize| self.entries[place].0.value.as_str();
        let first = self.by_name.partition_point(|place| key(*place) < name);
        let place = *self.by_name.get(first).filter(|place| key(**place) == name)?;
        let (key, thing) = &self.entries[place];
        Some((key, thing))
    }

    /// All things with their names, in the order of the plan file.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Spanned<String>, &T)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// All things, to change them, in the order of the plan file.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// All names, in the order of the plan file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.value.as_str())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<T> IntoIterator for Named<T> {
    type Item = (Spanned<String>, T);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

/// A list that leaves out what could not be read; the reader has recorded why.
#[derive(Debug, Clone, PartialEq)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// One value, or a list of them.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> std::ops::Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// A value, or nothing when the reader has recorded a fault that spoils it.
struct Attempt<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attempt<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Tries<T> {
            type Value = Attempt<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }

            /// Each element is one more try at the same value: the reader records a fault, leaves out what
            /// was wrong and lets us try again, until the value is read or is past saving (`None`).
            fn visit_seq<A: SeqAccess<'de>>(self, mut tries: A) -> Result<Attempt<T>, A::Error> {
                loop {
                    if let Ok(read) = tries.next_element() {
                        return Ok(Attempt(read));
                    }
                }
            }
        }
        deserializer.deserialize_tuple_struct(ATTEMPT, 0, Tries(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(key) = map.next_key()? {
                    if let Attempt(Some(value)) = map.next_value()? {
                        entries.push((key, value));
                    }
                }
                Ok(Named::new(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// Reads a sequence element by element, leaving out what is past saving.
struct Elements<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::with_capacity(seq.size_hint().unwrap_or(0));
        while let Some(Attempt(element)) = seq.next_element()? {
            elements.extend(element);
        }
        Ok(elements)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(PhantomData)).map(List)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(ONE_OR_MANY, 0, Elements(PhantomData)).map(OneOrMany)
    }
}

/// Reads a list of which an empty one would say nothing.
pub(super) fn at_least_one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<List<T>, D::Error> {
    struct AtLeastOne<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for AtLeastOne<T> {
        type Value = List<T>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<List<T>, A::Error> {
            let elements = Elements(PhantomData).visit_seq(seq)?;
            if elements.is_empty() {
                return Err(Error::custom("expected at least one element"));
            }
            Ok(List(elements))
        }
    }
    deserializer.deserialize_seq(AtLeastOne(PhantomData))
}

/// Anything but null: the value of a key that is known but not supported yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Anything)
    }
}

impl JsonSchema for Anything {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Anything".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean", "array", "object"]})
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "propertyNames": {"pattern": name_pattern()},
            "additionalProperties": of
        })
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = generator.subschema_for::<T>();
        json_schema!({"type": "array", "items": of})
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let of = generator.subschema_for::<T>();
        json_schema!({"anyOf": [of, {"type": "array", "items": of}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_found_by_name_and_stand_in_the_order_of_the_plan_file() {
        let name = |name: &str| Spanned::from(name.to_owned());
        let named = Named::new(vec![(name("b"), 1), (name("c"), 2), (name("a"), 3), (name("b"), 4)]);
        let found = ["a", "b", "c", "", "aa", "d"].map(|name| named.get(name).copied());
        assert_eq!(found, [Some(3), Some(1), Some(2), None, None, None], "of two, the first counts");
        assert_eq!(named.names().collect::<Vec<_>>(), ["b", "c", "a", "b"]);
        assert_eq!(Named::<u8>::default().get("a"), None);
    }
}
