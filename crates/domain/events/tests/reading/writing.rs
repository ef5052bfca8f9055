//! An event that is written as JSON at once is the event that is parsed.

use events::{Event, EventName, OTHER, parse, write, write_named};
use serde_json::{Value, json};

use crate::support::context;

/// Events with every kind of change: cut, normalised, adjusted, dropped and moved to properties.
fn events() -> Vec<Value> {
    let id = "019ac000-0000-7000-8000-000000000000";
    vec![
        json!({"type": "page_view", "event_id": id}),
        json!({
            "name": "Order Completed", "messageId": "m-1", "timestamp": "2026-03-01T12:30:00Z",
            "properties": {
                "orderId": "o\t1", "total": "12.5000001", "currency": "eur",
                "products": [{"sku": "p-1", "price": 1e2, "quantity": 0.5}, "p-2", {"brand": "x"}],
            },
        }),
        json!({
            "type": "Product Shared", "event_id": id, "userId": 7, "country": "de",
            "context": {"page": {"url": "https://shop.example/ü"}, "userAgent": "x".repeat(2_000)},
            "size": {"größe": [1.0, "\u{0}", null]}, "event_time": 1_772_366_400,
        }),
        json!({
            "type": "ad_click", "event_id": id, "campaign_id": " a/b ", "cost": 0.0025,
            "placement": "x".repeat(300), "visitor_id": "v".repeat(300), "device": ["x"],
        }),
    ]
}

#[test]
fn an_event_is_written_as_a_parsed_event_is_serialised() {
    for event in events() {
        let raw = event.to_string();
        let parsed = parse(raw.as_bytes(), &context()).unwrap();
        let mut json = b"before ".to_vec();
        let written = write(raw.as_bytes(), &context(), &mut json).unwrap();
        assert_eq!(written.event_id, parsed.event.event_id);
        assert_eq!((written.warnings, written.adjusted), (parsed.warnings, parsed.adjusted));
        let expected = format!("before {}", serde_json::to_string(&parsed.event).unwrap());
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }
}

#[test]
fn nothing_is_written_of_a_rejected_event() {
    let mut json = b"before".to_vec();
    let raw = br#"{"type": "ad_click", "cost": -1}"#;
    let rejections = write(raw, &context(), &mut json).unwrap_err();
    assert_eq!(rejections, parse(raw, &context()).unwrap_err());
    assert_eq!(json, b"before");
}

#[test]
fn a_name_that_an_event_may_not_have_is_replaced_and_reported() {
    let raw = r#"{"type":"purchase","campaign_id":"spring","revenue":"5","items":[
        {"product_id":"p1","brand":"Acme"},{"product_id":"p2","brand":"Nova","price":"5"}]}"#;
    let may_name = |name: EventName<'_>| name == EventName::Product("p1");
    let mut json = Vec::new();
    let written = write_named(raw.as_bytes(), &context(), may_name, &mut json).unwrap();
    let event: Event = serde_json::from_slice(&json).unwrap();
    assert_eq!(event.campaign_id.unwrap().as_str(), OTHER);
    let [first, second] = event.items.try_into().unwrap();
    assert_eq!((first.product_id.as_str(), first.brand.as_deref()), ("p1", Some("Acme")));
    assert_eq!((second.product_id.as_str(), second.brand), (OTHER, None));
    assert_eq!(second.price, Some("5".parse().unwrap()), "what it sold counts");
    let reported: Vec<_> = written.adjusted.iter().map(|it| (it.field, it.from.as_str())).collect();
    assert_eq!(reported, [("campaign_id", "spring"), ("product_id", "p2")]);
}
