use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{BatchPlan, Ledger, LedgerError, OffsetSet, PlannedDestination, Poison, Skip};
use futures::future::join_all;

use crate::fixture::{Platform, id};

const GROUP: &str = "store";
const TOPIC: &str = "events.v1";

async fn log(platform: &Platform, partitions: u16) -> (Ledger, u16) {
    let ledger = platform.control_plane.ledger();
    let kgen = ledger.generation(TOPIC, "topic-1", partitions).await.unwrap();
    (ledger, kgen)
}

fn plan(first: u64, last: u64) -> BatchPlan {
    let destination = PlannedDestination {
        destination: tenancy::Destination {
            cluster: "shared".parse().unwrap(),
            database: "footfall_shared".into(),
        },
        rows: last - first + 1,
        routes: BTreeMap::from([(id("acme"), 1)]),
    };
    let poison = Poison { offset: last, reason: "not JSON".into() };
    let skip = Skip { duplicates: OffsetSet::from_iter([first]), poison: vec![poison] };
    BatchPlan { first, last, skip, destinations: vec![destination] }
}

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn fenced<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Fenced))
}

#[tokio::test]
async fn a_planned_batch_is_found_as_it_was_pinned_until_it_is_marked() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    assert_eq!((lease.next_offset, lease.as_of), (0, None));
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let [found] = &ledger.planned(GROUP, kgen, 0).await.unwrap()[..] else { panic!("not one") };
    assert_eq!((&found.plan, found.epoch), (&plan(0, 9), lease.epoch));

    let lease = ledger.mark(&lease, 9, noon()).await.unwrap();
    assert_eq!((lease.next_offset, lease.as_of), (10, Some(noon())));
    assert_eq!(ledger.planned(GROUP, kgen, 0).await.unwrap(), []);
    let retaken = ledger.take(GROUP, kgen, 0, "b").await.unwrap();
    assert_eq!((retaken.next_offset, retaken.as_of), (10, Some(noon())));
}

#[tokio::test]
async fn a_zombie_writes_nothing() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let zombie = ledger.take(GROUP, kgen, 0, "zombie").await.unwrap();
    ledger.plan(&zombie, &plan(0, 9)).await.unwrap();
    let owner = ledger.take(GROUP, kgen, 0, "owner").await.unwrap();

    assert!(fenced(ledger.plan(&zombie, &plan(10, 19)).await));
    assert!(fenced(ledger.replan(&zombie, &plan(0, 9)).await));
    assert!(fenced(ledger.mark(&zombie, 9, noon()).await));
    assert!(fenced(ledger.advance(&zombie, 5, noon()).await));
    ledger.touch(GROUP, kgen, &[(0, zombie.epoch, 0)], noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None);

    let owner = ledger.mark(&owner, 9, noon()).await.unwrap();
    assert!(fenced(ledger.plan(&zombie, &plan(0, 9)).await));
    assert_eq!(owner.next_offset, 10);
}

#[tokio::test]
async fn a_plan_that_leaves_a_gap_or_overlaps_is_refused() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(1, 9)).await));
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(0, 4)).await), "planned already");
    assert!(fenced(ledger.mark(&lease, 8, noon()).await), "ends elsewhere than planned");
    let lease = ledger.mark(&lease, 9, noon()).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(5, 14)).await));
    assert!(fenced(ledger.plan(&lease, &plan(11, 14)).await));
}

#[tokio::test]
async fn two_batches_may_be_planned_and_are_marked_in_the_order_of_the_log() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(11, 19)).await), "a gap");
    ledger.plan(&lease, &plan(10, 19)).await.unwrap();
    assert!(fenced(ledger.plan(&lease, &plan(20, 29)).await), "a third");
    let planned = ledger.planned(GROUP, kgen, 0).await.unwrap();
    let plans: Vec<_> = planned.into_iter().map(|batch| batch.plan).collect();
    assert_eq!(plans, [plan(0, 9), plan(10, 19)]);

    assert!(fenced(ledger.mark(&lease, 19, noon()).await), "the first comes first");
    let lease = ledger.mark(&lease, 9, noon()).await.unwrap();
    ledger.plan(&lease, &plan(20, 29)).await.unwrap();
    let lease = ledger.mark(&lease, 19, noon()).await.unwrap();
    let lease = ledger.mark(&lease, 29, noon()).await.unwrap();
    assert_eq!(lease.next_offset, 30);
}

#[tokio::test]
async fn a_plan_and_a_mark_at_the_same_moment_both_hold() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let mut lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    for first in (10..200).step_by(10) {
        let next = plan(first, first + 9);
        let (planned, marked) =
            tokio::join!(ledger.plan(&lease, &next), ledger.mark(&lease, first - 1, noon()));
        planned.unwrap();
        lease = marked.unwrap();
        assert_eq!(lease.next_offset, first);
    }
}

