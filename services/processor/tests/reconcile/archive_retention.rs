use std::time::Duration;

use archive::ObjectKey;
use chrono::{TimeDelta, Utc};
use processor::{Reconcile, ReconcileReport};
use tenancy::TenantContext;
use testkit::eventually;
use tokio::time::sleep;

use crate::stand::{NEVER, Stand, impressions};

/// Returns how many records of the tenant the archive has.
async fn archived(stand: &Stand, tenant: &TenantContext) -> usize {
    let ledger = stand.dependencies.control_plane.ledger();
    let always = Utc::now() - TimeDelta::days(100)..Utc::now() + TimeDelta::days(1);
    let mut count = 0;
    for object in ledger.archived_between(always).await.unwrap() {
        let key = ObjectKey::from(object.range);
        let read = stand.dependencies.archive.read(key, &object.sha256).await;
        // The ledger gets the hash of a rewritten object a moment later.
        let Ok(records) = read else { continue };
        let key = tenant.client_id().as_str().as_bytes();
        count += records.iter().filter(|record| record.key.as_deref() == Some(key)).count();
    }
    count
}

/// Archives nine and five records of two tenants that were logged three days ago. The first one's retention is a day.
/// The processor is stopped then.
async fn archived_three_days_ago(stand: &mut Stand) -> (TenantContext, TenantContext) {
    let (short, long) = (stand.tenant("shared").await, stand.tenant("shared").await);
    stand.store(&short, impressions(9)).await;
    stand.store(&long, impressions(5)).await;
    let mut objects = stand.copy_log().await;
    for record in objects.iter_mut().flat_map(|(_, records)| records) {
        record.log_time -= TimeDelta::days(3);
    }
    stand.archive(objects).await;
    assert_eq!((archived(stand, &short).await, archived(stand, &long).await), (9, 5));
    stand.stop().await;

    let mut transaction = stand.ledger.begin().await.unwrap();
    for statement in [
        "SELECT set_config('footfall.platform', 'on', true)",
        "UPDATE tenant SET created_at = now() - interval '10 days'",
        // As if the processor had started yesterday.
        "UPDATE audit_look SET looked_at = now() - interval '2 days'",
        // As if the archive group had gone on.
        "UPDATE lease SET as_of = now() WHERE consumer_group = 'archive'",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    sqlx::query("UPDATE tenant SET retention_days = 1 WHERE client_id = $1")
        .bind(short.client_id().as_str())
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    (short, long)
}

/// Waits until the records of the first tenant are erased, and each object has the hash of the ledger.
async fn expired(stand: &Stand, short: &TenantContext, long: &TenantContext) {
    eventually("only the expired records are erased", async || {
        let left = (archived(stand, short).await, archived(stand, long).await);
        (left == (0, 5)).then_some(())
    })
    .await;
}

/// Reconciles everything, objects of some days ago too.
async fn reconcile(stand: &Stand) -> ReconcileReport {
    let stored = Utc::now() - TimeDelta::days(10)..Utc::now() + TimeDelta::hours(1);
    let request = Reconcile { stored, full: true };
    processor::reconcile(&stand.dependencies, request, &mut |_| {}).await.unwrap()
}

#[tokio::test]
async fn records_past_the_retention_of_their_tenant_are_erased_and_those_of_others_stay() {
    let mut stand = Stand::new(NEVER).await;
    let (short, long) = archived_three_days_ago(&mut stand).await;
    stand.start().await;
    expired(&stand, &short, &long).await;
    let archive = reconcile(&stand).await.archive;
    assert!(archive.is_right() && archive.objects > 0, "{archive:?}");
}

#[tokio::test]
async fn records_expire_soon_after_an_erasure_that_ran_when_the_processor_started() {
    let mut stand = Stand::new(NEVER).await;
    let (short, long) = archived_three_days_ago(&mut stand).await;
    let ledger = stand.dependencies.control_plane.ledger();
    let mut erasure = eventually("no erasure runs", async || {
        // Of the processor that was stopped.
        ledger.begin_erasure().await.unwrap()
    })
    .await;
    stand.start().await;
    erasure.during(sleep(Duration::from_secs(2))).await.unwrap();
    assert_eq!(archived(&stand, &short).await, 9);
    erasure.end().await.unwrap();
    expired(&stand, &short, &long).await;
}

#[tokio::test]
async fn a_restored_object_has_nothing_that_is_past_its_retention() {
    let mut stand = Stand::new(NEVER).await;
    let (short, long) = archived_three_days_ago(&mut stand).await;
    stand.start().await;
    expired(&stand, &short, &long).await;
    let admin = stand.admin();
    eventually("the expiry is recorded", async || {
        admin.archive_erased_until().await.unwrap().contains_key(short.client_id()).then_some(())
    })
    .await;

    let objects = stand.objects();
    for object in &objects {
        std::fs::remove_file(object).unwrap();
    }
    let archive = reconcile(&stand).await.archive;
    let all = objects.len() as u64;
    assert_eq!((archive.missing, archive.restored), (all, all), "{archive:?}");
    assert_eq!((archived(&stand, &short).await, archived(&stand, &long).await), (0, 5));
}
