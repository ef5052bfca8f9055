use telemetry::Gauge;
use testkit::eventually;

use crate::stand::{NEVER, Stand, impressions};

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
