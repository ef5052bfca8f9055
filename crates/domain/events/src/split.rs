use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};
use memchr::memchr_iter;
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{
    Envelope,
    fields::{Textual, textual},
    json, time,
};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The form of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// A JSON array, an envelope `{"sent_at": …, "events": […]}`, a single event, or lines.
    Json,
    /// One JSON object per line.
    Ndjson,
}

/// A body, split into events: the bytes of each, in order, not yet parsed.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// The fields beside the events, which apply to each.
    pub envelope: Envelope<'a>,
    /// Each event as sent.
    pub events: Vec<&'a [u8]>,
}

/// Why a whole body was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Not JSON, from this place on.
    #[error("not valid JSON: {0}")]
    Malformed(String),
    /// JSON of another form.
    #[error("{pointer}: {reason}")]
    Shape {
        /// The place: a JSON pointer into the body.
        pointer: &'static str,
        /// What would be correct.
        reason: &'static str,
    },
    /// More events than allowed.
    #[error("contains more than {0} events")]
    TooMany(usize),
}

/// Splits a body into events without parsing them.
///
/// A byte order mark is skipped. Lines that are declared as JSON, or an array that is declared as
/// lines, are recognised.
///
/// # Errors
/// The body as a whole cannot be read, or contains more than `max_events`.
pub fn split(body: &[u8], form: BodyForm, max_events: usize) -> Result<Batch<'_>, BatchError> {
    if body.starts_with(b"\xff\xfe") || body.starts_with(b"\xfe\xff") {
        return Err(BatchError::Shape { pointer: "", reason: "must be UTF-8, not UTF-16" });
    }
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match (form, first) {
        (_, Some(b'[')) => split_array(body, max_events),
        (BodyForm::Ndjson, _) => split_lines(body, max_events),
        (BodyForm::Json, Some(b'{')) => split_object(body, max_events),
        (BodyForm::Json, _) => Err(BatchError::Shape {
            pointer: "",
            reason: "must be an array of events, or an object with a field `events`",
        }),
    }
}

fn split_lines(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    let mut events = Vec::new();
    let mut start = 0;
    for end in memchr_iter(b'\n', body).chain([body.len()]) {
        let line = body.get(start..end).unwrap_or_default().trim_ascii();
        start = end + 1;
        if line.is_empty() {
            continue;
        }
        if events.len() == max_events {
            return Err(BatchError::TooMany(max_events));
        }
        events.push(line);
    }
    Ok(Batch { events, ..Batch::default() })
}

