//! Money and quantities are exact in every notation.

use serde_json::json;

use crate::support::*;

#[test]
fn amounts_of_a_purchase_are_exact() {
    let raw = br#"{"type":"purchase","order_id":"o1","revenue":19.10,
                   "items":[{"product_id":"p1","quantity":2,"price":0.1},{"item_id":"p2","price":"18.90"}]}"#;
    let event = events::parse(raw, &context()).unwrap().event;
    assert_eq!(canonical(&event).sales().to_string(), "19.10");
    assert_eq!(event.items[0].price.unwrap().to_string(), "0.10");
    assert_eq!(canonical(&event).units().to_string(), "3");
    assert_eq!(event.currency.unwrap().as_str(), "EUR", "the tenant's, if none is sent");
}

#[test]
fn a_purchase_without_a_total_sums_its_items() {
    let event = read(&json!({"type": "purchase", "items": [
        {"product_id": "a", "quantity": 3, "price": "1.25"}, {"product_id": "b", "price": 2}]}));
    assert_eq!(canonical(&event).sales().to_string(), "5.75");
}

#[test]
fn numbers_are_read_in_every_notation() {
    for (quantity, units, rounded) in [
        (json!("1.0000"), "1", false),
        (json!(2.0), "2", false),
        (json!(" 3 "), "3", false),
        (json!(0.5), "0.5", false),
        (json!("0.3337"), "0.334", true),
    ] {
        let event = json!({"type": "purchase", "items": [{"product_id": "p", "quantity": quantity, "price": "2.00"}]});
        assert_eq!(canonical(&read(&event)).units().to_string(), units, "{event}");
        let expected: &[_] = if rounded { &[("rounded", "/items/0/quantity")] } else { &[] };
        assert_eq!(warnings_of(&event), expected_warnings(expected), "{event}");
    }
    let raw = r#"{"type":"purchase","revenue":5.989999999999998}"#;
    let taken = events::parse(raw.as_bytes(), &context()).unwrap();
    assert_eq!(canonical(&taken.event).sales().to_string(), "5.99");
    assert_eq!(warned(&taken), expected_warnings(&[("rounded", "/revenue")]));
}

#[test]
fn quantities_may_be_fractions() {
    let event = read(&json!({"type": "purchase", "items": [
        {"product_id": "a", "quantity": 0.5, "price": "19.90"}, {"product_id": "b", "quantity": "1.255", "price": 2}]}));
    assert_eq!(canonical(&event).sales().to_string(), "12.46");
    assert_eq!(canonical(&event).units().to_string(), "1.755");
    let text = serde_json::to_string(&event).unwrap();
    assert!(text.contains(r#""quantity":0.5,"#), "{text}");
    assert_eq!(serde_json::from_str::<events::Event>(&text).unwrap(), event);
}

#[test]
fn the_maximum_amount_depends_on_the_currency() {
    for (currency, most, more) in [
        ("EUR", "10000000", "10000000.000001"),
        ("JPY", "1000000000", "1000000001"),
        ("VND", "100000000000", "100000000001"),
    ] {
        let event =
            |revenue: &str| json!({"type": "purchase", "revenue": revenue, "currency": currency});
        assert_eq!(canonical(&read(&event(most))).sales(), most.parse().unwrap());
        assert_eq!(refused(&event(more)).first().pointer, "/revenue");
        let items = |price: &str| {
            json!({"type": "purchase", "currency": currency,
            "items": [{"product_id": "a", "price": price}, {"product_id": "b", "price": "1"}]})
        };
        assert_eq!(refused(&items(most)).first().pointer, "/items");
    }
    let phone = json!({"type": "purchase", "revenue": "34990000", "currency": "VND"});
    assert_eq!(canonical(&read(&phone)).sales().to_string(), "34990000.00");
}
