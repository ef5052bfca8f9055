//! The time of an event, and its adjustments.

use chrono::TimeDelta;
use events::{Envelope, ParseContext, ParsedEvent, RejectionCode, parse};
use serde_json::json;

use crate::support::*;

/// Parses an event of that time, in a request sent at `sent_at`.
fn of(event_time: &str, sent_at: Option<&str>) -> ParsedEvent {
    let envelope = Envelope::sent(sent_at.map(at));
    let raw = json!({"type": "page_view", "event_time": event_time}).to_string();
    parse(raw.as_bytes(), &ParseContext { envelope, ..context() }).unwrap()
}

#[test]
fn a_plausible_time_is_not_changed_however_late_its_batch_arrives() {
    for sent_at in [
        None,
        Some("2026-03-01T12:00:00Z"),
        Some("2026-03-01T11:40:00Z"),
        Some("2026-03-01T12:01:00Z"),
    ] {
        for event_time in [
            "2026-03-01T11:39:00Z",
            "2026-03-01T12:00:00Z",
            "2026-02-01T00:00:00Z",
            "2026-03-01T12:01:00Z",
        ] {
            let taken = of(event_time, sent_at);
            assert_eq!(taken.event.event_time, at(event_time));
            assert_eq!((taken.event.event_time_sent, taken.adjusted), (None, vec![]));
        }
    }
}

#[test]
fn a_clock_that_is_ahead_is_corrected_and_reported() {
    let taken = of("2026-03-01T14:59:00Z", Some("2026-03-01T15:00:00Z"));
    assert_eq!(taken.event.event_time, at("2026-03-01T11:59:00Z"));
    assert_eq!(taken.event.event_time_sent, Some(at("2026-03-01T14:59:00Z")));
    let adjusted = serde_json::to_value(&taken.adjusted).unwrap();
    let expected = json!([{"field": "event_time", "from": "2026-03-01T14:59:00Z", "to": "2026-03-01T11:59:00.000Z"}]);
    assert_eq!(adjusted, expected);
    let earlier = of("2026-03-01T11:00:00Z", Some("2026-03-01T15:00:00Z"));
    assert_eq!(earlier.event.event_time, at("2026-03-01T08:00:00Z"), "by the same clock");
}

#[test]
fn a_time_in_the_future_becomes_the_time_of_receipt() {
    for sent_at in [None, Some("2026-03-01T12:00:00Z"), Some("2026-03-01T14:00:00Z")] {
        let taken = of("2027-01-01T00:00:00Z", sent_at);
        assert_eq!(taken.event.event_time, at("2026-03-01T12:00:00Z"));
        assert_eq!(taken.event.event_time_sent, Some(at("2027-01-01T00:00:00Z")));
        assert_eq!(taken.adjusted.len(), 1);
    }
}

#[test]
fn a_clock_is_tolerated_up_to_exactly_a_minute() {
    // Every event is received at 12:00:00.
    for (event_time, sent_at, placed) in [
        ("2026-03-01T12:01:00.000Z", None, "2026-03-01T12:01:00.000Z"),
        ("2026-03-01T12:01:00.001Z", None, "2026-03-01T12:00:00.000Z"),
        ("2026-03-01T12:00:30Z", Some("2026-03-01T12:01:00.000Z"), "2026-03-01T12:00:30.000Z"),
        ("2026-03-01T12:00:30Z", Some("2026-03-01T12:01:00.001Z"), "2026-03-01T11:59:29.999Z"),
        ("2026-03-01T12:02:00.001Z", Some("2026-03-01T12:01:00.001Z"), "2026-03-01T12:01:00.000Z"),
        ("2026-03-01T12:02:00.002Z", Some("2026-03-01T12:01:00.001Z"), "2026-03-01T12:00:00.000Z"),
    ] {
        let taken = of(event_time, sent_at);
        assert_eq!(taken.event.event_time, at(placed), "{event_time}, sent at {sent_at:?}");
        let is_changed = at(event_time) != at(placed);
        assert_eq!(taken.adjusted.len(), usize::from(is_changed), "{event_time}");
        assert_eq!(taken.event.event_time_sent, is_changed.then(|| at(event_time)));
    }
}

#[test]
fn an_event_may_have_its_own_sent_at() {
    let raw = json!({"type": "page_view", "event_time": "2026-03-01T14:59:00Z", "sentAt": "2026-03-01T15:00:00Z"});
    let event = read(&raw);
    assert_eq!(event.event_time, at("2026-03-01T11:59:00Z"));
    assert!(event.properties.is_empty());
}

#[test]
fn an_event_that_is_too_old_is_refused_and_not_moved_to_another_day() {
    let old = json!({"type": "page_view", "timestamp": "2026-01-15T12:00:00Z"});
    let refused = refused(&old);
    assert_eq!(refused.first().code, RejectionCode::TooOld);
    assert_eq!(refused.first().pointer, "/timestamp");
    assert!(refused.first().reason.contains("`import`"), "{refused}");
    let history = ParseContext { history: true, ..context() };
    let event = parse(old.to_string().as_bytes(), &history).unwrap().event;
    assert_eq!(event.event_time, at("2026-01-15T12:00:00Z"));
    let just = (context().received_at - TimeDelta::days(30)).to_rfc3339();
    assert_eq!(read(&json!({"type": "page_view", "event_time": just})).event_time, at(&just));
}

#[test]
fn a_second_60_is_the_last_millisecond_of_its_minute_in_every_store() {
    let taken = of("2026-02-28T23:59:60.500Z", None);
    assert_eq!(taken.event.event_time, at("2026-02-28T23:59:59.999Z"));
    assert_eq!(taken.event.event_time.timestamp_millis(), 1_772_323_199_999);
    assert_eq!(taken.adjusted[0].from, "2026-02-28T23:59:60.500Z");
    assert_eq!(taken.adjusted[0].to, "2026-02-28T23:59:59.999Z");
}

#[test]
fn the_unit_of_a_number_since_1970_follows_from_its_size() {
    for time in [
        json!(1772362800),
        json!(1772362800000_u64),
        json!("1772362800000000"),
        json!(1772362800.0),
    ] {
        let event = read(&json!({"type": "page_view", "timestamp": time}));
        assert_eq!(event.event_time, at("2026-03-01T11:00:00Z"), "{time}");
    }
}

#[test]
fn a_time_without_a_zone_is_refused_with_that_reason() {
    let refused = refused(&json!({"type": "page_view", "event_time": "2026-03-01T11:00:00"}));
    assert!(refused.first().reason.contains("no time zone"), "{refused}");
}

#[test]
fn the_length_of_a_time_is_limited() {
    let time = |zeros| format!("2026-03-01T11:00:00.{}Z", "0".repeat(zeros));
    read(&json!({"type": "page_view", "event_time": time(30)}));
    refused(&json!({"type": "page_view", "event_time": time(1_000)}));
}
