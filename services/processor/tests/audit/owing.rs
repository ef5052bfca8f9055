use aggregates::{Aggregates, ChainStart, RedisSettings};
use chrono::{DateTime, TimeDelta, Utc};
use processor::{Audit, Replay};
use settings::Secret;
use warehouse::ClusterSettings;

use crate::stand::{COPY, NEVER, Stand, impressions};

/// A Redis that is away.
fn away() -> Aggregates {
    let url = Secret::new("redis://127.0.0.1:1".to_owned());
    let settings = RedisSettings { url, slot_buckets: 1, namespace: "nobody".to_owned() };
    Aggregates::connect(&settings).unwrap()
}

async fn owes(stand: &Stand) -> bool {
    stand.parts.control_plane.ledger().owed_rebuild().await.unwrap().is_some()
}

/// Begins a chain of live counters.
async fn count(stand: &Stand) {
    let start = ChainStart {
        kgen: stand.kgen().await,
        partition: 0,
        partitions: 1,
        seen: None,
        next_offset: 0,
        whole_from: DateTime::UNIX_EPOCH,
        is_first: true,
    };
    let aggregates = &stand.parts.aggregates;
    for bucket in aggregates.buckets() {
        assert!(aggregates.start_chain(bucket, &start).await.unwrap());
    }
}

/// Whether live counters go on from where they were, rather than being built anew.
async fn counts(stand: &Stand) -> bool {
    let fences = stand.parts.aggregates.fences(stand.kgen().await, 0).await.unwrap();
    fences.iter().any(|(_, fence)| fence.is_some())
}

#[tokio::test]
async fn counters_are_built_anew_where_rows_were_put_right_and_not_otherwise() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    count(&stand).await;
    assert!(stand.audit(true).await.is_right());
    assert!(counts(&stand).await);
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    stand.audit(false).await;
    assert!(!counts(&stand).await && !owes(&stand).await);
}

#[tokio::test]
async fn counters_are_built_anew_where_copies_were_deleted() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    count(&stand).await;
    stand.damage(&tenant, COPY).await;
    let found = stand.audit(false).await.total();
    assert_eq!((found.doubled, found.left()), (10, 0));
    assert!(!counts(&stand).await && !owes(&stand).await);
}

#[tokio::test]
async fn a_rebuild_is_owed_until_redis_is_there_again_and_any_auditor_asks_for_it() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    count(&stand).await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let redis = std::mem::replace(&mut stand.parts.aggregates, away());
    let found = stand.audit(false).await;
    assert_eq!((found.total().repaired, found.troubles.len()), (10, 1), "{found:?}");
    stand.parts.aggregates = redis;
    assert!(owes(&stand).await && counts(&stand).await);

    assert!(stand.audit(false).await.is_right());
    assert!(!counts(&stand).await && !owes(&stand).await);
}

#[tokio::test]
async fn a_repair_that_is_broken_off_before_its_rows_are_there_owes_a_rebuild_already() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    count(&stand).await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    // The writer may read and not insert.
    stand.damage(&tenant, "ALTER TABLE events ADD CONSTRAINT none CHECK koff < 0").await;
    let found = stand.audit(false).await;
    assert_eq!(found.troubles.len(), 1, "{found:?}");
    assert!(stand.places(&tenant).await.is_empty());
    assert!(!counts(&stand).await, "nobody can tell what an insert that failed has left");
}

#[tokio::test]
async fn a_replay_that_is_broken_off_owes_a_rebuild() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("dedicated").await;
    stand.store(&tenant, impressions(10)).await;
    let there: ClusterSettings = testkit::cluster("dedicated");
    let nobody = ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..there.clone() };
    stand.parts.warehouse.register("dedicated".parse().unwrap(), &nobody);
    let logged = Utc::now() - TimeDelta::hours(1)..Utc::now();
    let mut wanted = Replay { tenant: tenant.client_id().clone(), logged, dry_run: true };
    processor::replay(&stand.parts, &wanted, &mut |_| {}).await.unwrap_err();
    assert!(!owes(&stand).await, "a dry run puts nothing right");
    wanted.dry_run = false;
    processor::replay(&stand.parts, &wanted, &mut |_| {}).await.unwrap_err();
    assert!(owes(&stand).await);

    stand.parts.warehouse.register("dedicated".parse().unwrap(), &there);
    count(&stand).await;
    assert!(stand.audit(false).await.is_right());
    assert!(!counts(&stand).await && !owes(&stand).await);
}

#[tokio::test]
async fn a_rebuild_that_is_owed_is_asked_for_also_when_nothing_was_stored() {
    let stand = Stand::new(NEVER).await;
    stand.parts.control_plane.ledger().owe_rebuild().await.unwrap();
    let stored = Utc::now()..Utc::now();
    let audit = Audit { stored, full: false };
    processor::audit(&stand.parts, audit, &mut |_| {}).await.unwrap();
    assert!(!owes(&stand).await);
}
