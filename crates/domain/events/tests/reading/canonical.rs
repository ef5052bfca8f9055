//! The borrowed form of a canonical event says what the owned one says, of every text.

use std::borrow::Cow;

use chrono::DateTime;
use events::{CanonicalEvent, Event, EventType, Item};
use money::{Amount, Quantity};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,24}".prop_map(|text| text.replace(['"', '\\'], "'")),
        1 => ".{0,12}",
        1 => "[\"\\\\/\n\u{1f}é]{1,4}",
    ]
}

fn some_text() -> impl Strategy<Value = Option<String>> {
    option::weighted(0.4, text())
}

fn amount() -> impl Strategy<Value = Option<Amount>> {
    option::weighted(
        0.4,
        prop_oneof![Just(0), -9_999_999_i64..9_999_999, any::<i64>()].prop_map(Amount::from_micros),
    )
}

fn item() -> impl Strategy<Value = Item> {
    let quantity = prop_oneof![Just(1_000), 1_u64..5_000, 1..999_999_999_999_999_u64];
    (text(), some_text(), some_text(), some_text(), quantity, amount()).prop_map(
        |(product_id, parent_sku, brand, category, thousandths, price)| Item {
            product_id,
            parent_sku,
            brand,
            category,
            quantity: Quantity::from_thousandths(thousandths),
            price,
        },
    )
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| json!(f64::from(number) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(text(), inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn event_type() -> impl Strategy<Value = EventType> {
    let names = ["page_view", "purchase", "ad_click", "custom.wish-list", "product_view"];
    prop::sample::select(names.to_vec()).prop_map(|name| name.parse().unwrap())
}

fn time() -> impl Strategy<Value = chrono::DateTime<chrono::Utc>> {
    let millis =
        prop_oneof![0..4_102_444_800_000_i64, (0..4_102_444_800_i64).prop_map(|s| s * 1_000)];
    millis.prop_map(|millis| DateTime::from_timestamp_millis(millis).unwrap())
}

prop_compose! {
    fn event()(
        (id, event_type) in (any::<u128>(), event_type()),
        (event_time, received_at, sent) in (time(), time(), option::weighted(0.2, time())),
        texts in vec(some_text(), 15),
        campaign in option::of("[a-z0-9 é/_-]{0,9}[a-z]"),
        (cost, revenue) in (amount(), amount()),
        viewable in any::<Option<bool>>(),
        items in vec(item(), 0..4),
        currency in option::of("[A-Z]{3}"),
        properties in btree_map(text(), value(), 0..3),
    ) -> Event {
        let mut texts = texts.into_iter();
        let mut text = || texts.next().flatten();
        Event {
            event_id: Uuid::from_u128(id),
            event_type,
            event_time,
            event_time_sent: sent,
            received_at,
            visitor_id: text(),
            session_id: text(),
            customer_id: text(),
            campaign_id: campaign.map(|id| id.parse().unwrap()),
            ad_id: text(),
            creative_id: text(),
            placement: text(),
            page_type: text(),
            keyword: text(),
            viewable,
            cost,
            items,
            order_id: text(),
            revenue,
            currency: currency.map(|code| code.parse().unwrap()),
            url: text(),
            referrer: text(),
            user_agent: text(),
            device: text(),
            country: text(),
            properties: properties.into_iter().collect::<Map<_, _>>(),
        }
    }
}

/// Both readings of a text; properties as values, because white space within them is not kept.
fn both(json: &[u8]) -> [Option<(CanonicalEvent<'_>, Value)>; 2] {
    fn comparable(mut event: CanonicalEvent<'_>) -> (CanonicalEvent<'_>, Value) {
        let properties = serde_json::from_str(&event.properties).unwrap();
        event.properties = "".into();
        (event, properties)
    }
    let owned = serde_json::from_slice::<Event>(json).map(CanonicalEvent::from);
    [CanonicalEvent::read(json).ok(), owned.ok()].map(|event| event.map(comparable))
}

proptest! {
    #[test]
    fn an_event_is_read_as_it_was_written(event in event()) {
        let json = serde_json::to_vec(&event).unwrap();
        prop_assert_eq!(CanonicalEvent::read(&json).unwrap(), CanonicalEvent::from(event));
    }

    #[test]
    fn a_changed_text_is_read_or_refused_as_by_the_owned_form(
        event in event(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut json = serde_json::to_vec(&event).unwrap();
        for (place, byte, change) in changes {
            let place = place.index(json.len());
            let byte = if byte < 128 { byte } else { b"\"\\,:{}[]0e. "[usize::from(byte) % 12] };
            match change {
                0 => json[place] = byte,
                1 => json.insert(place, byte),
                _ => drop(json.remove(place)),
            }
        }
        let [borrowed, owned] = both(&json);
        prop_assert_eq!(borrowed, owned, "{}", String::from_utf8_lossy(&json));
    }
}

#[test]
fn numbers_and_times_of_other_forms_are_read_as_by_the_owned_form() {
    let id = Uuid::from_u128(7);
    let json = |time: &str, more: &str| {
        format!(
            r#"{{"event_id":"{id}","type":"refund","event_time":"{time}","received_at":"2026-03-01T12:00:00Z"{more}}}"#
        )
    };
    for time in [
        "2026-02-29T12:00:00Z",
        "2024-02-29T12:00:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:00:00.1Z",
        "2026-03-01T12:00:00.123456Z",
        "2026-03-01T12:00:00+01:00",
        "2026-13-01T12:00:00Z",
        "2026-03-01t12:00:00z",
        "2026-03-01 12:00:00Z",
    ] {
        let [borrowed, owned] =
            both(json(time, "").as_bytes()).map(|read| read.map(|it| it.0.event_time));
        assert_eq!(borrowed, owned, "{time}");
    }
    for quantity in [
        "1",
        "1.0",
        "1.5",
        "0",
        "00",
        "01",
        "1.",
        ".5",
        "1e3",
        "1.0005",
        "-1",
        "1.123",
        "9999999999999",
    ] {
        let item = format!(r#","items":[{{"product_id":"p","quantity":{quantity}}}]"#);
        let json = json("2026-03-01T12:00:00Z", &item);
        let [borrowed, owned] = both(json.as_bytes());
        assert_eq!(borrowed, owned, "{quantity}");
    }
    for properties in
        [r#"{"a":1e999}"#, r#"{"a":1,}"#, "[]", "1", r#"{"a":"\ud800"}"#, r#"{"a":[[]]}"#]
    {
        let json = json("2026-03-01T12:00:00Z", &format!(r#","properties":{properties}"#));
        let [borrowed, owned] = both(json.as_bytes());
        assert_eq!(borrowed, owned, "{properties}");
    }
}

#[test]
fn the_texts_of_what_is_written_are_borrowed() {
    let at = "2026-03-01T12:00:00.123Z";
    let event: Event = serde_json::from_value(json!({
        "event_id": Uuid::from_u128(7), "type": "purchase", "event_time": at, "received_at": at,
        "visitor_id": "v", "campaign_id": "spring", "cost": "0.50", "revenue": "19.98",
        "currency": "EUR", "url": "https://shop.example/ü", "properties": {"colour": "red"},
        "items": [{"product_id": "p", "parent_sku": "m", "brand": "Acme", "quantity": 2.5,
            "price": "7.99"}],
    }))
    .unwrap();
    let json = serde_json::to_vec(&event).unwrap();
    let read = CanonicalEvent::read(&json).unwrap();
    let item = &read.items[0];
    let texts = [&read.visitor_id, &read.campaign_id, &read.url, &item.parent_sku, &item.brand];
    let is_borrowed = |text: &Cow<'_, str>| matches!(text, Cow::Borrowed(_));
    assert!(texts.into_iter().all(|text| text.as_ref().is_some_and(is_borrowed)));
    assert!(is_borrowed(&read.properties) && is_borrowed(&item.product_id));
}