#[tokio::test]
async fn a_batch_planned_anew_leaves_out_more_of_the_same_range() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let mut less = plan(0, 9);
    less.skip.poison.push(Poison { offset: 4, reason: "refused".into() });
    less.destinations.clear();
    for _ in 0..2 {
        ledger.replan(&lease, &less).await.unwrap();
    }
    assert_eq!(ledger.planned(GROUP, kgen, 0).await.unwrap()[0].plan, less);
    assert!(fenced(ledger.replan(&lease, &plan(0, 8)).await), "another range");
    assert_eq!(ledger.set_aside(&lease, 0).await.unwrap(), [4, 9]);

    let lease = ledger.mark(&lease, 9, noon()).await.unwrap();
    assert!(fenced(ledger.replan(&lease, &plan(0, 9)).await), "done");
    assert_eq!(ledger.set_aside(&lease, 9).await.unwrap(), [4, 9]);
    assert!(ledger.set_aside(&lease, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn takes_at_the_same_moment_get_different_epochs() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let takes = (0..16).map(|_| ledger.take(GROUP, kgen, 0, "a"));
    let epochs: BTreeSet<_> =
        join_all(takes).await.into_iter().map(|lease| lease.unwrap().epoch).collect();
    assert_eq!(epochs.len(), 16);
}

#[tokio::test]
async fn an_epoch_never_comes_again_though_the_ledger_was_put_back() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let before = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    // As the ledger was before that take.
    let pool = platform.database.raw().await;
    sqlx::query("DELETE FROM lease").execute(&pool).await.unwrap();
    let after = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    assert!(after.epoch > before.epoch);
}

#[tokio::test]
async fn a_plan_and_a_take_at_the_same_moment_never_lose_a_plan() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 16).await;
    for partition in 0..16 {
        let old = ledger.take(GROUP, kgen, partition, "old").await.unwrap();
        let batch = plan(0, 9);
        let (planned, taken) =
            tokio::join!(ledger.plan(&old, &batch), ledger.take(GROUP, kgen, partition, "new"));
        let found = ledger.planned(GROUP, kgen, partition).await.unwrap();
        assert_eq!(planned.is_ok(), found.len() == 1);
        assert!(taken.unwrap().epoch > old.epoch);
    }
}

#[tokio::test]
async fn as_of_is_the_least_of_all_partitions_and_never_goes_back() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 2).await;
    let first = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    let first = ledger.advance(&first, 5, noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None, "the other was never taken");

    let second = ledger.take(GROUP, kgen, 1, "a").await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), None, "the other has done nothing");
    let later = noon() + TimeDelta::minutes(5);
    ledger.touch(GROUP, kgen, &[(0, first.epoch, 6), (1, second.epoch, 0)], later).await.unwrap();
    let as_of = ledger.as_of(GROUP, TOPIC).await.unwrap();
    assert_eq!(as_of, Some(noon()), "the first is noted up to 5 only");
    ledger.touch(GROUP, kgen, &[(0, first.epoch, 5), (1, second.epoch, 0)], later).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(later));

    let first = ledger.advance(&first, 6, noon()).await.unwrap();
    assert_eq!(first.as_of, Some(later));
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(later));
    assert_eq!(ledger.as_of("live", TOPIC).await.unwrap(), None, "groups are apart");
}

#[tokio::test]
async fn a_topic_that_was_given_up_holds_nothing_back() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    ledger.generation("events.v0", "given-up", 3).await.unwrap();
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    ledger.advance(&lease, 5, noon()).await.unwrap();
    assert_eq!(ledger.as_of(GROUP, TOPIC).await.unwrap(), Some(noon()));
    assert_eq!(ledger.as_of(GROUP, "events.v0").await.unwrap(), None);
    assert_eq!(ledger.as_of(GROUP, "events.v9").await.unwrap(), None, "unknown");
}

#[tokio::test]
async fn a_topic_made_anew_is_a_new_generation() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let generations = (0..8).map(|_| ledger.generation(TOPIC, "first", 3));
    let generations: BTreeSet<_> =
        join_all(generations).await.into_iter().map(|kgen| kgen.unwrap()).collect();
    assert_eq!(generations, BTreeSet::from([1]));
    assert_eq!(ledger.generation(TOPIC, "second", 3).await.unwrap(), 2);
    assert_eq!(ledger.take(GROUP, 2, 0, "a").await.unwrap().next_offset, 0);
}

#[tokio::test]
async fn pruning_forgets_done_batches_and_keeps_planned_ones() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 1).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    ledger.plan(&lease, &plan(0, 9)).await.unwrap();
    let lease = ledger.mark(&lease, 9, noon()).await.unwrap();
    ledger.plan(&lease, &plan(10, 19)).await.unwrap();
    let soon = Utc::now() + TimeDelta::minutes(1);
    assert_eq!(ledger.prune(soon - TimeDelta::days(1)).await.unwrap(), 0);
    assert_eq!(ledger.prune(soon).await.unwrap(), 1);
    assert_eq!(ledger.mark(&lease, 19, noon()).await.unwrap().next_offset, 20);
}

#[tokio::test]
async fn how_far_a_group_is_can_be_asked_without_a_lease() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform, 2).await;
    let lease = ledger.take("live", kgen, 1, "a").await.unwrap();
    ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    assert_eq!(ledger.noted_offsets("live", TOPIC).await.unwrap(), [(kgen, 1, 0)]);
    ledger.advance(&lease, 7, noon()).await.unwrap();
    assert_eq!(ledger.noted_offsets("live", TOPIC).await.unwrap(), [(kgen, 1, 7)]);

    let anew = ledger.generation(TOPIC, "topic-2", 2).await.unwrap();
    ledger.take("live", anew, 0, "a").await.unwrap();
    assert_eq!(ledger.noted_offsets("live", TOPIC).await.unwrap(), [(anew, 0, 0)]);
}
