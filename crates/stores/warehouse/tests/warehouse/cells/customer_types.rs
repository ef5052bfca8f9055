use std::collections::BTreeSet;

use events::{
    Event,
    EventType::{PageView, Purchase},
};
use metrics::{Counter, Dimension, Distinct, Filter, Level, TextTest};
use tenancy::Isolation;
use uuid::Uuid;
use warehouse::{CellQuery, Keys};

use super::{TIME, by_keys, expected, query, test, texts};
use crate::shop::{Shop, event, item};

/// Returns the order of a customer, of a visitor, or of nobody, with an id that ends in this number.
fn order(id: u128, customer: Option<&str>, visitor: Option<&str>, time: &str) -> Event {
    Event {
        event_id: Uuid::from_u128(id),
        customer_id: customer.map(str::to_owned),
        visitor_id: visitor.map(str::to_owned),
        items: vec![item("a", 1_000, None), item("b", 1_000, None)],
        ..event(Purchase, time)
    }
}

#[tokio::test]
async fn the_first_order_of_a_customer_is_new_and_every_later_one_returning() {
    let shop = Shop::open(Isolation::Shared).await;
    let before = "2026-02-01T10:00:00Z";
    let events = vec![
        // Its first order lies before the range.
        order(1, Some("ann"), None, before),
        order(2, Some("ann"), Some("v1"), TIME),
        // Who ordered as a guest is known by the visitor alone.
        order(3, None, Some("v1"), TIME),
        // Of two orders at one moment the one with the smaller id is the first.
        order((1 << 64) | 5, Some("bob"), None, TIME),
        order((2 << 64) | 4, Some("bob"), None, TIME),
        order(6, None, None, TIME),
        Event { customer_id: Some("cid".to_owned()), ..event(PageView, before) },
        order(7, Some("cid"), None, TIME),
    ];
    shop.insert(0, events).await;
    let everything = Filter::EVERYTHING;
    let by = [Dimension::CustomerType];
    let types = query(&by, &everything);
    let orders = async |query: &CellQuery<'_>| {
        by_keys(&shop, query, |sums| sums.count(Counter::Orders)).await
    };
    assert_eq!(orders(&types).await, expected([("new", 3), ("returning", 2), ("", 1)]));
    let of_products = CellQuery { level: Level::Product, ..types.clone() };
    assert_eq!(orders(&of_products).await, expected([("new", 3), ("returning", 2), ("", 1)]));
    let new = test(Dimension::CustomerType, TextTest::In(texts(&["new"])));
    let not_new = Filter::Not(Box::new(new.clone()));
    assert_eq!(orders(&query(&[], &new)).await, expected([("", 3)]));
    assert_eq!(orders(&query(&[], &not_new)).await, expected([("", 3)]));
    let returning = [texts(&["returning"])];
    let others = CellQuery { by: &[], keys: Keys::Except(&by, &returning), ..types.clone() };
    assert_eq!(orders(&others).await, expected([("", 4)]));

    // An order that arrives late is the first all the same.
    shop.insert(100, vec![order(8, Some("cid"), None, before)]).await;
    assert_eq!(orders(&types).await, expected([("new", 2), ("returning", 3), ("", 1)]));

    let reports = shop.warehouse.for_tenant(&shop.context);
    let all = query(&[], &everything);
    let wanted = BTreeSet::from([Distinct::NewCustomers, Distinct::ReturningCustomers]);
    let cells = reports.distinct_cells(&all, &wanted).await.unwrap();
    let total = cells.totals[&Vec::<String>::new()];
    assert_eq!((total.new_customers, total.returning_customers), (2, 3));
    let visitors = BTreeSet::from([Distinct::Visitors]);
    let unasked = reports.distinct_cells(&all, &visitors).await.unwrap();
    assert_eq!(unasked.totals[&Vec::<String>::new()].new_customers, 0);
    shop.close().await;
}