fn split_array(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    if let Some((events, is_more)) =
        str::from_utf8(body).ok().and_then(|body| json::array(body, max_events))
    {
        let events = events.into_iter().map(str::as_bytes).collect();
        return if is_more {
            Err(BatchError::TooMany(max_events))
        } else {
            Ok(Batch { events, ..Batch::default() })
        };
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let events = UpTo(max_events).deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    let events = events.ok_or(BatchError::TooMany(max_events))?;
    Ok(Batch { events, ..Batch::default() })
}

fn split_object(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    let read = match Body::read(body, max_events) {
        Ok(read) => read,
        Err(_) if is_lines(body) => return split_lines(body, max_events),
        Err(error) => return Err(malformed(error)),
    };
    let shape = |reason| BatchError::Shape { pointer: "/events", reason };
    let events = match read.events {
        Some(Events::Given(elements)) if read.is_event && !are_events(&elements) => None,
        events => events,
    };
    match events {
        _ if read.is_twice => {
            Err(shape("is given twice, or together with `batch`: send one array"))
        }
        Some(Events::TooMany) => Err(BatchError::TooMany(max_events)),
        Some(Events::Given(events)) => {
            let mut envelope = read.envelope;
            if let Some((pointer, raw)) = read.sent_at {
                envelope.sent_at = read_sent_at(pointer, raw)?;
            }
            Ok(Batch { envelope, events })
        }
        // A single event: `events` or `batch` are fields of its own.
        _ if read.is_event => Ok(Batch { events: vec![body.trim_ascii()], ..Batch::default() }),
        Some(Events::NotAnArray) => Err(shape("must be an array of events")),
        None => Err(shape("is required: an array of events")),
    }
}

/// Returns whether the elements of `events` or `batch` in an event make it an envelope.
fn are_events(elements: &[&[u8]]) -> bool {
    !elements.is_empty() && elements.iter().all(|element| element.starts_with(b"{"))
}

/// Returns whether the body has one JSON object per line: its first line is a whole object.
fn is_lines(body: &[u8]) -> bool {
    let mut lines = body.trim_ascii().splitn(2, |byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default().trim_ascii();
    lines.next().is_some()
        && first.starts_with(b"{")
        && serde_json::from_slice::<IgnoredAny>(first).is_ok()
}

fn read_sent_at(pointer: &'static str, raw: &str) -> Result<Option<DateTime<Utc>>, BatchError> {
    let reason = match textual(raw) {
        Textual::Text(text) if text.is_empty() => return Ok(None),
        Textual::Text(text) => match time::read(&text) {
            Ok(sent) => return Ok(Some(sent.time)),
            Err(error) => error.as_str(),
        },
        Textual::Other if raw == "null" => return Ok(None),
        Textual::Other => time::TimeError::NoTime.as_str(),
    };
    Err(BatchError::Shape { pointer, reason })
}

fn malformed(error: serde_json::Error) -> BatchError {
    BatchError::Malformed(error.to_string())
}

/// An object of the body, parsed one level deep: an envelope of events, or an event.
#[derive(Default)]
struct Body<'a> {
    sent_at: Option<(&'static str, &'a str)>,
    envelope: Envelope<'a>,
    events: Option<Events<'a>>,
    /// Whether it has two arrays of events.
    is_twice: bool,
    /// Whether it names what happened, as an event does.
    is_event: bool,
}

impl<'a> Body<'a> {
    /// Parses an object of the body.
    fn read(body: &'a [u8], max_events: usize) -> serde_json::Result<Self> {
        let mut read = Self::default();
        let text = str::from_utf8(body).ok();
        let scanned =
            text.and_then(|body| json::object(body, |name, raw| read.field(name, raw, max_events)));
        if scanned.is_some() {
            return Ok(read);
        }
        let mut read = Self::default();
        let mut reader = serde_json::Deserializer::from_slice(body);
        let each = EachField(|name: Cow<'_, str>, raw| read.field(&name, raw, max_events));
        reader.deserialize_map(each)?;
        reader.end()?;
        Ok(read)
    }

    fn field(&mut self, name: &str, raw: &'a str, max_events: usize) {
        match name {
            _ if raw == "null" => {}
            "sent_at" => self.sent_at = Some(("/sent_at", raw)),
            "sentAt" if self.sent_at.is_none() => self.sent_at = Some(("/sentAt", raw)),
            "events" | "batch" => self.add(read_events(raw, max_events)),
            "type" | "event" | "name" => self.is_event = true,
            name => self.envelope.add(name, raw),
        }
    }

    /// Adds the value of `events` or `batch`; a value of another type never replaces an array.
    fn add(&mut self, events: Events<'a>) {
        match (&self.events, &events) {
            (Some(Events::Given(_) | Events::TooMany), Events::NotAnArray) => {}
            (Some(Events::Given(_) | Events::TooMany), _) => self.is_twice = true,
            _ => self.events = Some(events),
        }
    }
}

enum Events<'a> {
    Given(Vec<&'a [u8]>),
    TooMany,
    NotAnArray,
}

/// Passes name and JSON of each field of an object on.
struct EachField<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for EachField<F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, raw)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            // A name that cannot be read, such as one with half an emoji, is not a known name.
            let name = serde_json::from_str::<Cow<'_, str>>(name.get()).unwrap_or_default();
            self.0(Cow::Owned(name.into_owned()), raw.get());
        }
        Ok(())
    }
}

fn read_events(raw: &str, max_events: usize) -> Events<'_> {
    if let Some((events, is_more)) = json::array(raw, max_events) {
        let events = events.into_iter().map(str::as_bytes).collect();
        return if is_more { Events::TooMany } else { Events::Given(events) };
    }
    let mut reader = serde_json::Deserializer::from_str(raw);
    match UpTo(max_events).deserialize(&mut reader) {
        Ok(Some(events)) => Events::Given(events),
        Ok(None) => Events::TooMany,
        Err(_) => Events::NotAnArray,
    }
}

/// Reads an array of at most this many elements; `None` if there are more, which are skipped.
struct UpTo(usize);

