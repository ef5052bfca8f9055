use chrono::{DateTime, Utc};
use events::{Admission, BodyForm, Event, Rejections, Taken, parse, split};
use serde_json::Value;
use tenancy::ClientId;

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn tenant() -> ClientId {
    "acme".parse().unwrap()
}

pub(crate) fn admission() -> Admission<'static> {
    Admission::new(&tenant(), "EUR".parse().unwrap(), at("2026-03-01T12:00:00Z"))
}

pub(crate) fn taken(event: &Value) -> Taken {
    let raw = event.to_string();
    parse(raw.as_bytes(), &admission()).unwrap_or_else(|error| panic!("{raw}: {error}"))
}

pub(crate) fn read(event: &Value) -> Event {
    taken(event).event
}

pub(crate) fn refused(event: &Value) -> Rejections {
    parse(event.to_string().as_bytes(), &admission()).unwrap_err()
}

/// The only event of a body, read with what stands beside it.
pub(crate) fn of_body(body: &Value) -> Taken {
    let body = body.to_string();
    let batch = split(body.as_bytes(), BodyForm::Json, 10).unwrap();
    assert_eq!(batch.events.len(), 1, "{body}");
    parse(batch.events[0], &Admission { envelope: batch.envelope, ..admission() })
        .unwrap_or_else(|error| panic!("{body}: {error}"))
}

/// Code and pointer of each warning.
pub(crate) fn warned(taken: &Taken) -> Vec<(String, String)> {
    let code = |code| serde_json::to_value(code).unwrap().as_str().unwrap().to_owned();
    taken.warnings.iter().map(|warning| (code(warning.code), warning.pointer.clone())).collect()
}

/// The same, of one event.
pub(crate) fn warnings_of(event: &Value) -> Vec<(String, String)> {
    warned(&taken(event))
}

pub(crate) fn told(warnings: &[(&str, &str)]) -> Vec<(String, String)> {
    warnings.iter().map(|(code, at)| ((*code).to_owned(), (*at).to_owned())).collect()
}
