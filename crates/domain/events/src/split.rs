use std::fmt;

use chrono::{DateTime, Utc};
use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// How a body holds its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyForm {
    /// A JSON array, an envelope `{"sent_at": …, "events": […]}`, or a single event.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// A body taken apart: the bytes of each event, in order, not yet looked at.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// When the sender says it sent the request.
    pub sent_at: Option<DateTime<Utc>>,
    /// Each event as sent.
    pub events: Vec<&'a [u8]>,
}

/// Why a whole body was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Not JSON, from this place on.
    #[error("not valid JSON: {0}")]
    Malformed(String),
    /// JSON of another shape.
    #[error("{pointer}: {reason}")]
    Shape {
        /// Where: a JSON pointer into the body.
        pointer: &'static str,
        /// What would be right.
        reason: &'static str,
    },
    /// More events than allowed.
    #[error("holds more than {0} events")]
    TooMany(usize),
}

/// Takes a body apart without parsing the events.
///
/// # Errors
/// When the body as a whole cannot be read, or holds more than `max_events`.
pub fn split(body: &[u8], form: BodyForm, max_events: usize) -> Result<Batch<'_>, BatchError> {
    match form {
        BodyForm::Ndjson => split_lines(body, max_events),
        BodyForm::Json => match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => split_array(body, max_events),
            Some(b'{') => split_object(body, max_events),
            _ => Err(BatchError::Shape {
                pointer: "",
                reason: "must be an array of events, or an object with a field `events`",
            }),
        },
    }
}

fn split_lines(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut events = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if events.len() == max_events {
            return Err(BatchError::TooMany(max_events));
        }
        events.push(line);
    }
    Ok(Batch { sent_at: None, events })
}

fn split_array(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let events = UpTo(max_events).deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    let events = events.ok_or(BatchError::TooMany(max_events))?;
    Ok(Batch { sent_at: None, events })
}

fn split_object(body: &[u8], max_events: usize) -> Result<Batch<'_>, BatchError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let envelope = EnvelopeUpTo(max_events).deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    match envelope {
        Envelope { events: None, sent_at: None, is_event: true } => {
            Ok(Batch { sent_at: None, events: vec![body.trim_ascii()] })
        }
        Envelope { events: None, .. } => {
            Err(BatchError::Shape { pointer: "/events", reason: "is needed: an array of events" })
        }
        Envelope { events: Some(Events::NotAnArray), .. } => {
            Err(BatchError::Shape { pointer: "/events", reason: "must be an array of events" })
        }
        Envelope { events: Some(Events::TooMany), .. } => Err(BatchError::TooMany(max_events)),
        Envelope { events: Some(Events::Given(events)), sent_at, .. } => {
            let sent_at = sent_at.map(read_sent_at).transpose()?;
            Ok(Batch { sent_at, events })
        }
    }
}

fn read_sent_at(raw: &RawValue) -> Result<DateTime<Utc>, BatchError> {
    serde_json::from_str(raw.get()).map_err(|_| BatchError::Shape {
        pointer: "/sent_at",
        reason: "must be an RFC 3339 time, such as 2026-03-01T12:30:00Z",
    })
}

fn malformed(error: serde_json::Error) -> BatchError {
    BatchError::Malformed(error.to_string())
}

struct Envelope<'a> {
    sent_at: Option<&'a RawValue>,
    events: Option<Events<'a>>,
    /// It names a type, as an event does.
    is_event: bool,
}

enum Events<'a> {
    Given(Vec<&'a [u8]>),
    TooMany,
    NotAnArray,
}

struct EnvelopeUpTo(usize);

impl<'de> DeserializeSeed<'de> for EnvelopeUpTo {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeUpTo {
    type Value = Envelope<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope { sent_at: None, events: None, is_event: false };
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "sent_at" => envelope.sent_at = Some(map.next_value()?),
                "events" => {
                    let raw: &RawValue = map.next_value()?;
                    envelope.events = Some(read_events(raw, self.0));
                }
                name => {
                    envelope.is_event |= matches!(name, "type" | "event");
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

fn read_events(raw: &RawValue, max_events: usize) -> Events<'_> {
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    match UpTo(max_events).deserialize(&mut reader) {
        Ok(Some(events)) => Events::Given(events),
        Ok(None) => Events::TooMany,
        Err(_) => Events::NotAnArray,
    }
}

/// Reads an array of at most this many elements; `None` for more, whose rest is skipped unread.
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
    fn an_array_an_envelope_lines_and_a_single_event_all_hold_events() {
        let two = [r#"{"type":"a"}"#, r#"{"type": "b"}"#];
        assert_eq!(texts(r#" [{"type":"a"}, {"type": "b"}] "#, BodyForm::Json), two);
        assert_eq!(texts(r#"{"events":[{"type":"a"},{"type": "b"}]}"#, BodyForm::Json), two);
        assert_eq!(texts("{\"type\":\"a\"}\r\n\n{\"type\": \"b\"}\n", BodyForm::Ndjson), two);
        assert_eq!(texts(r#" {"type":"a"} "#, BodyForm::Json), two[..1]);
    }

    #[test]
    fn an_envelope_says_when_it_was_sent() {
        let body = br#"{"sent_at":"2026-03-01T12:00:00+01:00","events":[]}"#;
        let sent_at = split(body, BodyForm::Json, 10).unwrap().sent_at.unwrap();
        assert_eq!(sent_at.to_rfc3339(), "2026-03-01T11:00:00+00:00");
    }

    #[test]
    fn a_body_of_another_shape_is_refused_with_the_place() {
        let pointer_of = |body: &str| match split(body.as_bytes(), BodyForm::Json, 10) {
            Err(BatchError::Shape { pointer, .. }) => pointer,
            other => panic!("{body}: {other:?}"),
        };
        assert_eq!(pointer_of("17"), "");
        assert_eq!(pointer_of(""), "");
        assert_eq!(pointer_of("{}"), "/events");
        assert_eq!(pointer_of(r#"{"events":{}}"#), "/events");
        assert_eq!(pointer_of(r#"{"sent_at":5,"events":[]}"#), "/sent_at");
    }

    #[test]
    fn broken_json_is_refused_whole() {
        for body in ["[{}", "[{},]", r#"{"events":[1}"#, "[] []", "[\"\u{0}\"]"] {
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
