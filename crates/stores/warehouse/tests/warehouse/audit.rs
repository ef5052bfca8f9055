use events::EventType::{AdClick, Purchase};
use metrics::{Counter, Granularity, TimeRange};
use tenancy::Isolation;
use warehouse::{InsertBatch, LogRange, Tally};

use crate::shop::{Shop, all_day, at, event, item};

const NOON: &str = "2026-03-01T12:00:00Z";

fn range(batch: &InsertBatch) -> LogRange {
    let InsertBatch { kgen, partition, first, last, .. } = *batch;
    LogRange { kgen, partition, first, last }
}

/// Inserts what is there already, under a name that no list of tokens knows.
async fn double(shop: &Shop, first: u64, events: Vec<events::Event>, name: &str) {
    let batch = shop.batch(first, first + events.len() as u64 - 1);
    let token = format!("{batch}:{name}");
    shop.warehouse.insert_as(&token, &batch, &[shop.rows(first, events)]).await.unwrap();
}

fn clicks(count: usize) -> Vec<events::Event> {
    (0..count).map(|_| event(AdClick, NOON)).collect()
}

/// What a report says, whose sums come from the projection.
async fn reported(shop: &Shop) -> u64 {
    let range = TimeRange::covering(at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z"));
    let series = shop
        .warehouse
        .for_tenant(&shop.context)
        .campaign_series(
            &"spring-sale".parse().unwrap(),
            range.unwrap(),
            Granularity::Day,
            chrono_tz::UTC,
        )
        .await
        .unwrap();
    series.values().map(|sums| sums.count(Counter::Clicks)).sum()
}

#[tokio::test]
async fn every_range_is_counted_by_itself_and_copies_show() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let mut purchase = event(Purchase, NOON);
        purchase.items = vec![item("a", 1_000, None), item("b", 1_000, None)];
        shop.insert(55, clicks(10)).await;
        shop.insert(65, vec![purchase.clone()]).await;
        shop.insert(66, clicks(4)).await;
        double(&shop, 65, vec![purchase], "twice").await;

        let ranges = [(66, 69), (55, 60), (65, 65), (100, 200)];
        let ranges = ranges.map(|(first, last)| range(&shop.batch(first, last)));
        let destination = shop.context.destination();
        let tallies = shop.warehouse.tally(destination, &ranges, &all_day()).await.unwrap();
        let expected = [(4, 4), (6, 6), (4, 2), (0, 0)];
        assert_eq!(tallies, expected.map(|(rows, distinct)| Tally { rows, distinct }));
        shop.close().await;
    }
}

#[tokio::test]
async fn exactly_the_copies_are_deleted_and_the_rollups_follow() {
    let (shop, neighbour) =
        (Shop::open(Isolation::Shared).await, Shop::open(Isolation::Shared).await);
    // Offsets 55 to 64 lie on two days, hence in two parts.
    let all = clicks(10);
    for shop in [&shop, &neighbour] {
        shop.insert(55, all.clone()).await;
        double(shop, 55, all.clone(), "once more").await;
        double(shop, 58, all[3..6].to_vec(), "and again").await;
    }
    assert_eq!(reported(&shop).await, 23);

    let batch = shop.batch(55, 64);
    assert!(shop.warehouse.delete_copies(&batch, &all_day()).await.unwrap());
    let present = shop.warehouse.present(&batch, all_day()).await.unwrap();
    assert_eq!(present, (55..65).map(|offset| (offset, 0)).collect::<Vec<_>>());
    assert_eq!(reported(&shop).await, 10, "the projection says what the rows say");
    assert_eq!(reported(&neighbour).await, 23, "another partition's copies are left alone");

    assert!(shop.warehouse.delete_copies(&batch, &all_day()).await.unwrap());
    assert_eq!(reported(&shop).await, 10, "where there are none, none are deleted");
}

#[tokio::test]
async fn a_deletion_of_copies_under_way_is_not_asked_for_again() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, clicks(3)).await;
    double(&shop, 0, clicks(3), "twice").await;
    let table = format!("{}.events", shop.context.destination().database);
    let run = async |statement: String| {
        let writer = shop.writer().with_setting("mutations_sync", "0");
        writer.query(&statement).execute().await.unwrap();
    };
    run(format!("SYSTEM STOP MERGES {table}")).await;
    run(format!("ALTER TABLE {table} DELETE WHERE (_part, _part_offset) IN (('none', 1))")).await;
    let batch = shop.batch(0, 2);
    assert!(!shop.warehouse.delete_copies(&batch, &all_day()).await.unwrap());
    run(format!("SYSTEM START MERGES {table}")).await;
    let done =
        async || shop.warehouse.delete_copies(&batch, &all_day()).await.unwrap().then_some(());
    testkit::eventually("the deletion is through", done).await;
    let present = shop.warehouse.present(&batch, all_day()).await.unwrap();
    assert_eq!(present, [(0, 0), (1, 0), (2, 0)]);
    shop.close().await;
}

#[tokio::test]
async fn an_insert_that_overlaps_keeps_a_range_busy_whatever_its_name() {
    let shop = Shop::open(Isolation::Schema).await;
    let slow = format!("{}:r7", shop.batch(10, 19));
    let slow = shop.writer().query("SELECT sleep(3)").with_setting("query_id", slow);
    let slow = async { slow.execute().await.unwrap() };
    let busy =
        async |first, last| shop.warehouse.is_running(&shop.batch(first, last)).await.unwrap();
    let meanwhile = async {
        while !busy(15, 15).await {}
        assert!(busy(0, 10).await && busy(19, 30).await && busy(0, 100).await);
        assert!(!busy(0, 9).await && !busy(20, 30).await);
        let elsewhere = InsertBatch { partition: 4, ..shop.batch(10, 19) };
        assert!(!shop.warehouse.is_running(&elsewhere).await.unwrap());
    };
    tokio::join!(slow, meanwhile);
    assert!(!busy(15, 15).await);
    shop.close().await;
}
