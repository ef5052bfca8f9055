use std::collections::BTreeMap;

use events::{
    Event,
    EventType::{PageView, ProductView, Purchase, Refund},
};
use metrics::{Counter, Dimension, Filter, Level, MoneySum, QuantitySum, Sums};
use tenancy::Isolation;
use warehouse::CellQuery;

use super::{TIME, by_keys, query};
use crate::shop::{Shop, event, item};

#[tokio::test]
async fn an_event_counts_once_for_each_of_its_products() {
    let shop = Shop::open(Isolation::Schema).await;
    let order = Event {
        items: vec![
            item("a", 2_000, Some("1.50")),
            item("a", 1_000, Some("1.00")),
            item("b", 1_000, Some("7.00")),
        ],
        revenue: Some("99".parse().unwrap()),
        currency: Some("EUR".parse().unwrap()),
        ..event(Purchase, TIME)
    };
    let view = Event { items: vec![item("a", 1_000, None)], ..event(ProductView, TIME) };
    let items = vec![item("a", 500, None), item("b", 250, None)];
    let refund = Event { items, ..event(Refund, TIME) };
    shop.insert(0, vec![order, view, event(PageView, TIME), refund]).await;
    let everything = Filter::EVERYTHING;
    let products = CellQuery { level: Level::Product, ..query(&[Dimension::Product], &everything) };
    let eur = "EUR".parse().unwrap();
    let numbers = by_keys(&shop, &products, |sums| {
        (
            sums.count(Counter::Orders),
            sums.count(Counter::ProductViews),
            sums.quantity(QuantitySum::UnitsSold).thousandths(),
            sums.quantity(QuantitySum::UnitsRefunded).thousandths(),
            sums.money(MoneySum::Sales, eur).to_string(),
        )
    })
    .await;
    assert_eq!(numbers["a"], (1, 1, 3_000, 500, "4.00".to_owned()));
    assert_eq!(numbers["b"], (1, 0, 1_000, 250, "7.00".to_owned()));
    let together = CellQuery { by: &[], ..products };
    let orders = by_keys(&shop, &together, |sums| sums.count(Counter::Orders)).await;
    assert_eq!(orders[""], 1, "the order has two products and is one order");
    shop.close().await;
}

#[tokio::test]
async fn a_refund_is_its_revenue_or_else_its_items() {
    let shop = Shop::open(Isolation::Schema).await;
    let eur = "EUR".parse().unwrap();
    let refund = |revenue: Option<&str>| Event {
        items: vec![item("a", 2_000, Some("1.50")), item("b", 1_000, Some("4"))],
        revenue: revenue.map(|revenue| revenue.parse().unwrap()),
        currency: Some(eur),
        ..event(Refund, TIME)
    };
    let order = Event { event_type: Purchase, ..refund(Some("99")) };
    shop.insert(0, vec![refund(Some("5")), refund(None), refund(Some("0")), order]).await;
    let everything = Filter::EVERYTHING;
    let refunded = async |query: CellQuery<'_>| {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let cells = reports.refunded_cells(&query).await.unwrap().into_iter();
        let amount = |sums: Sums| sums.money(MoneySum::Refunded, eur).to_string();
        cells.map(|((_, keys), sums)| (keys.concat(), amount(sums))).collect::<BTreeMap<_, _>>()
    };
    let whole = refunded(query(&[], &everything)).await;
    assert_eq!(whole[""], "19.00");
    let by = [Dimension::Product];
    let products = refunded(CellQuery { level: Level::Product, ..query(&by, &everything) }).await;
    assert_eq!((&*products["a"], &*products["b"]), ("9.00", "12.00"));
    shop.close().await;
}
