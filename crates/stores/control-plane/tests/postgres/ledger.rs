use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{
    BatchPlan, Group, Ledger, LedgerError, OffsetSet, PlannedDestination, Poison, Skip, UpToDate,
};
use futures::future::join_all;
use log::{Generation, LogPlace, Offset, Partition};

use crate::fixture::{Platform, id};

const GROUP: Group = Group::Store;
const FIRST: Partition = Partition::new(0);
const SECOND: Partition = Partition::new(1);
const TOPIC: &str = "events.v1";

async fn log(platform: &Platform, partitions: u16) -> (Ledger, Generation) {
    let ledger = platform.control_plane.ledger();
    let generation = ledger.generation(TOPIC, "topic-1", partitions).await.unwrap();
    (ledger, generation)
}

fn plan(first: u64, last: u64) -> BatchPlan {
    let destination = PlannedDestination {
        destination: tenancy::Destination {
            cluster: "shared".parse().unwrap(),
            database: "footfall_shared".into(),
        },
        rows: last - first + 1,
        routes: BTreeMap::from([(id("acme"), 1)]),
        tenant_rows: BTreeMap::new(),
    };
    let first = Offset::new(first);
    let last = Offset::new(last);
    let poison = Poison { offset: last, reason: "not JSON".into() };
    let skip =
        Skip { duplicates: OffsetSet::from_iter([first]), poison: vec![poison], ..Skip::default() };
    BatchPlan { first, last, skip, destinations: vec![destination] }
}

fn offset(offset: u64) -> Offset {
    Offset::new(offset)
}

fn up_to_date(partition: Partition, epoch: u64, next: u64) -> UpToDate {
    UpToDate { partition, epoch, next: Offset::new(next) }
}

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn fenced<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Fenced))
}

#[tokio::test]
async fn a_planned_batch_is_read_back_unchanged_until_it_is_marked() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    assert_eq!((lease.next.offset.get(), lease.as_of), (0, None));
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let [found] = &ledger.planned(GROUP, generation, FIRST).await.unwrap()[..] else {
        panic!("not one")
    };
    assert_eq!((&found.plan, found.epoch), (&plan(0, 9), lease.epoch));

    let lease = ledger.mark(&lease, offset(9), noon()).await.unwrap();
    assert_eq!((lease.next.offset.get(), lease.as_of), (10, Some(noon())));
    assert_eq!(ledger.planned(GROUP, generation, FIRST).await.unwrap(), []);
    let retaken = ledger.take(GROUP, generation, FIRST, "b").await.unwrap();
    assert_eq!((retaken.next.offset.get(), retaken.as_of), (10, Some(noon())));
}

#[tokio::test]
async fn a_zombie_writes_nothing() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let zombie = ledger.take(GROUP, generation, FIRST, "zombie").await.unwrap();
    ledger.plan(&zombie, &plan(0, 9)).await.unwrap();
    let owner = ledger.take(GROUP, generation, FIRST, "owner").await.unwrap();

    assert!(fenced(ledger.plan(&zombie, &plan(10, 19)).await));
    assert!(fenced(ledger.replan(&zombie, &plan(0, 9)).await));
    assert!(fenced(ledger.mark(&zombie, offset(9), noon()).await));
    assert!(fenced(ledger.advance(&zombie, offset(5), noon()).await));
    ledger.touch(GROUP, generation, &[up_to_date(FIRST, zombie.epoch, 0)], noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None);

    let owner = ledger.mark(&owner, offset(9), noon()).await.unwrap();
    assert!(fenced(ledger.plan(&zombie, &plan(0, 9)).await));
    assert_eq!(owner.next.offset.get(), 10);
}

#[tokio::test]
async fn a_plan_with_a_gap_or_an_overlap_is_refused() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(1, 9)).await));
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(0, 4)).await), "planned already");
    assert!(fenced(ledger.mark(&lease, offset(8), noon()).await), "ends elsewhere than planned");
    let lease = ledger.mark(&lease, offset(9), noon()).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(5, 14)).await));
    assert!(fenced(ledger.plan(&lease, &plan(11, 14)).await));
}