impl<'de> DeserializeSeed<'de> for UpTo {
    type Value = Option<Vec<&'de [u8]>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for UpTo {
    type Value = Option<Vec<&'de [u8]>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut events = Vec::new();
        while let Some(element) = sequence.next_element::<&'de RawValue>()? {
            if events.len() == self.0 {
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            events.push(element.get().as_bytes());
        }
        Ok(Some(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(body: &str, form: BodyForm) -> Vec<String> {
        let batch = split(body.as_bytes(), form, 10).unwrap();
        batch.events.iter().map(|event| String::from_utf8_lossy(event).into_owned()).collect()
    }

    #[test]
    fn an_array_an_envelope_lines_and_a_single_event_are_split() {
        let two = [r#"{"type":"a"}"#, r#"{"type": "b"}"#];
        assert_eq!(texts(r#" [{"type":"a"}, {"type": "b"}] "#, BodyForm::Json), two);
        assert_eq!(texts(r#"{"events":[{"type":"a"},{"type": "b"}]}"#, BodyForm::Json), two);
        assert_eq!(texts("{\"type\":\"a\"}\r\n\n{\"type\": \"b\"}\n", BodyForm::Ndjson), two);
        assert_eq!(texts(r#" {"type":"a"} "#, BodyForm::Json), two[..1]);
    }

    #[test]
    fn the_form_of_a_body_is_recognised_regardless_of_the_declared_form() {
        let two = [r#"{"type":"a"}"#, r#"{"type": "b"}"#];
        let lines = "{\"type\":\"a\"}\r\n{\"type\": \"b\"}\n";
        assert_eq!(texts(lines, BodyForm::Json), two);
        assert_eq!(texts(r#"[{"type":"a"},{"type": "b"}]"#, BodyForm::Ndjson), two);
        assert_eq!(texts(&format!("\u{feff}{lines}"), BodyForm::Ndjson), two);
        assert_eq!(texts(&format!("\u{feff}[{},{}]", two[0], two[1]), BodyForm::Json), two);
        assert_eq!(texts(r#"{"batch":[{"type":"a"},{"type": "b"}]}"#, BodyForm::Json), two);
        let one_is_broken = "{\"type\":\"a\"}\n{\"type\":\n";
        assert_eq!(texts(one_is_broken, BodyForm::Json), [two[0], "{\"type\":"]);
    }

    #[test]
    fn an_event_may_have_the_fields_of_an_envelope() {
        for event in [
            r#"{"type":"a","sent_at":"2026-03-01T12:00:00Z"}"#,
            r#"{"event":"a","batch":"B12","events":3}"#,
            r#"{"name":"a","events":null}"#,
        ] {
            assert_eq!(texts(event, BodyForm::Json), [event]);
        }
    }

    #[test]
    fn the_sent_at_of_an_envelope_may_be_null() {
        for body in [r#"{"sent_at":null,"events":[{}]}"#, r#"{"sentAt":"","events":[{}]}"#] {
            let batch = split(body.as_bytes(), BodyForm::Json, 10).unwrap();
            assert_eq!((batch.envelope.sent_at, batch.events.len()), (None, 1));
        }
    }

    #[test]
    fn the_sent_at_of_an_envelope_is_read() {
        let body = br#"{"sent_at":"2026-03-01T12:00:00+01:00","events":[]}"#;
        let sent_at = split(body, BodyForm::Json, 10).unwrap().envelope.sent_at.unwrap();
        assert_eq!(sent_at.to_rfc3339(), "2026-03-01T11:00:00+00:00");
    }

    #[test]
    fn a_body_of_another_form_is_refused_with_the_place() {
        let pointer_of = |body: &str| match split(body.as_bytes(), BodyForm::Json, 10) {
            Err(BatchError::Shape { pointer, .. }) => pointer,
            other => panic!("{body}: {other:?}"),
        };
        assert_eq!(pointer_of("17"), "");
        assert_eq!(pointer_of(""), "");
        assert_eq!(pointer_of("{}"), "/events");
        assert_eq!(pointer_of(r#"{"events":{}}"#), "/events");
        assert_eq!(pointer_of(r#"{"sent_at":true,"events":[]}"#), "/sent_at");
        assert_eq!(pointer_of(r#"{"sentAt":"noon","events":[]}"#), "/sentAt");
        assert_eq!(pointer_of("\u{feff}17"), "");
    }

    #[test]
    fn a_body_of_broken_json_is_refused_as_a_whole() {
        for body in ["[{}", "[{},]", r#"{"events":[1}"#, "[] []", "[\"\u{0}\"]", "{\"a\":\n{}"] {
            let error = split(body.as_bytes(), BodyForm::Json, 10).unwrap_err();
            assert!(matches!(error, BatchError::Malformed(_)), "{body}: {error:?}");
        }
        assert!(split(b"[\"\xff\"]", BodyForm::Json, 10).is_err());
    }

    #[test]
    fn more_events_than_allowed_are_refused() {
        for (body, form) in [
            ("[1,2,3]", BodyForm::Json),
            (r#"{"events":[1,2,3]}"#, BodyForm::Json),
            ("1\n2\n3", BodyForm::Ndjson),
        ] {
            assert_eq!(split(body.as_bytes(), form, 2).unwrap_err(), BatchError::TooMany(2));
            assert_eq!(split(body.as_bytes(), form, 3).unwrap().events.len(), 3);
        }
    }
}
