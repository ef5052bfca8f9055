//! Which events are refused, and with which errors.

use events::{Event, RejectionCode, parse};
use serde_json::json;

use crate::support::*;

#[test]
fn unknown_fields_are_stored_as_properties() {
    let event = read(&json!({"type": "page_view", "colour": "red", "properties": {"a": 1}}));
    assert_eq!(event.properties["colour"], "red");
    assert_eq!(event.properties["a"], 1);
}

#[test]
fn the_canonical_json_parses_as_the_same_event() {
    let event = read(&json!({
        "type": "ad_click", "campaign_id": "spring", "cost": "0.25", "country": "DE",
        "event_time": "2026-03-01T11:59:59.123456Z", "items": [{"product_id": "a", "quantity": 0.125}], "x": {"y": [1, null]}}));
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
}

#[test]
fn a_missing_id_or_time_is_generated() {
    let event = read(&json!({"type": "page_view", "visitor_id": null}));
    assert_eq!(event.event_id.get_version_num(), 7);
    assert_eq!(event.event_time, context().received_at);
}

#[test]
fn every_error_is_named_with_its_place() {
    use RejectionCode::*;
    let click = |name: &str, value: serde_json::Value| {
        let mut event = json!({"type": "ad_click", "campaign_id": "a"});
        event[name] = value;
        event
    };
    let item = |name: &str, value: serde_json::Value| json!({"type": "purchase", "items": [{"product_id": "a", name: value}]});
    for (raw, code, pointer) in [
        (json!("text"), MalformedJson, ""),
        (json!([]), MalformedJson, ""),
        (json!({}), MissingField, "/type"),
        (json!({"type": ""}), MissingField, "/type"),
        (json!({"type": 5}), WrongType, "/type"),
        (json!({"type": "track"}), MissingField, "/event"),
        (json!({"type": "page_view", "event": "purchase"}), DuplicateField, "/event"),
        (json!({"type": "page_view", "event_id": {}, "message_id": [1]}), WrongType, "/message_id"),
        (json!({"type": "page_view", "event_time": "yesterday"}), InvalidValue, "/event_time"),
        (json!({"type": "page_view", "event_time": true}), WrongType, "/event_time"),
        (json!({"type": "page_view", "event_time": "2026-01-01T00:00:00Z"}), TooOld, "/event_time"),
        (json!({"type": "ad_click"}), MissingField, "/campaign_id"),
        (json!({"type": "ad_click", "campaign_id": true}), WrongType, "/campaign_id"),
        (json!({"type": "ad_click", "campaign_id": "x".repeat(201)}), InvalidValue, "/campaign_id"),
        (click("cost", json!(-1)), InvalidValue, "/cost"),
        (click("cost", json!(true)), WrongType, "/cost"),
        (click("cost", json!("12,50")), InvalidValue, "/cost"),
        (click("properties", json!({"cost": "a lot"})), InvalidValue, "/properties/cost"),
        (json!({"type": "purchase", "revenue": 1, "currency": "euros"}), InvalidValue, "/currency"),
        (json!({"type": "purchase", "items": "p1"}), WrongType, "/items"),
        (
            json!({"type": "purchase", "items": vec![json!({"product_id": "a"}); 201]}),
            TooLarge,
            "/items",
        ),
        (json!({"type": "purchase", "items": [true]}), WrongType, "/items/0"),
        (item("quantity", json!(0)), InvalidValue, "/items/0/quantity"),
        (item("quantity", json!("0.0004")), InvalidValue, "/items/0/quantity"),
        (item("quantity", json!("two")), InvalidValue, "/items/0/quantity"),
        (item("price", json!([1])), WrongType, "/items/0/price"),
        (
            json!({"type": "purchase", "items": [{"product_id": "a", "price": 9e6, "quantity": 9}]}),
            InvalidValue,
            "/items",
        ),
        (json!({"type": "page_view", "properties": 1}), WrongType, "/properties"),
        (json!({"type": "page_view", "properties": [1]}), WrongType, "/properties"),
        (json!({"type": "page_view", "x": "y".repeat(300_000)}), TooLarge, ""),
    ] {
        let rejection = refused(&raw);
        let rejection = rejection.first();
        let text = raw.to_string();
        assert_eq!((rejection.code, rejection.pointer.as_str()), (code, pointer), "{text:.200}");
    }
}

