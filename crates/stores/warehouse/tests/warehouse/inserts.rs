use events::EventType::{AdClick, Purchase};
use log::{LogRange, Offset};
use tenancy::Isolation;
use testkit::eventually;
use warehouse::{ClusterSettings, InsertBatch, InsertError, Warehouse};

use crate::shop::{Shop, all_day, clusters, event, item, places};

/// Runs for twelve seconds, long enough for whatever a test asks meanwhile.
const SLOW: &str = "SELECT sleepEachRow(3) FROM numbers(4) SETTINGS max_block_size = 1";

#[tokio::test]
async fn a_batch_sent_twice_lands_once() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let batch = shop.batch(0, 1);
        let clicks =
            ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"].map(|time| event(AdClick, time));
        let rows = shop.rows(0, clicks);
        for _ in 0..3 {
            shop.warehouse.insert(&batch, &rows).await.unwrap();
        }
        let present = shop.warehouse.present(&batch, all_day()).await.unwrap();
        assert_eq!(present, places([(0, 0), (1, 0)]), "{isolation:?}");
        shop.close().await;
    }
}

#[tokio::test]
async fn the_name_of_a_batch_decides_whether_it_is_new() {
    let shop = Shop::open(Isolation::Schema).await;
    let click = || event(AdClick, "2026-03-01T12:00:00Z");
    shop.insert(0, vec![click()]).await;
    let batch = shop.batch(0, 0);
    let present = async || shop.warehouse.present(&batch, all_day()).await.unwrap();
    // The server drops new rows under an old name without an error: hence the read-back.
    shop.warehouse.insert(&batch, &shop.rows(0, [click()])).await.unwrap();
    assert_eq!(present().await, places([(0, 0)]));
    let repair = InsertBatch { repair: 1, ..batch.clone() };
    shop.warehouse.insert(&repair, &shop.rows(0, [click()])).await.unwrap();
    assert_eq!(present().await, places([(0, 0); 2]));
    // As after a ledger was restored to a state before the plan, and planned the same range again.
    let planned_again = InsertBatch { epoch: batch.epoch + 1, ..batch.clone() };
    shop.warehouse.insert(&planned_again, &shop.rows(0, [click()])).await.unwrap();
    assert_eq!(present().await, places([(0, 0); 3]));
    shop.close().await;
}

#[tokio::test]
async fn a_read_back_finds_the_stored_rows_of_the_batch_and_no_others() {
    let shop = Shop::open(Isolation::Shared).await;
    let mut purchase = event(Purchase, "2026-03-01T12:00:00Z");
    purchase.items = vec![item("a", 1_000, None), item("b", 1_000, None), item("c", 1_000, None)];
    let click = || event(AdClick, "2026-03-01T12:00:00Z");
    // Offsets 58 to 62 are on two days, so in two parts.
    let all = vec![click(), click(), purchase.clone(), click(), click()];
    shop.insert(58, all).await;
    shop.insert(63, vec![click()]).await;
    let elsewhere = shop.batch_of_partition(4, 58, 62);
    shop.warehouse.insert(&elsewhere, &shop.rows_of_partition(4, 58, [click()])).await.unwrap();
    let generation = (shop.generation.get() ^ 1).into();
    let range = LogRange { generation, ..shop.batch(58, 62).range };
    let other_generation = InsertBatch { range, ..shop.batch(58, 62) };

    let batch = shop.batch(58, 62);
    let present = async |batch| shop.warehouse.present(batch, all_day()).await.unwrap();
    let stored = places([(58, 0), (59, 0), (60, 0), (60, 1), (60, 2), (61, 0), (62, 0)]);
    assert_eq!(present(&batch).await, stored);
    assert_eq!(present(&elsewhere).await, places([(58, 0)]));
    assert_eq!(present(&other_generation).await, []);

    let again = InsertBatch { repair: 1, ..shop.batch(58, 62) };
    shop.warehouse.insert(&again, &shop.rows(60, [purchase])).await.unwrap();
    let mut doubled = present(&batch).await;
    assert_eq!(doubled.len(), 10, "a row that is stored twice is listed twice");
    doubled.dedup();
    assert_eq!(doubled, stored);
}

