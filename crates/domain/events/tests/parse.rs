//! What one event may look like, and what is said of one that is wrong.
#![cfg(test)]

use chrono::{DateTime, TimeDelta, Utc};
use events::{Admission, Event, EventType, RejectionCode, parse};
use serde_json::{Value, json};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn admission() -> Admission {
    Admission {
        received_at: at("2026-03-01T12:00:00Z"),
        sent_at: None,
        clamp_past: true,
        currency: "EUR".parse().unwrap(),
    }
}

fn read(event: Value) -> Event {
    parse(event.to_string().as_bytes(), &admission()).unwrap()
}

#[test]
fn a_purchase_keeps_every_cent() {
    let raw = br#"{"type":"purchase","order_id":"o1","revenue":19.10,
                   "items":[{"product_id":"p1","quantity":2,"price":0.1},{"item_id":"p2","price":"18.90"}]}"#;
    let event = parse(raw, &admission()).unwrap();
    assert_eq!(event.sales().to_string(), "19.10");
    assert_eq!(event.items[0].price.unwrap().to_string(), "0.10");
    assert_eq!(event.units().to_string(), "3");
    assert_eq!(event.currency.unwrap().as_str(), "EUR", "the tenant's, where none is named");
}

#[test]
fn a_purchase_without_a_total_sums_its_lines() {
    let event = read(json!({"type": "purchase", "items": [
        {"product_id": "a", "quantity": 3, "price": "1.25"}, {"product_id": "b", "price": 2}]}));
    assert_eq!(event.sales().to_string(), "5.75");
}

#[test]
fn names_of_ga4_and_segment_are_taken() {
    let event = read(json!({
        "event": "Order Completed", "messageId": "018f0000-0000-7000-8000-000000000001",
        "timestamp": "2026-03-01T11:00:00Z", "anonymousId": "v1", "userId": "c1",
        "transaction_id": "t1", "value": 5, "products": [{"item_id": "p1", "item_brand": "b"}]}));
    assert_eq!(event.event_type, EventType::Purchase);
    assert_eq!(event.order_id.as_deref(), Some("t1"));
    assert_eq!(event.visitor_id.as_deref(), Some("v1"));
    assert_eq!(event.items[0].brand.as_deref(), Some("b"));
    assert!(event.properties.is_empty(), "{:?}", event.properties);
}

#[test]
fn a_single_product_may_stand_beside_the_other_fields() {
    let event = read(json!({"type": "product_view", "product_id": "p1", "price": "9.99"}));
    assert_eq!(event.items[0].product_id, "p1");
}

#[test]
fn unknown_fields_are_kept_as_properties() {
    let event = read(json!({"type": "page_view", "colour": "red", "properties": {"a": 1}}));
    assert_eq!(event.properties["colour"], "red");
    assert_eq!(event.properties["a"], 1);
}

#[test]
fn the_canonical_json_reads_back_as_the_same_event() {
    let event = read(json!({
        "type": "ad_click", "campaign_id": "spring", "cost": "0.25", "country": "DE",
        "event_time": "2026-03-01T11:59:59.123456Z", "x": {"y": [1, null]}}));
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
}

#[test]
fn a_time_that_cannot_be_is_clamped_and_the_sent_one_kept() {
    for (sent, kept) in [
        ("2020-01-01T00:00:00Z", "2026-01-30T12:00:00Z"),
        ("2027-01-01T00:00:00Z", "2026-03-01T12:05:00Z"),
    ] {
        let event = read(json!({"type": "page_view", "event_time": sent}));
        assert_eq!(event.event_time, at(kept));
        assert_eq!(event.event_time_sent, Some(at(sent)));
    }
    let event = read(json!({"type": "page_view", "event_time": "2026-03-01T11:00:00Z"}));
    assert_eq!(event.event_time_sent, None);
}

#[test]
fn imported_history_keeps_its_dates() {
    let history = Admission { clamp_past: false, ..admission() };
    let raw = br#"{"type":"page_view","event_time":"2008-04-01T00:00:00Z"}"#;
    assert_eq!(parse(raw, &history).unwrap().event_time, at("2008-04-01T00:00:00Z"));
}

#[test]
fn a_senders_wrong_clock_is_corrected() {
    let hour_behind = admission().received_at - TimeDelta::hours(1);
    let skewed = Admission { sent_at: Some(hour_behind), ..admission() };
    let raw = br#"{"type":"page_view","event_time":"2026-03-01T10:59:00Z"}"#;
    assert_eq!(parse(raw, &skewed).unwrap().event_time, at("2026-03-01T11:59:00Z"));
}

