use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Retained, TenantSpec};

use crate::fixture::{Platform, id, spec};

/// Makes a tenant one of three months, with these retentions.
async fn retain(platform: &Platform, tenant: &str, days: u32, days_of_rollups: u32) {
    let spec =
        TenantSpec { retention_days: days, rollup_retention_days: days_of_rollups, ..spec(tenant) };
    platform.admin().update_tenant(&spec).await.unwrap();
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    let all = "SELECT set_config('footfall.platform', 'on', true)";
    sqlx::query(all).execute(&mut *transaction).await.unwrap();
    let old = "UPDATE tenant SET created_at = now() - interval '90 days' WHERE client_id = $1";
    sqlx::query(old).bind(tenant).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn retained(platform: &Platform, tenant: &str) -> Retained {
    platform.tenant(tenant).await.retained().await.unwrap()
}

fn midnight(days_ago: i64) -> DateTime<Utc> {
    let today = Utc::now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    today - TimeDelta::days(days_ago)
}

#[tokio::test]
async fn rollups_are_retained_for_longer_than_rows_if_the_tenant_says_so() {
    let platform = Platform::new().await;
    assert_eq!(retained(&platform, "acme").await, Retained::default(), "it is new");
    retain(&platform, "acme", 30, 761).await;
    let rows_alone = Retained { of_rows: Some(midnight(30)), of_rollups: None };
    assert_eq!(retained(&platform, "acme").await, rows_alone);
    assert_eq!(retained(&platform, "globex").await, Retained::default());

    retain(&platform, "acme", 30, 30).await;
    let both = Retained { of_rows: Some(midnight(30)), of_rollups: Some(midnight(30)) };
    assert_eq!(retained(&platform, "acme").await, both, "no rollups are kept");

    retain(&platform, "acme", 10, 40).await;
    let of_rollups = retained(&platform, "acme").await.of_rollups.unwrap();
    // Rollups expire by months.
    assert_eq!(of_rollups.format("%d %T").to_string(), "01 00:00:00");
    assert!(of_rollups <= midnight(40) && of_rollups > midnight(72), "{of_rollups}");
}

#[tokio::test]
async fn what_was_deleted_stays_so_when_a_retention_is_made_longer() {
    let platform = Platform::new().await;
    retain(&platform, "acme", 30, 761).await;
    let acme = id("acme");
    platform.admin().note_expired(&acme, midnight(30), midnight(70)).await.unwrap();
    retain(&platform, "acme", 80, 761).await;
    let deleted = Retained { of_rows: Some(midnight(30)), of_rollups: Some(midnight(70)) };
    assert_eq!(retained(&platform, "acme").await, deleted);
    let stored = platform.admin().tenant(&acme).await.unwrap().unwrap();
    assert_eq!(stored.rows_from, Some(midnight(30)));

    // It does not go back, and a tenant that is younger has nothing of that time.
    platform.admin().note_expired(&acme, midnight(60), midnight(761)).await.unwrap();
    platform.admin().note_expired(&id("globex"), midnight(60), midnight(70)).await.unwrap();
    assert_eq!(retained(&platform, "acme").await, deleted);
    assert_eq!(retained(&platform, "globex").await, Retained::default());
}
