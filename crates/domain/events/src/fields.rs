use std::{borrow::Cow, collections::HashSet};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::{Rejection, RejectionCode::*};

/// From this many fields on, those given twice are found by hashing.
const MANY: usize = 32;

/// The fields of an event or an item, from every place where they may stand. Each value stays as it
/// was sent until its reader is known.
///
/// Readers take fields out, so that what is left over at the end is what we do not know.
pub(crate) struct Fields<'a> {
    layers: Vec<Layer<'a>>,
}

/// An object taken apart one level deep.
struct Layer<'a> {
    base: Cow<'static, str>,
    kind: LayerKind,
    entries: Vec<Entry<'a>>,
}

/// Where an object stands, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LayerKind {
    /// The event or the item itself.
    Own,
    /// `properties`, `params` or `ecommerce` of the event.
    Nested,
    /// `context` of the event: read from, and kept as it is.
    Context,
    /// What stood beside the events of a batch.
    Envelope,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    raw: &'a RawValue,
    taken: bool,
}

/// One field that was found, as it was sent.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    raw: &'a str,
    layer: usize,
    entry: usize,
}

/// What a text may be sent as.
pub(crate) enum Textual<'a> {
    /// A string, or the digits of a number.
    Text(Cow<'a, str>),
    /// Something else.
    Other,
}

impl<'a> Fields<'a> {
    /// The fields of one object; what is wrong with it, if it is none.
    pub(crate) fn read(raw: &'a str, base: Cow<'static, str>) -> Result<Self, Rejection> {
        let mut fields = Self { layers: Vec::with_capacity(4) };
        fields.add(raw, base, LayerKind::Own)?;
        Ok(fields)
    }

    /// Adds an object as another place to look into, behind those there are.
    pub(crate) fn add(
        &mut self,
        raw: &'a str,
        base: Cow<'static, str>,
        kind: LayerKind,
    ) -> Result<(), Rejection> {
        let entries: Entries<'a> = serde_json::from_str(raw).map_err(|error| {
            let reason = format!("must be a JSON object: {error}");
            Rejection::new(MalformedJson, base.clone(), reason)
        })?;
        let entries = distinct(entries.0, &base)?;
        self.layers.push(Layer { base, kind, entries });
        Ok(())
    }

    /// Adds fields that stood beside the events of the batch.
    pub(crate) fn add_envelope(&mut self, fields: &'a [(&'static str, Cow<'_, RawValue>)]) {
        if fields.is_empty() {
            return;
        }
        let entry = |(name, raw): &'a (&'static str, Cow<'_, RawValue>)| Entry {
            name: Cow::Borrowed(name),
            raw: raw.as_ref(),
            taken: false,
        };
        let base = Cow::Borrowed(crate::envelope::POINTER);
        let entries = fields.iter().map(entry).collect();
        self.layers.push(Layer { base, kind: LayerKind::Envelope, entries });
    }

    /// Takes a field out by the first of its names that has a value, in the nearest place that has
    /// one, no farther off than `farthest`. Fields that say the same are taken with it; others stay.
    pub(crate) fn find(&mut self, names: &[&str], farthest: LayerKind) -> Option<Field<'a>> {
        self.search(names, |kind| kind <= farthest && kind != LayerKind::Context)
    }

    /// Takes a field out of what stood beside the events of the batch.
    pub(crate) fn find_in_envelope(&mut self, names: &[&str]) -> Option<Field<'a>> {
        self.search(names, |kind| kind == LayerKind::Envelope)
    }

    fn search(
        &mut self,
        names: &[&str],
        is_within: impl Fn(LayerKind) -> bool,
    ) -> Option<Field<'a>> {
        let mut found: Option<Field<'a>> = None;
        for (at, layer) in self.layers.iter_mut().enumerate() {
            if !is_within(layer.kind) {
                continue;
            }
            for name in names {
                let named = |entry: &Entry<'_>| !entry.taken && entry.name == *name;
                let mut entries = layer.entries.iter_mut().enumerate();
                let Some((place, entry)) = entries.find(|(_, entry)| named(entry)) else {
                    continue;
                };
                let raw = entry.raw.get();
                match found {
                    _ if is_blank(raw) => entry.taken = true,
                    Some(found) => entry.taken = found.raw == raw,
                    None => {
                        entry.taken = true;
                        found = Some(Field { raw, layer: at, entry: place });
                    }
                }
            }
        }
        found
    }

    /// Takes out an object of the event itself that holds more of its fields. `None` when it is
    /// empty, in whatever form.
    pub(crate) fn take_nested(&mut self, name: &str) -> Option<Field<'a>> {
        self.find(&[name], LayerKind::Own)
    }

    /// The value of an own field, which stays where it is.
    pub(crate) fn look(&self, name: &str) -> Option<&'a str> {
        let own = self.layers.first()?;
        own.entries.iter().find(|entry| entry.name == name).map(|entry| entry.raw.get())
    }

    /// The value at a path within `context`, which stays where it is.
    pub(crate) fn in_context(&self, path: &[&str]) -> Option<&'a str> {
        let context = self.layers.iter().find(|layer| layer.kind == LayerKind::Context)?;
        let (first, rest) = path.split_first()?;
        let mut raw = context.entries.iter().find(|entry| entry.name == *first)?.raw.get();
        for name in rest {
            let entries: Entries<'a> = serde_json::from_str(raw).ok()?;
            raw = entries.0.into_iter().find(|(known, _)| known == name)?.1.get();
        }
        (!is_blank(raw)).then_some(raw)
    }

    /// What becomes of a field that is left where it was.
    pub(crate) fn what_is_left(&self, field: &Field<'_>) -> &'static str {
        match self.layers.get(field.layer) {
            Some(layer) if layer.kind == LayerKind::Envelope => "the event is kept without it",
            _ => "it is kept as a property",
        }
    }

    /// Leaves fields where they were, by their names: they become properties.
    pub(crate) fn put_back_all(&mut self, names: &[&str]) {
        let entries = self.layers.iter_mut().flat_map(|layer| layer.entries.iter_mut());
        for entry in entries.filter(|entry| names.contains(&entry.name.as_ref())) {
            entry.taken = is_blank(entry.raw.get());
        }
    }

    /// Leaves a field where it was: it becomes a property.
    pub(crate) fn put_back(&mut self, field: &Field<'_>) {
        let layer = self.layers.get_mut(field.layer);
        if let Some(entry) = layer.and_then(|layer| layer.entries.get_mut(field.entry)) {
            entry.taken = false;
        }
    }

    /// The pointer of a field that was found.
    pub(crate) fn pointer(&self, field: &Field<'_>) -> String {
        let layer = self.layers.get(field.layer);
        let entry = layer.and_then(|layer| layer.entries.get(field.entry));
        layer
            .zip(entry)
            .map_or_else(String::new, |(layer, entry)| pointer(&layer.base, &entry.name))
    }

    /// A rejection of a field's value.
    pub(crate) fn invalid(&self, field: &Field<'_>, reason: impl ToString) -> Rejection {
        Rejection::new(InvalidValue, self.pointer(field), reason.to_string())
    }

    /// A rejection of a field's type.
    pub(crate) fn wrong_type(&self, field: &Field<'_>, reason: &str) -> Rejection {
        Rejection::new(WrongType, self.pointer(field), reason)
    }

    /// Whatever was not taken of the event: each with its pointer, the nested ones first.
    pub(crate) fn rest(self) -> impl Iterator<Item = (String, String, &'a str)> {
        let mut layers = self.layers;
        layers.retain(|layer| matches!(layer.kind, LayerKind::Own | LayerKind::Nested));
        layers.sort_by_key(|layer| std::cmp::Reverse(layer.kind));
        layers.into_iter().flat_map(|Layer { base, entries, .. }| {
            let left =
                entries.into_iter().filter(|entry| !entry.taken && entry.raw.get() != "null");
            left.map(move |entry| {
                let pointer = pointer(&base, &entry.name);
                (entry.name.into_owned(), pointer, entry.raw.get())
            })
        })
    }
}

