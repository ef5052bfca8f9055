use std::borrow::Cow;

use money::Amount;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use crate::{Rejection, RejectionCode::*};

/// The longest id, name or label, in bytes.
pub(crate) const NAME_MAX: usize = 200;

/// A JSON object taken apart one level deep: each value stays as sent until its reader is known.
///
/// Readers take fields out, so that what is left over at the end is what we do not know.
pub(crate) struct Fields<'a> {
    pointer: String,
    entries: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// The object in `raw`, standing at `pointer` of the event. `null` counts as absent.
    pub(crate) fn read(raw: &'a [u8], pointer: String) -> Result<Self, Rejection> {
        let entries: Entries<'a> = serde_json::from_slice(raw).map_err(|error| {
            Rejection::new(
                MalformedJson,
                pointer.clone(),
                format!("must be a JSON object: {error}"),
            )
        })?;
        let mut fields = Self { pointer, entries: Vec::with_capacity(entries.0.len()) };
        for (name, value) in entries.0 {
            if fields.entries.iter().any(|(known, _)| *known == name) {
                let reason = "is given more than once";
                return Err(Rejection::new(DuplicateField, fields.at(&name), reason));
            }
            fields.entries.push((name, value));
        }
        fields.entries.retain(|(_, value)| value.get() != "null");
        Ok(fields)
    }

    /// The pointer of the field `name`.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// Takes a field out by its name or one of its aliases.
    pub(crate) fn take(&mut self, names: &[&str]) -> Result<Option<Field<'a>>, Rejection> {
        let mut found = None;
        for name in names {
            let Some(place) = self.entries.iter().position(|(known, _)| known == name) else {
                continue;
            };
            let (_, raw) = self.entries.swap_remove(place);
            let pointer = self.at(name);
            if found.is_some() {
                let reason =
                    format!("means the same as another field; send one of {}", names.join(", "));
                return Err(Rejection::new(DuplicateField, pointer, reason));
            }
            found = Some(Field { pointer, raw });
        }
        Ok(found)
    }

    /// Takes out a text of at most `max` bytes.
    pub(crate) fn text(&mut self, names: &[&str], max: usize) -> Result<Option<String>, Rejection> {
        self.take(names)?.map(|field| field.text(max)).transpose()
    }

    /// Takes out an amount that one event may carry: not negative, at most [`Amount::EVENT_MAX`].
    pub(crate) fn amount(&mut self, names: &[&str]) -> Result<Option<Amount>, Rejection> {
        let Some(field) = self.take(names)? else { return Ok(None) };
        let amount: Amount = field.number()?.parse().map_err(|error| field.invalid(error))?;
        if (Amount::ZERO..=Amount::EVENT_MAX).contains(&amount) {
            Ok(Some(amount))
        } else {
            Err(field.invalid(format!("must be from 0 to {}", Amount::EVENT_MAX)))
        }
    }

    /// Whatever was not taken.
    pub(crate) fn rest(self) -> Vec<(String, Field<'a>)> {
        let pointers: Vec<_> = self.entries.iter().map(|(name, _)| self.at(name)).collect();
        self.entries
            .into_iter()
            .zip(pointers)
            .map(|((name, raw), pointer)| (name.into_owned(), Field { pointer, raw }))
            .collect()
    }
}

/// One field, as sent, with its pointer.
pub(crate) struct Field<'a> {
    pub(crate) pointer: String,
    raw: &'a RawValue,
}

impl<'a> Field<'a> {
    /// The JSON text.
    pub(crate) fn raw(&self) -> &'a str {
        self.raw.get()
    }

    /// A rejection of this field.
    pub(crate) fn invalid(&self, reason: impl ToString) -> Rejection {
        Rejection::new(InvalidValue, self.pointer.clone(), reason.to_string())
    }

    fn wrong_type(&self, reason: &str) -> Rejection {
        Rejection::new(WrongType, self.pointer.clone(), reason)
    }

    /// The field's text, borrowed where it holds no escapes.
    pub(crate) fn str(&self) -> Result<Cow<'a, str>, Rejection> {
        serde_json::from_str::<Text<'a>>(self.raw())
            .map(|text| text.0)
            .map_err(|_| self.wrong_type("must be a string"))
    }

    /// A text of 1 to `max` bytes without control characters: not every store keeps those.
    pub(crate) fn text(&self, max: usize) -> Result<String, Rejection> {
        let text = self.str()?;
        if text.is_empty() {
            return Err(self.invalid("must not be empty; leave the field out instead"));
        }
        if text.contains(char::is_control) {
            return Err(self.invalid("must hold no control characters"));
        }
        if text.len() > max {
            let reason = format!("must be at most {max} bytes long");
            return Err(Rejection::new(TooLarge, self.pointer.clone(), reason));
        }
        Ok(text.into_owned())
    }

    /// The text of a number, sent as a JSON number or as a string.
    pub(crate) fn number(&self) -> Result<Cow<'a, str>, Rejection> {
        match self.raw().as_bytes().first() {
            Some(b'"') => self.str(),
            Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(self.raw())),
            _ => Err(self.wrong_type("must be a number, or a string holding one")),
        }
    }

    /// The elements of an array.
    pub(crate) fn array(&self) -> Result<Vec<&'a RawValue>, Rejection> {
        serde_json::from_str(self.raw()).map_err(|_| self.wrong_type("must be an array"))
    }

    /// An object of any content.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Rejection> {
        if !self.raw().starts_with('{') {
            return Err(self.wrong_type("must be an object"));
        }
        serde_json::from_str(self.raw()).map_err(|error| self.invalid(error))
    }

    /// Any value.
    pub(crate) fn value(&self) -> Result<Value, Rejection> {
        serde_json::from_str(self.raw()).map_err(|error| self.invalid(error))
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Text(name), value)) = map.next_entry::<Text<'de>, _>()? {
                    entries.push((name, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
