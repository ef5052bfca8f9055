//! Ids are the sender's own text, stored as it is.

use serde_json::json;

use crate::support::*;

#[test]
fn a_campaign_keeps_the_id_of_its_sender() {
    for id in ["SPRING_PROMO24", "Frühling / 50 %", "google_1234"] {
        let event = read(&json!({"event": "select_promotion", "ecommerce": {"promotion_id": id}}));
        assert_eq!(event.campaign_id.unwrap().as_str(), id);
    }
    let number = read(&json!({"type": "ad_click", "campaign_id": 17}));
    assert_eq!(number.campaign_id.unwrap().as_str(), "17");
}

#[test]
fn the_same_sender_id_is_the_same_event_within_a_tenant_only() {
    let id = |event_id: serde_json::Value| {
        read(&json!({"type": "page_view", "messageId": event_id})).event_id
    };
    let ajs = json!("ajs-next-1700000000000-8c1f");
    assert_eq!(id(ajs.clone()), id(ajs.clone()));
    assert_eq!(id(ajs.clone()).get_version_num(), 5);
    assert_ne!(id(ajs.clone()), id(json!("ajs-next-1700000000001-8c1f")));
    assert_eq!(id(json!(17)), id(json!("17")));
    let uuid = "018F0000-0000-7000-8000-000000000001";
    assert_eq!(id(json!(uuid)).to_string(), uuid.to_lowercase());
    let other = events::EventIds::of(&"globex".parse().unwrap());
    assert_ne!(Some(id(ajs.clone())), other.id(ajs.as_str().unwrap()));
    // The derivation must never change.
    assert_eq!(id(ajs).to_string(), "0836cc61-c188-54d3-a611-96ad520ad33f");
}

#[test]
fn an_id_is_opaque_text_of_up_to_200_bytes() {
    let longest = "é".repeat(100);
    for id in ["SPRING_PROMO24", "Frühling / 50 %", "a{b}\"c\\", "018F", &longest] {
        let event = read(&json!({"type": "ad_click", "campaign_id": id, "ad_id": id,
            "creative_id": id, "visitor_id": id, "session_id": id, "customer_id": id,
            "order_id": id, "items": [{"product_id": id}]}));
        let campaign_id = event.campaign_id.as_ref().unwrap().as_str();
        assert_eq!((campaign_id, event.items[0].product_id.as_str()), (id, id));
        let ids = [&event.visitor_id, &event.session_id, &event.customer_id];
        let ids = ids.into_iter().chain([&event.ad_id, &event.creative_id, &event.order_id]);
        assert!(ids.into_iter().all(|read| read.as_deref() == Some(id)), "{event:?}");
    }
}

#[test]
fn an_item_without_an_id_is_counted_under_its_name() {
    let event = json!({"type": "purchase", "items": [
        {"sku": "s1", "price": 1}, {"item_name": "Red lamp", "price": 2}, {"price": 4}, "p5", null, 6]});
    let read = read(&event);
    let ids: Vec<_> = read.items.iter().map(|item| item.product_id.as_str()).collect();
    assert_eq!(ids, ["s1", "Red lamp", "(not set)", "p5", "6"]);
    assert_eq!(canonical(&read).sales().to_string(), "7.00");
    let expected = [("unnamed", "/items/1"), ("unnamed", "/items/2"), ("dropped", "/items/4")];
    assert_eq!(warnings_of(&event), expected_warnings(&expected));
    let one = self::read(&json!({"type": "product_view", "items": {"product_id": "p1"}}));
    assert_eq!(one.items[0].product_id, "p1");
}

#[test]
fn a_parent_is_an_id_so_one_that_is_too_long_is_no_parent() {
    let long = "é".repeat(101);
    let parents = [json!("shirt"), json!(17), json!(" "), json!(long), json!(["shirt"])];
    let items: Vec<_> =
        parents.map(|parent| json!({"product_id": "p", "parent_sku": parent})).into();
    let event = json!({"type": "product_view", "items": items});
    let read = read(&event).items;
    let parents: Vec<_> = read.iter().map(|item| item.parent_sku.as_deref()).collect();
    assert_eq!(parents, [Some("shirt"), Some("17"), None, None, None]);
    let expected = [("dropped", "/items/3/parent_sku"), ("dropped", "/items/4/parent_sku")];
    assert_eq!(warnings_of(&event), expected_warnings(&expected));
    let single = json!({"type": "product_view", "product_id": "p", "parent_sku": "shirt"});
    let read = self::read(&single);
    assert_eq!(read.items[0].parent_sku.as_deref(), Some("shirt"));
    assert!(read.properties.is_empty());
}

#[test]
fn an_item_whose_id_is_too_long_is_counted_under_its_name() {
    let long = "é".repeat(101);
    let event = json!({"type": "purchase", "items": [
        {"product_id": long, "item_name": "Red lamp", "price": 2}, {"sku": long, "price": 4}, long]});
    let read = read(&event);
    let ids: Vec<_> = read.items.iter().map(|item| item.product_id.as_str()).collect();
    assert_eq!(ids, ["Red lamp", "(not set)", "(not set)"]);
    assert_eq!(canonical(&read).sales().to_string(), "6.00");
    let expected = [
        ("dropped", "/items/0/product_id"),
        ("unnamed", "/items/0"),
        ("dropped", "/items/1/sku"),
        ("unnamed", "/items/1"),
        ("dropped", "/items/2"),
        ("unnamed", "/items/2"),
    ];
    assert_eq!(warnings_of(&event), expected_warnings(&expected));
    let single = json!({"type": "product_view", "product_id": long, "brand": "Acme"});
    let read = self::read(&single);
    assert!(read.items.is_empty(), "without an id, the fields describe no product");
    assert_eq!(serde_json::to_value(read.properties).unwrap(), json!({"brand": "Acme"}));
    assert_eq!(warnings_of(&single), expected_warnings(&[("dropped", "/product_id")]));
}
