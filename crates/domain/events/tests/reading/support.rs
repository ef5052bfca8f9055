use chrono::{DateTime, Utc};
use events::{
    BodyForm, CanonicalEvent, Event, ParseContext, ParsedEvent, Rejections, parse, split,
};
use serde_json::Value;
use tenancy::ClientId;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn tenant() -> ClientId {
    "acme".parse().unwrap()
}

pub(crate) fn context() -> ParseContext<'static> {
    ParseContext::new(&tenant(), "EUR".parse().unwrap(), at("2026-03-01T12:00:00Z"))
}

pub(crate) fn taken(event: &Value) -> ParsedEvent {
    let raw = event.to_string();
    parse(raw.as_bytes(), &context()).unwrap_or_else(|error| panic!("{raw}: {error}"))
}

pub(crate) fn read(event: &Value) -> Event {
    taken(event).event
}

/// The form in which the sinks read an event.
pub(crate) fn canonical(event: &Event) -> CanonicalEvent<'static> {
    event.clone().into()
}

pub(crate) fn refused(event: &Value) -> Rejections {
    parse(event.to_string().as_bytes(), &context()).unwrap_err()
}

/// Parses the only event of a body with its envelope.
pub(crate) fn of_body(body: &Value) -> ParsedEvent {
    let body = body.to_string();
    let batch = split(body.as_bytes(), BodyForm::Json, 10).unwrap();
    assert_eq!(batch.events.len(), 1, "{body}");
    parse(batch.events[0], &ParseContext { envelope: batch.envelope, ..context() })
        .unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// Returns code and pointer of each warning.
pub(crate) fn warned(taken: &ParsedEvent) -> Vec<(String, String)> {
    let code = |code| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
    taken.warnings.iter().map(|warning| (code(warning.code), warning.pointer.clone())).collect()
}

/// Parses an event and returns code and pointer of each warning.
pub(crate) fn warnings_of(event: &Value) -> Vec<(String, String)> {
    warned(&taken(event))
}

pub(crate) fn expected_warnings(warnings: &[(&str, &str)]) -> Vec<(String, String)> {
    warnings.iter().map(|(code, at)| ((*code).to_owned(), (*at).to_owned())).collect()
}

/// The page for senders.
pub(crate) const SENDING_EVENTS: &str = include_str!("../../../../../docs/sending-events.md");

/// Returns the fields in the table of the page, each with all its names: the canonical one first.
/// A name in `context` is a path. A field of an item begins with `items[].`.
pub(crate) fn documented() -> Vec<(&'static str, Vec<&'static str>)> {
    let (_, table) = SENDING_EVENTS.split_once("| field | other names |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let fields = rows.map(|row| {
        let names = row.split('|').take(3).flat_map(|cell| cell.split('`').skip(1).step_by(2));
        let names: Vec<_> = names.collect();
        (names[0], names.into_iter().map(|name| name.trim_start_matches("items[].")).collect())
    });
    fields.collect()
}

/// Returns the object with a field of this name.
pub(crate) fn with(object: &Value, name: &str, value: &Value) -> Value {
    let mut object = object.clone();
    object[name] = value.clone();
    object
}
