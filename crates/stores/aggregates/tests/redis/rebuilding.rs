use std::time::Duration;

use aggregates::{ApplyOutcome, ChainStart, Finish, LiveDelta, ProductDelta, Rebuild, whole_after};
use chrono::{NaiveDate, TimeDelta, Utc};
use log::{Generation, LogPlace, Offset, Partition};
use metrics::TimeRange;
use money::Quantity;
use tenancy::TenantContext;

use crate::stand::{GENERATION, PARTITION, Stand, campaign, clicks_and_spend, place, tenant};

const TWO: Quantity = Quantity::from_thousandths(2_000);
const ALONE: Duration = Duration::from_secs(60);

/// Returns a stand where offsets 0 to 9 were counted, then Redis lost its chain, and a new chain
/// starts at offset 10.
async fn stand_after_loss() -> (Stand, TenantContext) {
    let mut stand = Stand::started().await;
    let acme = tenant("acme").await;
    let deltas = vec![acme.scope(vec![stand.delta(&campaign(), 3)])];
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    let chain = stand.key("chain");
    redis::cmd("DEL").arg(chain).exec_async(&mut stand.redis).await.unwrap();
    assert!(stand.start_chain(&later_start(&stand)).await);
    (stand, acme)
}

fn later_start(stand: &Stand) -> ChainStart {
    let whole_from = whole_after(Utc::now());
    ChainStart { next: place(PARTITION, 10), whole_from, is_first: false, ..stand.first_start() }
}

async fn join(stand: &Stand, owner: &str) -> Option<Rebuild> {
    let slot_group = stand.aggregates.slot_groups().next().unwrap();
    stand.aggregates.join_rebuild(slot_group, owner, ALONE).await.unwrap()
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
async fn a_rebuild_adds_what_was_lost_while_new_events_are_counted() {
    let (stand, acme) = stand_after_loss().await;
    let rebuild = join(&stand, "one").await.expect("the present hour is not whole");
    assert_eq!((rebuild.generation, &rebuild.starts), (GENERATION, &vec![Offset::new(10)]));
    let served = Utc::now() - TimeDelta::hours(72);
    assert!(rebuild.from > served && rebuild.from < served + TimeDelta::hours(2));

    let more = vec![acme.scope(vec![stand.delta(&campaign(), 4)])];
    assert_eq!(stand.apply(10, 19, more).await, ApplyOutcome::Applied);
    let counters = stand.aggregates.for_tenant(&acme);
    let base = [LiveDelta {
        products: vec![ProductDelta { product_id: "p_{1}".to_owned(), views: 3, units: TWO }],
        ..stand.delta(&campaign(), 3)
    }];
    assert!(counters.add_base_visitors(&rebuild, &base).await.unwrap());
    let mut steps = Vec::new();
    for _ in 0..2 {
        let step = counters.add_base(&rebuild, &campaign(), today(&stand), &base).await;
        steps.push(step.unwrap().expect("the rebuild is not over"));
    }
    assert_eq!(covered(&stand, &acme).await, None, "before the rebuild is finished");
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &steps).await.unwrap(), Finish::Whole);

    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(7));
    let day = counters.campaign_day(&campaign(), today(&stand)).await.unwrap().unwrap();
    assert_eq!(day.sums, clicks_and_spend(7), "a step that is done twice counts once");
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
    let (stand, acme) = stand_after_loss().await;
    let more = vec![acme.scope(vec![stand.delta(&campaign(), 4)])];
    assert_eq!(stand.apply(10, 19, more).await, ApplyOutcome::Applied);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    assert_eq!(
        stand.read(&acme, &campaign()).await,
        clicks_and_spend(4),
        "without the 3 of before the loss"
    );
}

#[tokio::test]
async fn one_process_at_a_time_rebuilds_and_the_next_one_continues_the_same_rebuild() {
    let (stand, _) = stand_after_loss().await;
    let slot_group = stand.aggregates.slot_groups().next().unwrap();
    let short = Duration::from_millis(1);
    let first = stand.aggregates.join_rebuild(slot_group, "one", short).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = join(&stand, "two").await;
    assert!(first.is_some());
    assert_eq!(first, second, "the first process did not join again in time");
    assert_eq!(join(&stand, "one").await, None, "the second process has the rebuild");
    assert_eq!(join(&stand, "two").await, second);
}

