use std::cell::RefCell;

use serde::{
    de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor, value::StrDeserializer},
    forward_to_deserialize_any,
};

use crate::{
    Origin, SettingsError,
    entries::{Entries, Items},
    misnamed::Known,
    read_error::ReadError,
    secret::HIDDEN,
    tree::{Node, Value, joined, variable_for},
};

/// What the reader has found so far.
pub(crate) struct Seen {
    /// Every value that was read, with its origin.
    pub(crate) origins: RefCell<Vec<Origin>>,
    /// The settings that exist.
    pub(crate) known: RefCell<Known>,
}

/// Deserializes one value of the tree as the expected type. Every error names the key, its source,
/// and what would be correct.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    node: &'a Node,
    seen: Option<&'a Seen>,
    secret: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(node: &'a Node, seen: &'a Seen) -> Self {
        Self { node, seen: Some(seen), secret: false }
    }

    /// Creates a reader for an item of a list: only the whole list is recorded.
    pub(crate) fn unrecorded(node: &'a Node, secret: bool) -> Self {
        Self { node, seen: None, secret }
    }

    pub(crate) fn child(&self, node: &'a Node) -> Self {
        Self { node, secret: false, ..*self }
    }

    /// Records a value that is about to be read; `as_text` renders it unless it is secret.
    fn record(&self, as_text: impl FnOnce() -> String) {
        if let Some(Seen { origins, .. }) = self.seen {
            let value = if self.secret { HIDDEN.to_owned() } else { as_text() };
            let Node { key, source, .. } = self.node;
            origins.borrow_mut().push(Origin { key: key.clone(), value, source: source.clone() });
        }
    }

    pub(crate) fn locate(&self, error: ReadError) -> ReadError {
        let Node { key, source, .. } = self.node;
        ReadError::Located(match error {
            ReadError::Located(error) => error,
            ReadError::Missing(name) => {
                let key = joined(key, name);
                SettingsError::Missing { variable: variable_for(&key), key }
            }
            ReadError::Somewhere(reason) => {
                // serde quotes the value.
                let reason = if self.secret { "must be a text".to_owned() } else { reason };
                SettingsError::Wrong { origin: source.clone(), key: key.clone(), reason }
            }
        })
    }

    /// Reads a value of the environment, which is text, as a number or a flag.
    fn unquoted<'de, V: Visitor<'de>, T>(
        self,
        visitor: V,
        text: &str,
        parsed: Option<T>,
        visit: impl FnOnce(V, T) -> Result<V::Value, ReadError>,
    ) -> Result<V::Value, ReadError> {
        self.record(|| text.to_owned());
        let read = match parsed {
            Some(value) => visit(visitor, value),
            None => Err(ReadError::invalid_type(Unexpected::Str(text), &visitor)),
        };
        read.map_err(|error| self.locate(error))
    }

    fn unknown_key(&self, fields: &[&'static str]) -> Option<ReadError> {
        let Value::Branch(branch) = &self.node.value else {
            return None;
        };
        let (name, node) = branch.0.iter().find(|(name, _)| !fields.contains(&name.as_str()))?;
        let nearest = fields
            .iter()
            .map(|field| (strsim::jaro_winkler(name, field), field))
            .filter(|(similarity, _)| *similarity > 0.7)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, field)| joined(&self.node.key, field));
        let origin = node.source.clone();
        let key = node.key.clone();
        Some(ReadError::Located(SettingsError::Unknown { origin, key, nearest }))
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let read = match &self.node.value {
            Value::Text(text) | Value::Unquoted(text) => {
                self.record(|| self.node.to_toml());
                visitor.visit_str(text)
            }
            Value::Integer(number) => {
                self.record(|| number.to_string());
                match (i64::try_from(*number), u64::try_from(*number)) {
                    (Ok(number), _) => visitor.visit_i64(number),
                    (_, Ok(number)) => visitor.visit_u64(number),
                    _ => visitor.visit_i128(*number),
                }
            }
            Value::Float(number) => {
                self.record(|| number.to_string());
                visitor.visit_f64(*number)
            }
            Value::Boolean(flag) => {
                self.record(|| flag.to_string());
                visitor.visit_bool(*flag)
            }
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Branch(section) => visitor.visit_map(Entries::of(self, section, false)),
        };
        read.map_err(|error| self.locate(error))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Unquoted(text) => {
                self.unquoted(visitor, text, text.parse().ok(), |visitor, flag| {
                    visitor.visit_bool(flag)
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Unquoted(text) => {
                self.unquoted(visitor, text, text.parse().ok(), |visitor, number: i64| {
                    visitor.visit_i64(number)
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Unquoted(text) if !text.starts_with('-') => {
                self.unquoted(visitor, text, text.parse().ok(), |visitor, number: u64| {
                    visitor.visit_u64(number)
                })
            }
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.node.value {
            Value::Unquoted(text) => {
                self.unquoted(visitor, text, text.parse().ok(), |visitor, number: f64| {
                    visitor.visit_f64(number)
                })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(Self { secret: self.secret || name == "Secret", ..self })
    }

    /// Reads a list; in the environment, its values are separated by commas.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let split: Vec<Node>;
        let items: &[Node] = match &self.node.value {
            Value::List(items) => items,
            Value::Unquoted(text) => {
                let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
                let value = |text: &str| Value::Unquoted(text.to_owned());
                split =
                    texts.map(|text| Node { value: value(text), ..self.node.clone() }).collect();
                &split
            }
            _ => return self.deserialize_any(visitor),
        };
        self.record(|| {
            let shown: Vec<String> = items.iter().map(Node::to_toml).collect();
            format!("[{}]", shown.join(", "))
        });
        let items = Items { items: items.iter(), secret: self.secret };
        visitor.visit_seq(items).map_err(|error| self.locate(error))
    }

    /// Reads a section in which the user chooses the names. A name that only the environment gives
    /// gets `-` where the variable has `_`.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if let Some(Seen { known, .. }) = self.seen {
            known.borrow_mut().free.insert(self.node.key.clone());
        }
        match &self.node.value {
            Value::Branch(section) => visitor
                .visit_map(Entries::of(self, section, true))
                .map_err(|error| self.locate(error)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let Some(Seen { known, .. }) = self.seen {
            let fields = fields.iter().map(|field| joined(&self.node.key, field));
            known.borrow_mut().fields.extend(fields);
        }
        match self.unknown_key(fields) {
            Some(unknown) => Err(unknown),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let read = match &self.node.value {
            Value::Text(text) | Value::Unquoted(text) => {
                self.record(|| self.node.to_toml());
                let name: StrDeserializer<'_, ReadError> = text.as_str().into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(ReadError::custom("must be one name, as a text")),
        };
        read.map_err(|error| self.locate(error))
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}
