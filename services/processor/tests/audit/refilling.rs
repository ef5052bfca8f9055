use std::{os::unix::fs::symlink, time::Duration};

use telemetry::Gauge;
use testkit::eventually;
use tokio::time::sleep;

use crate::stand::{NEVER, Stand, impressions};

/// The epoch of each partition's lease: whoever takes them again raises it.
async fn epochs(stand: &Stand) -> Vec<i64> {
    let sql = "SELECT epoch FROM lease WHERE consumer_group = 'store' ORDER BY partition";
    sqlx::query_scalar(sql).fetch_all(&stand.ledger).await.unwrap()
}

/// Waits until one partition stands still and has not come to its end, while the other has, and
/// nobody has taken either again for a while.
async fn only_one_stands_still(stand: &Stand, ends: [i64; 2], still: usize) {
    eventually("a partition stands still", async || {
        (Gauge::PartitionsHalted.value(&["store"]) > 0).then_some(())
    })
    .await;
    let offsets = async || -> Vec<i64> {
        let sql = "SELECT next_offset FROM lease WHERE consumer_group = 'store' ORDER BY partition";
        sqlx::query_scalar(sql).fetch_all(&stand.ledger).await.unwrap()
    };
    let other = 1 - still;
    eventually("the other goes on", async || (offsets().await[other] == ends[other]).then_some(()))
        .await;
    let before = epochs(stand).await;
    for _ in 0..30 {
        // A member that gives up and tries again is not halted in between.
        assert!(Gauge::PartitionsHalted.value(&["store"]) > 0, "it waits where it is");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(offsets().await[still] < ends[still]);
    assert_eq!(epochs(stand).await, before, "nobody leaves the group for it");
}

#[tokio::test]
async fn what_left_the_log_before_it_was_stored_comes_from_the_archive() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let early = impressions(10);
    stand.store(&tenant, early.clone()).await;
    stand.stop().await;

    // Re-sends of what the log no longer holds either.
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
    assert!(stand.audit(true).await.is_right());
}

#[tokio::test]
async fn a_partition_stands_still_until_what_it_lacks_is_in_the_archive() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    stand.publish(&tenant, impressions(30)).await;
    let objects = stand.copy_log().await;
    stand.empty_log().await;
    stand.publish(&tenant, impressions(5)).await;

    stand.start().await;
    let halted = || Gauge::PartitionsHalted.value(&["store"]);
    eventually("partitions stand still", async || (halted() > 0).then_some(())).await;
    assert_eq!(stand.impressions(&tenant).await, 10, "nothing is skipped");

    stand.archive(objects).await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 45);
    eventually("none stands still", async || (halted() == 0).then_some(())).await;
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_waited_for_and_a_stop_meanwhile_skips_nothing() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    stand.publish(&tenant, impressions(30)).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.publish(&tenant, impressions(5)).await;
    // The last of a partition: what comes before it is stored, what comes after must wait.
    let object = stand.objects().pop().unwrap();
    let hidden = object.with_extension("hidden");
    std::fs::rename(&object, &hidden).unwrap();

    for _ in 0..3 {
        stand.start().await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        stand.stop().await;
    }
    std::fs::rename(&hidden, &object).unwrap();
    stand.start().await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 45);
    assert!(stand.audit(true).await.is_right());
}

#[tokio::test]
async fn an_archive_that_is_away_holds_only_the_partition_that_needs_it() {
    // The first object is needed to tell re-sends, the last to go on.
    for still in [0, 1] {
        let mut stand = Stand::new(NEVER).await;
        let tenant = stand.tenant("shared").await;
        stand.store(&tenant, impressions(10)).await;
        stand.stop().await;
        stand.publish(&tenant, impressions(30)).await;
        stand.archive(stand.copy_log().await).await;
        stand.empty_log().await;
        stand.publish(&tenant, impressions(5)).await;
        let objects = stand.objects();
        let object = if still == 0 { objects.first() } else { objects.last() }.unwrap();
        let hidden = object.with_extension("hidden");
        std::fs::rename(object, &hidden).unwrap();
        // Neither there nor missing: it cannot be opened.
        symlink(object, object).unwrap();

        stand.start().await;
        only_one_stands_still(&stand, stand.ends().await, still).await;
        std::fs::rename(&hidden, object).unwrap();
        stand.stored().await;
        assert_eq!(stand.impressions(&tenant).await, 45);
        assert!(stand.audit(true).await.is_right());
    }
}

#[tokio::test]
async fn a_batch_that_reads_otherwise_than_planned_holds_its_partition_alone() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    // As an owner leaves it that was killed after it had planned, but with a row too many.
    let planned = |rows: &str| {
        format!(
            "UPDATE batch SET state = 'planned', done_at = NULL, destinations = jsonb_set(
                destinations, '{{0,rows}}', to_jsonb((destinations -> 0 ->> 'rows')::bigint {rows}))
            WHERE partition = 0"
        )
    };
    let behind = "UPDATE lease SET next_offset = 0 WHERE partition = 0";
    for sql in [planned("+ 1"), behind.to_owned()] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&stand.ledger).await.unwrap();
    }
    stand.publish(&tenant, impressions(30)).await;

    stand.start().await;
    only_one_stands_still(&stand, stand.ends().await, 0).await;
    assert!(stand.impressions(&tenant).await < 40);
    stand.stop().await;
    sqlx::query(sqlx::AssertSqlSafe(planned("- 1"))).execute(&stand.ledger).await.unwrap();
    stand.start().await;
    stand.stored().await;
    assert_eq!(stand.impressions(&tenant).await, 40);
    assert!(stand.audit(true).await.is_right());
}
