use std::{os::unix::fs::symlink, time::Duration};

use log::Offset;
use telemetry::Gauge;
use testkit::eventually;
use tokio::{sync::Mutex, time::sleep};

use crate::stand::{NEVER, Stand, impressions};

/// Returns the epoch of each partition's lease. Each take raises it.
async fn epochs(stand: &Stand) -> Vec<i64> {
    let sql = "SELECT epoch FROM lease WHERE consumer_group = 'store' ORDER BY partition";
    sqlx::query_scalar(sql).fetch_all(&stand.ledger).await.unwrap()
}

/// Held by each test that halts partitions: the process counts them together, and the wait of one test for a
/// halted partition would end with that of another.
static HALTING: Mutex<()> = Mutex::const_new(());

fn halted() -> i64 {
    Gauge::PartitionsHalted.value(&["store"])
}

/// Waits until one partition is halted before its end and the other has reached its own, and checks
/// that neither is taken again for three seconds.
async fn only_one_is_halted(stand: &Stand, ends: [Offset; 2], which: usize) {
    eventually("a partition is halted", async || (halted() > 0).then_some(())).await;
    let offsets = async || -> Vec<Offset> {
        let sql = "SELECT next_offset FROM lease WHERE consumer_group = 'store' ORDER BY partition";
        let offsets: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&stand.ledger).await.unwrap();
        offsets.into_iter().map(|offset| Offset::new(offset.cast_unsigned())).collect()
    };
    let other = 1 - which;
    eventually("the other goes on", async || (offsets().await[other] == ends[other]).then_some(()))
        .await;
    let before = epochs(stand).await;
    for _ in 0..30 {
        // A member that left the group and joined again would not be halted in between.
        assert!(halted() > 0, "the worker waits");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(offsets().await[which] < ends[which]);
    assert_eq!(epochs(stand).await, before, "no member leaves the group");
}

#[tokio::test]
async fn records_that_expired_before_they_were_stored_come_from_the_archive() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let early = impressions(10);
    stand.store(&tenant, early.clone()).await;
    stand.stop().await;

    // Also re-sends of events that the log no longer holds.
    let mut waiting = impressions(30);
    waiting.extend(early[..5].to_vec());
    waiting.extend(waiting[..5].to_vec());
    stand.publish(&tenant, waiting.clone()).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    let mut late = impressions(5);
    late.extend(waiting[25..30].to_vec());
    stand.publish(&tenant, late).await;

    stand.start().await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 10 + 30 + 5);
    assert!(stand.reconcile(true).await.is_right());
}

#[tokio::test]
async fn a_partition_is_halted_until_its_records_are_in_the_archive() {
    let _alone = HALTING.lock().await;
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    stand.publish(&tenant, impressions(30)).await;
    let objects = stand.copy_log().await;
    stand.empty_log().await;
    stand.publish(&tenant, impressions(5)).await;

    stand.start().await;
    eventually("partitions are halted", async || (halted() > 0).then_some(())).await;
    assert_eq!(stand.impressions(&tenant).await, 10, "nothing is skipped");

    stand.archive(objects).await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 45);
    eventually("no partition is halted", async || (halted() == 0).then_some(())).await;
}

#[tokio::test]
async fn nothing_is_skipped_if_the_processor_stops_while_it_waits_for_an_object() {
    let _alone = HALTING.lock().await;
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    stand.publish(&tenant, impressions(30)).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.publish(&tenant, impressions(5)).await;
    // The last object of a partition: records before it are stored, records after it must wait.
    let object = stand.objects().pop().unwrap();
    let hidden = object.with_extension("hidden");
    std::fs::rename(&object, &hidden).unwrap();

    for _ in 0..3 {
        stand.start().await;
        sleep(Duration::from_millis(500)).await;
        stand.stop().await;
    }
    std::fs::rename(&hidden, &object).unwrap();
    stand.start().await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 45);
    assert!(stand.reconcile(true).await.is_right());
}

#[tokio::test]
async fn an_unavailable_archive_halts_only_the_partition_that_needs_it() {
    let _alone = HALTING.lock().await;
    // The first object is needed to recognise re-sends, the last to go on.
    for which in [0, 1] {
        let mut stand = Stand::new(NEVER).await;
        let tenant = stand.tenant("shared").await;
        stand.store(&tenant, impressions(10)).await;
        stand.stop().await;
        stand.publish(&tenant, impressions(30)).await;
        stand.archive(stand.copy_log().await).await;
        stand.empty_log().await;
        stand.publish(&tenant, impressions(5)).await;
        let objects = stand.objects();
        let object = if which == 0 { objects.first() } else { objects.last() }.unwrap();
        let hidden = object.with_extension("hidden");
        std::fs::rename(object, &hidden).unwrap();
        // The object exists, and cannot be opened.
        symlink(object, object).unwrap();

        stand.start().await;
        only_one_is_halted(&stand, stand.ends().await, which).await;
        std::fs::rename(&hidden, object).unwrap();
        stand.stored().await;
        assert_eq!(stand.impressions(&tenant).await, 45);
        assert!(stand.reconcile(true).await.is_right());
    }
}

#[tokio::test]
async fn a_batch_that_differs_from_its_plan_halts_only_its_partition() {
    let _alone = HALTING.lock().await;
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    // The ledger after an owner was killed between plan and mark, with one planned row too many.
    let planned = |rows: &str| {
        format!(
            "UPDATE batch SET state = 'planned', done_at = NULL, destinations = jsonb_set(
                destinations, '{{0,rows}}', to_jsonb((destinations -> 0 ->> 'rows')::bigint {rows}))
            WHERE partition = 0"
        )
    };
    let not_done = "UPDATE lease SET next_offset = 0 WHERE partition = 0";
    for sql in [planned("+ 1"), not_done.to_owned()] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&stand.ledger).await.unwrap();
    }
    stand.publish(&tenant, impressions(30)).await;

    stand.start().await;
    only_one_is_halted(&stand, stand.ends().await, 0).await;
    assert!(stand.impressions(&tenant).await < 40);
    stand.stop().await;
    sqlx::query(sqlx::AssertSqlSafe(planned("- 1"))).execute(&stand.ledger).await.unwrap();
    stand.start().await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 40);
    assert!(stand.reconcile(true).await.is_right());
}
