use std::borrow::Cow;

use serde_json::{Value, value::RawValue};

use crate::{
    Rejection,
    RejectionCode::*,
    entries::{Entries, Text, parsed},
    json,
    name::Names,
};

/// The fields of an event or an item, from every place where they may be. Each value stays raw
/// until its reader is known.
///
/// Readers take fields out; the fields left at the end are the unknown ones.
pub(crate) struct Fields<'a> {
    layers: Vec<Layer<'a>>,
}

/// An object, parsed one level deep.
struct Layer<'a> {
    base: Cow<'static, str>,
    kind: LayerKind,
    entries: Entries<'a>,
}

/// The place of an object, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LayerKind {
    /// The event or the item itself.
    Own,
    /// `properties`, `params` or `ecommerce` of the event.
    Nested,
    /// `context` of the event: it is read and stored as it is.
    Context,
    /// The envelope: the fields beside the events of a batch.
    Envelope,
}

/// One field that was found, as it was sent.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    raw: &'a str,
    layer: usize,
    entry: usize,
}

/// A value that may be a text.
pub(crate) enum Textual<'a> {
    /// A string, or the digits of a number.
    Text(Cow<'a, str>),
    /// Any other value.
    Other,
}

impl<'a> Fields<'a> {
    /// Parses the fields of one object; a rejection if it is not an object.
    pub(crate) fn read(raw: &'a str, base: Cow<'static, str>) -> Result<Self, Rejection> {
        let mut fields = Self { layers: Vec::with_capacity(4) };
        fields.add(raw, base, LayerKind::Own)?;
        Ok(fields)
    }

    /// Adds an object as another place to search, after the existing ones.
    pub(crate) fn add(
        &mut self,
        raw: &'a str,
        base: Cow<'static, str>,
        kind: LayerKind,
    ) -> Result<(), Rejection> {
        let entries = Entries::read(raw).map_err(|error| {
            let reason = format!("must be a JSON object: {error}");
            Rejection::new(MalformedJson, base.clone(), reason)
        })?;
        if let Some(name) = entries.conflict() {
            let reason = "is given more than once, with different values";
            return Err(Rejection::new(DuplicateField, pointer(&base, name), reason));
        }
        self.layers.push(Layer { base, kind, entries });
        Ok(())
    }

    /// Adds the fields of the envelope.
    pub(crate) fn add_envelope(&mut self, fields: &'a [(&'static str, Cow<'_, str>)]) {
        if fields.is_empty() {
            return;
        }
        let base = Cow::Borrowed(crate::envelope::POINTER);
        let mut entries = Entries::default();
        for (name, raw) in fields {
            entries.add(Cow::Borrowed(name), raw);
        }
        self.layers.push(Layer { base, kind: LayerKind::Envelope, entries });
    }

