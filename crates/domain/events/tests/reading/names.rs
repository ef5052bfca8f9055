//! Values are read from the places where GA4 and Segment put them.

use events::EventType;
use serde_json::json;

use crate::support::*;

#[test]
fn segments_order_is_read_from_its_properties() {
    let event = read(&json!({
        "type": "track", "event": "Order Completed", "anonymousId": "v1", "userId": "c1",
        "messageId": "ajs-next-1700000000000-8c1f", "timestamp": "2026-03-01T11:00:00.000Z",
        "properties": {
            "order_id": "1", "total": 27.5, "revenue": 25, "shipping": 3, "currency": "USD",
            "products": [
                {"product_id": "p1", "sku": "s1", "name": "Lamp", "price": 19, "quantity": 1,
                 "brand": "b", "category": "c"},
                {"sku": "s2", "price": 3, "quantity": 2}]},
        "context": {"page": {"url": "https://shop.example/thanks", "referrer": "https://a.example"},
            "userAgent": "Mozilla/5.0", "campaign": {"name": "spring"}, "locale": "de-DE"},
        "integrations": {}}));
    assert_eq!(event.event_type, EventType::Purchase);
    assert_eq!(canonical(&event).sales().to_string(), "25.00");
    assert_eq!(canonical(&event).units().to_string(), "3");
    let ids: Vec<_> = event.items.iter().map(|item| item.product_id.as_str()).collect();
    assert_eq!(ids, ["p1", "s2"]);
    assert_eq!(event.currency.unwrap().as_str(), "USD");
    assert_eq!(event.order_id.as_deref(), Some("1"));
    assert_eq!(event.visitor_id.as_deref(), Some("v1"));
    assert_eq!(event.customer_id.as_deref(), Some("c1"));
    assert_eq!(event.url.as_deref(), Some("https://shop.example/thanks"));
    assert_eq!(event.referrer.as_deref(), Some("https://a.example"));
    assert_eq!(event.user_agent.as_deref(), Some("Mozilla/5.0"));
    assert_eq!(event.campaign_id, None, "the name of a campaign is not its id");
    assert_eq!(event.properties["total"], 27.5);
    assert_eq!(event.properties["context"]["locale"], "de-DE");
}

#[test]
fn ga4s_purchase_is_read_from_the_data_layer() {
    let event = read(&json!({"event": "purchase", "ecommerce": {
        "transaction_id": "t1", "value": 31.98, "currency": "EUR", "coupon": "X", "items": [
            {"item_id": "p1", "item_name": "Lamp", "item_brand": "b", "item_category": "c",
             "price": 15.99, "quantity": 2}]}}));
    assert_eq!(canonical(&event).sales().to_string(), "31.98");
    assert_eq!(event.order_id.as_deref(), Some("t1"));
    assert_eq!(event.items[0].product_id, "p1");
    assert_eq!(event.items[0].brand.as_deref(), Some("b"));
    assert_eq!(event.properties["coupon"], "X");
}

#[test]
fn ga4s_measurement_protocol_is_read_from_envelope_and_params() {
    let taken = of_body(&json!({
        "client_id": "123.456", "user_id": "c1", "timestamp_micros": "1772362800000000",
        "user_properties": {"tier": {"value": "gold"}},
        "events": [{"name": "purchase", "params": {"session_id": "s1", "transaction_id": "t1",
            "value": 5, "currency": "USD", "items": [{"item_id": "p1"}]}}]}));
    let event = taken.event;
    assert_eq!(event.visitor_id.as_deref(), Some("123.456"));
    assert_eq!(event.customer_id.as_deref(), Some("c1"));
    assert_eq!(event.session_id.as_deref(), Some("s1"));
    assert_eq!(event.event_time, at("2026-03-01T11:00:00Z"));
    assert_eq!(canonical(&event).sales().to_string(), "5.00");
    assert_eq!((taken.warnings, taken.adjusted), (vec![], vec![]));
}

#[test]
fn a_field_of_the_envelope_applies_to_events_without_that_field() {
    let body = |event| {
        json!({"sentAt": "2026-03-01T11:59:59Z", "visitor_id": "v1", "userId": "c1",
            "currency": "USD", "campaign_id": "spring", "api_key": "secret", "batch": [event]})
    };
    let event = of_body(&body(json!({"type": "purchase", "revenue": 1}))).event;
    assert_eq!(event.visitor_id.as_deref(), Some("v1"));
    assert_eq!(event.customer_id.as_deref(), Some("c1"));
    assert_eq!(event.campaign_id.unwrap().as_str(), "spring");
    assert_eq!(event.currency.unwrap().as_str(), "USD");
    assert!(event.properties.is_empty(), "{:?}", event.properties);

    let own = json!({"type": "purchase", "revenue": 1, "currency": "GBP", "user_id": "c2",
        "properties": {"anonymousId": "v2"}});
    let event = of_body(&body(own)).event;
    assert_eq!(event.visitor_id.as_deref(), Some("v2"), "anywhere in the event");
    assert_eq!(event.customer_id.as_deref(), Some("c2"));
    assert_eq!(event.currency.unwrap().as_str(), "GBP");
}