#[tokio::test]
async fn two_batches_may_be_planned_and_are_marked_in_the_order_of_the_log() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(11, 19)).await), "a gap");
    ledger.plan(&lease, &plan(10, 19)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(20, 29)).await), "a third");
    let planned = ledger.planned(GROUP, generation, FIRST).await.unwrap();
    let plans: Vec<_> = planned.into_iter().map(|batch| batch.plan).collect();
    assert_eq!(plans, [plan(0, 9), plan(10, 19)]);

    assert!(fenced(ledger.mark(&lease, offset(19), noon()).await), "the first is marked first");
    let lease = ledger.mark(&lease, offset(9), noon()).await.unwrap();
    ledger.plan(&lease, &plan(20, 29)).await.unwrap();
    let lease = ledger.mark(&lease, offset(19), noon()).await.unwrap();
    let lease = ledger.mark(&lease, offset(29), noon()).await.unwrap();
    assert_eq!(lease.next.offset.get(), 30);
}

#[tokio::test]
async fn a_plan_and_a_mark_at_the_same_time_both_succeed() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let mut lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    for first in (10..200).step_by(10) {
        let next = plan(first, first + 9);
        let (planned, marked) = tokio::join!(
            ledger.plan(&lease, &next),
            ledger.mark(&lease, offset(first - 1), noon())
        );
        planned.unwrap();
        lease = marked.unwrap();
        assert_eq!(lease.next.offset.get(), first);
    }
}

#[tokio::test]
async fn a_replanned_batch_leaves_out_more_records_of_the_same_range() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let mut less = plan(0, 9);
    less.skip.poison.push(Poison { offset: offset(4), reason: "refused".into() });
    less.destinations.clear();
    for _ in 0..2 {
        ledger.replan(&lease, &less).await.unwrap();
    }
    assert_eq!(ledger.planned(GROUP, generation, FIRST).await.unwrap()[0].plan, less);
    assert!(fenced(ledger.replan(&lease, &plan(0, 8)).await), "another range");
    assert_eq!(ledger.poison_offsets(&lease, offset(0)).await.unwrap(), [4, 9].map(offset));

    let lease = ledger.mark(&lease, offset(9), noon()).await.unwrap();
    assert!(fenced(ledger.replan(&lease, &plan(0, 9)).await), "done");
    assert_eq!(ledger.poison_offsets(&lease, offset(9)).await.unwrap(), [4, 9].map(offset));
    assert!(ledger.poison_offsets(&lease, offset(10)).await.unwrap().is_empty());
}

#[tokio::test]
async fn takes_at_the_same_time_get_different_epochs() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let takes = (0..16).map(|_| ledger.take(GROUP, generation, FIRST, "a"));
    let epochs: BTreeSet<_> =
        join_all(takes).await.into_iter().map(|lease| lease.unwrap().epoch).collect();
    assert_eq!(epochs.len(), 16);
}

#[tokio::test]
async fn an_epoch_is_never_reused_after_the_ledger_was_restored() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let before = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    // The ledger as it was before that take.
    let pool = platform.database.raw().await;
    sqlx::query("DELETE FROM lease").execute(&pool).await.unwrap();
    let after = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    assert!(after.epoch > before.epoch);
}

#[tokio::test]
async fn a_plan_and_a_take_at_the_same_time_never_lose_a_plan() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 16).await;
    for partition in Partition::all(16) {
        let old = ledger.take(GROUP, generation, partition, "old").await.unwrap();
        let batch = plan(0, 9);
        let (planned, taken) = tokio::join!(
            ledger.plan(&old, &batch),
            ledger.take(GROUP, generation, partition, "new")
        );
        let found = ledger.planned(GROUP, generation, partition).await.unwrap();
        assert_eq!(planned.is_ok(), found.len() == 1);
        assert!(taken.unwrap().epoch > old.epoch);
    }
}