impl<'a> Field<'a> {
    /// The JSON text.
    pub(crate) const fn raw(&self) -> &'a str {
        self.raw
    }

    /// The text of a string or a number, without white space around it.
    pub(crate) fn textual(&self) -> Textual<'a> {
        textual(self.raw)
    }

    /// The text of a string.
    pub(crate) fn string(&self) -> Option<Cow<'a, str>> {
        string(self.raw)
    }

    /// The elements of an array.
    pub(crate) fn array(&self) -> Option<Vec<&'a RawValue>> {
        serde_json::from_str(self.raw).ok()
    }
}

/// The text of a string or a number, without white space around it.
pub(crate) fn textual(raw: &str) -> Textual<'_> {
    match raw.as_bytes().first() {
        Some(b'"') => string(raw).map_or(Textual::Other, Textual::Text),
        Some(b'-' | b'0'..=b'9') => Textual::Text(Cow::Borrowed(raw)),
        _ => Textual::Other,
    }
}

fn string(raw: &str) -> Option<Cow<'_, str>> {
    let text = serde_json::from_str::<Text<'_>>(raw).ok()?.0;
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

/// Any value, or why it cannot be kept.
pub(crate) fn value(raw: &str) -> serde_json::Result<Value> {
    serde_json::from_str(raw)
}

/// Whether a value says nothing: `null`, `""`, `" "`, `[]`, `{}`.
fn is_blank(raw: &str) -> bool {
    let within = |open, close| raw.strip_prefix(open)?.strip_suffix(close);
    raw == "null"
        || [('"', '"'), ('[', ']'), ('{', '}')]
            .into_iter()
            .any(|(open, close)| within(open, close).is_some_and(|text| text.trim().is_empty()))
}

fn pointer(base: &str, name: &str) -> String {
    if name.contains(['~', '/']) {
        format!("{base}/{}", name.replace('~', "~0").replace('/', "~1"))
    } else {
        [base, "/", name].concat()
    }
}

/// Each field once: one that is given again must say the same.
fn distinct<'a>(
    sent: Vec<(Cow<'a, str>, &'a RawValue)>,
    base: &str,
) -> Result<Vec<Entry<'a>>, Rejection> {
    let mut entries: Vec<Entry<'a>> = Vec::with_capacity(sent.len());
    let mut names = HashSet::new();
    let many = sent.len() > MANY;
    for (name, raw) in sent {
        let is_new = !many || names.insert(name.clone());
        if !(many && is_new)
            && let Some(known) = entries.iter().find(|entry| entry.name == name)
        {
            if known.raw.get() == raw.get() {
                continue;
            }
            let reason = "is given more than once, with different values";
            return Err(Rejection::new(DuplicateField, pointer(base, &name), reason));
        }
        entries.push(Entry { name, raw, taken: false });
    }
    Ok(entries)
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The fields of an object in their order, values as they were sent.
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

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
