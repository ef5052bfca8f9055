use control_plane::{Batch, Skip};
use log::Partition;
use processor::Findings;
use serde_json::json;
use sqlx::Executor;
use telemetry::Counter;
use testkit::eventually;
use warehouse::{ClusterSettings, InsertBatch, RowPlace};

use crate::{
    stand::{NEVER, PARTITIONS, Stand, event, impressions},
    tables::COPY,
};

/// Events of one row, of several rows, and re-sends.
fn mixed() -> Vec<events::Event> {
    let item = |id: &str| json!({"product_id": id, "quantity": 1, "price": "2.50"});
    let mut events = impressions(40);
    events.extend(events[..10].to_vec());
    for _ in 0..5 {
        events.push(event(json!({"type": "purchase", "items": [item("a"), item("b"), item("c")]})));
    }
    events
}

const ROWS: u64 = 40 + 5 * 3;

#[tokio::test]
async fn correct_tables_pass() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    for full in [false, true] {
        let report = stand.reconcile(full).await;
        assert!(report.is_right(), "{report:?}");
        assert_eq!((report.total().expected, report.total().found), (ROWS, ROWS));
    }
}

#[tokio::test]
async fn lost_rows_are_inserted_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenants = [stand.tenant("shared").await, stand.tenant("dedicated").await];
    for tenant in &tenants {
        stand.store(tenant, mixed()).await;
    }
    let [damaged, whole] = &tenants;
    let before = stand.places(damaged).await;
    let neighbour = stand.places(whole).await;
    stand.run(damaged, "ALTER TABLE events DELETE WHERE koff % 3 = 0 OR kline = 1").await;
    let lost = before.len() - stand.places(damaged).await.len();
    assert!(lost > 5, "{lost}");

    let found = stand.reconcile(false).await;
    let total = found.total();
    assert_eq!((total.expected, total.missing, total.doubled), (2 * ROWS, lost as u64, 0));
    assert_eq!((total.repaired, total.left(), found.troubles.len()), (lost as u64, 0, 0));
    assert_eq!(stand.places(damaged).await, before);
    assert_eq!(stand.places(whole).await, neighbour);
    assert_eq!(stand.impressions(damaged).await, 40);
    assert!(stand.reconcile(true).await.is_right());

    // The names of the first repair are used: the second one needs others.
    stand.run(damaged, "ALTER TABLE events DELETE WHERE koff % 3 = 0").await;
    assert_eq!(stand.reconcile(false).await.total().left(), 0);
    assert_eq!(stand.places(damaged).await, before);
}

#[tokio::test]
async fn an_emptied_table_is_filled_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    let before = stand.places(&tenant).await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let total = stand.reconcile(false).await.total();
    assert_eq!(total, Findings { expected: ROWS, missing: ROWS, repaired: ROWS, ..total });
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 40);
}

#[tokio::test]
async fn only_the_copies_of_doubled_rows_are_deleted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    let before = stand.places(&tenant).await;
    for which in ["koff % 2 = 0", "koff % 4 = 0"] {
        stand.run(&tenant, &format!("{COPY} WHERE {which}")).await;
    }
    let doubled = stand.places(&tenant).await.len() - before.len();
    assert!(doubled > 10 && stand.impressions(&tenant).await > 40);

    let total = stand.reconcile(false).await.total();
    assert_eq!((total.doubled, total.missing, total.left()), (doubled as u64, 0, 0));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 40, "the projection agrees with the rows");
    assert!(stand.reconcile(true).await.is_right());
}

#[tokio::test]
async fn equal_numbers_of_lost_and_doubled_rows_do_not_hide_each_other() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(20)).await;
    let before = stand.places(&tenant).await;
    let lost = before[0];
    let doubled = before[1];
    assert_eq!(lost.0, doubled.0, "the two are counted together");
    let at = |(partition, RowPlace { offset, .. }): (Partition, RowPlace)| {
        format!("kpart = {partition} AND koff = {offset}")
    };
    stand.run(&tenant, &format!("{COPY} WHERE {}", at(doubled))).await;
    stand.run(&tenant, &format!("ALTER TABLE events DELETE WHERE {}", at(lost))).await;
    assert_eq!(stand.places(&tenant).await.len(), before.len());

    let total = stand.reconcile(false).await.total();
    assert_eq!((total.missing, total.doubled, total.left()), (1, 1, 0));
    assert_eq!(stand.places(&tenant).await, before);
}

