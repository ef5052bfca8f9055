use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::{field_names::OF_ENVELOPE, surrogates};

/// Where a refused event keeps what stood beside it in its batch, so that it can be read again.
pub(crate) const NAME: &str = "$envelope";
pub(crate) const POINTER: &str = "/$envelope";

/// The most that is kept of what stands beside the events, in bytes: it is kept with each of them
/// that is refused.
const KEPT_MAX: usize = 8_192;

/// What stood beside the events of a batch: it holds for each of them that does not say otherwise.
#[derive(Clone, Debug, Default)]
pub struct Envelope<'a> {
    /// When the sender says it sent the request.
    pub sent_at: Option<DateTime<Utc>>,
    pub(crate) fields: Vec<(&'static str, Cow<'a, RawValue>)>,
    /// The names of those that are too long to be kept.
    pub(crate) too_long: Vec<&'static str>,
}

impl<'a> Envelope<'a> {
    /// One that says when the request was sent, and nothing else.
    pub const fn sent(sent_at: Option<DateTime<Utc>>) -> Self {
        Self { sent_at, fields: Vec::new(), too_long: Vec::new() }
    }

    /// Keeps a field that holds for the events; of two, the first. Any other says nothing of them.
    pub(crate) fn add(&mut self, name: &str, raw: &'a RawValue) {
        let known = OF_ENVELOPE.iter().copied().flatten().copied().find(|known| *known == name);
        let Some(name) = known.filter(|name| !self.holds(name)) else { return };
        let kept: usize = self.fields.iter().map(|(_, raw)| raw.get().len()).sum();
        if kept + raw.get().len() > KEPT_MAX {
            self.too_long.push(name);
        } else {
            self.fields.push((name, surrogates::mended_value(raw)));
        }
    }

    fn holds(&self, name: &str) -> bool {
        self.too_long.contains(&name) || self.fields.iter().any(|(known, _)| *known == name)
    }

    /// An event as it was sent, with what its envelope says of it, if that is anything.
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
            kept.extend_from_slice(format!("{comma}\"{name}\":{}", raw.get()).as_bytes());
        }
        kept.extend_from_slice(b"}}");
        Cow::Owned(kept)
    }
}
