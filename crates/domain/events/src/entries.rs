//! The fields of one object, each with its raw value.

use std::{borrow::Cow, collections::HashSet};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    json,
    name::{Name, NameBit, NameBits, Names},
};

/// With more fields than this, duplicates are found by hashing.
const MANY: usize = 32;

/// The fields of one object, in order. Of duplicates with the same value only the first is kept.
#[derive(Default)]
pub(crate) struct Entries<'a> {
    all: Vec<Entry<'a>>,
    bits: NameBits,
    /// The names, once there are many.
    hashed: HashSet<Cow<'a, str>>,
    /// The name of the first duplicate with another value.
    conflict: Option<Cow<'a, str>>,
}

/// One field.
pub(crate) struct Entry<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) raw: &'a str,
    /// Whether a reader has taken it.
    pub(crate) taken: bool,
    bit: NameBit,
}

impl<'a> Entries<'a> {
    /// Parses an object, one level deep.
    pub(crate) fn read(raw: &'a str) -> serde_json::Result<Self> {
        let mut entries = Self { all: Vec::with_capacity(24), ..Self::default() };
        if json::object(raw, |name, raw| entries.add(Cow::Borrowed(name), raw)).is_some() {
            return Ok(entries);
        }
        let mut entries = Self::default();
        parsed(raw)?.into_iter().for_each(|(name, raw)| entries.add(name, raw));
        Ok(entries)
    }

    /// Adds a field.
    pub(crate) fn add(&mut self, name: Cow<'a, str>, raw: &'a str) {
        let bit = NameBit::of(name.as_bytes());
        let is_new_bit = self.bits.add(bit);
        let is_known = if self.all.len() < MANY {
            !is_new_bit && self.all.iter().any(|entry| entry.name == name)
        } else {
            if self.hashed.is_empty() {
                self.hashed.extend(self.all.iter().map(|entry| entry.name.clone()));
            }
            !self.hashed.insert(name.clone())
        };
        if !is_known {
            self.all.push(Entry { name, raw, taken: false, bit });
        } else if self.conflict.is_none()
            && !self.all.iter().any(|entry| entry.name == name && entry.raw == raw)
        {
            self.conflict = Some(name);
        }
    }

    /// Returns the name of the first field that is given twice, with different values.
    pub(crate) fn conflict(&self) -> Option<&str> {
        self.conflict.as_deref()
    }

    /// Returns whether a field of one of these names may be there.
    pub(crate) fn may_have(&self, names: Names) -> bool {
        self.bits.meet(names.bits())
    }

    /// Returns the place of the field of this name.
    pub(crate) fn place(&self, name: &Name) -> Option<usize> {
        if !self.bits.has(name.bit()) {
            return None;
        }
        self.all.iter().position(|entry| entry.bit == name.bit() && entry.name == name.as_str())
    }

    /// Returns the field at this place.
    pub(crate) fn at(&self, place: usize) -> Option<&Entry<'a>> {
        self.all.get(place)
    }

    /// Returns the field at this place.
    pub(crate) fn at_mut(&mut self, place: usize) -> Option<&mut Entry<'a>> {
        self.all.get_mut(place)
    }

    /// Returns the raw value of the field of this name.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.all.iter().find(|entry| entry.name == name).map(|entry| entry.raw)
    }
}

impl<'a> IntoIterator for Entries<'a> {
    type Item = Entry<'a>;
    type IntoIter = std::vec::IntoIter<Entry<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

/// Parses the fields of an object in their order, duplicates too.
pub(crate) fn parsed(raw: &str) -> serde_json::Result<Vec<(Cow<'_, str>, &str)>> {
    let fields: InOrder<'_> = serde_json::from_str(raw)?;
    Ok(fields.0)
}

/// A text of JSON, borrowed if it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

struct InOrder<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de> Deserialize<'de> for InOrder<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = InOrder<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(name), raw)) = map.next_entry::<_, &'de RawValue>()? {
                    fields.push((name, raw.get()));
                }
                Ok(InOrder(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
