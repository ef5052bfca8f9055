use events::EventType::AdClick;
use metrics::{Counter, Granularity, TimeRange};
use tenancy::Isolation;
use warehouse::InsertError;

use crate::shop::{Shop, at, event};

#[tokio::test]
async fn the_reader_account_sees_the_tenant_it_names_and_no_other() {
    let shop = Shop::open(Isolation::Shared).await;
    shop.insert(0, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
    let client_id = shop.context.client_id().as_str();
    let seen = |query: &'static str, named: Option<&str>| {
        let query = shop.reader().query(query).param("client_id", client_id);
        let query = match named {
            Some(named) => query.with_setting("log_comment", named),
            None => query,
        };
        async { query.fetch_one::<u64>().await.unwrap() }
    };
    let one = "SELECT count() FROM events WHERE client_id = {client_id:String}";
    assert_eq!(seen(one, Some(client_id)).await, 1);
    assert_eq!(seen(one, Some("another")).await, 0);
    assert_eq!(seen(one, None).await, 0);
    let all = "SELECT count() FROM events WHERE {client_id:String} != ''";
    assert_eq!(seen(all, None).await, 0);
    assert_eq!(seen(all, Some(client_id)).await, 1);
}

#[tokio::test]
async fn the_reader_account_cannot_write() {
    let shop = Shop::open(Isolation::Schema).await;
    for statement in ["TRUNCATE TABLE events", "INSERT INTO events (client_id) VALUES ('x')"] {
        assert!(shop.reader().query(statement).execute().await.is_err(), "{statement}");
    }
    shop.close().await;
}

#[tokio::test]
async fn tenants_with_the_same_campaign_in_the_same_tables_see_their_own_events() {
    let ours = Shop::open(Isolation::Shared).await;
    let theirs = Shop::open(Isolation::Shared).await;
    let click = || event(AdClick, "2026-03-01T12:00:00Z");
    ours.insert(0, vec![click()]).await;
    theirs.insert(0, vec![click(), click(), click()]).await;
    let day = TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z")).unwrap();
    for (shop, clicks) in [(&ours, 1), (&theirs, 3)] {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let campaign = "spring-sale".parse().unwrap();
        let total = reports
            .campaign_series(&campaign, day, Granularity::Total, chrono_tz::UTC)
            .await
            .unwrap();
        assert_eq!(total[&day.from()].count(Counter::Clicks), clicks);
    }
}

#[tokio::test]
async fn a_tenants_own_database_refuses_rows_of_another_tenant() {
    let ours = Shop::open(Isolation::Schema).await;
    let theirs = Shop::open(Isolation::Shared).await;
    let rows = theirs.rows(0, [event(AdClick, "2026-03-01T12:00:00Z")]);
    let misrouted = ours.warehouse.insert(&ours.batch(0, 0), &rows).await;
    assert!(matches!(misrouted, Err(InsertError::Retriable(_))), "{misrouted:?}");
    ours.close().await;
}