#[test]
fn a_refused_event_keeps_its_envelope() {
    let body = json!({"visitor_id": "v1", "currency": "USD", "other": 1,
        "events": [{"type": "ad_click"}, {}, 17]})
    .to_string();
    let batch = events::split(body.as_bytes(), events::BodyForm::Json, 10).unwrap();
    let kept: Vec<_> = batch.events.iter().map(|event| batch.envelope.keep(event)).collect();
    let kept: Vec<_> = kept.iter().map(|kept| str::from_utf8(kept).unwrap()).collect();
    let envelope = r#""$envelope":{"currency":"USD","visitor_id":"v1"}"#;
    assert_eq!(kept[0], format!(r#"{{"type":"ad_click",{envelope}}}"#));
    assert_eq!(kept[1], format!("{{{envelope}}}"));
    assert_eq!(kept[2], "17");

    let corrected = kept[0].replace(r#""ad_click""#, r#""purchase","revenue":3"#);
    let event = events::parse(corrected.as_bytes(), &context()).unwrap().event;
    assert_eq!(event.visitor_id.as_deref(), Some("v1"));
    assert_eq!(event.currency.unwrap().as_str(), "USD");
    assert!(event.properties.is_empty());
}

#[test]
fn of_two_names_for_one_field_the_first_is_used_and_the_other_is_a_property() {
    let event = read(&json!({"type": "page_view", "event": "page_view", "visitor_id": "a",
        "anonymousId": "a", "client_id": "b", "properties": {"visitor_id": "c"}}));
    assert_eq!(event.visitor_id.as_deref(), Some("a"));
    assert_eq!(
        serde_json::to_value(&event.properties).unwrap(),
        json!({"client_id": "b", "visitor_id": "c"})
    );
}

#[test]
fn the_type_is_read_from_every_place_where_products_put_it() {
    for (event, named) in [
        (json!({"type": "page", "name": "Home"}), "page_view"),
        (json!({"type": "track", "event": "Product Added"}), "add_to_cart"),
        (json!({"type": "click", "event": "view_item"}), "product_view"),
        (json!({"type": "page_view", "event": "hero seen"}), "page_view"),
        (json!({"type": "page_view", "event": 17}), "page_view"),
        (json!({"name": "add_to_cart", "params": {}}), "add_to_cart"),
        (json!({"event": "gtm.click"}), "custom.gtm_click"),
        (json!({"type": "identify", "userId": "c"}), "custom.identify"),
    ] {
        assert_eq!(read(&event).event_type.as_str(), named, "{event}");
    }
    let refused = refused(&json!({"type": "purchase", "event": "refund"}));
    assert_eq!(refused.first().pointer, "/event");
}

#[test]
fn a_custom_type_wins_over_any_event_field() {
    let event = read(&json!({"type": "custom.wishlist", "event": "purchase"}));
    assert_eq!(event.event_type.as_str(), "custom.wishlist");
    assert_eq!(event.properties["event"], "purchase");
}

#[test]
fn an_event_may_have_its_own_batch_field() {
    let event = json!({"type": "purchase", "revenue": 5, "batch": ["B12"]});
    assert_eq!(of_body(&event).event.properties["batch"], json!(["B12"]));
    let twice = br#"{"events":[{"type":"a"}],"batch":[{"type":"b"}]}"#;
    assert!(events::split(twice, events::BodyForm::Json, 10).is_err(), "no event is lost silently");
}

#[test]
fn an_unknown_name_becomes_a_custom_type_and_is_stored() {
    let taken = taken(&json!({"event": "Product Shared", "properties": {
        "quantity": "lots", "items": [17, true], "value": "high", "currency": "points", "price": -1}}));
    assert_eq!(taken.event.event_type.as_str(), "custom.product_shared");
    assert_eq!(taken.event.properties["event_name"], "Product Shared");
    assert_eq!(taken.event.properties["quantity"], "lots", "an unreadable value is a property");
    assert_eq!(taken.event.properties["items"], json!([17, true]));
    assert_eq!(warned(&taken)[0].0, "custom_type");
    let own = json!({"type": "custom.wishlist_add", "a": 1});
    assert_eq!(warnings_of(&own), []);
    assert!(!read(&own).properties.contains_key("event_name"));
}