#[tokio::test]
async fn a_running_insert_is_detected_and_leaves_a_second_one_in_doubt() {
    let shop = Shop::open(Isolation::Schema).await;
    let batch = shop.batch(0, 0);
    assert!(!shop.warehouse.is_running(&batch).await.unwrap());
    // In place of an insert that hangs: the server identifies it by its query id alone.
    let slow = shop.writer().query(SLOW).with_setting("query_id", batch.token());
    let slow = async { slow.execute().await.unwrap() };
    let meanwhile = async {
        eventually("it runs", async || {
            shop.warehouse.is_running(&batch).await.unwrap().then_some(())
        })
        .await;
        let click = event(AdClick, "2026-03-01T12:00:00Z");
        shop.warehouse.insert(&batch, &shop.rows(0, [click])).await
    };
    let ((), second) = tokio::join!(slow, meanwhile);
    // The server's error 216: a query with that id already runs.
    assert!(matches!(second, Err(InsertError::InDoubt(_))), "{second:?}");
    assert!(shop.warehouse.present(&batch, all_day()).await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn a_running_insert_with_other_bounds_is_detected_if_it_overlaps_the_range() {
    let shop = Shop::open(Isolation::Schema).await;
    let query = shop.batch(5, 9).token();
    let slow = shop.writer().query(SLOW).with_setting("query_id", query);
    let slow = async { slow.execute().await.unwrap() };
    let check = async {
        let running = async |batch| shop.warehouse.is_running(&batch).await.unwrap();
        eventually("it runs", async || running(shop.batch(5, 9)).await.then_some(())).await;
        for (first, last) in [(0, 5), (9, 20), (6, 7), (0, 100)] {
            assert!(running(shop.batch(first, last)).await, "{first}-{last}");
        }
        assert!(running(InsertBatch { repair: 2, ..shop.batch(5, 9) }).await);
        assert!(running(InsertBatch { epoch: 7, ..shop.batch(5, 9) }).await);
        let elsewhere = tenancy::Destination {
            database: "elsewhere".to_owned(),
            ..shop.context.destination().clone()
        };
        for other in [
            shop.batch(0, 4),
            shop.batch(10, 20),
            shop.batch_of_partition(33, 5, 9),
            InsertBatch { destination: elsewhere, ..shop.batch(5, 9) },
        ] {
            assert!(!running(other.clone()).await, "{other}");
        }
    };
    tokio::join!(slow, check);
    shop.close().await;
}

#[tokio::test]
async fn an_overlapping_insert_is_waited_for_whatever_its_name() {
    let shop = Shop::open(Isolation::Schema).await;
    let slow = format!("{}:r7", shop.batch(10, 19));
    let slow = shop.writer().query(SLOW).with_setting("query_id", slow);
    let slow = async { slow.execute().await.unwrap() };
    let running =
        async |first, last| shop.warehouse.is_running(&shop.batch(first, last)).await.unwrap();
    let wait = async {
        eventually("it runs", async || running(15, 15).await.then_some(())).await;
        assert!(running(0, 10).await && running(19, 30).await && running(0, 100).await);
        assert!(!running(0, 9).await && !running(20, 30).await);
        let elsewhere = shop.batch_of_partition(4, 10, 19);
        assert!(!shop.warehouse.is_running(&elsewhere).await.unwrap());
        shop.warehouse.wait_until_no_insert_runs(&shop.batch(15, 15)).await.unwrap();
        assert!(!running(15, 15).await);
    };
    tokio::join!(slow, wait);
    shop.close().await;
}

#[tokio::test]
async fn rows_ahead_of_the_ledger_are_found() {
    let shop = Shop::open(Isolation::Schema).await;
    let highest = async |first, since| {
        let highest = shop.warehouse.highest(&shop.batch(first, first), since).await.unwrap();
        highest.map(Offset::get)
    };
    let since = *all_day().start();
    assert_eq!(highest(0, since).await, None);
    let clicks = |count| vec![event(AdClick, "2026-03-01T12:00:00Z"); count];
    shop.insert(10, clicks(5)).await;
    shop.insert(20, clicks(3)).await;
    let other = shop.batch_of_partition(4, 90, 90);
    shop.warehouse.insert(&other, &shop.rows_of_partition(4, 90, clicks(1))).await.unwrap();
    assert_eq!(highest(0, since).await, Some(22));
    assert_eq!(highest(22, since).await, Some(22));
    assert_eq!(highest(23, since).await, None);
    shop.close().await;
}

#[tokio::test]
async fn a_refused_row_fails_the_whole_block() {
    let shop = Shop::open(Isolation::Schema).await;
    let database = &shop.context.destination().database;
    let picky = "ADD CONSTRAINT picky CHECK event_type != 'purchase'";
    let alter = format!("ALTER TABLE {database}.events {picky}");
    shop.writer().query(&alter).execute().await.unwrap();
    let click = || event(AdClick, "2026-03-01T12:00:00Z");
    let batch = shop.batch(58, 62);
    // Over midnight: the block would make two parts.
    let events = [click(), click(), click(), event(Purchase, "2026-03-01T12:00:00Z"), click()];
    let refused = shop.warehouse.insert(&batch, &shop.rows(58, events)).await;
    assert!(matches!(refused, Err(InsertError::Refused { code: 469 })), "{refused:?}");
    assert!(shop.warehouse.present(&batch, all_day()).await.unwrap().is_empty());
    shop.close().await;
}

#[tokio::test]
async fn an_insert_that_never_reached_a_table_may_be_sent_again() {
    let shop = Shop::without_tables(Isolation::Schema).await;
    let batch = shop.batch(0, 0);
    let rows = shop.rows(0, [event(AdClick, "2026-03-01T12:00:00Z")]);
    let no_table = shop.warehouse.insert(&batch, &rows).await;
    assert!(matches!(no_table, Err(InsertError::Retriable(_))), "{no_table:?}");

    let unreachable = |(name, settings)| {
        (name, ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..settings })
    };
    let unreachable = Warehouse::new(clusters().into_iter().map(unreachable));
    let refused = unreachable.insert(&batch, &rows).await;
    assert!(matches!(refused, Err(InsertError::Retriable(_))), "{refused:?}");
    assert!(unreachable.ping(&batch.destination.cluster).await.is_err());
    assert!(shop.warehouse.ping(&batch.destination.cluster).await.is_ok());
}