#[tokio::test]
async fn the_insert_of_a_zombie_whose_token_was_forgotten_is_deleted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let window = "ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 1";
    stand.run(&tenant, window).await;
    stand.store(&tenant, impressions(10)).await;
    let partition = stand.places(&tenant).await[0].0;
    let batch = stand.batches(partition).await.remove(0);
    // The server forgets the token of the batch, because it remembers only that of the last insert.
    stand.store(&tenant, impressions(10)).await;
    let before = stand.places(&tenant).await;

    let (insert, rows) = stand.insert_of(partition, &batch).await;
    stand.dependencies.warehouse.insert(&insert, &rows).await.unwrap();
    let written = stand.places(&tenant).await.len() - before.len();
    assert!(written > 0, "the token blocked the insert");

    let total = stand.reconcile(false).await.total();
    assert_eq!((total.doubled, total.left()), (written as u64, 0));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 20);
}

#[tokio::test]
async fn unplanned_rows_are_reported_and_left_as_they_are() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let mut events = impressions(5);
    events.push(events[0].clone());
    stand.store(&tenant, events).await;
    let mut planned = Vec::new();
    for partition in Partition::all(PARTITIONS) {
        planned.extend(stand.batches(partition).await.into_iter().map(|batch| (partition, batch)));
    }
    let resend = |(_, batch): &&(Partition, Batch)| !batch.plan.skip.duplicates.is_empty();
    let (partition, batch) = planned.iter().find(resend).unwrap();
    let mut complete = batch.clone();
    complete.plan.skip = Skip::default();
    let (insert, rows) = stand.insert_of(*partition, &complete).await;
    let insert = InsertBatch { repair: 9, ..insert };
    stand.dependencies.warehouse.insert(&insert, &rows).await.unwrap();

    let total = stand.reconcile(false).await.total();
    assert_eq!((total.unplanned, total.left()), (1, 1), "{total:?}");
    assert_eq!(
        stand.places(&tenant).await.len(),
        6,
        "the copies are deleted, the unplanned row remains"
    );
}

#[tokio::test]
async fn unavailable_tables_do_not_prevent_the_reconciliation_of_others() {
    let mut stand = Stand::new(NEVER).await;
    let available = stand.tenant("shared").await;
    let unavailable = stand.tenant("dedicated").await;
    stand.store(&available, impressions(10)).await;
    stand.store(&unavailable, impressions(10)).await;
    stand.run(&available, "TRUNCATE TABLE events").await;
    let right: ClusterSettings = testkit::cluster("dedicated");
    let wrong = ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..right.clone() };
    stand.dependencies.warehouse.register("dedicated".parse().unwrap(), &wrong);

    let report = stand.reconcile(false).await;
    assert_eq!((report.total().missing, report.total().left()), (10, 0));
    assert_eq!(report.troubles.len(), 1);
    assert!(report.troubles[0].place.ends_with(&unavailable.destination().database));
    assert_eq!(stand.places(&available).await.len(), 10);
    stand.dependencies.warehouse.register("dedicated".parse().unwrap(), &right);
    assert!(stand.reconcile(false).await.is_right());
}

#[tokio::test]
async fn processors_reconcile_periodically_and_count_their_repairs() {
    let mut stand = Stand::new(1).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    let before = stand.places(&tenant).await;
    let repaired = Counter::ReconcileRepairs.value(&["missing"]);
    stand.run(&tenant, "ALTER TABLE events DELETE WHERE koff % 2 = 0").await;
    eventually("the rows are inserted again", async || {
        (stand.places(&tenant).await == before).then_some(())
    })
    .await;
    assert!(Counter::ReconcileRepairs.value(&["missing"]) > repaired);
}

#[tokio::test]
async fn rows_lost_days_after_they_were_stored_are_inserted_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    let before = stand.places(&tenant).await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let days_ago = "UPDATE batch SET done_at = done_at - interval '3 days' WHERE state = 'done'";
    stand.ledger.execute(days_ago).await.unwrap();
    stand.ledger.execute("DELETE FROM audit_look").await.unwrap();
    stand.start().await;
    eventually("the rows are inserted again", async || {
        (stand.places(&tenant).await == before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn copies_are_deleted_even_if_later_rows_cannot_be_inserted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    for _ in 0..9 {
        stand.publish(&tenant, impressions(5_000)).await;
    }
    stand.stored().await;
    // One of the two partitions has more records than are compared at once.
    let places = stand.places(&tenant).await;
    let (partition, _) = places.iter().find(|(_, place)| place.offset.get() == 20_000).unwrap();
    let of = format!("WHERE kpart = {partition} AND koff");
    stand.run(&tenant, &format!("{COPY} {of} < 10")).await;
    stand.run(&tenant, &format!("ALTER TABLE events DELETE {of} >= 20000")).await;
    stand.run(&tenant, "ALTER TABLE events ADD CONSTRAINT none CHECK koff < 0").await;
    let copies = async || {
        let mut places = stand.places(&tenant).await;
        let all = places.len();
        places.sort_unstable();
        places.dedup();
        all - places.len()
    };
    assert_eq!(copies().await, 10);
    let report = stand.reconcile(false).await;
    assert_eq!((report.troubles.len(), copies().await), (1, 0), "{report:?}");
}
