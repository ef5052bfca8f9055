use aggregates::{Aggregates, ApplyOutcome, ChainStart, RedisSettings, whole_after};
use chrono::{TimeDelta, Utc};
use log::{LogPlace, Offset, Partition};

use crate::stand::{GENERATION, PARTITION, Stand, campaign, clicks_and_spend, place, tenant};

#[tokio::test]
async fn a_lost_chain_is_reported_and_its_hours_are_read_from_clickhouse() {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = || vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas()).await, ApplyOutcome::Applied);

    let chain = stand.key("chain");
    redis::cmd("DEL").arg(chain).exec_async(&mut stand.redis).await.unwrap();
    assert_eq!(stand.fence().await, None);
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(
        stand.apply(10, 19, deltas.clone()).await,
        ApplyOutcome::ChainBroken { fence: None }
    );
    let aggregates = stand.aggregates.for_tenant(&acme);
    let live = aggregates.campaign_series(&campaign(), stand.quarter(), &[]).await.unwrap();
    assert_eq!(live.covered, None, "nothing is known to be whole");

    let whole_from = whole_after(Utc::now());
    let start = ChainStart { next: place(PARTITION, 10), whole_from, ..stand.first_start() };
    assert!(stand.start_chain(&start).await);
    assert_eq!(stand.apply(10, 19, deltas).await, ApplyOutcome::Applied);
    let day = TimeDelta::hours(24);
    let range = metrics::TimeRange::covering(whole_from - day, whole_from + day).unwrap();
    let live = aggregates.campaign_series(&campaign(), range, &[]).await.unwrap();
    assert_eq!(live.covered, range.split_at(whole_from).1);
    assert!(live.series.is_empty(), "the present hour is not whole: {:?}", live.series);
    assert_eq!(
        aggregates.campaign_day(&campaign(), stand.now.start().date_naive()).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn with_one_partition_without_a_chain_everything_is_read_from_clickhouse() {
    let stand = Stand::bare().await;
    let acme = tenant("acme").await;
    let aggregates = stand.aggregates.for_tenant(&acme);
    let start = ChainStart { partitions: 2, ..stand.first_start() };
    assert!(stand.start_chain(&start).await);
    let live = aggregates.campaign_series(&campaign(), stand.quarter(), &[]).await.unwrap();
    assert_eq!(live.covered, None);
    assert!(stand.start_chain(&ChainStart { next: place(Partition::new(1), 0), ..start }).await);
    let live = aggregates.campaign_series(&campaign(), stand.quarter(), &[]).await.unwrap();
    assert_eq!(live.covered, Some(stand.quarter()));
}

#[tokio::test]
async fn a_process_that_lost_its_partition_cannot_move_the_fence_back() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    assert!(!stand.start_chain(&stand.first_start()).await, "it saw no chain");
    let late = ChainStart { seen: Some(Offset::ZERO), ..stand.first_start() };
    assert!(!stand.start_chain(&late).await, "it saw the chain's start");
    assert_eq!(stand.fence().await, Some(Offset::new(10)));
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(3));
}

#[tokio::test]
async fn skipping_a_range_that_the_log_no_longer_has_raises_whole_from() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let whole_from = whole_after(Utc::now());
    let skip = ChainStart {
        seen: Some(Offset::ZERO),
        next: place(PARTITION, 500),
        whole_from,
        ..stand.first_start()
    };
    assert!(stand.start_chain(&skip).await);
    assert_eq!(stand.fence().await, Some(Offset::new(500)));
    let aggregates = stand.aggregates.for_tenant(&acme);
    let live = aggregates.campaign_series(&campaign(), stand.quarter(), &[]).await.unwrap();
    assert_eq!(live.covered, None);
}

#[tokio::test]
async fn counters_of_an_earlier_format_are_rebuilt_and_not_read() {
    let mut stand = Stand::bare().await;
    let acme = tenant("acme").await;
    let hour = stand.hour_key(&acme, &campaign());
    let chain = [
        ("buckets", "1"),
        ("partitions", "1"),
        ("kgen", "1"),
        ("generation", "0"),
        ("1:0:fence", "10"),
        ("1:0:start", "0"),
        ("1:0:whole_from", "0"),
    ];
    redis::pipe()
        .hset_multiple(stand.key("chain"), &chain)
        .hset_multiple(&hour, &[("orders:0", 3), ("orders:1", 3), ("orders:2", 3), ("orders:3", 3)])
        .exec_async(&mut stand.redis)
        .await
        .unwrap();
    let reader = stand.aggregates.for_tenant(&acme);
    let read = async || reader.campaign_series(&campaign(), stand.quarter(), &[]).await.unwrap();
    assert_eq!(read().await.covered, None);
    assert_eq!(stand.fence().await, None);

    let start = ChainStart { next: place(PARTITION, 10), is_first: false, ..stand.first_start() };
    let start = ChainStart { whole_from: whole_after(Utc::now()), ..start };
    assert!(stand.start_chain(&start).await);
    assert_eq!(read().await.covered, None, "its hours must be rebuilt");
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(10, 19, deltas).await, ApplyOutcome::Applied);
    let untouched: i64 = redis::cmd("HGET")
        .arg(&hour)
        .arg("orders:0")
        .query_async(&mut stand.redis.clone())
        .await
        .unwrap();
    assert_eq!(untouched, 3, "new counters are under other keys");
}

#[tokio::test]
async fn another_number_of_slot_groups_requires_new_chains() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    assert_eq!(stand.apply(0, 9, Vec::new()).await, ApplyOutcome::Applied);
    let two = RedisSettings { slot_buckets: 2, ..stand.settings.clone() };
    let aggregates = Aggregates::connect(&two).unwrap();
    let fences = aggregates.fences(GENERATION, PARTITION).await.unwrap();
    assert!(fences.iter().all(|(_, fence)| fence.is_none()));
    for (slot_group, _) in fences {
        let whole_from = whole_after(Utc::now());
        let start = ChainStart { next: place(PARTITION, 10), whole_from, ..stand.first_start() };
        assert!(aggregates.start_chain(slot_group, &start).await.unwrap());
    }
    let live =
        aggregates.for_tenant(&acme).campaign_series(&campaign(), stand.quarter(), &[]).await;
    assert_eq!(live.unwrap().covered, None);
    assert_eq!(stand.fence().await, None, "the first layout must not find the old fence");
}

#[tokio::test]
async fn after_redis_restarts_with_an_older_file_no_hour_is_whole() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    let aggregates = stand.aggregates.for_tenant(&acme);
    for (noted, covered) in [
        (&[][..], Some(stand.quarter())),
        (&[place(PARTITION, 10)], Some(stand.quarter())),
        (&[place(PARTITION, 11)], None),
        (&[LogPlace::new(0, 0, 500)], Some(stand.quarter())),
    ] {
        let live = aggregates.campaign_series(&campaign(), stand.quarter(), noted).await.unwrap();
        assert_eq!(live.covered, covered, "{noted:?}");
        assert_eq!(live.series.is_empty(), covered.is_none());
    }
}
