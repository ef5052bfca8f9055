use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Archived, BatchPlan, Group, Lease, Ledger, LedgerError, Skip};
use log::{Generation, LogRange, Offset, Partition};

use crate::fixture::{Platform, id};

const GROUP: Group = Group::Archive;
const FIRST: Partition = Partition::new(0);
const SECOND: Partition = Partition::new(1);

async fn log(platform: &Platform) -> (Ledger, Generation) {
    let ledger = platform.control_plane.ledger();
    let generation = ledger.generation("events.v1", "topic-1", 2).await.unwrap();
    (ledger, generation)
}

fn at(minute: i64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
    noon + TimeDelta::minutes(minute)
}

async fn plan(ledger: &Ledger, lease: &Lease, last: u64) {
    let first = lease.next.offset;
    let last = Offset::new(last);
    let plan = BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
    ledger.plan(lease, &plan).await.unwrap();
}

/// The object of the lease's next batch, logged in the minute of its first offset.
fn object(lease: &Lease, last: u64) -> Archived {
    let range = lease.next.to(Offset::new(last));
    let first = range.first.get();
    let logged_from = at(first.cast_signed());
    Archived {
        range,
        records: range.len(),
        bytes: 1_000,
        sha256: [first as u8; 32],
        logged_from,
        logged_to: logged_from + TimeDelta::seconds(30),
    }
}

async fn archive(ledger: &Ledger, lease: &Lease, last: u64) -> (Lease, Archived) {
    plan(ledger, lease, last).await;
    let object = object(lease, last);
    (ledger.mark_archived(lease, &object).await.unwrap(), object)
}

fn at_range(object: &Archived, range: LogRange) -> Archived {
    Archived { range, ..object.clone() }
}

/// Every offset of a partition.
fn whole(generation: Generation, partition: u16) -> LogRange {
    range(generation, partition, 0, u64::MAX)
}

fn range(generation: Generation, partition: u16, first: u64, last: u64) -> LogRange {
    LogRange::new(generation.get(), partition, first, last)
}

fn fenced<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Fenced))
}

#[tokio::test]
async fn an_object_is_listed_once_its_batch_is_marked() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    plan(&ledger, &lease, 9).await;
    assert_eq!(ledger.archived(whole(generation, 0)).await.unwrap(), []);

    let object = object(&lease, 9);
    let marked = ledger.mark_archived(&lease, &object).await.unwrap();
    assert_eq!((marked.next.offset.get(), marked.as_of), (10, Some(object.logged_to)));
    assert_eq!(ledger.archived(whole(generation, 0)).await.unwrap(), [object]);
    assert!(ledger.planned(GROUP, generation, FIRST).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_zombie_records_no_object() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let zombie = ledger.take(GROUP, generation, FIRST, "zombie").await.unwrap();
    plan(&ledger, &zombie, 9).await;
    let owner = ledger.take(GROUP, generation, FIRST, "owner").await.unwrap();
    let stale = object(&zombie, 9);
    assert!(fenced(ledger.mark_archived(&zombie, &stale).await));
    assert_eq!(ledger.archived(range(generation, 0, 0, 9)).await.unwrap(), []);

    let owner = ledger.mark_archived(&owner, &stale).await.unwrap();
    assert!(fenced(ledger.mark_archived(&zombie, &stale).await));
    assert!(fenced(ledger.mark_archived(&owner, &stale).await), "it is marked already");
    assert_eq!(ledger.archived(range(generation, 0, 0, 9)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_the_planned_object_is_recorded() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    let (lease, before) = archive(&ledger, &lease, 9).await;
    plan(&ledger, &lease, 19).await;
    let right = object(&lease, 19);
    for wrong in [
        Archived { records: 9, ..at_range(&right, range(generation, 0, 10, 18)) },
        at_range(&right, range(generation, 0, 9, 19)),
        at_range(&right, range(generation, 1, 10, 19)),
        at_range(&right, LogRange::new(generation.get() + 1, 0, 10, 19)),
    ] {
        assert!(fenced(ledger.mark_archived(&lease, &wrong).await), "{wrong:?}");
    }
    let impossible = Archived { records: 11, ..right.clone() };
    assert!(ledger.mark_archived(&lease, &impossible).await.is_err());
    assert_eq!(ledger.archived(whole(generation, 0)).await.unwrap(), [before]);
    let still_planned = ledger.planned(GROUP, generation, FIRST).await.unwrap();
    assert_eq!(still_planned.len(), 1, "neither is written without the other");
    ledger.mark_archived(&lease, &right).await.unwrap();
}

#[tokio::test]
async fn an_object_covers_only_the_records_of_its_batch_that_it_contains() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    plan(&ledger, &lease, 9).await;
    let rest = Archived { records: 5, ..at_range(&object(&lease, 9), range(generation, 0, 5, 9)) };
    let marked = ledger.mark_archived(&lease, &rest).await.unwrap();
    assert_eq!(marked.next.offset.get(), 10);
    assert_eq!(ledger.archived(range(generation, 0, 0, 4)).await.unwrap(), []);
    assert_eq!(ledger.archived(range(generation, 0, 5, 9)).await.unwrap(), [rest]);
    assert!(ledger.planned(GROUP, generation, FIRST).await.unwrap().is_empty());
}

#[tokio::test]
async fn objects_are_found_by_their_offsets_and_times() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    let (lease, first) = archive(&ledger, &lease, 9).await;
    let (lease, second) = archive(&ledger, &lease, 19).await;
    let (_, third) = archive(&ledger, &lease, 29).await;
    let other = ledger.take(GROUP, generation, SECOND, "a").await.unwrap();
    let (_, other) = archive(&ledger, &other, 4).await;

    let found = async |first, last| {
        let wanted = range(generation, 0, first, last);
        ledger.archived(wanted).await.unwrap()
    };
    assert_eq!(found(9, 10).await, [first.clone(), second.clone()]);
    assert_eq!(found(10, 19).await, std::slice::from_ref(&second));
    assert_eq!(found(30, u64::MAX).await, []);
    assert_eq!(
        ledger.archived(range(generation, 1, 0, 99)).await.unwrap(),
        std::slice::from_ref(&other)
    );

    let logged = async |from, to| ledger.archived_between(at(from)..at(to)).await.unwrap();
    assert_eq!(logged(0, 20).await, [first, second.clone(), other]);
    assert_eq!(logged(5, 20).await, [second]);
    assert_eq!(logged(20, 99).await, [third]);
    assert_eq!(logged(21, 99).await, [], "the third was logged within half a minute");
}