#[test]
fn an_event_of_exactly_the_maximum_length_is_accepted() {
    let padding = |length: usize| {
        let raw = json!({"type": "page_view", "x": "y".repeat(length)}).to_string();
        (raw.len(), parse(raw.as_bytes(), &context()).map(|taken| taken.event))
    };
    let shortest = padding(0).0;
    let (length, longest) = padding(256 * 1_024 - shortest);
    assert_eq!((length, longest.unwrap().properties.len()), (262_144, 1));
    let rejection = padding(256 * 1_024 - shortest + 1).1.unwrap_err();
    assert_eq!((rejection.first().code, rejection.iter().count()), (RejectionCode::TooLarge, 1));
}

#[test]
fn a_field_given_twice_with_different_values_is_refused() {
    let rejection = parse(br#"{"type":"page_view","type":"purchase"}"#, &context()).unwrap_err();
    assert_eq!(rejection.first().code, RejectionCode::DuplicateField);
    assert!(parse(br#"{"type":"page_view","type":"page_view"}"#, &context()).is_ok());
    let many: Vec<_> = (0..100).map(|field| format!(r#""f{field}":1"#)).collect();
    let again = format!(r#"{{"type":"page_view",{},"f50":2}}"#, many.join(","));
    let rejection = parse(again.as_bytes(), &context()).unwrap_err();
    assert_eq!(rejection.first().pointer, "/f50");
}

#[test]
fn a_rejection_lists_every_error_of_the_event() {
    let refused = refused(
        &json!({"type": "ad_click", "event_time": "noon", "cost": -1, "revenue": "x",
        "items": [{"product_id": "a", "price": -1, "quantity": 0}, {"product_id": "b", "price": "?"}]}),
    );
    let pointers: Vec<_> = refused.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/event_time",
            "/items/0/quantity",
            "/items/0/price",
            "/items/1/price",
            "/cost",
            "/revenue",
            "/campaign_id"
        ]
    );
    let many =
        json!({"type": "purchase", "items": vec![json!({"product_id": "a", "price": -1}); 200]});
    assert_eq!(self::refused(&many).iter().count(), 20, "the size of an answer is limited");
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(raw: Vec<u8>) {
        let _ = parse(&raw, &context());
    }

    #[test]
    fn no_field_value_panics(value in "(null|-?[0-9]{0,20}(\\.[0-9]{0,9})?(e[0-9]{1,3})?|\"[^\"\\\\]{0,20}\"|\\[\\]|\\{\\})", place in 0usize..8) {
        let name = ["event_id", "event_time", "cost", "items", "revenue", "currency", "campaign_id", "quantity"][place];
        for raw in [
            format!(r#"{{"type":"purchase","{name}":{value}}}"#),
            format!(r#"{{"event":"x","properties":{{"{name}":{value}}}}}"#),
            format!(r#"{{"type":"purchase","{name}":1,"items":[{{"{name}":{value}}}]}}"#),
        ] {
            let _ = parse(raw.as_bytes(), &context());
        }
    }
}

#[test]
fn the_id_of_an_event_is_read_even_if_the_event_is_wrong() {
    let id = "018f0000-0000-7000-8000-000000000001";
    let ids = context().ids;
    for (raw, expected) in [
        (format!(r#"{{"type":"page_view","event_id":"{id}"}}"#), id.parse().ok()),
        (format!(r#"{{"event_id":"{id}","cost":"a lot"}}"#), id.parse().ok()),
        (format!(r#"{{"messageId":"{id}","type":7}}"#), id.parse().ok()),
        (format!(r#"{{"event_id":"{id}","message_id":"{id}"}}"#), id.parse().ok()),
        (format!(r#"{{"properties":{{"event_id":"{id}"}}}}"#), id.parse().ok()),
        (r#"{"event_id":"7"}"#.to_owned(), ids.id("7")),
        (format!(r#"{{"event_id":"{id}""#), None),
        (r#"{"type":"page_view"}"#.to_owned(), None),
        ("[]".to_owned(), None),
    ] {
        assert_eq!(events::sent_id(raw.as_bytes(), ids), expected, "{raw}");
    }
}
