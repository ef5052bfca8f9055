use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Archived, BatchPlan, Lease, Ledger, LedgerError, Skip};

use crate::fixture::Platform;

const GROUP: &str = "archive";

async fn log(platform: &Platform) -> (Ledger, u16) {
    let ledger = platform.control_plane.ledger();
    let kgen = ledger.generation("events.v1", "topic-1", 2).await.unwrap();
    (ledger, kgen)
}

fn at(minute: i64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
    noon + TimeDelta::minutes(minute)
}

async fn plan(ledger: &Ledger, lease: &Lease, last: u64) {
    let (first, skip) = (lease.next_offset, Skip::default());
    let plan = BatchPlan { first, last, skip, destinations: Vec::new() };
    ledger.plan(lease, &plan).await.unwrap();
}

/// The object of the lease's next batch, logged in the minute of its first offset.
fn object(lease: &Lease, last: u64) -> Archived {
    let (first, minute) = (lease.next_offset, lease.next_offset.cast_signed());
    Archived {
        kgen: lease.kgen,
        partition: lease.partition,
        first,
        last,
        records: last - first + 1,
        bytes: 1_000,
        sha256: [first as u8; 32],
        logged_from: at(minute),
        logged_to: at(minute) + TimeDelta::seconds(30),
    }
}

async fn archive(ledger: &Ledger, lease: &Lease, last: u64) -> (Lease, Archived) {
    plan(ledger, lease, last).await;
    let object = object(lease, last);
    (ledger.mark_archived(lease, &object).await.unwrap(), object)
}

fn fenced<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Fenced))
}

#[tokio::test]
async fn an_object_is_listed_once_its_batch_is_marked() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    plan(&ledger, &lease, 9).await;
    assert_eq!(ledger.archived(kgen, 0, 0..=u64::MAX).await.unwrap(), []);

    let object = object(&lease, 9);
    let marked = ledger.mark_archived(&lease, &object).await.unwrap();
    assert_eq!((marked.next_offset, marked.as_of), (10, Some(object.logged_to)));
    assert_eq!(ledger.archived(kgen, 0, 0..=u64::MAX).await.unwrap(), [object]);
    assert!(ledger.planned(GROUP, kgen, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_zombie_vouches_for_nothing() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let zombie = ledger.take(GROUP, kgen, 0, "zombie").await.unwrap();
    plan(&ledger, &zombie, 9).await;
    let owner = ledger.take(GROUP, kgen, 0, "owner").await.unwrap();
    let stale = object(&zombie, 9);
    assert!(fenced(ledger.mark_archived(&zombie, &stale).await));
    assert_eq!(ledger.archived(kgen, 0, 0..=9).await.unwrap(), []);

    let owner = ledger.mark_archived(&owner, &stale).await.unwrap();
    assert!(fenced(ledger.mark_archived(&zombie, &stale).await));
    assert!(fenced(ledger.mark_archived(&owner, &stale).await), "it is marked already");
    assert_eq!(ledger.archived(kgen, 0, 0..=9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_must_be_the_one_that_was_planned() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    let (lease, before) = archive(&ledger, &lease, 9).await;
    plan(&ledger, &lease, 19).await;
    let right = object(&lease, 19);
    for wrong in [
        Archived { last: 18, records: 9, ..right.clone() },
        Archived { first: 9, ..right.clone() },
        Archived { partition: 1, ..right.clone() },
        Archived { kgen: kgen + 1, ..right.clone() },
    ] {
        assert!(fenced(ledger.mark_archived(&lease, &wrong).await), "{wrong:?}");
    }
    let impossible = Archived { records: 11, ..right.clone() };
    assert!(ledger.mark_archived(&lease, &impossible).await.is_err());
    assert_eq!(ledger.archived(kgen, 0, 0..=u64::MAX).await.unwrap(), [before]);
    let still_planned = ledger.planned(GROUP, kgen, 0).await.unwrap();
    assert_eq!(still_planned.len(), 1, "neither is written without the other");
    ledger.mark_archived(&lease, &right).await.unwrap();
}

#[tokio::test]
async fn an_object_vouches_only_for_what_it_holds_of_its_batch() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    plan(&ledger, &lease, 9).await;
    let rest = Archived { first: 5, records: 5, ..object(&lease, 9) };
    let marked = ledger.mark_archived(&lease, &rest).await.unwrap();
    assert_eq!(marked.next_offset, 10);
    assert_eq!(ledger.archived(kgen, 0, 0..=4).await.unwrap(), []);
    assert_eq!(ledger.archived(kgen, 0, 5..=9).await.unwrap(), [rest]);
    assert!(ledger.planned(GROUP, kgen, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn objects_are_found_by_what_they_hold() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    let (lease, first) = archive(&ledger, &lease, 9).await;
    let (lease, second) = archive(&ledger, &lease, 19).await;
    let (_, third) = archive(&ledger, &lease, 29).await;
    let other = ledger.take(GROUP, kgen, 1, "a").await.unwrap();
    let (_, other) = archive(&ledger, &other, 4).await;

    let held = async |offsets| ledger.archived(kgen, 0, offsets).await.unwrap();
    assert_eq!(held(9..=10).await, [first.clone(), second.clone()]);
    assert_eq!(held(10..=19).await, std::slice::from_ref(&second));
    assert_eq!(held(30..=u64::MAX).await, []);
    assert_eq!(ledger.archived(kgen, 1, 0..=99).await.unwrap(), std::slice::from_ref(&other));

    let logged = async |from, to| ledger.archived_between(at(from)..at(to)).await.unwrap();
    assert_eq!(logged(0, 20).await, [first, second.clone(), other]);
    assert_eq!(logged(5, 20).await, [second]);
    assert_eq!(logged(20, 99).await, [third]);
    assert_eq!(logged(21, 99).await, [], "the third was logged within half a minute");
}

#[tokio::test]
async fn pruning_the_ledger_forgets_no_object() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    let (_, object) = archive(&ledger, &lease, 9).await;
    assert_eq!(ledger.prune(Utc::now() + TimeDelta::minutes(1)).await.unwrap(), 1);
    assert_eq!(ledger.archived(kgen, 0, 0..=9).await.unwrap(), [object]);
}

#[tokio::test]
async fn a_time_is_found_in_the_archive_and_what_may_be_missing_before_it_is_not_passed_over() {
    let platform = Platform::new().await;
    let (ledger, kgen) = log(&platform).await;
    let place = async |minute| ledger.archived_place(kgen, 0, at(minute)).await.unwrap();
    assert_eq!(place(0).await, (0, None));
    let mut lease = ledger.take(GROUP, kgen, 0, "a").await.unwrap();
    for last in [9, 19, 29] {
        (lease, _) = archive(&ledger, &lease, last).await;
    }
    assert_eq!(place(-5).await, (0, Some(10)));
    assert_eq!(place(1).await, (10, Some(20)), "after the first object, before the second");
    assert_eq!(place(10).await, (10, Some(20)), "where the second begins");
    assert_eq!(place(60).await, (30, None));
    assert_eq!(ledger.archived_place(kgen, 1, at(0)).await.unwrap(), (0, None));
}