#[test]
fn without_an_id_or_a_time_we_make_them() {
    let event = read(json!({"type": "page_view", "visitor_id": null}));
    assert_eq!(event.event_id.get_version_num(), 7);
    assert_eq!(event.event_time, admission().received_at);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    use RejectionCode::*;
    let long = "x".repeat(201);
    let deep = json!({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}});
    for (raw, code, pointer) in [
        (json!("text"), MalformedJson, ""),
        (json!([]), MalformedJson, ""),
        (json!({}), MissingField, "/type"),
        (json!({"type": 5}), WrongType, "/type"),
        (json!({"type": "buy"}), InvalidValue, "/type"),
        (json!({"type": "page_view", "event": "page_view"}), DuplicateField, "/event"),
        (json!({"type": "page_view", "event_id": "17"}), InvalidValue, "/event_id"),
        (json!({"type": "page_view", "event_time": "yesterday"}), InvalidValue, "/event_time"),
        (json!({"type": "page_view", "event_time": 5}), WrongType, "/event_time"),
        (json!({"type": "page_view", "visitor_id": ""}), InvalidValue, "/visitor_id"),
        (json!({"type": "page_view", "visitor_id": "a\u{0}"}), InvalidValue, "/visitor_id"),
        (json!({"type": "page_view", "visitor_id": long}), TooLarge, "/visitor_id"),
        (json!({"type": "page_view", "country": "Germany"}), InvalidValue, "/country"),
        (json!({"type": "ad_click"}), MissingField, "/campaign_id"),
        (json!({"type": "ad_click", "campaign_id": "a_b"}), InvalidValue, "/campaign_id"),
        (json!({"type": "ad_click", "campaign_id": "a", "cost": -1}), InvalidValue, "/cost"),
        (json!({"type": "ad_click", "campaign_id": "a", "cost": true}), WrongType, "/cost"),
        (
            json!({"type": "ad_click", "campaign_id": "a", "cost": "1.0000001"}),
            InvalidValue,
            "/cost",
        ),
        (json!({"type": "purchase", "revenue": 1, "currency": "eur"}), InvalidValue, "/currency"),
        (json!({"type": "purchase", "items": {}}), WrongType, "/items"),
        (json!({"type": "purchase", "items": [{}]}), MissingField, "/items/0/product_id"),
        (
            json!({"type": "purchase", "items": [{"product_id": "a", "quantity": 0}]}),
            InvalidValue,
            "/items/0/quantity",
        ),
        (
            json!({"type": "purchase", "items": [{"product_id": "a", "price": 9e6, "quantity": 9}]}),
            InvalidValue,
            "/items",
        ),
        (json!({"type": "page_view", "properties": 1}), WrongType, "/properties"),
        (json!({"type": "page_view", "properties": deep}), InvalidValue, "/properties"),
        (json!({"type": "page_view", "a": 1, "properties": {"a": 2}}), DuplicateField, "/a"),
        (json!({"type": "page_view", "x": "y".repeat(40_000)}), TooLarge, ""),
    ] {
        let text = raw.to_string();
        let rejection = parse(text.as_bytes(), &admission()).unwrap_err();
        assert_eq!((rejection.code, rejection.pointer.as_str()), (code, pointer), "{text:.200}");
    }
}

#[test]
fn a_field_given_twice_is_refused() {
    let rejection = parse(br#"{"type":"page_view","type":"purchase"}"#, &admission()).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::DuplicateField);
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(raw: Vec<u8>) {
        let _ = parse(&raw, &admission());
    }

    #[test]
    fn no_field_value_panics(value in "(null|-?[0-9]{0,20}(\\.[0-9]{0,9})?(e[0-9]{1,3})?|\"[^\"\\\\]{0,20}\"|\\[\\]|\\{\\})", place in 0usize..8) {
        let name = ["event_id", "event_time", "cost", "items", "revenue", "currency", "campaign_id", "quantity"][place];
        let raw = format!(r#"{{"type":"purchase","{name}":{value}}}"#);
        let _ = parse(raw.as_bytes(), &admission());
    }
}

#[test]
fn the_id_of_an_event_is_told_whatever_else_is_wrong_with_it() {
    let id = "018f0000-0000-7000-8000-000000000001";
    for (raw, expected) in [
        (format!(r#"{{"type":"page_view","event_id":"{id}"}}"#), true),
        (format!(r#"{{"event_id":"{id}","cost":"a lot"}}"#), true),
        (format!(r#"{{"messageId":"{id}","type":7}}"#), true),
        (format!(r#"{{"event_id":"{id}","message_id":"{id}"}}"#), false),
        (format!(r#"{{"event_id":"{id}""#), false),
        (r#"{"event_id":"7"}"#.to_owned(), false),
        (r#"{"type":"page_view"}"#.to_owned(), false),
        ("[]".to_owned(), false),
    ] {
        let expected = expected.then(|| id.parse().unwrap());
        assert_eq!(events::sent_id(raw.as_bytes()), expected, "{raw}");
    }
}
