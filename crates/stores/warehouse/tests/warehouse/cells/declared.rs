use std::{collections::BTreeSet, sync::Arc};

use events::{Event, EventType::AdClick};
use metrics::{DeclaredDimension, Dimension, Distinct, Filter, PropertyType, TextTest};
use serde_json::{Value, json};
use tenancy::Isolation;
use warehouse::{CellQuery, Keys};

use super::{TIME, clicks, expected, query, test, texts};
use crate::shop::{Shop, event};

fn declared(pointer: &str, kind: PropertyType) -> Dimension {
    let name = "own".parse().unwrap();
    Dimension::Declared(Arc::new(DeclaredDimension {
        name,
        pointer: pointer.parse().unwrap(),
        kind,
    }))
}

/// Returns a click with the property `own`, and the same one deeper under a name with signs.
fn click_with(value: Value) -> Event {
    let properties = json!({"own": value, "a/b": {"c~'d": [0], "own": value}});
    let Value::Object(properties) = properties else { panic!() };
    Event { properties, ..event(AdClick, TIME) }
}

#[tokio::test]
async fn a_declared_property_has_the_values_of_its_type() {
    let shop = Shop::open(Isolation::Schema).await;
    let values = [
        json!("gold"),
        json!("gold"),
        json!("7"),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(true),
        json!("false"),
        json!("it's ä"),
        json!(u64::MAX),
        json!("x".repeat(200)),
        json!("ä".repeat(101)),
        json!(""),
        json!(null),
        json!([1]),
        json!({"a": 1}),
    ];
    let mut events: Vec<_> = values.into_iter().map(click_with).collect();
    events.push(event(AdClick, TIME));
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let long = "x".repeat(200);
    let texts_and_numbers = expected([
        ("", 6),
        ("gold", 2),
        ("7", 2),
        ("-1", 1),
        ("1.5", 1),
        ("true", 1),
        ("false", 1),
        ("it's ä", 1),
        ("18446744073709551615", 1),
        (long.as_str(), 1),
    ]);
    for (pointer, kind, cells) in [
        ("/properties/own", PropertyType::String, texts_and_numbers.clone()),
        ("/properties/a~1b/own", PropertyType::String, texts_and_numbers),
        ("/properties/own", PropertyType::Integer, expected([("", 14), ("7", 2), ("-1", 1)])),
        ("/properties/own", PropertyType::Boolean, expected([("", 15), ("true", 1), ("false", 1)])),
        ("/properties/a~1b/c~0'd", PropertyType::String, expected([("", 17)])),
        ("/properties/a~1b/c~0'd/0", PropertyType::String, expected([("", 17)])),
        ("/properties/') OR ('' = '", PropertyType::String, expected([("", 17)])),
    ] {
        let by = [declared(pointer, kind)];
        assert_eq!(clicks(&shop, &query(&by, &everything)).await, cells, "{pointer} {kind:?}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_declared_property_filters_and_its_keys_can_be_left_out() {
    let shop = Shop::open(Isolation::Schema).await;
    let tiers = ["gold", "gold", "silver", "it's"].map(|tier| click_with(json!(tier)));
    shop.insert(0, tiers.into_iter().chain([event(AdClick, TIME)]).collect()).await;
    let own = declared("/properties/own", PropertyType::String);
    let by = [own.clone()];
    let is = |test_of| test(own.clone(), test_of);
    for (filter, cells) in [
        (is(TextTest::In(texts(&["gold", ""]))), expected([("", 1), ("gold", 2)])),
        (is(TextTest::StartsWith(texts(&["it'"]))), expected([("it's", 1)])),
        (
            Filter::Not(Box::new(is(TextTest::Contains(texts(&["l"]))))),
            expected([("", 1), ("it's", 1)]),
        ),
    ] {
        assert_eq!(clicks(&shop, &query(&by, &filter)).await, cells, "{filter:?}");
    }
    let everything = Filter::EVERYTHING;
    let keys = [texts(&["gold"]), texts(&["it's"])];
    let only = CellQuery { keys: Keys::Only(&by, &keys), ..query(&by, &everything) };
    assert_eq!(clicks(&shop, &only).await, expected([("gold", 2), ("it's", 1)]));
    let except = CellQuery { keys: Keys::Except(&by, &keys), ..query(&[], &everything) };
    assert_eq!(clicks(&shop, &except).await, expected([("", 2)]));
    let warehouse = shop.warehouse.for_tenant(&shop.context);
    assert_eq!(warehouse.explain(&query(&by, &everything)).await.unwrap().rollup, None);
    let visitors = BTreeSet::from([Distinct::Visitors]);
    let distincts = warehouse.distinct_cells(&query(&by, &everything), &visitors).await;
    assert_eq!(distincts.unwrap().totals.len(), 4);
    shop.close().await;
}