#[tokio::test]
async fn hours_are_not_whole_while_redis_has_lost_steps() {
    let (mut stand, acme) = stand_after_loss().await;
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
async fn a_rebuild_of_an_earlier_key_generation_changes_nothing() {
    let (stand, acme) = stand_after_loss().await;
    let rebuild = join(&stand, "one").await.unwrap();
    stand.aggregates.request_rebuild().await.unwrap();
    assert_eq!(stand.fence().await, None, "every chain must be started again");
    let again = ChainStart { next: place(PARTITION, 20), ..later_start(&stand) };
    assert!(stand.start_chain(&again).await);

    let counters = stand.aggregates.for_tenant(&acme);
    let base = [stand.delta(&campaign(), 3)];
    let step = counters.add_base(&rebuild, &campaign(), today(&stand), &base).await.unwrap();
    assert_eq!(step, None);
    assert!(!counters.add_base_visitors(&rebuild, &base).await.unwrap());
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Over);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(rebuild.starts, [Offset::new(20)]);
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    assert!(stand.read(&acme, &campaign()).await.counts().next().is_none());
}

#[tokio::test]
async fn a_chain_that_starts_after_a_rebuild_began_begins_a_new_key_generation() {
    let stand = Stand::bare().await;
    let start = ChainStart { partitions: 2, ..later_start(&stand) };
    assert!(stand.start_chain(&start).await);
    assert_eq!(join(&stand, "one").await, None, "a partition has no chain yet");
    let second = ChainStart { next: place(Partition::new(1), 10), ..start };
    assert!(stand.start_chain(&second).await);
    assert!(join(&stand, "one").await.is_some());

    // The rebuild under way began with another start of the second chain.
    let skips =
        ChainStart { next: place(Partition::new(1), 90), seen: Some(Offset::new(10)), ..start };
    assert!(stand.start_chain(&skips).await);
    assert_eq!(stand.fence().await, None);
    assert!(stand.start_chain(&start).await);
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(rebuild.starts, [10, 90].map(Offset::new));

    // A third chain starts while the hours are being rebuilt, and a fourth when they are whole.
    let third = ChainStart { next: place(Partition::new(2), 10), partitions: 3, ..start };
    assert!(stand.start_chain(&third).await);
    assert_eq!(stand.fence().await, None);
    for partition in Partition::all(2) {
        let next = place(partition, 10);
        assert!(stand.start_chain(&ChainStart { next, ..third }).await);
    }
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[]).await.unwrap(), Finish::Whole);
    let fourth = ChainStart { next: place(Partition::new(3), 10), partitions: 4, ..start };
    assert!(stand.start_chain(&fourth).await);
    assert_eq!(stand.fence().await, None);
}

#[tokio::test]
async fn a_recreated_topic_begins_a_new_key_generation_and_ends_the_old_chains() {
    let (stand, _) = stand_after_loss().await;
    let slot_group = stand.aggregates.slot_groups().next().unwrap();
    let recreated = ChainStart { next: LogPlace::new(2, 0, 0), ..later_start(&stand) };
    assert!(stand.aggregates.start_chain(slot_group, &recreated).await.unwrap());
    let rebuild = join(&stand, "one").await.unwrap();
    assert_eq!(rebuild.generation, Generation::new(2));
    assert!(
        !stand.start_chain(&later_start(&stand)).await,
        "a process that knows only the old generation"
    );
    assert_eq!(stand.apply(10, 19, Vec::new()).await, ApplyOutcome::ChainBroken { fence: None });
}

#[tokio::test]
async fn a_chain_without_a_known_start_is_discarded() {
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
    assert_eq!(stand.fence().await, Some(Offset::new(10)));
    assert_eq!(join(&stand, "one").await, None);
    assert_eq!(stand.fence().await, None);
    assert!(stand.start_chain(&later_start(&stand)).await);
    assert!(join(&stand, "one").await.is_some());
}
