use events::EventType::{AdClick, Purchase};
use metrics::{Counter, Granularity, TimeRange};
use tenancy::Isolation;
use warehouse::Tally;

use crate::shop::{Shop, all_day, at, event, item, places};

const NOON: &str = "2026-03-01T12:00:00Z";

/// Inserts rows that are stored already, under a token that the server does not know.
async fn double(shop: &Shop, first: u64, events: Vec<events::Event>, name: &str) {
    let batch = shop.batch(first, first + events.len() as u64 - 1);
    let token = format!("{batch}:{name}");
    shop.warehouse.insert_as(&token, &batch, &shop.rows(first, events)).await.unwrap();
}

fn clicks(count: usize) -> Vec<events::Event> {
    (0..count).map(|_| event(AdClick, NOON)).collect()
}

/// Returns the clicks of a report, whose sums come from the projection.
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
async fn each_range_is_counted_separately_and_copies_are_counted_once_as_distinct() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let mut purchase = event(Purchase, NOON);
        purchase.items = vec![item("a", 1_000, None), item("b", 1_000, None)];
        shop.insert(55, clicks(10)).await;
        shop.insert(65, vec![purchase.clone()]).await;
        shop.insert(66, clicks(4)).await;
        double(&shop, 65, vec![purchase], "twice").await;

        let ranges = [(66, 69), (55, 60), (65, 65), (100, 200)];
        let ranges = ranges.map(|(first, last)| shop.batch(first, last).range);
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
    // Offsets 55 to 64 are on two days, so in two parts.
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
    assert_eq!(present, places(std::array::from_fn::<_, 10, _>(|index| (55 + index as u64, 0))));
    assert_eq!(reported(&shop).await, 10, "the projection agrees with the rows");
    assert_eq!(reported(&neighbour).await, 23, "copies of another generation are not deleted");

    assert!(shop.warehouse.delete_copies(&batch, &all_day()).await.unwrap());
    assert_eq!(reported(&shop).await, 10, "without copies, no row is deleted");
}

#[tokio::test]
async fn copies_are_not_deleted_again_while_a_deletion_runs() {
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
    testkit::eventually("the deletion is complete", done).await;
    let present = shop.warehouse.present(&batch, all_day()).await.unwrap();
    assert_eq!(present, places([(0, 0), (1, 0), (2, 0)]));
    shop.close().await;
}