    /// Takes out a field: the first of its names that has a value, in the nearest place, up to
    /// `farthest`. Duplicates with the same value are taken with it; others stay.
    pub(crate) fn find(&mut self, names: Names, farthest: LayerKind) -> Option<Field<'a>> {
        self.search(names, |kind| kind <= farthest && kind != LayerKind::Context)
    }

    /// Takes a field out of the envelope.
    pub(crate) fn find_in_envelope(&mut self, names: Names) -> Option<Field<'a>> {
        self.search(names, |kind| kind == LayerKind::Envelope)
    }

    fn search(&mut self, names: Names, is_within: impl Fn(LayerKind) -> bool) -> Option<Field<'a>> {
        let mut found: Option<Field<'a>> = None;
        for (at, layer) in self.layers.iter_mut().enumerate() {
            let entries = &mut layer.entries;
            if !is_within(layer.kind) || !entries.may_have(names) {
                continue;
            }
            for name in names.iter() {
                let Some(place) = entries.place(name) else { continue };
                let Some(entry) = entries.at_mut(place).filter(|entry| !entry.taken) else {
                    continue;
                };
                let raw = entry.raw;
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

    /// Takes out an object of the event that contains more of its fields. `None` if it is empty.
    pub(crate) fn take_nested(&mut self, names: Names) -> Option<Field<'a>> {
        self.find(names, LayerKind::Own)
    }

    /// Returns the value of a field of the event itself, without taking it out.
    pub(crate) fn peek(&self, names: Names) -> Option<&'a str> {
        let own = self.layers.first()?;
        let place = names.iter().find_map(|name| own.entries.place(name))?;
        own.entries.at(place).map(|entry| entry.raw)
    }

    /// Returns the value at a path within `context`, without taking it out.
    pub(crate) fn in_context(&self, path: &[&str]) -> Option<&'a str> {
        let context = self.layers.iter().find(|layer| layer.kind == LayerKind::Context)?;
        let (first, rest) = path.split_first()?;
        let mut raw = context.entries.raw(first)?;
        for name in rest {
            raw = parsed(raw).ok()?.into_iter().find(|(known, _)| known == name)?.1;
        }
        (!is_blank(raw)).then_some(raw)
    }

    /// Describes what happens to a field that was returned, for a warning.
    pub(crate) fn consequence(&self, field: &Field<'_>) -> &'static str {
        let is_kept = |layer: &Layer<'_>| match layer.kind {
            // Of an item, whose pointer is not empty, no unknown field is kept.
            LayerKind::Own => layer.base.is_empty(),
            kind => kind != LayerKind::Envelope,
        };
        if self.layers.get(field.layer).is_some_and(is_kept) {
            "it is stored as a property"
        } else {
            "the event is stored without it"
        }
    }

    /// Puts fields back, by their names: they become properties.
    pub(crate) fn put_back_all(&mut self, names: Names) {
        for layer in &mut self.layers {
            for name in names.iter() {
                let place = layer.entries.place(name);
                if let Some(entry) = place.and_then(|place| layer.entries.at_mut(place)) {
                    entry.taken = is_blank(entry.raw);
                }
            }
        }
    }

    /// Puts a field back: it becomes a property.
    pub(crate) fn put_back(&mut self, field: &Field<'_>) {
        let layer = self.layers.get_mut(field.layer);
        if let Some(entry) = layer.and_then(|layer| layer.entries.at_mut(field.entry)) {
            entry.taken = false;
        }
    }

    /// Returns the JSON pointer of a field that was found.
    pub(crate) fn pointer(&self, field: &Field<'_>) -> String {
        let layer = self.layers.get(field.layer);
        let entry = layer.and_then(|layer| layer.entries.at(field.entry));
        layer
            .zip(entry)
            .map_or_else(String::new, |(layer, entry)| pointer(&layer.base, &entry.name))
    }

    /// Creates a rejection of a field's value.
    pub(crate) fn invalid(&self, field: &Field<'_>, reason: impl ToString) -> Rejection {
        Rejection::new(InvalidValue, self.pointer(field), reason.to_string())
    }

    /// Creates a rejection of a field's type.
    pub(crate) fn wrong_type(&self, field: &Field<'_>, reason: &str) -> Rejection {
        Rejection::new(WrongType, self.pointer(field), reason)
    }

    /// Returns all fields that were not taken, each with its pointer, nested ones first.
    pub(crate) fn rest(self) -> impl Iterator<Item = (String, String, &'a str)> {
        let mut layers = self.layers;
        layers.retain(|layer| matches!(layer.kind, LayerKind::Own | LayerKind::Nested));
        layers.sort_by_key(|layer| std::cmp::Reverse(layer.kind));
        layers.into_iter().flat_map(|Layer { base, entries, .. }| {
            let left = entries.into_iter().filter(|entry| !entry.taken && entry.raw != "null");
            left.map(move |entry| {
                let pointer = pointer(&base, &entry.name);
                (entry.name.into_owned(), pointer, entry.raw)
            })
        })
    }
}

impl<'a> Field<'a> {
    /// Returns the JSON text.
    pub(crate) const fn raw(&self) -> &'a str {
        self.raw
    }

    /// Returns the text of a string or a number, trimmed.
    pub(crate) fn textual(&self) -> Textual<'a> {
        textual(self.raw)
    }

    /// Returns the text of a string, trimmed.
    pub(crate) fn string(&self) -> Option<Cow<'a, str>> {
        string(self.raw)
    }

    /// Returns the elements of an array.
    pub(crate) fn array(&self) -> Option<Vec<&'a str>> {
        if let Some((values, _)) = json::array(self.raw, usize::MAX) {
            return Some(values);
        }
        let values: Vec<&RawValue> = serde_json::from_str(self.raw).ok()?;
        Some(values.into_iter().map(RawValue::get).collect())
    }
}

/// Returns the text of a string or a number, trimmed.
pub(crate) fn textual(raw: &str) -> Textual<'_> {
    match raw.as_bytes().first() {
        Some(b'"') => string(raw).map_or(Textual::Other, Textual::Text),
        Some(b'-' | b'0'..=b'9') => Textual::Text(Cow::Borrowed(raw)),
        _ => Textual::Other,
    }
}

fn string(raw: &str) -> Option<Cow<'_, str>> {
    if let Some(text) = json::unescaped(raw) {
        return Some(Cow::Borrowed(text.trim()));
    }
    let text = serde_json::from_str::<Text<'_>>(raw).ok()?.0;
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    })
}

/// Parses any value; an error if it cannot be stored.
pub(crate) fn value(raw: &str) -> serde_json::Result<Value> {
    serde_json::from_str(raw)
}

/// Returns whether a value is empty: `null`, `""`, `" "`, `"\t"`, `[]`, `{}`.
fn is_blank(raw: &str) -> bool {
    let within = |open, close| raw.strip_prefix(open)?.strip_suffix(close);
    if let Some(text) = within('"', '"') {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        // An escape may be of white space.
        return text.chars().all(blank)
            || text.trim_start_matches(blank).starts_with('\\')
                && string(raw).is_some_and(|text| text.chars().all(blank));
    }
    let is_empty = |open, close| within(open, close).is_some_and(|inner| inner.trim().is_empty());
    raw == "null" || is_empty('[', ']') || is_empty('{', '}')
}

fn pointer(base: &str, name: &str) -> String {
    if name.contains(['~', '/']) {
        format!("{base}/{}", name.replace('~', "~0").replace('/', "~1"))
    } else {
        [base, "/", name].concat()
    }
}