#[tokio::test]
async fn pruning_the_ledger_deletes_no_object() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    let (_, object) = archive(&ledger, &lease, 9).await;
    assert_eq!(ledger.prune(Utc::now() + TimeDelta::minutes(1)).await.unwrap(), 1);
    assert_eq!(ledger.archived(range(generation, 0, 0, 9)).await.unwrap(), [object]);
}

#[tokio::test]
async fn a_time_is_found_in_the_archive_without_skipping_records_that_may_be_missing_before_it() {
    let platform = Platform::new().await;
    let (ledger, generation) = log(&platform).await;
    let since = async |partition, minute| {
        let found = ledger.first_archived_since(generation, partition, at(minute)).await;
        let (from, to) = found.unwrap();
        (from.get(), to.map(Offset::get))
    };
    assert_eq!(since(FIRST, 0).await, (0, None));
    let mut lease = ledger.take(GROUP, generation, FIRST, "a").await.unwrap();
    for last in [9, 19, 29] {
        (lease, _) = archive(&ledger, &lease, last).await;
    }
    assert_eq!(since(FIRST, -5).await, (0, Some(10)));
    assert_eq!(since(FIRST, 1).await, (10, Some(20)), "after the first object, before the second");
    assert_eq!(since(FIRST, 10).await, (10, Some(20)), "where the second begins");
    assert_eq!(since(FIRST, 60).await, (30, None));
    assert_eq!(since(SECOND, 0).await, (0, None));
}

#[tokio::test]
async fn how_far_a_tenants_records_are_erased_only_rises_and_ends_with_the_tenant() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let (acme, late) = (id("acme"), at(0));
    assert!(admin.archive_erased_until().await.unwrap().is_empty());
    for until in [late, late - TimeDelta::days(1)] {
        admin.note_archive_erased_until(&acme, until).await.unwrap();
    }
    admin.note_archive_erased_until(&id("nobody"), late).await.unwrap();
    let erased = admin.archive_erased_until().await.unwrap();
    assert_eq!(erased.into_iter().collect::<Vec<_>>(), [(acme, late)]);
}
