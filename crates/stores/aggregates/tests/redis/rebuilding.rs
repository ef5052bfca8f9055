use std::time::Duration;

use aggregates::{ChainStart, Finish, LiveDelta, Outcome, ProductDelta, Rebuild, whole_after};
use chrono::{NaiveDate, TimeDelta, Utc};
use metrics::TimeRange;
use money::Quantity;
use tenancy::TenantContext;

use crate::stand::{KGEN, Stand, campaign, clicks_and_spend, tenant};

const TWO: Quantity = Quantity::from_thousandths(2_000);
const ALONE: Duration = Duration::from_secs(60);

/// Nine offsets were counted, then Redis lost its chain, and counts from offset 10 on again.
async fn lost() -> (Stand, TenantContext) {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas).await, Outcome::Applied);
    let chain = stand.key("chain");
    redis::cmd("DEL").arg(chain).exec_async(&mut stand.redis).await.unwrap();
    assert!(stand.start_chain(&later(&stand)).await);
    (stand, acme)
}

fn later(stand: &Stand) -> ChainStart {
    let whole_from = whole_after(Utc::now());
    ChainStart { next_offset: 10, whole_from, is_first: false, ..stand.virgin() }
}

async fn join(stand: &Stand, owner: &str) -> Option<Rebuild> {
    let bucket = stand.aggregates.buckets().next().unwrap();
    stand.aggregates.join_rebuild(bucket, owner, ALONE).await.unwrap()
}

fn today(stand: &Stand) -> NaiveDate {
    stand.now.start().date_naive()
}

async fn covered(stand: &Stand, acme: &TenantContext) -> Option<TimeRange> {
    let range = stand.quarter();
    stand
        .aggregates
        .for_tenant(acme)
        .campaign_series(&campaign(), range, &[])
        .await
        .unwrap()
        .covered
}

#[tokio::test]
async fn what_was_lost_is_added_beneath_what_goes_on_being_counted() {
    let (stand, acme) = lost().await;
    let rebuild = join(&stand, "one").await.expect("the present hour is not whole");
    assert_eq!((rebuild.kgen, &rebuild.starts), (KGEN, &vec![10]));
    let served = Utc::now() - TimeDelta::hours(72);
    assert!(rebuild.from > served && rebuild.from < served + TimeDelta::hours(2));

    let more = vec![acme.scope(vec![stand.delta(&campaign(), 4)])];
    assert_eq!(stand.apply(10, 19, more).await, Outcome::Applied);
    let counters = stand.aggregates.for_tenant(&acme);
    let base = [LiveDelta {
        products: vec![ProductDelta { product_id: "p_{1}".to_owned(), views: 3, units: TWO }],
        ..stand.delta(&campaign(), 3)
    }];
    assert!(counters.add_base_visitors(&rebuild, &base).await.unwrap());
    let mut steps = Vec::new();
    for _ in 0..2 {
        let step = counters.add_base(&rebuild, &campaign(), today(&stand), &base).await;
        steps.push(step.unwrap().expect("it is on"));
    }
    assert_eq!(covered(&stand, &acme).await, None, "not before it is finished");
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &steps).await.unwrap(), Finish::Whole);

    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(7));
    let day = counters.campaign_day(&campaign(), today(&stand)).await.unwrap().unwrap();
    assert_eq!(day.sums, clicks_and_spend(7), "a step that is taken twice counts once");
    assert_eq!(day.visitors, 3);
    assert_eq!(day.most_viewed, [("p_{1}".to_owned(), 7)]);
    assert_eq!(day.most_sold, [("p_{1}".to_owned(), TWO)]);
    let long = TimeRange::covering(Utc::now() - TimeDelta::days(5), Utc::now()).unwrap();
    let series = counters.campaign_series(&campaign(), long, &[]).await.unwrap();
    assert_eq!(series.covered.unwrap().from(), rebuild.from);
    assert_eq!(join(&stand, "one").await, None, "nothing is left to do");
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &steps).await.unwrap(), Finish::Over);
}

#[tokio::test]
async fn counters_that_outlived_their_chain_are_not_added_to() {
    let (stand, acme) = lost().await;
    let more = vec![acme.scope(vec![stand.delta(&campaign(), 4)])];
    assert_eq!(stand.apply(10, 19, more).await, Outcome::Applied);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(4), "not the 3 of before");
}

#[tokio::test]
async fn a_rebuild_is_one_process_at_a_time_and_whoever_goes_on_has_the_same_steps() {
    let (stand, _) = lost().await;
    let bucket = stand.aggregates.buckets().next().unwrap();
    let short = Duration::from_millis(1);
    let first = stand.aggregates.join_rebuild(bucket, "one", short).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = join(&stand, "two").await;
    assert!(first.is_some());
    assert_eq!(first, second, "the first was not heard of for too long");
    assert_eq!(join(&stand, "one").await, None, "it is the second's now");
    assert_eq!(join(&stand, "two").await, second);
}

