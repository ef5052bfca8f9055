use archive::ObjectKey;
use chrono::{TimeDelta, Utc};
use tenancy::TenantContext;
use testkit::eventually;

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

#[tokio::test]
async fn records_past_the_retention_of_their_tenant_are_erased_and_those_of_others_stay() {
    let mut stand = Stand::new(NEVER).await;
    let (short, long) = (stand.tenant("shared").await, stand.tenant("shared").await);
    stand.store(&short, impressions(9)).await;
    stand.store(&long, impressions(5)).await;
    let mut objects = stand.copy_log().await;
    for record in objects.iter_mut().flat_map(|(_, records)| records) {
        record.log_time -= TimeDelta::days(3);
    }
    stand.archive(objects).await;
    assert_eq!((archived(&stand, &short).await, archived(&stand, &long).await), (9, 5));
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
    stand.start().await;
    eventually("the expired records are erased", async || {
        (archived(&stand, &short).await == 0).then_some(())
    })
    .await;
    eventually("each object has the hash of the ledger", async || {
        (archived(&stand, &long).await == 5).then_some(())
    })
    .await;
    let report = stand.reconcile(true).await;
    assert!(report.archive.is_right(), "{report:?}");
}
