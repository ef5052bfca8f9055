use std::collections::btree_map;

use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess};

use crate::{
    Source,
    read_error::ReadError,
    reader::Reader,
    tree::{Branch, Node},
};

/// Reads the values of a section, one after the other.
pub(crate) struct Entries<'a> {
    reader: Reader<'a>,
    rest: btree_map::Iter<'a, String, Node>,
    value: Option<&'a Node>,
    free: bool,
}

impl<'a> Entries<'a> {
    /// Creates the reader; `free` is true if the names are not the fields of a struct.
    pub(crate) fn of(reader: Reader<'a>, section: &'a Branch, free: bool) -> Self {
        Self { reader, rest: section.0.iter(), value: None, free }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some((name, node)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(node);
        let from_environment = matches!(node.source, Source::Environment(_));
        let name =
            if self.free && from_environment { name.replace('_', "-") } else { name.clone() };
        let key = seed.deserialize(name.into_deserializer());
        key.map(Some).map_err(|error| self.reader.child(node).locate(error))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let node = self.value.take().ok_or_else(|| ReadError::custom("a value without a name"))?;
        let reader = self.reader.child(node);
        seed.deserialize(reader).map_err(|error| reader.locate(error))
    }
}

/// Reads the values of a list, one after the other.
pub(crate) struct Items<'a> {
    pub(crate) items: std::slice::Iter<'a, Node>,
    pub(crate) secret: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.items.next() else {
            return Ok(None);
        };
        let reader = Reader::unrecorded(node, self.secret);
        seed.deserialize(reader).map(Some).map_err(|error| reader.locate(error))
    }
}
