//! The fields of one object, each with its raw value.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map},
};

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
    /// The places of the names, once there are many.
    hashed: HashMap<Cow<'a, str>, usize>,
    /// The name of the first duplicate with another value.
    conflict: Option<Cow<'a, str>>,
    /// How many names were compared with others.
    #[cfg(test)]
    compared: usize,
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
        let known = if self.all.len() < MANY {
            let same = |entry: &Entry<'_>| {
                #[cfg(test)]
                {
                    self.compared += 1;
                }
                entry.name == name
            };
            if is_new_bit { None } else { self.all.iter().position(same) }
        } else {
            self.hashed_place(name.clone())
        };
        match known.and_then(|place| self.all.get(place)) {
            None => self.all.push(Entry { name, raw, taken: false, bit }),
            Some(first) if first.raw != raw && self.conflict.is_none() => {
                self.conflict = Some(name);
            }
            Some(_) => {}
        }
    }

    /// Returns the place of the field of this name if there is one. Otherwise the next field has it.
    ///
    /// A sender who gives 80,000 fields twice must not make us compare each with each.
    fn hashed_place(&mut self, name: Cow<'a, str>) -> Option<usize> {
        if self.hashed.is_empty() {
            let places = self.all.iter().enumerate();
            self.hashed.extend(places.map(|(place, entry)| (entry.name.clone(), place)));
        }
        match self.hashed.entry(name) {
            hash_map::Entry::Occupied(known) => Some(*known.get()),
            hash_map::Entry::Vacant(new) => {
                new.insert(self.all.len());
                None
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: impl Iterator<Item = String>) -> String {
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn fields_given_twice_are_not_compared_each_with_each() {
        let fields = 40_000;
        let field = |number: usize| format!("\"f{}\":1", number % fields);
        let object = object((0..2 * fields).map(field));
        let entries = Entries::read(&object).unwrap();
        assert_eq!((entries.all.len(), entries.conflict()), (fields, None));
        // Only the first ones are: the others are found by hashing.
        assert!(entries.compared <= MANY * MANY, "{} were compared", entries.compared);
    }

    #[test]
    fn a_field_given_twice_with_different_values_is_found_among_few_and_among_many() {
        for count in [3, 33, 1_000] {
            let field = |number: usize| format!("\"f{number}\":{number}");
            let twice = |value: &str| {
                let fields = (0..count).map(field).chain([format!("\"f1\":{value}")]);
                object(fields)
            };
            assert_eq!(Entries::read(&twice("1")).unwrap().conflict(), None, "{count}");
            assert_eq!(Entries::read(&twice("2")).unwrap().conflict(), Some("f1"), "{count}");
        }
    }
}
