use aggregates::{Aggregates, ChainStart, RedisSettings};
use chrono::{DateTime, TimeDelta, Utc};
use log::Partition;
use processor::{Backfill, Reconcile};
use warehouse::ClusterSettings;

use crate::{
    stand::{NEVER, Stand, impressions},
    tables::COPY,
};

const PARTITION: Partition = Partition::new(0);

/// Returns a Redis that is unavailable.
fn unavailable() -> Aggregates {
    let settings: RedisSettings = testkit::redis_at("redis://127.0.0.1:1");
    Aggregates::connect(&settings).unwrap()
}

/// Whether a rebuild is requested and not started.
async fn is_requested(stand: &Stand) -> bool {
    let ledger = stand.dependencies.control_plane.ledger();
    ledger.requested_rebuild().await.unwrap().is_some()
}

/// Starts a chain of live counters.
async fn start_chain(stand: &Stand) {
    let start = ChainStart {
        next: stand.whole(PARTITION).await.start(),
        partitions: 1,
        seen: None,
        whole_from: DateTime::UNIX_EPOCH,
        is_first: true,
    };
    let aggregates = &stand.dependencies.aggregates;
    for slot_group in aggregates.slot_groups() {
        assert!(aggregates.start_chain(slot_group, &start).await.unwrap());
    }
}

/// Whether the chain still exists: a rebuild ends it.
async fn has_chain(stand: &Stand) -> bool {
    let generation = stand.generation().await;
    let fences = stand.dependencies.aggregates.fences(generation, PARTITION).await.unwrap();
    fences.iter().any(|(_, fence)| fence.is_some())
}

#[tokio::test]
async fn counters_are_rebuilt_only_if_rows_were_inserted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    start_chain(&stand).await;
    assert!(stand.reconcile(true).await.is_right());
    assert!(has_chain(&stand).await);
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    stand.reconcile(false).await;
    assert!(!has_chain(&stand).await && !is_requested(&stand).await);
}

#[tokio::test]
async fn counters_are_rebuilt_after_copies_were_deleted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    start_chain(&stand).await;
    stand.run(&tenant, COPY).await;
    let found = stand.reconcile(false).await.total();
    assert_eq!((found.doubled, found.left()), (10, 0));
    assert!(!has_chain(&stand).await && !is_requested(&stand).await);
}

#[tokio::test]
async fn a_requested_rebuild_is_started_once_redis_is_available() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    start_chain(&stand).await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let redis = std::mem::replace(&mut stand.dependencies.aggregates, unavailable());
    let found = stand.reconcile(false).await;
    assert_eq!((found.total().repaired, found.troubles.len()), (10, 1), "{found:?}");
    stand.dependencies.aggregates = redis;
    assert!(is_requested(&stand).await && has_chain(&stand).await);

    assert!(stand.reconcile(false).await.is_right());
    assert!(!has_chain(&stand).await && !is_requested(&stand).await);
}

#[tokio::test]
async fn a_repair_that_fails_before_it_inserts_rows_has_requested_a_rebuild() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    start_chain(&stand).await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    // The tables can be read, and refuse every row.
    stand.run(&tenant, "ALTER TABLE events ADD CONSTRAINT none CHECK koff < 0").await;
    let found = stand.reconcile(false).await;
    assert_eq!(found.troubles.len(), 1, "{found:?}");
    assert!(stand.places(&tenant).await.is_empty());
    assert!(!has_chain(&stand).await, "the failed insert may have written rows");
}

#[tokio::test]
async fn a_failed_backfill_has_requested_a_rebuild() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("dedicated").await;
    stand.store(&tenant, impressions(10)).await;
    let right: ClusterSettings = testkit::cluster("dedicated");
    let wrong = ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..right.clone() };
    stand.dependencies.warehouse.register("dedicated".parse().unwrap(), &wrong);
    let logged = Utc::now() - TimeDelta::hours(1)..Utc::now();
    let mut request = Backfill { tenant: tenant.client_id().clone(), logged, dry_run: true };
    processor::backfill(&stand.dependencies, &request, &mut |_| {}).await.unwrap_err();
    assert!(!is_requested(&stand).await, "a dry run repairs nothing");
    request.dry_run = false;
    processor::backfill(&stand.dependencies, &request, &mut |_| {}).await.unwrap_err();
    assert!(is_requested(&stand).await);

    stand.dependencies.warehouse.register("dedicated".parse().unwrap(), &right);
    start_chain(&stand).await;
    assert!(stand.reconcile(false).await.is_right());
    assert!(!has_chain(&stand).await && !is_requested(&stand).await);
}

#[tokio::test]
async fn a_requested_rebuild_is_started_even_if_nothing_was_stored() {
    let stand = Stand::new(NEVER).await;
    stand.dependencies.control_plane.ledger().request_rebuild().await.unwrap();
    let stored = Utc::now()..Utc::now();
    let request = Reconcile { stored, full: false };
    processor::reconcile(&stand.dependencies, request, &mut |_| {}).await.unwrap();
    assert!(!is_requested(&stand).await);
}
