//! Every field is read under every name in the table of `docs/sending-events.md`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::*;

/// Returns a value for each field of the table, and of `items[]`.
fn value_of(field: &str) -> Value {
    match field {
        "type" => json!("purchase"),
        "event_id" => json!("ajs-next-1"),
        "event_time" => json!("2026-03-01T14:59:00Z"),
        "sent_at" => json!("2026-03-01T15:00:00Z"),
        "country" => json!("DE"),
        "currency" => json!("USD"),
        "cost" | "revenue" | "price" => json!("2.50"),
        "quantity" => json!(3),
        "viewable" => json!(false),
        "items" => json!([{"product_id": "p1", "price": 1}]),
        _ => json!("a text"),
    }
}

/// Returns an event without this field: an ad event for `cost`, which only those have in
/// `properties`, and for `viewable`; an order for any other.
fn without(field: &str) -> Value {
    let event_type = match field {
        "cost" => "ad_click",
        "viewable" => "ad_impression",
        _ => "purchase",
    };
    let mut event = json!({"type": event_type, "event_id": "1", "campaign_id": "spring",
        "event_time": "2026-03-01T14:59:00Z", "revenue": 1});
    event.as_object_mut().unwrap().remove(field);
    event
}

#[test]
fn an_event_may_use_every_documented_name() {
    for (field, names) in documented() {
        if field.starts_with("items[].") {
            continue;
        }
        let event = without(field);
        let value = value_of(field);
        let own = taken(&with(&event, field, &value));
        assert!(own.event.properties.is_empty(), "{field} is read");
        for name in names {
            if let Some(path) = name.strip_prefix("context.") {
                let nest = |inner: Value, name: &str| json!({name: inner});
                let context = path.rsplit('.').fold(value.clone(), nest);
                let mut in_context = taken(&with(&event, "context", &context));
                assert_eq!(in_context.event.properties.remove("context"), Some(context));
                assert_eq!(in_context, own, "{name}");
                continue;
            }
            assert_eq!(taken(&with(&event, name, &value)), own, "{name}");
            if ["type", "event_time", "sent_at"].contains(&field) {
                continue;
            }
            for place in ["properties", "params", "ecommerce"] {
                let nested = with(&event, place, &json!({name: value}));
                assert_eq!(taken(&nested), own, "{place}.{name}");
            }
        }
    }
}

#[test]
fn an_item_may_use_every_documented_name() {
    for (field, names) in documented() {
        let Some(field) = field.strip_prefix("items[].") else { continue };
        let mut item = json!({"product_id": "p1", "price": 1});
        item.as_object_mut().unwrap().remove(field);
        let event = |item: Value| json!({"type": "purchase", "event_id": "1", "items": [item]});
        let own = taken(&event(with(&item, field, &value_of(field))));
        for name in names {
            let item = with(&item, name, &value_of(field));
            assert_eq!(taken(&event(item.clone())), own, "{name}");
            // An `id` beside the fields of an event is not known to be a product's.
            if name == "id" {
                continue;
            }
            let mut single = item;
            single["type"] = json!("purchase");
            single["event_id"] = json!("1");
            assert_eq!(taken(&single), own, "{name} of a single item");
        }
    }
}

#[test]
fn an_envelope_may_use_every_documented_name() {
    let of_envelope = [
        "visitor_id",
        "session_id",
        "customer_id",
        "campaign_id",
        "currency",
        "event_time",
        "user_agent",
        "country",
    ];
    for (field, names) in documented() {
        if !of_envelope.contains(&field) {
            continue;
        }
        let event = without(field);
        let value = value_of(field);
        let own = of_body(&json!({"events": [with(&event, field, &value)]}));
        for name in names.into_iter().filter(|name| !name.starts_with("context.")) {
            let beside = of_body(&with(&json!({"events": [event]}), name, &value));
            assert_eq!(beside, own, "{name}");
        }
    }
}

#[test]
fn the_table_lists_every_name_that_is_read() {
    let read: BTreeSet<_> =
        include_str!("../../src/field_names.rs").split('"').skip(1).step_by(2).collect();
    let listed = documented().into_iter().flat_map(|(_, names)| names);
    let listed: BTreeSet<_> = listed.filter(|name| !name.starts_with("context.")).collect();
    // Names of the type are read by `naming`, names of a product only where it has no id.
    let expected: BTreeSet<_> = listed.difference(&["type", "event"].into()).copied().collect();
    let names_of_products = ["item_name", "product_name"];
    assert_eq!(&read - &names_of_products.into(), expected);
    assert!(names_of_products.iter().all(|name| SENDING_EVENTS.contains(&format!("`{name}`"))));
}
