use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::{
    field_names::OF_ENVELOPE,
    name::{Name, Names, names},
    surrogates,
};

/// The field in which a reject stores the envelope of its batch, so that it can be parsed again.
pub(crate) const NAME: &str = "$envelope";
pub(crate) const NAMES: Names = names!["$envelope"];
pub(crate) const POINTER: &str = "/$envelope";

/// The maximum size of the fields of an envelope, in bytes: they are stored with every reject.
const FIELDS_MAX: usize = 8_192;

/// The fields beside the events of a batch: each applies to every event that has no such field.
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    /// When the sender sent the request, by its clock.
    pub sent_at: Option<DateTime<Utc>>,
    pub(crate) fields: Vec<(&'static str, Cow<'a, str>)>,
    /// The names of the fields that are too long.
    pub(crate) too_long: Vec<&'static str>,
}

impl<'a> Envelope<'a> {
    /// Creates an envelope with a `sent_at` and no other field.
    pub const fn sent(sent_at: Option<DateTime<Utc>>) -> Self {
        Self { sent_at, fields: Vec::new(), too_long: Vec::new() }
    }

    /// Adds a field that applies to the events, with its JSON; the first of two wins. Unknown names are ignored.
    pub(crate) fn add(&mut self, name: &str, raw: &'a str) {
        let mut known = OF_ENVELOPE.iter().flat_map(|names| names.iter()).map(Name::as_str);
        let known = known.find(|known| *known == name);
        let Some(name) = known.filter(|name| !self.has(name)) else { return };
        let size: usize = self.fields.iter().map(|(_, raw)| raw.len()).sum();
        if size + raw.len() > FIELDS_MAX {
            self.too_long.push(name);
        } else {
            self.fields.push((name, surrogates::repaired_text(raw)));
        }
    }

    fn has(&self, name: &str) -> bool {
        self.too_long.contains(&name) || self.fields.iter().any(|(known, _)| *known == name)
    }

    /// Returns an event as it was sent, with the fields of its envelope added, if there are any.
    pub fn keep<'e>(&self, event: &'e [u8]) -> Cow<'e, [u8]> {
        let object = event.trim_ascii().strip_prefix(b"{").and_then(|rest| rest.strip_suffix(b"}"));
        let Some(inner) = object.filter(|_| !self.fields.is_empty()) else {
            return Cow::Borrowed(event);
        };
        let mut kept = Vec::with_capacity(event.len() + 256);
        kept.extend_from_slice(b"{");
        kept.extend_from_slice(inner);
        if !inner.trim_ascii().is_empty() {
            kept.extend_from_slice(b",");
        }
        kept.extend_from_slice(format!("\"{NAME}\":{{").as_bytes());
        for (place, (name, raw)) in self.fields.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            // Known names need no escapes.
            kept.extend_from_slice(format!("{comma}\"{name}\":{raw}").as_bytes());
        }
        kept.extend_from_slice(b"}}");
        Cow::Owned(kept)
    }
}