#[tokio::test]
async fn steps_that_redis_lost_keep_the_hours_from_being_whole() {
    let (mut stand, acme) = lost().await;
    let rebuild = join(&stand, "one").await.unwrap();
    let counters = stand.aggregates.for_tenant(&acme);
    let base = [stand.delta(&campaign(), 3)];
    let step = counters.add_base(&rebuild, &campaign(), today(&stand), &base).await.unwrap();
    let steps: Vec<_> = step.into_iter().collect();

    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{}_rebuild_*", stand.settings.namespace))
        .query_async(&mut stand.redis)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
    redis::cmd("DEL").arg(&keys).exec_async(&mut stand.redis).await.unwrap();
    let finished = stand.aggregates.finish_rebuild(&rebuild, &steps).await.unwrap();
    assert_eq!(finished, Finish::StepsMissing);
    assert_eq!(covered(&stand, &acme).await, None);
}

#[tokio::test]
async fn a_rebuild_of_an_earlier_generation_changes_nothing_any_more() {
    let (stand, acme) = lost().await;
    let rebuild = join(&stand, "one").await.unwrap();
    stand.aggregates.request_rebuild().await.unwrap();
    assert_eq!(stand.fence().await, None, "every chain begins anew");
    let again = ChainStart { next_offset: 20, ..later(&stand) };
    assert!(stand.start_chain(&again).await);

    let counters = stand.aggregates.for_tenant(&acme);
    let base = [stand.delta(&campaign(), 3)];
    let step = counters.add_base(&rebuild, &campaign(), today(&stand), &base).await.unwrap();
    assert_eq!(step, None);
    assert!(!counters.add_base_visitors(&rebuild, &base).await.unwrap());
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Over);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(rebuild.starts, [20]);
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    assert!(stand.read(&acme, &campaign()).await.counts().next().is_none());
}

#[tokio::test]
async fn a_partition_that_comes_late_begins_the_bucket_anew() {
    let stand = Stand::bare().await;
    let start = ChainStart { partitions: 2, ..later(&stand) };
    assert!(stand.start_chain(&start).await);
    assert_eq!(join(&stand, "one").await, None, "a partition has no chain yet");
    assert!(stand.start_chain(&ChainStart { partition: 1, ..start }).await);
    assert!(join(&stand, "one").await.is_some());

    // Its place was not below which the others' hours were rebuilt.
    let skips = ChainStart { partition: 1, seen: Some(10), next_offset: 90, ..start };
    assert!(stand.start_chain(&skips).await);
    assert_eq!(stand.fence().await, None);
    assert!(stand.start_chain(&start).await);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(rebuild.starts, [10, 90]);

    // Nor was it while they were being rebuilt, or since they are whole.
    let third = ChainStart { partition: 2, partitions: 3, ..start };
    assert!(stand.start_chain(&third).await);
    assert_eq!(stand.fence().await, None);
    for partition in [0, 1] {
        assert!(stand.start_chain(&ChainStart { partition, ..third }).await);
    }
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    let fourth = ChainStart { partition: 3, partitions: 4, ..start };
    assert!(stand.start_chain(&fourth).await);
    assert_eq!(stand.fence().await, None);
}

#[tokio::test]
async fn a_log_made_anew_begins_the_bucket_anew_and_the_old_one_ends() {
    let (stand, _) = lost().await;
    let bucket = stand.aggregates.buckets().next().unwrap();
    let anew = ChainStart { kgen: KGEN + 1, next_offset: 0, ..later(&stand) };
    assert!(stand.aggregates.start_chain(bucket, &anew).await.unwrap());
    assert_eq!(join(&stand, "one").await.map(|rebuild| rebuild.kgen), Some(KGEN + 1));
    assert!(!stand.start_chain(&later(&stand)).await, "a process that knows the old log only");
    assert_eq!(stand.apply(10, 19, Vec::new()).await, Outcome::ChainBroken { fence: None });
}

#[tokio::test]
async fn a_chain_that_does_not_know_its_start_begins_anew() {
    let mut stand = Stand::bare().await;
    let hour = whole_after(Utc::now()).timestamp();
    redis::pipe()
        .hset_multiple(
            stand.key("chain"),
            &[("1:0:fence", "10"), ("partitions", "1"), ("layout", "1:2")],
        )
        .hset(stand.key("chain"), "1:0:whole_from", hour)
        .exec_async(&mut stand.redis)
        .await
        .unwrap();
    assert_eq!(stand.fence().await, Some(10));
    assert_eq!(join(&stand, "one").await, None);
    assert_eq!(stand.fence().await, None);
    assert!(stand.start_chain(&later(&stand)).await);
    assert!(join(&stand, "one").await.is_some());
}