#[tokio::test]
async fn as_of_is_the_earliest_of_all_partitions_and_never_decreases() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 2).await;
    let first = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    let first = ledger.advance(&first, offset(5), noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None, "the second was never taken");

    let second = ledger.take(GROUP, generation, SECOND, "a").await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None, "the second has done nothing");
    let later = noon() + TimeDelta::minutes(5);
    let ahead = [up_to_date(FIRST, first.epoch, 6), up_to_date(SECOND, second.epoch, 0)];
    ledger.touch(GROUP, generation, &ahead, later).await.unwrap();
    let as_of = ledger.as_of(GROUP, TOPIC).await.unwrap();
    assert_eq!(as_of, Some(noon()), "the first is done up to 5 only");
    let quiet = [up_to_date(FIRST, first.epoch, 5), up_to_date(SECOND, second.epoch, 0)];
    ledger.touch(GROUP, generation, &quiet, later).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(later));

    let first = ledger.advance(&first, offset(6), noon()).await.unwrap();
    assert_eq!(first.as_of, Some(later));
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(later));
    assert_eq!(ledger.as_of(Group::Live, TOPIC).await.unwrap(), None, "groups are independent");
}

#[tokio::test]
async fn an_abandoned_topic_does_not_hold_back_the_time_of_another() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    ledger.generation("events.v0", "abandoned", 3).await.unwrap();
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    ledger.advance(&lease, offset(5), noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(noon()));
    assert_eq!(ledger.as_of(GROUP, "events.v0").await.unwrap(), None);
    assert_eq!(ledger.as_of(GROUP, "events.v9").await.unwrap(), None, "unknown");
}

#[tokio::test]
async fn a_recreated_topic_is_a_new_generation() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let calls = (0..8).map(|_| ledger.generation(TOPIC, "first", 3));
    let generations: BTreeSet<_> =
        join_all(calls).await.into_iter().map(|generation| generation.unwrap()).collect();
    assert_eq!(generations, BTreeSet::from([Generation::new(1)]));
    let second = ledger.generation(TOPIC, "second", 3).await.unwrap();
    assert_eq!(second, Generation::new(2));
    let lease = ledger.take(GROUP, second, FIRST, "a").await.unwrap();
    assert_eq!(lease.next, LogPlace::new(2, 0, 0));
}

#[tokio::test]
async fn pruning_deletes_done_batches_and_not_planned_ones() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let lease = ledger.mark(&lease, offset(9), noon()).await.unwrap();
    ledger.plan(&lease, &plan(10, 19)).await.unwrap();
    let soon = Utc::now() + TimeDelta::minutes(1);
    assert_eq!(ledger.prune(soon - TimeDelta::days(1)).await.unwrap(), 0);
    assert_eq!(ledger.prune(soon).await.unwrap(), 1);
    let lease = ledger.mark(&lease, offset(19), noon()).await.unwrap();
    assert_eq!(lease.next.offset.get(), 20);
}

#[tokio::test]
async fn the_next_places_of_a_group_are_read_without_a_lease() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform, 2).await;
    let lease = ledger.take(Group::Live, generation, SECOND, "a").await.unwrap();
    ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    let noted = async || ledger.noted_offsets(Group::Live, TOPIC).await.unwrap();
    assert_eq!(noted().await, [lease.next]);
    let advanced = ledger.advance(&lease, offset(7), noon()).await.unwrap();
    assert_eq!(advanced.next, lease.next.at(offset(7)));
    assert_eq!(noted().await, [advanced.next]);

    let recreated = ledger.generation(TOPIC, "topic-2", 2).await.unwrap();
    let latest = ledger.take(Group::Live, recreated, FIRST, "a").await.unwrap();
    assert_eq!(noted().await, [latest.next]);
    let all = ledger.offsets(Group::Live, TOPIC).await.unwrap();
    assert_eq!(all, [advanced.next, latest.next]);
}
