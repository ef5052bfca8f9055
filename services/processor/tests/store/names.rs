use serde_json::json;
use telemetry::Counter;

use crate::shop::{Shop, page_view};

#[tokio::test]
async fn events_are_stored_though_their_products_cannot_be_listed() {
    let mut shop = Shop::open().await;
    let not_listed = || Counter::NamesNotListed.value(&[]);
    let before = not_listed();
    // As long as this lasts, no statement that lists a product ends.
    let mut lock = shop.stand.ledger.begin().await.unwrap();
    sqlx::query("LOCK TABLE product IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let event = events::Event {
        items: serde_json::from_value(json!([{"product_id": "p1", "quantity": 1}])).unwrap(),
        ..page_view("v1".to_owned())
    };
    shop.stand.publish(&shop.tenant, vec![event]).await;
    shop.start().await;
    shop.wait_for_rows(1, 1).await;
    assert_eq!(not_listed() - before, 1);
    lock.rollback().await.unwrap();
}
